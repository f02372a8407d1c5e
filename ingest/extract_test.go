package ingest

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"debrief/event"
)

// logLines reads as a made-up log without end, whose lines differ.
type logLines struct {
	line int
	rest []byte
}

func (l *logLines) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(l.rest) == 0 {
			l.line++
			l.rest = fmt.Appendf(l.rest[:0], "%08d made-up line, value %016x\r\n", l.line, uint64(l.line)*0x9E3779B97F4A7C15)
		}
		k := copy(p[n:], l.rest)
		n, l.rest = n+k, l.rest[k:]
	}
	return n, nil
}

// zipOfLog writes a ZIP with one long log between two short members.
func zipOfLog(t testing.TB, w io.Writer, size int64) {
	t.Helper()
	out := zip.NewWriter(w)
	for _, m := range []struct {
		name string
		in   io.Reader
	}{{"first.log", strings.NewReader("first")}, {"long.log", io.LimitReader(&logLines{}, size)}, {"last.log", strings.NewReader("last")}} {
		f, err := out.Create(m.name)
		if err == nil {
			_, err = io.Copy(f, m.in)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// isLog checks that the file is a made-up log of that size.
func isLog(t testing.TB, name string, size int64) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in, a, b := io.LimitReader(&logLines{}, size), make([]byte, 1<<20), make([]byte, 1<<20)
	for at := 0; ; at++ {
		n, errA := io.ReadFull(f, a)
		m, errB := io.ReadFull(in, b)
		if !bytes.Equal(a[:n], b[:m]) || errA != errB {
			t.Fatalf("%s differs in MiB %d of %d", name, at, size>>20)
		}
		if errA != nil {
			return
		}
	}
}

// noSpools checks that nothing of Extract's own is left.
func noSpools(t testing.TB, dir string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(dir, ".debrief-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, error %v", left, err)
	}
}

// TestExtractLong extracts a log that is longer than all that is allocated
// while that is done, out of every format that allows it.
func TestExtractLong(t *testing.T) {
	const size, most = 12 << 20, 6 << 20
	var zipped strings.Builder
	zipOfLog(t, &zipped, size)
	text, err := io.ReadAll(io.LimitReader(&logLines{}, size))
	if err != nil {
		t.Fatal(err)
	}
	long := entry{name: "long.log", data: string(text)}
	damaged := strings.ReplaceAll(zipped.String(), zipEndRecord, "\x00\x00\x00\x00")
	tests := []struct {
		name, path string
		data       string
		most       uint64
	}{
		{"zip", "in/long.log", zipped.String(), most},
		{"zip_without_directory", "in/long.log", damaged, most},
		{"stored_zip_in_tar", "in/x.zip/long.log", string(tarOf(t, entry{name: "x.zip", data: string(zipOf(t, zip.Store, long))})), most},
		{"zip_in_zip", "in/x.zip/long.log", string(zipOf(t, zip.Deflate, entry{name: "x.zip", data: zipped.String()})), most},
		{"encrypted_zip", "in/long.log", string(lockedZIP(t, locked{entry: long, password: "x", strength: 3, version: 2})), most},
		{"tar", "in/long.log", string(tarOf(t, long)), most},
		{"gzip", "in/in", string(packed(t, formatGzip, text)), most},
		{"gzip_of_tar", "in/long.log", string(packed(t, formatGzip, tarOf(t, long))), most},
		{"bzip2", "in/in", string(packed(t, formatBzip2, text)), 2 * size}, // windows of the decoders
		{"zstd", "in/in", string(packed(t, formatZstd, text)), 2 * size},
		{"7z", "in/long.log", string(sevenZipOf(long)), most},
		{"rar", "in/long.log", string(rarOf(long)), most},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, map[string]string{"in": tt.data})
			out := filepath.Join(dir, "out")
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			report, err := Extract(t.Context(), []string{filepath.Join(dir, "in")}, out, Options{Password: "x"})
			runtime.ReadMemStats(&after)
			if err != nil || report.Bytes < size {
				t.Fatalf("got %+v, error %v", report, err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > tt.most {
				t.Errorf("%d MiB allocated for %d MiB of log", used>>20, size>>20)
			}
			isLog(t, filepath.Join(out, filepath.FromSlash(tt.path)), size)
			noSpools(t, out)
		})
	}
}

