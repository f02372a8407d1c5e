package evtx

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"debrief/event"
	"debrief/parsers/winval"
)

const (
	chunkSize  = 64 << 10
	headerSize = 512 // of a chunk
	recordHead = 24
	minRecord  = recordHead + 4
)

var (
	chunkMagic  = []byte("ElfChnk\x00")
	recordMagic = []byte("**\x00\x00")
)

// decoder is the state of one file. What is per chunk is reset in begin.
type decoder struct {
	sink  Sink
	noCRC bool

	// The chunk.
	off        int64  // offset of the chunk in the file
	b          []byte // its bytes
	programs   map[uint32]program
	ops        []op
	parts      []part
	steps      int // work left
	chunkOut   int // arena bytes left
	fieldsLeft int

	// The record.
	rec       Record
	guid      string // of the provider
	fields    []event.Field
	values    []value // of the instances being run, innermost last
	pending   []part  // of the elements being compiled, innermost last
	name      string  // of the field that nested XML stands in
	unnamed   int     // Data elements without a name so far
	nested    int
	recordOut int
	strict    bool // the record stands behind the live ones: doubt it
	err       error
	stop      bool // err is a limit: the record ends here

	// The file.
	broken    int // old records that have lost their template
	arena     winval.Arena
	strings   map[string]string // literal UTF-16 to text
	recent    [slotCount]recent
	dataNames []string
}

// Limits for one chunk of 64 KiB. Real chunks use a tenth of them or less.
const (
	maxOps          = 1 << 14
	maxParts        = 1 << 15
	maxSteps        = 1 << 18 // elements, values and parts handled
	maxChunkOut     = 1 << 20 // bytes of text
	maxRecordOut    = 1 << 19
	maxChunkFields  = 1 << 14 // as many as fit when each has a descriptor of 4 bytes
	maxRecordFields = 1 << 12
	maxStrings      = 1 << 16 // per file
)

// begin takes up a chunk.
func (d *decoder) begin(off int64, b []byte) {
	d.off, d.b = off, b
	clear(d.programs)
	d.ops, d.parts = d.ops[:0], d.parts[:0]
	d.steps, d.chunkOut, d.fieldsLeft = maxSteps, maxChunkOut, maxChunkFields
}

func (d *decoder) problem(kind event.ProblemKind, at uint32, record uint64, text string) {
	d.sink.Problem(Problem{Kind: kind, Offset: d.off + int64(at), Record: record, Text: text})
}

// chunk reads the chunk at off; b is what is there of it.
func (d *decoder) chunk(off int64, b []byte) {
	d.begin(off, b)
	if len(b) < headerSize {
		d.problem(event.Damage, 0, 0, fmt.Sprintf("chunk header is cut short: %d of %d bytes", len(b), headerSize))
		return
	}
	free := binary.LittleEndian.Uint32(b[48:])
	n := uint32(len(b))
	summed := free // how far the checksum of the records can be checked
	known := free >= headerSize && free <= chunkSize
	switch {
	case !known:
		d.problem(event.Remark, 0, 0, fmt.Sprintf("chunk header has an impossible free-space offset %d; records are live as long as they follow each other", free))
		free, summed = n, 0
	case free > n:
		d.problem(event.Damage, 0, 0, fmt.Sprintf("chunk is cut short: %d of %d bytes with records", n, free))
		free, summed = n, 0
	}
	d.checksums(summed)
	live, end := d.live(free, known)
	d.counts(live)
	_, broken := d.leftover(end)
	d.broken += broken
}

// checksums compares the checksum of the chunk header, and that of the records
// where their end is known.
func (d *decoder) checksums(end uint32) {
	b := d.b
	if d.noCRC || binary.LittleEndian.Uint32(b[120:])&flagNoCRC != 0 {
		return
	}
	sum := crc32.Update(crc32.ChecksumIEEE(b[:120]), crc32.IEEETable, b[128:headerSize])
	if want := binary.LittleEndian.Uint32(b[124:]); sum != want {
		d.problem(event.Remark, 0, 0, fmt.Sprintf("checksum of the chunk header is %08x, header says %08x", sum, want))
	}
	if end == 0 {
		return
	}
	sum = crc32.ChecksumIEEE(b[headerSize:end])
	if want := binary.LittleEndian.Uint32(b[52:]); sum != want {
		d.problem(event.Remark, headerSize, 0, fmt.Sprintf("checksum of the records is %08x, chunk header says %08x", sum, want))
	}
}

// counts compares the number of records with the chunk header's. A header
// that counts fewer is stale; one that counts more means lost records.
func (d *decoder) counts(live uint64) {
	first, last := binary.LittleEndian.Uint64(d.b[8:]), binary.LittleEndian.Uint64(d.b[16:])
	want := last - first + 1
	if last == 1<<64-1 || last < first || want == live || want > chunkSize {
		return
	}
	kind := event.Remark
	if want > live {
		kind = event.Damage
	}
	d.problem(kind, 0, 0, fmt.Sprintf("chunk header counts %d records, %d found", want, live))
}

