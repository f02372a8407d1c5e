package parsers

import (
	"bytes"
	"strings"

	"debrief/event"
)

// recordReader reads one line of a log whose records begin with a time: it
// fills in time, level and all else but source and position, and reports
// whether the line begins a record. The message must be the end of the line.
type recordReader func(line string, e *event.Event) bool

// lineRecords adds the records of a log of src. A line that begins none goes on
// with the message above it; where there is none it is an event of its own, of
// which loose may take its parts; nil = it stays as it is.
func lineRecords(doc *document, out *Output, src event.Source, read recordReader, loose func(e *event.Event, text string)) {
	sink := newSink(doc, out)
	from := -1 // start of the message that may go on
	var e event.Event
	r := lineReader{text: doc.text}
	for {
		line, start, ok := r.read()
		if !ok {
			return
		}
		text := trim(line)
		e = event.Event{}
		switch {
		case read(line, &e):
			e.Source, e.Pos = src, doc.pos(r.num, start)
			from = start + len(strings.TrimRight(line, " \t\x00")) - len(e.Message)
			sink.add(e)
		case text == "":
		case from >= 0 && start+len(line)-from < maxMessage:
			out.Events[len(out.Events)-1].Message = trim(doc.text[from : start+len(line)])
		default:
			from = -1
			e = event.Event{Source: src, Message: text, Flags: event.Pasted, Pos: doc.pos(r.num, start)}
			if loose != nil {
				loose(&e, text)
			}
			sink.addLine(e, start, start+len(line))
		}
	}
}

// recordHead is how much of a line is looked at for the beginning of a record.
const recordHead = 128

// cutBeforeRecord cuts a window before the last line that begins a record.
func cutBeforeRecord(window []byte, read recordReader) int {
	for end := len(window); end > 0; {
		start := afterLastLine(window[:end])
		line, _, _ := bytes.Cut(window[start:min(len(window), start+recordHead)], []byte{'\n'})
		if read(string(line), &event.Event{}) || start == 0 {
			return start
		}
		end = start - 1
	}
	return 0
}

// beginsRecords reports whether a record begins in the first lines of a file.
func beginsRecords(in *Input, read recordReader) bool {
	for r := (lineReader{text: head(in, 4096)}); r.num < 10; {
		line, _, ok := r.read()
		if !ok {
			return false
		}
		if read(line, &event.Event{}) {
			return true
		}
	}
	return false
}
