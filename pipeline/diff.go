package pipeline

import "debrief/report"

// Diff compares a case with healthy ones, of which there is at least one.
func Diff(good []*Case, bad *Case) *report.Diff {
	sides := make([]report.DiffSide, len(good))
	for i, c := range good {
		sides[i] = c.side()
	}
	return report.NewDiff(sides, bad.side())
}

func (c *Case) side() report.DiffSide {
	return report.DiffSide{Name: c.Name(), Timeline: c.timeline, Facts: c.facts, Coverage: c.coverage, Events: c.Events()}
}
