package pipeline_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"debrief/internal/synth"
	"debrief/pipeline"
	"debrief/redact"
	"debrief/report"
)

// TestSharedCopiesNameNobody holds that no report and no event made for sharing
// shows whose device it was, in any of the generated collections.
func TestSharedCopiesNameNobody(t *testing.T) {
	set := builtin(t)
	for _, s := range pipeline.SomeScenarios() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			c, err := pipeline.Read(t.Context(), []string{write(t, s)}, pipeline.Options{})
			if err != nil {
				t.Fatal(err)
			}
			r, err := redact.New(bytes.Repeat([]byte{1}, redact.KeyBytes))
			if err != nil {
				t.Fatal(err)
			}
			c.Identify(r)
			result := c.Judge(set)
			v := pipeline.View(c, set, result, "test")
			open := pipeline.View(c, set, result, "test")
			v.Redact(r)
			var report1, plain, events bytes.Buffer
			if err := v.WriteJSON(&report1); err != nil {
				t.Fatal(err)
			}
			if err := open.WriteJSON(&plain); err != nil {
				t.Fatal(err)
			}
			if _, err := report.WriteEvents(&events, "jsonl", "", pipeline.Redacted(c.Events(), r)); err != nil {
				t.Fatal(err)
			}
			for _, name := range synth.Identity(s) {
				for what, text := range map[string]string{"report": report1.String(), "events": events.String()} {
					lower := strings.ToLower(text)
					if i := strings.Index(lower, strings.ToLower(name)); i >= 0 {
						t.Errorf("the %s still names %s: …%s…", what, name, text[max(0, i-80):min(len(text), i+80)])
					}
				}
			}
			var named bytes.Buffer
			if _, err := report.WriteEvents(&named, "jsonl", "", c.Events()); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(named.String()+plain.String(), synth.Identity(s)[0]) && !strings.Contains(named.String()+plain.String(), synth.Identity(s)[4]) {
				t.Error("the collection names neither the device nor its organisation: nothing is shown by this test")
			}
			if v.Verdict.Kind != open.Verdict.Kind || len(v.Also) != len(open.Also) || len(v.Coverage.Files) != len(open.Coverage.Files) {
				t.Error("the shared copy says something else")
			}
		})
	}
}

// TestOutputsNameNobody holds the same of documents that name people and
// devices in a way of their own.
func TestOutputsNameNobody(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"dsregcmd.log":               "             AzureAdJoined : YES\r\n               Device Name : QUARRY-77\r\n                TenantName : Umber Road Ltd\r\n             User Identity : mira.stone\r\n",
		"ipconfig.log":               "   Host Name . . . . . . . . . . . . : QUARRY-77\r\n   Primary Dns Suffix  . . . . . . . : corp.umberroad.example\r\n   Node Type . . . . . . . . . . . . : Hybrid\r\n",
		"msinfo32.log":               "System Information report written at: 03/05/25 10:14:05\r\nSystem Name: QUARRY-77\r\n[System Summary]\r\n\r\nItem\tValue\t\r\nOS Name\tMicrosoft Windows 11 Pro\t\r\nVersion\t10.0.22631 Build 22631\t\r\nSystem Name\tQUARRY-77\t\r\nUser Name\tUMBERROAD\\mira.stone\t\r\n",
		"systeminfo.log":             "Host Name:   QUARRY-77\r\nOS Name:     Microsoft Windows 11 Pro\r\nOS Version:  10.0.22631 N/A Build 22631\r\nRegistered Owner:  mira.stone\r\nRegistered Organization: Umber Road Ltd\r\nProcessor(s):  1 Processor(s) Installed.\r\n   [01]: Example64 Family 6 Model 1 Stepping 1\r\nDomain:  corp.umberroad.example\r\nLogon Server:  \\\\QUARRY-77\r\n",
		"certutil.log":               "My \"Personal\"\r\n================ Certificate 0 ================\r\nSerial Number: 0a\r\nIssuer: CN=Quartzline Issuing CA 3, DC=quartzline, DC=example\r\n NotBefore: 3/5/2024 9:14 AM\r\n NotAfter: 3/25/2026 9:14 AM\r\nSubject: CN=QUARRY-77\r\n",
		"ClientIDManagerStartup.log": "<![LOG[Certificate has Issuer 'CN=Slatepit Root CA, O=Umber Road Ltd' and is valid]LOG]!><time=\"09:14:02.512+000\" date=\"03-05-2025\" component=\"ClientIDManagerStartup\" context=\"\" type=\"1\" thread=\"4\" file=\"x.cpp:1\">\r\n",
		"MDMDiagReport.xml": "<MDMEnterpriseDiagnosticsReport><Enrollments><Enrollment><EnrollmentId>A</EnrollmentId><UPN>mira.stone@umberroad.example</UPN>" +
			"<DMClient><EnterpriseDeviceName>mira.stone_Windows_3/5/2025_9:14 AM</EnterpriseDeviceName></DMClient></Enrollment></Enrollments></MDMEnterpriseDiagnosticsReport>",
		"MDMDiagHTMLReport.html": "<html><title>MDM Diagnostic Report</title><table id=\"DeviceInfoTable\"><tr><td>PC name</td><td>QUARRY-77</td></tr><tr><td>Organization</td><td>Umber Road Ltd</td></tr></table>" +
			"<table id=\"ConnectionInfoTable\"><tr><td>Active Account</td><td>UMBER\\mira.stone</td></tr></table></html>",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := pipeline.Read(t.Context(), []string{dir}, pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := redact.New(bytes.Repeat([]byte{1}, redact.KeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	c.Identify(r)
	var events bytes.Buffer
	if _, err := report.WriteEvents(&events, "jsonl", "", pipeline.Redacted(c.Events(), r)); err != nil {
		t.Fatal(err)
	}
	if strings.Count(events.String(), "\n") < 10 {
		t.Fatalf("few events: %s", events.String())
	}
	for _, name := range []string{"quarry-77", "umber road", "umberroad", "mira", "stone", "quartzline", "slatepit"} {
		if i := strings.Index(strings.ToLower(events.String()), name); i >= 0 {
			t.Errorf("the events still name %s: …%s…", name, events.String()[max(0, i-80):min(events.Len(), i+80)])
		}
	}
}
