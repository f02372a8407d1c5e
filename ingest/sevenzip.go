package ingest

import (
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
)

// The 7z decoder in use makes slices as long as a header says, which a header
// of 50 bytes can drive to any size and which no recover catches. So the header
// is read here first, by the grammar of 7zFormat.txt, for its numbers alone.

const (
	id7zEnd, id7zHeader                                = 0x00, 0x01
	id7zMainStreams, id7zFiles                         = 0x04, 0x05
	id7zPack, id7zUnpack, id7zSubStreams               = 0x06, 0x07, 0x08
	id7zSize, id7zCRC, id7zFolder                      = 0x09, 0x0A, 0x0B
	id7zUnpackSize, id7zStreamCount, id7zEncodedHeader = 0x0C, 0x0D, 0x17

	start7z    = 32
	max7zCoder = 8  // coders of a folder, and streams of a coder
	max7zHash  = 24 // key derivation of 2^24 rounds, the most that 7-Zip writes
	// max7zHeader bounds a packed header when unpacked; 100,000 names take 20 MB.
	max7zHeader = 32 << 20

	method7zCopy  = "\x00"
	method7zLZMA  = "\x03\x01\x01"
	method7zLZMA2 = "\x21"
	method7zAES   = "\x06\xF1\x07\x01"
)

var (
	err7zMethod = errors.New("not supported")
	err7zForm   = errors.New("not well-formed")
)

// check7z reads the header of a 7z and refuses numbers that cannot be true. It
// returns which folders, by their numbers, are encrypted.
func check7z(a *archive, maxFiles int, password string) (encrypted []bool, err error) {
	start := a.at(0, start7z)
	if len(start) < start7z {
		return nil, fmt.Errorf("cut off: %w", err7zForm)
	}
	if crc32.ChecksumIEEE(start[12:]) != le.Uint32(start[8:]) {
		return nil, errors.New("CRC of the start is wrong")
	}
	rest := uint64(a.size - start7z)
	offset, size := le.Uint64(start[12:]), le.Uint64(start[20:])
	if offset > rest || size > rest-offset {
		return nil, fmt.Errorf("lies behind the end of the file: %w", io.ErrUnexpectedEOF)
	}
	if size > max7zHeader {
		return nil, &limitError{fmt.Sprintf("header of %d MiB where %d are allowed", size>>20, max7zHeader>>20)}
	}
	h := &header7z{b: a.at(start7z+int64(offset), int(size)), maxFiles: uint64(maxFiles)}
	switch h.byte() {
	case id7zHeader:
		err := h.header()
		return h.encrypted, err
	case id7zEncodedHeader:
		inner, err := h.encoded(a, password)
		if err != nil {
			return nil, err
		}
		locked := h.coders[len(h.coders)-1].method == method7zAES || h.coders[0].method == method7zAES
		h = &header7z{b: inner, maxFiles: uint64(maxFiles)}
		if h.byte() != id7zHeader || h.header() != nil {
			if locked {
				return nil, errLocked // nothing else tells a wrong password
			}
			return nil, cmp.Or(h.err, fmt.Errorf("packed more than once: %w", err7zMethod))
		}
		return h.encrypted, nil
	}
	return nil, err7zForm
}

// header7z walks a header. The first fault sticks in err and all later reads
// give zeros.
type header7z struct {
	b        []byte
	maxFiles uint64
	err      error

	packAt    uint64 // of the packed header
	packSize  uint64
	coders    []coder7z // of the last folder
	unpacked  []uint64  // sizes of the streams of the last folder
	encrypted []bool    // by folder
}

type coder7z struct {
	method string
	props  []byte
}

func (h *header7z) fail(err error) {
	if h.err == nil {
		h.err = err
	}
	h.b = nil
}

func (h *header7z) byte() byte {
	if len(h.b) == 0 {
		h.fail(err7zForm)
		return 0
	}
	b := h.b[0]
	h.b = h.b[1:]
	return b
}

func (h *header7z) bytes(n uint64) []byte {
	if n > uint64(len(h.b)) {
		h.fail(err7zForm)
		return nil
	}
	b := h.b[:n]
	h.b = h.b[n:]
	return b
}

// number reads 7z's number: the leading ones of the first byte count the bytes
// that follow, its other bits are the top of the value.
func (h *header7z) number() uint64 {
	first, v := h.byte(), uint64(0)
	mask := byte(0x80)
	for i := range 8 {
		if first&mask == 0 {
			return v | uint64(first&(mask-1))<<(8*i)
		}
		v |= uint64(h.byte()) << (8 * i)
		mask >>= 1
	}
	return v
}

// count reads a number of things and refuses more than most.
func (h *header7z) count(most uint64) uint64 {
	n := h.number()
	if n > most && h.err == nil {
		h.fail(&limitError{fmt.Sprintf("declares %d entries where %d are allowed", n, most)})
	}
	if h.err != nil {
		return 0
	}
	return n
}

func (h *header7z) expect(id byte) {
	if h.byte() != id {
		h.fail(err7zForm)
	}
}

func (h *header7z) header() error {
	id := h.byte()
	if id == id7zMainStreams {
		h.streams()
		id = h.byte()
	}
	if id == id7zFiles {
		h.count(h.maxFiles)
		for id = h.byte(); id != id7zEnd && h.err == nil; id = h.byte() {
			h.bytes(h.number())
		}
		id = h.byte()
	}
	if id != id7zEnd {
		h.fail(err7zForm)
	}
	return h.err
}

