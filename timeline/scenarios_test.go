package timeline_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"debrief/event"
	"debrief/ingest/cab"
	"debrief/parsers"
	"debrief/timeline"
)

// sharedDir is the folder with collections that are not part of the project;
// the test is skipped where it is missing.
func sharedDir(t *testing.T, sub string) string {
	t.Helper()
	dir := os.Getenv("DEBRIEF_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared")
	}
	dir = filepath.Join(dir, sub)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no shared collections: %v", err)
	}
	return dir
}

// load reads the files of a collection, those in cabinets included. What is
// damaged is left out: that is other tests' matter.
func load(t *testing.T, root string) timeline.Input {
	t.Helper()
	var in timeline.Input
	add := func(name string, data []byte, date time.Time) {
		out := parsers.Parse(&parsers.Input{Path: name, Data: data, ModTime: date})
		in.Events = append(in.Events, out.Events...)
		in.Facts = append(in.Facts, out.Facts...)
		in.Coverage = append(in.Coverage, out.Coverage)
	}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "truth.json" {
			return err
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name := d.Name()
		if rel, err := filepath.Rel(root, file); err == nil && rel != "." {
			name = filepath.ToSlash(rel)
		}
		if !strings.HasSuffix(name, ".cab") {
			add(name, data, time.Time{})
			return nil
		}
		cabinet, err := cab.Open(data)
		if err != nil {
			return err
		}
		free := func(int) error { return nil }
		_, err = cabinet.Walk(free, func(m cab.Member, data []byte, reason error) error {
			if reason == nil {
				add(name+"/"+m.Name, data, m.ModTime)
			}
			return nil
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func build(in timeline.Input) *timeline.Timeline {
	timeline.ResolveClocks(in.Events, in.Facts, in.Coverage)
	timeline.Order(in.Events)
	return timeline.Build(in)
}

// truth is what is known of a made-up collection.
type truth struct {
	Phase   string
	Healthy bool
	Facts   struct {
		Bias        int    `json:"bias_minutes"`
		Timeout     int64  `json:"esp_timeout_minutes"`
		LongStep    string `json:"long_step"`
		LongMinutes int    `json:"long_step_minutes"`
		Step        string `json:"step"`
	}
}

func TestScenarios(t *testing.T) {
	dir := sharedDir(t, "scenarios")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		t.Run(e.Name(), func(t *testing.T) {
			root := filepath.Join(dir, e.Name())
			data, err := os.ReadFile(filepath.Join(root, "truth.json"))
			if err != nil {
				t.Skip(err)
			}
			var want truth
			if err := json.Unmarshal(data, &want); err != nil {
				t.Fatal(err)
			}
			compareTruth(t, build(load(t, root)), want)
		})
	}
}

func compareTruth(t *testing.T, tl *timeline.Timeline, want truth) {
	if int(tl.Clock.Offset) != -want.Facts.Bias {
		t.Errorf("offset is %d minutes, want %d", tl.Clock.Offset, -want.Facts.Bias)
	}
	if len(tl.Clock.Steps) > 0 {
		t.Errorf("clock steps %v, want none", tl.Clock.Steps)
	}
	fact := func(name string) event.Fact {
		i := slices.IndexFunc(tl.Facts, func(f event.Fact) bool { return f.Name == name })
		if i < 0 {
			return event.Fact{}
		}
		return tl.Facts[i]
	}
	if got := fact("esp.timeout-minutes").Num; got != want.Facts.Timeout {
		t.Errorf("ESP timeout is %d minutes, want %d", got, want.Facts.Timeout)
	}
	if got := fact("session.outcome").Text; want.Healthy != (got == "succeeded") {
		t.Errorf("outcome is %q, healthy is %v", got, want.Healthy)
	}
	find := func(kind timeline.Kind, match func(*timeline.Span) bool) *timeline.Span {
		for i := range tl.Spans {
			if s := &tl.Spans[i]; s.Kind == kind && match(s) {
				return s
			}
		}
		return nil
	}
	if want.Phase != "none" {
		failed := find(timeline.KindPhase, func(s *timeline.Span) bool { return s.State == timeline.StateFailed })
		if failed == nil || failed.Name != want.Phase {
			t.Errorf("failed phase is %+v, want %s", failed, want.Phase)
		}
	}
	if name := want.Facts.LongStep; name != "" {
		long := time.Duration(want.Facts.LongMinutes) * time.Minute
		if find(timeline.KindStep, func(s *timeline.Span) bool { return s.Name == name && s.Duration().Round(time.Minute) == long }) == nil {
			t.Errorf("no step %q of %v", name, long)
		}
	}
	if name := want.Facts.Step; name != "" {
		if find(timeline.KindStep, func(s *timeline.Span) bool { return s.Name == name && s.State == timeline.StateFailed && s.Code != 0 }) == nil {
			t.Errorf("no failed step %q", name)
		}
	}
}

// TestCollections holds the clock of two real collections: one device at
// UTC+3, one at UTC-4 whose clock ran three hours ahead until the Autopilot
// clock check set it.
func TestCollections(t *testing.T) {
	dir := sharedDir(t, filepath.Join("corpus", "bundles"))
	tests := []struct {
		name, file string
		offset     int16
		steps      []time.Duration
	}{
		{"steady_clock", "mdmdiag-2024-04.cab", 180, nil},
		{"clock_set_back", "mdmdiag-2024-08.cab", -240, []time.Duration{-3 * time.Hour}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(dir, tt.file)
			if _, err := os.Stat(file); err != nil {
				t.Skip(err)
			}
			tl := build(load(t, file))
			if tl.Clock.Offset != tt.offset || tl.Clock.Origin != event.ClockAnchored {
				t.Errorf("offset is %d (%v), want %d", tl.Clock.Offset, tl.Clock.Origin, tt.offset)
			}
			var got []time.Duration
			for _, s := range tl.Clock.Steps {
				got = append(got, s.By.Round(time.Minute))
			}
			if !slices.Equal(got, tt.steps) {
				t.Errorf("steps are %v, want %v", got, tt.steps)
			}
		})
	}
}
