package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"debrief/event"
	"debrief/timeline"
)

// Test is one example of a rule, with what it should make of it.
type Test struct {
	Name string
	Line int

	place  place
	given  given
	expect expectation
}

// given is made-up evidence. Times are kept relative until it is built.
type given struct {
	session  *givenSession
	covered  []string
	missing  []string
	damaged  []string
	facts    []givenFact
	logs     []givenLog
	events   []givenEvent
	spans    []givenSpan
	included string
}

type givenSession struct {
	flow, join, outcome string
	start, end          moment
}

type givenFact struct {
	fact event.Fact
	time moment
}

type givenLog struct{ source, text string }

type givenEvent struct {
	ev event.Event
	at moment
}

type givenSpan struct {
	span                 timeline.Span
	start, end, lastSeen moment
}

// moment is a time of a test: an offset from the session's start, or fixed.
type moment struct {
	set   bool
	after time.Duration
	fixed time.Time
}

func (m moment) at(base time.Time) time.Time {
	switch {
	case !m.set:
		return time.Time{}
	case !m.fixed.IsZero():
		return m.fixed
	}
	return base.Add(m.after)
}

type expectation struct {
	verdict                      Verdict
	hasVerdict                   bool
	confidence                   Confidence
	root                         *bool
	explains, suppresses, askFor []string
	messageHas, messageLacks     []string
	instances                    int
}

func (l *loader) parseTestCase(n *node, earlier []Test) Test {
	t := Test{Line: n.line, place: n.place}
	l.object(n, "a test", fields{
		"name":   func(v *node) { t.Name = l.text(v) },
		"given":  func(v *node) { l.parseGiven(&t.given, v) },
		"expect": func(v *node) { l.parseExpect(&t.expect, v) },
	})
	if t.Name == "" {
		l.errorf(n.place, "a test needs a name")
	}
	if slices.ContainsFunc(earlier, func(e Test) bool { return e.Name == t.Name }) {
		l.errorf(n.place, "two tests are called %q", t.Name)
	}
	if !t.expect.hasVerdict {
		l.errorf(n.place, "a test expects a verdict")
	}
	if t.given.included != "" {
		l.include(&t, earlier, n)
	}
	return t
}

// include puts an earlier test's evidence under this one's.
func (l *loader) include(t *Test, earlier []Test, n *node) {
	i := len(earlier) - 1
	if t.given.included != "previous" {
		i = slices.IndexFunc(earlier, func(e Test) bool { return e.Name == t.given.included })
	}
	if i < 0 {
		l.errorf(n.place, "include: there is no earlier test %q", t.given.included)
		return
	}
	base, g := earlier[i].given, &t.given
	g.session = mergeSession(base.session, g.session)
	// What this test says of a source wins over what the other said.
	said := append(slices.Clone(g.covered), g.missing...)
	keep := func(list []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(said, s) })
	}
	g.covered = append(keep(base.covered), g.covered...)
	g.missing = append(keep(base.missing), g.missing...)
	g.damaged = append(keep(base.damaged), g.damaged...)
	own := g.facts
	g.facts = slices.DeleteFunc(slices.Clone(base.facts), func(f givenFact) bool {
		return slices.ContainsFunc(own, func(o givenFact) bool {
			if f.fact.Name != "reg" {
				return o.fact.Name == f.fact.Name
			}
			return o.fact.Name == "reg" && equalFold(o.fact.Key, f.fact.Key) && equalFold(o.fact.Value, f.fact.Value)
		})
	})
	g.facts = append(g.facts, own...)
	g.logs = append(slices.Clone(base.logs), g.logs...)
	g.events = append(slices.Clone(base.events), g.events...)
	g.spans = append(slices.Clone(base.spans), g.spans...)
}

func mergeSession(base, own *givenSession) *givenSession {
	if base == nil || own == nil {
		if own == nil {
			return base
		}
		return own
	}
	s := *base
	for _, w := range []struct {
		to   *string
		from string
	}{{&s.flow, own.flow}, {&s.join, own.join}, {&s.outcome, own.outcome}} {
		if w.from != "" {
			*w.to = w.from
		}
	}
	if own.start.set {
		s.start = own.start
	}
	if own.end.set {
		s.end = own.end
	}
	return &s
}

