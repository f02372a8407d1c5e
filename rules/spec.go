package rules

import (
	"regexp"
	"slices"
	"strings"

	"debrief/event"
	"debrief/timeline"
)

// eventSpec reads what stands under event, open or close. base is the open of
// an interval, whose source the close inherits.
func (l *loader) eventSpec(n *node, base *eventSpec, options fields) *eventSpec {
	e := &eventSpec{}
	f := fields{
		"source": func(v *node) {
			for _, s := range l.texts(v) {
				e.sources = append(e.sources, lowerASCII(s))
				l.checkSource(s, v.place)
			}
		},
		"id": func(v *node) {
			for _, w := range l.values(v) {
				if w.kind != valNumber || w.num < 0 || w.num > 1<<32-1 {
					l.errorf(v.place, "an event id is a number, not %q", w.text)
				}
				e.ids = append(e.ids, uint32(w.num))
			}
		},
		"name": func(v *node) {
			if v.kind == nodeMap {
				e.fields = append(e.fields, fieldTest{"name", l.parseTests(v)})
			} else {
				e.names = l.texts(v)
			}
		},
		"level": func(v *node) {
			if e.level = event.ParseLevel(l.text(v)); e.level == event.LevelUnknown {
				l.errorf(v.place, "level is verbose, info, warning, error or critical, not %q", v.text)
			}
		},
		"provider":  func(v *node) { e.fields = append(e.fields, fieldTest{"provider", l.parseTests(v)}) },
		"component": func(v *node) { e.fields = append(e.fields, fieldTest{"provider", l.parseTests(v)}) },
		"channel":   func(v *node) { e.fields = append(e.fields, fieldTest{"channel", l.parseTests(v)}) },
		"text":      func(v *node) { l.eventTexts(e, v) },
		"contains": func(v *node) {
			for _, s := range l.texts(v) {
				e.contains = append(e.contains, lowerASCII(s))
			}
		},
		"match": func(v *node) { l.eventMatch(e, v) },
	}
	for k, fn := range options {
		f[k] = fn
	}
	l.object(n, "event", f)
	if len(e.sources) == 0 {
		if base == nil {
			l.errorf(n.place, "an event needs a source")
			return e
		}
		e.sources = base.sources
	}
	var b strings.Builder
	n.canon(&b, "pick", "during")
	e.canon = strings.Join(e.sources, ",") + b.String()
	return e
}

func (l *loader) eventTexts(e *eventSpec, v *node) {
	list := []*node{v}
	if v.kind == nodeList {
		list = v.list
	}
	for _, t := range list {
		re := l.regexp(t)
		if re == nil {
			continue
		}
		lits := requiredLiterals(t.text)
		if lits == nil {
			l.remark(t.place, "the regular expression has no literal of %d letters to be found by", minLiteral)
		}
		e.texts = append(e.texts, re)
		e.textLits = append(e.textLits, lits)
		e.textSets = append(e.textSets, requiredSets(t.text))
		e.addGroups(re)
	}
}

func (l *loader) eventMatch(e *eventSpec, v *node) {
	if v.kind != nodeMap {
		l.errorf(v.place, "match is a map of field: value, found %s", nodeNames[v.kind])
		return
	}
	for i, k := range v.keys {
		ts := l.parseTests(v.vals[i])
		for _, t := range ts {
			if t.re != nil {
				e.addGroups(t.re)
			}
		}
		e.fields = append(e.fields, fieldTest{k.text, ts})
	}
}

func (e *eventSpec) addGroups(re *regexp.Regexp) {
	for _, g := range re.SubexpNames() {
		if g != "" && !slices.Contains(e.groups, g) {
			e.groups = append(e.groups, g)
		}
	}
}

// vars lists the variables that a record of this spec captures.
func (e *eventSpec) vars() []string {
	vars := slices.Clone(e.groups)
	for _, c := range e.capture {
		if !slices.Contains(vars, c.name) {
			vars = append(vars, c.name)
		}
	}
	return vars
}

// literals returns the texts of which every matching message contains at
// least one, in lower case; nil = none known.
func (e *eventSpec) literals() []string {
	var best []string
	if shortest(e.contains) >= minLiteral {
		best = e.contains
	}
	var fromTexts []string
	for _, lits := range e.textLits {
		if lits == nil {
			return best
		}
		fromTexts = append(fromTexts, lits...)
	}
	if better(fromTexts, best) {
		best = fromTexts
	}
	return best
}

