// Package event is the vocabulary that all rooms of debrief share: what a
// record of a log is (Event), what is known about the device (Fact), where in
// the evidence both stand (Pos), how sure its time is (Clock), and what of a
// bundle was read or lost (Coverage, Problem).
//
// It holds no I/O and no logic beyond its own types, and imports nothing but
// the standard library. Parsers make these values, timeline and rules read
// them, index stores them, report shows them.
package event

import (
	"iter"
	"strings"
	"time"
)

// Event is one record of one log: an EVTX record, a CMTrace line, a line of
// setupact.log. Its zero value is an event that says nothing.
//
// Strings may be views into the file's bytes: they are read-only and keep the
// file in memory as long as they live.
type Event struct {
	Time    time.Time // UTC; zero where the record carries none. See Clock
	Clock   Clock     // where Time comes from
	Offset  int16     // minutes to add to UTC to get the wall clock of the record (+120 = UTC+2); 0 when Clock is ClockNone
	Level   Level     // as the writer marked it; not a judgement of debrief's
	ID      uint32    // event id of an EVTX record; 0 elsewhere
	Source  Source    // what kind of log this is, e.g. "evtx.shell-core", "log.ccmsetup"
	Channel string    // EVTX channel; empty elsewhere
	// Provider is the EVTX provider name or the component of a CMTrace record.
	Provider string
	// Name is the semantic name where there is one: the Name field of Shell-Core
	// 62407 (CommercialOOBE_…), and for text logs of ConfigMgr and the Intune
	// agent the name that the wording tables give it (app.exit-code). Empty
	// elsewhere.
	Name string
	// Message is the rendered text. For EVTX it is made from debrief's own
	// catalogue, or "name=value" pairs where no skeleton is known.
	Message string
	Process uint32 // process id; 0 = unknown
	Thread  uint32 // thread id; 0 = unknown
	User    string // SID as written; empty = unknown
	Host    string // computer name as written in the record
	Fields  Fields // further fields in the order of the record
	Pos     Pos
	Flags   Flags
}

// Flags mark how an event was obtained. The zero value is a whole record read
// in the ordinary way.
type Flags uint8

const (
	// Recovered marks a record found behind the live data of its container.
	Recovered Flags = 1 << iota
	// Torn marks a record whose end (or header) is missing.
	Torn
	// Pasted marks a record without the framing of its format, as copied from a viewer.
	Pasted
)

// Field is one named value of an event, both as text.
type Field struct{ Name, Value string }

// All yields the events of a slice in order.
func All(events []Event) iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		for i := range events {
			if !yield(&events[i]) {
				return
			}
		}
	}
}

// Fields is a list of fields in the order of the record; names may repeat.
type Fields []Field

// Get returns the first value under name, compared without regard to case,
// and whether there is one.
func (f Fields) Get(name string) (string, bool) {
	for i := range f {
		if strings.EqualFold(f[i].Name, name) {
			return f[i].Value, true
		}
	}
	return "", false
}

// Pos says where in the evidence something stands. The zero value is nowhere.
type Pos struct {
	File   string // path inside the case, "/"-separated, archives as folders: "logs.cab/shell-core.evtx"
	Line   int    // 1-based first line of a text record; 0 for binary formats
	Record uint64 // EventRecordID of an EVTX record; 0 for text formats
	Offset int64  // byte offset of the record in its file
}

// IsZero reports whether p points nowhere.
func (p Pos) IsZero() bool { return p.File == "" }

// Compare orders positions by file, then offset, then line, then record.
func (p Pos) Compare(q Pos) int {
	if c := strings.Compare(p.File, q.File); c != 0 {
		return c
	}
	switch {
	case p.Offset != q.Offset:
		if p.Offset < q.Offset {
			return -1
		}
		return 1
	case p.Line != q.Line:
		if p.Line < q.Line {
			return -1
		}
		return 1
	case p.Record != q.Record:
		if p.Record < q.Record {
			return -1
		}
		return 1
	}
	return 0
}

// Level is the severity that the writer of a record gave it. CMTrace type 0
// and 1 are LevelInfo; many failures are logged as information, so a level is
// never a verdict.
type Level uint8

// The levels, in order of severity. LevelUnknown is the zero value.
const (
	LevelUnknown Level = iota
	LevelVerbose
	LevelInfo
	LevelWarning
	LevelError
	LevelCritical
)

var levelNames = [...]string{"unknown", "verbose", "info", "warning", "error", "critical"}

// String returns the lower-case name of the level.
func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return levelNames[0]
}

// ParseLevel returns the level of that name (any case), or LevelUnknown.
func ParseLevel(s string) Level {
	for i, n := range levelNames {
		if strings.EqualFold(s, n) {
			return Level(i)
		}
	}
	return LevelUnknown
}

// Clock says where an event's time comes from, best last.
type Clock uint8

const (
	// ClockNone: the record has no time; Time is zero.
	ClockNone Clock = iota
	// ClockLocal: Time holds the wall clock as if it were UTC; the zone is not
	// known yet. Parsers set it, the timeline resolves it to ClockAnchored or
	// ClockAssumed. It never reaches rules or reports.
	ClockLocal
	// ClockAssumed: the offset is a guess for lack of any anchor.
	ClockAssumed
	// ClockAnchored: the offset was taken from other records of the same device.
	ClockAnchored
	// ClockDeclared: the record itself states UTC or its offset.
	ClockDeclared
)

var clockNames = [...]string{"none", "local", "assumed", "anchored", "declared"}

// String returns the lower-case name of the clock's origin.
func (c Clock) String() string {
	if int(c) < len(clockNames) {
		return clockNames[c]
	}
	return clockNames[0]
}
