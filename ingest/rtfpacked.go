package ingest

import (
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// The rich text of a message is packed ([MS-OXRTFCP]): a header of 16 bytes,
// little-endian, then the content.
//
//	size of what follows this field    2D 00 00 00
//	size unpacked                      2B 00 00 00
//	how                                "LZFu", or "MELA" = as it is
//	CRC-32 of the content, started with 0 and not inverted
//
// Content of LZFu is groups of a control byte and eight tokens. A bit of the
// control byte, lowest first, says whether a token is a byte or a reference: 12
// bits of place in a ring of 4 KiB and 4 bits of length less two, big-endian. A
// reference to the place that is written next ends the content. The ring starts
// with rtfPreset.

const (
	rtfPreset = `{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0` +
		"\r\n" + `\par \pard\plain\f0\fs20\b\i\u\tab\tx`
	rtfRing = 4096
)

var errRTFCut = errors.New("packed RTF ends early")

// rtfUnpacker unpacks as it is read, one group at a time.
type rtfUnpacker struct {
	in       *bufio.Reader
	started  bool
	stored   bool
	left     int64 // packed bytes to come
	raw, got int64 // bytes unpacked: declared, so far
	want     uint32
	sum      uint32
	ring     [rtfRing]byte
	at       int
	out      []byte // unpacked and not yet read
	err      error  // after out
}

// unpackRTF unpacks rich text. Damage is the error after what could be read.
func unpackRTF(in io.Reader) io.Reader { return &rtfUnpacker{in: bufio.NewReader(in)} }

// Read implements io.Reader.
func (u *rtfUnpacker) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(u.out) == 0 && u.err == nil {
		switch {
		case !u.started:
			u.err = u.header()
		case u.stored:
			u.err = u.copy()
		default:
			u.err = u.group()
		}
	}
	if len(u.out) == 0 {
		return 0, u.err
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

func (u *rtfUnpacker) header() error {
	var h [16]byte
	if _, err := io.ReadFull(u.in, h[:]); err != nil {
		return cutRTF(err)
	}
	u.started = true
	u.left, u.raw, u.want = int64(le.Uint32(h[:]))-12, int64(le.Uint32(h[4:])), le.Uint32(h[12:])
	switch string(h[8:12]) {
	case "LZFu":
		u.at = copy(u.ring[:], rtfPreset)
	case "MELA":
		u.stored, u.left = true, u.raw
	default:
		return fmt.Errorf("packed RTF has the unknown method %s", quoteShort(string(h[8:12])))
	}
	return nil
}

// copy reads a piece of text that is stored as it is.
func (u *rtfUnpacker) copy() error {
	if u.left <= 0 {
		return io.EOF
	}
	piece := make([]byte, min(u.left, rtfRing))
	n, err := io.ReadFull(u.in, piece)
	u.out, u.left = piece[:n], u.left-int64(n)
	return cutRTF(err)
}

// group unpacks a control byte and its tokens.
func (u *rtfUnpacker) group() error {
	control, err := u.next()
	if err != nil {
		return err
	}
	for bit := range 8 {
		first, err := u.next()
		if err != nil {
			return err
		}
		if control>>bit&1 == 0 {
			u.put(first)
			continue
		}
		second, err := u.next()
		if err != nil {
			return err
		}
		from := int(first)<<4 | int(second)>>4
		if from == u.at {
			return u.end()
		}
		for i := range int(second&15) + 2 {
			u.put(u.ring[(from+i)%rtfRing])
		}
	}
	return nil
}

func (u *rtfUnpacker) put(b byte) {
	u.ring[u.at] = b
	u.at = (u.at + 1) % rtfRing
	u.out = append(u.out, b)
	u.got++
}

// next returns the next packed byte.
func (u *rtfUnpacker) next() (byte, error) {
	if u.left <= 0 {
		return 0, errRTFCut
	}
	b, err := u.in.ReadByte()
	if err != nil {
		return 0, cutRTF(err)
	}
	u.left--
	u.sum = crc32.IEEETable[byte(u.sum)^b] ^ u.sum>>8
	return b, nil
}

// end checks what was unpacked.
func (u *rtfUnpacker) end() error {
	for u.left > 0 { // padding is summed too
		if _, err := u.next(); err != nil {
			return err
		}
	}
	switch {
	case u.sum != u.want:
		return fmt.Errorf("checksum of packed RTF is %08x, not %08x", u.sum, u.want)
	case u.got != u.raw:
		return fmt.Errorf("packed RTF gives %d bytes, not %d", u.got, u.raw)
	}
	return io.EOF
}

func cutRTF(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errRTFCut
	}
	return err
}
