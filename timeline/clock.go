package timeline

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"time"

	"debrief/event"
)

// The offsets that real time zones have: multiples of 15 minutes from UTC-12
// to UTC+14.
const (
	offsetGrain = 15
	offsetMin   = -12 * 60
	offsetMax   = 14 * 60
)

// How far an offset read at one moment is trusted at another. A zone's offset
// changes with summer time at most twice a year, and OOBE may change the zone
// itself, so nearness decides.
const (
	declaredReach = 7 * 24 * time.Hour
	anchorReach   = 60 * 24 * time.Hour
)

// sample is one moment at which the offset is known.
type sample struct {
	wall   time.Time // on the device's wall clock, written as if UTC
	offset int16
	pos    event.Pos
}

// stamp is a sample out of a record: a log holds a hundred thousand of them,
// so it is kept small.
type stamp struct {
	wall   int64 // microseconds since 1970 on the wall clock
	offset int16
	record int32 // index of the event
}

// ResolveClocks gives every event whose time is a bare wall clock
// (event.ClockLocal) its UTC time, in place, and reports what is known of the
// device's clock. The events may stand in any order; running it again changes
// nothing.
//
// An offset comes from, best first: happenings that the record's own writer and
// an event log both tell (pairs.go); the offset that ConfigMgr records state,
// nearest in time; such happenings of all writers; the zone that event traces
// state, nearest in time; the moment of the collection, which stands in UTC in
// the bundle's own texts and in local time in the names of its trace files and
// in the dates of its members; and, where there is none of these, from nowhere:
// 0, marked as event.ClockAssumed. An anchor more than two months away also
// counts as assumed only, since summer time may lie between.
func ResolveClocks(events []event.Event, facts []event.Fact, cov []event.Coverage) ClockReport {
	z := readZone(events, facts, cov)
	for i := range events {
		e := &events[i]
		if e.Clock != event.ClockLocal {
			continue
		}
		if e.Time.IsZero() {
			e.Clock, e.Offset = event.ClockNone, 0
			continue
		}
		e.Offset, e.Clock = z.of(e)
		e.Time = e.Time.Add(-time.Duration(e.Offset) * time.Minute)
	}
	return z.report(events)
}

// zone is what is known of the wall clock.
type zone struct {
	declared []stamp // by wall clock
	paired   map[writer][]stamp
	together []stamp // pairs of all writers
	traces   []stamp // the same, of event traces; record is the index of the fact
	newest   sample  // of the traces; valid if there are any
	anchor   sample  // from the collection; valid if anchored
	anchored bool
}

func readZone(events []event.Event, facts []event.Fact, cov []event.Coverage) zone {
	z := zone{declared: declaredOffsets(events), traces: traceOffsets(facts)}
	z.paired, z.together = pairedOffsets(events)
	if n := len(z.traces); n > 0 {
		last := z.traces[n-1]
		z.newest = sample{time.UnixMicro(last.wall).UTC(), last.offset, facts[last.record].Pos}
	}
	z.anchor, z.anchored = collectionOffset(events, facts, cov)
	return z
}

// of returns the offset for a record with a bare wall clock and how sure it is.
func (z *zone) of(e *event.Event) (int16, event.Clock) {
	if offset, dist, found := nearest(z.paired[writer{e.Pos.File, e.Provider}], e.Time); found && dist <= anchorReach {
		return offset, event.ClockAnchored
	}
	return z.at(e.Time)
}

// at returns the offset for a wall clock, whoever writes it, and how sure it is.
func (z *zone) at(wall time.Time) (int16, event.Clock) {
	offset, dist, found := nearest(z.declared, wall)
	if found && dist <= declaredReach {
		return offset, event.ClockAnchored
	}
	if off, d, ok := nearest(z.together, wall); ok && d <= anchorReach {
		return off, event.ClockAnchored
	}
	if off, d, ok := nearest(z.traces, wall); ok && (!found || d < dist) {
		offset, dist, found = off, d, true
		if dist <= declaredReach {
			return offset, event.ClockAnchored
		}
	}
	if z.anchored {
		if d := wall.Sub(z.anchor.wall).Abs(); !found || d < dist {
			offset, dist, found = z.anchor.offset, d, true
		}
	}
	switch {
	case !found:
		return 0, event.ClockAssumed
	case dist > anchorReach:
		return offset, event.ClockAssumed
	}
	return offset, event.ClockAnchored
}

