package parsers

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// pageSample is how much of a text is looked at to tell its code page.
const pageSample = 64 << 10

// guessPage tells the code page of the lines of a text that are not UTF-8. A
// console writes in the page of its country. Scripts other than Latin are told
// by what their letters are made of; one that cannot be told is read as
// Windows-1252 or code page 850, as all of Latin script.
func guessPage(text string) (encoding.Encoding, string) {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if b.Len()+len(line) > pageSample {
			break
		}
		if !utf8.ValidString(line) {
			b.WriteString(line)
		}
	}
	odd := b.String()
	switch s := countBytes(odd); {
	case isShiftJIS(odd):
		return japanese.ShiftJIS, "Shift JIS"
	case s.pairs() && s.hangul*100 >= s.high/2*98:
		return korean.EUCKR, "code page 949"
	case s.pairs():
		return simplifiedchinese.GBK, "code page 936"
	case isBig5(odd):
		return traditionalchinese.Big5, "code page 950"
	case s.words() && s.upper*100 >= s.high*95 && s.russian*100 >= s.high*3:
		return charmap.Windows1251, "Windows-1251"
	case s.words() && s.dos866*100 >= s.high*95 && s.greek*10 <= s.high:
		return charmap.CodePage866, "code page 866"
	case looksOEM(odd):
		return charmap.CodePage850, "code page 850"
	}
	return charmap.Windows1252, "Windows-1252"
}

// byteCounts counts the bytes from 0x80 on and the runs of them.
type byteCounts struct {
	high, runs, even int // even: bytes in runs of even length
	eastern          int // from 0xA1 on, of which the pairs of EUC are made
	hangul           int // first bytes of Korean syllables, in runs of even length
	upper            int // from 0xC0 on, the letters of Windows-1251, and Ё
	russian          int // а in Windows-1251, which no other page has as a frequent letter
	dos866           int // the letters of code page 866
	greek            int // letters of the Greek code page 737 that are rare in 866
}

func countBytes(text string) byteCounts {
	var n byteCounts
	for i := 0; i < len(text); i++ {
		if text[i] < utf8.RuneSelf {
			continue
		}
		start := i
		for ; i < len(text) && text[i] >= utf8.RuneSelf; i++ {
			c := text[i]
			n.high++
			if c >= 0xA1 {
				n.eastern++
			}
			if c >= 0xC0 || c == 0xA8 || c == 0xB8 {
				n.upper++
			}
			if c == 0xE0 {
				n.russian++
			}
			if c <= 0xAF || c >= 0xE0 && c <= 0xF1 {
				n.dos866++
			}
			if c >= 0x98 && c <= 0x9F {
				n.greek++
			}
		}
		n.runs++
		if (i-start)%2 == 0 {
			n.even += i - start
			for j := start; j < i; j += 2 {
				if text[j] >= 0xB0 && text[j] <= 0xC8 || text[j] >= 0xA1 && text[j] <= 0xA3 {
					n.hangul++
				}
			}
		}
	}
	return n
}

// words reports whether the bytes stand in words, and not as single letters
// among those of ASCII.
func (n *byteCounts) words() bool { return n.high >= 16 && n.high >= 3*n.runs }

// pairs reports whether the bytes are the pairs of which EUC is made.
func (n *byteCounts) pairs() bool {
	return n.high >= 16 && n.high >= 3*n.runs && n.eastern*100 >= n.high*98 && n.even*100 >= n.high*95
}

// isShiftJIS reports whether a text is all Shift JIS, and much of it kana.
func isShiftJIS(text string) bool {
	double, kana := 0, 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c < 0x80, c >= 0xA1 && c <= 0xDF: // ASCII, narrow kana
			continue
		case c == 0x80, c == 0xA0, c > 0xFC:
			return false
		}
		i++
		if i == len(text) {
			break
		}
		trail := text[i]
		if trail < 0x40 || trail == 0x7F || trail > 0xFC {
			return false
		}
		double++
		if c == 0x82 && trail >= 0x9F || c == 0x83 && trail <= 0x96 {
			kana++
		}
	}
	return kana >= 4 && kana*3 >= double
}

// isBig5 reports whether a text is all Big5, and nearly all of it the frequent
// characters.
func isBig5(text string) bool {
	double, frequent := 0, 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c < 0x80 {
			continue
		}
		i++
		if c < 0xA1 || c > 0xF9 {
			return false
		}
		if i == len(text) {
			break
		}
		trail := text[i]
		if trail < 0x40 || trail == 0x7F || trail > 0x7E && trail < 0xA1 || trail == 0xFF {
			return false
		}
		double++
		if c >= 0xA4 && c <= 0xC6 {
			frequent++
		}
	}
	return frequent >= 8 && frequent*100 >= double*90
}

// looksOEM tells the console's code page from the ANSI one: its letters lie at
// 0x80 to 0xA5, where Windows-1252 has punctuation. 0xFF is its no-break space.
func looksOEM(text string) bool {
	letter := func(i int) bool {
		return i >= 0 && i < len(text) && (text[i]|0x20) >= 'a' && (text[i]|0x20) <= 'z'
	}
	oem, ansi := 0, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= 0xC0 && c != 0xFF:
			ansi++
		case c >= 0x81 && c <= 0xA5 && (c < 0x91 || c > 0x97) && c != 0x85 && c != 0x99 && c != 0xA0:
			if letter(i-1) || letter(i+1) {
				oem++
			}
		}
	}
	return oem > ansi
}
