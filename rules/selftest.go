package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"debrief/event"
	"debrief/timeline"
)

// TestResult is one test of one rule as it went.
type TestResult struct {
	Rule, Test string
	File       string
	Line       int
	Failures   []string // what was not as expected; empty = passed
	// Result is what the rules made of the evidence, for an explanation.
	Result *Result
}

// Passed reports whether everything was as expected.
func (t *TestResult) Passed() bool { return len(t.Failures) == 0 }

// Test runs the tests of every rule. The rule alone is judged on each, or the
// whole set where the test speaks of root, explains or suppresses.
func (s *Set) Test() []TestResult {
	var out []TestResult
	for _, r := range s.rules {
		alone := newSet([]*Rule{r})
		for i := range r.Tests {
			t := &r.Tests[i]
			set := alone
			if t.expect.whole() {
				set = s
			}
			res := set.Evaluate(t.given.source())
			tr := TestResult{Rule: r.ID, Test: t.Name, File: r.File, Line: t.Line, Result: res}
			tr.Failures = t.expect.check(r.ID, res)
			out = append(out, tr)
		}
	}
	return out
}

// whole reports whether the test speaks of other rules.
func (e *expectation) whole() bool {
	return e.root != nil || len(e.explains) > 0 || len(e.suppresses) > 0
}

// check compares the result with what the test expects.
func (e *expectation) check(id string, res *Result) []string {
	var fails []string
	failf := func(format string, args ...any) { fails = append(fails, fmt.Sprintf(format, args...)) }
	var mine []*Finding
	fired := 0
	for _, f := range res.Findings {
		if f.Rule == id {
			mine = append(mine, f)
			if f.Verdict == Fire {
				fired++
			}
		}
	}
	if len(mine) == 0 {
		return []string{"the rule was not judged"}
	}
	// With several sessions or instances the one that says most counts.
	f := slices.MaxFunc(mine, func(a, b *Finding) int { return cmp.Compare(verdictWeight(a.Verdict), verdictWeight(b.Verdict)) })
	if f.Verdict != e.verdict {
		failf("verdict is %s, want %s", f.Verdict, e.verdict)
	}
	if e.confidence != NoConfidence && f.Confidence != e.confidence {
		failf("confidence is %s, want %s (%s)", f.Confidence, e.confidence, strings.Join(f.Notes, "; "))
	}
	if e.instances > 0 && fired != e.instances {
		failf("%d findings, want %d", fired, e.instances)
	}
	text := f.Message
	for _, s := range f.Contributing {
		text += "\n" + s
	}
	for _, w := range e.messageHas {
		if !containsFold(text, lowerASCII(w)) {
			failf("message lacks %q: %q", w, text)
		}
	}
	for _, w := range e.messageLacks {
		if containsFold(text, lowerASCII(w)) {
			failf("message has %q: %q", w, text)
		}
	}
	for _, src := range e.askFor {
		if !slices.ContainsFunc(f.Missing, func(a Ask) bool { return string(a.Source) == src }) {
			failf("does not ask for %s", src)
		}
	}
	return append(fails, e.checkGraph(f, res)...)
}

func verdictWeight(v Verdict) int {
	switch v {
	case Fire:
		return 2
	case Inconclusive:
		return 1
	}
	return 0
}

func (e *expectation) checkGraph(f *Finding, res *Result) []string {
	var fails []string
	if e.root != nil && slices.Contains(res.Roots, f) != *e.root {
		var roots []string
		for _, r := range res.Roots {
			roots = append(roots, r.Rule)
		}
		fails = append(fails, fmt.Sprintf("root is [%s], explained by [%s]", strings.Join(roots, ", "), strings.Join(f.ExplainedBy, ", ")))
	}
	for _, id := range e.explains {
		if !slices.Contains(f.Symptoms, id) {
			fails = append(fails, fmt.Sprintf("does not explain %s (explains [%s])", id, strings.Join(f.Symptoms, ", ")))
		}
	}
	for _, id := range e.suppresses {
		g := res.Find(id)
		if g == nil || !slices.Contains(g.SupersededBy, f.Rule) {
			fails = append(fails, fmt.Sprintf("does not suppress %s", id))
		}
	}
	return fails
}

// testStart is where the clock of a test stands if it names no start.
func testStart() time.Time { return time.Date(2024, 3, 5, 9, 0, 0, 0, time.UTC) }

// source builds the evidence of a test.
func (g *given) source() *Memory {
	base := testStart()
	if g.session != nil && g.session.start.set {
		base = g.session.start.fixed
	}
	m := &Memory{EventList: g.allEvents(base)}
	m.Sort()
	for i, f := range g.allFacts(base) {
		if f.Pos.IsZero() {
			f.Pos = event.Pos{File: "test/facts", Line: i + 1}
		}
		m.FactList = append(m.FactList, f)
	}
	m.CoverageList = g.coverage(m)
	m.Story = g.story(m, base)
	return m
}

