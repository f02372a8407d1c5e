package parsers

import (
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf16"

	"debrief/event"
)

// exportValue reads a value of regedit's syntax that starts with text at start.
func (s *regScanner) exportValue(text string, start int) {
	line := s.lines.num
	name, used := "", 1 // "@"
	if text[0] == '"' {
		var ok bool
		if name, used, ok = unquote(text); !ok {
			s.damage(start, "the name of the value is cut off")
			return
		}
	}
	data, ok := strings.CutPrefix(strings.TrimLeft(text[used:], " \t"), "=")
	if !ok {
		s.out.Coverage.Unknown++
		return
	}
	data = strings.TrimLeft(data, " \t")
	switch {
	case strings.HasPrefix(data, `"`):
		// A string may run over line breaks to its closing quote.
		from := start + len(text) - len(data)
		str, n, ok := unquote(s.doc.text[from:])
		if ok {
			ok = trim(restOfLine(s.doc.text[from+n:])) == ""
		}
		if !ok {
			s.damage(start, "the value is cut off")
			return
		}
		s.skipTo(from + n)
		s.fact(event.Fact{Text: str}, name, line, start)
	case trim(data) == "-":
		s.out.Coverage.Unknown++
	case hasPrefixFold(data, "hex"):
		s.hexValue(s.continued(data, start+len(text)-len(data)), name, line, start)
	default:
		s.taggedNumber(data, name, line, start)
	}
}

// unquote reads a quoted string with \\ and \" escapes at the front of s.
func unquote(s string) (text string, used int, ok bool) {
	escaped := false
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			escaped = true
			i++
		case '"':
			if text = s[1:i]; escaped {
				text = unescape(text)
			}
			return text, i + 1, true
		}
	}
	return "", 0, false
}

func unescape(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func restOfLine(s string) string {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return s[:i]
	}
	return s
}

// skipTo moves the reader to the line after the one that holds text[off-1].
func (s *regScanner) skipTo(off int) {
	for s.lines.next < off {
		if _, _, ok := s.lines.read(); !ok {
			return
		}
	}
}

// continued joins data with the lines that follow while it ends in a backslash.
func (s *regScanner) continued(data string, from int) string {
	end := from + len(data)
	for strings.HasSuffix(trim(data), `\`) {
		line, start, ok := s.lines.read()
		if !ok {
			break
		}
		data, end = line, start+len(line)
	}
	return s.doc.text[from:end]
}

// dumpValue reads a value of the dump dialect. Its name ends at the first
// quote and equals sign that a type follows, since names may hold both.
func (s *regScanner) dumpValue(text string, start int) {
	name, data, ok := cutDumpName(text)
	if !ok {
		s.out.Coverage.Unknown++
		return
	}
	line := s.lines.num
	switch c := data[0]; {
	case c == '"':
		if str, ok := s.rawString(data, start+len(text)-len(data)); ok {
			s.fact(event.Fact{Text: str}, name, line, start)
		}
	case strings.HasPrefix(data, "MULTI_SZ:"):
		data = data[len("MULTI_SZ:"):]
		if str, ok := s.rawString(data, start+len(text)-len(data)); ok {
			str = strings.ReplaceAll(str, `","`, "\n")
			s.fact(event.Fact{Kind: event.FactList, Text: str}, name, line, start)
		}
	case hasPrefixFold(data, "hex"):
		s.hexValue(data, name, line, start)
	default:
		s.taggedNumber(data, name, line, start)
	}
}

// cutDumpName splits `"name"=data` and `@=data`.
func cutDumpName(text string) (name, data string, ok bool) {
	if data, ok = strings.CutPrefix(text, "@="); ok {
		return "", data, isDumpData(data)
	}
	if text == "" || text[0] != '"' {
		return "", "", false
	}
	for from := 1; ; {
		i := strings.Index(text[from:], `"=`)
		if i < 0 {
			return "", "", false
		}
		i += from
		if data = text[i+2:]; isDumpData(data) {
			return text[1:i], data, true
		}
		from = i + 2
	}
}

func isDumpData(data string) bool {
	if data == "" {
		return false
	}
	switch data[0] {
	case '"':
		return true
	case 'D', 'd':
		return hasPrefixFold(data, "DWORD:")
	case 'Q', 'q':
		return hasPrefixFold(data, "QWORD:")
	case 'M':
		return strings.HasPrefix(data, "MULTI_SZ:")
	case 'h', 'H':
		return hasPrefixFold(data, "hex:") || hasPrefixFold(data, "hex(")
	}
	return false
}

