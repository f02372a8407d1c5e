package timeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

// factLines builds the timeline of a story and prints the facts under the
// given names, without their positions.
func factLines(t *testing.T, story string, names ...string) []string {
	t.Helper()
	in := parseStory(t, story)
	var out []string
	for _, f := range Build(in).Facts {
		for _, n := range names {
			if !strings.HasPrefix(f.Name, n) {
				continue
			}
			line := f.Name
			if f.Key != "" {
				line += " [" + f.Key + "]"
			}
			if f.Value != "" {
				line += " {" + f.Value + "}"
			}
			line += " = " + f.Text
			if f.Kind == event.FactNumber && fmt.Sprint(f.Num) != f.Text {
				t.Errorf("fact %s: number %d, text %q", f.Name, f.Num, f.Text)
			}
			if f.Pos.IsZero() && !strings.HasPrefix(f.Name, "session.") {
				t.Errorf("fact %s has no position", f.Name)
			}
			out = append(out, line)
		}
	}
	return out
}

func TestFacts(t *testing.T) {
	const tracking = `- reg windows\autopilot\ENROLLMENTSTATUSTRACKING\`
	tests := []struct {
		name, story string
		facts       []string
		want        []string
	}{
		{
			name: "tracking_in_any_case",
			story: tracking + `Device\devicepreparation\PolicyProviders\ConfigMgr|installationstate = 4
` + tracking + `Device\DevicePreparation\PolicyProviders\ConfigMgr|LastError = -2147012889
` + tracking + `Device\DevicePreparation\PolicyProviders\ConfigMgr|Timeout = 60
` + tracking + `Device\DevicePreparation\PolicyProviders\ConfigMgr\TrackedResourceTypes|Apps = 1
` + tracking + `Device\Setup\Apps\PolicyProviders\Sidecar|TrackingPoliciesCreated = 0
` + tracking + `Device\Setup\Apps\Tracking\ConfigMgr\Provisioning_TS|InstallationState = 2
` + tracking + `Device\Setup|HasProvisioningCompleted = 0xffffffff
` + tracking + `S-1-5-21-1\Setup|HasProvisioningCompleted = 0
- reg Windows\Autopilot\EnrollmentStatusTrackingX\Device\DevicePreparation\PolicyProviders\Other|InstallationState = 1`,
			facts: []string{"esp."},
			want: []string{
				"esp.app.state [ConfigMgr/Provisioning_TS] = 2",
				"esp.device-setup-completed = true",
				"esp.provider.last-error [ConfigMgr] = 2147954407",
				"esp.provider.state [ConfigMgr] = 4",
				"esp.provider.timeout [ConfigMgr] = 60",
				"esp.provider.tracking-created [Sidecar] = 0",
			},
		},
		{
			name: "categories",
			story: `- reg Provisioning\AutopilotSettings|DeviceSetupCategory.Status = {"categoryState":"failed","categoryStatusText":"Error","DeviceSetup.AppsSubcategory":{"subcategoryState":"failed","subcategoryStatusText":"Apps (0x81036502)"},"DeviceSetup.RebootCoalescing":{"subcategoryState":"notStarted"}}
- reg Provisioning\AutopilotSettings|AccountSetupCategory.Status = {"categorySucceeded":"false","AccountSetup.AppsSubcategory":"Apps (No setup needed)"}
- reg Provisioning\AutopilotSettings|DevicePreparationCategory.Status = {"DevicePreparation.AadjSubcategory":{}}
- reg Provisioning\AutopilotSettings|Broken.Status = {"categoryState":
- reg Provisioning\AutopilotSettings|Odd.Status = {"categoryState":["failed"],"Odd.Sub":17}`,
			facts: []string{"esp."},
			want: []string{
				"esp.category.state [AccountSetupCategory] = failed",
				"esp.category.state [DeviceSetupCategory] = failed",
				"esp.subcategory.code [DeviceSetup.AppsSubcategory] = 2164483330",
				"esp.subcategory.state [AccountSetup.AppsSubcategory] {Apps (No setup needed)} = ",
				"esp.subcategory.state [DevicePreparation.AadjSubcategory] = ",
				"esp.subcategory.state [DeviceSetup.AppsSubcategory] {Apps (0x81036502)} = failed",
				"esp.subcategory.state [DeviceSetup.RebootCoalescing] = notStarted",
				"esp.subcategory.state [Odd.Sub] {17} = ",
			},
		},
		{
			name: "only_enrolments_with_a_provider",
			story: `- reg Enrollments\G-1|ProviderID = MS DM Server
- reg Enrollments\G-1|EnrollmentType = 6
- reg Enrollments\g-1\FirstSync|SyncFailureTimeout = 60
- reg Enrollments\G-1\FirstSync|BlockInStatusPage = 6
- reg Enrollments\G-1\FirstSync|SkipUserStatusPage = 0xffffffff
- reg Enrollments\G-2|EnrollmentType = 1
- reg Enrollments\G-2\FirstSync|SyncFailureTimeout = 99
- reg Provisioning\Diagnostics\Enrollment\G-3|Error = 0x80180014
- reg Provisioning\Diagnostics\Enrollment\G-3|Time = 2031-02-03 04:05:06.789`,
			facts: []string{"enrollment.", "esp."},
			want: []string{
				"enrollment.error [G-3] = 2149056532",
				"enrollment.provider [G-1] = MS DM Server",
				"enrollment.type [G-1] = 6",
				"esp.block-in-status-page = 6",
				"esp.skip-user = 4294967295",
				"esp.timeout-minutes = 60",
			},
		},
		{
			name: "applied_timeout_beats_configured",
			story: `- reg Enrollments\G-1|ProviderID = MS DM Server
- reg Enrollments\G-1\FirstSync|SyncFailureTimeout = 60
01:00:00 shell ESPProgress_ESPTimeOutValue_Applied Applying the ESP Timeout value: 120 minutes.`,
			facts: []string{"esp.timeout"},
			want:  []string{"esp.timeout-minutes = 120"},
		},
		{
			name: "mdm_packages",
			story: `- reg EnterpriseDesktopAppManagement\S-0\MSI\{A}|DownloadUrlList = https://cdn.example.com/1/first.msi
- reg EnterpriseDesktopAppManagement\S-0\MSI\{A}|CurrentDownloadUrl = https://cdn.example.com/1/ccmsetup.msi?sig=a%2Fb
- reg EnterpriseDesktopAppManagement\S-0\MSI\{A}|Status = 25
- reg EnterpriseDesktopAppManagement\S-0\MSI\{A}|LastError = 0x80072ee7
- reg EnterpriseDesktopAppManagement\S-0\MSI\{B}|CurrentDownloadUrl = https://fef.example.com/Get/WinRT?guid=1&fileNameHash=abc.msi
- reg EnterpriseDesktopAppManagement\S-0\MSI\{B}|Status = 70
- reg EnterpriseDesktopAppManagement\S-0\MSI\{C}|Status = 60`,
			facts: []string{"msi."},
			want: []string{
				"msi.last-error [ccmsetup.msi] {{A}} = 2147954407",
				"msi.status [abc.msi] {{B}} = 70",
				"msi.status [ccmsetup.msi] {{A}} = 25",
				"msi.status [{C}] {{C}} = 60",
			},
		},
		{
			name: "manageability_expected_and_set",
			story: `- reg Provisioning\NodeCache\CSP\Device\MS DM Server\Nodes\7|NodeUri = ./Device/Vendor/MSFT/DeviceManageability/Provider/MS%20DM%20Server/ConfigInfo
- reg Provisioning\NodeCache\CSP\Device\MS DM Server\Nodes\7|ExpectedValue = 1
- reg Provisioning\NodeCache\CSP\Device\MS DM Server\Nodes\8|NodeUri = ./Device/Vendor/MSFT/Policy/Config/X
- reg Provisioning\NodeCache\CSP\Device\MS DM Server\Nodes\8|ExpectedValue = 5
- reg DeviceManageabilityCSP\Provider\MS DM Server|ConfigInfo = "2"`,
			facts: []string{"device-manageability."},
			want: []string{
				"device-manageability.config-info = 2",
			},
		},
		{
			name:  "manageability_as_a_number",
			story: `- reg DeviceManageabilityCSP\Provider\MS DM Server|ConfigInfo = 2`,
			facts: []string{"device-manageability."},
			want: []string{
				"device-manageability.config-info = 2",
				"device-manageability.config-info-type = REG_DWORD",
			},
		},
		{
			name: "profile_from_the_registry",
			story: `- fact autopilot.tenant-id given
- reg Provisioning\Diagnostics\AutoPilot|DeploymentProfileName = Example
- reg Provisioning\Diagnostics\AutoPilot|CloudAssignedTenantId = other
- reg Provisioning\Diagnostics\AutoPilot|CloudAssignedOobeConfig = 1310
- reg Provisioning\Diagnostics\AutoPilot|TenantMatched = 1
- reg Provisioning\Diagnostics\AutoPilot\EstablishedCorrelations|ZtdRegistrationId = 1-2-3
- reg Provisioning\AutopilotPolicyCache|PolicyJsonCache = {"CloudAssignedDomainJoinMethod":1,"DeploymentProfileName":"Cached"}`,
			facts: []string{"autopilot."},
			want: []string{
				"autopilot.domain-join-method = 1",
				"autopilot.oobe-config = 1310",
				"autopilot.profile = Example",
				"autopilot.tenant-matched = 1",
				"autopilot.ztd-registration-id = 1-2-3",
			},
		},
		{
			name: "no_profile_leaves_nothing",
			story: `- reg Provisioning\Diagnostics\AutoPilot|DeploymentProfileName = ` + `
- reg Provisioning\Diagnostics\AutoPilot|CloudAssignedTenantId = ` + `
- reg Provisioning\Diagnostics\AutoPilot|CloudAssignedOobeConfig = 99
- reg Windows\Autopilot\DevicePreparation|Empty = x`,
			facts: []string{"autopilot."},
		},
		{
			name:  "device_preparation_hint",
			story: `- reg Provisioning\AutopilotSettings|AutopilotDevicePrepHint = 2`,
			facts: []string{"autopilot."},
			want:  []string{"autopilot.device-prep = true"},
		},
		{
			name: "same_value_of_two_dumps_once",
			story: tracking + `Device\DevicePreparation\PolicyProviders\ConfigMgr|InstallationState = 3
` + tracking + `Device\DevicePreparation\PolicyProviders\configmgr|InstallationState = 3`,
			facts: []string{"esp."},
			want:  []string{"esp.provider.state [ConfigMgr] = 3"},
		},
		{
			name: "win32_results",
			story: `- reg IntuneManagementExtension\Win32Apps\u\AAAAAAAA-2222-3333-4444-555555555555_1|ExitCode = 1603
- reg IntuneManagementExtension\Win32Apps\u\aaaaaaaa-2222-3333-4444-555555555555_1\EnforcementStateMessage|EnforcementStateMessage = {"EnforcementState":5000}
- reg IntuneManagementExtension\Win32Apps\u\GRS\x|ExitCode = 1`,
			facts: []string{"win32app."},
			want: []string{
				"win32app.exit-code [aaaaaaaa-2222-3333-4444-555555555555] = 1603",
				"win32app.state [aaaaaaaa-2222-3333-4444-555555555555] = 5000",
			},
		},
		{
			name: "clock_check",
			story: `01:00:00 modern 753 ServerTime=2031-02-02T22:00:00Z ClientTime=2031-02-03T01:00:00Z
22:00:00 modern 751`,
			facts: []string{"clock.skew"},
			want:  []string{"clock.skew-minutes = 180"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, factLines(t, tt.story, tt.facts...)); diff != "" {
				t.Errorf("facts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSessionFacts(t *testing.T) {
	const page = "01:00:00 shell ESPProgress_Category_Started Starting category DeviceSetupCategory...\n"
	tests := []struct {
		name, story         string
		flow, join, outcome string
	}{
		{"page_alone", page, "autopilot-user-driven", "unknown", "running"},
		{"self_deploying", page + "- fact autopilot.oobe-config 1406", "autopilot-self-deploying", "unknown", "running"},
		{"self_deploying_needs_both_bits", page + "- fact autopilot.oobe-config 64", "autopilot-user-driven", "unknown", "running"},
		{"pre_provisioning", page + "01:00:01 shell ESPProgress_WhiteGloveMode_True White glove mode = true", "autopilot-pre-provisioning", "unknown", "running"},
		{"device_preparation", page + "- fact autopilot.device-prep 1", "device-preparation", "unknown", "running"},
		{"no_profile", "01:00:00 modern 807\n01:00:01 mdm 75", "no-autopilot", "unknown", "unknown"},
		{"empty_profile", "- fact autopilot.profile-empty 1", "no-autopilot", "unknown", "unknown"},
		{"failed_enrolment", "01:00:00 mdm 71\n- fact dsreg.azure-ad-joined 1", "unknown", "entra", "failed"},
		{"hybrid_by_profile", page + "- fact autopilot.domain-join-method 1", "autopilot-user-driven", "hybrid", "running"},
		{"hybrid_by_offline_join", page + "01:00:01 mdm 111", "autopilot-user-driven", "hybrid", "running"},
		{"hybrid_by_dsregcmd", page + "- fact dsreg.azure-ad-joined 1\n- fact dsreg.domain-joined 1", "autopilot-user-driven", "hybrid", "running"},
		{
			"failed_by_the_registry", page + `- reg Provisioning\AutopilotSettings|DeviceSetupCategory.Status = {"categoryState":"failed"}`,
			"autopilot-user-driven", "unknown", "failed",
		},
		{"succeeded", page + "01:00:01 shell ESPProgress_Page_Exiting Exiting page normally...", "autopilot-user-driven", "unknown", "succeeded"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := []string{"session.flow [1] = " + tt.flow, "session.join [1] = " + tt.join, "session.outcome [1] = " + tt.outcome}
			if diff := cmp.Diff(want, factLines(t, tt.story, "session.")); diff != "" {
				t.Errorf("facts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMaskToken(t *testing.T) {
	tests := []struct{ name, line, want string }{
		{"none", "ccmsetup.exe /mp:https://x.example.com SMSSITECODE=EX1", "ccmsetup.exe /mp:https://x.example.com SMSSITECODE=EX1"},
		{"bare", "ccmsetup.exe /regtoken:eyJ0.a-b_c /nocrlcheck", "ccmsetup.exe /regtoken:*** /nocrlcheck"},
		{"last", "/RegToken:secret", "/RegToken:***"},
		{"quoted", `a /REGTOKEN:"se cret" b`, "a /REGTOKEN:*** b"},
		{"inside_quotes", `CCMSETUPCMD="/regtoken:secret SITE=1"`, `CCMSETUPCMD="/regtoken:*** SITE=1"`},
		{"at_the_closing_quote", `CCMSETUPCMD="/regtoken:secret"`, `CCMSETUPCMD="/regtoken:***"`},
		{"twice", "/regtoken:one /regtoken:two", "/regtoken:*** /regtoken:***"},
		{"unclosed_quote", `/regtoken:"secret`, "/regtoken:***"},
		{"empty", "/regtoken:", "/regtoken:***"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := maskToken(tt.line); got != tt.want {
				t.Errorf("maskToken(%q) = %q, want %q", tt.line, got, tt.want)
			}
		})
	}
}

