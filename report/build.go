package report

import (
	"fmt"
	"slices"
	"strings"

	"debrief/codes"
	"debrief/event"
	"debrief/rules"
	"debrief/timeline"
)

// Input is what a report is made of.
type Input struct {
	Case      []string           // names of what was given, as the caller calls them
	Result    *rules.Result      // nil = no rules were evaluated
	Timeline  *timeline.Timeline // nil = none was made
	Coverage  []event.Coverage   // one a file, in the order to be shown
	Facts     []event.Fact       // what parsers found; those of the timeline are added
	Version   string             // of the tool
	RulesHash string             // of the rule pack
}

// New makes the view. It keeps nothing of in and changes nothing in it.
func New(in Input) *View {
	b := builder{in: in, facts: in.Facts, res: in.Result}
	if b.res == nil {
		b.res = &rules.Result{}
	}
	if in.Timeline != nil {
		b.facts = slices.Concat(in.Timeline.Facts, in.Facts)
	}
	v := &View{Schema: Schema, Tool: Tool{Name: "debrief", Version: in.Version, Rules: in.RulesHash}, Case: []string{}}
	for _, c := range in.Case {
		v.Case = append(v.Case, line(c))
	}
	b.show, v.Clock = newClock(in.Timeline)
	b.show.apps = appNames(b.facts)
	v.Sessions = b.show.sessions(in.Timeline, b.facts)
	v.Device = b.show.device(b.facts)
	v.Coverage = b.show.coverage(in.Coverage)
	v.Problems, v.MoreProblems = problems(in.Coverage)
	b.sessions = v.Sessions
	b.missing = v.Coverage.Missing

	root := b.root()
	v.Verdict = b.verdict(root)
	if root != nil {
		f := b.finding(root)
		v.Root = &f
	}
	v.Also, v.MoreAlso = b.findings(b.also(root))
	v.Unexplained, v.MoreUnexplained = b.findings(b.res.Unexplained)
	v.Leftovers, v.MoreLeftovers = b.leftovers(root)
	if v.Verdict.Kind == VerdictNone && len(v.Leftovers) > 0 {
		v.Verdict.Text = event.Plural(len(v.Leftovers)+v.MoreLeftovers, "kind") + " of error records that no rule explains, listed below"
	}
	if n := len(v.Sessions) - maxSessions; n > 0 {
		v.Sessions, v.MoreSessions = v.Sessions[n:], n
	}
	v.Open = b.open(root)
	return v
}

// builder holds what the parts of a view are made of.
type builder struct {
	in       Input
	res      *rules.Result
	facts    []event.Fact
	show     shower
	sessions []Session
	missing  []Missing
}

// lastSession is the number of the latest enrolment attempt; 0 = none is known.
func (b *builder) lastSession() int {
	last := 0
	for i := range b.sessions {
		last = max(last, b.sessions[i].Number)
	}
	return last
}

// outcome is that of an enrolment attempt; empty = unknown.
func (b *builder) outcome(number int) string {
	for i := range b.sessions {
		if b.sessions[i].Number == number {
			return b.sessions[i].Outcome
		}
	}
	return ""
}

// root returns the finding that the verdict may name: the root cause of the
// latest attempt that failed. The cause of an earlier attempt is no answer to
// why a later one failed.
func (b *builder) root() *rules.Finding {
	if b.res.Verdict != rules.OutcomeFailure || len(b.res.Roots) == 0 {
		return nil
	}
	r := b.res.Roots[0]
	if r.Session != 0 && r.Session < b.lastFailure() {
		return nil
	}
	return r
}

// lastFailure is the latest attempt that is known to have failed; 0 = none.
func (b *builder) lastFailure() int {
	last := 0
	for i := range b.sessions {
		if b.sessions[i].Outcome == "failed" {
			last = max(last, b.sessions[i].Number)
		}
	}
	for _, f := range b.res.Unexplained {
		if f.Impact == rules.ImpactFailure {
			last = max(last, f.Session)
		}
	}
	return last
}

// also lists what fired beside the root: causes of other attempts, further
// causes, contributing findings, context.
func (b *builder) also(root *rules.Finding) []*rules.Finding {
	var out []*rules.Finding
	for _, list := range [][]*rules.Finding{b.res.Roots, b.res.Also, b.res.Contexts} {
		for _, f := range list {
			if f != root {
				out = append(out, f)
			}
		}
	}
	return out
}

// findings shows the first of a list and counts the rest.
func (b *builder) findings(list []*rules.Finding) ([]Finding, int) {
	out := []Finding{}
	for _, f := range list[:min(len(list), maxFindings)] {
		out = append(out, b.finding(f))
	}
	return out, len(list) - len(out)
}

