package pipeline

import (
	"encoding/json"
	"errors"
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
	c := &Case{Roots: slices.Clone(kept.Roots), TotalSize: kept.RawBytes}
	if c.events, err = r.Events(id); err != nil {
		return nil, err
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
	if c.timeline, err = storyOf(r, id); err != nil {
		return nil, err
	}
	if c.timeline == nil {
		c.timeline = timeline.Build(timeline.Input{Events: c.events, Facts: c.facts, Coverage: c.coverage})
	}
	return c, nil
}

// storyBlob is the name under which the timeline of a case is archived, as the
// JSON of timeline.Timeline: to read it takes half the time of building it.
const storyBlob = "story"

// storyOf reads the timeline of an archived case; nil where it was archived
// without.
func storyOf(r index.Reader, id index.CaseID) (*timeline.Timeline, error) {
	b, err := r.Blob(id, storyBlob)
	if errors.Is(err, index.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t := &timeline.Timeline{}
	if err := json.Unmarshal(b, t); err != nil {
		return nil, fmt.Errorf("reading the story of case %q: %w", id, err)
	}
	return t, nil
}
