package cab

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// quantumWriter packs tokens as Quantum. It keeps plain frequencies and sums
// them anew for each symbol, unlike the decoder.
type quantumWriter struct {
	selector, length, slots3, slots4, slots quantumStats
	literals                                [4]quantumStats

	low, high uint32
	follow    int    // bits that follow the next one, as its opposite
	code      []byte // coded bits, one a byte
	// reads is the order in which a reader takes bits: -1 is one of code, else
	// the bit itself.
	reads []int8
}

// quantumStats is the frequencies of the symbols in the order of their table.
type quantumStats struct {
	symbols, freq []int
	halvings      int // until the table is sorted
}

func newQuantumStats(first, n int) quantumStats {
	s := quantumStats{halvings: 4}
	for i := range n {
		s.symbols, s.freq = append(s.symbols, first+i), append(s.freq, 1)
	}
	return s
}

func sum(freq []int) (n int) {
	for _, f := range freq {
		n += f
	}
	return n
}

func (s *quantumStats) seen(i int) {
	s.freq[i] += 8
	if sum(s.freq) <= 3800 {
		return
	}
	if s.halvings--; s.halvings > 0 {
		// The sums from each symbol to the last are halved, not the frequencies.
		below, halved := 0, 0
		for i := len(s.freq) - 1; i >= 0; i-- {
			below += s.freq[i]
			now := max(below/2, halved+1)
			s.freq[i], halved = now-halved, now
		}
		return
	}
	s.halvings = 50
	for i := range s.freq {
		s.freq[i] = (s.freq[i] + 1) / 2
	}
	for i := range s.freq {
		for j := range s.freq[i:] {
			if s.freq[i] < s.freq[i+j] {
				s.freq[i], s.freq[i+j] = s.freq[i+j], s.freq[i]
				s.symbols[i], s.symbols[i+j] = s.symbols[i+j], s.symbols[i]
			}
		}
	}
}

func newQuantumWriter(window int) *quantumWriter {
	w := &quantumWriter{selector: newQuantumStats(0, 7), length: newQuantumStats(0, 27),
		slots3: newQuantumStats(0, min(24, 2*window)), slots4: newQuantumStats(0, min(36, 2*window)), slots: newQuantumStats(0, 2*window)}
	for i := range w.literals {
		w.literals[i] = newQuantumStats(64*i, 64)
	}
	return w
}

func (w *quantumWriter) symbol(s *quantumStats, symbol int) {
	i := slices.Index(s.symbols, symbol)
	total, behind := uint32(sum(s.freq)), uint32(sum(s.freq[i+1:]))
	span := w.high - w.low + 1
	w.high = w.low + (behind+uint32(s.freq[i]))*span/total - 1
	w.low += behind * span / total
	s.seen(i)
	for {
		switch {
		case w.high < 0x8000:
			w.bit(0)
		case w.low >= 0x8000:
			w.bit(1)
			w.low, w.high = w.low-0x8000, w.high-0x8000
		case w.low >= 0x4000 && w.high < 0xC000:
			w.follow++
			w.low, w.high = w.low-0x4000, w.high-0x4000
		default:
			return
		}
		w.low, w.high = 2*w.low, 2*w.high+1
		w.reads = append(w.reads, -1)
	}
}

func (w *quantumWriter) bit(b byte) {
	w.code = append(w.code, b)
	for ; w.follow > 0; w.follow-- {
		w.code = append(w.code, 1-b)
	}
}

func (w *quantumWriter) raw(v, n int) {
	for i := n - 1; i >= 0; i-- {
		w.reads = append(w.reads, int8(v>>i&1))
	}
}

// slot splits v into a slot of the given base and widths and the rest.
func (w *quantumWriter) slot(s *quantumStats, v int, width func(int) int) {
	slot, base := 0, 0
	for v >= base+1<<width(slot) {
		base += 1 << width(slot)
		slot++
	}
	w.symbol(s, slot)
	w.raw(v-base, width(slot))
}

func (w *quantumWriter) token(t token) {
	offsetWidth := func(slot int) int { return max(0, slot/2-1) }
	switch t.length {
	case 0:
		w.symbol(&w.selector, int(t.literal/64))
		w.symbol(&w.literals[t.literal/64], int(t.literal))
	case 3:
		w.symbol(&w.selector, 4)
		w.slot(&w.slots3, t.offset-1, offsetWidth)
	case 4:
		w.symbol(&w.selector, 5)
		w.slot(&w.slots4, t.offset-1, offsetWidth)
	default:
		w.symbol(&w.selector, 6)
		w.slot(&w.length, t.length-5, func(slot int) int {
			switch {
			case slot < 6 || slot == 26:
				return 0
			default:
				return (slot - 2) / 4
			}
		})
		w.slot(&w.slots, t.offset-1, offsetWidth)
	}
}

