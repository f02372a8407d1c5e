package index

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"debrief/event"
)

// Verified is what Verify looked at and found.
type Verified struct {
	Cases    int   `json:"cases"`
	Blocks   int   `json:"blocks"`
	Contents int   `json:"contents"`
	Parts    int   `json:"index_parts"`
	Bytes    int64 `json:"bytes"` // read
	// Problems name each damaged place, in the order of the archive. Remarks
	// concern the index, which is built anew from the rest.
	Problems []event.Problem `json:"problems"`
}

// Lost reports whether anything that was stored is damaged.
func (v *Verified) Lost() bool {
	return slices.ContainsFunc(v.Problems, func(p event.Problem) bool { return p.Kind.Lost() })
}

// Verify reads all of the archive and checks every checksum, and that what is
// inside has the form it should have. progress is told the bytes done and all
// there are; nil = nobody listens. An error means that the check itself ended.
func (a *Archive) Verify(ctx context.Context, progress func(done, total int64)) (*Verified, error) {
	v := &verifier{a: a, progress: progress, res: &Verified{Problems: a.Problems()}}
	st := a.Stats()
	v.total = st.StoreBytes + st.IndexBytes
	for _, e := range a.entries() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		v.entry(e)
	}
	if err := v.contents(ctx); err != nil {
		return nil, err
	}
	a.mu.RLock()
	states, parts := sortedPlaces(a.state.states), slices.Clone(a.parts)
	a.mu.RUnlock()
	for _, p := range states {
		v.packed("a value of the archive", p, segState)
	}
	for _, p := range parts {
		v.part(p)
	}
	return v.res, nil
}

type verifier struct {
	a        *Archive
	res      *Verified
	total    int64
	progress func(done, total int64)
}

func (v *verifier) read(n int64) {
	v.res.Bytes += n
	if v.progress != nil {
		v.progress(v.res.Bytes, v.total)
	}
}

func (v *verifier) damage(what string, p place, err error) {
	v.res.Problems = append(v.res.Problems, event.Problem{
		Pos:  event.Pos{File: segmentsDir + "/" + segmentName(p.seg), Offset: p.off},
		Kind: event.Damage, Text: what + ": " + err.Error(),
	})
}

func (v *verifier) entry(e *entry) {
	v.res.Cases++
	for i := range e.blocks {
		b := &e.blocks[i]
		v.res.Blocks++
		v.read(b.at.size)
		blk, err := v.a.block(b)
		if err == nil {
			err = blk.fill(v.a.unpack)
		}
		if err != nil {
			v.damage(fmt.Sprintf("%d events of case %s", b.events, e.ID), b.at, err)
		}
	}
	for _, s := range []struct {
		name string
		kind byte
		to   any
	}{
		{sheetFiles, segFiles, &[]StoredFile{}}, {sheetFacts, segFacts, &[]event.Fact{}},
		{sheetCoverage, segCoverage, &[]event.Coverage{}}, {sheetFindings, segFindings, &[]Finding{}},
	} {
		p, ok := e.sheets[s.name]
		if !ok {
			continue
		}
		v.read(p.size)
		if err := v.a.sheet(p, s.kind, s.to); err != nil {
			v.damage(fmt.Sprintf("the %s of case %s", s.name, e.ID), p, err)
			continue
		}
		if files, ok := s.to.(*[]StoredFile); ok {
			v.files(e, p, *files)
		}
	}
	for _, p := range sortedPlaces(e.blobs) {
		v.packed("a result of case "+string(e.ID), p, segBlob)
	}
}

// files checks that what a case says is stored has a place.
func (v *verifier) files(e *entry, at place, files []StoredFile) {
	v.a.mu.RLock()
	defer v.a.mu.RUnlock()
	for _, f := range files {
		k, ok := parseKey(f.Hash)
		if !f.Stored {
			continue
		}
		if _, known := v.a.state.contents[k]; !ok || !known {
			v.damage(fmt.Sprintf("the content of %q in case %s", f.Path, e.ID), at, fmt.Errorf("%w: it is not in the archive", ErrDamaged))
		}
	}
}

func (v *verifier) packed(what string, p place, kind byte) {
	v.read(p.size)
	if _, err := v.a.packed(p, kind); err != nil {
		v.damage(what, p, err)
	}
}

func (v *verifier) contents(ctx context.Context) error {
	for _, c := range v.a.sortedContents() {
		if err := ctx.Err(); err != nil {
			return err
		}
		v.res.Contents++
		v.read(c.info.at.size)
		r := newContentReader(v.a.store, c.key, c.info)
		if _, err := io.Copy(io.Discard, r); err != nil {
			v.damage("a stored file", c.info.at, err)
		}
	}
	return nil
}

func (v *verifier) part(p *part) {
	v.res.Parts++
	v.read(p.size)
	dir := filepath.Join(v.a.dir, indexDir)
	info, err := readPartInfo(filepath.Join(dir, p.name+infoExt))
	if err == nil {
		var sum string
		if _, sum, err = sumFile(filepath.Join(dir, p.name+partExt), false); err == nil && sum != info.Sum {
			err = fmt.Errorf("%w: wrong checksum", ErrDamaged)
		}
	}
	if err != nil {
		v.res.Problems = append(v.res.Problems, event.Problem{Pos: event.Pos{File: indexDir + "/" + p.name + partExt}, Kind: event.Damage,
			Text: "a part of the index: " + err.Error() + "; 'archive compact' builds it anew"})
	}
}

type keyed struct {
	key  contentKey
	info contentInfo
}

// sortedContents lists the contents in the order they stand in.
func (s *store) sortedContents() []keyed {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]keyed, 0, len(s.state.contents))
	for k, c := range s.state.contents {
		out = append(out, keyed{k, c})
	}
	slices.SortFunc(out, func(a, b keyed) int { return a.info.at.compare(b.info.at) })
	return out
}

func (p place) compare(q place) int {
	switch {
	case p.seg != q.seg:
		if p.seg < q.seg {
			return -1
		}
		return 1
	case p.off < q.off:
		return -1
	case p.off > q.off:
		return 1
	}
	return 0
}

func sortedPlaces(m map[string]place) []place {
	out := make([]place, 0, len(m))
	for _, p := range m {
		out = append(out, p)
	}
	slices.SortFunc(out, place.compare)
	return out
}

// Compact writes the archive anew without what is no longer used: removed
// cases, replaced judgements, contents that no case holds. Readers that are
// open keep what they have. It needs as much free space as the archive will
// take. Where a piece in use is damaged it changes nothing and says so: remove
// that case first. The index is checked, and built anew where it is damaged.
func (w *DiskWriter) Compact(ctx context.Context, progress func(done, total int64)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return errors.New("the archive is closed")
	}
	if w.app.broken != nil {
		return fmt.Errorf("%w: %w", ErrBroken, w.app.broken)
	}
	w.idx.wait()
	c, err := newCompaction(w)
	if err != nil {
		return fmt.Errorf("compacting: %w", err)
	}
	if err := c.run(ctx, progress); err != nil {
		return fmt.Errorf("compacting: %w", errors.Join(err, c.abandon()))
	}
	if err := c.swap(); err != nil {
		return fmt.Errorf("compacting: %w", err)
	}
	w.idx.checkSums()
	return w.idx.finish()
}

// headOf makes the first record of a journal.
func headOf(h headerRecord) ([]byte, error) {
	b, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	return appendFrame(nil, recHeader, b), nil
}
