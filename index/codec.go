package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/klauspost/compress/zstd"
)

// errCoding is the reason of every ErrDamaged that bytes in a sound frame give.
var errCoding = errors.New("bytes that no debrief writes")

// appendString appends the length and the bytes of s.
func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// decoder reads what binary.Append… wrote. After the first fault every read
// gives zero; err tells.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail() {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %w", ErrDamaged, errCoding)
	}
	d.b = nil
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

// count reads a number of things that take at least one byte each.
func (d *decoder) count() int {
	v := d.uvarint()
	if v > uint64(len(d.b)) {
		d.fail()
		return 0
	}
	return int(v)
}

func (d *decoder) bytes(n int) []byte {
	if n < 0 || n > len(d.b) {
		d.fail()
		return nil
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) string() string { return string(d.bytes(d.count())) }

// maxRaw bounds what one frame may unpack to.
const maxRaw = 1 << 30

// packer compresses frames; it is safe for concurrent use.
type packer struct{ enc *zstd.Encoder }

func newPacker() (*packer, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, fmt.Errorf("starting the compressor: %w", err)
	}
	return &packer{enc}, nil
}

// pack appends the length of raw and its compressed form.
func (p *packer) pack(dst, raw []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(raw)))
	return p.enc.EncodeAll(raw, dst)
}

// unpacker is the reverse of packer; it is safe for concurrent use.
type unpacker struct{ dec *zstd.Decoder }

func newUnpacker() (*unpacker, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxRaw))
	if err != nil {
		return nil, fmt.Errorf("starting the decompressor: %w", err)
	}
	return &unpacker{dec}, nil
}

func (u *unpacker) unpack(b []byte) ([]byte, error) {
	n, k := binary.Uvarint(b)
	if k <= 0 || n > maxRaw {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, errCoding)
	}
	// The capacity is a promise of the frame: it is not believed beyond what
	// compressed bytes of that number can hold.
	raw, err := u.dec.DecodeAll(b[k:], make([]byte, 0, min(int(n), 512*len(b)+1024)))
	if err != nil || uint64(len(raw)) != n {
		return nil, fmt.Errorf("%w: the compressed bytes do not unpack", ErrDamaged)
	}
	return raw, nil
}

// toInt reads a number that must be a non-negative int.
func toInt(v uint64) int { return int(min(v, math.MaxInt)) }
