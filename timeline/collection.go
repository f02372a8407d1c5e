package timeline

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"debrief/event"
)

// collectSlack is how far apart the moments may lie that count as "when the
// bundle was collected".
const collectSlack = 3 * time.Minute

// memberQuorum is how many members of a container must agree on an offset.
const memberQuorum = 3

// collectionOffset compares the moment of the collection in UTC with the same
// moment on the wall clock: in the name of a trace session, in the bundle's
// own texts, in the dates of its members.
//
// The latter two are the wall clock by convention only: some archivers write
// UTC, and then the offset seems to be 0. So 0 is no answer there. The MDM
// report tells both: its XML form in UTC, its HTML form on the wall clock.
func collectionOffset(events []event.Event, facts []event.Fact, cov []event.Coverage) (sample, bool) {
	utc, ok := collectionTime(events, facts)
	if ok {
		if s, ok := traceOffset(utc, cov); ok {
			return s, true
		}
	}
	if s, ok := reportOffset(facts); ok {
		return s, true
	}
	if !ok {
		return sample{}, false
	}
	for _, f := range sortedFacts(facts, "collection.local-time") {
		if off, ok := roundOffset(f.Time.Sub(utc)); ok && off != 0 {
			return sample{f.Time, off, f.Pos}, true
		}
	}
	return memberOffset(utc, cov)
}

// reportOffset compares the times in the two forms of an MDM report, which are
// written one after the other into one folder.
func reportOffset(facts []event.Fact) (sample, bool) {
	utc := sortedFacts(facts, "mdm.report-time")
	for _, wall := range sortedFacts(facts, "mdm.report-local-time") {
		for _, u := range utc {
			if path.Dir(u.Pos.File) != path.Dir(wall.Pos.File) {
				continue
			}
			if off, ok := roundOffset(wall.Time.Sub(u.Time)); ok {
				return sample{wall.Time, off, wall.Pos}, true
			}
		}
	}
	return sample{}, false
}

// collectionTime is when the bundle was made: as its texts say, else the last
// UTC record of its event logs, since mdmdiagnosticstool itself causes some.
func collectionTime(events []event.Event, facts []event.Fact) (time.Time, bool) {
	var utc time.Time
	for _, f := range sortedFacts(facts, "collection.time") {
		if !f.Time.IsZero() && (utc.IsZero() || f.Time.Before(utc)) {
			utc = f.Time
		}
	}
	if !utc.IsZero() {
		return utc, true
	}
	for i := range events {
		e := &events[i]
		if e.Clock == event.ClockDeclared && strings.HasPrefix(string(e.Source), "evtx.") && e.Flags == 0 && e.Time.After(utc) {
			utc = e.Time
		}
	}
	return utc, !utc.IsZero()
}

// sortedFacts returns the facts of that name in their own order.
func sortedFacts(facts []event.Fact, name string) []event.Fact {
	var out []event.Fact
	for i := range facts {
		if facts[i].Name == name {
			out = append(out, facts[i])
		}
	}
	slices.SortFunc(out, compareFacts)
	return out
}

// roundOffset turns a difference of clocks into a zone's offset, if it is near
// enough to one.
func roundOffset(d time.Duration) (int16, bool) {
	off := d.Round(offsetGrain * time.Minute)
	minutes := int(off / time.Minute)
	return int16(minutes), validOffset(minutes) && (d-off).Abs() <= collectSlack
}

// traceOffset reads the newest trace-session name. mdmdiagnosticstool starts
// such a session when it collects, so the newest name is that moment on the
// wall clock; older ones say nothing.
func traceOffset(utc time.Time, cov []event.Coverage) (sample, bool) {
	var newest sample
	for i := range cov {
		wall, ok := traceTime(cov[i].File)
		if !ok {
			continue
		}
		pos := event.Pos{File: cov[i].File}
		if wall.After(newest.wall) || wall.Equal(newest.wall) && pos.Compare(newest.pos) < 0 {
			newest = sample{wall: wall, pos: pos}
		}
	}
	if newest.wall.IsZero() {
		return sample{}, false
	}
	var ok bool
	newest.offset, ok = roundOffset(newest.wall.Sub(utc))
	return newest, ok
}

// traceTime reads the local time in the name of a trace session, as in
// "DiagnosticLogCSP_Collector_Autopilot_2031_2_3_4_5_6.etl" (observed in
// mdmdiagnosticstool collections of 2020 to 2026).
func traceTime(file string) (time.Time, bool) {
	name, _, _ := strings.Cut(path.Base(file), ".etl")
	const prefix = "DiagnosticLogCSP_Collector_"
	if len(name) == len(path.Base(file)) || len(name) < len(prefix) || !strings.EqualFold(name[:len(prefix)], prefix) {
		return time.Time{}, false
	}
	parts := strings.Split(name[len(prefix):], "_")
	if len(parts) < 6 {
		return time.Time{}, false
	}
	var n [6]int
	for i, p := range parts[len(parts)-6:] {
		v, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return time.Time{}, false
		}
		n[i] = int(v)
	}
	t := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.UTC)
	return t, n[0] > 1999 && t.Month() == time.Month(n[1]) && t.Day() == n[2] && t.Hour() == n[3]
}

// memberOffset reads the dates of the container's members. Several must agree.
func memberOffset(utc time.Time, cov []event.Coverage) (sample, bool) {
	votes := map[int16]int{}
	first := map[int16]sample{}
	for i := range cov {
		off, ok := roundOffset(cov[i].ModTime.Sub(utc))
		if cov[i].ModTime.IsZero() || !ok || off == 0 {
			continue
		}
		s := sample{cov[i].ModTime, off, event.Pos{File: cov[i].File}}
		if old, seen := first[off]; !seen || s.pos.Compare(old.pos) < 0 {
			first[off] = s
		}
		votes[off]++
	}
	var best sample
	n := memberQuorum - 1
	for off := offsetMin; off <= offsetMax; off += offsetGrain {
		if v := votes[int16(off)]; v > n {
			best, n = first[int16(off)], v
		}
	}
	return best, !best.wall.IsZero()
}
