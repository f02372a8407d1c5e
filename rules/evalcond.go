package rules

import (
	"fmt"
	"slices"
	"strings"
)

// found are the matches that one condition speaks of.
type found struct {
	list   []match // narrowed by the filter
	total  int
	unsure int // matches of which the filter cannot say whether they belong
	set    *matchSet
}

// find returns the matches of a reference that pass the filter.
func (r *ruleEval) find(at ref, f *filter) found {
	ms := r.matches(at.sig)
	out := found{list: r.chosen(at), total: ms.total, set: ms}
	if at.sel != selAny {
		out.total = len(out.list)
	}
	if len(f.where) == 0 && f.during == nil && f.after == nil && f.before == nil {
		return out
	}
	var in func(*match) bool
	inKnown := True
	if f.during != nil {
		in, inKnown = r.inside(*f.during)
	}
	list := make([]match, 0, len(out.list))
	for i := range out.list {
		m := &out.list[i]
		if !r.whereHolds(at.sig, m, f.where) {
			continue
		}
		verdict := True
		if in != nil {
			verdict = inKnown
			if inKnown == True {
				verdict = truth(in(m))
			}
		}
		verdict = min(verdict, r.sideOf(m, at.end, f.after, false), r.sideOf(m, at.end, f.before, true))
		switch verdict {
		case True:
			list = append(list, *m)
		case Unknown:
			out.unsure++
		}
	}
	out.list, out.total = list, len(list)
	return out
}

func (r *ruleEval) whereHolds(s *signal, m *match, where []fieldTest) bool {
	for i := range where {
		if !where[i].tests.match(r.variable(s, m, where[i].name)) {
			return false
		}
	}
	return true
}

// sideOf says whether m, or that end of it, lies after (or before) the first
// match of the anchor.
func (r *ruleEval) sideOf(m *match, of end, anchor *ref, before bool) Tri {
	if anchor == nil {
		return True
	}
	list := r.chosen(*anchor)
	if len(list) == 0 {
		return r.emptyVerdict(r.matches(anchor.sig))
	}
	a, _ := list[0].extent(anchor.end, r.assumed)
	p, ok := m.extent(of, r.assumed)
	if !ok && of == endClose {
		return False // it was not seen to end
	}
	if before {
		return precedes(p, a)
	}
	return precedes(a, p)
}

// emptyVerdict is the truth of a signal without a match.
func (r *ruleEval) emptyVerdict(ms *matchSet) Tri {
	if ms.proven == True || len(ms.missing) > 0 && r.allOptional(ms.missing) {
		return False
	}
	return Unknown
}

// allOptional reports whether the rule can do without these sources.
func (r *ruleEval) allOptional(sources []string) bool {
	for _, s := range sources {
		if !slices.ContainsFunc(r.rule.Needs, func(n Need) bool { return n.Optional && slices.Contains(n.Sources, s) }) {
			return false
		}
	}
	return true
}

// eval judges a condition; every child is judged, for the explanation.
func (r *ruleEval) eval(c *cond) *Node {
	n := &Node{Op: c.op.String(), Text: c.String()}
	switch c.op {
	case condAll, condAny, condNot:
		r.evalLogic(c, n)
	case condSignal, condAbsent:
		r.evalPresence(c, n)
	case condCount:
		r.evalCount(c, n)
	case condSequence:
		r.evalSequence(c, n)
	case condDuration:
		r.evalDuration(c, n)
	case condGap:
		r.evalGap(c, n)
	case condCompare:
		r.evalCompare(c, n)
	case condOverlaps, condNear, condBefore:
		r.evalPair(c, n)
	case condExpr:
		r.evalExpr(c, n)
	case condCovered:
		n.Verdict, n.Reason = r.evalCovered(c.source)
	case condMissing:
		n.Verdict, n.Reason = r.evalCovered(c.source)
		n.Verdict = not(n.Verdict)
	}
	return n
}

