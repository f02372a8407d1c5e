// Package index is the archive of cases: what was collected, read and judged,
// kept on disk so that it can be searched and judged again.
//
// Reader and Writer are what the rest of debrief knows of it. Two engines stand
// behind them: the archive in a folder (Create, OpenReader, OpenWriter) and a
// plain one in memory (NewMemory) that says what right is; one conformance
// suite holds both. Queries are event.Filter trees: ParseQuery makes them from
// text, Filter.Match is their meaning, and the block index only finds the
// places to look at.
//
// The package parses no logs, judges nothing, and reads no clock. docs/archive-format.md
// describes the folder byte by byte.
package index

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"debrief/event"
)

// CaseID names a case by its content: sixteen lower-case hex digits. Submit
// the same bundle twice and it has the same id.
type CaseID string

// Errors of Readers and Writers, for errors.Is.
var (
	// ErrNotFound: there is no such case, content or blob.
	ErrNotFound = errors.New("not in the archive")
	// ErrAmbiguous: several cases answer to the name.
	ErrAmbiguous = errors.New("several cases answer to that")
	// ErrLocked: another process writes to the archive.
	ErrLocked = errors.New("another debrief writes to the archive")
	// ErrDamaged: bytes of the archive are wrong; Verify says which.
	ErrDamaged = errors.New("the archive is damaged there")
	// ErrNotArchive: the folder is no archive.
	ErrNotArchive = errors.New("no debrief archive")
	// ErrNewer: the archive was written by a later version of debrief.
	ErrNewer = errors.New("the archive has a newer format than this debrief reads")
	// ErrBroken: a write failed so that the state of the disk is not known;
	// nothing acknowledged is lost, open the archive anew.
	ErrBroken = errors.New("an earlier write failed: open the archive again")
)

// Submission is one case, offered to a Writer.
type Submission struct {
	Name      string // what the case is called, e.g. the base name of the bundle
	Roots     []string
	Ticket    string // number of the ticket; empty = none
	Device    string // computer name; empty = not known
	Serial    string
	OS        string    // Windows build, e.g. "22631"; empty = not known
	Collected time.Time // when the evidence was collected; zero = not known
	Added     time.Time // now, as the caller says
	Tags      []string
	Files     []File
	// Events in the order of the timeline. They are read once, stay unchanged
	// until Add returns, and are not kept.
	Events    iter.Seq[*event.Event]
	Facts     []event.Fact
	Coverage  []event.Coverage
	Judgement Judgement
	// Blobs are further results by name, e.g. "timeline", opaque to the archive.
	Blobs map[string][]byte
	// Replace takes the evidence of a case that is there already anew, e.g.
	// after a better parser read it. Tags, ticket, notes and verdict stay.
	Replace bool
}

// File is one file of a submission.
type File struct {
	Path string // inside the case
	// Hash is the lower-case hex SHA-256 of the content; empty = the content
	// is lost, and not stored.
	Hash string
	Size int64
	// Open reads the content; nil = it is not to be stored. It is not called
	// for content that the archive holds already.
	Open func() (io.ReadCloser, error)
}

// Judgement is what a run of the rules said about a case.
type Judgement struct {
	// Outcome is inconclusive, none, warning or failure.
	Outcome string
	Line    string // the verdict in one line
	Engine  string // version of debrief
	Rules   string // hash of the rule set
	// Findings are the rules that fired, and those that the evidence could not
	// decide.
	Findings []Finding
}

