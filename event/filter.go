package event

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Filter is a question to events, as a tree. Match is its meaning, for every
// engine: an index may only find the same events faster. The zero value
// matches every event. A Filter is immutable once made and may be shared.
type Filter struct {
	Op    FilterOp
	Args  []*Filter   // of OpAnd and OpOr any number, of OpNot one
	Field FilterField // of OpIs and OpBetween
	// Text is the folded prefix of OpPrefix, the pattern of OpRegexp, and
	// the folded value of OpIs, where "*" stands for any text.
	Text   string
	Words  []string // of OpPhrase: folded words that follow each other
	Codes  []uint32 // of OpHasCode: any of them
	Lo, Hi int64    // of OpBetween and OpHasCode, both included
	// From and Until bound OpAt; zero = open. Until is not included.
	From, Until time.Time

	re *regexp.Regexp
}

// FilterOp says what a node of a Filter asks.
type FilterOp uint8

// The questions. OpAll is the zero value.
const (
	OpAll     FilterOp = iota // every event
	OpAnd                     // all of Args; none = every event
	OpOr                      // any of Args; none = no event
	OpNot                     // not Args[0]
	OpPhrase                  // one text of the event holds Words, in this order and without gap
	OpPrefix                  // one text holds a word that begins with Text
	OpRegexp                  // one text matches the expression
	OpIs                      // the Field has the value Text
	OpBetween                 // the number in Field lies in Lo … Hi
	OpAt                      // the time lies in From … Until; an event without time never does
	OpHasCode                 // one text holds one of Codes, or one in Lo … Hi where there are none, in any spelling
)

// FilterField names what OpIs and OpBetween look at. Names that begin with "field."
// speak of a named field of the event.
type FilterField string

// The fields of an event.
const (
	FieldComponent FilterField = "component" // provider of an event log, component of a text log
	FieldEventID   FilterField = "event"     // number
	FieldLevel     FilterField = "level"     // number, as Level
	FieldSource    FilterField = "source"
	FieldChannel   FilterField = "channel"
	FieldName      FilterField = "name" // semantic name
	FieldHost      FilterField = "host"
	FieldUser      FilterField = "user"
	FieldFile      FilterField = "file"    // path in the case; see MatchFile
	FieldLine      FilterField = "line"    // number
	FieldRecord    FilterField = "record"  // number
	FieldProcess   FilterField = "process" // number
	FieldThread    FilterField = "thread"  // number
)

// The fields of the case an event belongs to.
const (
	FieldCase    FilterField = "case" // the beginning of the case's id is enough
	FieldDevice  FilterField = "device"
	FieldOS      FilterField = "os"
	FieldTicket  FilterField = "ticket"
	FieldTag     FilterField = "tag"
	FieldRule    FilterField = "rule"  // a rule that fired
	FieldCause   FilterField = "cause" // a root cause
	FieldVerdict FilterField = "verdict"
)

// NamedField is the FilterField that speaks of the event's own field of that name.
func NamedField(name string) FilterField { return FilterField("field." + name) }

// OfCase reports whether the field belongs to the case and not to the event.
func (f FilterField) OfCase() bool {
	switch f {
	case FieldCase, FieldDevice, FieldOS, FieldTicket, FieldTag, FieldRule, FieldCause, FieldVerdict:
		return true
	}
	return false
}

// Subject is what a Filter looks at: an event and what is known around it.
type Subject struct {
	Event *Event
	// Codes finds the error codes of an event; nil = it has none. It stands
	// here because the dictionary of codes is not this package's.
	Codes func(*Event) []uint32
	Case  CaseInfo
}

// CaseInfo is what a Filter may ask about the case of an event. The zero value
// is an event of no case.
type CaseInfo struct {
	ID, Device, Serial, OS, Ticket, Verdict string

	Rules, Causes, Tags []string
}

// AllOf matches what all of the filters match.
func AllOf(args ...*Filter) *Filter {
	if len(args) == 1 {
		return args[0]
	}
	return &Filter{Op: OpAnd, Args: args}
}

// AnyOf matches what any of the filters matches.
func AnyOf(args ...*Filter) *Filter {
	if len(args) == 1 {
		return args[0]
	}
	return &Filter{Op: OpOr, Args: args}
}

