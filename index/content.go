package index

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
)

// contentBytes is the size of the pieces that a content is packed in.
const contentBytes = 1 << 20

// contentPiece reads the frame at the beginning of p, which may be longer, and
// returns its size.
func (s *store) contentPiece(p place) ([]byte, int64, error) {
	head := make([]byte, frameHeader)
	s.mu.RLock()
	f := s.segs[p.seg]
	s.mu.RUnlock()
	if f == nil || p.size < frameHeader {
		return nil, 0, fmt.Errorf("reading %q: %w: a content is not whole", segmentName(p.seg), ErrDamaged)
	}
	if _, err := f.ReadAt(head, p.off); err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, fmt.Errorf("reading %q: %w", segmentName(p.seg), err)
	}
	size := int64(binary.LittleEndian.Uint32(head[5:9])) + frameHeader
	if size > p.size {
		return nil, 0, fmt.Errorf("reading %q at %d: %w: a content is not whole", segmentName(p.seg), p.off, ErrDamaged)
	}
	raw, err := s.packed(place{p.seg, p.off, size}, segContent)
	return raw, size, err
}

// summer checks a SHA-256.
type summer struct {
	want contentKey
	h    hash.Hash
}

func newSummer(want contentKey) *summer { return &summer{want, sha256.New()} }

func (s *summer) add(b []byte) { s.h.Write(b) }

// end returns io.EOF where the sum is right, else ErrDamaged.
func (s *summer) end() error {
	if contentKey(s.h.Sum(nil)) != s.want {
		return fmt.Errorf("reading content %s: %w: wrong SHA-256", s.want, ErrDamaged)
	}
	return io.EOF
}
