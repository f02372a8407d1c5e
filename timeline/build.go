package timeline

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"debrief/event"
)

// Input is what a timeline is made of: everything that the parsers found in
// one case, with its clocks resolved (ResolveClocks).
type Input struct {
	Events   []event.Event
	Facts    []event.Fact
	Coverage []event.Coverage
}

// Build makes the timeline of one case. It expects events in the order that
// Order gives; where they are not, it works on an ordered copy. The input is
// not changed, and the result shares no memory with it but strings.
func Build(in Input) *Timeline {
	if !inOrder(in.Events, placeKeys(in.Events)) {
		in.Events = slices.Clone(in.Events)
		Order(in.Events)
	}
	in.Events = withoutCopies(withoutTraces(in.Events))
	b := &builder{in: in, reg: readRegistry(in.Facts), last: map[event.Source]time.Time{}}
	b.clock()
	b.registryFacts()
	b.readLogs()
	b.readESP()
	b.sessionFacts()
	b.trackedApps()
	b.reboots()
	b.signIns()
	b.gaps()
	b.downloadShares()
	return b.timeline()
}

// builder holds the parts of a timeline while it grows.
type builder struct {
	in       Input
	reg      *registry
	report   ClockReport
	spans    []*draft
	facts    []event.Fact
	sessions []*draft
	last     map[event.Source]time.Time // time of the last record of each source
}

// draft is a span that may still change. Parent and session are kept as
// pointers until the spans are numbered.
type draft struct {
	Span
	parent  *draft
	session *draft
	source  event.Source // whose last record tells up to when a running span lived
	number  int          // in order of discovery
}

// span adds a span that begins with e.
func (b *builder) span(kind Kind, name string, e *event.Event) *draft {
	d := &draft{source: e.Source}
	d.Kind, d.Name, d.Start, d.State = kind, name, e.Time, StateRunning
	d.Evidence = []event.Pos{e.Pos}
	b.spans = append(b.spans, d)
	return d
}

// seen notes e as further evidence of the span.
func (d *draft) seen(e *event.Event) {
	if last := len(d.Evidence) - 1; last < 0 || d.Evidence[last] != e.Pos {
		d.Evidence = append(d.Evidence, e.Pos)
	}
}

// end closes the span with e.
func (d *draft) end(e *event.Event, state State) {
	d.End, d.State = e.Time, state
	d.seen(e)
}

// open reports whether the span has not been seen to end.
func (d *draft) open() bool { return d != nil && d.State == StateRunning }

// drop marks a span that turned out to be none; readLogs takes it out.
func (d *draft) drop() { d.Kind = "" }

// set gives a field its value, once by name.
func (d *draft) set(name, value string) {
	for i := range d.Fields {
		if d.Fields[i].Name == name {
			d.Fields[i].Value = value
			return
		}
	}
	d.Fields = append(d.Fields, event.Field{Name: name, Value: value})
}

// add notes a derived fact.
func (b *builder) add(f event.Fact) { b.facts = append(b.facts, f) }

// has reports whether a fact of that name was found or derived.
func (b *builder) has(name string) bool {
	_, ok := b.fact(name)
	return ok
}

// fact returns the first fact of that name, those of the parsers before the
// derived ones.
func (b *builder) fact(name string) (event.Fact, bool) {
	best, found := event.Fact{}, false
	for _, facts := range [][]event.Fact{b.in.Facts, b.facts} {
		for i := range facts {
			if facts[i].Name == name && (!found || compareFacts(facts[i], best) < 0) {
				best, found = facts[i], true
			}
		}
		if found {
			break
		}
	}
	return best, found
}

