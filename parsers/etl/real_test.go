package etl

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// realTraces lists traces made by Windows: loose ones, and those in bundles
// where cabextract can open them. They are not part of the project.
func realTraces(tb testing.TB) []string {
	tb.Helper()
	dir := os.Getenv("DEBRIEF_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	if _, err := os.Stat(dir); err != nil {
		tb.Skipf("real samples are not here (%v); set DEBRIEF_SHARED", err)
	}
	glob := func(pattern ...string) []string {
		found, err := filepath.Glob(filepath.Join(pattern...))
		if err != nil {
			tb.Fatal(err)
		}
		return found
	}
	all := glob(dir, "corpus", "etl", "*.etl")
	bundles := glob(dir, "corpus", "bundles", "*.cab")
	tool, err := exec.LookPath("cabextract")
	if err != nil {
		tb.Log("cabextract is not installed; bundles are left out")
		bundles = nil
	}
	for _, b := range bundles {
		to := tb.TempDir()
		if out, err := exec.Command(tool, "-q", "-F", "*.etl*", "-d", to, b).CombinedOutput(); err != nil {
			tb.Fatalf("cabextract: %v: %s", err, out)
		}
		all = append(all, glob(to, "*.etl*")...)
	}
	if len(all) == 0 {
		tb.Skip("no traces among the real samples")
	}
	slices.Sort(all)
	return all
}

// count walks a trace by sizes alone and returns the number of its events.
func count(data []byte) (n int) {
	for len(data) >= bufferHeader {
		size := int(le.Uint32(data))
		b := data[bufferHeader:le.Uint32(data[48:])]
		for len(b) > 0 {
			at := 0
			if t := b[2]; b[3] == 0xc0 && (t <= 4 || t == 0x10 || t == 0x11) {
				at = 4
			}
			n++
			b = b[min((int(le.Uint16(b[at:]))+7)&^7, len(b)):]
		}
		data = data[size:]
	}
	return n
}

// TestRealTraces reads whole traces of Windows without a problem, finds as many
// events as the buffers hold, and decodes all that describe themselves and
// nearly all of the providers of enrolment. With -v it prints the share of each.
func TestRealTraces(t *testing.T) {
	type share struct{ all, whole int }
	shares := map[string]*share{}
	total := 0
	for _, name := range realTraces(t) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !IsTrace(data) {
			continue
		}
		_, tally, err := Decode(data, Sink{
			Record: func(r *Record) {
				key := r.Kind.String() + " " + r.ProviderName
				s := shares[key]
				if s == nil {
					s = new(share)
					shares[key] = s
				}
				s.all++
				if r.Decoded() {
					s.whole++
				}
				if r.Kind == TraceLogging && !r.Decoded() {
					t.Errorf("%s: %d: %s %s is not decoded", name, r.Offset, r.ProviderName, r.Name)
				}
				if y := r.Time.Year(); y < 2019 || y > 2030 {
					t.Errorf("%s: %d: time %v", name, r.Offset, r.Time)
				}
			},
			Problem: func(p Problem) { t.Errorf("%s: %d: %s", name, p.Offset, p.Text) },
		})
		if want := count(data); err != nil || tally.Events != want {
			t.Errorf("%s: %v, %d events, the buffers hold %d", name, err, tally.Events, want)
		}
		total += tally.Events
	}
	for _, p := range []string{
		"AAD", "User Device Registration", "Provisioning-Diagnostics-Provider", "ModernDeployment-Diagnostics-Provider",
		"DeviceManagement-Enterprise-Diagnostics-Provider", "Shell-Core", "LiveId",
	} {
		if s := shares["manifest Microsoft-Windows-"+p]; s != nil && s.whole*10 < s.all*9 {
			t.Errorf("%s: %d of %d events are decoded", p, s.whole, s.all)
		}
	}
	var lines []string
	for k, s := range shares {
		lines = append(lines, fmt.Sprintf("%7d events, %7d decoded: %s", s.all, s.whole, k))
	}
	slices.Sort(lines)
	t.Logf("%d events\n%s", total, strings.Join(lines, "\n"))
}
