package evtx

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"

	"debrief/event"
)

const (
	fileHeader  = 128
	headerBlock = 4096 // the header is padded to this

	flagDirty = 1
	flagFull  = 2
	flagNoCRC = 4
)

var fileMagic = []byte("ElfFile\x00")

// IsLog reports whether data starts as an event log does.
func IsLog(data []byte) bool { return bytes.HasPrefix(data, fileMagic) }

// Decode reads a whole event log and hands its records and problems to the
// sink, in the order of the file: chunk by chunk, in each chunk the live
// records and then the recovered ones. data must not change while the
// records' strings live. It returns ErrFormat if data is no event log;
// everything else that is wrong goes to the sink.
func Decode(data []byte, sink Sink) (Header, error) {
	if !IsLog(data) {
		return Header{}, ErrFormat
	}
	d := decoder{sink: sink, programs: map[uint32]program{}, strings: map[string]string{}}
	h, start := d.header(data)
	found := d.chunks(data, start, 0, int(h.Chunks))
	d.finish()
	if found == 0 && h.Chunks > 0 {
		d.problem(event.Damage, 0, 0, fmt.Sprintf("file header counts %d chunks, none is there", h.Chunks))
	}
	if found > int(h.Chunks) {
		d.problem(event.Remark, 0, 0, fmt.Sprintf("file header counts %d chunks, %d found", h.Chunks, found))
	}
	return h, nil
}

// Part says which part of a log data hold.
type Part struct {
	Start int64 // offset in the file; 0 = the part begins with the file's header
	More  bool  // further parts follow
}

// DecodePart is Decode for a log that is too long to be held in memory: data is
// one of its parts, in the order of the file, each cut by CutPart. What only the
// whole of a log can tell, the number of its chunks, is not checked.
func DecodePart(data []byte, part Part, sink Sink) error {
	d := decoder{sink: sink, programs: map[uint32]program{}, strings: map[string]string{}}
	from, want := 0, 0
	if part.Start == 0 {
		if !IsLog(data) {
			return ErrFormat
		}
		_, from = d.header(data)
	}
	if part.More {
		want = math.MaxInt
	}
	d.chunks(data, from, part.Start, want)
	d.finish()
	return nil
}

// CutPart tells where the last chunk that begins in data starts; 0 = none does.
func CutPart(data []byte) int { return max(0, bytes.LastIndex(data, chunkMagic)) }

// chunks reads the chunks in data from there on, which stand at base in the
// file, and returns their number. want is how many the file's header counts.
func (d *decoder) chunks(data []byte, from int, base int64, want int) (found int) {
	last := bytes.LastIndex(data, chunkMagic)
	for pos := from; pos < len(data); {
		b := chunkBytes(data[pos:])
		if bytes.HasPrefix(b, chunkMagic) {
			d.chunk(base+int64(pos), b)
			found++
			pos += len(b)
			continue
		}
		kind := event.Damage
		if pos > last && found >= want {
			kind = event.Remark // behind all chunks: reserved by the writer, never used
		}
		pos += d.gap(base+int64(pos), b, kind)
	}
	return found
}

// finish tells what was found in the slack of all chunks.
func (d *decoder) finish() {
	d.off = 0
	if d.broken > 0 {
		d.problem(event.Remark, 0, 0, fmt.Sprintf("%d old records behind the live ones are overwritten in part", d.broken))
	}
}

// chunkBytes cuts the bytes of one chunk off the front of data. Where no chunk
// and no unused space follows after 64 KiB, bytes may have been lost: the
// chunk then ends where the next magic stands.
func chunkBytes(data []byte) []byte {
	if len(data) <= chunkSize {
		if i := bytes.Index(data[1:], chunkMagic); i >= 0 {
			return data[:i+1]
		}
		return data
	}
	b, after := data[:chunkSize], data[chunkSize:]
	if bytes.HasPrefix(after, chunkMagic) || len(bytes.TrimLeft(after[:min(headerSize, len(after))], "\x00")) == 0 {
		return b
	}
	if i := bytes.Index(b[1:], chunkMagic); i >= 0 {
		return b[:i+1]
	}
	return b
}

// header reads the file header and returns where the chunks start.
func (d *decoder) header(data []byte) (Header, int) {
	var h Header
	if len(data) < headerBlock {
		d.problem(event.Damage, 0, 0, fmt.Sprintf("file is cut short in its header: %d of %d bytes", len(data), headerBlock))
	}
	if len(data) < fileHeader {
		return h, len(data)
	}
	le := binary.LittleEndian
	flags := le.Uint32(data[120:])
	h = Header{
		Major: le.Uint16(data[38:]), Minor: le.Uint16(data[36:]),
		NextRecord: le.Uint64(data[24:]), Chunks: le.Uint16(data[42:]),
		Dirty: flags&flagDirty != 0, Full: flags&flagFull != 0,
	}
	d.noCRC = flags&flagNoCRC != 0
	if sum, want := crc32.ChecksumIEEE(data[:120]), le.Uint32(data[124:]); sum != want && !d.noCRC {
		d.problem(event.Remark, 0, 0, fmt.Sprintf("checksum of the file header is %08x, header says %08x", sum, want))
	}
	if h.Major != 3 {
		d.problem(event.Remark, 0, 0, fmt.Sprintf("format version %d.%d is not known; read as 3.x", h.Major, h.Minor))
	}
	start := int(le.Uint16(data[40:]))
	if start != headerBlock {
		d.problem(event.Remark, 0, 0, fmt.Sprintf("file header says that it takes %d bytes; %d are taken", start, headerBlock))
	}
	return h, min(headerBlock, len(data))
}

// gap handles bytes where a chunk should start and none does, and returns how
// many it has dealt with. Zeros are unused space. Otherwise the chunk's header
// is damaged, or bytes were lost and later chunks have moved: records found by
// their own magic are recovered up to the next chunk magic.
func (d *decoder) gap(off int64, b []byte, kind event.ProblemKind) int {
	if i := bytes.Index(b, chunkMagic); i > 0 {
		b = b[:i]
	}
	if len(bytes.TrimLeft(b, "\x00")) == 0 {
		return len(b)
	}
	d.begin(off, b)
	found, broken := d.leftover(min(headerSize, uint32(len(b))))
	if found+broken > 0 {
		kind = event.Damage
	}
	d.problem(kind, 0, 0, fmt.Sprintf("no chunk header here; %d records recovered from %d bytes, %d not readable", found, len(b), broken))
	return len(b)
}
