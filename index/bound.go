package index

import (
	"slices"
	"time"

	"debrief/event"
)

// boundTime brings a time into the years that the archive's sheets can hold (0
// to 9999). Damaged records claim others.
func boundTime(t time.Time) time.Time {
	switch y := t.Year(); {
	case y > 9999:
		return time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	case y < 1:
		return time.Time{}
	}
	return t
}

func outOfBounds(list ...time.Time) bool {
	return slices.ContainsFunc(list, func(t time.Time) bool { return !boundTime(t).Equal(t) })
}

// bounded returns the submission with all times outside of events bounded.
// Events keep theirs.
func bounded(s *Submission) *Submission {
	b := *s
	b.Collected, b.Added = boundTime(s.Collected), boundTime(s.Added)
	if slices.ContainsFunc(s.Facts, func(f event.Fact) bool { return outOfBounds(f.Time) }) {
		b.Facts = slices.Clone(s.Facts)
		for i := range b.Facts {
			b.Facts[i].Time = boundTime(b.Facts[i].Time)
		}
	}
	if slices.ContainsFunc(s.Coverage, func(f event.Coverage) bool { return outOfBounds(f.ModTime, f.First, f.Last) }) {
		b.Coverage = slices.Clone(s.Coverage)
		for i := range b.Coverage {
			c := &b.Coverage[i]
			c.ModTime, c.First, c.Last = boundTime(c.ModTime), boundTime(c.First), boundTime(c.Last)
		}
	}
	b.Judgement = s.Judgement.bounded()
	return &b
}

func (j Judgement) bounded() Judgement {
	if slices.ContainsFunc(j.Findings, func(f Finding) bool { return outOfBounds(f.When, f.Until) }) {
		j.Findings = slices.Clone(j.Findings)
		for i := range j.Findings {
			f := &j.Findings[i]
			f.When, f.Until = boundTime(f.When), boundTime(f.Until)
		}
	}
	return j
}
