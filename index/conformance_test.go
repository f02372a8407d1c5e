package index

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"debrief/event"
)

// engine is a way to have an archive. reopen closes the writer and returns a
// new one on the same archive.
type engine struct {
	name   string
	create func(t *testing.T) Writer
	reopen func(t *testing.T, w Writer) Writer
}

func engines() []engine {
	dir := ""
	open := func(t *testing.T) Writer {
		w, err := OpenWriter(dir, Options{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = w.Close() })
		return w
	}
	return []engine{
		{"memory", func(*testing.T) Writer { return NewMemory() }, func(_ *testing.T, w Writer) Writer { return w }},
		{"folder", func(t *testing.T) Writer {
			dir = t.TempDir()
			if err := Create(dir, Options{}); err != nil {
				t.Fatal(err)
			}
			return open(t)
		}, func(t *testing.T, w Writer) Writer {
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t)
		}},
	}
}

// TestConformance holds every engine to what Reader and Writer promise.
func TestConformance(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) { conform(t, e) })
	}
}

func conform(t *testing.T, e engine) {
	w := e.create(t)
	m := newMade(1)
	var ids []CaseID
	subs := []*Submission{m.submission("INC1.zip", 9000), m.submission("INC2.zip", 300), m.submission("empty.zip", 1)}
	subs[0].Ticket = "INC0000001"
	for _, s := range subs {
		id, added, err := w.Add(t.Context(), s)
		if err != nil || !added {
			t.Fatalf("Add(%s) = %v, %v, %v", s.Name, id, added, err)
		}
		ids = append(ids, id)
	}
	check := func(w Writer) {
		t.Helper()
		for i, s := range subs {
			checkCase(t, w.View(), ids[i], s)
		}
	}
	check(w)
	w = e.reopen(t, w)
	check(w)

	t.Run("twice", func(t *testing.T) {
		again := *subs[1]
		again.Name, again.Tags, again.Ticket = "other-name.zip", []string{"seen-twice"}, "INC9"
		for i := range again.Files {
			again.Files[i].Path = "other-name.zip" + again.Files[i].Path[len("INC2.zip"):]
		}
		id, added, err := w.Add(t.Context(), &again)
		if err != nil || added || id != ids[1] {
			t.Fatalf("Add = %v, %v, %v; want %v, false, nil", id, added, err, ids[1])
		}
		c, _ := w.View().Case(id)
		if c.Name != "INC2.zip" || c.Ticket != "INC9" || !slices.Equal(c.Tags, []string{"seen-twice"}) {
			t.Errorf("case after second Add: %+v", c)
		}
	})
	reopen := func() Reader { // under the outer test, which closes it at its end
		w = e.reopen(t, w)
		return w.View()
	}
	t.Run("annotate_and_judge", func(t *testing.T) { checkChanges(t, w, reopen, ids[0]) })
	t.Run("state_and_blobs", func(t *testing.T) { checkBlobs(t, w, reopen, ids[0]) })
	t.Run("replace", func(t *testing.T) {
		s := *subs[1]
		s.Replace, s.Facts = true, s.Facts[:1]
		if _, added, err := w.Add(t.Context(), &s); err != nil || !added {
			t.Fatalf("Add = %v, %v", added, err)
		}
		facts, _ := w.View().Facts(ids[1])
		c, _ := w.View().Case(ids[1])
		if len(facts) != 1 || c.Ticket != "INC9" {
			t.Errorf("%d facts, ticket %q", len(facts), c.Ticket)
		}
	})
	t.Run("bad_submissions", func(t *testing.T) { checkRefusals(t, w) })
	t.Run("remove", func(t *testing.T) {
		if err := w.Remove(ids[2]); err != nil {
			t.Fatal(err)
		}
		reopen()
		if _, err := w.View().Case(ids[2]); !errors.Is(err, ErrNotFound) {
			t.Errorf("Case after Remove: %v", err)
		}
		if err := w.Remove(ids[2]); !errors.Is(err, ErrNotFound) {
			t.Errorf("second Remove: %v", err)
		}
		if got := len(w.View().Cases(CaseFilter{})); got != 2 {
			t.Errorf("%d cases, want 2", got)
		}
	})
}

