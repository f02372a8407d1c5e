// Package report turns a rule result, its timeline and its coverage into one
// view model and renders that as text, JSON, Markdown and HTML.
//
// New makes every decision: what the verdict line says, what comes first, what
// is cut. The renderers only lay out. All strings of a View that come from
// evidence have been made harmless: control, bidirectional and invisible
// characters are shown as marks, secrets (registration tokens, bearer tokens,
// passwords) are struck out, long quotes end in "…". Renderers still escape
// for their own format.
//
// The package reads no files, judges nothing and knows no wall clock: the same
// input gives the same bytes.
package report

import (
	"debrief/redact"
	"debrief/rules"
)

// Schema is the value of View.Schema. It changes when a field is taken away or
// changes its meaning; new fields do not change it.
const Schema = "debrief.report/1"

// View is a report, ready to be shown. Its JSON form is the product's JSON
// schema; slices are never null. Strings are safe to print on a terminal.
type View struct {
	Schema string `json:"schema"`
	Tool   Tool   `json:"tool"`
	// Case names what was analysed, as the caller calls it.
	Case []string `json:"case"`
	// Verdict is the answer in one line.
	Verdict Verdict `json:"verdict"`
	// Root is the one root cause; null where none was found.
	Root *Finding `json:"root"`
	// Also lists further causes, contributing circumstances, warnings and
	// context, most severe first.
	Also     []Finding `json:"also_found"`
	MoreAlso int       `json:"more_also_found"` // left out of Also
	// Unexplained lists symptoms for which no cause was found.
	Unexplained     []Finding `json:"unexplained"`
	MoreUnexplained int       `json:"more_unexplained"` // left out of Unexplained
	// Leftovers are error records that no rule speaks of, the most telling kind
	// first: what to read next where no sure cause is named. Empty beside a sure
	// root cause and after an enrolment that succeeded.
	Leftovers     []Leftover `json:"errors_without_a_rule"`
	MoreLeftovers int        `json:"more_errors_without_a_rule"` // kinds left out
	// Open lists what the evidence at hand could not decide, and what to
	// collect to decide it.
	Open []Open `json:"open"`
	// Device lists what is known of the device and the enrolment.
	Device []DeviceFact `json:"device"`
	Clock  Clock        `json:"clock"`
	// Sessions is the timeline, one entry for each enrolment attempt, in order
	// of time. What belongs to none has number 0 and comes first.
	Sessions     []Session `json:"sessions"`
	MoreSessions int       `json:"more_sessions"` // left out of Sessions, the earliest ones
	Coverage     Coverage  `json:"coverage"`
	// Problems lists what could not be read, file by file.
	Problems []Problem `json:"problems"`
	// MoreProblems counts the problems that were left out of Problems.
	MoreProblems int `json:"more_problems"`
	// Redacted says what was replaced by stand-ins: "14 values (1 device, 2 user)";
	// empty = the report was not redacted.
	Redacted string `json:"redacted"`
}

// Redact replaces what identifies somebody in all texts of the report. What the
// redactor is to find as a word it has learnt before.
func (v *View) Redact(r *redact.Redactor) {
	r.Apply(v)
	v.Redacted = r.Summary()
}

// Colophon is the last line of a report: what made it, and what it hides.
func (v *View) Colophon() string {
	s := v.Tool.Name + " " + v.Tool.Version + ", rules " + v.Tool.Rules
	if v.Redacted != "" {
		s += "; " + redactedText(v.Redacted)
	}
	return s
}

// redactedText says in a sentence what a shared copy hides.
func redactedText(summary string) string {
	return "made for sharing: " + summary + " replaced by stand-ins"
}

// Tool says what made the report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Rules   string `json:"rules"` // hash of the rule pack
}

// The kinds of verdicts.
const (
	VerdictRootCause    = "root-cause"
	VerdictInconclusive = "inconclusive"
	VerdictWarnings     = "warnings"
	VerdictNone         = "none"
)

// Verdict is the answer in one line.
type Verdict struct {
	Kind string `json:"kind"` // root-cause, inconclusive, warnings, none
	// Label is the beginning of the line: "Root cause", "Likely root cause",
	// "Possible root cause", "Inconclusive", "Warnings only", "No failure found".
	Label string `json:"label"`
	// Text is the rest of the line; empty = the label says it all.
	Text string `json:"text"`
	// Limits says what keeps the verdict from being certain: lost evidence,
	// a verdict about a single attempt. Empty = nothing known.
	Limits []string `json:"limits"`
}

// Line renders the verdict in one line.
func (v Verdict) Line() string {
	if v.Text == "" {
		return v.Label
	}
	return v.Label + ": " + v.Text
}

// Moment is a point in time twice: as data and as shown.
type Moment struct {
	UTC   string `json:"utc"`   // RFC 3339; empty = unknown
	Shown string `json:"shown"` // "2024-03-05 09:14:05" on the clock that Clock.Shown names; empty = unknown
}

