package cab

import (
	"errors"
	"fmt"
	"math/bits"
)

// Quantum as cabinets use it: an LZ77 coder whose choices are arithmetic-coded
// by adaptive models. Knowledge comes from Matthew Russotto's description of the
// format ("Quantum compression format"); where it leaves a case open,
// cabextract's behaviour was observed.
//
// Each symbol stream starts with a selector: 0 to 3 is a literal of that quarter
// of the byte values, 4 a match of 3 bytes, 5 one of 4 bytes, 6 one of 5 bytes and
// more. A match has a length slot (selector 6 only) and a position slot, each
// followed by bits of its own that are not coded. The coder starts anew with each
// data block, the models go on to the end of the folder. Bits are read from the
// top of each byte.

const (
	quantumSelectors   = 7
	quantumLiterals    = 64 // of each of the four models
	quantumLengthSlots = 27
	quantumMaxSlots    = 42
	quantumMinMatch    = 3
	// Position slots of short matches; larger offsets do not pay.
	quantumSlots3 = 24
	quantumSlots4 = 36

	quantumStep     = 8    // what a symbol that occurs gains
	quantumMaxTotal = 3800 // beyond it frequencies are halved
	// How often they are halved before the symbols are sorted: first, later.
	quantumFirstSort = 4
	quantumNextSort  = 50

	// The coder reads up to 16 bits ahead, which a writer may leave out.
	quantumAhead = 32
)

var (
	errQuantumOffset = errors.New("a Quantum match reaches before the start of the data")
	errQuantumLength = errors.New("a Quantum match leaves its block")
)

// quantumBase and quantumBits give the smallest match offset (less 1) of each
// position slot and the number of bits that follow; the lengths' tables the same
// for matches of 5 bytes and more.
var (
	quantumBase, quantumBits = func() (base [quantumMaxSlots]int, n [quantumMaxSlots]uint) {
		next := 0
		for i := range base {
			if i >= 4 {
				n[i] = uint(i/2 - 1)
			}
			base[i] = next
			next += 1 << n[i]
		}
		return
	}()
	quantumLengthBase, quantumLengthBits = func() (base [quantumLengthSlots]int, n [quantumLengthSlots]uint) {
		next := quantumMinMatch + 2
		for i := range base {
			if i >= 6 && i < quantumLengthSlots-1 {
				n[i] = uint(i-2) / 4
			}
			base[i] = next
			next += 1 << n[i]
		}
		return
	}()
)

// quantumModel is the adaptive statistics of one kind of symbol.
type quantumModel struct {
	symbols []byte
	// above[i] is the frequency of symbols i and later: above[0] is the total,
	// and a last zero stands behind the last symbol.
	above  []uint16
	toSort int
}

// newQuantumModel makes a model of n symbols from first on, all as frequent.
func newQuantumModel(first, n int) quantumModel {
	m := quantumModel{symbols: make([]byte, n), above: make([]uint16, n+1), toSort: quantumFirstSort}
	for i := range n {
		m.symbols[i] = byte(first + i)
		m.above[i] = uint16(n - i)
	}
	return m
}

// count adds one occurrence of the symbol at index i.
func (m *quantumModel) count(i int) {
	for j := range m.above[:i+1] {
		m.above[j] += quantumStep
	}
	if m.above[0] <= quantumMaxTotal {
		return
	}
	if m.toSort--; m.toSort > 0 {
		m.halve()
		return
	}
	m.toSort = quantumNextSort
	m.sort()
}

// halve halves the sums; each symbol keeps a frequency of 1 at least.
func (m *quantumModel) halve() {
	for i := len(m.symbols) - 1; i >= 0; i-- {
		m.above[i] = max(m.above[i]/2, m.above[i+1]+1)
	}
}

// sort halves the frequencies, rounded up, and puts frequent symbols first. The
// order of equals is that of an exchange sort, as the writer's.
func (m *quantumModel) sort() {
	n := len(m.symbols)
	for i := range n {
		m.above[i] = (m.above[i] - m.above[i+1] + 1) / 2
	}
	for i := range n {
		for j := i + 1; j < n; j++ {
			if m.above[i] < m.above[j] {
				m.above[i], m.above[j] = m.above[j], m.above[i]
				m.symbols[i], m.symbols[j] = m.symbols[j], m.symbols[i]
			}
		}
	}
	for i := n - 1; i >= 0; i-- {
		m.above[i] += m.above[i+1]
	}
}

// quantumDecoder unpacks the blocks of one folder. Its output is its window.
type quantumDecoder struct {
	selector                 quantumModel
	literals                 [4]quantumModel
	slots3, slots4, slotsAny quantumModel
	lengths                  quantumModel

	in   []byte // payload of the block
	next int    // byte of in to load
	bits uint64 // loaded bits, from the top
	n    uint   // their number; zeros stand behind the input

	low, high, code uint16
}

