package rules

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"debrief/event"
	"debrief/timeline"
)

type signalKind uint8

const (
	sigEvent signalKind = iota
	sigFact
	sigSpan
	sigInterval
)

var signalKinds = [...]string{"event", "fact", "span", "interval"}

type pick uint8

const (
	pickAll pick = iota
	pickFirst
	pickLast
	pickLongest
	pickDistinct
)

// signal is a named set of matches in the evidence.
type signal struct {
	name   string // empty for inline signals
	place  place
	kind   signalKind
	index  int  // in Rule.signals
	hidden bool // made by the engine: session, phases
	used   bool

	event    *eventSpec
	fact     *factSpec
	span     *spanSpec
	interval *intervalSpec

	caps       []string // captured variables: named groups, then capture
	pick       pick
	pickVar    string
	during     *ref
	duringNode *node // resolved when all signals are known
}

// label names the signal for people.
func (s *signal) label() string {
	if s.name != "" {
		return s.name
	}
	switch s.kind {
	case sigEvent:
		return "event " + strings.Join(s.event.sources, ",")
	case sigFact:
		return strings.TrimSpace("fact " + s.fact.name + " " + s.fact.key)
	case sigSpan:
		return "span " + strings.Join(s.span.kinds, ",")
	}
	return signalKinds[s.kind]
}

// eventSpec says which records match.
type eventSpec struct {
	sources  []string // lower case, globs allowed
	ids      []uint32
	names    []string // exact
	level    event.Level
	texts    []*regexp.Regexp // any
	textLits [][]string       // required literals of each text; nil = none
	textSets [][][]string     // all sets of literals that each text requires
	contains []string         // any, lower case
	fields   []fieldTest      // on the record, all
	where    []fieldTest      // on captured variables, all
	capture  []capture
	groups   []string // variables made by named groups, without repetition
	canon    string   // equal for equal specs
}

type fieldTest struct {
	name  string
	tests tests
}

type capture struct{ name, from string }

// factSpec says which facts match.
type factSpec struct {
	name, key string // key: lower case; empty = any
	glob      bool
	value     string // lower case
	hasValue  bool
	where     tests
	capture   []capture
	dflt      *value
}

// spanSpec says which spans of the timeline match.
type spanSpec struct {
	kinds   []string
	names   []string // lower-case globs; empty = any
	states  []string
	where   []fieldTest
	capture []capture
}

// intervalSpec makes spans from pairs of records.
type intervalSpec struct {
	open, close *eventSpec // close may be nil
	join        []string
	nameVar     string // group that names the interval; may be empty
}

var (
	eventVars = []string{"time", "message", "text", "num", "file", "line", "id", "name", "level", "provider", "channel", "process", "thread", "user", "host", "source"}
	factVars  = []string{"key", "leaf", "parent", "value", "text", "num", "time", "file", "line"}
	spanVars  = []string{"name", "kind", "state", "start", "end", "time", "duration", "code", "session", "file", "line", "num"}
	spanKinds = []timeline.Kind{
		timeline.KindSession, timeline.KindPage, timeline.KindSignIn, timeline.KindPhase, timeline.KindSubcategory, timeline.KindProvider,
		timeline.KindTrackedApp, timeline.KindTaskSequence, timeline.KindGroup, timeline.KindStep, timeline.KindCcmsetup, timeline.KindMSI,
		timeline.KindDownload, timeline.KindWin32App, timeline.KindReboot, timeline.KindGap,
	}
	spanStates = []timeline.State{
		timeline.StateNotStarted, timeline.StateRunning, timeline.StateSucceeded, timeline.StateFailed,
		timeline.StateTimedOut, timeline.StateSkipped, timeline.StateCancelled,
	}
)

// varNames lists the variables of the signal, captured ones first.
func (s *signal) varNames() []string {
	names := slices.Clone(s.caps)
	switch s.kind {
	case sigEvent:
		names = append(append(names, eventVars...), "field.NAME")
	case sigFact:
		names = append(append(names, factVars...), "value.NAME")
	default:
		names = append(append(names, spanVars...), "field.NAME")
	}
	return names
}

