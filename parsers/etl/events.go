package etl

import (
	"encoding/hex"
	"fmt"

	"debrief/event"
)

// Marks in the fourth byte of an event.
const (
	markHeader  = 0x80
	markEvent   = 0x40
	markMessage = 0x10
)

// Header types in the third byte.
const (
	typeSystem32   = 0x01
	typeSystem64   = 0x02
	typeCompact32  = 0x03
	typeCompact64  = 0x04
	typeFull32     = 0x0a
	typeInstance32 = 0x0b
	typePerfInfo32 = 0x10
	typePerfInfo64 = 0x11
	typeEvent32    = 0x12
	typeEvent64    = 0x13
	typeFull64     = 0x14
	typeInstance64 = 0x15
)

// pad is what Windows fills the unused end of a buffer with.
const pad = 0xffffffff

// events walks the events of a buffer; b ends with its last used byte.
func (d *decoder) events(b []byte) {
	for pos := bufferHeader; pos < len(b); {
		rest := b[pos:]
		off := d.base
		if !d.squeezed {
			off += int64(pos)
		}
		if len(rest) < 8 {
			if !zero(rest) && !filled(rest) {
				d.problem(event.Damage, off, fmt.Sprintf("%d bytes at the end of a buffer are not an event", len(rest)))
			}
			return
		}
		size, head := eventSize(rest)
		if size == 0 || size < head || size > len(rest) {
			d.tear(rest, size, head, off)
			return
		}
		if !d.event(rest[:size], off) {
			d.problem(event.Damage, off, fmt.Sprintf("event of unknown form %s is passed over", hex.EncodeToString(rest[:4])))
		}
		pos += (size + 7) &^ 7
	}
}

// filled reports whether b is nothing but padding.
func filled(b []byte) bool {
	for _, c := range b {
		if c != 0xff {
			return false
		}
	}
	return true
}

// tear reports what ends a buffer before its end.
func (d *decoder) tear(rest []byte, size, head int, off int64) {
	switch {
	case zero(rest) || le.Uint32(rest) == pad:
		return // never written
	case head == 0:
		d.problem(event.Damage, off, fmt.Sprintf("no event header here (%s); %d bytes of the buffer are lost", hex.EncodeToString(rest[:8]), len(rest)))
	case size < head:
		d.problem(event.Damage, off, fmt.Sprintf("event claims %d bytes, its header takes %d; %d bytes of the buffer are lost", size, head, len(rest)))
	default:
		d.problem(event.Damage, off, fmt.Sprintf("event claims %d bytes, the buffer has %d left", size, len(rest)))
	}
}

// eventSize returns the size of the event at the front of b and that of its
// header; 0, 0 where no event header is.
func eventSize(b []byte) (size, head int) {
	mark := b[3]
	if mark&markHeader == 0 {
		return 0, 0
	}
	if mark&markEvent == 0 {
		if mark&markMessage != 0 {
			return int(le.Uint16(b)), 8
		}
		return 0, 0
	}
	switch b[2] {
	case typeSystem32, typeSystem64:
		return int(le.Uint16(b[4:])), systemHeader
	case typeCompact32, typeCompact64:
		return int(le.Uint16(b[4:])), 24
	case typePerfInfo32, typePerfInfo64:
		return int(le.Uint16(b[4:])), 16
	case typeFull32, typeFull64:
		return int(le.Uint16(b)), 48
	case typeInstance32, typeInstance64:
		return int(le.Uint16(b)), 56
	case typeEvent32, typeEvent64:
		return int(le.Uint16(b)), 80
	}
	// A type of which only the place of the size is known.
	return int(le.Uint16(b)), 8
}

// event reads one whole event; false where its type is not known.
func (d *decoder) event(b []byte, off int64) bool {
	r := &d.rec
	*r = Record{Offset: off}
	d.tally.Events++
	r.Number = uint64(d.tally.Events)
	if b[3]&markEvent == 0 {
		d.message(b)
		return true
	}
	switch b[2] {
	case typeSystem32, typeSystem64, typeCompact32, typeCompact64:
		d.system(b)
	case typePerfInfo32, typePerfInfo64:
		d.perfInfo(b)
	case typeFull32, typeFull64, typeInstance32, typeInstance64:
		d.classic(b)
	case typeEvent32, typeEvent64:
		d.crimson(b)
	default:
		d.tally.Events--
		return false
	}
	return true
}

// give hands the record to the sink.
func (d *decoder) give() {
	d.rec.Fields = d.arena.Keep(d.fields)
	d.sink.Record(&d.rec)
}

// wanted asks the sink whether the record is to be decoded.
func (d *decoder) wanted() bool {
	d.fields = d.fields[:0]
	return d.sink.Want == nil || d.sink.Want(&d.rec)
}
