package parsers

import (
	"bytes"
	"strings"
	"time"

	"debrief/event"
)

// setupactParser reads the logs of Windows Setup and OOBE, setupact.log and
// setuperr.log:
//
//	2025-03-05 09:14:02, Info                         [windeploy.exe] Waiting for services
//	2025-03-05 09:14:02, Error      [0x0601c2] IBS    Cannot read the answer file
//
//	time       wall clock, no zone
//	level      Info, Warning, Error, FatalError, Perf
//	[0x…]      id of the message, the field "id"
//	component  the bracketed program or the word before the text: Provider
//
// A line without a time goes on with the message above it. Sources: Microsoft
// Learn "Windows Setup log files and event logs"; observed in collections of
// 2020 to 2026.
func setupactParser() Parser {
	return Parser{
		Name:    "setupact",
		Doc:     "Windows Setup and OOBE logs (setupact.log)",
		Version: "1",
		Match: func(in *Input) bool {
			for r := (lineReader{text: head(in, 4096)}); r.num < 10; {
				line, _, ok := r.read()
				if !ok {
					break
				}
				if _, _, _, ok := cutSetup(line); ok {
					return true
				}
			}
			name := stem(in.Path)
			return (name == "setupact" || name == "setuperr") && isText(in)
		},
		Parse: parseSetupact,
		Cut:   cutSetupRecord,
	}
}

// cutSetupRecord cuts before the last line that begins a record.
func cutSetupRecord(window []byte) int {
	for end := len(window); end > 0; {
		start := afterLastLine(window[:end])
		line, _, _ := bytes.Cut(window[start:min(len(window), start+64)], []byte{'\n'})
		if _, _, _, ok := cutSetup(string(line)); ok || start == 0 {
			return start
		}
		end = start - 1
	}
	return 0
}

func parseSetupact(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.LogSetupact)
	sink := newSink(&doc, out)
	from := -1 // start of the message that may go on
	r := lineReader{text: doc.text}
	for {
		line, start, ok := r.read()
		if !ok {
			return nil
		}
		text := trim(line)
		t, level, rest, ok := cutSetup(line)
		switch {
		case ok:
			e := event.Event{
				Source: event.LogSetupact, Time: t, Clock: event.ClockLocal,
				Level: level, Pos: doc.pos(r.num, start),
			}
			setupMessage(&e, rest)
			from = start + len(strings.TrimRight(line, " \t\x00")) - len(e.Message)
			sink.add(e)
		case text == "":
		case from >= 0 && start+len(line)-from < maxMessage:
			out.Events[len(out.Events)-1].Message = trim(doc.text[from : start+len(line)])
		default:
			from = -1
			e := event.Event{Source: event.LogSetupact, Flags: event.Pasted, Pos: doc.pos(r.num, start)}
			setupMessage(&e, text)
			sink.addLine(e, start, start+len(line))
		}
	}
}

// cutSetup reads "2025-03-05 09:14:02, Info " off the front of a line.
func cutSetup(line string) (t time.Time, level event.Level, rest string, ok bool) {
	if len(line) < 21 || line[4] != '-' || line[10] != ' ' || line[19] != ',' {
		return t, 0, "", false
	}
	t, _, ok = parseISO(line[:19])
	if !ok {
		return t, 0, "", false
	}
	word, rest, _ := strings.Cut(strings.TrimLeft(line[20:], " "), " ")
	switch word {
	case "Info", "Perf":
		level = event.LevelInfo
	case "Warning", "Warn":
		level = event.LevelWarning
	case "Error":
		level = event.LevelError
	case "FatalError":
		level = event.LevelCritical
	default:
		return t, 0, "", false
	}
	return t, level, rest, true
}

// setupMessage splits what follows the level into id, component and text.
func setupMessage(e *event.Event, rest string) {
	rest = trim(rest)
	if tag, tail, ok := bracketed(rest); ok {
		switch {
		case strings.HasPrefix(tag, "0x"):
			e.Fields = event.Fields{{Name: "id", Value: tag}}
			rest = trim(tail)
		case strings.HasSuffix(strings.ToLower(tag), ".exe"), strings.HasSuffix(strings.ToLower(tag), ".dll"):
			e.Provider, e.Message = tag, trim(tail)
			return
		}
	}
	// The component is padded to six characters, so two spaces follow all but
	// the longest names.
	word, tail, ok := strings.Cut(rest, " ")
	if ok && isComponent(word) && strings.ToUpper(word) == word {
		e.Provider, rest = word, trim(tail)
	}
	e.Message = rest
}
