package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/zip"
	"github.com/mholt/archives"
	"golang.org/x/text/encoding/charmap"

	"debrief/event"
)

const (
	zipStored    = 0
	zipDeflated  = 8
	zipEncrypted = 1 // flag
)

var errPassword = errors.New("encrypted; debrief does not decrypt ZIP")

// zipKey tells the members of one ZIP apart when it is read a second time.
type zipKey struct {
	name string
	crc  uint32
	size uint64
}

// expandZIP reads a ZIP by its central directory; where that is broken, by the
// local headers in front of the members.
func (r *reader) expandZIP(a *archive) {
	seen := map[zipKey]bool{}
	err := archives.Zip{}.Extract(r.ctx, bytes.NewReader(a.data), func(_ context.Context, f archives.FileInfo) error {
		h, ok := f.Header.(zip.FileHeader)
		if !ok {
			return fmt.Errorf("header of type %T", f.Header)
		}
		seen[zipKey{h.Name, h.CRC32, h.UncompressedSize64}] = true
		if f.IsDir() {
			return nil
		}
		if !f.Mode().IsRegular() {
			r.skipSpecial(a, f)
			return nil
		}
		if m := r.zipMember(a, &h, f); !r.take(a, m) || r.ends(a, m.reason) {
			return fs.SkipAll
		}
		return nil
	})
	if err == nil || r.ctx.Err() != nil {
		return
	}
	r.archiveProblem(a, event.Damage, fmt.Sprintf("central directory cannot be read to its end (%v), going by the headers of the members", err))
	r.salvageZIP(a, seen)
}

// zipMember reads one member that the central directory lists.
func (r *reader) zipMember(a *archive, h *zip.FileHeader, f archives.FileInfo) member {
	m := member{name: zipName(h.Name), modTime: h.Modified.UTC(), size: int64(min(h.UncompressedSize64, 1<<62))}
	if h.Modified.IsZero() {
		m.modTime = time.Time{}
	}
	if m.kind, m.reason = zipReadable(h.Flags, h.Method); m.reason != nil {
		return m
	}
	in, err := f.Open()
	if err != nil {
		m.reason = err
		return m
	}
	defer in.Close()
	packed := min(h.CompressedSize64, uint64(len(a.data)))
	if m.reason = a.work(int64(packed)); m.reason != nil {
		return m
	}
	m.data, m.reason = r.readAll(a, in, m.size, int64(packed), r.limits.FileBytes)
	if errors.Is(m.reason, zip.ErrChecksum) {
		r.archiveProblem(a, event.Remark, fmt.Sprintf("CRC of member %s is wrong", quoteShort(m.name)))
		m.reason = nil
	}
	return m
}

// zipReadable says why a member cannot be decoded at all.
func zipReadable(flags, method uint16) (event.ProblemKind, error) {
	switch {
	case flags&zipEncrypted != 0:
		return event.Unreadable, errPassword
	case method != zipStored && method != zipDeflated:
		return event.Unreadable, fmt.Errorf("compression method %d not supported", method)
	}
	return event.Damage, nil
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
func (r *reader) skipSpecial(a *archive, f archives.FileInfo) {
	text := "device or other special file, not read"
	if f.LinkTarget != "" || f.Mode()&fs.ModeSymlink != 0 {
		text = "link not followed, its target is " + quoteShort(f.LinkTarget)
	}
	name, _ := cleanName(f.NameInArchive, r.limits.NameBytes)
	r.problem(a.path, event.Problem{Pos: event.Pos{File: a.path + "/" + name}, Kind: event.Remark, Text: text})
}

// readMember reads a regular member that an archives.Extractor hands over.
func (r *reader) readMember(a *archive, f archives.FileInfo, packed int64) member {
	m := member{name: f.NameInArchive, modTime: f.ModTime().UTC(), kind: event.Damage, size: f.Size()}
	if f.ModTime().IsZero() || f.ModTime().Unix() == 0 {
		m.modTime = time.Time{}
	}
	in, err := f.Open()
	if err != nil {
		m.reason = err
		return m
	}
	defer in.Close()
	m.data, m.reason = r.readAll(a, in, m.size, packed, r.limits.FileBytes)
	return m
}
