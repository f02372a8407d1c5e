package evtx

import (
	"bytes"
	"os"
	"testing"
	"time"

	velocidex "www.velocidex.com/golang/evtx"
)

// denseMade is a file of full chunks, each with one template and records as
// Windows writes them.
func denseMade() []byte {
	var chunks [][]byte
	for n := range 16 {
		c := newChunk(uint64(1 + 1000*n))
		c.systemEvent()
		def := uint32(headerSize + recordHead + 4 + 10)
		guid := make([]byte, 16)
		for len(c.b) < chunkSize-700 {
			c.record(func() {
				c.again(3, def,
					val{typeNull, nil}, val{typeGUID, guid}, str("Agent"), val{typeUInt16, le16(301)}, val{typeUInt16, le16(49152)},
					val{typeUInt8, []byte{2}}, val{typeUInt8, []byte{4}}, val{typeUInt16, le16(12)}, val{typeUInt8, []byte{1}},
					val{typeHex64, le64(0x8000000000000001)}, val{typeFiletime, le64(tick(2024, 6) + c.n*12345)}, val{typeUInt64, le64(c.n)},
					val{typeGUID, guid}, val{typeNull, nil}, val{typeUInt32, le32(4321)}, val{typeUInt32, le32(8765)},
					str("PC-1.example.org"), val{typeSID, cat([]byte{1, 1, 0, 0, 0, 0, 0, 5}, le32(18))})
			})
		}
		chunks = append(chunks, c.bytes())
	}
	return logFile(chunks...)
}

// denseReal is a file of those chunks of the real samples that are full.
func denseReal(b *testing.B) []byte {
	b.Helper()
	var out []byte
	for _, name := range realLogs(b) {
		data, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		if len(out) == 0 {
			out = append(out, data[:headerBlock]...)
		}
		for at := headerBlock; at+chunkSize <= len(data); at += chunkSize {
			if c := data[at : at+chunkSize]; bytes.HasPrefix(c, chunkMagic) && c[49] > 0xf0 {
				out = append(out, c...)
			}
		}
	}
	return out
}

func decodeAll(b *testing.B, data []byte) (n int) {
	if _, err := Decode(data, Sink{Record: func(*Record) { n++ }, Problem: func(Problem) {}}); err != nil {
		b.Fatal(err)
	}
	return n
}

func benchmark(b *testing.B, data []byte) {
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n = decodeAll(b, data)
	}
	b.ReportMetric(float64(n), "events/op")
}

func BenchmarkDecode(b *testing.B)     { benchmark(b, denseMade()) }
func BenchmarkDecodeReal(b *testing.B) { benchmark(b, denseReal(b)) }

// BenchmarkVelocidexReal is the yardstick for BenchmarkDecodeReal.
func BenchmarkVelocidexReal(b *testing.B) {
	data := denseReal(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n = velocidexAll(b, data)
	}
	b.ReportMetric(float64(n), "events/op")
}

func velocidexAll(b *testing.B, data []byte) (n int) {
	chunks, err := velocidex.GetChunks(bytes.NewReader(data))
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range chunks {
		records, err := parseGuarded(c)
		if err != nil {
			b.Log(err)
		}
		n += len(records)
	}
	return n
}

// BenchmarkRatio decodes the same real chunks with both and reports how many
// times faster this package is.
func BenchmarkRatio(b *testing.B) {
	data := denseReal(b)
	var ours, theirs time.Duration
	for b.Loop() {
		start := time.Now()
		velocidexAll(b, data)
		theirs += time.Since(start)
		start = time.Now()
		decodeAll(b, data)
		ours += time.Since(start)
	}
	b.ReportMetric(float64(theirs)/float64(ours), "times")
}
