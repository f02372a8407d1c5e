package synth

import "time"

// scopeScenarios are requirements and limitations of Autopilot into
// co-management that were not met, and failures that come before it.
var scopeScenarios = []Scenario{
	{
		Name: "hybrid-join", Title: "Hybrid join with a co-management settings policy",
		Truth: Truth{RootRule: "scope.hybrid-join", Words: []string{"hybrid"}},
		Seed:  301, Build: "22631.3593", Start: started(2024, 5, 28, 7, 24), BiasMinutes: -120,
		Story: story([]Effect{OOBE{Profile: UserDrivenHybrid}, Join{}, Enrol{}, Preparation{}, AgentInstall{}},
			[]Effect{Bootstrap{}, Ccmsetup{Outcome: NoDeviceToken}, PreparationEnds{}}),
	},
	{
		Name: "pre-provisioning", Title: "Pre-provisioning with a co-management settings policy",
		Truth: Truth{RootRule: "scope.pre-provisioning", Words: []string{"pre-provisioning"}},
		Seed:  302, Build: "22631.4317", Start: started(2024, 10, 10, 11, 41), BiasMinutes: 240,
		Story: []Effect{
			OOBE{Profile: PreProvisioned}, Preparation{Attestation: AttestationSucceeds}, AgentInstall{},
			Bootstrap{}, Ccmsetup{Outcome: NoDeviceToken}, PreparationEnds{},
		},
	},
	{
		Name: "self-deploying", Title: "Self-deploying mode with a co-management settings policy",
		Truth: Truth{RootRule: "scope.self-deploying", Words: []string{"self-deploying"}},
		Seed:  303, Build: "22621.4037", Start: started(2024, 9, 24, 17, 13), BiasMinutes: 420,
		Story: []Effect{
			OOBE{Profile: SelfDeploying}, Preparation{Attestation: AttestationSucceeds}, AgentInstall{},
			Bootstrap{}, Ccmsetup{Outcome: NoDeviceToken}, PreparationEnds{},
		},
	},
	{
		Name: "device-preparation-v2", Title: "Device preparation policy with a co-management settings policy",
		Truth: Truth{RootRule: "scope.device-preparation", Words: []string{"device preparation"}},
		Seed:  304, Build: "26100.3476", Start: started(2025, 3, 18, 9, 8), BiasMinutes: -60,
		Story: []Effect{
			OOBE{Profile: DevicePreparation}, Join{}, Enrol{}, AgentInstall{},
			Bootstrap{}, Ccmsetup{Outcome: NoDeviceToken}, PrepPage{Failed: "Configuration Manager client"},
		},
	},
	{
		Name: "pki-client-cert", Title: "The client is told to use a certificate that cannot be there yet",
		Truth: Truth{RootRule: "scope.pki-authentication", Words: []string{"PKI", "UsePKICert"}},
		Seed:  305, Build: "19045.4651", Start: started(2024, 7, 16, 8, 2), BiasMinutes: -120,
		Story: story(toPreparation, []Effect{Bootstrap{Extra: "/UsePKICert CCMFIRSTCERT=1"}, Ccmsetup{Outcome: NoClientCertificate}, PreparationEnds{}}),
	},
	{
		Name: "mixed-providers-1618", Title: "Task sequence and Win32 apps install at the same time",
		Truth: Truth{RootRule: "esp.two-policy-providers", Words: []string{"1618", "provider"}},
		Seed:  306, Build: "22631.4169", Start: started(2024, 9, 26, 15, 49), BiasMinutes: -330,
		Story: story(toSequence, []Effect{
			Sequence{Steps: []Step{stepRegion, stepReader, stepOffice.longer(14), stepAgent}},
			Win32Apps{After: 3 * time.Minute, Apps: []App{{Name: "Pennant Viewer 2.4", Minutes: 0.5}, {Name: "Quoin Draft 9", Minutes: 3, Exit: 1618}, {Name: "Gantry Print 3", Minutes: 2, Exit: 1618}}},
			SetupEnds{},
		}),
	},
	{
		Name: "clock-skew", Title: "The device's clock is more than a day ahead",
		Truth: Truth{RootRule: "clock.skew", Words: []string{"clock"}},
		Seed:  307, Build: "22631.3958", Start: started(2024, 8, 1, 10, 15), BiasMinutes: 0,
		Story: story([]Effect{OOBE{SkewMinutes: 1571}, Join{}, Enrol{}, Preparation{}, AgentInstall{}},
			[]Effect{Bootstrap{}, Ccmsetup{Outcome: GatewayWrongDate}, PreparationEnds{}}),
	},
	{
		Name: "enrolment-restricted-80180014", Title: "An enrolment restriction refuses the device",
		Truth: Truth{RootRule: "mdm.enrolment-restricted", Words: []string{"0x80180014", "restriction"}},
		Seed:  308, Build: "26100.2894", Start: started(2025, 1, 28, 13, 55), BiasMinutes: 300,
		Story: []Effect{OOBE{}, Join{}, Enrol{Code: 0x80180014, Fault: "DeviceNotSupported", Text: "Device platform is not allowed by the enrollment restrictions", Attempts: 3}},
	},
	{
		Name: "no-autopilot-profile", Title: "No Autopilot profile is assigned to the device",
		Truth: Truth{RootRule: "autopilot.no-profile", Words: []string{"profile"}},
		Seed:  309, Build: "22631.4751", Start: started(2025, 1, 21, 9, 47), BiasMinutes: -60,
		Story: []Effect{OOBE{Profile: NoProfile}, Join{}, Enrol{}},
	},
	{
		Name: "tpm-attestation-timeout", Title: "TPM attestation does not end within its seven minutes",
		Truth: Truth{RootRule: "tpm.attestation-timeout", Words: []string{"TPM", "attestation"}},
		Seed:  310, Build: "22621.3737", Start: started(2024, 6, 18, 12, 36), BiasMinutes: -120,
		Story: []Effect{OOBE{Profile: SelfDeploying}, Preparation{Attestation: AttestationTimesOut, NoConfigMgr: true}},
	},
}
