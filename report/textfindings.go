package report

import (
	"fmt"
	"strings"
)

func (p *printer) symptoms(f *Finding) {
	if len(f.Symptoms) == 0 {
		return
	}
	p.heading("What this explains")
	for _, s := range f.Symptoms {
		p.item(2, "• ", plainStyle, s.Title)
		if s.Message != "" && s.Message != s.Title {
			p.para(4, dimStyle, s.Message)
		}
		p.places(4, s.Evidence)
	}
}

// places writes where the pieces of evidence stand, without their text.
func (p *printer) places(indent int, quotes []Quote) {
	const most = 3
	for i, q := range quotes {
		if i == most {
			p.para(indent, dimStyle, fmt.Sprintf("and %d more", len(quotes)-most))
			return
		}
		text := q.Place.Shown
		if q.When.Shown != "" {
			text += "  " + q.When.Shown
		}
		p.para(indent, blueStyle, text)
	}
}

func (p *printer) findings(title string, fs []Finding, more int) {
	if len(fs) == 0 {
		return
	}
	p.heading(title)
	for i, f := range fs {
		if i > 0 {
			p.gap()
		}
		p.item(2, "• ", boldStyle, f.Title)
		p.para(4, dimStyle, findingKind(&f))
		if f.Message != "" && f.Message != f.Title {
			p.para(4, plainStyle, f.Message)
		}
		for _, n := range f.Notes {
			p.item(4, "– ", plainStyle, n)
		}
		p.table(4, f.Table)
		for _, s := range f.Symptoms {
			p.item(4, "explains: ", dimStyle, s.Title)
		}
		for _, s := range f.Steps {
			p.item(4, "→ ", plainStyle, s.Do+stepNote(s))
		}
		p.places(4, f.Evidence)
	}
	if more > 0 {
		p.para(2, dimStyle, fmt.Sprintf("and %d more", more))
	}
}

// findingKind says in a line what a finding is and how sure.
func findingKind(f *Finding) string {
	parts := []string{f.Role}
	if f.Impact == "failure" || f.Impact == "warning" {
		parts = append(parts, f.Impact)
	}
	parts = append(parts, "confidence "+f.Confidence)
	if w := when(f); w != "" {
		parts = append(parts, w)
	}
	return strings.Join(parts, ", ")
}

// table writes a table of a finding.
func (p *printer) table(indent int, t *Table) {
	if t == nil || len(t.Rows) == 0 {
		return
	}
	widths := make([]int, len(t.Columns))
	for i, c := range t.Columns {
		widths[i] = textWidth(c)
		for _, r := range t.Rows {
			widths[i] = max(widths[i], textWidth(r[i]))
		}
	}
	shrink(widths, p.width-indent-2*len(widths))
	row := func(cells []string, s style) {
		var b strings.Builder
		for i, c := range cells {
			b.WriteString(fit(c, widths[i]) + "  ")
		}
		p.line(indent, p.style(s, strings.TrimRight(b.String(), " ")))
	}
	p.gap()
	row(t.Columns, dimStyle)
	for _, r := range t.Rows {
		row(r, plainStyle)
	}
	if t.More > 0 {
		p.para(indent, dimStyle, fmt.Sprintf("and %d more", t.More))
	}
}

// shrink narrows the widest columns until all fit into total cells.
func shrink(widths []int, total int) {
	const least = 4
	for {
		sum, widest := 0, 0
		for i, w := range widths {
			sum += w
			if w > widths[widest] {
				widest = i
			}
		}
		if sum <= total || widths[widest] <= least {
			return
		}
		widths[widest]--
	}
}

func (p *printer) open(open []Open) {
	if len(open) == 0 {
		return
	}
	p.heading("Not decided, and what to collect")
	for _, o := range open {
		p.item(2, "? ", plainStyle, o.Question)
		if o.Why != "" {
			p.para(4, dimStyle, o.Why)
		}
		if o.Collect != "" {
			p.item(4, "Collect: ", plainStyle, o.Collect)
		}
	}
}
