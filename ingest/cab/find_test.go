package cab

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// program is the start of a Windows program of n bytes.
func program(n int) []byte {
	b := make([]byte, n)
	copy(b, "MZ")
	binary.LittleEndian.PutUint32(b[0x3C:], 0x80)
	copy(b[0x80:], "PE\x00\x00")
	return b
}

func TestFind(t *testing.T) {
	one := testCab{folders: []testFolder{{method: MSZIP, files: []testFile{small, last}}}}.write(t)
	nested := testCab{folders: []testFolder{{method: Stored, files: []testFile{{name: "inner.cab", data: one}}}},
		headerReserve: []byte("1234"), next: []string{"x.cab", "y"}}.write(t)
	with := func(at int, b byte) []byte { return patch(one, at, b) }
	filler := bytes.Repeat([]byte("filler "), 1000)
	tests := []struct {
		name       string
		data       []byte
		want       []int64
		searchable bool
	}{
		{"empty", nil, nil, false},
		{"cabinet", one, []int64{0}, false},
		{"program", slices.Concat(program(300), one), []int64{300}, true},
		{"program_without", program(300), nil, true},
		{"program_cut_before_its_header", program(300)[:0x60], nil, false},
		{"two", slices.Concat(filler, one, filler, one, filler), []int64{7000, 14000 + int64(len(one))}, false},
		{"nested_left_out", slices.Concat(program(300), nested), []int64{300}, true},
		{"cut", slices.Concat(filler, one[:200]), []int64{7000}, false},
		{"close_to_the_start", slices.Concat([]byte("FILL"), one), []int64{4}, true},
		{"signature_twice", slices.Concat([]byte("MSCF"), one), []int64{4}, true},
		{"words", slices.Concat(program(200), []byte("MSCF is the signature of a cabinet. MSCF"), make([]byte, 90)), nil, true},
		{"words_in_log", slices.Concat([]byte("ElfFile\x00 MSCF\x00\x00\x00\x00"), make([]byte, 300)), nil, false},
		{"only_the_start_of_a_header", slices.Concat(filler, one[:40]), nil, false},
		{"wrong_version", slices.Concat(filler, with(24, 4)), nil, false},
		{"reserved_field_in_use", slices.Concat(filler, with(20, 1)), []int64{7000}, false},
		{"no_files", slices.Concat(filler, with(28, 0)), nil, false},
		{"unknown_flag", slices.Concat(filler, with(30, 8)), nil, false},
		{"table_outside", slices.Concat(filler, with(18, 1)), nil, false},
		{"data_outside", slices.Concat(filler, with(39, 1)), nil, false},
		{"name_is_no_text", slices.Concat(filler, with(headerSize+folderSize+fileSize, 7)), nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Find(tt.data)); diff != "" {
				t.Errorf("offsets (-want +got):\n%s", diff)
			}
			if got := Searchable(tt.data); got != tt.searchable {
				t.Errorf("searchable: got %v", got)
			}
		})
	}
}

func TestFoundCabinetOpens(t *testing.T) {
	data := slices.Concat(program(1000), testCab{folders: []testFolder{{method: MSZIP, files: []testFile{small, last}}}}.write(t), []byte("trailer"))
	got := contents(t, data[Find(data)[0]:])
	if !equalContents(got, map[string][]byte{small.name: small.data, last.name: last.data}) {
		t.Errorf("got %v", got)
	}
}
