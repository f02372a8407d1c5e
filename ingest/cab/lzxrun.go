package cab

import (
	"bytes"
	"encoding/binary"
	"errors"
)

var (
	errMatchOffset = errors.New("LZX match reaches before the start of the data or the window")
	errMatchLength = errors.New("LZX match leaves its frame or block")
	errLengthTree  = errors.New("LZX match needs a length tree that is empty")
)

// runCoded decodes symbols of a verbatim or aligned block until d.pos is end.
// It is the hot loop: the state is held in locals and the refill is written
// out, as the compiler does not inline it.
func (d *lzxDecoder) runCoded(end int) error {
	in, inEnd, out := d.in, d.lastWord(), d.out[:end]
	next, bits, n, pos := d.next, d.bits, d.n, d.pos
	r0, r1, r2 := d.recent[0], d.recent[1], d.recent[2]
	isAligned := d.kind == blockAligned
	var err error

	for pos < len(out) {
		// At least 48 bits: a main and a length code need 32 at most.
		if next > inEnd && 8*next-int(n) > 8*inEnd {
			err = errInputEnd
			break
		}
		bits |= loadWords(in[next:]) >> n
		next += int((63-n)>>4) << 1
		n |= 48

		e := d.main.find(bits)
		l := uint(e & entryLenMask)
		bits <<= l
		n -= l
		sym := e >> 8
		if sym < lzxChars {
			if next > inEnd && 8*next-int(n) > 8*inEnd {
				err = errInputEnd
				break
			}
			out[pos] = byte(sym)
			pos++
			continue
		}

		sym -= lzxChars
		length := int(sym&7) + lzxMinMatch
		if sym&7 == 7 {
			if d.lengths.empty {
				err = errLengthTree
				break
			}
			e = d.lengths.find(bits)
			l = uint(e & entryLenMask)
			bits <<= l
			n -= l
			length += int(e >> 8)
		}

		slot := sym >> 3
		offset := r0
		switch slot {
		case 0:
		case 1:
			offset, r1 = r1, r0
			r0 = offset
		case 2:
			offset, r2 = r2, r0
			r0 = offset
		default:
			extra := uint(slotBits[slot&63])
			offset = slotBase[slot&63] - 2
			// 17 verbatim bits, or 14 and an aligned code of 7.
			if n < 21 {
				if next > inEnd && 8*next-int(n) > 8*inEnd {
					err = errInputEnd
				} else {
					bits |= loadWords(in[next:]) >> n
					next += int((63-n)>>4) << 1
					n |= 48
				}
			}
			if isAligned && extra >= 3 {
				extra -= 3
				offset += uint32(bits>>(64-extra)) << 3
				bits <<= extra
				n -= extra
				e = d.aligned.find(bits)
				l = uint(e & entryLenMask)
				bits <<= l
				n -= l
				offset += e >> 8
			} else {
				offset += uint32(bits >> (64 - extra))
				bits <<= extra
				n -= extra
			}
			r0, r1, r2 = offset, r0, r1
		}

		if err != nil || next > inEnd && 8*next-int(n) > 8*inEnd {
			err = errInputEnd
			break
		}
		if length > len(out)-pos {
			err = errMatchLength
			break
		}
		back := int(offset)
		if uint(back-1) >= uint(min(pos, d.window)) {
			err = errMatchOffset
			break
		}
		copyMatch(out, pos, back, length)
		pos += length
	}

	d.next, d.bits, d.n, d.pos = next, bits, n, pos
	d.recent = [3]uint32{r0, r1, r2}
	return err
}

// copyMatch repeats length bytes from back bytes before pos. It may write
// further bytes behind them, inside out, that are decoded later.
func copyMatch(out []byte, pos, back, length int) {
	if back >= 8 && length <= 16 && len(out)-pos >= 16 {
		src := out[pos-back:]
		dst := out[pos : pos+16]
		binary.LittleEndian.PutUint64(dst, binary.LittleEndian.Uint64(src))
		binary.LittleEndian.PutUint64(dst[8:], binary.LittleEndian.Uint64(src[8:]))
		return
	}
	if back == 1 {
		part, b := out[pos:pos+length], out[pos-1]
		if b == 0 && length > 32 {
			clear(part)
			return
		}
		for i := range part {
			part[i] = b
		}
		return
	}
	// Each round copies all that is there, doubling the pattern.
	src := pos - back
	for length > 0 {
		n := copy(out[pos:pos+length], out[src:pos])
		pos += n
		length -= n
	}
}

// translateFrame translates the calls in part, the decoded bytes of a frame of
// full bytes that starts at curpos. It returns how many bytes are final.
func translateFrame(part []byte, full int, curpos, size int32) int {
	limit := full - translateTail
	for i := 0; i < limit && i < len(part); {
		k := bytes.IndexByte(part[i:min(limit, len(part))], 0xE8)
		if k < 0 {
			break
		}
		i += k
		if len(part)-i < 5 {
			return i + 1
		}
		at := curpos + int32(i)
		operand := part[i+1 : i+5]
		target := int32(binary.LittleEndian.Uint32(operand))
		if target >= -at && target < size {
			if target >= 0 {
				target -= at
			} else {
				target += size
			}
			binary.LittleEndian.PutUint32(operand, uint32(target))
		}
		i += 5
	}
	return len(part)
}
