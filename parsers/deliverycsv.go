package parsers

import (
	"encoding/csv"
	"slices"
	"strings"

	"debrief/event"
)

// deliveryCSVParser reads what Get-DeliveryOptimizationLog and
// Get-DeliveryOptimizationStatus give to Export-Csv:
//
//	#TYPE …
//	"TimeCreated","ProcessId","ThreadId","Level","LevelName","Message","Function","LineNumber","ErrorCode"
//	"3/5/2025 9:14:02 AM","1234","5678","3","Warning","a sample","CSample::Load","77","0x80d02002"
//
// The columns are the properties of the records, so they are told by name; a row
// of the status is one download, without a time. The separator is that of the
// country where the caller asked for it. Source: Microsoft Learn "Monitor
// Delivery Optimization"; the properties as scripts of Microsoft use them.
func deliveryCSVParser() Parser {
	return Parser{
		Name:    "delivery-optimization-csv",
		Doc:     "Get-DeliveryOptimizationLog and -Status as CSV",
		Version: "1",
		Match: func(in *Input) bool {
			_, columns, _ := deliveryHead(head(in, 4096))
			return columns != nil
		},
		Parse: parseDeliveryCSV,
	}
}

// deliveryHead reads the line of column names: its separator, the names, and
// how many lines stand before the first row. No names = it is none.
func deliveryHead(text string) (comma rune, columns []string, lines int) {
	for line := range strings.Lines(text) {
		lines++
		if line = trim(strings.TrimPrefix(line, "\uFEFF")); strings.HasPrefix(line, "#TYPE") || line == "" {
			continue
		}
		for _, comma := range ",;\t" {
			names := strings.Split(line, string(comma))
			for i := range names {
				names[i] = strings.Trim(names[i], `" `)
			}
			has := func(name string) bool { return slices.Contains(names, name) }
			if has("TimeCreated") && has("Function") && has("ErrorCode") || has("FileId") && has("TotalBytesDownloaded") && has("Status") {
				return comma, names, lines
			}
		}
		return 0, nil, 0
	}
	return 0, nil, 0
}

func parseDeliveryCSV(in *Input, out *Output) error {
	doc := readText(in, out)
	comma, columns, skip := deliveryHead(doc.text)
	if columns == nil || len(columns) > maxDeliveryFields {
		out.Problem(event.Damage, event.Pos{File: in.Path, Line: 1}, "the line of column names is not one of Delivery Optimization")
		return nil
	}
	out.Cover(event.LogDeliveryOpt)
	sink := newSink(&doc, out)
	body, start := doc.text, 0
	for range skip {
		_, rest, _ := strings.Cut(body, "\n")
		start += len(body) - len(rest)
		body = rest
	}
	r := csv.NewReader(strings.NewReader(body))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = comma, -1, true, true
	for {
		at := int(r.InputOffset())
		row, err := r.Read()
		if err != nil {
			return nil // the end: a quoted cell that never ends holds the rest
		}
		line, _ := r.FieldPos(0)
		for at < len(body) && (body[at] == '\n' || body[at] == '\r') {
			at++
		}
		sink.add(deliveryRow(columns, row, doc.pos(line+skip, start+at)))
	}
}

// deliveryRow makes an event of a row.
func deliveryRow(columns, row []string, pos event.Pos) event.Event {
	rec := deliveryRecord{pos: pos}
	for i, value := range row {
		if i < len(columns) && value != "" {
			rec.fields = append(rec.fields, deliveryField{columns[i], []string{strings.Clone(trim(value))}})
		}
	}
	if !slices.Contains(columns, "FileId") {
		return rec.event()
	}
	e := event.Event{Source: event.LogDeliveryOpt, Pos: pos, Flags: event.Pasted}
	for _, f := range rec.fields {
		e.Fields = append(e.Fields, event.Field{Name: f.name, Value: f.lines[0]})
	}
	id, _ := e.Fields.Get("FileId")
	status, _ := e.Fields.Get("Status")
	bytes, _ := e.Fields.Get("TotalBytesDownloaded")
	e.Message = "Download " + id + ": " + status + ", " + bytes + " bytes"
	return e
}
