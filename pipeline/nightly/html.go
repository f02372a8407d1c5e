package nightly

import (
	"bufio"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"sync"

	"debrief/report"
)

//go:embed nightly.tmpl
var pageSource string

// page is the parsed template. It is part of the program, so a fault in it is a
// programmer's error.
var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("nightly").Funcs(template.FuncMap{"clean": clean}).Parse(pageSource))
})

// WriteHTML renders the report as one page without script or remote asset. The
// error is that of w.
func (r *Report) WriteHTML(w io.Writer) error {
	b := bufio.NewWriter(w)
	err := page().Execute(b, struct {
		*Report
		report.Sheet
		Counts, Ways string
		Quiet        bool
		Listed       []CaseLine
		Unlisted     int
	}{r, report.NewSheet(), r.counts(), r.judgedLine(), r.Outcome() == Quiet, r.New[:min(len(r.New), maxListed)], max(0, len(r.New)-maxListed)})
	if err != nil {
		return fmt.Errorf("rendering HTML: %w", err)
	}
	return b.Flush()
}