func (g *given) allEvents(base time.Time) []event.Event {
	var out []event.Event
	lines := map[string]int{}
	place := func(ev *event.Event) {
		if ev.Pos.File == "" {
			ev.Pos.File = "test/" + string(ev.Source)
		}
		lines[ev.Pos.File]++
		n := lines[ev.Pos.File]
		ev.Pos.Offset = int64(n * 100)
		if strings.HasPrefix(string(ev.Source), "evtx.") {
			ev.Pos.Record = uint64(n)
		} else {
			ev.Pos.Line = n
		}
	}
	for _, l := range g.logs {
		lines, _ := logLines(l.text) // checked when it was loaded
		for _, line := range lines {
			ev := event.Event{Time: base.Add(line.after), Clock: event.ClockDeclared, Level: event.LevelInfo, Source: event.Source(l.source), Message: line.text}
			place(&ev)
			out = append(out, ev)
		}
	}
	for _, ge := range g.events {
		ev := ge.ev
		ev.Time = ge.at.at(base)
		if ev.Time.IsZero() {
			ev.Clock = event.ClockNone
		}
		place(&ev)
		out = append(out, ev)
	}
	return out
}

func (g *given) allFacts(base time.Time) []event.Fact {
	var out []event.Fact
	for _, gf := range g.facts {
		f := gf.fact
		if gf.time.set {
			f.Time = gf.time.at(base)
		}
		out = append(out, f)
	}
	if s := g.session; s != nil {
		for _, w := range [][2]string{{"session.flow", s.flow}, {"session.join", s.join}, {"session.outcome", s.outcome}} {
			if w[1] != "" {
				out = append(out, event.Text(w[0], "1", w[1], event.Pos{}))
			}
		}
	}
	return out
}

// coverage makes one file for each source.
func (g *given) coverage(m *Memory) []event.Coverage {
	names := append(slices.Clone(g.covered), g.damaged...)
	for i := range m.EventList {
		names = append(names, string(m.EventList[i].Source))
	}
	for i := range m.FactList {
		f := &m.FactList[i]
		// One of several possible sources would be a guess.
		if p := factProof(&factSpec{name: f.Name, key: normaliseKey(f.Key)}); len(p) == 1 && len(p[0]) == 1 {
			names = append(names, p[0][0])
		}
	}
	slices.Sort(names)
	var out []event.Coverage
	for _, n := range slices.Compact(names) {
		if slices.Contains(g.missing, n) {
			continue
		}
		c := event.Coverage{File: "test/" + n, Parser: "test", Sources: []event.Source{event.Source(n)}, Status: event.Empty}
		for i := range m.EventList {
			ev := &m.EventList[i]
			if string(ev.Source) != n || ev.Time.IsZero() {
				continue
			}
			c.Status = event.Read
			c.Records++
			if c.First.IsZero() {
				c.First = ev.Time
			}
			c.Last = ev.Time
		}
		if slices.Contains(g.damaged, n) {
			c.Status = event.Partial
			c.Problems = []event.Problem{{Pos: event.Pos{File: c.File}, Kind: event.Damage, Text: "cut short"}}
		}
		out = append(out, c)
	}
	return out
}

// story builds the timeline of the evidence and puts the given spans and
// facts in place of the derived ones.
func (g *given) story(m *Memory, base time.Time) *timeline.Timeline {
	t := timeline.Build(timeline.Input{Events: m.EventList, Facts: m.FactList, Coverage: m.CoverageList})
	var own []timeline.Span
	for _, gs := range g.spans {
		s := gs.span
		s.Start, s.End, s.LastSeen = gs.start.at(base), gs.end.at(base), gs.lastSeen.at(base)
		s.Evidence = []event.Pos{{File: "test/spans", Line: len(own) + 1}}
		own = append(own, s)
	}
	if s := g.session; s != nil {
		span := timeline.Span{
			Kind: timeline.KindSession, Name: "1", Session: 1, Parent: -1, Start: base, End: s.end.at(base),
			Evidence: []event.Pos{{File: "test/spans", Line: len(own) + 1}},
		}
		switch s.outcome {
		case "succeeded", "failed", "running":
			span.State = timeline.State(s.outcome)
		}
		own = append(own, span)
	}
	session := g.session != nil || slices.ContainsFunc(own, func(s timeline.Span) bool { return s.Kind == timeline.KindSession })
	derived := slices.DeleteFunc(slices.Clone(t.Spans), func(d timeline.Span) bool {
		return session && d.Kind == timeline.KindSession ||
			slices.ContainsFunc(own, func(s timeline.Span) bool { return s.Kind == d.Kind && s.Name == d.Name })
	})
	if g.session != nil {
		for i := range derived {
			derived[i].Session = 1
		}
	}
	t.Facts = slices.DeleteFunc(slices.Clone(t.Facts), func(d event.Fact) bool {
		return slices.ContainsFunc(m.FactList, func(f event.Fact) bool {
			return f.Name == d.Name && (f.Key == d.Key || strings.HasPrefix(f.Name, "session."))
		})
	})
	t.Spans = append(derived, own...)
	for i := range t.Spans {
		t.Spans[i].ID = i
	}
	return t
}
