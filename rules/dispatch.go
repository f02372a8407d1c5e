package rules

import (
	"regexp"
	"slices"
	"strings"

	"debrief/event"
)

// dispatcher finds, for each event, the few specs that can match it. Specs
// that say the same are one matcher, whatever rule they stand in.
type dispatcher struct {
	specs   []*eventSpec
	index   map[*eventSpec]int32 // every spec of every rule → matcher
	exact   map[event.Source]*bucket
	globbed []globBucket // in the order of their patterns' first use
	spot    *spotter     // what looks like an error, for records that no rule speaks of
}

type globBucket struct {
	pattern string
	bucket  *bucket
}

// bucket holds the matchers of one source by the most telling thing they ask
// for: an id, a name, a literal, or nothing but the source.
type bucket struct {
	byID   map[uint32][]int32
	byName map[string][]int32
	always []int32
	lits   []literal
	find   *automaton
}

func newDispatcher(rules []*Rule) *dispatcher {
	d := &dispatcher{index: map[*eventSpec]int32{}, exact: map[event.Source]*bucket{}, spot: newSpotter()}
	known := map[string]int32{}
	for _, r := range rules {
		for _, s := range r.signals {
			for _, e := range s.eventSpecs() {
				id, ok := known[e.canon]
				if !ok {
					id = int32(len(d.specs))
					known[e.canon] = id
					d.specs = append(d.specs, e)
					d.place(id, e)
				}
				d.index[e] = id
			}
		}
	}
	for _, b := range d.exact {
		b.find = newAutomaton(b.lits)
	}
	for _, g := range d.globbed {
		g.bucket.find = newAutomaton(g.bucket.lits)
	}
	return d
}

// eventSpecs lists what the signal looks for among events.
func (s *signal) eventSpecs() []*eventSpec {
	switch {
	case s.event != nil:
		return []*eventSpec{s.event}
	case s.interval != nil && s.interval.close != nil:
		return []*eventSpec{s.interval.open, s.interval.close}
	case s.interval != nil:
		return []*eventSpec{s.interval.open}
	}
	return nil
}

func (d *dispatcher) place(id int32, e *eventSpec) {
	for _, src := range e.sources {
		b := d.bucketOf(src)
		lits := e.literals()
		switch {
		case len(e.ids) > 0:
			for _, n := range e.ids {
				b.byID[n] = append(b.byID[n], id)
			}
		case len(e.names) > 0:
			for _, n := range e.names {
				b.byName[n] = append(b.byName[n], id)
			}
		case len(lits) > 0:
			for _, text := range lits {
				b.lits = append(b.lits, literal{text, id})
			}
		default:
			b.always = append(b.always, id)
		}
	}
}

func (d *dispatcher) bucketOf(src string) *bucket {
	fresh := func() *bucket { return &bucket{byID: map[uint32][]int32{}, byName: map[string][]int32{}} }
	if !isGlob(src) {
		b := d.exact[event.Source(src)]
		if b == nil {
			b = fresh()
			d.exact[event.Source(src)] = b
		}
		return b
	}
	for _, g := range d.globbed {
		if g.pattern == anyGlob(src) {
			return g.bucket
		}
	}
	g := globBucket{anyGlob(src), fresh()}
	d.globbed = append(d.globbed, g)
	return g.bucket
}

// buckets lists the buckets whose matchers may match events of the source.
func (d *dispatcher) buckets(src event.Source) []*bucket {
	var out []*bucket
	if b := d.exact[event.Source(lowerASCII(string(src)))]; b != nil {
		out = append(out, b)
	}
	for _, g := range d.globbed {
		if glob(g.pattern, string(src)) {
			out = append(out, g.bucket)
		}
	}
	return out
}

// matching runs the specs of a set over events. It is one evaluation's own.
type matching struct {
	d       *dispatcher
	sources map[event.Source][]*bucket
	tried   []uint32 // by matcher: number of the event it was last tried on
	serial  uint32
}

func (d *dispatcher) start() *matching {
	return &matching{d: d, sources: map[event.Source][]*bucket{}, tried: make([]uint32, len(d.specs))}
}

// event calls hit with every matcher that matches ev, once each.
func (m *matching) event(ev *event.Event, hit func(id int32)) {
	buckets, ok := m.sources[ev.Source]
	if !ok {
		buckets = m.d.buckets(ev.Source)
		m.sources[ev.Source] = buckets
	}
	if len(buckets) == 0 {
		return
	}
	m.serial++
	try := func(ids []int32) {
		for _, id := range ids {
			if m.tried[id] != m.serial {
				m.tried[id] = m.serial
				if m.d.specs[id].match(ev) {
					hit(id)
				}
			}
		}
	}
	for _, b := range buckets {
		if len(b.byID) > 0 {
			try(b.byID[ev.ID])
		}
		if len(b.byName) > 0 {
			try(b.byName[ev.Name])
		}
		try(b.always)
		if b.find != nil {
			b.find.scan(ev.Message, try)
		}
	}
}

