package index

import (
	"strconv"
	"time"

	"debrief/codes"
	"debrief/event"
)

// fieldCode is the name under which counts by error code stand.
const fieldCode event.FilterField = "code"

// tally is what one run of events of one case adds to a search. Engines make
// tallies, in any order and at the same time; a collector joins them.
type tally struct {
	hits    []int // places of the matching events in the run
	total   int
	counts  []map[string]int // one a field of columns; nil for fields of the case
	hist    map[int64]int
	untimed int
}

// plan is a search made ready.
type plan struct {
	o       SearchOptions
	columns []event.FilterField // By, and "code" last where it is asked for
}

func newPlan(o SearchOptions) *plan {
	p := &plan{o: o, columns: append([]event.FilterField(nil), o.By...)}
	if o.ByCode {
		p.columns = append(p.columns, fieldCode)
	}
	return p
}

// limit is how many hits are wanted at most; -1 = all there are.
func (p *plan) limit() int {
	switch {
	case p.o.Limit > 0:
		return p.o.Limit
	case p.o.Limit < 0:
		return 0
	case p.o.Each != nil:
		return -1
	}
	return DefaultLimit
}

// exact reports whether every matching event must be seen.
func (p *plan) exact() bool {
	return p.o.Count || len(p.columns) > 0 || p.o.Histogram > 0 || p.limit() <= 0
}

// needsText reports whether counting looks at messages or fields.
func (p *plan) needsText() bool {
	for _, c := range p.columns {
		if c == fieldCode || isNamed(c) {
			return true
		}
	}
	return false
}

// needsEvents reports whether counting looks at events at all.
func (p *plan) needsEvents() bool {
	for _, c := range p.columns {
		if !c.OfCase() {
			return true
		}
	}
	return p.o.Histogram > 0 || p.limit() != 0
}

// run looks at events of one case.
func (p *plan) run(f *event.Filter, info event.CaseInfo, events []event.Event) *tally {
	t := &tally{counts: make([]map[string]int, len(p.columns))}
	s := event.Subject{Codes: codesOf, Case: info}
	for i := range events {
		s.Event = &events[i]
		if f.Match(&s) {
			p.note(t, i, s.Event)
		}
	}
	return t
}

func (p *plan) note(t *tally, i int, e *event.Event) {
	t.total++
	if p.limit() != 0 {
		t.hits = append(t.hits, i)
	}
	for c, field := range p.columns {
		if field.OfCase() {
			continue
		}
		if t.counts[c] == nil {
			t.counts[c] = map[string]int{}
		}
		for _, v := range valuesOf(e, field) {
			t.counts[c][v]++
		}
	}
	if p.o.Histogram > 0 {
		if e.Time.IsZero() {
			t.untimed++
			return
		}
		if t.hist == nil {
			t.hist = map[int64]int{}
		}
		t.hist[floorTo(e.Time, p.o.Histogram)]++
	}
}

// floorTo is the number of the step that holds t, counted from 1970.
func floorTo(t time.Time, step time.Duration) int64 {
	sec, size := t.Unix(), max(int64(step/time.Second), 1)
	n := sec / size
	if sec%size < 0 {
		n--
	}
	return n
}

// valuesOf lists what an event counts under; an empty value = it has none.
func valuesOf(e *event.Event, field event.FilterField) []string {
	switch field {
	case fieldCode:
		list := codesOf(e)
		if len(list) == 0 {
			return []string{""}
		}
		out := make([]string, len(list))
		for i, c := range list {
			out[i] = codes.Hex(c)
		}
		return out
	case event.FieldLevel:
		return []string{e.Level.String()}
	case event.FieldEventID:
		return numberValue(uint64(e.ID))
	case event.FieldLine:
		return numberValue(uint64(max(e.Pos.Line, 0)))
	case event.FieldRecord:
		return numberValue(e.Pos.Record)
	case event.FieldProcess:
		return numberValue(uint64(e.Process))
	case event.FieldThread:
		return numberValue(uint64(e.Thread))
	}
	if isNamed(field) {
		v, _ := e.Fields.Get(string(field[6:]))
		return []string{v}
	}
	v, _ := e.Text(field)
	return []string{v}
}

func numberValue(n uint64) []string {
	if n == 0 {
		return []string{""}
	}
	return []string{strconv.FormatUint(n, 10)}
}

// caseValues lists what all events of a case count under.
func caseValues(info *event.CaseInfo, field event.FilterField) []string {
	one := func(v string) []string { return []string{v} }
	list := func(v []string) []string {
		if len(v) == 0 {
			return []string{""}
		}
		return v
	}
	switch field {
	case event.FieldCase:
		return one(info.ID)
	case event.FieldDevice:
		return one(info.Device)
	case event.FieldOS:
		return one(info.OS)
	case event.FieldTicket:
		return one(info.Ticket)
	case event.FieldVerdict:
		return one(info.Verdict)
	case event.FieldTag:
		return list(info.Tags)
	case event.FieldRule:
		return list(info.Rules)
	case event.FieldCause:
		return list(info.Causes)
	}
	return nil
}
