package etl

import (
	"bytes"
	"encoding/binary"
	"math"
	"net/netip"
	"strconv"
	"unicode/utf8"

	"debrief/parsers/winval"
)

// sizes of the types that have one; pointers apart.
var sizes = [32]uint8{
	inInt8: 1, inUInt8: 1, inInt16: 2, inUInt16: 2, inInt32: 4, inUInt32: 4, inInt64: 8, inUInt64: 8,
	inFloat: 4, inDouble: 8, inBool32: 4, inGUID: 16, inFiletime: 8, inSystime: 16, inHex32: 4, inHex64: 8,
}

// wideLen is the length in bytes of the UTF-16 text up to its NUL, or all of it.
func wideLen(b []byte) int {
	for i := 0; i+1 < len(b); {
		if len(b)-i >= 8 {
			// A unit is zero where both its bytes are.
			v := binary.LittleEndian.Uint64(b[i:])
			if (v-0x0001000100010001)&^v&0x8000800080008000 == 0 {
				i += 8
				continue
			}
		}
		if b[i] == 0 && b[i+1] == 0 {
			return i
		}
		i += 2
	}
	return len(b) &^ 1
}

// take cuts the bytes of one value off the front of the payload; used says how
// many go with it, -1 where the payload is too short. size is the length that
// another field gives to binary data, -1 = none.
func (r *payloadReader) take(f *field, size int) (b []byte, used int) {
	p := r.p
	n := int(sizes[f.in])
	switch f.in {
	case inNull:
		return nil, 0
	case inUnicode:
		if size >= 0 {
			n = 2 * size
			break
		}
		if len(p) == 0 {
			return nil, -1
		}
		n = wideLen(p)
		return p[:n], min(n+2, len(p))
	case inANSI:
		if size >= 0 {
			n = size
			break
		}
		if len(p) == 0 {
			return nil, -1
		}
		if n = bytes.IndexByte(p, 0); n < 0 {
			return p, len(p)
		}
		return p[:n], n + 1
	case inBinary:
		switch {
		case size >= 0:
			n = size
		case f.ref == restOfPayload:
			return p, len(p)
		default:
			return counted(p)
		}
	case inCounted, inCountedANSI, inCountedBin:
		return counted(p)
	case inPointer:
		n = r.pointer
	case inSID:
		if n = winval.SIDLen(p); n == 0 {
			return nil, -1
		}
	default:
		if n == 0 {
			return nil, -1 // a type that is not known
		}
	}
	if n > len(p) {
		return nil, -1
	}
	return p[:n], n
}

// restOfPayload is the ref of binary data whose length nothing states.
const restOfPayload = -2

// counted reads data behind its size.
func counted(p []byte) ([]byte, int) {
	if len(p) < 2 {
		return nil, -1
	}
	n := int(le.Uint16(p))
	if n > len(p)-2 {
		return nil, -1
	}
	return p[2 : 2+n], 2 + n
}

// lengthValue is the value of an integer as a length; larger ones are cut to
// what no payload reaches.
func lengthValue(in uint8, b []byte) uint16 {
	switch {
	case in == inUInt8 || in == inInt8:
		return uint16(b[0])
	case in == inUInt16 || in == inInt16:
		return le.Uint16(b)
	case in == inUInt32 || in == inInt32 || in == inHex32:
		return uint16(min(le.Uint32(b), math.MaxUint16))
	case in == inUInt64 || in == inInt64 || in == inHex64:
		return uint16(min(le.Uint64(b), math.MaxUint16))
	}
	return 0
}

// value writes one value into the arena.
func (d *decoder) value(f *field, b []byte) string {
	switch f.in {
	case inUnicode, inCounted:
		return d.wide(b)
	case inANSI, inCountedANSI:
		return d.ansi(b)
	}
	d.arena.Reserve(2*len(b)+48, math.MaxInt)
	start := len(d.arena.Buf)
	d.arena.Buf = d.appendValue(d.arena.Buf, f, b)
	return d.arena.Since(start)
}