// NoneOf matches what the filter does not match.
func NoneOf(f *Filter) *Filter { return &Filter{Op: OpNot, Args: []*Filter{f}} }

// HasPhrase matches events with these words in a row; text without a word
// matches every event.
func HasPhrase(text string) *Filter {
	words := slices.Collect(Tokens(text))
	if len(words) == 0 {
		return &Filter{}
	}
	return &Filter{Op: OpPhrase, Words: words}
}

// HasPrefix matches events with a word that begins so.
func HasPrefix(text string) *Filter { return &Filter{Op: OpPrefix, Text: foldToken(text)} }

// MatchesRegexp matches events with a text that the expression (RE2 syntax)
// finds something in, without regard to case. It returns an error for an
// expression that is none.
func MatchesRegexp(pattern string) (*Filter, error) {
	re, err := regexp.Compile("(?i)" + pattern)
	if err != nil {
		return nil, fmt.Errorf("reading the expression %q: %w", pattern, err)
	}
	return &Filter{Op: OpRegexp, Text: pattern, re: re}, nil
}

// FieldIs matches events whose field has the value, compared without regard to
// case; "*" stands for any text.
func FieldIs(field FilterField, value string) *Filter {
	return &Filter{Op: OpIs, Field: field, Text: foldToken(value)}
}

// FieldBetween matches events whose numeric field lies in lo … hi.
func FieldBetween(field FilterField, lo, hi int64) *Filter {
	return &Filter{Op: OpBetween, Field: field, Lo: lo, Hi: hi}
}

// TimeBetween matches events from the first moment on and before the second;
// a zero time leaves that side open.
func TimeBetween(from, until time.Time) *Filter { return &Filter{Op: OpAt, From: from, Until: until} }

// WithCode matches events that name any of the codes.
func WithCode(values ...uint32) *Filter { return &Filter{Op: OpHasCode, Codes: values} }

// WithCodeBetween matches events that name a code in lo … hi.
func WithCodeBetween(lo, hi uint32) *Filter {
	return &Filter{Op: OpHasCode, Lo: int64(lo), Hi: int64(hi)}
}

// Match reports whether the filter matches the event.
func (f *Filter) Match(s *Subject) bool {
	switch f.Op {
	case OpAll:
		return true
	case OpAnd:
		for _, a := range f.Args {
			if !a.Match(s) {
				return false
			}
		}
		return true
	case OpOr:
		for _, a := range f.Args {
			if a.Match(s) {
				return true
			}
		}
		return false
	case OpNot:
		return len(f.Args) == 1 && !f.Args[0].Match(s)
	case OpPhrase:
		return anyText(s.Event, func(t string) bool { return holdsPhrase(t, f.Words) })
	case OpPrefix:
		return anyText(s.Event, func(t string) bool { return holdsPrefix(t, f.Text) })
	case OpRegexp:
		return f.re != nil && anyText(s.Event, f.re.MatchString)
	case OpIs:
		return f.is(s)
	case OpBetween:
		n, ok := s.Event.number(f.Field)
		return ok && f.Lo <= n && n <= f.Hi
	case OpAt:
		t := s.Event.Time
		return !t.IsZero() && (f.From.IsZero() || !t.Before(f.From)) && (f.Until.IsZero() || t.Before(f.Until))
	case OpHasCode:
		return s.Codes != nil && slices.ContainsFunc(s.Codes(s.Event), f.hasCode)
	}
	return false
}

// Texts yields the texts of an event that words are looked for in: message,
// semantic name, provider and the values of its fields.
func (e *Event) Texts(yield func(string) bool) {
	if !yield(e.Message) || e.Name != "" && !yield(e.Name) || e.Provider != "" && !yield(e.Provider) {
		return
	}
	for i := range e.Fields {
		if !yield(e.Fields[i].Value) {
			return
		}
	}
}

func (f *Filter) hasCode(c uint32) bool {
	if len(f.Codes) == 0 {
		return f.Lo <= int64(c) && int64(c) <= f.Hi
	}
	return slices.Contains(f.Codes, c)
}

func anyText(e *Event, holds func(string) bool) bool {
	for t := range e.Texts {
		if holds(t) {
			return true
		}
	}
	return false
}

