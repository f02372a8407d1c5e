// Package cab reads Microsoft cabinets: the container, split sets of them, and
// the stored, MSZIP, Quantum and LZX compressions. Knowledge comes from [MS-CAB]
// and [MS-PATCH] (LZX) of Microsoft Open Specifications and from Matthew
// Russotto's description of Quantum; where they leave a case open, cabextract's
// behaviour was observed.
//
// A cabinet is a header, a table of folders, a table of files and runs of data
// blocks. A folder here is a unit of compression, not a directory: its blocks
// unpack to one stream, and a file is a range of that stream:
//
//	CFHEADER  "MSCF" 0 size 0 tableOfFiles 0 3 1 folders files flags set index [reserve] [previous] [next]
//	CFFOLDER  dataStart blocks compression [reserve]
//	CFFILE    size offset folder date time attributes name NUL
//	CFDATA    checksum packed unpacked [reserve] payload
//
// Use: Open reads the tables, Walk unpacks every folder once, from its first
// byte to its last, and hands out its files in the order of the stream. What is
// damaged or cut costs only what lies behind it in its folder; in an MSZIP folder
// only the bad block and what later ones repeat of it. Join puts the cabinets of
// a split set together, Find finds cabinets inside other files.
//
// The package holds no limits: names are handed over as stored, sizes as
// declared, and the caller of Walk says how much may be unpacked. Memory is
// taken as data really appears, never on the word of a header.
package cab

import (
	"errors"
	"time"

	"debrief/event"
)

// ErrFormat is returned for data that is no cabinet at all.
var ErrFormat = errors.New("not a cabinet")

// Reasons why a member has no or not all data.
var (
	ErrUnsupported = errors.New("compression not supported")
	ErrDamaged     = errors.New("data damaged")
	ErrTruncated   = errors.New("data cut off")
	ErrSplit       = errors.New("data in another cabinet of the set")
)

// Method is the compression of a folder.
type Method uint8

// The methods of MS-CAB; other numbers are not defined.
const (
	Stored  Method = 0
	MSZIP   Method = 1
	Quantum Method = 2
	LZX     Method = 3
)

// String returns the usual name of the method.
func (m Method) String() string {
	switch m {
	case Stored:
		return "stored"
	case MSZIP:
		return "MSZIP"
	case Quantum:
		return "Quantum"
	case LZX:
		return "LZX"
	}
	return "unknown"
}

// Cabinet is one opened cabinet file. It refers to the bytes given to Open.
type Cabinet struct {
	Folders []Folder
	Members []Member // in the order of the table of files
	Set     uint16   // id shared by the cabinets of a split set
	Index   uint16   // number of this cabinet in its set, from 0
	// Previous and Next name the neighbours in a split set; empty = none.
	Previous, Next Link
	// Problems are the faults of the tables. Pos.File is left empty: the
	// caller knows the name.
	Problems []event.Problem

	data                 []byte
	hasPrevious, hasNext bool // by the flags; the names may be empty
	dataReserve          int  // bytes between the head and the payload of a block
}

// Link names a neighbouring cabinet as stored.
type Link struct{ Cabinet, Disk string }

// Folder is one compressed stream.
type Folder struct {
	Method Method
	Window int   // LZX and Quantum: window size as a power of two
	Blocks int   // number of data blocks as declared
	Offset int64 // where the first block starts
}

// Member is one file of a cabinet, as its table entry states it.
type Member struct {
	// Name as stored, decoded to UTF-8; "\" separates directories. It is not
	// safe to use as a path.
	Name string
	Size int64 // as declared
	// ModTime is the DOS date, which has no zone: it holds the wall clock of
	// the machine that wrote it, as if that were UTC. Zero = invalid.
	ModTime    time.Time
	Attributes uint16
	Folder     int   // index into Folders; -1 = the entry names none that exists
	Offset     int64 // start in the unpacked folder
	// FromPrevious and ToNext: the file starts in the cabinet before or ends
	// in the one after.
	FromPrevious, ToNext bool
	// Part is the index of the cabinet with the entry in the Set that is walked.
	Part int
	Pos  int64 // where the entry stands in the cabinet
}

// Open reads the tables of a cabinet. It returns ErrFormat where the signature
// is missing; any other fault is put into Problems and what could be read is
// returned.
func Open(data []byte) (*Cabinet, error) {
	if !Is(data) {
		return nil, ErrFormat
	}
	c := &Cabinet{data: data}
	c.readTables()
	return c, nil
}

// Is reports whether head, the first bytes of a file, starts a cabinet. Four
// letters alone are too common in text, so the reserved field or the version
// must fit as well; of a head that is cut, what is there decides.
func Is(head []byte) bool {
	if len(head) < 4 || string(head[:4]) != "MSCF" {
		return false
	}
	reserved := head[4:min(len(head), 8)]
	for _, b := range reserved {
		if b != 0 {
			return len(head) >= 26 && head[24] <= 9 && head[25] == 1
		}
	}
	return true
}

func (c *Cabinet) problem(kind event.ProblemKind, offset int, text string) {
	c.Problems = append(c.Problems, event.Problem{Pos: event.Pos{Offset: int64(offset)}, Kind: kind, Text: text})
}
