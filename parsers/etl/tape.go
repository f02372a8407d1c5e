package etl

import (
	"errors"
	"io"
)

// pieceBytes is how much of a trace is read at a time.
const pieceBytes = 1 << 20

// tape gives the bytes of a trace, which need not be in memory as a whole.
type tape struct {
	r     io.ReaderAt // nil = all of it is held
	piece int         // bytes read at a time
	size  int64       // less than the trace's where it cannot be read to its end
	held  []byte      // bytes of the trace from at on
	at    int64
	err   error // why the trace could not be read beyond size
}

// from returns the bytes that stand at pos and behind: n of them or more,
// fewer only where the trace ends. They are good until the next call.
func (t *tape) from(pos int64, n int) []byte {
	if pos >= t.size {
		return nil
	}
	n = int(min(int64(n), t.size-pos))
	if pos >= t.at && pos+int64(n) <= t.at+int64(len(t.held)) {
		return t.held[pos-t.at:]
	}
	// A fresh piece: what was given may still be looked at.
	piece := make([]byte, min(int64(max(n, t.piece)), t.size-pos))
	got, err := t.r.ReadAt(piece, pos)
	t.held, t.at = piece[:got], pos
	if got < len(piece) {
		t.size = pos + int64(got)
		if err != nil && !errors.Is(err, io.EOF) {
			t.err = err
		}
	}
	return t.held
}

// buffer returns the bytes from the buffer at pos on: all of it where its header
// states a sound size, else other bytes or more where they are there.
func (t *tape) buffer(pos int64, other int) []byte {
	b := t.from(pos, bufferHeader)
	if len(b) < bufferHeader {
		return b
	}
	if size := int(le.Uint32(b)); size >= bufferHeader && size <= maxBuffer {
		return t.from(pos, size)
	}
	return t.from(pos, other)
}

// zeros returns where the zeros that begin at pos end.
func (t *tape) zeros(pos int64) int64 {
	for {
		b := t.from(pos, 1)
		n := 0
		for n < len(b) && b[n] == 0 {
			n++
		}
		pos += int64(n)
		if n < len(b) || len(b) == 0 {
			return pos
		}
	}
}
