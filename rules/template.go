package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"debrief/codes"
)

// template is a text with {{ … }} in it. It has no loops and no conditions.
type template struct {
	parts []templatePart
}

type templatePart struct {
	lit   string
	first templateCall   // fn is empty for a bare variable
	pipe  []templateCall // applied to the result, in turn
}

type templateCall struct {
	fn   string
	args []templateArg
}

type templateArg struct {
	from  varRef // name is empty for a whole signal
	lit   string
	isLit bool
}

// templateFuncs are the functions, with the number of arguments each takes
// where it stands first (variables) and behind a bar (literals).
var templateFuncs = map[string]struct{ minArgs, maxArgs, pipeArgs int }{
	"code":     {1, 1, 0},
	"hex":      {1, 1, 0},
	"time":     {1, 1, 0},
	"duration": {1, 2, 0},
	"join":     {1, 1, 0},
	"count":    {1, 1, 0},
	"first":    {1, 1, 0},
	"last":     {1, 1, 0},
	"default":  {2, 2, 1},
}

// template reads a text with placeholders.
func (l *loader) template(n *node) *template {
	text := l.text(n)
	t := &template{}
	for {
		lit, rest, found := strings.Cut(text, "{{")
		if lit != "" {
			t.parts = append(t.parts, templatePart{lit: lit})
		}
		if !found {
			return t
		}
		expr, after, closed := cutClose(rest)
		if !closed {
			l.errorf(n.place, "{{ without }}")
			return t
		}
		if p, ok := l.templateExpr(expr, n.place); ok {
			t.parts = append(t.parts, p)
		}
		text = after
	}
}

// cutClose cuts at the first }} that is not within quotes.
func cutClose(s string) (expr, after string, ok bool) {
	quoted := false
	for i := 0; i < len(s); i++ {
		if s[i] == '"' {
			quoted = !quoted
		}
		if !quoted && strings.HasPrefix(s[i:], "}}") {
			return s[:i], s[i+2:], true
		}
	}
	return s, "", false
}

func (l *loader) templateExpr(expr string, p place) (templatePart, bool) {
	var part templatePart
	calls, ok := templateWords(expr)
	if !ok || len(calls[0]) == 0 {
		l.errorf(p, "{{%s}}: expected a variable, or a function and its variables", expr)
		return part, false
	}
	for i, words := range calls {
		call := templateCall{}
		if len(words) == 0 {
			l.errorf(p, "{{%s}}: nothing behind the bar", expr)
			return part, false
		}
		f, isFunc := templateFuncs[words[0]]
		if isFunc && (i > 0 || len(words) > 1) {
			call.fn, words = words[0], words[1:]
		} else if i > 0 {
			l.errorf(p, "{{%s}}: unknown function %q (known: %s)", expr, words[0], strings.Join(functionNames(), ", "))
			return part, false
		}
		low, high := 1, 1
		if i > 0 {
			low, high = f.pipeArgs, f.pipeArgs
		} else if call.fn != "" {
			low, high = f.minArgs, f.maxArgs
		}
		if len(words) < low || len(words) > high {
			l.errorf(p, "{{%s}}: wrong number of arguments", expr)
			return part, false
		}
		for _, w := range words {
			a, ok := l.templateArg(w, p)
			if !ok {
				return part, false
			}
			call.args = append(call.args, a)
		}
		if i == 0 {
			part.first = call
		} else {
			part.pipe = append(part.pipe, call)
		}
	}
	return part, true
}

