package ingest

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"debrief/event"
)

// expandTar reads a tar.
func (r *reader) expandTar(a *archive) {
	in := tar.NewReader(a.src)
	for r.ctx.Err() == nil {
		h, err := in.Next()
		if err == io.EOF {
			return
		}
		if err != nil && !(errors.Is(err, tar.ErrInsecurePath) && h != nil) {
			r.extractorProblem(a, formatTar, err)
			return
		}
		mode := h.FileInfo().Mode()
		switch {
		case mode.IsDir(), h.Typeflag == tar.TypeXGlobalHeader:
			continue
		case !mode.IsRegular(), h.Linkname != "":
			r.skipSpecial(a, h.Name, mode, h.Linkname)
			continue
		}
		m := member{name: h.Name, modTime: dated(h.ModTime), kind: event.Damage, size: h.Size}
		m.data, m.disk, m.reason = r.readAll(a, in, h.Size, a.size, r.limits.FileBytes)
		if !r.take(a, m) || r.ends(a, m.reason) {
			return
		}
	}
}

// dated returns t in UTC, and zero for what formats write for no date.
func dated(t time.Time) time.Time {
	if t.IsZero() || t.Unix() == 0 {
		return time.Time{}
	}
	return t.UTC()
}

// extractorProblem notes why an archive could not be read to its end.
func (r *reader) extractorProblem(a *archive, format format, err error) {
	if r.ctx.Err() != nil {
		return
	}
	kind := event.Damage
	if isLimit(err) {
		kind = event.Limit
	}
	r.archiveProblem(a, kind, fmt.Sprintf("%s archive not read to its end: %v", format, err))
}

// special reports whether a member is neither file nor folder, and says so.
func (r *reader) special(a *archive, name string, mode fs.FileMode) bool {
	if mode.IsRegular() {
		return false
	}
	r.skipSpecial(a, name, mode, "")
	return true
}
