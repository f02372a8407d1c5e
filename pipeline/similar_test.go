package pipeline

import (
	"fmt"
	"slices"
	"testing"

	"debrief/event"
	"debrief/index"
	"debrief/internal/synth"
	"debrief/rules"
)

// likeCase archives a case with these findings by hand.
func likeCase(t testing.TB, w index.Writer, n int, findings []index.Finding, left *Leftovers) index.CaseID {
	t.Helper()
	b, err := left.blob()
	if err != nil {
		t.Fatal(err)
	}
	id, _, err := w.Add(t.Context(), &index.Submission{
		Name: fmt.Sprint("case ", n), Files: []index.File{{Path: "x/a.log", Hash: fmt.Sprintf("%064x", n+1), Size: 1}},
		Events: func(func(*event.Event) bool) {}, Judgement: index.Judgement{Findings: findings}, Blobs: map[string][]byte{LeftoversBlob: b},
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func fires(rule string, root bool, codes ...uint32) index.Finding {
	return index.Finding{Rule: rule, Verdict: "fire", Root: root, Codes: codes}
}

func TestSimilar(t *testing.T) {
	w := openWriter(t, newArchive(t))
	defer w.Close() //nolint:errcheck // read only from here on
	none, printer := &Leftovers{}, &Leftovers{Kinds: []LeftoverKind{{Source: event.LogIME, Shape: "The printer <n> is on fire", Text: "The printer 7 is on fire"}}}
	common := fires("esp.timed-out", false, 0x800705b4)
	mine := likeCase(t, w, 0, []index.Finding{fires("net.dns", true, 0x80072ee7), common}, printer)
	twin := likeCase(t, w, 1, []index.Finding{fires("net.dns", true, 0x80072ee7), common}, printer)
	cause := likeCase(t, w, 2, []index.Finding{fires("net.dns", true), common}, none)
	fixed := likeCase(t, w, 3, []index.Finding{fires("net.dns", true), common}, none)
	fault := likeCase(t, w, 4, []index.Finding{fires("app.msi", true)}, printer)
	likeCase(t, w, 5, []index.Finding{fires("app.msi", true), {Rule: "net.dns", Verdict: "inconclusive"}}, none)
	var others []index.CaseID
	for n := range 20 {
		others = append(others, likeCase(t, w, 10+n, []index.Finding{fires("ts.long-step", true), common}, none))
	}
	fix := "DNS record added"
	if err := w.Annotate(fixed, index.Annotation{Fix: &fix}); err != nil {
		t.Fatal(err)
	}
	traits, err := TraitsOf(w.View(), mine)
	if err != nil {
		t.Fatal(err)
	}
	list, damaged, err := Similar(t.Context(), w.View(), traits, mine, 100, func(int64, int64) {})
	if err != nil || damaged != 0 {
		t.Fatal(err, damaged)
	}
	if len(list) != 4+len(others) {
		t.Fatalf("%d cases", len(list))
	}
	var order []index.CaseID
	for i := range list {
		order = append(order, list[i].ID)
	}
	if order[0] != twin || list[0].Likeness < 0.999 {
		t.Errorf("the twin is at %d, likeness %g", slices.Index(order, twin), list[0].Likeness)
	}
	// Of two that are equal the one with a fix comes first; a rare error says
	// more than a symptom that everybody has.
	if order[1] != fixed || order[2] != cause || order[3] != fault || slices.Index(others, order[4]) < 0 {
		t.Errorf("order %v, want %v", order[:5], []index.CaseID{twin, fixed, cause, fault})
	}
	if first := list[0].Shared[0]; first.Kind != "cause" || first.Value != "net.dns" || first.Cases != 4 {
		t.Errorf("most telling: %+v", first)
	}
	if shared := list[3].Shared; len(shared) != 1 || shared[0].Value != "The printer 7 is on fire" {
		t.Errorf("of the error: %+v", shared)
	}
	if list, _, err = Similar(t.Context(), w.View(), traits, mine, 2, func(int64, int64) {}); err != nil || len(list) != 2 {
		t.Errorf("%d of 2, %v", len(list), err)
	}
}

func TestBacktest(t *testing.T) {
	files := builtinFiles(t)
	set := loadFiles(t, files)
	w, cases := scenarioArchive(t, set, synth.Scenarios()[:12])
	const id = "net.cmg.name-not-resolved"
	var right, other index.CaseID
	for _, c := range w.View().Cases(index.CaseFilter{}) {
		switch {
		case slices.Equal(c.Causes, []string{id}):
			right = c.ID
		case len(c.Causes) == 1:
			other = c.ID
		}
	}
	confirmed := index.Confirmed
	for _, c := range []index.CaseID{right, other} {
		if err := w.Annotate(c, index.Annotation{Verdict: &confirmed}); err != nil {
			t.Fatal(err)
		}
	}
	b, err := RunBacktest(t.Context(), w.View(), set, id, BacktestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if b.Cases != len(cases) || b.Fired == 0 || len(b.Newly)+len(b.NoLonger)+len(b.Failed) != 0 || b.Known != 2 || len(b.Right) != 1 || len(b.WrongFired) != 0 {
		t.Errorf("as it is: %+v", b)
	}
	if p, ok := b.Precision(); !ok || p != 1 {
		t.Errorf("precision %g %v", p, ok)
	}
	fired := b.Fired

	// A rule of that id that fires everywhere, and one that never does.
	for _, tt := range []struct {
		fact               string
		newly, gone, wrong int
		precision, recall  float64
	}{
		{"device.name", len(cases) - fired, 0, 1, 0.5, 1},
		{"dsreg.tenant-id, where: { eq: nobody }", 0, fired, 0, -1, 0},
	} {
		set, err := rulesText(id, tt.fact)
		if err != nil {
			t.Fatal(err)
		}
		b, err := RunBacktest(t.Context(), w.View(), set, id, BacktestOptions{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		p, ok := b.Precision()
		if !ok {
			p = -1
		}
		r, _ := b.Recall()
		if len(b.Newly) != tt.newly || len(b.NoLonger) != tt.gone || len(b.WrongFired) != tt.wrong || p != tt.precision || r != tt.recall {
			t.Errorf("%s: newly %d, gone %d, wrong %d, precision %g, recall %g", tt.fact, len(b.Newly), len(b.NoLonger), len(b.WrongFired), p, r)
		}
	}
	if _, err := RunBacktest(t.Context(), w.View(), set, "no.such", BacktestOptions{}); err == nil {
		t.Error("a rule that is not there was tested")
	}
}

func TestTrueCause(t *testing.T) {
	for _, tt := range []struct {
		name       string
		c          index.Case
		has, known bool
	}{
		{"nobody said a word", index.Case{Causes: []string{"a.b"}}, false, false},
		{"confirmed", index.Case{Verdict: index.Confirmed, Causes: []string{"a.b"}}, true, true},
		{"fixed, another cause", index.Case{Verdict: index.Fixed, Causes: []string{"c.d"}}, false, true},
		{"confirmed that there is none named", index.Case{Verdict: index.Confirmed}, false, false},
		{"wrong, and named", index.Case{Verdict: index.Wrong, Causes: []string{"c.d"}, Cause: "a.b"}, true, true},
		{"wrong, this one", index.Case{Verdict: index.Wrong, Causes: []string{"a.b"}}, false, true},
		{"wrong, another one", index.Case{Verdict: index.Wrong, Causes: []string{"c.d"}}, false, false},
	} {
		if has, known := trueCause(&tt.c, "a.b"); has != tt.has || known != tt.known {
			t.Errorf("%s: %v, %v", tt.name, has, known)
		}
	}
}

func rulesText(id, fact string) (*rules.Set, error) {
	return rules.LoadText(id+".yaml", fmt.Appendf(nil, "rule: %s\ntitle: A test\nrole: cause\nscope: case\nsignals: { seen: { fact: { name: %s } } }\nwhen: seen\nfinding: { message: x }\ntests: []\n", id, fact))
}
