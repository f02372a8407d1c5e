package timeline

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"debrief/event"
)

// Change says how an interval of one case differs from the same interval of
// healthy ones.
type Change string

// The changes, the most telling first.
const (
	ChangeResult  Change = "result"  // it ended otherwise
	ChangeMissing Change = "missing" // it is not there
	ChangeSlower  Change = "slower"  // it took much longer
	ChangeNew     Change = "new"     // only this case has it
)

// Difference is one interval that differs. Intervals are the same if kind and
// name are, apart from numbers and identifiers in the name.
type Difference struct {
	Change Change
	Kind   Kind
	Name   string // as in the case that has it
	// Good is the interval of the healthy case, of several the one of median
	// length; nil = none has it. Bad is that of the case at hand.
	Good, Bad *Span
	// Usual and Longest are the median and the greatest length among the healthy
	// cases; 0 = unknown.
	Usual, Longest time.Duration
	Seen           int // healthy cases that have it
}

// Bounds of what counts as slower: twice as long as usual, at least a minute
// more, and longer than in any healthy case.
const (
	slowerFactor = 2
	slowerLeast  = time.Minute
)

// Compare compares a case with healthy ones: the intervals of the last session
// of each, and those outside any. An interval counts as missing if more than
// half of the healthy cases have it. The result is ordered by change, then by
// the time at which the interval began.
func Compare(good []*Timeline, bad *Timeline) []Difference {
	seen := map[string][]*Span{}
	for _, t := range good {
		for k, s := range steps(t) {
			seen[k] = append(seen[k], s)
		}
	}
	mine := steps(bad)
	var out []Difference
	for k, spans := range seen {
		d := usual(spans)
		d.Bad = mine[k]
		switch {
		case d.Bad == nil:
			if 2*len(spans) <= len(good) || d.Good.State == StateSkipped || d.Good.State == StateNotStarted {
				continue
			}
			d.Change, d.Kind, d.Name = ChangeMissing, d.Good.Kind, d.Good.Name
		case worse(d.Bad, spans):
			d.Change, d.Kind, d.Name = ChangeResult, d.Bad.Kind, d.Bad.Name
		case slower(d.Bad.Duration(), d):
			d.Change, d.Kind, d.Name = ChangeSlower, d.Bad.Kind, d.Bad.Name
		default:
			continue
		}
		out = append(out, d)
	}
	for k, s := range mine {
		if len(seen[k]) == 0 {
			out = append(out, Difference{Change: ChangeNew, Kind: s.Kind, Name: s.Name, Bad: s})
		}
	}
	order := []Change{ChangeResult, ChangeMissing, ChangeSlower, ChangeNew}
	begin := func(d *Difference) time.Time {
		if d.Bad != nil {
			return d.Bad.Start
		}
		return d.Good.Start
	}
	slices.SortFunc(out, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Change), slices.Index(order, b.Change)), comparePlace(begin(&a), begin(&b)),
			strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Name, b.Name))
	})
	return out
}

// steps are the intervals of a timeline that can be compared, by what they are.
// Where one occurs more than once the longest stands for all.
func steps(t *Timeline) map[string]*Span {
	last := 0
	for i := range t.Spans {
		last = max(last, t.Spans[i].Session)
	}
	out := map[string]*Span{}
	for i := range t.Spans {
		s := &t.Spans[i]
		switch s.Kind {
		case KindSession, KindSignIn, KindGap, KindReboot, KindGroup:
			continue
		}
		if s.Session != 0 && s.Session != last {
			continue
		}
		k := string(s.Kind) + " " + strings.ToLower(event.Shape(s.Name))
		if s.Kind == KindCcmsetup {
			k = string(s.Kind) // runs have numbers for names
		}
		if o := out[k]; o == nil || s.Duration() > o.Duration() {
			out[k] = s
		}
	}
	return out
}

// usual is what the healthy cases say of one interval.
func usual(spans []*Span) Difference {
	slices.SortStableFunc(spans, func(a, b *Span) int { return cmp.Compare(a.Duration(), b.Duration()) })
	mid := spans[len(spans)/2]
	return Difference{Good: mid, Usual: mid.Duration(), Longest: spans[len(spans)-1].Duration(), Seen: len(spans)}
}

func slower(d time.Duration, u Difference) bool {
	return d > u.Longest && d >= slowerFactor*u.Usual && d-u.Usual >= slowerLeast
}

// worse reports whether the interval ended in a way that no healthy one did.
func worse(s *Span, good []*Span) bool {
	switch s.State {
	case StateFailed, StateTimedOut, StateRunning, StateCancelled:
	default:
		return false
	}
	return !slices.ContainsFunc(good, func(g *Span) bool { return g.State == s.State })
}
