package parsers

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"debrief/event"
	"debrief/internal/synth/etlw"
)

var (
	traceStart   = time.Date(2031, 3, 4, 8, 0, 0, 0, time.UTC)
	traceAAD     = etlw.GUID{0x4d, 0xe9, 0xbc, 0x9c, 0xb2, 0x7a, 0x43, 0xc9, 0x89, 0x94, 0x09, 0x15, 0xf1, 0xa5, 0xe2, 0x4f}
	traceShell   = etlw.GUID{0x30, 0x33, 0x6e, 0xd4, 0xe3, 0x27, 0x44, 0x7c, 0x9d, 0xe0, 0x51, 0xb6, 0x52, 0xc8, 0x61, 0x08}
	traceLiveID  = etlw.GUID{0x05, 0xf0, 0x25, 0x97, 0xfe, 0x85, 0x4e, 0x67, 0x85, 0x42, 0x69, 0x56, 0x7a, 0xb8, 0xfd, 0x4f}
	traceUnknown = etlw.GUID{0x6f, 0x2b, 0x1c, 0x3d, 0x0a, 0x4e, 0x4f, 0x5b, 0x9c, 0x8d, 0x7e, 0x6f, 0x5a, 0x4b, 0x3c, 0x2d}
)

// madeTrace is a trace with one event of each kind, and some kinds of which
// there are more than are kept.
func madeTrace(tb testing.TB, format int) []byte {
	t := etlw.Trace{
		Start: traceStart, End: traceStart.Add(time.Hour), Zone: etlw.Zone{Bias: -60}, EventsLost: 4, BuffersLost: 1,
		Logger: "Sample session", File: `C:\Sample\a.etl`, Format: format,
	}
	at := func(s int) time.Time { return traceStart.Add(time.Duration(s) * time.Second) }
	t.Events = []etlw.Event{
		{Provider: traceAAD, ID: 1098, Level: 2, Time: at(1), Process: 100, Thread: 1<<32 - 1, User: []byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0},
			Fields: []etlw.Field{etlw.U32("", 0xcaa2000c), etlw.Str("", "Interaction needed"), etlw.Str("", "")}},
		{Provider: traceShell, ID: 62407, Level: 4, Time: at(2),
			Fields: []etlw.Field{etlw.Str("", "CommercialOOBE_Example_Failed"), etlw.Str("", `{"message":"Example: it failed.","errorCode":2147942402}`)}},
		{Kind: etlw.TraceLogging, Provider: traceUnknown, ProviderName: "Sample.Device Management\x1b[2J", Name: "Apply", Time: at(3),
			Fields: []etlw.Field{etlw.Struct("activity", etlw.U32("hresult", 0x80070005)), etlw.Str("Node", "./Device/Sample")}},
		{Kind: etlw.TraceLogging, Provider: traceUnknown, ProviderName: "Sample.Device Management\x1b[2J", Name: "Info", Time: at(3), Fields: []etlw.Field{etlw.Str(`"Reading."`, "Reading.")}},
		{Kind: etlw.TraceLogging, Provider: traceUnknown, ProviderName: "Sample.Device Management\x1b[2J", Name: "Done", Time: at(3)},
		{Provider: traceAAD, ID: 1021, Time: at(4), Payload: []byte{1, 0, 0, 0, 0xaa}},
		{Provider: traceAAD, ID: 1034, Time: at(4)},
		{Kind: etlw.Message, Provider: traceUnknown, ID: 10, Time: at(5), Payload: []byte{1, 2}},
		{Kind: etlw.Classic, Provider: etlw.GUID{0x9b, 0x79, 0xee, 0x91, 0xb5, 0xfd, 0x41, 0xc0, 0xa2, 0x43, 0x42, 0x48, 0xe2, 0x66, 0xe9, 0xd0}, ID: 35, Payload: []byte{1}},
		{Kind: etlw.Kernel, ID: 0x0301, Time: at(6)},
	}
	for i := range limitNoise + 5 {
		t.Events = append(t.Events, etlw.Event{Provider: traceLiveID, ID: 6010, Level: 2, Time: at(100 + i), Fields: []etlw.Field{etlw.ANSI("", "Sample::Read"), etlw.I32("", -2147467259)}})
	}
	for i := range limitUnknown + 2 {
		t.Events = append(t.Events, etlw.Event{Provider: traceUnknown, ID: 3, Version: 1, Time: at(600 + i), Payload: make([]byte, 300)})
	}
	data, err := etlw.Encode(t)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// TestTrace compares the output with a golden, in which events that only
// repeat the one before are left out.
func TestTrace(t *testing.T) {
	in := &Input{Path: "case.cab/a.etl", Data: madeTrace(t, etlw.Plain)}
	out := Parse(in)
	checkTrace(t, in, out)
	if c := out.Coverage; c.Parser != "etl" || c.Status != event.Read || c.Unknown != limitUnknown+2+3 {
		t.Errorf("coverage %+v", c)
	}
	var events []event.Event
	for i, e := range out.Events {
		if i > 0 && e.Message == out.Events[i-1].Message {
			continue
		}
		for j := range e.Fields {
			if f := &e.Fields[j]; len(f.Value) > 100 {
				f.Value = f.Value[:20] + "…"
			}
		}
		events = append(events, e)
	}
	out.Events = events
	checkGolden(t, filepath.Join("testdata", "golden", "trace.golden"), render(out))
}

