package cab

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

// decodeLZX decodes a stream that unpacks to total bytes.
func decodeLZX(packed []byte, windowBits, total int) ([]byte, error) {
	o := output{total: total}
	_, err := o.lzx([]block{{payload: packed, unpacked: total}}, windowBits)
	return o.data, err
}

func TestLZXTokens(t *testing.T) {
	var many []token
	many = append(many, literals("0123456789abcdef")...)
	for i := range 1500 {
		many = append(many, token{length: 2 + i*7%256, offset: 1 + i*i%4000%(16+i)})
		many = append(many, token{literal: byte(i)})
	}
	tests := []struct {
		name   string
		tokens []token
	}{
		{"literals", literals("literals alone")},
		{"run_of_one_byte", append(literals("x"), token{length: 257, offset: 1})},
		{"run_of_zeros", append(literals("\x00"), token{length: 257, offset: 1})},
		{"short_pattern", append(literals("abc"), token{length: 200, offset: 3})},
		{"pattern_of_eight", append(literals("abcdefgh"), token{length: 16, offset: 8}, token{length: 17, offset: 9})},
		{"first_match_repeats_the_initial_offset", append(literals("q"), token{length: 5})},
		{"repeated_offsets", append(literals("abcdefghijklmnop"),
			token{length: 3, offset: 5}, token{length: 3, offset: 7}, token{length: 3, offset: 11},
			token{length: 4, slot: 2}, token{length: 4, slot: 1}, token{length: 4}, token{length: 9, slot: 2})},
		{"all_lengths_and_many_offsets", many},
	}
	for _, tt := range tests {
		for _, kind := range []byte{blockVerbatim, blockAligned} {
			t.Run(tt.name+map[byte]string{blockVerbatim: "/verbatim", blockAligned: "/aligned"}[kind], func(t *testing.T) {
				want := expand(tt.tokens)
				packed, _ := packFrames(kind, tt.tokens)
				got, err := decodeLZX(packed, 15, len(want))
				if err != nil || !bytes.Equal(got, want) {
					t.Fatalf("got %d bytes, error %v, want %d bytes; same: %v", len(got), err, len(want), bytes.Equal(got, want))
				}
			})
		}
	}
}

// packFrames packs tokens as one block over all, with the input aligned at the
// end of each frame. A match that would leave a frame is written as literals, so
// tokens behind it must not repeat its offset. It returns where the frames end.
func packFrames(kind byte, tokens []token) (packed []byte, ends []int) {
	all := expand(tokens)
	var w lzxWriter
	w.bits(0, 1)
	w.block(kind, len(all), nil)
	pos := 0
	for _, t := range tokens {
		n := max(1, t.length)
		if left := frameSize - pos%frameSize; t.length > left {
			for i := range n {
				w.token(token{literal: all[pos+i]}, kind == blockAligned)
				if (pos+i+1)%frameSize == 0 {
					w.align()
					ends = append(ends, len(w.bytes))
				}
			}
		} else {
			w.token(t, kind == blockAligned)
			if (pos+n)%frameSize == 0 {
				w.align()
				ends = append(ends, len(w.bytes))
			}
		}
		pos += n
	}
	w.align()
	if pos%frameSize != 0 {
		ends = append(ends, len(w.bytes))
	}
	return w.bytes, ends
}

func TestLZXMixedBlocks(t *testing.T) {
	var w lzxWriter
	w.bits(0, 1)
	w.block(blockVerbatim, 6, literals("first "))
	w.raw([]byte("raw of odd size"), [3]uint32{6, 5, 4})
	w.block(blockAligned, 12, append(literals("third "), token{length: 6}))
	w.raw([]byte("end!"), [3]uint32{1, 1, 1})
	w.align()
	want := "first raw of odd sizethird third end!"
	got, err := decodeLZX(w.bytes, 15, len(want))
	if err != nil || string(got) != want {
		t.Errorf("got %q, error %v, want %q", got, err, want)
	}
}