func (s *signal) hasVar(name string) bool {
	if slices.Contains(s.varNames(), name) {
		return true
	}
	prefix := "field."
	if s.kind == sigFact {
		prefix = "value."
	}
	if len(name) > len(prefix) && strings.HasPrefix(name, prefix) {
		return true
	}
	return s.kind == sigEvent && slices.ContainsFunc(s.event.fields, func(f fieldTest) bool { return equalFold(f.name, name) })
}

// inlineSignal reads {event: …}, {fact: …}, {span: …} or {interval: …} that
// stands where a name could.
func (l *loader) inlineSignal(n *node) *signal {
	s := l.parseSignal("", n)
	if s != nil {
		s.used = true
		l.addSignal(s)
		l.resolveDuring(s)
	}
	return s
}

func (l *loader) addSignal(s *signal) {
	s.index = len(l.rule.signals)
	l.rule.signals = append(l.rule.signals, s)
	if s.name != "" {
		l.rule.byName[s.name] = s
	}
}

// parseSignal reads the map of one signal; during is resolved later.
func (l *loader) parseSignal(name string, n *node) *signal {
	s := &signal{name: name, place: n.place}
	before, kinds := len(l.errs), 0
	var pickNode, whereNode *node
	options := func(capture *[]capture) fields {
		return fields{
			"capture": func(v *node) { *capture = append(*capture, l.captures(v)...) },
			"pick":    func(v *node) { pickNode = v },
			"during":  func(v *node) { s.duringNode = v },
			"where":   func(v *node) { whereNode = v },
		}
	}
	var caps []capture
	outer := options(&caps)
	for k := range signalKinds {
		kind := signalKind(k)
		outer[signalKinds[k]] = func(v *node) {
			kinds++
			s.kind = kind
			l.signalBody(s, v, options(&caps))
		}
	}
	l.object(n, "signal", outer)
	switch {
	case len(l.errs) > before:
		return nil
	case kinds != 1:
		l.errorf(n.place, "a signal is exactly one of event, fact, span, interval")
		return nil
	}
	l.finishSignal(s, caps, whereNode, pickNode)
	if len(l.errs) > before {
		return nil
	}
	return s
}

// signalBody reads what stands under the kind.
func (l *loader) signalBody(s *signal, n *node, options fields) {
	switch s.kind {
	case sigEvent:
		s.event = l.eventSpec(n, nil, options)
	case sigFact:
		s.fact = l.factSpec(n, options)
	case sigSpan:
		s.span = l.spanSpec(n, options)
	case sigInterval:
		s.interval = l.intervalSpec(n, options)
	}
}

// finishSignal settles what needs the whole signal: the variables, the tests
// on them, and the choice among matches.
func (l *loader) finishSignal(s *signal, caps []capture, where, pickNode *node) {
	switch s.kind {
	case sigEvent:
		s.event.capture = caps
		s.caps = slices.Clone(s.event.groups)
	case sigFact:
		s.fact.capture = caps
		for _, c := range caps {
			if c.from != "key" && !slices.Contains(factVars, c.from) && !strings.HasPrefix(c.from, "value.") {
				l.errorf(s.place, "a fact has no %q to capture (it has %s, value.NAME)", c.from, strings.Join(factVars, ", "))
			}
		}
	case sigSpan:
		s.span.capture = caps
		for _, c := range caps {
			if !slices.Contains(spanVars, c.from) && !strings.HasPrefix(c.from, "field.") {
				l.errorf(s.place, "a span has no %q to capture (it has %s, field.NAME)", c.from, strings.Join(spanVars, ", "))
			}
		}
	case sigInterval:
		if len(caps) > 0 {
			l.errorf(s.place, "capture belongs into open or close of an interval")
		}
		s.caps = slices.Clone(s.interval.open.vars())
		if s.interval.close != nil {
			s.caps = append(s.caps, s.interval.close.vars()...)
		}
	}
	for _, c := range caps {
		if !slices.Contains(s.caps, c.name) {
			s.caps = append(s.caps, c.name)
		}
	}
	if len(s.caps) > maxCaptures {
		l.errorf(s.place, "more than %d captured variables", maxCaptures)
		s.caps = s.caps[:maxCaptures]
	}
	l.finishWhere(s, where)
	if pickNode != nil {
		l.parsePick(s, pickNode)
	}
}

// maxCaptures bounds the captured variables of a signal: a match notes in one
// word which of them are set.
const maxCaptures = 32