// TestCompressedTrace reads the same events, at other places.
func TestCompressedTrace(t *testing.T) {
	plain := Parse(&Input{Path: "a.etl", Data: madeTrace(t, etlw.Plain)})
	for _, format := range []int{etlw.XPRESS, etlw.LZNT1} {
		in := &Input{Path: "a.etl", Data: madeTrace(t, format)}
		out := Parse(in)
		checkTrace(t, in, out)
		if len(out.Events) != len(plain.Events) || out.Coverage.Unknown != plain.Coverage.Unknown {
			t.Errorf("format %d: %d events, want %d; %v", format, len(out.Events), len(plain.Events), out.Coverage.Problems)
		}
	}
}

// TestEveryEventIsCounted holds what is kept and what is folded to be all.
func TestEveryEventIsCounted(t *testing.T) {
	out := Parse(&Input{Path: "a.etl", Data: madeTrace(t, etlw.Plain)})
	kept, folded := 0, 0
	for _, e := range out.Events {
		if n, ok := e.Fields.Get("Folded"); ok {
			folded += map[string]int{"5": 5, "2": 2}[n]
			continue
		}
		kept++
	}
	if kept != 9+limitNoise+limitUnknown || folded != 7 {
		t.Errorf("%d kept, %d folded", kept, folded)
	}
	last := out.Coverage.Problems[len(out.Coverage.Problems)-1].Text
	if want := "336 events in 2 buffers; of 69 the fields are not known or not all (1 of them are WPP messages, whose text is not in the trace); 7 of frequent kinds are counted and not listed one by one"; last != want {
		t.Errorf("remark %q", last)
	}
}

// TestTraceOfManyKinds keeps memory in proportion however many kinds and
// providers a trace claims.
func TestTraceOfManyKinds(t *testing.T) {
	tr := etlw.Trace{Start: traceStart}
	for i := range 40000 {
		e := etlw.Event{Provider: etlw.GUID{byte(i), byte(i >> 8), 1}, ID: uint16(i), Time: traceStart, Payload: []byte{1}}
		if i%2 == 0 {
			e.Kind, e.ProviderName, e.Name = etlw.TraceLogging, strings.Repeat("p", i%40)+"x", "E"
			e.Payload = nil
		}
		tr.Events = append(tr.Events, e)
	}
	data, err := etlw.Encode(tr)
	if err != nil {
		t.Fatal(err)
	}
	in := &Input{Path: "a.etl", Data: data}
	out := Parse(in)
	checkTrace(t, in, out)
	if n := len(out.Coverage.Sources); n > maxSources+10 || n < 20 {
		t.Errorf("%d sources", n)
	}
}

func TestTraceNames(t *testing.T) {
	for name, want := range map[string]bool{
		"a.etl": true, "X/CloudExperienceHostOobe.ETL.003": true, "b.etl.merged": true,
		"b.etl.txt": false, "etl": false, "a.etlx": false, "a.etl.merged.log": false,
	} {
		if traceName(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

// checkTrace holds what is true of the output of any trace.
func checkTrace(t *testing.T, in *Input, out *Output) {
	t.Helper()
	for _, p := range out.Coverage.Problems {
		if strings.Contains(p.Text, "gave up") {
			t.Errorf("the parser panicked: %s", p.Text)
		}
	}
	covered := map[event.Source]bool{}
	for _, s := range out.Coverage.Sources {
		covered[s] = true
	}
	last := int64(0)
	for i := range out.Events {
		e := &out.Events[i]
		if !covered[e.Source] || !e.Source.Trace() || e.Pos.File != in.Path || e.Pos.Offset < last || e.Pos.Offset >= int64(len(in.Data)) ||
			(e.Clock == event.ClockNone) != e.Time.IsZero() || e.Message == "" || len(e.Message) > maxMessage {
			t.Fatalf("event %+v", e)
		}
		last = e.Pos.Offset
	}
	for _, f := range out.Facts {
		if !event.KnownFact(f.Name) || f.Pos.File != in.Path {
			t.Errorf("fact %+v", f)
		}
	}
}

func FuzzETL(f *testing.F) {
	for _, format := range []int{etlw.Plain, etlw.XPRESS, etlw.LZNT1} {
		data := madeTrace(f, format)
		f.Add(data[:min(len(data), 80<<10)])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in := &Input{Path: "case.cab/a.etl", Data: data}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		out := parse(in, []Parser{etlParser()})
		runtime.ReadMemStats(&after)
		checkTrace(t, in, out)
		if spent := after.TotalAlloc - before.TotalAlloc; spent > 16<<20+uint64(len(data))*512 {
			t.Errorf("%d bytes allocated for %d", spent, len(data))
		}
	})
}

func BenchmarkTrace(b *testing.B) {
	data := madeTrace(b, etlw.Plain)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := parseETL(&Input{Path: "a.etl", Data: data}, &Output{}); err != nil {
			b.Fatal(err)
		}
	}
}
