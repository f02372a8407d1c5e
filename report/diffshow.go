package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// changeWords name the changes for people.
var changeWords = map[string]string{"result": "ended otherwise", "missing": "missing", "slower": "slower", "new": "new"}

// WriteJSON renders the comparison as indented JSON. The error is that of w.
func (d *Diff) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(d)
}

// same reports whether nothing differs.
func (d *Diff) same() bool { return len(d.Steps)+len(d.Facts)+len(d.Records) == 0 }

// summary says in a line how much differs, and what a shared copy hides.
func (d *Diff) summary() string {
	if d.Redacted == "" {
		return d.counts()
	}
	return d.counts() + " " + d.shared()
}

// shared says what a shared copy hides; empty = nothing.
func (d *Diff) shared() string {
	if d.Redacted == "" {
		return ""
	}
	return "This copy is " + redactedText(d.Redacted) + "."
}

// counts says in a line how much differs.
func (d *Diff) counts() string {
	if d.same() {
		return "No difference was found."
	}
	counts := map[string]int{}
	for _, s := range d.Steps {
		counts[s.Change]++
	}
	var parts []string
	for _, c := range []string{"result", "missing", "slower", "new"} {
		if n := counts[c]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, changeWords[c]))
		}
	}
	text := "Intervals: none differ"
	if len(parts) > 0 {
		text = "Intervals: " + strings.Join(parts, ", ")
	}
	return fmt.Sprintf("%s. Settings that differ: %d. Kinds of warnings and errors only here: %d.", text, len(d.Facts)+d.MoreFacts, len(d.Records)+d.MoreRecords)
}

// how says how one side of an interval stands.
func (s DiffSpan) how() string {
	if s.State == "" && s.Duration.Shown == "" {
		return "–"
	}
	text := strings.TrimSpace(s.Duration.Shown + " " + s.State)
	if number, _, _ := strings.Cut(s.Code, " "); number != "" {
		text += " " + number
	}
	return text
}

// or returns a word for an empty value.
func or(s, word string) string {
	if s == "" {
		return word
	}
	return s
}

// factValue is the value of a fact, or a word for none.
func factValue(s string) string { return or(s, "not set or not collected") }

// places are where the interval was seen: here, else in a healthy case.
func (s *DiffStep) places() []Place {
	if len(s.Bad.Places) > 0 {
		return s.Bad.Places
	}
	return s.Good.Places
}

// firstPlace shows the first place of a list; empty = none.
func firstPlace(list []Place) string {
	if len(list) == 0 {
		return ""
	}
	return list[0].Shown
}

// WriteText renders the comparison for a terminal. The error is that of w.
func (d *Diff) WriteText(w io.Writer, opts TextOptions) error {
	p := newPrinter(w, opts)
	p.item(0, "debrief diff  ", boldStyle, d.Bad)
	p.item(0, "compared with ", dimStyle, strings.Join(d.Good, ", "))
	p.gap()
	p.para(0, boldStyle, d.summary())
	for _, n := range d.Notes {
		p.item(2, "! ", amberStyle, n)
	}
	change := ""
	for i := range d.Steps {
		s := &d.Steps[i]
		if s.Change != change {
			change = s.Change
			p.heading("Intervals: " + changeWords[change])
		}
		p.item(2, "• ", plainStyle, s.Label)
		p.item(4, "healthy  ", dimStyle, s.Good.how()+d.ofGood(s))
		p.item(4, "here     ", plainStyle, s.Bad.how())
		if at := firstPlace(s.places()); at != "" {
			p.para(4, blueStyle, at)
		}
	}
	p.more(d.MoreSteps)
	if len(d.Facts) > 0 {
		p.heading("Settings that differ")
	}
	for _, f := range d.Facts {
		p.item(2, "• ", plainStyle, f.Name)
		p.item(4, "healthy  ", dimStyle, factValue(f.Good))
		p.item(4, "here     ", plainStyle, factValue(f.Bad))
		if at := firstPlace(f.Places); at != "" {
			p.para(4, blueStyle, at)
		}
	}
	p.more(d.MoreFacts)
	if len(d.Records) > 0 {
		p.heading("Warnings and errors only here")
	}
	for _, r := range d.Records {
		p.item(2, "• ", plainStyle, r.Text)
		p.para(4, dimStyle, fmt.Sprintf("%s, %d ×", r.Source, r.Count))
		p.places(4, []Quote{{Place: r.Place, When: r.When}})
	}
	p.more(d.MoreRecords)
	return p.w.Flush()
}

func (p *printer) more(n int) {
	if n > 0 {
		p.para(2, dimStyle, fmt.Sprintf("and %d more", n))
	}
}

// ofGood says how many healthy cases have an interval, where there are several.
func (d *Diff) ofGood(s *DiffStep) string {
	if len(d.Good) < 2 || s.Seen == 0 {
		return ""
	}
	return fmt.Sprintf(" (median of %d of %d)", s.Seen, len(d.Good))
}

// WriteMarkdown renders the comparison as Markdown. The error is that of w.
func (d *Diff) WriteMarkdown(w io.Writer) error {
	m := &markdown{w: bufio.NewWriter(w)}
	m.printf("# %s\n\n%s\n", md("Difference of "+d.Bad+" from "+strings.Join(d.Good, ", ")), md(d.summary()))
	for _, n := range d.Notes {
		m.printf("\n> %s\n", md(n))
	}
	if len(d.Steps) > 0 {
		m.printf("\n## Intervals\n\n| Change | What | Healthy | Here |\n|---|---|---|---|\n")
	}
	for i := range d.Steps {
		s := &d.Steps[i]
		m.printf("|%s\n", mdCells([]string{changeWords[s.Change], s.Label, s.Good.how() + d.ofGood(s), s.Bad.how()}))
	}
	if len(d.Facts) > 0 {
		m.printf("\n## Settings that differ\n\n| Setting | Healthy | Here |\n|---|---|---|\n")
	}
	for _, f := range d.Facts {
		m.printf("|%s\n", mdCells([]string{f.Name, f.Good, f.Bad}))
	}
	if len(d.Records) > 0 {
		m.printf("\n## Warnings and errors only here\n\n")
	}
	for _, r := range d.Records {
		m.printf("- %s (%s, %d ×, %s)\n", md(r.Text), md(r.Source), r.Count, mdCode(r.Place.Shown))
	}
	if n := d.MoreSteps + d.MoreFacts + d.MoreRecords; n > 0 {
		m.printf("\nand %d more\n", n)
	}
	return m.w.Flush()
}