// appendValue writes one value of at most 2*len(b)+48 bytes, or of 3*len(b) as text.
func (d *decoder) appendValue(dst []byte, f *field, b []byte) []byte {
	switch f.in {
	case inUnicode, inCounted:
		return winval.AppendUTF16(dst, b)
	case inANSI, inCountedANSI:
		return winval.AppendANSI(dst, b)
	case inInt8:
		return number(dst, f.out, uint64(int64(int8(b[0]))), 1, true)
	case inUInt8:
		return number(dst, f.out, uint64(b[0]), 1, false)
	case inInt16:
		return number(dst, f.out, uint64(int64(int16(le.Uint16(b)))), 2, true)
	case inUInt16:
		return number(dst, f.out, uint64(le.Uint16(b)), 2, false)
	case inInt32:
		return number(dst, f.out, uint64(int64(int32(le.Uint32(b)))), 4, true)
	case inUInt32:
		return number(dst, f.out, uint64(le.Uint32(b)), 4, false)
	case inInt64:
		return number(dst, f.out, le.Uint64(b), 8, true)
	case inUInt64:
		return number(dst, f.out, le.Uint64(b), 8, false)
	case inHex32:
		return number(dst, f.hexUnless(), uint64(le.Uint32(b)), 4, false)
	case inHex64:
		return number(dst, f.hexUnless(), le.Uint64(b), 8, false)
	case inPointer:
		n := uint64(le.Uint32(b))
		if len(b) == 8 {
			n = le.Uint64(b)
		}
		return number(dst, outHex, n, 8, false)
	case inFloat:
		return strconv.AppendFloat(dst, float64(math.Float32frombits(le.Uint32(b))), 'g', -1, 32)
	case inDouble:
		return strconv.AppendFloat(dst, math.Float64frombits(le.Uint64(b)), 'g', -1, 64)
	case inBool32:
		return strconv.AppendBool(dst, le.Uint32(b) != 0)
	case inGUID:
		return winval.AppendGUID(dst, b)
	case inFiletime:
		return winval.AppendFiletime(dst, le.Uint64(b))
	case inSystime:
		return winval.AppendSystime(dst, b)
	case inSID:
		return winval.AppendSID(dst, b)
	}
	if f.out == outIPv6 && len(b) == 16 || f.out == outIPv4 && len(b) == 4 {
		if ip, ok := netip.AddrFromSlice(b); ok {
			return ip.AppendTo(dst)
		}
	}
	return winval.AppendHex(dst, b)
}

// hexUnless is the format of a type that is hex by itself.
func (f *field) hexUnless() uint8 {
	if f.out == outSigned || f.out == outUnsigned {
		return f.out
	}
	return outHex
}

// number writes an integer of size bytes in its format.
func number(dst []byte, out uint8, n uint64, size int, signed bool) []byte {
	switch out {
	case outHex, outHResult, outNTStatus:
		if size < 8 {
			n &= 1<<(8*size) - 1
		}
		return strconv.AppendUint(append(dst, "0x"...), n, 16)
	case outBoolean:
		return strconv.AppendBool(dst, n != 0)
	case outIPv4:
		if size == 4 {
			return netip.AddrFrom4([4]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}).AppendTo(dst)
		}
	case outPort:
		if size == 2 {
			n = n>>8&0xff | n&0xff<<8 // in the order of the network
			return strconv.AppendUint(dst, n, 10)
		}
	case outString:
		if c := rune(n); size <= 2 && c >= ' ' && c != 0x7f {
			return utf8.AppendRune(dst, c)
		}
	case outFiletime:
		if size == 8 {
			return winval.AppendFiletime(dst, n)
		}
	case outSigned:
		signed = true
	case outUnsigned:
		if size < 8 {
			n &= 1<<(8*size) - 1
		}
		signed = false
	}
	if signed {
		return strconv.AppendInt(dst, int64(n), 10)
	}
	return strconv.AppendUint(dst, n, 10)
}

// wide, ansi, hex, sid and text write into the arena.
func (d *decoder) wide(b []byte) string {
	b = winval.TrimNUL(b)
	d.arena.Reserve(len(b)/2*3, math.MaxInt)
	start := len(d.arena.Buf)
	d.arena.Buf = winval.AppendUTF16(d.arena.Buf, b)
	return d.arena.Since(start)
}

func (d *decoder) ansi(b []byte) string {
	b = bytes.TrimRight(b, "\x00")
	d.arena.Reserve(3*len(b), math.MaxInt)
	start := len(d.arena.Buf)
	d.arena.Buf = winval.AppendANSI(d.arena.Buf, b)
	return d.arena.Since(start)
}

func (d *decoder) hex(b []byte) string {
	d.arena.Reserve(2*len(b), math.MaxInt)
	start := len(d.arena.Buf)
	d.arena.Buf = winval.AppendHex(d.arena.Buf, b)
	return d.arena.Since(start)
}

func (d *decoder) text(b []byte) string {
	d.arena.Reserve(len(b), math.MaxInt)
	start := len(d.arena.Buf)
	d.arena.Buf = append(d.arena.Buf, b...)
	return d.arena.Since(start)
}

// sid gives a SID's text, once for each that occurs.
func (d *decoder) sid(b []byte) string {
	d.joined = winval.AppendSID(d.joined[:0], b)
	return d.shared(d.joined)
}

// shared gives a name that occurs often as one string; text that is not UTF-8
// is read as Windows-1252.
func (d *decoder) shared(b []byte) string {
	if s, ok := d.intern[string(b)]; ok {
		return s
	}
	s := string(winval.AppendANSI(nil, b))
	if len(d.intern) < maxSchemas {
		d.intern[string(b)] = s
	}
	return s
}

// String writes a GUID as Windows does: {XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}.
func (g GUID) String() string { return string(winval.AppendGUID(nil, g[:])) }
