package pipeline_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"debrief/pipeline"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestVerdicts holds what is said of every generated collection to
// testdata/verdicts.golden: verdict, message, confidence, proof, what is
// explained, found besides and asked for. Read the diff before updating it.
func TestVerdicts(t *testing.T) {
	set := builtin(t)
	golden := filepath.Join("..", "testdata", "verdicts.golden")
	all, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	var got, want bytes.Buffer
	for _, s := range pipeline.SomeScenarios() {
		want.WriteString(verdictOf(string(all), s.Name))
		c, err := pipeline.Read(t.Context(), []string{write(t, s)}, pipeline.Options{})
		if err != nil {
			t.Fatal(err)
		}
		v := pipeline.View(c, set, c.Judge(set), "test")
		fmt.Fprintf(&got, "== %s: %s\n%s\n", s.Name, s.Title, v.Verdict.Line())
		if v.Root != nil {
			fmt.Fprintf(&got, "  %s, %s: %s\n", v.Root.Rule, v.Root.Confidence, v.Root.Message)
			for _, l := range v.Root.Notes {
				fmt.Fprintf(&got, "    - %s\n", l)
			}
			for _, q := range v.Root.Evidence {
				fmt.Fprintf(&got, "    > %s\n", q.Place.Shown)
			}
			for _, sy := range v.Root.Symptoms {
				fmt.Fprintf(&got, "    explains %s\n", sy.Rule)
			}
		}
		for _, f := range v.Also {
			fmt.Fprintf(&got, "  also %s (%s, %s): %s\n", f.Rule, f.Role, f.Confidence, f.Message)
		}
		for _, f := range v.Unexplained {
			fmt.Fprintf(&got, "  unexplained %s\n", f.Rule)
		}
		for _, o := range v.Open {
			if o.Decides || o.Collect != "" && len(o.Rules) == 0 {
				fmt.Fprintf(&got, "  collect: %s\n", o.Question)
			}
		}
		for _, l := range v.Verdict.Limits {
			fmt.Fprintf(&got, "  limit: %s\n", l)
		}
		got.WriteByte('\n')
	}
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want.String(), got.String()); diff != "" {
		t.Errorf("verdicts (-want +got); run with -update and read the diff:\n%s", diff)
	}
}

// verdictOf is the part of the golden file about one collection.
func verdictOf(golden, name string) string {
	_, rest, ok := strings.Cut("\n"+golden, "\n== "+name+": ")
	if !ok {
		return ""
	}
	if end := strings.Index(rest, "\n== "); end >= 0 {
		rest = rest[:end+1]
	}
	return "== " + name + ": " + rest
}
