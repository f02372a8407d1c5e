package parsers

import (
	"encoding/binary"
	"hash/crc32"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
	"debrief/parsers/evtx"
)

// xmlNode is an element of a made-up record.
type xmlNode struct {
	name  string
	attrs [][2]string
	text  string
	kids  []xmlNode
}

// madeLog writes an event log of one chunk whose records are plain binary XML
// without templates; live of them stand before the free-space offset.
func madeLog(live int, records ...xmlNode) []byte {
	le := binary.LittleEndian
	chunk := make([]byte, 512)
	wide := func(s string) {
		for _, u := range utf16.Encode([]rune(s)) {
			chunk = le.AppendUint16(chunk, u)
		}
	}
	count := func(s string) { chunk = le.AppendUint16(chunk, uint16(len(utf16.Encode([]rune(s))))) }
	name := func(s string) {
		chunk = le.AppendUint32(chunk, uint32(len(chunk)+4))
		chunk = append(chunk, 0, 0, 0, 0, 0, 0)
		count(s)
		wide(s)
		chunk = append(chunk, 0, 0)
	}
	text := func(s string) { chunk = append(chunk, 0x05, 0x01); count(s); wide(s) }
	var element func(n xmlNode)
	element = func(n xmlNode) {
		tag := byte(0x01)
		if len(n.attrs) > 0 {
			tag = 0x41
		}
		chunk = append(chunk, tag, 0xff, 0xff, 0, 0, 0, 0)
		name(n.name)
		if len(n.attrs) > 0 {
			chunk = append(chunk, 0, 0, 0, 0)
		}
		for _, a := range n.attrs {
			chunk = append(chunk, 0x06)
			name(a[0])
			text(a[1])
		}
		chunk = append(chunk, 0x02)
		if n.text != "" {
			text(n.text)
		}
		for _, k := range n.kids {
			element(k)
		}
		chunk = append(chunk, 0x04)
	}
	free := 512
	for i, n := range records {
		at := len(chunk)
		chunk = append(chunk, "**\x00\x00\x00\x00\x00\x00"...)
		chunk = le.AppendUint64(chunk, uint64(i+1))
		chunk = le.AppendUint64(chunk, 133600000000000000)
		chunk = append(chunk, 0x0f, 1, 1, 0)
		element(n)
		chunk = append(chunk, 0)
		chunk = le.AppendUint32(chunk, uint32(len(chunk)+4-at))
		le.PutUint32(chunk[at+4:], uint32(len(chunk)-at))
		if i < live {
			free = len(chunk)
		}
	}
	copy(chunk, "ElfChnk\x00")
	le.PutUint64(chunk[8:], 1)
	le.PutUint64(chunk[16:], uint64(live))
	if live == 0 {
		le.PutUint64(chunk[16:], 1<<64-1)
	}
	le.PutUint32(chunk[48:], uint32(free))
	le.PutUint32(chunk[52:], crc32.ChecksumIEEE(chunk[512:free]))
	le.PutUint32(chunk[124:], crc32.Update(crc32.ChecksumIEEE(chunk[:120]), crc32.IEEETable, chunk[128:512]))
	file := make([]byte, 4096)
	copy(file, "ElfFile\x00")
	le.PutUint16(file[38:], 3)
	le.PutUint16(file[40:], 4096)
	le.PutUint16(file[42:], 1)
	le.PutUint32(file[124:], crc32.ChecksumIEEE(file[:120]))
	file = append(file, chunk...)
	return append(file, make([]byte, 65536-len(chunk))...)
}

