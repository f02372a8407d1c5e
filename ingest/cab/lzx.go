package cab

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// LZX as cabinets use it: 16-bit little-endian words read from their top bit;
// output in frames of 32 KiB, after each of which the input is aligned to a
// word; blocks of verbatim, aligned-offset or raw kind that may span frames;
// code lengths sent as differences to those of the block before. A match may
// reach back to the start of the folder or the size of the window, whichever
// is nearer. After decoding, the operands of x86 calls (E8) may have to be
// turned back from absolute to relative.

const (
	frameSize = 32768

	blockVerbatim = 1
	blockAligned  = 2
	blockRaw      = 3

	lzxChars       = 256
	lzxMaxSlots    = 50
	lzxMainCodes   = lzxChars + 8*lzxMaxSlots
	lzxLengthCodes = 249
	lzxPreCodes    = 20
	lzxMinMatch    = 2

	// The refill reads 8 bytes at a time and may stand up to 7 bytes behind
	// the last real one when it is seen to be there.
	lzxInputPad = 16

	translateFrames = 32768 // E8 translation stops after 1 GiB
	translateTail   = 10    // and leaves the last bytes of a frame alone
)

var errInputEnd = fmt.Errorf("input ends inside the stream: %w", ErrTruncated)

// slotBase and slotBits give the smallest match offset of each position slot,
// before the 2 that the format adds, and the number of bits that follow.
// The tables are longer than the slots so that a masked index needs no check.
var slotBase, slotBits = func() (base [64]uint32, bits [64]uint8) {
	next := uint32(0)
	for i := range lzxMaxSlots {
		if i >= 4 {
			bits[i] = uint8(min(i/2-1, 17))
		}
		base[i] = next
		next += 1 << bits[i]
	}
	return
}()

// windowSlots is the number of position slots for windows of 2^15 to 2^21.
var windowSlots = [...]int{30, 32, 34, 36, 38, 42, 50}

// lzxDecoder unpacks the stream of one folder into one growing slice, which is
// also its window.
type lzxDecoder struct {
	in   []byte // packed stream, padded with lzxInputPad bytes
	end  int    // length without the padding
	next int    // next byte of in to load
	bits uint64 // loaded bits that are not yet used, from the top
	n    uint   // their number

	out    []byte
	pos    int // bytes of out that are decoded
	window int
	codes  int // codes of the main tree
	recent [3]uint32

	kind        byte
	blockLeft   int
	rawOdd      bool // a raw block of odd size is padded by a byte
	mainLengths [lzxMainCodes]byte
	lenLengths  [lzxLengthCodes]byte
	main        huffman
	lengths     huffman
	aligned     huffman
	pre         huffman

	started       bool // header read
	translateSize int32
	translateFrom int // first frame to translate; -1 = none yet
}

// newLZX makes a decoder for the packed stream; in must have lzxInputPad bytes
// of padding at its end.
func newLZX(in []byte, windowBits int) (*lzxDecoder, error) {
	if windowBits < 15 || windowBits > 21 {
		return nil, fmt.Errorf("LZX window of 2^%d is outside 2^15 to 2^21: %w", windowBits, ErrUnsupported)
	}
	return &lzxDecoder{
		in: in, end: len(in) - lzxInputPad,
		window:        1 << windowBits,
		codes:         lzxChars + 8*windowSlots[windowBits-15],
		recent:        [3]uint32{1, 1, 1},
		translateFrom: -1,
	}, nil
}

// frame decodes the next size bytes into d.out, which must have room for them.
// d.pos says how far it came.
func (d *lzxDecoder) frame(size int) error {
	if !d.started {
		if err := d.readHeader(); err != nil {
			return err
		}
	}
	frameEnd := d.pos + size
	for d.pos < frameEnd {
		if d.blockLeft == 0 {
			if err := d.readBlockHeader(); err != nil {
				return err
			}
			continue
		}
		start := d.pos
		runEnd := min(frameEnd, start+d.blockLeft)
		var err error
		if d.kind == blockRaw {
			err = d.runRaw(runEnd)
		} else {
			err = d.runCoded(runEnd)
		}
		d.blockLeft -= d.pos - start
		if err != nil {
			return err
		}
	}
	d.drop(d.n % 16)
	return nil
}

