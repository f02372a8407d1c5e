package report

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

// diffSide makes a side of a comparison of a story.
func diffSide(name string, s *story) DiffSide {
	return DiffSide{Name: name, Timeline: s.Story, Facts: s.FactList, Coverage: s.CoverageList, Events: func(yield func(*event.Event) bool) {
		for i := range s.EventList {
			if !yield(&s.EventList[i]) {
				return
			}
		}
	}}
}

func TestDiffHTML(t *testing.T) {
	d := NewDiff([]DiffSide{diffSide("contoso-good.cab", healthy())}, diffSide("contoso-bad.cab", failure()))
	var page bytes.Buffer
	if err := d.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "diff.html")
	if *update {
		if err := os.WriteFile(golden, page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), page.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", golden, diff)
	}
}

// TestDiffHTMLSame: a case differs in nothing from itself, and the page says so.
func TestDiffHTMLSame(t *testing.T) {
	var page bytes.Buffer
	if err := NewDiff([]DiffSide{diffSide("a.cab", failure())}, diffSide("a.cab", failure())).WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`class="card verdict none"`, "No difference was found."} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page.String(), "<table") {
		t.Error("the page has a table of nothing")
	}
}

// TestDiffHTMLHostile: nothing that a log or a file name carries becomes
// markup, style or a control character of the page.
func TestDiffHTMLHostile(t *testing.T) {
	d := NewDiff([]DiffSide{diffSide("good"+attack, healthy()), diffSide("other"+attack, warning())}, diffSide("bad"+attack, hostile()))
	if d.same() {
		t.Fatal("the cases do not differ")
	}
	var page bytes.Buffer
	if err := d.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	html := page.String()
	for _, bad := range []string{"<script", "<img", `href="https://evil`, "</style></pre>"} {
		if strings.Contains(html, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if strings.Count(html, "<style>") != 1 || strings.Count(html, "</style>") != 1 {
		t.Error("log text reached the style sheet")
	}
	if i := strings.IndexFunc(html, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
	}); i >= 0 {
		t.Errorf("the page holds %U", []rune(html[i:])[0])
	}
	if i := slices.Index(d.Notes, ""); i >= 0 {
		t.Error("a note is empty")
	}
}
