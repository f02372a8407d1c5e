package etl

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"debrief/internal/synth/etlw"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeEveryKindOfEvent(t *testing.T) {
	at := start.Add(1500 * time.Millisecond)
	data := encode(t, session,
		etlw.Event{Kind: etlw.Manifest, Time: at, Provider: aad, ID: 1098, Level: 2, Process: 7, Thread: 9, User: system, Related: sample,
			Fields: []etlw.Field{etlw.U32("", 0xcaa2000c), etlw.Str("", "no token"), etlw.Str("", "")}},
		etlw.Event{Kind: etlw.TraceLogging, Time: at, Provider: sample, ProviderName: "Sample.Provider", Name: "Started", Level: 4,
			Fields: []etlw.Field{etlw.Str("Who", "x"), etlw.HResult("Result", 0x80070002)}},
		etlw.Event{Kind: etlw.Manifest, Time: at, Provider: sample, ID: 5, Payload: []byte{1, 2, 3}},
		etlw.Event{Kind: etlw.Classic, Time: at, Provider: sample, ID: 11, Level: 3, Payload: []byte{4}},
		etlw.Event{Kind: etlw.Kernel, Time: at, ID: 0x0301, Thread: 1, Process: 2, Payload: []byte{5, 6}},
		etlw.Event{Kind: etlw.PerfInfo, Time: at, ID: 0x0f2e, Payload: []byte{7}},
		etlw.Event{Kind: etlw.Message, Time: at, Provider: sample, ID: 12, Thread: 3, Process: 4, Payload: []byte("arg")},
	)
	g := decode(t, data)
	var lines []string
	for _, r := range g.records {
		lines = append(lines, fmt.Sprintf("%s %s %q id=%d level=%d pid=%d tid=%d user=%q name=%q known=%v whole=%v [%s] %x",
			r.Kind, r.Time.Sub(start), r.ProviderName, r.ID, r.Level, r.Process, r.Thread, r.User, r.Name, r.Known, r.Decoded(), text(r.Fields), r.Payload))
	}
	want := []string{
		`manifest 1.5s "Microsoft-Windows-AAD" id=1098 level=2 pid=7 tid=9 user="S-1-5-18" name="" known=true whole=true [Error=3399614476; ErrorMessage=no token; AdditionalInformation=] 0c00a2ca6e006f00200074006f006b0065006e0000000000`,
		`tracelogging 1.5s "Sample.Provider" id=0 level=4 pid=0 tid=0 user="" name="Started" known=true whole=true [Who=x; Result=0x80070002] 7800000002000780`,
		`manifest 1.5s "" id=5 level=0 pid=0 tid=0 user="" name="" known=false whole=false [] 010203`,
		`classic 1.5s "" id=11 level=3 pid=0 tid=0 user="" name="" known=false whole=false [] 04`,
		`system 1.5s "" id=769 level=0 pid=2 tid=1 user="" name="" known=false whole=false [] 0506`,
		`system 1.5s "" id=3886 level=0 pid=0 tid=0 user="" name="" known=false whole=false [] 07`,
		`message 1.5s "" id=12 level=0 pid=4 tid=3 user="" name="" known=false whole=false [] 617267`,
	}
	if d := cmp.Diff(want, lines); d != "" {
		t.Error(d)
	}
	if len(g.problems) > 0 || g.tally != (Tally{Buffers: 2, Events: 8}) {
		t.Errorf("problems %v, tally %+v", g.problems, g.tally)
	}
	if r := g.records[0]; r.Related.String() != "{6F2B1C3D-0A4E-4F5B-9C8D-7E6F5A4B3C2D}" {
		t.Errorf("related %v", r.Related)
	}
}

