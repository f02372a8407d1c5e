package parsers

import (
	"strconv"

	"debrief/event"
)

// sink appends the events of one text file. It keeps messages short enough to
// be shown and the number of events in proportion to the bytes present.
type sink struct {
	doc *document
	out *Output
	// loose is where the last event that may still grow starts; -1 = none may.
	loose int
	times timeSpan
}

func newSink(doc *document, out *Output) sink { return sink{doc: doc, out: out, loose: -1} }

// add appends an event that has a form of its own.
func (s *sink) add(e event.Event) {
	s.loose = -1
	s.append(e)
}

// addLine appends an event that is nothing but the line text[start:end]. An
// event weighs some hundred bytes, a line may weigh two: in a file of very
// short lines neighbours share one event, whose message shows them all.
func (s *sink) addLine(e event.Event, start, end int) {
	if s.loose >= 0 && len(s.out.Events) > 4096+end/16 && end-s.loose < maxMessage {
		last := &s.out.Events[len(s.out.Events)-1]
		last.Message = s.doc.text[s.loose:end]
		return
	}
	s.append(e)
	s.loose = start
}

func (s *sink) append(e event.Event) {
	s.out.Events = append(s.out.Events, e)
	s.clip(&s.out.Events[len(s.out.Events)-1])
}

// grow appends an empty event to fill in; clip must follow. The pointer is
// good until the next event.
func (s *sink) grow() *event.Event {
	s.loose = -1
	if n := len(s.out.Events); n < cap(s.out.Events) {
		// What lies behind the end was never used and is still zero.
		s.out.Events = s.out.Events[:n+1]
	} else {
		s.out.Events = append(s.out.Events, event.Event{})
	}
	return &s.out.Events[len(s.out.Events)-1]
}

// clip bounds the message of an event, which is all there is of it.
func (s *sink) clip(e *event.Event) {
	s.times.widen(e.Time)
	if len(e.Message) > maxMessage {
		s.out.Problem(event.Limit, e.Pos, "message of "+strconv.Itoa(len(e.Message))+" bytes cut to "+strconv.Itoa(maxMessage))
		e.Message = completeRunes(e.Message[:maxMessage])
	}
}

// bound tells the output the times of its events, for a parser that changes
// none of them later.
func (s *sink) bound() {
	s.out.Coverage.First, s.out.Coverage.Last = s.times.first, s.times.last
	s.out.bounded = true
}
