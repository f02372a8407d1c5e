package etl

import (
	"errors"
	"fmt"

	"debrief/event"
)

// Formats of compressed buffers, as RtlDecompressBuffer numbers them.
const (
	formatLZNT1  = 2
	formatXPRESS = 3
)

var (
	errCut      = errors.New("compressed data ends early")
	errDistance = errors.New("compressed data points before its start")
)

// expand gives a compressed buffer as it was in memory: its header, and its
// events expanded to used bytes in all. What could be expanded of a damaged
// buffer is kept. ok is false where nothing is left to read.
func (d *decoder) expand(b []byte, used int, off int64) (out []byte, ok bool) {
	if used < bufferHeader || used > maxBuffer {
		d.problem(event.Damage, off, fmt.Sprintf("compressed buffer claims to expand to %d bytes", used))
		return nil, false
	}
	if int64(used) > d.spare {
		d.problem(event.Limit, off, fmt.Sprintf("compressed buffers expand to more than %d times the file; this one is passed over", expandFactor))
		return nil, false
	}
	if cap(d.inside) < used {
		d.inside = make([]byte, 0, used)
	}
	out = append(d.inside[:0], b[:bufferHeader]...)
	var err error
	switch d.format {
	case formatLZNT1:
		out, err = lznt1(out, b[bufferHeader:], used)
	case formatXPRESS:
		out, err = xpress(out, b[bufferHeader:], used)
	default:
		d.problem(event.Damage, off, fmt.Sprintf("buffer is compressed in format %d, which is not known", d.format))
		return nil, false
	}
	d.spare -= int64(len(out))
	if err == nil && len(out) < used {
		err = errCut
	}
	if err != nil {
		d.problem(event.Damage, off, fmt.Sprintf("%v: %d of %d bytes of the buffer could be expanded", err, len(out), used))
	}
	return out, true
}

// xpress expands plain LZ77 ([MS-XCA] 2.4) behind what dst holds, up to limit
// bytes in all. Matches reach back to where dst ended.
//
// The input is groups of a uint32 of flags, first item in the highest bit, and
// 32 items: a byte, or a uint16 of distance-1 (upper 13 bits) and length-3;
// a length of 7 goes on in half a byte, shared by two matches, then a byte,
// a uint16, a uint32.
func xpress(dst, in []byte, limit int) ([]byte, error) {
	start := len(dst)
	half := -1 // where a half byte is still free
	i := 0
	var flags uint32
	for left := 0; len(dst) < limit; left-- {
		if left == 0 {
			if len(in)-i < 4 {
				if i == len(in) {
					return dst, nil
				}
				return dst, errCut
			}
			flags, left = le.Uint32(in[i:]), 32
			i += 4
		}
		match := flags&(1<<31) != 0
		flags <<= 1
		if !match {
			if i >= len(in) {
				return dst, errCut
			}
			dst = append(dst, in[i])
			i++
			continue
		}
		if i == len(in) {
			return dst, nil // the padding of the last flags
		}
		if len(in)-i < 2 {
			return dst, errCut
		}
		v := int(le.Uint16(in[i:]))
		i += 2
		distance, length := v>>3+1, v&7
		if length == 7 {
			if half < 0 {
				if i >= len(in) {
					return dst, errCut
				}
				half = i
				length = int(in[i] & 15)
				i++
			} else {
				length = int(in[half] >> 4)
				half = -1
			}
			if length == 15 {
				var ok bool
				if length, i, ok = longLength(in, i); !ok {
					return dst, errCut
				}
				length -= 7
			}
			length += 7
		}
		length += 3
		if distance > len(dst)-start {
			return dst, errDistance
		}
		dst = appendMatch(dst, distance, min(length, limit-len(dst)))
	}
	return dst, nil
}

// longLength reads a length that does not fit half a byte; 15+7 and more.
func longLength(in []byte, i int) (length, next int, ok bool) {
	if i >= len(in) {
		return 0, i, false
	}
	length = int(in[i])
	i++
	if length < 255 {
		return length + 15 + 7, i, true
	}
	if len(in)-i < 2 {
		return 0, i, false
	}
	length = int(le.Uint16(in[i:]))
	i += 2
	if length == 0 {
		if len(in)-i < 4 {
			return 0, i, false
		}
		length = int(le.Uint32(in[i:]) & 0x7fffffff)
		i += 4
	}
	return length, i, length >= 15+7
}

// appendMatch repeats length bytes from distance back; they may overlap.
func appendMatch(dst []byte, distance, length int) []byte {
	for length > 0 {
		from := len(dst) - distance
		n := min(length, distance)
		dst = append(dst, dst[from:from+n]...)
		length -= n
		distance += n // what was just copied repeats with it
	}
	return dst
}

// lznt1 expands LZNT1 ([MS-XCA] 2.5) behind what dst holds, up to limit bytes
// in all.
//
// The input is chunks of up to 4096 bytes of output: a uint16 header (size-1 in
// the lower 12 bits, 0x8000 = compressed), then groups of a byte of flags,
// first item in the lowest bit, and 8 items: a byte, or a uint16 of distance-1
// (upper bits) and length-3; the more output the chunk has, the more bits the
// distance takes.
func lznt1(dst, in []byte, limit int) ([]byte, error) {
	for len(in) >= 2 && len(dst) < limit {
		header := le.Uint16(in)
		if header == 0 {
			return dst, nil
		}
		size := int(header&0xfff) + 1
		in = in[2:]
		var err error
		if size > len(in) {
			size, err = len(in), errCut
		}
		chunk := in[:size]
		in = in[size:]
		if header&0x8000 == 0 {
			dst = append(dst, chunk[:min(len(chunk), limit-len(dst))]...)
		} else {
			var bad error
			if dst, bad = lznt1Chunk(dst, chunk, min(limit, len(dst)+4096)); bad != nil {
				err = bad
			}
		}
		if err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func lznt1Chunk(dst, in []byte, limit int) ([]byte, error) {
	start := len(dst)
	for i := 0; i < len(in) && len(dst) < limit; {
		flags := in[i]
		i++
		for bit := 0; bit < 8 && i < len(in) && len(dst) < limit; bit++ {
			if flags>>bit&1 == 0 {
				dst = append(dst, in[i])
				i++
				continue
			}
			if len(in)-i < 2 {
				return dst, errCut
			}
			v := int(le.Uint16(in[i:]))
			i += 2
			lengthBits := 12
			for p := len(dst) - start - 1; p >= 16; p >>= 1 {
				lengthBits--
			}
			distance, length := v>>lengthBits+1, v&(1<<lengthBits-1)+3
			if distance > len(dst)-start {
				return dst, errDistance
			}
			dst = appendMatch(dst, distance, min(length, limit-len(dst)))
		}
	}
	return dst, nil
}
