package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"sync"
)

//go:embed report.tmpl
var pageSource string

//go:embed report.css
var styleSheet string

// page is the parsed template. The template is part of the program, so a
// fault in it is a programmer's error.
var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("report").Funcs(template.FuncMap{
		"when":         when,
		"sessionTitle": func(s Session) string { return sessionTitle(&s) },
		"sessionSpan":  func(s Session) string { return sessionSpan(&s) },
		"findingKind":  func(f Finding) string { return findingKind(&f) },
		"missing":      missingTitle,
		"stepNote":     stepNote,
		"codeLine":     codeLine,
		"spentTitle":   func(s Spent) string { return s.title() },
		"useLine":      func(u UseTime) string { return u.line() },
		"heldBy":       func(s Spent) string { return s.heldBy() },
		"percent":      func(share int) int { return (share + 5) / 10 },
		"leftover":     Leftover.head,
		"names":        func(s []string) string { return strings.Join(s, ", ") },
		"join":         func(s []string) string { return strings.Join(s, "; ") },
		"meter":        confidenceLevel,
		"web":          func(ref string) bool { return strings.HasPrefix(ref, "https://") },
		"places": func(list []Place) string {
			shown := make([]string, len(list))
			for i, p := range list {
				shown[i] = p.Shown
			}
			return strings.Join(shown, "; ")
		},
		"indent":  func(depth int) string { return fmt.Sprintf("d%d", min(depth, 6)) },
		"read":    filesWith(func(f File) bool { return f.Status == "read" }),
		"notRead": filesWith(func(f File) bool { return f.Status != "read" }),
	}).Funcs(diffFuncs()).Parse(pageSource + diffSource))
})

// Sheet is what every page of debrief carries: its style, and the content policy that
// lets in this style alone.
type Sheet struct {
	Style  template.CSS
	Policy string
}

// NewSheet returns the style of the pages.
func NewSheet() Sheet {
	sum := sha256.Sum256([]byte(styleSheet))
	return Sheet{template.CSS(styleSheet), "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"}
}

// filesWith selects files of a list.
func filesWith(keep func(File) bool) func([]File) []File {
	return func(files []File) []File {
		var out []File
		for _, f := range files {
			if keep(f) {
				out = append(out, f)
			}
		}
		return out
	}
}

// confidenceLevel is the number of filled steps of four.
func confidenceLevel(confidence string) int {
	for i, name := range []string{"weak", "moderate", "strong", "proven"} {
		if confidence == name {
			return i + 1
		}
	}
	return 0
}

// WriteHTML renders the report as one self-contained page: no script, no
// remote asset, and a content policy that allows its own style sheet only. The
// error is that of w.
func (v *View) WriteHTML(w io.Writer) error { return WriteHTML(w, []*View{v}) }

// WriteHTML renders the reports of several cases as one page, with a list of
// the cases on top where there is more than one.
func WriteHTML(w io.Writer, views []*View) error {
	b := bufio.NewWriter(w)
	err := page().Execute(b, struct {
		Views []*View
		Sheet Sheet
	}{views, NewSheet()})
	if err != nil {
		return fmt.Errorf("rendering HTML: %w", err)
	}
	return b.Flush()
}
