package parsers

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

func TestStem(t *testing.T) {
	tests := []struct{ file, want string }{
		{"a/b/ccmsetup.log", "ccmsetup"},
		{"CCM/Logs/smsts.lo_", "smsts"},
		{"smsts-20250305-101500.log", "smsts"},
		{"Name (2).log.txt", "name"},
		{"client.msi.log", "client.msi"},
		{"User Device Registration-Admin.txt", "user device registration-admin"},
		{"(61) FoldersFiles C_Logs IntuneManagementExtension.log", "intunemanagementextension"},
		{"(3) something.log", "(3) something"},
		{".log", ".log"},
		{"noextension", "noextension"},
		{"a-20250305-10150.log", "a-20250305-10150"},
	}
	for _, tt := range tests {
		if got := stem(tt.file); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.file, got, tt.want)
		}
	}
}

func TestNameLists(t *testing.T) {
	for name, list := range map[string][]string{"imeLogs": imeLogs, "ccmLogs": ccmLogs, "sequenceComponents": sequenceComponents} {
		if !slices.IsSorted(list) {
			t.Errorf("%s is not sorted", name)
		}
	}
}

func TestSources(t *testing.T) {
	tests := []struct {
		file, component string
		want            []event.Source
	}{
		{"ccmsetup/Logs/ccmsetup.log", "anything", []event.Source{event.LogCcmsetup}},
		{"x/ccmsetup-ccmeval.log", "", []event.Source{event.LogCcmsetup}},
		{"CCM/Logs/SMSTS/smsts.log", "TSManager", []event.Source{event.LogSmsts, event.LogCCM}},
		{"x/smsts-20250305-101500.log", "TSManager", []event.Source{event.LogSmsts}},
		{"x/AppWorkload.log", "AppWorkload", []event.Source{event.LogIME}},
		{"x/execmgr.log", "execmgr", []event.Source{"log.execmgr", event.LogCCM}},
		{"CCM/Logs/Contoso.log", "Contoso", []event.Source{"log.contoso", event.LogCCM}},
		{"x/mine.log", "CcmExec", []event.Source{"log.ccmexec", event.LogCCM}},
		{"x/mine.log", "UpdatesDeploymentAgent", []event.Source{"log.updatesdeployment", event.LogCCM}},
		{"x/mine.log", "OSDSetupHook", []event.Source{event.LogSmsts}},
		{"x/mine.log", "AgentExecutor", []event.Source{event.LogIME}},
		{"x/mine.log", "Contoso", []event.Source{"log.mine"}},
	}
	for _, tt := range tests {
		n := newNamer(tt.file)
		got := []event.Source{n.source(tt.component)}
		var out Output
		n.cover(&out)
		if diff := cmp.Diff(tt.want, out.Coverage.Sources); diff != "" || got[0] != tt.want[0] {
			t.Errorf("%s by %s: source %s, covers (-want +got)\n%s", tt.file, tt.component, got[0], diff)
		}
	}
}

func TestChannelSource(t *testing.T) {
	tests := []struct {
		name string
		want event.Source
	}{
		{"aad-operational", event.AAD},
		{"microsoft-windows-aad%4operational", event.AAD},
		{"shell-core-operational", event.ShellCore},
		{"microsoft-windows-contoso-admin", "evtx.contoso"},
		{"setup", ""},
		{"user device registration-admin", event.UserDeviceReg},
		{"devicemanagement-enterprise-diagnostics-provider-admin", event.DMEDP},
		{"aadvark", ""},
		{"notes", ""},
	}
	for _, tt := range tests {
		if got, ok := channelSource(tt.name); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%q: got %q, %v", tt.name, got, ok)
		}
	}
}

func TestSplitComponent(t *testing.T) {
	tests := []struct {
		line, component string
		thread          uint32
		message         string
	}{
		{"TSManager    a text", "TSManager", 0, "a text"},
		{"TSManager\ta text", "TSManager", 0, "a text"},
		{"TSManager a text", "TSManager", 0, "a text"},
		{"CcmSetup a text", "", 0, "CcmSetup a text"},
		{"tsmanager a text", "", 0, "tsmanager a text"},
		{"a text TSManager 17 (0x11)", "TSManager", 17, "a text"},
		{"a text TSManager 17 (0x12)", "", 0, "a text TSManager 17 (0x12)"},
		{"a text Unknown 17 (0x11)", "", 0, "a text Unknown 17 (0x11)"},
		{"Unknown    a text", "", 0, "Unknown    a text"},
		{"Unknown 17 (0x11) a text", "Unknown", 17, "a text"},
		{"a text    TSManager", "TSManager", 0, "a text"},
		{"a text TSManager", "", 0, "a text TSManager"},
		{"a text    mine", "mine", 0, "a text"},
		{"", "", 0, ""},
	}
	n := newNamer("mine.log")
	for _, tt := range tests {
		component, thread, message := n.splitComponent(tt.line)
		if component != tt.component || thread != tt.thread || message != tt.message {
			t.Errorf("%q: got %q, %d, %q", tt.line, component, thread, message)
		}
	}
}