// Finding is one fired rule.
type Finding struct {
	Rule    string `json:"rule"`
	Version string `json:"rule_version"`
	Title   string `json:"title"`
	// Instance tells findings of one rule apart, e.g. by the app; empty = one only.
	Instance string   `json:"instance"`
	Area     []string `json:"area"`
	// Message is the rule's sentence with the values of this case.
	Message    string `json:"message"`
	Role       string `json:"role"`       // cause, contributing, symptom, context
	Impact     string `json:"impact"`     // failure, warning, none
	Confidence string `json:"confidence"` // weak, moderate, strong, proven
	// Basis says what the confidence rests on, and what limits it.
	Basis   []string `json:"basis"`
	Session int      `json:"session"` // number of the enrolment attempt; 0 = the device as a whole
	When    Moment   `json:"when"`
	// Notes are further sentences: circumstances that contributed.
	Notes []string `json:"notes"`
	// Symptoms are the findings that this one explains, earliest first.
	Symptoms []Symptom `json:"symptoms"`
	// Folded are the titles of weaker findings that this one stands for.
	Folded   []string `json:"folded"`
	Evidence []Quote  `json:"evidence"`
	// MoreEvidence counts the pieces of evidence that were left out.
	MoreEvidence int    `json:"more_evidence"`
	Table        *Table `json:"table"`
	Steps        []Step `json:"steps"`
	// Codes decodes the error codes of message and evidence.
	Codes      []CodeNote `json:"codes"`
	References []string   `json:"references"`
}

// Symptom is a finding that another one explains.
type Symptom struct {
	Rule     string  `json:"rule"`
	Role     string  `json:"role"`
	Title    string  `json:"title"`
	Message  string  `json:"message"`
	When     Moment  `json:"when"`
	Evidence []Quote `json:"evidence"`
}

// Quote is one piece of evidence: a record of a log, or a fact.
type Quote struct {
	Place Place `json:"place"`
	// Label says in a word what the piece shows: the rule's name for it.
	Label string `json:"label"`
	When  Moment `json:"when"`
	// Note is what debrief reads out of the record; empty = the text says it.
	Note string `json:"note"`
	Text string `json:"text"` // the record; lines joined by "\n"
	// Before and After are the neighbouring records of the same file.
	Before []string `json:"before"`
	After  []string `json:"after"`
}

// Caption says in a few words what the piece shows.
func (q Quote) Caption() string {
	if q.Note != "" {
		return q.Note
	}
	return q.Label
}

// Place says where in the evidence something stands.
type Place struct {
	File   string `json:"file"`
	Line   int    `json:"line"`   // 1-based; 0 = not a text file
	Record uint64 `json:"record"` // EventRecordID; 0 = not an event log
	Offset int64  `json:"offset"` // bytes; where neither line nor record is known
	// Shown is the place as printed: "logs/ccmsetup.log:118", "shell.evtx, record 4711".
	Shown string `json:"shown"`
}

// Table is a small table of a finding, such as the longest steps.
type Table struct {
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
	More    int        `json:"more"` // rows left out
}

// Step is one thing to do.
type Step struct {
	Do       string `json:"do"`
	Verify   string `json:"verify"`   // how to see that it worked; empty = not stated
	Audience string `json:"audience"` // user, engineer, admin; empty = anyone
	Risk     string `json:"risk"`     // restart, change-window, reset; empty = none
}

// CodeNote decodes an error code.
type CodeNote struct {
	Code     string `json:"code"` // "0x80072EE7", or decimal for small numbers
	Name     string `json:"name"` // empty = no name is known
	Meaning  string `json:"meaning"`
	Source   string `json:"source"`
	Verified bool   `json:"verified"` // false = no public source confirms it
}

// Leftover is one kind of error record that no rule speaks of.
type Leftover struct {
	Place  Place  `json:"place"` // the first of its records
	When   Moment `json:"when"`
	Count  int    `json:"count"`
	Source string `json:"source"` // the log, e.g. "CoManagementHandler.log"
	// Elsewhere is set where all of them lie at another time than the last
	// enrolment attempt.
	Elsewhere bool   `json:"elsewhere"`
	Text      string `json:"text"`
	// Code decodes the error code of the record; null = it has none.
	Code *CodeNote `json:"code"`

	kind *rules.Leftover
}

// Kind returns the records as the rules room saw them; nil where the view was
// not made from a result.
func (l *Leftover) Kind() *rules.Leftover { return l.kind }

// Open is a question that the evidence could not answer.
type Open struct {
	// Question is what remains open, e.g. the title of a rule that could not be judged.
	Question string `json:"question"`
	// Why says why it could not be decided.
	Why string `json:"why"`
	// Collect is the exact thing to collect; empty = nothing would decide it.
	Collect string `json:"collect"`
	// Sources are the sources that are missing.
	Sources []string `json:"sources"`
	Rules   []string `json:"rules"`
	// Decides is set where the answer may name the cause of an unexplained symptom.
	Decides bool `json:"decides"`
}

