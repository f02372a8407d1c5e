package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"debrief/redact"
)

// Limits of what one place of a report shows of a log.
const (
	maxLine  = 400  // runes of a single-line text
	maxQuote = 1200 // runes of a quote
	maxLines = 12   // lines of a quote
)

// line makes log text harmless and fit for one line.
func line(s string) string { return cut(clean(s, false), maxLine) }

// quote makes log text harmless; it keeps its line breaks, as far as it is short.
func quote(s string) string {
	s = cut(strings.TrimRight(clean(s, true), " \n"), maxQuote)
	lines := strings.SplitN(s, "\n", maxLines+1)
	if len(lines) > maxLines {
		return strings.Join(lines[:maxLines], "\n") + "\n…"
	}
	return s
}

// clean shows every character that could steer a terminal, reorder a line or
// hide as a visible mark, and strikes out secrets. Tabs become spaces. Line
// breaks stay where breaks is set and become spaces elsewhere. It reads no
// more than it may show: a message of megabytes costs nothing.
func clean(s string, breaks bool) string {
	const most = 8 * maxQuote // bytes; a rune has four at most, secrets shrink
	truncated := len(s) > most
	if truncated {
		s = s[:most]
		for len(s) > 0 && !utf8.RuneStart(s[len(s)-1]) {
			s = s[:len(s)-1]
		}
	}
	s = Harmless(redact.Secrets(s), breaks)
	if truncated {
		s += "…"
	}
	return s
}

// Harmless shows every character that could steer a terminal, reorder a line or
// hide as a visible mark, without cutting anything. Line breaks stay where breaks
// is set and become spaces elsewhere.
func Harmless(s string, breaks bool) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i, r := range s {
		switch {
		case r == '\n' && breaks:
			b.WriteByte('\n')
		case r == '\r' && strings.HasPrefix(s[i+1:], "\n"):
		case r == '\n' || r == '\r' || r == '\t':
			b.WriteByte(' ')
		case r < 0x20, r == 0x7F:
			fmt.Fprintf(&b, `\x%02X`, r)
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02X`, s[i])
		case hidden(r):
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// plain reports whether s holds printable ASCII only.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7E {
			return false
		}
	}
	return true
}

// hidden reports whether r shows nothing by itself or changes how its
// neighbours are shown: C1 controls, bidirectional and other format
// characters, line and paragraph separators, exotic spaces, private use,
// variation selectors and fillers.
func hidden(r rune) bool {
	switch {
	case r < 0x80:
		return false
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp, unicode.Variation_Selector):
		return true
	case unicode.Is(unicode.Zs, r):
		return r != 0xA0
	case r == 0x034F, r == 0x115F, r == 0x1160, r == 0x3164, r == 0xFFA0, r == 0x2800:
		return true // fillers that are letters or symbols by category
	}
	return !unicode.IsPrint(r) && r != 0xA0
}

// cut shortens s to n runes, the last of which is then "…".
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	count := 0
	for i := range s {
		if count == n-1 {
			if utf8.RuneCountInString(s[i:]) == 1 {
				return s
			}
			return s[:i] + "…"
		}
		count++
	}
	return s
}