func (d *lzxDecoder) readHeader() error {
	d.started = true
	translate, err := d.read(1)
	if err != nil || translate == 0 {
		return err
	}
	high, err := d.read(16)
	if err != nil {
		return err
	}
	low, err := d.read(16)
	d.translateSize = int32(high<<16 | low)
	return err
}

func (d *lzxDecoder) readBlockHeader() error {
	if d.rawOdd {
		d.rawOdd = false
		d.next++ // raw blocks leave no loaded bits
	}
	kind, err := d.read(3)
	if err != nil {
		return err
	}
	size, err := d.read(24)
	if err != nil {
		return err
	}
	d.kind, d.blockLeft = byte(kind), int(size)
	switch d.kind {
	case blockRaw:
		err = d.readRawHeader()
	case blockVerbatim:
		err = d.readTrees()
	case blockAligned:
		if err = d.readAligned(); err == nil {
			err = d.readTrees()
		}
	default:
		err = fmt.Errorf("LZX block of kind %d", kind)
	}
	if err != nil {
		d.blockLeft = 0
		return err
	}
	if d.translateFrom < 0 && (d.kind == blockRaw || d.mainLengths[0xE8] != 0) {
		d.translateFrom = d.pos / frameSize
	}
	return nil
}

// readRawHeader gives the loaded bits back: a raw block starts at the next
// word, with the three recent offsets.
func (d *lzxDecoder) readRawHeader() error {
	if d.n%16 == 0 {
		if err := d.need(16); err != nil {
			return err
		}
		d.drop(16)
	}
	d.drop(d.n % 16)
	d.next -= int(d.n / 8)
	d.bits, d.n = 0, 0
	if d.end-d.next < 12 {
		return errInputEnd
	}
	for i := range d.recent {
		d.recent[i] = binary.LittleEndian.Uint32(d.in[d.next+4*i:])
	}
	d.next += 12
	d.rawOdd = d.blockLeft%2 != 0
	return nil
}

func (d *lzxDecoder) runRaw(end int) error {
	n := copy(d.out[d.pos:end], d.in[min(d.next, d.end):d.end])
	d.pos += n
	d.next += n
	if d.pos < end {
		return errInputEnd
	}
	return nil
}

func (d *lzxDecoder) readAligned() error {
	var lengths [8]byte
	for i := range lengths {
		l, err := d.read(3)
		if err != nil {
			return err
		}
		lengths[i] = byte(l)
	}
	if err := d.aligned.build(lengths[:]); err != nil {
		return fmt.Errorf("LZX aligned tree: %w", err)
	}
	if d.aligned.empty {
		return fmt.Errorf("LZX aligned tree: %w", errCodeLengths)
	}
	return nil
}

func (d *lzxDecoder) readTrees() error {
	if err := d.readLengths(d.mainLengths[:], 0, lzxChars); err != nil {
		return err
	}
	if err := d.readLengths(d.mainLengths[:], lzxChars, d.codes); err != nil {
		return err
	}
	if err := d.main.build(d.mainLengths[:d.codes]); err != nil || d.main.empty {
		return fmt.Errorf("LZX main tree: %w", errCodeLengths)
	}
	if err := d.readLengths(d.lenLengths[:], 0, lzxLengthCodes); err != nil {
		return err
	}
	if err := d.lengths.build(d.lenLengths[:]); err != nil {
		return fmt.Errorf("LZX length tree: %w", err)
	}
	return nil
}

var errLengthCode = errors.New("LZX run of code lengths has no length")

