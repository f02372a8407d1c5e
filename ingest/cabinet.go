package ingest

import (
	"errors"
	"fmt"
	"path"

	"debrief/event"
	"debrief/ingest/cab"
)

var errStop = errors.New("stop")

// expandCAB reads a cabinet.
func (r *reader) expandCAB(a *archive) {
	r.expandCabinetAt(a, 0, len(a.data))
}

// expandCabinetAt reads the cabinet in that range of the archive.
func (r *reader) expandCabinetAt(a *archive, from, to int) bool {
	c, err := cab.Open(a.data[from:to])
	if err != nil {
		r.archiveProblem(a, event.Damage, err.Error())
		return true
	}
	problems, ok := r.walkCAB(a, c.Walk)
	for _, p := range append(c.Problems, problems...) {
		p.Pos.File = a.path
		p.Pos.Offset += int64(from)
		r.problem(a.path, p)
	}
	return ok
}

// walkCAB takes the members that walk, of a cabinet or a set, hands over. It
// reports whether the archive may go on. The members share the memory of their
// folder, so bytes are charged as folders unpack; members that claim the same
// bytes again are charged for what goes beyond.
func (r *reader) walkCAB(a *archive, walk func(cab.Spend, cab.Visit) ([]event.Problem, error)) (problems []event.Problem, ok bool) {
	handed := a.unpacked
	var limited error
	problems, err := walk(
		func(n int) error {
			err := r.charge(a, int64(n))
			if err != nil {
				limited = err
			}
			return err
		},
		func(m cab.Member, data []byte, reason error) error {
			kind := event.Damage
			if errors.Is(reason, cab.ErrUnsupported) {
				kind = event.Unreadable
			}
			if int64(len(data)) > r.limits.FileBytes {
				data = data[:r.limits.FileBytes:r.limits.FileBytes]
				reason = &limitError{fmt.Sprintf("limit of %s for one file reached", byteSize(r.limits.FileBytes))}
			}
			handed += int64(len(data))
			if handed > a.unpacked {
				if err := r.charge(a, handed-a.unpacked); err != nil {
					handed -= int64(len(data))
					data, reason, limited = nil, err, err
				}
			}
			if !r.take(a, member{name: m.Name, data: data, modTime: m.ModTime, reason: reason, kind: kind, size: m.Size}) {
				return errStop
			}
			return nil
		})
	if err != nil && !errors.Is(err, errStop) {
		r.archiveProblem(a, event.Damage, err.Error())
	}
	if limited != nil && r.ctx.Err() == nil {
		r.archiveProblem(a, event.Limit, fmt.Sprintf("not unpacked to its end: %v", limited))
	}
	return problems, err == nil && limited == nil
}

// placeInside looks for cabinets inside a file that is no archive itself, a
// self-extracting program for instance, and adds their members. It returns the
// file as it is to be kept beside them.
func (r *reader) placeInside(it item) item {
	a := newArchive(it)
	// The start decides, as the rest may be on disk.
	if !cab.Searchable(a.at(0, headBytes)) || a.index(0, "MSCF") < 0 {
		return it
	}
	held := r.held
	defer func() { r.held = held }()
	if !r.load(a) {
		return it
	}
	a.inside = cab.Find(a.data)
	if len(a.inside) == 0 {
		return it
	}
	if it.depth >= r.limits.Depth {
		r.tooDeep(it, "cabinet in a file")
		return it
	}
	r.waiting.count++ // room for the file beside what is in it
	opened := r.opens(formatCAB, a)
	r.waiting.count--
	if opened {
		it.path = r.claim(a.path, a.path, path.Base(a.path))
	}
	return it
}

// expandInside reads the cabinets that a file holds. One that is cut, or lies
// about its size, ends where the next starts, so that no byte is read twice.
func (r *reader) expandInside(a *archive) {
	for i, from := range a.inside {
		to := len(a.data)
		if i+1 < len(a.inside) {
			to = int(a.inside[i+1])
		}
		if !r.expandCabinetAt(a, int(from), to) {
			return
		}
	}
}
