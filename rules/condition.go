package rules

import (
	"slices"
	"strings"
)

type condOp uint8

const (
	condSignal condOp = iota
	condAbsent
	condAll
	condAny
	condNot
	condCount
	condSequence
	condDuration
	condGap
	condCompare
	condOverlaps
	condNear
	condBefore
	condCovered
	condMissing
	condExpr
)

// condNames are the operators of the condition tree.
var condNames = [...]string{"signal", "absent", "all", "any", "not", "count", "sequence", "duration", "gap", "compare", "overlaps", "near", "before", "covered", "missing", "expr"}

func (o condOp) String() string { return nameOf(condNames[:], int(o)) }

// cond is one node of a condition tree.
type cond struct {
	op       condOp
	place    place
	children []*cond
	refs     []ref // what it is about: of, steps, both sides
	filter   filter
	cmp      op // of count, duration, gap, compare
	than     amount
	within   *amount
	distinct string
	join     []string
	loose    []*signal // sequence: spans that need no end
	sides    [2]operand
	source   string
	expr     *expression
}

// filter narrows the matches of a signal for one condition.
type filter struct {
	where         []fieldTest
	during        *ref
	after, before *ref
	whereText     string
}

// operand is one side of a comparison.
type operand struct {
	from *varRef
	sum  *amount
	lit  value
}

// condition reads one node of the tree; nil after an error.
func (l *loader) condition(n *node) *cond {
	if n.kind == nodeString {
		r, ok := l.parseRef(n)
		if !ok {
			return nil
		}
		return &cond{op: condSignal, place: n.place, refs: []ref{r}}
	}
	if n.kind != nodeMap {
		l.errorf(n.place, "expected a condition, found %s", nodeNames[n.kind])
		return nil
	}
	operator := -1
	for _, k := range n.keys {
		if slices.Contains(signalKinds[:], k.text) {
			if s := l.inlineSignal(n); s != nil {
				return &cond{op: condSignal, place: n.place, refs: []ref{{sig: s, place: n.place}}}
			}
			return nil
		}
		// signal and absent have options, one of which is called before: the
		// operator is the first key of the list.
		if i := indexOf(condNames[:], 0, k.text); i >= 0 && (operator < 0 || i < operator) {
			operator = i
		}
	}
	if operator < 0 {
		key := "nothing"
		if len(n.keys) > 0 {
			key = n.keys[0].text
		}
		l.errorf(n.place, "unknown condition %q (known: %s)", key, strings.Join(condNames[:], ", "))
		return nil
	}
	c := &cond{op: condOp(operator), place: n.place}
	before := len(l.errs)
	if c.op == condSignal || c.op == condAbsent {
		l.presence(c, n)
	} else {
		l.object(n, "condition", fields{condNames[operator]: func(v *node) { l.condBody(c, v) }})
	}
	if len(l.errs) > before {
		return nil
	}
	return c
}

// presence reads {signal: x, …} and {absent: x, …}.
func (l *loader) presence(c *cond, n *node) {
	var options []func()
	f := fields{c.op.String(): func(v *node) { c.refs = l.refs(v, 1) }}
	l.filterFields(c, f, &options)
	l.object(n, c.op.String(), f)
	l.runOptions(c, options)
}

// filterFields adds the keys of a filter. They are read after the signal they
// refine is known.
func (l *loader) filterFields(c *cond, f fields, later *[]func()) {
	f["where"] = func(v *node) {
		*later = append(*later, func() {
			c.filter.where = l.varTests(c.refs[0].sig, v)
			var b strings.Builder
			describeWhere(&b, v)
			c.filter.whereText = b.String()
		})
	}
	point := func(key string, to **ref) {
		f[key] = func(v *node) {
			*later = append(*later, func() {
				if r, ok := l.parseRef(v); ok {
					*to = &r
				}
			})
		}
	}
	point("after", &c.filter.after)
	point("before", &c.filter.before)
	f["during"] = func(v *node) {
		*later = append(*later, func() {
			r, ok := l.parseRef(v)
			if !ok {
				return
			}
			if r.sig.kind != sigSpan && r.sig.kind != sigInterval {
				l.errorf(v.place, "during needs a span, an interval, session or the name of a phase")
				return
			}
			c.filter.during = &r
		})
	}
}

