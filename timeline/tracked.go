package timeline

import (
	"strconv"
	"strings"
	"time"

	"debrief/event"
)

// trackedApps makes a span of each app that the ESP tracks. The registry has
// only its state; its times are those of the task sequence or the Win32 app
// behind it, where their logs are there.
func (b *builder) trackedApps() {
	var sequence *draft
	apps := map[string]*draft{}
	parents := map[string]*draft{}
	for _, d := range b.spans {
		switch d.Kind {
		case KindTaskSequence:
			if sequence == nil || comparePlace(sequence.Start, d.Start) <= 0 && !d.Start.IsZero() {
				sequence = d
			}
		case KindWin32App:
			if id, ok := d.field("id"); ok {
				apps[id] = d
			}
		case KindSubcategory:
			parents[d.Name] = d
		}
	}
	seen := map[string]bool{}
	for i := range b.facts {
		f := &b.facts[i]
		if f.Name != "esp.app.state" || seen[strings.ToLower(f.Key)] {
			continue
		}
		seen[strings.ToLower(f.Key)] = true
		d := &draft{parent: parents["DeviceSetup.AppsSubcategory"]}
		d.Kind, d.Name, d.State = KindTrackedApp, f.Key, trackedState(f.Num)
		d.Evidence = []event.Pos{f.Pos}
		d.set("installation-state", strconv.FormatInt(f.Num, 10))
		if d.parent != nil {
			d.session = d.parent.session
		} else if n := len(b.sessions); n > 0 {
			d.session = b.sessions[n-1]
		}
		worker := sequence
		if provider, app, _ := strings.Cut(f.Key, "/"); !strings.EqualFold(provider, "ConfigMgr") {
			worker = apps[appID(app)]
		} else if !strings.EqualFold(app, "Provisioning_TS") {
			worker = nil
		}
		d.workedBy(worker)
		b.spans = append(b.spans, d)
	}
}

// workedBy takes over times and code of the span that did the work.
func (d *draft) workedBy(w *draft) {
	if w == nil {
		return
	}
	d.Start, d.Code, d.source = w.Start, w.Code, w.source
	if d.State != StateRunning {
		d.End = w.End
	}
	d.LastSeen = w.LastSeen
	if d.End.IsZero() && w.End.After(d.LastSeen) {
		d.LastSeen = w.End
	}
	if d.Kind == KindTrackedApp && w.Kind == KindWin32App {
		d.set("app", w.Name)
	}
	d.Evidence = append(d.Evidence, w.firstPos())
}

// appID is the GUID in "Win32App_<guid>_1".
func appID(app string) string {
	rest, ok := cutPrefixFold(app, "Win32App_")
	if !ok || len(rest) < event.GUIDLen {
		return ""
	}
	return strings.ToLower(rest[:event.GUIDLen])
}

func trackedState(n int64) State {
	switch n {
	case 1:
		return StateNotStarted
	case 2:
		return StateRunning
	case 3:
		return StateSucceeded
	case 4:
		return StateFailed
	}
	return ""
}

// place puts every span into its session, and those without a parent below
// the span that holds them.
func (b *builder) place() {
	for _, d := range b.spans {
		if d.session == nil && d.parent != nil {
			d.session = d.parent.session
		}
		if d.session == nil {
			d.session = b.sessionAt(d.Start, d.End)
		}
	}
	b.placeInstallers()
	for _, d := range b.spans {
		if d.session == nil {
			continue
		}
		d.Session = d.session.Span.Session
		if d.parent == nil && d != d.session {
			d.parent = d.session
		}
	}
}

// afterSession is how long after its last record something still belongs to a
// session: an installation goes on behind the error page.
const afterSession = 6 * time.Hour

// sessionAt finds the session that a time belongs to; nil = none. Where the
// only session is one without times, everything belongs to it.
func (b *builder) sessionAt(start, end time.Time) *draft {
	if len(b.sessions) == 1 && b.sessions[0].Start.IsZero() {
		return b.sessions[0]
	}
	t := start
	if t.IsZero() {
		t = end
	}
	var best *draft
	for lo, hi := 0, len(b.sessions); lo < hi; {
		mid := (lo + hi) / 2
		if d := b.sessions[mid]; !d.Start.IsZero() && !d.Start.After(t) {
			best, lo = d, mid+1
		} else {
			hi = mid
		}
	}
	if t.IsZero() || best == nil {
		return nil
	}
	if t.After(later(best.until(), best.Start).Add(afterSession)) {
		return nil
	}
	return best
}

// placeInstallers puts the installer run of the client below the run of
// ccmsetup that was at work then.
func (b *builder) placeInstallers() {
	var runs []*draft // as they began
	for _, d := range b.spans {
		if d.Kind == KindCcmsetup && !d.Start.IsZero() {
			runs = append(runs, d)
		}
	}
	for _, d := range b.spans {
		if d.Kind != KindMSI || d.source != event.LogClientMSI || d.Start.IsZero() {
			continue
		}
		for lo, hi := 0, len(runs); lo < hi; {
			mid := (lo + hi) / 2
			if runs[mid].Start.After(d.Start) {
				hi = mid
				continue
			}
			if end := runs[mid].until(); end.IsZero() || !end.Before(d.Start) {
				d.parent = runs[mid]
			}
			lo = mid + 1
		}
	}
}