// madeRecord is a record as Windows would write it.
func madeRecord(provider, channel, id, record string, fields ...string) xmlNode {
	data := xmlNode{name: "EventData"}
	for i := 0; i+1 < len(fields); i += 2 {
		d := xmlNode{name: "Data", text: fields[i+1]}
		if fields[i] != "" {
			d.attrs = [][2]string{{"Name", fields[i]}}
		}
		data.kids = append(data.kids, d)
	}
	return xmlNode{name: "Event", kids: []xmlNode{{name: "System", kids: []xmlNode{
		{name: "Provider", attrs: [][2]string{{"Name", provider}}},
		{name: "EventID", text: id},
		{name: "Level", text: "2"},
		{name: "TimeCreated", attrs: [][2]string{{"SystemTime", "2024-05-06T07:08:09.1234567Z"}}},
		{name: "EventRecordID", text: record},
		{name: "Execution", attrs: [][2]string{{"ProcessID", "812"}, {"ThreadID", "44"}}},
		{name: "Channel", text: channel},
		{name: "Computer", text: "PC-1"},
		{name: "Security", attrs: [][2]string{{"UserID", "S-1-5-18"}}},
	}}, data}}
}

const (
	shellCore   = "Microsoft-Windows-Shell-Core"
	shellCoreOp = shellCore + "/Operational"
	dmedp       = "Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider"
)

func parseMade(t *testing.T, name string, data []byte) *Output {
	t.Helper()
	in := &Input{Path: name, Data: data}
	out := Parse(in)
	if out.Coverage.Parser != "evtx" {
		t.Fatalf("read by %q", out.Coverage.Parser)
	}
	return out
}

