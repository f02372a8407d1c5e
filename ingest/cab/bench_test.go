package cab

import (
	"crypto/md5"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// shared is the folder of real samples; empty where there is none.
func shared(tb testing.TB) string {
	tb.Helper()
	dir := os.Getenv("DEBRIEF_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	if _, err := os.Stat(filepath.Join(dir, "corpus", "cab")); err != nil {
		tb.Skip("no folder of real samples (DEBRIEF_SHARED)")
	}
	return dir
}

func benchmarkWalk(b *testing.B, data []byte) {
	unpacked := int64(0)
	for b.Loop() {
		c, err := Open(data)
		if err != nil {
			b.Fatal(err)
		}
		unpacked = 0
		problems, err := c.Walk(nil, func(m Member, data []byte, reason error) error {
			unpacked += int64(len(data))
			return reason
		})
		if err != nil || len(problems) > 0 {
			b.Fatal(err, problems)
		}
	}
	b.SetBytes(unpacked)
	b.ReportAllocs()
}

func BenchmarkMSZIP(b *testing.B) {
	files := []testFile{{name: "big.log", data: sampleText(16<<20, 3)}}
	benchmarkWalk(b, testCab{folders: []testFolder{{method: MSZIP, files: files}}}.write(b))
}

func BenchmarkLZX(b *testing.B) {
	var tokens []token
	tokens = append(tokens, literals("made-up text to repeat, again and again. ")...)
	for i := range 300_000 {
		tokens = append(tokens, token{length: 2 + i%40, offset: 1 + i*31%(min(i, 30_000)+20)}, token{literal: byte(i)})
	}
	size := len(expand(tokens))
	payload, _ := packFrames(blockVerbatim, tokens)
	b.SetBytes(int64(size))
	for b.Loop() {
		if got, err := decodeLZX(payload, 15, size); err != nil || len(got) != size {
			b.Fatal(len(got), err)
		}
	}
}

func BenchmarkQuantum(b *testing.B) {
	files := []testFile{{name: "big.log", data: mixedText(1<<20, 3)}}
	benchmarkWalk(b, testCab{folders: []testFolder{{method: Quantum, window: 18, files: files}}}.write(b))
}

// BenchmarkAgainstCabextract unpacks a cabinet by turns with this package, MD5 of
// each member included, and with cabextract -t, which computes the same. It
// reports how many times as fast this package is. The start of a process is in
// cabextract's time, so the cabinets are large.
func BenchmarkAgainstCabextract(b *testing.B) {
	if _, err := exec.LookPath("cabextract"); err != nil {
		b.Skip("no cabextract in the path")
	}
	files := []testFile{{name: "big.log", data: mixedText(32<<20, 3)}}
	cabinets := []struct {
		name string
		data []byte
	}{
		{"stored", testCab{folders: []testFolder{{method: Stored, files: files}}}.write(b)},
		{"mszip", testCab{folders: []testFolder{{method: MSZIP, files: files}}}.write(b)},
		{"quantum", testCab{folders: []testFolder{{method: Quantum, window: 18, files: []testFile{{name: "some.log", data: files[0].data[:4<<20]}}}}}.write(b)},
		{"lzx", lzxCab(b)},
	}
	for _, c := range cabinets {
		b.Run(c.name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), c.name+".cab")
			if err := os.WriteFile(path, c.data, 0o600); err != nil {
				b.Fatal(err)
			}
			var ours, theirs time.Duration
			size := int64(0)
			for b.Loop() {
				start := time.Now()
				opened, err := Open(c.data)
				if err != nil {
					b.Fatal(err)
				}
				_, err = opened.Walk(nil, func(_ Member, data []byte, reason error) error {
					size = int64(len(data))
					md5.Sum(data)
					return reason
				})
				if err != nil {
					b.Fatal(err)
				}
				ours += time.Since(start)
				start = time.Now()
				if out, err := exec.Command("cabextract", "-t", "-q", path).CombinedOutput(); err != nil {
					b.Fatalf("%v: %s", err, out)
				}
				theirs += time.Since(start)
			}
			b.ReportMetric(float64(theirs)/float64(ours), "times-cabextract")
			b.ReportMetric(float64(size)*float64(b.N)/1e6/ours.Seconds(), "MB/s-ours")
			b.ReportMetric(float64(size)*float64(b.N)/1e6/theirs.Seconds(), "MB/s-cabextract")
		})
	}
}

// lzxCab is a cabinet of compressed LZX blocks.
func lzxCab(tb testing.TB) []byte {
	tokens := literals("made-up text to repeat, again and again. ")
	for i := range 600_000 {
		tokens = append(tokens, token{length: 2 + i%40, offset: 1 + i*31%(min(i, 30_000)+20)}, token{literal: byte(i)})
	}
	data := expand(tokens)
	packed, ends := packFrames(blockVerbatim, tokens)
	f := testFolder{method: LZX, window: 15, files: []testFile{{name: "big.bin", data: data}}}
	from := 0
	for i, end := range ends {
		f.blocks = append(f.blocks, testBlock{packed[from:end], min(frameSize, len(data)-i*frameSize)})
		from = end
	}
	return testCab{folders: []testFolder{f}}.write(tb)
}

// BenchmarkBundle unpacks real collections, ours and by cabextract -t, which
// also computes an MD5 of each member.
func BenchmarkBundle(b *testing.B) {
	paths, _ := filepath.Glob(filepath.Join(shared(b), "corpus", "bundles", "*.cab"))
	for i, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			b.Fatal(err)
		}
		number := string(rune('1' + i))
		b.Run(number+"/ours", func(b *testing.B) { benchmarkWalk(b, data) })
		b.Run(number+"/cabextract", func(b *testing.B) {
			if _, err := exec.LookPath("cabextract"); err != nil {
				b.Skip("no cabextract")
			}
			for b.Loop() {
				if err := exec.Command("cabextract", "-t", "-q", p).Run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
