package ingest

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// guard makes the calls of a decoder that is not our own in a goroutine of its
// own. When time is up or the run is cancelled, a call that has not come back is
// left behind. From then on all reading of the input fails, so a decoder that
// still asks for input ends, and its goroutine with it; one that loops without
// reading keeps a processor busy but not the run.
type guard struct {
	r     *reader
	calls chan func()
	gone  atomic.Bool
	room  []byte // what the decoder fills; never lent to the caller
}

// errLeft is what a decoder gets that was left behind.
var errLeft = errors.New("decoder was left behind")

func (r *reader) newGuard() *guard {
	g := &guard{r: r, calls: make(chan func())}
	go func() {
		for call := range g.calls {
			call()
		}
	}()
	return g
}

// end lets the goroutine end. The guard is not used any more.
func (g *guard) end() {
	if !g.gone.Swap(true) {
		close(g.calls)
	}
}

// guarded makes one call. A panic in it is a panic of the caller's goroutine,
// where it can be caught.
func guarded[T any](g *guard, call func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
		panic any
	}
	var none T
	if g.gone.Load() {
		return none, errLeft
	}
	answers := make(chan answer, 1)
	g.calls <- func() {
		var a answer
		defer func() {
			a.panic = recover()
			answers <- a
		}()
		a.value, a.err = call()
	}
	timer := time.NewTimer(time.Until(g.r.deadline))
	defer timer.Stop()
	var err error
	select {
	case a := <-answers:
		if a.panic != nil {
			panic(a.panic)
		}
		return a.value, a.err
	case <-timer.C:
		err = g.r.timeError()
	case <-g.r.ctx.Done():
		err = g.r.ctx.Err()
	}
	g.end()
	return none, err
}

// reader reads from a decoder.
func (g *guard) reader(in io.Reader) io.Reader { return guardedReader{g, in} }

type guardedReader struct {
	g  *guard
	in io.Reader
}

func (r guardedReader) Read(p []byte) (int, error) {
	if r.g.room == nil {
		r.g.room = make([]byte, spoolChunk)
	}
	room := r.g.room[:min(len(p), len(r.g.room))]
	n, err := guarded(r.g, func() (int, error) { return r.in.Read(room) })
	if n < 0 || n > len(room) {
		return 0, fmt.Errorf("decoder claims %d bytes of %d", n, len(room))
	}
	return copy(p, room[:n]), err
}

// input gives a decoder the bytes of an archive for as long as it is waited for.
func (g *guard) input(a *archive) guardedInput {
	return guardedInput{g: g, SectionReader: io.NewSectionReader(a.src, 0, a.size)}
}

type guardedInput struct {
	*io.SectionReader
	g *guard
}

func (in guardedInput) Read(p []byte) (int, error) {
	if in.g.gone.Load() {
		return 0, errLeft
	}
	return in.SectionReader.Read(p)
}

func (in guardedInput) ReadAt(p []byte, off int64) (int, error) {
	if in.g.gone.Load() {
		return 0, errLeft
	}
	return in.SectionReader.ReadAt(p, off)
}
