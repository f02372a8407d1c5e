package index

import (
	"encoding/binary"
	"time"

	"debrief/event"
)

// A block is a run of events of one case in the order of file and place,
// compressed in two halves: the columns (time, level, ids, places and the
// lengths of the texts), and the texts. Questions to columns leave the texts
// packed. docs/archive-format.md has the layout.

const (
	blockEvents = 4096      // most events of a block
	blockBytes  = 512 << 10 // bytes of text at which a block ends
	// blockSplit is the text at which a block ends where a file ends, so that
	// small files share blocks and large ones have their own.
	blockSplit = 128 << 10
)

// blockInfo is what is known of a block without reading it.
type blockInfo struct {
	id     uint64 // unique in the archive, never used again
	at     place
	events int
	// first and last bound the times in seconds since 1970, last rounded up;
	// first > last = no event has a time.
	first, last int64
	untimed     bool  // some event has no time
	levels      uint8 // bit n = an event of level n
}

// stringColumns are the columns of text with few different values.
const stringColumns = 7

func columnsOf(e *event.Event) [stringColumns]string {
	return [stringColumns]string{e.Pos.File, string(e.Source), e.Channel, e.Provider, e.Name, e.Host, e.User}
}

// dict numbers the different values of a column in order of appearance.
type dict struct {
	index  map[string]uint64
	values []string
	last   string
	lastN  uint64
}

func (d *dict) number(s string) uint64 {
	if len(d.values) > 0 && s == d.last {
		return d.lastN
	}
	n, known := d.index[s]
	if !known {
		if d.index == nil {
			d.index = map[string]uint64{}
		}
		n = uint64(len(d.values))
		d.values = append(d.values, s)
		d.index[s] = n
	}
	d.last, d.lastN = s, n
	return n
}

// encodeBlock makes the payload of a block and fills in all of its info but
// id and place. ordinals are the places of the events in the case's own order.
func encodeBlock(p *packer, events []*event.Event, ordinals []int) ([]byte, blockInfo) {
	info := blockInfo{events: len(events), first: 1, last: 0}
	var dicts [stringColumns]dict
	var names dict
	var cols [stringColumns][]byte
	var ordinal, times, nanos, marks, offsets, ids, procs, places, lengths []byte
	var text []byte
	var prev struct {
		ordinal, sec, offset, line, record, pos int64
	}
	unit := timeUnit(events)
	for i, e := range events {
		for c, s := range columnsOf(e) {
			cols[c] = binary.AppendUvarint(cols[c], dicts[c].number(s))
		}
		delta := func(to []byte, v int64, last *int64) []byte {
			to = binary.AppendVarint(to, v-*last)
			*last = v
			return to
		}
		ordinal = delta(ordinal, int64(ordinals[i]), &prev.ordinal)
		times = delta(times, e.Time.Unix(), &prev.sec)
		nanos = binary.AppendUvarint(nanos, uint64(e.Time.Nanosecond())/unit)
		marks = append(marks, byte(e.Clock), byte(e.Level), byte(e.Flags))
		offsets = delta(offsets, int64(e.Offset), &prev.offset)
		ids = binary.AppendUvarint(ids, uint64(e.ID))
		procs = binary.AppendUvarint(binary.AppendUvarint(procs, uint64(e.Process)), uint64(e.Thread))
		places = delta(places, int64(e.Pos.Line), &prev.line)
		places = delta(places, int64(e.Pos.Record), &prev.record)
		places = delta(places, e.Pos.Offset, &prev.pos)
		lengths = binary.AppendUvarint(lengths, uint64(len(e.Message)))
		lengths = binary.AppendUvarint(lengths, uint64(len(e.Fields)))
		text = append(text, e.Message...)
		for j := range e.Fields {
			lengths = binary.AppendUvarint(lengths, names.number(e.Fields[j].Name))
			lengths = binary.AppendUvarint(lengths, uint64(len(e.Fields[j].Value)))
			text = append(text, e.Fields[j].Value...)
		}
		info.see(e)
	}
	meta := binary.AppendUvarint(nil, uint64(len(events)))
	meta = binary.AppendUvarint(meta, unit)
	for _, d := range append(dicts[:], names) {
		meta = binary.AppendUvarint(meta, uint64(len(d.values)))
		for _, s := range d.values {
			meta = appendString(meta, s)
		}
	}
	for _, c := range append(cols[:], ordinal, times, nanos, marks, offsets, ids, procs, places, lengths) {
		meta = append(binary.AppendUvarint(meta, uint64(len(c))), c...)
	}
	packed := p.pack(nil, meta)
	out := binary.AppendUvarint(make([]byte, 0, len(packed)+len(text)/6), uint64(len(packed)))
	return p.pack(append(out, packed...), text), info
}

