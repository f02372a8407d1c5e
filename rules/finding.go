package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"debrief/event"
)

// Finding is one rule as judged on one session (or on the whole case).
type Finding struct {
	Rule       string // id
	Version    string
	Title      string
	Role       Role
	Impact     Impact
	Area       []string
	References []string
	Session    int    // number of the session; 0 = the whole case
	Instance   string // the value of each; empty = none
	Verdict    Verdict
	Confidence Confidence // of a rule that fired

	Message      string   // of a rule that fired
	Contributing []string // further sentences
	Evidence     []Quote
	Table        *Table // nil = none
	Remedy       []Step
	Notes        []string // what limits the finding: a cap, a heal that could not be checked
	// First and Last bound the evidence; zero = it has no time.
	First, Last time.Time

	// Symptoms are the ids of fired rules this one explains, through others
	// too; ExplainedBy those that explain it; SupersededBy those it is folded into.
	Symptoms     []string
	ExplainedBy  []string
	SupersededBy []string

	Missing []Ask   // what would decide an inconclusive rule, or firm up a fired one
	Nodes   []*Node // how the verdict came about: applies, when, unless

	order int                 // place among all findings, fixed by rule, session and instance
	joins map[string][]string // values of the variables that edges join on
	rule  *Rule
	edges []*Finding // what it explains directly
}

// ID tells findings of one result apart.
func (f *Finding) ID() string {
	id := f.Rule
	if f.Session > 0 {
		id += fmt.Sprintf("#%d", f.Session)
	}
	if f.Instance != "" {
		id += "/" + f.Instance
	}
	return id
}

// Ask is one thing to collect.
type Ask struct {
	Source  event.Source
	Title   string   // what it is
	Collect string   // how to get it
	Rules   []string // ids of the rules it would decide
}

// Table is the table of a finding, as text.
type Table struct {
	Columns []string
	Rows    [][]string
	More    int // rows left out
}

// maxEvidence bounds the quotes of one finding.
const maxEvidence = 24

// judge settles the verdict of the rule and, if it fires, what to say.
func (r *ruleEval) judge() *Finding {
	f := &Finding{
		Rule: r.rule.ID, Version: r.rule.Version, Title: r.rule.Title, Role: r.rule.Role, Impact: r.rule.Impact,
		Area: r.rule.Area, References: r.rule.References, Session: r.number(), Instance: r.instance, rule: r.rule,
	}
	top := func(op string, c *cond) *Node {
		k := r.eval(c)
		f.Nodes = append(f.Nodes, &Node{Op: op, Text: op, Verdict: k.Verdict, Children: []*Node{k}})
		return k
	}
	if r.rule.applies != nil && top("applies", r.rule.applies).Verdict == False {
		f.Verdict = Silent
		return f
	}
	when := top("when", r.rule.when)
	switch when.Verdict {
	case False:
		f.Verdict = Silent
	case Unknown:
		f.Verdict = Inconclusive
	case True:
		f.Verdict = Fire
	}
	if f.Verdict != Silent {
		for _, c := range r.rule.unless {
			switch top("unless", c).Verdict {
			case True:
				f.Verdict = Silent
			case Unknown:
				f.Notes = append(f.Notes, "whether it healed later could not be checked: "+c.String())
			}
		}
	}
	if f.Verdict != Silent {
		r.checkNeeds(f, when)
	}
	if f.Verdict == Fire {
		r.fire(f, when)
	}
	return f
}

// checkNeeds turns the verdict where a required source is missing, and lists
// what to ask for.
func (r *ruleEval) checkNeeds(f *Finding, when *Node) {
	for _, need := range r.rule.Needs {
		if r.cover.anyCovered(need.Sources) {
			continue
		}
		n := &Node{Op: "needs", Text: "needs " + joinNames(need.Sources), Verdict: Unknown, Reason: "not collected"}
		if need.Optional {
			n.Reason += " (optional)"
		} else {
			f.Verdict = Inconclusive
		}
		f.Nodes = append(f.Nodes, n)
		f.Missing = addAsk(f.Missing, r.ask(need.Sources[0]))
	}
	if f.Verdict == Inconclusive {
		f.Notes = nil
		for _, s := range missingOf(when, nil) {
			f.Missing = addAsk(f.Missing, r.ask(s))
		}
	}
}

// missingOf collects the sources that the unknown parts of a tree lack.
func missingOf(n *Node, to []string) []string {
	if n.Verdict == Unknown {
		for _, s := range n.missing {
			if !slices.Contains(to, s) {
				to = append(to, s)
			}
		}
	}
	for _, c := range n.Children {
		to = missingOf(c, to)
	}
	return to
}

// ask describes a source to collect, in the rule's words if it has any.
func (r *ruleEval) ask(source string) Ask {
	info := event.Describe(event.Source(source))
	a := Ask{Source: info.Source, Title: info.Title, Collect: info.Collect, Rules: []string{r.rule.ID}}
	for _, n := range r.rule.Needs {
		if n.IfMissing != "" && slices.Contains(n.Sources, source) {
			a.Collect = n.IfMissing
		}
	}
	return a
}

func addAsk(list []Ask, a Ask) []Ask {
	for i := range list {
		if list[i].Source == a.Source {
			for _, id := range a.Rules {
				if !slices.Contains(list[i].Rules, id) {
					list[i].Rules = append(list[i].Rules, id)
				}
			}
			return list
		}
	}
	return append(list, a)
}

