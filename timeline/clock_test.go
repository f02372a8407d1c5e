package timeline

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

func local(at string) event.Event {
	t, err := time.Parse("2006-01-02 15:04:05", at)
	if err != nil {
		panic(err)
	}
	return event.Event{Time: t, Clock: event.ClockLocal, Source: event.LogIME, Pos: event.Pos{File: "ime.log", Line: 1}}
}

// stated is a record that states its offset; at is its wall clock.
func stated(at string, offset int16) event.Event {
	e := local(at)
	e.Time = e.Time.Add(-time.Duration(offset) * time.Minute)
	e.Clock, e.Offset, e.Source, e.Pos.File = event.ClockDeclared, offset, event.LogCcmsetup, "ccmsetup.log"
	return e
}

func collectedAt(at string) event.Fact {
	return event.At("collection.time", "", local(at).Time, event.Pos{File: "footprint.txt", Line: 1})
}

func trace(stamp string) event.Coverage {
	return event.Coverage{File: "x.cab/DiagnosticLogCSP_Collector_Autopilot_" + stamp + ".etl"}
}

func TestResolveClocks(t *testing.T) {
	member := func(name, at string) event.Coverage {
		return event.Coverage{File: "x.cab/" + name, ModTime: local(at).Time}
	}
	tests := []struct {
		name       string
		events     []event.Event // the first one is looked at
		facts      []event.Fact
		cov        []event.Coverage
		wantUTC    string
		wantOffset int16
		wantClock  event.Clock
		wantReport int16
		wantOrigin event.Clock
	}{
		{
			name:    "declared_nearest_in_time",
			events:  []event.Event{local("2031-03-30 12:00:00"), stated("2031-03-30 01:00:00", 60), stated("2031-03-30 09:00:00", 120)},
			wantUTC: "2031-03-30 10:00:00", wantOffset: 120, wantClock: event.ClockAnchored,
			wantReport: 120, wantOrigin: event.ClockDeclared,
		},
		{
			name:    "declared_before_the_change",
			events:  []event.Event{local("2031-03-30 02:00:00"), stated("2031-03-30 01:00:00", 60), stated("2031-03-30 09:00:00", 120), stated("2031-03-29 09:00:00", 60)},
			wantUTC: "2031-03-30 01:00:00", wantOffset: 60, wantClock: event.ClockAnchored,
			wantReport: 60, wantOrigin: event.ClockDeclared,
		},
		{
			name:    "declared_beats_trace",
			events:  []event.Event{local("2031-02-03 12:00:00"), stated("2031-02-02 12:00:00", -420)},
			facts:   []event.Fact{collectedAt("2031-02-03 12:05:00")},
			cov:     []event.Coverage{trace("2031_2_3_14_5_2")},
			wantUTC: "2031-02-03 19:00:00", wantOffset: -420, wantClock: event.ClockAnchored,
			wantReport: -420, wantOrigin: event.ClockDeclared,
		},
		{
			name:    "declared_at_the_makers_is_not_the_zone_of_the_device",
			events:  []event.Event{local("2031-02-03 12:00:00"), stated("2030-10-02 12:00:00", -480)},
			facts:   []event.Fact{collectedAt("2031-02-03 12:05:00")},
			cov:     []event.Coverage{trace("2031_2_3_14_5_2")},
			wantUTC: "2031-02-03 10:00:00", wantOffset: 120, wantClock: event.ClockAnchored,
			wantReport: 120, wantOrigin: event.ClockAnchored,
		},
		{
			name:    "trace_name_half_hour_zone",
			events:  []event.Event{local("2031-02-03 14:00:00")},
			facts:   []event.Fact{collectedAt("2031-02-03 08:35:10")},
			cov:     []event.Coverage{trace("2031_2_2_9_9_9"), trace("2031_2_3_14_5_0"), trace("2031_2_3_14_4_31")},
			wantUTC: "2031-02-03 08:30:00", wantOffset: 330, wantClock: event.ClockAnchored,
			wantReport: 330, wantOrigin: event.ClockAnchored,
		},
		{
			name:    "trace_of_another_day_is_no_anchor",
			events:  []event.Event{local("2031-02-03 14:00:00")},
			facts:   []event.Fact{collectedAt("2031-02-03 08:35:10")},
			cov:     []event.Coverage{trace("2031_2_2_9_41_9")},
			wantUTC: "2031-02-03 14:00:00", wantClock: event.ClockAssumed, wantOrigin: event.ClockAssumed,
		},
		{
			name:    "member_dates_agree",
			events:  []event.Event{local("2031-02-03 09:00:00")},
			facts:   []event.Fact{collectedAt("2031-02-03 17:10:00")},
			cov:     []event.Coverage{member("a", "2031-02-03 09:10:00"), member("b", "2031-02-03 09:10:00"), member("c", "2031-02-03 09:11:00"), member("d", "2031-02-01 08:00:00")},
			wantUTC: "2031-02-03 17:00:00", wantOffset: -480, wantClock: event.ClockAnchored,
			wantReport: -480, wantOrigin: event.ClockAnchored,
		},
		{
			name:    "member_dates_in_utc_say_nothing",
			events:  []event.Event{local("2031-02-03 09:00:00")},
			facts:   []event.Fact{collectedAt("2031-02-03 17:10:00")},
			cov:     []event.Coverage{member("a", "2031-02-03 17:10:00"), member("b", "2031-02-03 17:10:00"), member("c", "2031-02-03 17:11:00")},
			wantUTC: "2031-02-03 09:00:00", wantClock: event.ClockAssumed, wantOrigin: event.ClockAssumed,
		},
		{
			name:    "two_forms_of_the_mdm_report",
			events:  []event.Event{local("2031-02-03 09:00:00")},
			facts:   []event.Fact{reported("mdm.report-time", "a", "2031-02-03 17:10:02"), reported("mdm.report-local-time", "a", "2031-02-03 09:10:03")},
			wantUTC: "2031-02-03 17:00:00", wantOffset: -480, wantClock: event.ClockAnchored,
			wantReport: -480, wantOrigin: event.ClockAnchored,
		},
		{
			name:    "two_forms_of_the_mdm_report_in_utc",
			events:  []event.Event{local("2031-02-03 09:00:00")},
			facts:   []event.Fact{reported("mdm.report-time", "a", "2031-02-03 09:10:02"), reported("mdm.report-local-time", "a", "2031-02-03 09:10:03"), collectedAt("2031-02-03 09:11:00")},
			cov:     []event.Coverage{member("a", "2031-02-03 11:10:00"), member("b", "2031-02-03 11:10:00"), member("c", "2031-02-03 11:11:00")},
			wantUTC: "2031-02-03 09:00:00", wantClock: event.ClockAnchored, wantOrigin: event.ClockAnchored,
		},
		{
			name:    "reports_of_two_collections_are_no_pair",
			events:  []event.Event{local("2031-02-03 09:00:00")},
			facts:   []event.Fact{reported("mdm.report-time", "a", "2031-02-03 17:10:02"), reported("mdm.report-local-time", "b", "2031-02-03 09:10:03")},
			wantUTC: "2031-02-03 09:00:00", wantClock: event.ClockAssumed, wantOrigin: event.ClockAssumed,
		},
		{
			name:    "anchor_long_ago_is_an_assumption",
			events:  []event.Event{local("2030-08-03 14:00:00")},
			facts:   []event.Fact{collectedAt("2031-02-03 12:00:00")},
			cov:     []event.Coverage{trace("2031_2_3_14_0_3")},
			wantUTC: "2030-08-03 12:00:00", wantOffset: 120, wantClock: event.ClockAssumed,
			wantReport: 120, wantOrigin: event.ClockAnchored,
		},
		{
			name:    "offset_no_zone_has",
			events:  []event.Event{local("2031-02-03 09:00:00"), stated("2031-02-03 09:00:00", 17), stated("2031-02-03 09:00:00", 900)},
			wantUTC: "2031-02-03 09:00:00", wantClock: event.ClockAssumed, wantOrigin: event.ClockAssumed,
		},
		{
			name:    "nothing_to_resolve",
			events:  []event.Event{{Time: local("2031-02-03 09:00:00").Time, Clock: event.ClockDeclared, Source: event.ShellCore}},
			wantUTC: "2031-02-03 09:00:00", wantClock: event.ClockDeclared, wantOrigin: event.ClockNone,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ResolveClocks(tt.events, tt.facts, tt.cov)
			e := tt.events[0]
			if utc := e.Time.Format("2006-01-02 15:04:05"); utc != tt.wantUTC || e.Offset != tt.wantOffset || e.Clock != tt.wantClock {
				t.Errorf("event is %s %+d %v, want %s %+d %v", utc, e.Offset, e.Clock, tt.wantUTC, tt.wantOffset, tt.wantClock)
			}
			if got.Offset != tt.wantReport || got.Origin != tt.wantOrigin {
				t.Errorf("report says %+d %v, want %+d %v", got.Offset, got.Origin, tt.wantReport, tt.wantOrigin)
			}
			if (got.Origin == event.ClockDeclared || got.Origin == event.ClockAnchored) && len(got.Evidence) == 0 {
				t.Error("report has no evidence")
			}
			if diff := cmp.Diff(got, ResolveClocks(tt.events, tt.facts, tt.cov)); diff != "" {
				t.Errorf("resolving again (-first +second):\n%s", diff)
			}
		})
	}
}

