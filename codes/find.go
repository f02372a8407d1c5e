package codes

import (
	"slices"
	"strings"
)

// maxFound bounds the codes that Find returns of one text.
const maxFound = 64

// Find returns the error codes that stand in free text, each once, in order of
// appearance, at most 64. It would rather miss a code than take a size, a date
// or a piece of a GUID for one. It takes
//
//	0x80070643                  0x and eight digits, or sixteen when sign-extended
//	hr=0x00000643               the same without the failure bit, behind a word for an error
//	-2147023293                 negative numbers of ten digits
//	2147944003                  numbers from 2147483649 up whose code is known or of a known family
//	Error: 80070643;            eight hex digits that begin with 8, C or D, behind a word for an error
//	exit code 1603, exit code -1
//	Code=12175                  WinHTTP numbers behind "code" or a WinHTTP function
//
// Success (0) is never returned.
func Find(text string) []uint32 {
	var found []uint32
	f := finder{text: text}
	for f.next() {
		v, ok := f.code()
		if ok && v != 0 && !slices.Contains(found, v) {
			found = append(found, v)
			if len(found) == maxFound {
				break
			}
		}
	}
	return found
}

// finder walks over the words of a text: runs of letters, digits and "_".
type finder struct {
	text       string
	start, end int // the word
	// context is the kind of word that stands before, near enough to speak of
	// this one; prev is the word itself.
	context context
	prev    string
}

// context says what the word before announces.
type context uint8

const (
	ctxNone context = iota
	ctxExit         // "exit code", "return code": any number may follow
	ctxCode         // "code", "WinHttpSendRequest": hex, or a WinHTTP number
	ctxHex          // "error", "hr", "result": eight hex digits may follow
)

// next moves to the next word and reports whether there is one.
func (f *finder) next() bool {
	f.remember()
	i := f.end
	for i < len(f.text) && !isWord(f.text[i]) {
		i++
	}
	if i-f.end > 4 || strings.ContainsAny(f.text[f.end:i], ".;,\r\n") {
		f.context, f.prev = ctxNone, ""
	}
	f.start = i
	for i < len(f.text) && isWord(f.text[i]) {
		i++
	}
	f.end = i
	return f.start < len(f.text)
}

// remember notes what the current word announces for the next one.
func (f *finder) remember() {
	w := f.word()
	if len(w) == 0 || len(w) > 32 {
		f.context, f.prev = ctxNone, ""
		return
	}
	w = strings.ToLower(w)
	switch w {
	case "code":
		switch f.prev {
		case "exit", "return", "returned", "error":
			f.context = ctxExit
		case "status", "event":
			f.context = ctxNone // an HTTP status or an event id
		default:
			f.context = ctxCode
		}
	case "exitcode", "returncode", "errorcode":
		f.context = ctxExit
	case "error", "hr", "hresult", "result", "status", "cdjuierror", "failure":
		f.context = ctxHex
		if w == "status" && f.prev == "error" {
			f.context = ctxExit // "success or error status: 1603" of Windows Installer
		}
	case "is", "of", "was", "with", "dword":
		// "exit code is 1603", "DWORD:80180014": what stood before still holds.
		if w == "dword" {
			f.context = ctxHex
		}
	default:
		f.context = ctxNone
		if strings.HasPrefix(w, "winhttp") {
			f.context = ctxCode // "Error at WinHttpSendRequest: 12007" of ccmsetup
		}
	}
	f.prev = w
}

func (f *finder) word() string { return f.text[f.start:f.end] }

// before and after return the bytes around the word, 0 at the ends.
func (f *finder) before(n int) byte {
	if f.start < n {
		return 0
	}
	return f.text[f.start-n]
}

func (f *finder) after(n int) byte {
	if f.end+n > len(f.text) {
		return 0
	}
	return f.text[f.end+n-1]
}

// code reads the current word as a code.
func (f *finder) code() (uint32, bool) {
	w := f.word()
	if !isDigit(w[0]) && !isHexDigit(w[0]) {
		return 0, false
	}
	if len(w) > 2 && w[0] == '0' && w[1]|0x20 == 'x' {
		return f.prefixed(strings.TrimRight(w, "lLuU"))
	}
	// A piece of a GUID, a date, a version or a fraction.
	if f.after(1) == '-' || f.after(1) == '.' && isDigit(f.after(2)) || f.before(1) == '.' {
		return 0, false
	}
	negative := f.before(1) == '-'
	if negative && (isWord(f.before(2)) || f.before(2) == '-') {
		return 0, false
	}
	switch {
	case isBareHex(w):
		if negative || f.context == ctxNone || !strings.ContainsRune("8cCdD", rune(w[0])) {
			return 0, false
		}
		return parseNumber(w)
	case !allDigits(w):
		return 0, false
	case negative:
		v, ok := parseNumber("-" + w)
		return v, ok && (len(w) == 10 || f.context == ctxExit)
	case len(w) == 10:
		v, ok := parseNumber(w)
		return v, ok && v > 0x80000000 && plausible(v)
	case len(w) <= 5 && f.context == ctxExit:
		v, ok := parseNumber(w)
		return v, ok && v <= 0xFFFF
	case f.context == ctxCode:
		v, ok := parseNumber(w)
		return v, ok && isWinHTTP(v)
	}
	return 0, false
}

// prefixed reads a word with 0x: a code of eight digits, or a sign-extended
// one of sixteen. Without the failure bit it may as well be a flag or an
// address and needs a word for an error before it.
func (f *finder) prefixed(w string) (uint32, bool) {
	if len(w) != 10 && len(w) != 18 {
		return 0, false
	}
	v, ok := parseNumber(w)
	return v, ok && (v >= 0x80000000 || f.context != ctxNone)
}

// plausible reports whether a large decimal is a code rather than a size: it
// has an entry, or belongs to a family narrow enough that a chance hit is rare.
func plausible(v uint32) bool {
	if f, ok := familyOf(v); ok && f.mask >= 0xFFF00000 {
		return true
	}
	_, ok := Lookup(v)
	return ok && v&0xFFFF != 0
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// isWord reports whether c belongs to a word; bytes above ASCII do, so that a
// number inside a foreign word is not taken.
func isWord(c byte) bool {
	return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || c >= 0x80
}
