package rules

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"debrief/event"
	"debrief/timeline"
)

// Source is the evidence of one case.
type Source interface {
	// Events yields every event in timeline order: by time, and at one time by
	// position. Records without a time may stand anywhere. It may be walked
	// more than once. The events must stay valid and unchanged while the
	// evaluation runs.
	Events() iter.Seq[*event.Event]
	// Facts lists what parsers found; facts the timeline derived need not be
	// among them.
	Facts() []event.Fact
	// Timeline is the story of the case; nil = none was made.
	Timeline() *timeline.Timeline
	// Coverage lists what was read of each file.
	Coverage() []event.Coverage
}

// Memory is a Source of slices. It sorts nothing: call Sort once if the
// events are not in timeline order.
type Memory struct {
	EventList    []event.Event
	FactList     []event.Fact
	Story        *timeline.Timeline
	CoverageList []event.Coverage
}

// Events implements Source.
func (m *Memory) Events() iter.Seq[*event.Event] {
	return func(yield func(*event.Event) bool) {
		for i := range m.EventList {
			if !yield(&m.EventList[i]) {
				return
			}
		}
	}
}

// Facts implements Source.
func (m *Memory) Facts() []event.Fact { return m.FactList }

// Timeline implements Source.
func (m *Memory) Timeline() *timeline.Timeline { return m.Story }

// Coverage implements Source.
func (m *Memory) Coverage() []event.Coverage { return m.CoverageList }

// Sort brings the events into timeline order.
func (m *Memory) Sort() {
	slices.SortStableFunc(m.EventList, func(a, b event.Event) int { return compareEvents(&a, &b) })
}

// compareEvents is the timeline order. Records that share a position, as two
// parsers of one line could make, are told apart by what they say.
func compareEvents(a, b *event.Event) int {
	if c := a.Time.Compare(b.Time); c != 0 {
		return c
	}
	if c := a.Pos.Compare(b.Pos); c != 0 {
		return c
	}
	return cmp.Or(strings.Compare(string(a.Source), string(b.Source)), cmp.Compare(a.ID, b.ID),
		strings.Compare(a.Name, b.Name), strings.Compare(a.Message, b.Message))
}
