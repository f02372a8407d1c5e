package etl

import (
	"strconv"

	"debrief/event"
)

// How many items a field has.
const (
	arrayNone  = iota
	arrayConst // count
	arrayVar   // a uint16 before the items
	arrayRef   // the value of an earlier field: ref
)

// field is one field of a layout.
type field struct {
	name    string
	in, out uint8
	array   uint8
	count   int     // of arrayConst
	slot    int     // where its value is noted for others to refer to
	ref     int     // of arrayRef and of sized data: slot of the number; or restOfPayload
	sized   bool    // ref holds the length
	fixed   int     // length of text or binary data; 0 = none
	members []field // of a structure
}

// maxSlots bounds the fields that others may refer to.
const maxSlots = 64

// maxNames bounds the names made up for structures of one event.
const maxNames = 1 << 16

// decode reads the payload into d.fields by its layout.
func (d *decoder) decode(layout []field, p []byte, pointer int) {
	r := payloadReader{d: d, p: p, pointer: pointer, names: maxNames}
	r.list(layout, "")
	switch {
	case r.short:
		d.rec.Partial = true
	case len(r.p) > 0:
		d.rec.Partial = true
		d.add("Rest", d.hex(r.p))
	}
}

func (d *decoder) add(name, value string) {
	d.fields = append(d.fields, event.Field{Name: name, Value: value})
}

// payloadReader reads fields off the front of a payload.
type payloadReader struct {
	d       *decoder
	p       []byte
	pointer int // size of one
	names   int // bytes that may still go into made-up names
	short   bool
	ints    [maxSlots]uint16 // values of integers by slot, for lengths and counts
}

func (r *payloadReader) list(layout []field, prefix string) {
	for i := range layout {
		f := &layout[i]
		name := f.name
		if prefix != "" {
			if r.names -= len(prefix) + len(name) + 1; r.names < 0 {
				r.short = true
				return
			}
			name = prefix + "." + name
		}
		r.field(f, name)
		if r.short {
			return
		}
	}
}

func (r *payloadReader) field(f *field, name string) {
	n := 1
	switch f.array {
	case arrayConst:
		n = f.count
	case arrayVar:
		if len(r.p) < 2 {
			r.short = true
			return
		}
		n = int(le.Uint16(r.p))
		r.p = r.p[2:]
	case arrayRef:
		n = int(r.ints[f.ref])
	}
	if f.in == inStruct {
		r.structs(f, n, name)
		return
	}
	if len(r.d.fields) >= maxFieldList {
		r.short = true
		return
	}
	var text string
	if f.array == arrayNone {
		size := -1
		switch {
		case f.sized:
			size = int(r.ints[f.ref])
		case f.fixed > 0:
			size = f.fixed
		}
		b, used := r.take(f, size)
		if used < 0 {
			r.short = true
			return
		}
		if f.slot < maxSlots {
			r.ints[f.slot] = lengthValue(f.in, b)
		}
		text = r.d.value(f, b)
		r.p = r.p[used:]
	} else {
		text = r.items(f, n)
	}
	r.d.add(name, text)
}

// structs reads the structures of a field: one, or the items of an array.
func (r *payloadReader) structs(f *field, n int, name string) {
	if f.array == arrayNone {
		r.list(f.members, name)
		return
	}
	if len(f.members) == 0 {
		return
	}
	for i := range n {
		if r.names -= len(name) + 8; r.names < 0 || len(r.d.fields) >= maxFieldList {
			r.short = true
			return
		}
		r.list(f.members, name+"["+strconv.Itoa(i)+"]")
		if r.short {
			return
		}
	}
}

// items reads an array of n values and joins them by ",".
func (r *payloadReader) items(f *field, n int) string {
	d := r.d
	if text, ok := r.chars(f, n); ok {
		return text
	}
	// Items are gathered elsewhere: the text of each is built in the arena.
	buf := d.joined[:0]
	for i := range n {
		if f.in == inNull {
			break
		}
		b, used := r.take(f, -1)
		if used < 0 {
			r.short = true
			break
		}
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = d.appendValue(buf, f, b)
		r.p = r.p[used:]
	}
	d.joined = buf
	return d.text(buf)
}

// chars reads an array of characters or of bytes as one text.
func (r *payloadReader) chars(f *field, n int) (string, bool) {
	size := 1
	switch {
	case f.in == inUInt8 && (f.out == outString || f.out == outUTF8), f.in == inInt8 && f.out == outString, f.in == inUInt8 && f.out == outHex:
	case f.in == inUInt16 && f.out == outString:
		size = 2
	default:
		return "", false
	}
	if n*size > len(r.p) {
		r.short = true
		return "", true
	}
	b := r.p[:n*size]
	r.p = r.p[n*size:]
	switch {
	case size == 2:
		return r.d.wide(b), true
	case f.out == outHex:
		return r.d.hex(b), true
	}
	return r.d.ansi(b), true
}
