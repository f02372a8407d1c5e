package ingest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"

	"debrief/event"
)

// A winmail.dat ([MS-OXTNEF]) holds what Outlook could not say in MIME. Behind a
// signature and a key of two bytes stand attributes, little-endian:
//
//	01 | 02          of the message, of an attachment
//	uint32           id: the low half names it, the high half is its type
//	uint32, bytes    length and content
//	uint16           sum of the content's bytes, which is not checked
//
// attAttachRenddata begins an attachment; attAttachTitle names it by the 8.3 name,
// attAttachData holds its content; attAttachment holds properties: the long name
// and, for a message attached, another winmail.dat.
const (
	tnefMagic = "\x78\x9F\x3E\x22"

	attBody          = 0x800C
	attAttachData    = 0x800F
	attAttachTitle   = 0x8010
	attModified      = 0x8020
	attSent          = 0x8005
	attAttachModDate = 0x8013
	attAttachRend    = 0x9002
	attMsgProps      = 0x9003
	attAttachment    = 0x9005
	attCodePage      = 0x9007

	propBody, propHTML, propRTF  = 0x1000, 0x1013, 0x1009
	propLongName, propAttachData = 0x3707, 0x3701

	maxTNEFProperties = 10_000
)

// isTNEF checks what follows the signature, which is short: the first attribute
// is one of the message.
func isTNEF(head []byte) bool {
	return len(head) >= 15 && string(head[:4]) == tnefMagic && (head[6] == 1 || head[6] == 2) && head[10] <= 9
}

// expandTNEF reads a winmail.dat.
func (r *reader) expandTNEF(a *archive) {
	t := &tnefReader{r: r, a: a, page: codePage(nil), date: a.modTime}
	if t.attributes() {
		t.body()
		t.attachment()
	}
}

// span is a range of bytes of the archive.
type span struct{ at, size int64 }

// tnefReader is the reading of one winmail.dat.
type tnefReader struct {
	r    *reader
	a    *archive
	page encoding.Encoding
	date time.Time

	text, html, rtf *span
	wide            bool // text is UTF-16

	// of the attachment at hand
	begun       bool
	title, name string
	data        *span
	inner       *span // a message attached
	changed     time.Time
}

func (t *tnefReader) section(s span) *io.SectionReader {
	return io.NewSectionReader(t.a.src, s.at, s.size)
}

// attributes reads all attributes and reports whether the file may go on.
func (t *tnefReader) attributes() bool {
	const header = 9
	for at := int64(6); at < t.a.size; {
		if t.r.ctx.Err() != nil {
			return false
		}
		var h [header]byte
		if _, err := t.a.src.ReadAt(h[:], at); err != nil {
			t.damage(at, "an attribute is cut off")
			return true
		}
		id, s := int(le.Uint16(h[1:])), span{at + header, int64(le.Uint32(h[5:]))}
		if h[0] != 1 && h[0] != 2 {
			t.damage(at, "no attribute where one must be")
			return true
		}
		if s.size > t.a.size-s.at {
			t.damage(at, fmt.Sprintf("attribute 0x%04X claims %d bytes of %d", id, s.size, t.a.size-s.at))
			s.size = t.a.size - s.at
		}
		if !t.attribute(id, s) {
			return false
		}
		at = s.at + s.size + 2
	}
	return true
}

func (t *tnefReader) damage(at int64, text string) {
	t.r.archiveProblem(t.a, event.Damage, fmt.Sprintf("winmail.dat at byte %d: %s", at, text))
}

// attribute takes one attribute and reports whether the file may go on.
func (t *tnefReader) attribute(id int, s span) bool {
	switch id {
	case attCodePage:
		if b := t.bytes(s, 4); len(b) == 4 {
			t.page = codePage(map[uint32]uint64{tagCodePage: uint64(le.Uint32(b))})
		}
	case attSent, attModified:
		if d := tnefDate(t.bytes(s, 14)); !d.IsZero() {
			t.date = d
		}
	case attBody:
		if t.text == nil {
			t.text = &s
		}
	case attMsgProps:
		t.properties(s)
	case attAttachRend:
		if !t.attachment() {
			return false
		}
		t.begun = true
	case attAttachTitle:
		t.begun, t.title = true, t.short(s, t.page)
	case attAttachData:
		t.begun, t.data = true, &s
	case attAttachModDate:
		t.changed = tnefDate(t.bytes(s, 14))
	case attAttachment:
		t.begun = true
		t.properties(s)
	}
	return true
}

// bytes reads the first n bytes of a range.
func (t *tnefReader) bytes(s span, n int64) []byte {
	b := make([]byte, min(n, s.size))
	got, _ := t.a.src.ReadAt(b, s.at)
	return b[:got]
}

// short decodes a name.
func (t *tnefReader) short(s span, page encoding.Encoding) string {
	b, err := page.NewDecoder().Bytes(t.bytes(s, maxMsgName))
	if err != nil {
		t.damage(s.at, err.Error())
	}
	name, _, _ := strings.Cut(string(b), "\x00")
	return name
}

// tnefDate reads the seven numbers of a date, which is local time of the sender;
// zero = it is none.
func tnefDate(b []byte) time.Time {
	if len(b) < 12 {
		return time.Time{}
	}
	var n [6]int
	for i := range n {
		n[i] = int(le.Uint16(b[2*i:]))
	}
	if n[0] < 1980 || n[0] > 2200 || n[1] < 1 || n[1] > 12 || n[2] < 1 || n[2] > 31 {
		return time.Time{}
	}
	return time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.UTC)
}

