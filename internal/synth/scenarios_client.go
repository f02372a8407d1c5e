package synth

// clientScenarios are the branches of "The client installation doesn't
// complete": the page's wait for the ConfigMgr provider in device preparation.
var clientScenarios = []Scenario{
	{
		Name: "state1-msi-never-downloaded", Title: "CCMSetup.msi never arrives from Intune",
		Truth: Truth{RootRule: "ccm.bootstrap.not-downloaded", Words: []string{"ccmsetup.msi", "download"}},
		Seed:  101, Build: "22631.4317", Start: started(2025, 2, 3, 8, 12), BiasMinutes: -60,
		Story: story(toPreparation, []Effect{Bootstrap{Outcome: DownloadStalls, Code: 0x80072ee2}, PreparationEnds{}}),
	},
	{
		Name: "state1-msi-never-started", Title: "CCMSetup.msi is assigned and nothing happens",
		Truth: Truth{RootRule: "ccm.bootstrap.never-started", Words: []string{"ccmsetup.msi", "start"}},
		Seed:  102, Build: "19045.4780", Start: started(2024, 9, 17, 13, 40), BiasMinutes: 240,
		Story: story(toPreparation, []Effect{Bootstrap{Outcome: DownloadNeverBegun}, PreparationEnds{}}),
	},
	{
		Name: "state1-bootstrap-msi-failed", Title: "CCMSetup.msi is downloaded and fails to install",
		Truth: Truth{RootRule: "ccm.bootstrap.msi-failed", Words: []string{"ccmsetup.msi", "0x80070667"}},
		Seed:  103, Build: "22621.3880", Start: started(2024, 8, 6, 6, 55), BiasMinutes: -120,
		Story: story(toPreparation, []Effect{Bootstrap{Outcome: InstallFails, Code: 1639}, PreparationEnds{}}),
	},
	{
		Name: "state1-client-slow-content", Title: "ccmsetup still downloads the client when the page gives up",
		Truth: Truth{RootRule: "ccm.setup.slow-download", Words: []string{"download", "timed out"}},
		Seed:  104, Build: "22631.3880", Start: started(2024, 7, 23, 15, 5), BiasMinutes: 420,
		Story: ccmsetupStory(Ccmsetup{Outcome: ContentSlow}),
	},
	{
		Name: "state1-cmg-dns", Title: "The name of the cloud management gateway does not resolve",
		Truth: Truth{RootRule: "net.cmg.name-not-resolved", Words: []string{"resolve", "cmg."}},
		Seed:  105, Build: "26100.2314", Start: started(2025, 3, 11, 9, 30), BiasMinutes: 0,
		Story: ccmsetupStory(Ccmsetup{Outcome: GatewayUnresolved}),
	},
	{
		Name: "state1-cmg-root-ca", Title: "The gateway's certificate comes from an unknown root",
		Truth: Truth{RootRule: "net.cmg.untrusted-root", Words: []string{"root", "trust"}},
		Seed:  106, Build: "22631.4037", Start: started(2024, 10, 2, 12, 18), BiasMinutes: -120, TimeoutMinutes: 90,
		Story: ccmsetupStory(Ccmsetup{Outcome: GatewayUntrusted}),
	},
	{
		Name: "state1-cmg-crl", Title: "The revocation list of the gateway's certificate cannot be reached",
		Truth: Truth{RootRule: "net.cmg.revocation-unreachable", Words: []string{"revocation"}},
		Seed:  107, Build: "19045.5131", Start: started(2024, 11, 19, 7, 2), BiasMinutes: -330, Shape: Folder,
		Story: ccmsetupStory(Ccmsetup{Outcome: GatewayUnrevokable}),
	},
	{
		Name: "state1-cmg-403-cert-required", Title: "The gateway's connection point lacks its client certificate",
		Truth: Truth{RootRule: "net.cmg.client-cert-required", Words: []string{"403", "certificate"}},
		Seed:  108, Build: "22631.3447", Start: started(2024, 5, 14, 18, 44), BiasMinutes: 300,
		Story: ccmsetupStory(Ccmsetup{Outcome: GatewayWantsCert}),
	},
	{
		Name: "state1-cmg-401-token", Title: "The gateway rejects the device's token",
		Truth: Truth{RootRule: "net.cmg.token-rejected", Words: []string{"401", "token"}},
		Seed:  109, Build: "22621.3527", Start: started(2024, 6, 12, 5, 33), BiasMinutes: -540, Shape: Zip,
		Story: ccmsetupStory(Ccmsetup{Outcome: GatewayRefusesToken}),
	},
	{
		Name: "state4-client-msi-1603", Title: "client.msi fails with 1603 in a custom action",
		Truth: Truth{RootRule: "ccm.setup.client-msi-wmi", Words: []string{"1603", "WMI"}},
		Seed:  110, Build: "22631.4460", Start: started(2024, 11, 26, 10, 9), BiasMinutes: -60,
		Story: ccmsetupStory(Ccmsetup{Outcome: ClientMSIFails}),
	},
	{
		Name: "state4-prereq", Title: "A prerequisite of the client does not install",
		Truth: Truth{RootRule: "ccm.setup.prerequisite-failed", Words: []string{"vcredist_x64.exe", "prerequisite"}},
		Seed:  111, Build: "19045.4529", Start: started(2024, 6, 25, 16, 27), BiasMinutes: 180,
		Story: ccmsetupStory(Ccmsetup{Outcome: PrerequisiteFails}),
	},
	{
		Name: "state4-ccmsetup-404", Title: "The client package is not on the gateway",
		Truth: Truth{RootRule: "ccm.setup.content-not-found", Words: []string{"404", "content"}},
		Seed:  112, Build: "22631.4169", Start: started(2024, 10, 8, 22, 51), BiasMinutes: 480, Shape: IntuneZip,
		Story: ccmsetupStory(Ccmsetup{Outcome: ContentMissing}),
	},
	{
		Name: "state3-sidecar-pending", Title: "ConfigMgr is complete and the Intune agent never installs",
		Truth: Truth{RootRule: "esp.provider.other-pending", Words: []string{"Sidecar"}},
		Seed:  113, Build: "22631.4602", Start: started(2024, 12, 10, 9, 16), BiasMinutes: -60,
		Story: story([]Effect{OOBE{}, Join{}, Enrol{}, Preparation{}, AgentInstall{Stuck: true}}, clientInstalled),
	},
	{
		Name: "client-never-registers", Title: "The client is installed and the site refuses to register it",
		Truth: Truth{RootRule: "ccm.registration.failed", Words: []string{"regist", "0x87d00231"}},
		Seed:  114, Build: "26100.3194", Start: started(2025, 2, 25, 11, 37), BiasMinutes: -60,
		Story: story(toPreparation, []Effect{Bootstrap{}, Ccmsetup{}, Register{Code: 0x87d00231}, PreparationEnds{}}),
	},
	{
		Name: "state2-not-required", Title: "The policy does not install the client",
		Seed: 115, Build: "22631.5039", Start: started(2025, 3, 25, 8, 48), BiasMinutes: 300,
		Story: story(toPreparation, []Effect{NotRequired{}, PreparationEnds{}, SetupBegins{}}, toDesktop),
	},
}
