package event

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Tokens yields the words of a text as the searches of debrief see them, in
// lower case and in order. A word is a run of letters, digits and "_"; a GUID
// with its hyphens is one word:
//
//	Failed to get DP location, 0x80070643  →  failed to get dp location 0x80070643
//	{6E3B2A10-11d2-4c5b-9D5E-0A1B2C3D4E5F}  →  6e3b2a10-11d2-4c5b-9d5e-0a1b2c3d4e5f
//
// Bytes that are no UTF-8 separate words.
func Tokens(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for at := 0; ; {
			start, end := NextToken(text, at)
			if start == end {
				return
			}
			if !yield(foldToken(text[start:end])) {
				return
			}
			at = end
		}
	}
}

// NextToken returns the bounds of the first word at or after byte at, in the
// spelling of the text; both are len(text) where there is none.
func NextToken(text string, at int) (start, end int) {
	for at < len(text) {
		n := wordRune(text, at)
		if n > 0 {
			break
		}
		at -= n // n is minus the size of what is no letter
	}
	start = at
	for at < len(text) {
		n := wordRune(text, at)
		if n < 0 {
			break
		}
		at += n
	}
	if at-start == 8 && BeginsWithGUID(text[start:]) {
		if n := start + GUIDLen; n == len(text) || wordRune(text, n) < 0 {
			return start, n
		}
	}
	return start, at
}

// wordRune is the size of the rune at i if it belongs to a word, else minus
// its size.
func wordRune(s string, i int) int {
	c := s[i]
	if c < utf8.RuneSelf {
		if 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '_' {
			return 1
		}
		return -1
	}
	r, n := utf8.DecodeRuneInString(s[i:])
	if r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)) {
		return n
	}
	return -n
}

// GUIDLen is the length of a GUID without braces, in bytes.
const GUIDLen = 36

// BeginsWithGUID reports whether s begins with 8-4-4-4-12 hex digits.
func BeginsWithGUID(s string) bool {
	if len(s) < GUIDLen || s[8] != '-' {
		return false
	}
	for i := range GUIDLen {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
				return false
			}
		}
	}
	return true
}

// foldToken is the form that words are compared in. Lower case is taken rune
// by rune, so that a word folds the same wherever it stands.
func foldToken(s string) string { return strings.ToLower(s) }

// foldedPrefix reports whether the word s, in the spelling of its text, begins
// with the folded prefix; whole asks for equality.
func foldedPrefix(s, prefix string, whole bool) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			s = foldToken(s)
			return s == prefix || !whole && strings.HasPrefix(s, prefix)
		}
	}
	if len(s) < len(prefix) || whole && len(s) != len(prefix) {
		return false
	}
	for i := range len(prefix) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != prefix[i] {
			return false
		}
	}
	return true
}
