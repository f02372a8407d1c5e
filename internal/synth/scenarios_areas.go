package synth

import "time"

// Parts that the stories of this file share.
var (
	// agentOnly: device setup with the Intune agent alone.
	agentOnly = []Effect{OOBE{}, Join{}, Enrol{}, Preparation{NoConfigMgr: true}, AgentInstall{}, PreparationEnds{}, SetupBegins{}}
	sampleApp = "5b0c7a11-3d52-4c1e-9d0a-7f6e5d4c3b2a"
)

// refused is a story that ends with an enrolment refused twice.
func refused(code uint32, fault, text string, before ...Effect) []Effect {
	return story([]Effect{OOBE{}, Join{}}, before, []Effect{Enrol{Code: code, Fault: fault, Text: text, Attempts: 2}})
}

// joinRefused is a story that ends at the Microsoft Entra join.
func joinRefused(records ...Record) []Effect { return []Effect{OOBE{}, Records(records)} }

// agentSays is a story in which the Intune agent logs lines during device setup.
func agentSays(lines ...LogLine) []Effect {
	return story(agentOnly, []Effect{LogLines{Path: agentLog, Component: agentComponent, Lines: lines, After: time.Minute}})
}

// sequenceSays is a story whose task sequence logs lines before it starts.
func sequenceSays(component string, lines ...LogLine) []Effect {
	return story(toSequence, []Effect{LogLines{Path: "CCM/Logs/SMSTS/smsts.log", Component: component, Lines: lines, After: time.Minute}})
}

