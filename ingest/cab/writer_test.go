package cab

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/hex"
	"testing"
)

// attributeUTF8 marks a name in UTF-8.
const attributeUTF8 = 0x80

// testFile is one member for writeCab.
type testFile struct {
	name       string
	data       []byte
	date, time uint16
	attributes uint16
	folder     uint16 // folder number to write instead of its own; 0 = its own
}

// testFolder is one folder for writeCab. Blocks replaces the packed data.
type testFolder struct {
	method Method
	window int
	files  []testFile
	blocks []testBlock
	base   int // place of the first file
}

type testBlock struct {
	payload  []byte
	unpacked int
}

// testCab describes a cabinet.
type testCab struct {
	folders                                   []testFolder
	headerReserve, folderReserve, dataReserve []byte
	previous, next                            []string // cabinet and disk
	number                                    uint16   // in its set
}

// sampleText is text of n bytes that compresses like a log.
func sampleText(n int, seed uint32) []byte {
	words := []string{"client ", "download ", "content ", "started\r\n", "waiting for ", "policy ", "0x", "succeeded. "}
	var b []byte
	for len(b) < n {
		seed = seed*1664525 + 1013904223
		b = append(b, words[seed>>29]...)
		if seed>>24&3 == 0 {
			b = append(b, byte('0'+seed>>20&7))
		}
	}
	return b[:n]
}

// mixedText is text of which a part repeats what was before and a part does not.
func mixedText(n int, seed uint32) []byte {
	var b []byte
	for i := uint32(0); len(b) < n; i++ {
		b = append(b, sampleText(300, seed)...)
		b = append(b, hex.EncodeToString(noise(50, seed+7*i))...)
		b = append(b, "\r\n"...)
	}
	return b[:n]
}

// write makes the bytes of the cabinet.
func (c testCab) write(t testing.TB) []byte {
	t.Helper()
	le := binary.LittleEndian
	var files, folders, data []byte
	flags, nFiles := uint16(0), 0
	head := make([]byte, headerSize)
	if c.headerReserve != nil || c.folderReserve != nil || c.dataReserve != nil {
		flags |= flagReserve
		head = le.AppendUint16(head, uint16(len(c.headerReserve)))
		head = append(head, byte(len(c.folderReserve)), byte(len(c.dataReserve)))
		head = append(head, c.headerReserve...)
	}
	for i, l := range [][]string{c.previous, c.next} {
		for _, s := range l {
			flags |= 1 << i
			head = append(append(head, s...), 0)
		}
	}
	folderTable := len(head)
	dataStart := folderTable + len(c.folders)*(folderSize+len(c.folderReserve))
	for i, f := range c.folders {
		offset := f.base
		for _, m := range f.files {
			n := uint16(i)
			if m.folder != 0 {
				n = m.folder
			}
			files = le.AppendUint32(files, uint32(len(m.data)))
			files = le.AppendUint32(files, uint32(offset))
			for _, v := range []uint16{n, m.date, m.time, m.attributes} {
				files = le.AppendUint16(files, v)
			}
			files = append(append(files, m.name...), 0)
			offset += len(m.data)
			nFiles++
		}
	}
	dataStart += len(files)
	for _, f := range c.folders {
		blocks := f.blocks
		if blocks == nil {
			blocks = packBlocks(t, f)
		}
		folders = le.AppendUint32(folders, uint32(dataStart+len(data)))
		folders = le.AppendUint16(folders, uint16(len(blocks)))
		folders = le.AppendUint16(folders, uint16(f.method)|uint16(f.window)<<8)
		folders = append(folders, c.folderReserve...)
		for _, b := range blocks {
			rest := le.AppendUint16(nil, uint16(len(b.payload)))
			rest = le.AppendUint16(rest, uint16(b.unpacked))
			rest = append(rest, c.dataReserve...)
			data = le.AppendUint32(data, checksum(rest, checksum(b.payload, 0)))
			data = append(append(data, rest...), b.payload...)
		}
	}
	all := bytes.Join([][]byte{head, folders, files, data}, nil)
	copy(all, "MSCF")
	le.PutUint32(all[8:], uint32(len(all)))
	le.PutUint32(all[16:], uint32(len(head)+len(folders)))
	all[24], all[25] = 3, 1
	for i, v := range []uint16{uint16(len(c.folders)), uint16(nFiles), flags, 7, c.number} {
		le.PutUint16(all[26+2*i:], v)
	}
	return all
}

// packBlocks packs the files of a folder; LZX as raw blocks.
func packBlocks(t testing.TB, f testFolder) []testBlock {
	t.Helper()
	var stream []byte
	for _, m := range f.files {
		stream = append(stream, m.data...)
	}
	var blocks []testBlock
	var q *quantumWriter
	for pos := 0; pos < len(stream); pos += frameSize {
		part := stream[pos:min(len(stream), pos+frameSize)]
		payload := part
		switch f.method {
		case MSZIP:
			payload = deflateBlock(t, part, stream[max(0, pos-frameSize):pos])
		case LZX:
			payload = rawLZXBlock(part, pos == 0)
		case Quantum:
			if q == nil {
				q = newQuantumWriter(f.window)
			}
			payload = q.block(quantumTokens(stream, pos, pos+len(part), 1<<f.window))
		}
		blocks = append(blocks, testBlock{payload, len(part)})
	}
	return blocks
}