func TestHeader(t *testing.T) {
	s := session
	s.EventsLost, s.BuffersLost = 3, 2
	g := decode(t, encode(t, s))
	want := Header{
		BufferSize: 64 << 10, Build: 26100, Processors: 2, PointerSize: 8, Clock: 1, Written: 1, EventsLost: 3, BuffersLost: 2,
		Boot: start.Add(-time.Minute), Start: start, End: start.Add(time.Hour), Offset: 60, Zoned: true,
		Logger: "Sample session", File: `C:\Sample\a.etl`,
	}
	if d := cmp.Diff(want, g.header); d != "" {
		t.Error(d)
	}
}

func TestTimeBase(t *testing.T) {
	at := start.Add(3*time.Hour + 1234567*time.Microsecond)
	tests := map[string]struct {
		clock int
		freq  uint64
		mhz   uint32
		slack time.Duration
	}{
		"counter_10_MHz":  {etlw.QPC, 1e7, 0, 0},
		"counter_3.3_MHz": {etlw.QPC, 3_312_500, 0, time.Microsecond},
		"counter_2.4_GHz": {etlw.QPC, 2_400_000_000, 0, time.Microsecond},
		"filetime":        {etlw.System, 0, 0, 0},
		"cycles":          {etlw.Cycles, 0, 2904, time.Microsecond},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := session
			s.Clock, s.Freq, s.MHz = tt.clock, tt.freq, tt.mhz
			g := decode(t, encode(t, s, etlw.Event{Provider: sample, ID: 1, Time: at}))
			if d := g.records[0].Time.Sub(at).Abs(); d > tt.slack {
				t.Errorf("time %v, want %v", g.records[0].Time, at)
			}
		})
	}
}

func TestZoneOffset(t *testing.T) {
	sydney := etlw.Zone{Bias: -600, Daylight: -60, From: [8]uint16{0, 10, 0, 1, 2}, To: [8]uint16{0, 4, 0, 1, 3}}
	tests := map[string]struct {
		zone   etlw.Zone
		at     string
		want   int
		silent bool
	}{
		"utc":                   {etlw.Zone{}, "2031-07-01T00:00:00Z", 0, false},
		"winter":                {berlin, "2031-01-15T12:00:00Z", 60, false},
		"summer":                {berlin, "2031-07-15T12:00:00Z", 120, false},
		"last_second_of_winter": {berlin, "2031-03-30T00:59:59Z", 60, false},
		"first_of_summer":       {berlin, "2031-03-30T01:00:00Z", 120, false},
		"last_of_summer":        {berlin, "2031-10-26T00:59:59Z", 120, false},
		"first_of_winter":       {berlin, "2031-10-26T01:00:00Z", 60, false},
		"southern_summer":       {sydney, "2031-01-15T12:00:00Z", 660, false},
		"southern_winter":       {sydney, "2031-07-15T12:00:00Z", 600, false},
		"no_summer_time":        {etlw.Zone{Bias: 420, Daylight: -60}, "2031-07-15T12:00:00Z", -420, false},
		"nonsense":              {etlw.Zone{Bias: 5000}, "2031-07-15T12:00:00Z", 0, true},
		"nonsense_date":         {etlw.Zone{Bias: -60, From: [8]uint16{0, 13}, To: [8]uint16{0, 10, 0, 5}}, "2031-07-15T12:00:00Z", 0, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339, tt.at)
			if err != nil {
				t.Fatal(err)
			}
			s := session
			s.Zone, s.Start = tt.zone, at
			h := decode(t, encode(t, s)).header
			if h.Offset != tt.want || h.Zoned == tt.silent {
				t.Errorf("offset %d %v, want %d", h.Offset, h.Zoned, tt.want)
			}
		})
	}
}

func TestWantSparesTheRest(t *testing.T) {
	data := encode(t, session,
		etlw.Event{Kind: etlw.Manifest, Provider: aad, ID: 1034, Time: start},
		etlw.Event{Kind: etlw.Manifest, Provider: sample, ID: 1, Time: start, Payload: []byte{1}},
	)
	var asked []string
	n := 0
	_, tally, err := Decode(data, Sink{
		Want: func(r *Record) bool {
			asked = append(asked, fmt.Sprint(r.Kind, r.ID, r.Known))
			return r.ID == 1
		},
		Record:  func(*Record) { n++ },
		Problem: func(Problem) {},
	})
	if d := cmp.Diff([]string{"system 0 false", "manifest 1034 true", "manifest 1 false"}, asked); d != "" || n != 1 || err != nil || tally.Events != 3 {
		t.Errorf("%s, %d records, %v, %+v", d, n, err, tally)
	}
}

