package parsers

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"debrief/event"
	"debrief/parsers/etl"
)

// traceKey is what makes records of a trace one kind.
type traceKey struct {
	provider etl.GUID
	kind     etl.Kind
	id       uint32
}

// traceKind counts the records of one kind.
type traceKind struct {
	traceKey
	provider *traceProvider
	own      bool // of the trace about itself
	limit    int
	kept     int
	folded   int // not kept
	first    time.Time
	last     time.Time
	pos      event.Pos // of the first that is not kept
}

// traceProvider is who wrote events.
type traceProvider struct {
	name      string
	source    event.Source // "etl.aad"
	logSource event.Source // "evtx.aad": under which the catalogue knows its events
}

// How many records of one kind are kept one by one, in one file.
const (
	limitEnrolment = 1 << 14 // providers of enrolment, events that describe themselves
	limitNoise     = 256     // frequent diagnostics: sign-in and configuration internals, Wi-Fi
	limitUnknown   = 64      // fields not known
	limitRaw       = 1 << 14 // of all kinds whose fields are not known together
)

// noise are providers whose events are many and say little by themselves.
var noise = [...]string{
	"Microsoft-Windows-LiveId", "Microsoft-WindowsPhone-ConfigManager2", "Microsoft-Windows-WLAN-AutoConfig", "Microsoft.Windows.NetworkIcon",
}

// traceLimit says how many records of a kind are kept.
func traceLimit(r *etl.Record) int {
	if !r.Known {
		return limitUnknown
	}
	for _, n := range noise {
		if n == r.ProviderName {
			return limitNoise
		}
	}
	return limitEnrolment
}

// ownClasses are classes of records with which a trace describes itself: the
// descriptions of events, the system it was made on, and the results of its
// performance assessment.
var ownClasses = [...]string{
	"{BBCCF6C1-6CD1-48C4-80FF-839482E37671}", "{9B79EE91-B5FD-41C0-A243-4248E266E9D0}", "{01853A65-418F-4F36-AEFC-DC0F1D2FD235}",
	"{ED54DFF8-C409-4CF6-BF83-05E1E61A09C4}", "{68FDD900-4A3E-11D1-84F4-0000F80464E3}",
}

// want counts a record and decides whether it is kept.
func (f *traceFile) want(r *etl.Record) bool {
	k := f.last
	if key := (traceKey{r.Provider, r.Kind, r.ID}); k == nil || k.traceKey != key {
		if k = f.kinds[key]; k == nil {
			k = f.newKind(key, r)
		}
		f.last = k
	}
	if k.own {
		f.own++
		return false
	}
	if !r.Known {
		f.unknown++
		if r.Kind == etl.Message {
			f.wpp++
		}
	}
	if k.kept < k.limit && (r.Known || f.raw < limitRaw) {
		if k.kept++; !r.Known {
			f.raw++
		}
		return true
	}
	if k.folded++; k.folded == 1 {
		k.pos = event.Pos{File: f.in.Path, Offset: r.Offset}
	}
	f.folded++
	if !r.Time.IsZero() {
		if k.first.IsZero() || r.Time.Before(k.first) {
			k.first = r.Time
		}
		if r.Time.After(k.last) {
			k.last = r.Time
		}
	}
	return false
}

// maxKinds bounds the kinds of one trace; a sound one has some hundred.
const maxKinds = 1 << 14

func (f *traceFile) newKind(key traceKey, r *etl.Record) *traceKind {
	if len(f.order) >= maxKinds {
		key = traceKey{kind: r.Kind} // the rest is one kind
		if k := f.kinds[key]; k != nil {
			return k
		}
	}
	k := &traceKind{traceKey: key, provider: f.provider(r), limit: traceLimit(r)}
	if r.Kind == etl.System {
		k.own = r.ID>>8 == 0 // the group of the trace itself
	} else if r.Kind == etl.Classic {
		for _, own := range ownClasses {
			k.own = k.own || own == key.provider.String()
		}
	}
	f.kinds[key] = k
	f.order = append(f.order, k)
	return k
}

// provider names who wrote the record and covers its source.
func (f *traceFile) provider(r *etl.Record) *traceProvider {
	if p := f.providers[r.Provider]; p != nil && (r.ProviderName == "" || cutText(r.ProviderName) == p.name) {
		return p
	}
	p := &traceProvider{name: cutText(r.ProviderName)}
	switch {
	case p.name != "":
		p.logSource = providerSource(p.name, "")
		_, short, _ := strings.Cut(string(p.logSource), ".")
		p.source = traceSource(short)
		if len(f.providers) >= maxSources {
			p.source = traceSource("other")
		}
	case r.Kind == etl.Message:
		p.source, p.name = event.TracePrefix+"wpp", r.Provider.String()
	case r.Kind == etl.System:
		p.source, p.name = event.TracePrefix+"kernel", "Kernel"
	default:
		p.source, p.name = event.TracePrefix+"unknown", r.Provider.String()
	}
	if len(f.providers) < maxKinds {
		f.providers[r.Provider] = p
	}
	return p
}

// maxSources bounds the sources that one trace covers.
const maxSources = 256

// traceSource makes a source out of a name that may hold anything.
func traceSource(name string) event.Source {
	clean := func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '.', r == '-', r == '_':
			return r
		}
		return '-'
	}
	return event.Source(event.TracePrefix + strings.Map(clean, name[:min(len(name), 100)]))
}

// summarise adds an event for each kind of which not all were kept, and
// covers the sources of all.
func (f *traceFile) summarise() {
	for _, k := range f.order {
		if !k.own {
			f.out.Cover(k.provider.source)
		}
		if k.folded == 0 {
			continue
		}
		e := event.Event{
			Time: k.first, Clock: event.ClockDeclared, ID: k.id, Source: k.provider.source, Provider: k.provider.name, Pos: k.pos,
			Message: fmt.Sprintf("%d more events of this kind until %s are counted and not listed", k.folded, k.last.Format(time.RFC3339)),
			Fields: event.Fields{
				{Name: "Kind", Value: k.kind.String()},
				{Name: "Folded", Value: strconv.Itoa(k.folded)},
				{Name: "Last", Value: k.last.Format(time.RFC3339Nano)},
			},
		}
		if k.first.IsZero() {
			e.Clock = event.ClockNone
			e.Message = fmt.Sprintf("%d more events of this kind are counted and not listed", k.folded)
			e.Fields = e.Fields[:2]
		}
		f.out.Events = append(f.out.Events, e)
	}
	if f.folded > 0 {
		slices.SortStableFunc(f.out.Events, func(a, b event.Event) int { return cmp.Compare(a.Pos.Offset, b.Pos.Offset) })
	}
}