func (l *loader) factSpec(n *node, options fields) *factSpec {
	f := &factSpec{}
	o := fields{
		"name": func(v *node) {
			if f.name = l.text(v); f.name != "" && !event.KnownFact(f.name) {
				l.remark(v.place, "unknown fact %q", f.name)
			}
		},
		"key": func(v *node) {
			f.key = normaliseKey(l.text(v))
			f.glob = isGlob(f.key)
		},
		"value": func(v *node) {
			if v.kind == nodeNull {
				f.hasValue = true
				return
			}
			f.value, f.hasValue = lowerASCII(v.text), true
			if !v.scalar() {
				l.errorf(v.place, "expected the name of a value, found %s", nodeNames[v.kind])
			}
		},
		"default": func(v *node) {
			if !v.scalar() {
				l.errorf(v.place, "expected a value, found %s", nodeNames[v.kind])
				return
			}
			d := scalarValue(v)
			f.dflt = &d
		},
	}
	for k, fn := range options {
		o[k] = fn
	}
	l.object(n, "fact", o)
	if f.name == "" {
		l.errorf(n.place, "a fact needs a name")
	}
	if f.name == "reg" && f.key == "" {
		l.errorf(n.place, "a registry fact needs a key")
	}
	return f
}

// roots are the long forms of registry roots.
var roots = [...][2]string{
	{`hkey_local_machine\`, `hklm\`}, {`hkey_current_user\`, `hkcu\`}, {`hkey_users\`, `hku\`}, {`hkey_classes_root\`, `hkcr\`},
}

// normaliseKey lowers a key and shortens its root, as parsers do.
func normaliseKey(key string) string {
	key = strings.TrimSuffix(lowerASCII(key), `\`)
	for _, r := range roots {
		if rest, ok := strings.CutPrefix(key, r[0]); ok {
			return r[1] + rest
		}
	}
	return key
}

func (l *loader) spanSpec(n *node, options fields) *spanSpec {
	s := &spanSpec{}
	o := fields{
		"kind": func(v *node) {
			for _, k := range l.texts(v) {
				if !slices.ContainsFunc(spanKinds, func(known timeline.Kind) bool { return string(known) == k }) {
					l.errorf(v.place, "unknown kind of span %q (known: %s)", k, joinNames(spanKinds))
				}
				s.kinds = append(s.kinds, k)
			}
		},
		"name": func(v *node) {
			for _, name := range l.texts(v) {
				s.names = append(s.names, anyGlob(name))
			}
		},
		"state": func(v *node) {
			for _, k := range l.texts(v) {
				if k == "unknown" {
					k = ""
				} else if !slices.ContainsFunc(spanStates, func(known timeline.State) bool { return string(known) == k }) {
					l.errorf(v.place, "unknown state %q (known: %s, unknown)", k, joinNames(spanStates))
				}
				s.states = append(s.states, k)
			}
		},
	}
	for k, fn := range options {
		o[k] = fn
	}
	l.object(n, "span", o)
	if len(s.kinds) == 0 {
		l.errorf(n.place, "a span needs a kind")
	}
	return s
}

func (l *loader) intervalSpec(n *node, options fields) *intervalSpec {
	iv := &intervalSpec{}
	var openNode, closeNode, joinNode *node
	o := fields{
		"open":  func(v *node) { openNode = v },
		"close": func(v *node) { closeNode = v },
		"join":  func(v *node) { joinNode = v },
	}
	for k, fn := range options {
		o[k] = fn
	}
	l.object(n, "interval", o)
	if openNode == nil {
		l.errorf(n.place, "an interval needs open")
		iv.open = &eventSpec{}
		return iv
	}
	ends := func(v *node, base *eventSpec) *eventSpec {
		var caps []capture
		e := l.eventSpec(v, base, fields{"capture": func(c *node) { caps = l.captures(c) }})
		e.capture = caps
		return e
	}
	iv.open = ends(openNode, nil)
	if closeNode != nil {
		iv.close = ends(closeNode, iv.open)
	}
	if joinNode != nil {
		iv.join = l.texts(joinNode)
	}
	if vars := iv.open.vars(); slices.Contains(vars, "name") {
		iv.nameVar = "name"
	} else if len(iv.open.groups) > 0 {
		iv.nameVar = iv.open.groups[0]
	}
	return iv
}
