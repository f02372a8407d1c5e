package event

import (
	"strconv"
	"strings"
	"time"
)

// Fact is one thing known about the device, the bundle or the enrolment: a
// registry value, a field of the Autopilot profile, the OS build. Names are
// listed in vocabulary.go. The zero value is no fact.
type Fact struct {
	// Name is the dotted name from the vocabulary. Registry values have the
	// name "reg", the key in Key and the value's name in Value.
	Name string
	// Key is what the fact is about where one name has many: a registry key
	// ("HKLM\SOFTWARE\…", root abbreviated, spelling as in the dump), a
	// provider, a category id. Empty for single facts.
	Key string
	// Value is the name of a registry value ("" = the default value or the key
	// itself). Empty elsewhere.
	Value string
	// Kind says how to read Text and Num.
	Kind FactKind
	// Text is the datum as text; numbers in decimal; lists joined by "\n".
	Text string
	// Num is the datum of FactNumber and FactBool (0/1).
	Num int64
	// Time is the datum of FactTime, and elsewhere when the fact was observed,
	// if known. UTC.
	Time time.Time
	Pos  Pos
}

// FactKind is the type of a fact's datum.
type FactKind uint8

// The kinds of facts. FactText is the zero value.
const (
	FactText   FactKind = iota
	FactNumber          // Num holds it, Text its decimal form
	FactBool            // Num is 0 or 1
	FactTime            // Time holds it, Text its RFC 3339 form
	FactList            // Text holds the items, one a line
	FactBinary          // Text holds lower-case hex without separators
	FactKey             // a registry key that exists; no datum
)

// Number makes a numeric fact.
func Number(name, key string, n int64, pos Pos) Fact {
	return Fact{Name: name, Key: key, Kind: FactNumber, Num: n, Text: strconv.FormatInt(n, 10), Pos: pos}
}

// Text makes a text fact.
func Text(name, key, text string, pos Pos) Fact {
	return Fact{Name: name, Key: key, Kind: FactText, Text: text, Pos: pos}
}

// Bool makes a boolean fact.
func Bool(name, key string, b bool, pos Pos) Fact {
	f := Fact{Name: name, Key: key, Kind: FactBool, Text: "false", Pos: pos}
	if b {
		f.Num, f.Text = 1, "true"
	}
	return f
}

// At makes a time fact.
func At(name, key string, t time.Time, pos Pos) Fact {
	return Fact{Name: name, Key: key, Kind: FactTime, Time: t.UTC(), Text: t.UTC().Format(time.RFC3339Nano), Pos: pos}
}

// Compare orders facts by name, key, value and position. Keys compare without
// regard to case, as registry keys do.
func (f Fact) Compare(g Fact) int {
	if c := strings.Compare(f.Name, g.Name); c != 0 {
		return c
	}
	if c := strings.Compare(strings.ToLower(f.Key), strings.ToLower(g.Key)); c != 0 {
		return c
	}
	if c := strings.Compare(strings.ToLower(f.Value), strings.ToLower(g.Value)); c != 0 {
		return c
	}
	return f.Pos.Compare(g.Pos)
}
