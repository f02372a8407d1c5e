package evtx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

// simpleChunk has n records, numbered from first; each has a template of its
// own, so that any of them can be lost without harm to the others.
func simpleChunk(first uint64, n int) *chunk {
	c := newChunk(first)
	for i := range n {
		clear(c.names)
		c.event(func() { c.data("n", func() { c.sub(0, typeUInt64) }) }, val{typeUInt64, le64(first + uint64(i))})
	}
	return c
}

// offsets returns where the records of a chunk stand.
func offsets(b []byte) (at []int) {
	for pos := headerSize; pos+4 <= len(b) && string(b[pos:pos+4]) == string(recordMagic); {
		at = append(at, pos)
		pos += int(binary.LittleEndian.Uint32(b[pos+4:]))
	}
	return at
}

// brief renders records as numbers: 3 whole, 3r recovered, 3t torn.
func brief(records []Record) string {
	var out []string
	for _, r := range records {
		s := fmt.Sprint(r.Number)
		if r.Recovered {
			s += "r"
		}
		if r.Torn {
			s += "t"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

// texts renders problems with their place.
func texts(problems []Problem) (out []string) {
	for _, p := range problems {
		out = append(out, fmt.Sprintf("%s @%d: %s", p.Kind, p.Offset, p.Text))
	}
	return out
}

var hexSum = regexp.MustCompile(` [0-9a-f]{8}\b`)

// headerSum is the checksum that a chunk's header should have.
func headerSum(c []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE(c[:120]), crc32.IEEETable, c[128:headerSize])
}

// TestFile damages a sound file of three chunks with records 1-3, 4-6, 7-9
// and checks that all the rest is read and every damage is named.
func TestFile(t *testing.T) {
	chunk := func(b []byte, n int) []byte { return b[headerBlock+n*chunkSize:][:chunkSize] }
	le := binary.LittleEndian
	tests := []struct {
		name     string
		change   func(b []byte) []byte
		want     string
		problems []string
	}{
		{"sound", func(b []byte) []byte { return b }, "1 2 3 4 5 6 7 8 9", nil},
		{"dirty_with_stale_counts", func(b []byte) []byte {
			le.PutUint16(b[42:], 1)
			le.PutUint64(b[16:], 0)
			le.PutUint64(b[24:], 4)
			le.PutUint32(b[120:], flagDirty)
			sumFile(b)
			return b
		}, "1 2 3 4 5 6 7 8 9", []string{"remark @0: file header counts 1 chunks, 3 found"}},
		{"file_checksum", func(b []byte) []byte {
			b[124] ^= 1
			return b
		}, "1 2 3 4 5 6 7 8 9", []string{"remark @0: checksum of the file header is X, header says X"}},
		{"no_checksums_wanted", func(b []byte) []byte {
			le.PutUint32(b[120:], flagNoCRC)
			b[124] ^= 1
			chunk(b, 0)[52] ^= 1
			return b
		}, "1 2 3 4 5 6 7 8 9", nil},
		{"stale_record_count", func(b []byte) []byte {
			c := chunk(b, 1)
			le.PutUint64(c[16:], 4)
			sumChunk(c)
			return b
		}, "1 2 3 4 5 6 7 8 9", []string{"remark @69632: chunk header counts 1 records, 3 found"}},
		{"chunk_checksum", func(b []byte) []byte {
			chunk(b, 1)[124] ^= 1
			return b
		}, "1 2 3 4 5 6 7 8 9", []string{"remark @69632: checksum of the chunk header is X, header says X"}},
		{"record_checksum", func(b []byte) []byte {
			c := chunk(b, 1)
			c[52] ^= 1
			le.PutUint32(c[124:], 0)
			want := le.Uint32(c[52:])
			sumChunk(c)
			le.PutUint32(c[52:], want)
			le.PutUint32(c[124:], headerSum(c))
			return b
		}, "1 2 3 4 5 6 7 8 9", []string{"remark @70144: checksum of the records is X, chunk header says X"}},
		{"bad_chunk_magic", func(b []byte) []byte {
			chunk(b, 1)[0] = 'X'
			return b
		}, "1 2 3 4r 5r 6r 7 8 9", []string{"damage @69632: no chunk header here; 3 records recovered from 65536 bytes, 0 not readable"}},
		{"chunk_of_garbage", func(b []byte) []byte {
			for i := range chunk(b, 1) {
				chunk(b, 1)[i] = byte(i*7 + 1)
			}
			return b
		}, "1 2 3 7 8 9", []string{"damage @69632: no chunk header here; 0 records recovered from 65536 bytes, 0 not readable"}},
		{"chunk_of_zeros_is_unused", func(b []byte) []byte {
			clear(chunk(b, 1))
			return b
		}, "1 2 3 7 8 9", nil},
		{"garbage_behind_the_last_chunk", func(b []byte) []byte {
			return append(b, "left by the writer"...)
		}, "1 2 3 4 5 6 7 8 9", []string{"remark @200704: no chunk header here; 0 records recovered from 18 bytes, 0 not readable"}},
		{"records_behind_free_space", func(b []byte) []byte {
			c := chunk(b, 2)
			le.PutUint32(c[48:], uint32(offsets(c)[1]))
			le.PutUint64(c[16:], 7)
			sumChunk(c)
			return b
		}, "1 2 3 4 5 6 7 8r 9r", nil},
		{"leftover_without_its_template", func(b []byte) []byte {
			c := chunk(b, 2)
			at := offsets(c)
			le.PutUint32(c[48:], uint32(at[1]))
			le.PutUint64(c[16:], 7)
			le.PutUint32(c[at[2]+recordHead+4+2:], 99) // another template id
			sumChunk(c)
			return b
		}, "1 2 3 4 5 6 7 8r", []string{"remark @0: 1 old records behind the live ones are overwritten in part"}},
		{"impossible_free_space", func(b []byte) []byte {
			c := chunk(b, 0)
			le.PutUint32(c[48:], 3)
			sumChunk(c)
			return b
		}, "1 2 3 4 5 6 7 8 9", []string{
			"remark @4096: chunk header has an impossible free-space offset 3; records are live as long as they follow each other"}},
		{"last_chunk_cut_in_a_record", func(b []byte) []byte {
			at := offsets(chunk(b, 2))
			return b[:headerBlock+2*chunkSize+at[2]+60]
		}, "1 2 3 4 5 6 7 8", []string{
			"damage @135168: chunk is cut short: 1036 of 1208 bytes with records",
			"damage @136144: record 9: binary XML ends early",
		}},
		{"last_chunk_cut_in_a_value", func(b []byte) []byte {
			c := chunk(b, 2)
			return b[:headerBlock+2*chunkSize+offsets(c)[2]+217]
		}, "1 2 3 4 5 6 7 8 9t", []string{
			"damage @135168: chunk is cut short: 1193 of 1208 bytes with records",
			"damage @136144: record 9: values exceed the record; what could be read of it is kept",
		}},
		{"last_chunk_cut_behind_its_records", func(b []byte) []byte {
			return b[:len(b)-40000]
		}, "1 2 3 4 5 6 7 8 9", nil},
		{"cut_in_a_chunk_header", func(b []byte) []byte {
			return b[:headerBlock+2*chunkSize+100]
		}, "1 2 3 4 5 6", []string{"damage @135168: chunk header is cut short: 100 of 512 bytes"}},
		{"record_magic_gone", func(b []byte) []byte {
			c := chunk(b, 0)
			c[offsets(c)[1]] = 0
			sumChunk(c)
			return b
		}, "1 3 4 5 6 7 8 9", []string{
			"damage @4840: no record here; 232 bytes passed over",
			"damage @4096: chunk header counts 3 records, 2 found"}},
		{"record_size_is_a_lie", func(b []byte) []byte {
			c := chunk(b, 0)
			le.PutUint32(c[offsets(c)[1]+4:], 60000)
			sumChunk(c)
			return b
		}, "1 2 3 4 5 6 7 8 9", []string{"remark @4840: record 2 says that it has 60000 bytes; its end says 232"}},
		{"both_sizes_are_lies", func(b []byte) []byte {
			c := chunk(b, 0)
			at := offsets(c)
			le.PutUint32(c[at[1]+4:], 0)
			le.PutUint32(c[at[2]-4:], 0)
			sumChunk(c)
			return b
		}, "1 2t 3 4 5 6 7 8 9", []string{"damage @4840: record 2: size of the record does not add up; what could be read of it is kept"}},
		{"page_of_zeros_in_a_chunk", func(b []byte) []byte {
			c := chunk(b, 0)
			at := offsets(c)
			clear(c[at[1]+100 : at[2]])
			sumChunk(c)
			return b
		}, "1 3 4 5 6 7 8 9", []string{"damage @4840: record 2: name outside the chunk"}},
		{"bytes_lost_inside", func(b []byte) []byte {
			at := headerBlock + chunkSize + 1300
			return slices.Delete(b, at, at+1000)
		}, "1 2 3 4 5 6 7 8 9", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := logFile(simpleChunk(1, 3).bytes(), simpleChunk(4, 3).bytes(), simpleChunk(7, 3).bytes())
			r := decode(t, tt.change(b))
			if diff := cmp.Diff(tt.want, brief(r.records)); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			got := texts(r.problems)
			for i, s := range got {
				got[i] = hexSum.ReplaceAllString(s, " X")
			}
			if diff := cmp.Diff(tt.problems, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHeader(t *testing.T) {
	b := logFile(simpleChunk(1, 1).bytes())
	binary.LittleEndian.PutUint64(b[24:], 77)
	binary.LittleEndian.PutUint32(b[120:], flagDirty|flagFull)
	sumFile(b)
	want := Header{Major: 3, Minor: 2, NextRecord: 77, Chunks: 1, Dirty: true, Full: true}
	if r := decode(t, b); r.header != want || len(r.problems) > 0 {
		t.Errorf("got %+v, problems %v; want %+v", r.header, r.problems, want)
	}

	binary.LittleEndian.PutUint16(b[38:], 4)
	binary.LittleEndian.PutUint16(b[40:], 512)
	sumFile(b)
	r := decode(t, b)
	wantText := []string{
		"remark @0: format version 4.2 is not known; read as 3.x",
		"remark @0: file header says that it takes 512 bytes; 4096 are taken",
	}
	if diff := cmp.Diff(wantText, texts(r.problems)); diff != "" || brief(r.records) != "1" {
		t.Errorf("problems (-want +got):\n%s\nrecords %s", diff, brief(r.records))
	}
}

func TestNotALog(t *testing.T) {
	for _, b := range []string{"", "Elf", "ElfFile", "ElfFilX\x00 and more", "MSCF"} {
		_, err := Decode([]byte(b), Sink{Record: func(*Record) {}, Problem: func(Problem) {}})
		if !errors.Is(err, ErrFormat) || IsLog([]byte(b)) {
			t.Errorf("%q: error %v, IsLog %v", b, err, IsLog([]byte(b)))
		}
	}
	r := decode(t, []byte("ElfFile\x00"))
	if len(r.problems) != 1 || r.problems[0].Kind != event.Damage {
		t.Errorf("magic alone: problems %v", r.problems)
	}
}

// Cutting a file anywhere never invents a record, never loses one that stands
// wholly before the cut, and says so where one is lost.
func TestEveryTruncation(t *testing.T) {
	c := simpleChunk(1, 4)
	c.systemEvent()
	whole := logFile(c.bytes())
	at := append(offsets(c.b), len(c.b))
	for n := 8; n < headerBlock+len(c.b)+16; n += 3 {
		r := decode(t, whole[:n])
		complete := 0
		for _, o := range at[1:] {
			if headerBlock+o <= n {
				complete++
			}
		}
		sound := 0
		for _, rec := range r.records {
			if !rec.Torn {
				sound++
			}
		}
		if sound < complete || sound > complete+1 || len(r.records) > complete+1 {
			t.Fatalf("cut at %d: %d records (%d sound), %d stand before the cut", n, len(r.records), sound, complete)
		}
		lost := slices.ContainsFunc(r.problems, func(p Problem) bool { return p.Kind.Lost() })
		if complete < len(at)-1 && !lost {
			t.Fatalf("cut at %d: nothing said of the loss", n)
		}
	}
}
