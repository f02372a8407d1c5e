package rules

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"debrief/event"
	"debrief/timeline"
)

// maxMatches is how many matches of a signal are kept in each session. The
// last one is always kept too, and all are counted.
const maxMatches = 10_000

// match is one place in the evidence that a signal speaks of.
type match struct {
	ev    *event.Event // the record; of an interval the one that opens it
	close *event.Event // of an interval the record that closes it
	fact  *event.Fact
	span  *timeline.Span
	dflt  *value // the default of a fact that was not found

	caps     captured // filled on first use
	capsDone bool
}

// point is a stretch of time with what is known of its clock.
type point struct {
	start, end time.Time
	assumed    bool // the clock's offset is a guess
	pos        event.Pos
	open       bool         // no end was seen
	log        event.Source // of a record of a log that is written line by line
}

// extent returns when the match happened; ok is false if it has no time.
func (m *match) extent(e end, assumedSpans bool) (p point, ok bool) {
	switch {
	case m.span != nil:
		p = point{start: m.span.Start, end: m.span.End, open: m.span.End.IsZero(), pos: spanPos(m.span)}
		p.assumed = assumedSpans && !strings.HasSuffix(p.pos.File, ".evtx")
		if m.ev != nil {
			p.assumed = m.ev.Clock == event.ClockAssumed
		}
		if p.end.IsZero() {
			p.end = m.span.LastSeen
		}
		if p.end.Before(p.start) {
			p.end = p.start
		}
		switch e {
		case endOpen:
			p.end = p.start
		case endClose:
			if m.span.End.IsZero() {
				return p, false
			}
			p.start = p.end
			if n := len(m.span.Evidence); n > 0 {
				p.pos = m.span.Evidence[n-1]
			}
		}
	case m.ev != nil:
		p = point{start: m.ev.Time, end: m.ev.Time, assumed: m.ev.Clock == event.ClockAssumed, pos: m.ev.Pos}
		if strings.HasPrefix(string(m.ev.Source), "log.") {
			p.log = m.ev.Source
		}
	case m.fact != nil:
		p = point{start: m.fact.Time, end: m.fact.Time, pos: m.fact.Pos}
	}
	return p, !p.start.IsZero()
}

func spanPos(s *timeline.Span) event.Pos {
	if len(s.Evidence) == 0 {
		return event.Pos{}
	}
	return s.Evidence[0]
}

// clockDoubt is how far an assumed offset can be off: zones run from UTC-12 to UTC+14.
const clockDoubt = 26 * time.Hour

// precedes says whether a ends before b begins. It is Unknown where the
// clocks do not allow to say. Records of one file at one time follow their
// order in the file, and so do lines of one log that have no time at all: a log
// grows at its end.
func precedes(a, b point) Tri {
	same := a.pos.File == b.pos.File && a.pos.File != ""
	if a.start.IsZero() || b.start.IsZero() {
		if same && a.log != "" && a.log == b.log && a.start.IsZero() && b.start.IsZero() {
			return truth(a.pos.Compare(b.pos) < 0)
		}
		return Unknown
	}
	if !same && (a.assumed || b.assumed) {
		if d := b.start.Sub(a.end); d < clockDoubt && d > -clockDoubt {
			return Unknown
		}
	}
	if c := a.end.Compare(b.start); c != 0 || !same {
		return truth(c <= 0)
	}
	return truth(a.pos.Compare(b.pos) < 0)
}

// distance is the time between two points; 0 where they touch.
func distance(a, b point) time.Duration {
	switch {
	case a.end.Before(b.start):
		return b.start.Sub(a.end)
	case b.end.Before(a.start):
		return a.start.Sub(b.end)
	}
	return 0
}

// variable returns what a variable of the match holds.
func (r *ruleEval) variable(s *signal, m *match, name string) value {
	if m.dflt != nil {
		if name == "text" || name == "num" {
			return *m.dflt
		}
		return value{}
	}
	if !m.capsDone {
		m.caps, m.capsDone = r.captures(s, m), true
	}
	if v, ok := m.caps.get(name); ok {
		return v
	}
	switch {
	case m.span != nil:
		return spanVar(m.span, name)
	case m.fact != nil:
		return r.factVar(m.fact, name)
	case m.ev != nil:
		return eventVar(m.ev, name)
	}
	return value{}
}

func (r *ruleEval) captures(s *signal, m *match) captured {
	var c captured
	switch s.kind {
	case sigEvent:
		return s.event.captures(m.ev)
	case sigInterval:
		c = s.interval.open.captures(m.ev)
		if m.close != nil {
			more := s.interval.close.captures(m.close)
			for i, n := range more.names {
				c.set(n, more.vals[i])
			}
		}
	case sigFact:
		for _, cp := range s.fact.capture {
			if v := r.factVar(m.fact, cp.from); v.kind != valAbsent {
				c.set(cp.name, v.String())
			}
		}
	case sigSpan:
		for _, cp := range s.span.capture {
			if v := spanVar(m.span, cp.from); v.kind != valAbsent {
				c.set(cp.name, v.String())
			}
		}
	}
	return c
}

func (r *ruleEval) factVar(f *event.Fact, name string) value {
	if value, ok := strings.CutPrefix(name, "value."); ok {
		return r.facts.sibling(f, value)
	}
	cut := strings.LastIndexAny(f.Key, `\/`)
	switch name {
	case "key":
		return textValue(f.Key)
	case "leaf":
		return textValue(f.Key[cut+1:])
	case "parent":
		return textValue(f.Key[:max(cut, 0)])
	case "value":
		return textValue(f.Value)
	case "text":
		return factValue(f)
	case "num":
		if n, ok := factValue(f).number(); ok {
			return numberValue(n)
		}
	case "time":
		return timeValue(f.Time)
	case "file":
		return textValue(f.Pos.File)
	case "line":
		return numberValue(int64(f.Pos.Line))
	}
	return value{}
}

func spanVar(s *timeline.Span, name string) value {
	if field, ok := strings.CutPrefix(name, "field."); ok {
		if v, ok := s.Fields.Get(field); ok {
			return textValue(v)
		}
		return value{}
	}
	switch name {
	case "name":
		return textValue(s.Name)
	case "kind":
		return textValue(string(s.Kind))
	case "state":
		return textValue(cmp.Or(string(s.State), "unknown"))
	case "start", "time":
		return timeValue(s.Start)
	case "end":
		if s.End.IsZero() {
			return timeValue(s.LastSeen)
		}
		return timeValue(s.End)
	case "duration":
		if s.Start.IsZero() || s.End.IsZero() && s.LastSeen.IsZero() {
			return value{}
		}
		return durationValue(s.Duration())
	case "code", "num":
		return numberValue(int64(s.Code))
	case "session":
		return numberValue(int64(s.Session))
	case "file":
		return textValue(spanPos(s).File)
	case "line":
		return numberValue(int64(spanPos(s).Line))
	}
	return value{}
}

// spanMatches reports whether the span is of the kind, name and state asked for.
func (spec *spanSpec) matches(s *timeline.Span) bool {
	if !slices.Contains(spec.kinds, string(s.Kind)) || len(spec.states) > 0 && !slices.Contains(spec.states, string(s.State)) {
		return false
	}
	if len(spec.names) == 0 {
		return true
	}
	for _, n := range spec.names {
		if glob(n, s.Name) {
			return true
		}
	}
	return false
}
