package index

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

// compaction copies what is in use into new segments and a new journal. Until
// swap the old ones are untouched.
type compaction struct {
	w    *DiskWriter
	app  *appender
	path string // of the new journal
	kept map[contentKey]bool
	head headerRecord
}

func newCompaction(w *DiskWriter) (*compaction, error) {
	c := &compaction{w: w, path: filepath.Join(w.app.dir, journalName+".new"), kept: map[contentKey]bool{}, head: w.store.state.header}
	c.head.Format, c.head.Generation, c.head.NextBlock = FormatVersion, c.head.Generation+1, w.nextBlock
	c.head.NextSeg = w.app.nextSeg
	journal, err := w.app.disk.open(c.path)
	if err != nil {
		return nil, err
	}
	if err := journal.Truncate(0); err != nil {
		return nil, errors.Join(err, journal.Close())
	}
	c.app = &appender{disk: w.app.disk, dir: w.app.dir, journal: journal, nextSeg: w.app.nextSeg, maxSeg: w.app.maxSeg}
	return c, c.app.begin()
}

func (c *compaction) run(ctx context.Context, progress func(done, total int64)) error {
	head, err := headOf(c.head)
	if err != nil {
		return err
	}
	if err := c.write(head); err != nil {
		return err
	}
	st := (&Archive{store: c.w.store}).Stats()
	total, done := st.StoreBytes-st.DeadBytes, int64(0)
	list := c.w.store.entries()
	slices.Reverse(list) // the oldest first, as they came
	for _, e := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		before := c.app.segEnd
		if err := c.entry(e); err != nil {
			return fmt.Errorf("case %s: %w", e.ID, err)
		}
		done += max(c.app.segEnd-before, 0)
		if progress != nil {
			progress(min(done, total), total)
		}
	}
	states := c.w.store.state.states
	names := make([]string, 0, len(states))
	for name := range states {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		p, err := c.frame(states[name], segState)
		if err != nil {
			return err
		}
		if err := c.record(recState, func(ends []segEnd) any { return blobRecord{Name: name, At: &p, Ends: ends} }); err != nil {
			return err
		}
	}
	if err := c.app.finishSegment(); err != nil {
		return err
	}
	return c.app.journal.Sync()
}

// frame copies one frame.
func (c *compaction) frame(p place, kind byte) (place, error) {
	b, err := c.w.store.frame(p, kind)
	if err != nil {
		return place{}, err
	}
	return c.app.frame(kind, b)
}

func (c *compaction) entry(e *entry) error {
	r := caseRecord{Case: e.Case, Sheets: map[string]place{}, Blobs: map[string]place{}, StoredOf: e.storedOf}
	var files []StoredFile
	if p, ok := e.sheets[sheetFiles]; ok {
		if err := c.w.store.sheet(p, segFiles, &files); err != nil {
			return err
		}
	}
	for _, f := range files {
		k, ok := parseKey(f.Hash)
		info, known := c.w.store.state.contents[k]
		if !ok || !known || c.kept[k] {
			continue
		}
		at, err := c.content(info)
		if err != nil {
			return fmt.Errorf("the content of %q: %w", f.Path, err)
		}
		c.kept[k] = true
		r.Contents = appendContent(r.Contents, k, contentInfo{at, info.raw})
	}
	for i := range e.blocks {
		b := e.blocks[i]
		at, err := c.frame(b.at, segBlock)
		if err != nil {
			return err
		}
		b.at = at
		r.Blocks = appendBlockInfo(r.Blocks, &b)
	}
	kinds := map[string]byte{sheetFiles: segFiles, sheetFacts: segFacts, sheetCoverage: segCoverage, sheetFindings: segFindings}
	for _, name := range []string{sheetFiles, sheetFacts, sheetCoverage, sheetFindings} {
		p, ok := e.sheets[name]
		if !ok {
			continue
		}
		at, err := c.frame(p, kinds[name])
		if err != nil {
			return err
		}
		r.Sheets[name] = at
	}
	names := make([]string, 0, len(e.blobs))
	for name := range e.blobs {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		at, err := c.frame(e.blobs[name], segBlob)
		if err != nil {
			return err
		}
		r.Blobs[name] = at
	}
	return c.record(recCase, func(ends []segEnd) any { r.Ends = ends; return &r })
}

// content copies the frames of a content, one behind the other.
func (c *compaction) content(info contentInfo) (place, error) {
	if err := c.app.rotateFor(info.at.size); err != nil {
		return place{}, err
	}
	defer func() { c.app.hold = false }()
	var at place
	for left := info.at; left.size > 0; {
		_, size, err := c.w.store.contentPiece(left)
		if err != nil {
			return at, err
		}
		p, err := c.frame(place{left.seg, left.off, size}, segContent)
		if err != nil {
			return at, err
		}
		if at.size == 0 {
			at, c.app.hold = place{p.seg, p.off, 0}, true
		}
		at.size += size
		left.off += size
		left.size -= size
	}
	return at, nil
}

// record writes a record without syncing: nothing counts before swap.
func (c *compaction) record(kind byte, with func([]segEnd) any) error {
	if err := c.app.flush(); err != nil {
		return err
	}
	payload, err := json.Marshal(with(c.app.ends()))
	if err != nil {
		return err
	}
	c.app.touched = map[uint32]int64{}
	if c.app.seg != nil {
		c.app.touched[c.app.segN] = c.app.segEnd // still to be synced
	}
	return c.write(appendFrame(nil, kind, payload))
}

func (c *compaction) write(frame []byte) error {
	if _, err := c.app.journal.WriteAt(frame, c.app.end); err != nil {
		return err
	}
	c.app.end += int64(len(frame))
	return nil
}

// abandon takes back what was written.
func (c *compaction) abandon() error {
	err := c.app.close()
	for _, n := range c.app.fresh {
		err = errors.Join(err, c.app.disk.remove(segmentPath(c.app.dir, n)))
	}
	c.w.app.nextSeg = c.app.nextSeg
	return errors.Join(err, c.app.disk.remove(c.path))
}

// swap puts the new journal in the place of the old one, and takes away the
// segments that it does not speak of.
func (c *compaction) swap() error {
	w, d := c.w, c.app.disk
	old := w.store.state.ends
	path := filepath.Join(w.app.dir, journalName)
	// Windows renames neither over an open file nor an open file.
	if err := errors.Join(w.app.journal.Close(), c.app.journal.Close()); err != nil {
		w.app.broken = err
		return err
	}
	var err error
	for try := range 20 {
		if err = d.rename(c.path, path); err == nil {
			break
		}
		time.Sleep(time.Duration(try) * 10 * time.Millisecond) // a reader is just reading it
	}
	if err == nil {
		err = d.syncDir(w.app.dir)
	}
	var journal diskFile
	if err == nil {
		journal, err = d.open(path)
	}
	if err != nil {
		w.app.broken = err
		return err
	}
	if w.app.seg != nil {
		err = w.app.seg.Close()
	}
	c.app.journal = journal
	w.app = c.app
	if err := errors.Join(err, w.store.load()); err != nil {
		return err
	}
	for n := range old {
		if _, used := w.store.state.ends[n]; !used {
			w.store.closeSegment(n)
			// One that a reader on Windows holds goes with the next writer.
			_ = d.remove(segmentPath(w.app.dir, n))
		}
	}
	return nil
}
