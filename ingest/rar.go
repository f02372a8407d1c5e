package ingest

import (
	"errors"
	"fmt"
	"io"

	"github.com/nwaples/rardecode/v2"

	"debrief/event"
)

// expandRAR reads a RAR. The decoder is used directly, as archives.Rar cannot
// bound its dictionary, for which a small file may ask 4 GiB.
func (r *reader) expandRAR(a *archive) {
	taken, err := r.readRAR(a, r.opts.Password, 0)
	if errors.Is(err, rardecode.ErrBadPassword) {
		// The decoder ends there. What needs no password is read without.
		_, err = r.readRAR(a, "", taken)
	}
	switch {
	case errors.Is(err, rardecode.ErrArchiveEncrypted), errors.Is(err, rardecode.ErrBadPassword):
		a.locked.list = true
	case err != nil:
		r.extractorProblem(a, formatRAR, err)
	}
}

// readRAR reads the members behind the first skip and returns how many it has
// seen with those.
func (r *reader) readRAR(a *archive, password string, skip int) (seen int, err error) {
	options := []rardecode.Option{rardecode.MaxDictionarySize(maxDictionary)}
	if password != "" {
		options = append(options, rardecode.Password(password))
	}
	g := r.newGuard()
	defer g.end()
	in, err := guarded(g, func() (*rardecode.Reader, error) { return rardecode.NewReader(g.input(a), options...) })
	if err != nil {
		return 0, err
	}
	content := g.reader(in)
	for r.ctx.Err() == nil {
		h, err := guarded(g, in.Next)
		if errors.Is(err, io.EOF) {
			return seen, nil
		}
		if err != nil {
			return seen, err
		}
		if seen++; seen <= skip || h.IsDir || r.special(a, h.Name, h.Mode()) {
			continue
		}
		m := r.rarMember(a, h, content, password)
		if !r.take(a, m) || r.ends(a, m.reason) {
			break
		}
	}
	return seen, nil
}

func (r *reader) rarMember(a *archive, h *rardecode.FileHeader, content io.Reader, password string) member {
	m := member{name: h.Name, modTime: h.ModificationTime.UTC(), kind: event.Damage, size: h.UnPackedSize}
	if h.ModificationTime.IsZero() {
		m.modTime = h.ModificationTime
	}
	if h.UnKnownSize {
		m.size = -1
	}
	if h.Encrypted && password == "" {
		m.reason = errLocked
		return m
	}
	m.data, m.disk, m.reason = r.readAll(a, content, max(0, m.size), min(h.PackedSize, a.size), r.limits.FileBytes)
	switch {
	case h.Encrypted && m.reason != nil && !isLimit(m.reason) && !errors.Is(m.reason, io.ErrUnexpectedEOF):
		// Older archives tell a wrong password only by what comes out.
		r.refund(a, m.got())
		m.disk.remove()
		m.data, m.disk, m.reason = nil, nil, errLocked
	case errors.Is(m.reason, rardecode.ErrBadFileChecksum):
		r.archiveProblem(a, event.Remark, fmt.Sprintf("checksum of member %s is wrong", quoteShort(m.name)))
		m.reason = nil
	}
	return m
}
