// Package winval writes the values that Windows' binary logs hold (UTF-16, GUID,
// SID, FILETIME …) as text, and keeps that text in few large blocks. The event
// log and the event trace decoders share it.
package winval

import (
	"unsafe"

	"debrief/event"
)

// Arena holds the text and the field lists of a file in blocks that double
// from small to large, so that an empty log costs little and a full one few
// allocations. Blocks are never written twice: strings are views into them.
// The zero value is ready to use.
type Arena struct {
	Buf    []byte // current block; len = used. Append only what Reserve made room for
	block  int    // size of the next block
	fields []event.Field
	nfield int // size of the next block of fields
}

const (
	minBlock  = 4 << 10
	maxBlock  = 64 << 10
	minFields = 64
	maxFields = 2048
)

// Reserve makes room for n more bytes in the current block and returns the
// bytes it had to allocate for it. It does nothing and returns -1 where that
// is more than limit.
func (a *Arena) Reserve(n, limit int) int {
	if cap(a.Buf)-len(a.Buf) >= n {
		return 0
	}
	next := min(max(2*a.block, minBlock), maxBlock)
	size := max(n, next)
	if size > limit {
		return -1
	}
	a.block = next
	a.Buf = make([]byte, 0, size)
	return size
}

// Since returns the bytes from start on as a string.
func (a *Arena) Since(start int) string {
	if start == len(a.Buf) {
		return ""
	}
	return unsafe.String(&a.Buf[start], len(a.Buf)-start)
}

// Keep copies a field list; the copy has no spare capacity.
func (a *Arena) Keep(f []event.Field) event.Fields {
	if len(f) == 0 {
		return nil
	}
	if cap(a.fields)-len(a.fields) < len(f) {
		a.nfield = min(max(2*a.nfield, minFields), maxFields)
		a.fields = make([]event.Field, 0, max(len(f), a.nfield))
	}
	start := len(a.fields)
	a.fields = append(a.fields, f...)
	return a.fields[start:len(a.fields):len(a.fields)]
}