func checkCase(t *testing.T, r Reader, id CaseID, s *Submission) {
	t.Helper()
	c, err := r.Case(id)
	if err != nil || c.Name != s.Name || c.Device != s.Device || !c.Lost || c.Files != len(s.Files) {
		t.Fatalf("Case(%s) = %+v, %v", id, c, err)
	}
	got, err := r.Events(id)
	if err != nil {
		t.Fatal(err)
	}
	var want []event.Event
	for e := range s.Events {
		want = append(want, *e)
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("events (-want +got):\n%.2000s", d)
	}
	if c.Events != len(want) {
		t.Errorf("case says %d events, want %d", c.Events, len(want))
	}
	facts, err := r.Facts(id)
	if d := cmp.Diff(s.Facts, facts); d != "" || err != nil {
		t.Errorf("facts: %v (-want +got):\n%s", err, d)
	}
	cov, err := r.Coverage(id)
	if d := cmp.Diff(s.Coverage, cov); d != "" || err != nil {
		t.Errorf("coverage: %v (-want +got):\n%s", err, d)
	}
	findings, err := r.Findings(id)
	if d := cmp.Diff(s.Judgement.Findings, findings); d != "" || err != nil {
		t.Errorf("findings: %v (-want +got):\n%s", err, d)
	}
	files, err := r.Files(id)
	if err != nil || len(files) != len(s.Files) {
		t.Fatalf("Files: %d, %v", len(files), err)
	}
	for i, f := range files {
		checkContent(t, r, f, s.Files[i])
	}
	if b, err := r.Blob(id, "timeline"); err != nil || string(b) != string(s.Blobs["timeline"]) {
		t.Errorf("Blob = %q, %v", b, err)
	}
}

func checkContent(t *testing.T, r Reader, f StoredFile, want File) {
	t.Helper()
	if f.Stored != (want.Open != nil) {
		t.Errorf("%s: stored = %v", f.Path, f.Stored)
	}
	if !f.Stored {
		return
	}
	c, err := r.Content(f.Hash)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got, err := io.ReadAll(c)
	if err != nil || hashOf(got) != want.Hash {
		t.Errorf("content of %s: %d bytes, %v", f.Path, len(got), err)
	}
}

func checkChanges(t *testing.T, w Writer, reopen func() Reader, id CaseID) {
	verdict, fix, ticket := Fixed, "opened the firewall", "INC77"
	note := Note{At: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), By: "kim", Text: "called the user\nagain"}
	err := w.Annotate(id, Annotation{AddTags: []string{"vip", "b", "vip"}, Notes: []Note{note}, Verdict: &verdict, Fix: &fix, Ticket: &ticket})
	if err == nil {
		err = w.Annotate(id, Annotation{RemoveTags: []string{"b"}})
	}
	if err == nil {
		err = w.Judge(id, Judgement{Outcome: "warning", Line: "new", Engine: "2.0", Rules: "ef", Findings: []Finding{{Rule: "z.rule", Verdict: "fire", Root: true}, {Rule: "a.rule", Verdict: "fire"}}})
	}
	if err == nil {
		err = errors.Join(w.Confirm(nil, "x", "x"), w.Confirm([]CaseID{id}, "2.1", "f0"))
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Confirm([]CaseID{id, "0000000000000000"}, "x", "x"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Confirm of no case: %v", err)
	}
	checkBad(t, w)
	r := reopen()
	c, err := r.Case(id)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(c.Tags, c.Notes, c.Verdict, c.Fix, c.Ticket, c.Outcome, c.Line, c.Engine, c.RuleSet, c.Causes, c.Rules)
	want := fmt.Sprint([]string{"vip"}, []Note{note}, Fixed, fix, ticket, "warning", "new", "2.1", "f0", []string{"z.rule"}, []string{"a.rule", "z.rule"})
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if f, _ := r.Findings(id); len(f) != 2 || f[0].Rule != "z.rule" {
		t.Errorf("findings: %+v", f)
	}
	if got, err := r.Resolve("inc77"); got != id || err != nil {
		t.Errorf("Resolve = %v, %v", got, err)
	}
	if got, err := r.Resolve(string(id[:5])); got != id || err != nil {
		t.Errorf("Resolve = %v, %v", got, err)
	}
	for _, f := range []CaseFilter{{Rule: "Z.*"}, {Cause: "z.rule"}, {Tag: "vip"}, {Verdict: Fixed}, {NotRuleSet: "x", Outcome: "warning"}, {File: hashOf([]byte("the same in every case\n")), Ticket: "inc77"}} {
		if got := r.Cases(f); len(got) != 1 || got[0].ID != id {
			t.Errorf("Cases(%+v) = %d cases", f, len(got))
		}
	}
	if got := r.Cases(CaseFilter{IDs: []CaseID{id}, NotRuleSet: "f0", NotEngine: "2.1"}); len(got) != 0 {
		t.Errorf("a case that was judged by both: %v", got)
	}
}

