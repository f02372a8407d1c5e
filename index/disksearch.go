package index

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"debrief/event"
)

// work is a block to look at.
type work struct {
	e      *entry
	n      int // of the block in the case
	filter *event.Filter

	done  chan struct{}
	tally *tally
	block *block // nil where only the count was needed
	err   error
}

// Search is Reader.Search: the index and the journal say which blocks can hold
// a match, workers read these, and the results are joined in order.
func (a *Archive) Search(ctx context.Context, q *event.Filter, o SearchOptions) (*SearchResult, error) {
	p := newPlan(o)
	col := newCollector(p)
	list := a.survey(q, &col.res)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var full atomic.Bool // no more hits are wanted
	queue := a.start(ctx, p, list, &full)
	for i := range list {
		w := &list[i]
		select {
		case <-w.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		<-queue // makes room for another
		err := a.join(col, w)
		w.block, w.tally = nil, nil
		full.Store(p.limit() >= 0 && col.given >= p.limit())
		if o.Progress != nil {
			o.Progress(i+1, len(list))
		}
		if errors.Is(err, errEnough) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return col.finish(), nil
}

// survey lists the blocks to look at, in order.
func (a *Archive) survey(q *event.Filter, res *SearchResult) []work {
	covers, giveBack := a.borrowParts()
	defer giveBack()
	cand := newCandidates(covers)
	var list []work
	for _, e := range a.entries() {
		f := foldCase(q, e.Info())
		res.Blocks += len(e.blocks)
		if isNothing(f) {
			continue
		}
		for n := range e.blocks {
			if g := cand.fold(f, &e.blocks[n]); !isNothing(g) {
				list = append(list, work{e: e, n: n, filter: g, done: make(chan struct{})})
			}
		}
	}
	return list
}

// start sets workers on the list, in order, never further ahead of the reader
// than the queue it returns is long.
func (a *Archive) start(ctx context.Context, p *plan, list []work, full *atomic.Bool) <-chan struct{} {
	workers := p.o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	workers = max(min(workers, len(list)), 1)
	room := make(chan struct{}, 2*workers)
	var next atomic.Int64
	for range workers {
		go func() {
			for {
				select {
				case room <- struct{}{}:
				case <-ctx.Done():
					return
				}
				i := next.Add(1) - 1
				if i >= int64(len(list)) {
					return
				}
				a.look(p, &list[i], full)
				close(list[i].done)
			}
		}()
	}
	return room
}

// look finds the matches in one block.
func (a *Archive) look(p *plan, w *work, full *atomic.Bool) {
	info := w.e.Info()
	at := &w.e.blocks[w.n]
	hitsWanted := p.limit() != 0 && !full.Load()
	if isAll(w.filter) && !p.needsEvents() {
		w.tally = &tally{total: at.events, counts: make([]map[string]int, len(p.columns))}
		return
	}
	b, err := a.block(at)
	if err == nil && (needsText(w.filter) || p.needsText()) {
		err = b.fill(a.unpack)
	}
	if err != nil {
		w.err = err
		return
	}
	t := p.run(w.filter, info, b.events)
	if !hitsWanted {
		t.hits = nil
	}
	if len(t.hits) > 0 {
		if err := b.fill(a.unpack); err != nil {
			w.err = err
			return
		}
	}
	w.tally, w.block = t, b
}

// join hands a block's result to the collector.
func (a *Archive) join(col *collector, w *work) error {
	at := &w.e.blocks[w.n]
	if w.err != nil {
		col.res.Problems = append(col.res.Problems, event.Problem{
			Pos:  event.Pos{File: segmentsDir + "/" + segmentName(at.at.seg), Offset: at.at.off},
			Kind: event.Damage, Text: fmt.Sprintf("%d events of case %s could not be searched: %v", at.events, w.e.ID, w.err),
		})
		return nil
	}
	if w.block != nil {
		col.res.Scanned++
	}
	info := w.e.Info()
	blocks := map[int]*block{w.n: w.block}
	return col.take(&info, w.tally, func(place, step int) *event.Event {
		n, file := w.n, w.block.events[place].Pos.File
		b, i := w.block, place+step
		for i < 0 || i >= len(b.events) {
			if i < 0 {
				n--
			} else {
				n, i = n+1, i-len(b.events)
			}
			if n < 0 || n >= len(w.e.blocks) {
				return nil
			}
			if b = a.neighbour(blocks, w.e, n); b == nil {
				return nil
			}
			if i < 0 {
				i += len(b.events)
			}
		}
		if b.events[i].Pos.File != file {
			return nil
		}
		return &b.events[i]
	})
}

// neighbour reads another block of a case; nil where it cannot be read.
func (a *Archive) neighbour(known map[int]*block, e *entry, n int) *block {
	if b, ok := known[n]; ok {
		return b
	}
	b, err := a.block(&e.blocks[n])
	if err == nil {
		err = b.fill(a.unpack)
	}
	if err != nil {
		b = nil
	}
	known[n] = b
	return b
}
