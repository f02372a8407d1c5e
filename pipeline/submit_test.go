package pipeline

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"debrief/index"
	"debrief/rules"
	"debrief/timeline"
)

// TestArchivedCaseIsTheSameCase archives the sample and builds a case from the
// archive: its story and every judgement must be those of the bundle.
func TestArchivedCaseIsTheSameCase(t *testing.T) {
	c, err := Read(t.Context(), []string{"../testdata/sample"}, Options{KeepFiles: true})
	if err != nil {
		t.Fatal(err)
	}
	set, err := rules.LoadDirs(true)
	if err != nil {
		t.Fatal(err)
	}
	result := c.Judge(set)
	now := time.Date(2025, 4, 1, 0, 0, 0, 0, time.UTC)
	s, err := Submission(c, set, result, "test", now)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := index.Create(dir, index.Options{}); err != nil {
		t.Fatal(err)
	}
	w, err := index.OpenWriter(dir, index.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	id, added, err := w.Add(t.Context(), s)
	if err != nil || !added {
		t.Fatalf("Add = %v, %v", added, err)
	}
	kept, err := w.View().Case(id)
	if err != nil {
		t.Fatal(err)
	}
	if kept.Device == "" || kept.Collected.IsZero() || !slices.Equal(kept.Causes, []string{result.Roots[0].Rule}) || kept.Outcome != "failure" || kept.RuleSet != set.Hash() {
		t.Errorf("case %+v", kept)
	}
	again := fromArchive(t, w.View(), id)
	if d := cmp.Diff(c.timeline, again.timeline, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("timeline (-bundle +archive):\n%.1500s", d)
	}
	want, got := Judgement(c, set, result, "test"), Judgement(again, set, again.Judge(set), "test")
	want.Line, got.Line = "", "" // it speaks of the case's name
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("judgement (-bundle +archive):\n%.1500s", d)
	}
}

func fromArchive(t *testing.T, r index.Reader, id index.CaseID) *Case {
	t.Helper()
	seq, err := r.Events(id)
	if err != nil {
		t.Fatal(err)
	}
	out := &Case{}
	for e := range seq {
		out.events = append(out.events, *e)
	}
	if out.facts, err = r.Facts(id); err != nil {
		t.Fatal(err)
	}
	if out.coverage, err = r.Coverage(id); err != nil {
		t.Fatal(err)
	}
	out.timeline = timeline.Build(timeline.Input{Events: out.events, Facts: out.facts, Coverage: out.coverage})
	return out
}
