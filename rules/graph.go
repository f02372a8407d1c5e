package rules

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"debrief/event"
	"debrief/timeline"
)

// Result is what the rules say of one case. All pointers lead into Findings.
type Result struct {
	// Findings are all judgements, silent ones included, ordered by rule,
	// session and instance.
	Findings []*Finding
	// Roots has the root cause of each incident, the latest session first.
	Roots []*Finding
	// Also are fired causes and contributing findings that are neither root
	// nor explained nor folded into another.
	Also []*Finding
	// Symptoms are the fired symptoms, earliest first; Unexplained those that
	// no fired cause explains.
	Symptoms    []*Finding
	Unexplained []*Finding
	// Inconclusive are the rules that the evidence cannot decide.
	Inconclusive []*Finding
	// Asks is what to collect next, the most telling first. It is empty where
	// everything is explained.
	Asks []Ask
	// Leftovers are the error records that no rule speaks of, the most telling
	// kind first; MoreLeftovers counts the records of kinds that were not kept.
	Leftovers     []Leftover
	MoreLeftovers int
	// Contexts are the fired context rules.
	Contexts []*Finding
	Verdict  Outcome
}

// Find returns the first finding of the rule, or nil.
func (res *Result) Find(rule string) *Finding {
	for _, f := range res.Findings {
		if f.Rule == rule {
			return f
		}
	}
	return nil
}

// Chain returns the findings that f explains directly, in the order of Findings.
func (f *Finding) Chain() []*Finding { return slices.Clone(f.edges) }

// result joins the findings into the graph of causes.
func (e *evaluation) result(all []*Finding) *Result {
	res := &Result{Findings: all}
	var fired []*Finding
	for i, f := range all {
		f.order = i
		if f.Verdict == Fire {
			fired = append(fired, f)
		}
	}
	supersede(fired)
	live := slices.DeleteFunc(slices.Clone(fired), func(f *Finding) bool { return len(f.SupersededBy) > 0 })
	link(live)
	e.sort(res, live)
	e.ask(res)
	res.Verdict = e.outcome(res)
	return res
}

// meets reports whether two findings can belong to one incident.
func meets(a, b *Finding) bool {
	return a.Session == b.Session || a.Session == 0 || b.Session == 0
}

// idMatches reports whether an id or glob of a rule file means the rule.
func idMatches(pattern, id string) bool {
	if isGlob(pattern) {
		return glob(anyGlob(pattern), id)
	}
	return pattern == id
}

// supersede folds findings into those that supersede them. Where two claim
// each other the first stays.
func supersede(fired []*Finding) {
	for _, f := range fired {
		if len(f.SupersededBy) > 0 {
			continue
		}
		for _, g := range fired {
			if f == g || f.Rule == g.Rule || !meets(f, g) {
				continue
			}
			for _, p := range f.rule.Supersedes {
				if idMatches(p, g.Rule) && !slices.Contains(f.SupersededBy, g.Rule) && !slices.Contains(g.SupersededBy, f.Rule) {
					g.SupersededBy = append(g.SupersededBy, f.Rule)
				}
			}
		}
	}
}

// link draws the edges between fired findings, the surest causes first; an
// edge that would close a circle is left out.
func link(live []*Finding) {
	causes := slices.Clone(live)
	slices.SortStableFunc(causes, func(a, b *Finding) int {
		return cmp.Or(-cmp.Compare(a.Confidence, b.Confidence), compareTimes(a.First, b.First), cmp.Compare(a.order, b.order))
	})
	for _, f := range causes {
		for _, g := range live {
			if f == g || f.Rule == g.Rule || !explains(f, g) || reaches(g, f) {
				continue
			}
			f.edges = append(f.edges, g)
			if !slices.Contains(g.ExplainedBy, f.Rule) {
				g.ExplainedBy = append(g.ExplainedBy, f.Rule)
			}
		}
	}
	for _, f := range live {
		slices.Sort(f.ExplainedBy)
		for _, g := range below(f) {
			if !slices.Contains(f.Symptoms, g.Rule) {
				f.Symptoms = append(f.Symptoms, g.Rule)
			}
		}
		slices.Sort(f.Symptoms)
	}
}

// compareTimes puts the zero time last.
func compareTimes(a, b time.Time) int {
	if a.IsZero() != b.IsZero() {
		return b.Compare(a)
	}
	return a.Compare(b)
}

