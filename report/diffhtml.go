package report

import (
	"bufio"
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed diff.tmpl
var diffSource string

// diffFuncs are what the page of a comparison needs beside those of a report.
func diffFuncs() template.FuncMap {
	return template.FuncMap{
		"changeWord": func(change string) string { return changeWords[change] },
		"how":        DiffSpan.how,
		"factValue":  factValue,
		"stepPlace":  func(s DiffStep) string { return firstPlace(s.places()) },
		"firstPlace": firstPlace,
	}
}

// diffPage is what the template of a comparison sees.
type diffPage struct {
	*Diff
	Sheet Sheet
}

func (p diffPage) Same() bool               { return p.same() }
func (p diffPage) Counts() string           { return p.counts() }
func (p diffPage) Shared() string           { return p.shared() }
func (p diffPage) OfGood(s DiffStep) string { return p.ofGood(&s) }

// WriteHTML renders the comparison as one self-contained page, as that of a
// report. The error is that of w.
func (d *Diff) WriteHTML(w io.Writer) error {
	b := bufio.NewWriter(w)
	if err := page().ExecuteTemplate(b, "diff", diffPage{d, NewSheet()}); err != nil {
		return fmt.Errorf("rendering HTML: %w", err)
	}
	return b.Flush()
}