// readLengths updates the code lengths of the symbols from up to to by the
// differences that follow. A run may pass to, as in cabextract; what leaves
// the tree is dropped.
func (d *lzxDecoder) readLengths(lengths []byte, from, to int) error {
	var pre [lzxPreCodes]byte
	for i := range pre {
		l, err := d.read(4)
		if err != nil {
			return err
		}
		pre[i] = byte(l)
	}
	if err := d.pre.build(pre[:]); err != nil || d.pre.empty {
		return fmt.Errorf("LZX pre-tree: %w", errCodeLengths)
	}
	for i := from; i < to; {
		code, err := d.symbol(&d.pre)
		if err != nil {
			return err
		}
		run, value := 1, byte(0)
		switch code {
		case 17: // short run of zeros
			n, err := d.read(4)
			if err != nil {
				return err
			}
			run = 4 + int(n)
		case 18: // long run of zeros
			n, err := d.read(5)
			if err != nil {
				return err
			}
			run = 20 + int(n)
		case 19: // run of one value
			n, err := d.read(1)
			if err != nil {
				return err
			}
			run = 4 + int(n)
			if code, err = d.symbol(&d.pre); err != nil {
				return err
			}
			if code > 16 {
				return errLengthCode
			}
			fallthrough
		default:
			value = byte((int(lengths[i]) - int(code) + 17) % 17)
		}
		for j := i; j < min(i+run, len(lengths)); j++ {
			lengths[j] = value
		}
		i += run
	}
	return nil
}

// symbol decodes one code of a tree that is not empty.
func (d *lzxDecoder) symbol(h *huffman) (uint32, error) {
	d.fill()
	e := h.find(d.bits)
	d.drop(uint(e & entryLenMask))
	if d.overrun() {
		return 0, errInputEnd
	}
	return e >> 8, nil
}

// read takes n bits, 0 to 32.
func (d *lzxDecoder) read(n uint) (uint32, error) {
	if err := d.need(n); err != nil {
		return 0, err
	}
	v := uint32(d.bits >> (64 - n))
	d.drop(n)
	return v, nil
}

// need loads bits and reports whether n of them are real input.
func (d *lzxDecoder) need(n uint) error {
	d.fill()
	if 8*d.next-int(d.n)+int(n) > 8*d.lastWord() {
		return errInputEnd
	}
	return nil
}

// fill loads whole words until at least 48 bits are there. Behind the input it
// loads the padding.
func (d *lzxDecoder) fill() {
	if d.next > d.end+lzxInputPad-8 {
		d.n |= 48
		d.next += 6 // keeps overrun true
		return
	}
	d.bits |= loadWords(d.in[d.next:]) >> d.n
	d.next += int((63-d.n)>>4) << 1
	d.n |= 48
}

func (d *lzxDecoder) drop(n uint) {
	d.bits <<= n
	d.n -= n
}

// overrun reports whether more bits were used than the input has.
func (d *lzxDecoder) overrun() bool { return 8*d.next-int(d.n) > 8*d.lastWord() }

// lastWord is where the last whole word of the input ends: half a word lacks
// the bits that are read first.
func (d *lzxDecoder) lastWord() int { return d.end - (d.end-d.next)&1 }

// loadWords loads four little-endian words so that the first is on top.
func loadWords(b []byte) uint64 {
	v := binary.LittleEndian.Uint64(b)
	v = v>>32 | v<<32
	return v>>16&0x0000FFFF0000FFFF | v<<16&0xFFFF0000FFFF0000
}

// translate turns absolute call operands back into relative ones, frame by
// frame, in the decoded bytes. Every frame but the last is whole. It returns
// how many bytes are final: an operand that is cut off is not.
func (d *lzxDecoder) translate(total int) int {
	if d.translateSize == 0 || d.translateFrom < 0 {
		return d.pos
	}
	for f := d.translateFrom; f < translateFrames && f*frameSize < d.pos; f++ {
		start := f * frameSize
		full := min(frameSize, total-start)
		have := min(full, d.pos-start)
		if cut := translateFrame(d.out[start:start+have], full, int32(start), d.translateSize); cut < have {
			return start + cut
		}
	}
	return d.pos
}
