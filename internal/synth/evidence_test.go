package synth

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// TestTellingEvidence holds each scenario to the traces that its truth rests
// on: what must stand in which file, and what must not.
func TestTellingEvidence(t *testing.T) {
	const (
		setup = "ccmsetup/Logs/ccmsetup.log"
		smsts = "CCM/Logs/SMSTS/smsts.log"
		reg   = "autopilot-logs/MdmDiagReport_RegistryDump.reg"
		agent = "autopilot-logs/IntuneManagementExtension.log"
		zeit  = "autopilot-logs/AutopilotDDSZTDFile.json"
	)
	type want struct {
		scenario  string
		providers string            // ConfigMgr, Sidecar: InstallationState
		apps      string            // states of the tracked apps, in order
		has       map[string]string // file → regular expression
		lacks     []string          // files that must not be there
		events    []string          // "id" or Shell-Core name that must stand in a channel
	}
	timedOut, failed := "ESPDevicePreparation_PolicyProvidersInstallation_TimedOut", "ESPDevicePreparation_PolicyProvidersInstallation_Failed"
	appsFailed := "DeviceSetup.AppsSubcategory; state = failed."
	tests := []want{
		{"state1-msi-never-downloaded", "1 3", "", map[string]string{reg: `"Status"=DWORD:00000019\r\n.*\r\n    "LastError"=DWORD:80072ee2`}, []string{setup}, []string{timedOut, "1907"}},
		{"state1-msi-never-started", "1 3", "", map[string]string{reg: `"Status"=DWORD:0000000a`}, []string{setup}, []string{timedOut}},
		{"state1-bootstrap-msi-failed", "1 3", "", map[string]string{reg: `"Status"=DWORD:0000003c`}, []string{setup}, []string{timedOut, "1924"}},
		{"state1-client-slow-content", "1 3", "", map[string]string{setup: `Download Update: 5\d% complete`}, nil, []string{timedOut}},
		{"state1-cmg-dns", "1 3", "", map[string]string{setup: `Code=12007`}, nil, []string{timedOut}},
		{"state1-cmg-root-ca", "1 3", "", map[string]string{setup: `FLAG_INVALID_CA is set[^µ]*Code=12175`}, nil, []string{timedOut}},
		{"state1-cmg-crl", "1 3", "", map[string]string{setup: `FLAG_CERT_REV_FAILED is set`}, nil, []string{timedOut}},
		{"state1-cmg-403-cert-required", "1 3", "", map[string]string{setup: `StatusCode=403 StatusText=CMGConnector_Clientcertificaterequired`}, nil, []string{timedOut}},
		{"state1-cmg-401-token", "1 3", "", map[string]string{setup: `StatusCode=401 StatusText=CMGService_Invalid_Token`}, nil, []string{timedOut}},
		{"state4-client-msi-1603", "4 3", "", map[string]string{setup: `Installation failed with error code 1603`, reg: `"LastError"=DWORD:80070643`}, nil, []string{failed}},
		{"state4-prereq", "4 3", "", map[string]string{setup: `vcredist_x64.exe' returned failure exit code 1612`}, nil, []string{failed}},
		{"state4-ccmsetup-404", "4 3", "", map[string]string{setup: `CcmSetup failed with error code 0x80190194`}, nil, []string{failed}},
		{"state3-sidecar-pending", "3 1", "", map[string]string{reg: `"Status"=DWORD:00000014`, setup: `exiting with return code 0`}, []string{agent}, []string{timedOut}},
		{"client-never-registers", "1 3", "", map[string]string{setup: `Installation succeeded`, "CCM/Logs/ClientIDManagerStartup.log": `Failed to send registration request. Error: 0x87d00231`}, []string{"CCM/Logs/CoManagementHandler.log"}, []string{timedOut}},
		{"state2-not-required", "2 3", "", nil, []string{setup}, []string{"ESPDevicePreparation_PolicyProvidersInstallation_Succeeded"}},
		{"ts-state1-never-started", "3 3", "1", map[string]string{"CCM/Logs/execmgr.log": `0x87D00291`, setup: `PROVISIONTS=`}, []string{smsts}, []string{appsFailed}},
		{"ts-state2-long-step", "3 3", "2", map[string]string{smsts: `Installing application 'Fieldbook Office 2024'`}, nil, []string{appsFailed}},
		{"ts-state2-too-many-apps", "3 3", "2", map[string]string{smsts: `Installing application 'Quoin Draft 9'`}, nil, []string{appsFailed}},
		{"ts-state2-hung-step", "3 3", "2", map[string]string{smsts: `Command line for extension .cmd is "%1" %\*[^\n]*\n$`}, nil, []string{appsFailed}},
		{"ts-state4-app-exit-code", "3 3", "4", map[string]string{smsts: `Hollow Backup Agent 12'. Error Code 0x80070643`, "CCM/Logs/AppEnforce.log": `terminated with exitcode: 1603`}, nil, []string{appsFailed}},
		{"ts-state4-script-failed", "3 3", "4", map[string]string{smsts: `Failed to run the action: Import regional map`}, nil, []string{appsFailed}},
		{"ts-state4-content-missing", "3 3", "4", map[string]string{smsts: `0x87d00607`, "CCM/Logs/ContentTransferManager.log": `0x87d01204`}, nil, []string{appsFailed}},
		{"ts-state4-detection", "3 3", "4", map[string]string{smsts: `0x87d00324`, "CCM/Logs/AppEnforce.log": `terminated with exitcode: 0`}, nil, []string{appsFailed}},
		{"ts-state3-win32-app-failed", "3 3", "3 3 4", map[string]string{smsts: `Task Sequence Engine completed successfully`, agent: `lpExitCode 1603`, reg: `"ExitCode"=DWORD:00000643`}, nil, []string{appsFailed}},
		{"ts-finished-after-timeout", "3 3", "3", map[string]string{smsts: `Task Sequence Engine completed successfully`}, nil, []string{appsFailed}},
		{"hybrid-join", "1 3", "", map[string]string{zeit: `"CloudAssignedDomainJoinMethod":1`, setup: `0x800703f0`}, nil, []string{timedOut, "107", "304"}},
		{"pre-provisioning", "1 3", "", nil, nil, []string{timedOut, "ESPProgress_WhiteGloveMode_True"}},
		{"self-deploying", "1 3", "", map[string]string{zeit: `"CloudAssignedOobeConfig":1534`}, nil, []string{timedOut, "TPMAttestation_Succeeded"}},
		{"device-preparation-v2", "", "", map[string]string{reg: `"AutopilotDevicePrepHint"=DWORD`}, []string{zeit}, []string{"807"}},
		{"pki-client-cert", "1 3", "", map[string]string{setup: `/UsePKICert[^µ]*CCM_E_NO_CLIENT_PKI_CERT`}, nil, []string{timedOut}},
		{"mixed-providers-1618", "3 3", "3 3 4 4", map[string]string{agent: `lpExitCode 1618`}, nil, []string{appsFailed}},
		{"clock-skew", "1 3", "", map[string]string{setup: `FLAG_CERT_DATE_INVALID is set`}, nil, []string{timedOut, "753"}},
		{"enrolment-restricted-80180014", "", "", map[string]string{reg: `"Error"=DWORD:80180014`}, []string{setup, agent}, []string{"71", "52", "CDJUIError"}},
		{"no-autopilot-profile", "", "", map[string]string{zeit: `^..\{"PolicyDownloadDate":"[^"]*"\}$`}, []string{setup, agent}, []string{"815"}},
		{"tpm-attestation-timeout", "", "", nil, []string{setup, agent}, []string{"TPMAttestation_TimedOut", "171"}},
		{"mdm-licence", "", "", map[string]string{reg: `"Error"=DWORD:80180018`}, []string{setup, agent}, []string{"71", "52", "CDJUIError"}},
		{"mdm-device-cap", "", "", map[string]string{reg: `"Error"=DWORD:80180013`}, []string{setup, agent}, []string{"71", "52"}},
		{"mdm-scope", "", "", map[string]string{reg: `"Error"=DWORD:8018002b`}, []string{setup, agent}, []string{"71"}},
		{"mdm-mfa", "", "", map[string]string{reg: `"Error"=DWORD:8018002a`}, []string{setup, agent}, []string{"71", "1098"}},
		{"mdm-blocked", "", "", map[string]string{reg: `"Error"=DWORD:80180026`}, []string{setup, agent}, []string{"71"}},
		{"mdm-unreachable", "", "", map[string]string{reg: `"Error"=DWORD:80192ee2`}, []string{setup, agent}, []string{"71"}},
		{"mdm-restricted-identifier", "", "", map[string]string{reg: `"Error"=DWORD:80180014`}, []string{setup, agent}, []string{"71", "52"}},
		{"healed-enrolment", "3 3", "", nil, nil, []string{"71", "72", "AccountSetup.AppsSubcategory; state = succeeded."}},
		{"join-tpm", "", "", nil, []string{setup, agent}, []string{"202", "304"}},
		{"join-not-allowed", "", "", nil, []string{setup, agent}, []string{"204"}},
		{"join-discovery", "", "", nil, []string{setup, agent}, []string{"201", "304"}},
		{"join-conditional-access", "", "", nil, []string{setup, agent}, []string{"1098"}},
		{"win32-app-exit-code", "3", "3 4", map[string]string{agent: `lpExitCode 1603`, reg: `"ExitCode"=DWORD:00000643`}, []string{setup, smsts}, []string{appsFailed}},
		{"healthy-win32-apps", "3", "3 3", map[string]string{agent: `lpExitCode 0`}, []string{setup, smsts}, []string{"AccountSetup.AppsSubcategory; state = succeeded."}},
		{"win32-app-not-detected", "3", "", map[string]string{agent: `lpExitCode 0[^µ]*ErrorCode: -2016345060`}, []string{setup, smsts}, nil},
		{"win32-app-download", "3", "", map[string]string{agent: `ErrorCode: -2016214939`}, []string{setup, smsts}, nil},
		{"agent-proxy-407", "3", "", map[string]string{agent: `\(407\)`}, []string{setup, smsts}, nil},
		{"ccmsetup-signature", "1 3", "", map[string]string{setup: `authenticode signature. Return code 0x800b0109`}, nil, []string{timedOut}},
		{"ccmsetup-busy-installer", "1 3", "", map[string]string{setup: `Installation failed with error code 1618`}, nil, []string{timedOut}},
		{"ts-policy-missing", "3 3", "", map[string]string{smsts: `Code\(0x80040104\)`}, nil, nil},
		{"ts-network-access", "3 3", "", map[string]string{smsts: `Network access account`}, nil, nil},
		{"ts-hash-mismatch", "3 3", "", map[string]string{smsts: `0x80091007`}, nil, nil},
		{"ts-identity", "3 3", "", map[string]string{smsts: `client identity \(80004005\)`}, nil, nil},
		{"healthy-task-sequence", "3 3", "3", map[string]string{smsts: `Task Sequence Engine completed successfully`}, nil, []string{"AccountSetup.AppsSubcategory; state = succeeded."}},
		{"healthy-no-task-sequence", "3 3", "", nil, []string{smsts}, []string{"AccountSetup.AppsSubcategory; state = succeeded."}},
		{"healed-token-401", "3 3", "", map[string]string{setup: `Invalid_Token[^µ]*exiting with return code 0\]LOG\]![^\n]*\n$`}, nil, []string{"AccountSetup.AppsSubcategory; state = succeeded."}},
		{"healed-download-retry", "3 3", "", map[string]string{setup: `0x80072efe[^µ]*exiting with return code 0\]LOG\]![^\n]*\n$`}, nil, []string{"1907", "AccountSetup.AppsSubcategory; state = succeeded."}},
		{"healed-step-continue-on-error", "3 3", "3", map[string]string{smsts: `Failed to run the action: Remove trial software[^µ]*completed successfully`}, nil, []string{"AccountSetup.AppsSubcategory; state = succeeded."}},
		{"truncated-cab", "1 3", "", nil, nil, []string{timedOut}},
	}
	if len(tests) != len(names) {
		t.Errorf("%d scenarios are held to evidence, %d exist", len(tests), len(names))
	}
	for _, tt := range tests {
		t.Run(tt.scenario, func(t *testing.T) {
			s := scenario(t, tt.scenario)
			files := unpacked(t, s.Name)
			for name, pattern := range tt.has {
				data := files[name]
				if strings.HasSuffix(name, ".json") {
					data = bytes.ReplaceAll(data, []byte{0}, nil)
				}
				if !regexp.MustCompile(pattern).Match(data) {
					t.Errorf("%s does not hold %s", name, pattern)
				}
			}
			for _, name := range tt.lacks {
				if _, ok := files[name]; ok {
					t.Errorf("%s is there", name)
				}
			}
			d := newDevice(s)
			if got := d.providerStates(); got != tt.providers {
				t.Errorf("providers = %q, want %q", got, tt.providers)
			}
			var apps []string
			for _, a := range d.tracked {
				apps = append(apps, fmt.Sprint(a.stateAt(d.collected)))
			}
			if got := strings.Join(apps, " "); got != tt.apps {
				t.Errorf("apps = %q, want %q", got, tt.apps)
			}
			for _, e := range tt.events {
				if !d.happened(e) {
					t.Errorf("no event %s", e)
				}
			}
		})
	}
}