func (l *loader) parseGiven(g *given, n *node) {
	f := fields{
		"session": func(v *node) { g.session = l.givenSession(v) },
		"covered": func(v *node) { g.covered = l.sources(v) },
		"missing": func(v *node) { g.missing = l.sources(v) },
		"damaged": func(v *node) { g.damaged = l.sources(v) },
		"facts":   func(v *node) { l.givenFacts(g, v) },
		"reg":     func(v *node) { l.givenReg(g, v) },
		"events": func(v *node) {
			l.each(v, "events", func(e *node) { g.events = append(g.events, l.givenEvent(e)) })
		},
		"spans": func(v *node) {
			l.each(v, "spans", func(e *node) { g.spans = append(g.spans, l.givenSpan(e)) })
		},
		"include": func(v *node) { g.included = l.text(v) },
	}
	if n.kind == nodeMap {
		for i, k := range n.keys {
			if strings.HasPrefix(k.text, "log.") {
				f[k.text] = func(v *node) {
					l.checkSource(k.text, k.place)
					g.logs = append(g.logs, givenLog{k.text, l.text(n.vals[i])})
					if _, err := logLines(n.vals[i].text); err != nil {
						l.errorf(v.place, "%s: %v", k.text, err)
					}
				}
			}
		}
	}
	l.object(n, "given", f)
}

func (l *loader) sources(n *node) []string {
	list := l.texts(n)
	for i, s := range list {
		l.checkSource(s, n.place)
		list[i] = lowerASCII(s)
	}
	return list
}

func (l *loader) givenSession(n *node) *givenSession {
	s := &givenSession{}
	l.object(n, "session", fields{
		"flow":    func(v *node) { s.flow = l.text(v) },
		"join":    func(v *node) { s.join = l.text(v) },
		"outcome": func(v *node) { s.outcome = l.text(v) },
		"start":   func(v *node) { s.start = l.moment(v) },
		"end":     func(v *node) { s.end = l.moment(v) },
	})
	if s.start.set && s.start.fixed.IsZero() {
		l.errorf(n.place, "the start of a session is a full time such as 2024-03-05T09:00:00Z")
	}
	return s
}

// moment reads +14m, 90s, 0 or a full time.
func (l *loader) moment(n *node) moment {
	text := l.text(n)
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return moment{set: true, fixed: t.UTC()}
	}
	if d, ok := parseDuration(text); ok {
		return moment{set: true, after: d}
	}
	l.errorf(n.place, "expected +14m, 90s or 2024-03-05T09:00:00Z, found %q", text)
	return moment{}
}

func (l *loader) givenFacts(g *given, n *node) {
	if n.kind != nodeMap {
		l.errorf(n.place, "facts: expected a map, found %s", nodeNames[n.kind])
		return
	}
	for i, k := range n.keys {
		if !event.KnownFact(k.text) {
			l.remark(k.place, "unknown fact %q", k.text)
		}
		list := []*node{n.vals[i]}
		if n.vals[i].kind == nodeList {
			list = n.vals[i].list
		}
		for _, v := range list {
			g.facts = append(g.facts, l.givenFact(k.text, v))
		}
	}
}

func (l *loader) givenFact(name string, n *node) givenFact {
	if n.kind != nodeMap {
		return givenFact{fact: l.datum(name, n)}
	}
	var f givenFact
	var key, value string
	l.object(n, "a fact", fields{
		"value": func(v *node) { f.fact = l.datum(name, v) },
		"key":   func(v *node) { key = l.text(v) },
		"name":  func(v *node) { value = l.text(v) },
		"time":  func(v *node) { f.time = l.moment(v) },
	})
	f.fact.Name, f.fact.Key, f.fact.Value = name, key, value
	return f
}

// datum makes a fact of a scalar, of the kind that it looks like.
func (l *loader) datum(name string, n *node) event.Fact {
	switch n.kind {
	case nodeNumber:
		return event.Number(name, "", n.num, event.Pos{})
	case nodeBool:
		return event.Bool(name, "", n.text == "true", event.Pos{})
	}
	text := l.text(n)
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return event.At(name, "", t, event.Pos{})
	}
	return event.Text(name, "", text, event.Pos{})
}

func (l *loader) givenReg(g *given, n *node) {
	if n.kind != nodeMap {
		l.errorf(n.place, "reg: expected a map of keys, found %s", nodeNames[n.kind])
		return
	}
	for i, k := range n.keys {
		vals := n.vals[i]
		if vals.kind != nodeMap {
			l.errorf(vals.place, "reg: expected a map of values, found %s", nodeNames[vals.kind])
			continue
		}
		g.facts = append(g.facts, givenFact{fact: event.Fact{Name: "reg", Key: k.text, Kind: event.FactKey}})
		for j, name := range vals.keys {
			f := l.datum("reg", vals.vals[j])
			if f.Kind == event.FactTime { // the registry has no type for times
				f = event.Text("reg", "", vals.vals[j].text, event.Pos{})
			}
			f.Key, f.Value = k.text, name.text
			g.facts = append(g.facts, givenFact{fact: f})
		}
	}
}

