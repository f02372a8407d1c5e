package index

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"debrief/event"
)

// errEnough ends a search that has what it wants.
var errEnough = errors.New("enough")

// maxValues bounds the different values of one field that are told apart.
const maxValues = 100_000

// collector joins the tallies of a search, in the order of cases and places.
type collector struct {
	*plan
	res      SearchResult
	given    int // hits handed out
	lastCase CaseID
	counts   []map[string]*valueCount
	other    []int
	hist     map[int64]int
}

type valueCount struct {
	events, cases int
	last          CaseID
}

func newCollector(p *plan) *collector {
	c := &collector{plan: p, counts: make([]map[string]*valueCount, len(p.columns)), other: make([]int, len(p.columns)), hist: map[int64]int{}}
	c.res.Hits = []Hit{}
	for i := range c.counts {
		c.counts[i] = map[string]*valueCount{}
	}
	return c
}

// near returns a neighbour of an event: step places on (or back) in the same
// file; nil where the file ends.
type near func(place, step int) *event.Event

// take adds a tally. at returns the event of a place in the run. It returns
// errEnough when no more is wanted, or the error of Each.
func (c *collector) take(info *event.CaseInfo, t *tally, at near) error {
	if t.total == 0 {
		return nil
	}
	id := CaseID(info.ID)
	if id != c.lastCase || c.res.Cases == 0 {
		c.lastCase = id
		c.res.Cases++
	}
	for i, field := range c.columns {
		if field.OfCase() {
			for _, v := range caseValues(info, field) {
				c.count(i, v, t.total, id)
			}
			continue
		}
		if len(c.counts[i])+len(t.counts[i]) < mostCounted {
			for v, n := range t.counts[i] {
				c.count(i, v, n, id)
			}
			continue
		}
		for _, v := range slices.Sorted(maps.Keys(t.counts[i])) { // who comes too late must not be chance
			c.count(i, v, t.counts[i][v], id)
		}
	}
	for b, n := range t.hist {
		c.hist[b] += n
	}
	c.res.Untimed += t.untimed
	c.res.Total += t.total
	return c.hits(id, t, at)
}

func (c *collector) hits(id CaseID, t *tally, at near) error {
	most := c.limit()
	for _, i := range t.hits {
		if most >= 0 && c.given >= most {
			break
		}
		h := Hit{Case: id, Event: *at(i, 0)}
		for step := -c.o.Context; step <= c.o.Context; step++ {
			if step == 0 {
				continue
			}
			e := at(i, step)
			switch {
			case e == nil:
			case step < 0:
				h.Before = append(h.Before, *e)
			default:
				h.After = append(h.After, *e)
			}
		}
		c.given++
		if c.o.Each == nil {
			c.res.Hits = append(c.res.Hits, h)
		} else if err := c.o.Each(&h); err != nil {
			return err
		}
	}
	if most >= 0 && c.res.Total > c.given {
		c.res.More = !c.exact()
	}
	if !c.exact() && c.given >= most && c.res.More {
		return errEnough
	}
	return nil
}

// mostCounted bounds the values that are kept while counting, so that those
// shown at the end are the most frequent of many more.
const mostCounted = 4 * maxValues

func (c *collector) count(i int, value string, n int, id CaseID) {
	v := c.counts[i][value]
	if v == nil {
		if len(c.counts[i]) >= mostCounted {
			c.other[i] += n
			return
		}
		v = &valueCount{}
		c.counts[i][value] = v
	}
	v.events += n
	if v.cases == 0 || v.last != id {
		v.cases++
		v.last = id
	}
}

// finish orders what was counted.
func (c *collector) finish() *SearchResult {
	for i, field := range c.columns {
		fc := FieldCounts{Field: field, Values: make([]Count, 0, len(c.counts[i])), Other: c.other[i]}
		for v, n := range c.counts[i] {
			fc.Values = append(fc.Values, Count{Value: v, Events: n.events, Cases: n.cases})
		}
		slices.SortFunc(fc.Values, func(a, b Count) int {
			return cmp.Or(cmp.Compare(b.Events, a.Events), strings.Compare(a.Value, b.Value))
		})
		if len(fc.Values) > maxValues {
			for _, v := range fc.Values[maxValues:] {
				fc.Other += v.Events
			}
			fc.Values = fc.Values[:maxValues]
		}
		c.res.Counts = append(c.res.Counts, fc)
	}
	size := max(int64(c.o.Histogram/time.Second), 1)
	for b, n := range c.hist {
		c.res.Histogram = append(c.res.Histogram, Bucket{Start: time.Unix(b*size, 0).UTC(), Events: n})
	}
	slices.SortFunc(c.res.Histogram, func(a, b Bucket) int { return a.Start.Compare(b.Start) })
	return &c.res
}
