package index

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"debrief/event"
)

// Options of an archive folder. The zero value is ready to use.
type Options struct {
	// Workers bounds the goroutines that pack and index; 0 = one a core.
	Workers int
}

// Archive is a Reader of an archive folder. Make it with OpenReader, or take it
// from DiskWriter.View.
type Archive struct {
	*store
	// borrowed is set for a view of a writer, which owns the files.
	borrowed bool
}

// OpenReader opens an archive to read. A writer may work on it at the same
// time. It returns ErrNotArchive where the folder holds none, ErrNewer where
// this debrief is too old for it; the caller closes it.
func OpenReader(dir string, _ Options) (*Archive, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("opening %q: %w: %w", dir, ErrNotArchive, err)
	}
	s, err := openStore(dir)
	if err != nil {
		return nil, err
	}
	return &Archive{store: s}, nil
}

// Close releases the files.
func (a *Archive) Close() error {
	if a.borrowed {
		return nil
	}
	return a.close()
}

// Refresh is Reader.Refresh. The journal is read whole: it is small beside
// what it speaks of.
func (a *Archive) Refresh() error {
	if a.borrowed {
		return nil // a writer's view has what the writer wrote
	}
	return a.load()
}

// Problems lists what was damaged in the journal; Verify looks at the rest.
func (a *Archive) Problems() []event.Problem {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return append(append([]event.Problem(nil), a.problems...), a.badParts...)
}

// Cases is Reader.Cases. Where a filter's file list cannot be read the case is
// not chosen.
func (a *Archive) Cases(f CaseFilter) []Case {
	out := []Case{}
	for _, e := range a.entries() {
		has := func(hash string) bool {
			files, err := a.Files(e.ID)
			return err == nil && holds(files, hash)
		}
		if f.match(&e.Case, has) {
			out = append(out, e.Case)
		}
	}
	return out
}

// Case is Reader.Case.
func (a *Archive) Case(id CaseID) (Case, error) {
	e, err := a.get(id)
	if err != nil {
		return Case{}, err
	}
	return e.Case, nil
}

// Resolve is Reader.Resolve.
func (a *Archive) Resolve(name string) (CaseID, error) { return resolve(a.Cases(CaseFilter{}), name) }

// Events is Reader.Events.
func (a *Archive) Events(id CaseID) ([]event.Event, error) {
	e, err := a.get(id)
	if err != nil {
		return nil, err
	}
	total := 0
	for i := range e.blocks {
		total += e.blocks[i].events
	}
	out := make([]event.Event, total)
	for i := range e.blocks {
		b, err := a.block(&e.blocks[i])
		if err == nil {
			err = b.fill(a.unpack)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the events of case %q: %w", id, err)
		}
		for j := range b.events {
			n := b.ordinals[j]
			if n < 0 || n >= len(out) {
				return nil, fmt.Errorf("reading the events of case %q: %w: %w", id, ErrDamaged, errCoding)
			}
			out[n] = b.events[j]
		}
	}
	return out, nil
}

func readSheet[T any](a *Archive, id CaseID, name string, kind byte) ([]T, error) {
	e, err := a.get(id)
	if err != nil {
		return nil, err
	}
	var out []T
	p, ok := e.sheets[name]
	if !ok {
		return nil, nil
	}
	if err := a.sheet(p, kind, &out); err != nil {
		return nil, fmt.Errorf("reading the %s of case %q: %w", name, id, err)
	}
	return out, nil
}

// Facts is Reader.Facts.
func (a *Archive) Facts(id CaseID) ([]event.Fact, error) {
	return readSheet[event.Fact](a, id, sheetFacts, segFacts)
}

// Coverage is Reader.Coverage.
func (a *Archive) Coverage(id CaseID) ([]event.Coverage, error) {
	return readSheet[event.Coverage](a, id, sheetCoverage, segCoverage)
}

// Findings is Reader.Findings.
func (a *Archive) Findings(id CaseID) ([]Finding, error) {
	return readSheet[Finding](a, id, sheetFindings, segFindings)
}

// Files is Reader.Files.
func (a *Archive) Files(id CaseID) ([]StoredFile, error) {
	return readSheet[StoredFile](a, id, sheetFiles, segFiles)
}

// Blob is Reader.Blob.
func (a *Archive) Blob(id CaseID, name string) ([]byte, error) {
	e, err := a.get(id)
	if err != nil {
		return nil, err
	}
	p, ok := e.blobs[name]
	if !ok {
		return nil, notFound("result", name)
	}
	return a.packed(p, segBlob)
}

// State is Reader.State.
func (a *Archive) State(name string) ([]byte, error) {
	a.mu.RLock()
	p, ok := a.state.states[name]
	a.mu.RUnlock()
	if !ok {
		return nil, notFound("state", name)
	}
	return a.packed(p, segState)
}

// Content is Reader.Content. Pieces are unpacked as they are read.
func (a *Archive) Content(hash string) (io.ReadCloser, error) {
	k, ok := parseKey(hash)
	if !ok {
		return nil, notFound("content", hash)
	}
	a.mu.RLock()
	c, ok := a.state.contents[k]
	a.mu.RUnlock()
	if !ok {
		return nil, notFound("content", hash)
	}
	return newContentReader(a.store, k, c), nil
}

// Stats is Reader.Stats.
func (a *Archive) Stats() Stats {
	a.mu.RLock()
	defer a.mu.RUnlock()
	st := Stats{Format: a.state.header.Format, Contents: len(a.state.contents), Parts: len(a.parts)}
	var live, stored int64
	for _, e := range a.state.cases {
		st.Cases++
		st.Events += int64(e.Case.Events)
		st.RawBytes += e.RawBytes
		st.Blocks += len(e.blocks)
		live += e.bytes()
		stored += e.storedOf
		for i := range e.blocks {
			if _, ok := a.covers[e.blocks[i].id]; !ok {
				st.Unindexed++
			}
		}
	}
	for _, c := range a.state.contents {
		live += c.at.size
		stored -= c.raw
	}
	for _, p := range a.state.states {
		live += p.size
	}
	var segs int64
	for _, end := range a.state.ends {
		segs += end
	}
	st.SharedBytes = max(stored, 0)
	st.DeadBytes = max(segs-live, 0)
	st.StoreBytes = segs + a.end
	for _, p := range a.parts {
		st.IndexBytes += p.size
	}
	return st
}

// contentReader unpacks a content piece by piece and checks its hash at the end.
type contentReader struct {
	s     *store
	at    place // what is left
	left  int64
	piece bytes.Reader
	sum   *summer
}

func newContentReader(s *store, k contentKey, c contentInfo) *contentReader {
	return &contentReader{s: s, at: c.at, left: c.raw, sum: newSummer(k)}
}

func (r *contentReader) Read(p []byte) (int, error) {
	for r.piece.Len() == 0 {
		if r.left <= 0 {
			return 0, r.sum.end()
		}
		raw, size, err := r.s.contentPiece(r.at)
		if err != nil {
			return 0, err
		}
		if len(raw) == 0 || int64(len(raw)) > r.left {
			return 0, fmt.Errorf("reading content %s: %w: %w", r.sum.want, ErrDamaged, errCoding)
		}
		r.left -= int64(len(raw))
		r.at.off += size
		r.at.size -= size
		r.sum.add(raw)
		r.piece.Reset(raw)
	}
	return r.piece.Read(p)
}

func (r *contentReader) Close() error { return nil }