func TestManyBuffersAndOpenTrace(t *testing.T) {
	s := session
	s.End = time.Time{}
	s.BufferSize = 4096
	var events []etlw.Event
	for i := range 500 {
		events = append(events, etlw.Event{Provider: sample, ID: uint16(i), Time: start.Add(time.Duration(i) * time.Second), Payload: bytes.Repeat([]byte{1}, i%50)})
	}
	data := encode(t, s, events...)
	g := decode(t, append(data, make([]byte, 3*4096)...)) // and buffers never written
	if len(g.records) != 500 || len(g.problems) > 0 || g.header.Written != 0 {
		t.Fatalf("%d records, problems %v", len(g.records), g.problems)
	}
	for i, r := range g.records {
		if int(r.ID) != i || !r.Time.Equal(events[i].Time) || len(r.Payload) != i%50 {
			t.Errorf("record %d: id %d at %v, %d bytes", i, r.ID, r.Time, len(r.Payload))
		}
	}
}

func TestNotATrace(t *testing.T) {
	for _, data := range [][]byte{nil, []byte("text"), make([]byte, 1<<17), bytes.Repeat([]byte("ElfFile\x00"), 100)} {
		if _, _, err := Decode(data, Sink{}); err != ErrFormat || IsTrace(data) {
			t.Errorf("%d bytes: %v", len(data), err)
		}
	}
}

