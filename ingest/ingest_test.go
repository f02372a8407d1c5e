package ingest

import (
	"archive/zip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

// tree writes files below a new folder and returns it.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadFolder(t *testing.T) {
	dir := tree(t, map[string]string{
		"case/logs/b.log":       "b",
		"case/logs/a.log":       "a",
		"case/copy of a.log":    "a",
		"case/empty.log":        "",
		"case/second empty.log": "",
		"case/bundle.log":       string(cabOf(entry{name: "in cab.log", data: "c"})),
	})
	c, err := read(t, []string{filepath.Join(dir, "case")}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := `case/bundle.log/in cab.log 1 "c"
case/copy of a.log 1 "a"
case/empty.log 0
case/logs/a.log 1 = case/copy of a.log
case/logs/b.log 1 "b"
case/second empty.log 0
`
	if diff := cmp.Diff(want, listing(c)); diff != "" {
		t.Errorf("listing (-want +got):\n%s", diff)
	}
	const sumOfA = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
	for _, f := range c.Files {
		if strings.HasSuffix(f.Path, "a.log") && (f.Hash != sumOfA || string(contentOf(t, c, f)) != "a") {
			t.Errorf("%s: hash %s, content %q", f.Path, f.Hash, contentOf(t, c, f))
		}
		if f.ModTime.IsZero() || f.ModTime.Location() != time.UTC {
			t.Errorf("%s: time %v", f.Path, f.ModTime)
		}
	}
	if diff := cmp.Diff([]string{"case"}, c.Roots); diff != "" {
		t.Errorf("roots (-want +got):\n%s", diff)
	}
}

func TestLinksInFolders(t *testing.T) {
	dir := tree(t, map[string]string{"secret/key": "outside", "case/a.log": "a", "case/sub/b.log": "b"})
	for link, target := range map[string]string{
		"case/inside": "a.log", "case/dir": "sub", "case/loop": ".", "case/out": "../secret/key", "case/outdir": "../secret", "case/gone": "nothing",
		"case/abs": filepath.Join(dir, "secret", "key"), "link to case": "case",
	} {
		if err := os.Symlink(target, filepath.Join(dir, filepath.FromSlash(link))); err != nil {
			t.Skipf("no links on this system: %v", err)
		}
	}
	c, err := read(t, []string{filepath.Join(dir, "case")}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := `case/a.log 1 "a"
case/sub/b.log 1 "b"
! unreadable case/abs: link not followed: it leads out of the folder or nowhere
! remark case/dir: link not followed: its target inside the folder is read in its own place
! unreadable case/gone: link not followed: it leads out of the folder or nowhere
! remark case/inside: link not followed: its target inside the folder is read in its own place
! remark case/loop: link not followed: its target inside the folder is read in its own place
! unreadable case/out: link not followed: it leads out of the folder or nowhere
! unreadable case/outdir: link not followed: it leads out of the folder or nowhere
`
	if diff := cmp.Diff(want, listing(c)); diff != "" {
		t.Errorf("listing (-want +got):\n%s", diff)
	}
	c, err = read(t, []string{filepath.Join(dir, "link to case")}, Options{})
	if err != nil || len(c.Files) != 2 || c.Files[0].Path != "link to case/a.log" {
		t.Errorf("a link given by the user: error %v\n%s", err, listing(c))
	}
}

func TestUnreadableInput(t *testing.T) {
	dir := tree(t, map[string]string{"a.log": "a", "locked.log": "x", "lockeddir/b": "b"})
	c, err := read(t, []string{filepath.Join(dir, "none.cab"), filepath.Join(dir, "a.log")}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := "a.log 1 \"a\"\n! unreadable none.cab: stat: no such file or directory\n"
	if runtime.GOOS == "linux" {
		if diff := cmp.Diff(want, listing(c)); diff != "" {
			t.Errorf("listing (-want +got):\n%s", diff)
		}
	}
	if _, err := read(t, nil, Options{}); !errors.Is(err, ErrNoInput) {
		t.Errorf("no path: got error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Read(ctx, []string{dir}, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got error %v", err)
	}

	if os.Geteuid() <= 0 {
		t.Skip("permissions do not bind this user")
	}
	for _, p := range []string{"locked.log", "lockeddir"} {
		if err := os.Chmod(filepath.Join(dir, p), 0); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { os.Chmod(filepath.Join(dir, "lockeddir"), 0o700) })
	c, err = read(t, []string{dir}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []event.ProblemKind
	for _, p := range c.Problems {
		kinds = append(kinds, p.Kind)
	}
	if diff := cmp.Diff([]event.ProblemKind{event.Unreadable, event.Unreadable}, kinds); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// TestSpellingAndOrderOfPaths gives the same roots in many ways and wants one
// answer.
func TestSpellingAndOrderOfPaths(t *testing.T) {
	dir := tree(t, map[string]string{
		"one/logs/a.log":   "same",
		"two/logs/b.log":   "same",
		"three/LOGS/c.log": "other",
		"two/logs.cab":     string(cabOf(entry{name: "x", data: "in cab"})),
	})
	t.Chdir(dir)
	abs := func(p string) string { return filepath.Join(dir, filepath.FromSlash(p)) }
	var want string
	for i, paths := range [][]string{
		{"one/logs", "two/logs", "three/LOGS", "two/logs.cab"},
		{"two/logs.cab", "three/LOGS", "two/logs", "one/logs"},
		{abs("two/logs"), "./one/../one/logs/", abs("two/logs.cab"), "three/LOGS", "one/logs", abs("one/logs")},
	} {
		c, err := read(t, paths, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(c.Roots, " ") + "\n" + listing(c)
		if i == 0 {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("paths %q (-want +got):\n%s", paths, diff)
		}
	}
	const expected = `LOGS#2 logs logs#3 logs.cab
LOGS#2/c.log 5 "other"
logs#3/b.log 4 = logs/a.log
logs.cab/x 6 "in cab"
logs/a.log 4 "same"
`
	if diff := cmp.Diff(expected, want); diff != "" {
		t.Errorf("listing (-want +got):\n%s", diff)
	}
}

func TestLimits(t *testing.T) {
	many := map[string]string{}
	for _, n := range []string{"a", "b", "c", "d"} {
		many["case/"+n] = strings.Repeat(n, 1000)
	}
	dir := filepath.Join(tree(t, many), "case")
	tests := []struct {
		name   string
		limits Limits
		want   string
	}{
		{"files", Limits{Files: 2}, "case/a 1000\ncase/b 1000\n! limit case: limit of 2 files reached, the rest is not read\n"},
		{"total", Limits{TotalBytes: 2500}, "case/a 1000\ncase/b 1000\ncase/c 0 partial\ncase/d 0 partial\n" +
			"! limit case/c: limit of 2500 bytes for the whole case reached\n! limit case/d: limit of 2500 bytes for the whole case reached\n"},
		{"file", Limits{FileBytes: 999}, "case/a 999 partial\ncase/b 999 partial\ncase/c 999 partial\ncase/d 999 partial\n" +
			"! limit case/a: limit of 999 bytes for one file reached\n! limit case/b: limit of 999 bytes for one file reached\n" +
			"! limit case/c: limit of 999 bytes for one file reached\n! limit case/d: limit of 999 bytes for one file reached\n"},
		{"time", Limits{Time: 1}, "case/a 0 partial\ncase/b 0 partial\ncase/c 0 partial\ncase/d 0 partial\n" +
			"! limit case/a: limit of 1ns for the whole run reached\n! limit case/b: limit of 1ns for the whole run reached\n" +
			"! limit case/c: limit of 1ns for the whole run reached\n! limit case/d: limit of 1ns for the whole run reached\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := read(t, []string{dir}, Options{Limits: tt.limits})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, listing(c)); diff != "" {
				t.Errorf("listing (-want +got):\n%s", diff)
			}
		})
	}
	zero := Limits{}.withDefaults()
	if diff := cmp.Diff(Limits{16 << 30, 16 << 30, 100_000, 8, 200, 1024, 10 * time.Minute}, zero); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
}

func TestProblemsAreBounded(t *testing.T) {
	var list []entry
	for range maxProblems + 50 {
		list = append(list, entry{name: "../x"})
	}
	c := readBytes(t, "in", zipOf(t, zip.Store, list...), Limits{})
	if len(c.Files) != len(list) || len(c.Problems) != maxProblems+1 {
		t.Errorf("got %d files and %d problems", len(c.Files), len(c.Problems))
	}
	if !slices.ContainsFunc(c.Problems, func(p event.Problem) bool {
		return p.Kind == event.Remark && p.Text == "299 further problems not listed"
	}) {
		t.Error("the number of further problems is missing")
	}
}

func TestProgress(t *testing.T) {
	dir := tree(t, map[string]string{"x/a": "1", "x/b.cab": string(cabOf(entry{name: "c", data: "22"}))})
	var got []Progress
	_, err := read(t, []string{filepath.Join(dir, "x")}, Options{Progress: func(p Progress) { got = append(got, p) }})
	if err != nil || len(got) != 2 || got[0] != (Progress{"x/a", 1, 1}) || got[1].Path != "x/b.cab/c" || got[1].Files != 2 {
		t.Errorf("error %v, got %v", err, got)
	}
}

func TestExtract(t *testing.T) {
	dir := tree(t, map[string]string{
		"in/a.log": "a", "in/copy.log": "a", "in/empty": "",
		"in/b.zip":     string(zipOf(t, zip.Store, entry{name: "../../evil", data: "e"}, entry{name: "trap/x", data: "x"}, entry{name: "taken", data: "new"})),
		"outside/keep": "kept",
	})
	out := filepath.Join(dir, "out", "new")
	if err := os.MkdirAll(filepath.Join(out, "in", "b.zip"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(out, "in", "b.zip", "taken"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	linked := os.Symlink(filepath.Join(dir, "outside"), filepath.Join(out, "in", "b.zip", "trap")) == nil
	report, err := Extract(t.Context(), []string{filepath.Join(dir, "in")}, out, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a.log": "a", "copy.log": "a", "empty": "", "b.zip/evil": "e", "b.zip/taken": "old"} {
		got, err := os.ReadFile(filepath.Join(out, "in", filepath.FromSlash(name)))
		if err != nil || string(got) != want {
			t.Errorf("%s: got %q, error %v, want %q", name, got, err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "outside", "x")); err == nil {
		t.Error("a link in the target led out of it")
	}
	if info, err := os.Stat(filepath.Join(out, "in", "b.zip", "evil")); err != nil || !info.ModTime().Equal(testTime) {
		t.Errorf("date of the member: %v, error %v", info.ModTime(), err)
	}
	lost := 0
	for _, p := range report.Problems {
		if p.Kind.Lost() {
			lost++
		}
	}
	wantLost, wantFiles := 1, 5
	if linked {
		wantLost, wantFiles = 2, 4
	}
	if lost != wantLost || report.Files != wantFiles || report.Bytes != int64(wantFiles-1) {
		t.Errorf("got %+v, want %d files and %d not written", report, wantFiles, wantLost)
	}
}
