package pipeline_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
	"debrief/internal/synth/etlw"
	"debrief/pipeline"
	"debrief/rules"
)

// shellCore is the provider of CloudExperienceHost's events.
var shellCore = etlw.GUID{0x30, 0x33, 0x6e, 0xd4, 0xe3, 0x27, 0x44, 0x7c, 0x9d, 0xe0, 0x51, 0xb6, 0x52, 0xc8, 0x61, 0x08}

// TestTracesChangeNoVerdict adds to collections a trace that holds the Shell-Core
// records of their logs once more: what is found, and how often it is
// evidence, stays the same.
func TestTracesChangeNoVerdict(t *testing.T) {
	set := builtin(t)
	for _, s := range pipeline.SomeScenarios() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			dir := write(t, s)
			before, err := pipeline.Read(t.Context(), []string{dir}, pipeline.Options{})
			if err != nil {
				t.Fatal(err)
			}
			want := before.Judge(set)
			tr := etlw.Trace{Clock: etlw.System}
			for e := range before.Events() {
				if e.Source != event.ShellCore {
					continue
				}
				name, _ := e.Fields.Get("Name")
				value, _ := e.Fields.Get("Value")
				if tr.Start.IsZero() {
					tr.Start = e.Time.Add(-time.Minute)
				}
				tr.Events = append(tr.Events, etlw.Event{Provider: shellCore, ID: uint16(e.ID), Level: 4, Time: e.Time.Add(2 * time.Microsecond),
					Fields: []etlw.Field{etlw.Str("Name", name), etlw.Str("Value", value)}})
			}
			if len(tr.Events) == 0 {
				t.Skip("the collection has no Shell-Core records")
			}
			data, err := etlw.Encode(tr)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "CloudExperienceHostOobe.etl.001"), data, 0o644); err != nil {
				t.Fatal(err)
			}
			after, err := pipeline.Read(t.Context(), []string{dir}, pipeline.Options{})
			if err != nil {
				t.Fatal(err)
			}
			traced := 0
			for e := range after.Events() {
				if e.Source == event.TracePrefix+"shell-core" {
					traced++
				}
			}
			got := after.Judge(set)
			if traced != len(tr.Events) {
				t.Errorf("%d events of the trace, want %d", traced, len(tr.Events))
			}
			if d := cmp.Diff(messages(want), messages(got)); d != "" {
				t.Errorf("(-without +with the trace)\n%s", d)
			}
		})
	}
}

// messages lists what every rule found and what it rests on.
func messages(res *rules.Result) []string {
	var out []string
	for _, f := range res.Findings {
		out = append(out, fmt.Sprintf("%s %s, session %d, %s, %d times evidence: %s", f.Rule, f.Verdict, f.Session, f.Confidence, len(f.Evidence), f.Message))
	}
	return out
}
