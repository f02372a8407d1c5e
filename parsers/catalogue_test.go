package parsers

import (
	"slices"
	"strings"
	"testing"

	"debrief/event"
)

func TestMessages(t *testing.T) {
	tests := []struct {
		name   string
		source event.Source
		id     uint32
		fields event.Fields
		want   string
	}{
		{"web_app_event", event.ShellCore, 62407, event.Fields{{Name: "Name", Value: "N"}, {Name: "Value", Value: "V"}},
			"CloudExperienceHost Web App Event 2. Name: 'N', Value: 'V'."},
		{"unnamed_fields_by_place", event.ShellCore, 62407, event.Fields{{Name: "Data1", Value: "N"}, {Name: "Data2", Value: "V"}},
			"CloudExperienceHost Web App Event 2. Name: 'N', Value: 'V'."},
		{"placeholder_in_a_value", event.ShellCore, 62407, event.Fields{{Name: "Name", Value: "{Value}"}, {Name: "Value", Value: "{Name}"}},
			"CloudExperienceHost Web App Event 2. Name: '{Value}', Value: '{Name}'."},
		{"missing_field", event.ShellCore, 62406, nil, "CloudExperienceHost Web App Event 1. Name: '?'."},
		{"no_field", event.DMEDP, 72, nil, "MDM enrolment succeeded"},
		{"code_in_hex", event.DMEDP, 71, event.Fields{{Name: "HRESULT", Value: "2149056532"}}, "MDM enrolment failed: 0x80180014"},
		{"code_signed", event.UserDeviceReg, 307, event.Fields{{Name: "ExitCode", Value: "-2145648612"}}, "Automatic registration failed with 0x801c001c"},
		{"code_small", event.UserDeviceReg, 307, event.Fields{{Name: "ExitCode", Value: "5"}}, "Automatic registration failed with 5"},
		{"unsigned_error", event.AAD, 1098, event.Fields{{Name: "Error", Value: "3399942148"}, {Name: "ErrorMessage", Value: "m"}, {Name: "AdditionalInformation", Value: "i"}},
			"Token request failed with 0xcaa70004: m [AdditionalInformation=i]"},
		{"fields_not_shown", event.DMEDP, 813, event.Fields{{Name: "Message1", Value: "P"}, {Name: "Message2", Value: "A"}, {Name: "Message3", Value: ""},
			{Name: "HexInt1", Value: "0x3"}, {Name: "HexInt2", Value: "0x1"}},
			"Policy P of area A set to the number 0x3 [HexInt2=0x1]"},
		{"no_skeleton", event.DMEDP, 65000, event.Fields{{Name: "Message1", Value: "x"}, {Name: "HRESULT1", Value: "-2147024891"}, {Name: "Empty", Value: ""}},
			"Message1=x, HRESULT1=0x80070005, Empty="},
		{"number_that_is_no_code", event.SystemLog, 1, event.Fields{{Name: "Size", Value: "4294967295"}}, "Size=4294967295"},
		{"collector_text", event.SystemLog, 1, event.Fields{{Name: "a", Value: "1"}, {Name: "RenderingInfo.Message", Value: "as shown"}}, "as shown"},
		{"MsiInstaller/by_place", event.ApplicationLog, 1033, event.Fields{{Name: "Data1", Value: "Sample"}, {Name: "Data2", Value: "1.2"}, {Name: "Data3", Value: "1033"}, {Name: "Data4", Value: "1603"}, {Name: "Data5", Value: "Contoso"}},
			"Windows Installer installed Sample 1.2, language 1033: status 1603 (Contoso)"},
		{"Microsoft-Windows-WindowsUpdateClient/20", event.SystemLog, 20, event.Fields{{Name: "errorCode", Value: "0x80240022"}, {Name: "updateTitle", Value: "Sample"}},
			"Windows Update: installation failed with 0x80240022: Sample"},
		{"Other/20", event.SystemLog, 20, event.Fields{{Name: "a", Value: "1"}}, "a=1"},
		{"number_in_decimal", event.DMEDP, 109, event.Fields{{Name: "HexInt1", Value: "0x3"}}, "Offline domain join: state 3 (0 none, 1 waiting, 2 processed, 3 timed out)"},
		{"number_that_is_none", event.DMEDP, 109, event.Fields{{Name: "HexInt1", Value: "x"}}, "Offline domain join: state x (0 none, 1 waiting, 2 processed, 3 timed out)"},
		{"nothing", event.SystemLog, 1, nil, ""},
	}
	var w messageWriter
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := slices.Clone(tt.fields)
			e := event.Event{Source: tt.source, ID: tt.id, Fields: tt.fields}
			if provider, _, ok := strings.Cut(tt.name, "/"); ok {
				e.Provider = provider
			}
			if got := w.message(&e); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
			if !slices.Equal(before, tt.fields) {
				t.Errorf("fields changed to %v", tt.fields)
			}
		})
	}
}

func TestLongValuesAreCut(t *testing.T) {
	var w messageWriter
	long := strings.Repeat("é", 1<<15)
	got := w.message(&event.Event{Source: event.DMEDP, ID: 59, Fields: event.Fields{{Name: "Message1", Value: long}}})
	if len(got) > maxShown+100 || !strings.HasSuffix(got, "é…") {
		t.Errorf("%d bytes, end %q", len(got), got[len(got)-8:])
	}
	var many event.Fields
	for range 2000 {
		many = append(many, event.Field{Name: long, Value: long})
	}
	if got := w.message(&event.Event{Source: "evtx.x", Fields: many}); len(got) > maxEventText+3*maxShown || !strings.HasSuffix(got, "…") {
		t.Errorf("%d bytes", len(got))
	}
}

// The table is searched by halves and filled in one pass.
func TestCatalogueIsSound(t *testing.T) {
	check := func(name string, list []skeleton) {
		for i, k := range list {
			if i > 0 && k.id <= list[i-1].id {
				t.Errorf("%s: %d stands behind %d", name, k.id, list[i-1].id)
			}
			if strings.Count(k.text, "{") != strings.Count(k.text, "}") || strings.Contains(k.text, "{}") || k.text == "" {
				t.Errorf("%s %d: %q", name, k.id, k.text)
			}
		}
	}
	for _, s := range event.Sources() {
		check(string(s.Source), skeletonsOf(s.Source))
		check(string(s.Source)+" (more)", sourceSkeletons(s.Source))
		for _, k := range sourceSkeletons(s.Source) {
			if _, twice := findSkeleton(skeletonsOf(s.Source), k.id); twice {
				t.Errorf("%s %d is in both tables", s.Source, k.id)
			}
		}
	}
	for _, p := range []string{"MsiInstaller", "Microsoft-Windows-Bits-Client", "Microsoft-Windows-WindowsUpdateClient", "Microsoft-Windows-Time-Service",
		"Microsoft-Windows-TPM-WMI", "TPM", "Microsoft-Windows-AppXDeployment-Server", "Microsoft-Windows-Kernel-General", "User32", "EventLog"} {
		if len(providerSkeletons(p)) == 0 {
			t.Errorf("%s has no skeletons", p)
		}
		check(p, providerSkeletons(p))
	}
}
