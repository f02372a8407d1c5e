package evtx

import (
	"errors"
	"time"

	"debrief/event"
)

// Record is one event record. The zero value is an empty record. A field that
// the record does not carry is zero or empty.
type Record struct {
	ID     uint64 // EventRecordID; the record header's number where System has none
	Number uint64 // the record header's number: local to the file
	Offset int64  // byte offset of the record in the file

	// Time is TimeCreated, or Written where System has none. UTC, 100 ns.
	Time    time.Time
	Written time.Time // when the record was written, from its header

	Provider   string // its GUID where it has no name
	Source     string // EventSourceName: the classic name of the provider
	EventID    uint32
	Qualifiers uint16
	Version    uint8
	Level      uint8
	Opcode     uint8
	Task       uint16
	Keywords   uint64
	Process    uint32
	Thread     uint32
	Channel    string
	Computer   string
	User       string // SID
	Activity   string // ActivityID of Correlation: GUID
	Related    string // RelatedActivityID of Correlation: GUID

	// Fields are the values of EventData or UserData in order. The slice is
	// the receiver's to keep.
	Fields event.Fields

	Recovered bool // found behind the live records of its chunk, or in a chunk with a bad header
	Torn      bool // some of it could not be read
}

// Problem is something that could not be read, or that does not add up.
type Problem struct {
	Kind   event.ProblemKind
	Offset int64  // byte offset in the file
	Record uint64 // number of the record; 0 = not about one
	Text   string
}

// Header is what the file header says. It is often stale and never believed.
type Header struct {
	Major, Minor uint16
	NextRecord   uint64
	Chunks       uint16
	Dirty        bool // not closed: header and last chunk may lag behind
	Full         bool
}

// Sink receives what Decode finds, in the order of the file. The record is
// valid until Record returns; its strings and Fields may be kept. Both
// functions must be set.
type Sink struct {
	Record  func(*Record)
	Problem func(Problem)
}

// ErrFormat is returned by Decode for bytes that are not an event log.
var ErrFormat = errors.New("not an event log: no ElfFile magic")

// What can be wrong with a record. Each is the text of a problem.
var (
	errShort    = errors.New("binary XML ends early")
	errToken    = errors.New("unknown binary XML token")
	errName     = errors.New("name outside the chunk")
	errUnclosed = errors.New("element without an end")
	errTemplate = errors.New("template outside the chunk or overwritten")
	errValues   = errors.New("values exceed the record")
	errDepth    = errors.New("nesting too deep")
	errOutput   = errors.New("more output than a record may have")
	errWork     = errors.New("chunk takes too much work")
)

// isLimit tells debrief's own limits from damage.
func isLimit(err error) bool { return err == errDepth || err == errOutput || err == errWork }
