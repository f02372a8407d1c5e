package cabw

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func members() []File {
	when := time.Date(2025, 4, 30, 23, 59, 58, 0, time.FixedZone("", -7*3600))
	text := strings.Repeat("a line that repeats itself beyond one block\r\n", 4000)
	noise := make([]byte, 3*blockSize+17)
	for i, x := 0, uint32(1); i < len(noise); i++ {
		x = x*1664525 + 1013904223
		noise[i] = byte(x >> 24)
	}
	return []File{
		{Name: "empty.txt", Time: when},
		{Name: "one.txt", Data: []byte("x"), Time: when},
		{Name: "with space-admin.evtx", Data: []byte(text), Time: when},
		{Name: "noise.bin", Data: noise, Time: when},
		{Name: "größe.log", Data: []byte("odd"), Time: when},
		{Name: "last.txt", Data: []byte("the end"), Time: when},
	}
}

func TestCabextract(t *testing.T) {
	tool, err := exec.LookPath("cabextract")
	if err != nil {
		t.Skip("cabextract is not installed")
	}
	for _, method := range []Method{MSZIP, Stored} {
		t.Run(fmt.Sprint(method), func(t *testing.T) {
			data, err := Encode(members(), method)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			cab := filepath.Join(dir, "sample.cab")
			if err := os.WriteFile(cab, data, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(tool, "-q", "-d", filepath.Join(dir, "out"), cab)
			cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC")
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Fatalf("cabextract: %v\n%s", err, out)
			}
			for _, m := range members() {
				path := filepath.Join(dir, "out", m.Name)
				got, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, m.Data) {
					t.Errorf("%s: %d bytes differ from the %d written", m.Name, len(got), len(m.Data))
				}
				info, err := os.Stat(path)
				if err != nil {
					t.Fatal(err)
				}
				if got, want := info.ModTime().UTC().Format(time.DateTime), "2025-04-30 23:59:58"; got != want {
					t.Errorf("%s: date = %s, want %s", m.Name, got, want)
				}
			}
		})
	}
}

// TestBlocks reads the folder back with nothing but the format's own rules.
func TestBlocks(t *testing.T) {
	for _, method := range []Method{MSZIP, Stored} {
		t.Run(fmt.Sprint(method), func(t *testing.T) {
			data, err := Encode(members(), method)
			if err != nil {
				t.Fatal(err)
			}
			le := binary.LittleEndian
			if got := le.Uint32(data[8:]); got != uint32(len(data)) {
				t.Errorf("stated size = %d, have %d bytes", got, len(data))
			}
			var want, got []byte
			for _, m := range members() {
				want = append(want, m.Data...)
			}
			rest := data[le.Uint32(data[headerSize:]):]
			for range le.Uint16(data[headerSize+4:]) {
				packed, raw := int(le.Uint16(rest[4:])), int(le.Uint16(rest[6:]))
				block := rest[blockHead : blockHead+packed]
				if sum := checksum(rest[4:8], checksum(block, 0)); sum != le.Uint32(rest) {
					t.Errorf("checksum = %08x, want %08x", le.Uint32(rest), sum)
				}
				if method == MSZIP {
					if string(block[:2]) != "CK" {
						t.Fatalf("block starts with %q", block[:2])
					}
					dict := got[max(0, len(got)-blockSize):]
					if block, err = io.ReadAll(flate.NewReaderDict(bytes.NewReader(block[2:]), dict)); err != nil {
						t.Fatal(err)
					}
				}
				if len(block) != raw {
					t.Fatalf("block of %d bytes, stated %d", len(block), raw)
				}
				got = append(got, block...)
				rest = rest[blockHead+packed:]
			}
			if len(rest) != 0 {
				t.Errorf("%d bytes after the last block", len(rest))
			}
			if !bytes.Equal(got, want) {
				t.Error("folder differs from what was written")
			}
			if method == MSZIP && len(data) > len(want)*3/4 {
				t.Errorf("compressed %d bytes to %d", len(want), len(data))
			}
		})
	}
}

func TestRefused(t *testing.T) {
	tests := []struct {
		name  string
		files []File
		want  string
	}{
		{"no_name", []File{{}}, `name "" has 0 bytes`},
		{"long_name", []File{{Name: strings.Repeat("n", 256)}}, "has 256 bytes"},
		{"too_many", make([]File, 65536), "65536 members"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Encode(tt.files, MSZIP); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestDOSTime(t *testing.T) {
	date, clock := DOSTime(time.Date(1960, 7, 8, 9, 10, 11, 0, time.UTC))
	if date != 0x21 || clock != 0 {
		t.Errorf("1960 = %04x %04x, want 0021 0000", date, clock)
	}
	date, clock = DOSTime(time.Date(2025, 6, 3, 14, 5, 9, 0, time.UTC))
	if date != 0x5ac3 || clock != 0x70a4 {
		t.Errorf("2025-06-03 14:05:09 = %04x %04x, want 5ac3 70a4", date, clock)
	}
}

func FuzzDeflate(f *testing.F) {
	for _, m := range members() {
		f.Add(m.Data[:min(len(m.Data), 400)], m.Data[:min(len(m.Data), 90)])
	}
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, raw, dict []byte) {
		raw, dict = raw[:min(len(raw), blockSize)], dict[:min(len(dict), blockSize)]
		packed := deflate(raw, dict)
		got, err := io.ReadAll(flate.NewReaderDict(bytes.NewReader(packed), dict))
		if err != nil || !bytes.Equal(got, raw) {
			t.Errorf("round trip of %d bytes: %d bytes, %v", len(raw), len(got), err)
		}
		if len(packed) > len(raw)+5 {
			t.Errorf("%d bytes packed to %d", len(raw), len(packed))
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	files := members()
	var size int64
	for _, f := range files {
		size += int64(len(f.Data))
	}
	b.SetBytes(size)
	for b.Loop() {
		if _, err := Encode(files, MSZIP); err != nil {
			b.Fatal(err)
		}
	}
}
