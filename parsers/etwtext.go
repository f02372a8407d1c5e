package parsers

import (
	"strings"

	"debrief/event"
)

// etwTextParser reads event-log records as tools print them in one line:
//
//	[ETW] [Microsoft-Windows-Shell-Core] [Informational] - CloudExperienceHost Web App Event 2. Name: 'Sample', Value: '{"message":"ok","errorCode":0}'.
//	[ETW [2025-03-05T08:14:02.1234567Z] [Provider] [Error] - text
//
// The outer bracket around the time is not always closed. A message may wrap:
// lines belong to it until the next "[ETW". Sources: Microsoft Learn "How to
// enroll with Autopilot" and "Troubleshoot the Enrollment Status Page".
func etwTextParser() Parser {
	return Parser{
		Name:    "etw-text",
		Doc:     "event-log records printed as [ETW] [provider] [level] - text",
		Version: "1",
		Match: func(in *Input) bool {
			h := head(in, 4096)
			for r := (lineReader{text: h}); ; {
				line, _, ok := r.read()
				if !ok {
					return false
				}
				if strings.HasPrefix(trim(line), "[ETW") {
					return true
				}
			}
		},
		Parse: parseETWText,
	}
}

func parseETWText(in *Input, out *Output) error {
	doc := readText(in, out)
	sink := newSink(&doc, out)
	byName, named := channelSource(stem(in.Path))
	if !named {
		byName = event.Source("log." + stem(in.Path))
	}
	var e event.Event
	open, from := false, 0
	flush := func(end int) {
		if open {
			// Wrapped lines are joined by what they were broken at: white space.
			finishETW(&e, strings.Join(strings.Fields(doc.text[from:end]), " "))
			out.Cover(e.Source)
			sink.add(e)
			open = false
		}
	}
	r := lineReader{text: doc.text}
	for {
		line, start, ok := r.read()
		if !ok {
			break
		}
		text := strings.TrimLeft(line, " \t")
		if strings.HasPrefix(text, "[ETW") {
			flush(start)
			if n, ok := etwHeader(text, &e); ok {
				e.Pos = doc.pos(r.num, start)
				open, from = true, start+len(line)-len(text)+n
				continue
			}
		}
		if !open && trim(line) != "" {
			out.Cover(byName)
			sink.addLine(event.Event{
				Source: byName, Message: trim(line), Flags: event.Pasted, Pos: doc.pos(r.num, start),
			}, start, start+len(line))
		}
	}
	flush(len(doc.text))
	return nil
}

// etwHeader reads everything before the message into e and returns its length.
func etwHeader(line string, e *event.Event) (n int, ok bool) {
	*e = event.Event{Flags: event.Pasted}
	rest := strings.TrimLeft(line[len("[ETW"):], " ")
	if stamp, ok := strings.CutPrefix(rest, "["); ok && !strings.HasPrefix(rest, "[]") {
		if t, zoned, ok := parseISO(beforeBracket(stamp)); ok {
			e.Time, e.Clock = t, event.ClockLocal
			if zoned {
				e.Clock = event.ClockDeclared
			}
			rest = stamp[len(beforeBracket(stamp))+1:]
		}
	}
	rest = strings.TrimPrefix(strings.TrimLeft(rest, " "), "]")
	var level string
	if e.Provider, rest, ok = bracketed(rest); !ok {
		return 0, false
	}
	if level, rest, ok = bracketed(rest); !ok {
		return 0, false
	}
	rest, ok = strings.CutPrefix(strings.TrimLeft(rest, " "), "-")
	if !ok {
		return 0, false
	}
	e.Level = windowsLevel(level)
	return len(line) - len(rest), true
}

// windowsLevel reads the name of a level as Windows' tools print it.
func windowsLevel(name string) event.Level {
	if strings.EqualFold(name, "informational") || strings.EqualFold(name, "information") {
		return event.LevelInfo
	}
	return event.ParseLevel(name)
}

func beforeBracket(s string) string {
	i := strings.IndexByte(s, ']')
	if i < 0 {
		return ""
	}
	return s[:i]
}

// bracketed reads "[text]" behind spaces.
func bracketed(s string) (text, rest string, ok bool) {
	s = strings.TrimLeft(s, " ")
	if !strings.HasPrefix(s, "[") {
		return "", s, false
	}
	i := strings.IndexByte(s, ']')
	if i < 0 {
		return "", s, false
	}
	return s[1:i], s[i+1:], true
}

// finishETW fills in what the message says: the source by the provider, and
// for Shell-Core the name and value of the event.
func finishETW(e *event.Event, message string) {
	e.Message = message
	e.Source = providerSource(e.Provider, "")
	if e.Source == event.ShellCore {
		shellCoreText(e)
	} else {
		e.ID = sentenceID(e.Source, message)
	}
}

// shellCoreText reads "CloudExperienceHost Web App Event 2. Name: 'N', Value:
// 'V'." into the fields that the record itself has; the rest is as for records.
func shellCoreText(e *event.Event) {
	rest, ok := strings.CutPrefix(e.Message, "CloudExperienceHost ")
	if !ok {
		return
	}
	switch {
	case strings.HasPrefix(rest, "Web App Event 2."):
		e.ID = 62407
	case strings.HasPrefix(rest, "Web App Event 1."):
		e.ID = 62406
	case strings.HasPrefix(rest, "App Event 2."):
		e.ID = 62403
	case strings.HasPrefix(rest, "App Event 1."):
		e.ID = 62402
	default:
		return
	}
	_, rest, ok = strings.Cut(rest, "Name: '")
	if !ok {
		return
	}
	name, rest, ok := strings.Cut(rest, "'")
	if !ok {
		return
	}
	e.Name = name
	e.Fields = append(e.Fields, event.Field{Name: "Name", Value: name})
	_, value, ok := strings.Cut(rest, "Value: '")
	if !ok {
		return
	}
	if i := strings.LastIndexByte(value, '\''); i >= 0 {
		value = value[:i]
	} else {
		e.Flags |= event.Torn
	}
	e.Fields = append(e.Fields, event.Field{Name: "Value", Value: value})
	shellCoreFields(e)
}
