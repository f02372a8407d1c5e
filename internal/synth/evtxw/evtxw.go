// Package evtxw writes Windows event log files (EVTX 3.2) as Windows itself
// lays them out: a file header of 4 KiB, chunks of 64 KiB that each carry
// their own string and template tables, binary XML with one template per kind
// of event, and right checksums. It owns the bytes; what the events say is the
// caller's affair. It writes no event message texts (real files hold none) and
// no UserData sections.
//
// A record of Shell-Core, as a viewer shows it:
//
//	<Event><System><Provider Name="Microsoft-Windows-Shell-Core" Guid="{…}"/><EventID>62407</EventID>…</System>
//	<EventData><Data Name="Name">CommercialOOBE_…</Data><Data Name="Value">{"message":"…"}</Data></EventData></Event>
//
// The layout follows libyal's description of the format ("Windows XML Event
// Log (EVTX)") and what files of Windows 10 and 11 show.
package evtxw

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"
)

const (
	fileHeaderSize  = 4096
	chunkSize       = 65536
	chunkHeaderSize = 512
	// Windows creates a log with one chunk and grows it to 1 MiB plus that one.
	grownChunks = 17
)

// GUID is a globally unique identifier in its textual byte order, as
// "30336ed4-…" reads from left to right.
type GUID [16]byte

// Hex32 is a 32-bit value that viewers show in hexadecimal (HRESULT and the like).
type Hex32 uint32

// Hex64 is a 64-bit value that viewers show in hexadecimal.
type Hex64 uint64

// SID is a security identifier in text form, "S-1-5-18".
type SID string

// Field is one named value of the EventData section. Value is a string, bool,
// uint8, uint16, uint32, uint64, int32, int64, Hex32, Hex64, GUID, SID,
// time.Time (stored as FILETIME) or []byte; nil writes an empty value.
type Field struct {
	Name  string
	Value any
}

// Event is one record. Records get consecutive numbers in the order given.
type Event struct {
	Provider     string // e.g. "Microsoft-Windows-Shell-Core"
	ProviderGUID GUID
	ID           uint16
	Version      uint8
	Level        uint8 // 1 critical … 5 verbose
	Task         uint16
	Opcode       uint8
	Keywords     uint64
	Time         time.Time
	Activity     GUID // zero = no ActivityID attribute
	Process      uint32
	Thread       uint32
	Channel      string
	Computer     string
	User         SID // "" = no UserID attribute
	Fields       []Field
}

// File is a whole event log.
type File struct {
	// FirstRecord is the EventRecordID of the first event; 0 means 1.
	FirstRecord uint64
	Events      []Event
}

// Encode returns the bytes of the log. A log without events is one empty
// chunk, 69,632 bytes in all; one that needs more than a chunk is grown to at
// least 1,118,208 bytes, both as Windows does. It returns an error if a value
// has a type that EVTX does not know, or if one event does not fit a chunk.
func Encode(f File) ([]byte, error) {
	first := max(f.FirstRecord, 1)
	out := make([]byte, fileHeaderSize, fileHeaderSize+chunkSize)
	c := newChunk(first)
	used := 0
	for i := range f.Events {
		e, number := &f.Events[i], first+uint64(i)
		ok, err := c.add(e, number)
		if err == nil && !ok {
			out = append(out, c.finish()...)
			used++
			c = newChunk(number)
			ok, err = c.add(e, number)
		}
		if err != nil {
			return nil, fmt.Errorf("encoding event %d (%s %d): %w", i, e.Provider, e.ID, err)
		}
		if !ok {
			return nil, fmt.Errorf("encoding event %d (%s %d): larger than a chunk", i, e.Provider, e.ID)
		}
	}
	out = append(out, c.finish()...)
	used++
	header(out, used, first+uint64(len(f.Events)))
	if used > 1 && used < grownChunks {
		out = append(out, make([]byte, (grownChunks-used)*chunkSize)...)
	}
	return out, nil
}

// header fills the file header for that many chunks.
func header(out []byte, chunks int, next uint64) {
	le := binary.LittleEndian
	copy(out, "ElfFile\x00")
	le.PutUint64(out[16:], uint64(chunks-1)) // last chunk in use
	le.PutUint64(out[24:], next)             // next record number
	le.PutUint32(out[32:], 128)              // size of the header proper
	le.PutUint16(out[36:], 2)                // minor version
	le.PutUint16(out[38:], 3)                // major version
	le.PutUint16(out[40:], fileHeaderSize)
	le.PutUint16(out[42:], uint16(chunks))
	le.PutUint32(out[124:], crc32.ChecksumIEEE(out[:120]))
}

// filetime is the number of 100 ns intervals since 1601-01-01 UTC.
func filetime(t time.Time) uint64 {
	const epoch = 11644473600 // seconds from 1601 to 1970
	return uint64(t.Unix()+epoch)*1e7 + uint64(t.Nanosecond()/100)
}
