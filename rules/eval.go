package rules

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"debrief/event"
	"debrief/timeline"
)

// Evaluate judges the evidence with every rule of the set. The result is the
// same for the same evidence in any order.
func (s *Set) Evaluate(src Source) *Result {
	e := s.gather(src)
	var all []*Finding
	for _, r := range s.rules {
		if r.Status != "deprecated" {
			all = append(all, e.rule(r)...)
		}
	}
	res := e.result(all)
	res.Leftovers, res.MoreLeftovers = e.left.list(e.spoken(all)), e.left.more
	addContext(src, res)
	return res
}

// rule judges one rule, once for each session or once for all.
func (e *evaluation) rule(r *Rule) []*Finding {
	if !r.perSession() {
		return e.instances(r, -1)
	}
	var out []*Finding
	for i := range e.sessions {
		out = append(out, e.instances(r, i)...)
	}
	return out
}

// maxInstances bounds the findings of one rule with each.
const maxInstances = 200

// instances judges a rule with each once for every value, else once.
func (e *evaluation) instances(r *Rule, sess int) []*Finding {
	re := &ruleEval{evaluation: e, rule: r, sess: sess, sets: make([]*matchSet, len(r.signals))}
	if r.each == nil {
		return []*Finding{re.judge()}
	}
	var values []string
	for _, v := range re.values(*r.each) {
		if s := v.String(); !slices.Contains(values, s) && len(values) < maxInstances {
			values = append(values, s)
		}
	}
	if len(values) == 0 {
		return []*Finding{re.judge()}
	}
	var out []*Finding
	for _, v := range values {
		one := &ruleEval{evaluation: e, rule: r, sess: sess, sets: make([]*matchSet, len(r.signals)), instance: v}
		out = append(out, one.judge())
	}
	return out
}

// ruleEval is one judgement of one rule.
type ruleEval struct {
	*evaluation
	rule     *Rule
	sess     int    // index into sessions; -1 = all of them
	instance string // value of each; empty = none
	sets     []*matchSet
}

// number is the number of the session at hand; 0 = the whole case.
func (r *ruleEval) number() int {
	if r.sess < 0 {
		return 0
	}
	return r.sessions[r.sess].number
}

// past reports whether a later session exists.
func (r *ruleEval) past() bool { return r.sess >= 0 && r.sess < len(r.sessions)-1 }

// matchSet is what was found of a signal, or why nothing was.
type matchSet struct {
	list    []match // ordered in time
	total   int
	proven  Tri      // whether no match means not there: True, or Unknown
	damaged string   // source of which a part could not be read
	missing []string // sources to ask for where proven is Unknown
	reason  string
}

// matches returns what was found of a signal.
func (r *ruleEval) matches(s *signal) *matchSet {
	if ms := r.sets[s.index]; ms != nil {
		return ms
	}
	ms := &matchSet{proven: True}
	r.sets[s.index] = ms
	switch s.kind {
	case sigEvent:
		h := r.eventHits(s.event)
		ms.list, ms.total = make([]match, 0, len(h.first)+1), h.total
		for _, ev := range h.first {
			ms.list = append(ms.list, match{ev: ev})
		}
		if h.last != nil {
			ms.list = append(ms.list, match{ev: h.last})
		}
	case sigFact:
		r.factMatches(s, ms)
	case sigSpan:
		r.spanMatches(s, ms)
	case sigInterval:
		ms.list = r.pairs(s)
	}
	if s.kind != sigEvent {
		ms.total = len(ms.list)
	}
	r.narrow(s, ms)
	r.prove(s, ms)
	return ms
}

func (r *ruleEval) eventHits(e *eventSpec) *hits {
	list := r.hits[r.set.dispatch.index[e]]
	if r.sess >= 0 {
		return &list[r.sess]
	}
	if len(list) == 1 {
		return &list[0]
	}
	var all hits
	for i := range list {
		all.join(&list[i])
	}
	return &all
}