// block packs the tokens of one data block.
func (w *quantumWriter) block(tokens []token) []byte {
	w.low, w.high, w.follow, w.code, w.reads = 0, 0xFFFF, 0, nil, nil
	for _, t := range tokens {
		w.token(t)
	}
	w.follow++
	w.bit(byte(w.low >> 14 & 1))
	var all []byte
	next := 0
	code := func() (b byte) {
		if next < len(w.code) {
			b = w.code[next]
		}
		next++
		return b
	}
	for range 16 {
		all = append(all, code())
	}
	for _, r := range w.reads {
		if r < 0 {
			all = append(all, code())
		} else {
			all = append(all, byte(r))
		}
	}
	packed := make([]byte, (len(all)+7)/8)
	for i, b := range all {
		packed[i/8] |= b << (7 - i%8)
	}
	return packed
}

// quantumTokens finds tokens for stream[pos:end], looking for what the last
// places with the same three bytes repeat.
func quantumTokens(stream []byte, pos, end, window int) []token {
	var tokens []token
	last := map[[3]byte]int{}
	for i := range pos - 2 {
		last[[3]byte(stream[i:])] = i
	}
	for pos < end {
		length, offset := 0, 0
		if end-pos >= 3 {
			k := [3]byte(stream[pos:])
			if from, ok := last[k]; ok && pos-from <= window {
				offset = pos - from
				for length < min(259, end-pos) && stream[from+length] == stream[pos+length] {
					length++
				}
				// Far short matches have no slot.
				if length == 3 && offset > 4096 || length == 4 && offset > 1<<18 {
					length = 0
				}
			}
		}
		if length == 0 {
			tokens = append(tokens, token{literal: stream[pos]})
		} else {
			tokens = append(tokens, token{length: length, offset: offset})
		}
		for range max(1, length) {
			if pos+3 <= len(stream) {
				last[[3]byte(stream[pos:])] = pos
			}
			pos++
		}
	}
	return tokens
}

func decodeQuantum(window int, blocks ...block) ([]byte, error) {
	o := output{}
	for _, b := range blocks {
		o.total += b.unpacked
	}
	_, err := o.quantum(blocks, window)
	return o.data, err
}

// noise is n bytes of all values without a pattern.
func noise(n int, seed uint32) []byte {
	b := make([]byte, n)
	for i := range b {
		seed = seed*1664525 + 1013904223
		b[i] = byte(seed >> 24)
	}
	return b
}

func TestQuantumTokens(t *testing.T) {
	var lengths, offsets []token
	lengths = append(lengths, literals("abcdefg")...)
	for n := 3; n <= 259; n++ {
		lengths = append(lengths, token{length: n, offset: 1 + n%7})
	}
	offsets = append(offsets, literals("0123456789")...)
	for len(expand(offsets)) < 20_000 {
		n := len(expand(offsets))
		offsets = append(offsets, token{length: 5 + n%100, offset: min(n, 1<<15)}, token{length: 3, offset: min(n, 4096)}, token{length: 4, offset: n/2 + 1}, token{literal: byte(n)})
	}
	var all []token
	for _, b := range noise(20_000, 1) { // sorts each model several times
		all = append(all, token{literal: b})
	}
	tests := []struct {
		name   string
		tokens []token
	}{
		{"one_byte", literals("x")},
		{"literals", literals("literals of more than one quarter: \x00\x7F\x80\xC3\xFF")},
		{"run", append(literals("y"), token{length: 259, offset: 1}, token{length: 259, offset: 1})},
		{"all_lengths", lengths},
		{"many_offsets", offsets},
		{"many_literals", all},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := expand(tt.tokens)
			w := newQuantumWriter(15)
			var blocks []block
			size := 0
			for tokens := tt.tokens; len(tokens) > 0; {
				n := 0
				for size = 0; n < len(tokens) && size < 25_000; n++ {
					size += max(1, tokens[n].length)
				}
				blocks = append(blocks, block{payload: w.block(tokens[:n]), unpacked: size})
				tokens = tokens[n:]
			}
			got, err := decodeQuantum(15, blocks...)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("got %d bytes, error %v, want %d bytes; same: %v", len(got), err, len(want), bytes.Equal(got, want))
			}
		})
	}
}

