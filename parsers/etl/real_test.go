package etl

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// realTraces lists traces made by Windows, if a folder of them is given: they
// are not part of the project.
func realTraces(tb testing.TB) []string {
	tb.Helper()
	dir := os.Getenv("DEBRIEF_TRACES")
	if dir == "" {
		tb.Skip("DEBRIEF_TRACES names no folder of real traces: skipped")
	}
	var all []string
	for _, pattern := range []string{"*.etl", "*.etl.*", "*/*.etl", "*/*.etl.*"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, found...)
	}
	if len(all) == 0 {
		tb.Skipf("no traces in %s: skipped", dir)
	}
	slices.Sort(all)
	return all
}

// TestRealTraces reads whole traces of Windows without a problem and prints,
// for each provider, how many events it has and how many were decoded whole.
func TestRealTraces(t *testing.T) {
	type share struct{ all, whole int }
	shares := map[string]*share{}
	missing := map[string]int{}
	for _, name := range realTraces(t) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !IsTrace(data) {
			continue
		}
		n := 0
		h, tally, err := Decode(data, Sink{
			Record: func(r *Record) {
				n++
				key := r.Kind.String() + " " + r.Provider.String() + " " + r.ProviderName
				s := shares[key]
				if s == nil {
					s = new(share)
					shares[key] = s
				}
				s.all++
				if r.Decoded() {
					s.whole++
				} else {
					missing[fmt.Sprintf("%s id %d v%d known %v len %d", key, r.ID, r.Version, r.Known, len(r.Payload))]++
				}
				if r.Time.IsZero() || r.Time.Year() < 2019 || r.Time.Year() > 2027 {
					t.Errorf("%s: %d: time %v", name, r.Offset, r.Time)
				}
			},
			Problem: func(p Problem) { t.Errorf("%s: %d: %s", name, p.Offset, p.Text) },
		})
		if err != nil || n != tally.Events {
			t.Errorf("%s: %v, %d of %d events", name, err, n, tally.Events)
		}
		t.Logf("%s: %+v %+v", filepath.Base(name), h, tally)
	}
	report := func(lines []string) {
		slices.Sort(lines)
		t.Log("\n" + strings.Join(lines, "\n"))
	}
	var lines []string
	for k, s := range shares {
		lines = append(lines, fmt.Sprintf("%6d %6d %s", s.all, s.whole, k))
	}
	report(lines)
	lines = nil
	for k, n := range missing {
		if !strings.HasPrefix(k, "message") {
			lines = append(lines, fmt.Sprintf("%6d %s", n, k))
		}
	}
	report(lines)
}