// TestExtractHuge extracts a log of 2 GiB where DEBRIEF_HUGE is set, and says
// how much memory that took.
func TestExtractHuge(t *testing.T) {
	if os.Getenv("DEBRIEF_HUGE") == "" {
		t.Skip("takes 3 GiB of disk and a minute (DEBRIEF_HUGE)")
	}
	const size, most = 2 << 30, 256 << 20
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "in.zip"))
	if err != nil {
		t.Fatal(err)
	}
	zipOfLog(t, f, size)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	var peak atomic.Uint64
	done, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapInuse+m.StackInuse))
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	start := time.Now()
	report, err := Extract(t.Context(), []string{f.Name()}, filepath.Join(dir, "out"), Options{})
	took := time.Since(start)
	close(done)
	<-stopped
	if err != nil || report.Bytes != size+9 || len(report.Problems) != 0 {
		t.Fatalf("got %+v, error %v", report, err)
	}
	t.Logf("peak of %d MiB for %d MiB in %v", peak.Load()>>20, size>>20, took)
	if peak.Load() > most {
		t.Errorf("peak of %d MiB, allowed are %d", peak.Load()>>20, most>>20)
	}
	isLog(t, filepath.Join(dir, "out", "in.zip", "long.log"), size)
}

// TestExtractAsRead holds that Extract writes what Read reads, for all hostile
// samples that are short enough.
func TestExtractAsRead(t *testing.T) {
	var samples []entry
	samples = append(append(samples, mails(t)...), messages(t)...)
	a, b := entry{name: "a.log", data: "text of a"}, entry{name: "sub/b.log", data: noise(3_000_000)}
	samples = append(samples,
		entry{name: "zip", data: string(zipOf(t, zip.Deflate, a, b, entry{name: "A.log", data: "other"}))},
		entry{name: "cab_in_zip", data: string(zipOf(t, zip.Store, entry{name: "x.cab", data: string(cabOf(a, b))}))},
		entry{name: "broken_zip_in_zip", data: string(zipOf(t, zip.Store, entry{name: "x.zip", data: zipLocalHeader + noise(2_000_000)}))},
		entry{name: "cut", data: string(zipOf(t, zip.Store, a, b)[:2_000_000])},
		entry{name: "plain", data: noise(1_500_000)})
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			dir := tree(t, map[string]string{"in": s.data})
			in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
			c, err := read(t, []string{in}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			report, err := Extract(t.Context(), []string{in}, out, Options{})
			if err != nil {
				t.Fatal(err)
			}
			want := 0
			for _, f := range c.Files {
				if f.Hash == "" {
					continue
				}
				want++
				got, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(f.Path)))
				if err != nil || string(got) != string(contentOf(t, c, f)) {
					t.Errorf("%s: %d bytes, want %d, error %v", f.Path, len(got), f.Size, err)
				}
			}
			if got, want := fmt.Sprint(report.Files, report.Problems), fmt.Sprint(want, c.Problems); got != want {
				t.Errorf("got %s\nwant %s", got, want)
			}
			noSpools(t, out)
		})
	}
}

func TestExtractIntoItsInput(t *testing.T) {
	dir := tree(t, map[string]string{"case/a.log": "a", "case/z.zip": string(zipOf(t, zip.Store, entry{name: "b.log", data: "b"})), "case/out/old.log": "old"})
	out := filepath.Join(dir, "case", "out")
	report, err := Extract(t.Context(), []string{filepath.Join(dir, "case")}, out, Options{})
	if err != nil || report.Files != 2 || len(report.Problems) != 1 || report.Problems[0].Kind != event.Remark {
		t.Errorf("got %+v, error %v", report, err)
	}
	if _, err := os.Stat(filepath.Join(out, "case", "out")); err == nil {
		t.Error("what was written was read")
	}
}