func functionNames() []string {
	var names []string
	for n := range templateFuncs {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// templateWords splits an expression at bars into words; texts in quotes stay whole.
func templateWords(expr string) ([][]string, bool) {
	calls := [][]string{nil}
	for s := strings.TrimSpace(expr); s != ""; s = strings.TrimLeft(s, " \t\r\n") {
		last := len(calls) - 1
		switch s[0] {
		case '|':
			calls = append(calls, nil)
			s = s[1:]
		case '"':
			end := strings.IndexByte(s[1:], '"')
			if end < 0 {
				return calls, false
			}
			calls[last] = append(calls[last], s[:end+2])
			s = s[end+2:]
		default:
			end := strings.IndexAny(s, " \t\r\n|\"")
			if end < 0 {
				end = len(s)
			}
			calls[last] = append(calls[last], s[:end])
			s = s[end:]
		}
	}
	return calls, true
}

func (l *loader) templateArg(w string, p place) (templateArg, bool) {
	if w[0] == '"' {
		return templateArg{lit: w[1 : len(w)-1], isLit: true}, true
	}
	r, name, ok := l.refText(w, p)
	if !ok {
		return templateArg{}, false
	}
	if name != "" && !r.sig.hasVar(name) {
		l.errorf(p, "signal %s has no variable %q (it has %s)", r.sig.label(), name, strings.Join(r.sig.varNames(), ", "))
		return templateArg{}, false
	}
	return templateArg{from: varRef{r, name}}, true
}

// absent is what stands for a value that is not there.
const absent = "(unknown)"

// maxTemplateValue bounds one filled-in value.
const maxTemplateValue = 300

// maxJoined bounds the values that join lists.
const maxJoined = 10

// render fills a template in.
func (r *ruleEval) render(t *template) string {
	if t == nil {
		return ""
	}
	var b strings.Builder
	for _, p := range t.parts {
		if p.first.args == nil {
			b.WriteString(follow(b.String(), p.lit))
			continue
		}
		vals := r.call(p.first)
		for _, c := range p.pipe {
			vals = apply(c.fn, vals, c.args)
		}
		if len(vals) == 0 {
			b.WriteString(absent)
		} else {
			b.WriteString(clip(vals[0].String(), maxTemplateValue))
		}
	}
	return strings.TrimSpace(b.String())
}

// follow makes a literal fit to what stands before it: a value that is a
// sentence brings its own point, and an empty one leaves no gap.
func follow(before, lit string) string {
	if lit == "" || before == "" {
		return lit
	}
	if last := before[len(before)-1]; last == lit[0] && (last == '.' || last == ' ') {
		return lit[1:]
	}
	return lit
}

func (r *ruleEval) call(c templateCall) []value {
	a := c.args[0]
	switch {
	case c.fn == "count" && a.from.name == "":
		f := r.find(a.from.ref, &filter{})
		if len(f.list) == 1 && f.list[0].dflt != nil {
			f.total = 0
		}
		return []value{numberValue(int64(f.total))}
	case c.fn == "duration" && len(c.args) == 2:
		return span(r.arg(a), r.arg(c.args[1]))
	case c.fn == "duration" && a.from.name == "" && a.from.sig != nil && a.from.sig.hasVar("duration"):
		a.from.name = "duration"
	}
	vals := r.arg(a)
	if c.fn == "" {
		return vals
	}
	return apply(c.fn, vals, c.args[1:])
}

// arg returns the values of an argument, of a whole signal what it is known by.
func (r *ruleEval) arg(a templateArg) []value {
	if a.isLit {
		return []value{textValue(a.lit)}
	}
	v := a.from
	if v.name == "" {
		v.name = "text"
		if v.sig.kind == sigSpan || v.sig.kind == sigInterval {
			v.name = "name"
		}
	}
	return r.values(v)
}

// span is the time from the first value to the second.
func span(from, to []value) []value {
	if len(from) == 0 || len(to) == 0 {
		return nil
	}
	a, oka := from[0].moment()
	b, okb := to[0].moment()
	if !oka || !okb {
		return nil
	}
	return []value{durationValue(b.Sub(a))}
}

func apply(fn string, vals []value, args []templateArg) []value {
	if fn == "default" {
		if len(vals) == 0 || vals[0].String() == "" {
			return []value{textValue(args[0].lit)}
		}
		return vals
	}
	if fn == "count" {
		return []value{numberValue(int64(len(vals)))}
	}
	if len(vals) == 0 {
		return nil
	}
	switch fn {
	case "first":
		return vals[:1]
	case "last":
		return vals[len(vals)-1:]
	case "join":
		return []value{textValue(joined(vals))}
	}
	out := make([]value, len(vals))
	for i, v := range vals {
		out[i] = applyOne(fn, v)
	}
	return out
}

func applyOne(fn string, v value) value {
	switch fn {
	case "code", "hex":
		c, err := codes.Parse(strings.TrimSpace(v.text))
		if err != nil {
			return v
		}
		if fn == "hex" {
			return textValue(fmt.Sprintf("0x%08x", c))
		}
		return textValue(codeText(c))
	case "time":
		if t, ok := v.moment(); ok {
			return timeValue(t)
		}
	case "duration":
		if d, ok := v.duration(); ok {
			return durationValue(d)
		}
		if n, ok := v.number(); ok { // seconds
			return durationValue(time.Duration(min(max(n, -1<<31), 1<<31)) * time.Second)
		}
	}
	return v
}

// codeText renders a code as 0x80072ee7 (SYMBOL: meaning).
func codeText(v uint32) string {
	c := codes.Describe(v)
	num := fmt.Sprintf("0x%08x", v)
	if v < 1<<16 {
		num = fmt.Sprint(v)
	}
	switch {
	case c.Symbol != "" && c.Meaning != "":
		return num + " (" + c.Symbol + ": " + strings.TrimSuffix(c.Meaning, ".") + ")"
	case c.Symbol+c.Meaning != "":
		return num + " (" + strings.TrimSuffix(c.Symbol+c.Meaning, ".") + ")"
	}
	return num
}

func joined(vals []value) string {
	var list []string
	more := 0
	for _, v := range vals {
		s := clip(v.String(), maxTemplateValue/4)
		if slices.Contains(list, s) {
			continue
		}
		if len(list) == maxJoined {
			more++
			continue
		}
		list = append(list, s)
	}
	s := strings.Join(list, ", ")
	if more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}
