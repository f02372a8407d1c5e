package cab

import (
	"bytes"
	"compress/flate"
	"io"
	"testing"
)

// fuzzTotal bounds what one fuzz input may unpack to.
const fuzzTotal = 4 << 20

func FuzzCAB(f *testing.F) {
	files := []testFile{small, zero, {name: "text.log", data: sampleText(3_000, 9)}}
	for _, m := range []Method{Stored, MSZIP, Quantum, LZX} {
		f.Add(testCab{folders: []testFolder{{method: m, window: 15, files: files}, {method: MSZIP, files: files[:1]}}}.write(f))
	}
	f.Add(testCab{folders: []testFolder{{method: MSZIP, files: files}}, dataReserve: []byte("12"), previous: []string{"p", "q"}, next: []string{"n", "m"}}.write(f))
	damaged, _, at := damagedCab(f, 3)
	f.Add(flip(damaged, at[1]+blockHead+2))
	f.Add(flip(damaged, at[1]+5))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Open(data)
		if err != nil {
			return
		}
		visited, spent := 0, 0
		_, err = c.Walk(func(n int) error {
			if spent += n; spent > fuzzTotal {
				return errSpent
			}
			return nil
		}, func(m Member, data []byte, reason error) error {
			visited++
			if reason == nil && int64(len(data)) != m.Size || int64(len(data)) > m.Size {
				t.Errorf("%q: %d of %d bytes, reason %v", m.Name, len(data), m.Size, reason)
			}
			return nil
		})
		if err != nil {
			t.Errorf("walk fails: %v", err)
		}
		if visited != len(c.Members) {
			t.Errorf("%d of %d members visited", visited, len(c.Members))
		}
	})
}

// FuzzJoin splits its input into cabinets by their lengths.
func FuzzJoin(f *testing.F) {
	for _, m := range []Method{Stored, MSZIP, Quantum, LZX} {
		set := splitSet(f, testFolder{method: m, window: 15, files: []testFile{small, {name: "text.log", data: mixedText(3_000, 9)}}}, 700, 900)
		f.Add(set[0], set[1], set[2])
		f.Add(set[2], set[0], set[0])
	}
	f.Fuzz(func(t *testing.T, first, second, third []byte) {
		var parts []Part
		entries := 0
		for i, data := range [][]byte{first, second, third} {
			if c, err := Open(data); err == nil {
				parts = append(parts, Part{Name: partName(i), Cabinet: c})
				entries += len(c.Members)
			}
		}
		seen := map[string]int{}
		spent := 0
		for _, s := range Join(parts) {
			for _, p := range append(s.Parts, s.Copies...) {
				if p.Cabinet != nil {
					seen[p.Name]++
				}
			}
			_, err := s.Walk(func(n int) error {
				if spent += n; spent > fuzzTotal {
					return errSpent
				}
				return nil
			}, func(m Member, data []byte, reason error) error {
				if entries--; s.Parts[m.Part].Cabinet == nil || int64(len(data)) > m.Size || reason == nil && int64(len(data)) != m.Size {
					t.Errorf("%q of part %d: %d of %d bytes, reason %v", m.Name, m.Part, len(data), m.Size, reason)
				}
				return nil
			})
			if err != nil {
				t.Errorf("walk fails: %v", err)
			}
		}
		for _, p := range parts {
			if seen[p.Name] != 1 {
				t.Errorf("%s is in %d sets", p.Name, seen[p.Name])
			}
		}
		if entries < 0 {
			t.Error("members visited twice")
		}
	})
}

