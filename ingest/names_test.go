package ingest

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestCleanName(t *testing.T) {
	long := strings.Repeat("n", 300)
	tests := []struct {
		name, raw, want string
		changed         bool
	}{
		{"plain", "logs/a.evtx", "logs/a.evtx", false},
		{"backslashes", `logs\sub\a.evtx`, "logs/sub/a.evtx", false},
		{"dots_and_double_slashes", "./logs//./a", "logs/a", false},
		{"spaces_inside", "user device registration-admin.evtx", "user device registration-admin.evtx", false},
		{"unicode", "Größe/日本.log", "Größe/日本.log", false},
		{"parent", "../../etc/passwd", "etc/passwd", true},
		{"parent_inside", "a/../../b", "a/b", true},
		{"absolute", "/etc/passwd", "etc/passwd", true},
		{"drive", `C:\Windows\x.log`, "Windows/x.log", true},
		{"drive_alone", "C:", "unnamed", true},
		{"drive_relative", "C:x.log", "C_x.log", true},
		{"unc", `\\server\share\x`, "server/share/x", true},
		{"device", `\\?\C:\x`, "x", true},
		{"device_unc", `\\?\UNC\server\x`, "server/x", true},
		{"device_dot", `\\.\PhysicalDrive0`, "PhysicalDrive0", true},
		{"slash_drive_slash", "/C:/D:/x", "x", true},
		{"stream", "a.log:hidden", "a.log_hidden", true},
		{"wildcards", `a<b>c"d|e?f*g`, "a_b_c_d_e_f_g", true},
		{"reserved", "CON", "_CON", true},
		{"reserved_with_extension", "dir/nul.txt", "dir/_nul.txt", true},
		{"reserved_with_space", "aux .log", "_aux .log", true},
		{"reserved_number", "Lpt1", "_Lpt1", true},
		{"reserved_superscript", "COM¹.log", "_COM¹.log", true},
		{"not_reserved", "COM10.log", "COM10.log", false},
		{"console", "console.log", "console.log", false},
		{"control", "a\x00b\nc\x1b[31m", "a_b_c_[31m", true},
		{"bidi", "a\u202Egpj.exe", "a_gpj.exe", true},
		{"zero_width", "a\u200Bb", "a_b", true},
		{"not_utf8", "a\xFFb", "a_b", true},
		{"trailing_dots", "dir./a. . ", "dir/a", true},
		{"only_dots", "...", "_", true},
		{"empty", "", "unnamed", true},
		{"only_parents", "../..", "unnamed", true},
		{"long", long + ".evtx", strings.Repeat("n", 226) + "~2711f4c9.evtx", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, changed := cleanName(tt.raw, defaultNameBytes)
			if tt.name == "long" { // the mark is checked by its form
				if len(got) != partBytes || !strings.HasSuffix(got, ".evtx") || !strings.Contains(got, "~") {
					t.Errorf("got %q", got)
				}
				return
			}
			if got != tt.want || changed != tt.changed {
				t.Errorf("got %q, changed %v, want %q, %v", got, changed, tt.want, tt.changed)
			}
		})
	}
	a, _ := cleanName(strings.Repeat("d/", 600)+"x.log", 1000)
	b, _ := cleanName(strings.Repeat("e/", 600)+"x.log", 1000)
	if a == b || len(a) > 1000 || !strings.HasSuffix(a, ".log") {
		t.Errorf("deep paths become %q and %q", a, b)
	}
}

func FuzzCleanName(f *testing.F) {
	for _, s := range []string{"a/b", `..\..\C:\x`, "NUL .txt", "\\\\?\\UNC\\", "a:b\u202E", strings.Repeat("ä", 200)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, _ := cleanName(raw, 500)
		if !filepath.IsLocal(got) || !utf8.ValidString(got) || len(got) > 500 || strings.ContainsAny(got, "\\:\x00\n") {
			t.Errorf("%q becomes %q", raw, got)
		}
		for part := range strings.SplitSeq(got, "/") {
			if part == "" || part == "." || part == ".." || len(part) > 255 || isReserved(part) || strings.HasSuffix(part, ".") {
				t.Errorf("%q becomes %q with part %q", raw, got, part)
			}
		}
		if again, changed := cleanName(got, 500); again != got || changed {
			t.Errorf("%q becomes %q, and that %q", raw, got, again)
		}
	})
}

func TestNamesStayApart(t *testing.T) {
	n := names{used: map[string]claim{}}
	steps := []struct{ in, want string }{
		{"r/a.log", "r/a.log"},
		{"r/A.LOG", "r/A#2.LOG"},
		{"r/a.log", "r/a#3.log"},
		{"r/a#2.log", "r/a#2#2.log"},
		{"r/dir/x", "r/dir/x"},
		{"r/DIR/x", "r/DIR/x#2"},
		{"r/dir", "r/dir#2"},
		{"r/a.log/inner", "r/a#4.log/inner"},
		{"r/a.log/inner", "r/a#4.log/inner#2"},
		{"r/.hidden", "r/.hidden"},
		{"r/.hidden", "r/.hidden#2"},
	}
	var got, want []string
	for _, s := range steps {
		got = append(got, n.take(s.in))
		want = append(want, s.want)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

func TestManyEqualNamesAreFast(t *testing.T) {
	n := names{used: map[string]claim{}}
	for range 50_000 {
		n.take("r/same.log")
	}
	if got := n.take("r/same.log"); got != "r/same#50001.log" {
		t.Errorf("got %q", got)
	}
}
