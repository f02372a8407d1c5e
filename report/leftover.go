package report

import (
	"fmt"
	"path"

	"debrief/event"
	"debrief/rules"
)

// maxLeftovers bounds the kinds of unexplained error records that are shown.
const maxLeftovers = 8

// leftovers shows the error records that no rule speaks of, where they matter:
// not beside a sure root cause, and not after an enrolment that succeeded.
func (b *builder) leftovers(root *rules.Finding) ([]Leftover, int) {
	out := []Leftover{}
	switch {
	case root != nil && root.Confidence >= rules.Strong,
		root == nil && b.res.Verdict == rules.OutcomeNone && b.outcome(b.lastSession()) == "succeeded":
		return out, 0
	}
	list := b.res.Leftovers
	for i := range list[:min(len(list), maxLeftovers)] {
		out = append(out, b.leftover(&list[i]))
	}
	return out, len(list) - len(out)
}

func (b *builder) leftover(l *rules.Leftover) Leftover {
	out := Leftover{
		Place: newPlace(l.Pos), When: b.show.moment(l.First), Count: l.Count,
		Source: line(sourceTitle(l)), Text: line(l.Text),
	}
	if l.Code != 0 {
		n := codeNote(l.Code)
		out.Code = &n
	}
	return out
}

// sourceTitle names the log of a kind of records.
func sourceTitle(l *rules.Leftover) string {
	if l.ID == 0 {
		return path.Base(l.Pos.File)
	}
	return event.Describe(l.Source).Title
}

// head names the log and how often.
func (l Leftover) head() string {
	if l.Count > 1 {
		return fmt.Sprintf("%s, %d records", l.Source, l.Count)
	}
	return l.Source
}

// leftoverTitle heads the list in every form of the report.
const leftoverTitle = "Errors that no rule explains"

func (p *printer) leftovers(v *View) {
	if len(v.Leftovers) == 0 {
		return
	}
	p.heading(leftoverTitle)
	for _, l := range v.Leftovers {
		p.item(2, "• ", plainStyle, l.Text)
		if l.Code != nil {
			p.para(4, plainStyle, codeLine(*l.Code))
		}
		p.para(4, dimStyle, l.head())
		p.places(4, []Quote{{Place: l.Place, When: l.When}})
	}
	if v.MoreLeftovers > 0 {
		p.para(2, dimStyle, fmt.Sprintf("and %d more kinds", v.MoreLeftovers))
	}
}

func (m *markdown) leftovers(v *View) {
	if len(v.Leftovers) == 0 {
		return
	}
	m.printf("\n## %s\n\n", leftoverTitle)
	for _, l := range v.Leftovers {
		m.printf("- %s (%s, %s)\n", md(l.Text), md(l.head()), mdCode(l.Place.Shown))
		if l.Code != nil {
			m.printf("  - %s\n", md(codeLine(*l.Code)))
		}
	}
	if v.MoreLeftovers > 0 {
		m.printf("- and %d more kinds\n", v.MoreLeftovers)
	}
}
