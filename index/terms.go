package index

import (
	"encoding/binary"
	"strings"

	"github.com/cespare/xxhash/v2"

	"debrief/event"
)

// A term is what the index knows a block by. Words stand as they are, in lower
// case; all else begins with a byte below that of any word:
//
//	\x02 h h h h h    hash of a word that looks like an identifier (see isIdentifier)
//	\x03 a b c        the first three bytes of such a word, for prefixes
//	\x04 c c c c      an error code, big endian
//	\x05 f value      the value of a text field, f its letter, at most maxTerm bytes
//	\x06 i i i i      an event id, big endian
//	\x07 name         base name of the file
//
// A term may stand for more than one word: the index only says where to look.
const (
	termHash  = "\x02"
	termStart = "\x03"
	termCode  = "\x04"
	termField = "\x05"
	termEvent = "\x06"
	termFile  = "\x07"
)

// termsVersion changes when the terms of a block change; parts of another
// version are built anew.
const termsVersion = 1

// maxTerm bounds the bytes of a value in a term; longer ones are cut.
const maxTerm = 64

// startBytes is how much of an identifier prefixes are looked up by.
const startBytes = 3

// fieldLetters are the text fields that have terms.
func fieldLetter(f event.FilterField) (byte, bool) {
	switch f {
	case event.FieldComponent:
		return 'p', true
	case event.FieldSource:
		return 's', true
	case event.FieldChannel:
		return 'c', true
	case event.FieldName:
		return 'n', true
	case event.FieldHost:
		return 'h', true
	case event.FieldUser:
		return 'u', true
	}
	return 0, false
}

// termFields are the fields of fieldLetter, in the order they are added in.
func termFields() []event.FilterField {
	return []event.FilterField{event.FieldComponent, event.FieldSource, event.FieldChannel, event.FieldName, event.FieldHost, event.FieldUser}
}

// isIdentifier tells words that nearly every event has its own of: GUIDs,
// large numbers, hashes. They would be most of the dictionary, so they are
// kept as short hashes.
func isIdentifier(word string) bool {
	if len(word) < 6 {
		return false
	}
	return len(word) > 32 || hasDigit(word)
}

// appendWord appends the term of a folded word.
func appendWord(b []byte, word string) []byte {
	if !isIdentifier(word) {
		return append(b, word...)
	}
	h := xxhash.Sum64String(word)
	return append(append(b, termHash...), byte(h), byte(h>>8), byte(h>>16), byte(h>>24), byte(h>>32))
}

func appendCode(b []byte, code uint32) []byte {
	return binary.BigEndian.AppendUint32(append(b, termCode...), code)
}

func appendEventID(b []byte, id uint32) []byte {
	return binary.BigEndian.AppendUint32(append(b, termEvent...), id)
}

func appendField(b []byte, letter byte, folded string) []byte {
	return append(append(append(b, termField...), letter), cutTerm(folded)...)
}

func appendFile(b []byte, foldedBase string) []byte {
	return append(append(b, termFile...), cutTerm(foldedBase)...)
}

func cutTerm(s string) string { return s[:min(len(s), maxTerm)] }

// termSet gathers the terms of a block, each once.
type termSet struct {
	seen map[string]struct{}
	list []string
	buf  []byte
	last [8]string // values of the text fields of the event before
	id   uint32
}

func newTermSet() *termSet { return &termSet{seen: make(map[string]struct{}, 8192)} }

func (t *termSet) addBuf() {
	if _, known := t.seen[string(t.buf)]; known {
		return
	}
	s := string(t.buf)
	t.seen[s] = struct{}{}
	t.list = append(t.list, s)
}

// termsOf lists the terms of the events, without order.
func (t *termSet) termsOf(events []*event.Event) []string {
	clear(t.seen)
	t.list = make([]string, 0, 1024)
	t.last, t.id = [8]string{}, 0
	for _, e := range events {
		t.words(e.Message)
		for i := range e.Fields {
			t.words(e.Fields[i].Value)
		}
		t.fields(e)
		for _, c := range codesOf(e) {
			t.buf = appendCode(t.buf[:0], c)
			t.addBuf()
		}
	}
	return t.list
}

func (t *termSet) words(text string) {
	for at := 0; ; {
		start, end := event.NextToken(text, at)
		if start == end {
			return
		}
		t.word(text[start:end])
		at = end
	}
}

// word adds a word in the spelling of its text.
func (t *termSet) word(w string) {
	digit, plain := false, true
	t.buf = t.buf[:0]
	for i := range len(w) {
		c := w[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c |= 0x20
		case '0' <= c && c <= '9':
			digit = true
		case c >= 0x80:
			plain = false
		}
		t.buf = append(t.buf, c)
	}
	if !plain {
		t.buf = append(t.buf[:0], strings.ToLower(w)...)
	}
	if len(t.buf) < 6 || len(t.buf) <= 32 && !digit {
		t.addBuf()
		return
	}
	word := string(t.buf)
	t.buf = append(append(t.buf[:0], termStart...), word[:startBytes]...)
	t.addBuf()
	t.buf = appendWord(t.buf[:0], word)
	t.addBuf()
}

// fields adds the terms of all that is no message. Neighbours mostly have the
// same values, so a value is looked at when it changes.
func (t *termSet) fields(e *event.Event) {
	for i, f := range termFields() {
		v, _ := e.Text(f)
		if v == t.last[i] || v == "" {
			continue
		}
		t.last[i] = v
		letter, _ := fieldLetter(f)
		t.buf = appendField(t.buf[:0], letter, strings.ToLower(v))
		t.addBuf()
		if f == event.FieldComponent || f == event.FieldName {
			t.words(v)
		}
	}
	if e.ID != t.id {
		t.id = e.ID
		t.buf = appendEventID(t.buf[:0], e.ID)
		t.addBuf()
	}
	if e.Pos.File != t.last[7] {
		t.last[7] = e.Pos.File
		t.buf = appendFile(t.buf[:0], baseName(strings.ToLower(e.Pos.File)))
		t.addBuf()
	}
}

func baseName(file string) string { return file[strings.LastIndexByte(file, '/')+1:] }
