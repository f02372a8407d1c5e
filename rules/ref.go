package rules

import (
	"strings"
	"time"
	"unicode"
)

type selector uint8

const (
	selAny selector = iota
	selFirst
	selLast
	selMax
	selMin
)

var selNames = [...]string{"", "first", "last", "max", "min"}

type end uint8

const (
	endNone end = iota
	endOpen
	endClose
)

// ref names the matches of a signal, or one of them, or one end of a span.
type ref struct {
	sel   selector
	sig   *signal
	end   end
	place place
}

func (r ref) String() string {
	if r.sig == nil {
		return "?"
	}
	s := r.sig.label()
	if r.sel != selAny {
		s = selNames[r.sel] + "(" + s + ")"
	}
	switch r.end {
	case endOpen:
		s += ".open"
	case endClose:
		s += ".close"
	}
	return s
}

// varRef names a variable of a signal.
type varRef struct {
	ref
	name string
}

func (v varRef) String() string { return v.ref.String() + "." + v.name }

// parseRef reads `sig`, `last(sig)`, `sig.open`, an inline signal, or the name
// of a phase. It makes hidden signals for what is not declared.
func (l *loader) parseRef(n *node) (ref, bool) {
	if n.kind == nodeMap {
		s := l.inlineSignal(n)
		return ref{sig: s, place: n.place}, s != nil
	}
	if n.kind != nodeString {
		l.errorf(n.place, "expected the name of a signal, found %s", nodeNames[n.kind])
		return ref{}, false
	}
	r, rest, ok := l.refText(n.text, n.place)
	if !ok {
		return r, false
	}
	switch rest {
	case "":
	case "open":
		r.end = endOpen
	case "close":
		r.end = endClose
	default:
		l.errorf(n.place, "%q: after a signal only .open or .close may follow here", n.text)
		return r, false
	}
	if r.end != endNone && r.sig.kind != sigSpan && r.sig.kind != sigInterval {
		l.errorf(n.place, "%q: only a span or an interval has .open and .close", n.text)
		return r, false
	}
	return r, true
}

// parseVarRef reads `sig.var` or `max(sig).var`; what is no known signal is
// refused.
func (l *loader) parseVarRef(text string, p place) (varRef, bool) {
	r, name, ok := l.refText(text, p)
	if !ok {
		return varRef{}, false
	}
	if name == "" {
		l.errorf(p, "%q: a variable is missing, as in %s.time", text, r)
		return varRef{}, false
	}
	if !r.sig.hasVar(name) {
		l.errorf(p, "signal %s has no variable %q (it has %s)", r.sig.label(), name, strings.Join(r.sig.varNames(), ", "))
		return varRef{}, false
	}
	return varRef{r, name}, true
}

// refText splits text into a reference and what follows its first dot.
func (l *loader) refText(text string, p place) (ref, string, bool) {
	r := ref{place: p}
	name, rest := text, ""
	for i := selFirst; i <= selMin; i++ {
		if inner, ok := strings.CutPrefix(text, selNames[i]+"("); ok {
			close := strings.IndexByte(inner, ')')
			if close < 0 {
				l.errorf(p, "%q: a bracket is open", text)
				return r, "", false
			}
			r.sel, name, rest = i, inner[:close], inner[close+1:]
			if rest != "" && rest[0] != '.' {
				l.errorf(p, "%q: expected a dot after the bracket", text)
				return r, "", false
			}
			rest = strings.TrimPrefix(rest, ".")
			break
		}
	}
	if r.sel == selAny {
		name, rest, _ = strings.Cut(text, ".")
		// DeviceSetup.AppsSubcategory is one name.
		if first, more, _ := strings.Cut(rest, "."); isPhaseName(name) && isPhaseName(first) {
			name, rest = name+"."+first, more
		}
	}
	r.sig = l.lookup(name)
	if r.sig == nil {
		l.errorf(p, "unknown signal %q", name)
		return r, "", false
	}
	r.sig.used = true
	return r, rest, true
}

// isPhaseName tells names of phases and subcategories, which begin with a
// capital, from names of signals, which do not.
func isPhaseName(s string) bool {
	for i, c := range s {
		if i == 0 && !unicode.IsUpper(c) || !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return false
		}
	}
	return s != ""
}

