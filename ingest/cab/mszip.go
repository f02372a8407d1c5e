package cab

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"

	fastflate "github.com/klauspost/compress/flate"
)

// mszip unpacks blocks of "CK" and a deflate stream each, for which the 32 KiB
// unpacked before are the dictionary.
//
// A bad block costs its own bytes and what later blocks repeat of them. To tell
// these, later blocks are unpacked twice as long as the dictionary is not all
// known: as it is, and with other bytes in place of those in doubt. Where the two
// differ, a byte is in doubt. (What a deflate stream copies does not decide how
// it goes on.)
func (o *output) mszip(blocks []block) (failed int, err error) {
	packed := packedSize(blocks)
	var in inflater
	reason := o.start // of the last range that is not known
	var shadow []byte // the dictionary with other bytes for those in doubt; nil = none are
	if o.start != nil {
		shadow = bytes.Repeat([]byte{0xFF}, frameSize)
	}
	for i, b := range blocks {
		room, err := o.reserve(b.unpacked, packed)
		if err != nil {
			return i, err
		}
		start := len(o.data)
		n, err := in.block(b, room, o.dictionary())
		if err != nil && (errors.Is(err, ErrTruncated) || b.lost == nil && len(b.payload)*maxInflate < b.unpacked) {
			// The end, or a size that nothing vouches for: places behind it
			// depend on that.
			o.data = o.data[:start+n]
			o.compare(&in, b, shadow, start, reason)
			return i, err
		}
		if err != nil && shadow == nil {
			shadow = bytes.Clone(o.dictionary())
		}
		clear(room[n:])
		o.data = o.data[:start+b.unpacked]
		shadow = o.compare(&in, b, shadow, start, reason)
		switch {
		case err != nil:
			reason = fmt.Errorf("folder %d: %w: %w", o.folder, err, ErrDamaged)
			o.bad = append(o.bad, badBlock{i, reason})
			from := start + n
			if !b.sound {
				from = start // it may have gone wrong before it failed
			}
			o.addHole(hole{from, start + n, len(o.data), reason})
			for at := max(from, len(o.data)-len(shadow)); at < len(o.data); at++ {
				shadow[at-len(o.data)+len(shadow)] = ^o.data[at]
			}
		case shadow != nil && bytes.Equal(shadow, o.dictionary()):
			shadow = nil
		}
	}
	return 0, nil
}

// dictionary is what the next block may repeat.
func (o *output) dictionary() []byte {
	if known := len(o.data); o.start != nil && known < frameSize {
		return append(make([]byte, frameSize-known, frameSize), o.data...)
	}
	return o.data[max(0, len(o.data)-frameSize):]
}

// compare unpacks the block that gave the data from start on once more, with
// shadow as the dictionary, and notes where the two differ. It returns the shadow
// of the next block.
func (o *output) compare(in *inflater, b block, shadow []byte, start int, reason error) []byte {
	if shadow == nil {
		return nil
	}
	got := o.data[start:]
	other := make([]byte, len(got))
	in.block(b, other, shadow)
	for i := 0; i < len(got); {
		if got[i] == other[i] {
			i++
			continue
		}
		from := i
		for i < len(got) && got[i] != other[i] {
			i++
		}
		o.addHole(hole{start + from, start + from, start + i, reason})
	}
	shadow = append(shadow, other...)
	return shadow[max(0, len(shadow)-frameSize):]
}

// inflater is two deflate decoders that are used again. The one is a fifth faster
// than the standard one, but of a stream that is cut it may drop the last bytes,
// so the standard one has the last word where it fails.
type inflater struct {
	src            bytes.Reader
	fast, standard io.ReadCloser
}

// block unpacks a block into room and returns how far it came.
func (in *inflater) block(b block, room, dictionary []byte) (int, error) {
	if b.lost != nil {
		return 0, b.lost
	}
	if len(b.payload) < 2 && b.cut {
		return 0, fmt.Errorf("block %d: %w", b.number, ErrTruncated)
	}
	if !startsMSZIP(b) {
		return 0, errNoCK(b)
	}
	n, err := in.inflate(&in.fast, fastflate.NewReaderDict, b.payload[2:], room, dictionary)
	if err != nil {
		n, err = in.inflate(&in.standard, flate.NewReaderDict, b.payload[2:], room, dictionary)
	}
	isEnd := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	switch {
	case err == nil:
		return n, nil
	case isEnd && b.cut:
		return n, fmt.Errorf("block %d: %w", b.number, ErrTruncated)
	case isEnd:
		return n, fmt.Errorf("MSZIP block %d unpacks to %d of %d bytes", b.number, n, b.unpacked)
	}
	return n, fmt.Errorf("MSZIP block %d: %w", b.number, err)
}

// inflate fills room by one of the decoders.
func (in *inflater) inflate(decoder *io.ReadCloser, create func(io.Reader, []byte) io.ReadCloser, packed, room, dictionary []byte) (int, error) {
	in.src.Reset(packed)
	if *decoder == nil {
		*decoder = create(&in.src, dictionary)
	} else if err := (*decoder).(flate.Resetter).Reset(&in.src, dictionary); err != nil {
		return 0, err
	}
	return io.ReadFull(*decoder, room)
}

func errNoCK(b block) error { return fmt.Errorf("MSZIP block %d does not start with CK", b.number) }
