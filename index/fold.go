package index

import (
	"debrief/event"
)

// answer is what is known of a filter's leaf without looking at an event.
type answer int8

const (
	maybe answer = iota
	always
	never
)

// fold replaces the leaves that ask knows by what they come to, and joins what
// follows from that: the result matches the same events, wherever the answers
// hold. The filter given is not changed.
func fold(f *event.Filter, ask func(*event.Filter) answer) *event.Filter {
	switch f.Op {
	case event.OpAll:
		return f
	case event.OpNot:
		a := fold(f.Args[0], ask)
		switch {
		case a.Op == event.OpAll:
			return nothing()
		case isNothing(a):
			return &event.Filter{}
		}
		return event.NoneOf(a)
	case event.OpAnd, event.OpOr:
		// ends is what decides the whole, idle what leaves it as it is.
		ends, idle := isNothing, isAll
		if f.Op == event.OpOr {
			ends, idle = isAll, isNothing
		}
		var args []*event.Filter
		for _, arg := range f.Args {
			a := fold(arg, ask)
			if ends(a) {
				return a
			}
			if !idle(a) {
				args = append(args, a)
			}
		}
		switch {
		case len(args) == 1:
			return args[0]
		case len(args) == 0 && f.Op == event.OpAnd:
			return &event.Filter{}
		}
		return &event.Filter{Op: f.Op, Args: args}
	}
	switch ask(f) {
	case always:
		return &event.Filter{}
	case never:
		return nothing()
	}
	return f
}

// nothing matches no event.
func nothing() *event.Filter { return &event.Filter{Op: event.OpOr} }

func isNothing(f *event.Filter) bool { return f.Op == event.OpOr && len(f.Args) == 0 }
func isAll(f *event.Filter) bool     { return f.Op == event.OpAll }

// foldCase settles what a filter asks of the case.
func foldCase(f *event.Filter, info event.CaseInfo) *event.Filter {
	none := event.Event{}
	s := event.Subject{Event: &none, Case: info}
	return fold(f, func(leaf *event.Filter) answer {
		if leaf.Op != event.OpIs || !leaf.Field.OfCase() {
			return maybe
		}
		if leaf.Match(&s) {
			return always
		}
		return never
	})
}

// needsText reports whether the filter looks at messages or fields.
func needsText(f *event.Filter) bool {
	switch f.Op {
	case event.OpAll, event.OpBetween, event.OpAt:
		return false
	case event.OpIs:
		return isNamed(f.Field)
	case event.OpAnd, event.OpOr, event.OpNot:
		for _, a := range f.Args {
			if needsText(a) {
				return true
			}
		}
		return false
	}
	return true
}

func isNamed(f event.FilterField) bool { return len(f) > 6 && f[:6] == "field." }
