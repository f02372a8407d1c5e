package timeline

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

func zoneFact(at time.Time, minutes int64) event.Fact {
	f := event.Number("clock.trace-offset-minutes", "session", minutes, event.Pos{File: "a.etl"})
	f.Time = at
	return f
}

// TestZoneOfTraces resolves local times by the zone that traces state, as long
// as no record states its offset itself.
func TestZoneOfTraces(t *testing.T) {
	march := time.Date(2031, 3, 4, 8, 0, 0, 0, time.UTC)
	local := func(wall time.Time) event.Event {
		return event.Event{Time: wall, Clock: event.ClockLocal, Source: event.LogSetupact, Pos: event.Pos{File: "setupact.log", Line: 1}}
	}
	declared := event.Event{Time: march, Offset: 120, Clock: event.ClockDeclared, Source: event.LogCCM, Pos: event.Pos{File: "x.log", Line: 1}}
	tests := map[string]struct {
		events []event.Event
		facts  []event.Fact
		offset int16
		clock  event.Clock
	}{
		"same_day":            {[]event.Event{local(march)}, []event.Fact{zoneFact(march, -480)}, -480, event.ClockAnchored},
		"nearest_of_two":      {[]event.Event{local(march)}, []event.Fact{zoneFact(march.Add(-48*time.Hour), -480), zoneFact(march.Add(-time.Hour), 60)}, 60, event.ClockAnchored},
		"months_away":         {[]event.Event{local(march)}, []event.Fact{zoneFact(march.AddDate(0, 4, 0), 120)}, 120, event.ClockAssumed},
		"record_states_it":    {[]event.Event{local(march), declared}, []event.Fact{zoneFact(march, 60)}, 120, event.ClockAnchored},
		"not_an_offset":       {[]event.Event{local(march)}, []event.Fact{zoneFact(march, 1<<40), zoneFact(march, -1<<40), zoneFact(march, 7)}, 0, event.ClockAssumed},
		"record_further_away": {[]event.Event{local(march.AddDate(0, 0, 20)), declared}, []event.Fact{zoneFact(march.AddDate(0, 0, 19), 60)}, 60, event.ClockAnchored},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			wall := tt.events[0].Time
			ResolveClocks(tt.events, tt.facts, nil)
			e := tt.events[0]
			if e.Offset != tt.offset || e.Clock != tt.clock || !e.Time.Equal(wall.Add(-time.Duration(tt.offset)*time.Minute)) {
				t.Errorf("offset %d, %v, %v; want %d, %v", e.Offset, e.Clock, e.Time, tt.offset, tt.clock)
			}
		})
	}
}

// TestZoneOfTracesInTheReport takes the newest trace where nothing else speaks.
func TestZoneOfTracesInTheReport(t *testing.T) {
	march := time.Date(2031, 3, 4, 8, 0, 0, 0, time.UTC)
	r := ResolveClocks(nil, []event.Fact{zoneFact(march, 60), zoneFact(march.Add(-time.Hour), -480)}, nil)
	if r.Offset != 60 || r.Origin != event.ClockAnchored || len(r.Evidence) != 1 || r.Evidence[0].File != "a.etl" {
		t.Errorf("%+v", r)
	}
}

// TestTracesMakeNoSpans builds the same timeline with and without records of
// traces: they tell twice what the logs say.
func TestTracesMakeNoSpans(t *testing.T) {
	in := readStory(t, "failures.txt")
	want := Build(in)
	for i, e := range slices.Clone(in.Events) {
		if e.Source == event.ShellCore && !e.Time.IsZero() {
			e.Source, e.Pos = event.TracePrefix+"shell-core", event.Pos{File: "a.etl", Offset: int64(i + 1)}
			e.Time = e.Time.Add(3 * time.Microsecond)
			in.Events = append(in.Events, e)
		}
	}
	if d := cmp.Diff(want, Build(in)); d != "" || len(want.Spans) == 0 {
		t.Errorf("(-logs +logs and traces)\n%s", d)
	}
}