// finding shows one fired rule.
func (b *builder) finding(f *rules.Finding) Finding {
	out := Finding{
		Rule: f.Rule, Version: f.Version, Title: line(f.Title), Message: b.show.sentence(line(f.Message)), Area: lines(f.Area), Instance: line(f.Instance),
		Role: f.Role.String(), Impact: f.Impact.String(), Confidence: f.Confidence.String(),
		Basis: basis(f), Session: f.Session, When: b.show.moment(f.First),
		Notes: b.show.sentences(lines(f.Contributing)), Symptoms: []Symptom{}, Folded: b.folded(f), Steps: []Step{}, References: lines(f.References),
	}
	out.Evidence, out.MoreEvidence = b.quotes(f.Evidence, maxEvidence)
	for _, g := range explained(f) {
		s := Symptom{Rule: g.Rule, Role: g.Role.String(), Title: line(g.Title), Message: b.show.sentence(line(g.Message)), When: b.show.moment(g.First)}
		s.Evidence, _ = b.quotes(g.Evidence, maxSymptomEvidence)
		out.Symptoms = append(out.Symptoms, s)
	}
	for _, s := range f.Remedy {
		out.Steps = append(out.Steps, Step{Do: line(s.Do), Verify: line(s.Verify), Audience: line(s.Audience), Risk: line(s.Risk)})
	}
	if t := f.Table; t != nil && len(t.Columns) > 0 {
		out.Table = b.newTable(t)
	}
	out.Codes = codeNotes(f)
	return out
}

// Limits of what a view shows.
const (
	maxFindings        = 60 // of one list
	maxSessions        = 30
	maxEvidence        = 8
	maxSymptomEvidence = 3
	maxCodes           = 5
)

// ladderText says what a step of the confidence ladder rests on.
func ladderText(c rules.Confidence) string {
	switch c {
	case rules.Proven:
		return "the evidence states the cause itself"
	case rules.Strong:
		return "cause and effect are both seen in the evidence"
	case rules.Moderate:
		return "the usual reading of this evidence; other causes are possible"
	case rules.Weak:
		return "a hint only; other causes are as likely"
	}
	return "no confidence is stated"
}

// explained lists what f explains, directly or through others, earliest first.
func explained(f *rules.Finding) []*rules.Finding {
	var out []*rules.Finding
	for todo := f.Chain(); len(todo) > 0; {
		g := todo[0]
		todo = todo[1:]
		if g == f || slices.Contains(out, g) {
			continue
		}
		out = append(out, g)
		todo = append(todo, g.Chain()...)
	}
	slices.SortStableFunc(out, func(a, b *rules.Finding) int {
		switch {
		case a.First.IsZero() != b.First.IsZero():
			return b.First.Compare(a.First) // what has no time comes last
		case !a.First.Equal(b.First):
			return a.First.Compare(b.First)
		}
		return strings.Compare(a.ID(), b.ID())
	})
	return out
}

// folded lists the titles of fired rules that f supersedes in its attempt.
func (b *builder) folded(f *rules.Finding) []string {
	out := []string{}
	for _, g := range b.res.Findings {
		same := g.Session == f.Session || g.Session == 0 || f.Session == 0
		if title := line(g.Title); same && slices.Contains(g.SupersededBy, f.Rule) && !slices.Contains(out, title) {
			out = append(out, title)
		}
	}
	return out
}

// quotes shows up to most pieces of evidence and counts the rest.
func (b *builder) quotes(list []rules.Quote, most int) ([]Quote, int) {
	out := []Quote{}
	for i := range list[:min(len(list), most)] {
		q := &list[i]
		out = append(out, Quote{
			Place: newPlace(q.Pos), Label: strings.ReplaceAll(line(q.Signal), "_", " "), When: b.show.moment(q.Time),
			Note: line(q.Note), Text: quote(q.Text), Before: lines(q.Before), After: lines(q.After),
		})
	}
	return out, len(list) - len(out)
}

// newTable shows a table; short rows are filled up.
func (b *builder) newTable(t *rules.Table) *Table {
	out := &Table{Columns: lines(t.Columns), Rows: [][]string{}, More: t.More}
	for _, r := range t.Rows {
		row := make([]string, len(t.Columns))
		for i := range min(len(r), len(row)) {
			row[i] = b.show.sentence(line(r[i]))
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

// basis says what the confidence rests on and what limits it. Which condition
// of the rule a limit comes from is left to `rules explain`.
func basis(f *rules.Finding) []string {
	out := []string{ladderText(f.Confidence)}
	for _, n := range f.Notes {
		text, _, _ := strings.Cut(line(n), ": ")
		if why, ok := strings.CutPrefix(line(n), text+": "); ok && strings.HasPrefix(text, "not above") && why != "all of" && why != "any of" {
			text = line(n)
		}
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// codeNotes decodes the codes of message and evidence that the message does
// not explain itself.
func codeNotes(f *rules.Finding) []CodeNote {
	out := []CodeNote{}
	texts := []string{f.Message}
	for i := range f.Evidence {
		texts = append(texts, f.Evidence[i].Text)
	}
	var seen []uint32
	for _, text := range texts {
		for _, v := range codes.Find(text) {
			n := codeNote(v)
			if slices.Contains(seen, v) || len(out) == maxCodes || n.Meaning != "" && strings.Contains(f.Message, n.Meaning) {
				continue
			}
			seen = append(seen, v)
			out = append(out, n)
		}
	}
	return out
}

// lines makes each text harmless; the result is never nil.
func lines(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = line(s)
	}
	return out
}

// firstOf joins the first few of a list and counts the rest.
func firstOf(list []string, most int) string {
	if len(list) <= most {
		return strings.Join(list, "; ")
	}
	return strings.Join(list[:most], "; ") + fmt.Sprintf("; and %d more", len(list)-most)
}
