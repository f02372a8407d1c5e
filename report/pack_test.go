package report

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestPack(t *testing.T) {
	for _, tt := range stories {
		t.Run(tt.name, func(t *testing.T) {
			v := tt.story().view(t)
			var b, again bytes.Buffer
			if err := v.WritePack(&b); err != nil {
				t.Fatal(err)
			}
			if err := v.WritePack(&again); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(b.Bytes(), again.Bytes()) {
				t.Error("two packs of one report differ")
			}
			file := filepath.Join(t.TempDir(), "pack.zip")
			if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			p, err := ReadPack(file)
			if err != nil {
				t.Fatal(err)
			}
			if p.Verdict != v.Verdict.Line() {
				t.Errorf("verdict %q", p.Verdict)
			}
			members := unzip(t, b.Bytes())
			for _, f := range p.Files {
				text := members[f.Excerpt]
				for _, place := range f.Places {
					if !strings.Contains(text, place.Shown) {
						t.Errorf("%s does not show %s", f.Excerpt, place.Shown)
					}
				}
			}
			if v.Root != nil && len(v.Root.Evidence) > 0 && !slices.ContainsFunc(p.Files, func(f PackFile) bool { return f.Path == v.Root.Evidence[0].Place.File }) {
				t.Error("the proof of the root cause is not in the pack")
			}
		})
	}
}

func unzip(t *testing.T, data []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(text)
	}
	return out
}

func TestMemberName(t *testing.T) {
	for _, tt := range [][2]string{
		{"a/b/ccmsetup.log", "ccmsetup.log"}, {`x/..\..\evil.exe`, `_.._evil.exe`}, {"x/..", ""}, {"Microsoft-Windows-Shell-Core%4Operational.evtx", "Microsoft-Windows-Shell-Core_4Operational.evtx"},
		{"x/\x1b[2J.log", "__2J.log"}, {strings.Repeat("ä", 90), strings.Repeat("_", 80)},
	} {
		if got := memberName(tt[0]); got != tt[1] {
			t.Errorf("memberName(%q) = %q, want %q", tt[0], got, tt[1])
		}
	}
}

func TestReadPackRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, members map[string]any) string {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for n, v := range members {
			w, err := z.Create(n)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.NewEncoder(w).Encode(v); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	text := filepath.Join(dir, "text.zip")
	if err := os.WriteFile(text, []byte("no zip"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ file, want string }{
		{text, "is no pack"}, {filepath.Join(dir, "missing.zip"), "is no pack"}, {write("other.zip", map[string]any{"x": 1}), "is no pack"},
		{write("later.zip", map[string]any{PackManifest: map[string]string{"schema": "debrief.pack/9"}}), "debrief.pack/9"}, {write("list.zip", map[string]any{PackManifest: []int{1}}), PackManifest},
	} {
		if _, err := ReadPack(tt.file); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", filepath.Base(tt.file), err, tt.want)
		}
	}
}