// reported is a time of the MDM report in a folder.
func reported(name, dir, at string) event.Fact {
	t, err := time.Parse("2006-01-02 15:04:05", at)
	if err != nil {
		panic(err)
	}
	return event.At(name, "", t, event.Pos{File: dir + "/report"})
}

func TestResolveClocks_noTime(t *testing.T) {
	events := []event.Event{{Clock: event.ClockLocal, Offset: 60}}
	ResolveClocks(events, nil, nil)
	if events[0].Clock != event.ClockNone || !events[0].Time.IsZero() || events[0].Offset != 0 {
		t.Errorf("event without a time became %+v", events[0])
	}
}

func TestTraceTime(t *testing.T) {
	tests := []struct {
		name, file, want string
	}{
		{"area", "DiagnosticLogCSP_Collector_Autopilot_2031_12_9_7_8_59.etl", "2031-12-09 07:08:59"},
		{"merged", "a/b.cab/DiagnosticLogCSP_Collector_DeviceProvisioning_2031_1_2_3_4_5.etl.merged", "2031-01-02 03:04:05"},
		{"area_with_underscore", "DiagnosticLogCSP_Collector_Device_Health_2031_1_2_3_4_5.etl", "2031-01-02 03:04:05"},
		{"no_such_day", "DiagnosticLogCSP_Collector_Autopilot_2031_2_30_7_8_59.etl", ""},
		{"too_short", "DiagnosticLogCSP_Collector_Autopilot_2031_2.etl", ""},
		{"not_a_trace", "DiagnosticLogCSP_Collector_Autopilot_2031_1_2_3_4_5.txt", ""},
		{"other_trace", "Wifi.etl", ""},
		{"negative", "DiagnosticLogCSP_Collector_A_2031_-1_2_3_4_5.etl", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := traceTime(tt.file)
			if text := got.Format("2006-01-02 15:04:05"); ok != (tt.want != "") || ok && text != tt.want {
				t.Errorf("traceTime(%q) = %s, %v, want %q", tt.file, text, ok, tt.want)
			}
		})
	}
}
