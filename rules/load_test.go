package rules

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestLoadErrors(t *testing.T) {
	s, err := Load(os.DirFS(filepath.Join("testdata", "bad")))
	if err == nil {
		t.Fatal("no error")
	}
	golden(t, "bad.golden", err.Error()+"\n")
	if s.Len() != 1 || s.Rule("bad.twice") == nil {
		t.Errorf("the sound rule is not loaded: %d rules", s.Len())
	}
	var le *LoadError
	if !errors.As(err, &le) || le.File == "" {
		t.Errorf("no LoadError in %T", err)
	}
}

func TestLoadDirsNamesFolder(t *testing.T) {
	_, err := LoadDirs(false, filepath.Join("testdata", "bad"))
	if err == nil || !strings.Contains(err.Error(), "testdata/bad/keys.yaml:3:7: role is one of") {
		t.Errorf("error does not name the file: %v", err)
	}
	if _, err := LoadDirs(false, filepath.Join("testdata", "not-there")); err == nil {
		t.Error("no error for a folder that is not there")
	}
}

func TestLoadLimits(t *testing.T) {
	for name, text := range map[string]string{
		"large":    "rule: a.b\ntitle: " + strings.Repeat("x", maxFileBytes),
		"brackets": "rule: " + strings.Repeat("[", 100_000),
		"dashes":   "rule:\n  " + strings.Repeat("- ", 50_000) + "x\n",
		"deep":     "rule: " + strings.Repeat("[", 60) + strings.Repeat("]", 60),
	} {
		s, err := Load(fstest.MapFS{name + ".yaml": {Data: []byte(text)}})
		if err == nil || s.Len() != 0 {
			t.Errorf("%s: loaded", name)
		} else if msg := err.Error(); !strings.Contains(msg, "nested too deeply") && !strings.Contains(msg, "larger than") {
			t.Errorf("%s: %.200s", name, msg)
		}
	}
}

func TestLint(t *testing.T) {
	s, err := Load(os.DirFS(filepath.Join("testdata", "lint")))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, p := range s.Lint() {
		fmt.Fprintln(&b, p)
	}
	golden(t, "lint.golden", b.String())
}

// Every rule that ships loads and passes its own tests.
func TestBuiltin(t *testing.T) {
	s, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range s.Test() {
		if !r.Passed() {
			t.Errorf("%s:%d: %q: %s", r.File, r.Line, r.Test, strings.Join(r.Failures, "; "))
		}
	}
}

// A test whose expectation is wrong must be reported, whatever it expects.
func TestSelftestFindsFailures(t *testing.T) {
	s := oneRule(t, `a: { event: { source: log.a, contains: alpha } }`, "a", `
confidence: strong
tests:
  - { name: t, given: { log.a: "+1m alpha" }, expect: { verdict: silent, confidence: weak, root: false, explains: [x.y], suppresses: [x.z], ask_for: [log.b], message_has: [nope], message_lacks: [fired], instances: 2 } }
  - { name: good, given: { log.a: "+1m alpha" }, expect: { verdict: fire, confidence: strong, root: true, message_has: [FIRED], instances: 1 } }
`)
	res := s.Test()
	if len(res) != 2 || len(res[0].Failures) != 9 {
		t.Errorf("failures: %q", res[0].Failures)
	}
	if !res[1].Passed() {
		t.Errorf("good test failed: %q", res[1].Failures)
	}
}

func TestTestInclude(t *testing.T) {
	r, err := parseRule("x", []byte(`
rule: x.y
title: x
role: context
signals: { a: { event: { source: log.a, contains: x } } }
when: a
finding: { message: x }
tests:
  - name: base
    given:
      session: { flow: f, join: entra, start: "2024-05-01T10:00:00Z" }
      covered: [log.b, log.c]
      facts: { os.build: 1, os.ubr: 2 }
      reg: { 'HKLM\S\K': { A: 1, B: 2 } }
      log.a: "+1m one"
      events: [ { at: +2m, source: log.a, message: two } ]
    expect: { verdict: silent }
  - name: more
    given:
      include: base
      session: { outcome: failed }
      missing: [log.b]
      facts: { os.build: 9 }
      reg: { 'hklm\s\k': { b: 3 } }
      log.a: "+3m three"
    expect: { verdict: silent }
`))
	if err != nil {
		t.Fatal(err)
	}
	m := r.Tests[1].given.source()
	var got []string
	for i := range m.EventList {
		got = append(got, m.EventList[i].Time.Format("15:04 ")+m.EventList[i].Message)
	}
	for _, f := range m.FactList {
		got = append(got, strings.TrimSpace(f.Name+" "+f.Key+" "+f.Value)+"="+f.Text)
	}
	for _, c := range m.CoverageList {
		got = append(got, string(c.Sources[0])+" "+c.Status.String())
	}
	want := []string{
		"10:01 one", "10:02 two", "10:03 three",
		"os.ubr=2", `reg HKLM\S\K A=1`, "os.build=9", `reg hklm\s\k=`, `reg hklm\s\k b=3`,
		"session.flow 1=f", "session.join 1=entra", "session.outcome 1=failed",
		"log.a read", "log.c empty", "reg empty",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzLoad(f *testing.F) {
	for _, dir := range []string{"testdata/bad", "testdata/lint", "builtin"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
		if err != nil {
			f.Fatal(err)
		}
		slices.Sort(files)
		for _, name := range files[:min(len(files), 12)] {
			data, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 16<<10 || bytes.Count(data, []byte("|")) > 1000 {
			return
		}
		s, err := Load(fstest.MapFS{"fuzz.yaml": {Data: data}})
		if err != nil {
			if s.Len() != 0 {
				t.Errorf("a rule with errors is in the set: %v", err)
			}
			return
		}
		// What loads must be judged, tested and linted without a panic.
		s.Lint()
		for _, r := range s.Test() {
			if r.Rule == "" {
				t.Error("a test result without a rule")
			}
		}
	})
}