// properties reads a list of MAPI properties: a count, then of each the type, the
// id, a name where the id is 0x8000 or more, and the value, padded to four bytes.
func (t *tnefReader) properties(s span) {
	p := &propReader{in: bufio.NewReader(t.section(s)), at: s.at}
	count := p.u32()
	for i := uint32(0); i < count && i < maxTNEFProperties && p.err == nil; i++ {
		t.property(p, s)
	}
	if count > maxTNEFProperties {
		t.r.archiveProblem(t.a, event.Limit, fmt.Sprintf("winmail.dat: only the first %d of %d properties read", maxTNEFProperties, count))
	}
	if p.err != nil && !errors.Is(p.err, errUnknownProperty) {
		t.damage(p.at, "properties are cut off")
	} else if p.err != nil {
		t.damage(p.at, p.err.Error())
	}
}

var errUnknownProperty = errors.New("property of an unknown type; the properties behind it are not read")

// propReader reads numbers and counts where it is; err stops it.
type propReader struct {
	in  *bufio.Reader
	at  int64
	err error
}

func (p *propReader) skip(n int64) {
	if p.err != nil {
		return
	}
	var got int64
	got, p.err = io.CopyN(io.Discard, p.in, n)
	p.at += got
}

func (p *propReader) u32() uint32 {
	var b [4]byte
	if p.err == nil {
		_, p.err = io.ReadFull(p.in, b[:])
		p.at += 4
	}
	return binary.LittleEndian.Uint32(b[:])
}

func pad4(n int64) int64 { return (n + 3) &^ 3 }

func (t *tnefReader) property(p *propReader, in span) {
	tag := p.u32()
	kind, id := tag&0xFFFF, tag>>16
	if id >= 0x8000 {
		p.skip(16)
		if p.u32() == 1 {
			p.skip(pad4(int64(p.u32())))
		} else {
			p.skip(4)
		}
	}
	values, variable, size := uint32(1), false, int64(0)
	switch kind &^ 0x1000 {
	case 0x0002, 0x0003, 0x0004, 0x000A, 0x000B:
		size = 4
	case 0x0005, 0x0006, 0x0007, 0x0014, 0x0040:
		size = 8
	case 0x0048:
		size = 16
	case 0x001E, 0x001F, 0x000D, 0x0102:
		variable = true
	case 0x0001:
	default:
		if p.err == nil {
			p.err = errUnknownProperty
		}
		return
	}
	if variable || kind&0x1000 != 0 {
		values = p.u32()
	}
	for ; values > 0 && p.err == nil; values-- {
		if !variable {
			if size == 0 {
				return
			}
			p.skip(size)
			continue
		}
		n := int64(p.u32())
		if p.err != nil || n > in.at+in.size-p.at {
			p.err = io.ErrUnexpectedEOF
			return
		}
		t.value(id, kind&^0x1000, span{p.at, n})
		p.skip(pad4(n))
	}
}

// value takes a property of variable length.
func (t *tnefReader) value(id, kind uint32, s span) {
	page := t.page
	if kind == 0x001F {
		page = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	}
	switch {
	case id == propLongName && (kind == 0x001E || kind == 0x001F):
		t.name = t.short(s, page)
	case id == propBody && kind != 0x000D:
		t.text, t.wide = &s, kind == 0x001F
	case id == propHTML && kind == 0x0102:
		t.html = &s
	case id == propRTF && kind == 0x0102:
		t.rtf = &s
	case id == propAttachData && kind == 0x000D && s.size > 16:
		t.inner = &span{s.at + 16, s.size - 16} // behind the id of an interface
	case id == propAttachData && kind == 0x0102 && t.data == nil:
		t.data = &s
	}
}

// body adds the text of the message, of which one form is enough.
func (t *tnefReader) body() {
	switch {
	case t.text != nil && t.text.size > 0:
		page := t.page
		if t.wide {
			page = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
		}
		t.take("body.txt", page.NewDecoder().Reader(t.section(*t.text)), t.date)
	case t.html != nil && t.html.size > 0:
		t.take("body.html", t.section(*t.html), t.date)
	case t.rtf != nil && t.rtf.size > 0:
		t.take("body.txt", rtfText(unpackRTF(t.section(*t.rtf))), t.date)
	}
}

// attachment adds the attachment at hand, if there is one, and reports whether
// the file may go on.
func (t *tnefReader) attachment() bool {
	if !t.begun {
		return true
	}
	name := strings.NewReplacer("/", "_", `\`, "_").Replace(orName(t.name, t.title))
	data, inner, date := t.data, t.inner, t.changed
	if date.IsZero() {
		date = t.date
	}
	t.begun, t.title, t.name, t.data, t.inner, t.changed = false, "", "", nil, nil, time.Time{}
	switch {
	case inner != nil:
		return t.take(orName(name, "message")+".dat", t.section(*inner), date)
	case data == nil:
		return t.r.take(t.a, member{name: orName(name, "attachment"), modTime: date, kind: event.Unreadable, size: -1, reason: errors.New("attachment without content, as of one that is a link")})
	}
	return t.take(orName(name, "attachment"), t.section(*data), date)
}

func (t *tnefReader) take(name string, in io.Reader, date time.Time) bool {
	e := member{name: name, modTime: date, kind: event.Damage, size: -1}
	e.data, e.disk, e.reason = t.r.readAll(t.a, in, 0, t.a.size, t.r.limits.FileBytes)
	return t.r.take(t.a, e) && !t.r.ends(t.a, e.reason)
}
