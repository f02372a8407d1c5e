package report

import (
	"fmt"
	"strings"

	"debrief/event"
	"debrief/timeline"
)

// stateStyle colours the state of an interval.
func stateStyle(state string) style {
	switch state {
	case "failed", "timed-out":
		return redStyle
	case "running", "cancelled":
		return amberStyle
	}
	return plainStyle
}

// sessionTitle names an enrolment attempt in a line.
func sessionTitle(s *Session) string {
	if s.Number == 0 {
		return "Outside any enrolment attempt"
	}
	parts := []string{fmt.Sprintf("Enrolment attempt %d", s.Number)}
	if s.User != "" {
		parts = append(parts, "user "+s.User)
	}
	if s.Flow != "" {
		parts = append(parts, strings.TrimPrefix(s.Flow, "autopilot-"))
	}
	if s.Join != "" {
		parts = append(parts, s.Join+" join")
	}
	if s.Outcome != "" {
		parts = append(parts, s.Outcome)
	}
	return strings.Join(parts, ", ")
}

// sessionSpan says from when to when an attempt lasted.
func sessionSpan(s *Session) string {
	if s.Start.Shown == "" {
		return ""
	}
	text := s.Start.Shown
	if s.End.Shown != "" {
		text += " to " + s.End.Shown
	}
	if s.Duration.Shown != "" {
		text += " (" + s.Duration.Shown + ")"
	}
	return text
}

// Columns of the timeline in text: start, duration, state.
const (
	dateColumn     = 19 // start with its date
	timeColumn     = 8  // start without
	durationColumn = 13
	stateColumn    = 11
)

func (p *printer) sessions(v *View) {
	if len(v.Sessions) == 0 {
		return
	}
	p.heading("Timeline")
	p.para(2, dimStyle, "Times: "+v.Clock.Shown)
	if v.MoreSessions > 0 {
		p.para(2, dimStyle, fmt.Sprintf("%d earlier attempts are left out.", v.MoreSessions))
	}
	for i := range v.Sessions {
		s := &v.Sessions[i]
		p.gap()
		p.para(2, boldStyle, sessionTitle(s))
		if span := sessionSpan(s); span != "" {
			p.para(2, dimStyle, span)
		}
		p.spent(s)
		if len(s.Spent) > 0 && len(s.Rows) > 0 {
			p.gap()
		}
		start := timeColumn
		for _, r := range s.Rows {
			if len(r.Start.Shown) > timeColumn {
				start = dateColumn
			}
		}
		for j := range s.Rows {
			p.row(&s.Rows[j], start)
		}
		if s.More > 0 {
			p.para(4, dimStyle, fmt.Sprintf("and %d shorter intervals without a failure", s.More))
		}
	}
	for _, j := range v.Clock.Steps {
		p.item(2, "! ", amberStyle, fmt.Sprintf("The device's clock was set by %s before %s (%s)", j.By, j.When.Shown, j.Place.Shown))
	}
}

func (p *printer) row(r *Row, startColumn int) {
	fixed := 2 + startColumn + 2 + durationColumn + 2 + stateColumn + 2
	label := strings.Repeat("  ", r.Depth) + r.Label
	if number, _, _ := strings.Cut(r.Code, " "); number != "" {
		label += "  " + number
	}
	width := max(p.width-fixed, 20)
	if r.Kind == string(timeline.KindSignIn) { // SIDs differ at their ends
		label = fitMiddle(label, width)
	}
	p.line(2, p.style(dimStyle, fit(r.Start.Shown, startColumn))+"  "+
		fit(r.Duration.Shown, durationColumn)+"  "+
		p.style(stateStyle(r.State), fit(r.State, stateColumn))+"  "+
		strings.TrimRight(fit(label, width), " "))
}

func (p *printer) device(v *View) {
	if len(v.Device) == 0 {
		return
	}
	p.heading("Device")
	column := 0
	for _, f := range v.Device {
		column = max(column, min(textWidth(f.Name), 28))
	}
	for _, f := range v.Device {
		p.pair(2, column, f.Name, f.Value)
	}
}

// coverage lists the files of which something was lost and those debrief
// cannot read; the count speaks for the rest.
func (p *printer) coverage(v *View) {
	p.heading("Coverage")
	p.para(2, plainStyle, v.Coverage.Summary)
	const most = 20
	shown := 0
	for _, f := range v.Coverage.Files {
		if !f.Lost && f.Status != "unknown" {
			continue
		}
		if shown++; shown > most {
			continue
		}
		s := plainStyle
		if f.Lost {
			s = amberStyle
		}
		p.item(2, fit(f.Status, 9)+"  ", s, f.Path+"  "+f.Size)
	}
	if shown > most {
		p.para(2, dimStyle, fmt.Sprintf("and %d more files", shown-most))
	}
	if odd := v.Coverage.unfamiliar(); len(odd) > 0 {
		p.item(2, "Wording not known: ", amberStyle, firstOf(odd, 6))
	}
	if len(v.Coverage.Missing) > 0 {
		p.item(2, "Not covered: ", dimStyle, missingTitles(v.Coverage.Missing))
	}
}

// problems lists what was lost; remarks are counted.
func (p *printer) problems(v *View) {
	losses, rest := v.losses()
	if len(losses) == 0 {
		return
	}
	p.heading("Problems")
	for _, pr := range losses {
		text := pr.Text
		if pr.Place.Shown != "" {
			text = pr.Place.Shown + ": " + text
		}
		p.item(2, fit(pr.Kind, 10)+"  ", amberStyle, text)
	}
	if rest > 0 {
		p.para(2, dimStyle, fmt.Sprintf("and %s without consequence or of the same kind", event.Plural(rest, "remark")))
	}
}