func FuzzQuantum(f *testing.F) {
	text := mixedText(1_500, 4)
	w := newQuantumWriter(12)
	f.Add(w.block(quantumTokens(text, 0, 800, 1<<12)), w.block(quantumTokens(text, 800, 1500, 1<<12)), uint8(12), uint16(800), uint16(700))
	f.Add([]byte("\xFF\xFF\xFF\xFF"), []byte{}, uint8(21), uint16(frameSize), uint16(1))
	f.Fuzz(func(t *testing.T, first, second []byte, window uint8, firstSize, secondSize uint16) {
		blocks := []block{{payload: first, unpacked: min(int(firstSize), frameSize)}, {payload: second, unpacked: min(int(secondSize), frameSize), cut: len(second)%2 == 0}}
		total := blocks[0].unpacked + blocks[1].unpacked
		got, err := decodeQuantum(int(window), blocks...)
		if len(got) > total || err == nil && len(got) != total {
			t.Errorf("%d of %d bytes, error %v", len(got), total, err)
		}
	})
}

// FuzzFind also holds that what is found opens as a cabinet with members.
func FuzzFind(f *testing.F) {
	one := testCab{folders: []testFolder{{method: Stored, files: []testFile{small}}}}.write(f)
	f.Add(one)
	f.Add(append(program(300), one...))
	f.Fuzz(func(t *testing.T, data []byte) {
		Searchable(data)
		for _, at := range Find(data) {
			if c, err := Open(data[at:]); err != nil || len(c.Folders) == 0 || len(c.Members) == 0 {
				t.Errorf("found at %d: error %v", at, err)
			}
		}
	})
}

func FuzzMSZIP(f *testing.F) {
	text := sampleText(2_000, 4)
	f.Add(deflateBlock(f, text[:1000], nil), deflateBlock(f, text[1000:], text[:1000]), uint16(1000))
	f.Fuzz(func(t *testing.T, first, second []byte, size uint16) {
		n := min(int(size), frameSize)
		o := output{total: 2 * n}
		_, err := o.mszip([]block{{payload: first, unpacked: n}, {payload: second, unpacked: n}})
		for i, h := range o.holes {
			if h.from >= h.to || h.empty > h.to || h.to > len(o.data) || i > 0 && h.from < o.holes[i-1].to {
				t.Errorf("hole %v of %d bytes", h, len(o.data))
			}
		}
		if len(o.data) > o.total || err == nil && len(o.data) != o.total {
			t.Errorf("%d of %d bytes, error %v", len(o.data), o.total, err)
		}
		// The standard library has a decoder of its own.
		want := make([]byte, n)
		if len(first) < 2 || string(first[:2]) != "CK" {
			return
		}
		have, stdErr := io.ReadFull(flate.NewReader(bytes.NewReader(first[2:])), want)
		if isBad := len(o.bad) > 0 && o.bad[0].block == 0; n > 0 && err == nil && isBad != (stdErr != nil) ||
			stdErr == nil && !bytes.Equal(want, o.data[:n]) {
			t.Errorf("bad: %v; the standard library unpacks %d of %d bytes, error %v", isBad, have, n, stdErr)
		}
	})
}

func FuzzLZX(f *testing.F) {
	f.Add(rawLZXBlock(sampleText(700, 8), true), uint8(15), uint32(700))
	tokens := append(literals("abcdefghijklmnop"), token{length: 30, offset: 5}, token{length: 257, offset: 16}, token{length: 4, slot: 1})
	size := uint32(len(expand(tokens)))
	for _, kind := range []byte{blockVerbatim, blockAligned} {
		packed, _ := packFrames(kind, tokens)
		f.Add(packed, uint8(15), size)
	}
	var w lzxWriter
	w.bits(1, 1)
	w.bits(0, 16)
	w.bits(5000, 16)
	w.block(blockVerbatim, 21, literals("\xE8\x10\x01\x00\x00 and fifteen more"))
	w.align()
	f.Add(w.bytes, uint8(15), uint32(21))
	f.Fuzz(func(t *testing.T, packed []byte, window uint8, total uint32) {
		n := int(total % fuzzTotal)
		got, err := decodeLZX(packed, int(window), n)
		if len(got) > n || err == nil && len(got) != n {
			t.Errorf("%d of %d bytes, error %v", len(got), n, err)
		}
		again, errAgain := decodeLZX(packed, int(window), n)
		if string(got) != string(again) || (err == nil) != (errAgain == nil) {
			t.Error("second decoding differs")
		}
	})
}
