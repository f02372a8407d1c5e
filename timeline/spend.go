package timeline

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Use is what a stretch of time went into.
type Use string

// The uses, in the order of precedence where several things ran at once: the
// narrower explains the wider.
const (
	UseReboot   Use = "reboot"   // the device was down
	UseDownload Use = "download" // a download was running
	UseInstall  Use = "install"  // an installer was at work: Windows Installer, a Win32 app, ccmsetup
	UseStep     Use = "step"     // a step of a task sequence that was neither
	UseWait     Use = "wait"     // the page waited for something whose work no log shows
	UseSilent   Use = "silent"   // no log that was collected holds a record
	UseUnseen   Use = "unseen"   // the logs go on, and show nothing of this
)

// Stretch is a piece of an interval with one use.
type Stretch struct {
	Use      Use
	From, To time.Time
	Span     int // ID of the span that it is attributed to; -1 = none
}

// Duration is To-From.
func (s Stretch) Duration() time.Duration { return s.To.Sub(s.From) }

// useOf says what a span's time is used for, and how narrow it is: of several
// spans at one moment the one of the highest rank counts. Rank 0 = the kind
// tells nothing of its own.
func useOf(k Kind) (use Use, rank int) {
	switch k {
	case KindReboot:
		return UseReboot, 7
	case KindDownload:
		return UseDownload, 6
	case KindMSI, KindWin32App:
		return UseInstall, 5
	case KindStep:
		return UseStep, 4
	case KindCcmsetup:
		return UseInstall, 3
	case KindGap:
		return UseSilent, 2
	case KindProvider, KindTrackedApp, KindSubcategory, KindTaskSequence:
		return UseWait, 1
	}
	return "", 0
}

// Spend says where the time of a span went: stretches in order, without gaps or
// overlaps, that make up all of it. At each moment the narrowest span that was
// at work counts, of equally narrow ones the one that ended last, since that is
// what the others had to wait for. It returns nil for a span without a start or
// an end.
//
// What no log shows is UseUnseen or UseWait and never idleness: work whose log
// was not collected looks the same.
func (t *Timeline) Spend(id int) []Stretch {
	if id < 0 || id >= len(t.Spans) {
		return nil
	}
	of := &t.Spans[id]
	from, to := of.Start, of.until()
	if from.IsZero() || !to.After(from) {
		return nil
	}
	var at []int // spans that may count
	edges := []time.Time{from, to}
	for i := range t.Spans {
		s := &t.Spans[i]
		_, rank := useOf(s.Kind)
		start, end := s.Start, s.until()
		if rank == 0 || i == id || start.IsZero() || !end.After(start) || !end.After(from) || !start.Before(to) {
			continue
		}
		at = append(at, i)
		for _, e := range []time.Time{start, end} {
			if e.After(from) && e.Before(to) {
				edges = append(edges, e)
			}
		}
	}
	slices.SortFunc(edges, time.Time.Compare)
	edges = slices.CompactFunc(edges, time.Time.Equal)
	t.byRank(at)
	var out []Stretch
	for i := 1; i < len(edges); i++ {
		out = appendStretch(out, t.stretch(at, edges[i-1], edges[i]))
	}
	return out
}

// byRank orders spans so that the first one at work is the one that counts.
func (t *Timeline) byRank(ids []int) {
	slices.SortFunc(ids, func(a, b int) int {
		x, y := &t.Spans[a], &t.Spans[b]
		_, rx := useOf(x.Kind)
		_, ry := useOf(y.Kind)
		return cmp.Or(cmp.Compare(ry, rx), y.until().Compare(x.until()), y.Start.Compare(x.Start), cmp.Compare(a, b))
	})
}

// stretch attributes a piece of time in which no span starts or ends.
func (t *Timeline) stretch(ids []int, from, to time.Time) Stretch {
	for _, i := range ids {
		if s := &t.Spans[i]; !s.Start.After(from) && !s.until().Before(to) {
			use, _ := useOf(s.Kind)
			return Stretch{Use: use, From: from, To: to, Span: i}
		}
	}
	return Stretch{Use: UseUnseen, From: from, To: to, Span: -1}
}

func appendStretch(list []Stretch, s Stretch) []Stretch {
	if n := len(list); n > 0 && list[n-1].Use == s.Use && list[n-1].Span == s.Span {
		list[n-1].To = s.To
		return list
	}
	return append(list, s)
}

// until is the last moment that the span was seen.
func (s *Span) until() time.Time {
	if s.End.IsZero() {
		return s.LastSeen
	}
	return s.End
}

// inner tells which kinds of spans do the work of another, and so can be what
// holds it up.
func (t *Timeline) inner(of int) (kinds []Kind, children bool) {
	switch s := &t.Spans[of]; s.Kind {
	case KindSession:
		return []Kind{KindPage}, false
	case KindPage:
		return []Kind{KindPhase}, false
	case KindPhase:
		return []Kind{KindSubcategory}, false
	case KindSubcategory:
		return []Kind{KindProvider, KindTrackedApp}, true
	case KindProvider, KindTrackedApp:
		// The work of ConfigMgr's provider is ccmsetup's, that of its app the
		// task sequence's; the Intune agent's apps are Win32 apps.
		switch {
		case !strings.HasPrefix(s.Name, "ConfigMgr"):
			return []Kind{KindWin32App}, false
		case s.Kind == KindProvider:
			return []Kind{KindCcmsetup}, false
		}
		return []Kind{KindTaskSequence}, false
	case KindTaskSequence, KindCcmsetup:
		return []Kind{KindStep, KindDownload, KindMSI}, true
	}
	return nil, false
}

// Blockers says what held a span up longest: a chain of spans from the widest
// (the phase) to the narrowest (the step), each at work for the one before: what
// had not ended, or failed, when that one ended, else what took longest. It is empty where nothing
// narrower is known.
func (t *Timeline) Blockers(id int) []int {
	if id < 0 || id >= len(t.Spans) {
		return nil
	}
	var chain []int
	inside := id
	for len(chain) < 8 {
		kinds, children := t.inner(inside)
		next := t.blocker(inside, kinds, children)
		if next < 0 {
			break
		}
		chain = append(chain, next)
		inside = next
	}
	return chain
}

// blocker finds the span of those kinds that held another up; -1 = none did.
func (t *Timeline) blocker(of int, kinds []Kind, children bool) int {
	w := &t.Spans[of]
	from, to := w.Start, w.until()
	best := -1
	better := func(a, b *Span) bool {
		if x, y := a.held(to), b.held(to); x != y {
			return x
		}
		return a.Duration() > b.Duration()
	}
	for i := range t.Spans {
		s := &t.Spans[i]
		if i == of || children && !t.below(i, of) || !slices.Contains(kinds, s.Kind) || s.Start.IsZero() || s.Duration() <= 0 || !s.until().After(from) || !s.Start.Before(to) || s.State == StateSkipped {
			continue
		}
		if best < 0 || better(s, &t.Spans[best]) {
			best = i
		}
	}
	return best
}

// below reports whether a span lies inside another in the tree.
func (t *Timeline) below(id, of int) bool {
	for range len(t.Spans) {
		if id = t.Spans[id].Parent; id < 0 || id >= len(t.Spans) {
			return false
		}
		if id == of {
			return true
		}
	}
	return false
}

// heldSlack is how much before the end of another a span may end that held it up.
const heldSlack = 30 * time.Second

// held reports whether the span was still at work at that time, or failed then.
func (s *Span) held(at time.Time) bool {
	return s.State != StateSucceeded && (s.End.IsZero() || !s.End.Before(at.Add(-heldSlack)))
}
