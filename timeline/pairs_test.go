package timeline

import (
	"fmt"
	"testing"
	"time"

	"debrief/event"
)

// told makes happenings: failed token requests, one every 37 minutes from a
// day on, as the AAD log has them and as a writer on a wall clock off minutes
// ahead has them.
func told(file, component string, day time.Time, n, off int) []event.Event {
	var out []event.Event
	for i := range n {
		at := day.Add(time.Duration(i) * 37 * time.Minute)
		out = append(out,
			event.Event{Time: at, Clock: event.ClockDeclared, Source: event.AAD, ID: 1098, Pos: event.Pos{File: "aad.evtx", Record: uint64(i + 1)}},
			event.Event{Time: at.Add(time.Duration(off)*time.Minute + 700*time.Millisecond), Clock: event.ClockLocal, Source: event.LogIME, Provider: component,
				Name: "agent.token-failed", Pos: event.Pos{File: file, Line: i + 1}})
	}
	return out
}

func TestPairedClocks(t *testing.T) {
	day := time.Date(2031, 3, 5, 6, 1, 2, 0, time.UTC)
	plain := func(file, component string, wall time.Time) event.Event {
		return event.Event{Time: wall, Clock: event.ClockLocal, Source: event.LogIME, Provider: component, Pos: event.Pos{File: file, Line: 99}}
	}
	join := func(lists ...[]event.Event) (all []event.Event) {
		for _, l := range lists {
			all = append(all, l...)
		}
		return all
	}
	for _, tc := range []struct {
		name   string
		others []event.Event
		first  event.Event
		offset int16
		clock  event.Clock
	}{
		{"one_writer", told("ime.log", "A", day, 6, 345), plain("ime.log", "A", day.Add(9*time.Hour)), 345, event.ClockAnchored},
		{"three_are_enough", told("ime.log", "A", day, 3, -210), plain("ime.log", "A", day), -210, event.ClockAnchored},
		{"two_are_not", told("ime.log", "A", day, 2, 60), plain("ime.log", "A", day), 0, event.ClockAssumed},
		{"two_zones_in_one_file", join(told("ime.log", "A", day, 6, 120), told("ime.log", "B", day.Add(26*time.Hour), 6, -480)), plain("ime.log", "B", day.Add(20*time.Hour)), -480, event.ClockAnchored},
		{"the_other_of_two", join(told("ime.log", "A", day, 6, 120), told("ime.log", "B", day.Add(26*time.Hour), 6, -480)), plain("ime.log", "A", day.Add(20*time.Hour)), 120, event.ClockAnchored},
		{"a_silent_writer_takes_all_pairs", told("ime.log", "A", day, 6, 120), plain("other.log", "C", day.Add(3*time.Hour)), 120, event.ClockAnchored},
		{"own_pairs_before_stated", append(told("ime.log", "A", day, 6, 120), stated("2031-03-05 08:00:00", 60)), plain("ime.log", "A", day.Add(3*time.Hour)), 120, event.ClockAnchored},
		{"stated_before_others_pairs", append(told("ime.log", "A", day, 6, 120), stated("2031-03-05 08:00:00", 60)), plain("other.log", "C", day.Add(3*time.Hour)), 60, event.ClockAnchored},
		{"summer_time", join(told("ime.log", "A", day, 8, 60), told("ime.log", "A", day.Add(30*24*time.Hour+8*time.Minute), 7, 120)), plain("ime.log", "A", day.Add(30*24*time.Hour)), 120, event.ClockAnchored},
		{"too_far_away", told("ime.log", "A", day, 6, 120), plain("ime.log", "A", day.Add(200*24*time.Hour)), 0, event.ClockAssumed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			events := append([]event.Event{tc.first}, tc.others...)
			ResolveClocks(events, nil, nil)
			if got := events[0]; got.Offset != tc.offset || got.Clock != tc.clock {
				t.Errorf("offset %d, %s; want %d, %s", got.Offset, got.Clock, tc.offset, tc.clock)
			}
			want := fmt.Sprint(events[0].Time)
			ResolveClocks(events, nil, nil)
			if got := fmt.Sprint(events[0].Time); got != want {
				t.Errorf("the second run moved it from %s to %s", want, got)
			}
		})
	}
}

// Where happenings are so many that any offset explains some, none is taken.
func TestPairedClocksInDoubt(t *testing.T) {
	day := time.Date(2031, 3, 5, 6, 0, 0, 0, time.UTC)
	var events []event.Event
	for i := range 600 {
		at := day.Add(time.Duration(i) * 15 * time.Minute)
		events = append(events, event.Event{Time: at, Clock: event.ClockDeclared, Source: event.AAD, ID: 1098, Pos: event.Pos{File: "aad.evtx", Record: uint64(i + 1)}})
		if i%3 == 0 {
			events = append(events, event.Event{Time: at, Clock: event.ClockLocal, Source: event.LogIME, Name: "agent.token-failed", Pos: event.Pos{File: "ime.log", Line: i + 1}})
		}
	}
	if by, all := pairedOffsets(events); len(by) > 0 || len(all) > 0 {
		t.Errorf("taken: %d writers, %d pairs", len(by), len(all))
	}
}