func (r *ruleEval) factMatches(s *signal, ms *matchSet) {
	if r.past() && !lasting(s.fact.name) {
		ms.proven, ms.reason = Unknown, s.fact.name+" describes the moment of collection, after a later session"
	} else {
		for _, f := range r.facts.matches(s.fact) {
			if r.ofSession(f) {
				ms.list = append(ms.list, match{fact: f})
			}
		}
	}
	if len(ms.list) == 0 && s.fact.dflt != nil {
		ms.list = append(ms.list, match{dflt: s.fact.dflt})
	}
}

// ofSession reports whether a session.* fact is that of the session at hand;
// other facts always are.
func (r *ruleEval) ofSession(f *event.Fact) bool {
	if r.number() == 0 || !strings.HasPrefix(f.Name, "session.") {
		return true
	}
	return f.Key == "" || f.Key == strconv.Itoa(r.number())
}

func (r *ruleEval) spanMatches(s *signal, ms *matchSet) {
	for _, sp := range r.spans {
		if !s.span.matches(sp) || !r.spanOfSession(sp) {
			continue
		}
		m := match{span: sp}
		ok := true
		for _, w := range s.span.where {
			ok = ok && w.tests.match(r.variable(s, &m, w.name))
		}
		if ok && len(ms.list) < maxMatches {
			ms.list = append(ms.list, m)
		}
	}
}

func (r *ruleEval) spanOfSession(sp *timeline.Span) bool {
	switch {
	case r.number() == 0:
		return true
	case sp.Session != 0:
		return sp.Session == r.number()
	}
	return r.sessionOf(sp.Start) == r.sess
}

// pairs makes the spans of an interval: each open ends at the first later
// close with equal join values.
func (r *ruleEval) pairs(s *signal) []match {
	iv := s.interval
	opens := r.eventHits(iv.open)
	key := func(spec *eventSpec, ev *event.Event) string {
		if len(iv.join) == 0 {
			return ""
		}
		caps := spec.captures(ev)
		var k []byte
		for _, name := range iv.join {
			v, ok := caps.get(name)
			if !ok {
				v = eventVar(ev, name)
			}
			k = append(strconv.AppendQuote(k, v.String()), ',')
		}
		return string(k)
	}
	closes := map[string][]*event.Event{}
	if iv.close != nil {
		for _, ev := range r.eventHits(iv.close).first {
			k := key(iv.close, ev)
			closes[k] = append(closes[k], ev)
		}
	}
	var out []match
	for _, ev := range opens.first {
		sp := &timeline.Span{Kind: "interval", Start: ev.Time, LastSeen: ev.Time, State: timeline.StateRunning, Evidence: []event.Pos{ev.Pos}}
		caps := iv.open.captures(ev)
		if v, ok := caps.get(iv.nameVar); ok {
			sp.Name = v.String()
		}
		m := match{ev: ev, span: sp}
		later := closes[key(iv.open, ev)]
		i, _ := slices.BinarySearchFunc(later, ev, func(a, b *event.Event) int {
			if compareEvents(a, b) <= 0 {
				return -1
			}
			return 1
		})
		if i < len(later) {
			m.close = later[i]
			sp.End, sp.State = m.close.Time, ""
			sp.Evidence = append(sp.Evidence, m.close.Pos)
		}
		out = append(out, m)
	}
	return out
}

// narrow applies during, each and pick.
func (r *ruleEval) narrow(s *signal, ms *matchSet) {
	before := len(ms.list)
	if s.during != nil {
		in, verdict := r.inside(*s.during)
		if verdict != True && len(ms.list) > 0 {
			// Whether the matches fall into an interval nobody saw is open.
			ms.proven, ms.reason = Unknown, "no "+s.during.String()+" was seen"
		}
		ms.list = slices.DeleteFunc(ms.list, func(m match) bool { return !in(&m) })
	}
	if r.instance != "" && (r.rule.each.sig == s || slices.Contains(s.caps, r.rule.each.name)) {
		ms.list = slices.DeleteFunc(ms.list, func(m match) bool {
			return r.variable(s, &m, r.rule.each.name).String() != r.instance
		})
	}
	if len(ms.list) != before {
		ms.total = len(ms.list)
	}
	if s.pick != pickAll && len(ms.list) > 0 {
		ms.list = r.picked(s, ms.list)
		ms.total = len(ms.list)
	}
}

