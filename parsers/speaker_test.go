package parsers

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

func spokenLog(component string, messages ...string) []byte {
	var b strings.Builder
	for i, m := range messages {
		fmt.Fprintf(&b, "<![LOG[%s]LOG]!><time=\"09:00:%02d.000-060\" date=\"03-05-2025\" component=\"%s\" context=\"\" type=\"1\" thread=\"1\" file=\"a.cpp:1\">\r\n", m, i%60, component)
	}
	return []byte(b.String())
}

func TestSpeakerNamesAndFields(t *testing.T) {
	out := Parse(&Input{Path: "ccmsetup.log", Data: spokenLog("ccmsetup",
		"CcmSetup version: 5.0.9999.1", "Something new", "CcmSetup failed with error code 0x80004005")})
	if c := out.Coverage; c.Expected != 3 || c.Recognised != 2 || c.Format != "5.0.9999.1" {
		t.Errorf("expected %d, recognised %d, format %q", c.Expected, c.Recognised, c.Format)
	}
	var names []string
	for _, e := range out.Events {
		names = append(names, e.Name)
	}
	if d := cmp.Diff([]string{"ccmsetup.version", "", "ccmsetup.failed"}, names); d != "" {
		t.Error(d)
	}
	want := event.Fields{{Name: "file", Value: "a.cpp:1"}, {Name: "ErrorCode", Value: "0x80004005"}}
	if d := cmp.Diff(want, out.Events[2].Fields); d != "" {
		t.Error(d)
	}
}

// Lines without a header get the component from the file's name.
func TestSpeakerPastedLines(t *testing.T) {
	out := Parse(&Input{Path: "smsts.log", Data: []byte("Failed to run the action: Sample step.\nSomething else\n")})
	if len(out.Events) != 2 || out.Events[0].Name != "sequence.step-failed" {
		t.Fatalf("%+v", out.Events)
	}
	if step, _ := out.Events[0].Fields.Get("Step"); step != "Sample step" {
		t.Errorf("step %q", step)
	}
}

// A log of a known writer of which nothing is known is worth a word; one of an
// unknown writer is not.
func TestSpeakerUnfamiliar(t *testing.T) {
	odd := make([]string, 50)
	for i := range odd {
		odd[i] = fmt.Sprintf("Worded anew, number %d", i)
	}
	for _, tc := range []struct {
		file, component string
		messages        []string
		want            int
	}{
		{"AppWorkload.log", "AppWorkload", odd, 1},
		{"AppWorkload.log", "AppWorkload", odd[1:], 0},
		{"AppWorkload.log", "AppWorkload", append([]string{"lpExitCode 0"}, odd...), 0},
		{"other.log", "Sample", odd, 0},
	} {
		out := Parse(&Input{Path: tc.file, Data: spokenLog(tc.component, tc.messages...)})
		if got := len(out.Coverage.Problems); got != tc.want || out.Coverage.Status != event.Read {
			t.Errorf("%s of %d: %v, %s", tc.component, len(tc.messages), out.Coverage.Problems, out.Coverage.Status)
		}
	}
}

func TestPayloads(t *testing.T) {
	const a, b = "0a0b0c0d-0000-4000-8000-000000000001", "0a0b0c0d-0000-4000-8000-000000000002"
	apps := event.Fields{{Name: "AppId", Value: a}, {Name: "AppName", Value: "Sample Maps"}, {Name: "AppId", Value: b}, {Name: "AppName", Value: `Sample "Chat"`}}
	for _, tc := range []struct {
		name, message, event string
		want                 event.Fields
	}{
		{"list", `[Win32App] Get policies = [{"Id":"` + a + `","Name":"Sample Maps","Intent":3},{"Id":"` + b + `","Name":"Sample \"Chat\""}]`, "app.policies", apps},
		{"lines", "[Win32App] Get policies = [\r\n {\r\n \"Name\": \"Sample Maps\",\r\n \"Id\": \"" + a + "\"\r\n },\r\n {\"Name\":\"Sample \\\"Chat\\\"\",\"Id\":\"" + b + "\"}]", "app.policies", apps},
		{"escaped", `Get policies = [{\"Id\":\"` + a + `\",\"Name\":\"Sample Maps\"}]`, "app.policies", apps[:2]},
		{"cut", `Get policies = [{"Id":"` + a + `","Name":"Sample Maps","Id`, "app.policies", apps[:2]},
		{"nested", `Get policies = [{"Id":"` + a + `","Rule":{"Id":"x","Name":"inner"},"Name":"Sample Maps"}]`, "app.policies", apps[:2]},
		{"none", `Get policies = []`, "app.policies", event.Fields{{Name: "Policies", Value: "[]"}}},
		{"no_guid", `Get policies = [{"Id":"7","Name":"Sample Maps"}]`, "app.policies", event.Fields{{Name: "Policies", Value: `[{"Id":"7","Name":"Sample Maps"}]`}}},
		{"report", `[Win32App] Sending results to service. session RequestPayload: {"AppId":"` + a + `","State":{"EnforcementState":5000}}`, "app.report",
			event.Fields{{Name: "AppId", Value: a}, {Name: "EnforcementState", Value: "5000"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out := Parse(&Input{Path: "AppWorkload.log", Data: spokenLog("AppWorkload", tc.message)})
			if len(out.Events) != 1 || out.Events[0].Name != tc.event {
				t.Fatalf("%+v", out.Events)
			}
			if d := cmp.Diff(tc.want, out.Events[0].Fields[1:]); d != "" {
				t.Error(d)
			}
		})
	}
}
