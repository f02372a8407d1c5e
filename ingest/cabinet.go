package ingest

import (
	"errors"
	"fmt"

	"debrief/event"
	"debrief/ingest/cab"
)

var errStop = errors.New("stop")

// expandCAB reads a cabinet. Its members share the memory of their folder, so
// bytes are charged as folders unpack; members that claim the same bytes again
// are charged for what goes beyond.
func (r *reader) expandCAB(a *archive) {
	c, err := cab.Open(a.data)
	if err != nil {
		r.archiveProblem(a, event.Damage, err.Error())
		return
	}
	handed := int64(0)
	var limited error
	problems, err := c.Walk(
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
	for _, p := range append(c.Problems, problems...) {
		p.Pos.File = a.path
		r.problem(a.path, p)
	}
	if limited != nil && r.ctx.Err() == nil {
		r.archiveProblem(a, event.Limit, fmt.Sprintf("not unpacked to its end: %v", limited))
	}
}