func (r *ruleEval) picked(s *signal, list []match) []match {
	switch s.pick {
	case pickFirst:
		return list[:1]
	case pickLast:
		return list[len(list)-1:]
	case pickLongest:
		best := 0
		for i := range list {
			if list[i].span.Duration() > list[best].span.Duration() {
				best = i
			}
		}
		return list[best : best+1]
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(m match) bool {
		v := r.variable(s, &m, s.pickVar)
		k := v.String()
		dup := seen[k] || v.kind == valAbsent
		seen[k] = true
		return dup
	})
}

// inside returns a test for lying within any interval of ref. The verdict is
// Unknown where there is no such interval.
func (r *ruleEval) inside(at ref) (in func(*match) bool, verdict Tri) {
	spans := r.chosen(at)
	if len(spans) == 0 {
		return func(*match) bool { return false }, Unknown
	}
	return func(m *match) bool {
		p, ok := m.extent(endNone, r.assumed)
		if !ok {
			return false
		}
		for _, sp := range spans {
			if sp.span == nil || sp.span.Start.IsZero() || p.start.Before(sp.span.Start) {
				continue
			}
			if sp.span.End.IsZero() || !p.start.After(sp.span.End) {
				return true
			}
		}
		return false
	}, True
}

// prove settles whether no match means that there was nothing.
func (r *ruleEval) prove(s *signal, ms *matchSet) {
	p := s.proofOf()
	ms.damaged = r.cover.damagedOf(p)
	for _, group := range p {
		if r.cover.anyCovered(group) {
			continue
		}
		ms.proven = Unknown
		if !slices.Contains(ms.missing, group[0]) {
			ms.missing = append(ms.missing, group[0])
		}
	}
	if len(ms.missing) > 0 {
		ms.reason = "not collected: " + joinNames(ms.missing)
		return
	}
	if s.kind == sigFact && s.fact.name == "reg" && len(p) == 1 && p[0][0] == "reg" && !r.facts.hasUnder("reg", parentKey(s.fact.key)) {
		ms.proven, ms.reason, ms.missing = Unknown, "the registry dump does not show the keys around "+s.fact.key, []string{"reg"}
	}
}

// parentKey is the key above the one that a pattern begins with.
func parentKey(pattern string) string {
	up := func(key string) string {
		if i := strings.LastIndexByte(key, '\\'); i > 0 {
			return key[:i]
		}
		return key
	}
	if isGlob(pattern) {
		return up(up(globPrefix(pattern)))
	}
	return up(pattern)
}

// chosen returns the matches that a reference means.
func (r *ruleEval) chosen(at ref) []match {
	list := r.matches(at.sig).list
	if len(list) == 0 {
		return nil
	}
	switch at.sel {
	case selFirst:
		return list[:1]
	case selLast:
		return list[len(list)-1:]
	case selMax, selMin:
		best := 0
		for i := range list {
			c := cmp.Compare(weight(&list[i]), weight(&list[best]))
			if at.sel == selMin {
				c = -c
			}
			if c > 0 {
				best = i
			}
		}
		return list[best : best+1]
	}
	return list
}

// weight is what max and min compare: the duration of a span, the number of a fact.
func weight(m *match) int64 {
	switch {
	case m.span != nil:
		return int64(m.span.Duration())
	case m.fact != nil:
		n, _ := factValue(m.fact).number()
		return n
	case m.ev != nil:
		return m.ev.Time.UnixNano()
	}
	return 0
}

// values returns what a variable holds in each of the matches it names.
func (r *ruleEval) values(v varRef) []value {
	var out []value
	list := r.chosen(v.ref)
	for i := range list {
		if val := r.variable(v.sig, &list[i], v.name); val.kind != valAbsent {
			out = append(out, val)
		}
	}
	return out
}
