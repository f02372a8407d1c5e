package rules

import (
	"testing"
	"testing/fstest"
	"time"

	"debrief/event"
	"debrief/timeline"
)

// TestQuotesAreTheRecords holds the evidence of spans and derived facts to the
// records they were read from.
func TestQuotesAreTheRecords(t *testing.T) {
	set, err := Load(fstest.MapFS{"a.b.yaml": {Data: []byte(`
rule: a.b
title: A step and a state
role: cause
signals:
  step: { span: { kind: step } }
  state: { fact: { name: esp.provider.state } }
when: { all: [step, state] }
finding: { message: Both were seen. }
tests: []
`)}})
	if err != nil {
		t.Fatal(err)
	}
	begin := event.Pos{File: "smsts.log", Line: 3, Offset: 100}
	end := event.Pos{File: "smsts.log", Line: 9, Offset: 900}
	value := event.Pos{File: "dump.reg", Line: 7, Offset: 70}
	at := time.Date(2024, 3, 5, 9, 0, 0, 0, time.UTC)
	src := &Memory{
		EventList: []event.Event{
			{Time: at, Clock: event.ClockDeclared, Source: event.LogSmsts, Message: "step begins", Pos: begin},
			{Time: at.Add(time.Hour), Clock: event.ClockDeclared, Source: event.LogSmsts, Message: "step ends", Pos: end},
		},
		FactList: []event.Fact{
			{Name: "reg", Key: `HKLM\X`, Value: "InstallationState", Kind: event.FactNumber, Num: 4, Text: "4", Pos: value},
			event.Number("esp.provider.state", "ConfigMgr", 4, value),
		},
		Story: &timeline.Timeline{Spans: []timeline.Span{
			{Kind: timeline.KindStep, Name: "Install CAD", Parent: -1, Start: at, End: at.Add(time.Hour), LastSeen: at.Add(time.Hour), State: timeline.StateSucceeded, Evidence: []event.Pos{begin, end}},
		}},
		CoverageList: []event.Coverage{{File: "smsts.log", Sources: []event.Source{event.LogSmsts}}, {File: "dump.reg", Sources: []event.Source{event.RegESPTracking}}},
	}
	f := set.Evaluate(src).Find("a.b")
	type quote struct {
		pos        event.Pos
		text, note string
	}
	want := []quote{
		{begin, "step begins", "step Install CAD, succeeded, 1 h"},
		{end, "step ends", "step Install CAD, succeeded, 1 h"},
		{value, `HKLM\X\InstallationState = 4`, "esp.provider.state ConfigMgr = 4"},
	}
	if len(f.Evidence) != len(want) {
		t.Fatalf("evidence is %+v, want %d quotes", f.Evidence, len(want))
	}
	for i, q := range f.Evidence {
		if got := (quote{q.Pos, q.Text, q.Note}); got != want[i] {
			t.Errorf("quote %d is %+v, want %+v", i, got, want[i])
		}
	}
}
