package pipeline

import (
	"fmt"
	"slices"

	"debrief/index"
	"debrief/timeline"
)

// Reopen returns a case of an archive as it was read when it was archived. Its
// story and every judgement are those of the bundle; its files are not at hand.
func Reopen(r index.Reader, id index.CaseID) (*Case, error) {
	kept, err := r.Case(id)
	if err != nil {
		return nil, err
	}
	events, err := r.Events(id)
	if err != nil {
		return nil, err
	}
	c := &Case{Roots: slices.Clone(kept.Roots), TotalSize: kept.RawBytes}
	c.events = slices.Grow(c.events, kept.Events)
	for e := range events {
		c.events = append(c.events, *e)
	}
	if len(c.events) != kept.Events {
		return nil, fmt.Errorf("reading case %q: %d of %d events are there: %w", id, len(c.events), kept.Events, index.ErrDamaged)
	}
	if c.facts, err = r.Facts(id); err != nil {
		return nil, err
	}
	if c.coverage, err = r.Coverage(id); err != nil {
		return nil, err
	}
	c.timeline = timeline.Build(timeline.Input{Events: c.events, Facts: c.facts, Coverage: c.coverage})
	return c, nil
}
