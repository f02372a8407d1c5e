package etl

// eventMetadata is the class of the events with which a tool that merges
// traces adds what it knows of the other events: of type 32, the description of
// a manifest-based event as TdhGetEventInformation gives it.
var eventMetadata = GUID{0xc1, 0xf6, 0xcc, 0xbb, 0xd1, 0x6c, 0xc4, 0x48, 0x80, 0xff, 0x83, 0x94, 0x82, 0xe3, 0x76, 0x71}

const typeEventInfo = 32

// learned are the descriptions that a trace itself holds; they go before the
// table, since they are of the very version that wrote the events.
type learned map[GUID]*provider

// maxLearned bounds the descriptions kept of one trace.
const maxLearned = 1 << 14

// learnAll looks for descriptions in all buffers that are not compressed,
// since they may stand behind the events they describe.
func (d *decoder) learnAll() {
	for pos := int64(0); d.nlearned < maxLearned; {
		b := d.tape.buffer(pos, 0)
		if len(b) < bufferHeader {
			return
		}
		size := int(le.Uint32(b))
		if size < bufferHeader || size > maxBuffer {
			pos += int64(d.h.BufferSize)
			continue
		}
		b = b[:min(size, len(b))]
		used := min(int(le.Uint32(b[48:])), len(b))
		if le.Uint16(b[52:])&flagCompressed == 0 {
			for at := bufferHeader; used-at >= 8; {
				n, head := eventSize(b[at:used])
				if n == 0 || n < head || n > used-at {
					break
				}
				if e := b[at : at+n]; e[2] == typeFull64 || e[2] == typeFull32 {
					d.learn(e)
				}
				at += (n + 7) &^ 7
			}
		}
		pos += int64(size)
	}
}

// learn reads the description that a classic event of class eventMetadata
// holds, TRACE_EVENT_INFO (offsets count from its start, 0 = not there):
//
//	0    GUID    provider                      52   uint32  name of the provider, UTF-16
//	32   id, version … as in EVENT_HEADER      104  uint32  top-level fields
//	100  uint32  fields                        112  the fields, 24 bytes each:
//
//	0  uint32  flags: 1 structure, 2 length is a field, 4 count is a field
//	4  uint32  name
//	8  uint16  type, 10  uint16  format; or first member and number of members
//	16 uint16  count or its field        18 uint16 length or its field
//
// Of a compressed buffer it is read when its turn comes.
func (d *decoder) learn(e []byte) {
	if len(e) < 48+112 || e[3]&markEvent == 0 || e[4] != typeEventInfo || GUID(e[24:40]) != eventMetadata || d.nlearned >= maxLearned {
		return
	}
	b := e[48:]
	top, all := int(le.Uint32(b[104:])), int(le.Uint32(b[100:]))
	if all < 0 || all > maxFieldList || top < 0 || top > all || len(b) < 112+24*all {
		return
	}
	layout := make([]field, 0, top)
	d.learning = maxFieldList
	for i := range top {
		f, ok := d.learnField(b, i, all, 0)
		if !ok {
			return
		}
		layout = append(layout, f)
	}
	g := GUID(b[:16])
	p := d.learned[g]
	if p == nil {
		p = &provider{name: d.nameAt(b, 52), layouts: map[uint32][]field{}}
		d.learned[g] = p
	}
	p.layouts[uint32(b[34])<<16|uint32(le.Uint16(b[32:]))] = layout
	d.nlearned++
}

// Flags of EVENT_PROPERTY_INFO.
const (
	propStruct = 1
	propLength = 2
	propCount  = 4
)

// learnField reads field i of a description of that many fields. Members of
// structures stand behind the top-level fields; lengths and counts refer to any
// field by its place.
func (d *decoder) learnField(b []byte, i, all, depth int) (field, bool) {
	// Structures may share their members: what is read counts, not what is there.
	if d.learning--; d.learning < 0 {
		return field{}, false
	}
	p := b[112+24*i:]
	f := field{name: d.nameAt(p, 4, b), slot: i}
	flags := le.Uint32(p)
	count, length := int(le.Uint16(p[16:])), int(le.Uint16(p[18:]))
	switch {
	case flags&propCount != 0:
		if count >= i || count >= maxSlots {
			return f, false
		}
		f.array, f.ref = arrayRef, count
	case count > 1:
		f.array, f.count = arrayConst, count
	}
	if flags&propStruct != 0 {
		from, n := int(le.Uint16(p[8:])), int(le.Uint16(p[10:]))
		// Members stand behind their structure, so this ends.
		if from <= i || from+n > all || depth > maxNesting {
			return f, false
		}
		f.in = inStruct
		for j := range n {
			m, ok := d.learnField(b, from+j, all, depth+1)
			if !ok {
				return f, false
			}
			f.members = append(f.members, m)
		}
		return f, true
	}
	in, out := le.Uint16(p[8:]), le.Uint16(p[10:])
	if in > inCountedBin || in == inStruct {
		return f, false
	}
	f.in = uint8(in)
	if out < 64 {
		f.out = uint8(out)
	}
	f.learnOut()
	switch {
	case flags&propLength != 0:
		if f.array != arrayNone || length >= i || length >= maxSlots {
			return f, false
		}
		f.sized, f.ref = true, length
	case f.in == inBinary || length > 0 && f.in <= inANSI:
		if f.array != arrayNone || length == 0 {
			return f, false
		}
		f.fixed = length
	}
	return f, true
}

// learnOut maps the formats of manifests (TDH_OUTTYPE_*) to those of
// TraceLogging, which numbers them otherwise.
func (f *field) learnOut() {
	switch f.out {
	case 13: // boolean
		f.out = outBoolean
	case 15, 16, 17, 18: // hex of 8, 16, 32, 64 bits
		f.out = outHex
	case 22: // port
		f.out = outPort
	case 23:
		f.out = outIPv4
	case 24:
		f.out = outIPv6
	case 30: // Win32 error
		f.out = 0
	case 31, 32: // NTSTATUS, HRESULT
		f.out = outHResult
	default:
		f.out = 0
	}
}

// nameAt reads the UTF-16 name whose offset stands at p[at:]; in holds it,
// p itself if not given.
func (d *decoder) nameAt(p []byte, at int, in ...[]byte) string {
	b := p
	if len(in) > 0 {
		b = in[0]
	}
	off := int(le.Uint32(p[at:]))
	if off <= 0 || off >= len(b) {
		return ""
	}
	b = b[off:]
	b = b[:min(wideLen(b), 512)]
	// Names end in a blank here and there.
	for len(b) >= 2 && b[len(b)-1] == 0 && b[len(b)-2] == ' ' {
		b = b[:len(b)-2]
	}
	return d.wide(b)
}
