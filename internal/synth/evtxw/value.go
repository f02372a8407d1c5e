package evtxw

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// Types of binary XML values.
const (
	typeNull     = 0x00
	typeString   = 0x01
	typeUint8    = 0x04
	typeUint16   = 0x06
	typeInt32    = 0x07
	typeUint32   = 0x08
	typeInt64    = 0x09
	typeUint64   = 0x0a
	typeBool     = 0x0d
	typeBinary   = 0x0e
	typeGUID     = 0x0f
	typeFileTime = 0x11
	typeSID      = 0x13
	typeHex32    = 0x14
	typeHex64    = 0x15
	typeXML      = 0x21
)

// maxValue is the largest size that a value descriptor can state.
const maxValue = 0xffff

// value is an encoded value; the zero value is null.
type value struct {
	typ  uint8
	data []byte
}

func u8Value(v uint8) value   { return value{typeUint8, []byte{v}} }
func u16Value(v uint16) value { return value{typeUint16, binary.LittleEndian.AppendUint16(nil, v)} }
func u32Value(v uint32) value { return value{typeUint32, binary.LittleEndian.AppendUint32(nil, v)} }

func fileTimeValue(t time.Time) value {
	return value{typeFileTime, binary.LittleEndian.AppendUint64(nil, filetime(t))}
}

func stringValue(s string) value {
	chars := utf16.Encode([]rune(s))
	data := make([]byte, 0, 2*len(chars))
	for _, ch := range chars {
		data = binary.LittleEndian.AppendUint16(data, ch)
	}
	return value{typeString, data}
}

// guidValue swaps the first three groups to little endian, as Windows stores
// them; the zero GUID is null.
func guidValue(g GUID) value {
	if g == (GUID{}) {
		return value{}
	}
	g[0], g[1], g[2], g[3] = g[3], g[2], g[1], g[0]
	g[4], g[5] = g[5], g[4]
	g[6], g[7] = g[7], g[6]
	return value{typeGUID, g[:]}
}

// sidValue encodes "S-1-<authority>-<sub>-…": revision, number of
// sub-authorities, a 48-bit big-endian authority, little-endian sub-authorities.
func sidValue(s SID) (value, error) {
	parts := strings.Split(string(s), "-")
	if len(parts) < 3 || parts[0] != "S" || parts[1] != "1" || len(parts)-3 > 15 {
		return value{}, fmt.Errorf("reading SID %q: not of the form S-1-…", s)
	}
	authority, err := strconv.ParseUint(parts[2], 10, 48)
	if err != nil {
		return value{}, fmt.Errorf("reading SID %q: %w", s, err)
	}
	data := binary.BigEndian.AppendUint64(nil, authority)
	data[0], data[1] = 1, uint8(len(parts)-3)
	for _, p := range parts[3:] {
		sub, err := strconv.ParseUint(p, 10, 32)
		if err != nil {
			return value{}, fmt.Errorf("reading SID %q: %w", s, err)
		}
		data = binary.LittleEndian.AppendUint32(data, uint32(sub))
	}
	return value{typeSID, data}, nil
}

func fieldValue(v any) (value, error) {
	le := binary.LittleEndian
	var out value
	var err error
	switch v := v.(type) {
	case nil:
	case string:
		out = stringValue(v)
	case bool:
		out = value{typeBool, make([]byte, 4)}
		if v {
			out.data[0] = 1
		}
	case uint8:
		out = u8Value(v)
	case uint16:
		out = u16Value(v)
	case uint32:
		out = u32Value(v)
	case int32:
		out = value{typeInt32, le.AppendUint32(nil, uint32(v))}
	case int64:
		out = value{typeInt64, le.AppendUint64(nil, uint64(v))}
	case uint64:
		out = value{typeUint64, le.AppendUint64(nil, v)}
	case Hex32:
		out = value{typeHex32, le.AppendUint32(nil, uint32(v))}
	case Hex64:
		out = value{typeHex64, le.AppendUint64(nil, uint64(v))}
	case GUID:
		out = guidValue(v)
	case SID:
		out, err = sidValue(v)
	case time.Time:
		out = fileTimeValue(v)
	case []byte:
		out = value{typeBinary, v}
	default:
		return value{}, fmt.Errorf("encoding a field: type %T is not known", v)
	}
	if len(out.data) > maxValue {
		return value{}, fmt.Errorf("encoding a field: %d bytes are more than a value can hold", len(out.data))
	}
	return out, err
}
