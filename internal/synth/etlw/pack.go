package etlw

import "math/bits"

// matcher finds an earlier occurrence of what stands at b[at:], at most reach
// back; it looks at the last place with the same three bytes only.
type matcher struct {
	b    []byte
	last map[uint32]int
}

func (m *matcher) find(at, from, reach, most int) (distance, length int) {
	if at+3 > len(m.b) {
		return 0, 0
	}
	key := uint32(m.b[at]) | uint32(m.b[at+1])<<8 | uint32(m.b[at+2])<<16
	p, ok := m.last[key]
	m.last[key] = at
	if !ok || p < from || at-p > reach {
		return 0, 0
	}
	for length < most && at+length < len(m.b) && m.b[p+length] == m.b[at+length] {
		length++
	}
	return at - p, length
}

// PackXPRESS compresses as plain LZ77 of [MS-XCA].
func PackXPRESS(in []byte) []byte {
	m := matcher{in, map[uint32]int{}}
	out := make([]byte, 4)
	flagsAt, flags, n := 0, uint32(0), 0
	half := -1
	next := func(bit uint32) {
		flags = flags<<1 | bit
		if n++; n == 32 {
			le.PutUint32(out[flagsAt:], flags)
			flagsAt, flags, n = len(out), 0, 0
			out = append(out, 0, 0, 0, 0)
		}
	}
	for i := 0; i < len(in); {
		distance, length := m.find(i, 0, 8192, len(in))
		if length < 3 {
			out = append(out, in[i])
			i++
			next(0)
			continue
		}
		i += length
		rest := length - 3
		out = le.AppendUint16(out, uint16(distance-1)<<3|uint16(min(rest, 7)))
		if rest >= 7 {
			nibble := byte(min(rest-7, 15))
			if half < 0 {
				half = len(out)
				out = append(out, nibble)
			} else {
				out[half] |= nibble << 4
				half = -1
			}
			if rest >= 7+15 {
				switch more := rest - 7 - 15; {
				case more < 255:
					out = append(out, byte(more))
				case rest < 1<<16:
					out = le.AppendUint16(append(out, 255), uint16(rest))
				default:
					out = le.AppendUint32(append(out, 255, 0, 0), uint32(rest))
				}
			}
		}
		next(1)
	}
	// The items that are not there read as matches: the input ends.
	for ; n < 32; n++ {
		flags = flags<<1 | 1
	}
	le.PutUint32(out[flagsAt:], flags)
	return out
}

// PackLZNT1 compresses as LZNT1 of [MS-XCA].
func PackLZNT1(in []byte) []byte {
	m := matcher{in, map[uint32]int{}}
	var out []byte
	for from := 0; from < len(in); from += 4096 {
		to := min(from+4096, len(in))
		chunk := m.lznt1(from, to)
		if len(chunk) >= to-from { // not worth it: as it is
			out = le.AppendUint16(out, 0x3000|uint16(to-from-1))
			out = append(out, in[from:to]...)
			continue
		}
		out = le.AppendUint16(out, 0xb000|uint16(len(chunk)-1))
		out = append(out, chunk...)
	}
	return append(out, 0, 0)
}

func (m *matcher) lznt1(from, to int) []byte {
	var out []byte
	flagsAt, n := 0, 8
	for i := from; i < to; {
		if n == 8 {
			flagsAt, n = len(out), 0
			out = append(out, 0)
		}
		// Of the 16 bits the distance takes as many as the place in the chunk needs.
		distanceBits := max(bits.Len(uint(max(i-from-1, 0))), 4)
		distance, length := m.find(i, from, 1<<distanceBits, min(1<<(16-distanceBits)+2, to-i))
		if length < 3 {
			out = append(out, m.b[i])
			i++
		} else {
			out[flagsAt] |= 1 << n
			out = le.AppendUint16(out, uint16(distance-1)<<(16-distanceBits)|uint16(length-3))
			i += length
		}
		n++
	}
	return out
}