func TestEvtxEvent(t *testing.T) {
	out := parseMade(t, "case/renamed.bin", madeLog(1, madeRecord(shellCore, shellCoreOp, "62407", "771",
		"Name", "CommercialOOBE_Example_Failed", "Value", `{"message":"Example: it \"failed\".","errorCode":-2147024894,"n":{"x":1}}`)))
	value := `{"message":"Example: it \"failed\".","errorCode":-2147024894,"n":{"x":1}}`
	want := []event.Event{{
		Time: time.Date(2024, 5, 6, 7, 8, 9, 123456700, time.UTC), Clock: event.ClockDeclared, Level: event.LevelError,
		ID: 62407, Source: event.ShellCore, Channel: shellCoreOp, Provider: shellCore, Name: "CommercialOOBE_Example_Failed",
		Message: "CloudExperienceHost Web App Event 2. Name: 'CommercialOOBE_Example_Failed', Value: '" + value + "'.",
		Process: 812, Thread: 44, User: "S-1-5-18", Host: "PC-1",
		Fields: event.Fields{{Name: "Name", Value: "CommercialOOBE_Example_Failed"}, {Name: "Value", Value: value},
			{Name: "message", Value: `Example: it "failed".`}, {Name: "errorCode", Value: "2147942402"}},
		Pos: event.Pos{File: "case/renamed.bin", Record: 771, Offset: 4608},
	}}
	if diff := cmp.Diff(want, out.Events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if c := out.Coverage; c.Status != event.Read || c.Records != 1 || len(c.Problems) > 0 ||
		!cmp.Equal(c.Sources, []event.Source{event.ShellCore}) || !c.First.Equal(want[0].Time) {
		t.Errorf("coverage %+v", c)
	}
}

func TestEvtxSources(t *testing.T) {
	tests := []struct {
		provider, channel string
		want              event.Source
		covers            []event.Source
	}{
		{shellCore, shellCoreOp, event.ShellCore, nil},
		{"microsoft-windows-SHELL-core", shellCoreOp, event.ShellCore, nil},
		{dmedp, dmedp + "/Sync", event.DMEDP, nil},
		{"Microsoft-Windows-ModernDeployment-Diagnostics-Provider", "Microsoft-Windows-ModernDeployment-Diagnostics-Provider/Autopilot", event.ModernDeployment, nil},
		{"Microsoft-Windows-AAD", "Microsoft-Windows-AAD/Operational", event.AAD, nil},
		{"Microsoft-Windows-User Device Registration", "Microsoft-Windows-User Device Registration/Admin", event.UserDeviceReg, nil},
		{"Microsoft-Windows-Provisioning-Diagnostics-Provider", "microsoft-windows-provisioning-diagnostics-provider/admin", event.ProvisioningDiag, nil},
		{"Microsoft-Windows-AppXDeployment-Server", "Microsoft-Windows-AppXDeploymentServer/Operational", event.AppXDeployment, nil},
		{"Microsoft-Windows-Time-Service", "System", event.TimeService, []event.Source{event.SystemLog, event.TimeService}},
		{"Service Control Manager", "System", event.SystemLog, nil},
		{"MsiInstaller", "Application", event.ApplicationLog, nil},
		{"Microsoft-Windows-LAPS", "Microsoft-Windows-LAPS/Operational", "evtx.laps", nil},
		{"Contoso Agent", "Contoso", "evtx.contoso agent", nil},
	}
	for _, tt := range tests {
		out := parseMade(t, "log.evtx", madeLog(1, madeRecord(tt.provider, tt.channel, "1", "1")))
		if got := out.Events[0].Source; got != tt.want {
			t.Errorf("%s in %s: source %q, want %q", tt.provider, tt.channel, got, tt.want)
		}
		if tt.covers == nil {
			tt.covers = []event.Source{tt.want}
		}
		if diff := cmp.Diff(tt.covers, out.Coverage.Sources); diff != "" {
			t.Errorf("%s in %s: covers (-want +got):\n%s", tt.provider, tt.channel, diff)
		}
	}
}

// A log without records covers what its name says.
func TestEvtxEmpty(t *testing.T) {
	tests := map[string][]event.Source{
		"x/microsoft-windows-shell-core-operational.evtx":                                    {event.ShellCore},
		"Microsoft-Windows-Shell-Core%4Operational.evtx":                                     {event.ShellCore},
		"Microsoft-Windows-Shell-Core%4AppDefaults.evtx":                                     nil,
		"microsoft-windows-user device registration-admin.evtx":                              {event.UserDeviceReg},
		"microsoft-windows-devicemanagement-enterprise-diagnostics-provider-enrollment.evtx": {event.DMEDP},
		"microsoft-windows-moderndeployment-diagnostics-provider-autopilot.evtx":             {event.ModernDeployment},
		"microsoft-windows-appxdeploymentserver-operational.evtx":                            {event.AppXDeployment},
		"Microsoft-Windows-AAD%4Operational (2).evtx":                                        {event.AAD},
		"microsoft-windows-laps-operational.evtx":                                            {"evtx.laps"},
		"System.evtx":                            {event.SystemLog},
		"(17) Events Application Events.evtx":    {event.ApplicationLog},
		"Security.evtx":                          {"evtx.security"},
		"Events.evtx":                            nil,
		"microsoft-windows-.evtx":                nil,
		"microsoft-windows-aadsomething-op.evtx": {"evtx.aadsomething"},
	}
	for name, want := range tests {
		out := parseMade(t, name, madeLog(0))
		if diff := cmp.Diff(want, out.Coverage.Sources); diff != "" || out.Coverage.Status != event.Empty || len(out.Coverage.Problems) > 0 {
			t.Errorf("%s: covers (-want +got):\n%s\nstatus %v, problems %v", name, diff, out.Coverage.Status, out.Coverage.Problems)
		}
	}
}

// Behind the live records stand: a copy of record 1, an older record of the
// log itself, and one of another log.
func TestEvtxRecovered(t *testing.T) {
	own := madeRecord(dmedp, dmedp+"/Admin", "71", "9", "HRESULT", "0x80180014")
	old := madeRecord(dmedp, dmedp+"/Admin", "71", "5", "HRESULT", "0x80180026")
	other := madeRecord("Microsoft-Windows-LAPS", "Microsoft-Windows-LAPS/Operational", "10", "3")
	remark := func(copies, foreign string) string {
		return "unused space holds copies of " + copies + " records of this log and " + foreign + " records of other logs; they are passed over"
	}
	tests := []struct {
		name, file string
		live       int
		records    []xmlNode
		want       []uint64 // record ids, recovered ones plus 1000
		status     event.Status
		remark     string
	}{
		{"among_live", "x.evtx", 1, []xmlNode{own, own, old, other}, []uint64{9, 1005}, event.Read, remark("1", "1")},
		{"empty_by_name", dmedp + "%4Admin.evtx", 0, []xmlNode{other, other}, nil, event.Empty, remark("0", "2")},
		{"cleared", dmedp + "%4Admin.evtx", 0, []xmlNode{old, other}, []uint64{1005}, event.Read, remark("0", "1")},
		{"unknown_name", "x.evtx", 0, []xmlNode{old, other}, []uint64{1005, 1003}, event.Read, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out := parseMade(t, tt.file, madeLog(tt.live, tt.records...))
			var got []uint64
			for _, e := range out.Events {
				id := e.Pos.Record
				if e.Flags&event.Recovered != 0 {
					id += 1000
				}
				got = append(got, id)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || out.Coverage.Status != tt.status {
				t.Errorf("records (-want +got):\n%s\nstatus %v", diff, out.Coverage.Status)
			}
			text := ""
			for _, p := range out.Coverage.Problems {
				text += p.Text
			}
			if text != tt.remark {
				t.Errorf("problems %q, want %q", text, tt.remark)
			}
		})
	}
}

func TestEvtxDamage(t *testing.T) {
	sound := madeLog(2, madeRecord(shellCore, shellCoreOp, "62406", "1", "Name", "A"), madeRecord(shellCore, shellCoreOp, "62406", "2", "Name", "B"))
	for len(sound) > 0 && sound[len(sound)-1] == 0 {
		sound = sound[:len(sound)-1]
	}
	tests := []struct {
		name   string
		cut    int // bytes taken off the end of the records
		status event.Status
		events int
		torn   bool
	}{
		{"whole", 0, event.Read, 2, false},
		{"last_record_cut", 40, event.Partial, 2, true},
		{"only_the_header", len(sound) - 3000, event.Unread, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// The size behind the last record ends in two zero bytes.
			data := append(sound[:len(sound):len(sound)], 0, 0)
			out := parseMade(t, "Microsoft-Windows-Shell-Core%4Operational.evtx", data[:len(data)-tt.cut])
			if out.Coverage.Status != tt.status || len(out.Events) != tt.events {
				t.Fatalf("status %v, %d events; problems %v", out.Coverage.Status, len(out.Events), out.Coverage.Problems)
			}
			if tt.torn && out.Events[1].Flags != event.Torn {
				t.Errorf("flags %v", out.Events[1].Flags)
			}
		})
	}
}

