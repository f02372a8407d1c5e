package synth

// soundScenarios are devices on which nothing went wrong for good, and one
// collection that says too little.
var soundScenarios = []Scenario{
	{
		Name: "healthy-task-sequence", Title: "All well, with a task sequence that restarts the device",
		Seed: 401, Build: "22631.4317", Start: started(2024, 10, 16, 8, 26), BiasMinutes: -120,
		Story: story(toSequence, []Effect{
			Sequence{Steps: []Step{stepRegion, stepBranding, stepReader, {Name: "Restart computer", Kind: Restart}, stepTunnel, stepAgent}},
		}, toDesktop),
	},
	{
		Name: "healthy-no-task-sequence", Title: "All well, without a task sequence",
		Seed: 402, Build: "19045.5247", Start: started(2025, 1, 9, 14, 33), BiasMinutes: 480, Shape: IntuneZipNumbered,
		Story: story(toPreparation, clientInstalled, []Effect{SetupBegins{}}, toDesktop),
	},
	{
		Name: "healed-token-401", Title: "The gateway rejects two tokens and takes the third",
		Seed: 403, Build: "22631.4602", Start: started(2024, 12, 12, 7, 19), BiasMinutes: -60,
		Story: story(toPreparation, []Effect{
			Bootstrap{}, Ccmsetup{Outcome: GatewayRefusesToken, HealedAfter: 2}, Register{}, CoManage{}, PreparationEnds{}, SetupBegins{},
		}, toDesktop),
	},
	{
		Name: "healed-download-retry", Title: "Downloads break off and succeed when tried again",
		Seed: 404, Build: "22621.4460", Start: started(2024, 11, 20, 16, 4), BiasMinutes: 300, TimeoutMinutes: 90,
		Story: story(toPreparation, []Effect{
			Bootstrap{Outcome: DownloadHealed, Code: 0x80072ee2}, Ccmsetup{BrokenDownloads: 1}, Register{}, CoManage{}, PreparationEnds{}, SetupBegins{},
		}, toDesktop),
	},
	{
		Name: "healed-step-continue-on-error", Title: "A step fails, is allowed to, and the rest succeeds",
		Seed: 405, Build: "26100.3037", Start: started(2025, 2, 5, 10, 42), BiasMinutes: -60,
		Story: story(toSequence, []Effect{
			Sequence{Steps: []Step{stepRegion, stepReader, {Name: "Remove trial software", Fault: ExitsWith, Exit: 1, Minutes: 0.5, ContinueOnError: true}, stepTunnel}},
		}, toDesktop),
	},
	{
		Name: "truncated-cab", Title: "The cabinet lost its end on the way",
		Truth: Truth{Inconclusive: true, Words: []string{"truncated", "collect"}},
		Seed:  406, Build: "22631.4037", Start: started(2024, 9, 12, 11, 57), BiasMinutes: -120, Shape: TruncatedCab,
		Story: ccmsetupStory(Ccmsetup{Outcome: GatewayUnresolved}),
	},
}
