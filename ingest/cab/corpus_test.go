package cab

import (
	"crypto/md5"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// member lines of cabextract -t that succeeded
var extractedLine = regexp.MustCompile(`(?m)^  (.*?)  OK +([0-9a-f]{32})$`)

// TestCorpusAgainstCabextract holds that every member that cabextract unpacks
// comes out of this package with the same name and bytes, Quantum excepted.
// Run with -v for a table of both.
func TestCorpusAgainstCabextract(t *testing.T) {
	dir := shared(t)
	if _, err := exec.LookPath("cabextract"); err != nil {
		t.Skip("no cabextract in the path")
	}
	var table strings.Builder
	for _, folder := range []string{"cab", "bundles"} {
		paths, err := filepath.Glob(filepath.Join(dir, "corpus", folder, "*.cab"))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range paths {
			data, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			theirs := cabextract(p)
			ours, summary := sums(t, data)
			fmt.Fprintf(&table, "%-45s %-60s %d\n", filepath.Base(p), summary, len(theirs))
			// cabextract looks for cabinets inside other files, and takes the
			// table of files to follow the folders whatever the header says.
			if !Is(data) || strings.Contains(summary, "between the folders") {
				continue
			}
			for _, want := range theirs {
				if !slices.Contains(ours, want) && !strings.Contains(summary, "Quantum") {
					t.Errorf("%s: %s is missing", filepath.Base(p), want)
				}
			}
		}
	}
	t.Logf("file, ours (whole, partial, lost members; first problem), members of cabextract\n%s", table.String())
}

func cabextract(path string) []string {
	cmd := exec.Command("cabextract", "-t", path)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, _ := cmd.Output() // its exit code counts failed members
	var list []string
	for _, m := range extractedLine.FindAllStringSubmatch(string(out), -1) {
		list = append(list, m[2]+" "+m[1])
	}
	return list
}

// sums lists the whole members and says how it went.
func sums(t *testing.T, data []byte) (list []string, summary string) {
	c, err := Open(data)
	if err != nil {
		return nil, err.Error()
	}
	partial, lost := 0, 0
	problems, err := c.Walk(nil, func(m Member, data []byte, reason error) error {
		switch {
		case reason == nil:
			list = append(list, fmt.Sprintf("%x %s", md5.Sum(data), strings.ReplaceAll(m.Name, `\`, "/")))
		case len(data) > 0:
			partial++
		default:
			lost++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	summary = fmt.Sprintf("%d %d %d", len(list), partial, lost)
	if all := append(slices.Clone(c.Problems), problems...); len(all) > 0 {
		summary += "; " + all[len(all)-1].Text
	}
	return list, summary
}
