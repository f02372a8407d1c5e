package timeline

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
	"debrief/internal/growth"
)

// channel makes records of one channel, numbered in order; the times are
// minutes and seconds after midnight of the story's day.
func channel(name string, times ...string) []event.Event {
	var out []event.Event
	for i, s := range times {
		d, err := time.ParseDuration(s)
		if err != nil {
			panic(err)
		}
		out = append(out, event.Event{
			Time: storyDay.Add(d), Clock: event.ClockDeclared, Source: event.ModernDeployment, Channel: name,
			Pos: event.Pos{File: name + ".evtx", Record: uint64(i + 1), Offset: int64(i * 100)},
		})
	}
	return out
}

func join(parts ...[]event.Event) []event.Event {
	var out []event.Event
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func TestClockSteps(t *testing.T) {
	stepTo := func(at, by, file string, record uint64) Step {
		a, _ := time.ParseDuration(at)
		b, _ := time.ParseDuration(by)
		return Step{At: storyDay.Add(a), By: b, Pos: event.Pos{File: file, Record: record}}
	}
	withFields := func(e event.Event, id uint32, source event.Source, provider string, fields ...event.Field) []event.Event {
		e.ID, e.Source, e.Provider, e.Fields = id, source, provider, fields
		return []event.Event{e}
	}
	tests := []struct {
		name   string
		events []event.Event
		want   []Step
	}{
		{"steady", channel("a", "1h", "1h1m", "1h2m"), nil},
		{"small_reordering", channel("a", "1h", "1h1m30s", "1h", "1h2m"), nil},
		{
			"one_channel", channel("a", "5h", "5h0m10.5s", "2h0m1s", "2h1m", "2h2m"),
			[]Step{stepTo("5h0m10.5s", "-3h0m9.5s", "a.evtx", 3)},
		},
		{
			// the channel with the shortest silence around it tells the step
			"several_channels", join(
				channel("a", "4h50m", "2h30m", "2h40m"),
				channel("b", "5h", "5h0m10s", "2h0m1s", "2h1m"),
				channel("c", "4h59m", "2h0m30s", "6h")),
			[]Step{stepTo("5h0m10s", "-3h0m9s", "b.evtx", 3)},
		},
		{"late_record", channel("a", "1h", "1h30m", "1h10m", "1h31m", "1h32m"), nil},
		{"late_burst", channel("a", "1h", "1h30m", "1h10m", "1h11m", "1h12m", "1h31m", "1h32m"), nil},
		{"last_record_alone", channel("a", "1h", "1h30m", "30m"), nil},
		{
			"last_records_of_two_channels", join(channel("a", "1h30m", "30m"), channel("b", "1h30m1s", "30m2s")),
			[]Step{stepTo("1h30m", "-1h", "a.evtx", 2)},
		},
		{
			"two_steps", channel("a", "9h", "6h", "6h10m", "6h20m", "6h30m", "6h40m", "6h50m", "7h", "7h10m", "7h20m", "4h", "4h10m"),
			[]Step{stepTo("7h20m", "-3h20m", "a.evtx", 11), stepTo("9h", "-3h", "a.evtx", 2)},
		},
		{
			"kernel_general_forward", withFields(channel("System", "1h")[0], 1, event.SystemLog, "Microsoft-Windows-Kernel-General",
				event.Field{Name: "NewTime", Value: "2031-02-03T01:00:00Z"}, event.Field{Name: "OldTime", Value: "2031-02-03T00:10:00.5Z"}, event.Field{Name: "Reason", Value: "1"}),
			[]Step{stepTo("10m0.5s", "49m59.5s", "System.evtx", 1)},
		},
		{
			"kernel_general_after_sleep", withFields(channel("System", "1h")[0], 1, event.SystemLog, "Microsoft-Windows-Kernel-General",
				event.Field{Name: "NewTime", Value: "2031-02-03T01:00:00Z"}, event.Field{Name: "OldTime", Value: "2031-02-03T00:10:00Z"}, event.Field{Name: "Reason", Value: "2"}),
			nil,
		},
		{
			"autopilot_check_forward", join(
				withFields(channel("a", "1h")[0], 753, event.ModernDeployment, "",
					event.Field{Name: "ServerTime", Value: "2031-02-03T03:00:00Z"}, event.Field{Name: "ClientTime", Value: "2031-02-03T01:00:00Z"}),
				channel("a", "1h", "3h0m2s")[1:]),
			[]Step{stepTo("1h", "2h", "a.evtx", 2)},
		},
		{
			"autopilot_check_not_followed", join(
				withFields(channel("a", "1h")[0], 753, event.ModernDeployment, "",
					event.Field{Name: "ServerTime", Value: "2031-02-03T03:00:00Z"}, event.Field{Name: "ClientTime", Value: "2031-02-03T01:00:00Z"}),
				channel("a", "1h", "1h0m2s")[1:]),
			nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := clockSteps(tt.events)
			for i := range got {
				got[i].Pos.Offset = 0
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}

// TestClockSteps_hostile holds a log that goes back all the time to a bound.
func TestClockSteps_hostile(t *testing.T) {
	growth.Linear(t, 10_000, func(n int) func() {
		var events []event.Event
		for i := range n {
			events = append(events, event.Event{
				Time: storyDay.Add(-time.Duration(i) * time.Hour), Clock: event.ClockDeclared, Source: event.SystemLog,
				Pos: event.Pos{File: "a.evtx", Record: uint64(i + 1)},
			})
		}
		return func() {
			if got := clockSteps(events); len(got) > maxSteps {
				t.Errorf("%d steps, want at most %d", len(got), maxSteps)
			}
		}
	})
}