// timeUnit is the nanoseconds that all times are a multiple of.
func timeUnit(events []*event.Event) uint64 {
	for _, unit := range []uint64{1e9, 1e6, 100} {
		whole := true
		for _, e := range events {
			if uint64(e.Time.Nanosecond())%unit != 0 {
				whole = false
				break
			}
		}
		if whole {
			return unit
		}
	}
	return 1
}

// see widens the bounds of the block.
func (b *blockInfo) see(e *event.Event) {
	b.levels |= 1 << min(e.Level, 7)
	if e.Time.IsZero() {
		b.untimed = true
		return
	}
	sec := e.Time.Unix()
	end := sec
	if e.Time.Nanosecond() > 0 {
		end++
	}
	if b.first > b.last {
		b.first, b.last = sec, end
		return
	}
	b.first, b.last = min(b.first, sec), max(b.last, end)
}

// block is an unpacked block.
type block struct {
	events   []event.Event // in order of file and place
	ordinals []int
	whole    bool // messages and fields are there

	lengths decoder // of the texts
	names   []string
	text    []byte // still packed
}

// decodeBlock reads the columns of a block; texts follow with block.fill.
func decodeBlock(u *unpacker, payload []byte) (*block, error) {
	d := decoder{b: payload}
	packed := d.bytes(d.count())
	if d.err != nil {
		return nil, d.err
	}
	meta, err := u.unpack(packed)
	if err != nil {
		return nil, err
	}
	b := &block{text: d.b}
	m := decoder{b: meta}
	n := m.count()
	if n > blockEvents {
		m.fail()
	}
	unit := m.uvarint()
	var values [stringColumns + 1][]string
	for i := range values {
		values[i] = make([]string, m.count())
		for j := range values[i] {
			values[i][j] = m.string()
		}
	}
	var cols [stringColumns]decoder
	for i := range cols {
		cols[i] = decoder{b: m.bytes(m.count())}
	}
	var rest [9]decoder
	for i := range rest {
		rest[i] = decoder{b: m.bytes(m.count())}
	}
	if m.err != nil {
		return nil, m.err
	}
	b.names, b.lengths = values[stringColumns], rest[8]
	b.events, b.ordinals = make([]event.Event, n), make([]int, n)
	if err := b.columns(unit, values[:], cols[:], rest[:]); err != nil {
		return nil, err
	}
	return b, nil
}

func (b *block) columns(unit uint64, values [][]string, cols, rest []decoder) error {
	var prev struct {
		ordinal, sec, offset, line, record, pos int64
	}
	next := func(d *decoder, last *int64) int64 {
		*last += d.varint()
		return *last
	}
	text := func(c int) string {
		n := cols[c].uvarint()
		if n >= uint64(len(values[c])) {
			cols[c].fail()
			return ""
		}
		return values[c][n]
	}
	for i := range b.events {
		e := &b.events[i]
		e.Pos.File, e.Source, e.Channel, e.Provider, e.Name, e.Host, e.User =
			text(0), event.Source(text(1)), text(2), text(3), text(4), text(5), text(6)
		b.ordinals[i] = int(next(&rest[0], &prev.ordinal))
		e.Time = time.Unix(next(&rest[1], &prev.sec), int64(rest[2].uvarint()*unit%1e9)).UTC()
		if m := rest[3].bytes(3); m != nil {
			e.Clock, e.Level, e.Flags = event.Clock(m[0]), event.Level(m[1]), event.Flags(m[2])
		}
		e.Offset = int16(next(&rest[4], &prev.offset))
		e.ID = uint32(rest[5].uvarint())
		e.Process, e.Thread = uint32(rest[6].uvarint()), uint32(rest[6].uvarint())
		e.Pos.Line = int(next(&rest[7], &prev.line))
		e.Pos.Record = uint64(next(&rest[7], &prev.record))
		e.Pos.Offset = next(&rest[7], &prev.pos)
	}
	for _, list := range [][]decoder{cols, rest[:8]} {
		for i := range list {
			if list[i].err != nil {
				return list[i].err
			}
		}
	}
	return nil
}

// fill unpacks the texts of the events.
func (b *block) fill(u *unpacker) error {
	if b.whole {
		return nil
	}
	raw, err := u.unpack(b.text)
	if err != nil {
		return err
	}
	text, at, d := string(raw), uint64(0), b.lengths
	cut := func() string {
		n := d.uvarint()
		if n > uint64(len(text))-at {
			d.fail()
			return ""
		}
		s := text[at : at+n]
		at += n
		return s
	}
	for i := range b.events {
		e := &b.events[i]
		e.Message = cut()
		n := d.count()
		if n == 0 {
			continue
		}
		e.Fields = make(event.Fields, n)
		for j := range e.Fields {
			if k := d.uvarint(); k < uint64(len(b.names)) {
				e.Fields[j].Name = b.names[k]
			} else {
				d.fail()
			}
			e.Fields[j].Value = cut()
			if d.err != nil {
				return d.err
			}
		}
	}
	if d.err != nil {
		return d.err
	}
	b.whole, b.text = true, nil
	return nil
}
