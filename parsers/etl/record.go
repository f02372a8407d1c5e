package etl

import (
	"errors"
	"time"

	"debrief/event"
)

// GUID is a GUID as it lies in the file: the first three groups little-endian.
type GUID [16]byte

// Kind is the kind of header an event has.
type Kind uint8

const (
	// Manifest is an event that a manifest describes: provider, id, version.
	Manifest Kind = iota
	// TraceLogging is an event that describes itself.
	TraceLogging
	// Classic is an event of a MOF class: Provider is the class, Opcode the type.
	Classic
	// System is an event of the kernel or of the trace itself: ID is the hook,
	// group in the upper byte and type in the lower.
	System
	// Message is a WPP message: Provider is the message file's GUID, ID the
	// number in it. Its text stands in the program's symbols, not in the trace.
	Message
)

var kindNames = [...]string{"manifest", "tracelogging", "classic", "system", "message"}

// String returns the lower-case name of the kind.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Record is one event. A field that the event does not carry is zero or empty.
type Record struct {
	Kind Kind
	// Offset is where the event stands in the file; of an event in a compressed
	// buffer, where the buffer does.
	Offset int64
	// Number counts the events of the file from 1, in its order.
	Number   uint64
	Time     time.Time // UTC, 100 ns; zero where the event has none or the clock's base is lost
	Provider GUID
	// ProviderName is the name from the event itself or from the table; empty
	// where neither knows it.
	ProviderName string
	ID           uint32
	Version      uint8
	Channel      uint8
	Level        uint8 // 1 critical … 5 verbose; 0 always
	Opcode       uint8
	Task         uint16
	Keywords     uint64
	Process      uint32
	Thread       uint32
	Activity     GUID
	Related      GUID   // parent activity
	User         string // SID
	Name         string // of a TraceLogging event, and of few others

	// Known tells that the field list is known, from the event or the table.
	Known bool
	// Partial tells that the payload did not fit the list: fields are missing,
	// or bytes are left over.
	Partial bool
	// Fields are the fields in order. The slice is the receiver's to keep.
	Fields event.Fields
	// Payload are the bytes behind the headers. Valid until Record returns.
	Payload []byte
}

// Decoded reports whether all of the payload was read into fields.
func (r *Record) Decoded() bool { return r.Known && !r.Partial }

// Problem is something that could not be read, or that does not add up.
type Problem struct {
	Kind   event.ProblemKind
	Offset int64 // byte offset in the file
	Text   string
}

// Header is what the trace says of itself. The zero value is a trace whose
// header is lost.
type Header struct {
	BufferSize  int    // bytes
	Build       uint32 // Windows build that wrote the trace
	Processors  int
	PointerSize int // 4 or 8
	Mode        uint32
	Clock       uint32 // 1 performance counter, 2 FILETIME, 3 CPU cycles
	Written     int    // buffers written; 0 = the trace was open
	EventsLost  int    // events that the session could not write
	BuffersLost int    // buffers that the session could not write
	Boot        time.Time
	Start       time.Time // UTC
	End         time.Time // zero = the trace was open
	// Offset is what the device added to UTC to get its wall clock when the
	// trace started, minutes; valid if Zoned.
	Offset int
	Zoned  bool
	Logger string // name of the session
	File   string // where the trace was written
}

// Tally counts what a trace holds.
type Tally struct {
	Buffers int // read
	Events  int // given to the sink or refused by Want, the trace's own records included
	Lost    int // places where a buffer or part of one could not be read
}

// Sink receives what Decode finds, in the order of the file. A record is
// valid until Record returns; its strings and Fields may be kept.
type Sink struct {
	// Header is called before the records of each trace in the file, if it is not nil.
	Header func(*Header)
	// Want is asked before a payload is decoded, with a record that lacks
	// User, fields and the name of a TraceLogging event; Known tells already whether it could be. If it says no, the record is counted and not
	// given. nil = all are wanted.
	Want    func(*Record) bool
	Record  func(*Record)
	Problem func(Problem)
}

// ErrFormat is returned by Decode for bytes that are not an event trace.
var ErrFormat = errors.New("not an event trace: no buffer header")
