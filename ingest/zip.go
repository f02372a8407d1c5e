package ingest

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"debrief/event"
)

const (
	zipEndSize    = 22
	zipEndLongest = zipEndSize + 0xFFFF // with its comment
)

// hasZIPEnd reports whether a file that does not start like a ZIP is one with
// other bytes in front: it ends with an end record, a comment just as long as
// that says included, in front of which lies the directory that it describes.
func (r *reader) hasZIPEnd(data []byte, disk *spool) bool {
	src := source(data, disk)
	tail := data[max(0, len(data)-zipEndLongest):]
	if disk != nil {
		n, _ := src.ReadAt(r.tail, max(0, src.Size()-zipEndLongest))
		tail = r.tail[:n]
	}
	if len(tail) < zipEndSize {
		return false
	}
	last := -1 // found forwards, which is many times faster
	for i := 0; i >= 0; {
		if i = bytes.Index(tail[last+1:len(tail)-zipEndSize+len(zipEndRecord)], []byte(zipEndRecord)); i >= 0 {
			last += 1 + i
		}
	}
	if last < 0 {
		return false
	}
	b, at := tail[last:], src.Size()-int64(len(tail)-last)
	directory := int64(le.Uint32(b[12:]))
	if len(b) != zipEndSize+int(le.Uint16(b[20:])) || le.Uint16(b[10:]) == 0 || directory > at {
		return false
	}
	var magic [4]byte
	src.ReadAt(magic[:], at-directory)
	return string(magic[:]) == zipCentralHeader
}

// expandZIP reads a ZIP by its central directory; where that is broken, by the
// local headers in front of the members.
func (r *reader) expandZIP(a *archive) {
	z := &zipReader{r: r, a: a, done: map[int64]int64{}}
	dir, err := zip.NewReader(a.src, a.size)
	if errors.Is(err, zip.ErrInsecurePath) {
		err = nil
	}
	if err == nil {
		err = a.covers(dir)
	}
	if err != nil {
		r.archiveProblem(a, event.Damage, fmt.Sprintf("central directory cannot be read to its end (%v), going by the headers of the members", err))
		z.salvage()
		return
	}
	for _, f := range dir.File {
		if !z.listed(f) {
			return
		}
	}
	z.findAstray()
}

// covers checks that a directory is that of the whole archive: where the end is
// missing, the directory of a ZIP inside the ZIP may be found instead.
func (a *archive) covers(dir *zip.Reader) error {
	first, ok := a.parseLocal(0)
	if !ok || string(a.at(0, len(zipLocalHeader))) != zipLocalHeader {
		return nil
	}
	for _, f := range dir.File {
		if at, err := f.DataOffset(); err != nil || at == first.data {
			return nil
		}
	}
	return errors.New("it does not list the first member")
}

// zipReader is the reading of one ZIP.
type zipReader struct {
	r *reader
	a *archive
	// done holds what needs no second reading: where the data of a member
	// starts, and where it ends.
	done map[int64]int64
	// astray are members whose place in the directory has no header.
	astray []zipEntry
}

// listed reads a member that the central directory lists, and reports whether
// the archive may go on.
func (z *zipReader) listed(f *zip.File) bool {
	e := zipEntry{
		name: f.Name, flags: f.Flags, method: f.Method, crc: f.CRC32, clock: f.ModifiedTime,
		packed: f.CompressedSize64, size: f.UncompressedSize64, modTime: f.Modified.UTC(),
	}
	if f.Modified.IsZero() {
		e.modTime = f.Modified
	}
	e.findAES(f.Extra)
	if f.Mode().IsDir() || strings.HasSuffix(f.Name, `\`) && e.size == 0 {
		if at, err := f.DataOffset(); err == nil {
			z.done[at] = at
		}
		return true
	}
	var err error
	if e.data, err = f.DataOffset(); err != nil {
		z.astray = append(z.astray, e)
		return true
	}
	// Archives of standard input have a pipe with content.
	if !f.Mode().IsRegular() && (e.size == 0 || f.Mode()&fs.ModeSymlink != 0) {
		z.special(e, f.Mode())
		return true
	}
	m, used := z.bestOf(e)
	z.done[e.data] = e.data + used
	return z.r.take(z.a, m) && !z.r.ends(z.a, m.reason)
}

// special says that a link or device is not followed.
func (z *zipReader) special(e zipEntry, mode fs.FileMode) {
	z.done[e.data] = e.data
	target := ""
	if mode&fs.ModeSymlink != 0 && e.flags&zipEncrypted == 0 {
		e.most = 4096
		m, _ := z.read(e)
		target = string(m.data)
		m.disk.remove()
	}
	z.r.skipSpecial(z.a, zipName(e.name), mode, target)
}

// bestOf reads a member as the central directory says, and where that does not
// come out sound, as its own header says.
func (z *zipReader) bestOf(e zipEntry) (m member, used int64) {
	m, result := z.read(e)
	if result.sound {
		if m.size != m.got() {
			z.r.archiveProblem(z.a, event.Remark, fmt.Sprintf("size of member %s is wrong in the central directory", quoteShort(m.name)))
		}
		return m, result.used
	}
	if local, ok := z.a.localAt(e.data, len(e.name)); ok && !result.final && !local.agrees(e) {
		if local.crc == 0 {
			local.crc = e.crc
		}
		again, second := z.read(local)
		if second.sound {
			z.r.refund(z.a, m.got())
			m.disk.remove()
			z.r.archiveProblem(z.a, event.Remark, fmt.Sprintf("central directory is wrong about member %s, read by its own header", quoteShort(m.name)))
			again.name, again.modTime = m.name, m.modTime
			return again, second.used
		}
		z.r.refund(z.a, again.got())
		again.disk.remove()
	}
	if result.wrongCRC {
		z.r.archiveProblem(z.a, event.Remark, fmt.Sprintf("CRC of member %s is wrong", quoteShort(m.name)))
	}
	return m, result.used
}

// findAstray looks for members that are not where the directory says.
func (z *zipReader) findAstray() {
	if len(z.astray) == 0 {
		return
	}
	z.r.archiveProblem(z.a, event.Remark, fmt.Sprintf("central directory is wrong about the place of %s, going by the headers of the members", event.Plural(len(z.astray), "member")))
	found := z.salvage()
	for _, e := range z.astray {
		if found[e.name] > 0 {
			found[e.name]--
			continue
		}
		m := member{name: zipName(e.name), modTime: e.modTime, kind: event.Damage, size: e.declared(), reason: errors.New("its data is not in the archive")}
		if !z.r.take(z.a, m) {
			return
		}
	}
}

// zipName decodes a name that is not UTF-8 from the code page that DOS-born
// tools write.
func zipName(raw string) string {
	if utf8.ValidString(raw) {
		return raw
	}
	if s, err := charmap.CodePage437.NewDecoder().String(raw); err == nil {
		return s
	}
	return raw
}

// skipSpecial says that a link or device in an archive is not followed.
func (r *reader) skipSpecial(a *archive, raw string, mode fs.FileMode, target string) {
	text := "device or other special file, not read"
	if target != "" || mode&fs.ModeSymlink != 0 {
		text = "link not followed, its target is " + quoteShort(target)
	}
	name, _ := cleanName(raw, r.limits.NameBytes)
	r.problem(a.path, event.Problem{Pos: event.Pos{File: a.path + "/" + name}, Kind: event.Remark, Text: text})
}
