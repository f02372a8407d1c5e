package ingest

import (
	"archive/zip"
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// localMember makes a local header and its data, zip64 where long is set, with
// CRC and sizes behind the data where deferred is.
func localMember(t testing.TB, name, data string, method uint16, deferred, long, signed bool) []byte {
	t.Helper()
	packed := []byte(data)
	if method == zip.Deflate {
		packed = deflated(t, data)
	}
	crc := newSum(data)
	b := append([]byte(zipLocalHeader), 45, 0)
	flags := uint16(0)
	if deferred {
		flags = zipDeferred
	}
	b = append(le.AppendUint16(le.AppendUint16(b, flags), method), 0xC4, 0x28, 0x64, 0x5A)
	var extra []byte
	sizes := [2]uint64{uint64(len(data)), uint64(len(packed))}
	stated := sizes
	if deferred {
		stated = [2]uint64{}
		b = le.AppendUint32(b, 0)
	} else {
		b = le.AppendUint32(b, crc)
	}
	if long {
		extra = le.AppendUint16(le.AppendUint16(nil, zip64Extra), 16)
		extra = le.AppendUint64(le.AppendUint64(extra, stated[0]), stated[1])
		stated = [2]uint64{0xFFFFFFFF, 0xFFFFFFFF}
	}
	b = le.AppendUint32(le.AppendUint32(b, uint32(stated[1])), uint32(stated[0]))
	b = le.AppendUint16(le.AppendUint16(b, uint16(len(name))), uint16(len(extra)))
	b = bytes.Join([][]byte{b, []byte(name), extra, packed}, nil)
	if !deferred {
		return b
	}
	if signed {
		b = append(b, zipDescriptor...)
	}
	b = le.AppendUint32(b, crc)
	if long {
		return le.AppendUint64(le.AppendUint64(b, sizes[1]), sizes[0])
	}
	return le.AppendUint32(le.AppendUint32(b, uint32(sizes[1])), uint32(sizes[0]))
}

func newSum(data string) uint32 {
	var k uint32 = 0xFFFFFFFF
	for _, b := range []byte(data) { // apart from the code under test
		k ^= uint32(b)
		for range 8 {
			k = k>>1 ^ 0xEDB88320&-(k&1)
		}
	}
	return ^k
}

// TestSalvageZIP reads local headers alone, in memory and from a file.
func TestSalvageZIP(t *testing.T) {
	inner := string(zipOf(t, zip.Store, entry{name: "inner.log", data: "inside"}))
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		for _, deferred := range []bool{false, true} {
			for _, long := range []bool{false, true} {
				for _, signed := range []bool{false, true} {
					data := bytes.Join([][]byte{
						localMember(t, "a.log", "text of a", method, deferred, long, signed),
						localMember(t, "nested.zip", inner, method, deferred, long, true),
						localMember(t, "b.log", noise(3000), method, deferred, long, signed),
					}, nil)
					got := listing(readBytes(t, "in", data, Limits{}))
					why := "zip: not a valid zip file"
					if method == zip.Store { // the directory of the ZIP inside is found
						why = "it does not list the first member"
					}
					want := "in/a.log 9 \"text of a\"\nin/b.log 3000\nin/nested.zip/inner.log 6 \"inside\"\n" +
						"! damage in: central directory cannot be read to its end (" + why + "), going by the headers of the members\n"
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("method %d, deferred %v, zip64 %v, signed %v (-want +got):\n%s", method, deferred, long, signed, diff)
					}
					dir := tree(t, map[string]string{"in": string(data)})
					out := filepath.Join(dir, "out")
					report, err := Extract(t.Context(), []string{filepath.Join(dir, "in")}, out, Options{})
					if err != nil || report.Files != 3 || report.Bytes != 9+3000+6 || len(report.Problems) != 1 {
						t.Errorf("method %d, deferred %v, zip64 %v, signed %v: extracted %+v, error %v", method, deferred, long, signed, report, err)
					}
				}
			}
		}
	}
}