// DeviceFact is one thing known of the device.
type DeviceFact struct {
	Name   string  `json:"name"`  // "Windows build"
	Value  string  `json:"value"` // several different values are joined by "; "
	Places []Place `json:"places"`
}

// Clock says what is known of the device's clock, and on which clock the
// report shows its times.
type Clock struct {
	Shown         string `json:"shown"` // "device clock, UTC+02:00 (anchored …)", or "UTC"
	OffsetMinutes int    `json:"offset_minutes"`
	Origin        string `json:"origin"` // declared, anchored, assumed, none
	Steps         []Jump `json:"steps"`
}

// Jump is one jump of the device's clock.
type Jump struct {
	When  Moment `json:"when"`
	By    string `json:"by"` // "+1 h 0 min"
	Place Place  `json:"place"`
}

// Session is one enrolment attempt with what happened in it.
type Session struct {
	Number int `json:"number"`
	// User is the SID of the user whose Account setup it was, where several
	// users of the device had one; empty = one user.
	User     string   `json:"user"`
	Flow     string   `json:"flow"`    // as the fact session.flow; empty = unknown
	Join     string   `json:"join"`    // entra, hybrid; empty = unknown
	Outcome  string   `json:"outcome"` // succeeded, failed, running; empty = unknown
	Start    Moment   `json:"start"`
	End      Moment   `json:"end"`
	Duration Duration `json:"duration"`
	// Spent says where the time went, one entry for each run of the ESP page.
	Spent []Spent `json:"spent"`
	Rows  []Row   `json:"rows"`
	More  int     `json:"more"` // rows left out, the shortest successful ones
}

// Duration is a length of time twice: as data and as shown.
type Duration struct {
	Seconds float64 `json:"seconds"`
	// Shown is "48 min", or "≥ 48 min" where the end was not seen; empty = unknown.
	Shown string `json:"shown"`
}

// Row is one interval of the timeline.
type Row struct {
	Depth int    `json:"depth"` // nesting, from 0
	Kind  string `json:"kind"`  // kind of span, e.g. phase, step
	Name  string `json:"name"`  // name of the span, e.g. DeviceSetup.AppsSubcategory
	Label string `json:"label"` // kind and name as shown: "ESP phase DevicePreparation"
	State string `json:"state"` // as timeline.State; empty = unknown
	// Start and End are shown without the date where it is that of the attempt.
	Start    Moment   `json:"start"`
	End      Moment   `json:"end"`
	Duration Duration `json:"duration"`
	// Open is set where the end was not seen: Duration is a lower bound.
	Open   bool    `json:"open"`
	Code   string  `json:"code"` // with its name; empty = none
	Places []Place `json:"places"`
	// Left and Width place the bar within the session, in tenths of a percent;
	// Width 0 = no bar.
	Left  int `json:"left"`
	Width int `json:"width"`
}

// Coverage says what of the case was read.
type Coverage struct {
	// Summary is one line: "14 files read, 1 in part, 2 unknown".
	Summary string `json:"summary"`
	Files   []File `json:"files"`
	// Missing are the known sources that no readable file of the case covers.
	Missing []Missing `json:"missing"`
}

// File is the coverage of one file.
type File struct {
	Path    string   `json:"path"`
	Bytes   int64    `json:"bytes"`
	Size    string   `json:"size"` // "1.2 MiB"
	SHA256  string   `json:"sha256"`
	Parser  string   `json:"parser"`
	Status  string   `json:"status"` // as event.Status
	Lost    bool     `json:"lost"`   // something of it could not be read
	Sources []string `json:"sources"`
	Records int      `json:"records"`
	Unknown int      `json:"unknown"`
	Damaged int      `json:"damaged"`
	// Format is the version of the writing program as the file states it.
	// Expected are the records of writers whose wording debrief has tables of,
	// Recognised those that a table knows; Wording says all three in words, and
	// Unfamiliar is set where many were expected and none was recognised.
	Format     string `json:"format,omitempty"`
	Expected   int    `json:"expected,omitempty"`
	Recognised int    `json:"recognised,omitempty"`
	Wording    string `json:"wording,omitempty"`
	Unfamiliar bool   `json:"unfamiliar,omitempty"`
	First      Moment `json:"first"`
	Last       Moment `json:"last"`
}

// Missing is a source that is not covered.
type Missing struct {
	// Unreadable: a file of it is there and could not be read; else nothing of
	// it was collected.
	Unreadable bool   `json:"unreadable"`
	Source     string `json:"source"`
	Title      string `json:"title"`
	Collect    string `json:"collect"`
}

// Problem is one thing that could not be read.
type Problem struct {
	Place Place  `json:"place"`
	Kind  string `json:"kind"` // damage, limit, unreadable, remark
	Lost  bool   `json:"lost"`
	Text  string `json:"text"`
}
