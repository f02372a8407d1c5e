package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"debrief/event"
)

// WriteMarkdown renders the report for a ticket: GitHub-flavoured Markdown
// without HTML. Log text stands in fences that it cannot close; everything
// else from evidence is escaped, and addresses stand in code spans so that
// they do not become links. The error is that of w.
func (v *View) WriteMarkdown(w io.Writer) error {
	m := &markdown{bufio.NewWriter(w)}
	m.printf("# %s\n\n", md(v.Verdict.Line()))
	m.printf("%s\n", md("Case: "+strings.Join(v.Case, ", ")))
	if r := v.Root; r != nil {
		m.root(r)
	}
	for _, l := range v.Verdict.Limits {
		m.printf("\n> **Note:** %s\n", md(l))
	}
	if v.Root != nil {
		m.steps(v.Root)
		m.proof(v.Root)
		m.symptoms(v.Root)
	}
	m.findings("Also found", v.Also, v.MoreAlso)
	m.findings("Symptoms without a known cause", v.Unexplained, v.MoreUnexplained)
	m.leftovers(v)
	m.open(v.Open)
	m.sessions(v)
	m.device(v)
	m.coverage(v)
	m.printf("\n---\n\n%s\n", md(v.Colophon()))
	return m.w.Flush()
}

type markdown struct{ w *bufio.Writer }

func (m *markdown) printf(format string, args ...any) { fmt.Fprintf(m.w, format, args...) }

func (m *markdown) root(r *Finding) {
	if r.Message != "" {
		m.printf("\n%s\n", md(r.Message))
	}
	m.printf("\n")
	for _, n := range r.Notes {
		m.printf("- %s\n", md(n))
	}
	if len(r.Folded) > 0 {
		m.printf("- %s\n", md("This includes: "+strings.Join(r.Folded, "; ")))
	}
	m.printf("- **Confidence:** %s\n", md(r.Confidence+": "+strings.Join(r.Basis, "; ")))
	if w := when(r); w != "" {
		m.printf("- **When:** %s\n", md(w))
	}
	for _, c := range r.Codes {
		m.printf("- **Code:** %s\n", md(codeLine(c)))
	}
	m.table(r.Table)
}

func (m *markdown) steps(f *Finding) {
	if len(f.Steps) == 0 {
		return
	}
	m.printf("\n## What to do\n\n")
	for i, s := range f.Steps {
		m.printf("%d. %s\n", i+1, md(s.Do+stepNote(s)))
		if s.Verify != "" {
			m.printf("   - *Check:* %s\n", md(s.Verify))
		}
	}
	if len(f.References) > 0 {
		m.printf("\nSee: %s\n", md(strings.Join(f.References, " ; ")))
	}
}

func (m *markdown) proof(f *Finding) {
	if len(f.Evidence) == 0 {
		return
	}
	m.printf("\n## Proof\n")
	for _, q := range f.Evidence {
		m.quote(q)
	}
	if f.MoreEvidence > 0 {
		m.printf("\nand %d more\n", f.MoreEvidence)
	}
}

func (m *markdown) quote(q Quote) {
	m.printf("\n%s", mdCode(q.Place.Shown))
	for _, s := range []string{q.When.Shown, q.Caption()} {
		if s != "" {
			m.printf(", %s", md(s))
		}
	}
	var b strings.Builder
	for _, l := range q.Before {
		marked(&b, "  ", l)
	}
	marked(&b, "> ", q.Text)
	for _, l := range q.After {
		marked(&b, "  ", l)
	}
	fence := strings.Repeat("`", max(3, longestRun(b.String(), '`')+1))
	m.printf("\n\n%stext\n%s%s\n", fence, b.String(), fence)
}

// marked writes a piece of a log behind a mark.
func marked(b *strings.Builder, mark, text string) {
	for _, l := range strings.Split(text, "\n") {
		b.WriteString(mark + l + "\n")
		mark = "  "
	}
}

func (m *markdown) symptoms(f *Finding) {
	if len(f.Symptoms) == 0 {
		return
	}
	m.printf("\n## What this explains\n\n")
	for _, s := range f.Symptoms {
		m.printf("- %s%s\n", md(s.Title), mdPlaces(s.Evidence))
	}
}

