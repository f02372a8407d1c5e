package timeline

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"debrief/event"
)

// readWait follows the wait for the policy providers: Started, then Complete,
// then one of Succeeded, TimedOut, Failed.
func (s *esp) readWait(r *espRecord, step string) {
	if step == "Started" {
		s.needPage(r)
	} else {
		s.needAnyPage(r)
	}
	if step == "Started" || s.wait == nil {
		if s.wait.open() {
			s.cancel(s.wait, r)
		}
		s.wait = s.b.span(KindProvider, "", r.Event)
		s.wait.parent, s.wait.session = s.page, s.session
		if d := s.subs["DevicePreparation.EspProviderInstallationSubcategory"]; d != nil {
			s.wait.parent = d
		} else if s.phase != nil {
			s.wait.parent = s.phase
		}
		s.waits = append(s.waits, s.wait)
		if step != "Started" {
			s.wait.Start = time.Time{}
		}
	}
	switch step {
	case "Complete":
		s.wait.seen(r.Event)
	case "Succeeded":
		s.wait.end(r.Event, StateSucceeded)
	case "TimedOut":
		s.wait.end(r.Event, StateTimedOut)
	case "Failed":
		s.wait.end(r.Event, StateFailed)
	}
	if r.code != 0 {
		s.wait.Code = r.code
	}
	if !s.wait.open() {
		s.wait = nil
	}
}

// provider is what the registry says of one policy provider.
type provider struct {
	name         string
	state, error *event.Fact
}

// providers splits each wait into one span a provider, as the registry knows
// them, and gives those of the last wait the state found there: the registry
// is a picture of the end. Without the registry the wait stays one span that
// names no provider.
func (b *builder) providers(waits []*draft) {
	known := b.knownProviders()
	if len(known) == 0 {
		for _, w := range waits {
			w.Name = "policy providers"
		}
		return
	}
	for i, w := range waits {
		each := []*draft{w}
		for range known[1:] {
			copied := *w
			copied.Evidence = slices.Clone(w.Evidence)
			copied.Fields = slices.Clone(w.Fields)
			each = append(each, &copied)
		}
		b.spans = append(b.spans, each[1:]...)
		for k, p := range known {
			each[k].Name = p.name
			if i == len(waits)-1 {
				each[k].settleProvider(p)
			}
		}
	}
}

// maxProviders bounds the providers told apart in a wait; Windows knows two.
const maxProviders = 8

// knownProviders lists the registry's providers by name.
func (b *builder) knownProviders() []provider {
	byName := map[string]*provider{}
	var order []string
	for i := range b.facts {
		f := &b.facts[i]
		if f.Name != "esp.provider.state" && f.Name != "esp.provider.last-error" {
			continue
		}
		key := strings.ToLower(f.Key)
		p := byName[key]
		if p == nil {
			p = &provider{name: f.Key}
			byName[key] = p
			order = append(order, key)
		}
		if f.Name == "esp.provider.state" {
			p.state = f
		} else {
			p.error = f
		}
	}
	slices.Sort(order)
	order = order[:min(len(order), maxProviders)]
	out := make([]provider, len(order))
	for i, key := range order {
		out[i] = *byName[key]
	}
	return out
}

// settleProvider gives the span of the last wait the registry's state.
func (d *draft) settleProvider(p provider) {
	if p.state == nil {
		return
	}
	d.set("installation-state", strconv.FormatInt(p.state.Num, 10))
	d.Evidence = append(d.Evidence, p.state.Pos)
	switch p.state.Num {
	case 2:
		d.State, d.Code = StateSkipped, 0
	case 3:
		d.State, d.Code = StateSucceeded, 0
	case 4:
		d.State = StateFailed
		if p.error != nil {
			d.Code = uint32(p.error.Num)
			d.Evidence = append(d.Evidence, p.error.Pos)
		}
	}
}
