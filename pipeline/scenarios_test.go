package pipeline_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"debrief/internal/synth"
	"debrief/pipeline"
	"debrief/rules"
	"debrief/timeline"
)

// write puts the collection of a scenario into a fresh folder and returns the
// folder that a support engineer would be given.
func write(t testing.TB, s synth.Scenario) string {
	t.Helper()
	dir := t.TempDir()
	if err := synth.Write(dir, s); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, s.Name)
}

func builtin(t testing.TB) *rules.Set {
	t.Helper()
	set, err := rules.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestScenarios holds the report of every generated collection to the cause
// that was put into it.
func TestScenarios(t *testing.T) {
	set := builtin(t)
	for _, s := range pipeline.SomeScenarios() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			c, err := pipeline.Read(t.Context(), []string{write(t, s)}, pipeline.Options{})
			if err != nil {
				t.Fatal(err)
			}
			checkTruth(t, s, c.Judge(set))
		})
	}
}

func checkTruth(t *testing.T, s synth.Scenario, res *rules.Result) {
	t.Helper()
	if s.Truth.RootRule == "" {
		for _, f := range slices.Concat(res.Roots, res.Also) {
			if f.Role == rules.RoleCause {
				t.Errorf("%s fired in a collection without a cause: %s", f.Rule, f.Message)
			}
		}
		return
	}
	if len(res.Roots) == 0 {
		t.Fatalf("no root cause, want %s; unexplained: %s", s.Truth.RootRule, ids(res.Unexplained))
	}
	root := res.Roots[0]
	if root.Rule != s.Truth.RootRule {
		t.Errorf("root cause is %s, want %s\n%s", root.Rule, s.Truth.RootRule, root.Message)
	}
	said := strings.ToLower(root.Message + " " + strings.Join(root.Contributing, " "))
	for _, w := range s.Truth.Words {
		if !strings.Contains(said, strings.ToLower(w)) {
			t.Errorf("the diagnosis lacks %q: %s", w, said)
		}
	}
	if len(root.Evidence) == 0 {
		t.Error("the root cause quotes no evidence")
	}
}

func ids(list []*rules.Finding) string {
	var b strings.Builder
	for _, f := range list {
		b.WriteString(f.Rule + " ")
	}
	return b.String()
}

// TestSameBytes holds the JSON report to be the same for any order of the
// paths and any number of workers.
func TestSameBytes(t *testing.T) {
	set := builtin(t)
	for _, s := range synth.Scenarios() {
		if s.Truth.RootRule != "ts.long-step" && s.Truth.RootRule != "ccm.setup.slow-download" {
			continue
		}
		dir := write(t, s)
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var paths []string
		for _, e := range entries {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
		var first []byte
		for _, workers := range []int{1, 2, 7} {
			for range len(paths) {
				paths = append(paths[1:], paths[0])
				c, err := pipeline.Read(t.Context(), paths, pipeline.Options{Workers: workers})
				if err != nil {
					t.Fatal(err)
				}
				var b bytes.Buffer
				if err := pipeline.View(c, set, c.Judge(set), "test").WriteJSON(&b); err != nil {
					t.Fatal(err)
				}
				if first == nil {
					first = b.Bytes()
				}
				if !bytes.Equal(first, b.Bytes()) {
					t.Fatalf("%s: the report differs with %d workers and paths %q", s.Name, workers, paths)
				}
			}
		}
	}
}

// TestScenarioSignIn: the user of a collection is seen to sign in once, inside
// the attempt that enrolled the device, and OOBE's own account is not taken for
// one.
func TestScenarioSignIn(t *testing.T) {
	for _, s := range synth.Scenarios() {
		if s.Name != "healthy-task-sequence" {
			continue
		}
		c, err := pipeline.Read(t.Context(), []string{write(t, s)}, pipeline.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var found []timeline.Span
		for _, sp := range c.Timeline().Spans {
			if sp.Kind == timeline.KindSignIn {
				found = append(found, sp)
			}
		}
		if len(found) != 1 {
			t.Fatalf("%d sign-ins", len(found))
		}
		sp := found[0]
		if how, _ := sp.Fields.Get("how"); how != "logon-tasks" || !slices.Contains(synth.Identity(s), sp.Name) || sp.Session != 1 || sp.State != timeline.StateSucceeded || sp.Duration() < time.Minute {
			t.Errorf("the sign-in is %+v", sp)
		}
		return
	}
	t.Fatal("no such scenario")
}
