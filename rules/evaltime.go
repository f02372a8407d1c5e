package rules

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// evalDuration asks whether any span is that long. The duration of a span not
// seen to end is a lower bound.
func (r *ruleEval) evalDuration(c *cond, n *Node) {
	at := c.refs[0]
	f := r.find(at, &c.filter)
	if len(f.list) == 0 {
		r.empty(n, at, f)
		return
	}
	than, ok := r.amount(&c.than, n)
	if !ok {
		return
	}
	n.Verdict = False
	longest := time.Duration(0)
	var hits []match
	for i := range f.list {
		sp := f.list[i].span
		v := Unknown
		if !sp.Start.IsZero() && (!sp.End.IsZero() || !sp.LastSeen.IsZero()) {
			v = countVerdict(c.cmp, int64(sp.Duration()), than, !sp.End.IsZero())
			longest = max(longest, sp.Duration())
		}
		if v == True {
			hits = append(hits, f.list[i])
		}
		n.Verdict = max(n.Verdict, v)
	}
	n.Reason = "longest is " + formatDuration(longest)
	if n.Verdict == Unknown {
		n.Reason += ", not all were seen to end"
	}
	r.use(n, at, hits)
}

// evalGap asks for a silence: between matches of one signal, or from a match
// of one to the next of another.
func (r *ruleEval) evalGap(c *cond, n *Node) {
	than, ok := r.amount(&c.than, n)
	if !ok {
		return
	}
	a, b := c.refs[0], c.refs[len(c.refs)-1]
	fa := r.find(a, &c.filter)
	fb := fa
	if len(c.refs) == 2 {
		fb = r.find(b, &c.filter)
	}
	for i, f := range []found{fa, fb} {
		if len(f.list) == 0 {
			r.empty(n, c.refs[min(i, len(c.refs)-1)], f)
			return
		}
	}
	n.Verdict, n.Reason = False, "no such gap"
	tos := r.points(b, fb.list)
	longest := time.Duration(-1)
	for i, p := range r.points(a, fa.list) {
		j := nextPoint(tos, p, len(c.refs) == 1, i)
		if j < 0 {
			continue
		}
		order := precedes(p.point, tos[j].point)
		if order == Unknown {
			n.Verdict, n.Reason = max(n.Verdict, Unknown), "the clocks of the records do not allow to say"
			continue
		}
		d := tos[j].start.Sub(p.end)
		longest = max(longest, d)
		if c.cmp.holds(compareInt(int64(d), than)) && n.Verdict != True {
			n.Verdict = True
			r.use(n, a, []match{*p.m})
			r.use(n, b, []match{*tos[j].m})
		}
	}
	if longest >= 0 && n.Verdict != Unknown {
		n.Reason = "longest is " + formatDuration(longest)
	}
}

// timed is a match with its place in time.
type timed struct {
	point
	m *match
}

// points places matches in time, earliest first; those without a time are left out.
func (r *ruleEval) points(at ref, list []match) []timed {
	out := make([]timed, 0, len(list))
	for i := range list {
		if p, ok := list[i].extent(at.end, r.assumed); ok {
			out = append(out, timed{p, &list[i]})
		}
	}
	slices.SortStableFunc(out, func(a, b timed) int {
		if c := a.start.Compare(b.start); c != 0 {
			return c
		}
		return a.pos.Compare(b.pos)
	})
	return out
}

// nextPoint returns the index of the first point that begins when p ends or
// later, or -1. Within one signal it is the next one.
func nextPoint(list []timed, p timed, same bool, i int) int {
	if same {
		if i+1 < len(list) {
			return i + 1
		}
		return -1
	}
	j, _ := slices.BinarySearchFunc(list, p.end, func(t timed, at time.Time) int { return t.start.Compare(at) })
	for ; j < len(list); j++ {
		if list[j].m.ev != p.m.ev || list[j].m.ev == nil {
			return j
		}
	}
	return -1
}

// maxPairs bounds the pairs of matches tried by one condition.
const maxPairs = 1_000_000

// evalPair judges overlaps, near and before: some a and some b.
func (r *ruleEval) evalPair(c *cond, n *Node) {
	fa, fb := r.find(c.refs[0], &c.filter), r.find(c.refs[1], &c.filter)
	for i, f := range []found{fa, fb} {
		if len(f.list) == 0 {
			r.empty(n, c.refs[i], f)
			if n.Verdict == False {
				return
			}
		}
	}
	if len(fa.list) == 0 || len(fb.list) == 0 {
		return
	}
	width, ok := int64(0), true
	if c.within != nil {
		if width, ok = r.amount(c.within, n); !ok {
			return
		}
	}
	as, bs := r.points(c.refs[0], fa.list), r.points(c.refs[1], fb.list)
	n.Verdict, n.Reason = False, "no pair fits"
	if len(as) < len(fa.list) || len(bs) < len(fb.list) {
		n.Verdict, n.Reason = Unknown, "some matches have no time"
	}
	tried := 0
	for _, a := range as {
		for _, b := range bs {
			if tried++; tried > maxPairs {
				n.Verdict, n.Reason = Unknown, "too many pairs of matches to try"
				return
			}
			switch pairVerdict(c.op, a.point, b.point, time.Duration(width)) {
			case True:
				n.Verdict, n.Reason = True, distanceText(c.op, a.point, b.point)
				r.use(n, c.refs[0], []match{*a.m})
				r.use(n, c.refs[1], []match{*b.m})
				return
			case Unknown:
				n.Verdict, n.Reason = Unknown, "the clocks of the records do not allow to say"
			}
		}
	}
}

