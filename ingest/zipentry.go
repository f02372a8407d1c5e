package ingest

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	fastflate "github.com/klauspost/compress/flate"

	"debrief/event"
)

// Signatures and numbers of a ZIP, by PKWARE's APPNOTE.TXT 6.3.10; AES by the
// description on WinZip's site.
const (
	zipLocalHeader   = "PK\x03\x04"
	zipCentralHeader = "PK\x01\x02"
	zipEndRecord     = "PK\x05\x06"
	zipDescriptor    = "PK\x07\x08"
	localHeaderSize  = 30

	zipStored   = 0
	zipDeflated = 8
	zipAES      = 99 // the method proper is in the extra field

	zipEncrypted = 1 << 0 // flags
	zipDeferred  = 1 << 3 // sizes and CRC follow the data
	zipStrong    = 1 << 6

	zip64Extra = 0x0001
	aesExtra   = 0x9901
)

var le = binary.LittleEndian

// sourceReader is what is read here of an archive.
type sourceReader interface {
	io.ReaderAt
	Size() int64
}

// zipEntry is what a header, local or central, says of a member.
type zipEntry struct {
	name          string
	flags, method uint16
	clock         uint16 // DOS time
	crc           uint32
	packed, size  uint64
	deferred      bool  // crc and sizes are not known: they follow the data
	data          int64 // offset of the data
	aes           aesField
	modTime       time.Time
	most          int64 // bytes to read; 0 = Limits.FileBytes
}

// aesField is the extra field of WinZip AES:
//
//	0x9901 size=7 version "AE" strength method
//
// Version 1 states the CRC of the content, version 2 leaves it zero.
type aesField struct {
	version  uint16
	strength byte // 1, 2, 3 = keys of 128, 192, 256 bits; 0 = no such field
}

// findAES reads the AES field, if there is one.
func (e *zipEntry) findAES(extra []byte) {
	if e.method != zipAES {
		return
	}
	b := extraField(extra, aesExtra)
	if len(b) < 7 || b[4] < 1 || b[4] > 3 {
		return
	}
	e.aes = aesField{version: le.Uint16(b), strength: b[4]}
	e.method = le.Uint16(b[5:])
}

// extraField returns the content of the extra field of that id.
func extraField(extra []byte, id uint16) []byte {
	for len(extra) >= 4 {
		n := int(le.Uint16(extra[2:]))
		if n > len(extra)-4 {
			return nil
		}
		if le.Uint16(extra) == id {
			return extra[4 : 4+n]
		}
		extra = extra[4+n:]
	}
	return nil
}

// agrees reports whether two headers say the same of the data.
func (e *zipEntry) agrees(f zipEntry) bool {
	return !e.deferred && e.flags&zipEncrypted == f.flags&zipEncrypted && e.method == f.method && e.packed == f.packed && e.size == f.size && e.crc == f.crc
}

// declared is the size for reports; negative = not known.
func (e *zipEntry) declared() int64 {
	if e.deferred {
		return -1
	}
	return int64(min(e.size, 1<<62))
}

// readable says why a member cannot be decoded at all.
func (e *zipEntry) readable() error {
	switch {
	case e.flags&zipStrong != 0 && e.flags&zipEncrypted != 0:
		return errors.New("encrypted by a method that is not supported")
	case e.method != zipStored && e.method != zipDeflated:
		return fmt.Errorf("compression method %d not supported", e.method)
	}
	return nil
}

// outcome is how the reading of a member ended.
type outcome struct {
	used     int64 // packed bytes that it took
	sound    bool  // the content has the CRC that the header states
	wrongCRC bool  // all is there, with another CRC
	final    bool  // another header would not help
}

// read reads the data of an entry.
func (z *zipReader) read(e zipEntry) (member, outcome) {
	m := member{name: zipName(e.name), modTime: e.modTime, size: e.declared(), kind: event.Unreadable}
	var o outcome
	if m.reason = e.readable(); m.reason != nil {
		if !e.deferred {
			o.used = e.room(z.a)
		}
		return m, o
	}
	m.kind = event.Damage
	packed, marked := e.room(z.a), true
	if e.deferred && (e.method == zipStored || e.flags&zipEncrypted != 0) {
		rest := packed
		if packed, marked = z.a.deferredEnd(e.data, &e); !marked { // all was searched in vain
			if m.reason = z.a.work(rest); m.reason != nil {
				return m, o
			}
		}
	}
	raw := io.NewSectionReader(z.a.src, e.data, packed)
	cut := !e.deferred && e.packed > uint64(packed)
	z.decode(&e, raw, packed, &m, &o)
	if e.method == zipStored && m.reason == nil && !marked {
		m.reason = errors.New("end of the data is not marked")
		o.sound = false
	}
	if e.flags&zipEncrypted != 0 && e.aes.strength == 0 && !o.sound && !cut && !isLimit(m.reason) && marked {
		// One byte tells a right password from a wrong one, which lets one in
		// some hundred pass. What it makes of the data must not look like evidence.
		z.r.refund(z.a, m.got())
		m.disk.remove()
		m.data, m.disk, m.reason = nil, nil, errLocked
	}
	_ = z.a.work(o.used) // what is here is whole; the next one will not be read
	o.final = errors.Is(m.reason, errLocked) || isLimit(m.reason)
	return m, o
}

