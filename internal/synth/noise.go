package synth

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"debrief/internal/synth/evtxw"
)

// addNoise writes the ordinary records among which the telling ones stand:
// most harmless, some that look alarming on every device.
func (d *device) addNoise() {
	d.eventNoise()
	d.clientNoise()
	d.agentNoise()
	d.setupNoise()
}

// spread calls put some n times, times the noise factor, at random moments
// between the two times at which the device was up.
func (d *device) spread(r *rng, n int, from, to time.Time, put func(at time.Time)) {
	span := to.Sub(from)
	if span <= 0 {
		return
	}
	for range n * d.s.Noise {
		at := from.Add(r.duration(0, span).Truncate(time.Microsecond))
		down := slices.ContainsFunc(d.off, func(p pause) bool { return at.After(p.from) && at.Before(p.to) })
		if !down {
			put(at)
		}
	}
}

// noiseEvent is a kind of ordinary event: how often, where, and with which values.
type noiseEvent struct {
	n      int
	ch     channel
	id     uint16
	level  uint8
	fields func(d *device, r *rng) []evtxw.Field
}

func none(*device, *rng) []evtxw.Field { return nil }

var logonTasks = []string{
	"ShellHandwriting", "ShellPrep", "RunOnce", "ActiveSetup", "PreShellTasks", "AppResolver",
	"StartLayoutInit", "AppReadinessLogonGroup", "ShellInitTasks", "PreStartTasks",
}

// webNoise are names and values of web app events that any sign-in leaves.
var webNoise = [][2]string{
	{"Visible", "true"}, {"Identity.Fido.Supported", "true"}, {"IsNetworkConnected_WebAppActivityStarted", "true"},
	{"NetworkConnectivityLevel_WebAppActivityStarted", "3"}, {"CDJUIShowPage", "idProgressRingPage"},
	{"SdxWebAppreportActionAsync", "204"}, {"hasInternetAccess_override", `{"value":"","empty":true}`},
	{"hasInternetAccess_networkCheck", `{"hasProfile":true,"connectivityLevel":3}`},
	{"NavigationSucceed", `{"webErrorStatus":18,"uri":"https://login.microsoftonline.com/common/oauth2/authorize"}`},
	{"MSA.ClientAPIError", `{"result":-2147023728}`}, // of the consumer sign-in, which is not used here
}

