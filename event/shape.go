package event

import "strings"

// maxShape bounds the text that Shape looks at, in bytes. What tells two kinds
// of records apart stands at their beginning.
const maxShape = 300

// Shape is the form that messages of one kind share: what differs from record
// to record is replaced. Two records of the same kind have the same shape.
//
//	GUIDs           {…} or bare           <guid>
//	hex numbers     0x80072ee7            <hex>
//	numbers         4711, 5.0.9122        <n>
//	white space     runs of it            one space
//
// "Failed to get DP locations from 10.0.0.7, 0x87d00215" becomes "Failed to get
// DP locations from <n>, <hex>". The result is at most some 300 bytes long.
func Shape(message string) string {
	s := message
	if len(s) > maxShape {
		s = s[:maxShape]
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\r' || s[i] == '\n') {
				i++
			}
			if b.Len() > 0 && i < len(s) {
				b.WriteByte(' ')
			}
		case !isWordByte(c):
			b.WriteByte(c)
			i++
		default:
			n, name := varies(s[i:])
			if name == "" {
				b.WriteString(s[i : i+n])
			} else {
				b.WriteString(name)
			}
			i += n
		}
	}
	return b.String()
}

// varies looks at the word that s begins with: how long it is, and what stands
// for it in a shape; empty = the word itself.
func varies(s string) (length int, name string) {
	if BeginsWithGUID(s) && (len(s) == GUIDLen || !isWordByte(s[GUIDLen])) {
		return GUIDLen, "<guid>"
	}
	end, digits, letters := 0, 0, 0
	for end < len(s) && (isWordByte(s[end]) || isJoin(s, end, digits > 0 && letters == 0)) {
		switch {
		case s[end] >= '0' && s[end] <= '9':
			digits++
		case isWordByte(s[end]):
			letters++
		}
		end++
	}
	word := s[:end]
	switch {
	case len(word) > 2 && word[0] == '0' && word[1]|0x20 == 'x' && isHex(word[2:]):
		return end, "<hex>"
	case digits > 0 && letters == 0:
		return end, "<n>"
	case digits >= 3 && len(word) >= 8 && isHex(word):
		return end, "<hex>"
	}
	return end, ""
}

// isJoin reports whether s[i] joins two runs of digits: 5.0.9122, 10:11:12.
func isJoin(s string, i int, inNumber bool) bool {
	return inNumber && (s[i] == '.' || s[i] == ':') && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9'
}

func isHex(s string) bool {
	for i := range len(s) {
		if !isHexByte(s[i]) {
			return false
		}
	}
	return true
}

func isHexByte(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// isWordByte takes bytes of other alphabets for letters.
func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80
}