// TestWrongDirectory has central directories that other programs call header
// errors; the members are whole all the same.
func TestWrongDirectory(t *testing.T) {
	a, b := entry{name: "a.log", data: "text of a"}, entry{name: "sub/b.log", data: strings.Repeat("text of b, ", 100)}
	const files = "in/a.log 9 \"text of a\"\nin/sub/b.log 1100\n"
	streamed := zipOf(t, zip.Deflate, a, b) // sizes behind the data
	plain := lockedZIP(t, locked{entry: a}, locked{entry: b})
	stored := lockedZIP(t, locked{entry: a, stored: true}, locked{entry: b, stored: true})
	record := func(data []byte, n int) int {
		at := -1
		for range n + 1 {
			at += 1 + bytes.Index(data[at+1:], []byte(zipCentralHeader))
		}
		return at
	}
	const wrong = "! remark in: central directory is wrong about member \"a.log\", read by its own header\n"
	const cutDirectory = "! damage in: central directory cannot be read to its end (unexpected EOF), going by the headers of the members\n"
	const noDirectory = "! damage in: central directory cannot be read to its end (zip: not a valid zip file), going by the headers of the members\n"
	end := bytes.LastIndex(plain, []byte(zipEndRecord))
	tests := []struct {
		name, want string
		data       []byte
	}{
		{"size_too_large", files + "! remark in: size of member \"a.log\" is wrong in the central directory\n", patched(plain, record(plain, 0)+24, 200)},
		{"size_too_small", files + "! remark in: size of member \"a.log\" is wrong in the central directory\n", patched(plain, record(plain, 0)+24, 2)},
		{"packed_too_small", files + wrong, patched(plain, record(plain, 0)+20, 2)},
		{"packed_too_large", files, patched(plain, record(plain, 0)+20, 200)},
		{"packed_huge", files, patched(plain, record(plain, 0)+20, 255, 255, 255, 127)},
		{"packed_too_small_streamed", files + wrong, patched(streamed, record(streamed, 0)+20, 2)},
		{"stored_both_too_small", files + wrong, patched(stored, record(stored, 0)+20, 2, 0, 0, 0, 2)},
		{"stored_both_too_large", files + wrong, patched(stored, record(stored, 0)+20, 40, 0, 0, 0, 40)},
		{"crc_wrong_in_directory", files + wrong, patched(plain, record(plain, 0)+16, 1, 2, 3, 4)},
		{"method_wrong_in_directory", files + wrong, patched(plain, record(plain, 0)+10, 0)},
		{"place_wrong", files + "! remark in: central directory is wrong about the place of 1 member, going by the headers of the members\n", patched(plain, record(plain, 0)+42, 3)},
		{"place_behind_end", files + "! remark in: central directory is wrong about the place of 1 member, going by the headers of the members\n", patched(plain, record(plain, 1)+42, 0, 0, 9)},
		{"place_of_nothing", "in/a.log 9 \"text of a\"\nin/sub/b.log 0 partial\n" +
			"! remark in: central directory is wrong about the place of 1 member, going by the headers of the members\n" +
			"! damage in/sub/b.log: 0 of 1100 bytes read: its data is not in the archive\n", patched(plain, bytes.LastIndex(plain, []byte(zipLocalHeader)), 0, 0)},
		{"count_wrong", files + cutDirectory, patched(plain, end+8, 7, 0, 7)},
		{"bytes_in_front", files, append([]byte("HTTP/1.1 200 OK\r\n\r\n"), plain...)},
		{"bytes_in_front_and_comment", files, append(append([]byte("garbage"), patched(plain, end+20, 3)...), "abc"...)},
		{"bytes_in_front_streamed", files, append([]byte("garbage"), streamed...)},
		{"bytes_behind", files, append(bytes.Clone(plain), "some more"...)},
		{"no_end_record", files + noDirectory, plain[:end]},
		{"half_an_end_record", files + noDirectory, plain[:end+10]},
		{"no_end_record_streamed", files + noDirectory, streamed[:bytes.LastIndex(streamed, []byte(zipEndRecord))]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, listing(readBytes(t, "in", tt.data, Limits{}))); diff != "" {
				t.Errorf("listing (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNotZIPEnd holds that the magic of an end record alone makes no ZIP.
func TestNotZIPEnd(t *testing.T) {
	for _, s := range []string{"x" + zipEndRecord, "log line PK\x05\x06 with a magic", "x" + zipEndRecord + strings.Repeat("\x00", 18),
		"x" + zipEndRecord + "\x00\x00\x00\x00\x01\x00\x01\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00"} {
		c := readBytes(t, "x.zip", []byte(s), Limits{})
		if len(c.Files) != 1 || c.Files[0].Path != "x.zip" {
			t.Errorf("%q: %s", s, listing(c))
		}
	}
}
