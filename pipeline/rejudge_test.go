package pipeline

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"debrief/event"
	"debrief/index"
	"debrief/internal/synth"
	"debrief/rules"
)

// builtinFiles are the texts of the built-in rules by the name of their file.
func builtinFiles(t testing.TB) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	dir := os.DirFS("../rules/builtin")
	names, err := fs.Glob(dir, "*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("%d rule files, %v", len(names), err)
	}
	for _, name := range names {
		b, err := fs.ReadFile(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = &fstest.MapFile{Data: b}
	}
	return out
}

func loadFiles(t testing.TB, files fstest.MapFS) *rules.Set {
	t.Helper()
	set, err := rules.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// edited replaces text in the file of a rule; it must be there.
func edited(t testing.TB, files fstest.MapFS, id, from, to string) {
	t.Helper()
	f := files[id+".yaml"]
	if f == nil || !strings.Contains(string(f.Data), from) {
		t.Fatalf("%s does not say %q", id, from)
	}
	files[id+".yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(string(f.Data), from, to, 1))}
}

const everywhereRule = `rule: test.everywhere
version: 1.0.0
title: The device has a name
role: context
scope: case
signals: { name: { fact: { name: device.name } } }
when: name
finding: { message: "It is {{ name.text }}." }
tests: []
`

// scenarioArchive archives generated collections.
func scenarioArchive(t testing.TB, set *rules.Set, list []synth.Scenario) (*index.DiskWriter, map[index.CaseID]*Case) {
	t.Helper()
	w := openWriter(t, newArchive(t))
	t.Cleanup(func() { _ = w.Close() })
	if err := NoteRules(w, set); err != nil {
		t.Fatal(err)
	}
	dir, cases := t.TempDir(), map[index.CaseID]*Case{}
	for _, s := range list {
		if err := synth.Write(dir, s); err != nil {
			t.Fatal(err)
		}
		c, err := Read(t.Context(), []string{filepath.Join(dir, s.Name)}, Options{Keep: true, Rules: set})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		cases[addCase(t, w, c, set, "test")] = c
	}
	return w, cases
}

func addCase(t testing.TB, w index.Writer, c *Case, set *rules.Set, engine string) index.CaseID {
	t.Helper()
	s, err := Submission(c, set, c.Judge(set), engine, time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	id, added, err := w.Add(t.Context(), s)
	if err != nil || !added || id != s.ID() {
		t.Fatalf("Add = %v, %v, %v", id, added, err)
	}
	return id
}

// TestRejudge changes rules, one way after the other, and holds the archive to
// what a full run says.
func TestRejudge(t *testing.T) {
	files := builtinFiles(t)
	set := loadFiles(t, files)
	w, cases := scenarioArchive(t, set, SomeScenarios())
	steps := []struct {
		name   string
		stands bool // some judgements stand
		edit   func()
	}{
		{"a cause is gone", true, func() { delete(files, "net.cmg.name-not-resolved.yaml") }},
		{"a rule fires everywhere", false, func() { files["test.everywhere.yaml"] = &fstest.MapFile{Data: []byte(everywhereRule)} }},
		{"another title", true, func() { edited(t, files, "esp.device-setup.apps-failed", "title: ", "title: Look here, ") }},
		{"the rule everywhere is gone", false, func() { delete(files, "test.everywhere.yaml") }},
		{"a comment in each", true, func() {
			for name, f := range files {
				files[name] = &fstest.MapFile{Data: append([]byte("# A comment.\n"), f.Data...)}
			}
		}},
	}
	for _, step := range steps {
		step.edit()
		now := loadFiles(t, files)
		ways := rejudge(t, w, now, "test")
		t.Logf("%s: %v", step.name, ways)
		compareWithFullRun(t, step.name, w.View(), cases, now)
		if step.stands != (ways[Stands] > 0) || ways[ReadAnew] > 0 {
			t.Errorf("%s: %v", step.name, ways)
		}
	}
	if list, err := Rejudge(t.Context(), w, RejudgeOptions{Rules: loadFiles(t, files), Engine: "test"}); err != nil || len(list) != 0 {
		t.Errorf("with the same rules %d cases were judged again, %v", len(list), err)
	}
	// Each rule that cannot be decided somewhere, edited in turn.
	undecided := map[string]bool{}
	for id := range cases {
		findings, err := w.View().Findings(id)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range findings {
			if f.Verdict == "inconclusive" {
				undecided[f.Rule] = true
			}
		}
	}
	for n, id := range slices.Sorted(maps.Keys(undecided)) {
		if n%32 != 0 && os.Getenv("DEBRIEF_LONG") == "" {
			continue
		}
		edited(t, files, id, "title: ", "title: Seen, ")
		now := loadFiles(t, files)
		rejudge(t, w, now, "test")
		compareWithFullRun(t, id, w.View(), cases, now)
	}
}

// rejudge returns how many cases went which way.
func rejudge(t testing.TB, w index.Writer, set *rules.Set, engine string) map[Way]int {
	t.Helper()
	list, err := Rejudge(t.Context(), w, RejudgeOptions{Rules: set, Engine: engine})
	if err != nil {
		t.Fatal(err)
	}
	ways := map[Way]int{}
	for i := range list {
		ways[list[i].Way]++
		if list[i].Error != "" {
			t.Errorf("%s: %s", list[i].ID, list[i].Error)
		}
	}
	return ways
}

func compareWithFullRun(t *testing.T, step string, r index.Reader, cases map[index.CaseID]*Case, set *rules.Set) {
	t.Helper()
	for id, c := range cases {
		want, left := judgement(c, set, c.Judge(set), "test")
		kept, err := r.Case(id)
		if err != nil {
			t.Fatal(err)
		}
		if kept.Outcome != want.Outcome || kept.Line != want.Line || kept.RuleSet != set.Hash() {
			t.Errorf("%s: %s: %s %q, want %s %q", step, kept.Name, kept.Outcome, kept.Line, want.Outcome, want.Line)
		}
		findings, err := r.Findings(id)
		if err != nil {
			t.Fatal(err)
		}
		text := cmp.FilterPath(func(p cmp.Path) bool {
			return p.Last().String() == ".Hash" || p.Last().String() == ".Version"
		}, cmp.Ignore()) // a finding that stands keeps those of the text that first said so
		if d := cmp.Diff(want.Findings, findings, cmpopts.EquateEmpty(), text); d != "" {
			t.Errorf("%s: %s (-full run +archive):\n%.1000s", step, kept.Name, d)
		}
		got, err := LeftoversOf(r, id)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(left, got, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s: %s: leftovers (-full run +archive):\n%.1000s", step, kept.Name, d)
		}
	}
}

// TestRejudgeReadsAnew archives cases under another version of debrief, one of
// them damaged and one with a parser that knew less.
func TestRejudgeReadsAnew(t *testing.T) {
	set := loadFiles(t, builtinFiles(t))
	w := openWriter(t, newArchive(t))
	t.Cleanup(func() { _ = w.Close() })
	dir := t.TempDir()
	scenario := synth.Scenarios()[0]
	if err := synth.Write(dir, scenario); err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(dir, "damaged")
	if err := os.Mkdir(damaged, 0o700); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile("../testdata/sample/autopilot-logs.cab")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(damaged, "logs.cab"), whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	want := map[index.CaseID]*Case{}
	for i, path := range []string{filepath.Join(dir, scenario.Name), damaged} {
		c, err := Read(t.Context(), []string{path}, Options{Keep: true, Rules: set})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if c.Lost() != (i == 1) {
			t.Fatalf("%s lost: %v", path, c.Lost())
		}
		less := *c
		less.events = less.events[:len(less.events)/2]
		want[addCase(t, w, &less, set, "old")] = c
	}
	note := "kept"
	for id := range want {
		if err := w.Annotate(id, index.Annotation{AddTags: []string{"pilot"}, Ticket: &note}); err != nil {
			t.Fatal(err)
		}
	}
	if ways := rejudge(t, w, set, "test"); ways[ReadAnew] != 2 {
		t.Errorf("%v", ways)
	}
	compareWithFullRun(t, "read anew", w.View(), want, set)
	for id, c := range want {
		kept, err := w.View().Case(id)
		if err != nil {
			t.Fatal(err)
		}
		if kept.Events != len(c.events) || kept.Engine != "test" || kept.Ticket != "kept" || !slices.Equal(kept.Tags, []string{"pilot"}) || kept.Lost != c.Lost() {
			t.Errorf("%+v", kept)
		}
		coverage, err := w.View().Coverage(id)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(c.coverage, coverage, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("coverage (-bundle +archive):\n%.1500s", d)
		}
	}
	if n := len(w.View().Cases(index.CaseFilter{})); n != 2 {
		t.Errorf("%d cases", n)
	}
}

// TestRejudgeThinned: of a case whose records are not all kept a changed rule
// may ask for those that are not.
func TestRejudgeThinned(t *testing.T) {
	files := builtinFiles(t)
	set := loadFiles(t, files)
	var b strings.Builder
	at := time.Date(2025, 6, 1, 8, 0, 0, 0, time.UTC)
	for i := range 30_000 {
		text := "nothing to see"
		if i == 15_000 {
			text = "a record of later interest"
		}
		fmt.Fprintf(&b, "<![LOG[%s]LOG]!><time=\"%s+000\" date=\"%s\" component=\"x\" context=\"\" type=\"1\" thread=\"1\" file=\"a.cpp:1\">\r\n",
			text, at.Add(time.Duration(i)*time.Millisecond).Format("15:04:05.000"), at.Format("01-02-2006"))
	}
	dir := filepath.Join(t.TempDir(), "long")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "PolicyAgent.log"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	opts := Options{Keep: true, Rules: set, thin: thinning{whole: 1, small: 1, edge: 10}}
	c, err := Read(t.Context(), []string{dir}, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // a temporary folder
	if !slices.ContainsFunc(c.coverage, func(f event.Coverage) bool { return f.Thinned > 0 }) {
		t.Fatal("the log was kept whole")
	}
	w := openWriter(t, newArchive(t))
	defer w.Close() //nolint:errcheck // read only from here on
	if err := NoteRules(w, set); err != nil {
		t.Fatal(err)
	}
	id := addCase(t, w, c, set, "test")
	files["test.later.yaml"] = &fstest.MapFile{Data: []byte(`rule: test.later
version: 1.0.0
title: A later thought
role: context
scope: case
signals: { seen: { event: { source: log.policyagent, contains: of later interest } } }
when: seen
finding: { message: "Seen." }
tests: []
`)}
	now := loadFiles(t, files)
	list, err := Rejudge(t.Context(), w, RejudgeOptions{Options: Options{thin: opts.thin}, Rules: now, Engine: "test"})
	if err != nil || len(list) != 1 || list[0].Way != ReadAnew {
		t.Fatalf("%+v, %v", list, err)
	}
	if kept, err := w.View().Case(id); err != nil || !slices.Contains(kept.Rules, "test.later") {
		t.Errorf("rules that fired: %v, %v", kept.Rules, err)
	}
}

// TestRejudgeIsCheap compares one changed rule, over all cases of an archive,
// with the batch that read and judged them. DEBRIEF_LONG runs it over a
// thousand.
func TestRejudgeIsCheap(t *testing.T) {
	n, narrow, wide := 64/thinly, 5, 3
	if os.Getenv("DEBRIEF_LONG") != "" {
		n, narrow, wide = 1000, 10, 5
	}
	files := builtinFiles(t)
	tickets, err := Tickets([]string{someTickets(t, n)})
	if err != nil {
		t.Fatal(err)
	}
	w := openWriter(t, newArchive(t))
	defer w.Close() //nolint:errcheck // read only from here on
	start := time.Now()
	if _, err := Batch(t.Context(), w, tickets, testBatch(loadFiles(t, files))); err != nil {
		t.Fatal(err)
	}
	full := time.Since(start)
	for _, rule := range []struct {
		id      string
		atLeast int
	}{{"net.cmg.name-not-resolved", narrow}, {"ime.win32app.failed", narrow}, {"esp.timed-out", wide}} { // the last fires in half of the cases
		id := rule.id
		// The best of three: what else the machine does is no matter of ours.
		var took time.Duration
		var ways map[Way]int
		for range 3 {
			edited(t, files, id, "title: ", "title: Now, ")
			set := loadFiles(t, files)
			start = time.Now()
			ways = rejudge(t, w, set, "test")
			if d := time.Since(start); took == 0 || d < took {
				took = d
			}
		}
		t.Logf("%d cases in %.1f s; %s changed: 1/%.1f of that, %v", n, full.Seconds(), id, full.Seconds()/took.Seconds(), ways)
		if took*time.Duration(rule.atLeast) > full {
			t.Errorf("%s: %s to judge again, %s to read and judge", id, took, full)
		}
	}
}
