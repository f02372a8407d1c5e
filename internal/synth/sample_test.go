package synth

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "write the shipped sample anew")

// TestShippedSample holds testdata/sample, which the README analyses, to what
// the generator writes for its scenario.
func TestShippedSample(t *testing.T) {
	all := Scenarios()
	i := slices.IndexFunc(all, func(s Scenario) bool { return s.Name == "state1-cmg-dns" })
	if i < 0 {
		t.Fatal("the scenario of the sample is gone")
	}
	root := filepath.Join("..", "..", "testdata", "sample")
	if *update {
		dir := t.TempDir()
		if err := Write(dir, all[i]); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(root); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(root, os.DirFS(filepath.Join(dir, all[i].Name))); err != nil {
			t.Fatal(err)
		}
	}
	files, err := Build(all[i])
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		got, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(f.Name)))
		if err != nil {
			t.Errorf("the sample lacks a file: %v", err)
			continue
		}
		if !bytes.Equal(got, f.Data) {
			t.Errorf("%s of the sample is not what the generator writes; run with -update", f.Name)
		}
	}
}
