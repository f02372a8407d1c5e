package rules

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"debrief/event"
)

// Node is one condition of a rule as it was judged: why a rule fired, and why
// it did not.
type Node struct {
	Op       string // operator; "applies", "when", "unless" and "needs" at the top
	Text     string // the condition on one line
	Verdict  Tri
	Reason   string  // one clause
	Quotes   []Quote // up to three records that speak for it
	Children []*Node

	missing []string // sources that would decide it
	used    []used   // what made it true
}

// used is one match that made a condition true.
type used struct {
	ref ref
	m   match
}

// Quote is one piece of evidence.
type Quote struct {
	Pos    event.Pos
	Time   time.Time // zero = none
	Text   string    // the record itself, one line, at most 1,000 bytes
	Note   string    // what is read out of it, where that is more than the text says: "step Install CAD, 48 min"
	Signal string    // the signal it answers
	// Before and After are the neighbouring records of the same file, where the
	// rule asks for them.
	Before, After []string

	reading bool // Text is what was read out of the record at Pos, not yet the record itself
}

// Write renders the tree with two spaces a level.
func (n *Node) Write(b *strings.Builder, depth int) {
	fmt.Fprintf(b, "%s%-7s %s", strings.Repeat("  ", depth), n.Verdict, n.Text)
	if n.Reason != "" {
		b.WriteString(": " + n.Reason)
	}
	b.WriteByte('\n')
	for _, q := range n.Quotes {
		fmt.Fprintf(b, "%s          %s  %s\n", strings.Repeat("  ", depth), placeText(q.Pos), q.Text)
	}
	for _, c := range n.Children {
		c.Write(b, depth+1)
	}
}

func placeText(p event.Pos) string {
	switch {
	case p.File == "":
		return "(no place)"
	case p.Line > 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	case p.Record > 0:
		return fmt.Sprintf("%s record %d", p.File, p.Record)
	}
	return p.File
}

// maxUsed is how many matches of one condition are quoted: the first ones and
// the last.
const maxUsed = 3

// use notes which matches made a condition true.
func (r *ruleEval) use(n *Node, at ref, list []match) {
	for i := range list {
		if i < maxUsed-1 || i == len(list)-1 {
			n.used = append(n.used, used{at, list[i]})
		}
	}
	for _, u := range n.used[max(len(n.used)-maxUsed, 0):] {
		if q, ok := r.quote(u); ok && len(n.Quotes) < maxUsed {
			n.Quotes = append(n.Quotes, q)
		}
	}
}

// quote renders a match as evidence; defaults are none.
func (r *ruleEval) quote(u used) (Quote, bool) {
	q := Quote{Signal: u.ref.sig.label()}
	m := &u.m
	switch {
	case m.span != nil:
		q.Pos, q.Time, q.Text, q.reading = spanPos(m.span), m.span.Start, spanText(m), true
		if u.ref.end == endClose && len(m.span.Evidence) > 1 {
			q.Pos, q.Time = m.span.Evidence[len(m.span.Evidence)-1], m.span.End
		}
	case m.ev != nil:
		q.Pos, q.Time, q.Text = m.ev.Pos, m.ev.Time, clip(m.ev.Message, 1000)
		// The name of an event-log record is part of it; that of a text record
		// is debrief's.
		if m.ev.Name != "" && m.ev.ID != 0 && !strings.Contains(q.Text, m.ev.Name) {
			q.Text = clip(m.ev.Name+": "+q.Text, 1000)
		}
	case m.fact != nil:
		q.Pos, q.Time, q.Text, q.reading = m.fact.Pos, m.fact.Time, factText(m.fact), m.fact.Name != "reg"
	default:
		return q, false
	}
	return q, true
}

func spanText(m *match) string {
	s := m.span
	text := string(s.Kind) + " " + s.Name
	if s.Kind == "interval" && m.ev != nil {
		text = m.ev.Message
	}
	if s.State != "" {
		text += ", " + string(s.State)
	}
	if d := s.Duration(); d > 0 {
		text += ", " + formatDuration(d)
		if s.End.IsZero() {
			text += " (not seen to end)"
		}
	}
	return clip(text, 1000)
}

func factText(f *event.Fact) string {
	name := f.Name
	switch {
	case f.Name == "reg" && f.Value != "":
		name = f.Key + `\` + f.Value
	case f.Name == "reg":
		name = f.Key
	case f.Key != "":
		name += " " + f.Key
	}
	text := f.Text
	switch {
	case f.Kind == event.FactKey:
		return clip(name, 1000)
	case f.Kind == event.FactNumber && f.Name != "reg" && f.Num>>31 == 1:
		text = fmt.Sprintf("0x%08x", f.Num) // a failing HRESULT; registry values are quoted as they stand
	}
	return clip(name+" = "+text, 1000)
}

// clip makes text fit for one line: control characters become spaces, and
// what is longer than limit bytes is cut.
func clip(s string, limit int) string {
	cut := len(s) > limit
	if cut {
		for limit > 0 && !utf8.RuneStart(s[limit]) {
			limit--
		}
		s = s[:limit]
	}
	s = strings.Map(func(c rune) rune {
		// Bidirectional controls can make a quote read as something else.
		if unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) || c == '\u2028' || c == '\u2029' {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.TrimSpace(s)
	if cut {
		s += "…"
	}
	return s
}

// String renders the condition on one line, in words.
func (c *cond) String() string {
	var b strings.Builder
	c.write(&b)
	return b.String()
}

func (c *cond) write(b *strings.Builder) {
	switch c.op {
	case condAll, condAny:
		b.WriteString(c.op.String() + " of")
		return
	case condNot:
		b.WriteString("not")
		return
	case condSignal:
	case condCovered, condMissing:
		b.WriteString(c.op.String() + " " + c.source)
		return
	case condExpr:
		b.WriteString("expr " + c.expr.text)
		return
	case condCompare:
		fmt.Fprintf(b, "%s %s %s", c.sides[0], c.cmp, c.sides[1])
		return
	default:
		b.WriteString(c.op.String() + " ")
	}
	for i, r := range c.refs {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(r.String())
	}
	if c.distinct != "" {
		b.WriteString("." + c.distinct)
	}
	c.filter.write(b)
	if c.op == condCount || c.op == condDuration || c.op == condGap {
		fmt.Fprintf(b, " %s %s", c.cmp, c.than.text)
	}
	if c.within != nil {
		b.WriteString(" within " + c.within.text)
	}
}

func (f *filter) write(b *strings.Builder) {
	if f.whereText != "" {
		b.WriteString(" where " + f.whereText)
	}
	for _, at := range []struct {
		word string
		ref  *ref
	}{{"during", f.during}, {"after", f.after}, {"before", f.before}} {
		if at.ref != nil {
			b.WriteString(" " + at.word + " " + at.ref.String())
		}
	}
}

// String renders one side of a comparison.
func (o operand) String() string {
	switch {
	case o.from != nil:
		return o.from.String()
	case o.sum != nil:
		return o.sum.text
	}
	return o.lit.String()
}

// describeWhere renders {var: test} in flow style.
func describeWhere(b *strings.Builder, n *node) {
	switch n.kind {
	case nodeMap:
		for i, k := range n.keys {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(k.text + " ")
			describeWhere(b, n.vals[i])
		}
	case nodeList:
		for i, v := range n.list {
			if i > 0 {
				b.WriteString("|")
			}
			describeWhere(b, v)
		}
	default:
		b.WriteString(n.text)
	}
}
