package evtx

import (
	"encoding/binary"
	"math"
	"strconv"
	"unicode"
	"unicode/utf8"

	"debrief/parsers/winval"
)

// Types of values, [MS-EVEN6] 2.2.12.4. An array has typeArray added.
const (
	typeNull     = 0x00
	typeString   = 0x01
	typeANSI     = 0x02
	typeInt8     = 0x03
	typeUInt8    = 0x04
	typeInt16    = 0x05
	typeUInt16   = 0x06
	typeInt32    = 0x07
	typeUInt32   = 0x08
	typeInt64    = 0x09
	typeUInt64   = 0x0a
	typeReal32   = 0x0b
	typeReal64   = 0x0c
	typeBool     = 0x0d
	typeBinary   = 0x0e
	typeGUID     = 0x0f
	typeSizeT    = 0x10
	typeFiletime = 0x11
	typeSystime  = 0x12
	typeSID      = 0x13
	typeHex32    = 0x14
	typeHex64    = 0x15
	typeHandle   = 0x20
	typeBinXML   = 0x21
	typeEvtXML   = 0x23
	typeArray    = 0x80
)

// itemSize is the size of one array item by type; 0 = not of fixed size.
var itemSize = [...]int{
	typeInt8: 1, typeUInt8: 1, typeInt16: 2, typeUInt16: 2, typeInt32: 4, typeUInt32: 4,
	typeInt64: 8, typeUInt64: 8, typeReal32: 4, typeReal64: 8, typeBool: 4, typeGUID: 16,
	typeSizeT: 8, typeFiletime: 8, typeSystime: 16, typeHex32: 4, typeHex64: 8,
}

// value is one value of a template instance; its text is made when first needed.
type value struct {
	off  uint32 // in the chunk
	size uint16
	typ  uint8
	done bool // text holds its text
	text string
}

func (d *decoder) raw(v *value) []byte { return d.b[v.off : v.off+uint32(v.size)] }

// valueText returns the text of a value, made once per instance.
func (d *decoder) valueText(v *value) string {
	if !v.done {
		v.text, v.done = d.render(v.typ, d.raw(v)), true
	}
	return v.text
}

// render makes the text of one value of any type but BinXml.
func (d *decoder) render(typ uint8, b []byte) string {
	switch typ {
	case typeString, typeEvtXML:
		b = winval.TrimNUL(b)
	case typeANSI:
		b = trimZero(b)
	case typeSID:
		if n := winval.SIDLen(b); n > 0 {
			b = b[:n]
		}
	case typeBool:
		if n, _ := integer(b, false); n != 0 {
			return "true"
		}
		return "false"
	case typeUInt8, typeUInt16, typeUInt32, typeUInt64:
		if n, ok := integer(b, false); ok && n < 100 {
			return strconv.FormatUint(n, 10) // a constant: nothing is allocated
		}
	}
	if typ == typeNull || len(b) == 0 || !d.room(maxText(typ, len(b))) {
		return ""
	}
	start := len(d.arena.Buf)
	if typ >= typeArray {
		d.arena.Buf = appendArray(d.arena.Buf, typ&^typeArray, b)
	} else {
		d.arena.Buf = appendValue(d.arena.Buf, typ, b)
	}
	return d.arena.Since(start)
}

// maxText bounds the text that n bytes of a type can become.
func maxText(typ uint8, n int) int {
	switch {
	case typ == typeString || typ == typeEvtXML:
		return n / 2 * 3
	case typ == typeANSI || typ == typeSID:
		return 32 + 3*n
	case typ >= typeArray:
		return 32 + 6*n // bytes to "-128,", short SIDs to "S-0-0,"
	}
	return 40 + 2*n
}

// integer reads 1, 2, 4 or 8 bytes: writers do not always use the size that
// the type asks for (Booleans of one byte are common).
func integer(b []byte, signed bool) (n uint64, ok bool) {
	switch len(b) {
	case 1:
		n = uint64(b[0])
		if signed {
			n = uint64(int64(int8(b[0])))
		}
	case 2:
		n = uint64(binary.LittleEndian.Uint16(b))
		if signed {
			n = uint64(int64(int16(n)))
		}
	case 4:
		n = uint64(binary.LittleEndian.Uint32(b))
		if signed {
			n = uint64(int64(int32(n)))
		}
	case 8:
		n = binary.LittleEndian.Uint64(b)
	default:
		return 0, false
	}
	return n, true
}