// room is what of the archive may be data of the entry.
func (e *zipEntry) room(a *archive) int64 {
	rest := uint64(max(0, a.size-e.data))
	switch {
	case e.deferred:
		return int64(rest)
	case e.method == zipStored && e.flags&zipEncrypted == 0:
		return int64(min(e.packed, e.size, rest))
	}
	return int64(min(e.packed, rest))
}

// decode decrypts and unpacks the data in raw.
func (z *zipReader) decode(e *zipEntry, raw *io.SectionReader, packed int64, m *member, o *outcome) {
	var in io.Reader = raw
	authentic := func() error { return nil }
	if e.flags&zipEncrypted != 0 {
		if in, authentic, m.reason = z.r.decrypt(e, raw); m.reason != nil {
			o.used = packed
			return
		}
	}
	buffered := bufio.NewReaderSize(in, int(max(64, min(packed, 64<<10))))
	if e.method == zipDeflated {
		in = z.r.inflate(buffered, !e.deferred)
	} else {
		in = buffered
	}
	most := z.r.limits.FileBytes
	if e.most > 0 {
		most = e.most
	}
	sum := crc32.NewIEEE()
	m.data, m.disk, m.reason = z.r.readAll(z.a, io.TeeReader(in, sum), max(0, m.size), packed, most)
	at, _ := raw.Seek(0, io.SeekCurrent)
	o.used = at - int64(buffered.Buffered())
	if m.reason != nil {
		return
	}
	if e.aes.strength != 0 {
		o.used = packed
	}
	if m.reason = authentic(); m.reason != nil {
		return
	}
	z.check(e, m, o, sum.Sum32())
}

// check compares what came out with what the header, or what follows the data,
// says.
func (z *zipReader) check(e *zipEntry, m *member, o *outcome, sum uint32) {
	got := uint64(m.got())
	if e.deferred && e.flags&zipEncrypted == 0 {
		if crc, ok := z.a.descriptorAt(e.data+o.used, uint64(o.used), got); ok {
			o.sound, o.wrongCRC = crc == sum, crc != sum
		} else if e.crc != 0 {
			o.sound = sum == e.crc
		}
		return
	}
	noCRC := e.aes.strength != 0 && e.aes.version == 2
	switch {
	case e.deferred && e.crc == 0:
	case noCRC && e.deferred:
		o.sound = true
	case noCRC, e.crc == 0 && e.flags&zipEncrypted == 0:
		o.sound = got == e.size
	default:
		o.sound = sum == e.crc
	}
	if o.sound || e.deferred {
		return
	}
	if got < e.size {
		m.reason = errors.New("data cut off")
		return
	}
	o.wrongCRC = true
}

// inflate gives the one inflater that a run needs of its kind: a member is read
// to its end before what is in it is looked at. The fast one (of
// klauspost/compress v1.18.0) takes some cuts for a sound end, so it is not for
// data whose size is not known.
func (r *reader) inflate(in io.Reader, sizeKnown bool) io.Reader {
	if !sizeKnown {
		return flate.NewReader(in)
	}
	if r.inflater == nil {
		r.inflater = fastflate.NewReader(in)
	} else if err := r.inflater.(fastflate.Resetter).Reset(in, nil); err != nil {
		return fastflate.NewReader(in)
	}
	return r.inflater
}

func isLimit(err error) bool {
	var limit *limitError
	return errors.As(err, &limit)
}

// at returns n bytes of the archive from an offset, fewer at its end.
func (a *archive) at(pos int64, n int) []byte {
	if a.data != nil {
		return a.data[min(pos, a.size):min(pos+int64(n), a.size)]
	}
	b := make([]byte, min(int64(n), max(0, a.size-pos)))
	got, _ := a.src.ReadAt(b, pos)
	return b[:got]
}

// index finds text at or behind pos; negative = it is not there.
func (a *archive) index(pos int64, text string) int64 {
	if a.data != nil {
		if i := bytes.Index(a.data[min(pos, a.size):], []byte(text)); i >= 0 {
			return pos + int64(i)
		}
		return -1
	}
	// Members mostly lie close to each other, so the first window is small.
	for window := 1 << 10; pos < a.size; window = min(4*window, 1<<20) {
		b := a.at(pos, window)
		if i := bytes.Index(b, []byte(text)); i >= 0 {
			return pos + int64(i)
		}
		if len(b) < window {
			break
		}
		pos += int64(len(b) - len(text) + 1)
	}
	return -1
}