// explains reports whether an edge of f's rule leads to g and holds.
func explains(f, g *Finding) bool {
	if f.Role == RoleSymptom && g.Role != RoleSymptom || !meets(f, g) {
		return false // a symptom is no reason for a cause
	}
	for i := range f.rule.Explains {
		if edge := &f.rule.Explains[i]; edge.covers(g.rule) && joinsAgree(edge, f, g) && orderPossible(edge, f, g) {
			return true
		}
	}
	return false
}

// covers reports whether the edge names the rule; a glob names symptoms only.
func (edge *Edge) covers(r *Rule) bool {
	return idMatches(edge.Rule, r.ID) && (!isGlob(edge.Rule) || r.Role == RoleSymptom)
}

// joinsAgree reports whether each join variable has a value in common. The
// session is always in common here.
func joinsAgree(edge *Edge, f, g *Finding) bool {
	for _, name := range edge.Join {
		if strings.HasPrefix(name, "session.") {
			continue
		}
		if !slices.ContainsFunc(f.joins[name], func(v string) bool { return slices.Contains(g.joins[name], v) }) {
			return false
		}
	}
	return true
}

// orderPossible reports whether time allows the edge; where a time is missing
// it does.
func orderPossible(edge *Edge, f, g *Finding) bool {
	if f.First.IsZero() || g.First.IsZero() {
		return true
	}
	switch edge.Order {
	case "before":
		return !f.First.After(g.Last)
	case "overlaps":
		return !f.First.After(g.Last) && !g.First.After(f.Last)
	}
	return true
}

// below lists everything a finding explains, directly or through others.
func below(f *Finding) []*Finding {
	var out []*Finding
	seen := map[*Finding]bool{f: true}
	for todo := []*Finding{f}; len(todo) > 0; {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, g := range at.edges {
			if !seen[g] {
				seen[g] = true
				out = append(out, g)
				todo = append(todo, g)
			}
		}
	}
	return out
}

func reaches(from, to *Finding) bool { return slices.Contains(below(from), to) }

// sort deals the findings out to the lists of the result.
func (e *evaluation) sort(res *Result, live []*Finding) {
	incidents := map[int][]*Finding{} // by session: unexplained causes
	for _, f := range live {
		switch f.Role {
		case RoleContext:
			res.Contexts = append(res.Contexts, f)
		case RoleSymptom:
			res.Symptoms = append(res.Symptoms, f)
		case RoleContributing:
			if len(f.ExplainedBy) == 0 {
				res.Also = append(res.Also, f)
			}
		case RoleCause:
			if !explainedByCause(f, live) {
				at := e.incident(f)
				incidents[at] = append(incidents[at], f)
			}
		}
	}
	slices.SortStableFunc(res.Symptoms, func(a, b *Finding) int {
		return cmp.Or(compareTimes(a.First, b.First), cmp.Compare(a.order, b.order))
	})
	for _, s := range res.Symptoms {
		if !explainedByCause(s, live) {
			res.Unexplained = append(res.Unexplained, s)
		}
	}
	var causes []*Finding
	for i := len(e.sessions) - 1; i >= 0; i-- {
		list := incidents[e.sessions[i].number]
		if len(list) == 0 {
			continue
		}
		rank(list)
		delete(incidents, e.sessions[i].number)
		if e.rootless(list[0]) {
			causes = append(causes, list...)
			continue
		}
		res.Roots = append(res.Roots, list[0])
		causes = append(causes, list[1:]...)
	}
	rank(causes)
	res.Also = append(causes, res.Also...)
	for _, f := range res.Findings {
		if f.Verdict == Inconclusive {
			res.Inconclusive = append(res.Inconclusive, f)
		}
	}
}

// rootless reports whether the best cause of an incident is a mere risk: it
// would not fail an enrolment by itself, and nothing that failed is explained
// by it.
func (e *evaluation) rootless(f *Finding) bool {
	return f.Impact != ImpactFailure && len(f.Symptoms) == 0
}

// explainedByCause reports whether a fired cause explains f, directly or
// through others.
func explainedByCause(f *Finding, live []*Finding) bool {
	return slices.ContainsFunc(live, func(g *Finding) bool { return g != f && g.Role == RoleCause && reaches(g, f) })
}

// incident is the session a cause belongs to: its own, or for a cause of the
// whole case the latest in which it explains something, else the last one.
func (e *evaluation) incident(f *Finding) int {
	if f.Session != 0 {
		return f.Session
	}
	for i := len(e.sessions) - 1; i >= 0; i-- {
		if n := e.sessions[i].number; slices.ContainsFunc(below(f), func(g *Finding) bool { return g.Session == n }) {
			return n
		}
	}
	return e.sessions[len(e.sessions)-1].number
}