func TestTraceLoggingTypes(t *testing.T) {
	f := func(name string, in, out byte, data ...byte) etlw.Field {
		return etlw.Field{Name: name, In: in, Out: out, Data: data}
	}
	arr := func(name string, in, out byte, n uint16, data ...byte) etlw.Field {
		return etlw.Field{Name: name, In: in, Out: out, Count: n, Data: data}
	}
	nested := etlw.Field{Name: "list", In: 24 | 0x40, Count: 2,
		Members: []etlw.Field{etlw.U8("n", 1), etlw.Str("s", "a")}, More: [][]etlw.Field{{etlw.U8("n", 2), etlw.Str("s", "b")}}}
	tests := []struct {
		want   string
		fields []etlw.Field
	}{
		{"a=-1; b=255; c=-2; d=65534", []etlw.Field{f("a", 3, 0, 0xff), f("b", 4, 0, 0xff), f("c", 5, 0, 0xfe, 0xff), f("d", 6, 0, 0xfe, 0xff)}},
		{"a=-3; b=4294967293; c=-4; d=18446744073709551612", []etlw.Field{
			f("a", 7, 0, 0xfd, 0xff, 0xff, 0xff), f("b", 8, 0, 0xfd, 0xff, 0xff, 0xff),
			f("c", 9, 0, 0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), etlw.U64("d", 1<<64-4)}},
		{"a=1.5; b=-0.25; c=true; d=false", []etlw.Field{f("a", 11, 0, 0, 0, 0xc0, 0x3f), etlw.Double("b", -0.25), etlw.Bool("c", true), etlw.Bool("d", false)}},
		{"w=Grüße; a=old €; c=counted; ca=xy", []etlw.Field{etlw.Str("w", "Grüße"), etlw.ANSI("a", "old \x80"), etlw.Counted("c", "counted"), f("ca", 23, 0, 2, 0, 'x', 'y')}},
		{"b=0102ff; cb=07", []etlw.Field{etlw.Binary("b", []byte{1, 2, 255}), f("cb", 25, 0, 1, 0, 7)}},
		{"g={6F2B1C3D-0A4E-4F5B-9C8D-7E6F5A4B3C2D}; t=2031-03-04T08:00:00Z; s=S-1-5-18", []etlw.Field{etlw.ID("g", sample), etlw.Time("t", start), f("s", 19, 0, system...)}},
		{"st=2031-03-04T05:06:07.008Z", []etlw.Field{f("st", 18, 0, 0xef, 7, 3, 0, 2, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8, 0)}},
		{"p=0x10; x=0x1f; y=0x20", []etlw.Field{f("p", 16, 0, 0x10, 0, 0, 0, 0, 0, 0, 0), etlw.Hex32("x", 31), f("y", 21, 0, 0x20, 0, 0, 0, 0, 0, 0, 0)}},
		{"h=0xff; b=true; hr=0x80004005; n=0xc0000022; win=5", []etlw.Field{
			f("h", 4, 4, 255), f("b", 4, 3, 1), etlw.HResult("hr", 0x80004005), f("n", 8, 14, 0x22, 0, 0, 0xc0), f("win", 8, 13, 5, 0, 0, 0)}},
		{"v4=192.0.2.1; v6=2001:db8::1; port=443", []etlw.Field{
			f("v4", 8, 8, 192, 0, 2, 1), f("v6", 14, 9, 16, 0, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), f("port", 6, 7, 1, 0xbb)}},
		{"c=A; s=hey; w=hi; raw=0a0b", []etlw.Field{
			f("c", 6, 2, 'A', 0), arr("s", 4|0x40, 2, 3, 'h', 'e', 'y'), arr("w", 6|0x20, 2, 2, 'h', 0, 'i', 0), arr("raw", 4|0x20, 4, 2, 10, 11)}},
		{"a=1,2,3; t=x,yz; e=; none=", []etlw.Field{
			arr("a", 6|0x20, 0, 3, 1, 0, 2, 0, 3, 0), arr("t", 2|0x40, 0, 2, 'x', 0, 'y', 'z', 0), arr("e", 8|0x40, 0, 0), f("none", 0, 0)}},
		{"o.a=1; o.i.b=2; z=3", []etlw.Field{etlw.Struct("o", etlw.U8("a", 1), etlw.Struct("i", etlw.U8("b", 2))), etlw.U8("z", 3)}},
		{"list[0].n=1; list[0].s=a; list[1].n=2; list[1].s=b; z=3", []etlw.Field{nested, etlw.U8("z", 3)}},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			g := decode(t, encode(t, session, etlw.Event{Kind: etlw.TraceLogging, Name: "E", Time: start, Fields: tt.fields}))
			if got := text(g.records[0].Fields); got != tt.want || !g.records[0].Decoded() {
				t.Errorf("fields %q, whole %v; want %q", got, g.records[0].Decoded(), tt.want)
			}
		})
	}
}

func TestPointersOf32BitPrograms(t *testing.T) {
	e := etlw.Event{Kind: etlw.TraceLogging, Name: "E", Time: start, Pointer32: true, Fields: []etlw.Field{{Name: "p", In: 16, Data: []byte{1, 2, 0, 0}}}}
	if r := decode(t, encode(t, session, e)).records[0]; text(r.Fields) != "p=0x201" || !r.Decoded() {
		t.Errorf("%q %v", text(r.Fields), r.Decoded())
	}
}

func TestPayloadThatDoesNotFit(t *testing.T) {
	tests := map[string]struct {
		event etlw.Event
		want  string
	}{
		"longer":           {etlw.Event{Provider: aad, ID: 1021, Payload: []byte{1, 0, 0, 0, 0xaa}}, "Status=1; Rest=aa"},
		"shorter":          {etlw.Event{Provider: aad, ID: 1084, Payload: []byte{1, 0, 0, 0}}, "Result=1"},
		"text_without_end": {etlw.Event{Provider: aad, ID: 1022, Payload: []byte{'a', 0, 'b', 0}}, "value=ab"},
		"newer_version":    {etlw.Event{Provider: aad, ID: 1021, Version: 3, Payload: []byte{1, 0, 0, 0}}, "Status=1"},
		"nothing":          {etlw.Event{Provider: aad, ID: 1021}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := decode(t, encode(t, session, tt.event)).records[0]
			whole := name == "text_without_end" || name == "newer_version"
			if text(r.Fields) != tt.want || !r.Known || r.Decoded() != whole {
				t.Errorf("%q, known %v, whole %v", text(r.Fields), r.Known, r.Decoded())
			}
		})
	}
}

