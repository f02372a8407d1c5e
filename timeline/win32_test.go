package timeline

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

// The names of apps come from records that give them with their ids, whether
// or not the agent came to install them.
func TestWin32NamesFromFields(t *testing.T) {
	const a, b = "0a0b0c0d-0000-4000-8000-000000000001", "0A0B0C0D-0000-4000-8000-000000000002"
	at := time.Date(2025, 3, 5, 8, 0, 0, 0, time.UTC)
	list := event.Event{
		Time: at, Clock: event.ClockDeclared, Source: event.LogIME, Name: "app.policies", Pos: event.Pos{File: "AppWorkload.log", Line: 7},
		Fields: event.Fields{{Name: "AppId", Value: a}, {Name: "AppName", Value: "Sample Maps"}, {Name: "AppId", Value: b}, {Name: "AppName", Value: "Sample Chat"}, {Name: "AppId", Value: "7"}, {Name: "AppName", Value: "No GUID"}},
	}
	again := list
	again.Pos.Line, again.Fields = 9, event.Fields{{Name: "AppId", Value: a}, {Name: "AppName", Value: "Renamed"}}
	other := list
	other.Name, other.Fields = "script.processing", event.Fields{{Name: "AppId", Value: "0a0b0c0d-0000-4000-8000-000000000009"}, {Name: "AppName", Value: "x"}}
	tl := Build(Input{Events: []event.Event{list, again, other}})
	got := map[string]event.Fact{}
	for _, f := range tl.Facts {
		if f.Name == "win32app.name" {
			got[f.Key] = f
		}
	}
	if len(got) != 2 || got[a].Text != "Sample Maps" || got[a].Pos.Line != 7 || got["0a0b0c0d-0000-4000-8000-000000000002"].Text != "Sample Chat" {
		t.Errorf("%+v", got)
	}
}

// Agents of today name an app by its id; the name comes from another record, or
// the id stands for it.
func TestWin32ByID(t *testing.T) {
	const a, b = "0a0b0c0d-0000-4000-8000-000000000001", "0A0B0C0D-0000-4000-8000-000000000002"
	at := time.Date(2025, 3, 5, 8, 0, 0, 0, time.UTC)
	var events []event.Event
	say := func(message string) {
		events = append(events, event.Event{
			Time: at.Add(time.Duration(len(events)) * time.Minute), Clock: event.ClockDeclared, Source: event.LogIME,
			Message: message, Pos: event.Pos{File: "AppWorkload.log", Line: len(events) + 1},
		})
	}
	say("the list of apps")
	events[0].Name, events[0].Fields = "app.policies", event.Fields{{Name: "AppId", Value: a}, {Name: "AppName", Value: "Sample Maps"}}
	say("[Win32App][DetectionActionHandler] Detection for policy with id: " + b + " resulted in action status: Success and detection state: Detected.")
	say("[Win32App][ExecutionActionHandler] Handler invoked with execution type: Install for policy with id: " + a + " and version: 1.")
	say(`[Win32App] SetCurrentDirectory: C:\Windows\IMECache\` + a + "_1")
	say("[Win32App] Launch Win32AppInstaller in machine session")
	say("[Win32App] lpExitCode 0")
	say("[Win32App][DetectionActionHandler] Detection for policy with id: " + b + " resulted in action status: Success and detection state: NotDetected.")
	say("[Win32App][DetectionActionHandler] Detection for policy with id: " + a + " resulted in action status: Success and detection state: Detected.")
	say(`[Win32App] SetCurrentDirectory: C:\Windows\IMECache\` + b + "_2")
	say("[Win32App] lpExitCode 1603")
	say("[Win32App][DetectionActionHandler] Detection for policy with id: " + b + " resulted in action status: Success and detection state: DetectedDifferentVersion.")
	say(`[Win32App] SetCurrentDirectory: C:\Windows\IMECache\no-id`)
	var got []string
	for _, s := range Build(Input{Events: events}).Spans {
		if s.Kind == KindWin32App {
			id, _ := s.Fields.Get("id")
			detected, _ := s.Fields.Get("detected")
			got = append(got, fmt.Sprint(s.Name, " ", id, " ", s.State, " ", s.Code, " ", detected, " ", s.Start.Minute(), "-", s.End.Minute()))
		}
	}
	want := []string{
		"Sample Maps " + a + " succeeded 0 true 2-5",
		strings.ToLower(b) + " " + strings.ToLower(b) + " failed 1603 false 8-9",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