var noiseEvents = []noiseEvent{
	{420, chShellCore, 62407, levelInfo, func(_ *device, r *rng) []evtxw.Field {
		v := pick(r, webNoise)
		return []evtxw.Field{field("Name", v[0]), field("Value", v[1])}
	}},
	{140, chShellCore, 62170, levelInfo, func(_ *device, r *rng) []evtxw.Field {
		return []evtxw.Field{field("LogonType", uint32(1)), field("TaskName", pick(r, logonTasks))}
	}},
	{140, chShellCore, 62171, levelInfo, func(_ *device, r *rng) []evtxw.Field {
		return []evtxw.Field{field("LogonType", uint32(1)), field("TaskName", pick(r, logonTasks))}
	}},
	{60, chShellCore, 28117, levelInfo, func(_ *device, r *rng) []evtxw.Field {
		return []evtxw.Field{field("Name", "Tile "+r.text(4, hexDigits)), field("AppID", "Microsoft.Windows.Explorer"), field("Flags", uint32(r.n(64)))}
	}},
	{80, chAutopilot, 100, levelWarning, func(_ *device, r *rng) []evtxw.Field {
		return []evtxw.Field{field("Message1", pick(r, []string{"CloudAssignedDeviceName", "CloudAssignedLanguage", "CloudAssignedAutopilotUpdateTimeout"}))}
	}},
	{1, chAutopilot, 165, levelWarning, none},
	{300, chManagement, 1005, levelError, func(_ *device, r *rng) []evtxw.Field {
		return []evtxw.Field{
			field("HRESULT", hex32(0x8007000d)), field("File", `onecoreuap\admin\moderndeployment\jsonhelpers.cpp`),
			field("Line", uint32(r.between(90, 140))), field("Message", "Value is not present"),
		}
	}},
	{340, chMDMAdmin, 813, levelInfo, func(d *device, r *rng) []evtxw.Field { return d.policyEvent(r, 0x1) }},
	{90, chMDMAdmin, 814, levelInfo, func(d *device, r *rng) []evtxw.Field { return d.policyEvent(r, 0x6) }},
	{18, chMDMAdmin, 208, levelInfo, func(d *device, r *rng) []evtxw.Field {
		return []evtxw.Field{
			field("Message1", d.id.enrolment), field("Message2", "MS DM Server"), field("Message3", "4.0"), field("Message4", "1.2"),
			field("HexInt1", hex32(0x2a)), field("HexInt2", hex32(4)), field("HexInt3", hex32(0)), field("HexInt4", hex32(2)), field("UInt1", uint32(r.n(40))),
		}
	}},
	{18, chMDMAdmin, 209, levelInfo, func(*device, *rng) []evtxw.Field { return []evtxw.Field{field("HRESULT", hex32(0))} }},
	{14, chMDMAdmin, 404, levelError, func(d *device, r *rng) []evtxw.Field {
		node := pick(r, []string{"./cimv2/MDM_ConfigSetting", "./Vendor/MSFT/NodeCache/MS DM Server/CacheVersion", "./Device/Vendor/MSFT/DMClient/Provider/MS DM Server/Push/PFN"})
		return []evtxw.Field{
			field("Message1", d.id.enrolment), field("Message2", "MDMDeviceWithAAD"), field("Message3", "NodeCache"),
			field("InternalCmdType", uint32(4)), field("Message5", node), field("HexInt1", hex32(0x86000002)),
		}
	}},
	{3, chMDMAdmin, 844, levelError, func(_ *device, r *rng) []evtxw.Field {
		v := pick(r, policies)
		return []evtxw.Field{field("Message1", "Inbox"), field("Message2", v.area), field("Message3", v.name), field("HRESULT", hex32(0x80070002))}
	}},
	{40, chMDMOper, 4009, levelInfo, func(*device, *rng) []evtxw.Field {
		return []evtxw.Field{field("HexInt1", hex32(2)), field("HexInt2", hex32(0)), field("HexInt3", hex32(0x64))}
	}},
	{30, chMDMOper, 4000, levelInfo, func(*device, *rng) []evtxw.Field { return []evtxw.Field{field("HRESULT", hex32(0))} }},
	{12, chMDMOper, 2545, levelWarning, func(_ *device, r *rng) []evtxw.Field {
		return []evtxw.Field{field("Message1", "DeletePerEnrollmentScenario:GetAllRequestsPerEnrollment failed"), field("Message2", "enrollmentId: "+strings.ToUpper(r.guid())), field("HRESULT", hex32(0x80070002))}
	}},
	{9, chAAD, 1097, levelWarning, func(*device, *rng) []evtxw.Field {
		return []evtxw.Field{
			field("Error", uint32(0xcaa90056)), field("ErrorMessage", "Renew token by the primary refresh token failed."),
			field("AdditionalInformation", "Logged at RefreshTokenRequest.cpp, line: 150, method: RefreshTokenRequest::AcquireToken."),
		}
	}},
	{7, chAAD, 1104, levelError, func(_ *device, r *rng) []evtxw.Field {
		return []evtxw.Field{field("API", pick(r, []string{"Lookup name from SID", "GenericCallPkg"})), field("Result", uint32(0xc0000034))}
	}},
	{10, chRegistration, 360, levelWarning, func(*device, *rng) []evtxw.Field {
		return []evtxw.Field{field("DeviceIsJoined", "Yes"), field("AADPrt", "No"), field("NgcPolicyEnabled", "Yes"), field("NgcHardwarePolicyMet", "Yes")}
	}},
	{40, chProvisioning, 10, levelInfo, provisioned},
	{20, chProvisioning, 20, levelInfo, provisioned},
}

func provisioned(_ *device, r *rng) []evtxw.Field {
	name := pick(r, []string{"Power.Settings.Display.ppkg", "Power.Settings.Sleep.ppkg", "Power.EnergyEstimationEngine.ppkg"})
	return []evtxw.Field{field("Message1", name), field("Message2", "{"+r.guid()+"}")}
}

// policyEvent is the event of a policy being set.
func (d *device) policyEvent(r *rng, kind uint32) []evtxw.Field {
	p := pick(r, policies)
	return []evtxw.Field{
		field("Message1", p.name), field("Message2", p.area), field("Message3", d.id.enrolment), field("Message4", "Device"),
		field("HexInt1", hex32(uint32(r.n(4)))), field("HexInt2", hex32(kind)),
	}
}

func (d *device) eventNoise() {
	for i, n := range noiseEvents {
		r := stream(d.s.Seed, fmt.Sprintf("event noise %d", i))
		from := d.s.Start
		if strings.Contains(string(n.ch), "Enterprise-Diagnostics") && !d.enrolled {
			from = d.collected.Add(-5 * time.Minute) // an unmanaged device has little to tell
		}
		d.spread(r, n.n, from, d.collected, func(at time.Time) {
			d.event(n.ch, at, n.id, n.level, n.fields(d, r)...)
		})
	}
}

// clientNoise are ordinary lines of the ConfigMgr client, from when it first wrote.
func (d *device) clientNoise() {
	first := d.logs[ccmLogs+"ClientIDManagerStartup.log"]
	if first == nil {
		return
	}
	from := first.lines[0].at
	for _, name := range sortedKeys(clientLines) {
		r := stream(d.s.Seed, "client noise "+name)
		d.spread(r, 110, from, d.collected, func(at time.Time) {
			l := pick(r, clientLines[name])
			d.log(ccmLogs+name+".log", name, at, l.kind, "%s", d.fill(r, l.text))
		})
	}
}

