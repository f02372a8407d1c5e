package index

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/gofrs/flock"

	"debrief/event"
)

// DiskWriter is the Writer of an archive folder. One process writes at a time.
type DiskWriter struct {
	mu    sync.Mutex
	lock  *flock.Flock
	store *store
	app   *appender
	pack  *packer
	idx   *indexer
	opts  Options
	// next ids are not given out twice, even where a change fails.
	nextBlock uint64
	closed    bool
}

// Create makes an empty archive in a folder, which must not exist or be empty.
func Create(dir string, _ Options) error {
	if list, err := os.ReadDir(dir); err == nil && len(list) > 0 {
		for _, e := range list {
			if e.Name() == journalName {
				return fmt.Errorf("making an archive in %q: there is one already", dir)
			}
		}
		return fmt.Errorf("making an archive in %q: the folder is not empty", dir)
	}
	return createOn(realDisk{}, dir)
}

func createOn(d disk, dir string) error {
	for _, p := range []string{dir, filepath.Join(dir, segmentsDir), filepath.Join(dir, indexDir)} {
		if err := d.mkdir(p); err != nil {
			return fmt.Errorf("making an archive in %q: %w", dir, err)
		}
	}
	head, err := json.Marshal(headerRecord{Format: FormatVersion, Generation: 1, NextBlock: 1, NextSeg: 1})
	if err == nil {
		err = replaceFile(d, filepath.Join(dir, journalName), appendFrame(nil, recHeader, head))
	}
	if err != nil {
		return fmt.Errorf("making an archive in %q: %w", dir, err)
	}
	return nil
}

// OpenWriter opens an archive to change it. It returns ErrLocked where another
// process does so, ErrNotArchive, ErrNewer. What an interrupted writer left
// unacknowledged is cut off, and what the index lacks is added by Close.
func OpenWriter(dir string, o Options) (*DiskWriter, error) { return openWriterOn(realDisk{}, dir, o) }

func openWriterOn(d disk, dir string, o Options) (*DiskWriter, error) {
	if _, err := os.Stat(filepath.Join(dir, journalName)); err != nil {
		return nil, fmt.Errorf("opening %q: %w", dir, ErrNotArchive)
	}
	lock, err := takeLock(dir)
	if err != nil {
		return nil, err
	}
	w := &DiskWriter{lock: lock, opts: o}
	if err := w.open(d, dir); err != nil {
		return nil, errors.Join(err, w.release())
	}
	return w, nil
}

// takeLock locks the archive against other writers. The lock is the operating
// system's and goes with the process.
func takeLock(dir string) (*flock.Flock, error) {
	lock := flock.New(filepath.Join(dir, lockName))
	got, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking %q: %w", dir, err)
	}
	owner := filepath.Join(dir, ownerName)
	if !got {
		who := ""
		if b, err := os.ReadFile(owner); err == nil && len(b) < 100 {
			who = " (" + strings.TrimSpace(string(b)) + ")"
		}
		return nil, fmt.Errorf("opening %q: %w%s; try again when it is done", dir, ErrLocked, who)
	}
	// Only for the message above; that it cannot be written is no reason to stop.
	_ = os.WriteFile(owner, fmt.Appendf(nil, "process %d\n", os.Getpid()), 0o600)
	return lock, nil
}

func (w *DiskWriter) release() error {
	_ = os.Remove(filepath.Join(filepath.Dir(w.lock.Path()), ownerName))
	return w.lock.Unlock()
}

func (w *DiskWriter) open(d disk, dir string) error {
	r, err := readJournal(dir)
	if err != nil {
		return err
	}
	journal, err := d.open(filepath.Join(dir, journalName))
	if err != nil {
		return fmt.Errorf("opening the journal: %w", err)
	}
	w.app = &appender{disk: d, dir: dir, journal: journal, end: r.end, nextSeg: r.state.header.NextSeg, maxSeg: segmentBytes}
	if err := w.recover(d, dir, r); err != nil {
		return errors.Join(err, journal.Close())
	}
	s, err := openStore(dir)
	if err != nil {
		return errors.Join(err, w.app.close())
	}
	w.store = s
	w.nextBlock = s.state.header.NextBlock
	if w.pack, err = newPacker(); err != nil {
		return errors.Join(err, w.app.close(), s.close())
	}
	w.idx = newIndexer(s)
	if err := w.upgrade(); err != nil {
		return errors.Join(err, w.app.close(), s.close())
	}
	return nil
}

