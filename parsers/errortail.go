package parsers

import (
	"strings"

	"debrief/event"
)

// The task sequence engine ends a message about a failure with the text of the
// error on a line of its own:
//
//	Failed to run the action: Sample step.
//	The system cannot find the file specified. (Error: 80070002; Source: Windows)
//
// It is one record. Copied without framing it falls into two lines, of which a
// log viewer puts component, time and thread behind the last one.

// isErrorTail reports whether a line is the last one of such a message.
func isErrorTail(line string) bool {
	if !strings.HasSuffix(line, ")") {
		return false
	}
	i := strings.LastIndex(line, "(Error: ")
	if i < 0 {
		return false
	}
	code, source, ok := strings.Cut(line[i+len("(Error: "):len(line)-1], "; Source: ")
	code = strings.TrimPrefix(code, "0x")
	return ok && len(code) == 8 && isHex(code) && source != ""
}

// joinErrorTail appends e to the event before it where both are one message
// that was copied without framing.
func (s *sink) joinErrorTail(e *event.Event) bool {
	n := len(s.out.Events)
	if n == 0 || !isErrorTail(e.Message) {
		return false
	}
	last := &s.out.Events[n-1]
	between := e.Pos.Line - last.Pos.Line
	switch {
	case last.Flags&event.Pasted == 0, between < 1, between > 2, isErrorTail(last.Message):
		return false
	case !last.Time.IsZero() && !e.Time.IsZero(), last.Source != e.Source:
		return false
	case len(last.Message)+len(e.Message) >= maxMessage:
		return false
	}
	last.Message += "\n" + e.Message
	if last.Time.IsZero() {
		last.Time, last.Clock, last.Offset = e.Time, e.Clock, e.Offset
		s.times.widen(last.Time)
	}
	if last.Provider == "" {
		last.Provider, last.Thread = e.Provider, e.Thread
	}
	s.loose = -1
	return true
}
