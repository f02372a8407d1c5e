package index

import (
	"cmp"
	"iter"
	"slices"

	"debrief/codes"
	"debrief/event"
)

// arranged are the events of a case in the order of file and place.
type arranged struct {
	events   []*event.Event
	ordinals []int // the place of each in the submission
}

// arrange puts events in the order of file and place; those of one place keep
// their order. It sorts within files only, where logs are nearly sorted.
func arrange(events iter.Seq[*event.Event]) arranged {
	type item struct {
		e *event.Event
		n int
	}
	files := map[string]*[]item{}
	var names []string
	total := 0
	if events != nil {
		var last *[]item
		lastName := ""
		for e := range events {
			if last == nil || e.Pos.File != lastName {
				lastName = e.Pos.File
				if last = files[lastName]; last == nil {
					last = &[]item{}
					files[lastName] = last
					names = append(names, lastName)
				}
			}
			*last = append(*last, item{e, total})
			total++
		}
	}
	slices.Sort(names)
	out := arranged{make([]*event.Event, 0, total), make([]int, 0, total)}
	for _, name := range names {
		list := *files[name]
		order := func(a, b item) int { return cmp.Or(a.e.Pos.Compare(b.e.Pos), cmp.Compare(a.n, b.n)) }
		if !slices.IsSortedFunc(list, order) {
			slices.SortFunc(list, order)
		}
		for _, i := range list {
			out.events = append(out.events, i.e)
			out.ordinals = append(out.ordinals, i.n)
		}
	}
	return out
}

// codesOf lists the error codes of an event, each once: those in its texts, in
// any spelling that codes.Find knows.
func codesOf(e *event.Event) []uint32 {
	var out []uint32
	for t := range e.Texts {
		if !hasDigit(t) {
			continue
		}
		for _, c := range codes.Find(t) {
			if !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return out
}

func hasDigit(s string) bool {
	for i := range len(s) {
		if '0' <= s[i] && s[i] <= '9' {
			return true
		}
	}
	return false
}