func TestLZXDamage(t *testing.T) {
	verbatim := func(tokens []token, size int) []byte {
		var w lzxWriter
		w.bits(0, 1)
		w.block(blockVerbatim, size, tokens)
		w.align()
		return w.bytes
	}
	raw := func(v uint32, n int) []byte {
		var w lzxWriter
		w.bits(v, n)
		w.align()
		return append(w.bytes, make([]byte, 64)...)
	}
	tests := []struct {
		name   string
		packed []byte
		total  int
		want   string // what is decoded
		err    string
	}{
		{"match_before_the_start", verbatim(append(literals("ab"), token{length: 4, offset: 3}), 6), 6, "ab", errMatchOffset.Error()},
		{"match_longer_than_block", verbatim(append(literals("ab"), token{length: 4, offset: 2}), 5), 6, "ab", errMatchLength.Error()},
		{"match_longer_than_data", verbatim(append(literals("ab"), token{length: 4, offset: 2}), 60), 5, "ab", errMatchLength.Error()},
		{"input_ends", verbatim(literals("abcd"), 600), 600, "abcd", "input ends"},
		{"empty", nil, 4, "", "input ends"},
		{"kind_zero", raw(0, 28), 4, "", "kind 0"},
		{"kind_seven", raw(7<<24, 28), 4, "", "kind 7"},
		{"pre_tree_without_lengths", raw(1<<24|4, 28), 4, "", "pre-tree"},
		{"aligned_tree_without_lengths", raw(2<<24|4, 28), 4, "", "aligned tree"},
		{"raw_block_cut", raw(3<<24|400, 28), 400, strings.Repeat("\x00", 52), "input ends"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := decodeLZX(tt.packed, 15, tt.total)
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got error %v, want %q", err, tt.err)
			}
			if !strings.HasPrefix(string(got), tt.want) || len(got) > len(tt.want)+1 {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLZXMatchBeyondWindow(t *testing.T) {
	total := frameSize + 10
	part := sampleText(frameSize, 3)
	pack := func(offset uint32) []byte {
		var w lzxWriter
		w.bits(0, 1)
		w.raw(part, [3]uint32{offset, 1, 1})
		w.block(blockVerbatim, 10, []token{{length: 5}, {length: 5}})
		w.align()
		return w.bytes
	}
	if got, err := decodeLZX(pack(frameSize), 15, total); err != nil || !bytes.Equal(got[frameSize:], part[:10]) {
		t.Errorf("match of the whole window: error %v", err)
	}
	for _, bad := range []uint32{0, frameSize + 1, 1 << 31, 1<<32 - 1} {
		if _, err := decodeLZX(pack(bad), 15, total); !errors.Is(err, errMatchOffset) {
			t.Errorf("offset %d: got error %v, want %v", bad, err, errMatchOffset)
		}
	}
}

// TestLZXTranslation packs calls with absolute targets and wants relative ones.
func TestLZXTranslation(t *testing.T) {
	const size = 1000
	pack := func(total int, calls map[int]int32) []byte {
		part := bytes.Repeat([]byte{0x90}, total)
		for at, target := range calls {
			part[at] = 0xE8
			binary.LittleEndian.PutUint32(part[at+1:], uint32(target))
		}
		var w lzxWriter
		w.bits(1, 1)
		w.bits(size>>16, 16)
		w.bits(size&0xFFFF, 16)
		w.raw(part, [3]uint32{1, 1, 1})
		return w.bytes
	}
	tests := []struct {
		name   string
		at     int
		in     int32
		out    int32
		length int
	}{
		{"inside", 10, 500, 490, 100},
		{"before_zero_wraps", 10, -5, 995, 100},
		{"too_far_back_stays", 10, -11, -11, 100},
		{"too_far_on_stays", 10, 1000, 1000, 100},
		{"last_ten_bytes_stay", 90, 500, 500, 100},
		{"last_that_counts", 89, 500, 411, 100},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := decodeLZX(pack(tt.length, map[int]int32{tt.at: tt.in}), 15, tt.length)
			if err != nil {
				t.Fatal(err)
			}
			if v := int32(binary.LittleEndian.Uint32(got[tt.at+1:])); v != tt.out {
				t.Errorf("operand %d, want %d", v, tt.out)
			}
		})
	}
	t.Run("cut_operand_is_dropped", func(t *testing.T) {
		packed := pack(100, map[int]int32{10: 500})
		got, err := decodeLZX(packed[:len(packed)-100+13], 15, 100)
		if !errors.Is(err, ErrTruncated) || len(got) != 11 {
			t.Errorf("got %d bytes, error %v, want the 11 before the operand", len(got), err)
		}
	})
}

func TestHuffmanRejectsBadCodes(t *testing.T) {
	tests := []struct {
		name    string
		lengths []byte
		ok      bool
	}{
		{"complete", []byte{1, 2, 2}, true},
		{"empty", []byte{0, 0}, true},
		{"long", append(bytes.Repeat([]byte{0}, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 16), true},
		{"incomplete", []byte{1, 2}, false},
		{"single", []byte{1}, false},
		{"too_many", []byte{1, 1, 1}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var h huffman
			if err := h.build(tt.lengths); (err == nil) != tt.ok {
				t.Fatalf("got error %v, want ok %v", err, tt.ok)
			}
			if !tt.ok || h.empty {
				return
			}
			code := uint64(0) // canonical codes, each must find its symbol
			for l := byte(1); l <= maxCodeBits; l++ {
				for sym, n := range tt.lengths {
					if n != l {
						continue
					}
					if e := h.find(code << (64 - l)); e>>8 != uint32(sym) || byte(e&entryLenMask) != l {
						t.Errorf("code %b of %d bits gives entry %x", code, l, e)
					}
					code++
				}
				code <<= 1
			}
		})
	}
}