// appendValue appends the text of a single value that is not an array; bytes
// that do not fit their type become hex.
func appendValue(dst []byte, typ uint8, b []byte) []byte {
	switch typ {
	case typeNull:
		return dst
	case typeString, typeEvtXML:
		return winval.AppendUTF16(dst, winval.TrimNUL(b))
	case typeANSI:
		return winval.AppendANSI(dst, trimZero(b))
	case typeInt8, typeInt16, typeInt32, typeInt64:
		if n, ok := integer(b, true); ok {
			return strconv.AppendInt(dst, int64(n), 10)
		}
	case typeUInt8, typeUInt16, typeUInt32, typeUInt64:
		if n, ok := integer(b, false); ok {
			return strconv.AppendUint(dst, n, 10)
		}
	case typeBool:
		if n, ok := integer(b, false); ok {
			return strconv.AppendBool(dst, n != 0)
		}
	case typeHex32, typeHex64, typeSizeT, typeHandle:
		if n, ok := integer(b, false); ok {
			return strconv.AppendUint(append(dst, "0x"...), n, 16)
		}
	case typeReal32:
		if len(b) == 4 {
			f := math.Float32frombits(binary.LittleEndian.Uint32(b))
			return strconv.AppendFloat(dst, float64(f), 'g', -1, 32)
		}
	case typeReal64:
		if len(b) == 8 {
			return strconv.AppendFloat(dst, math.Float64frombits(binary.LittleEndian.Uint64(b)), 'g', -1, 64)
		}
	case typeGUID:
		if len(b) == 16 {
			return winval.AppendGUID(dst, b)
		}
	case typeFiletime:
		if len(b) == 8 {
			return winval.AppendFiletime(dst, binary.LittleEndian.Uint64(b))
		}
	case typeSystime:
		if len(b) == 16 {
			return winval.AppendSystime(dst, b)
		}
	case typeSID:
		if n := winval.SIDLen(b); n > 0 {
			return winval.AppendSID(dst, b[:n])
		}
	case typeBinary:
	default:
		if printable(b) {
			return append(dst, trimZero(b)...)
		}
	}
	return winval.AppendHex(dst, b)
}

// appendArray appends the items of an array, joined by ",". String arrays
// come here only inside longer text; else each item is a field of its own.
func appendArray(dst []byte, typ uint8, b []byte) []byte {
	switch typ {
	case typeString, typeANSI:
		for first := true; len(b) > 0; first = false {
			if !first {
				dst = append(dst, ',')
			}
			var item []byte
			item, b = nextString(typ, b)
			dst = appendValue(dst, typ, item)
		}
		return dst
	case typeSID:
		for first := true; ; first = false {
			n := winval.SIDLen(b)
			if n == 0 {
				return winval.AppendHex(dst, b)
			}
			if !first {
				dst = append(dst, ',')
			}
			dst = winval.AppendSID(dst, b[:n])
			if b = b[n:]; len(b) == 0 {
				return dst
			}
		}
	}
	n := 0
	if int(typ) < len(itemSize) {
		n = itemSize[typ]
	}
	if n == 0 || len(b)%n != 0 {
		return winval.AppendHex(dst, b)
	}
	for i := 0; i < len(b); i += n {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendValue(dst, typ, b[i:i+n])
	}
	return dst
}

// nextString cuts the first item off an array of NUL-terminated strings.
func nextString(typ uint8, b []byte) (item, rest []byte) {
	if typ == typeANSI {
		for i, c := range b {
			if c == 0 {
				return b[:i], b[i+1:]
			}
		}
		return b, nil
	}
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			return b[:i], b[i+2:]
		}
	}
	return b, nil
}

func trimZero(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return b
}

// printable tells whether a value of a type that is not known is UTF-8 text.
func printable(b []byte) bool {
	for b = trimZero(b); len(b) > 0; {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return false
		}
		b = b[n:]
	}
	return true
}