func (l *loader) runOptions(c *cond, options []func()) {
	if len(c.refs) == 0 {
		return
	}
	for _, fn := range options {
		fn()
	}
}

// refs reads one reference or a list of exactly n.
func (l *loader) refs(v *node, n int) []ref {
	list := []*node{v}
	if v.kind == nodeList {
		list = v.list
	}
	if len(list) != n {
		l.errorf(v.place, "expected %d signals, found %d", n, len(list))
		return nil
	}
	var out []ref
	for _, e := range list {
		if r, ok := l.parseRef(e); ok {
			out = append(out, r)
		}
	}
	if len(out) < n {
		return nil
	}
	return out
}

func (l *loader) conditions(n *node) []*cond {
	list := []*node{n}
	if n.kind == nodeList {
		list = n.list
	}
	var out []*cond
	for _, v := range list {
		if c := l.condition(v); c != nil {
			out = append(out, c)
		}
	}
	if len(list) == 0 {
		l.errorf(n.place, "the list is empty")
	}
	return out
}

// condBody reads what stands under the operator.
func (l *loader) condBody(c *cond, v *node) {
	switch c.op {
	case condAll, condAny:
		if v.kind != nodeList {
			l.errorf(v.place, "%s takes a list of conditions", c.op)
			return
		}
		c.children = l.conditions(v)
	case condNot:
		if child := l.condition(v); child != nil {
			c.children = []*cond{child}
		}
	case condCount:
		l.countCond(c, v)
	case condSequence:
		l.sequenceCond(c, v)
	case condDuration, condGap:
		l.lengthCond(c, v)
	case condCompare:
		l.compareCond(c, v)
	case condOverlaps, condBefore:
		c.refs = l.refs(v, 2)
	case condNear:
		l.nearCond(c, v)
	case condExpr:
		c.expr = l.expression(v)
	case condCovered, condMissing:
		c.source = lowerASCII(l.text(v))
		l.checkSource(c.source, v.place)
	}
}

// compareFields adds the keys ge, gt, le, lt, eq, ne, one of which must be given.
func (l *loader) compareFields(c *cond, f fields, later *[]func(), given *int, wantSpan bool) {
	for _, o := range []op{opGt, opGe, opLt, opLe, opEq, opNe} {
		names := []string{o.String()}
		switch o {
		case opGe:
			names = append(names, "gte")
		case opLe:
			names = append(names, "lte")
		}
		for _, name := range names {
			f[name] = func(v *node) {
				*given++
				c.cmp = o
				*later = append(*later, func() {
					a, ok := l.parseAmount(v, wantSpan)
					if ok && !wantSpan && a.span {
						l.errorf(v.place, "expected a number, found a duration")
					}
					c.than = a
				})
			}
		}
	}
}

func (l *loader) needOne(v *node, given int, what string) {
	if given != 1 {
		l.errorf(v.place, "%s needs exactly one of ge, gt, le, lt, eq, ne", what)
	}
}

func (l *loader) countCond(c *cond, v *node) {
	var options []func()
	given := 0
	f := fields{
		"of":       func(n *node) { c.refs = l.refs(n, 1) },
		"distinct": func(n *node) { options = append(options, func() { c.distinct = l.varOf(c.refs[0].sig, n) }) },
		"within":   func(n *node) { options = append(options, func() { c.within = l.within(n) }) },
	}
	l.filterFields(c, f, &options)
	l.compareFields(c, f, &options, &given, false)
	l.object(v, "count", f)
	l.needOne(v, given, "count")
	l.needOf(c, v)
	l.runOptions(c, options)
}

func (l *loader) needOf(c *cond, v *node) {
	if len(c.refs) == 0 && v.get("of") == nil {
		l.errorf(v.place, "%s needs of: a signal", c.op)
	}
}

func (l *loader) varOf(s *signal, n *node) string {
	name := l.text(n)
	if name != "" && !s.hasVar(name) {
		l.errorf(n.place, "signal %s has no variable %q (it has %s)", s.label(), name, strings.Join(s.varNames(), ", "))
	}
	return name
}

func (l *loader) within(n *node) *amount {
	a, ok := l.parseAmount(n, true)
	if !ok {
		return nil
	}
	return &a
}

