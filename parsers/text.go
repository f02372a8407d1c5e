package parsers

import (
	"encoding/binary"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"debrief/event"
)

// document is a text file as UTF-8. Text that is UTF-8 already is a view of
// the file's bytes; anything else was transcoded.
type document struct {
	path string
	text string // without byte-order mark
	base int64  // offset of text[0] in the file; -1 = transcoded, offsets mean nothing
	// Of a long file that is read in windows: the line breaks before text, and
	// whether further windows follow.
	lines int
	more  bool
}

// maxMessage bounds one message; the longest seen in real logs is 58,549 bytes.
const maxMessage = 1 << 20

// readText decodes the whole file and notes in out what could not be decoded.
func readText(in *Input, out *Output) document {
	doc, odd := decode(in)
	if odd != "" {
		out.Problem(event.Remark, event.Pos{File: in.Path}, odd)
	}
	if i := strings.IndexByte(doc.text, 0); i >= 0 {
		n := strings.Count(doc.text, "\x00")
		line := 1 + strings.Count(doc.text[:i], "\n")
		out.Problem(event.Damage, doc.pos(line, i), strconv.Itoa(n)+" NUL bytes stand where text should be")
	}
	return doc
}

// head returns the first n bytes of the file as UTF-8, for telling formats apart.
func head(in *Input, n int) string {
	doc, _ := decode(&Input{Path: in.Path, Data: in.Head(n)})
	return doc.text
}

// decode finds the encoding by byte-order mark, then by the density of NULs,
// then by validity: UTF-16, UTF-8, else line by line UTF-8 or a single-byte
// code page, since logs that several programs write to mix them. The second
// result is a remark for people, or empty.
func decode(in *Input) (document, string) {
	data, doc := in.Data, document{path: in.Path, base: in.Start, lines: in.Lines, more: in.More}
	switch {
	case in.recoded:
		doc.base = -1
	case in.Start > 0: // a later window: no mark, and the encoding of the first
	case len(data) >= 3 && data[0] == 0xEF && data[1] == 0xBB && data[2] == 0xBF:
		doc.base, data = 3, data[3:]
	default:
		if order, mark := utf16Order(data); order != nil {
			text, odd := decodeUTF16(data[mark:], order)
			doc.text, doc.base = text, -1
			return doc, odd
		}
	}
	text := (&Input{Data: data}).Text()
	if whole := completeRunes(text); utf8.ValidString(whole) {
		doc.text = whole
		return doc, ""
	}
	text, page := decodeMixed(text)
	doc.text, doc.base = text, -1
	return doc, "not valid UTF-8; the odd lines were read as " + page
}

// completeRunes cuts an incomplete character off the end, as a cut file leaves it.
func completeRunes(s string) string {
	for n := 1; n < utf8.UTFMax && n <= len(s); n++ {
		if c := s[len(s)-n]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRuneInString(s[len(s)-n:]) {
				return s[:len(s)-n]
			}
			break
		}
	}
	return s
}

// utf16Order tells whether data begins as UTF-16 does, its byte order, and the
// length of its mark; nil = it is something else.
func utf16Order(data []byte) (order binary.ByteOrder, mark int) {
	if len(data) >= 2 {
		switch binary.BigEndian.Uint16(data) {
		case 0xFFFE:
			return binary.LittleEndian, 2
		case 0xFEFF:
			return binary.BigEndian, 2
		}
	}
	return guessUTF16(data), 0
}

// guessUTF16 tells UTF-16 without a byte-order mark by the NULs of its Latin
// letters: most of one half of the bytes, hardly any of the other.
func guessUTF16(data []byte) binary.ByteOrder {
	sample := data[:min(len(data), 4096)&^1]
	var zero [2]int
	for i, b := range sample {
		if b == 0 {
			zero[i&1]++
		}
	}
	pairs := len(sample) / 2
	switch {
	case pairs < 4:
		return nil
	case zero[1]*10 >= pairs*6 && zero[0]*20 <= pairs:
		return binary.LittleEndian
	case zero[0]*10 >= pairs*6 && zero[1]*20 <= pairs:
		return binary.BigEndian
	}
	return nil
}

