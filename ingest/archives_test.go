package ingest

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// listing renders a case for people: a line a file, then the problems.
func listing(c *Case) string {
	var b strings.Builder
	for _, f := range c.Files {
		fmt.Fprintf(&b, "%s %d", f.Path, f.Size)
		if f.Partial {
			b.WriteString(" partial")
		}
		if f.Duplicate != "" {
			b.WriteString(" = " + f.Duplicate)
		}
		if len(f.Data) > 0 && len(f.Data) <= 24 && identify(f.Data) == notArchive {
			fmt.Fprintf(&b, " %q", f.Data)
		}
		b.WriteByte('\n')
	}
	for _, p := range c.Problems {
		fmt.Fprintf(&b, "! %s %s\n", p.Kind, p)
	}
	return b.String()
}

// readBytes reads one file of that content.
func readBytes(t testing.TB, name string, data []byte, limits Limits) *Case {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(p, data, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := read(t, []string{p}, Options{Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func nested(t testing.TB, levels int) []byte {
	data := zipOf(t, zip.Deflate, entry{name: "deep.log", data: "at the bottom"})
	for range levels - 1 {
		data = zipOf(t, zip.Deflate, entry{name: "n.zip", data: string(data)})
	}
	return data
}

// patched changes bytes of data.
func patched(data []byte, at int, b ...byte) []byte {
	data = bytes.Clone(data)
	copy(data[at:], b)
	return data
}

func TestHostileArchives(t *testing.T) {
	a, b := entry{name: "a.log", data: "text of a"}, entry{name: "sub/b.log", data: "text of b"}
	zeros := strings.Repeat("\x00", 1<<20)
	plainZip := zipOf(t, zip.Store, a, b)
	central := bytes.Index(plainZip, []byte("PK\x01\x02"))
	deflated := zipOf(t, zip.Deflate, a, entry{name: "long.log", data: strings.Repeat("some more text, ", 50)}, b)
	encrypted := bytes.Clone(plainZip)
	encrypted[central+8] |= 1
	stream7z, header7z := header7zOf([]entry{a, b})
	many7z := append(append([]byte{id7zHeader, id7zFiles}, number7z(1<<40)...), id7zEnd, id7zEnd)
	tests := []struct {
		name   string
		data   []byte
		limits Limits
	}{
		{"zip_plain", plainZip, Limits{}},
		{"zip_bad_names", zipOf(t, zip.Store,
			entry{name: "../../up.log", data: "1"}, entry{name: "/abs.log", data: "2"}, entry{name: `C:\win\x.log`, data: "3"},
			entry{name: "a.log:stream", data: "4"}, entry{name: "NUL", data: "5"}, entry{name: `\\server\share\u.log`, data: "6"},
			entry{name: "bad\u202Egol.txt", data: "7"}, entry{name: "new\nline", data: "8"}, entry{name: "dots...", data: "9"}), Limits{}},
		{"zip_same_names", zipOf(t, zip.Store, a, a, entry{name: "A.LOG", data: "another"}, entry{name: "a.log/inside", data: "a file as folder"}), Limits{}},
		{"zip_links", zipOf(t, zip.Store, entry{name: "link", data: "/etc/passwd", mode: fs.ModeSymlink}, entry{name: "pipe", mode: fs.ModeNamedPipe}, a), Limits{}},
		{"zip_empty_files", zipOf(t, zip.Store, entry{name: "one"}, entry{name: "two"}, entry{name: "dir/"}), Limits{}},
		{"zip_without_files", zipOf(t, zip.Store), Limits{}},
		{"zip_encrypted", encrypted, Limits{}},
		{"zip_unknown_method", patched(patched(plainZip, central+10, 97), 8, 97), Limits{}},
		{"zip_wrong_crc", patched(plainZip, bytes.Index(plainZip, []byte("text of a")), 'T'), Limits{}},
		{"zip_no_central_directory", plainZip[:central], Limits{}},
		{"zip_central_directory_cut", plainZip[:central+60], Limits{}},
		{"zip_cut_in_member", deflated[:135], Limits{}},
		{"zip_cut_in_header", plainZip[:20], Limits{}},
		{"zip_lying_size", patched(plainZip, central+24, 255, 255, 255, 127), Limits{}},
		{"zip_bomb_ratio", zipOf(t, zip.Deflate, append(manyOf(5, strings.Repeat(zeros, 16)), a)...), Limits{Ratio: 10}},
		{"zip_bomb_total", zipOf(t, zip.Deflate, manyOf(5, zeros)...), Limits{TotalBytes: 3 << 20}},
		{"zip_too_many_files", zipOf(t, zip.Store, manyOf(5, "x")...), Limits{Files: 3}},
		{"zip_overlapping", overlappingZIP(t), Limits{}},
		{"zip_long_file", zipOf(t, zip.Deflate, a, entry{name: "big", data: zeros}, b), Limits{FileBytes: 1000}},
		{"zip_nested", nested(t, 3), Limits{}},
		{"zip_nested_too_deep", nested(t, 3), Limits{Depth: 2}},
		{"zip_of_cab_named_log", zipOf(t, zip.Deflate, entry{name: "cabinet.log", data: string(cabOf(a, b))}, a), Limits{}},
		{"zip_of_broken_cab", zipOf(t, zip.Deflate, entry{name: "x.cab", data: string(cabOf(a, b)[:40])}, a), Limits{}},
		{"cab_plain", cabOf(a, entry{name: `sub\b.log`, data: "text of b"}), Limits{}},
		{"cab_cut", cabOf(a, b)[:len(cabOf(a, b))-12], Limits{}},
		{"cab_same_bytes_twice", overlapping(), Limits{TotalBytes: 100_000}},
		{"cab_long_file", cabOf(a, entry{name: "big", data: zeros[:5000]}, b), Limits{FileBytes: 1000}},
		{"cab_bad_names", cabOf(entry{name: `..\..\x`, data: "1"}, entry{name: `C:\y`, data: "2"}, entry{name: "COM1.log", data: "3"}), Limits{}},
		{"tar_plain", tarOf(t, a, b), Limits{}},
		{"tar_links", tarOf(t, a, entry{name: "hard", link: "a.log"}, entry{name: "soft", link: "/etc/passwd", mode: fs.ModeSymlink}, entry{name: "disk", mode: fs.ModeDevice}), Limits{}},
		{"tar_cut", tarOf(t, a, entry{name: "long", data: zeros[:2000]})[:3000], Limits{}},
		{"7z_plain", sevenZipOf(a, b), Limits{}},
		{"7z_cut", sevenZipOf(a, b)[:60], Limits{}},
		{"7z_million_files", sevenZipWith(nil, many7z), Limits{}},
		{"7z_packed_header", packed7z(t, stream7z, header7z), Limits{}},
		{"7z_million_files_in_packed_header", packed7z(t, nil, many7z), Limits{}},
		{"7z_huge_dictionary", sevenZipWith(nil, []byte{id7zHeader, id7zMainStreams, id7zUnpack, id7zFolder, 1, 0, 1, 0x21, 0x21, 1, 40}), Limits{}},
		{"7z_slow_key", sevenZipWith(nil, []byte{id7zHeader, id7zMainStreams, id7zUnpack, id7zFolder, 1, 0, 1, 0x24, 6, 0xF1, 7, 1, 1, 0x3F}), Limits{}},
		{"rar_plain", rarOf(a, b), Limits{}},
		{"rar_cut", rarOf(a, entry{name: "long", data: zeros[:500]})[:200], Limits{}},
		{"gzip_plain", packed(t, formatGzip, []byte("text of a")), Limits{}},
		{"gzip_cut", packed(t, formatGzip, []byte("text of a"))[:24], Limits{}},
		{"gzip_bomb", packed(t, formatGzip, bytes.Repeat([]byte(zeros), 80)), Limits{}},
		{"gzip_of_tar", packed(t, formatGzip, tarOf(t, a, b)), Limits{}},
		{"gzip_of_tar_cut", packed(t, formatGzip, tarOf(t, entry{name: "first", data: "first"}, entry{name: "noise", data: noise(3000)}))[:900], Limits{}},
		{"xz_plain", packed(t, formatXZ, []byte("text of a")), Limits{}},
		{"zstd_plain", packed(t, formatZstd, []byte("text of a")), Limits{}},
		{"bzip2_plain", packed(t, formatBzip2, []byte("text of a")), Limits{}},
		{"zip_of_all", zipOf(t, zip.Store,
			entry{name: "c", data: string(cabOf(a))}, entry{name: "t", data: string(tarOf(t, a))}, entry{name: "7", data: string(sevenZipOf(a))},
			entry{name: "r", data: string(rarOf(a))}, entry{name: "g.gz", data: string(packed(t, formatGzip, []byte("text of a")))}), Limits{}},
	}
	var got strings.Builder
	for _, tt := range tests {
		fmt.Fprintf(&got, "== %s\n%s\n", tt.name, listing(readBytes(t, "in", tt.data, tt.limits)))
	}
	checkGolden(t, "hostile.golden", got.String())
}

func manyOf(n int, data string) []entry {
	var list []entry
	for i := range n {
		list = append(list, entry{name: fmt.Sprintf("%03d", i), data: data})
	}
	return list
}

// noise does not compress.
func noise(n int) string {
	b, x := make([]byte, n), uint32(7)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return string(b)
}

// overlappingZIP has 40 members in its central directory, all at one place.
func overlappingZIP(t testing.TB) []byte {
	data := zipOf(t, zip.Deflate, append([]entry{{name: "0", data: noise(5000)}}, manyOf(40, "")...)...)
	record := bytes.Index(data, []byte("PK\x01\x02"))
	first := bytes.Clone(data[record : record+46])
	for at := record + 46; ; {
		i := bytes.Index(data[at:], []byte("PK\x01\x02"))
		if i < 0 {
			return data
		}
		at += i
		copy(data[at+8:at+28], first[8:28])   // flags to sizes
		copy(data[at+42:at+46], first[42:46]) // offset
		at += 46
	}
}

// overlapping is a cabinet with ten members that claim the same 20,000 bytes.
func overlapping() []byte {
	list := []entry{{name: "real", data: noise(20_000)}}
	for i := range 9 {
		list = append(list, entry{name: fmt.Sprintf("copy%d", i)})
	}
	data := cabOf(list...)
	at := 44
	for range list {
		binary.LittleEndian.PutUint32(data[at:], 20_000)
		binary.LittleEndian.PutUint32(data[at+4:], 0)
		at += 16 + bytes.IndexByte(data[at+16:], 0) + 1
	}
	return data
}

// TestZIPCutAnywhere cuts a ZIP after every byte: whole members stay whole,
// and no bytes are made up.
func TestZIPCutAnywhere(t *testing.T) {
	first, second := noise(300), strings.Repeat("second ", 60)
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		whole := zipOf(t, method, entry{name: "first", data: first}, entry{name: "second", data: second})
		secondAt := bytes.LastIndex(whole[:bytes.Index(whole, []byte("PK\x01\x02"))], []byte("PK\x03\x04"))
		for cut := 30; cut < len(whole); cut++ {
			r, _, err := newReader(t.Context(), []string{"x"}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			r.place(item{path: "in.zip", data: whole[:cut]})
			if len(r.problems) == 0 {
				t.Errorf("method %d cut at %d: no problem", method, cut)
			}
			for _, f := range r.files {
				full := map[string]string{"in.zip/first": first, "in.zip/second": second, "in.zip": string(whole[:cut])}[f.Path]
				if !strings.HasPrefix(full, string(f.Data)) || !f.Partial && len(f.Data) != len(full) {
					t.Errorf("method %d cut at %d: %s has %d of %d bytes, partial %v", method, cut, f.Path, len(f.Data), len(full), f.Partial)
				}
			}
			if cut > secondAt && (len(r.files) == 0 || r.files[0].Partial) {
				t.Errorf("method %d cut at %d: first member lost", method, cut)
			}
		}
	}
}

func TestTimes(t *testing.T) {
	a := entry{name: "a", data: "x"}
	for name, data := range map[string][]byte{"zip": zipOf(t, zip.Store, a), "cab": cabOf(a), "tar": tarOf(t, a), "rar": rarOf(a)} {
		c := readBytes(t, "in", data, Limits{})
		if len(c.Files) != 1 || !c.Files[0].ModTime.Equal(testTime) || c.Files[0].ModTime.Location() != time.UTC {
			t.Errorf("%s: got %v", name, c.Files)
		}
	}
}

// TestNotArchives holds that logs which happen to start like archives stay
// files without a word.
func TestNotArchives(t *testing.T) {
	for _, s := range []string{"", "M", "MSCF cabinet", "PK is what ZIP starts with", "BZh91 is a word", "7z x", "Rar! file", "\x1f\x8bz",
		"ElfFile\x00" + strings.Repeat("\x00", 600), strings.Repeat("\x00", 1024), strings.Repeat("0000001 \x00", 100)} {
		c := readBytes(t, "x.zip", []byte(s), Limits{})
		if len(c.Files) != 1 || c.Files[0].Path != "x.zip" || c.Files[0].Partial || len(c.Problems) != 0 {
			t.Errorf("%.20q: %s", s, listing(c))
		}
	}
}
