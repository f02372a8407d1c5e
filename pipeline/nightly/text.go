package nightly

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"debrief/event"
	"debrief/pipeline"
	"debrief/report"
)

// WriteText prints the report for people. The error is that of w.
func (r *Report) WriteText(w io.Writer) error {
	b := bufio.NewWriter(w)
	p := printer{b}
	p.line("%s", r.Headline())
	p.line("%s", r.counts())
	if s := r.judgedLine(); s != "" {
		p.line("%s", s)
	}
	if r.Outcome() == Quiet && len(r.New) == 0 {
		p.line("\nNothing new.")
	}
	if len(r.NewCauses) > 0 {
		p.heading("Causes seen for the first time")
		for _, c := range r.NewCauses {
			p.line("  %s (%s)", clean(c.Title), clean(c.Rule))
			p.cases(c.Cases, c.More)
		}
	}
	if len(r.Rising) > 0 {
		p.heading("Causes that rise")
		for _, c := range r.Rising {
			p.line("  %s (%s)", clean(c.Title), clean(c.Rule))
			p.line("    %s%s", c.Said(), c.Mark())
			p.cases(c.Cases, c.More)
		}
	}
	if len(r.Problems) > 0 {
		p.heading("One problem of many devices")
		for _, c := range r.Problems {
			p.line("  %s (%s)", clean(c.Title), clean(c.Rule))
			p.line("    %s%s", clean(c.Said()), c.Mark())
			p.cases(c.Cases, c.More)
		}
	}
	if len(r.Changed) > 0 {
		p.heading("Verdicts that changed")
		for _, c := range r.Changed {
			p.line("  %s", clean(c.Title()))
			p.line("    before: %s", clean(c.Before.Line))
			p.line("    now:    %s", clean(c.After.Line))
			if c.Said != "" {
				p.line("    the verdict before was called %s by an engineer", clean(string(c.Said)))
			}
		}
	}
	if len(r.Clusters) > 0 {
		p.heading("Errors that no rule explains, of several devices")
		for _, c := range r.Clusters {
			p.line("  %s", clean(c.Text))
			p.line("    %s%s", clean(c.Said()), c.Mark())
			p.cases(c.Cases, c.More)
		}
	}
	if len(r.Formats) > 0 {
		p.heading("Logs that are less understood than before")
		for _, f := range r.Formats {
			p.line("  %s", clean(f.Said()))
			p.cases(f.Cases, f.More)
		}
	}
	if len(r.Failed) > 0 {
		p.heading("Cases that could not be judged as they should")
		for _, f := range r.Failed {
			p.line("  %s: %s", clean(f.Title()), clean(f.Error))
		}
	}
	if len(r.New) > 0 {
		p.heading("New cases")
		p.cases(r.New[:min(len(r.New), maxListed)], max(0, len(r.New)-maxListed))
	}
	p.line("\n%s", r.Colophon())
	return b.Flush()
}

// maxListed bounds the new cases that are listed for people.
const maxListed = 50

type printer struct{ w io.Writer }

// line prints one line. The writer is buffered: what it has to say, it says at
// the end.
func (p printer) line(format string, args ...any) { fmt.Fprintf(p.w, format+"\n", args...) }

func (p printer) heading(text string) { p.line("\n%s", text) }

func (p printer) cases(list []CaseLine, more int) {
	for i := range list {
		c := &list[i]
		p.line("    %s  %s", clean(c.Title()), clean(c.Line))
	}
	if more > 0 {
		p.line("    and %d more", more)
	}
}

// Headline sums the report up in a line.
func (r *Report) Headline() string {
	when := r.At.Format(dayTime)
	if r.Since.IsZero() {
		return "First look at the archive, " + when + " UTC: what is there now is what later ones compare with"
	}
	return fmt.Sprintf("What is new from %s to %s UTC", r.Since.Format(dayTime), when)
}

const dayTime = "2006-01-02 15:04"

func (r *Report) counts() string {
	return fmt.Sprintf("%s in the archive, %d new; %d with a failure, %d inconclusive, %d with warnings, %d without",
		event.Plural(r.Cases, "case"), len(r.New), r.Outcomes["failure"], r.Outcomes["inconclusive"], r.Outcomes["warning"], r.Outcomes["none"])
}

// judgedLine says how the judgements were brought up to date; empty = all were.
func (r *Report) judgedLine() string {
	stood, judged, read := r.Judged[pipeline.Stands], r.Judged[pipeline.Judged], r.Judged[pipeline.ReadAnew]
	if stood+judged+read == 0 {
		return ""
	}
	return fmt.Sprintf("%s judged by the rules of today: %d stood, %d judged again, %d read again", event.Plural(stood+judged+read, "case"), stood, judged, read)
}

// Colophon says what made the report.
func (r *Report) Colophon() string { return "debrief " + r.Tool + ", rules " + r.Rules }

// Title names a case for people.
func (c *CaseLine) Title() string {
	parts := []string{string(c.ID)}
	for _, s := range []string{c.Ticket, c.Device} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if len(parts) == 1 {
		parts = append(parts, c.Name)
	}
	return strings.Join(parts, " ")
}

// Said words the rise.
func (c *RisingCause) Said() string {
	return fmt.Sprintf("%s in the last 7 days, %.1f a week in the %d weeks before; by chance less than once in %s",
		event.Plural(c.Devices, "device"), c.PerWeek, c.Weeks, oneIn(c.Chance))
}

// oneIn writes a small chance as a round number.
func oneIn(chance float64) string {
	for _, n := range []int{1_000_000, 100_000, 10_000} {
		if chance*float64(n) < 1 {
			return fmt.Sprint(n)
		}
	}
	return "1000"
}

// Said words the problem.
func (p *Problem) Said() string {
	text := event.Plural(p.Devices, "device")
	if p.First.Format(time.DateOnly) == p.Last.Format(time.DateOnly) {
		text += " on " + p.First.Format(time.DateOnly)
	} else {
		text += " from " + p.First.Format(time.DateOnly) + " to " + p.Last.Format(time.DateOnly)
	}
	for i, m := range p.Group {
		if i == 0 {
			text += ", all with"
		}
		text += " " + m.Name + " " + m.Value
	}
	if p.To != "" {
		text += " (" + p.To + ")"
	}
	return text
}

// Said words how far the records spread.
func (c *Cluster) Said() string {
	text := fmt.Sprintf("%s, %s, %d of them without a root cause; %s", event.Plural(c.Records, "record"), event.Plural(c.Devices, "device"), c.Unsolved, c.Source)
	if c.ID != 0 {
		text += fmt.Sprintf(" event %d", c.ID)
	}
	if c.Code != 0 {
		text += fmt.Sprintf(", 0x%08x", c.Code)
	}
	if c.Draft == "" {
		text += "; too little in common for a draft of a rule"
	}
	return text
}

// Said words the share.
func (f *FormatNote) Said() string {
	text := fmt.Sprintf("%s: %.0f %% of %s not known, %.0f %% before", f.Log, 100*f.Share, event.Plural(f.Records, "record"), 100*f.Before)
	if len(f.Formats) > 0 {
		text += "; written by version " + strings.Join(f.Formats, ", ")
	}
	return text
}

// Mark says what was said of it before.
func (k Known) Mark() string {
	if k.New() {
		return ""
	}
	return fmt.Sprintf(" (known since %s, then %s)", k.Since.Format(time.DateOnly), event.Plural(k.Before, "device"))
}

// clean makes text from outside one harmless line: control and format characters
// become visible.
func clean(s string) string { return cut(report.Harmless(s, false), 300) }
