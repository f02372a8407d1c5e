package pipeline

import (
	"debrief/report"
	"debrief/rules"
)

// View makes the view model of a report from a case and what the rules said of it.
func View(c *Case, set *rules.Set, result *rules.Result, version string) *report.View {
	return report.New(report.Input{
		Case:      c.Roots,
		Result:    result,
		Timeline:  c.timeline,
		Coverage:  c.coverage,
		Facts:     c.facts,
		Version:   version,
		RulesHash: set.Hash(),
	})
}