func (l *loader) finishWhere(s *signal, n *node) {
	if n == nil {
		return
	}
	switch s.kind {
	case sigFact:
		s.fact.where = l.parseTests(n)
	case sigEvent:
		s.event.where = l.varTests(s, n)
	case sigSpan:
		s.span.where = l.varTests(s, n)
	default:
		l.errorf(n.place, "where does not apply to an interval; use it on the condition")
	}
}

// varTests reads {variable: test} for the variables of s.
func (l *loader) varTests(s *signal, n *node) []fieldTest {
	if n.kind != nodeMap {
		l.errorf(n.place, "expected a map of variables, found %s", nodeNames[n.kind])
		return nil
	}
	var out []fieldTest
	for i, k := range n.keys {
		if !s.hasVar(k.text) {
			l.errorf(k.place, "signal %s has no variable %q (it has %s)", s.label(), k.text, strings.Join(s.varNames(), ", "))
			continue
		}
		ts := l.parseTests(n.vals[i])
		if k.text == "duration" {
			l.checkDurations(ts, n.vals[i])
		}
		out = append(out, fieldTest{k.text, ts})
	}
	return out
}

func (l *loader) checkDurations(ts tests, n *node) {
	for _, t := range ts {
		for _, v := range t.vals {
			if _, ok := v.duration(); !ok && t.op != opExists {
				l.errorf(n.place, "%q is no duration: write 90s, 15m or 2h", v.text)
			}
		}
	}
}

func (l *loader) parsePick(s *signal, n *node) {
	switch n.text {
	case "all":
	case "first":
		s.pick = pickFirst
	case "last":
		s.pick = pickLast
	case "longest":
		s.pick = pickLongest
		if s.kind != sigSpan && s.kind != sigInterval {
			l.errorf(n.place, "only spans and intervals have a longest")
		}
	default:
		inner, ok := strings.CutPrefix(n.text, "distinct(")
		inner, closed := strings.CutSuffix(inner, ")")
		if !ok || !closed {
			l.errorf(n.place, "pick is all, first, last, longest or distinct(variable), not %q", n.text)
			return
		}
		if !s.hasVar(inner) {
			l.errorf(n.place, "signal %s has no variable %q (it has %s)", s.label(), inner, strings.Join(s.varNames(), ", "))
		}
		s.pick, s.pickVar = pickDistinct, inner
	}
}

func (l *loader) resolveDuring(s *signal) {
	if s.duringNode == nil {
		return
	}
	r, ok := l.parseRef(s.duringNode)
	if !ok {
		return
	}
	if r.sig.kind != sigSpan && r.sig.kind != sigInterval {
		l.errorf(s.duringNode.place, "during needs a span, an interval, session or the name of a phase")
		return
	}
	s.during = &r
	for at, n := r.sig, 0; at != nil && n <= len(l.rule.signals); n++ {
		if at == s {
			l.errorf(s.duringNode.place, "during goes in a circle")
			s.during = nil
			return
		}
		if at.during == nil {
			return
		}
		at = at.during.sig
	}
}

// captures reads {variable: where it comes from}.
func (l *loader) captures(n *node) []capture {
	if n.kind != nodeMap {
		l.errorf(n.place, "expected a map of variable: field, found %s", nodeNames[n.kind])
		return nil
	}
	var out []capture
	for i, k := range n.keys {
		if !isIdent(k.text) {
			l.errorf(k.place, "variable %q: use a-z, 0-9 and _", k.text)
			continue
		}
		if from := l.text(n.vals[i]); from != "" {
			out = append(out, capture{k.text, from})
		}
	}
	return out
}

// isIdent reports whether s is a name as rules give them.
func isIdent(s string) bool {
	for i, c := range s {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || i > 0 && (c >= '0' && c <= '9' || c == '_')) {
			return false
		}
	}
	return s != ""
}

// regexp compiles an expression; nil after an error.
func (l *loader) regexp(n *node) *regexp.Regexp {
	if n.kind != nodeString {
		l.errorf(n.place, "expected a regular expression, found %s", nodeNames[n.kind])
		return nil
	}
	re, err := regexp.Compile(n.text)
	if err != nil {
		msg := err.Error()
		if e, ok := err.(*syntax.Error); ok {
			msg = e.Code.String() + ": " + e.Expr
		}
		l.errorf(n.place, "regular expression: %s", msg)
		return nil
	}
	return re
}
