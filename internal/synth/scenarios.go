package synth

import "time"

// Scenarios lists all scenarios in a fixed order: the branches of the two
// troubleshooting trees, unmet requirements, failures around them, healthy and healed devices, and a
// damaged collection. Names and truths are stable. The caller owns the slice.
func Scenarios() []Scenario {
	var out []Scenario
	for _, list := range [][]Scenario{clientScenarios, sequenceScenarios, scopeScenarios, areaScenarios, soundScenarios} {
		out = append(out, list...)
	}
	return out
}

// story strings parts of a story together.
func story(parts ...[]Effect) []Effect {
	var out []Effect
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// Parts that many stories share.
var (
	// toPreparation: a user-driven device up to the wait for its policy providers.
	toPreparation = []Effect{OOBE{}, Join{}, Enrol{}, Preparation{}, AgentInstall{}}
	// clientInstalled: the ConfigMgr client arrives, registers and is given its policy.
	clientInstalled = []Effect{Bootstrap{}, Ccmsetup{}, Register{}, CoManage{}, PreparationEnds{}}
	// clientForSequence is the same with a task sequence to come.
	clientForSequence = []Effect{Bootstrap{TaskSequence: true}, Ccmsetup{}, Register{}, CoManage{}, PreparationEnds{}}
	toSequence        = story(toPreparation, clientForSequence, []Effect{SetupBegins{}})
	toDesktop         = []Effect{SetupEnds{}, AccountSetup{}}
)

// ccmsetupStory is a story of device preparation that ends with ccmsetup.
func ccmsetupStory(c Ccmsetup) []Effect {
	return story(toPreparation, []Effect{Bootstrap{}, c, PreparationEnds{}})
}

// sequenceStory is a story that ends with a task sequence in device setup.
func sequenceStory(steps ...Step) []Effect {
	return story(toSequence, []Effect{Sequence{Steps: steps}, SetupEnds{}})
}

func started(year int, month time.Month, day, hour, minute int) time.Time {
	return time.Date(year, month, day, hour, minute, 0, 0, time.UTC)
}
