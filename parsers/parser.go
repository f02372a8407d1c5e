// Package parsers reads log formats: bytes of one file in, events, facts and
// coverage out. Formats are told apart by content first and by name second,
// since support desks rename files.
//
// Adding a format is one file here (or a sub-package for a large binary
// decoder) and one line in list.go.
package parsers

import (
	"io"
	"time"
	"unsafe"

	"debrief/event"
)

// Parser is one format.
type Parser struct {
	Name    string // "cmtrace", "evtx", "registry-dump"
	Doc     string // one line: what it reads
	Version string // raised when the output for the same bytes changes
	// Match tells whether the file is this parser's, from its name and its
	// first bytes. A match by name alone is right only for formats without a
	// shape of their own.
	Match func(in *Input) bool
	// Parse reads the whole file into out. Damage goes to out as problems and
	// the rest is still read; the error is for nothing readable at all.
	Parse func(in *Input, out *Output) error
	// Cut tells where the last record that begins in a window of a long file
	// starts, so that the next window may begin there; 0 = it cannot be told.
	// Nil = the format cannot be parsed in windows.
	Cut func(window []byte) int
	// ParseAt reads a long file of that size where its bytes are not to be cut
	// into windows. in has no Data. Nil = the format has to be in memory.
	ParseAt func(in *Input, content io.ReaderAt, size int64, out *Output) error
}

// Input is one file to read. Its bytes are shared and must not be changed.
type Input struct {
	Path    string // path inside the case, "/"-separated
	Data    []byte // the whole content, or a window of a long file
	ModTime time.Time
	// Start and Lines are the bytes and the line breaks before Data in a long
	// file; 0 elsewhere.
	Start int64
	Lines int
	More  bool // further windows follow

	recoded bool // Data is not what the file holds: offsets mean nothing
	carry   *any // what one window leaves for the next; nil where there is one
}

// Head returns the first n bytes, or all where there are fewer.
func (in *Input) Head(n int) []byte { return in.Data[:min(n, len(in.Data))] }

// Text returns the content as a string without copying it.
func (in *Input) Text() string { return unsafe.String(unsafe.SliceData(in.Data), len(in.Data)) }

// Output collects what a parser finds. The zero value is ready to use.
type Output struct {
	Events   []event.Event
	Facts    []event.Fact
	Coverage event.Coverage

	bounded bool // the coverage's First and Last are set
	// spill takes the events of a long file off a parser that has many; nil =
	// all are to be kept.
	spill func()
}

// spillEvents is how many events a parser holds of a long file.
const spillEvents = 1 << 12

// spilled lets the events go where they are many enough.
func (o *Output) spilled() {
	if o.spill != nil && len(o.Events) >= spillEvents {
		o.spill()
	}
}

// Cover notes that the file covers the sources, once each, in order of
// arrival; also when it holds no record of them.
func (o *Output) Cover(sources ...event.Source) {
	for _, s := range sources {
		known := false
		for _, k := range o.Coverage.Sources {
			known = known || k == s
		}
		if !known {
			o.Coverage.Sources = append(o.Coverage.Sources, s)
		}
	}
}

// maxProblems bounds the problems kept of one file; the rest is counted in Damaged.
const maxProblems = 100

// Problem notes something that could not be read.
func (o *Output) Problem(kind event.ProblemKind, pos event.Pos, text string) {
	if kind.Lost() {
		o.Coverage.Damaged++
	}
	if len(o.Coverage.Problems) < maxProblems {
		o.Coverage.Problems = append(o.Coverage.Problems, event.Problem{Pos: pos, Kind: kind, Text: text})
	}
}
