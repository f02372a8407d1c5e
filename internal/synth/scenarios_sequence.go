package synth

import "time"

// Steps that ordinary task sequences of these scenarios have.
var (
	stepRegion   = Step{Name: "Set region and language", Minutes: 0.4}
	stepBranding = Step{Name: "Apply branding", Kind: RunScript, Minutes: 0.7}
	stepReader   = Step{Name: "Install Skiffview Reader 7.1", Kind: InstallApp, Minutes: 2.2}
	stepTunnel   = Step{Name: "Install Tarn Tunnel 3.8", Kind: InstallApp, Minutes: 1.6}
	stepAgent    = Step{Name: "Install Hollow Backup Agent 12", Kind: InstallApp, Minutes: 3.1}
	stepOffice   = Step{Name: "Install Fieldbook Office 2024", Kind: InstallApp, Minutes: 9}
)

// longer is the step with another duration.
func (s Step) longer(minutes float64) Step { s.Minutes = minutes; return s }

// broken is the step with a fault.
func (s Step) broken(f StepFault, exit uint32) Step { s.Fault, s.Exit = f, exit; return s }

// sequenceScenarios are the branches of "The task sequence doesn't complete":
// the apps of device setup.
var sequenceScenarios = []Scenario{
	{
		Name: "ts-state1-never-started", Title: "PROVISIONTS names no deployment of the device's collection",
		Truth: Truth{RootRule: "ts.not-assigned", Words: []string{"PROVISIONTS", "assigned"}},
		Seed:  201, Build: "22631.4317", Start: started(2025, 1, 14, 9, 3), BiasMinutes: -60,
		Story: story(toSequence, []Effect{NotAssigned{}, SetupEnds{}}),
	},
	{
		Name: "ts-state2-long-step", Title: "One step takes most of the hour",
		Truth: Truth{RootRule: "ts.long-step", Words: []string{"Fieldbook Office", "minutes"}},
		Seed:  202, Build: "22631.3880", Start: started(2024, 7, 30, 13, 21), BiasMinutes: 240,
		Story: sequenceStory(stepRegion, stepBranding, stepReader, stepOffice.longer(52), stepTunnel, stepAgent),
	},
	{
		Name: "ts-state2-too-many-apps", Title: "A dozen applications outlast the page",
		Truth: Truth{RootRule: "ts.too-many-apps", Words: []string{"applications"}},
		Seed:  203, Build: "19045.4780", Start: started(2024, 9, 3, 7, 45), BiasMinutes: -120,
		Story: sequenceStory(stepRegion,
			stepReader.longer(4.5), stepTunnel.longer(5), stepAgent.longer(5.5), stepOffice.longer(6.5),
			Step{Name: "Install Ledgerline 11", Kind: InstallApp, Minutes: 5}, Step{Name: "Install Pennant Viewer 2.4", Kind: InstallApp, Minutes: 4},
			Step{Name: "Install Cairn Maps 5", Kind: InstallApp, Minutes: 6}, Step{Name: "Install Quoin Draft 9", Kind: InstallApp, Minutes: 5.5},
			Step{Name: "Install Sluice Transfer 1.9", Kind: InstallApp, Minutes: 4.5}, Step{Name: "Install Wicket Chat 6", Kind: InstallApp, Minutes: 4},
			Step{Name: "Install Barge Database Client 19", Kind: InstallApp, Minutes: 7}, Step{Name: "Install Gantry Print 3", Kind: InstallApp, Minutes: 5}),
	},
	{
		Name: "ts-state2-hung-step", Title: "An installer waits for an answer that nobody gives",
		Truth: Truth{RootRule: "ts.step-hung", Words: []string{"Ledgerline"}},
		Seed:  204, Build: "22631.4037", Start: started(2024, 10, 15, 16, 11), BiasMinutes: 300,
		Story: sequenceStory(stepRegion, stepReader, Step{Name: "Run Ledgerline setup", Fault: Hangs}),
	},
	{
		Name: "ts-state4-app-exit-code", Title: "An application's installer fails with 1603",
		Truth: Truth{RootRule: "ts.app-exit-code", Words: []string{"Hollow Backup Agent", "1603"}},
		Seed:  205, Build: "22621.3880", Start: started(2024, 8, 20, 10, 58), BiasMinutes: -120, TimeoutMinutes: 90,
		Story: sequenceStory(stepRegion, stepReader, stepAgent.broken(ExitsWith, 1603), stepTunnel),
	},
	{
		Name: "ts-state4-script-failed", Title: "A PowerShell script fails",
		Truth: Truth{RootRule: "ts.script-failed", Words: []string{"script", "Import regional map"}},
		Seed:  206, Build: "26100.2605", Start: started(2024, 12, 17, 8, 34), BiasMinutes: -60, Shape: Folder,
		Story: sequenceStory(stepRegion, stepTunnel, Step{Name: "Import regional map", Kind: RunScript, Minutes: 0.3, Fault: ExitsWith, Exit: 1}, stepReader),
	},
	{
		Name: "ts-state4-content-missing", Title: "An application's content is on no distribution point",
		Truth: Truth{RootRule: "ts.content-missing", Words: []string{"content", "Tarn Tunnel"}},
		Seed:  207, Build: "22631.4249", Start: started(2024, 10, 22, 14, 6), BiasMinutes: 360,
		Story: sequenceStory(stepRegion, stepReader, stepTunnel.broken(ContentAbsent, 0), stepAgent),
	},
	{
		Name: "ts-state4-detection", Title: "An application installs and is not detected",
		Truth: Truth{RootRule: "ts.app-not-detected", Words: []string{"detect", "Skiffview Reader"}},
		Seed:  208, Build: "19045.5011", Start: started(2024, 10, 29, 6, 17), BiasMinutes: -480,
		Story: sequenceStory(stepRegion, stepTunnel, stepReader.broken(StaysUnfound, 0), stepAgent),
	},
	{
		Name: "ts-state3-win32-app-failed", Title: "The task sequence is done and a Win32 app fails",
		Truth: Truth{RootRule: "ime.win32app.failed", Words: []string{"Cairn Maps", "1603"}},
		Seed:  209, Build: "22631.4541", Start: started(2024, 12, 3, 9, 52), BiasMinutes: -60,
		Story: story(toSequence, []Effect{
			Sequence{Steps: []Step{stepRegion, stepReader}},
			Win32Apps{After: 9 * time.Minute, Apps: []App{{Name: "Wicket Chat 6", Minutes: 2}, {Name: "Cairn Maps 5", Minutes: 3, Exit: 1603}}},
			SetupEnds{},
		}),
	},
	{
		Name: "ts-finished-after-timeout", Title: "The task sequence ends well, minutes after the page gave up",
		Truth: Truth{RootRule: "ts.outran-timeout", Words: []string{"timed out", "task sequence"}},
		Seed:  210, Build: "22631.4890", Start: started(2025, 2, 11, 12, 29), BiasMinutes: 300, TimeoutMinutes: 30,
		Story: story(toSequence, []Effect{
			Sequence{Steps: []Step{stepRegion, stepBranding, stepReader.longer(6), stepTunnel.longer(5), stepAgent.longer(7), stepOffice.longer(8)}},
			SetupEnds{}, Collected{After: 40 * time.Minute},
		}),
	},
}
