package ingest

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"time"

	"debrief/event"
)

const (
	localHeader     = "PK\x03\x04"
	localHeaderSize = 30
	descriptor      = "PK\x07\x08"
	descriptorSize  = 16
	flagDescriptor  = 8 // sizes and CRC follow the data
	zip64Extra      = 1
)

// localEntry is one local header of a ZIP.
type localEntry struct {
	at, data      int // offsets of the header and of the data
	name          string
	flags, method uint16
	crc           uint32
	packed, size  uint64 // as declared; not known where deferred
	deferred      bool   // sizes follow the data
	modTime       time.Time
}

// salvageZIP reads the members by their local headers, leaving out those seen
// already. A header is looked for behind each member, so damage costs only the
// members in it.
func (r *reader) salvageZIP(a *archive, seen map[zipKey]bool) {
	for pos := 0; ; {
		i := bytes.Index(a.data[pos:], []byte(localHeader))
		if i < 0 {
			return
		}
		e, ok := parseLocal(a.data, pos+i)
		if !ok {
			pos += i + len(localHeader)
			continue
		}
		m, next := r.salvageMember(a, e)
		pos = next
		if strings.HasSuffix(e.name, "/") && len(m.data) == 0 || seen[zipKey{e.name, e.crc, uint64(len(m.data))}] {
			continue
		}
		if !r.take(a, m) || r.ends(a, m.reason) {
			return
		}
	}
}

// parseLocal reads the local header at pos.
func parseLocal(data []byte, pos int) (localEntry, bool) {
	le := binary.LittleEndian
	if len(data)-pos < localHeaderSize {
		return localEntry{}, false
	}
	h := data[pos:]
	nameLen, extraLen := int(le.Uint16(h[26:])), int(le.Uint16(h[28:]))
	if len(h) < localHeaderSize+nameLen+extraLen || nameLen == 0 || le.Uint16(h[4:]) > 100 {
		return localEntry{}, false
	}
	e := localEntry{
		at: pos, data: pos + localHeaderSize + nameLen + extraLen,
		name:  string(h[localHeaderSize : localHeaderSize+nameLen]),
		flags: le.Uint16(h[6:]), method: le.Uint16(h[8:]),
		crc: le.Uint32(h[14:]), packed: uint64(le.Uint32(h[18:])), size: uint64(le.Uint32(h[22:])),
		modTime: dosTime(le.Uint16(h[12:]), le.Uint16(h[10:])),
	}
	e.deferred = e.flags&flagDescriptor != 0 && e.crc == 0 && e.packed == 0
	extra := h[localHeaderSize+nameLen : localHeaderSize+nameLen+extraLen]
	for len(extra) >= 4 {
		id, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		if n > len(extra)-4 {
			break
		}
		if id == zip64Extra && n >= 16 && e.packed == 0xFFFFFFFF {
			e.size, e.packed = le.Uint64(extra[4:]), le.Uint64(extra[12:])
		}
		extra = extra[4+n:]
	}
	return e, true
}

// salvageMember reads a member and says where to look for the next.
func (r *reader) salvageMember(a *archive, e localEntry) (m member, next int) {
	m = member{name: zipName(e.name), modTime: e.modTime, size: -1}
	rest := a.data[e.data:]
	if !e.deferred {
		m.size = int64(min(e.size, 1<<62))
	}
	packed := rest
	if !e.deferred && e.packed <= uint64(len(rest)) {
		packed = rest[:e.packed]
	}
	next = e.data
	if m.kind, m.reason = zipReadable(e.flags, e.method); m.reason != nil {
		if !e.deferred {
			next += len(packed)
		}
		return m, next
	}
	if e.method == zipStored {
		marked := true
		if e.deferred {
			var n int
			n, marked = storedEnd(rest)
			packed = rest[:n]
			if !marked { // all was searched in vain
				m.reason = a.work(int64(len(rest)))
			}
			if m.reason != nil {
				return m, next
			}
		}
		m.data, m.reason = r.readAll(a, bytes.NewReader(packed), int64(len(packed)), int64(len(packed)), r.limits.FileBytes)
		next += len(packed)
		if m.reason == nil && !marked {
			m.reason = errors.New("end of the data is not marked")
		}
	} else {
		in := bytes.NewReader(packed)
		inflater := flate.NewReader(in)
		m.data, m.reason = r.readAll(a, inflater, max(0, m.size), int64(len(packed)), r.limits.FileBytes)
		used := len(packed) - in.Len()
		if m.reason == nil {
			next += used
		} else if err := a.work(int64(used)); err != nil { // it will be searched again
			m.reason = err
		}
	}
	r.checkSalvaged(a, e, &m)
	return m, next
}

// checkSalvaged compares what came out with what the header says.
func (r *reader) checkSalvaged(a *archive, e localEntry, m *member) {
	if m.reason != nil || e.deferred {
		return
	}
	if uint64(len(m.data)) < e.size {
		m.reason = errors.New("data cut off")
	} else if crc32.ChecksumIEEE(m.data) != e.crc {
		r.archiveProblem(a, event.Remark, fmt.Sprintf("CRC of member %s is wrong", quoteShort(m.name)))
	}
}

// storedEnd finds the end of stored data of unknown size: the descriptor that
// states just that size. Without one it is not marked; then the next header or
// the end of all ends the data, less the start of a descriptor that is cut.
func storedEnd(rest []byte) (end int, marked bool) {
	for pos := 0; ; {
		i := bytes.Index(rest[pos:], []byte(descriptor))
		if i < 0 {
			break
		}
		pos += i
		if len(rest)-pos >= descriptorSize && binary.LittleEndian.Uint32(rest[pos+8:]) == uint32(pos) {
			return pos, true
		}
		pos += len(descriptor)
	}
	if i := bytes.Index(rest, []byte(localHeader)); i >= 0 {
		return i, false
	}
	for tail := max(0, len(rest)-descriptorSize+1); tail < len(rest); tail++ {
		n := min(len(descriptor), len(rest)-tail)
		if string(rest[tail:tail+n]) == descriptor[:n] {
			return tail, false
		}
	}
	return len(rest), false
}

// dosTime reads a DOS date and time, which has no zone, as if it were UTC.
func dosTime(date, clock uint16) time.Time {
	if date == 0 {
		return time.Time{}
	}
	return time.Date(1980+int(date>>9), time.Month(date>>5&15), int(date&31), int(clock>>11), int(clock>>5&63), int(clock&31)*2, 0, time.UTC)
}
