package nightly

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"html/template"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
	"debrief/index"
	"debrief/pipeline"
	"debrief/report"
	"debrief/rules"
)

var update = flag.Bool("update", false, "write the golden files anew")

var night = time.Date(2025, 6, 30, 2, 0, 0, 0, time.UTC)

// rule is a cause that fires on any fact of a device's name.
func rule(id, more string) *fstest.MapFile {
	return &fstest.MapFile{Data: fmt.Appendf(nil, "rule: %s\ntitle: The cause %s\nrole: cause\nscope: case\nsignals: { name: { fact: { name: os.build } } }\nwhen: name\nfinding: { message: x }\ntests: []\n%s", id, id, more)}
}

func testRules(t testing.TB, files fstest.MapFS) *rules.Set {
	t.Helper()
	set, err := rules.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func threeRules(t testing.TB) *rules.Set {
	return testRules(t, fstest.MapFS{
		"net.proxy.yaml": rule("net.proxy", "across: { group_by: [tenant, code], window: 14d, escalate: { ge: 3, to: problem-record } }\n"),
		"net.dns.yaml":   rule("net.dns", ""),
		"app.msi.yaml":   rule("app.msi", ""),
	})
}

// world is an archive, filled by hand: what is judged there is not what a rule
// would say, and need not be, since its rule set is today's.
type world struct {
	t    *testing.T
	w    *index.DiskWriter
	set  *rules.Set
	n    int
	opts Options
}

func newWorld(t *testing.T) *world {
	dir := filepath.Join(t.TempDir(), "archive")
	if err := index.Create(dir, index.Options{}); err != nil {
		t.Fatal(err)
	}
	w, err := index.OpenWriter(dir, index.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	set := threeRules(t)
	return &world{t: t, w: w, set: set, opts: Options{Now: night, RejudgeOptions: pipeline.RejudgeOptions{Rules: set, Engine: "test"}}}
}

// add archives a case of a device that was collected so many days before the
// night, with a root cause.
func (w *world) add(device string, daysAgo float64, cause string, with ...func(*index.Submission)) index.CaseID {
	w.t.Helper()
	w.n++
	at := night.Add(-time.Duration(daysAgo * 24 * float64(time.Hour)))
	text := fmt.Sprint("content ", w.n)
	s := &index.Submission{
		Name: device + ".zip", Device: device, Ticket: fmt.Sprintf("INC%04d", w.n), Collected: at, Added: at,
		Files:     []index.File{{Path: device + ".zip/x.log", Hash: fmt.Sprintf("%064x", w.n), Size: int64(len(text)), Open: nil}},
		Events:    func(func(*event.Event) bool) {},
		Judgement: index.Judgement{Outcome: "inconclusive", Line: "Inconclusive", Engine: "test", Rules: w.set.Hash()},
	}
	if cause != "" {
		s.Judgement.Outcome, s.Judgement.Line = "failure", "Root cause: "+cause
		s.Judgement.Findings = []index.Finding{{Rule: cause, Verdict: "fire", Role: "cause", Root: true, Codes: []uint32{0x80072ee7}, Keys: map[string]string{"tenant": "contoso"}}}
	}
	for _, change := range with {
		change(s)
	}
	id, _, err := w.w.Add(w.t.Context(), s)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) run() *Report {
	w.t.Helper()
	r, err := Run(w.t.Context(), w.w, w.opts)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func TestFirstRunLearns(t *testing.T) {
	w := newWorld(t)
	w.add("PC-1", 1, "net.dns")
	r := w.run()
	if len(r.New) != 1 || len(r.NewCauses) != 0 || r.Outcome() != Quiet || !r.Since.IsZero() {
		t.Errorf("first run: %+v", r)
	}
	if r = w.run(); len(r.New) != 0 || r.Outcome() != Quiet {
		t.Errorf("second run: %+v", r)
	}
	// A case of the same second as the last one known is new all the same.
	id := w.add("PC-2", 1, "app.msi")
	r = w.run()
	if len(r.New) != 1 || r.New[0].ID != id || len(r.NewCauses) != 1 || r.NewCauses[0].Rule != "app.msi" || r.Outcome() != Urgent {
		t.Errorf("after another: %+v", r)
	}
	if r = w.run(); len(r.New) != 0 || len(r.NewCauses) != 0 {
		t.Errorf("told twice: %+v", r)
	}
}

func TestRising(t *testing.T) {
	fill := func(w *world, perWeek, weeks int, cause string) {
		for week := 1; week <= weeks; week++ {
			for i := range perWeek {
				w.add(fmt.Sprintf("OLD-%s-%d-%d", cause, week, i), float64(7*week)+float64(i)/10+0.5, cause)
			}
		}
	}
	tests := []struct {
		name string
		make func(*world)
		want string
	}{
		{"an outbreak", func(w *world) {
			fill(w, 1, 12, "net.dns")
			for i := range 8 {
				w.add(fmt.Sprint("NEW-", i), float64(i)/2, "net.dns")
			}
		}, "net.dns"},
		{"as every week", func(w *world) {
			fill(w, 6, 12, "net.dns")
			for i := range 7 {
				w.add(fmt.Sprint("NEW-", i), float64(i)/2, "net.dns")
			}
		}, ""},
		{"one device again and again", func(w *world) {
			fill(w, 1, 12, "net.dns")
			for i := range 8 {
				w.add("NEW", float64(i)/2, "net.dns")
			}
		}, ""},
		{"no history", func(w *world) {
			fill(w, 1, 2, "net.dns")
			for i := range 8 {
				w.add(fmt.Sprint("NEW-", i), float64(i)/2, "net.dns")
			}
		}, ""},
		{"a busy week for all causes", func(w *world) {
			fill(w, 1, 12, "net.dns")
			fill(w, 4, 12, "app.msi")
			for i := range 8 {
				w.add(fmt.Sprint("NEW-", i), float64(i)/2, "net.dns")
				for j := range 6 {
					w.add(fmt.Sprint("BUSY-", i, "-", j), float64(i)/2, "app.msi")
				}
			}
		}, "app.msi"},
		{"clocks ahead of the archive", func(w *world) {
			fill(w, 1, 12, "net.dns")
			for i := range 8 {
				w.add(fmt.Sprint("NEW-", i), 30+float64(i)/2, "net.dns", func(s *index.Submission) { s.Collected = night.AddDate(1, 0, 0) })
			}
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			tt.make(w)
			r := w.run()
			var got []string
			for _, c := range r.Rising {
				got = append(got, c.Rule)
			}
			if strings.Join(got, " ") != tt.want {
				t.Fatalf("rising: %v, want %q", got, tt.want)
			}
			if tt.want == "" {
				return
			}
			if r.Outcome() != Urgent {
				t.Errorf("outcome %v", r.Outcome())
			}
			if r = w.run(); len(r.Rising) != 1 || r.Rising[0].New() || r.Outcome() == Urgent {
				t.Errorf("the next night: %+v, outcome %v", r.Rising, r.Outcome())
			}
			w.opts.Now = night.AddDate(0, 1, 0)
			if r = w.run(); len(r.Rising) != 0 {
				t.Errorf("a month later: %+v", r.Rising)
			}
		})
	}
}

func TestAtLeast(t *testing.T) {
	// Reference values: the sums written out.
	for _, tt := range []struct {
		k, n int
		p    float64
		want float64
	}{
		{0, 10, 0.5, 1}, {1, 2, 0.5, 0.75}, {2, 2, 0.5, 0.25}, {5, 5, 1.0 / 13, math.Pow(1.0/13, 5)},
		{3, 4, 0.25, 4*math.Pow(0.25, 3)*0.75 + math.Pow(0.25, 4)}, {3, 2, 0.5, 0}, {1, 5, 0, 0}, {2, 5, 1, 1},
	} {
		if got := atLeast(tt.k, tt.n, tt.p); math.Abs(got-tt.want) > 1e-12 {
			t.Errorf("atLeast(%d, %d, %g) = %g, want %g", tt.k, tt.n, tt.p, got, tt.want)
		}
	}
	if got := atLeast(300, 100_000, 0.001); got < 0 || got > 1e-30 || math.IsNaN(got) {
		t.Errorf("far out: %g", got)
	}
}

func TestProblems(t *testing.T) {
	other := func(s *index.Submission) { s.Judgement.Findings[0].Keys = map[string]string{"tenant": "fabrikam"} }
	unknown := func(s *index.Submission) { s.Judgement.Findings[0].Keys = nil }
	w := newWorld(t)
	w.add("PC-1", 40, "net.proxy") // long before
	w.add("PC-2", 10, "net.proxy")
	w.add("PC-2", 9, "net.proxy") // the same device
	w.add("PC-3", 8, "net.proxy", other)
	w.add("PC-4", 8, "net.proxy", unknown)
	w.add("PC-5", 2, "net.proxy")
	if r := w.run(); len(r.Problems) != 0 {
		t.Fatalf("two devices: %+v", r.Problems)
	}
	w.add("PC-6", 1, "net.proxy")
	r := w.run()
	if len(r.Problems) != 1 || r.Outcome() != Urgent {
		t.Fatalf("three devices: %+v", r.Problems)
	}
	p := r.Problems[0]
	if d := cmp.Diff([]Member{{"tenant", "contoso"}, {"code", "0x80072ee7"}}, p.Group); d != "" || p.Devices != 3 || len(p.Cases) != 4 || p.To != "problem-record" || !p.New() {
		t.Errorf("%+v\n%s", p, d)
	}
	if r = w.run(); len(r.Problems) != 0 {
		t.Errorf("told twice: %+v", r.Problems)
	}
	w.add("PC-7", 0.5, "net.proxy")
	if r = w.run(); len(r.Problems) != 1 || r.Problems[0].New() || r.Problems[0].Before != 3 || r.Problems[0].Devices != 4 {
		t.Errorf("it grew: %+v", r.Problems)
	}
}

// leftovers gives a case errors that no rule speaks of.
func leftovers(kinds ...pipeline.LeftoverKind) func(*index.Submission) {
	b, _ := json.Marshal(pipeline.Leftovers{Kinds: kinds})
	return func(s *index.Submission) { s.Blobs = map[string][]byte{pipeline.LeftoversBlob: b} }
}

func kinds() []pipeline.LeftoverKind {
	return []pipeline.LeftoverKind{
		{Source: event.LogCcmsetup, Shape: "The gateway of floor <n> refused the key <hex>: \"no\" <guid>", Code: 0x80070005, Count: 2, Text: "The gateway of floor 3 refused the key 0x80070005: \"no\" {…}", Pos: event.Pos{File: "x/ccmsetup.log", Line: 4}},
		{Source: event.ShellCore, Provider: "Microsoft-Windows-Shell-Core", ID: 4711, Shape: "<n>", Count: 1, Text: "17", Pos: event.Pos{File: "x/shell.evtx", Record: 9}},
		{Source: event.LogIME, Shape: "<n> <hex>", Code: 5, Count: 1, Text: "1 0x5"},
		{Source: event.LogIME, Shape: "\x1b[31mcafé: {{ evil }} & <b>`ed`</b> 'quoted' # - : %\u202e\xff the end", Count: 1, Text: "\x1b[31mcafé: {{ evil }} & <b>`ed`</b> 'quoted'\u202e\xff"},
	}
}

func TestClusters(t *testing.T) {
	w := newWorld(t)
	w.add("PC-1", 3, "", leftovers(kinds()...))
	w.add("PC-1", 2, "", leftovers(kinds()...))
	w.add("PC-2", 2, "net.dns", leftovers(kinds()...))
	w.add("PC-9", 200, "", leftovers(kinds()...)) // too old
	if r := w.run(); len(r.Clusters) != 0 {
		t.Fatalf("two devices: %+v", r.Clusters)
	}
	w.add("PC-3", 1, "", leftovers(kinds()...))
	r := w.run()
	if len(r.Clusters) != 4 || r.Outcome() != Noted {
		t.Fatalf("%d clusters, outcome %v", len(r.Clusters), r.Outcome())
	}
	drafts := 0
	for _, c := range r.Clusters {
		if c.Devices != 3 || c.Unsolved != 2 || !c.New() {
			t.Errorf("%+v", c)
		}
		if c.Draft == "" {
			continue
		}
		drafts++
		set := testRules(t, fstest.MapFS{c.DraftName(): {Data: []byte(c.Draft)}})
		for _, p := range set.Lint() {
			t.Errorf("%s\n%s", p, c.Draft)
		}
		for _, res := range set.Test() {
			if !res.Passed() {
				t.Errorf("%s: %v\n%s", res.Test, res.Failures, c.Draft)
			}
		}
	}
	if drafts != 3 {
		t.Errorf("%d drafts, want 3: one kind is nothing but numbers", drafts)
	}
	if r = w.run(); r.Outcome() != Quiet {
		t.Errorf("the next night: %v", r.Outcome())
	}
}

func TestFormats(t *testing.T) {
	cover := func(records, unknown, expected, known int, format string) func(*index.Submission) {
		return func(s *index.Submission) {
			s.Coverage = []event.Coverage{
				{File: "x/AppWorkload.log", Parser: "cmtrace", Sources: []event.Source{event.LogIME}, Records: records, Unknown: unknown, Expected: expected, Recognised: known, Format: format},
				{File: "x/copy.log", Parser: "cmtrace", Status: event.Duplicate, Records: records, Unknown: records},
				{File: "x", Parser: event.ArchiveParser},
			}
		}
	}
	w := newWorld(t)
	for i := range 4 {
		w.add(fmt.Sprint("OLD-", i), 20, "", cover(500, 0, 100, 95, "1.80"))
	}
	w.run()
	w.add("SAME", 2, "", cover(500, 0, 100, 94, "1.80"))
	if r := w.run(); len(r.Formats) != 0 {
		t.Fatalf("as before: %+v", r.Formats)
	}
	id := w.add("NEW", 1, "", cover(500, 0, 100, 20, "1.90"))
	r := w.run()
	if len(r.Formats) != 1 || r.Outcome() != Noted {
		t.Fatalf("%+v, outcome %v", r.Formats, r.Outcome())
	}
	f := r.Formats[0]
	if f.Log != string(event.LogIME) || f.Share != 0.16 || f.Records != 500 || !cmp.Equal(f.Formats, []string{"1.90"}) || f.Cases[0].ID != id {
		t.Errorf("%+v", f)
	}
	// Another version of debrief counts anew.
	w.opts.Engine = "next"
	if r = w.run(); len(r.Formats) != 0 {
		t.Errorf("after an update: %+v", r.Formats)
	}
}

// TestReport holds all forms of a full report to golden files; the names in it
// are hostile.
func TestReport(t *testing.T) {
	w := newWorld(t)
	for i := range 12 {
		w.add(fmt.Sprint("OLD-", i), float64(7*i)+8, "net.dns")
	}
	changed := w.add("CHANGED", 30, "app.msi")
	w.opts.Now = night.AddDate(0, 0, -7)
	w.run()
	w.opts.Now = night
	// What other rules said of it, and an engineer of that; the rules of today
	// have no evidence for it.
	if err := w.w.Judge(changed, index.Judgement{
		Outcome: "failure", Line: "Root cause: \x1b[2Jas other rules saw it", Engine: "test", Rules: "others",
		Findings: []index.Finding{{Rule: "app.msi", Verdict: "fire", Root: true}},
	}); err != nil {
		t.Fatal(err)
	}
	confirmed := index.Confirmed
	if err := w.w.Annotate(changed, index.Annotation{Verdict: &confirmed}); err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		w.add(fmt.Sprint("NEW-", i), float64(i)/2, "net.dns")
	}
	for i := range 4 {
		w.add(fmt.Sprint("PROXY-", i), float64(i)/2, "net.proxy", leftovers(kinds()...))
	}
	w.add("<script>alert(1)</script>", 0.1, "net.proxy", func(s *index.Submission) { s.Judgement.Line = "Root cause: <b>bold</b> \x1b[31m\u202e" })
	r := w.run()
	if len(r.Changed) != 1 || len(r.NewCauses) != 1 || len(r.Rising) != 2 || len(r.Problems) != 1 || len(r.Clusters) != 4 {
		t.Errorf("%+v", r)
	}
	for name, render := range map[string]func(io.Writer) error{
		"report.txt": r.WriteText, "report.html": r.WriteHTML, "report.prom": r.WriteMetrics,
		"report.json": func(w io.Writer) error {
			enc := json.NewEncoder(w)
			enc.SetIndent("", "  ")
			return enc.Encode(r)
		},
	} {
		var b bytes.Buffer
		if err := render(&b); err != nil {
			t.Fatal(err)
		}
		if bytes.ContainsAny(b.Bytes(), "\x1b") || strings.Contains(b.String(), "\u202e") && name != "report.json" || name == "report.html" && strings.Contains(b.String(), "<script") {
			t.Errorf("%s: hostile text came through", name)
		}
		// The style is the report room's, and looked at there.
		sheet := report.NewSheet()
		got := strings.NewReplacer(string(sheet.Style), "(style)", template.HTMLEscapeString(sheet.Policy), "(policy)").Replace(b.String())
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}
