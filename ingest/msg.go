package ingest

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"

	"debrief/event"
)

// A message of Outlook ([MS-OXMSG]) is a compound file. A property with a value
// of any length is a stream whose name ends with the property's id and type,
// 001F for UTF-16, 001E for the code page of the message, 0102 for bytes; the
// others are in one stream of records. Attachments and messages attached are
// storages:
//
//	__properties_version1.0                    records of 16 bytes
//	__substg1.0_1000001F                       text
//	__substg1.0_10130102                       the same as HTML
//	__substg1.0_10090102                       the same as packed RTF, read where it is the only one
//	__attach_version1.0_#00000000/
//	    __substg1.0_3707001F                   name, 3704 = as 8.3
//	    __substg1.0_37010102                   content
//	    __substg1.0_3701000D/                  or: a message attached

const (
	msgProperties = "__properties_version1.0"
	msgStream     = "__substg1.0_"
	msgAttachment = "__attach_version1.0_"

	msgText, msgHTML, msgRTF           = "1000", "1013", "1009"
	msgSubject                         = "0037"
	msgName, msgShortName, msgShowName = "3707", "3704", "3001"
	msgData                            = "3701"

	// records of the properties stream: type in the low half of the tag
	tagDelivered   = 0x0E060040
	tagModified    = 0x30080040
	tagCodePage    = 0x3FFD0003
	tagInternetSet = 0x3FDE0003

	maxMsgProperties = 1 << 20
	maxMsgName       = 4 << 10
)

// isMessage reports whether a compound file is a message of Outlook. Where it
// is too damaged to tell, the names that a message has decide, so that the
// damage is said.
func isMessage(data []byte, disk *spool) bool {
	src := source(data, disk)
	f, err := openCompound(src)
	if err == nil && slices.ContainsFunc(f.root.children, func(c *cfbEntry) bool {
		return c.name == msgProperties || strings.HasPrefix(c.name, msgStream) || strings.HasPrefix(c.name, msgAttachment)
	}) {
		return true
	}
	if err == nil && f.damage == nil {
		return false
	}
	a := &archive{data: data, src: src, size: src.Size()}
	name, _ := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().String(msgStream)
	return errors.Is(err, errCFBCut) || a.index(0, name) >= 0
}

// expandMSG reads a message.
func (r *reader) expandMSG(a *archive) {
	f, err := openCompound(a.src)
	if err != nil {
		r.archiveProblem(a, event.Damage, fmt.Sprintf("compound file: %v", err))
		return
	}
	if f.damage != nil {
		r.archiveProblem(a, event.Damage, fmt.Sprintf("compound file: %v", f.damage))
	}
	m := &msgReader{r: r, a: a, f: f}
	m.message(f.root, "", 0, 32)
}

// msgReader is the reading of one compound file.
type msgReader struct {
	r *reader
	a *archive
	f *compound
}

// message reads a message, whose members get prefix in front of their names,
// and reports whether the file may go on. The records of its properties start
// behind a header of that length.
func (m *msgReader) message(dir *cfbEntry, prefix string, level, header int) bool {
	props := m.properties(dir, header)
	page := codePage(props)
	date := fileTime(props[tagDelivered])
	if date.IsZero() {
		date = fileTime(props[tagModified])
	}
	if !m.body(dir, prefix, page, date) {
		return false
	}
	for _, c := range dir.children {
		if c.storage && strings.HasPrefix(c.name, msgAttachment) && !m.attachment(c, prefix, page, date, level) {
			return false
		}
	}
	return true
}

// body reads the text of a message.
func (m *msgReader) body(dir *cfbEntry, prefix string, page encoding.Encoding, date time.Time) bool {
	found := false
	for _, b := range []struct{ id, name string }{{msgText, "body.txt"}, {msgHTML, "body.html"}} {
		e, kind := m.stream(dir, b.id)
		if e == nil || e.size == 0 {
			continue
		}
		found = true
		in := m.f.open(e)
		if b.id == msgText || kind != "0102" {
			in = decoded(in, kind, page)
		}
		if !m.take(prefix+b.name, in, -1, date) {
			return false
		}
	}
	if e, _ := m.stream(dir, msgRTF); !found && e != nil && e.size > 0 {
		return m.take(prefix+"body.txt", rtfText(unpackRTF(m.f.open(e))), -1, date)
	}
	return true
}

