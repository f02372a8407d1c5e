package index

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"
)

// A frame is one checked piece of a journal or a segment:
//
//	"DBF1"  kind (1)  length (4, little endian)  xxHash64 of kind, length and payload (8)  payload
//
// The magic lets a reader find its way again behind damage.
const (
	frameMagic  = "DBF1"
	frameHeader = 4 + 1 + 4 + 8
	maxFrame    = 1 << 30
)

// appendFrame appends a frame to dst.
func appendFrame(dst []byte, kind byte, payload []byte) []byte {
	start := len(dst)
	dst = append(dst, frameMagic...)
	dst = append(dst, kind)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(payload)))
	dst = binary.LittleEndian.AppendUint64(dst, frameSum(dst[start+4:start+9], payload))
	return append(dst, payload...)
}

func frameSum(head, payload []byte) uint64 {
	h := xxhash.New()
	_, _ = h.Write(head) // never fails
	_, _ = h.Write(payload)
	return h.Sum64()
}

// place is where a frame stands in the segments.
type place struct {
	seg uint32
	off int64
	// size is the length of the frame, its header included.
	size int64
}

// readFrame reads the frame at off. size, where known, must fit. It returns
// ErrDamaged where there is none.
func readFrame(r io.ReaderAt, off, size int64, kind byte) ([]byte, error) {
	damaged := func(why string) ([]byte, error) {
		return nil, fmt.Errorf("%w: offset %d: %s", ErrDamaged, off, why)
	}
	if size < frameHeader || size > maxFrame+frameHeader {
		return damaged("no frame has that size")
	}
	buf := make([]byte, size)
	if _, err := r.ReadAt(buf, off); err != nil {
		if err == io.EOF {
			return damaged("the file ends inside a frame")
		}
		return nil, err
	}
	switch {
	case string(buf[:4]) != frameMagic:
		return damaged("no frame begins there")
	case int64(binary.LittleEndian.Uint32(buf[5:9])) != size-frameHeader:
		return damaged("a frame of another length stands there")
	case buf[4] != kind:
		return damaged("a frame of another kind stands there")
	case frameSum(buf[4:9], buf[frameHeader:]) != binary.LittleEndian.Uint64(buf[9:17]):
		return damaged("wrong checksum")
	}
	return buf[frameHeader:], nil
}

// frameScan walks over the frames of a file in memory.
type frameScan struct {
	data []byte
	off  int64
	// spent counts the bytes that were summed up in vain. Garbage full of
	// magics would make that quadratic, so it is bounded.
	spent int64
}

// next returns the next sound frame and its place. skipped counts the bytes
// before it that are no frame; where no further frame is found kind is 0 and
// skipped counts what is left.
func (s *frameScan) next() (kind byte, payload []byte, at int64, skipped int64) {
	start := s.off
	for {
		rest := s.data[s.off:]
		i := bytes.Index(rest, []byte(frameMagic))
		if i < 0 || s.spent > 8*int64(len(s.data)) {
			s.off = int64(len(s.data))
			return 0, nil, start, s.off - start
		}
		s.off += int64(i)
		rest = rest[i:]
		if len(rest) >= frameHeader {
			n := int64(binary.LittleEndian.Uint32(rest[5:9]))
			if n <= int64(len(rest)-frameHeader) {
				payload = rest[frameHeader : frameHeader+n]
				if frameSum(rest[4:9], payload) == binary.LittleEndian.Uint64(rest[9:17]) {
					at = s.off
					s.off += frameHeader + n
					return rest[4], payload, at, at - start
				}
				s.spent += n
			}
		}
		s.off++
	}
}
