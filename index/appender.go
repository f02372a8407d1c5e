package index

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// segmentBytes is the size at which the next record begins a new segment.
const segmentBytes = 256 << 20

// appender writes frames behind the acknowledged end of the segments, and
// records behind that of the journal. Nothing of a change counts before its
// record is on the disk; what a failed change left behind is cut off again.
type appender struct {
	disk disk
	dir  string

	journal diskFile
	end     int64 // of the journal

	seg     diskFile // nil = the next frame begins a new segment
	segN    uint32
	segEnd  int64
	nextSeg uint32
	maxSeg  int64

	hold    bool   // what follows must stand in one segment
	buf     []byte // not yet written part of the segment
	start   int64  // segEnd when the change began
	fresh   []uint32
	broken  error
	touched map[uint32]int64
}

const appendBuffer = 1 << 20

// begin starts a change.
func (a *appender) begin() error {
	if a.broken != nil {
		return fmt.Errorf("%w: %w", ErrBroken, a.broken)
	}
	a.start, a.buf, a.fresh, a.hold = a.segEnd, a.buf[:0], nil, false
	a.touched = map[uint32]int64{}
	return nil
}

// frame appends a frame and says where it will stand.
func (a *appender) frame(kind byte, payload []byte) (place, error) {
	if len(payload) > maxFrame {
		return place{}, fmt.Errorf("a piece of %d bytes is too large to store", len(payload))
	}
	if a.seg == nil || !a.hold && a.segEnd+int64(len(a.buf)) >= a.maxSeg {
		if err := a.rotate(); err != nil {
			return place{}, err
		}
	}
	p := place{a.segN, a.segEnd + int64(len(a.buf)), int64(len(payload)) + frameHeader}
	a.buf = appendFrame(a.buf, kind, payload)
	if len(a.buf) >= appendBuffer {
		return p, a.flush()
	}
	return p, nil
}

// rotateFor begins a new segment if n more bytes make this one too large, so
// that what follows stands in one.
func (a *appender) rotateFor(n int64) error {
	if a.seg != nil && a.segEnd+int64(len(a.buf)) > 0 && a.segEnd+int64(len(a.buf))+n > a.maxSeg {
		return a.rotate()
	}
	return nil
}

// flush writes what is buffered.
func (a *appender) flush() error {
	if len(a.buf) == 0 {
		return nil
	}
	if _, err := a.seg.WriteAt(a.buf, a.segEnd); err != nil {
		return fmt.Errorf("writing %q: %w", segmentName(a.segN), err)
	}
	a.segEnd += int64(len(a.buf))
	a.touched[a.segN] = a.segEnd
	a.buf = a.buf[:0]
	return nil
}

// finishSegment makes the current segment's bytes survive.
func (a *appender) finishSegment() error {
	if a.seg == nil {
		return nil
	}
	if err := a.flush(); err != nil {
		return err
	}
	if a.touched[a.segN] == 0 {
		return nil
	}
	if err := a.seg.Sync(); err != nil {
		a.broken = err
		return fmt.Errorf("syncing %q: %w", segmentName(a.segN), err)
	}
	return nil
}

// rotate begins a new segment.
func (a *appender) rotate() error {
	if err := a.finishSegment(); err != nil {
		return err
	}
	n := a.nextSeg
	f, err := a.disk.open(segmentPath(a.dir, n))
	if err != nil {
		return fmt.Errorf("making segment %q: %w", segmentName(n), err)
	}
	a.fresh = append(a.fresh, n)
	if err := f.Truncate(0); err != nil {
		return errors.Join(fmt.Errorf("making segment %q: %w", segmentName(n), err), f.Close())
	}
	old := a.seg
	a.seg, a.segN, a.segEnd, a.nextSeg = f, n, 0, n+1
	if old != nil {
		if err := old.Close(); err != nil {
			return fmt.Errorf("closing a segment: %w", err)
		}
	}
	if err := a.disk.syncDir(filepath.Join(a.dir, segmentsDir)); err != nil {
		return fmt.Errorf("making segment %q: %w", segmentName(n), err)
	}
	return nil
}

// ends lists the segments of the change with their new ends.
func (a *appender) ends() []segEnd {
	var out []segEnd
	for n := range a.nextSeg {
		if end, ok := a.touched[n]; ok {
			out = append(out, segEnd{n, end})
		}
	}
	return out
}

// settle makes the segments' bytes survive; the record may be made then.
func (a *appender) settle() ([]segEnd, error) {
	if err := a.finishSegment(); err != nil {
		return nil, err
	}
	return a.ends(), nil
}

// commit acknowledges a change by its record.
func (a *appender) commit(kind byte, record any) ([]byte, error) {
	payload, err := json.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("writing the journal: %w", err)
	}
	frame := appendFrame(nil, kind, payload)
	if _, err := a.journal.WriteAt(frame, a.end); err != nil {
		return nil, fmt.Errorf("writing the journal: %w", err)
	}
	if err := a.journal.Sync(); err != nil {
		a.broken = err // whether the record is on the disk is not known
		return nil, fmt.Errorf("syncing the journal: %w", err)
	}
	a.end += int64(len(frame))
	return payload, nil
}

// undo takes back a change that failed before its record stood. Where that
// fails too the appender is broken: the archive is sound, but only opening it
// again tells where its end is.
func (a *appender) undo() {
	if a.broken != nil {
		return
	}
	a.buf = a.buf[:0]
	err := a.journal.Truncate(a.end)
	if len(a.fresh) > 0 {
		// What the change wrote lies in segments that nobody speaks of, and
		// perhaps behind the end of the one before: opening cuts that off.
		if a.seg != nil {
			err = errors.Join(err, a.seg.Close())
			a.seg = nil
		}
		for _, n := range a.fresh {
			if e := a.disk.remove(segmentPath(a.dir, n)); e != nil && !os.IsNotExist(e) {
				err = errors.Join(err, e)
			}
		}
	} else if a.seg != nil {
		a.segEnd = a.start
		err = errors.Join(err, a.seg.Truncate(a.start))
	}
	a.broken = err
}

func (a *appender) close() error {
	var errs []error
	if a.seg != nil {
		errs = append(errs, a.seg.Close())
	}
	return errors.Join(append(errs, a.journal.Close())...)
}
