package event

import (
	"fmt"
	"time"
)

// Coverage says what of one file was read. One exists for every file that was
// offered, also for those that no parser knows.
type Coverage struct {
	File    string    // path inside the case
	Bytes   int64     // size of the file
	ModTime time.Time // member date as the container states it, often the device's wall clock; zero = unknown
	Hash    string    // lower-case hex SHA-256 of the content; empty = not computed
	Parser  string    // name of the parser that read it; empty = none knows it
	Version string    // version of that parser
	// Sources that this file covers, also when it holds no record of them: an
	// empty Shell-Core channel covers evtx.shell-core.
	Sources []Source
	Status  Status
	Records int // events and facts made
	Unknown int // records or lines passed over because their form is not known
	Damaged int // records known to be there and not readable
	Thinned int // records read of a long log and not kept
	// Expected counts the records of writers whose wording debrief has long
	// tables of, Recognised those of them that a table knows. A ratio that falls with a
	// new Format means that the vendor has changed the wording.
	Expected, Recognised int
	Format               string // version of the writing program as the file states it; empty = not stated
	// First and Last bound the times of the file's events; zero = no time.
	First, Last time.Time
	Problems    []Problem
}

// unfamiliarRecords is how many records of known writers make it odd that the
// wording of not one is known.
const unfamiliarRecords = 50

// Unfamiliar reports whether the file has many records of writers that debrief
// knows, and the wording of not one of them is known.
func (c *Coverage) Unfamiliar() bool {
	return c.Expected >= unfamiliarRecords && c.Recognised == 0
}

// ArchiveParser is the Parser of a coverage that speaks of an archive, a folder
// or a path as a whole and not of one file.
const ArchiveParser = "archive"

// Status sums up how a file fared.
type Status uint8

const (
	// Read: everything in the file was read.
	Read Status = iota
	// Empty: the file is sound and holds no record.
	Empty
	// Partial: something in the file could not be read; Problems says what.
	Partial
	// Unread: nothing could be read although the format is known.
	Unread
	// Unknown: no parser knows the format; nothing is lost that debrief claims to read.
	Unknown
	// Duplicate: the content stands elsewhere in the case and was read there.
	Duplicate
)

var statusNames = [...]string{"read", "empty", "partial", "unread", "unknown", "duplicate"}

// String returns the lower-case name of the status.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return "invalid"
}

// Lost reports whether content was lost: the file is one that should be
// readable and was not, in whole or in part.
func (s Status) Lost() bool { return s == Partial || s == Unread }

// Problem is one thing that could not be read, or was cut for safety. It is
// part of the answer, not an error of the run.
type Problem struct {
	Pos  Pos
	Kind ProblemKind
	Text string // one line, without the position
}

// String renders the problem with its place.
func (p Problem) String() string {
	switch {
	case p.Pos.File == "":
		return p.Text
	case p.Pos.Line > 0:
		return fmt.Sprintf("%s:%d: %s", p.Pos.File, p.Pos.Line, p.Text)
	case p.Pos.Offset > 0:
		return fmt.Sprintf("%s: offset %d: %s", p.Pos.File, p.Pos.Offset, p.Text)
	}
	return p.Pos.File + ": " + p.Text
}

// ProblemKind tells losses from remarks.
type ProblemKind uint8

const (
	// Damage: bytes are missing or wrong; something was lost.
	Damage ProblemKind = iota
	// Limit: a limit of debrief's own stopped the reading; something was lost.
	Limit
	// Unreadable: the file could not be opened or needs a password.
	Unreadable
	// Remark: worth saying, nothing was lost (a cleaned file name, a wrong CRC on readable data).
	Remark
)

var problemNames = [...]string{"damage", "limit", "unreadable", "remark"}

// String returns the lower-case name of the kind.
func (k ProblemKind) String() string {
	if int(k) < len(problemNames) {
		return problemNames[k]
	}
	return "invalid"
}

// Lost reports whether the problem means that content was lost.
func (k ProblemKind) Lost() bool { return k != Remark }