// Finding is one rule as judged on one case, flat. Enumerations are text, as
// the rules room spells them.
type Finding struct {
	Rule        string      `json:"rule"`
	Version     string      `json:"version,omitempty"`
	Hash        string      `json:"hash,omitempty"`    // of the rule's text when it said so
	Verdict     string      `json:"verdict,omitempty"` // fire, inconclusive
	Role        string      `json:"role,omitempty"`    // cause, contributing, symptom, context
	Impact      string      `json:"impact,omitempty"`  // none, warning, failure
	Confidence  string      `json:"confidence,omitempty"`
	Root        bool        `json:"root,omitempty"` // the root cause of an incident
	Session     int         `json:"session,omitempty"`
	When        time.Time   `json:"when,omitzero"` // begin of the evidence; zero = it has no time
	Until       time.Time   `json:"until,omitzero"`
	Title       string      `json:"title,omitempty"`
	Message     string      `json:"message,omitempty"`
	Instance    string      `json:"instance,omitempty"`
	Codes       []uint32    `json:"codes,omitempty"`
	Explains    []string    `json:"explains,omitempty"`     // ids of rules
	ExplainedBy []string    `json:"explained_by,omitempty"` // ids of rules
	Evidence    []event.Pos `json:"evidence,omitempty"`
	Missing     []string    `json:"missing,omitempty"` // sources that would decide it, or make it surer
	// Keys are values by name that findings of several cases are grouped by.
	Keys map[string]string `json:"keys,omitempty"`
}

// Verdict is what an engineer said about the verdict of debrief.
type Verdict string

// The verdicts. NoVerdict is the zero value.
const (
	NoVerdict Verdict = ""
	Confirmed Verdict = "confirmed" // the root cause was right
	Wrong     Verdict = "wrong"     // it was not
	Fixed     Verdict = "fixed"     // it was right, and Fix says what helped
)

// Annotation is what people add to a case. Nil and empty fields of an
// Annotation given to Annotate leave what is there.
type Annotation struct {
	AddTags, RemoveTags []string
	Ticket              *string
	Notes               []Note // appended
	Verdict             *Verdict
	Fix                 *string // what fixed it
	Cause               *string // id of the rule, or words, where the verdict is wrong
}

// Note is one remark of a person.
type Note struct {
	At   time.Time `json:"at,omitzero"`
	By   string    `json:"by,omitempty"`
	Text string    `json:"text"`
}

