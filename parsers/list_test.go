package parsers

import (
	"errors"
	"strings"
	"testing"

	"debrief/event"
)

func TestParseAlwaysAnswers(t *testing.T) {
	yes := func(*Input) bool { return true }
	parsers := map[string]Parser{
		"panics":        {Name: "p", Match: yes, Parse: func(*Input, *Output) error { panic("index out of range") }},
		"panics_late":   {Name: "p", Match: yes, Parse: func(in *Input, out *Output) error { add(in, out); panic("late") }},
		"match_panics":  {Name: "p", Match: func(*Input) bool { panic("no") }},
		"fails":         {Name: "p", Match: yes, Parse: func(*Input, *Output) error { return errors.New("nothing to read") }},
		"damaged":       {Name: "p", Match: yes, Parse: damaged},
		"damaged_whole": {Name: "p", Match: yes, Parse: damagedWhole},
		"no_record":     {Name: "p", Match: yes, Parse: func(*Input, *Output) error { return nil }},
		"own_status":    {Name: "p", Match: yes, Parse: ownStatus},
		"reads":         {Name: "p", Match: yes, Parse: reads},
	}
	want := map[string]event.Status{
		"panics": event.Unread, "panics_late": event.Partial, "match_panics": event.Unknown, "fails": event.Unread,
		"damaged": event.Partial, "damaged_whole": event.Unread, "no_record": event.Empty,
		"own_status": event.Unknown, "reads": event.Read,
	}
	for name, p := range parsers {
		t.Run(name, func(t *testing.T) {
			out := parse(&Input{Path: "f", Data: []byte("x")}, []Parser{p})
			if out.Coverage.Status != want[name] {
				t.Errorf("status %v, want %v; problems %v", out.Coverage.Status, want[name], out.Coverage.Problems)
			}
		})
	}
}

func add(in *Input, out *Output) {
	out.Events = append(out.Events, event.Event{Message: "m", Pos: event.Pos{File: in.Path, Line: 1}})
}

func damaged(in *Input, out *Output) error {
	add(in, out)
	out.Problem(event.Damage, event.Pos{File: in.Path}, "x")
	return nil
}

func TestParserChoice(t *testing.T) {
	records := recordOpen + "m" + recordClose + `<time="1:02:03" date="1-2-2025" component="c" type="1">`
	tests := []struct {
		name, path, data, parser string
		status                   event.Status
	}{
		{"content_before_name", "client.msi.log", records, "cmtrace", event.Read},
		{"installer_text_by_name", "client.msi.log", "some line", "msi", event.Read},
		{"installer_text_renamed", "x.txt", "MSI (s) (A4:1C) [09:14:03:512]: text", "msi", event.Read},
		{"garbage_named_as_a_trace", "a.etl.001", "xxxx", "etl", event.Unread},
		{"trace_never_written", "a.etl", "\x00\x00\x00\x00", "etl", event.Empty},
		{"trace_with_a_size_only", "a.etl", "\x00\x00\x01" + strings.Repeat("\x00", 100), "etl", event.Empty},
		{"notes_about_a_trace", "a.etl.notes.bin", "\x01\x02\x03\x04\x05\x06\xff\xfe", "", event.Unknown},
		{"unknown_binary", "a.bin", "\x01\x02\x03\x04\x05\x06\xff\xfe", "", event.Unknown},
		{"binary_named_as_a_log", "a.log", "\x01\x02\x03\x04\x05\x06\xff\xfe", "", event.Unread},
		{"garbage_named_as_an_event_log", "shell-core.evtx", "\x01\x02\x03\x04\x05\x06\xff\xfe", "", event.Unread},
		{"unknown_extension", "a.xml", "<a/>", "", event.Unknown},
		{"empty_unknown", "a.bin", "", "", event.Empty},
		{"empty_known", "ccmsetup.log", "", "cmtrace-text", event.Empty},
		{"empty_profile", "AutopilotDDSZTDFile.json", "", "autopilot-profile", event.Empty},
		{"profile_cut", "AutopilotDDSZTDFile.json", `{"CloudAssignedTen`, "autopilot-profile", event.Unread},
		{"registry_renamed", "export.txt", "[HKEY_LOCAL_MACHINE\\SOFTWARE]\r\n", "registry", event.Read},
		{"intune_results_renamed", "x.txt", "<Collection HRESULT=\"0\"><Events HRESULT=\"0\">System</Events></Collection>", "intune-results", event.Read},
		{"intune_item_without_result", "(3) No Results - Error [0x80070002]", "", "intune-missing", event.Read},
		{"such_a_name_with_content", "(3) No Results - Error [0x80070002]", "\x01\x02\xff\xfe", "", event.Unknown},
		{"mdm_report_renamed", "x.txt", "<MDMEnterpriseDiagnosticsReport><Version>1.0</Version></MDMEnterpriseDiagnosticsReport>", "mdm-report", event.Empty},
		{"page_of_others", "a.html", "<html><body>text</body></html>", "", event.Unknown},
		{"hive_cut", "SOFTWARE", "regf", "hive", event.Unread},
		{"servicing_by_content", "x.log", "2025-03-05 09:14:02, Info                  CBS    text", "setupact", event.Read},
		{"joins_by_content", "x.log", "03/05/2025 09:14:02:117 NetpDoDomainJoin\r\n", "netsetup", event.Read},
		{"joins_without_times", "NetSetup.LOG", "NetpDoDomainJoin: status: 0x0\r\n", "netsetup", event.Read},
		{"proxy_renamed", "x.txt", "Current WinHTTP proxy settings:\n\n    Direct access (no proxy server).\n", "winhttp", event.Read},
		{"json_of_others", "a.json", `{"a":1}`, "", event.Unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := &Input{Path: tt.path, Data: []byte(tt.data)}
			out := Parse(in)
			checkOutput(t, in, out)
			if c := out.Coverage; c.Parser != tt.parser || c.Status != tt.status {
				t.Errorf("parser %q, status %v; want %q, %v; problems %v", c.Parser, c.Status, tt.parser, tt.status, c.Problems)
			}
		})
	}
}

func TestParsersAreDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range All() {
		if p.Name == "" || p.Doc == "" || p.Version == "" || p.Match == nil || p.Parse == nil {
			t.Errorf("parser %q is incomplete", p.Name)
		}
		if seen[p.Name] {
			t.Errorf("two parsers have the name %q", p.Name)
		}
		seen[p.Name] = true
	}
}

func TestTraceHeaderIsRecognised(t *testing.T) {
	data := make([]byte, 0x400)
	data[2] = 1 // 64 KiB buffers
	data[0x48], data[0x4a], data[0x4b] = 2, 2, 0xC0
	if out := Parse(&Input{Path: "renamed.bin", Data: data}); out.Coverage.Parser != "etl" {
		t.Errorf("parser %q", out.Coverage.Parser)
	}
}

func damagedWhole(in *Input, out *Output) error {
	out.Problem(event.Damage, event.Pos{File: in.Path}, "x")
	return nil
}

func ownStatus(_ *Input, out *Output) error {
	out.Coverage.Status = event.Unknown
	return nil
}

func reads(in *Input, out *Output) error {
	add(in, out)
	return nil
}