func TestNamesOfTheTable(t *testing.T) {
	oma := guid("3b9602ff-e09b-4c6c-bc19-1a3dfa8f2250")
	g := decode(t, encode(t, session, etlw.Event{Provider: oma, ID: 259, Payload: []byte{0x91, 1, 0, 0}}, etlw.Event{Provider: oma, ID: 246}))
	if a, b := g.records[0], g.records[1]; a.Name != "HTTPNonRetriableCode" || text(a.Fields) != "Prop_UInt32=401" || b.Name != "PackageSuccessfullySent" || !b.Decoded() {
		t.Errorf("%q %q, %q", a.Name, text(a.Fields), b.Name)
	}
}

func TestTable(t *testing.T) {
	all, bad := parseTable(fieldsTSV + providersTSV)
	if len(bad) > 0 {
		t.Errorf("lines that make no sense:\n%s", strings.Join(bad, "\n"))
	}
	for _, p := range all {
		if p.name == "" {
			t.Error("a provider has no name")
		}
	}
	if _, bad := parseTable("x\ty\n\tf:u32\t1\n4de9bc9c-b27a-43c9-8994-0915f1a5e24f\tA\n\tf:u33\t1\n\tf:u32\t1 1\n\tf:bin[g]\t2\n\tf:u32\tx\n"); len(bad) != 5 {
		t.Errorf("%d bad lines found: %q", len(bad), bad)
	}
}

// TestSeveralTracesInOneFile gives each its own clock.
func TestSeveralTracesInOneFile(t *testing.T) {
	later := session
	later.Start, later.Clock, later.Logger = start.Add(48*time.Hour), etlw.System, "Second"
	data := append(encode(t, session, etlw.Event{Provider: sample, ID: 1, Time: start.Add(time.Second)}),
		encode(t, later, etlw.Event{Provider: sample, ID: 2, Time: later.Start.Add(time.Second)})...)
	var headers []string
	var times []time.Duration
	_, _, err := Decode(data, Sink{
		Header: func(h *Header) { headers = append(headers, h.Logger) },
		Record: func(r *Record) {
			if r.ID > 0 {
				times = append(times, r.Time.Sub(start))
			}
		},
		Problem: func(p Problem) { t.Error(p.Text) },
	})
	if d := cmp.Diff([]string{"Sample session", "Second"}, headers); d != "" || err != nil {
		t.Error(d, err)
	}
	if d := cmp.Diff([]time.Duration{time.Second, 48*time.Hour + time.Second}, times); d != "" {
		t.Error(d)
	}
}

// TestTraceOf32BitWindows has pointers of 4 bytes in its header.
func TestTraceOf32BitWindows(t *testing.T) {
	data := encode(t, session, etlw.Event{Provider: sample, ID: 1, Time: start.Add(time.Second)})
	h := data[bufferHeader+systemHeader:]
	copy(h[64:], bytes.Clone(h[72:1024])) // two pointers of 8 bytes become two of 4
	le.PutUint32(h[44:], 4)
	body := data[bufferHeader:]
	body[2] = typeSystem32
	le.PutUint16(body[4:], le.Uint16(body[4:])-8)
	want := decode(t, encode(t, session)).header
	want.PointerSize, want.Written = 4, 2
	g := decode(t, data)
	if d := cmp.Diff(want, g.header); d != "" || !g.records[0].Time.Equal(start.Add(time.Second)) {
		t.Error(d, g.records)
	}
}