// upgrade makes an archive of an older format one of this: what was written then
// is read as it is, and what is written from now on an older debrief refuses.
func (w *DiskWriter) upgrade() error {
	head := w.store.state.header
	if head.Format == FormatVersion {
		return nil
	}
	head.Format = FormatVersion
	if err := w.change(recHeader, func() (any, error) { return head, nil }); err != nil {
		return fmt.Errorf("upgrading the archive to format %d: %w", FormatVersion, err)
	}
	return nil
}

// recover cuts off what was never acknowledged.
func (w *DiskWriter) recover(d disk, dir string, r *replayed) error {
	if r.torn > 0 {
		if err := w.app.journal.Truncate(r.end); err != nil {
			return fmt.Errorf("cutting off an unfinished record: %w", err)
		}
	}
	var last uint32
	for n := range r.state.ends {
		last = max(last, n)
	}
	list, err := os.ReadDir(filepath.Join(dir, segmentsDir))
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("listing the segments: %w", err)
	}
	for _, e := range list {
		var n uint32
		if _, err := fmt.Sscanf(e.Name(), "%08d.seg", &n); err != nil || e.Name() != segmentName(n) {
			continue
		}
		w.app.nextSeg = max(w.app.nextSeg, n+1)
		if _, known := r.state.ends[n]; !known {
			// Of a change that was not acknowledged, or one that Compact could
			// not take away while a reader held it. Held still, it stays.
			_ = d.remove(segmentPath(dir, n))
		}
	}
	if last == 0 {
		return nil
	}
	f, err := d.open(segmentPath(dir, last))
	if err != nil {
		return fmt.Errorf("opening segment %q: %w", segmentName(last), err)
	}
	size, err := f.Size()
	end := r.state.ends[last]
	if err == nil && size > end {
		err = f.Truncate(end)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("cutting off what is unfinished in %q: %w", segmentName(last), err), f.Close())
	}
	if size < end || end >= segmentBytes {
		// Shorter than acknowledged is damage: nothing is added behind it.
		return f.Close()
	}
	w.app.seg, w.app.segN, w.app.segEnd = f, last, end
	return nil
}

// change runs one change under the writer's lock. make appends frames and
// returns the record; where anything fails nothing has happened.
func (w *DiskWriter) change(kind byte, make func() (any, error)) error {
	if w.closed {
		return errors.New("the archive is closed")
	}
	if err := w.app.begin(); err != nil {
		return err
	}
	record, err := make()
	if err != nil {
		w.app.undo()
		return err
	}
	payload, err := w.app.commit(kind, record)
	if err != nil {
		w.app.undo()
		return err
	}
	return w.store.acknowledge(kind, payload, w.app.end)
}

// acknowledge takes a record of the writer into what readers see.
func (s *store) acknowledge(kind byte, payload []byte, end int64) error {
	s.mu.Lock()
	err := s.state.apply(kind, payload)
	s.end = end
	st := s.state
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if kind == recCase || kind == recJudge || kind == recBlob || kind == recState {
		s.openSegments(st)
	}
	return nil
}

// sheet appends a packed frame, JSON but for facts.
func (w *DiskWriter) sheet(kind byte, v any) (place, error) {
	if facts, ok := v.([]event.Fact); ok {
		return w.app.frame(kind, w.pack.pack(nil, encodeFacts(facts)))
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return place{}, err
	}
	return w.app.frame(kind, w.pack.pack(nil, raw))
}

// Annotate is Writer.Annotate.
func (w *DiskWriter) Annotate(id CaseID, a Annotation) error {
	if err := a.check(); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	e, err := w.store.get(id)
	if err != nil {
		return err
	}
	return w.annotate(e, &a)
}

func (w *DiskWriter) annotate(e *entry, a *Annotation) error {
	c := e.Case
	c.annotate(a)
	return w.change(recAnnotate, func() (any, error) {
		return annotateRecord{ID: c.ID, Ticket: c.Ticket, Tags: c.Tags, Notes: c.Notes, Verdict: c.Verdict, Fix: c.Fix, Cause: c.Cause}, nil
	})
}

// Judge is Writer.Judge.
func (w *DiskWriter) Judge(id CaseID, j Judgement) error {
	j = j.bounded()
	w.mu.Lock()
	defer w.mu.Unlock()
	e, err := w.store.get(id)
	if err != nil {
		return err
	}
	c := e.Case
	c.judge(&j)
	return w.change(recJudge, func() (any, error) {
		r := judgeRecord{ID: id, Outcome: c.Outcome, Line: c.Line, Engine: c.Engine, RuleSet: c.RuleSet, Causes: c.Causes, Rules: c.Rules}
		var err error
		if r.Findings, err = w.sheet(segFindings, j.Findings); err == nil {
			r.Ends, err = w.app.settle()
		}
		return r, err
	})
}

