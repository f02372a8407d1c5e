package pipeline

import "debrief/internal/synth"

// SomeScenarios are the generated collections; fewer under the race detector.
func SomeScenarios() []synth.Scenario {
	var out []synth.Scenario
	for i, s := range synth.Scenarios() {
		if i%thinly == 0 {
			out = append(out, s)
		}
	}
	return out
}
