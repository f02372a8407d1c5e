package index

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"debrief/event"
)

// span is a run of events that becomes a block.
type span struct{ from, to int }

// cutBlocks divides the events of a case into blocks.
func cutBlocks(events []*event.Event) []span {
	var out []span
	start, size := 0, 0
	for i, e := range events {
		if i > start {
			full := i-start >= blockEvents || size >= blockBytes
			ends := size >= blockSplit && e.Pos.File != events[i-1].Pos.File
			if full || ends {
				out = append(out, span{start, i})
				start, size = i, 0
			}
		}
		size += len(e.Message) + 16
		for j := range e.Fields {
			size += len(e.Fields[j].Value) + 4
		}
	}
	if start < len(events) {
		out = append(out, span{start, len(events)})
	}
	return out
}

// encoded is a block made ready by a worker.
type encoded struct {
	payload []byte
	info    blockInfo
	terms   []string
}

// addBlocks packs the events, as many blocks at a time as there are workers,
// and appends them in order.
func (w *DiskWriter) addBlocks(ctx context.Context, s *Submission, c *Case, m *addition) error {
	a := arrange(s.Events)
	for _, e := range a.events {
		c.see(e)
	}
	spans := cutBlocks(a.events)
	sets := sync.Pool{New: func() any { return newTermSet() }}
	return inOrder(ctx, w.opts.workers(), len(spans), func(i int) (*encoded, error) {
		p := spans[i]
		events := a.events[p.from:p.to]
		out := &encoded{}
		out.payload, out.info = encodeBlock(w.pack, events, a.ordinals[p.from:p.to])
		set, _ := sets.Get().(*termSet)
		out.terms = set.termsOf(events)
		sets.Put(set)
		return out, nil
	}, func(b *encoded) error {
		at, err := w.app.frame(segBlock, b.payload)
		if err != nil {
			return err
		}
		b.info.at, b.info.id = at, w.nextBlock
		w.nextBlock++
		m.record.Blocks = appendBlockInfo(m.record.Blocks, &b.info)
		m.docs = append(m.docs, &document{id: b.info.id, terms: b.terms})
		return nil
	})
}

// inOrder makes n things with several workers and takes them in order. It
// returns the first error, or that of ctx.
func inOrder[T any](ctx context.Context, workers, n int, work func(int) (T, error), take func(T) error) error {
	type result struct {
		v   T
		err error
	}
	ctx, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	queue := make(chan chan result, max(workers, 1))
	wg.Add(1)
	go func() {
		defer wg.Done()
		defer close(queue)
		for i := range n {
			one := make(chan result, 1)
			select {
			case queue <- one:
			case <-ctx.Done():
				return
			}
			wg.Add(1)
			go func() {
				defer wg.Done()
				v, err := work(i)
				one <- result{v, err}
			}()
		}
	}()
	for one := range queue {
		r := <-one
		if r.err != nil {
			return r.err
		}
		if err := take(r.v); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// addContents stores the contents that the archive does not have.
func (w *DiskWriter) addContents(ctx context.Context, files []File, r *caseRecord) ([]StoredFile, error) {
	out := make([]StoredFile, 0, len(files))
	fresh := map[contentKey]bool{}
	for _, f := range files {
		stored := StoredFile{f.Path, f.Hash, f.Size, false}
		if k, ok := parseKey(f.Hash); ok {
			w.store.mu.RLock()
			_, known := w.store.state.contents[k]
			w.store.mu.RUnlock()
			switch {
			case known || fresh[k]:
				stored.Stored = true
			case f.Open != nil:
				info, err := w.addContent(ctx, f, k)
				if err != nil {
					return nil, fmt.Errorf("storing %q: %w", f.Path, err)
				}
				r.Contents = appendContent(r.Contents, k, info)
				fresh[k], stored.Stored = true, true
			}
		}
		if stored.Stored {
			r.StoredOf += f.Size
		}
		out = append(out, stored)
	}
	return out, nil
}

func (w *DiskWriter) addContent(ctx context.Context, f File, k contentKey) (info contentInfo, err error) {
	r, err := f.Open()
	if err != nil {
		return info, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := w.app.rotateFor(f.Size); err != nil {
		return info, err
	}
	sum := newSummer(k)
	next := func() ([]byte, error) {
		piece := make([]byte, min(contentBytes, max(f.Size-info.raw, 0)+1))
		n, err := io.ReadFull(r, piece)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, err
		}
		sum.add(piece[:n])
		info.raw += int64(n)
		return piece[:n], nil
	}
	// The size that was said is only a hint: pieces are read until they end.
	defer func() { w.app.hold = false }()
	for {
		pieces := make([][]byte, 0, w.opts.workers())
		for len(pieces) < cap(pieces) {
			p, err := next()
			if err != nil {
				return info, err
			}
			if len(p) == 0 {
				break
			}
			pieces = append(pieces, p)
		}
		if len(pieces) == 0 {
			break
		}
		err := inOrder(ctx, w.opts.workers(), len(pieces), func(i int) ([]byte, error) { return w.pack.pack(nil, pieces[i]), nil },
			func(b []byte) error {
				at, err := w.app.frame(segContent, b)
				if info.at.size == 0 {
					info.at, w.app.hold = place{at.seg, at.off, 0}, true
				}
				info.at.size += at.size
				return err
			})
		if err != nil {
			return info, err
		}
	}
	if err := sum.end(); !errors.Is(err, io.EOF) {
		return info, errOtherContent
	}
	return info, nil
}

// blockTerms computes the terms of a stored block.
func blockTerms(s *store, i *blockInfo, set *termSet) ([]string, error) {
	b, err := s.block(i)
	if err == nil {
		err = b.fill(s.unpack)
	}
	if err != nil {
		return nil, err
	}
	events := make([]*event.Event, len(b.events))
	for j := range b.events {
		events[j] = &b.events[j]
	}
	return set.termsOf(events), nil
}
