package cab

import "testing"

// fuzzTotal bounds what one fuzz input may unpack to.
const fuzzTotal = 4 << 20

func FuzzCAB(f *testing.F) {
	files := []testFile{small, zero, {name: "text.log", data: sampleText(3_000, 9)}}
	for _, m := range []Method{Stored, MSZIP, Quantum, LZX} {
		f.Add(testCab{folders: []testFolder{{method: m, window: 15, files: files}, {method: MSZIP, files: files[:1]}}}.write(f))
	}
	f.Add(testCab{folders: []testFolder{{method: MSZIP, files: files}}, dataReserve: []byte("12"), previous: []string{"p", "q"}, next: []string{"n", "m"}}.write(f))
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

func FuzzMSZIP(f *testing.F) {
	text := sampleText(2_000, 4)
	f.Add(deflateBlock(f, text[:1000], nil), deflateBlock(f, text[1000:], text[:1000]), uint16(1000))
	f.Fuzz(func(t *testing.T, first, second []byte, size uint16) {
		n := min(int(size), frameSize)
		o := output{total: 2 * n}
		_, err := o.mszip([]block{{payload: first, unpacked: n}, {payload: second, unpacked: n}})
		if len(o.data) > o.total || err == nil && len(o.data) != o.total {
			t.Errorf("%d of %d bytes, error %v", len(o.data), o.total, err)
		}
	})
}

func FuzzLZX(f *testing.F) {
	f.Add(rawLZXBlock(sampleText(700, 8), true), uint8(15), uint32(700))
	tokens := append(literals("abcdefghijklmnop"), token{length: 30, offset: 5}, token{length: 257, offset: 16}, token{length: 4, slot: 1})
	size := uint32(len(expand(tokens)))
	f.Add(packFrames(blockVerbatim, tokens), uint8(15), size)
	f.Add(packFrames(blockAligned, tokens), uint8(15), size)
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