func (d *device) providerStates() string {
	if !d.espShown || len(d.providers) == 0 {
		return ""
	}
	state := map[string]string{}
	for _, p := range d.providers {
		state[p.name] = fmt.Sprint(p.state)
	}
	return strings.TrimSpace(state["ConfigMgr"] + " " + state["Sidecar"])
}

// happened reports whether an event of that id, or one that says what, was
// logged before the collection.
func (d *device) happened(what string) bool {
	for _, events := range d.channels {
		for _, e := range events {
			if e.Time.After(d.collected) {
				continue
			}
			if fmt.Sprint(e.ID) == what {
				return true
			}
			for _, f := range e.Fields {
				if s, ok := f.Value.(string); ok && len(what) > 4 && strings.Contains(s, what) {
					return true
				}
			}
		}
	}
	return false
}

// TestPageKeepsItsClock holds the error screens of timeouts to the configured
// minutes after the page started its clock.
func TestPageKeepsItsClock(t *testing.T) {
	for _, s := range Scenarios() {
		d := newDevice(s)
		if !d.happened("PolicyProvidersInstallation_TimedOut") {
			continue
		}
		for _, e := range d.channels[chShellCore] {
			if len(e.Fields) == 0 || e.Fields[0].Value != "CommercialOOBE_ESPProgress_ErrorButtons_Displayed" {
				continue
			}
			if took := e.Time.Sub(d.page); took < d.timeout() || took > d.timeout()+10e9 {
				t.Errorf("%s: error screen after %v, timeout %v", s.Name, took, d.timeout())
			}
		}
	}
}

// TestNoiseIsEverywhere holds sound devices to the lines that only look bad.
func TestNoiseIsEverywhere(t *testing.T) {
	d := newDevice(scenario(t, "healthy-task-sequence"))
	for _, e := range []string{"1005", "404", "844", "2545", "1097", "1104", "360", "MSA.ClientAPIError", "DeviceSetup.RebootCoalescing"} {
		if !d.happened(e) {
			t.Errorf("no event %s", e)
		}
	}
	files := unpacked(t, d.s.Name)
	for name, texts := range map[string][]string{
		"ccmsetup/Logs/ccmsetup.log": {"0x8004100e", "SetInitialCommandLine failed with 0x80070002", "Unable to retrieve AD site membership", "Got 401 challenge", "SslState value: 224"},
		"CCM/Logs/SMSTS/smsts.log":   {"GetTsRegValue() is unsuccessful. 0x80070002", "SMSTSEndProgram", "RemoveDirectoryW failed (0x80070091)", "TSEnv.dat (0x80070005)", "ReleaseRequest failed with error code 0x80004005"},
	} {
		for _, text := range texts {
			if !bytes.Contains(files[name], []byte(text)) {
				t.Errorf("%s lacks %q", name, text)
			}
		}
	}
}
