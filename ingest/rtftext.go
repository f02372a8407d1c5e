package ingest

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
)

// Rich text (RTF 1.9.1) is groups in braces, control words and text:
//
//	{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\pard Das Ger\'e4t f\u228?llt aus.\par}
//
// \'e4 is a byte of the code page that \ansicpg names (that of a font is not
// looked at); \u228 a character of UTF-16, after which as many others are left
// out as \uc says, one if it does not. Groups that start with \* or a
// table of fonts, colours and the like hold no text of the message.

const (
	// maxRTFDepth bounds groups inside each other; mail programs write ten.
	maxRTFDepth = 1 << 14
	// rtfPiece is how much text is made, or held undecoded, at once.
	rtfPiece = 4 << 10
)

// rtfReader turns rich text into plain text in UTF-8 as it is read.
type rtfReader struct {
	in    *bufio.Reader
	page  encoding.Encoding
	group rtfGroup
	stack []rtfGroup
	drop  int    // characters still to leave out after \u
	high  rune   // first half of a pair; 0 = none
	bytes []byte // of the code page, not yet decoded
	out   []byte
	err   error // after out
}

// rtfGroup is what ends with a group.
type rtfGroup struct {
	hidden bool
	uc     int
}

// rtfText reads the text of rich text.
func rtfText(in io.Reader) io.Reader {
	return &rtfReader{in: bufio.NewReader(in), page: codePage(nil), group: rtfGroup{uc: 1}}
}

// Read implements io.Reader.
func (t *rtfReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(t.out) == 0 {
		for t.out = t.out[:0]; len(t.out) < rtfPiece && t.err == nil; {
			t.err = t.step()
		}
		if t.err != nil {
			t.flush(true)
			t.half()
		}
	}
	if len(t.out) == 0 {
		return 0, t.err
	}
	n := copy(p, t.out)
	t.out = t.out[n:]
	return n, nil
}

// step reads one brace, control or byte of text.
func (t *rtfReader) step() error {
	b, err := t.in.ReadByte()
	if err != nil {
		return err
	}
	switch b {
	case '{':
		if len(t.stack) == maxRTFDepth {
			return &limitError{fmt.Sprintf("rest of the text not read: more than %d groups of RTF inside each other", maxRTFDepth)}
		}
		t.stack, t.drop = append(t.stack, t.group), 0
	case '}':
		if n := len(t.stack); n > 0 {
			t.group, t.stack = t.stack[n-1], t.stack[:n-1]
		}
		t.drop = 0
	case '\\':
		return t.control()
	case '\r', '\n', 0:
	default:
		t.char(b)
	}
	return nil
}

// control reads what follows a backslash.
func (t *rtfReader) control() error {
	b, err := t.in.ReadByte()
	if err != nil {
		return err
	}
	switch {
	case b|0x20 >= 'a' && b|0x20 <= 'z':
		return t.word(b)
	case b == '\'':
		var hex [2]byte
		if _, err := io.ReadFull(t.in, hex[:]); err == io.ErrUnexpectedEOF {
			return io.EOF
		} else if err != nil {
			return err
		}
		if v, err := strconv.ParseUint(string(hex[:]), 16, 8); err == nil {
			t.char(byte(v))
		}
	case b == '*':
		t.group.hidden = true
	case b == '\r' || b == '\n':
		t.text("\n")
	case b == '~':
		t.text(" ")
	case b == '_':
		t.text("-")
	case b == '{' || b == '}' || b == '\\':
		t.char(b)
	}
	return nil
}

// word reads a control word that starts with b, and its number.
func (t *rtfReader) word(b byte) error {
	word, number := []byte{b}, []byte(nil)
	var err error
	for {
		if b, err = t.in.ReadByte(); err != nil {
			break
		}
		letter, digit := b|0x20 >= 'a' && b|0x20 <= 'z', b >= '0' && b <= '9' || b == '-' && len(number) == 0
		if len(word) < 32 && len(number) == 0 && letter {
			word = append(word, b)
		} else if len(number) < 11 && digit {
			number = append(number, b)
		} else {
			if b != ' ' {
				err = t.in.UnreadByte()
			}
			break
		}
	}
	n, noNumber := strconv.Atoi(string(number))
	if failed := t.obey(string(word), n, noNumber == nil); failed != nil {
		return failed
	}
	return err
}

// obey does what a control word says.
func (t *rtfReader) obey(word string, n int, numbered bool) error {
	switch word {
	case "u":
		if numbered {
			t.unit(rune(uint16(n)))
		}
	case "uc":
		t.group.uc = min(max(n, 0), 16)
	case "ansicpg":
		t.flush(true)
		t.page = codePage(map[uint32]uint64{tagCodePage: uint64(uint32(n))})
	case "bin":
		_, err := io.CopyN(io.Discard, t.in, int64(max(n, 0)))
		return err
	case "fonttbl", "colortbl", "stylesheet", "info", "pict", "header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf":
		t.group.hidden = true
	default:
		t.text(rtfSymbol(word))
	}
	return nil
}

// rtfSymbol is the text that a control word stands for.
func rtfSymbol(word string) string {
	switch word {
	case "par", "line", "sect", "page", "row":
		return "\n"
	case "tab", "cell":
		return "\t"
	case "lquote", "rquote":
		return "'"
	case "ldblquote", "rdblquote":
		return `"`
	case "endash":
		return "–"
	case "emdash":
		return "—"
	case "bullet":
		return "•"
	}
	return ""
}

// char adds a byte of the code page.
func (t *rtfReader) char(b byte) {
	switch {
	case t.drop > 0:
		t.drop--
	case t.group.hidden:
	case b < 0x80 && len(t.bytes) == 0:
		t.half()
		t.out = append(t.out, b)
	default: // the second byte of a character may be below 0x80
		t.half()
		if t.bytes = append(t.bytes, b); b < 0x80 {
			t.flush(true)
		} else if len(t.bytes) >= rtfPiece {
			t.flush(false)
		}
	}
}

// unit adds a unit of UTF-16.
func (t *rtfReader) unit(u rune) {
	t.drop = t.group.uc
	if t.group.hidden {
		return
	}
	t.flush(true)
	switch pair := utf16.DecodeRune(t.high, u); {
	case t.high != 0 && pair != utf8.RuneError:
		t.out, t.high = utf8.AppendRune(t.out, pair), 0
	case u >= 0xD800 && u < 0xDC00:
		t.half()
		t.high = u
	default:
		t.half()
		t.out = utf8.AppendRune(t.out, u)
	}
}

// text adds text.
func (t *rtfReader) text(s string) {
	if s == "" || t.group.hidden {
		return
	}
	t.flush(true)
	t.half()
	t.out = append(t.out, s...)
}

// flush decodes the bytes of the code page; unless they are final, the start of
// a character that is not whole waits.
func (t *rtfReader) flush(final bool) {
	if len(t.bytes) == 0 {
		return
	}
	room := make([]byte, 4*len(t.bytes)+utf8.UTFMax)
	made, used, _ := t.page.NewDecoder().Transform(room, t.bytes, final)
	t.out = append(t.out, room[:made]...)
	t.bytes = t.bytes[:copy(t.bytes, t.bytes[used:])]
}

// half adds a sign for the first half of a pair that has no second.
func (t *rtfReader) half() {
	if t.high != 0 {
		t.out, t.high = utf8.AppendRune(t.out, utf8.RuneError), 0
	}
}
