package evtxw

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var provider = GUID{0x30, 0x33, 0x6e, 0xd4, 0xe3, 0x27, 0x44, 0x7c, 0x9d, 0xe0, 0x51, 0xb6, 0x52, 0xc8, 0x61, 0x08}

func sample(n int, fields ...Field) Event {
	return Event{
		Provider: "Harbour-Test", ProviderGUID: provider, ID: 62407, Level: 4, Task: 7, Opcode: 1,
		Keywords: 0x8000000000000001, Time: time.Date(2025, 3, 4, 5, 6, 7, 123456700, time.UTC).Add(time.Duration(n) * time.Second),
		Process: 4242, Thread: 17, Channel: "Harbour-Test/Operational", Computer: "QUAY-0001", User: "S-1-5-18",
		Fields: fields,
	}
}

// export runs evtxexport over the log and returns its XML, or skips.
func export(t *testing.T, data []byte) string {
	t.Helper()
	tool, err := exec.LookPath("evtxexport")
	if err != nil {
		t.Skip("evtxexport (Debian package libevtx-utils) is not installed")
	}
	path := filepath.Join(t.TempDir(), "sample.evtx")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(tool, "-f", "xml", path)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("running evtxexport: %v\n%s", err, stderr.String())
	}
	return string(out)
}

// exported is what a reader finds in one record.
type exported struct {
	System struct {
		Provider struct {
			Name string `xml:",attr"`
			Guid string `xml:",attr"`
		}
		EventID     int
		Version     int
		Level       int
		Task        int
		Opcode      int
		Keywords    string
		TimeCreated struct {
			SystemTime string `xml:",attr"`
		}
		EventRecordID uint64
		Correlation   struct {
			ActivityID string `xml:",attr"`
		}
		Execution struct {
			ProcessID string `xml:",attr"`
			ThreadID  string `xml:",attr"`
		}
		Channel  string
		Computer string
		Security struct {
			UserID string `xml:",attr"`
		}
	}
	Data []struct {
		Name string `xml:",attr"`
		Text string `xml:",chardata"`
	} `xml:"EventData>Data"`
}

func records(t *testing.T, out string) []exported {
	t.Helper()
	start := strings.Index(out, "<Event ")
	if start < 0 {
		return nil
	}
	dec := xml.NewDecoder(strings.NewReader(out[start:]))
	var all []exported
	for {
		var e exported
		if err := dec.Decode(&e); err != nil {
			break
		}
		all = append(all, e)
	}
	return all
}

func TestValuesSurviveEvtxexport(t *testing.T) {
	when := time.Date(2024, 1, 2, 3, 4, 5, 600, time.UTC)
	e := sample(0,
		Field{"Text", `{"message":"Grün & <weiß> ⚓","errorCode":0}`},
		Field{"Empty", ""},
		Field{"Yes", true},
		Field{"No", false},
		Field{"U8", uint8(200)},
		Field{"U16", uint16(60000)},
		Field{"U32", uint32(4000000000)},
		Field{"U64", uint64(1) << 63},
		Field{"I32", int32(5)}, // evtxexport shows negative numbers wrongly
		Field{"I64", int64(6)},
		Field{"H32", Hex32(0x800705b4)},
		Field{"H64", Hex64(0xfeed)},
		Field{"ID", provider},
		Field{"Who", SID("S-1-12-1-305419896-7")},
		Field{"When", when},
	)
	e.Activity = provider
	data, err := Encode(File{FirstRecord: 991, Events: []Event{e}})
	if err != nil {
		t.Fatal(err)
	}
	got := records(t, export(t, data))
	if len(got) != 1 {
		t.Fatalf("records = %d, want 1", len(got))
	}
	var want exported
	s := &want.System
	s.Provider.Name, s.Provider.Guid = "Harbour-Test", "{30336ED4-E327-447C-9DE0-51B652C86108}"
	s.EventID, s.Level, s.Task, s.Opcode, s.Keywords = 62407, 4, 7, 1, "0x8000000000000001"
	s.TimeCreated.SystemTime = "2025-03-04T05:06:07.123456700Z"
	s.EventRecordID = 991
	s.Correlation.ActivityID = s.Provider.Guid
	s.Execution.ProcessID, s.Execution.ThreadID = "4242", "17"
	s.Channel, s.Computer, s.Security.UserID = "Harbour-Test/Operational", "QUAY-0001", "S-1-5-18"
	if diff := cmp.Diff(want.System, got[0].System); diff != "" {
		t.Errorf("System (-want +got):\n%s", diff)
	}
	wantData := map[string]string{
		"Text": `{"message":"Grün & <weiß> ⚓","errorCode":0}`, "Empty": "", "Yes": "true", "No": "false",
		"U8": "200", "U16": "60000", "U32": "4000000000", "U64": "9223372036854775808", "I32": "5", "I64": "6",
		"H32": "0x800705b4", "H64": "0x000000000000feed", "ID": s.Provider.Guid, "Who": "S-1-12-1-305419896-7",
		"When": "2024-01-02T03:04:05.000000600Z",
	}
	gotData := map[string]string{}
	for _, d := range got[0].Data {
		gotData[d.Name] = d.Text
	}
	if diff := cmp.Diff(wantData, gotData); diff != "" {
		t.Errorf("EventData (-want +got):\n%s", diff)
	}
}