func (l *loader) sequenceCond(c *cond, v *node) {
	var loose *node
	f := fields{
		"steps": func(n *node) {
			if n.kind != nodeList || len(n.list) < 2 {
				l.errorf(n.place, "steps is a list of two signals or more")
				return
			}
			c.refs = l.refs(n, len(n.list))
		},
		"within":           func(n *node) { c.within = l.within(n) },
		"join":             func(n *node) { c.join = l.texts(n) },
		"allow_unfinished": func(n *node) { loose = n },
	}
	l.object(v, "sequence", f)
	if len(c.refs) == 0 {
		if v.get("steps") == nil {
			l.errorf(v.place, "sequence needs steps")
		}
		return
	}
	for _, name := range c.join {
		for _, r := range c.refs {
			if !r.sig.hasVar(name) {
				l.errorf(v.get("join").place, "join: signal %s has no variable %q", r.sig.label(), name)
			}
		}
	}
	if loose == nil {
		return
	}
	for _, name := range l.texts(loose) {
		i := slices.IndexFunc(c.refs, func(r ref) bool { return r.sig.name == name })
		if i < 0 {
			l.errorf(loose.place, "allow_unfinished: %q is no step of the sequence", name)
			continue
		}
		c.loose = append(c.loose, c.refs[i].sig)
	}
}

func (l *loader) lengthCond(c *cond, v *node) {
	var options []func()
	given := 0
	f := fields{"of": func(n *node) {
		count := 1
		if c.op == condGap && n.kind == nodeList {
			count = 2
		}
		c.refs = l.refs(n, count)
	}}
	l.compareFields(c, f, &options, &given, true)
	l.filterFields(c, f, &options)
	if c.op == condGap {
		delete(f, "where") // two signals have no variables in common
	}
	l.object(v, c.op.String(), f)
	l.needOne(v, given, c.op.String())
	l.needOf(c, v)
	l.runOptions(c, options)
	if c.op == condDuration && len(c.refs) == 1 {
		if s := c.refs[0].sig; s.kind != sigSpan && s.kind != sigInterval {
			l.errorf(v.place, "duration: %s is no span or interval; the time between records is gap", s.label())
		}
	}
}

func (l *loader) nearCond(c *cond, v *node) {
	f := fields{
		"of":     func(n *node) { c.refs = l.refs(n, 2) },
		"within": func(n *node) { c.within = l.within(n) },
	}
	l.object(v, "near", f)
	l.needOf(c, v)
	if v.get("within") == nil {
		l.errorf(v.place, "near needs within")
	}
}

func (l *loader) compareCond(c *cond, v *node) {
	c.cmp = opEq
	f := fields{
		"left":  func(n *node) { c.sides[0] = l.operand(n) },
		"right": func(n *node) { c.sides[1] = l.operand(n) },
		"op": func(n *node) {
			o, ok := parseOp(l.text(n))
			if !ok || o == opIn || o == opNin || o > opEndsWith {
				l.errorf(n.place, "op is one of eq, ne, gt, ge, lt, le, contains, startswith, endswith, not %q", n.text)
			}
			c.cmp = o
		},
	}
	l.object(v, "compare", f)
	for _, key := range []string{"left", "op", "right"} {
		if v.get(key) == nil {
			l.errorf(v.place, "compare needs %s", key)
		}
	}
	if c.sides[0].from == nil && c.sides[1].from == nil && c.sides[0].sum == nil && c.sides[1].sum == nil {
		l.errorf(v.place, "compare: no side names a signal")
	}
}

// operand reads `sig.var`, arithmetic, or a literal.
func (l *loader) operand(n *node) operand {
	if n.kind != nodeString {
		if !n.scalar() {
			l.errorf(n.place, "expected sig.var or a value, found %s", nodeNames[n.kind])
			return operand{}
		}
		return operand{lit: scalarValue(n)}
	}
	if strings.Contains(n.text, "${") {
		if a, ok := l.parseAmount(n, false); ok {
			return operand{sum: &a}
		}
		return operand{}
	}
	name, _, dotted := strings.Cut(n.text, ".")
	if i := strings.IndexByte(name, '('); i >= 0 {
		name = strings.TrimSuffix(name[i+1:], ")")
	}
	if dotted && (l.rule.byName[name] != nil || name == "session") {
		if v, ok := l.parseVarRef(n.text, n.place); ok {
			return operand{from: &v}
		}
		return operand{}
	}
	return operand{lit: textValue(n.text)}
}