// fire fills in what a rule that fired has to say.
func (r *ruleEval) fire(f *Finding, when *Node) {
	hits := usedOf(when, nil)
	for i := range hits {
		if p, ok := hits[i].m.extent(hits[i].ref.end, r.assumed); ok {
			if f.First.IsZero() || p.start.Before(f.First) {
				f.First = p.start
			}
			if p.end.After(f.Last) {
				f.Last = p.end
			}
		}
	}
	f.Confidence = r.confidence(f)
	f.Message = r.render(r.rule.message)
	for _, c := range r.rule.contributing {
		if k := r.eval(c.cond); k.Verdict == True {
			f.Contributing = append(f.Contributing, r.render(c.say))
			hits = append(hits, k.used...)
		}
	}
	f.Evidence = r.evidence(hits)
	f.Table = r.table()
	for _, s := range r.rule.remedy {
		if s.when == nil || r.eval(s.when).Verdict == True {
			f.Remedy = append(f.Remedy, s.Step)
		}
	}
	f.joins = r.joinValues()
}

// usedOf collects the matches that made a tree true.
func usedOf(n *Node, to []used) []used {
	if n.Verdict == True {
		to = append(to, n.used...)
		for _, c := range n.Children {
			to = usedOf(c, to)
		}
	}
	return to
}

func (r *ruleEval) confidence(f *Finding) Confidence {
	anyTrue := func(list []*cond) *cond {
		for _, c := range list {
			if r.eval(c).Verdict == True {
				return c
			}
		}
		return nil
	}
	l := &r.rule.confidence
	level := l.base
	for at := Proven; at > level; at-- {
		if c := anyTrue(l.raise[at]); c != nil {
			level = at
		}
	}
	limit := func(at Confidence, why string) {
		if level > at {
			f.Notes = append(f.Notes, fmt.Sprintf("not above %s: %s", at, why))
			level = at
		}
	}
	for at := Weak; at < Proven; at++ {
		if c := anyTrue(l.limit[at]); c != nil {
			limit(at, c.String())
		}
	}
	if !r.rule.Verified {
		limit(Moderate, "no public source or real log confirms the rule")
	}
	if r.rule.Status == "experimental" {
		limit(Moderate, "the rule is experimental")
	}
	if r.rule.nearOnly {
		limit(Weak, "nothing but closeness in time speaks for it")
	}
	return level
}

// evidence quotes what the rule keeps, or else what made it fire: three
// quotes of each signal.
func (r *ruleEval) evidence(hits []used) []Quote {
	if len(r.rule.keep) > 0 {
		hits = nil
		for _, at := range r.rule.keep {
			list := r.chosen(at)
			for _, m := range list[:min(len(list), maxUsed)] {
				hits = append(hits, used{at, m})
			}
		}
	}
	var out []Quote
	perSignal := map[string]int{}
	for _, u := range hits {
		if perSignal[u.ref.sig.label()] >= maxUsed || len(out) >= maxEvidence {
			continue
		}
		q, ok := r.quote(u)
		known := slices.ContainsFunc(out, func(o Quote) bool { return o.Pos == q.Pos && o.Text == q.Text })
		if !ok || known {
			continue
		}
		perSignal[q.Signal]++
		out = append(out, q)
		if end, ok := closing(u, q); ok {
			out = append(out, end)
		}
	}
	slices.SortStableFunc(out, func(a, b Quote) int {
		if a.Time.IsZero() != b.Time.IsZero() {
			return b.Time.Compare(a.Time) // what has no time comes last
		}
		return cmp.Or(a.Time.Compare(b.Time), a.Pos.Compare(b.Pos))
	})
	return out
}

// closing is the quote of the record that ends a span, where it is another one
// than the record that begins it.
func closing(u used, q Quote) (Quote, bool) {
	s := u.m.span
	if s == nil || s.End.IsZero() || len(s.Evidence) < 2 || s.Evidence[len(s.Evidence)-1] == q.Pos {
		return Quote{}, false
	}
	q.Pos, q.Time = s.Evidence[len(s.Evidence)-1], s.End
	return q, true
}

func (r *ruleEval) table() *Table {
	spec := r.rule.table
	if spec == nil {
		return nil
	}
	list := slices.Clone(r.chosen(spec.from))
	if by, desc := strings.CutPrefix(spec.sort, "-"); by != "" {
		slices.SortStableFunc(list, func(a, b match) int {
			va, vb := r.variable(spec.from.sig, &a, by), r.variable(spec.from.sig, &b, by)
			c, ok := compareValues(va, vb)
			if !ok {
				c = strings.Compare(va.String(), vb.String())
			}
			if desc {
				return -c
			}
			return c
		})
	}
	t := &Table{Columns: spec.columns}
	for i := range list {
		if i == spec.limit {
			t.More = len(list) - i
			break
		}
		row := make([]string, len(spec.columns))
		for j, col := range spec.columns {
			row[j] = clip(r.variable(spec.from.sig, &list[i], col).String(), maxTemplateValue)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// maxJoinValues bounds the values of one variable that edges join on.
const maxJoinValues = 1000

// joinValues collects the values of captured variables, for the edges of the
// cause graph.
func (r *ruleEval) joinValues() map[string][]string {
	out := map[string][]string{}
	for _, s := range r.rule.signals {
		for _, name := range s.caps {
			if !r.set.joined[name] {
				continue
			}
			for _, v := range r.values(varRef{ref{sig: s}, name}) {
				if t := lowerASCII(v.String()); len(out[name]) < maxJoinValues && !slices.Contains(out[name], t) {
					out[name] = append(out[name], t)
				}
			}
		}
	}
	return out
}
