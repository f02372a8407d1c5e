package pipeline

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
	"debrief/internal/synth"
	"debrief/rules"
)

// TestThinnedVerdicts reads every generated collection as if all of its files
// were long: what the rules say is what they say of the whole.
func TestThinnedVerdicts(t *testing.T) {
	set, err := rules.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	said := func(c *Case) string {
		var b strings.Builder
		res := c.Judge(set)
		fmt.Fprintf(&b, "%s\n", res.Verdict)
		for _, f := range res.Findings {
			if f.Verdict == rules.Fire {
				fmt.Fprintf(&b, "%s %s %s explained by %v: %s\n", f.ID(), f.Confidence, f.Role, f.ExplainedBy, f.Message)
			}
		}
		for _, s := range c.Timeline().Spans {
			fmt.Fprintf(&b, "%s %q %s %s %s\n", s.Kind, s.Name, s.State, s.Start.Format(time.RFC3339), s.End.Format(time.RFC3339))
		}
		return b.String()
	}
	for _, s := range SomeScenarios() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := synth.Write(dir, s); err != nil {
				t.Fatal(err)
			}
			in := []string{filepath.Join(dir, s.Name)}
			whole, err := Read(t.Context(), in, Options{Rules: set})
			if err != nil {
				t.Fatal(err)
			}
			thin, err := Read(t.Context(), in, Options{Rules: set, thin: thinning{whole: 1, small: 1, edge: 1}})
			if err != nil {
				t.Fatal(err)
			}
			if n := len(whole.events); n > 2000 && len(thin.events) >= n {
				t.Errorf("nothing was left out of %d records", n)
			}
			t.Logf("%d of %d records kept", len(thin.events), len(whole.events))
			if diff := cmp.Diff(said(whole), said(thin)); diff != "" {
				t.Errorf("(-whole +thinned)\n%s", diff)
			}
		})
	}
}

func record(i int, text string, level event.Level) event.Event {
	return event.Event{
		Source: "log.made-up", Level: level, Message: text, Clock: event.ClockDeclared,
		Time: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Millisecond), Pos: event.Pos{File: "x.log", Line: i + 1},
	}
}

const edgeRecords = 200

// thinned runs records through a thinner, a hundred in a window.
func thinned(room int64, want func(*event.Event) bool, records []event.Event) ([]event.Event, event.Coverage) {
	th := newThinner(want, room, edgeRecords)
	for i := 0; i < len(records); i += 100 {
		th.take(records[i:min(len(records), i+100)])
	}
	c := event.Coverage{File: "x.log"}
	return th.finish(&c), c
}

func TestThinnerKeeps(t *testing.T) {
	var in []event.Event
	for i := range 20_000 {
		in = append(in, record(i, "ordinary", event.LevelInfo))
	}
	in[10_000] = record(10_000, "asked for", event.LevelInfo)
	in[12_000] = record(12_000, "warned of", event.LevelWarning)
	in[14_000].Time = in[13_999].Time.Add(-time.Hour) // the clock was set back
	for i := 14_001; i < len(in); i++ {
		in[i].Time = in[i].Time.Add(-time.Hour)
	}
	out, c := thinned(1<<20, func(e *event.Event) bool { return e.Message == "asked for" }, in)
	lines := map[int]bool{}
	for _, e := range out {
		lines[e.Pos.Line] = true
	}
	for _, want := range []int{1, edgeRecords, 10_001 - contextRecords, 10_001, 10_001 + contextRecords, 12_001, 14_001, 20_000 - edgeRecords + 1, 20_000} {
		if !lines[want] {
			t.Errorf("line %d is not kept", want)
		}
	}
	if len(out) > 2*edgeRecords+60 {
		t.Errorf("%d of %d records are kept", len(out), len(in))
	}
	if len(c.Problems) != 1 || c.Problems[0].Kind != event.Remark || c.Status != event.Read {
		t.Errorf("coverage %+v", c)
	}
}

// TestThinnerRoom floods the thinner with records that all matter: the first
// and the last are kept, and the loss is told.
func TestThinnerRoom(t *testing.T) {
	var in []event.Event
	for i := range 50_000 {
		in = append(in, record(i, fmt.Sprintf("flood %d", i), event.LevelError))
	}
	in[30_000].Message = "the rare one"
	const room = 1 << 20
	out, c := thinned(room, nil, in)
	total := int64(0)
	for i := range out {
		total += size(&out[i])
	}
	if total > 2*room {
		t.Errorf("%d bytes are kept", total)
	}
	if first, last := out[0], out[len(out)-1]; first.Pos.Line != 1 || last.Pos.Line != len(in) {
		t.Errorf("from line %d to %d", first.Pos.Line, last.Pos.Line)
	}
	if !slices.ContainsFunc(out, func(e event.Event) bool { return e.Message == "the rare one" }) {
		t.Error("a rare record in the middle of the flood is lost")
	}
	if c.Status != event.Partial || len(c.Problems) != 1 || c.Problems[0].Kind != event.Limit || c.Damaged != len(in)-len(out) {
		t.Errorf("coverage %+v, %d kept", c, len(out))
	}
}

// TestThinnerLetsGo holds that what is kept is no view into the windows.
func TestThinnerLetsGo(t *testing.T) {
	window := []byte("kept for its level")
	e := record(0, string(window), event.LevelError)
	text := []byte("kept for its level")
	view := event.Event{Message: unsafe.String(&text[0], len(text)), Level: event.LevelError}
	out, _ := thinned(1<<20, nil, []event.Event{view, e})
	text[0] = 'X'
	if out[0].Message != string(window) {
		t.Errorf("kept %q", out[0].Message)
	}
}
