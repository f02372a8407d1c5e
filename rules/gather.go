package rules

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"debrief/event"
	"debrief/timeline"
)

// evaluation is the evidence as the rules see it.
type evaluation struct {
	set      *Set
	story    *timeline.Timeline
	spans    []*timeline.Span // by start, those without one last
	cover    *coverageIndex
	facts    *factIndex
	sessions []session // at least one
	hits     [][]hits  // by matcher, by session
	assumed  bool      // local clocks were resolved by a guess
	records  bool      // the evidence holds at least one event or fact
	left     *leftovers
}

// session is one enrolment attempt. Each event belongs to exactly one.
type session struct {
	number int // as in Span.Session; 0 = the case has none
	start  time.Time
	from   time.Time // events from here on belong to it; zero = from the beginning
}

// maxSessions bounds the sessions judged apart; earlier ones are joined.
const maxSessions = 32

// hits are the events that one matcher found in one session.
type hits struct {
	first []*event.Event
	last  *event.Event // only where there are more than first holds
	total int
}

func (h *hits) add(ev *event.Event) {
	h.total++
	if len(h.first) < maxMatches {
		h.first = append(h.first, ev)
		return
	}
	if h.last == nil || compareEvents(h.last, ev) <= 0 {
		h.last = ev
	}
}

func (h *hits) join(g *hits) {
	for _, ev := range g.first {
		h.add(ev)
	}
	if g.last != nil {
		h.add(g.last)
		h.total += g.total - len(g.first) - 1
	}
}

// gather reads the evidence once.
func (s *Set) gather(src Source) *evaluation {
	e := &evaluation{set: s, story: src.Timeline(), cover: newCoverageIndex(src.Coverage())}
	if e.story == nil {
		e.story = &timeline.Timeline{}
	}
	e.assumed = e.story.Clock.Origin == event.ClockAssumed
	e.facts = newFactIndex(src.Facts(), e.story.Facts)
	e.records = len(src.Facts()) > 0
	e.sessions = findSessions(e.story)
	e.spans = orderSpans(e.story.Spans)
	e.hits = make([][]hits, len(s.dispatch.specs))
	for i := range e.hits {
		e.hits[i] = make([]hits, len(e.sessions))
	}
	m := s.dispatch.start()
	e.left = newLeftovers(s.dispatch.spot)
	var found []int32
	for ev := range src.Events() {
		e.records = true
		at := -1
		found = found[:0]
		m.event(ev, func(id int32) {
			if at < 0 {
				at = e.sessionOf(ev.Time)
			}
			e.hits[id][at].add(ev)
			found = append(found, id)
		})
		if !s.part {
			e.left.note(ev, found)
		}
	}
	for i := range e.hits {
		for j := range e.hits[i] {
			if h := e.hits[i][j].first; !slices.IsSortedFunc(h, compareEvents) {
				slices.SortFunc(h, compareEvents)
			}
		}
	}
	return e
}

func orderSpans(spans []timeline.Span) []*timeline.Span {
	list := make([]*timeline.Span, len(spans))
	for i := range spans {
		list[i] = &spans[i]
	}
	slices.SortStableFunc(list, func(a, b *timeline.Span) int {
		if a.Start.IsZero() != b.Start.IsZero() {
			return b.Start.Compare(a.Start) // the zero time is the smallest
		}
		return cmp.Or(a.Start.Compare(b.Start), strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Name, b.Name),
			a.End.Compare(b.End), a.LastSeen.Compare(b.LastSeen), strings.Compare(string(a.State), string(b.State)), spanPos(a).Compare(spanPos(b)))
	})
	return list
}

func findSessions(t *timeline.Timeline) []session {
	var list []session
	for i := range t.Spans {
		if sp := &t.Spans[i]; sp.Kind == timeline.KindSession {
			list = append(list, session{number: sp.Session, start: sp.Start, from: sp.Start})
		}
	}
	if len(list) == 0 {
		return []session{{}}
	}
	slices.SortStableFunc(list, func(a, b session) int {
		return cmp.Or(a.start.Compare(b.start), cmp.Compare(a.number, b.number))
	})
	if len(list) > maxSessions {
		list = list[len(list)-maxSessions:]
	}
	list[0].from = time.Time{}
	for i := range list {
		if list[i].number == 0 {
			list[i].number = i + 1
		}
	}
	return list
}

// sessionOf returns the index of the session that a time falls into; what has
// no time belongs to the last.
func (e *evaluation) sessionOf(t time.Time) int {
	last := len(e.sessions) - 1
	if t.IsZero() {
		return last
	}
	for i := last; i > 0; i-- {
		if !t.Before(e.sessions[i].from) {
			return i
		}
	}
	return 0
}
