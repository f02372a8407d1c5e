package etl

import (
	"os"
	"testing"
	"time"

	"debrief/internal/synth/etlw"
)

// dense is a trace as a diagnostic session makes it: half described events,
// half of the table, with texts of some length.
func dense(tb testing.TB, format int) []byte {
	s := session
	s.Format = format
	var events []etlw.Event
	for i := range 20000 {
		at := start.Add(time.Duration(i) * time.Millisecond)
		if i%2 == 0 {
			events = append(events, etlw.Event{Kind: etlw.TraceLogging, Provider: sample, ProviderName: "Sample.DeviceManagement", Name: "NodeRead", Time: at, Level: 4,
				Process: 4321, Thread: uint32(i), Fields: []etlw.Field{etlw.Str("Uri", "./Device/Vendor/MSFT/Policy/Config/System"), etlw.HResult("Result", 0x86000002), etlw.U32("Count", uint32(i))}})
			continue
		}
		events = append(events, etlw.Event{Provider: aad, ID: 1098, Level: 2, Time: at, Process: 4321, Thread: uint32(i),
			Fields: []etlw.Field{etlw.U32("", 0xcaa2000c), etlw.Str("", "The request needs the user to act"), etlw.Str("", "Logged at a place in a file, line: 512")}})
	}
	return encode(tb, s, events...)
}

func benchmark(b *testing.B, data []byte) {
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n = 0
		if _, _, err := Decode(data, Sink{Record: func(*Record) { n++ }, Problem: func(p Problem) { b.Fatal(p) }}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n), "events/op")
}

func BenchmarkDecode(b *testing.B)       { benchmark(b, dense(b, etlw.Plain)) }
func BenchmarkDecodeXPRESS(b *testing.B) { benchmark(b, dense(b, etlw.XPRESS)) }
func BenchmarkDecodeLZNT1(b *testing.B)  { benchmark(b, dense(b, etlw.LZNT1)) }

// BenchmarkDecodeReal reads real traces, one after another.
func BenchmarkDecodeReal(b *testing.B) {
	var all [][]byte
	total := 0
	for _, name := range realTraces(b) {
		data, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		if IsTrace(data) {
			all = append(all, data)
			total += len(data)
		}
	}
	b.SetBytes(int64(total))
	b.ReportAllocs()
	for b.Loop() {
		for _, data := range all {
			if _, _, err := Decode(data, Sink{Record: func(*Record) {}, Problem: func(p Problem) { b.Fatal(p) }}); err != nil {
				b.Fatal(err)
			}
		}
	}
}
