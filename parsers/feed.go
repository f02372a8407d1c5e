package parsers

import (
	"encoding/binary"
	"unicode/utf16"

	"debrief/event"
)

// feed gives the content of a long file from its beginning on, UTF-16 as
// UTF-8: a window of UTF-16 would not show what it is.
type feed struct {
	*long
	order binary.ByteOrder // of UTF-16; nil = the bytes are given as they are
	at    int64            // bytes of the file read
	rest  []byte           // read, and not yet a whole character
	ended bool             // nothing follows
}

// newFeed feeds a file that begins as head does.
func newFeed(l *long, head []byte) *feed {
	order, mark := utf16Order(head)
	return &feed{long: l, order: order, at: int64(mark)}
}

// place is the position of a window that starts there in what is fed.
func (f *feed) place(start int64) event.Pos {
	if f.order != nil {
		return event.Pos{File: f.Path}
	}
	return event.Pos{File: f.Path, Offset: start}
}

// next returns n bytes of the file or fewer; as UTF-8 they may be other in
// number. What cannot be read is noted and ends the file.
func (f *feed) next(n int) []byte {
	data, err := f.read(f.at, n)
	if err != nil {
		f.lose(f.at+int64(len(data)), err)
	}
	f.at += int64(len(data))
	f.ended = f.at >= f.Size || err != nil || len(data) == 0
	if f.order == nil {
		return data
	}
	if f.rest = append(f.rest, data...); !f.ended {
		data = f.rest[:wholeUTF16(f.rest, f.order)]
	} else {
		data = f.rest
	}
	text, odd := decodeUTF16(data, f.order)
	if f.rest = append([]byte(nil), f.rest[len(data):]...); odd != "" {
		f.out.Problem(event.Remark, event.Pos{File: f.Path}, odd)
	}
	return []byte(text)
}

// wholeUTF16 is the length of data without a character that is cut off at its end.
func wholeUTF16(data []byte, order binary.ByteOrder) int {
	n := len(data) &^ 1
	if n >= 2 && utf16.IsSurrogate(rune(order.Uint16(data[n-2:]))) && order.Uint16(data[n-2:]) < 0xDC00 {
		n -= 2
	}
	return n
}
