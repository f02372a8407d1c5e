package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that lint holds against a rule.
type Problem struct {
	Rule         string
	File         string
	Line, Column int
	Text         string
}

// String renders the problem as file:line:column: text.
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
}

// Lint looks for what a loaded set can have wrong: words that no parser knows,
// edges that lead nowhere or in a circle, tests that are missing, and branches
// that no test reaches. It runs the tests to know the latter. The problems are
// ordered by file and place.
func (s *Set) Lint() []Problem {
	var out []Problem
	for _, r := range s.rules {
		note := func(p place, format string, args ...any) {
			out = append(out, Problem{r.ID, r.File, p.line, p.col, fmt.Sprintf(format, args...)})
		}
		for _, e := range r.remarks {
			note(place{e.Line, e.Column}, "%s", e.Msg)
		}
		s.lintEdges(r, note)
		s.lintTests(r, note)
		for _, sig := range r.signals {
			if !sig.used && !sig.hidden {
				note(sig.place, "signal %s is not used", sig.label())
			}
		}
	}
	s.lintCircles(func(r *Rule, p place, text string) {
		out = append(out, Problem{r.ID, r.File, p.line, p.col, text})
	})
	slices.SortStableFunc(out, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(out)
}

func (s *Set) lintEdges(r *Rule, note func(place, string, ...any)) {
	for i := range r.Explains {
		edge := &r.Explains[i]
		switch {
		case edge.Rule == r.ID:
			note(edge.place, "the rule explains itself")
		case !isGlob(edge.Rule) && s.byID[edge.Rule] == nil:
			note(edge.place, "explains rule %q, which does not exist", edge.Rule)
		case isGlob(edge.Rule) && !slices.ContainsFunc(s.rules, edge.covers):
			note(edge.place, "explains %q, which no symptom's id matches", edge.Rule)
		}
	}
	for _, id := range r.Supersedes {
		if id == r.ID || !slices.ContainsFunc(s.rules, func(o *Rule) bool { return idMatches(id, o.ID) }) {
			note(r.place, "supersedes rule %q, which does not exist", id)
		}
	}
	for _, id := range r.Outranks {
		if !slices.ContainsFunc(s.rules, func(o *Rule) bool { return o != r && idMatches(id, o.ID) }) {
			note(r.place, "outranks rule %q, which does not exist", id)
		}
	}
}

// lintCircles finds causes that explain each other. A circle is named once,
// from its first rule.
func (s *Set) lintCircles(note func(*Rule, place, string)) {
	var path []*Rule
	state := map[*Rule]uint8{} // 1 = on the path, 2 = done
	var walk func(r *Rule)
	walk = func(r *Rule) {
		state[r] = 1
		path = append(path, r)
		for i := range r.Explains {
			edge := &r.Explains[i]
			for _, to := range s.rules {
				if to == r || !edge.covers(to) || r.Role == RoleSymptom && to.Role != RoleSymptom {
					continue
				}
				switch state[to] {
				case 0:
					walk(to)
				case 1:
					names := ""
					for _, p := range path[slices.Index(path, to):] {
						names += p.ID + " → "
					}
					note(r, edge.place, "explains goes in a circle: "+names+to.ID)
				}
			}
		}
		path = path[:len(path)-1]
		state[r] = 2
	}
	for _, r := range s.rules {
		if state[r] == 0 {
			walk(r)
		}
	}
}

func (s *Set) lintTests(r *Rule, note func(place, string, ...any)) {
	has := [3]bool{}
	for _, t := range r.Tests {
		has[t.expect.verdict] = true
	}
	if !has[Fire] {
		note(r.place, "no test expects that the rule fires")
	}
	if !has[Silent] {
		note(r.place, "no test expects that the rule stays silent")
	}
	if !has[Inconclusive] && usesAbsent(r.when) {
		note(r.place, "the rule uses absent, yet no test expects inconclusive")
	}
	s.lintBranches(r, note)
}

func usesAbsent(c *cond) bool {
	return c.op == condAbsent || slices.ContainsFunc(c.children, usesAbsent)
}

// lintBranches runs the tests and reports members of any, in when and unless,
// that were never true.
func (s *Set) lintBranches(r *Rule, note func(place, string, ...any)) {
	reached := map[*cond]bool{}
	alone := newSet([]*Rule{r})
	for i := range r.Tests {
		e := alone.gather(r.Tests[i].given.source())
		runs := len(e.sessions)
		if !r.perSession() {
			runs = 1
		}
		for at := range runs {
			if !r.perSession() {
				at = -1
			}
			re := &ruleEval{evaluation: e, rule: r, sess: at, sets: make([]*matchSet, len(r.signals))}
			for _, c := range append([]*cond{r.when}, r.unless...) {
				markTrue(re, c, reached)
			}
		}
	}
	var walk func(c *cond)
	walk = func(c *cond) {
		for _, child := range c.children {
			if c.op == condAny && !reached[child] {
				note(child.place, "no test makes this branch true: %s", child)
			}
			walk(child)
		}
	}
	walk(r.when)
	for _, c := range r.unless {
		if !reached[c] {
			note(c.place, "no test makes this unless true: %s", c)
		}
		walk(c)
	}
}

func markTrue(r *ruleEval, c *cond, reached map[*cond]bool) {
	if r.eval(c).Verdict == True {
		reached[c] = true
	}
	for _, child := range c.children {
		markTrue(r, child, reached)
	}
}
