package parsers

import (
	"strings"

	"debrief/event"
)

// dsregcmdParser reads the output of "dsregcmd /status": frames with a title
// and lines of name and value.
//
//	+----------------------------------------------------------------------+
//	| Device State                                                         |
//	+----------------------------------------------------------------------+
//	             AzureAdJoined : YES
//	              DomainJoined : NO
//
// The join state becomes facts; every line is also an event without a time
// with the fields "section", "name" and "value". Source: Microsoft Learn
// "Troubleshoot devices by using the dsregcmd command".
func dsregcmdParser() Parser {
	return Parser{
		Name:    "dsregcmd",
		Doc:     "output of dsregcmd /status",
		Version: "1",
		Match: func(in *Input) bool {
			h := head(in, 8192)
			_, rest, ok := strings.Cut(h, "AzureAdJoined")
			return ok && strings.HasPrefix(strings.TrimLeft(rest, " "), ":")
		},
		Parse: parseDsregcmd,
	}
}

func parseDsregcmd(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.Dsregcmd)
	sink := newSink(&doc, out)
	section := ""
	r := lineReader{text: doc.text}
	for {
		line, start, ok := r.read()
		if !ok {
			return nil
		}
		text := trim(line)
		if text == "" || strings.HasPrefix(text, "+--") {
			continue
		}
		pos := doc.pos(r.num, start)
		if inner, ok := strings.CutPrefix(text, "|"); ok {
			section = trim(strings.TrimSuffix(inner, "|"))
			continue
		}
		e := event.Event{Source: event.Dsregcmd, Message: text, Flags: event.Pasted, Pos: pos}
		name, value, ok := strings.Cut(text, " : ")
		if !ok {
			name, ok = strings.CutSuffix(text, " :")
		}
		if !ok {
			sink.addLine(e, start, start+len(line))
			continue
		}
		name, value = trim(name), trim(value)
		e.Fields = event.Fields{{Name: "section", Value: section}, {Name: "name", Value: name}, {Name: "value", Value: value}}
		sink.add(e)
		switch name {
		case "AzureAdJoined":
			out.Facts = append(out.Facts, event.Bool("dsreg.azure-ad-joined", "", strings.EqualFold(value, "YES"), pos))
		case "DomainJoined":
			out.Facts = append(out.Facts, event.Bool("dsreg.domain-joined", "", strings.EqualFold(value, "YES"), pos))
		case "TenantId":
			if value != "" {
				out.Facts = append(out.Facts, event.Text("dsreg.tenant-id", "", value, pos))
			}
		}
	}
}
