package ingest

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"debrief/event"
)

// salvage reads the members by their local headers, leaving out what is done. A
// header is looked for behind each member, so damage costs only the members in
// it. It returns how often which name was found.
func (z *zipReader) salvage() (found map[string]int) {
	found = map[string]int{}
	for pos := int64(0); ; {
		at := z.a.index(pos, zipLocalHeader)
		if at < 0 {
			return found
		}
		e, ok := z.a.parseLocal(at)
		if !ok {
			pos = at + int64(len(zipLocalHeader))
			continue
		}
		if end, ok := z.done[e.data]; ok {
			pos = max(end, e.data)
			continue
		}
		m, next := z.salvageMember(e)
		pos = next
		if (strings.HasSuffix(e.name, "/") || strings.HasSuffix(e.name, `\`)) && m.got() == 0 {
			continue
		}
		found[e.name]++
		if !z.r.take(z.a, m) || z.r.ends(z.a, m.reason) {
			return found
		}
	}
}

// salvageMember reads a member and says where to look for the next: behind its
// data, or where that did not come out well, inside it.
func (z *zipReader) salvageMember(e zipEntry) (m member, next int64) {
	m, o := z.read(e)
	if o.wrongCRC {
		z.r.archiveProblem(z.a, event.Remark, fmt.Sprintf("CRC of member %s is wrong", quoteShort(m.name)))
	}
	if m.reason == nil || e.method == zipStored || e.readable() != nil {
		return m, e.data + o.used
	}
	return m, e.data
}

// parseLocal reads the local header at pos.
func (a *archive) parseLocal(pos int64) (zipEntry, bool) {
	h := a.at(pos, localHeaderSize)
	if len(h) < localHeaderSize || le.Uint16(h[4:]) > 100 {
		return zipEntry{}, false
	}
	nameLen, extraLen := int(le.Uint16(h[26:])), int(le.Uint16(h[28:]))
	rest := a.at(pos+localHeaderSize, nameLen+extraLen)
	if len(rest) < nameLen+extraLen || nameLen == 0 {
		return zipEntry{}, false
	}
	e := zipEntry{
		name: string(rest[:nameLen]), data: pos + localHeaderSize + int64(len(rest)),
		flags: le.Uint16(h[6:]), method: le.Uint16(h[8:]), clock: le.Uint16(h[10:]),
		crc: le.Uint32(h[14:]), packed: uint64(le.Uint32(h[18:])), size: uint64(le.Uint32(h[22:])),
		modTime: dosTime(le.Uint16(h[12:]), le.Uint16(h[10:])),
	}
	extra := rest[nameLen:]
	e.findAES(extra)
	// Which of the sizes are there is decided by which are all ones.
	long := extraField(extra, zip64Extra)
	for _, size := range []*uint64{&e.size, &e.packed} {
		if *size == 0xFFFFFFFF && len(long) >= 8 {
			*size, long = le.Uint64(long), long[8:]
		}
	}
	e.deferred = e.flags&zipDeferred != 0 && e.crc == 0 && e.packed == 0
	return e, true
}

// localAt finds the local header whose data starts at an offset; nameLen is the
// likely length of its name.
func (a *archive) localAt(data int64, nameLen int) (zipEntry, bool) {
	const extras = 4 << 10
	start := max(0, data-localHeaderSize-int64(nameLen)-extras)
	window := a.at(start, int(data-start))
	for {
		i := bytes.LastIndex(window, []byte(zipLocalHeader))
		if i < 0 {
			return zipEntry{}, false
		}
		if e, ok := a.parseLocal(start + int64(i)); ok && e.data == data {
			return e, true
		}
		window = window[:i]
	}
}

// descriptorAt reads what follows the data of a deferred entry: CRC and sizes
// of 4 or 8 bytes each, with or without a signature. It is recognised by its
// sizes.
func (a *archive) descriptorAt(pos int64, packed, size uint64) (crc uint32, ok bool) {
	b := a.at(pos, 24)
	for _, signature := range []string{zipDescriptor, ""} {
		if !strings.HasPrefix(string(b), signature) {
			continue
		}
		d := b[len(signature):]
		if len(d) >= 12 && uint64(le.Uint32(d[4:])) == packed && uint64(le.Uint32(d[8:])) == size ||
			len(d) >= 20 && le.Uint64(d[4:]) == packed && le.Uint64(d[12:]) == size {
			return le.Uint32(d), true
		}
	}
	return 0, false
}

// deferredEnd finds the end of data whose form does not show it: where the
// descriptor stands that states just that size, which gives the entry its CRC.
// Without one the end is not marked; then the next header or the end of all
// ends the data, less the start of a descriptor that is cut.
func (a *archive) deferredEnd(data int64, e *zipEntry) (packed int64, marked bool) {
	for pos := data; ; {
		at := a.index(pos, zipDescriptor)
		if at < 0 {
			break
		}
		if d := a.at(at+4, 12); len(d) == 12 && (uint64(le.Uint32(d[4:])) == uint64(at-data) || le.Uint64(d[4:]) == uint64(at-data)) {
			e.crc = le.Uint32(d)
			return at - data, true
		}
		pos = at + int64(len(zipDescriptor))
	}
	end := a.size
	for _, header := range []string{zipLocalHeader, zipCentralHeader} {
		if at := a.index(data, header); at >= 0 {
			end = min(end, at)
		}
	}
	for _, n := range []int64{12, 20} { // a descriptor without a signature
		d := a.at(max(data, end-n), int(n))
		if int64(len(d)) == n && end-n >= data && (n == 12 && uint64(le.Uint32(d[4:])) == uint64(end-n-data) || n == 20 && le.Uint64(d[4:]) == uint64(end-n-data)) {
			e.crc = le.Uint32(d)
			return end - n - data, true
		}
	}
	return cutDescriptor(a, data, end) - data, false
}

// cutDescriptor returns where the start of a descriptor ends the data that
// reaches to end, or end.
func cutDescriptor(a *archive, data, end int64) int64 {
	if end != a.size {
		return end
	}
	from := max(data, end-23) // the longest descriptor that is not whole
	tail := a.at(from, int(end-from))
	for i := range tail {
		n := min(len(zipDescriptor), len(tail)-i)
		if string(tail[i:i+n]) == zipDescriptor[:n] {
			return from + int64(i)
		}
	}
	return end
}

// dosTime reads a DOS date and time, which has no zone, as if it were UTC.
func dosTime(date, clock uint16) time.Time {
	if date == 0 {
		return time.Time{}
	}
	return time.Date(1980+int(date>>9), time.Month(date>>5&15), int(date&31), int(clock>>11), int(clock>>5&63), int(clock&31)*2, 0, time.UTC)
}
