// Package etlw writes event trace logs (.etl) as Windows lays them out: buffers
// with their headers, the trace's own first record, events with every kind of
// header, TraceLogging descriptions, and compressed buffers. It owns the
// bytes; what the events say is the caller's affair. It writes the 64-bit
// layout of Windows 8 and later.
//
// The layout is described in parsers/etl, which reads it.
package etlw

import (
	"encoding/binary"
	"fmt"
	"time"
	"unicode/utf16"
)

var le = binary.LittleEndian

const (
	bufferHeader = 72
	systemHeader = 32
)

// GUID is a GUID in its textual byte order, as "30336ed4-…" reads from left to right.
type GUID [16]byte

// Clocks of a trace.
const (
	QPC    = 1 // performance counter
	System = 2 // FILETIME
	Cycles = 3 // CPU cycles
)

// Formats of compressed buffers.
const (
	Plain  = 0
	LZNT1  = 2
	XPRESS = 3
)

// Zone is the time zone that the trace states. The zero value is UTC.
type Zone struct {
	Bias     int32 // minutes from local time to UTC: -60 = UTC+1
	Daylight int32 // bias of summer time, mostly -60
	// From and To are when summer time begins and ends, as SYSTEMTIME; zero = none.
	From, To [8]uint16
}

// Trace is a whole log. The zero value of a field is what most traces have.
type Trace struct {
	BufferSize  int    // 0 = 64 KiB
	Clock       int    // 0 = QPC
	Freq        uint64 // ticks a second of QPC, 0 = 10 MHz
	MHz         uint32 // of the CPU, for Cycles
	Format      int    // compression
	Build       uint32
	Start       time.Time
	End         time.Time // zero = open: the header then counts no buffers
	Zone        Zone
	EventsLost  uint32
	BuffersLost uint32
	Logger      string
	File        string
	Events      []Event
}

// Encode returns the bytes of the log: a buffer with the header, then buffers
// with the events in their order. It returns an error for an event that does
// not fit a buffer.
func Encode(t Trace) ([]byte, error) {
	if t.BufferSize == 0 {
		t.BufferSize = 64 << 10
	}
	if t.Clock == 0 {
		t.Clock = QPC
	}
	if t.Freq == 0 {
		t.Freq = 1e7
	}
	buffers := [][]byte{t.header()}
	var b []byte
	for i := range t.Events {
		e, err := t.event(&t.Events[i])
		if err == nil && len(e) > t.BufferSize-bufferHeader {
			err = fmt.Errorf("larger than a buffer")
		}
		if err != nil {
			return nil, fmt.Errorf("encoding event %d: %w", i, err)
		}
		if len(b)+len(e) > t.BufferSize-bufferHeader {
			buffers = append(buffers, b)
			b = nil
		}
		b = append(b, e...)
	}
	if len(b) > 0 {
		buffers = append(buffers, b)
	}
	if !t.End.IsZero() {
		le.PutUint32(buffers[0][systemHeader+36:], uint32(len(buffers)))
	}
	var out []byte
	for i, b := range buffers {
		out = append(out, t.buffer(b, i)...)
	}
	return out, nil
}

// buffer puts a header before the events of a buffer, and pads it.
func (t *Trace) buffer(events []byte, n int) []byte {
	used := bufferHeader + len(events)
	size, flags := t.BufferSize, uint16(0x20)
	body := events
	switch t.Format {
	case XPRESS:
		body = PackXPRESS(events)
	case LZNT1:
		body = PackLZNT1(events)
	}
	if t.Format != Plain && n > 0 {
		flags |= 0x40
		size = (bufferHeader + len(body) + 7) &^ 7
	} else {
		body = events
	}
	b := make([]byte, size)
	le.PutUint32(b, uint32(size))
	le.PutUint32(b[4:], uint32(used))
	le.PutUint32(b[8:], uint32(used))
	le.PutUint64(b[16:], uint64(t.stamp(t.Start)))
	le.PutUint64(b[24:], uint64(n))
	le.PutUint32(b[44:], 3)
	le.PutUint32(b[48:], uint32(used))
	le.PutUint16(b[52:], flags)
	if n == 0 {
		le.PutUint16(b[54:], 4)
		if t.Format != Plain {
			le.PutUint32(b[44:], uint32(t.Format))
		}
	}
	copy(b[bufferHeader:], body)
	if t.Format == Plain || n == 0 {
		for i := bufferHeader + len(body); i < len(b); i++ {
			b[i] = 0xff
		}
	}
	return b
}

// header is the trace's own first record.
func (t *Trace) header() []byte {
	b := make([]byte, systemHeader+280)
	h := b[systemHeader:]
	le.PutUint32(h, uint32(t.BufferSize))
	le.PutUint32(h[4:], 0x0501000a)
	le.PutUint32(h[8:], t.Build)
	le.PutUint32(h[12:], 2)
	le.PutUint64(h[16:], filetime(t.End))
	le.PutUint32(h[24:], 156250)
	if t.Format != Plain {
		le.PutUint32(h[32:], 0x04000000)
	}
	le.PutUint32(h[40:], 1)
	le.PutUint32(h[44:], 8)
	le.PutUint32(h[48:], t.EventsLost)
	le.PutUint32(h[52:], t.MHz)
	z := h[72:]
	le.PutUint32(z, uint32(t.Zone.Bias))
	for i := range 8 {
		le.PutUint16(z[68+2*i:], t.Zone.To[i])
		le.PutUint16(z[152+2*i:], t.Zone.From[i])
	}
	le.PutUint32(z[168:], uint32(t.Zone.Daylight))
	le.PutUint64(h[248:], filetime(t.Start.Add(-time.Minute)))
	le.PutUint64(h[256:], t.Freq)
	le.PutUint64(h[264:], filetime(t.Start))
	le.PutUint32(h[272:], uint32(t.Clock))
	le.PutUint32(h[276:], t.BuffersLost)
	b = append(b, Wide(t.Logger)...)
	b = append(b, Wide(t.File)...)
	le.PutUint16(b, 2)
	b[2], b[3] = 2, 0xc0
	le.PutUint16(b[4:], uint16(len(b)))
	le.PutUint64(b[16:], uint64(t.stamp(t.Start)))
	return align(b)
}

// stamp is a moment on the trace's clock.
func (t *Trace) stamp(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	d := at.Sub(t.Start)
	const start = 90e9 // of the counter; a device that ran for some hours
	switch t.Clock {
	case System:
		return int64(filetime(at))
	case Cycles:
		return start + int64(d.Seconds()*float64(t.MHz)*1e6)
	}
	return start + int64(float64(d)/1e9*float64(t.Freq))
}

func align(b []byte) []byte { return append(b, make([]byte, -len(b)&7)...) }

// Wide is s as UTF-16 with a NUL.
func Wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, u)
	}
	return append(b, 0, 0)
}

// filetime is the number of 100 ns intervals since 1601-01-01 UTC; 0 for the zero time.
func filetime(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	const epoch = 11644473600 // seconds from 1601 to 1970
	return uint64(t.Unix()+epoch)*1e7 + uint64(t.Nanosecond()/100)
}
