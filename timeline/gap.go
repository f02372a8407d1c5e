package timeline

import (
	"slices"
	"time"

	"debrief/event"
)

// gapFloor is the shortest silence worth telling.
const gapFloor = 10 * time.Minute

// gaps finds the silences of every source during a session while something
// else than the session itself was going on.
func (b *builder) gaps() {
	b.settle()
	work := b.work()
	next := 0
	var busy time.Time // up to when the spans begun so far go on
	var before *event.Event
	session := 0
	for i := range b.in.Events {
		e := &b.in.Events[i]
		if e.Time.IsZero() {
			continue
		}
		if before != nil && e.Time.Sub(before.Time) > gapFloor {
			for next < len(work) && !work[next].from.After(before.Time) {
				busy = later(busy, work[next].to)
				next++
			}
			for session < len(b.sessions)-1 && !b.sessions[session+1].Start.After(before.Time) {
				session++
			}
			if !busy.Before(e.Time) && b.inSession(session, before.Time, e.Time) {
				d := b.span(KindGap, "silence", before)
				d.end(e, "")
				d.session = b.sessions[session]
			}
		}
		before = e
	}
}

// stretch is a time in which something was going on.
type stretch struct{ from, to time.Time }

// work lists when spans were at work, by start.
func (b *builder) work() []stretch {
	out := make([]stretch, 0, len(b.spans))
	for _, d := range b.spans {
		switch d.Kind {
		case KindSession, KindSignIn, KindReboot, KindGap, KindTrackedApp:
			continue
		}
		if to := d.until(); !d.Start.IsZero() && to.After(d.Start) {
			out = append(out, stretch{d.Start, to})
		}
	}
	slices.SortFunc(out, func(a, b stretch) int { return a.from.Compare(b.from) })
	return out
}

func (b *builder) inSession(i int, from, to time.Time) bool {
	if i >= len(b.sessions) {
		return false
	}
	d := b.sessions[i]
	return !d.Start.IsZero() && !d.Start.After(from) && !d.until().Before(to)
}