func TestManyChunks(t *testing.T) {
	var f File
	for i := range 1800 {
		e := sample(i, Field{"Name", fmt.Sprintf("name %d", i)}, Field{"Value", strings.Repeat("v", i%300)})
		if i%3 == 0 {
			e.ID, e.Fields = 404, []Field{{"HRESULT", Hex32(i)}}
		}
		if i%100 == 0 {
			e.Fields, e.User = nil, ""
		}
		f.Events = append(f.Events, e)
	}
	data, err := Encode(f)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(data), fileHeaderSize+grownChunks*chunkSize; got != want {
		t.Errorf("size = %d, want %d", got, want)
	}
	checkSums(t, data)
	got := records(t, export(t, data))
	if len(got) != len(f.Events) {
		t.Fatalf("records = %d, want %d", len(got), len(f.Events))
	}
	for i, g := range got {
		if g.System.EventRecordID != uint64(i+1) {
			t.Fatalf("record %d has number %d", i, g.System.EventRecordID)
		}
		want := f.Events[i].Fields
		if len(g.Data) != len(want) {
			t.Fatalf("record %d has %d values, want %d", i, len(g.Data), len(want))
		}
		for k, d := range g.Data {
			text := fmt.Sprint(want[k].Value)
			if h, ok := want[k].Value.(Hex32); ok {
				text = fmt.Sprintf("0x%08x", uint32(h))
			}
			if d.Name != want[k].Name || d.Text != text {
				t.Fatalf("record %d: %s=%q, want %s=%q", i, d.Name, d.Text, want[k].Name, text)
			}
		}
	}
}

// checkSums verifies every checksum and the chain of record numbers.
func checkSums(t *testing.T, data []byte) {
	t.Helper()
	le := binary.LittleEndian
	if got, want := le.Uint32(data[124:]), crc32.ChecksumIEEE(data[:120]); got != want {
		t.Errorf("file header checksum = %08x, want %08x", got, want)
	}
	next := uint64(1)
	for i := range int(le.Uint16(data[42:])) {
		c := data[fileHeaderSize+i*chunkSize:][:chunkSize]
		free := le.Uint32(c[48:])
		if got, want := le.Uint32(c[52:]), crc32.ChecksumIEEE(c[512:free]); got != want {
			t.Errorf("chunk %d: records checksum = %08x, want %08x", i, got, want)
		}
		sum := crc32.NewIEEE()
		sum.Write(c[:120])
		sum.Write(c[128:512])
		if got, want := le.Uint32(c[124:]), sum.Sum32(); got != want {
			t.Errorf("chunk %d: header checksum = %08x, want %08x", i, got, want)
		}
		if first := le.Uint64(c[8:]); first != next {
			t.Errorf("chunk %d starts at record %d, want %d", i, first, next)
		}
		next = le.Uint64(c[16:]) + 1
	}
	if got := le.Uint64(data[24:]); got != next {
		t.Errorf("next record = %d, want %d", got, next)
	}
}

func TestEmpty(t *testing.T) {
	data, err := Encode(File{})
	if err != nil {
		t.Fatal(err)
	}
	if len(data) != 69632 {
		t.Errorf("size = %d, want 69632", len(data))
	}
	if got := records(t, export(t, data)); len(got) != 0 {
		t.Errorf("records = %d, want none", len(got))
	}
}

func TestRefused(t *testing.T) {
	tests := []struct {
		name  string
		event Event
		want  string
	}{
		{"unknown_type", sample(0, Field{"X", 3.5}), "type float64 is not known"},
		{"bad_sid", sample(0, Field{"X", SID("S-1-5-x")}), `reading SID "S-1-5-x"`},
		{"bad_user", Event{User: "guest"}, `reading SID "guest"`},
		{"huge_value", sample(0, Field{"X", make([]byte, 70000)}), "more than a value can hold"},
		{"huge_event", sample(0, Field{"A", make([]byte, 40000)}, Field{"B", make([]byte, 40000)}), "larger than a chunk"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Encode(File{Events: []Event{tt.event}})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one with %q", err, tt.want)
			}
		})
	}
}

// TestNegativeNumbers looks at the bytes, since evtxexport shows these wrongly.
func TestNegativeNumbers(t *testing.T) {
	for _, tt := range []struct {
		value any
		want  []byte
	}{
		{int32(-5), []byte{0xfb, 0xff, 0xff, 0xff}},
		{int64(-6), []byte{0xfa, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
	} {
		got, err := fieldValue(tt.value)
		if err != nil || !bytes.Equal(got.data, tt.want) {
			t.Errorf("%T %v = %x, %v; want %x", tt.value, tt.value, got.data, err, tt.want)
		}
	}
}

// The hashes stand beside these names in logs that Windows wrote.
func TestNameHash(t *testing.T) {
	for name, want := range map[string]uint16{"Event": 0x0cba, "Data": 0x6f8a, "System": 0x546f, "EventData": 0x8244} {
		if got := nameHash(name); got != want {
			t.Errorf("nameHash(%q) = %04x, want %04x", name, got, want)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	var f File
	for i := range 2000 {
		f.Events = append(f.Events, sample(i, Field{"Name", "Visible"}, Field{"Value", "true"}))
	}
	for b.Loop() {
		data, err := Encode(f)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(data)))
	}
}
