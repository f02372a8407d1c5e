package ingest

import (
	"io"
)

// base64Reader decodes base64 as mail holds it: line ends and whatever else is
// not of its alphabet are passed over, and missing "=" at the end is no fault.
type base64Reader struct {
	in    io.Reader
	raw   [4 << 10]byte
	plain []byte // decoded and not yet read
	room  [3 << 10]byte
	bits  uint32
	count int // characters in bits
	err   error
}

func (r *base64Reader) Read(p []byte) (int, error) {
	for len(r.plain) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		n, err := r.in.Read(r.raw[:])
		r.err = err
		r.plain = r.decode(r.room[:0], r.raw[:n])
		if err == io.EOF {
			r.plain = r.flush(r.plain)
		}
		if n == 0 && err == nil {
			return 0, nil
		}
	}
	n := copy(p, r.plain)
	r.plain = r.plain[n:]
	return n, nil
}

func (r *base64Reader) decode(out, in []byte) []byte {
	for _, c := range in {
		v := uint32(0)
		switch {
		case c >= 'A' && c <= 'Z':
			v = uint32(c - 'A')
		case c >= 'a' && c <= 'z':
			v = uint32(c-'a') + 26
		case c >= '0' && c <= '9':
			v = uint32(c-'0') + 52
		case c == '+':
			v = 62
		case c == '/':
			v = 63
		case c == '=':
			out = r.flush(out)
			continue
		default:
			continue
		}
		r.bits, r.count = r.bits<<6|v, r.count+1
		if r.count == 4 {
			out = append(out, byte(r.bits>>16), byte(r.bits>>8), byte(r.bits))
			r.bits, r.count = 0, 0
		}
	}
	return out
}

// flush ends a group that is not full.
func (r *base64Reader) flush(out []byte) []byte {
	switch r.count {
	case 1:
		if r.err == nil || r.err == io.EOF {
			r.err = io.ErrUnexpectedEOF // six bits are no byte
		}
	case 2:
		out = append(out, byte(r.bits>>4))
	case 3:
		out = append(out, byte(r.bits>>10), byte(r.bits>>2))
	}
	r.bits, r.count = 0, 0
	return out
}