// Confirm is Writer.Confirm.
func (w *DiskWriter) Confirm(ids []CaseID, engine, rules string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		if _, err := w.store.get(id); err != nil {
			return err
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return w.change(recConfirm, func() (any, error) { return confirmRecord{ids, engine, rules}, nil })
}

// PutBlob is Writer.PutBlob.
func (w *DiskWriter) PutBlob(id CaseID, name string, data []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.store.get(id); err != nil {
		return err
	}
	return w.putBlob(recBlob, segBlob, blobRecord{ID: id, Name: name}, data)
}

// PutState is Writer.PutState.
func (w *DiskWriter) PutState(name string, data []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.putBlob(recState, segState, blobRecord{Name: name}, data)
}

func (w *DiskWriter) putBlob(rec, seg byte, r blobRecord, data []byte) error {
	return w.change(rec, func() (any, error) {
		if data == nil {
			return r, nil
		}
		p, err := w.app.frame(seg, w.pack.pack(nil, data))
		if err != nil {
			return nil, err
		}
		r.At = &p
		r.Ends, err = w.app.settle()
		return r, err
	})
}

// Remove is Writer.Remove.
func (w *DiskWriter) Remove(id CaseID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.store.get(id); err != nil {
		return err
	}
	return w.change(recRemove, func() (any, error) { return removeRecord{id}, nil })
}

// View is Writer.View.
func (w *DiskWriter) View() Reader { return &Archive{store: w.store, borrowed: true} }

// Close indexes what is not indexed yet and releases the archive. What was
// acknowledged is safe without it.
func (w *DiskWriter) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	err := w.idx.finish()
	return errors.Join(err, w.app.close(), w.store.close(), w.release())
}

func (o Options) workers() int {
	if o.Workers > 0 {
		return o.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// Add is Writer.Add.
func (w *DiskWriter) Add(ctx context.Context, s *Submission) (CaseID, bool, error) {
	if err := s.check(); err != nil {
		return "", false, err
	}
	s = bounded(s)
	c := newCase(s)
	w.mu.Lock()
	defer w.mu.Unlock()
	old, err := w.store.get(c.ID)
	if err == nil && !s.Replace {
		return c.ID, false, w.addAgain(old, s)
	}
	if err == nil {
		c.keep(&old.Case)
	}
	var made *addition
	err = w.change(recCase, func() (any, error) {
		var err error
		made, err = w.add(ctx, s, c)
		if err != nil {
			return nil, err
		}
		return &made.record, nil
	})
	if err != nil {
		return "", false, fmt.Errorf("adding %q: %w", s.Name, err)
	}
	w.idx.add(made.docs)
	return c.ID, true, nil
}

func (w *DiskWriter) addAgain(old *entry, s *Submission) error {
	a := again(&old.Case, s)
	if a.Ticket == nil && !slices.ContainsFunc(a.AddTags, func(t string) bool { return t != "" && !slices.Contains(old.Tags, t) }) {
		return nil
	}
	return w.annotate(old, a)
}

// addition is a case on its way into the archive.
type addition struct {
	record caseRecord
	docs   []*document
}

func (w *DiskWriter) add(ctx context.Context, s *Submission, c Case) (*addition, error) {
	m := &addition{record: caseRecord{Sheets: map[string]place{}, Blobs: map[string]place{}}}
	files, err := w.addContents(ctx, s.Files, &m.record)
	if err != nil {
		return nil, err
	}
	if err := w.addBlocks(ctx, s, &c, m); err != nil {
		return nil, err
	}
	for _, sheet := range []struct {
		name string
		kind byte
		v    any
	}{
		{sheetFiles, segFiles, files}, {sheetFacts, segFacts, s.Facts}, {sheetCoverage, segCoverage, s.Coverage},
		{sheetFindings, segFindings, s.Judgement.Findings},
	} {
		if m.record.Sheets[sheet.name], err = w.sheet(sheet.kind, sheet.v); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Blobs)) {
		if m.record.Blobs[name], err = w.app.frame(segBlob, w.pack.pack(nil, s.Blobs[name])); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.record.Case = c
	m.record.Ends, err = w.app.settle()
	return m, err
}
