package cab

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
)

// mszip unpacks blocks of "CK" and a deflate stream each, for which the 32 KiB
// unpacked before are the dictionary. at is the place of the block that failed.
func (o *output) mszip(blocks []block) (at int, err error) {
	packed := packedSize(blocks)
	src := new(bytes.Reader)
	var inflater io.ReadCloser
	for i, b := range blocks {
		room, err := o.reserve(b.unpacked, packed)
		if err != nil {
			return b.at, err
		}
		if len(b.payload) < 2 && b.cut {
			return b.at, fmt.Errorf("block %d: %w", i+1, ErrTruncated)
		}
		if len(b.payload) < 2 || b.payload[0] != 'C' || b.payload[1] != 'K' {
			return b.at, fmt.Errorf("MSZIP block %d does not start with CK", i+1)
		}
		src.Reset(b.payload[2:])
		dictionary := o.data[max(0, len(o.data)-frameSize):]
		if inflater == nil {
			inflater = flate.NewReaderDict(src, dictionary)
		} else if err := inflater.(flate.Resetter).Reset(src, dictionary); err != nil {
			return b.at, fmt.Errorf("MSZIP block %d: %w", i+1, err)
		}
		n, err := io.ReadFull(inflater, room)
		o.data = o.data[:len(o.data)+n]
		switch {
		case err == nil:
		case (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) && b.cut:
			return b.at, fmt.Errorf("block %d: %w", i+1, ErrTruncated)
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return b.at, fmt.Errorf("MSZIP block %d unpacks to %d of %d bytes", i+1, n, b.unpacked)
		default:
			return b.at, fmt.Errorf("MSZIP block %d: %w", i+1, err)
		}
	}
	return 0, nil
}
