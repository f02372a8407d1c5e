package etlw

import (
	"math"
	"time"
)

// Field is one field of an event: how it is described, and its bytes.
type Field struct {
	Name    string
	In      byte // type as TraceLogging numbers them; 0x20 = array of Count items, 0x40 = its number stands before them
	Out     byte // format; 0 = none
	Count   uint16
	Members []Field // of a structure (type 24)
	Data    []byte
	// More are further items of an array of structures.
	More [][]Field
}

// describe adds the field's description.
func (f *Field) describe(b []byte) []byte {
	b = append(append(b, f.Name...), 0)
	out := f.Out
	if f.In&0x1f == 24 {
		out = byte(len(f.Members))
	}
	if out != 0 {
		b = append(b, f.In|0x80, out)
	} else {
		b = append(b, f.In)
	}
	if f.In&0x20 != 0 {
		b = le.AppendUint16(b, f.Count)
	}
	for i := range f.Members {
		b = f.Members[i].describe(b)
	}
	return b
}

// data adds the field's bytes.
func (f *Field) data(b []byte) []byte {
	if f.In&0x40 != 0 {
		b = le.AppendUint16(b, f.Count)
	}
	b = append(b, f.Data...)
	for i := range f.Members {
		b = f.Members[i].data(b)
	}
	for _, item := range f.More {
		for i := range item {
			b = item[i].data(b)
		}
	}
	return b
}

// Str is UTF-16 text.
func Str(name, s string) Field { return Field{Name: name, In: 1, Data: Wide(s)} }

// ANSI is 8-bit text.
func ANSI(name, s string) Field { return Field{Name: name, In: 2, Data: append([]byte(s), 0)} }

// Counted is UTF-16 text behind its size.
func Counted(name, s string) Field {
	w := Wide(s)
	w = w[:len(w)-2]
	return Field{Name: name, In: 22, Data: append(le.AppendUint16(nil, uint16(len(w))), w...)}
}

// U8 is an unsigned integer of 8 bits.
func U8(name string, n uint8) Field { return Field{Name: name, In: 4, Data: []byte{n}} }

// U16 is an unsigned integer of 16 bits.
func U16(name string, n uint16) Field {
	return Field{Name: name, In: 6, Data: le.AppendUint16(nil, n)}
}

// U32 is an unsigned integer of 32 bits.
func U32(name string, n uint32) Field {
	return Field{Name: name, In: 8, Data: le.AppendUint32(nil, n)}
}

// U64 is an unsigned integer of 64 bits.
func U64(name string, n uint64) Field {
	return Field{Name: name, In: 10, Data: le.AppendUint64(nil, n)}
}

// I32 is a signed integer of 32 bits.
func I32(name string, n int32) Field {
	return Field{Name: name, In: 7, Data: le.AppendUint32(nil, uint32(n))}
}

// HResult is an error code that viewers show in hexadecimal.
func HResult(name string, n uint32) Field {
	return Field{Name: name, In: 7, Out: 15, Data: le.AppendUint32(nil, n)}
}

// Hex32 is an integer of 32 bits that viewers show in hexadecimal.
func Hex32(name string, n uint32) Field {
	return Field{Name: name, In: 20, Data: le.AppendUint32(nil, n)}
}

// Bool is a Boolean of 4 bytes.
func Bool(name string, v bool) Field {
	n := uint32(0)
	if v {
		n = 1
	}
	return Field{Name: name, In: 13, Data: le.AppendUint32(nil, n)}
}

// Double is a floating-point number.
func Double(name string, v float64) Field {
	return Field{Name: name, In: 12, Data: le.AppendUint64(nil, math.Float64bits(v))}
}

// ID is a GUID.
func ID(name string, g GUID) Field { return Field{Name: name, In: 15, Data: g.wire()} }

// Time is a FILETIME.
func Time(name string, t time.Time) Field {
	return Field{Name: name, In: 17, Data: le.AppendUint64(nil, filetime(t))}
}

// Binary is data behind its size.
func Binary(name string, b []byte) Field {
	return Field{Name: name, In: 14, Data: append(le.AppendUint16(nil, uint16(len(b))), b...)}
}

// Struct groups fields.
func Struct(name string, members ...Field) Field { return Field{Name: name, In: 24, Members: members} }