// Case is what the archive knows of a case without reading its events.
type Case struct {
	ID        CaseID    `json:"id"`
	Name      string    `json:"name"`
	Roots     []string  `json:"roots,omitempty"`
	Ticket    string    `json:"ticket,omitempty"`
	Device    string    `json:"device,omitempty"`
	Serial    string    `json:"serial,omitempty"`
	OS        string    `json:"os,omitempty"`
	Collected time.Time `json:"collected,omitzero"`
	Added     time.Time `json:"added,omitzero"`

	Files    int   `json:"files"`
	RawBytes int64 `json:"raw_bytes"` // of all files
	Events   int   `json:"events"`
	Facts    int   `json:"facts"`
	Lost     bool  `json:"lost,omitempty"` // some of it could not be read
	// First and Last bound the times of the events; zero = none has one.
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`

	Outcome string   `json:"outcome,omitempty"`
	Line    string   `json:"line,omitempty"`
	Engine  string   `json:"engine,omitempty"`
	RuleSet string   `json:"rule_set,omitempty"`
	Causes  []string `json:"causes,omitempty"` // rules that are a root cause
	Rules   []string `json:"rules,omitempty"`  // rules that fired, causes among them

	Tags    []string `json:"tags,omitempty"`
	Notes   []Note   `json:"notes,omitempty"`
	Verdict Verdict  `json:"verdict,omitempty"`
	Fix     string   `json:"fix,omitempty"`
	Cause   string   `json:"cause,omitempty"` // as the engineer sees it
}

// Info is the case as filters see it.
func (c *Case) Info() event.CaseInfo {
	return event.CaseInfo{
		ID: string(c.ID), Device: c.Device, Serial: c.Serial, OS: c.OS, Ticket: c.Ticket, Verdict: string(c.Verdict),
		Rules: c.Rules, Causes: c.Causes, Tags: c.Tags,
	}
}

// CaseFilter chooses cases. Fields are joined by and; the zero value of each
// asks nothing. Text compares without regard to case, "*" stands for any text.
type CaseFilter struct {
	IDs                         []CaseID
	Device, Ticket, OS          string
	Rule, Cause, Tag, Outcome   string
	Verdict                     Verdict
	CollectedFrom, AddedFrom    time.Time // included
	CollectedUntil, AddedUntil  time.Time // not included
	NotRuleSet, NotEngine, File string    // judged by another rule set or engine; holds content of that hash
}

// StoredFile is one file of a case in the archive.
type StoredFile struct {
	Path   string `json:"path"`
	Hash   string `json:"hash,omitempty"`
	Size   int64  `json:"size"`
	Stored bool   `json:"stored"` // Content has it
}

// Reader reads an archive. It is safe for concurrent use. What it shows is the
// archive as it was when it was opened or refreshed; a Writer beside it does
// not disturb it.
type Reader interface {
	// Cases lists the cases that the filter chooses, by the time of their
	// collection, the latest first, then by id. The caller owns the slice.
	Cases(f CaseFilter) []Case
	// Case returns one case; ErrNotFound.
	Case(id CaseID) (Case, error)
	// Resolve finds the one case of an id, the beginning of an id (four digits
	// or more), a ticket number or a name; ErrNotFound, ErrAmbiguous.
	Resolve(name string) (CaseID, error)
	// Events returns the events of a case in the order they were submitted in.
	// The caller owns the slice.
	Events(id CaseID) ([]event.Event, error)
	Facts(id CaseID) ([]event.Fact, error)
	Coverage(id CaseID) ([]event.Coverage, error)
	// Findings are those of the last judgement, in its order.
	Findings(id CaseID) ([]Finding, error)
	Files(id CaseID) ([]StoredFile, error)
	// Blob returns a named result of a case; ErrNotFound.
	Blob(id CaseID, name string) ([]byte, error)
	// Content opens a stored file by its SHA-256; ErrNotFound. Reading ends
	// with ErrDamaged where the content is not what was stored.
	Content(hash string) (io.ReadCloser, error)
	// State returns what PutState kept under that name; ErrNotFound.
	State(name string) ([]byte, error)
	// Search finds events; see SearchOptions.
	Search(ctx context.Context, q *event.Filter, o SearchOptions) (*SearchResult, error)
	Stats() Stats
	// Refresh shows what was written since.
	Refresh() error
	Close() error
}

// Writer changes an archive. What a method acknowledged by returning nil
// survives the death of the process and of the machine. It is safe for
// concurrent use; changes are made one after the other.
type Writer interface {
	// Add stores a case. added is false where it was there already (and Replace
	// not set): nothing is changed then but that new tags and a ticket, where
	// it had none, are taken over.
	Add(ctx context.Context, s *Submission) (id CaseID, added bool, err error)
	// Annotate adds what people know; ErrNotFound.
	Annotate(id CaseID, a Annotation) error
	// Judge replaces the judgement of a case; ErrNotFound.
	Judge(id CaseID, j Judgement) error
	// Confirm notes that the judgement of these cases, as it stands, is that of
	// another engine or rule set too; ErrNotFound, and then of none.
	Confirm(ids []CaseID, engine, rules string) error
	// PutBlob stores or replaces a named result of a case; nil data removes it.
	PutBlob(id CaseID, name string, data []byte) error
	// Remove takes a case out. Its bytes go with the next Compact.
	Remove(id CaseID) error
	// PutState keeps a small named value for the archive as a whole; nil
	// removes it.
	PutState(name string, data []byte) error
	// View reads the archive with all that this Writer acknowledged. It is
	// valid until Close.
	View() Reader
	// Close finishes the index and releases the archive.
	Close() error
}

// Stats counts what an archive holds.
type Stats struct {
	Cases    int   `json:"cases"`
	Events   int64 `json:"events"`
	Blocks   int   `json:"blocks"`
	Contents int   `json:"contents"` // different files
	RawBytes int64 `json:"raw_bytes"`
	// SharedBytes are bytes of files that stand in several cases and are
	// stored once.
	SharedBytes int64 `json:"shared_bytes"`
	StoreBytes  int64 `json:"store_bytes"` // on disk, without the index
	DeadBytes   int64 `json:"dead_bytes"`  // of StoreBytes what Compact would free
	IndexBytes  int64 `json:"index_bytes"`
	// Unindexed are blocks that no part of the index covers; they are searched
	// by reading them.
	Unindexed int `json:"unindexed_blocks"`
	Parts     int `json:"index_parts"`
	Format    int `json:"format"`
}
