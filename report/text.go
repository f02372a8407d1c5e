package report

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// TextOptions steer WriteText.
type TextOptions struct {
	Color bool // colour and weight by escape sequences
	Width int  // columns; 0 = 100, never less than 60
}

// style is a select-graphic-rendition sequence without its frame.
type style string

const (
	plainStyle style = ""
	boldStyle  style = "1"
	dimStyle   style = "2"
	redStyle   style = "1;31"
	greenStyle style = "1;32"
	amberStyle style = "1;33"
	blueStyle  style = "36"
)

// WriteText renders the report for a terminal. The verdict, what to do and the
// proof come first; the rest follows in the order of use. The error is that of
// w.
func (v *View) WriteText(w io.Writer, opts TextOptions) error {
	p := newPrinter(w, opts)
	p.item(0, "debrief report  ", boldStyle, strings.Join(v.Case, ", "))
	p.gap()
	p.verdict(v)
	if v.Root != nil {
		p.steps(v.Root)
		p.proof(v.Root)
		p.symptoms(v.Root)
	}
	p.findings("Also found", v.Also, v.MoreAlso)
	p.findings("Symptoms without a known cause", v.Unexplained, v.MoreUnexplained)
	p.leftovers(v)
	p.open(v.Open)
	p.sessions(v)
	p.device(v)
	p.coverage(v)
	p.problems(v)
	p.gap()
	p.para(0, plainStyle, v.Colophon())
	return p.w.Flush()
}

// printer lays out text. Its strings have been cleaned by New.
type printer struct {
	w     *bufio.Writer
	color bool
	width int
}

func newPrinter(w io.Writer, opts TextOptions) *printer {
	if opts.Width == 0 {
		opts.Width = 100
	}
	return &printer{w: bufio.NewWriter(w), color: opts.Color, width: max(opts.Width, 60)}
}

func (p *printer) style(s style, text string) string {
	if !p.color || s == plainStyle || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// line writes one finished line.
func (p *printer) line(indent int, text string) {
	p.w.WriteString(strings.Repeat(" ", indent))
	p.w.WriteString(text)
	p.w.WriteByte('\n')
}

func (p *printer) gap() { p.w.WriteByte('\n') }

// para writes text wrapped and indented.
func (p *printer) para(indent int, s style, text string) {
	for _, l := range wrap(text, p.width-indent) {
		p.line(indent, p.style(s, l))
	}
}

// item writes text wrapped behind a mark, with a hanging indent.
func (p *printer) item(indent int, mark string, s style, text string) {
	hang := indent + textWidth(mark)
	for i, l := range wrap(text, p.width-hang) {
		if i == 0 {
			p.line(indent, mark+p.style(s, l))
			continue
		}
		p.line(hang, p.style(s, l))
	}
}

// pair writes a name and a wrapped value in two columns.
func (p *printer) pair(indent, column int, name, value string) {
	if value == "" {
		return
	}
	first := fit(name, column) + "  "
	for _, l := range wrap(value, p.width-indent-column-2) {
		p.line(indent, p.style(dimStyle, first)+l)
		first = strings.Repeat(" ", column+2)
	}
}

func (p *printer) heading(text string) {
	p.gap()
	p.line(0, p.style(boldStyle, text))
}

func verdictStyle(kind string) style {
	switch kind {
	case VerdictRootCause:
		return redStyle
	case VerdictNone:
		return greenStyle
	}
	return amberStyle
}

func (p *printer) verdict(v *View) {
	s := verdictStyle(v.Verdict.Kind)
	lines := wrap(v.Verdict.Line(), p.width)
	for i, l := range lines {
		if rest, ok := strings.CutPrefix(l, v.Verdict.Label+":"); ok && i == 0 {
			p.line(0, p.style(s, v.Verdict.Label+":")+p.style(boldStyle, rest))
			continue
		}
		p.line(0, p.style(boldStyle, l))
	}
	if r := v.Root; r != nil {
		if r.Message != "" && r.Message != v.Verdict.Text {
			p.gap()
			p.para(2, plainStyle, r.Message)
		}
		for _, n := range r.Notes {
			p.item(2, "• ", plainStyle, n)
		}
		if len(r.Folded) > 0 {
			p.item(2, "• ", plainStyle, "This includes: "+strings.Join(r.Folded, "; "))
		}
		p.gap()
		p.pair(2, 10, "Confidence", r.Confidence+": "+strings.Join(r.Basis, "; "))
		p.pair(2, 10, "When", when(r))
		for _, c := range r.Codes {
			p.pair(2, 10, "Code", codeLine(c))
		}
		p.table(2, r.Table)
	}
	for _, l := range v.Verdict.Limits {
		p.gap()
		p.item(2, "! ", amberStyle, l)
	}
}

// when says when a finding's cause was seen, and in which attempt.
func when(f *Finding) string {
	s := f.When.Shown
	if f.Session > 0 {
		if s != "" {
			s += ", "
		}
		s += "enrolment attempt " + strconv.Itoa(f.Session)
	}
	return s
}

func codeLine(c CodeNote) string {
	s := c.Code
	if c.Name != "" {
		s += " " + shortName(c.Name)
	}
	s += ": " + c.Meaning
	if !c.Verified {
		s += " (unconfirmed)"
	}
	return s
}

func (p *printer) steps(f *Finding) {
	if len(f.Steps) == 0 {
		return
	}
	p.heading("What to do")
	for i, s := range f.Steps {
		p.item(2, strconv.Itoa(i+1)+". ", plainStyle, s.Do+stepNote(s))
		if s.Verify != "" {
			p.item(5, "Check: ", dimStyle, s.Verify)
		}
	}
	for _, r := range f.References {
		p.item(2, "See: ", dimStyle, r)
	}
}

// stepNote says who does a step and what it risks.
func stepNote(s Step) string {
	var notes []string
	if s.Audience != "" {
		notes = append(notes, s.Audience)
	}
	if s.Risk != "" && s.Risk != "none" {
		notes = append(notes, "risk: "+s.Risk)
	}
	if len(notes) == 0 {
		return ""
	}
	return " (" + strings.Join(notes, "; ") + ")"
}

func (p *printer) proof(f *Finding) {
	if len(f.Evidence) == 0 {
		return
	}
	p.heading("Proof")
	for i, q := range f.Evidence {
		if i > 0 {
			p.gap()
		}
		p.quote(2, q)
	}
	if f.MoreEvidence > 0 {
		p.para(2, dimStyle, fmt.Sprintf("and %d more", f.MoreEvidence))
	}
}

// quote writes a piece of evidence with its neighbours; ">" marks its first line.
func (p *printer) quote(indent int, q Quote) {
	about := strings.TrimSpace(q.When.Shown + "  " + q.Caption())
	if indent+textWidth(q.Place.Shown)+2+textWidth(about) <= p.width {
		p.line(indent, p.style(blueStyle, q.Place.Shown)+p.style(dimStyle, "  "+about))
	} else {
		p.para(indent, blueStyle, q.Place.Shown)
		p.para(indent, dimStyle, about)
	}
	for _, l := range q.Before {
		p.quoted(indent, "  | ", dimStyle, l)
	}
	p.quoted(indent, "> | ", plainStyle, q.Text)
	for _, l := range q.After {
		p.quoted(indent, "  | ", dimStyle, l)
	}
}

func (p *printer) quoted(indent int, mark string, s style, text string) {
	for i, text := range wrap(text, p.width-indent-len(mark)) {
		if i > 0 {
			mark = "  | "
		}
		p.line(indent, p.style(dimStyle, mark)+p.style(s, text))
	}
}
