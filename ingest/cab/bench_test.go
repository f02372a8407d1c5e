package cab

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
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
	payload := packFrames(blockVerbatim, tokens)
	b.SetBytes(int64(size))
	for b.Loop() {
		if got, err := decodeLZX(payload, 15, size); err != nil || len(got) != size {
			b.Fatal(len(got), err)
		}
	}
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
