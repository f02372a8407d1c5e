package etl

import "debrief/parsers/winval"

// Flags of EVENT_HEADER.
const (
	flagExtended = 0x01
	flag32Bit    = 0x20
)

// Kinds of extended items.
const (
	extRelated = 0x01
	extSID     = 0x02
	extSchema  = 0x0b // TraceLogging: EVENT_HEADER_EXT_TYPE_EVENT_SCHEMA_TL
	extTraits  = 0x0c // provider traits: its name
)

// extended are the extended items of one event that matter.
type extended struct{ related, sid, schema, traits []byte }

// crimson reads EVENT_HEADER:
//
//	4   uint16  flags: 1 extended items, 0x20 the writer was 32-bit
//	6   uint16  property
//	8   uint32  thread          40  uint16  id        45  uint8   opcode
//	12  uint32  process         42  uint8   version   46  uint16  task
//	16  int64   time            43  uint8   channel   48  uint64  keywords
//	24  GUID    provider        44  uint8   level     64  GUID    activity
//
// Extended items follow, each on a multiple of 8 bytes:
//
//	0  uint16  size, header included    4  uint16  1 = another follows    8  data
//	2  uint16  kind                     6  uint16  size of the data
//
// The layout in files is not the one of EVENT_HEADER_EXTENDED_DATA_ITEM in
// memory; it was read off traces.
func (d *decoder) crimson(b []byte) {
	r := &d.rec
	flags := le.Uint16(b[4:])
	r.Thread, r.Process = le.Uint32(b[8:]), le.Uint32(b[12:])
	r.Time = d.time(int64(le.Uint64(b[16:])))
	r.Provider = GUID(b[24:40])
	r.ID = uint32(le.Uint16(b[40:]))
	r.Version, r.Channel, r.Level, r.Opcode = b[42], b[43], b[44], b[45]
	r.Task = le.Uint16(b[46:])
	r.Keywords = le.Uint64(b[48:])
	r.Activity = GUID(b[64:80])
	p := b[80:]
	var x extended
	if flags&flagExtended != 0 {
		var ok bool
		if x, p, ok = extendedItems(p); !ok {
			r.Partial = true
		}
	}
	pointer := 8
	if b[2] == typeEvent32 || flags&flag32Bit != 0 {
		pointer = 4
	}
	if x.schema != nil {
		r.Kind = TraceLogging
	}
	if x.traits != nil {
		r.ProviderName = d.traitName(x.traits)
	}
	d.lookup()
	var layout []field
	if x.schema == nil {
		layout = d.layout()
	}
	r.Known = x.schema != nil || layout != nil || len(p) == 0
	r.Payload = p
	if !d.wanted() {
		return
	}
	if len(x.related) >= 16 {
		r.Related = GUID(x.related[:16])
	}
	if n := winval.SIDLen(x.sid); n > 0 {
		r.User = d.sid(x.sid[:n])
	}
	switch {
	case r.Kind == TraceLogging:
		if s := d.schemaOf(x.schema); s != nil {
			r.Name, r.Known = s.name, !s.torn
			d.decode(s.fields, p, pointer)
		}
	case layout != nil:
		d.decode(layout, p, pointer)
	}
	d.give()
}

// extendedItems cuts the extended items off the front of p; ok is false where
// they do not fit.
func extendedItems(p []byte) (x extended, rest []byte, ok bool) {
	for {
		if len(p) < 8 {
			return x, nil, false
		}
		size, kind, more := int(le.Uint16(p)), le.Uint16(p[2:]), le.Uint16(p[4:])&1 != 0
		if size < 8 || size > len(p) {
			return x, nil, false
		}
		item := p[8:min(size, 8+int(le.Uint16(p[6:])))]
		switch kind {
		case extRelated:
			x.related = item
		case extSID:
			x.sid = item
		case extSchema:
			x.schema = item
		case extTraits:
			x.traits = item
		}
		p = p[min((size+7)&^7, len(p)):]
		if !more {
			return x, p, true
		}
	}
}

// traitName reads the provider's name from its traits:
//
//	0  uint16  size of the whole    2  name, UTF-8, NUL-terminated    … further traits
func (d *decoder) traitName(b []byte) string {
	if len(b) < 3 {
		return ""
	}
	b = b[2:min(len(b), max(2, int(le.Uint16(b))))]
	for i, c := range b {
		if c == 0 {
			return d.shared(b[:i])
		}
	}
	return ""
}
