package pipeline

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"debrief/index"
	"debrief/rules"
)

// TestArchivedCaseIsTheSameCase archives the sample and builds a case from the
// archive: its story and every judgement must be those of the bundle.
func TestArchivedCaseIsTheSameCase(t *testing.T) {
	c, err := Read(t.Context(), []string{"../testdata/sample"}, Options{Keep: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
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
	again, err := Reopen(w.View(), id)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(c.timeline, again.timeline, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("timeline (-bundle +archive):\n%.1500s", d)
	}
	// An archive without the story builds it anew.
	if err := w.PutBlob(id, storyBlob, nil); err != nil {
		t.Fatal(err)
	}
	if built, err := Reopen(w.View(), id); err != nil {
		t.Error(err)
	} else if d := cmp.Diff(c.timeline, built.timeline, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("timeline built anew (-bundle +archive):\n%.1500s", d)
	}
	want, _ := judgement(c, set, result, "test")
	got, _ := judgement(again, set, again.Judge(set), "test")
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("judgement (-bundle +archive):\n%.1500s", d)
	}
}