func (r *ruleEval) evalCovered(source string) (Tri, string) {
	if r.cover.covered(source) {
		return True, source + " was collected"
	}
	return False, source + " was not collected"
}

func (r *ruleEval) evalLogic(c *cond, n *Node) {
	if c.op != condAny {
		n.Verdict = True
	} else {
		n.Verdict = False
	}
	for _, child := range c.children {
		k := r.eval(child)
		n.Children = append(n.Children, k)
		switch c.op {
		case condAll:
			n.Verdict = min(n.Verdict, k.Verdict)
		case condAny:
			n.Verdict = max(n.Verdict, k.Verdict)
		case condNot:
			n.Verdict = not(k.Verdict)
		}
	}
}

// empty fills the node for a signal without a match.
func (r *ruleEval) empty(n *Node, at ref, f found) {
	n.Verdict = r.emptyVerdict(f.set)
	switch {
	case f.unsure > 0:
		n.Verdict, n.Reason = Unknown, fmt.Sprintf("%d matches cannot be placed in time", f.unsure)
	case n.Verdict == Unknown:
		n.Reason, n.missing = f.set.reason, f.set.missing
	case len(f.set.missing) > 0:
		n.Reason = f.set.reason + " (optional)"
	case len(f.set.list) > 0:
		n.Reason = fmt.Sprintf("none of %d matches of %s fits", len(f.set.list), at.sig.label())
	case f.set.damaged != "":
		n.Reason = "no match in what could be read of " + f.set.damaged
	default:
		n.Reason = "no match"
	}
}

func (r *ruleEval) evalPresence(c *cond, n *Node) {
	at := c.refs[0]
	f := r.find(at, &c.filter)
	if len(f.list) > 0 {
		n.Verdict, n.Reason = True, matchesFound(f.total)
		if f.list[0].dflt != nil {
			n.Reason = "not found; the default holds"
		}
		r.use(n, at, f.list)
	} else {
		r.empty(n, at, f)
	}
	if c.op == condSignal {
		return
	}
	n.Verdict = not(n.Verdict)
	n.used = nil // what should not be there is no evidence for the verdict
	if n.Verdict != True {
		return
	}
	switch {
	case len(f.set.missing) > 0: // optional sources, too, must be there to prove absence
		n.Verdict, n.Reason, n.missing = Unknown, f.set.reason, f.set.missing
	case f.set.damaged != "":
		n.Verdict, n.Reason = Unknown, "no match, but a part of "+f.set.damaged+" could not be read"
		n.missing = []string{f.set.damaged}
	default:
		r.evalWindow(c, n)
	}
}

// evalWindow takes back a proof of absence where an event log begins only
// after the interval it is asked about: it has wrapped since.
func (r *ruleEval) evalWindow(c *cond, n *Node) {
	at := c.refs[0].sig
	during := c.filter.during
	if during == nil {
		during = at.during
	}
	if at.kind != sigEvent || during == nil {
		return
	}
	spans := r.chosen(*during)
	if len(spans) == 0 {
		n.Verdict, n.Reason = Unknown, "no "+during.String()+" was seen"
		return
	}
	for _, src := range at.event.sources {
		if !strings.HasPrefix(src, "evtx.") {
			continue
		}
		for _, st := range r.cover.find(src) {
			if p, ok := spans[0].extent(endNone, r.assumed); ok && !st.first.IsZero() && st.first.After(p.end) {
				n.Verdict, n.Reason = Unknown, st.name+" begins only after "+during.String()
			}
		}
	}
}

func matchesFound(n int) string {
	if n == 1 {
		return "1 match"
	}
	return fmt.Sprintf("%d matches", n)
}