func TestEvtxLevels(t *testing.T) {
	want := map[uint8]event.Level{
		0: event.LevelInfo, 1: event.LevelCritical, 2: event.LevelError, 3: event.LevelWarning,
		4: event.LevelInfo, 5: event.LevelVerbose, 16: event.LevelUnknown,
	}
	for level, want := range want {
		if got := evtxLevel(level); got != want {
			t.Errorf("level %d is %v, want %v", level, got, want)
		}
	}
}

func TestShellCoreFields(t *testing.T) {
	tests := []struct {
		name, value string
		want        event.Fields // behind Name and Value
	}{
		{"object", `{"message":"a","errorCode":2147943860}`, event.Fields{{Name: "message", Value: "a"}, {Name: "errorCode", Value: "2147943860"}}},
		{"zero", ` {"errorCode":0}`, event.Fields{{Name: "errorCode", Value: "0"}}},
		{"signed", `{"errorCode":-2147023436}`, event.Fields{{Name: "errorCode", Value: "2147943860"}}},
		{"hex_string", `{"errorCode":"0x80070002"}`, event.Fields{{Name: "errorCode", Value: "2147942402"}}},
		{"not_a_code", `{"errorCode":"none","n":5000000000}`, event.Fields{{Name: "errorCode", Value: "none"}, {Name: "n", Value: "5000000000"}}},
		{"booleans", `{"awaError":true,"mdmError":false}`, event.Fields{{Name: "awaError", Value: "true"}, {Name: "mdmError", Value: "false"}}},
		{"plain_text", `80180014`, nil},
		{"cut_off", `{"message":"a","errorCode":21479`, event.Fields{{Name: "message", Value: "a"}}},
		{"array", `[1,2]`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := event.Event{Fields: event.Fields{{Name: "Name", Value: "N"}, {Name: "Value", Value: tt.value}}}
			shellCoreFields(&e)
			want := append(event.Fields{{Name: "Name", Value: "N"}, {Name: "Value", Value: tt.value}}, tt.want...)
			if diff := cmp.Diff(want, e.Fields); diff != "" || e.Name != "N" {
				t.Errorf("name %q, fields (-want +got):\n%s", e.Name, diff)
			}
		})
	}

	// Fields without names are taken by their place.
	e := event.Event{Fields: event.Fields{{Name: "Data1", Value: "N"}, {Name: "Data2", Value: `{"errorCode":7}`}}}
	shellCoreFields(&e)
	if code, _ := e.Fields.Get("errorCode"); e.Name != "N" || code != "7" {
		t.Errorf("unnamed fields: %+v", e)
	}
	e = event.Event{Fields: event.Fields{{Name: "CXID", Value: "Example"}}}
	if shellCoreFields(&e); e.Name != "" || len(e.Fields) != 1 {
		t.Errorf("an event without a name got one: %+v", e)
	}
}

