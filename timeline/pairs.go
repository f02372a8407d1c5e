package timeline

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"time"

	"debrief/event"
)

// One happening is at times told twice: by a log that writes the wall clock
// only, and by an event log, in UTC. Over many such pairs the offset shows: it
// is the one of the zones' offsets under which far more happenings fall
// together than under any other. This also tells writers apart that share a
// file and believe in different zones.
const (
	pairSlack  = 2 * time.Second // between the two tellings
	pairQuorum = 3               // happenings that must fall together
	pairLead   = 2               // times as many as under the next best offset
	maxPaired  = 2000            // happenings looked at of one writer
)

// writer is who writes a log: a component in a file.
type writer struct{ file, component string }

// pairKind is a happening that both kinds of logs tell.
type pairKind int

const (
	noPair    pairKind = iota
	tokenPair          // a token request that failed: the agent or the client; the AAD log
	msiPair            // a product that Windows Installer is done with: the agent; MsiInstaller
)

// localPair tells which happening a record with a bare wall clock speaks of.
func localPair(e *event.Event) pairKind {
	switch e.Name {
	case "agent.token-failed", "token.failed", "ccmsetup.aad-token-failed":
		return tokenPair
	case "app.exit-code":
		return msiPair
	}
	return noPair
}

// utcPair is localPair for the event logs.
func utcPair(e *event.Event) pairKind {
	switch {
	case e.Source == event.AAD && (e.ID == 1097 || e.ID == 1098):
		return tokenPair
	case e.Provider == "MsiInstaller" && (e.ID == 1033 || e.ID == 11707 || e.ID == 11708):
		return msiPair
	}
	return noPair
}

// happening is a moment of one kind, on the clock of its log.
type happening struct {
	kind   pairKind
	at     int64 // microseconds since 1970
	record int32
}

// pairedOffsets finds the offsets of the writers of bare wall clocks, and one
// of all together for those that tell too little.
func pairedOffsets(events []event.Event) (by map[writer][]stamp, all []stamp) {
	utc := map[pairKind][]int64{}
	local := map[writer][]happening{}
	var everyone []happening
	for i := range events {
		e := &events[i]
		switch {
		case e.Time.IsZero():
		case e.Clock == event.ClockLocal:
			if k := localPair(e); k != noPair {
				h := happening{k, e.Time.UnixMicro(), int32(i)}
				w := writer{e.Pos.File, e.Provider}
				local[w] = append(local[w], h)
				everyone = append(everyone, h)
			}
		case e.Clock == event.ClockDeclared && e.Flags&event.Recovered == 0 && strings.HasPrefix(string(e.Source), "evtx."):
			if k := utcPair(e); k != noPair {
				utc[k] = append(utc[k], e.Time.UnixMicro())
			}
		}
	}
	if len(utc) == 0 || len(local) == 0 {
		return nil, nil
	}
	for _, list := range utc {
		slices.Sort(list)
	}
	by = map[writer][]stamp{}
	for w, list := range local {
		if got := commonPairs(list, utc); len(got) > 0 {
			by[w] = got
		}
	}
	return by, commonPairs(everyone, utc)
}

// commonPairs returns the moments that fall together with a moment in UTC under
// the offset that explains most of them, and under the one that is an hour off
// it (summer time) where that explains enough of the others. None where no
// offset stands out.
func commonPairs(local []happening, utc map[pairKind][]int64) []stamp {
	local = oneASecond(local)
	best, most, next := 0, 0, 0
	for off := offsetMin; off <= offsetMax; off += offsetGrain {
		switch n := len(pairsUnder(local, utc, off)); {
		case n > most:
			best, most, next = off, n, most
		case n > next:
			next = n
		}
	}
	if most < pairQuorum {
		return nil
	}
	got := pairsUnder(local, utc, best)
	if most < pairLead*next {
		// Two that share the happenings between them are summer and winter time.
		left := without(local, got)
		for _, off := range []int{best - 60, best + 60} {
			if more := pairsUnder(left, utc, off); len(more) >= pairQuorum && len(got)+len(more) > next*3/2 {
				got = append(got, more...)
				slices.SortFunc(got, func(a, b stamp) int { return cmp.Compare(a.wall, b.wall) })
				return got
			}
		}
		return nil
	}
	return got
}

// oneASecond orders happenings and leaves one a kind and second, so that a
// burst counts once.
func oneASecond(list []happening) []happening {
	list = slices.Clone(list)
	sort.Slice(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if a.at != b.at {
			return a.at < b.at
		}
		if a.kind != b.kind {
			return a.kind < b.kind
		}
		return a.record < b.record
	})
	list = slices.CompactFunc(list, func(a, b happening) bool { return a.kind == b.kind && a.at/1e6 == b.at/1e6 })
	return list[:min(len(list), maxPaired)]
}

// pairsUnder lists the happenings that fall together with one in UTC if the
// wall clock is ahead by off minutes.
func pairsUnder(local []happening, utc map[pairKind][]int64, off int) []stamp {
	var got []stamp
	slack := pairSlack.Microseconds()
	for _, h := range local {
		at := h.at - int64(off)*60e6
		list := utc[h.kind]
		i := sort.Search(len(list), func(i int) bool { return list[i] >= at-slack })
		if i < len(list) && list[i] <= at+slack {
			got = append(got, stamp{h.at, int16(off), h.record})
		}
	}
	return got
}

// without leaves out the happenings that are among the stamps.
func without(local []happening, stamps []stamp) []happening {
	taken := make(map[int32]bool, len(stamps))
	for _, s := range stamps {
		taken[s.record] = true
	}
	return slices.DeleteFunc(slices.Clone(local), func(h happening) bool { return taken[h.record] })
}