// match checks everything the spec asks for except the source.
func (e *eventSpec) match(ev *event.Event) bool {
	if len(e.ids) > 0 && !slices.Contains(e.ids, ev.ID) || len(e.names) > 0 && !slices.Contains(e.names, ev.Name) {
		return false
	}
	if e.level != event.LevelUnknown && ev.Level < e.level {
		return false
	}
	for i := range e.fields {
		if !e.fields[i].tests.match(eventField(ev, e.fields[i].name)) {
			return false
		}
	}
	if len(e.contains) > 0 && !containsAny(ev.Message, e.contains) {
		return false
	}
	if len(e.texts) > 0 && e.textMatch(ev.Message) < 0 {
		return false
	}
	if len(e.where) == 0 {
		return true
	}
	caps := e.captures(ev)
	for i := range e.where {
		w := &e.where[i]
		v, ok := caps.get(w.name)
		if !ok {
			v = eventVar(ev, w.name)
		}
		if !w.tests.match(v) {
			return false
		}
	}
	return true
}

func containsAny(s string, lits []string) bool {
	for _, l := range lits {
		if containsFold(s, l) {
			return true
		}
	}
	return false
}

// textMatch returns the first of the expressions that matches, or -1.
func (e *eventSpec) textMatch(msg string) int {
	for i, re := range e.texts {
		// Literals first: they cost a tenth of the expression.
		if hasAll(msg, e.textSets[i]) && re.MatchString(msg) {
			return i
		}
	}
	return -1
}

// hasAll reports whether a text contains one literal of each set.
func hasAll(s string, sets [][]string) bool {
	for _, lits := range sets {
		if !containsAny(s, lits) {
			return false
		}
	}
	return true
}

// captured are the variables that one record gives.
type captured struct {
	names []string
	vals  []string
}

func (c *captured) get(name string) (value, bool) {
	for i, n := range c.names {
		if n == name {
			return textValue(c.vals[i]), true
		}
	}
	return value{}, false
}

func (c *captured) set(name, val string) {
	if _, ok := c.get(name); !ok {
		c.names, c.vals = append(c.names, name), append(c.vals, val)
	}
}

// captures reads the named groups and the captured fields of a record that
// matches. Groups that took no part in the match are left out.
func (e *eventSpec) captures(ev *event.Event) captured {
	var c captured
	for _, cp := range e.capture {
		if v := eventVar(ev, strings.TrimPrefix(cp.from, "field.")); v.kind != valAbsent {
			c.set(cp.name, v.String())
		}
	}
	if len(e.groups) == 0 {
		return c
	}
	if i := e.textMatch(ev.Message); i >= 0 {
		c.groups(e.texts[i], ev.Message)
	}
	for _, f := range e.fields {
		for _, t := range f.tests {
			if t.re != nil {
				c.groups(t.re, eventField(ev, f.name).String())
			}
		}
	}
	return c
}

func (c *captured) groups(re *regexp.Regexp, s string) {
	m := re.FindStringSubmatchIndex(s)
	if m == nil {
		return
	}
	for g, name := range re.SubexpNames() {
		if name != "" && m[2*g] >= 0 {
			c.set(name, s[m[2*g]:m[2*g+1]])
		}
	}
}

// eventField returns a field of the record, else a part of the event.
func eventField(ev *event.Event, name string) value {
	if s, ok := ev.Fields.Get(name); ok {
		return textValue(s)
	}
	return eventPart(ev, name)
}

// eventVar returns a part of the event, else a field of the record.
func eventVar(ev *event.Event, name string) value {
	if field, ok := strings.CutPrefix(name, "field."); ok {
		name = field
	} else if v := eventPart(ev, name); v.kind != valAbsent {
		return v
	}
	if s, ok := ev.Fields.Get(name); ok {
		return textValue(s)
	}
	return value{}
}

// eventPart returns a part of the event by its name; parts that the record
// does not have are absent.
func eventPart(ev *event.Event, name string) value {
	text := func(s string) value {
		if s == "" {
			return value{}
		}
		return textValue(s)
	}
	number := func(n int64) value {
		if n == 0 {
			return value{}
		}
		return numberValue(n)
	}
	switch lowerASCII(name) {
	case "time":
		return timeValue(ev.Time)
	case "message", "text":
		return textValue(ev.Message)
	case "num":
		if n, ok := parseNumber(ev.Message); ok {
			return numberValue(n)
		}
	case "name":
		return text(ev.Name)
	case "id":
		return number(int64(ev.ID))
	case "level":
		return text(ev.Level.String())
	case "provider", "component":
		return text(ev.Provider)
	case "channel":
		return text(ev.Channel)
	case "process":
		return number(int64(ev.Process))
	case "thread":
		return number(int64(ev.Thread))
	case "user":
		return text(ev.User)
	case "host":
		return text(ev.Host)
	case "source":
		return textValue(string(ev.Source))
	case "file":
		return text(ev.Pos.File)
	case "line":
		if ev.Pos.Line > 0 {
			return numberValue(int64(ev.Pos.Line))
		}
		return number(int64(ev.Pos.Record))
	}
	return value{}
}