func TestHexCode(t *testing.T) {
	tests := []struct {
		name, text string
		want       uint32
		ok         bool
	}{
		{"tail", "Apps (0x80070652)", 0x80070652, true},
		{"last_of_two", "0x1 and 0x2", 2, true},
		{"upper_x", "0X8007000E.", 0x8007000e, true},
		{"no_digits", "0x", 0, false},
		{"none", "Error", 0, false},
		{"long_number_is_cut", "0x123456789", 0x12345678, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := hexCode(tt.text); got != tt.want || ok != tt.ok {
				t.Errorf("hexCode(%q) = %#x, %v, want %#x, %v", tt.text, got, ok, tt.want, tt.ok)
			}
		})
	}
}

// The packages of MDMDiagReport.xml count as those of the registry do, unless
// the registry tells them itself.
func TestReportedPackages(t *testing.T) {
	record := func(product, status, code, address string) event.Event {
		return event.Event{Source: event.MDMReport, Pos: event.Pos{File: "MDMDiagReport.xml", Line: 7}, Fields: event.Fields{
			{Name: "UserSid", Value: "S-0-0"}, {Name: "ProductCode", Value: product}, {Name: "Status", Value: status}, {Name: "LastError", Value: code}, {Name: "CurrentDownloadUrl", Value: address},
		}}
	}
	in := Input{
		Events: []event.Event{
			record("{A}", "60", "-2147023293", "https://cdn.contoso.example/SampleAgent.msi"),
			record("{B}", "70", "0", "https://cdn.contoso.example/get?id=1"),
			record("{C}", "25", "0", "https://cdn.contoso.example/Other.msi"),
			record("{D}", "soon", "none", ""),
			{Source: event.MDMReport, Fields: event.Fields{{Name: "Status", Value: "60"}}},
		},
		Facts: []event.Fact{
			{Name: "reg", Key: `HKLM\SOFTWARE\Microsoft\EnterpriseDesktopAppManagement\S-0-0\MSI\{c}`, Value: "Status", Kind: event.FactNumber, Num: 70, Text: "70"},
		},
	}
	var got []string
	for _, f := range Build(in).Facts {
		if strings.HasPrefix(f.Name, "msi.") {
			got = append(got, f.Name+" "+f.Key+" "+f.Value+" "+f.Text)
		}
	}
	want := []string{
		"msi.last-error SampleAgent.msi {A} 2147944003", "msi.last-error {B} {B} 0",
		"msi.status SampleAgent.msi {A} 60", "msi.status {B} {B} 70", "msi.status {c} {c} 70",
	}
	if !slices.Equal(got, want) {
		t.Errorf("facts are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
