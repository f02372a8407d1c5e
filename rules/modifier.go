package rules

import (
	"regexp"
	"slices"
	"strings"
)

type op uint8

const (
	opEq op = iota
	opNe
	opIn
	opNin
	opGt
	opGe
	opLt
	opLe
	opContains
	opStartsWith
	opEndsWith
	opLike
	opRe
	opBits
	opExists
)

// opNames are the modifiers; gte and lte are read as ge and le.
var opNames = [...]string{"eq", "ne", "in", "nin", "gt", "ge", "lt", "le", "contains", "startswith", "endswith", "like", "re", "bits", "exists"}

func (o op) String() string { return nameOf(opNames[:], int(o)) }

func parseOp(s string) (op, bool) {
	switch s {
	case "gte":
		s = "ge"
	case "lte":
		s = "le"
	}
	i := indexOf(opNames[:], 0, s)
	return op(max(i, 0)), i >= 0
}

func (o op) ordering() bool { return o >= opGt && o <= opLe }

// holds reports what the comparison c of two values says under o.
func (o op) holds(c int) bool {
	switch o {
	case opGt:
		return c > 0
	case opGe:
		return c >= 0
	case opLt:
		return c < 0
	case opLe:
		return c <= 0
	case opEq:
		return c == 0
	case opNe:
		return c != 0
	}
	return false
}

// test is one modifier with its operands.
type test struct {
	op   op
	vals []value
	all  bool
	re   *regexp.Regexp
}

// tests are and-ed.
type tests []test

func (ts tests) match(v value) bool {
	for i := range ts {
		if !ts[i].match(v) {
			return false
		}
	}
	return true
}

func (t *test) match(v value) bool {
	if v.kind == valAbsent {
		return t.op == opNe || t.op == opNin || t.op == opExists && t.vals[0].num == 0
	}
	switch t.op {
	case opExists:
		return t.vals[0].num == 1
	case opEq, opIn:
		return slices.ContainsFunc(t.vals, func(w value) bool { return equalValues(v, w) })
	case opNe, opNin:
		return !slices.ContainsFunc(t.vals, func(w value) bool { return equalValues(v, w) })
	case opGt, opGe, opLt, opLe:
		c, ok := compareValues(v, t.vals[0])
		return ok && t.op.holds(c)
	case opRe:
		return t.re.MatchString(v.String())
	case opBits:
		n, ok := v.number()
		return ok && n&t.vals[0].num == t.vals[0].num
	}
	s := v.String()
	hit := func(w value) bool { return textOp(t.op, s, w.text) }
	if t.all {
		return !slices.ContainsFunc(t.vals, func(w value) bool { return !hit(w) })
	}
	return slices.ContainsFunc(t.vals, hit)
}

// textOp applies a text modifier; w is in lower case.
func textOp(o op, s, w string) bool {
	switch o {
	case opContains:
		return containsFold(s, w)
	case opStartsWith:
		return hasPrefixFold(s, w)
	case opEndsWith:
		return hasSuffixFold(s, w)
	case opLike:
		return glob(w, s)
	}
	return false
}

// parseTests reads a plain value, a list of them, or a map of modifiers.
func (l *loader) parseTests(n *node) tests {
	switch {
	case n.scalar():
		return tests{{op: opEq, vals: []value{scalarValue(n)}}}
	case n.kind == nodeList:
		return tests{{op: opIn, vals: l.values(n)}}
	case n.kind != nodeMap:
		l.errorf(n.place, "expected a value, a list or a map of modifiers, found %s", nodeNames[n.kind])
		return nil
	}
	var ts tests
	all := false
	for i, k := range n.keys {
		if k.text == "all" {
			all = l.boolean(n.vals[i])
			continue
		}
		o, ok := parseOp(k.text)
		if !ok {
			l.errorf(k.place, "unknown modifier %q (known: %s, all)", k.text, strings.Join(opNames[:], ", "))
			continue
		}
		if t, ok := l.parseTest(o, n.vals[i]); ok {
			ts = append(ts, t)
		}
	}
	if len(ts) == 0 && len(l.errs) == 0 {
		l.errorf(n.place, "no modifier")
	}
	if all {
		for i := range ts {
			ts[i].all = true
		}
	}
	return ts
}

func (l *loader) parseTest(o op, n *node) (test, bool) {
	t := test{op: o}
	switch o {
	case opRe:
		t.re = l.regexp(n)
		return t, t.re != nil
	case opExists:
		t.vals = []value{numberValue(0)}
		if l.boolean(n) {
			t.vals[0] = numberValue(1)
		}
		return t, true
	case opBits:
		t.vals = []value{numberValue(l.number(n))}
		return t, true
	}
	if o.ordering() && !n.scalar() {
		l.errorf(n.place, "%s takes one value", o)
		return t, false
	}
	t.vals = l.values(n)
	if o >= opContains && o <= opLike {
		for i := range t.vals {
			t.vals[i].text = lowerASCII(t.vals[i].text)
			if o == opLike {
				t.vals[i].text = anyGlob(t.vals[i].text)
			}
		}
	}
	return t, len(t.vals) > 0
}

// values reads a scalar or a list of scalars.
func (l *loader) values(n *node) []value {
	if n.scalar() {
		return []value{scalarValue(n)}
	}
	if n.kind != nodeList || len(n.list) == 0 {
		l.errorf(n.place, "expected a value or a list of values, found %s", nodeNames[n.kind])
		return nil
	}
	var vals []value
	for _, v := range n.list {
		if !v.scalar() {
			l.errorf(v.place, "expected a value, found %s", nodeNames[v.kind])
			continue
		}
		vals = append(vals, scalarValue(v))
	}
	return vals
}

func scalarValue(n *node) value {
	if n.kind == nodeNumber {
		return numberValue(n.num)
	}
	return textValue(n.text)
}