// next returns the offset of the next record magic in [pos, end), or end.
func (d *decoder) next(pos, end uint32) uint32 {
	if pos >= end {
		return end
	}
	if i := bytes.Index(d.b[pos:end], recordMagic); i >= 0 {
		return pos + uint32(i)
	}
	return end
}

// live reads the records up to the free-space offset, or to the end of their
// row where that offset is not known. It returns their number and their end.
func (d *decoder) live(free uint32, known bool) (n uint64, end uint32) {
	d.strict = false
	pos := uint32(headerSize)
	for pos < free {
		if !bytes.HasPrefix(d.b[pos:free], recordMagic) {
			if !known {
				return n, pos
			}
			next := d.next(pos+1, free)
			d.problem(event.Damage, pos, 0, fmt.Sprintf("no record here; %d bytes passed over", next-pos))
			pos = next
			continue
		}
		if free-pos < minRecord {
			d.problem(event.Damage, pos, 0, "record is cut short")
			break
		}
		end, whole := d.bounds(pos, free)
		d.record(pos, end, whole)
		n++
		pos = end
	}
	return n, free
}

// bounds returns the end of the record at pos. Its size is believed where the
// copy behind it agrees or another record follows. A copy alone is believed
// where it leads from the next record back to this one: some writers leave
// the size in front zero. Otherwise the record is not whole.
func (d *decoder) bounds(pos, free uint32) (end uint32, whole bool) {
	size := binary.LittleEndian.Uint32(d.b[pos+4:])
	if size >= minRecord && size <= free-pos {
		end = pos + size
		if binary.LittleEndian.Uint32(d.b[end-4:]) == size || end == free || bytes.HasPrefix(d.b[end:], recordMagic) {
			return end, true
		}
		return min(end, d.next(pos+recordHead, free)), false
	}
	next := d.next(pos+recordHead, free)
	if next-pos >= minRecord && binary.LittleEndian.Uint32(d.b[next-4:]) == next-pos {
		number := binary.LittleEndian.Uint64(d.b[pos+8:])
		d.problem(event.Remark, pos, number, fmt.Sprintf("record %d says that it has %d bytes; its end says %d", number, size, next-pos))
		return next, true
	}
	return next, false
}

// leftover looks for old records behind the live ones. They must be whole:
// what is overwritten in part is past saving and no loss to this log.
func (d *decoder) leftover(pos uint32) (found, broken int) {
	d.strict = true
	n := uint32(len(d.b))
	for pos = d.next(pos, n); n-pos >= minRecord; pos = d.next(pos, n) {
		size := binary.LittleEndian.Uint32(d.b[pos+4:])
		if size < minRecord || size > n-pos || binary.LittleEndian.Uint32(d.b[pos+size-4:]) != size {
			pos++
			continue
		}
		if d.record(pos, pos+size, true) {
			found++
		} else {
			broken++
		}
		pos += size
	}
	return found, broken
}

// record decodes the record in [pos, end) and hands it on if anything of it
// could be read.
func (d *decoder) record(pos, end uint32, whole bool) bool {
	d.rec = Record{
		Number:    binary.LittleEndian.Uint64(d.b[pos+8:]),
		Offset:    d.off + int64(pos),
		Written:   winval.Filetime(binary.LittleEndian.Uint64(d.b[pos+16:])),
		Recovered: d.strict,
	}
	d.fields, d.values, d.pending = d.fields[:0], d.values[:0], d.pending[:0]
	d.guid, d.name, d.unnamed, d.nested = "", "", 0, 0
	d.recordOut, d.err, d.stop = maxRecordOut, nil, false
	body := end
	if whole {
		body -= 4
	}
	d.fragment(pos+recordHead, body, true, placeRoot)
	if d.err != nil && d.strict {
		return false
	}
	r := &d.rec
	if r.Provider == "" {
		r.Provider = d.guid
	}
	empty := r.Provider == "" && r.EventID == 0 && len(d.fields) == 0
	r.Torn = d.err != nil || !whole
	d.report(pos, whole, empty)
	if empty && r.Torn {
		return false
	}
	if r.ID == 0 {
		r.ID = r.Number
	}
	if r.Time.IsZero() {
		r.Time = r.Written
	}
	d.fieldsLeft -= len(d.fields)
	r.Fields = d.arena.Keep(d.fields)
	d.sink.Record(r)
	return true
}

// report tells what is wrong with the current record.
func (d *decoder) report(pos uint32, whole, empty bool) {
	kind, text := event.Damage, ""
	switch {
	case d.err != nil:
		text = d.err.Error()
		if isLimit(d.err) {
			kind = event.Limit
		}
	case !whole:
		text = "size of the record does not add up"
	default:
		return
	}
	if !empty {
		text += "; what could be read of it is kept"
	}
	d.problem(kind, pos, d.rec.Number, "record "+fmt.Sprint(d.rec.Number)+": "+text)
}