func checkBad(t *testing.T, w Writer) {
	bad := Verdict("maybe")
	id := w.View().Cases(CaseFilter{})[0].ID
	if err := w.Annotate(id, Annotation{Verdict: &bad}); err == nil {
		t.Error("no error for an unknown verdict")
	}
	if err := w.Judge("0000000000000000", Judgement{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("Judge of no case: %v", err)
	}
}

func checkBlobs(t *testing.T, w Writer, reopen func() Reader, id CaseID) {
	if err := errors.Join(w.PutState("nightly", []byte("last run")), w.PutBlob(id, "shapes", []byte{}), w.PutBlob(id, "timeline", nil), w.PutState("gone", []byte("x")), w.PutState("gone", nil)); err != nil {
		t.Fatal(err)
	}
	r := reopen()
	if b, err := r.State("nightly"); string(b) != "last run" || err != nil {
		t.Errorf("State = %q, %v", b, err)
	}
	if b, err := r.Blob(id, "shapes"); len(b) != 0 || err != nil {
		t.Errorf("Blob = %q, %v", b, err)
	}
	if _, err := r.Blob(id, "timeline"); !errors.Is(err, ErrNotFound) {
		t.Errorf("removed blob: %v", err)
	}
	if _, err := r.State("gone"); !errors.Is(err, ErrNotFound) {
		t.Errorf("removed state: %v", err)
	}
}

func checkRefusals(t *testing.T, w Writer) {
	before := w.View().Stats()
	wrong := fileOf("x/a.log", []byte("one"))
	wrong.Hash = hashOf([]byte("two"))
	broken := fileOf("x/b.log", []byte("three"))
	broken.Open = func() (io.ReadCloser, error) { return nil, io.ErrUnexpectedEOF }
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, s := range map[string]*Submission{
		"no_hash": {Name: "x", Files: []File{{Path: "x/a", Hash: "12"}}}, "other_content": {Name: "x", Files: []File{wrong}}, "no_open": {Name: "x", Files: []File{broken}},
	} {
		if _, _, err := w.Add(t.Context(), s); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, _, err := w.Add(ctx, newMade(9).submission("cancelled", 5000)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled Add: %v", err)
	}
	if d := cmp.Diff(before, w.View().Stats()); d != "" {
		t.Errorf("a refused case changed the archive (-before +after):\n%s", d)
	}
	if _, added, err := w.Add(t.Context(), newMade(10).submission("afterwards", 10)); err != nil || !added {
		t.Errorf("Add after refusals: %v, %v", added, err)
	}
	if id, err := w.View().Resolve("afterwards"); err != nil || w.Remove(id) != nil {
		t.Errorf("Resolve: %v", err)
	}
}
