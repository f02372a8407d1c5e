package ingest

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLongContentIsOnDisk reads long files by every way they can come: the
// bytes are those of the file, the copies are known, and nothing is left.
func TestLongContentIsOnDisk(t *testing.T) {
	long := strings.Repeat("a line of a long log\r\n", longBytes/20)
	other := strings.Repeat("another line\n", longBytes/12)
	files := map[string]string{
		"plain.log":  long,
		"short.log":  "a short one\n",
		"in.zip":     string(zipOf(t, zip.Deflate, entry{name: "other.log", data: other}, entry{name: "copy.log", data: long})),
		"in.log.gz":  string(packed(t, formatGzip, []byte(other+"more\n"))),
		"in.cab":     string(cabOf(entry{name: "cab.log", data: long + "in a cabinet\n"})),
		"not-an.zip": "PK\x03\x04" + strings.Repeat("\x00", longBytes+1),
	}
	dir, temp := tree(t, files), t.TempDir()
	c, err := Read(t.Context(), []string{dir}, Options{Temp: temp})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"plain.log": long, "short.log": "a short one\n", "in.zip/other.log": other, "in.zip/copy.log": long, "in.log.gz/in.log": other + "more\n",
		"in.cab/cab.log": long + "in a cabinet\n", "not-an.zip": files["not-an.zip"],
	}
	for _, f := range c.Files {
		_, name, _ := strings.Cut(f.Path, "/")
		if got := string(contentOf(t, c, f)); got != want[name] {
			t.Errorf("%s: %d bytes, want %d", f.Path, len(got), len(want[name]))
		}
		delete(want, name)
		if onDisk := f.Size > longBytes && f.Duplicate == ""; f.OnDisk() != onDisk {
			t.Errorf("%s: on disk %v", f.Path, f.OnDisk())
		}
		if f.Hash == "" {
			t.Errorf("%s has no hash", f.Path)
		}
	}
	for name := range want {
		t.Errorf("%s is not there", name)
	}
	if made, _ := filepath.Glob(filepath.Join(temp, "*")); len(made) != 1 {
		t.Errorf("in the folder for temporary files: %v", made)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(temp, "*")); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// TestManyFilesGoToDisk holds that no case takes more memory than its share.
func TestManyFilesGoToDisk(t *testing.T) {
	var members []entry
	for i := range 30 {
		members = append(members, entry{name: string(rune('a'+i)) + ".log", data: strings.Repeat(string(rune('a'+i)), 4<<20)})
	}
	dir := tree(t, map[string]string{"in.zip": string(zipOf(t, zip.Deflate, members...))})
	c, err := read(t, []string{dir}, Options{Limits: Limits{Ratio: 2000}})
	if err != nil || len(c.Files) != len(members) {
		t.Fatalf("%d files, error %v", len(c.Files), err)
	}
	held := 0
	for _, f := range c.Files {
		held += len(f.Data)
	}
	if held > keptBytes+longBytes {
		t.Errorf("%d MiB are held", held>>20)
	}
}

// TestNoFolderForTemporaryFiles loses what is long, and says so.
func TestNoFolderForTemporaryFiles(t *testing.T) {
	dir := tree(t, map[string]string{"long.log": strings.Repeat("x", longBytes+1), "short.log": "x"})
	c, err := read(t, []string{dir}, Options{Temp: filepath.Join(dir, "none")})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range c.Files {
		if short := strings.HasSuffix(f.Path, "short.log"); f.Partial == short {
			t.Errorf("%s: partial %v", f.Path, f.Partial)
		}
	}
	if len(c.Problems) != 1 || !c.Problems[0].Kind.Lost() {
		t.Errorf("problems %v", c.Problems)
	}
	if strings.Contains(c.Problems[0].Text, os.TempDir()) {
		t.Errorf("a path of the machine is told: %s", c.Problems[0].Text)
	}
}
