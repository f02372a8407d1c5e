package etlw

import (
	"fmt"
	"time"
)

// Kind is the kind of header that an event gets.
type Kind int

// The kinds of events.
const (
	Manifest     Kind = iota // EVENT_HEADER
	TraceLogging             // EVENT_HEADER with a description
	Classic                  // EVENT_TRACE_HEADER
	Kernel                   // SYSTEM_TRACE_HEADER
	PerfInfo                 // PERFINFO_TRACE_HEADER
	Message                  // WPP
)

// Event is one event. What a kind has no place for is left out.
type Event struct {
	Kind     Kind
	Time     time.Time
	Provider GUID
	// ProviderName goes into a TraceLogging event as its provider's traits.
	ProviderName string
	ID           uint16 // of a classic event its type; of a kernel event its hook
	Version      uint8
	Level        uint8
	Opcode       uint8
	Task         uint16
	Keywords     uint64
	Process      uint32
	Thread       uint32
	Activity     GUID
	Related      GUID
	User         []byte // SID
	Pointer32    bool   // the writer was a 32-bit program
	Name         string // of a TraceLogging event
	// Fields are described in a TraceLogging event, and give the payload.
	Fields []Field
	// Payload stands before what the fields give.
	Payload []byte
}

// event writes one event, padded to a multiple of 8 bytes.
func (t *Trace) event(e *Event) ([]byte, error) {
	payload := append([]byte(nil), e.Payload...)
	for _, f := range e.Fields {
		payload = f.data(payload)
	}
	stamp := uint64(t.stamp(e.Time))
	var b []byte
	sizeAt := 0
	switch e.Kind {
	case Manifest, TraceLogging:
		b = e.crimson(stamp)
	case Classic:
		b = make([]byte, 48)
		b[2], b[3] = 0x14, 0xc0
		b[4], b[5] = byte(e.ID), e.Level
		b[6] = e.Version
		le.PutUint32(b[8:], e.Thread)
		le.PutUint32(b[12:], e.Process)
		le.PutUint64(b[16:], stamp)
		copy(b[24:], e.Provider.wire())
	case Kernel:
		b = make([]byte, systemHeader)
		b[0], b[2], b[3] = 2, 2, 0xc0
		le.PutUint16(b[6:], e.ID)
		le.PutUint32(b[8:], e.Thread)
		le.PutUint32(b[12:], e.Process)
		le.PutUint64(b[16:], stamp)
		sizeAt = 4
	case PerfInfo:
		b = make([]byte, 16)
		b[0], b[2], b[3] = 2, 0x11, 0xc0
		le.PutUint16(b[6:], e.ID)
		le.PutUint64(b[8:], stamp)
		sizeAt = 4
	case Message:
		b = make([]byte, 8, 48)
		b[3] = 0x90
		le.PutUint16(b[4:], e.ID)
		le.PutUint16(b[6:], 0x02|0x08|0x20) // GUID, time, thread and process
		b = append(b, e.Provider.wire()...)
		b = le.AppendUint64(b, stamp)
		b = le.AppendUint32(b, e.Thread)
		b = le.AppendUint32(b, e.Process)
	default:
		return nil, fmt.Errorf("kind %d is not known", e.Kind)
	}
	b = append(b, payload...)
	if len(b) > 0xffff {
		return nil, fmt.Errorf("%d bytes do not fit an event", len(b))
	}
	le.PutUint16(b[sizeAt:], uint16(len(b)))
	return align(b), nil
}

// crimson writes EVENT_HEADER and its extended items.
func (e *Event) crimson(stamp uint64) []byte {
	b := make([]byte, 80)
	b[2], b[3] = 0x13, 0xc0
	flags := uint16(0x40)
	if e.Pointer32 {
		flags = 0x20
	}
	var items [][]byte
	if e.Related != (GUID{}) {
		items = append(items, item(0x01, e.Related.wire()))
	}
	if len(e.User) > 0 {
		items = append(items, item(0x02, e.User))
	}
	if e.ProviderName != "" {
		items = append(items, item(0x0c, sized(append([]byte(e.ProviderName), 0))))
	}
	if e.Kind == TraceLogging {
		d := append([]byte{0}, e.Name...) // no tags
		d = append(d, 0)
		for _, f := range e.Fields {
			d = f.describe(d)
		}
		items = append(items, item(0x0b, sized(d)))
	}
	for i, it := range items {
		flags |= 1
		if i+1 < len(items) {
			it[4] = 1
		}
		b = append(b, it...)
	}
	le.PutUint16(b[4:], flags)
	le.PutUint32(b[8:], e.Thread)
	le.PutUint32(b[12:], e.Process)
	le.PutUint64(b[16:], stamp)
	copy(b[24:], e.Provider.wire())
	le.PutUint16(b[40:], e.ID)
	b[42], b[44], b[45] = e.Version, e.Level, e.Opcode
	if e.Kind == TraceLogging {
		b[43] = 11
	}
	le.PutUint16(b[46:], e.Task)
	le.PutUint64(b[48:], e.Keywords)
	copy(b[64:], e.Activity.wire())
	return b
}

// item is one extended item.
func item(kind uint16, data []byte) []byte {
	b := make([]byte, 8, 8+len(data)+7)
	le.PutUint16(b[2:], kind)
	le.PutUint16(b[6:], uint16(len(data)))
	b = align(append(b, data...))
	le.PutUint16(b, uint16(len(b)))
	return b
}

// sized puts the size of the whole before b.
func sized(b []byte) []byte {
	return append(le.AppendUint16(nil, uint16(len(b)+2)), b...)
}

// wire is the GUID as it lies in a file.
func (g GUID) wire() []byte {
	return []byte{g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]}
}