// TestExtractNothingOverwritten has a long member whose name is taken.
func TestExtractNothingOverwritten(t *testing.T) {
	dir := tree(t, map[string]string{"in": string(zipOf(t, zip.Deflate, entry{name: "long", data: noise(5 << 20)})), "out/in/long": "old"})
	out := filepath.Join(dir, "out")
	report, err := Extract(t.Context(), []string{filepath.Join(dir, "in")}, out, Options{})
	if err != nil || report.Files != 0 || len(report.Problems) != 1 || report.Problems[0].Kind != event.Unreadable {
		t.Errorf("got %+v, error %v", report, err)
	}
	if got, _ := os.ReadFile(filepath.Join(out, "in", "long")); string(got) != "old" {
		t.Errorf("file that was there has %d bytes", len(got))
	}
	noSpools(t, out)
}

func TestExtractLimitsAndEnd(t *testing.T) {
	long := zipOf(t, zip.Deflate, entry{name: "long", data: noise(6 << 20)}, entry{name: "last", data: "last"})
	dir := tree(t, map[string]string{"in": string(long)})
	in := []string{filepath.Join(dir, "in")}
	for name, tt := range map[string]struct {
		limits Limits
		files  int
		bytes  int64
	}{
		"file":  {Limits{FileBytes: 5 << 20}, 2, 5<<20 + 4},
		"total": {Limits{TotalBytes: 11 << 20}, 1, -1},
	} {
		out := filepath.Join(dir, name)
		report, err := Extract(t.Context(), in, out, Options{Limits: tt.limits})
		if err != nil || report.Files != tt.files || tt.bytes >= 0 && report.Bytes != tt.bytes || len(report.Problems) == 0 || report.Problems[0].Kind != event.Limit {
			t.Errorf("%s: got %+v, error %v", name, report, err)
		}
		noSpools(t, out)
	}
	ctx, cancel := context.WithCancel(t.Context())
	out := filepath.Join(dir, "cancelled")
	_, err := Extract(ctx, in, out, Options{Progress: func(Progress) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error %v", err)
	}
	noSpools(t, out)
}

// TestMemoryOfCabinets holds that Extract bounds what it unpacks in memory.
func TestMemoryOfCabinets(t *testing.T) {
	dir := tree(t, map[string]string{"in": string(cabOf(entry{name: "a", data: noise(100_000)}))})
	r, roots, err := newReader(t.Context(), []string{filepath.Join(dir, "in")}, Options{Limits: Limits{}})
	if err != nil {
		t.Fatal(err)
	}
	target, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	if err := r.extractTo(target); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		memory int64
		want   string
	}{
		{50_000, "limit of 50000 bytes for archives unpacked in memory reached"},
		{150_000, "not unpacked to its end: limit of 150000 bytes for archives unpacked in memory reached"},
	} {
		r.memory, r.problems = tt.memory, nil
		r.readRoot(roots[0])
		found := false
		for _, p := range r.problems {
			found = found || p.Kind == event.Limit && p.Text == tt.want
		}
		if !found || r.held != 0 {
			t.Errorf("%d bytes: got %v, %d held", tt.memory, r.problems, r.held)
		}
	}
}

func BenchmarkExtractZIP(b *testing.B) {
	const size = 64 << 20
	dir := b.TempDir()
	f, err := os.Create(filepath.Join(dir, "in.zip"))
	if err != nil {
		b.Fatal(err)
	}
	zipOfLog(b, f, size)
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(size)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := Extract(b.Context(), []string{f.Name()}, filepath.Join(dir, fmt.Sprint(i)), Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