// mdPlaces lists places behind a sentence.
func mdPlaces(quotes []Quote) string {
	const most = 3
	var parts []string
	for i, q := range quotes {
		if i == most {
			parts = append(parts, fmt.Sprintf("%d more", len(quotes)-most))
			break
		}
		parts = append(parts, mdCode(q.Place.Shown))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func (m *markdown) findings(title string, fs []Finding, more int) {
	if len(fs) == 0 {
		return
	}
	m.printf("\n## %s\n\n", title)
	for _, f := range fs {
		m.printf("- **%s** (%s)%s\n", md(f.Title), md(findingKind(&f)), mdPlaces(f.Evidence))
		if f.Message != "" && f.Message != f.Title {
			m.printf("  - %s\n", md(f.Message))
		}
		for _, n := range f.Notes {
			m.printf("  - %s\n", md(n))
		}
		for _, s := range f.Steps {
			m.printf("  - *Do:* %s\n", md(s.Do+stepNote(s)))
		}
	}
	if more > 0 {
		m.printf("- and %d more\n", more)
	}
}

func (m *markdown) open(open []Open) {
	if len(open) == 0 {
		return
	}
	m.printf("\n## Not decided, and what to collect\n\n")
	for _, o := range open {
		m.printf("- %s\n", md(o.Question))
		if o.Why != "" {
			m.printf("  - %s\n", md(o.Why))
		}
		if o.Collect != "" {
			m.printf("  - **Collect:** %s\n", md(o.Collect))
		}
	}
}

func (m *markdown) sessions(v *View) {
	if len(v.Sessions) == 0 {
		return
	}
	m.printf("\n## Timeline\n\n%s\n", md("Times: "+v.Clock.Shown))
	if v.MoreSessions > 0 {
		m.printf("\n%d earlier attempts are left out.\n", v.MoreSessions)
	}
	for i := range v.Sessions {
		s := &v.Sessions[i]
		m.printf("\n### %s\n\n", md(sessionTitle(s)))
		if span := sessionSpan(s); span != "" {
			m.printf("%s\n\n", md(span))
		}
		m.spent(s)
		if len(s.Rows) > 0 {
			m.printf("| Start | Duration | State | What |\n|---|---|---|---|\n")
		}
		for _, r := range s.Rows {
			what := strings.Repeat("– ", r.Depth) + r.Label
			if r.Code != "" {
				what += ", " + r.Code
			}
			m.printf("| %s | %s | %s | %s |\n", md(r.Start.Shown), md(r.Duration.Shown), md(r.State), md(what))
		}
		if s.More > 0 {
			m.printf("\nand %d shorter intervals without a failure\n", s.More)
		}
	}
}

func (m *markdown) device(v *View) {
	if len(v.Device) == 0 {
		return
	}
	m.printf("\n## Device\n\n| | |\n|---|---|\n")
	for _, f := range v.Device {
		m.printf("| %s | %s |\n", md(f.Name), md(f.Value))
	}
}

func (m *markdown) coverage(v *View) {
	m.printf("\n## Coverage\n\n%s\n", md(v.Coverage.Summary))
	var lost []File
	for _, f := range v.Coverage.Files {
		if f.Lost {
			lost = append(lost, f)
		}
	}
	if len(lost) > 0 {
		m.printf("\n")
	}
	for _, f := range lost {
		m.printf("- %s: %s\n", mdCode(f.Path), f.Status)
	}
	if odd := v.Coverage.unfamiliar(); len(odd) > 0 {
		m.printf("\nWording not known: %s\n", md(firstOf(odd, 6)))
	}
	if len(v.Coverage.Missing) > 0 {
		m.printf("\nNot covered: %s\n", md(missingTitles(v.Coverage.Missing)))
	}
	losses, rest := v.losses()
	if len(losses) == 0 {
		return
	}
	m.printf("\n### Problems\n\n")
	for _, p := range losses {
		if p.Place.Shown != "" {
			m.printf("- %s: %s\n", mdCode(p.Place.Shown), md(p.Kind+": "+p.Text))
			continue
		}
		m.printf("- %s\n", md(p.Kind+": "+p.Text))
	}
	if rest > 0 {
		m.printf("- and %s without consequence or of the same kind\n", event.Plural(rest, "remark"))
	}
}

func (m *markdown) table(t *Table) {
	if t == nil || len(t.Rows) == 0 {
		return
	}
	m.printf("\n|%s\n|%s\n", mdCells(t.Columns), strings.Repeat("---|", len(t.Columns)))
	for _, r := range t.Rows {
		m.printf("|%s\n", mdCells(r))
	}
	if t.More > 0 {
		m.printf("\nand %d more\n", t.More)
	}
}

func mdCells(cells []string) string {
	var b strings.Builder
	for _, c := range cells {
		b.WriteString(" " + md(c) + " |")
	}
	return b.String()
}