func (h *header7z) streams() {
	id := h.byte()
	if id == id7zPack {
		h.pack()
		id = h.byte()
	}
	folders := uint64(0)
	if id == id7zUnpack {
		folders = h.unpack()
		id = h.byte()
	}
	if id == id7zSubStreams {
		h.subStreams(folders)
		id = h.byte()
	}
	if id != id7zEnd {
		h.fail(err7zForm)
	}
}

func (h *header7z) pack() {
	h.packAt = h.number()
	n := h.count(h.maxFiles)
	id := h.byte()
	if id == id7zSize {
		for range n {
			h.packSize = h.number()
		}
		id = h.byte()
	}
	if id == id7zCRC {
		h.digests(n)
		id = h.byte()
	}
	if id != id7zEnd {
		h.fail(err7zForm)
	}
}

func (h *header7z) unpack() (folders uint64) {
	h.expect(id7zFolder)
	folders = h.count(h.maxFiles)
	h.expect(0) // not external
	var outs uint64
	var last uint64
	for i := uint64(0); i < folders && h.err == nil; i++ {
		last = h.folder()
		outs += last
		h.encrypted = append(h.encrypted, slices.ContainsFunc(h.coders, func(c coder7z) bool { return c.method == method7zAES }))
	}
	h.expect(id7zUnpackSize)
	for i := uint64(0); i < outs && h.err == nil; i++ {
		if n := h.number(); i >= outs-last {
			h.unpacked = append(h.unpacked, n)
		}
	}
	id := h.byte()
	if id == id7zCRC {
		h.digests(folders)
		id = h.byte()
	}
	if id != id7zEnd {
		h.fail(err7zForm)
	}
	return folders
}

// folder reads one folder and returns the number of its output streams.
func (h *header7z) folder() (out uint64) {
	n := h.count(max7zCoder)
	h.coders = h.coders[:0]
	var in uint64
	for range n {
		v := h.byte()
		c := coder7z{method: string(h.bytes(uint64(v & 0xF)))}
		ins, outs := uint64(1), uint64(1)
		if v&0x10 != 0 {
			ins, outs = h.count(max7zCoder), h.count(max7zCoder)
		}
		if v&0x20 != 0 {
			c.props = h.bytes(h.number())
		}
		in, out = in+ins, out+outs
		if err := c.check(); err != nil {
			h.fail(err)
		}
		h.coders = append(h.coders, c)
	}
	if out == 0 || in < out-1 {
		h.fail(err7zForm)
		return 0
	}
	for range 2 * (out - 1) {
		h.number()
	}
	if packed := in - (out - 1); packed != 1 {
		for range packed {
			h.number()
		}
	}
	return out
}

func (h *header7z) subStreams(folders uint64) {
	id := h.byte()
	files := folders
	var counts []uint64
	if id == id7zStreamCount {
		files = 0
		for i := uint64(0); i < folders && h.err == nil; i++ {
			n := h.count(h.maxFiles - min(files, h.maxFiles))
			counts = append(counts, n)
			files += n
		}
		id = h.byte()
	}
	if id == id7zSize {
		for _, n := range counts {
			for j := uint64(1); j < n; j++ {
				h.number()
			}
		}
		id = h.byte()
	}
	if id == id7zCRC {
		// Only streams without a digest of their folder have one here; the
		// rest of the header is not parsed further than its files.
		h.digests(files)
		id = h.byte()
	}
	if id != id7zEnd {
		h.fail(err7zForm)
	}
}

func (h *header7z) digests(n uint64) {
	defined := n
	if h.byte() == 0 {
		bits := h.bytes((n + 7) / 8)
		defined = 0
		for i := range uint64(len(bits)) * 8 {
			if i < n && bits[i/8]&(0x80>>(i%8)) != 0 {
				defined++
			}
		}
	}
	h.bytes(4 * defined)
}

// check bounds the memory and time that a coder asks for. Methods of other
// makers have no place in a support bundle and are refused.
func (c coder7z) check() error {
	dictionary := uint64(0)
	switch c.method {
	case method7zLZMA, "\x03\x04\x01": // and PPMd
		if len(c.props) != 5 {
			return err7zForm
		}
		dictionary = uint64(le.Uint32(c.props[1:]))
	case method7zLZMA2:
		if len(c.props) != 1 || c.props[0] > 40 {
			return err7zForm
		}
		dictionary = uint64(2|c.props[0]&1) << (c.props[0]/2 + 11)
	case method7zAES:
		if len(c.props) < 1 || c.props[0]&0x3F > max7zHash {
			return fmt.Errorf("key derivation: %w", err7zMethod)
		}
	case "\x00", "\x03", "\x04\x01\x08", "\x04\x02\x02", // copied, delta, deflate, bzip2
		"\x04", "\x05", "\x06", "\x07", "\x08", "\x09", "\x0A":
	default:
		if !strings.HasPrefix(c.method, "\x03\x03") { // branch filters
			return fmt.Errorf("method %x: %w", c.method, err7zMethod)
		}
	}
	if dictionary > maxDictionary {
		return &limitError{fmt.Sprintf("dictionary of %d MiB where %d are allowed", dictionary>>20, maxDictionary>>20)}
	}
	return nil
}
