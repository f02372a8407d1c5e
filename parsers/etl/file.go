package etl

import (
	"fmt"
	"io"

	"debrief/event"
	"debrief/parsers/winval"
)

const (
	flagEventsLost = 0x02
	flagBufferLost = 0x04
	flagCompressed = 0x40

	typeHeader = 4 // type of the buffer that a trace starts with
)

// expandFactor is how many times its size a trace may expand to; the
// compressors reach about five with events.
const expandFactor = 16

// decoder holds what outlives a buffer.
type decoder struct {
	sink  Sink
	tape  tape
	h     Header
	tally Tally
	arena winval.Arena
	rec   Record

	// The clock: stamp on the trace's clock is start as FILETIME, freq ticks a
	// second; freq 0 = stamps are FILETIMEs.
	stamp   int64
	start   uint64
	freq    uint64
	noClock bool

	format int   // of compressed buffers
	spare  int64 // bytes that compressed buffers may still expand to
	inside []byte

	base     int64 // offset in the file of the buffer or of its events
	squeezed bool  // events of a compressed buffer have no offset of their own

	table    map[GUID]*provider
	learned  learned
	nlearned int
	learning int // fields that one description may still have
	schemas  map[string]*schema
	fields   []event.Field
	joined   []byte // scratch
	intern   map[string]string
	lostHere int // buffers that say that events were lost before them
}

// Decode reads a whole trace and hands its records and problems to the sink,
// in the order of the file; the header it returns is that of the first trace
// in it. data must not change while it runs. It returns ErrFormat if data is
// no event trace; everything else that is wrong goes to the sink.
func Decode(data []byte, sink Sink) (Header, Tally, error) {
	return decodeTape(tape{held: data, size: int64(len(data))}, sink)
}

// DecodeAt is Decode for a trace of that size that is not in memory. It reads
// the trace twice, since what describes an event may stand behind it.
func DecodeAt(r io.ReaderAt, size int64, sink Sink) (Header, Tally, error) {
	return decodeTape(tape{r: r, piece: pieceBytes, size: size}, sink)
}

func decodeTape(t tape, sink Sink) (Header, Tally, error) {
	first := t.from(0, bufferHeader+systemHeader)
	if !IsTrace(first) {
		if t.err != nil {
			return Header{}, Tally{}, t.err
		}
		return Header{}, Tally{}, ErrFormat
	}
	d := decoder{
		sink: sink, tape: t, table: providers(), learned: learned{}, schemas: map[string]*schema{}, intern: map[string]string{},
		spare: expandFactor*t.size + 1<<20,
	}
	d.begin(d.tape.buffer(0, 0), 0)
	h := d.h
	d.learnAll()
	for pos := int64(0); pos < d.tape.size; {
		data := d.tape.buffer(pos, d.h.BufferSize)
		if pos > 0 && len(data) >= bufferHeader && le.Uint16(data[54:]) == typeHeader && IsTrace(data) {
			d.begin(data, pos)
		}
		pos += d.buffer(data, pos)
	}
	if d.lostHere > 0 {
		d.problem(event.Remark, 0, fmt.Sprintf("%d buffers are marked as following lost events", d.lostHere))
	}
	if d.tape.err != nil {
		d.problem(event.Unreadable, d.tape.size, d.tape.err.Error())
	}
	return h, d.tally, nil
}

// begin reads the header of a trace; files that were put together hold several.
func (d *decoder) begin(data []byte, off int64) {
	data = data[:min(len(data), int(le.Uint32(data)))]
	d.h, d.noClock = Header{}, true
	d.format = int(le.Uint32(data[44:]) & 0xffff)
	d.readHeader(data)
	if d.h.BufferSize == 0 {
		d.h.BufferSize = int(le.Uint32(data))
		d.problem(event.Damage, off+bufferHeader, "the trace's own header is cut off; times are unknown")
	} else if d.noClock {
		d.problem(event.Damage, off+bufferHeader, "the trace's header states no clock; times are unknown")
	}
	if d.sink.Header != nil {
		d.sink.Header(&d.h)
	}
}

func (d *decoder) problem(kind event.ProblemKind, off int64, text string) {
	if kind.Lost() {
		d.tally.Lost++
	}
	d.sink.Problem(Problem{Kind: kind, Offset: off, Text: text})
}

// buffer reads the buffer at the front of data, which stands at off, and
// returns how many bytes it takes up.
func (d *decoder) buffer(data []byte, off int64) int64 {
	if len(data) < bufferHeader {
		if !zero(data) {
			d.problem(event.Damage, off, fmt.Sprintf("%d bytes behind the last buffer are not a buffer", len(data)))
		}
		return int64(len(data))
	}
	size := int(le.Uint32(data))
	if size < bufferHeader || size > maxBuffer {
		return d.skip(data, off)
	}
	used := int(le.Uint32(data[48:]))
	if used == 0 {
		used = int(le.Uint32(data[4:]))
	}
	flags := le.Uint16(data[52:])
	if flags&(flagEventsLost|flagBufferLost) != 0 {
		d.lostHere++
	}
	b := data[:min(size, len(data))]
	d.base, d.squeezed = off, false
	if flags&flagCompressed != 0 {
		var ok bool
		if b, ok = d.expand(b, used, off); !ok {
			return int64(min(size, len(data)))
		}
		d.squeezed = true
	} else if len(b) < size && used > len(b) {
		d.problem(event.Damage, off, fmt.Sprintf("buffer of %d bytes is cut off after %d", size, len(b)))
	}
	d.tally.Buffers++
	switch {
	case used > len(b):
		if len(b) == size || d.squeezed {
			d.problem(event.Damage, off, fmt.Sprintf("buffer of %d bytes claims that %d are in use", size, used))
		}
		used = len(b)
	case used < bufferHeader:
		used = bufferHeader // empty
	}
	d.events(b[:used])
	return int64(min(size, len(data)))
}

// skip passes over what is no buffer, up to where the next one may stand.
func (d *decoder) skip(data []byte, off int64) int64 {
	n := min(d.h.BufferSize, len(data))
	if zero(data[:n]) {
		// Reserved by the writer, never used. Buffers start at multiples of 8.
		return (d.tape.zeros(off+int64(n)) - off) &^ 7
	}
	d.problem(event.Damage, off, fmt.Sprintf("no buffer header here; %d bytes are passed over", n))
	return int64(n)
}

// zero reports whether b is nothing but zeros.
func zero(b []byte) bool {
	for len(b) >= 8 {
		if le.Uint64(b) != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
