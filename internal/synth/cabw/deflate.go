package cabw

import "math/bits"

// A deflate encoder that uses the fixed Huffman codes only. compress/flate
// would pack tighter, but it writes distance trees of a single code, which the
// MSZIP decoder of libmspack (cabextract) takes for damage. It also keeps the
// bytes of a cabinet the same whatever the Go version.

const (
	minMatch  = 3
	maxMatch  = 258
	hashBits  = 15
	maxChain  = 32
	endOfData = 256
)

// Base values and numbers of extra bits of the length codes 257 to 285 and of
// the distance codes 0 to 29 (RFC 1951, 3.2.5).
var (
	lengthBase = [29]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthBits = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase   = [30]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distBits   = [30]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

// bitWriter packs bits from the low end of each byte.
type bitWriter struct {
	out  []byte
	acc  uint64
	held uint
}

func (w *bitWriter) write(v uint32, n uint) {
	w.acc |= uint64(v) << w.held
	for w.held += n; w.held >= 8; w.held -= 8 {
		w.out = append(w.out, byte(w.acc))
		w.acc >>= 8
	}
}

// code writes a Huffman code, which goes in from its high end.
func (w *bitWriter) code(v uint32, n uint) { w.write(bits.Reverse32(v)>>(32-n), n) }

// symbol writes a literal, a length code or the end of the data.
func (w *bitWriter) symbol(s int) {
	switch {
	case s < 144:
		w.code(uint32(0x30+s), 8)
	case s < 256:
		w.code(uint32(0x190+s-144), 9)
	case s < 280:
		w.code(uint32(s-256), 7)
	default:
		w.code(uint32(0xc0+s-280), 8)
	}
}

func (w *bitWriter) match(length, dist int) {
	i := lastNotAbove(lengthBase[:], length)
	w.symbol(257 + i)
	w.write(uint32(length)-uint32(lengthBase[i]), uint(lengthBits[i]))
	i = lastNotAbove(distBase[:], dist)
	w.code(uint32(i), 5)
	w.write(uint32(dist)-uint32(distBase[i]), uint(distBits[i]))
}

// lastNotAbove returns the index of the last base that is at most v.
func lastNotAbove(bases []uint16, v int) int {
	i := len(bases) - 1
	for int(bases[i]) > v {
		i--
	}
	return i
}

// deflate packs raw, at most a block, as one last deflate block; the block
// before it, dict, may be referred to.
func deflate(raw, dict []byte) []byte {
	data := append(append(make([]byte, 0, len(dict)+len(raw)), dict...), raw...)
	w := bitWriter{out: make([]byte, 0, len(raw)/2)}
	w.write(1|1<<1, 3) // last block, fixed codes
	var head [1 << hashBits]int32
	prev := make([]int32, len(data))
	note := func(at int) {
		if at+minMatch > len(data) {
			return
		}
		h := hash(data[at:])
		prev[at] = head[h]
		head[h] = int32(at + 1) // 0 = none
	}
	for at := range dict {
		note(at)
	}
	for at := len(dict); at < len(data); {
		length, dist := longest(data, at, &head, prev)
		if length == 0 {
			w.symbol(int(data[at]))
			length = 1
		} else {
			w.match(length, dist)
		}
		for range length {
			note(at)
			at++
		}
	}
	w.symbol(endOfData)
	w.write(0, 7) // flushes the last bits
	if len(w.out) > len(raw)+5 {
		n := uint16(len(raw))
		return append([]byte{1, byte(n), byte(n >> 8), ^byte(n), ^byte(n >> 8)}, raw...)
	}
	return w.out
}

func hash(b []byte) uint32 {
	return (uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16) * 2654435761 >> (32 - hashBits)
}

// longest finds the longest match for what starts at at; 0 = none.
func longest(data []byte, at int, head *[1 << hashBits]int32, prev []int32) (length, dist int) {
	limit := min(maxMatch, len(data)-at)
	if limit < minMatch {
		return 0, 0
	}
	length = minMatch - 1
	next := head[hash(data[at:])]
	for range maxChain {
		from := int(next) - 1
		if from < 0 || at-from > blockSize {
			break
		}
		n := 0
		for n < limit && data[from+n] == data[at+n] {
			n++
		}
		if n > length {
			length, dist = n, at-from
			if n == limit {
				break
			}
		}
		next = prev[from]
	}
	if length < minMatch {
		return 0, 0
	}
	return length, dist
}
