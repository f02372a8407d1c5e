package rules

import (
	"testing"
	"time"

	"debrief/event"
)

// Lines without a time follow the order of their file, and nothing else does.
func TestOrderWithoutTime(t *testing.T) {
	at := time.Date(2024, 3, 5, 9, 0, 0, 0, time.UTC)
	record := func(src event.Source, file string, offset int64, when time.Time) point {
		m := match{ev: &event.Event{Source: src, Time: when, Pos: event.Pos{File: file, Offset: offset}}}
		p, _ := m.extent(endNone, false)
		return p
	}
	none := time.Time{}
	fact := match{fact: &event.Fact{Pos: event.Pos{File: "a.log", Offset: 9}}}
	told, _ := fact.extent(endNone, false)
	for _, c := range []struct {
		name string
		a, b point
		want Tri
	}{
		{"the line above", record("log.a", "a.log", 1, none), record("log.a", "a.log", 2, none), True},
		{"the line below", record("log.a", "a.log", 2, none), record("log.a", "a.log", 1, none), False},
		{"one line", record("log.a", "a.log", 1, none), record("log.a", "a.log", 1, none), False},
		{"two files", record("log.a", "a.log", 1, none), record("log.a", "b.log", 2, none), Unknown},
		{"two logs in one paste", record("log.a", "a.txt", 1, none), record("log.b", "a.txt", 2, none), Unknown},
		{"one has a time", record("log.a", "a.log", 1, at), record("log.a", "a.log", 2, none), Unknown},
		{"an event log", record("evtx.x", "a.evtx", 1, none), record("evtx.x", "a.evtx", 2, none), Unknown},
		{"a fact", record("log.a", "a.log", 1, none), told, Unknown},
	} {
		if got := precedes(c.a, c.b); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
