package cab

import "errors"

var errCodeLengths = errors.New("code lengths make no prefix code")

const (
	primaryBits  = 11 // direct lookup; longer codes take a second step. 11 keeps the table in the first-level cache
	maxCodeBits  = 16
	longEntry    = 0x80 // in the length byte: the value is the start of a second table
	secondBits   = maxCodeBits - primaryBits
	entryLenMask = 0x1F
)

// huffman decodes one prefix code by table. An entry is value<<8 | length of
// the code; codes longer than primaryBits share an entry that points behind
// the primary table. The zero value has no codes.
type huffman struct {
	table []uint32
	empty bool // no symbol has a code
}

// build makes the table from the code lengths (0 = no code). The code must be
// complete, except that it may be empty: then any lookup gives length 0.
func (h *huffman) build(lengths []byte) error {
	var count [maxCodeBits + 1]int
	for _, l := range lengths {
		count[l]++
	}
	count[0] = 0
	var next [maxCodeBits + 2]uint32
	code := uint32(0)
	for l := 1; l <= maxCodeBits; l++ {
		next[l] = code << (maxCodeBits - l) // left-aligned to maxCodeBits
		code += uint32(count[l])
		if code > 1<<l {
			return errCodeLengths
		}
		code <<= 1
	}
	// code now counts in units of 2^-17.
	h.empty = code == 0
	if !h.empty && code != 1<<(maxCodeBits+1) {
		return errCodeLengths
	}
	if cap(h.table) < 1<<primaryBits {
		h.table = make([]uint32, 1<<primaryBits, 2<<primaryBits)
	}
	h.table = h.table[:1<<primaryBits]
	if h.empty {
		clear(h.table)
		return nil
	}
	h.fill(lengths, &next)
	return nil
}

// fill enters every symbol; next holds the first code of each length.
func (h *huffman) fill(lengths []byte, next *[maxCodeBits + 2]uint32) {
	lastPrefix, second := uint32(1<<primaryBits), 0
	// Long codes must be entered in the order of their codes, so that each
	// second table is started once: codes of one length rise with the symbol,
	// and shorter lengths come first.
	long := false
	for sym, l := range lengths {
		switch {
		case l == 0:
		case l <= primaryBits:
			entry := uint32(sym)<<8 | uint32(l)
			start := next[l] >> secondBits
			part := h.table[start : start+1<<(primaryBits-l)]
			for i := range part {
				part[i] = entry
			}
			next[l] += 1 << (maxCodeBits - l)
		default:
			long = true
		}
	}
	if !long {
		return
	}
	for l := byte(primaryBits + 1); l <= maxCodeBits; l++ {
		for sym, symLen := range lengths {
			if symLen != l {
				continue
			}
			code := next[l]
			if prefix := code >> secondBits; prefix != lastPrefix {
				lastPrefix, second = prefix, len(h.table)
				h.table[prefix] = uint32(second)<<8 | longEntry
				h.table = append(h.table, make([]uint32, 1<<secondBits)...)
			}
			start := second + int(code&(1<<secondBits-1))
			for i := range 1 << (maxCodeBits - l) {
				h.table[start+i] = uint32(sym)<<8 | uint32(l)
			}
			next[l] += 1 << (maxCodeBits - l)
		}
	}
}

// find returns the entry for the code on top of the left-aligned bits.
func (h *huffman) find(bits uint64) uint32 {
	e := h.table[bits>>(64-primaryBits)]
	if e&longEntry != 0 {
		e = h.table[e>>8+uint32(bits<<primaryBits>>(64-secondBits))]
	}
	return e
}
