package report

import (
	"fmt"
	"path"
	"slices"
	"time"

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
	var near, far []Leftover
	for i := range b.res.Leftovers {
		if l := b.leftover(&b.res.Leftovers[i]); l.Elsewhere {
			far = append(far, l)
		} else {
			near = append(near, l)
		}
	}
	list := slices.Concat(near, far)
	out = append(out, list[:min(len(list), maxLeftovers)]...)
	return out, len(list) - len(out)
}

// How long before an attempt and after it an error may have to do with it.
const (
	leftoverBefore = time.Hour
	leftoverAfter  = 12 * time.Hour
)

// elsewhere reports whether all records of a kind lie at another time than the
// last attempt, of which the time is known.
func (b *builder) elsewhere(l *rules.Leftover) bool {
	if l.First.IsZero() || len(b.sessions) == 0 {
		return false
	}
	last := &b.sessions[len(b.sessions)-1]
	start, err := time.Parse(time.RFC3339Nano, last.Start.UTC)
	if last.Number == 0 || err != nil {
		return false
	}
	end, err := time.Parse(time.RFC3339Nano, last.End.UTC)
	if err != nil {
		end = start
	}
	return l.Last.Before(start.Add(-leftoverBefore)) || l.First.After(end.Add(leftoverAfter))
}

func (b *builder) leftover(l *rules.Leftover) Leftover {
	out := Leftover{
		Place: newPlace(l.Pos), When: b.show.moment(l.First), Count: l.Count,
		Source: line(sourceTitle(l)), Text: line(l.Text), kind: l,
	}
	out.Elsewhere = b.elsewhere(l)
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
	text := l.Source
	if l.Count > 1 {
		text += fmt.Sprintf(", %d records", l.Count)
	}
	if l.Elsewhere {
		text += ", not at the time of the attempt"
	}
	return text
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