func pairVerdict(o condOp, a, b point, width time.Duration) Tri {
	if o == condBefore {
		return precedes(a, b)
	}
	if a.pos.File != b.pos.File && (a.assumed || b.assumed) && distance(a, b) < clockDoubt {
		return Unknown
	}
	d := distance(a, b)
	if o == condOverlaps && d > 0 && (a.open && a.start.Before(b.start) || b.open && b.start.Before(a.start)) {
		return Unknown // the one that began earlier was not seen to end
	}
	return truth(d <= width)
}

func distanceText(o condOp, a, b point) string {
	if o == condOverlaps {
		return "they overlap"
	}
	return formatDuration(distance(a, b)) + " apart"
}

// evalSequence looks for one match of each step in the order of the steps.
func (r *ruleEval) evalSequence(c *cond, n *Node) {
	n.Verdict = True
	width := int64(-1)
	if c.within != nil {
		var ok bool
		if width, ok = r.amount(c.within, n); !ok {
			return
		}
	}
	steps := make([][]timed, len(c.refs))
	untimed := false
	for i, at := range c.refs {
		f := r.find(at, &c.filter)
		if len(f.list) == 0 {
			k := &Node{Op: "step", Text: at.String()}
			r.empty(k, at, f)
			n.Children = append(n.Children, k)
			n.Verdict = min(n.Verdict, k.Verdict)
			continue
		}
		steps[i] = r.stepPoints(c, at, f.list, i == len(c.refs)-1)
		untimed = untimed || len(steps[i]) < len(f.list)
	}
	if n.Verdict != True {
		n.Reason = "a step was not found"
		return
	}
	chain := r.chain(c, steps, time.Duration(width))
	switch {
	case chain == nil && untimed:
		n.Verdict, n.Reason = Unknown, "some matches have no time or no end"
	case chain == nil && doubtful(steps):
		n.Verdict, n.Reason = Unknown, "the clocks of the records do not allow to say"
	case chain == nil:
		n.Verdict, n.Reason = False, "the steps do not follow each other in that order"
	case !certain(chain):
		n.Verdict, n.Reason = Unknown, "the clocks of the records do not allow to say"
	default:
		n.Reason = "complete in " + formatDuration(chain[len(chain)-1].start.Sub(chain[0].start))
		for i, t := range chain {
			r.use(n, c.refs[i], []match{*t.m})
		}
	}
}

// stepPoints places the matches of a step. A span that is not the last step
// must have ended, unless it may be unfinished: then only its start counts.
func (r *ruleEval) stepPoints(c *cond, at ref, list []match, last bool) []timed {
	out := r.points(at, list)
	if last {
		return out
	}
	out = slices.DeleteFunc(out, func(t timed) bool {
		return t.m.span != nil && at.end == endNone && t.open && !slices.Contains(c.loose, at.sig)
	})
	for i := range out {
		if out[i].m.span != nil && at.end == endNone && out[i].open {
			out[i].end = out[i].start
		}
	}
	return out
}

// chain finds matches of the steps in order, within the width and with equal
// join values; nil = there are none. Of several the one is taken that ends
// first, and of those the one that starts last.
func (r *ruleEval) chain(c *cond, steps [][]timed, width time.Duration) []timed {
	if len(c.join) == 0 {
		return chainOf(steps, width)
	}
	groups := map[string][][]timed{}
	var order []string
	for i, list := range steps {
		for _, t := range list {
			var key []byte
			for _, name := range c.join {
				key = append(strconv.AppendQuote(key, r.variable(c.refs[i].sig, t.m, name).String()), ',')
			}
			k := string(key)
			if groups[k] == nil {
				groups[k] = make([][]timed, len(steps))
				order = append(order, k)
			}
			groups[k][i] = append(groups[k][i], t)
		}
	}
	var best []timed
	for _, k := range order {
		if got := chainOf(groups[k], width); got != nil && (best == nil || got[len(got)-1].start.Before(best[len(best)-1].start)) {
			best = got
		}
	}
	return best
}

