package parsers

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"debrief/event"
)

// TestRealFiles reads the files of real devices beside the checkout: each
// text log whole, each record an event.
func TestRealFiles(t *testing.T) {
	root := os.Getenv("DEBRIEF_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	if _, err := os.Stat(root); err != nil {
		t.Skipf("no real files: %v", err)
	}
	read := 0
	for _, dir := range []string{"corpus/cmtrace", "corpus/smsts", "corpus/json", "cases", "scenarios"} {
		err := filepath.WalkDir(filepath.Join(root, filepath.FromSlash(dir)), func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			switch filepath.Ext(p) {
			case ".log", ".lo_", ".txt":
			default:
				if filepath.Base(filepath.Dir(p)) != "json" {
					return nil
				}
			}
			data, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			read++
			in := &Input{Path: filepath.ToSlash(p), Data: data}
			out := Parse(in)
			checkOutput(t, in, out)
			c := out.Coverage
			if c.Status != event.Read && c.Status != event.Partial {
				t.Errorf("%s: %v by %q: %v", p, c.Status, c.Parser, c.Problems)
			}
			if n := bytes.Count(data, []byte(recordOpen)); len(out.Events) < n {
				t.Errorf("%s: %d events of %d records", p, len(out.Events), n)
			}
			if c.Unknown > 0 {
				t.Errorf("%s: %d lines are not known", p, c.Unknown)
			}
			return nil
		})
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	t.Logf("%d files read", read)
}