// nearest finds the offset stated nearest to a wall clock; of two equally near
// ones the earlier.
func nearest(stamps []stamp, at time.Time) (int16, time.Duration, bool) {
	if len(stamps) == 0 {
		return 0, 0, false
	}
	wall := at.UnixMicro()
	i := sort.Search(len(stamps), func(i int) bool { return stamps[i].wall > wall })
	best := max(i-1, 0)
	if i > 0 && i < len(stamps) && stamps[i].wall-wall < wall-stamps[i-1].wall {
		best = i
	}
	return stamps[best].offset, time.UnixMicro(stamps[best].wall).Sub(at).Abs(), true
}

// declaredOffsets collects the offsets that records of text logs state, by
// wall clock.
func declaredOffsets(events []event.Event) []stamp {
	var all []stamp
	for i := range events {
		e := &events[i]
		if e.Clock != event.ClockDeclared || e.Time.IsZero() || !strings.HasPrefix(string(e.Source), "log.") || !validOffset(int(e.Offset)) {
			continue
		}
		all = append(all, stamp{e.Time.UnixMicro() + int64(e.Offset)*60e6, e.Offset, int32(i)})
	}
	slices.SortFunc(all, func(a, b stamp) int {
		return cmp.Or(cmp.Compare(a.wall, b.wall), cmp.Compare(a.offset, b.offset), events[a.record].Pos.Compare(events[b.record].Pos))
	})
	return all
}

// traceOffsets collects the zones that event traces state, by wall clock.
func traceOffsets(facts []event.Fact) []stamp {
	var all []stamp
	for i := range facts {
		f := &facts[i]
		if f.Name != "clock.trace-offset-minutes" || f.Time.IsZero() || f.Num < offsetMin || !validOffset(int(min(f.Num, offsetMax+1))) {
			continue
		}
		all = append(all, stamp{f.Time.UnixMicro() + f.Num*60e6, int16(f.Num), int32(i)})
	}
	slices.SortFunc(all, func(a, b stamp) int {
		return cmp.Or(cmp.Compare(a.wall, b.wall), cmp.Compare(a.offset, b.offset), facts[a.record].Pos.Compare(facts[b.record].Pos))
	})
	return all
}

func validOffset(minutes int) bool {
	return minutes%offsetGrain == 0 && minutes >= offsetMin && minutes <= offsetMax
}

// report sums up the clock: the offset that most records state, of two equally
// frequent ones the greater. What a record stated long before the collection,
// at the maker's for one, says nothing of where the device is.
func (z *zone) report(events []event.Event) ClockReport {
	var r ClockReport
	local := false
	for i := range events {
		local = local || events[i].Clock == event.ClockAssumed || events[i].Clock == event.ClockAnchored
	}
	declared := z.declared
	if z.anchored {
		declared = slices.DeleteFunc(slices.Clone(declared), func(s stamp) bool {
			return z.anchor.wall.Sub(time.UnixMicro(s.wall)).Abs() > anchorReach
		})
	}
	switch {
	case len(declared) > 0:
		r.Origin = event.ClockDeclared
		r.Offset, r.Evidence = commonOffset(declared, events)
	case len(z.together) > 0:
		r.Origin = event.ClockAnchored
		r.Offset, r.Evidence = commonOffset(z.together, events)
	case z.anchored:
		r.Origin, r.Offset, r.Evidence = event.ClockAnchored, z.anchor.offset, []event.Pos{z.anchor.pos}
	case len(z.traces) > 0:
		r.Origin, r.Offset, r.Evidence = event.ClockAnchored, z.newest.offset, []event.Pos{z.newest.pos}
	case local:
		r.Origin = event.ClockAssumed
	}
	r.Steps = clockSteps(events)
	return r
}

// commonOffset returns the most frequent offset and the first record that states it.
func commonOffset(stamps []stamp, events []event.Event) (int16, []event.Pos) {
	count := map[int16]int{}
	for _, s := range stamps {
		count[s.offset]++
	}
	var best int16
	n := 0
	for off := offsetMin; off <= offsetMax; off += offsetGrain {
		if c := count[int16(off)]; c > 0 && c >= n {
			best, n = int16(off), c
		}
	}
	first := slices.IndexFunc(stamps, func(s stamp) bool { return s.offset == best })
	return best, []event.Pos{events[stamps[first].record].Pos}
}