// chainOf keeps for each step the chain so far that starts latest, and
// lengthens it as the matches come by in time.
func chainOf(steps [][]timed, width time.Duration) []timed {
	type link struct {
		t    timed
		prev *link
		from time.Time
	}
	type item struct {
		t    timed
		step int
	}
	var items []item
	for i, list := range steps {
		for _, t := range list {
			items = append(items, item{t, i})
		}
	}
	// At one time in one file the order of the file decides; else earlier steps first.
	slices.SortStableFunc(items, func(a, b item) int {
		if c := a.t.start.Compare(b.t.start); c != 0 {
			return c
		}
		if a.t.pos.File == b.t.pos.File {
			if c := a.t.pos.Compare(b.t.pos); c != 0 {
				return c
			}
		}
		return compareInt(int64(a.step), int64(b.step))
	})
	// Links wait until the time they end: a later step cannot follow before.
	ready := make([]*link, len(steps))
	pending := make([][]*link, len(steps))
	for _, it := range items {
		prev := (*link)(nil)
		if it.step > 0 {
			s := it.step - 1
			pending[s] = slices.DeleteFunc(pending[s], func(l *link) bool {
				if precedesOrDoubt(l.t.point, it.t.point) {
					if ready[s] == nil || l.from.After(ready[s].from) {
						ready[s] = l
					}
					return true
				}
				return false
			})
			if prev = ready[s]; prev == nil || !precedesOrDoubt(prev.t.point, it.t.point) || width >= 0 && it.t.start.Sub(prev.from) > width {
				continue
			}
		}
		l := &link{t: it.t, prev: prev, from: it.t.start}
		if prev != nil {
			l.from = prev.from
		}
		if it.step == len(steps)-1 {
			out := make([]timed, len(steps))
			for i := len(out) - 1; l != nil; i, l = i-1, l.prev {
				out[i] = l.t
			}
			return out
		}
		pending[it.step] = append(pending[it.step], l)
	}
	return nil
}

func precedesOrDoubt(a, b point) bool {
	if a.end.After(b.start) {
		return false
	}
	return precedes(a, b) != False
}

// certain reports whether the order of a chain rests on sound clocks.
func certain(chain []timed) bool {
	for i := 1; i < len(chain); i++ {
		if precedes(chain[i-1].point, chain[i].point) != True {
			return false
		}
	}
	return true
}

// doubtful reports whether records of different files with assumed clocks
// took part, so that another order is possible.
func doubtful(steps [][]timed) bool {
	file := ""
	assumed, several := false, false
	for _, list := range steps {
		for _, t := range list {
			assumed = assumed || t.assumed
			several = several || file != "" && t.pos.File != file
			file = t.pos.File
		}
	}
	return assumed && several
}

// evalCompare compares two sides; any pair of matches will do.
func (r *ruleEval) evalCompare(c *cond, n *Node) {
	n.Verdict = True
	var sides [2][]value
	for i := range c.sides {
		s := &c.sides[i]
		switch {
		case s.from != nil:
			sides[i] = r.values(*s.from)
			if len(sides[i]) > 0 {
				continue
			}
			f := r.find(s.from.ref, &c.filter)
			if len(f.list) > 0 {
				n.Verdict, n.Reason = False, s.from.String()+" is not there"
				return
			}
			k := &Node{}
			r.empty(k, s.from.ref, f)
			n.Verdict, n.Reason = min(n.Verdict, k.Verdict), k.Reason
			n.missing = append(n.missing, k.missing...)
		case s.sum != nil:
			sum, ok := r.amount(s.sum, n)
			if !ok {
				return
			}
			sides[i] = []value{numberValue(sum)}
			if s.sum.span {
				sides[i] = []value{durationValue(time.Duration(sum))}
			}
		default:
			sides[i] = []value{s.lit}
		}
	}
	if n.Verdict != True {
		return
	}
	tried := 0
	for _, a := range sides[0] {
		for _, b := range sides[1] {
			if tried++; tried > maxPairs {
				n.Verdict, n.Reason = Unknown, "too many pairs of matches to try"
				return
			}
			if compareOp(c.cmp, a, b) {
				n.Reason = fmt.Sprintf("%s %s %s", clip(a.String(), 60), c.cmp, clip(b.String(), 60))
				for i := range c.sides {
					if v := c.sides[i].from; v != nil {
						r.use(n, v.ref, r.chosen(v.ref))
					}
				}
				return
			}
		}
	}
	n.Verdict, n.Reason = False, "no pair of values fits"
	if len(sides[0]) == 1 && len(sides[1]) == 1 {
		n.Reason = fmt.Sprintf("%s against %s", clip(sides[0][0].String(), 60), clip(sides[1][0].String(), 60))
	}
}

func compareOp(o op, a, b value) bool {
	switch o {
	case opEq:
		return equalValues(a, b)
	case opNe:
		return !equalValues(a, b)
	case opContains, opStartsWith, opEndsWith:
		return textOp(o, a.String(), lowerASCII(b.String()))
	}
	c, ok := compareValues(a, b)
	return ok && o.holds(c)
}
