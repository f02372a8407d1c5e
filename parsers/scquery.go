package parsers

import (
	"strings"

	"debrief/event"
)

// servicesParser reads the output of "sc query" and "sc qc", one block a
// service:
//
//	SERVICE_NAME: sampleservice
//	DISPLAY_NAME: Sample Service
//	        TYPE               : 30  WIN32
//	        STATE              : 4  RUNNING
//	                                (STOPPABLE, NOT_PAUSABLE, IGNORES_SHUTDOWN)
//	        WIN32_EXIT_CODE    : 0  (0x0)
//	        START_TYPE         : 4   DISABLED
//
// The numbers tell what the words beside them say. Each line is an event
// without a time with the fields "service", "name" and "value"; state, exit code
// and kind of start become facts. Source: Microsoft Learn "sc query", "sc qc".
func servicesParser() Parser {
	return Parser{
		Name:    "sc-query",
		Doc:     "output of sc query and sc qc",
		Version: "1",
		Match: func(in *Input) bool {
			h := head(in, 4096)
			_, rest, ok := strings.Cut(h, "SERVICE_NAME: ")
			return ok && strings.Contains(rest, " TYPE ") && strings.Contains(rest, " : ")
		},
		Parse: parseServices,
	}
}

// serviceFacts are the lines that become facts.
var serviceFacts = []struct{ line, fact string }{
	{"STATE", "service.state"},
	{"WIN32_EXIT_CODE", "service.exit-code"},
	{"START_TYPE", "service.start-type"},
}

func parseServices(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.ServiceStates)
	sink := newSink(&doc, out)
	service := ""
	for l := range doc.filled() {
		e := event.Event{Source: event.ServiceStates, Message: l.text, Flags: event.Pasted, Pos: l.pos}
		name, value, ok := strings.Cut(l.text, ":")
		name, value = trim(name), trim(value)
		switch {
		case ok && name == "SERVICE_NAME":
			service = value
		case !ok || service == "" || !isComponent(name):
			sink.addLine(e, l.start, l.start+len(l.raw))
			continue
		}
		e.Fields = event.Fields{{Name: "service", Value: service}, {Name: "name", Value: name}, {Name: "value", Value: value}}
		sink.add(e)
		for _, f := range serviceFacts {
			if n, d := number(value, 10); f.line == name && d > 0 {
				out.Facts = append(out.Facts, event.Number(f.fact, service, int64(n), l.pos))
			}
		}
	}
	return nil
}
