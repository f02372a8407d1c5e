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
	odd := make([]string, enoughRecords)
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