// fill puts the device's own words and random identifiers into a line.
func (d *device) fill(r *rng, text string) string {
	return strings.NewReplacer(
		"{cmg}", d.id.cmg, "{path}", d.id.cmgPath(), "{site}", d.id.site, "{mp}", d.id.managementPoint,
		"{version}", d.id.siteVersion(), "{guid}", r.guid(), "{GUID}", strings.ToUpper(r.guid()), "{client}", d.id.clientGUID, "{tenant}", d.id.tenant,
	).Replace(text)
}

type noiseLine struct {
	kind int
	text string
}

var clientLines = map[string][]noiseLine{
	"CcmExec": {
		{0, "Dispatching event"}, {0, "User session event"}, {0, "Invoking Wmi Method"}, {1, "Entering main message loop."},
		{1, "Session 1 is now connected"}, {2, `RegOpenKeyExW failed for Software\Microsoft\SMS\Task Sequence`},
	},
	"ClientLocation": {
		{0, "Getting Assigned Site"}, {1, "Assigned Site is {site}"}, {1, "Client is not assigned to any boundary group"},
		{2, "Unable to retrieve AD site membership"}, {1, "Site version compatibility succeeded"},
	},
	"LocationServices": {
		{0, "LSGetInternetMode"}, {1, "LSGetInternetMode: In Internet"}, {1, "Current AD site of machine is "}, {0, "Attempting to retrieve lookup MP(s) from AD"},
		{1, "No lookup MP(s) from AD"}, {3, "Failed to send management point list Location Request Message to {mp}"},
		{1, "Persisted Management Point locations"}, {0, "Client is set to use HTTPS when available. The current state is 224."},
	},
	"CcmMessaging": {
		{1, "Post to https://{path}/ccm_system/request... succeeded"}, {0, "Queue 'LS_ReplyLocations' initialized"}, {0, "Beginning endpoint queue processing"},
		{1, "OutgoingMessage(Queue='mp_[http]mp_policymanager', ID={{GUID}}): Delivered successfully to host '{cmg}'."},
		{1, "OutgoingMessage(Queue='mp_[http]mp_ddrendpoint', ID={{GUID}}): Will be discarded (expired)."},
		{1, "Message '{{guid}}' got reply with message '{{guid}}' to local endpoint queue 'PolicyAgent_ReplyAssignments'"},
	},
	"PolicyAgent": {
		{1, `Download of policy CCM_Policy_Policy5.PolicyID="{{guid}}" completed (DTS Job ID: {{GUID}})`},
		{1, `Policy state for [CCM_Policy_Policy5.PolicyID="{guid}"] is currently [Active]`},
		{1, "Raising event:\n\ninstance of CCM_PolicyAgent_PolicyDownloadSucceeded\n{\n\tClientID = \"GUID:{client}\";\n};\n"},
		{1, "Signature verification succeeded for PolicyAssignmentID {{guid}}"}, {0, "Processing Machine assignments from 'SMS:{site}'"},
	},
	"ScheduleManager": {
		{0, "Evaluated schedule 'Machine/{00000000-0000-0000-0000-000000000021}'"}, {1, "SMSTrigger '{guid}' will fire at ..."},
		{0, `Initialized trigger ("46E3A4AC80000000") for schedule 'Machine/{00000000-0000-0000-0000-000000000040}'`},
	},
	"CIAgent": {
		{0, "CCIInfo::CCIInfo"}, {1, "Policy Change event received"}, {1, "Starting CI evaluation"},
		{1, "CIAgentJob({{GUID}}): CAgentJob::HandleEvent(Event=Transition, CurrentState=StateStarting)"},
	},
}

var agentLines = []noiseLine{
	{1, "[Win32App] In ESP. Checkin interval needs to be set to default."}, {1, "[Win32App] ESP Checking SidecarCspProvider status"},
	{1, "[SendWebRequestInternal] Sending network request... "}, {1, "[SendWebRequestInternal] Succeeded"},
	{1, "PowerShell: Enforce signature check = False"}, {1, "[Win32App] Checking ESP status and phase for sessionId: 1"},
	{2, "Trying to fetch flight value for key: CommonSchemaEventsProcessing"}, {1, "[EspCheckInManager] Retry ESP check-in is not needed."},
	{1, "Tenant {tenant}: checking for pending requests"}, {2, "[Win32App] user token is not available yet, session of defaultuser0"},
}

func (d *device) agentNoise() {
	f := d.logs[agentLog]
	if f == nil {
		return
	}
	r := stream(d.s.Seed, "agent noise")
	d.spread(r, 420, f.lines[0].at, d.collected, func(at time.Time) {
		l := pick(r, agentLines)
		d.log(agentLog, agentComponent, at, l.kind, "%s", d.fill(r, l.text))
	})
}
