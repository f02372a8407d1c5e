package rules

import (
	"cmp"
	_ "embed" // the list of known noise
	"fmt"
	"slices"
	"strings"
	"time"

	"debrief/codes"
	"debrief/event"
)

// Leftover is one kind of error record that no rule knows and that is not known
// noise: what an engineer would read next where the rules name no cause. It is
// no finding and carries no confidence.
type Leftover struct {
	Source   event.Source
	Provider string
	ID       uint32 // event id; 0 = none
	Shape    string // the form that the records share, see event.Shape
	Code     uint32 // error code of the first record; 0 = none
	Count    int
	// The first record, its message cut to a length that can be shown.
	Pos         event.Pos
	Text        string
	First, Last time.Time // zero = the records have no time

	matchers []int32 // that asked for such records
}

// maxLeftovers bounds the kinds of records kept; further ones are counted.
// maxMatchers bounds the matchers remembered of a kind.
const (
	maxLeftovers = 500
	maxMatchers  = 64
)

// leftovers gathers error records while the events go by.
type leftovers struct {
	spot  *spotter
	kinds map[leftoverKey]*Leftover
	more  int // records of kinds that were not kept
}

type leftoverKey struct {
	source   event.Source
	provider string
	id       uint32
	code     uint32
	shape    string
}

func newLeftovers(spot *spotter) *leftovers {
	return &leftovers{spot: spot, kinds: map[leftoverKey]*Leftover{}}
}

// note looks at a record; matchers are those that found it.
func (l *leftovers) note(ev *event.Event, matchers []int32) {
	code, failed := l.spot.failure(ev)
	if !failed {
		return
	}
	key := leftoverKey{source: ev.Source, provider: ev.Provider, id: ev.ID, code: code}
	if ev.ID == 0 {
		key.shape = event.Shape(ev.Message)
	}
	k := l.kinds[key]
	if k == nil {
		if len(l.kinds) == maxLeftovers {
			l.more++
			return
		}
		k = &Leftover{Source: ev.Source, Provider: ev.Provider, ID: ev.ID, Shape: event.Shape(ev.Message), Code: code,
			Pos: ev.Pos, Text: clip(ev.Message, 400), First: ev.Time, Last: ev.Time}
		l.kinds[key] = k
	}
	k.Count++
	for _, m := range matchers {
		if !slices.Contains(k.matchers, m) && len(k.matchers) < maxMatchers {
			k.matchers = append(k.matchers, m)
		}
	}
	if !ev.Time.IsZero() {
		if k.First.IsZero() {
			k.First = ev.Time
		}
		k.Last = ev.Time
	}
}

// list orders the kinds that no finding speaks of, the most telling first: those with a code before those
// without, the latest before the earlier ones, since what stopped an enrolment
// stands near its end.
func (l *leftovers) list(spoken map[int32]bool) []Leftover {
	out := make([]Leftover, 0, len(l.kinds))
	for _, k := range l.kinds {
		if !slices.ContainsFunc(k.matchers, func(m int32) bool { return spoken[m] }) {
			out = append(out, *k)
		}
	}
	coded := func(k *Leftover) int {
		if k.Code != 0 {
			return 0
		}
		return 1
	}
	slices.SortFunc(out, func(a, b Leftover) int {
		return cmp.Or(cmp.Compare(coded(&a), coded(&b)), b.Last.Compare(a.Last), a.Pos.Compare(b.Pos), cmp.Compare(a.Code, b.Code))
	})
	return out
}

// spoken are the matchers of the rules that have something to say of what they
// found: they fired, or saw it heal.
func (e *evaluation) spoken(all []*Finding) map[int32]bool {
	out := map[int32]bool{}
	for _, f := range all {
		if f.Verdict != Fire && !f.Healed() {
			continue
		}
		for _, s := range f.rule.signals {
			for _, spec := range s.eventSpecs() {
				if spec.telling() {
					out[e.set.dispatch.index[spec]] = true
				}
			}
		}
	}
	return out
}

// Healed reports whether the rule is silent because a later success was seen.
func (f *Finding) Healed() bool {
	return f.Verdict == Silent && slices.ContainsFunc(f.Nodes, func(n *Node) bool { return n.Op == "unless" && n.Verdict == True })
}

// telling reports whether the spec asks for a certain kind of record and not
// for any record of a log.
func (e *eventSpec) telling() bool {
	return len(e.ids) > 0 || len(e.names) > 0 || len(e.texts) > 0 || len(e.contains) > 0 || len(e.fields) > 0
}

// spotter tells error records from others and leaves known noise out. It is
// immutable.
type spotter struct {
	words *automaton // words of a failure
	noise map[string][]noise
	globs []string // the keys of noise, in order
}

// noise is a record that looks like an error in sound enrolments too.
type noise struct {
	id   uint32 // 0 = any
	text string // lower case; empty = any
}

// failureWords announce a failure in logs whose level says nothing.
var failureWords = []string{"fail", "error", "denied", "unable to", "could not", "couldn't", "cannot", "timed out", "rejected", "exception", "unsuccessful", "not valid", "invalid"}

//go:embed noise.tsv
var noiseTable string

func newSpotter() *spotter {
	s := &spotter{noise: map[string][]noise{}}
	lits := make([]literal, len(failureWords))
	for i, w := range failureWords {
		lits[i] = literal{w, int32(i)}
	}
	s.words = newAutomaton(lits)
	for row := range strings.Lines(noiseTable) {
		cells := strings.Split(strings.TrimRight(row, "\r\n"), "\t")
		if len(cells) < 3 || strings.HasPrefix(row, "#") {
			continue
		}
		n := noise{text: lowerASCII(cells[2])}
		if cells[1] != "" {
			fmt.Sscan(cells[1], &n.id) //nolint:errcheck // a test reads the whole table
		}
		g := anyGlob(cells[0])
		if _, known := s.noise[g]; !known {
			s.globs = append(s.globs, g)
		}
		s.noise[g] = append(s.noise[g], n)
	}
	return s
}

// failure reports whether the record tells of a failure, and its code.
//
// Event logs say so by their level. In text logs the level says little (a
// fatal exit of ccmsetup is written as information): there a word of failure
// and an error code, or the level error and a word, make one. Event traces hold
// the errors that components met and went around inside, thousands of them in
// an enrolment that went well; what came of them, the logs say.
func (s *spotter) failure(ev *event.Event) (code uint32, failed bool) {
	if ev.Source.Trace() {
		return 0, false
	}
	if ev.ID != 0 {
		if ev.Level < event.LevelError {
			return 0, false
		}
	} else {
		if !s.hasWord(ev.Message) {
			return 0, false
		}
	}
	for _, v := range codes.Find(ev.Message) {
		if v&0x80000000 != 0 || ev.ID == 0 {
			code = v
			break
		}
	}
	if ev.ID == 0 && code == 0 && ev.Level < event.LevelError {
		return 0, false
	}
	return code, !s.known(ev)
}

func (s *spotter) hasWord(text string) bool {
	found := false
	s.words.scan(text, func([]int32) { found = true })
	return found
}

// known reports whether the record is known noise.
func (s *spotter) known(ev *event.Event) bool {
	for _, g := range s.globs {
		if !glob(g, string(ev.Source)) {
			continue
		}
		for _, n := range s.noise[g] {
			if (n.id == 0 || n.id == ev.ID) && (n.text == "" || containsFold(ev.Message, n.text)) {
				return true
			}
		}
	}
	return false
}
