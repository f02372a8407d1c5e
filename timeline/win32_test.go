package timeline

import (
	"testing"
	"time"

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