// The parser must not depend on what it read before: two records of different
// shape in one file keep their own messages and fields.
func TestEvtxMessagesDoNotMix(t *testing.T) {
	out := parseMade(t, "x.evtx", madeLog(3,
		madeRecord(dmedp, dmedp+"/Admin", "71", "1", "HRESULT", "0x80180014"),
		madeRecord(dmedp, dmedp+"/Admin", "59999", "2", "a", "long value of the second record"),
		madeRecord(dmedp, dmedp+"/Admin", "72", "3")))
	var got []string
	for _, e := range out.Events {
		got = append(got, e.Message)
	}
	want := []string{"MDM enrolment failed: 0x80180014", "a=long value of the second record", "MDM enrolment succeeded"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func FuzzEvtx(f *testing.F) {
	f.Add(madeLog(2, madeRecord(shellCore, shellCoreOp, "62407", "1", "Name", "A", "Value", `{"message":"m","errorCode":1}`),
		madeRecord(dmedp, dmedp+"/Admin", "404", "2", "", "x", "", "y"), madeRecord("P", "System", "1", "3"))[:8000])
	f.Fuzz(func(t *testing.T, data []byte) {
		in := &Input{Path: "system.evtx", Data: data}
		if !evtx.IsLog(data) {
			return
		}
		out := &Output{}
		if err := parseEvtx(in, out); err != nil {
			t.Fatal(err)
		}
		covered := map[event.Source]bool{}
		for _, s := range out.Coverage.Sources {
			covered[s] = true
		}
		last := int64(0)
		for i := range out.Events {
			e := &out.Events[i]
			if !covered[e.Source] || e.Pos.Offset < last || len(e.Message) > maxMessage {
				t.Fatalf("event %+v", e)
			}
			last = e.Pos.Offset
		}
	})
}

func BenchmarkEvtx(b *testing.B) {
	var records []xmlNode
	for range 30 {
		records = append(records, madeRecord(shellCore, shellCoreOp, "62407", "1", "Name", "CommercialOOBE_Example_Started",
			"Value", `{"message":"BootstrapStatus: an example of usual length.","errorCode":0}`))
	}
	data := madeLog(len(records), records...)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := parseEvtx(&Input{Path: "x.evtx", Data: data}, &Output{}); err != nil {
			b.Fatal(err)
		}
	}
}