// clock takes over what ResolveClocks settled; it finds the same again, since
// what it reads does not change.
func (b *builder) clock() {
	z := readZone(b.in.Events, b.in.Facts, b.in.Coverage)
	b.report = z.report(b.in.Events)
	if b.report.Origin == event.ClockDeclared || b.report.Origin == event.ClockAnchored {
		b.add(event.Number("clock.offset-minutes", "", int64(b.report.Offset), b.report.Evidence[0]))
	}
	for _, s := range b.report.Steps {
		f := event.Number("clock.step", "", int64(s.By.Round(time.Second)/time.Second), s.Pos)
		f.Time = s.At
		b.add(f)
	}
	for i := range b.in.Events {
		e := &b.in.Events[i]
		if !e.Time.IsZero() {
			b.last[e.Source] = e.Time
		}
		if client, server, ok := clockCheck(e); ok {
			f := event.Number("clock.skew-minutes", "", int64(client.Sub(server)/time.Minute), e.Pos)
			f.Time = e.Time
			b.add(f)
		}
	}
	b.assumedZones()
}

// assumedZones notes the files whose zone is a guess, where there are records
// with a sure time beside them: how the two stand to each other is then not known.
func (b *builder) assumedZones() {
	sure := false
	at := map[string]int{} // index of the fact of a file
	var found []event.Fact
	for i := range b.in.Events {
		switch e := &b.in.Events[i]; e.Clock {
		case event.ClockDeclared, event.ClockAnchored:
			sure = true
		case event.ClockAssumed:
			n, ok := at[e.Pos.File]
			if !ok {
				n = len(found)
				at[e.Pos.File] = n
				found = append(found, event.Number("clock.assumed", e.Pos.File, 0, e.Pos))
			}
			found[n].Num++
		}
	}
	if !sure {
		return
	}
	for _, f := range found {
		f.Text = strconv.FormatInt(f.Num, 10)
		b.add(f)
	}
}

// timeline numbers and orders what was found.
func (b *builder) timeline() *Timeline {
	b.settle()
	b.place()
	for i, d := range b.spans {
		d.number = i
	}
	slices.SortFunc(b.spans, compareDrafts)
	t := &Timeline{Clock: b.report, Spans: make([]Span, len(b.spans))}
	for i, d := range b.spans {
		d.ID = i
	}
	for i, d := range b.spans {
		d.Parent = -1
		if !d.End.IsZero() {
			d.LastSeen = time.Time{}
		}
		if d.parent != nil {
			d.Parent = d.parent.ID
		}
		t.Spans[i] = d.Span
	}
	slices.SortFunc(b.facts, compareFacts)
	t.Facts = slices.CompactFunc(b.facts, sameFact)
	return t
}

// settle says up to when the spans that never ended were seen to live: to the
// last record of the log that would show their end.
func (b *builder) settle() {
	for _, d := range b.spans {
		if d.State != StateRunning || d.Start.IsZero() {
			continue
		}
		for _, t := range []time.Time{d.Start, b.last[d.source]} {
			if t.After(d.LastSeen) {
				d.LastSeen = t
			}
		}
	}
}

// kindRank is the order of kinds at equal starts: the wider one first.
var kindRank = [...]Kind{
	KindSession, KindPage, KindSignIn, KindPhase, KindSubcategory, KindProvider, KindTrackedApp,
	KindTaskSequence, KindGroup, KindStep, KindCcmsetup, KindMSI, KindDownload,
	KindWin32App, KindReboot, KindGap,
}

func compareDrafts(a, b *draft) int {
	if c := comparePlace(a.Start, b.Start); c != 0 {
		return c
	}
	return cmp.Or(
		cmp.Compare(slices.Index(kindRank[:], a.Kind), slices.Index(kindRank[:], b.Kind)),
		strings.Compare(a.Name, b.Name),
		comparePlace(a.End, b.End),
		comparePlace(a.LastSeen, b.LastSeen),
		cmp.Compare(a.number, b.number),
	)
}

func compareFacts(a, b event.Fact) int {
	return cmp.Or(
		a.Compare(b),
		cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Num, b.Num),
		strings.Compare(a.Text, b.Text),
		strings.Compare(a.Key, b.Key),
		strings.Compare(a.Value, b.Value),
		a.Time.Compare(b.Time),
	)
}

// sameFact reports whether two facts say the same, wherever they were read.
func sameFact(a, b event.Fact) bool {
	a.Pos, b.Pos = event.Pos{}, event.Pos{}
	a.Key, b.Key = strings.ToLower(a.Key), strings.ToLower(b.Key)
	return a == b
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
