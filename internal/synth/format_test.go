package synth

import (
	"archive/zip"
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLogRecords(t *testing.T) {
	tests := []struct {
		name, component string
		bias            int
		want            string
	}{
		{"configmgr_west", "CcmExec", 480, `<![LOG[a\nb]LOG]!><time="21:08:07.006+480" date="01-02-2025" component="CcmExec" context="" type="2" thread="N" file="ccmexec.cpp:N">`},
		{"configmgr_utc", "CcmExec", 0, `<![LOG[a\nb]LOG]!><time="05:08:07.006+00" date="01-03-2025" component="CcmExec" context="" type="2" thread="N" file="ccmexec.cpp:N">`},
		{"configmgr_east", "CcmExec", -60, `<![LOG[a\nb]LOG]!><time="06:08:07.006-60" date="01-03-2025" component="CcmExec" context="" type="2" thread="N" file="ccmexec.cpp:N">`},
		{"agent", agentComponent, -60, `<![LOG[a\nb]LOG]!><time="06:08:07.0061234" date="1-3-2025" component="IntuneManagementExtension" context="" type="2" thread="N" file="">`},
	}
	numbers := regexp.MustCompile(`(thread="|cpp:)\d+`)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at := time.Date(2025, 1, 3, 5, 8, 7, 6123400, time.UTC)
			d := &device{s: Scenario{BiasMinutes: tt.bias}, logs: map[string]*logFile{}, collected: at}
			d.log("x.log", tt.component, at.Add(time.Nanosecond), 1, "after the collection")
			d.log("x.log", tt.component, at, 2, "a\n%s", "b")
			got := string(d.logs["x.log"].render(d))
			got = numbers.ReplaceAllString(strings.ReplaceAll(got, "a\r\nb", `a\nb`), "${1}N")
			if diff := cmp.Diff("\ufeff"+tt.want+"\r\n", got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRegistryDialects(t *testing.T) {
	var r registry
	r.key(`software\microsoft\x`, val("", "a\\b"), val("json", `{"k":"v"}`), val("n", uint32(30)), val("q", uint64(0x1dd)),
		val("list", []string{"ab", "c"}), val("bin", []byte{1, 0xfe}))
	r.key(`software\microsoft\x\y`)
	wantDump := strings.Join([]string{
		`[HKEY_LOCAL_MACHINE\software\microsoft\x]`, `    @="a\b"`, `    "json"="{"k":"v"}"`, `    "n"=DWORD:0000001e`, `    "q"=QWORD:1dd`,
		`    "list"=MULTI_SZ:"ab c"`, `    "bin"=hex(3):01,fe`, ``, `[HKEY_LOCAL_MACHINE\software\microsoft\x\y]`, ``, ``,
	}, "\r\n")
	if diff := cmp.Diff(wantDump, string(r.dump())); diff != "" {
		t.Errorf("dump (-want +got):\n%s", diff)
	}
	wantExport := strings.Join([]string{
		`Windows Registry Editor Version 5.00`, ``, `[HKEY_LOCAL_MACHINE\software\microsoft\x]`, `@="a\\b"`, `"json"="{\"k\":\"v\"}"`, `"n"=dword:0000001e`,
		`"q"=hex(b):dd,01,00,00,00,00,00,00`, `"list"=hex(7):61,00,62,00,00,00,63,00,00,00,00,00`, `"bin"=hex:01,fe`, ``,
		`[HKEY_LOCAL_MACHINE\software\microsoft\x\y]`, ``, ``,
	}, "\r\n")
	got := r.export()
	if !bytes.HasPrefix(got, []byte{0xff, 0xfe}) {
		t.Fatal("export has no byte order mark")
	}
	if diff := cmp.Diff(wantExport, string(bytes.ReplaceAll(got[2:], []byte{0}, nil))); diff != "" {
		t.Errorf("export (-want +got):\n%s", diff)
	}
}

// members reads an archive with the standard library.
func members(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if out[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestZip(t *testing.T) {
	s := scenario(t, "state1-cmg-401-token")
	files := build(t, s)
	if len(files) != 1 {
		t.Fatalf("%d files, want one archive", len(files))
	}
	got := members(t, files[0].Data)
	s.Shape = Cab
	for _, f := range build(t, s) {
		if !bytes.Equal(got[f.Name], f.Data) {
			t.Errorf("%s differs", f.Name)
		}
	}
}

func TestIntuneZip(t *testing.T) {
	tests := []struct {
		scenario string
		want     []string // regular expressions of member names, each found once
	}{
		{"state4-ccmsetup-404", []string{
			`^\(\d+\) RegistryKey HKLM_Software_Microsoft_EnterpriseDesktopAppManagement export\.reg$`,
			`^\(\d+\) Command .*Dsregcmd.* output\.log$`,
			`^\(\d+\) Events Microsoft-Windows-Shell-Core_Operational Events\.evtx$`,
			`^\(\d+\) FoldersFiles .*MDMDiagnostics.*_cab/mdmlogs-\d+\.cab$`,
			`^\(\d+\) FoldersFiles .* ccmsetup\.log$`,
			`^\(1\) No Results - Error \[0x80070002\]$`,
			`^results\.xml$`,
		}},
		{"healthy-no-task-sequence", []string{
			`^\d+/mdmlogs-\d+\.cab$`, `^\d+/IntuneManagementExtension\.log$`, `^\d+/CoManagementHandler\.log$`, `^\d+/client\.msi\.log$`, `^results\.xml$`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.scenario, func(t *testing.T) {
			files := build(t, scenario(t, tt.scenario))
			if len(files) != 1 || !regexp.MustCompile(`^DiagLogs-[\w-]+-\d{8}T\d{6}Z\.zip$`).MatchString(files[0].Name) {
				t.Fatalf("not one DiagLogs archive: %v", files[0].Name)
			}
			got := members(t, files[0].Data)
			for _, pattern := range tt.want {
				found := 0
				for name, data := range got {
					if !regexp.MustCompile(pattern).MatchString(name) {
						continue
					}
					found++
					if empty := strings.Contains(name, "No Results"); empty != (len(data) == 0) {
						t.Errorf("%s has %d bytes", name, len(data))
					}
				}
				if found != 1 {
					t.Errorf("%d members match %s", found, pattern)
				}
			}
			for name, data := range got {
				if strings.HasSuffix(name, ".cab") && !bytes.HasPrefix(data, []byte("MSCF")) {
					t.Errorf("%s is no cabinet", name)
				}
				if strings.HasSuffix(name, "export.reg") && !bytes.HasPrefix(data, []byte("\xff\xfeW\x00i\x00n\x00d\x00o\x00w\x00s\x00")) {
					t.Errorf("%s is no regedit file", name)
				}
			}
		})
	}
}

// TestNothingWhileDown: between the restart and the return of the page no log has a record.
func TestNothingWhileDown(t *testing.T) {
	d := newDevice(scenario(t, "healthy-task-sequence"))
	if len(d.off) != 1 {
		t.Fatalf("%d restarts, want 1", len(d.off))
	}
	from, to := d.off[0].from, d.off[0].to
	for ch, events := range d.channels {
		for _, e := range events {
			if e.Time.After(from) && e.Time.Before(to) {
				t.Fatalf("%s has a record of %s", ch, e.Time)
			}
		}
	}
	for path, f := range d.logs {
		for _, l := range f.lines {
			if l.at.After(from) && l.at.Before(to) {
				t.Fatalf("%s has a record of %s", path, l.at)
			}
		}
	}
}

// TestRotation: a restart puts the task sequence log aside, and no record stands twice.
func TestRotation(t *testing.T) {
	var logs []string
	records := 0
	for name, data := range unpacked(t, "healthy-task-sequence") {
		if strings.Contains(name, "/SMSTS/") {
			logs = append(logs, regexp.MustCompile(`\d{8}-\d{6}`).ReplaceAllString(name, "DATE"))
			records += bytes.Count(data, []byte("Instruction name: Install"))
		}
	}
	if len(logs) != 2 || !strings.Contains(strings.Join(logs, " "), "smsts-DATE.log") {
		t.Errorf("logs = %v", logs)
	}
	if records != 3 {
		t.Errorf("%d installations begun, want 3", records)
	}
}

func TestMSILog(t *testing.T) {
	data := unpacked(t, "state4-client-msi-1603")["ccmsetup/Logs/client.msi.log"]
	if !bytes.HasPrefix(data, []byte{0xff, 0xfe, '=', 0}) {
		t.Fatal("not UTF-16LE with a byte order mark")
	}
	text := string(bytes.ReplaceAll(data[2:], []byte{0}, nil))
	first := regexp.MustCompile(`Action ended [\d:]+: (\w+)\. Return value 3\.`).FindStringSubmatch(text)
	if first == nil || first[1] != msiFailingAction {
		t.Errorf("first action that failed = %v, want %s", first, msiFailingAction)
	}
	if !strings.Contains(text, "MainEngineThread is returning 1603") || !strings.HasSuffix(strings.TrimSpace(text), "===") {
		t.Error("the log does not end as a failed one does")
	}
}
