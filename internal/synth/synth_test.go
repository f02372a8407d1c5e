package synth

import (
	"bytes"
	"crypto/sha256"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// names are promised to users of the demonstration and to goldens.
var names = []string{
	"state1-msi-never-downloaded", "state1-msi-never-started", "state1-bootstrap-msi-failed", "state1-client-slow-content",
	"state1-cmg-dns", "state1-cmg-root-ca", "state1-cmg-crl", "state1-cmg-403-cert-required", "state1-cmg-401-token",
	"state4-client-msi-1603", "state4-prereq", "state4-ccmsetup-404", "state3-sidecar-pending", "client-never-registers", "state2-not-required",
	"ts-state1-never-started", "ts-state2-long-step", "ts-state2-too-many-apps", "ts-state2-hung-step", "ts-state4-app-exit-code",
	"ts-state4-script-failed", "ts-state4-content-missing", "ts-state4-detection", "ts-state3-win32-app-failed", "ts-finished-after-timeout",
	"hybrid-join", "pre-provisioning", "self-deploying", "device-preparation-v2", "pki-client-cert", "mixed-providers-1618", "clock-skew",
	"enrolment-restricted-80180014", "no-autopilot-profile", "tpm-attestation-timeout",
	"mdm-licence", "mdm-device-cap", "mdm-scope", "mdm-mfa", "mdm-blocked", "mdm-unreachable", "mdm-restricted-identifier", "healed-enrolment", "join-tpm", "join-not-allowed", "join-discovery", "join-conditional-access", "win32-app-exit-code", "healthy-win32-apps", "win32-app-not-detected", "win32-app-download", "agent-proxy-407", "ccmsetup-signature", "ccmsetup-busy-installer", "ts-policy-missing", "ts-network-access", "ts-hash-mismatch", "ts-identity",
	"healthy-task-sequence", "healthy-no-task-sequence", "healed-token-401", "healed-download-retry", "healed-step-continue-on-error", "truncated-cab",
}

func TestScenarios(t *testing.T) {
	var got []string
	seeds := map[uint64]string{}
	for _, s := range Scenarios() {
		got = append(got, s.Name)
		if other, ok := seeds[s.Seed]; ok {
			t.Errorf("%s and %s share seed %d", s.Name, other, s.Seed)
		}
		seeds[s.Seed] = s.Name
		if s.Title == "" || len(s.Story) == 0 || s.Start.IsZero() || !strings.Contains(s.Build, ".") {
			t.Errorf("%s is incomplete", s.Name)
		}
		if (s.Truth.RootRule != "" || s.Truth.Inconclusive) != (len(s.Truth.Words) > 0) {
			t.Errorf("%s: words without a finding, or a finding without words", s.Name)
		}
	}
	if diff := cmp.Diff(names, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func scenario(t *testing.T, name string) Scenario {
	t.Helper()
	i := slices.IndexFunc(Scenarios(), func(s Scenario) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("no scenario %q", name)
	}
	return Scenarios()[i]
}

func build(t *testing.T, s Scenario) []File {
	t.Helper()
	files, err := Build(s)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// collections are all scenarios with their cabinets laid open, by scenario and
// file name; built once, for reading only.
var collections = sync.OnceValues(func() (map[string]map[string][]byte, error) {
	out := map[string]map[string][]byte{}
	for _, s := range Scenarios() {
		files, err := layOpen(s)
		if err != nil {
			return nil, err
		}
		out[s.Name] = files
	}
	return out, nil
})

func layOpen(s Scenario) (map[string][]byte, error) {
	s.Shape = Folder
	files, err := Build(s)
	out := map[string][]byte{}
	for _, f := range files {
		out[f.Name] = f.Data
	}
	return out, err
}

func unpacked(t *testing.T, name string) map[string][]byte {
	t.Helper()
	all, err := collections()
	if err != nil {
		t.Fatal(err)
	}
	return all[name]
}

func digest(files []File) [32]byte {
	h := sha256.New()
	for _, f := range files {
		h.Write([]byte(f.Name + f.Time.String()))
		h.Write(f.Data)
	}
	return [32]byte(h.Sum(nil))
}

// TestSameSeedSameBytes: TestWrite holds other scenarios to it as well.
func TestSameSeedSameBytes(t *testing.T) {
	s := scenario(t, "healthy-task-sequence")
	first := build(t, s)
	if digest(first) != digest(build(t, s)) {
		t.Error("two builds differ")
	}
	if !slices.IsSortedFunc(first, func(a, b File) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("files are not sorted by name")
	}
	s.Seed += 1000
	if digest(first) == digest(build(t, s)) {
		t.Error("another seed gives the same bytes")
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	for i, s := range Scenarios() {
		if err := Write(dir, s); err != nil {
			t.Fatal(err)
		}
		var size int64
		err := filepath.WalkDir(filepath.Join(dir, s.Name), func(_ string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			info, err := e.Info()
			if err == nil {
				size += info.Size()
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if size < 50e3 || size > 8e6 {
			t.Errorf("%s: %d bytes", s.Name, size)
		}
		if i%8 != 0 { // building all of them twice takes its time
			continue
		}
		for _, f := range build(t, s) {
			got, err := os.ReadFile(filepath.Join(dir, s.Name, filepath.FromSlash(f.Name)))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, f.Data) {
				t.Errorf("%s: %s differs from what Build made", s.Name, f.Name)
			}
		}
	}
	if err := Write(dir, Scenarios()[0]); err == nil {
		t.Error("writing over an existing collection succeeded")
	}
}

// TestNobodyIsReal holds every address to the made-up domains.
func TestNobodyIsReal(t *testing.T) {
	mail := regexp.MustCompile(`[\w.-]{2,}@[\w-]{2,}(\.[\w-]+)+`)
	for _, s := range Scenarios() {
		for name, data := range unpacked(t, s.Name) {
			data = bytes.ReplaceAll(data, []byte{0}, nil) // UTF-16 as well
			for at := range data {
				if data[at] != '@' {
					continue
				}
				m := mail.Find(data[max(0, at-60):min(len(data), at+80)])
				if m != nil && !bytes.Contains(m, []byte(".example")) {
					t.Errorf("%s: %s holds %q", s.Name, name, m)
				}
			}
		}
	}
}

func TestCabinetOpens(t *testing.T) {
	tool, err := exec.LookPath("cabextract")
	if err != nil {
		t.Skip("cabextract is not installed")
	}
	for _, name := range []string{"state1-cmg-dns", "healthy-task-sequence"} {
		s := scenario(t, name)
		dir := t.TempDir()
		if err := Write(dir, s); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(tool, "-q", "-d", filepath.Join(dir, "out"), filepath.Join(dir, name, cabinetName))
		cmd.Env = append(os.Environ(), "TZ=UTC")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("cabextract: %v\n%s", err, out)
		}
		d := newDevice(s)
		want, err := d.diagnostics()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range want {
			path := filepath.Join(dir, "out", f.Name)
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, f.Data) {
				t.Errorf("%s: %s differs", name, f.Name)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if off := info.ModTime().Sub(d.local(f.Time)).Seconds(); off < -2 || off > 0 {
				t.Errorf("%s: %s is dated %s, want the wall clock %s", name, f.Name, info.ModTime().UTC(), d.local(f.Time))
			}
		}
	}
}

// TestEventLogsOpen counts the records of every log with evtxexport.
func TestEventLogsOpen(t *testing.T) {
	tool, err := exec.LookPath("evtxexport")
	if err != nil {
		t.Skip("evtxexport (Debian package libevtx-utils) is not installed")
	}
	s := scenario(t, "state1-cmg-dns") // a build with the split channels
	d := newDevice(s)
	files, err := d.exportChannels()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	empty := 0
	for i, ch := range append(slices.Clone(collectedChannels), splitChannels...) {
		path := filepath.Join(dir, files[i].Name)
		if files[i].Name != fileName(ch) {
			t.Fatalf("file %d is %s, want that of %s", i, files[i].Name, ch)
		}
		if err := os.WriteFile(path, files[i].Data, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(tool, "-f", "xml", path).Output()
		if err != nil {
			t.Fatalf("%s: %v", files[i].Name, err)
		}
		want := 0
		for _, e := range d.channels[ch] {
			if !e.Time.After(d.collected) {
				want++
			}
		}
		if got := bytes.Count(out, []byte("<Event ")); got != want {
			t.Errorf("%s: %d records, want %d", files[i].Name, got, want)
		}
		if want == 0 {
			empty++
			if len(files[i].Data) != 69632 {
				t.Errorf("%s: empty and %d bytes", files[i].Name, len(files[i].Data))
			}
		}
	}
	if empty < 5 {
		t.Errorf("%d empty channels, want some", empty)
	}
}

func TestTruncated(t *testing.T) {
	s := scenario(t, "truncated-cab")
	cut := build(t, s)
	s.Shape = Cab
	var whole []byte
	for _, f := range build(t, s) {
		if f.Name == cabinetName {
			whole = f.Data
		}
	}
	if len(cut) != 1 || len(cut[0].Data) != len(whole)*6/10 || !bytes.HasPrefix(whole, cut[0].Data) {
		t.Error("not the first 60 percent of the cabinet, alone")
	}
}

func TestLoad(t *testing.T) {
	s := scenario(t, "ts-state2-long-step")
	loaded, err := layOpen(s.Load(5))
	if err != nil {
		t.Fatal(err)
	}
	size := func(files map[string][]byte) (n int) {
		for _, data := range files {
			n += len(data)
		}
		return n
	}
	plain := unpacked(t, s.Name)
	if one, five := size(plain), size(loaded); five < one+5e6 {
		t.Errorf("Load(5) makes %d bytes of %d", five, one)
	}
	const smsts = "CCM/Logs/SMSTS/smsts.log" // no noise: the telling lines stay as they are
	if !bytes.Equal(plain[smsts], loaded[smsts]) {
		t.Error("load changes the task sequence log")
	}
}

func BenchmarkBuild(b *testing.B) {
	s := Scenarios()[0]
	for b.Loop() {
		files, err := Build(s)
		if err != nil {
			b.Fatal(err)
		}
		var n int
		for _, f := range files {
			n += len(f.Data)
		}
		b.SetBytes(int64(n))
	}
}