func (l *loader) givenEvent(n *node) givenEvent {
	g := givenEvent{ev: event.Event{Clock: event.ClockDeclared, Level: event.LevelInfo}}
	e := &g.ev
	str := func(to *string) func(*node) { return func(v *node) { *to = l.text(v) } }
	num := func(to *uint32) func(*node) { return func(v *node) { *to = uint32(l.number(v)) } }
	l.object(n, "an event", fields{
		"at": func(v *node) { g.at = l.moment(v) },
		"source": func(v *node) {
			e.Source = event.Source(lowerASCII(l.text(v)))
			l.checkSource(v.text, v.place)
		},
		"id": num(&e.ID), "process": num(&e.Process), "thread": num(&e.Thread),
		"name": str(&e.Name), "provider": str(&e.Provider), "component": str(&e.Provider), "channel": str(&e.Channel),
		"message": str(&e.Message), "user": str(&e.User), "host": str(&e.Host), "file": str(&e.Pos.File),
		"level": func(v *node) {
			if e.Level = event.ParseLevel(l.text(v)); e.Level == event.LevelUnknown {
				l.errorf(v.place, "level is verbose, info, warning, error or critical, not %q", v.text)
			}
		},
		"clock": func(v *node) {
			e.Clock = event.Clock(l.oneOf(v, "clock", []string{"none", "local", "assumed", "anchored", "declared"}))
		},
		"fields": func(v *node) { e.Fields = l.givenFields(v) },
	})
	if e.Source == "" {
		l.errorf(n.place, "an event needs a source")
	}
	return g
}

// givenFields reads the fields of a given event or span.
func (l *loader) givenFields(n *node) event.Fields {
	if n.kind != nodeMap {
		l.errorf(n.place, "fields: expected a map, found %s", nodeNames[n.kind])
		return nil
	}
	var out event.Fields
	for i, k := range n.keys {
		out = append(out, event.Field{Name: k.text, Value: l.text(n.vals[i])})
	}
	return out
}

func (l *loader) givenSpan(n *node) givenSpan {
	g := givenSpan{span: timeline.Span{Parent: -1}}
	s := &g.span
	l.object(n, "a span", fields{
		"kind": func(v *node) {
			s.Kind = timeline.Kind(l.text(v))
			if !slices.Contains(spanKinds, s.Kind) {
				l.errorf(v.place, "unknown kind of span %q (known: %s)", v.text, joinNames(spanKinds))
			}
		},
		"name": func(v *node) { s.Name = l.text(v) },
		"state": func(v *node) {
			if s.State = timeline.State(l.text(v)); s.State == "unknown" {
				s.State = ""
			} else if !slices.Contains(spanStates, s.State) {
				l.errorf(v.place, "unknown state %q (known: %s, unknown)", v.text, joinNames(spanStates))
			}
		},
		"start":     func(v *node) { g.start = l.moment(v) },
		"end":       func(v *node) { g.end = l.moment(v) },
		"last_seen": func(v *node) { g.lastSeen = l.moment(v) },
		"code":      func(v *node) { s.Code = uint32(l.number(v)) },
		"session":   func(v *node) { s.Session = int(l.number(v)) },
		"fields":    func(v *node) { s.Fields = l.givenFields(v) },
	})
	if s.Kind == "" {
		l.errorf(n.place, "a span needs a kind")
	}
	return g
}

func (l *loader) parseExpect(e *expectation, n *node) {
	l.object(n, "expect", fields{
		"verdict": func(v *node) {
			if i := l.oneOf(v, "verdict", verdictNames[:]); i >= 0 {
				e.verdict, e.hasVerdict = Verdict(i), true
			}
		},
		"confidence": func(v *node) { e.confidence = Confidence(l.oneOf(v, "confidence", levelWords) + 1) },
		"root": func(v *node) {
			b := l.boolean(v)
			e.root = &b
		},
		"explains":      func(v *node) { e.explains = l.texts(v) },
		"suppresses":    func(v *node) { e.suppresses = l.texts(v) },
		"ask_for":       func(v *node) { e.askFor = l.texts(v) },
		"message_has":   func(v *node) { e.messageHas = l.texts(v) },
		"message_lacks": func(v *node) { e.messageLacks = l.texts(v) },
		"instances":     func(v *node) { e.instances = int(l.number(v)) },
	})
}

// logLine is one record of a log given as text.
type logLine struct {
	after time.Duration
	text  string
}

// logLines splits "+14m message" lines; lines that do not begin with + go on
// with the record before.
func logLines(text string) ([]logLine, error) {
	var out []logLine
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		if !strings.HasPrefix(line, "+") {
			if len(out) == 0 {
				return nil, fmt.Errorf("the first line must begin with an offset such as +5m, not %q", line)
			}
			out[len(out)-1].text += "\n" + line
			continue
		}
		offset, msg, _ := strings.Cut(line, " ")
		d, ok := parseDuration(offset)
		if !ok {
			return nil, fmt.Errorf("%q is no offset: write +5m or +1h2m", offset)
		}
		out = append(out, logLine{d, msg})
	}
	return out, nil
}
