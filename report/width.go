package report

import (
	"strings"
	"unicode"
)

// runeWidth is the number of terminal cells of a rune: 0 for combining marks,
// 2 for East Asian wide characters and emoji, else 1.
func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case r >= 0x1100 && r <= 0x115F, r >= 0x2E80 && r <= 0xA4CF && r != 0x303F,
		r >= 0xAC00 && r <= 0xD7A3, r >= 0xF900 && r <= 0xFAFF, r >= 0xFE30 && r <= 0xFE6F,
		r >= 0xFF00 && r <= 0xFF60, r >= 0xFFE0 && r <= 0xFFE6,
		r >= 0x1F300 && r <= 0x1FAFF, r >= 0x20000 && r <= 0x3FFFD:
		return 2
	}
	return 1
}

// textWidth is the number of terminal cells of s.
func textWidth(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// wrap breaks s into lines of at most width cells, at spaces where there are
// some, within words where there are none. Line breaks of s stay.
func wrap(s string, width int) []string {
	width = max(width, 8)
	var lines []string
	for _, para := range strings.Split(s, "\n") {
		lines = append(lines, wrapLine(para, width)...)
	}
	return lines
}

func wrapLine(s string, width int) []string {
	var lines []string
	for textWidth(s) > width {
		at, space, cells := len(s), -1, 0
		for i, r := range s {
			if cells+runeWidth(r) > width {
				at = i
				if r == ' ' {
					space = i
				}
				break
			}
			if r == ' ' && i > 0 {
				space = i
			}
			cells += runeWidth(r)
		}
		// A break that leaves most of the line empty is worse than a broken word.
		if space > 0 && textWidth(s[:space])*3 >= width {
			lines = append(lines, strings.TrimRight(s[:space], " "))
			s = s[space+1:]
			continue
		}
		lines = append(lines, s[:at])
		s = s[at:]
	}
	return append(lines, s)
}

// pad fills s with spaces up to width cells.
func pad(s string, width int) string {
	if n := width - textWidth(s); n > 0 {
		return s + strings.Repeat(" ", n)
	}
	return s
}

// fit cuts s to width cells and fills it up to them.
func fit(s string, width int) string {
	if textWidth(s) <= width {
		return pad(s, width)
	}
	cells := 0
	for i, r := range s {
		if cells+runeWidth(r) > width-1 {
			return pad(s[:i]+"…", width)
		}
		cells += runeWidth(r)
	}
	return s
}

// fitMiddle cuts s to width cells in its second half, so that its start and its
// end stay.
func fitMiddle(s string, width int) string {
	const tail = 8
	runes := []rune(s)
	if textWidth(s) <= width || width <= 2*tail {
		return s
	}
	end := string(runes[len(runes)-tail:])
	return strings.TrimRight(fit(s, max(width-textWidth(end), 1)), " ") + end
}
