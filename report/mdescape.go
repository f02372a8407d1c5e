package report

import "strings"

// md escapes text for one line of Markdown: nothing in it can open a link, an
// image, a tag, a table cell or a list. Words that are addresses, of a page or
// of a person, become code spans.
func md(s string) string {
	words := strings.Split(strings.ReplaceAll(s, "\n", " "), " ")
	for i, w := range words {
		lower := strings.ToLower(w)
		if strings.Contains(w, "://") || strings.HasPrefix(lower, "www.") || strings.Contains(w, "@") {
			words[i] = mdCode(w)
			continue
		}
		words[i] = mdWord(w, i == 0)
	}
	return strings.Join(words, " ")
}

// mdWord escapes one word; first is set for the first of a line, where list
// and heading marks count.
func mdWord(w string, first bool) string {
	var b strings.Builder
	for i := 0; i < len(w); i++ {
		c := w[i]
		switch c {
		case '\\', '`', '*', '{', '}', '[', ']', '<', '>', '#', '|', '~', '$', '^':
			b.WriteByte('\\')
		case '&':
			b.WriteString("&amp;")
			continue
		case '_':
			// Between letters an underscore means nothing: ERROR_BUSY stays readable.
			if i == 0 || i == len(w)-1 || !isAlnum(w[i-1]) || !isAlnum(w[i+1]) {
				b.WriteByte('\\')
			}
		case '-', '+', '=':
			if first && i == 0 {
				b.WriteByte('\\')
			}
		case '.', ')':
			if first && i > 0 && allDigits(w[:i]) {
				b.WriteByte('\\')
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}

// mdCode makes a code span whose fence the text cannot close. A bar would end
// a table cell even there and is shown by its look-alike.
func mdCode(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\n", " "), "|", "¦")
	if s == "" {
		return ""
	}
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// longestRun is the length of the longest run of c in s.
func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != c {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
