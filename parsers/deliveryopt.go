package parsers

import (
	"slices"
	"strings"

	"debrief/event"
)

// deliveryOptParser reads the records of Get-DeliveryOptimizationLog as
// PowerShell lists them:
//
//	TimeCreated : 3/5/2025 9:14:02 AM
//	ProcessId   : 1234
//	ThreadId    : 5678
//	Level       : 3
//	LevelName   : Warning
//	Message     : a sample
//	Function    : CSample::Load
//	LineNumber  : 77
//	ErrorCode   : 0x80d02002
//
// The time is the wall clock in the format of the country. A line without a
// name goes on with the value above it. Source: Microsoft Learn "Monitor
// Delivery Optimization"; the properties as scripts of Microsoft use them. No
// output was found in public, so whether the time is UTC is not known.
func deliveryOptParser() Parser {
	return Parser{
		Name:    "delivery-optimization",
		Doc:     "records of Get-DeliveryOptimizationLog as a list",
		Version: "1",
		Match: func(in *Input) bool {
			h := head(in, 4096)
			_, rest, ok := strings.Cut(h, "TimeCreated")
			return ok && strings.HasPrefix(strings.TrimLeft(rest, " "), ":") && strings.Contains(rest, "\nFunction ") && strings.Contains(rest, "LineNumber")
		},
		Parse: parseDeliveryOpt,
	}
}

func parseDeliveryOpt(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.LogDeliveryOpt)
	sink := newSink(&doc, out)
	var rec deliveryRecord
	flush := func() {
		if rec.fields != nil {
			sink.add(rec.event())
		}
		rec = deliveryRecord{}
	}
	for l := range doc.filled() {
		name, value, ok := strings.Cut(l.raw, " : ")
		if !ok {
			name, ok = strings.CutSuffix(strings.TrimRight(l.raw, " "), " :")
		}
		name = trim(name)
		switch {
		case ok && isComponent(name) && l.raw[0] != ' ':
			if name == "TimeCreated" || rec.has(name) {
				flush()
			}
			if rec.fields == nil {
				rec.pos = l.pos
			}
			if len(rec.fields) < maxDeliveryFields {
				rec.fields = append(rec.fields, deliveryField{name, []string{trim(value)}})
			}
		case rec.fields != nil && l.raw[0] == ' ':
			last := &rec.fields[len(rec.fields)-1]
			last.lines = append(last.lines, l.text)
		default:
			flush()
			sink.addLine(event.Event{Source: event.LogDeliveryOpt, Message: l.text, Flags: event.Pasted, Pos: l.pos}, l.start, l.start+len(l.raw))
		}
	}
	flush()
	return nil
}

// maxDeliveryFields bounds the fields of a record; real ones have nine.
const maxDeliveryFields = 32

// deliveryRecord is a record of which the lines are being read.
type deliveryRecord struct {
	pos    event.Pos
	fields []deliveryField
}

type deliveryField struct {
	name  string
	lines []string
}

func (r *deliveryRecord) has(name string) bool {
	return slices.ContainsFunc(r.fields, func(f deliveryField) bool { return f.name == name })
}

func (r *deliveryRecord) event() event.Event {
	e := event.Event{Source: event.LogDeliveryOpt, Pos: r.pos}
	for _, f := range r.fields {
		switch value := strings.Join(f.lines, " "); f.name {
		case "TimeCreated":
			leadingTime(&e, value)
		case "ProcessId":
			e.Process = decimal32(value)
		case "ThreadId":
			e.Thread = decimal32(value)
		case "LevelName":
			e.Level = windowsLevel(value)
		case "Function":
			e.Provider = value
		case "Message":
			e.Message = value
		case "LineNumber", "ErrorCode":
			if value != "" {
				e.Fields = append(e.Fields, event.Field{Name: f.name, Value: value})
			}
		}
	}
	return e
}
