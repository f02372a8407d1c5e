package parsers

import (
	"strings"

	"debrief/event"
)

// systeminfoParser reads the output of "systeminfo":
//
//	Host Name:                 PC-0001
//	OS Name:                   Microsoft Windows 11 Enterprise
//	OS Version:                10.0.22631 N/A Build 22631
//	…
//	System Manufacturer:       Example Computer
//	System Model:              Model One
//	System Type:               x64-based PC
//	Processor(s):              1 Processor(s) Installed.
//	                           [01]: Intel64 Family 6 Model 140 Stepping 1 GenuineIntel ~1996 Mhz
//	Total Physical Memory:     16,045 MB
//
// Windows translates the titles; of a translated output only the rows that are
// told by their values count: version, type (behind the maker and the model) and
// processors, of which the tool counts packages, not cores. Each line is an
// event without a time with the fields "name" and "value". Source: Microsoft
// Learn "systeminfo" and published outputs.
func systeminfoParser() Parser {
	return Parser{
		Name:    "systeminfo",
		Doc:     "output of systeminfo",
		Version: "1",
		Match: func(in *Input) bool {
			h := head(in, 4096)
			return strings.Contains(h, "Microsoft Windows ") && strings.Contains(h, " Build ") && strings.Contains(h, "[01]: ") && strings.Contains(h, " Family ")
		},
		Parse: parseSysteminfo,
	}
}

func parseSysteminfo(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.SystemInfo)
	sink := newSink(&doc, out)
	s := summary{out: out}
	for l := range doc.filled() {
		e := event.Event{Source: event.SystemInfo, Message: l.text, Flags: event.Pasted, Pos: l.pos}
		name, value, ok := strings.Cut(l.text, ":")
		if !ok {
			sink.addLine(e, l.start, l.start+len(l.raw))
			continue
		}
		name, value = trim(name), trim(value)
		e.Fields = event.Fields{{Name: "name", Value: name}, {Name: "value", Value: value}}
		sink.add(e)
		switch {
		case strings.HasPrefix(name, "[") && strings.Contains(value, " Family ") && strings.Contains(value, " Model "):
			if s.at.IsZero() {
				s.at = l.pos
				cpu, _, _ := strings.Cut(value, " ~")
				out.Facts = append(out.Facts, event.Text("device.processor", "", cpu, l.pos))
			}
		case name == "Total Physical Memory":
			if mb, ok := megabytes(value); ok {
				s.number("device.memory-mb", mb, l.pos)
			}
		default:
			s.row("", value, l.pos)
		}
	}
	return nil
}