// outranked counts the causes of the list that outrank f and are not outranked
// by it in turn. A weak one outranks nothing.
func outranked(f *Finding, list []*Finding) int {
	above := func(a, b *Finding) bool {
		return slices.ContainsFunc(a.rule.Outranks, func(p string) bool { return idMatches(p, b.Rule) })
	}
	n := 0
	for _, g := range list {
		if g != f && g.Impact >= f.Impact && g.Confidence >= Moderate && above(g, f) && !above(f, g) {
			n++
		}
	}
	return n
}

// rank orders the causes of one incident.
func rank(list []*Finding) {
	behind := make(map[*Finding]int, len(list))
	for _, f := range list {
		behind[f] = outranked(f, list)
	}
	slices.SortStableFunc(list, func(a, b *Finding) int {
		return cmp.Or(
			cmp.Compare(behind[a], behind[b]),
			-cmp.Compare(min(len(a.Symptoms), 1), min(len(b.Symptoms), 1)),
			-cmp.Compare(a.Impact, b.Impact),
			-cmp.Compare(a.Confidence, b.Confidence),
			compareTimes(a.First, b.First),
			-cmp.Compare(len(a.Symptoms), len(b.Symptoms)),
			strings.Compare(a.Rule, b.Rule),
			cmp.Compare(a.order, b.order),
		)
	})
}

// ask ranks what to collect: sources that would decide causes of unexplained
// symptoms. Without any symptom a failed session asks the same of all causes.
func (e *evaluation) ask(res *Result) {
	type candidate struct {
		f        *Finding
		symptoms int
	}
	last := e.sessions[len(e.sessions)-1].number
	blind := len(res.Symptoms) == 0 && len(res.Roots) == 0 && (e.sessionOutcome(last) == "failed" || e.cover.lost)
	var list []candidate
	for _, f := range res.Inconclusive {
		if f.Role != RoleCause || f.Session != 0 && f.Session != last || len(f.Missing) == 0 {
			continue
		}
		n := 0
		for _, s := range res.Unexplained {
			if meets(f, s) && slices.ContainsFunc(f.rule.Explains, func(edge Edge) bool { return edge.covers(s.rule) }) {
				n++
			}
		}
		if n > 0 || blind {
			list = append(list, candidate{f, n})
		}
	}
	slices.SortStableFunc(list, func(a, b candidate) int {
		return cmp.Or(-cmp.Compare(a.symptoms, b.symptoms), cmp.Compare(len(a.f.Missing), len(b.f.Missing)),
			-cmp.Compare(a.f.rule.confidence.base, b.f.rule.confidence.base), cmp.Compare(a.f.order, b.f.order))
	})
	for _, c := range list {
		for _, a := range c.f.Missing {
			a.Rules = slices.Clone(a.Rules)
			res.Asks = addAsk(res.Asks, a)
		}
	}
	slices.SortStableFunc(res.Asks, func(a, b Ask) int { return -cmp.Compare(len(a.Rules), len(b.Rules)) })
}

// sessionOutcome is the session.outcome fact, or what the span says.
func (e *evaluation) sessionOutcome(number int) string {
	outcome := ""
	e.facts.find(&factSpec{name: "session.outcome"}, func(f *event.Fact) bool {
		if f.Key == "" || f.Key == strconv.Itoa(number) {
			outcome = f.Text
		}
		return true
	})
	if outcome != "" {
		return outcome
	}
	for _, sp := range e.spans {
		if sp.Kind == timeline.KindSession && sp.Session == number {
			switch sp.State {
			case timeline.StateSucceeded, timeline.StateFailed:
				outcome = string(sp.State)
			case timeline.StateTimedOut:
				outcome = "failed"
			}
		}
	}
	return outcome
}

// outcome sums up. A failure of an earlier session is a warning once a later
// one succeeded.
func (e *evaluation) outcome(res *Result) Outcome {
	last := e.sessions[len(e.sessions)-1].number
	state := e.sessionOutcome(last)
	worst := ImpactNone
	for _, list := range [][]*Finding{res.Roots, res.Also, res.Symptoms} {
		for _, f := range list {
			i := f.Impact
			if i == ImpactFailure && f.Session != 0 && f.Session != last && state == "succeeded" {
				i = ImpactWarning
			}
			worst = max(worst, i)
		}
	}
	switch {
	case worst == ImpactFailure:
		return OutcomeFailure
	case state != "succeeded" && (state == "failed" || e.cover.lost || !e.records):
		return OutcomeInconclusive
	case worst == ImpactWarning:
		return OutcomeWarning
	}
	return OutcomeNone
}