func deflateBlock(t testing.TB, part, dictionary []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("CK")
	w, err := flate.NewWriterDict(&b, 6, dictionary)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(part); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rawLZXBlock makes a raw LZX block of the part; the first one of a folder
// carries the header bit.
func rawLZXBlock(part []byte, first bool) []byte {
	var w lzxWriter
	if first {
		w.bits(0, 1)
	}
	w.raw(part, [3]uint32{1, 1, 1})
	return w.bytes
}

// lzxWriter writes LZX for windows of 2^15, with codes of nearly equal length.
type lzxWriter struct {
	bytes   []byte
	word    uint32
	free    int // bits still free in word, counted from 16; 0 = no word begun
	trained bool
}

func (w *lzxWriter) bits(v uint32, n int) {
	for i := n - 1; i >= 0; i-- {
		if w.free == 0 {
			w.word, w.free = 0, 16
		}
		w.free--
		w.word |= (v >> i & 1) << w.free
		if w.free == 0 {
			w.bytes = binary.LittleEndian.AppendUint16(w.bytes, uint16(w.word))
		}
	}
}

func (w *lzxWriter) align() {
	for w.free != 0 {
		w.bits(0, 1)
	}
}

func (w *lzxWriter) raw(part []byte, recent [3]uint32) {
	w.bits(blockRaw, 3)
	w.bits(uint32(len(part)), 24)
	if w.free == 0 {
		w.bits(0, 16)
	}
	w.align()
	for _, r := range recent {
		w.bytes = binary.LittleEndian.AppendUint32(w.bytes, r)
	}
	w.bytes = append(w.bytes, part...)
	if len(part)%2 != 0 {
		w.bytes = append(w.bytes, 0)
	}
}

// token is a literal (length 0) or a match; slot 0 to 2 repeats an offset.
type token struct {
	literal byte
	length  int
	offset  int
	slot    int
}

// flatCode gives the canonical code of sym where the first short symbols of
// all have bits-1 bits and the others bits.
func flatCode(sym, short, bits int) (code uint32, n int) {
	if sym < short {
		return uint32(sym), bits - 1
	}
	return uint32(2*short + sym - short), bits
}

const (
	testMainShort, testMainBits     = 16, 9 // 16 codes of 8 bits, 480 of 9
	testLengthShort, testLengthBits = 7, 8  // 7 codes of 7 bits, 242 of 8
)

// block writes a verbatim or aligned block that unpacks to size bytes.
func (w *lzxWriter) block(kind byte, size int, tokens []token) {
	w.bits(uint32(kind), 3)
	w.bits(uint32(size), 24)
	if kind == blockAligned {
		for range 8 {
			w.bits(3, 3)
		}
	}
	w.lengths(0, lzxChars, testMainShort, testMainBits)
	w.lengths(lzxChars, lzxChars+8*windowSlots[0], testMainShort, testMainBits)
	w.lengths(0, lzxLengthCodes, testLengthShort, testLengthBits)
	w.trained = true
	for _, t := range tokens {
		w.token(t, kind == blockAligned)
	}
}

// lengths writes the code lengths of symbols from to to, by a pre-tree of the
// four differences in use, 2 bits each.
func (w *lzxWriter) lengths(from, to, short, bits int) {
	for i := range lzxPreCodes {
		switch i {
		case 0, 8, 9, 10:
			w.bits(2, 4)
		default:
			w.bits(0, 4)
		}
	}
	codes := map[int]uint32{0: 0, 8: 1, 9: 2, 10: 3}
	for sym := from; sym < to; sym++ {
		delta := 0
		if !w.trained {
			_, n := flatCode(sym, short, bits)
			delta = 17 - n
		}
		w.bits(codes[delta], 2)
	}
}

func (w *lzxWriter) token(t token, isAligned bool) {
	if t.length == 0 {
		code, n := flatCode(int(t.literal), testMainShort, testMainBits)
		w.bits(code, n)
		return
	}
	slot := t.slot
	if t.offset > 0 {
		for slot = 3; slot+1 < windowSlots[0] && slotBase[slot+1] <= uint32(t.offset+2); slot++ {
		}
	}
	header := min(t.length-lzxMinMatch, 7)
	code, n := flatCode(lzxChars+8*slot+header, testMainShort, testMainBits)
	w.bits(code, n)
	if header == 7 {
		code, n := flatCode(t.length-lzxMinMatch-7, testLengthShort, testLengthBits)
		w.bits(code, n)
	}
	if slot < 3 {
		return
	}
	rest, extra := uint32(t.offset+2)-slotBase[slot], int(slotBits[slot])
	w.bits(rest, extra) // an aligned code of 3 equal bits is the same as 3 verbatim bits
}

// expand is the plain meaning of tokens.
func expand(tokens []token) []byte {
	var out []byte
	r := [3]int{1, 1, 1}
	for _, t := range tokens {
		if t.length == 0 {
			out = append(out, t.literal)
			continue
		}
		switch {
		case t.offset > 0:
			r = [3]int{t.offset, r[0], r[1]}
		case t.slot > 0:
			r[0], r[t.slot] = r[t.slot], r[0]
		}
		for range t.length {
			out = append(out, out[len(out)-r[0]])
		}
	}
	return out
}

func literals(s string) []token {
	var t []token
	for _, b := range []byte(s) {
		t = append(t, token{literal: b})
	}
	return t
}