// quantumSample is a data block as the writer of this test made it when
// cabextract unpacked it to quantumText.
const (
	quantumSample = "dad58561e63ea85ca641a6f68774854d2d4ec1e334d7e24970312f2dc11f9875fa7d600000"
	quantumText   = "A made-up line, and a made-up line again: made-up lines and lines.\r\n"
)

func TestQuantumSample(t *testing.T) {
	packed, err := hex.DecodeString(quantumSample)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeQuantum(17, block{payload: packed, unpacked: len(quantumText)})
	if diff := cmp.Diff(quantumText, string(got)); err != nil || diff != "" {
		t.Errorf("error %v, text (-want +got):\n%s", err, diff)
	}
	w := newQuantumWriter(17)
	if again := hex.EncodeToString(w.block(quantumTokens([]byte(quantumText), 0, len(quantumText), 1<<17))); again != quantumSample {
		t.Errorf("writer gives %s", again)
	}
}

func TestQuantumDamage(t *testing.T) {
	pack := func(tokens ...token) []byte { return newQuantumWriter(10).block(tokens) }
	far := append(literals("ab"), token{length: 1}) // replaced below
	far[2] = token{length: 5, offset: 3}
	long := append(literals("ab"), token{length: 200, offset: 2})
	full := block{payload: pack(append(slices.Repeat(literals("z"), frameSize-100), long[2])...), unpacked: frameSize}
	tests := []struct {
		name string
		in   []block
		want int // bytes decoded
		err  error
	}{
		{"match_before_the_start", []block{{payload: pack(far...), unpacked: 7}}, 2, errQuantumOffset},
		{"match_of_the_whole_window", []block{{payload: pack(append(slices.Repeat(literals("w"), 1100), token{length: 9, offset: 1024})...), unpacked: 1109}}, 1109, nil},
		{"match_leaves_full_block", []block{full}, frameSize - 100, errQuantumLength},
		{"match_leaves_last_block", []block{{payload: pack(long...), unpacked: 50}}, 50, nil},
		{"empty", []block{{unpacked: 4000}}, -1, ErrTruncated},
		{"input_ends", []block{{payload: pack(literals("a sentence that is cut")...)[:10], unpacked: 22}}, -1, ErrTruncated},
		{"last_bytes_left_out", []block{{payload: bytes.TrimRight(pack(literals("\x00\x00\x00\x00")...), "\x00"), unpacked: 4}}, 4, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := decodeQuantum(10, tt.in...)
			if !errors.Is(err, tt.err) || tt.want >= 0 && len(got) != tt.want {
				t.Errorf("got %d bytes, error %v, want %d, %v", len(got), err, tt.want, tt.err)
			}
		})
	}
}

// TestQuantumAgainstCabextract has cabextract unpack what the writer of this test
// packs, and this package too.
func TestQuantumAgainstCabextract(t *testing.T) {
	if _, err := exec.LookPath("cabextract"); err != nil {
		t.Skip("no cabextract in the path")
	}
	mixed := slices.Concat(sampleText(60_000, 3), noise(30_000, 4), sampleText(70_001, 3))
	for _, window := range []int{10, 11, 15, 18, 21} {
		files := []testFile{{name: "mixed.bin", data: mixed}, {name: "text.log", data: []byte(quantumText)}}
		data := testCab{folders: []testFolder{{method: Quantum, window: window, files: files}}}.write(t)
		path := filepath.Join(t.TempDir(), fmt.Sprintf("made-up-%d.cab", window))
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		ours, summary := sums(t, data)
		if diff := cmp.Diff(cabextract(path), ours); diff != "" || len(ours) != 2 {
			t.Errorf("window %d: %s; (-cabextract +ours):\n%s", window, summary, diff)
		}
		if got := contents(t, data)["mixed.bin"]; !bytes.Equal(got, mixed) {
			t.Errorf("window %d: content differs", window)
		}
	}
}

func TestQuantumProblemNamesBlock(t *testing.T) {
	files := []testFile{{name: "a.log", data: sampleText(40_000, 3)}, {name: "b.log", data: sampleText(40_000, 5)}}
	f := testFolder{method: Quantum, window: 12, files: files}
	f.blocks = packBlocks(t, f)
	f.blocks[1].payload = f.blocks[1].payload[:4]
	l := listing(t, testCab{folders: []testFolder{f}}.write(t))
	for _, want := range []string{"a.log 32", "b.log 0/40000 (folder 0: block 2: input ends inside the stream", "! damage at "} {
		if !strings.Contains(l, want) {
			t.Errorf("no %q in\n%s", want, l)
		}
	}
}