func newQuantum(windowBits int) (*quantumDecoder, error) {
	if windowBits < 10 || windowBits > 21 {
		return nil, fmt.Errorf("a Quantum window of 2^%d is outside 2^10 to 2^21: %w", windowBits, ErrUnsupported)
	}
	slots := 2 * windowBits // reach just as far as the window
	d := &quantumDecoder{
		selector: newQuantumModel(0, quantumSelectors),
		slots3:   newQuantumModel(0, min(slots, quantumSlots3)),
		slots4:   newQuantumModel(0, min(slots, quantumSlots4)),
		slotsAny: newQuantumModel(0, slots),
		lengths:  newQuantumModel(0, quantumLengthSlots),
	}
	for i := range d.literals {
		d.literals[i] = newQuantumModel(i*quantumLiterals, quantumLiterals)
	}
	return d, nil
}

// quantum unpacks blocks. What follows a bad one cannot be read: the models are
// not known.
func (o *output) quantum(blocks []block, window int) (failed int, err error) {
	d, err := newQuantum(window)
	if err != nil {
		return 0, err
	}
	packed := packedSize(blocks)
	for i, b := range blocks {
		if _, err := o.reserve(b.unpacked, packed); err != nil {
			return i, err
		}
		n, err := d.block(b, o.data[:len(o.data)+b.unpacked], len(o.data))
		o.data = o.data[:n]
		if err != nil {
			return i, fmt.Errorf("block %d: %w", b.number, err)
		}
	}
	return 0, nil
}

// block unpacks a block into out from pos on, and returns how far it came for
// sure: what was decoded with zeros behind the input counts only where that came
// to the end of the block.
func (d *quantumDecoder) block(b block, out []byte, pos int) (int, error) {
	// A match may leave a short block, which is the last one; a full one not.
	isFull := b.unpacked == frameSize
	ahead := quantumAhead
	if b.cut {
		ahead = 0
	}
	d.in, d.next, d.bits, d.n = b.payload, 0, 0, 0
	d.low, d.high, d.code = 0, 0xFFFF, uint16(d.read(16))
	sure := pos
	for pos < len(out) {
		var literal byte
		length, back := 1, 0
		if kind := d.symbol(&d.selector); kind < 4 {
			literal = d.symbol(&d.literals[kind])
		} else {
			length, back = d.match(kind)
		}
		over := d.overrun()
		if over > ahead {
			return sure, errInputEnd
		}
		switch {
		case back == 0:
			out[pos] = literal
		case back > pos:
			return sure, errQuantumOffset
		case length > len(out)-pos && isFull:
			return sure, errQuantumLength
		default:
			length = min(length, len(out)-pos)
			copyMatch(out, pos, back, length)
		}
		pos += length
		if over <= 0 {
			sure = pos
		}
	}
	return pos, nil
}

// match reads a match after its selector.
func (d *quantumDecoder) match(kind byte) (length, back int) {
	slots := &d.slotsAny
	switch kind {
	case 4:
		length, slots = quantumMinMatch, &d.slots3
	case 5:
		length, slots = quantumMinMatch+1, &d.slots4
	default:
		slot := d.symbol(&d.lengths)
		length = quantumLengthBase[slot] + int(d.read(quantumLengthBits[slot]))
	}
	slot := d.symbol(slots)
	return length, quantumBase[slot] + int(d.read(quantumBits[slot])) + 1
}

// symbol decodes one symbol and adapts its model.
func (d *quantumDecoder) symbol(m *quantumModel) byte {
	span := uint32(d.high-d.low) + 1
	total := uint32(m.above[0])
	// The place of code in the span, on the scale of the frequencies. As code
	// is in the span, it is below total.
	at := uint16(((uint32(d.code-d.low)+1)*total - 1) / span)
	i := 0
	for m.above[i+1] > at {
		i++
	}
	d.high = d.low + uint16(uint32(m.above[i])*span/total-1)
	d.low += uint16(uint32(m.above[i+1]) * span / total)
	symbol := m.symbols[i]
	m.count(i)
	d.narrow()
	return symbol
}

// narrow drops the top bits on which the ends of the span agree, and, where the
// ends are close around the middle, the bits behind the top ones.
func (d *quantumDecoder) narrow() {
	for {
		if same := uint(bits.LeadingZeros16(d.low ^ d.high)); same > 0 {
			d.low <<= same
			d.high = d.high<<same | (1<<same - 1)
			d.code = d.code<<same | uint16(d.read(same))
		}
		if d.low&0x4000 == 0 || d.high&0x4000 != 0 {
			return
		}
		d.low = (d.low & 0x3FFF) << 1
		d.high = (d.high|0x4000)<<1 | 1
		d.code = (d.code^0x4000)<<1 | uint16(d.read(1))
	}
}

// read takes n bits, 0 to 32.
func (d *quantumDecoder) read(n uint) uint32 {
	for d.n < n {
		var b byte
		if d.next < len(d.in) {
			b = d.in[d.next]
		}
		d.next++
		d.bits |= uint64(b) << (56 - d.n)
		d.n += 8
	}
	v := uint32(d.bits >> (64 - n))
	d.bits <<= n
	d.n -= n
	return v
}

// overrun is how many bits were read that the input does not have; it is not
// positive where it has all.
func (d *quantumDecoder) overrun() int { return 8*d.next - int(d.n) - 8*len(d.in) }