func (r *ruleEval) evalCount(c *cond, n *Node) {
	at := c.refs[0]
	f := r.find(at, &c.filter)
	count := int64(f.total)
	if len(f.list) == 1 && f.list[0].dflt != nil {
		count = 0
	}
	switch {
	case c.within != nil:
		width, ok := r.amount(c.within, n)
		if !ok {
			return
		}
		count = r.densest(c, at.sig, f.list, width)
	case c.distinct != "":
		seen := map[string]bool{}
		for i := range f.list {
			if v := r.variable(at.sig, &f.list[i], c.distinct); v.kind != valAbsent {
				seen[v.String()] = true
			}
		}
		count = int64(len(seen))
	}
	than, ok := r.amount(&c.than, n)
	if !ok {
		return
	}
	exact := (f.set.proven == True || r.emptyVerdict(f.set) == False) && f.set.damaged == "" && f.unsure == 0
	n.Verdict = countVerdict(c.cmp, count, than, exact)
	n.Reason = fmt.Sprintf("%d found", count)
	if !exact {
		n.Reason += ", perhaps not all"
		n.missing = f.set.missing
	}
	if n.Verdict == True {
		r.use(n, at, f.list)
	}
}

// countVerdict compares a number that may be a lower bound.
func countVerdict(o op, n, than int64, exact bool) Tri {
	holds := o.holds(compareInt(n, than))
	if exact {
		return truth(holds)
	}
	switch o {
	case opGe, opGt:
		if holds {
			return True
		}
	case opLe, opLt:
		if !holds {
			return False
		}
	case opEq, opNe:
		if n > than {
			return truth(o == opNe)
		}
	}
	return Unknown
}

func compareInt(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// densest is the largest number of matches (of different values, with
// distinct) in any stretch of the given width.
func (r *ruleEval) densest(c *cond, s *signal, list []match, width int64) int64 {
	type item struct {
		at  int64
		key string
	}
	var items []item
	for i := range list {
		p, ok := list[i].extent(endNone, r.assumed)
		if !ok {
			continue
		}
		it := item{at: p.start.UnixNano()}
		if c.distinct != "" {
			v := r.variable(s, &list[i], c.distinct)
			if v.kind == valAbsent {
				continue
			}
			it.key = v.String()
		}
		items = append(items, it)
	}
	slices.SortFunc(items, func(a, b item) int { return compareInt(a.at, b.at) })
	best, from := 0, 0
	in := map[string]int{}
	for i, it := range items {
		in[it.key]++
		for it.at-items[from].at > width {
			if in[items[from].key]--; in[items[from].key] == 0 {
				delete(in, items[from].key)
			}
			from++
		}
		n := i - from + 1
		if c.distinct != "" {
			n = len(in)
		}
		best = max(best, n)
	}
	return int64(best)
}

// amount adds up a sum. If a signal in it has no value the node becomes
// Unknown, or False where the value is proven not to exist.
func (r *ruleEval) amount(a *amount, n *Node) (int64, bool) {
	var sum int64
	for _, t := range a.terms {
		v := t.num
		if t.from != nil {
			vals := r.values(*t.from)
			num, ok := int64(0), false
			if len(vals) > 0 {
				num, ok = vals[0].number()
				if d, isSpan := vals[0].duration(); isSpan && vals[0].kind == valDuration {
					num, ok = int64(d), true
				}
			}
			// Beyond this no sum of durations makes sense, and products overflow.
			if !ok || num > 1<<40 && t.unit != 0 || num < -(1<<40) && t.unit != 0 {
				ms := r.matches(t.from.sig)
				n.Verdict, n.missing = r.emptyVerdict(ms), ms.missing
				n.Reason = t.from.String() + " has no usable value"
				if len(ms.list) > 0 {
					n.Verdict = Unknown
				}
				return 0, false
			}
			v = num
			if t.unit != 0 {
				v = satMul(num, int64(t.unit))
			}
		}
		sum += t.sign * v
	}
	return sum, true
}

// satMul multiplies without wrapping round.
func satMul(a, b int64) int64 {
	const top = 1 << 61
	if a != 0 && (a > top/b || a < -top/b) {
		if a < 0 {
			return -top
		}
		return top
	}
	return a * b
}
