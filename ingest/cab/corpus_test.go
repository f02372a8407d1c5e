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

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

// member lines of cabextract -t that succeeded
var extractedLine = regexp.MustCompile(`(?m)^  (.*?)  OK +([0-9a-f]{32})$`)

// whyMore are the files of which this package reads more than cabextract, or
// reads where that finds nothing wrong, and why.
var whyMore = map[string]string{
	"hidden-files.cab":              "entries in two places, of which cabextract reads one",
	"bad_folderindex.cab":           "one entry of two is sound",
	"filename-read-violation-1.cab": "a member without a name",
}

// TestCorpusAgainstCabextract holds that all that cabextract unpacks comes out of
// this package with the same names and bytes, and that there is a problem where it
// unpacks nothing. Run with -v for a table of both.
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
			name := filepath.Base(p)
			data, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			theirs := cabextract(p)
			ours, summary := sums(t, data)
			fmt.Fprintf(&table, "%-40s %-75s %d\n", name, summary, len(theirs))
			slices.Sort(theirs)
			slices.Sort(ours)
			for _, want := range theirs {
				if !slices.Contains(ours, want) {
					t.Errorf("%s: %s is missing", name, want)
				}
			}
			if whyMore[name] == "" && !slices.Equal(ours, theirs) {
				t.Errorf("%s: got %q, want %q", name, ours, theirs)
			}
			if len(theirs) == 0 && !strings.Contains(summary, "; ") && summary != "no cabinet" {
				t.Errorf("%s: no problem told: %s", name, summary)
			}
		}
	}
	t.Logf("file, ours (whole, partial, lost members; first and number of problems), members of cabextract\n%s", table.String())
}

// TestCorpusSetAgainstCabextract does the same with a split set, which cabextract
// finds by the names in it.
func TestCorpusSetAgainstCabextract(t *testing.T) {
	dir := shared(t)
	if _, err := exec.LookPath("cabextract"); err != nil {
		t.Skip("no cabextract in the path")
	}
	paths, err := filepath.Glob(filepath.Join(dir, "corpus", "cab", "multi_basic_pt*.cab"))
	if err != nil || len(paths) < 2 {
		t.Skip("no split set among the real samples")
	}
	temp := t.TempDir()
	var parts []Part
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Open(data)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, Part{Name: p, Cabinet: c})
		if err := os.WriteFile(filepath.Join(temp, "cabd_"+filepath.Base(p)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	slices.Reverse(parts)
	sets := Join(parts)
	if len(sets) != 1 {
		t.Fatalf("sets:\n%s", setListing(t, sets))
	}
	var ours []string
	problems, err := sets[0].Walk(nil, func(m Member, data []byte, reason error) error {
		ours = append(ours, memberSum(m, data))
		return reason
	})
	if err != nil || len(problems)+len(sets[0].Problems) > 0 {
		t.Errorf("error %v, problems %v %v", err, sets[0].Problems, problems)
	}
	theirs := cabextract(filepath.Join(temp, "cabd_"+filepath.Base(paths[0])))
	if diff := cmp.Diff(theirs, ours); diff != "" || len(ours) == 0 {
		t.Errorf("members (-cabextract +ours):\n%s", diff)
	}
}

// cabextract lists the members that it unpacks.
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

func memberSum(m Member, data []byte) string {
	return fmt.Sprintf("%x %s", md5.Sum(data), strings.ReplaceAll(m.Name, `\`, "/"))
}

// sums lists the whole members and says how it went.
func sums(t *testing.T, data []byte) (list []string, summary string) {
	offsets := []int64{0}
	if !Is(data) {
		if offsets = Find(data); len(offsets) == 0 {
			return nil, "no cabinet"
		}
	}
	partial, lost := 0, 0
	var all []event.Problem
	for _, at := range offsets {
		c, err := Open(data[at:])
		if err != nil {
			t.Fatal(err)
		}
		problems, err := c.Walk(nil, func(m Member, data []byte, reason error) error {
			switch {
			case reason == nil:
				list = append(list, memberSum(m, data))
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
		all = slices.Concat(all, c.Problems, problems)
	}
	summary = fmt.Sprintf("%d %d %d", len(list), partial, lost)
	if len(all) > 0 {
		summary += fmt.Sprintf("; %s at %d: %s (%d)", all[0].Kind, all[0].Pos.Offset, all[0].Text, len(all))
	}
	return list, summary
}