// holdsPhrase tries each word of the text as the first of the phrase.
func holdsPhrase(text string, words []string) bool {
	if len(words) == 0 {
		return true
	}
	for at := 0; ; {
		start, end := NextToken(text, at)
		if start == end {
			return false
		}
		at = end
		if foldedPrefix(text[start:end], words[0], true) && follow(text, end, words[1:]) {
			return true
		}
	}
}

func follow(text string, at int, words []string) bool {
	for _, w := range words {
		start, end := NextToken(text, at)
		if start == end || !foldedPrefix(text[start:end], w, true) {
			return false
		}
		at = end
	}
	return true
}

func holdsPrefix(text, prefix string) bool {
	for at := 0; ; {
		start, end := NextToken(text, at)
		if start == end {
			return false
		}
		if foldedPrefix(text[start:end], prefix, false) {
			return true
		}
		at = end
	}
}

func (f *Filter) is(s *Subject) bool {
	switch f.Field {
	case FieldFile:
		return MatchFile(f.Text, s.Event.Pos.File)
	case FieldCase:
		return strings.HasPrefix(foldToken(s.Case.ID), f.Text) || f.like(s.Case.ID)
	case FieldDevice:
		return f.like(s.Case.Device) || f.like(s.Case.Serial)
	case FieldOS:
		return f.like(s.Case.OS)
	case FieldTicket:
		return f.like(s.Case.Ticket)
	case FieldVerdict:
		return f.like(s.Case.Verdict)
	case FieldRule:
		return slices.ContainsFunc(s.Case.Rules, f.like)
	case FieldCause:
		return slices.ContainsFunc(s.Case.Causes, f.like)
	case FieldTag:
		return slices.ContainsFunc(s.Case.Tags, f.like)
	}
	if name, ok := strings.CutPrefix(string(f.Field), "field."); ok {
		for i := range s.Event.Fields {
			if strings.EqualFold(s.Event.Fields[i].Name, name) && f.like(s.Event.Fields[i].Value) {
				return true
			}
		}
		return false
	}
	v, ok := s.Event.Text(f.Field)
	return ok && f.like(v)
}

func (f *Filter) like(value string) bool { return value != "" && Like(f.Text, value) }

// Text returns a field of the event as text, and whether it is a text field.
func (e *Event) Text(f FilterField) (string, bool) {
	switch f {
	case FieldComponent:
		return e.Provider, true
	case FieldSource:
		return string(e.Source), true
	case FieldChannel:
		return e.Channel, true
	case FieldName:
		return e.Name, true
	case FieldHost:
		return e.Host, true
	case FieldUser:
		return e.User, true
	case FieldFile:
		return e.Pos.File, true
	}
	return "", false
}

// number returns a numeric field; unknown numbers (0) are not there, so that
// "event:0..9" does not match text logs. A level always is.
func (e *Event) number(f FilterField) (int64, bool) {
	var n uint64
	switch f {
	case FieldLevel:
		return int64(e.Level), true
	case FieldEventID:
		n = uint64(e.ID)
	case FieldLine:
		n = uint64(max(e.Pos.Line, 0))
	case FieldRecord:
		n = e.Pos.Record
	case FieldProcess:
		n = uint64(e.Process)
	case FieldThread:
		n = uint64(e.Thread)
	}
	return int64(min(n, 1<<63-1)), n != 0
}

// MatchFile reports whether a path is meant by a folded pattern: its last
// elements, as many as the pattern has, are like those of the pattern. The base
// name alone is enough; "*" stands for any text within one element.
func MatchFile(pattern, file string) bool {
	for {
		i, j := strings.LastIndexByte(pattern, '/'), strings.LastIndexByte(file, '/')
		if !Like(pattern[i+1:], file[j+1:]) {
			return false
		}
		if i < 0 {
			return true
		}
		if j < 0 {
			return false
		}
		pattern, file = pattern[:i], file[:j]
	}
}

// Like compares a value with a folded pattern, without regard to case; "*"
// stands for any text, also none.
func Like(pattern, value string) bool {
	value = foldToken(value)
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return value == pattern
	}
	value, ok := strings.CutPrefix(value, head)
	for ok {
		var part string
		part, rest, wild = strings.Cut(rest, "*")
		if !wild {
			return strings.HasSuffix(value, part)
		}
		_, value, ok = strings.Cut(value, part)
	}
	return false
}