// attachment reads one attachment.
func (m *msgReader) attachment(dir *cfbEntry, prefix string, page encoding.Encoding, date time.Time, level int) bool {
	props := m.properties(dir, 8)
	if t := fileTime(props[tagModified]); !t.IsZero() {
		date = t
	}
	name := ""
	for _, id := range []string{msgName, msgShortName, msgShowName} {
		if name = m.text(dir, id, page); name != "" {
			break
		}
	}
	name = strings.NewReplacer("/", "_", `\`, "_").Replace(name)
	e, kind := m.stream(dir, msgData)
	switch {
	case e == nil:
		return m.r.take(m.a, member{name: prefix + orName(name, "attachment"), modTime: date, kind: event.Unreadable, size: -1, reason: errors.New("attachment without content, as of one that is a link")})
	case kind != "000D":
		return m.take(prefix+orName(name, "attachment"), m.f.open(e), int64(min(e.size, 1<<62)), date)
	case e.find(msgProperties) == nil:
		return m.r.take(m.a, member{name: prefix + orName(name, "object"), modTime: date, kind: event.Unreadable, size: -1, reason: errors.New("object of another program, not read")})
	case m.a.depth+level >= m.r.limits.Depth:
		m.r.archiveProblem(m.a, event.Limit, fmt.Sprintf("message in a message not opened: more than %s inside each other", event.Plural(m.r.limits.Depth, "archive")))
		return true
	}
	if name == "" {
		if name = m.text(e, msgSubject, page); name != "" {
			name = cleanPart(strings.NewReplacer("/", "_", `\`, "_").Replace(name))
		}
		name = orName(name, "message")
	}
	if !strings.EqualFold(extension(name), ".msg") {
		name += ".msg"
	}
	return m.message(e, prefix+name+"/", level+1, 24)
}

func orName(name, other string) string {
	if name == "" {
		return other
	}
	return name
}

func extension(name string) string {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name[i:]
	}
	return ""
}

// take reads a stream and adds it as a member.
func (m *msgReader) take(name string, in io.Reader, size int64, date time.Time) bool {
	e := member{name: name, modTime: date, kind: event.Damage, size: size}
	e.data, e.disk, e.reason = m.r.readAll(m.a, in, max(0, size), m.a.size, m.r.limits.FileBytes)
	return m.r.take(m.a, e) && !m.r.ends(m.a, e.reason)
}

// stream finds the property of that id, of whatever type.
func (m *msgReader) stream(dir *cfbEntry, id string) (e *cfbEntry, kind string) {
	for _, c := range dir.children {
		rest, ok := strings.CutPrefix(c.name, msgStream)
		if ok && len(rest) == 8 && rest[:4] == id && c.storage == (rest[4:] == "000D") {
			return c, rest[4:]
		}
	}
	return nil, ""
}

// text reads a short property.
func (m *msgReader) text(dir *cfbEntry, id string, page encoding.Encoding) string {
	e, kind := m.stream(dir, id)
	if e == nil || e.storage {
		return ""
	}
	b, err := io.ReadAll(io.LimitReader(decoded(m.f.open(e), kind, page), maxMsgName))
	if err != nil {
		m.r.archiveProblem(m.a, event.Damage, fmt.Sprintf("property %s: %v", id, err))
	}
	return strings.Trim(string(b), "\x00")
}

// decoded turns text into UTF-8.
func decoded(in io.Reader, kind string, page encoding.Encoding) io.Reader {
	if kind == "001F" {
		page = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	}
	return page.NewDecoder().Reader(in)
}

// properties reads the records of fixed length.
func (m *msgReader) properties(dir *cfbEntry, header int) map[uint32]uint64 {
	values := map[uint32]uint64{}
	e := dir.find(msgProperties)
	if e == nil || e.storage {
		return values
	}
	b, err := io.ReadAll(io.LimitReader(m.f.open(e), maxMsgProperties))
	if err != nil {
		m.r.archiveProblem(m.a, event.Damage, fmt.Sprintf("properties: %v", err))
	}
	for b = b[min(header, len(b)):]; len(b) >= 16; b = b[16:] {
		switch tag := le.Uint32(b); tag {
		case tagDelivered, tagModified, tagCodePage, tagInternetSet:
			values[tag] = le.Uint64(b[8:])
		}
	}
	return values
}

// codePage returns the encoding of text of type 001E.
func codePage(props map[uint32]uint64) encoding.Encoding {
	for _, tag := range []uint32{tagCodePage, tagInternetSet} {
		page := uint32(props[tag])
		name := fmt.Sprintf("windows-%d", page)
		switch page {
		case 65001, 20127:
			name = "utf-8"
		case 932:
			name = "shift_jis"
		case 936:
			name = "gbk"
		case 949:
			name = "euc-kr"
		case 950:
			name = "big5"
		}
		if e, err := htmlindex.Get(name); err == nil {
			return e
		}
	}
	e, _ := htmlindex.Get("windows-1252")
	return e
}
