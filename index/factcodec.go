package index

import (
	"encoding/binary"
	"time"

	"debrief/event"
)

// Facts are kept as columns, since a registry dump gives thousands of them.
// docs/archive-format.md has the layout. Format 1 kept them as JSON, which begins
// with another byte.

const factsBinary = 1 // first byte of the unpacked frame

// factDicts are the columns of text with few different values.
const factDicts = 4

func factColumns(f *event.Fact) [factDicts]string {
	return [factDicts]string{f.Name, f.Key, f.Value, f.Pos.File}
}

// encodeFacts makes the unpacked frame.
func encodeFacts(facts []event.Fact) []byte {
	var dicts [factDicts]dict
	var cols, text []byte
	var line, record, offset int64
	delta := func(v int64, last *int64) {
		cols = binary.AppendVarint(cols, v-*last)
		*last = v
	}
	for i := range facts {
		f := &facts[i]
		for c, s := range factColumns(f) {
			cols = binary.AppendUvarint(cols, dicts[c].number(s))
		}
		cols = append(cols, byte(f.Kind))
		cols = binary.AppendVarint(cols, f.Num)
		if f.Time.IsZero() {
			cols = append(cols, 0)
		} else {
			cols = append(cols, 1)
			cols = binary.AppendVarint(cols, f.Time.Unix())
			cols = binary.AppendUvarint(cols, uint64(f.Time.Nanosecond()))
		}
		delta(int64(f.Pos.Line), &line)
		delta(int64(f.Pos.Record), &record)
		delta(f.Pos.Offset, &offset)
		cols = binary.AppendUvarint(cols, uint64(len(f.Text)))
		text = append(text, f.Text...)
	}
	out := binary.AppendUvarint([]byte{factsBinary}, uint64(len(facts)))
	for i := range dicts {
		out = binary.AppendUvarint(out, uint64(len(dicts[i].values)))
		for _, s := range dicts[i].values {
			out = appendString(out, s)
		}
	}
	out = binary.AppendUvarint(out, uint64(len(cols)))
	return append(append(out, cols...), text...)
}

// decodeFacts reads what encodeFacts made. Strings are parts of one.
func decodeFacts(raw []byte) ([]event.Fact, error) {
	d := decoder{b: raw[1:]}
	n := d.count()
	var dicts [factDicts][]string
	for i := range dicts {
		dicts[i] = make([]string, d.count())
		for j := range dicts[i] {
			dicts[i][j] = d.string()
		}
	}
	cols := decoder{b: d.bytes(d.count())}
	if d.err != nil {
		return nil, d.err
	}
	text := string(d.b)
	var line, record, offset int64
	next := func(last *int64) int64 {
		*last += cols.varint()
		return *last
	}
	var out []event.Fact
	if n > 0 {
		out = make([]event.Fact, n)
	}
	for i := range out {
		f := &out[i]
		for c, to := range [factDicts]*string{&f.Name, &f.Key, &f.Value, &f.Pos.File} {
			if k := cols.uvarint(); k < uint64(len(dicts[c])) {
				*to = dicts[c][k]
			} else {
				cols.fail()
			}
		}
		if b := cols.bytes(1); b != nil {
			f.Kind = event.FactKind(b[0])
		}
		f.Num = cols.varint()
		if b := cols.bytes(1); b != nil && b[0] == 1 {
			f.Time = time.Unix(cols.varint(), int64(cols.uvarint()%1e9)).UTC()
		}
		f.Pos.Line, f.Pos.Record, f.Pos.Offset = int(next(&line)), uint64(next(&record)), next(&offset)
		size := cols.uvarint()
		if size > uint64(len(text)) {
			cols.fail()
		}
		if cols.err != nil {
			return nil, cols.err
		}
		f.Text, text = text[:size], text[size:]
	}
	return out, nil
}