// decodeUTF16 returns data as UTF-8 and a remark for people, or none.
func decodeUTF16(data []byte, order binary.ByteOrder) (text, odd string) {
	var b strings.Builder
	b.Grow(len(data)/2 + 16)
	lone := 0
	for i := 0; i+1 < len(data); i += 2 {
		u := rune(order.Uint16(data[i:]))
		switch {
		case u < utf8.RuneSelf:
			b.WriteByte(byte(u))
		case u < 0xD800 || u > 0xDFFF:
			b.WriteRune(u)
		default:
			if low := int(0); u < 0xDC00 && i+3 < len(data) {
				if low = int(order.Uint16(data[i+2:])); low >= 0xDC00 && low <= 0xDFFF {
					b.WriteRune((u-0xD800)<<10 + rune(low-0xDC00) + 0x10000)
					i += 2
					continue
				}
			}
			lone++
			b.WriteRune(utf8.RuneError)
		}
	}
	switch {
	case lone > 0:
		odd = strconv.Itoa(lone) + " characters are not valid UTF-16 and were replaced"
	case len(data)%2 == 1:
		odd = "UTF-16 text ends in the middle of a character"
	}
	return b.String(), odd
}

// decodeMixed keeps the lines that are UTF-8 and reads the others in a code page.
func decodeMixed(text string) (string, string) {
	page, name := guessPage(text)
	decoder := page.NewDecoder()
	var b strings.Builder
	b.Grow(len(text) + len(text)/8)
	var raw, wide []byte
	for line := range strings.Lines(text) {
		if utf8.ValidString(line) {
			b.WriteString(line)
			continue
		}
		raw = append(raw[:0], line...)
		wide = slices.Grow(wide[:0], utf8.UTFMax*len(raw))
		decoder.Reset()
		n, _, _ := decoder.Transform(wide[:cap(wide)], raw, true) // what fits nowhere becomes U+FFFD
		b.Write(wide[:n])
	}
	return b.String(), name
}

// pos is the position of text[off], which stands in the given line.
func (d *document) pos(line, off int) event.Pos {
	p := event.Pos{File: d.path, Line: d.lines + line}
	if d.base >= 0 {
		p.Offset = d.base + int64(off)
	}
	return p
}

// textLine is one line of a document that holds more than white space.
type textLine struct {
	raw   string // without its end
	text  string // without white space around it
	start int    // where raw starts
	num   int    // 1-based
	pos   event.Pos
}

// filled yields the lines of the document that hold more than white space.
func (d *document) filled() iter.Seq[textLine] {
	return func(yield func(textLine) bool) {
		r := lineReader{text: d.text}
		for {
			raw, start, ok := r.read()
			if !ok {
				return
			}
			if text := trim(raw); text != "" && !yield(textLine{raw, text, start, r.num, d.pos(r.num, start)}) {
				return
			}
		}
	}
}

// lineReader walks the lines of a text. LF and CRLF end a line, and so do the
// doubled CRs that installers leave.
type lineReader struct {
	text string
	next int // offset of the next line
	num  int // 1-based number of the line read last
}

// read returns the next line without its end, and where it starts.
func (r *lineReader) read() (line string, start int, ok bool) {
	if r.next >= len(r.text) {
		return "", r.next, false
	}
	start = r.next
	end := strings.IndexByte(r.text[start:], '\n')
	if end < 0 {
		end = len(r.text)
		r.next = end
	} else {
		end += start
		r.next = end + 1
	}
	r.num++
	for end > start && r.text[end-1] == '\r' {
		end--
	}
	return r.text[start:end], start, true
}

// trim removes white space and NUL padding from both ends of a line.
func trim(s string) string {
	for len(s) > 0 && isPadding(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && isPadding(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func isPadding(c byte) bool {
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0
}

// hasPrefixFold reports whether s begins with prefix without regard to ASCII case.
func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