// areaScenarios are failures of the areas around ConfigMgr: enrolment in MDM,
// the Microsoft Entra join, Win32 apps and scripts, and some of ccmsetup and the
// task sequence that the trees do not name.
var areaScenarios = []Scenario{
	{
		Name: "mdm-licence", Title: "The user has no licence for Intune",
		Truth: Truth{RootRule: "mdm.licence", Words: []string{"licence", "0x80180018"}},
		Seed:  501, Build: "22631.4460", Start: started(2024, 11, 20, 8, 31), BiasMinutes: -60,
		Story: refused(0x80180018, "UserLicense", "User has no license for this type of service"),
	},
	{
		Name: "mdm-device-cap", Title: "The user has enrolled as many devices as allowed",
		Truth: Truth{RootRule: "mdm.device-cap", Words: []string{"0x80180013"}},
		Seed:  502, Build: "26100.3194", Start: started(2025, 2, 19, 15, 5), BiasMinutes: 360,
		Story: refused(0x80180013, "DeviceCapReached", "The account has too many devices enrolled"),
	},
	{
		Name: "mdm-scope", Title: "The user is outside the MDM user scope",
		Truth: Truth{RootRule: "mdm.scope-or-upn", Words: []string{"scope", "0x8018002b"}},
		Seed:  503, Build: "22621.4169", Start: started(2024, 9, 17, 11, 44), BiasMinutes: -120,
		Story: refused(0x8018002b, "", ""),
	},
	{
		Name: "mdm-mfa", Title: "Multifactor authentication is asked for during enrolment",
		Truth: Truth{RootRule: "mdm.mfa-required", Words: []string{"MFA", "0x8018002a"}},
		Seed:  504, Build: "22631.4317", Start: started(2024, 10, 22, 9, 12), BiasMinutes: 300,
		Story: refused(0x8018002a, "", "", Records{{Channel: chAAD, ID: 1098, Level: levelError, Fields: []evField{
			field("Error", uint32(0xcaa2000c)), field("ErrorMessage", "interaction_required: AADSTS50076 multifactor authentication is needed"), field("AdditionalInformation", ""),
		}}}),
	},
	{
		Name: "mdm-blocked", Title: "A policy forbids enrolment in MDM",
		Truth: Truth{RootRule: "mdm.management-blocked", Words: []string{"blocked", "0x80180026"}},
		Seed:  505, Build: "19045.5131", Start: started(2024, 12, 3, 13, 20), BiasMinutes: -330,
		Story: refused(0x80180026, "", ""),
	},
	{
		Name: "mdm-unreachable", Title: "The enrolment service does not answer",
		Truth: Truth{RootRule: "mdm.unreachable", Words: []string{"reached"}},
		Seed:  506, Build: "22631.3880", Start: started(2024, 7, 18, 7, 58), BiasMinutes: -120,
		Story: refused(0x80192ee2, "", ""),
	},
	{
		Name: "mdm-restricted-identifier", Title: "The device's identifier was not registered beforehand",
		Truth: Truth{RootRule: "mdm.identifier-not-preregistered", Words: []string{"not pre-registered"}},
		Seed:  507, Build: "26100.4061", Start: started(2025, 5, 20, 10, 3), BiasMinutes: 420,
		Story: refused(0x80180014, "DeviceNotSupported", "Device Identifier not preregistered"),
	},
	{
		Name: "healed-enrolment", Title: "The first enrolment is refused and the second goes through",
		Truth: Truth{},
		Seed:  508, Build: "22631.4890", Start: started(2025, 2, 4, 14, 27), BiasMinutes: 0,
		Story: story([]Effect{OOBE{}, Join{}, Enrol{Code: 0x80180010, Attempts: 1}, Enrol{}, Preparation{}, AgentInstall{}}, clientInstalled, []Effect{SetupBegins{}}, toDesktop),
	},
	{
		Name: "join-tpm", Title: "The TPM does not hold the keys of the join",
		Truth: Truth{RootRule: "join.tpm", Words: []string{"TPM", "0x80090016"}},
		Seed:  509, Build: "22631.4751", Start: started(2025, 1, 23, 16, 9), BiasMinutes: -60,
		Story: joinRefused(
			Record{Channel: chRegistration, ID: 100, Level: levelInfo},
			Record{Channel: chRegistration, ID: 202, Level: levelError, Fields: []evField{field("ExitCode", hex32(0x80090016)), field("JoinRequestType", uint32(1)), field("Domain", "")}},
			Record{Channel: chRegistration, ID: 304, Level: levelError, Fields: []evField{field("ExitCode", hex32(0x80090016)), field("ServerErrorMessage", ""), field("TenantType", "Managed"), field("JoinType", "join"), field("DebugOutput", "")}},
		),
	},
	{
		Name: "join-not-allowed", Title: "The user may not join devices",
		Truth: Truth{RootRule: "join.not-allowed", Words: []string{"join"}},
		Seed:  510, Build: "22621.3880", Start: started(2024, 7, 23, 9, 36), BiasMinutes: 240,
		Story: joinRefused(
			Record{Channel: chRegistration, ID: 102, Level: levelInfo, Fields: []evField{field("JoinRequestType", uint32(1)), field("JoinRequestTypeSymbolicName", "DEVICE")}},
			Record{Channel: chRegistration, ID: 204, Level: levelError, Fields: []evField{field("ExitCode", hex32(0x801c0003)), field("ActivityId", ""), field("HttpStatus", uint32(400)), field("ServerResponse", `{"ErrorType":"AuthorizationError","Message":"The user is not authorised to enrol."}`)}},
		),
	},
	{
		Name: "join-discovery", Title: "The device registration service is not found",
		Truth: Truth{RootRule: "join.discovery-failed", Words: []string{"registration service"}},
		Seed:  511, Build: "19045.4780", Start: started(2024, 8, 20, 12, 51), BiasMinutes: -120,
		Story: joinRefused(
			Record{Channel: chRegistration, ID: 201, Level: levelError, Fields: []evField{field("ExitCode", hex32(0x801c001d)), field("HttpStatus", uint32(0)), field("ServerMessage", "")}},
			Record{Channel: chRegistration, ID: 304, Level: levelError, Fields: []evField{field("ExitCode", hex32(0x801c001d)), field("ServerErrorMessage", ""), field("TenantType", "undefined"), field("JoinType", "join"), field("DebugOutput", "")}},
		),
	},
	{
		Name: "join-conditional-access", Title: "Conditional Access blocks the sign-in",
		Truth: Truth{RootRule: "join.conditional-access", Words: []string{"Conditional Access", "AADSTS53003"}},
		Seed:  512, Build: "26100.2605", Start: started(2024, 12, 12, 8, 17), BiasMinutes: -60,
		Story: []Effect{OOBE{}, Records{
			{Channel: chAAD, ID: 1098, Level: levelError, Fields: []evField{field("Error", uint32(0xcaa20003)), field("ErrorMessage", "AADSTS53003: access is blocked by policy"), field("AdditionalInformation", "")}},
			{Channel: chAAD, ID: 1098, Level: levelError, After: 40 * time.Second, Fields: []evField{field("Error", uint32(0xcaa20003)), field("ErrorMessage", "AADSTS53003: access is blocked by policy"), field("AdditionalInformation", "")}},
		}},
	},
	{
		Name: "win32-app-exit-code", Title: "A Win32 app of Intune fails and the page with it",
		Truth: Truth{RootRule: "ime.win32app.failed", Words: []string{"Gable Sketch", "1603"}},
		Seed:  513, Build: "22631.4541", Start: started(2024, 12, 5, 10, 48), BiasMinutes: -60,
		Story: story(agentOnly, []Effect{
			Win32Apps{After: 2 * time.Minute, Apps: []App{{Name: "Pennant Viewer 2.4", Minutes: 1}, {Name: "Gable Sketch 5", Minutes: 2, Exit: 1603}}}, SetupEnds{},
		}),
	},
	{
		Name: "healthy-win32-apps", Title: "All well, with Win32 apps of Intune alone",
		Truth: Truth{},
		Seed:  514, Build: "26100.3775", Start: started(2025, 4, 15, 9, 3), BiasMinutes: 420,
		Story: story(agentOnly, []Effect{
			Win32Apps{After: 2 * time.Minute, Apps: []App{{Name: "Pennant Viewer 2.4", Minutes: 1}, {Name: "Gable Sketch 5", Minutes: 2}}},
		}, toDesktop),
	},
	{
		Name: "win32-app-not-detected", Title: "A Win32 app is installed and its detection rule does not find it",
		Truth: Truth{RootRule: "ime.win32app.not-detected", Words: []string{"detect"}},
		Seed:  515, Build: "22621.4602", Start: started(2024, 12, 17, 15, 22), BiasMinutes: 300,
		Story: agentSays(
			LogLine{1, "[Win32App] ExecManager: processing targeted app (name='Quoin Draft 9', id='" + sampleApp + "') with intent 3, appApplicabilityStateDueToAssginmentFilters = 0 for user session 0"},
			LogLine{1, "[Win32App] Launch Win32AppInstaller in machine session"},
			LogLine{1, "[Win32App] lpExitCode 0"},
			LogLine{1, "[Win32App] lpExitCode is defined as Success"},
			LogLine{1, "[Win32App] Completed detectionManager SideCarFileDetectionManager, applicationDetectedByCurrentRule: False"},
			LogLine{3, "[Win32App] ReportingState: Failed ErrorCode: -2016345060 app " + sampleApp},
		),
	},
	{
		Name: "win32-app-download", Title: "The content of a Win32 app does not arrive",
		Truth: Truth{RootRule: "ime.win32app.download-failed", Words: []string{"download"}},
		Seed:  516, Build: "22631.3593", Start: started(2024, 5, 30, 11, 11), BiasMinutes: -540,
		Story: agentSays(
			LogLine{1, "[Win32App] ExecManager: processing targeted app (name='Quoin Draft 9', id='" + sampleApp + "') with intent 3, appApplicabilityStateDueToAssginmentFilters = 0 for user session 0"},
			LogLine{2, "[Win32App DO] DO download and verification failed, HRESULT 0x80d02002"},
			LogLine{3, "[Win32App] ReportingState: Failed ErrorCode: -2016214939 app " + sampleApp},
		),
	},
	{
		Name: "agent-proxy-407", Title: "A proxy asks the Intune agent to authenticate",
		Truth: Truth{RootRule: "net.proxy.auth-required", Words: []string{"407", "proxy"}},
		Seed:  517, Build: "22631.4112", Start: started(2024, 9, 11, 7, 29), BiasMinutes: -120,
		Story: agentSays(
			LogLine{3, "The remote server returned an error: (407) Proxy Authentication Required."},
			LogLine{3, "The remote server returned an error: (407) Proxy Authentication Required."},
			LogLine{3, "The remote server returned an error: (407) Proxy Authentication Required."},
		),
	},
	{
		Name: "ccmsetup-signature", Title: "The signature of ccmsetup.cab is not trusted",
		Truth: Truth{RootRule: "ccm.setup.signature-untrusted", Words: []string{"signature", "ccmsetup.cab"}},
		Seed:  518, Build: "19045.4291", Start: started(2024, 4, 24, 13, 40), BiasMinutes: 240,
		Story: story(toPreparation, []Effect{Bootstrap{}, LogLines{Path: ccmsetupLog, Component: "ccmsetup", After: 30 * time.Second, Lines: []LogLine{
			{1, "==========[ ccmsetup started in process 4812 ]=========="},
			{1, `Downloading file ccmsetup.cab`},
			{3, `Couldn't verify 'C:\WINDOWS\ccmsetup\ccmsetup.cab' authenticode signature. Return code 0x800b0109`},
			{1, "CcmSetup failed with error code 0x800b0109"},
		}}, PreparationEnds{}}),
	},
	{
		Name: "ccmsetup-busy-installer", Title: "Another installation keeps client.msi waiting",
		Truth: Truth{RootRule: "msi.already-running", Words: []string{"1618"}},
		Seed:  519, Build: "22631.4249", Start: started(2024, 10, 1, 16, 55), BiasMinutes: -60,
		Story: story(toPreparation, []Effect{Bootstrap{}, LogLines{Path: ccmsetupLog, Component: "ccmsetup", After: 4 * time.Minute, Lines: []LogLine{
			{1, "==========[ ccmsetup started in process 4812 ]=========="},
			{1, "Running installation package"},
			{3, "MSI: Another installation is already in progress. Complete that installation before proceeding with this install."},
			{3, "Installation failed with error code 1618"},
			{1, "Next retry in 120 minute(s)..."},
		}}, PreparationEnds{}}),
	},
	{
		Name: "ts-policy-missing", Title: "The task sequence has no policy for one of its packages",
		Truth: Truth{RootRule: "ts.policy-missing", Words: []string{"0x80040104", "UMB00187"}},
		Seed:  520, Build: "22631.3737", Start: started(2024, 6, 13, 8, 50), BiasMinutes: -120,
		Story: sequenceSays("TSManager",
			LogLine{3, `Failed to find CCM_SoftwareDistribution object for AdvertID="UMB2001B", PackageID="UMB00187", ProgramID="*"`},
			LogLine{3, "Failed to resolve selected task sequence dependencies. Code(0x80040104)"},
		),
	},
	{
		Name: "ts-network-access", Title: "The distribution point refuses the task sequence",
		Truth: Truth{RootRule: "ts.network-access-denied", Words: []string{"UMB00045", "network access account"}},
		Seed:  521, Build: "22621.3296", Start: started(2024, 3, 14, 10, 25), BiasMinutes: 480,
		Story: sequenceSays("TSManager",
			LogLine{3, "Network access account credentials are not supplied or invalid. (0x80070005)"},
			LogLine{3, "Failed to resolve the source for SMS PKGID=UMB00045, hr=0x80070005"},
		),
	},
	{
		Name: "ts-hash-mismatch", Title: "Downloaded content is not what the site expects",
		Truth: Truth{RootRule: "ts.content-hash", Words: []string{"hash", "0x80091007"}},
		Seed:  522, Build: "22631.4391", Start: started(2024, 10, 29, 12, 7), BiasMinutes: -60,
		Story: sequenceSays("TSManager",
			LogLine{3, "Hash could not be matched for the downloded content. Original ContentHash = 8B34, Downloaded ContentHash = 77AE"},
			LogLine{3, "Failed to resolve the source for SMS PKGID=UMB00123, hr=0x80091007"},
		),
	},
	{
		Name: "ts-identity", Title: "The management point gives the task sequence no identity",
		Truth: Truth{RootRule: "ts.client-identity", Words: []string{"identity"}},
		Seed:  523, Build: "19045.4651", Start: started(2024, 7, 25, 14, 14), BiasMinutes: 300,
		Story: sequenceSays("TSMBootstrap",
			LogLine{3, "reply has no message header marker"},
			LogLine{3, "Failed to get client identity (80004005)"},
			LogLine{3, "SyncTimeWithMP() failed. 80004005."},
		),
	},
}
