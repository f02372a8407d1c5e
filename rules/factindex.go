package rules

import (
	"slices"
	"strings"

	"debrief/event"
)

// factIndex finds facts by name and key.
type factIndex struct {
	byName map[string]*factGroup
}

// factGroup holds the facts of one name, once it is asked for ordered by
// lower-case key, value and position; equal ones are kept once.
type factGroup struct {
	facts []*event.Fact
	keys  []string // lower case, parallel to facts; nil = not ordered yet
}

// newFactIndex divides the facts by their names.
func newFactIndex(lists ...[]event.Fact) *factIndex {
	x := &factIndex{byName: map[string]*factGroup{}}
	for _, list := range lists {
		for i := range list {
			f := &list[i]
			g := x.byName[f.Name]
			if g == nil {
				g = &factGroup{}
				x.byName[f.Name] = g
			}
			g.facts = append(g.facts, f)
		}
	}
	return x
}

// group returns the facts of a name, in order; nil = there are none.
func (x *factIndex) group(name string) *factGroup {
	g := x.byName[name]
	if g != nil && g.keys == nil {
		g.sort()
	}
	return g
}

func (g *factGroup) sort() {
	type keyed struct {
		key, value string // lower case
		f          *event.Fact
	}
	list := make([]keyed, len(g.facts))
	var last, lower string
	for i, f := range g.facts {
		// Dumps list the values of a key together.
		if f.Key != last || i == 0 {
			last, lower = f.Key, normaliseKey(f.Key)
		}
		list[i] = keyed{lower, strings.ToLower(f.Value), f}
	}
	slices.SortFunc(list, func(a, b keyed) int {
		if c := strings.Compare(a.key, b.key); c != 0 {
			return c
		}
		if c := strings.Compare(a.value, b.value); c != 0 {
			return c
		}
		if c := a.f.Pos.Compare(b.f.Pos); c != 0 {
			return c
		}
		if c := strings.Compare(a.f.Text, b.f.Text); c != 0 {
			return c
		}
		return a.f.Time.Compare(b.f.Time)
	})
	list = slices.CompactFunc(list, func(a, b keyed) bool { return *a.f == *b.f })
	g.facts, g.keys = make([]*event.Fact, len(list)), make([]string, len(list))
	for i, k := range list {
		g.facts[i], g.keys[i] = k.f, k.key
	}
}

// find calls fn with the facts that have the name, the key and the value name
// of the spec, whatever their datum, until it returns false.
func (x *factIndex) find(spec *factSpec, fn func(*event.Fact) bool) {
	g := x.group(spec.name)
	if g == nil {
		return
	}
	prefix := spec.key
	if spec.glob {
		prefix = globPrefix(spec.key)
	}
	i, _ := slices.BinarySearch(g.keys, prefix)
	for ; i < len(g.facts); i++ {
		key := g.keys[i]
		if !strings.HasPrefix(key, prefix) || spec.key != "" && !spec.glob && key != spec.key {
			return
		}
		if spec.glob && !glob(spec.key, key) || spec.hasValue && !equalFold(g.facts[i].Value, spec.value) {
			continue
		}
		if !fn(g.facts[i]) {
			return
		}
	}
}

// matches returns the facts of a spec. Without a value name a key matches
// once, whatever the number of its values.
func (x *factIndex) matches(spec *factSpec) []*event.Fact {
	var out []*event.Fact
	byKey := spec.name == "reg" && !spec.hasValue
	x.find(spec, func(f *event.Fact) bool {
		if byKey && len(out) > 0 && equalFold(out[len(out)-1].Key, f.Key) {
			if f.Kind == event.FactKey {
				out[len(out)-1] = f
			}
			return true
		}
		if !byKey && f.Kind == event.FactKey {
			return true
		}
		if len(spec.where) > 0 && !spec.where.match(factValue(f)) {
			return true
		}
		out = append(out, f)
		return len(out) < maxMatches
	})
	return out
}

// sibling returns another value of the same registry key.
func (x *factIndex) sibling(f *event.Fact, name string) value {
	var v value
	x.find(&factSpec{name: f.Name, key: normaliseKey(f.Key), value: lowerASCII(name), hasValue: true}, func(g *event.Fact) bool {
		if g.Kind == event.FactKey {
			return true
		}
		v = factValue(g)
		return false
	})
	return v
}

// hasUnder reports whether any fact of the name has the key, or one below it.
func (x *factIndex) hasUnder(name, key string) bool {
	g := x.group(name)
	if g == nil {
		return false
	}
	i, _ := slices.BinarySearch(g.keys, key)
	for ; i < len(g.keys) && strings.HasPrefix(g.keys[i], key); i++ {
		if len(g.keys[i]) == len(key) || g.keys[i][len(key)] == '\\' {
			return true
		}
	}
	return false
}

// factValue is the datum of a fact.
func factValue(f *event.Fact) value {
	switch f.Kind {
	case event.FactNumber:
		return value{kind: valNumber, num: f.Num, text: f.Text}
	case event.FactBool:
		return value{kind: valBool, num: f.Num, text: f.Text}
	case event.FactTime:
		return timeValue(f.Time)
	}
	return textValue(f.Text)
}