// rawString reads the unescaped string that opens at text[from]. It ends at a
// quote at the end of a line that a value, a key, a blank line or the end of
// the file follows; failing that at the first line that ends in a quote. A
// string that has no such line is damaged.
func (s *regScanner) rawString(first string, from int) (str string, ok bool) {
	if first == "" || first[0] != '"' {
		s.damage(from, "the value is cut off")
		return "", false
	}
	line, end, num := first, from+len(first), s.lines.num
	if len(first) == 1 {
		line = "" // the opening quote is not the closing one
	}
	firstEnd, afterFirst := -1, s.lines
	for {
		next := s.lines
		follow, start, more := next.read()
		hard := !more || isDumpStart(follow)
		if strings.HasSuffix(line, `"`) {
			if hard || trim(follow) == "" {
				return s.doc.text[from+1 : end-1], true
			}
			if firstEnd < 0 {
				firstEnd, afterFirst = end, s.lines
			}
		}
		if hard && firstEnd >= 0 {
			s.lines = afterFirst
			return s.doc.text[from+1 : firstEnd-1], true
		}
		if hard {
			s.out.Problem(event.Damage, s.doc.pos(num, from), "the value is cut off")
			return "", false
		}
		s.lines = next
		line, end = follow, start+len(follow)
	}
}

// isDumpStart reports whether a line begins a value or a key.
func isDumpStart(line string) bool {
	text := strings.TrimLeft(line, " \t")
	if strings.HasPrefix(text, "[HKEY_") {
		return true
	}
	if len(text) == len(line) {
		return false
	}
	_, _, ok := cutDumpName(text)
	return ok
}

// taggedNumber reads "dword:0000001e" and "QWORD:1dd307705dbf720". Eight digits
// make a dword; fewer are what a cut left, as is any number that the file ends in.
func (s *regScanner) taggedNumber(data, name string, line, start int) {
	tag, hex, _ := strings.Cut(trim(data), ":")
	bits := 0
	switch {
	case strings.EqualFold(tag, "dword"):
		bits = 32
	case strings.EqualFold(tag, "qword"):
		bits = 64
	default:
		s.out.Coverage.Unknown++
		return
	}
	n, err := strconv.ParseUint(hex, 16, bits)
	cut := bits == 32 && len(hex) != 8 || bits == 64 && s.lines.next >= len(s.doc.text) && !strings.HasSuffix(s.doc.text, "\n")
	if err != nil || cut {
		s.damage(start, "the number is not readable")
		return
	}
	s.fact(number64(n), name, line, start)
}

func number64(n uint64) event.Fact {
	return event.Fact{Kind: event.FactNumber, Num: int64(n), Text: strconv.FormatUint(n, 10)}
}

// hexValue reads "hex:", "hex(2):" and the like with all their lines.
func (s *regScanner) hexValue(data, name string, line, start int) {
	tag, list, ok := strings.Cut(data, ":")
	raw, whole := hexBytes(list)
	if !ok || !whole {
		s.damage(start, "the bytes of the value are not readable")
		return
	}
	kind := uint64(regBinary)
	if number := strings.TrimSuffix(strings.TrimPrefix(tag[len("hex"):], "("), ")"); number != "" {
		var err error
		if kind, err = strconv.ParseUint(number, 16, 32); err != nil {
			kind = regBinary
		}
	}
	wide := wideText
	if s.ansi {
		wide = ansiText
	}
	f, ok := regData(uint32(kind), raw, wide)
	if !ok {
		s.damage(start, "the number is not readable")
		return
	}
	s.fact(f, name, line, start)
}

// The types of registry values that are not bytes.
const (
	regString   = 1
	regExpand   = 2
	regBinary   = 3
	regDword    = 4
	regDwordBig = 5
	regLink     = 6
	regList     = 7
	regQword    = 11
)

// regData makes the datum of a value from its type and bytes; wide decodes
// strings. It reports false for a number of the wrong size.
func regData(kind uint32, raw []byte, wide func([]byte) string) (f event.Fact, ok bool) {
	switch kind {
	case regString, regExpand, regLink:
		f.Text = strings.TrimRight(wide(raw), "\x00")
	case regList:
		f.Kind = event.FactList
		f.Text = strings.ReplaceAll(strings.TrimRight(wide(raw), "\x00"), "\x00", "\n")
	case regDword, regDwordBig, regQword:
		if len(raw) != 4 && len(raw) != 8 {
			return f, false
		}
		var n uint64
		for i := range raw {
			b := raw[len(raw)-1-i]
			if kind == regDwordBig {
				b = raw[i]
			}
			n = n<<8 | uint64(b)
		}
		f = number64(n)
	default:
		f.Kind = event.FactBinary
		f.Text = hex.EncodeToString(raw)
	}
	return f, true
}

// ansiText decodes the characters of a string of single bytes.
func ansiText(raw []byte) string {
	text, _ := decode(&Input{Data: raw})
	return text.text
}

// wideText decodes the characters of a string of UTF-16, in the order of
// Windows.
func wideText(raw []byte) string {
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i]) | uint16(raw[2*i+1])<<8
	}
	return string(utf16.Decode(units))
}

// hexBytes reads "aa,bb,\<line break>  cc". It reports false for anything else.
func hexBytes(list string) ([]byte, bool) {
	raw := make([]byte, 0, len(list)/3+1)
	for i := 0; i < len(list); i++ {
		switch c := list[i]; c {
		case ',', ' ', '\t', '\r', '\n', '\\':
		default:
			if i+1 >= len(list) {
				return nil, false
			}
			hi, lo := hexDigit(c), hexDigit(list[i+1])
			if hi < 0 || lo < 0 {
				return nil, false
			}
			raw = append(raw, byte(hi<<4|lo))
			i++
		}
	}
	return raw, true
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
