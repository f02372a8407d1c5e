package timeline

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"debrief/event"
)

// Order sorts events into the order of the story, in place.
//
// Events with a time stand by time, and at equal times by position. An event
// without a time stays at its place in its file: it takes the time of the last
// timed event before it in that file, or of the first one where none stands
// before it. Events of files that hold no time at all come last, by position.
// What is still equal is ordered by content, so the result does not depend on
// the order of the input.
func Order(events []event.Event) {
	keys := placeKeys(events)
	if inOrder(events, keys) {
		return
	}
	order := make([]int, len(events))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		if c := comparePlace(keys[i], keys[j]); c != 0 {
			return c
		}
		return compareTies(&events[i], &events[j])
	})
	permute(events, order)
}

// inOrder reports whether the events already stand in the order of Order.
func inOrder(events []event.Event, keys []time.Time) bool {
	for i := 1; i < len(events); i++ {
		c := comparePlace(keys[i-1], keys[i])
		if c > 0 || c == 0 && compareTies(&events[i-1], &events[i]) > 0 {
			return false
		}
	}
	return true
}

// placeKeys returns the time at which each event stands; zero = after all others.
func placeKeys(events []event.Event) []time.Time {
	keys := make([]time.Time, len(events))
	var loose []int // untimed events
	for i := range events {
		keys[i] = events[i].Time
		if events[i].Time.IsZero() {
			loose = append(loose, i)
		}
	}
	if len(loose) == 0 {
		return keys
	}
	files := map[string]bool{}
	for _, i := range loose {
		files[events[i].Pos.File] = true
	}
	var walk []int // events of the files that have loose ones, in file order
	for i := range events {
		if files[events[i].Pos.File] {
			walk = append(walk, i)
		}
	}
	slices.SortFunc(walk, func(i, j int) int { return compareTies(&events[i], &events[j]) })
	for from := 0; from < len(walk); {
		to := from
		for to < len(walk) && events[walk[to]].Pos.File == events[walk[from]].Pos.File {
			to++
		}
		fillPlaces(events, keys, walk[from:to])
		from = to
	}
	return keys
}

// fillPlaces gives the untimed events of one file the time of their neighbours.
func fillPlaces(events []event.Event, keys []time.Time, file []int) {
	var last time.Time
	for _, i := range file {
		if !events[i].Time.IsZero() {
			last = events[i].Time
			break
		}
	}
	for _, i := range file {
		if events[i].Time.IsZero() {
			keys[i] = last
		} else {
			last = events[i].Time
		}
	}
}

func comparePlace(a, b time.Time) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case a.IsZero():
		return 1
	case b.IsZero():
		return -1
	}
	return a.Compare(b)
}

// compareTies orders events that stand at the same time: by position, then by
// what they say.
func compareTies(a, b *event.Event) int {
	if c := a.Pos.Compare(b.Pos); c != 0 {
		return c
	}
	return cmp.Or(
		a.Time.Compare(b.Time),
		cmp.Compare(a.ID, b.ID),
		strings.Compare(string(a.Source), string(b.Source)),
		strings.Compare(a.Channel, b.Channel),
		strings.Compare(a.Provider, b.Provider),
		strings.Compare(a.Name, b.Name),
		strings.Compare(a.Message, b.Message),
		cmp.Compare(a.Clock, b.Clock),
		cmp.Compare(a.Offset, b.Offset),
		cmp.Compare(a.Level, b.Level),
		cmp.Compare(a.Process, b.Process),
		cmp.Compare(a.Thread, b.Thread),
		strings.Compare(a.User, b.User),
		strings.Compare(a.Host, b.Host),
		cmp.Compare(a.Flags, b.Flags),
		slices.CompareFunc(a.Fields, b.Fields, compareFields),
	)
}

func compareFields(a, b event.Field) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
}

// permute puts events into the given order, moving each once.
func permute(events []event.Event, order []int) {
	for i := range order {
		if order[i] < 0 || order[i] == i {
			continue
		}
		first, at := events[i], i
		for {
			from := order[at]
			order[at] = -1
			if from == i {
				events[at] = first
				break
			}
			events[at] = events[from]
			at = from
		}
	}
}

// withoutTraces leaves out the records of event traces. What happened, the logs
// say; a trace has the same once more, and what components did all the time,
// so that a silence of the logs would not be one. Events are copied only where
// needed.
func withoutTraces(events []event.Event) []event.Event {
	n := 0
	for i := range events {
		if events[i].Source.Trace() {
			n++
		}
	}
	if n == 0 {
		return events
	}
	out := make([]event.Event, 0, len(events)-n)
	for i := range events {
		if !events[i].Source.Trace() {
			out = append(out, events[i])
		}
	}
	return out
}

// withoutCopies leaves out records that stand in two files: collections hold
// the same log in several states, and a record read twice would happen twice.
// Records at the same moment that say the same are copies, unless they stand
// in one file. The events are in order; they are copied only where needed.
func withoutCopies(events []event.Event) []event.Event {
	var out []event.Event
	copied := false
	for from := 0; from < len(events); {
		to := from + 1
		files := 1
		for to < len(events) && !events[to].Time.IsZero() && events[to].Time.Equal(events[from].Time) {
			if events[to].Pos.File != events[to-1].Pos.File {
				files++
			}
			to++
		}
		var drop []int
		if files > 1 {
			drop = copies(events, from, to)
		}
		if len(drop) > 0 && !copied {
			out, copied = append(make([]event.Event, 0, len(events)), events[:from]...), true
		}
		for i := from; copied && i < to; i++ {
			if len(drop) > 0 && drop[0] == i {
				drop = drop[1:]
				continue
			}
			out = append(out, events[i])
		}
		from = to
	}
	if !copied {
		return events
	}
	return out
}

// copies lists the events of one moment that stand in an earlier file, too.
func copies(events []event.Event, from, to int) []int {
	type said struct {
		source                 event.Source
		id, thread             uint32
		record                 uint64
		channel, name, message string
	}
	first := map[said]string{} // file
	var out []int
	for i := from; i < to; i++ {
		e := &events[i]
		k := said{e.Source, e.ID, e.Thread, e.Pos.Record, e.Channel, e.Name, e.Message}
		if file, seen := first[k]; !seen {
			first[k] = e.Pos.File
		} else if file != e.Pos.File {
			out = append(out, i)
		}
	}
	return out
}