// lookup finds a signal of the rule, or makes the hidden one for `session`
// and for phases.
func (l *loader) lookup(name string) *signal {
	if s := l.rule.byName[name]; s != nil {
		return s
	}
	switch {
	case name == "session":
		return l.hidden(name, &spanSpec{kinds: []string{"session"}})
	case isPhaseName(name):
		return l.hidden(name, &spanSpec{kinds: []string{"phase"}, names: []string{lowerASCII(name)}})
	}
	if a, b, ok := strings.Cut(name, "."); ok && isPhaseName(a) && isPhaseName(b) {
		return l.hidden(name, &spanSpec{kinds: []string{"subcategory"}, names: []string{lowerASCII(name)}})
	}
	return nil
}

func (l *loader) hidden(name string, spec *spanSpec) *signal {
	s := &signal{name: name, kind: sigSpan, span: spec, hidden: true}
	l.addSignal(s)
	return s
}

// amount is a sum of numbers and durations, some of them taken from signals:
// `${minutes}m + 10m`, `15m`, `${count} + 1`.
type amount struct {
	text  string
	terms []amountTerm
	span  bool // a duration, else a number
}

type amountTerm struct {
	sign int64
	from *varRef       // nil = literal
	unit time.Duration // of a number taken from a signal; 0 = plain
	num  int64         // literal: number or nanoseconds
}

var units = []struct {
	suffix string
	unit   time.Duration
}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"", 0}}

// parseAmount reads an amount. wantSpan says that only a duration will do.
func (l *loader) parseAmount(n *node, wantSpan bool) (amount, bool) {
	a := amount{text: n.text}
	if !n.scalar() || n.kind == nodeFloat || n.kind == nodeBool {
		l.errorf(n.place, "expected a duration such as 15m, or a number, found %s", nodeNames[n.kind])
		return a, false
	}
	rest, sign, spans := strings.TrimSpace(n.text), int64(1), 0
	for first := true; ; first = false {
		if !first && rest == "" {
			break
		}
		if i := strings.IndexAny(rest, "+-"); i == 0 {
			if rest[0] == '-' {
				sign = -sign
			}
			rest = strings.TrimSpace(rest[1:])
		} else if !first {
			l.errorf(n.place, "%q: expected + or -", n.text)
			return a, false
		}
		word, more := rest, ""
		if i := strings.IndexAny(rest, "+-"); i > 0 && !strings.HasPrefix(rest, "${") {
			word, more = rest[:i], rest[i:]
		} else if strings.HasPrefix(rest, "${") {
			// The name between the braces may hold a dash only by mistake.
			close := strings.IndexByte(rest, '}')
			if j := strings.IndexAny(rest[max(close, 0):], "+-"); j > 0 {
				word, more = rest[:close+j], rest[close+j:]
			}
		}
		t, isSpan, ok := l.amountTerm(strings.TrimSpace(word), n)
		if !ok {
			return a, false
		}
		if isSpan {
			spans++
		}
		t.sign = sign
		a.terms = append(a.terms, t)
		rest, sign = strings.TrimSpace(more), 1
	}
	a.span = spans == len(a.terms)
	if spans != 0 && !a.span || wantSpan && !a.span {
		l.errorf(n.place, "%q is no duration: write 15m, 2h or \"${signal}m\"", n.text)
		return a, false
	}
	return a, true
}

func (l *loader) amountTerm(word string, n *node) (t amountTerm, isSpan, ok bool) {
	if inner, found := strings.CutPrefix(word, "${"); found {
		name, unit, closed := strings.Cut(inner, "}")
		for _, u := range units {
			if unit == u.suffix && closed {
				return l.signalTerm(name, u.unit, n)
			}
		}
		l.errorf(n.place, "%q: expected ${signal} and a unit d, h, m or s", word)
		return t, false, false
	}
	if v, good := parseNumber(word); good {
		return amountTerm{num: v}, false, true
	}
	if d, good := parseDuration(word); good {
		return amountTerm{num: int64(d)}, true, true
	}
	l.errorf(n.place, "%q is neither a number nor a duration", word)
	return t, false, false
}

func (l *loader) signalTerm(name string, unit time.Duration, n *node) (t amountTerm, isSpan, ok bool) {
	r, rest, ok := l.refText(name, n.place)
	if !ok {
		return t, false, false
	}
	if rest == "" {
		rest = "num"
	}
	if !r.sig.hasVar(rest) {
		l.errorf(n.place, "signal %s has no variable %q", r.sig.label(), rest)
		return t, false, false
	}
	return amountTerm{from: &varRef{r, rest}, unit: unit}, unit != 0, true
}
