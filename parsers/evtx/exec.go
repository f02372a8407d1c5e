package evtx

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"time"

	"debrief/event"
	"debrief/parsers/winval"
)

// fail notes the first thing wrong with the current record.
func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.stop = d.stop || isLimit(err)
}

// work charges n steps to the chunk; false means that it has used up its share.
func (d *decoder) work(n int) bool {
	d.steps -= n
	if d.steps < 0 {
		d.fail(errWork)
		return false
	}
	return true
}

// room reserves n bytes in the arena, within the limits of record and chunk.
func (d *decoder) room(n int) bool {
	got := d.arena.Reserve(n, min(d.recordOut, d.chunkOut))
	if got < 0 {
		d.fail(errOutput)
		return false
	}
	d.recordOut -= got
	d.chunkOut -= got
	return true
}

// fragment runs the binary XML in [pos, end): mostly a header, one template
// instance and an end token.
func (d *decoder) fragment(pos, end uint32, dep bool, at place) {
	for pos < end && !d.stop && d.work(1) {
		switch d.b[pos] {
		case 0x00:
			return
		case 0x0f:
			if end-pos < 4 {
				d.fail(errShort)
				return
			}
			pos += 4
		case 0x0c:
			pos = d.instance(pos, end, at)
		default:
			p := d.compile(pos, end, dep, at)
			d.run(p, nil)
			return
		}
	}
}

// instanceHead is where the parts of a template instance stand.
type instanceHead struct {
	id     uint32
	def    uint32 // template definition
	list   uint32 // descriptors of the values
	count  uint32
	values uint32 // first value
}

// head reads the head of the instance at pos:
//
//	0c, unknown (1), template id (4), offset of the definition (4)
//	where the offset is the next byte, the definition itself:
//	    next (4), GUID (16, starts with the id), size (4), fragment
//	number of values (4), then for each: size (2), type (1), 0
//	values
func (d *decoder) head(pos, end uint32) (h instanceHead, err error) {
	if end-pos < 14 {
		return h, errShort
	}
	h.id = binary.LittleEndian.Uint32(d.b[pos+2:])
	h.def = binary.LittleEndian.Uint32(d.b[pos+6:])
	p := pos + 10
	if h.def == p {
		if end-p < 28 {
			return h, errShort
		}
		size := binary.LittleEndian.Uint32(d.b[p+20:])
		if size > end-p-28 {
			return h, errTemplate
		}
		p += 24 + size
	}
	h.count = binary.LittleEndian.Uint32(d.b[p:])
	h.list = p + 4
	if h.count > (end-h.list)/4 {
		return h, errValues
	}
	h.values = h.list + 4*h.count
	return h, nil
}

// skipInstance returns the end of the instance at pos.
func (d *decoder) skipInstance(pos, end uint32) (uint32, error) {
	h, err := d.head(pos, end)
	if err != nil {
		return pos, err
	}
	at := h.values
	for p := h.list; p < h.values; p += 4 {
		at += uint32(binary.LittleEndian.Uint16(d.b[p:]))
		if at > end {
			return pos, errValues
		}
	}
	return at, nil
}

// instance runs the template instance at pos and returns its end.
func (d *decoder) instance(pos, end uint32, at place) uint32 {
	h, err := d.head(pos, end)
	if err != nil {
		d.fail(err)
		return end
	}
	if !d.work(int(h.count)) {
		return end
	}
	base := len(d.values)
	d.values = slices.Grow(d.values, int(h.count))[:base+int(h.count)]
	next := h.values
	list := d.b[h.list:h.values]
	for i := range d.values[base:] {
		v := &d.values[base+i]
		v.off, v.size, v.typ, v.done = next, binary.LittleEndian.Uint16(list[4*i:]), list[4*i+2], false
		if uint32(v.size) > end-next {
			// The values before still stand; what is there of this one is kept.
			d.fail(errValues)
			v.size = uint16(end - next)
		}
		next += uint32(v.size)
	}
	d.run(d.template(h, at), d.values[base:])
	d.values = d.values[:base]
	return next
}

// template returns the compiled template of an instance.
func (d *decoder) template(h instanceHead, at place) program {
	n := uint32(len(d.b))
	if h.def < headerSize || h.def > n || n-h.def < 24 {
		return program{err: errTemplate}
	}
	// Behind the live records a definition may be overwritten by another.
	if d.strict && binary.LittleEndian.Uint32(d.b[h.def+4:]) != h.id {
		return program{err: errTemplate}
	}
	key := h.def<<8 | uint32(at)
	if p, ok := d.programs[key]; ok {
		return p
	}
	size := binary.LittleEndian.Uint32(d.b[h.def+20:])
	if size > n-h.def-24 {
		return program{err: errTemplate}
	}
	p := d.compile(h.def+24, h.def+24+size, true, at)
	d.programs[key] = p
	return p
}

// run executes a program over values. What was compiled before an error is
// still run.
func (d *decoder) run(p program, vals []value) {
	for i := p.op0; i < p.op1; i++ {
		o := d.ops[i] // a copy: nested templates may move the slice
		if d.stop || !d.work(1+int(o.part1-o.part0)) {
			return
		}
		switch o.kind {
		case opSlot:
			d.property(&o, vals)
		default:
			d.field(&o, vals)
		}
	}
	if p.err != nil {
		d.fail(p.err)
	}
}

// value returns the value that a part stands for, or nil.
func (p *part) value(vals []value) *value {
	if p.kind == partValue && int(p.sub) < len(vals) {
		return &vals[p.sub]
	}
	return nil
}

// field makes the fields of one element or attribute.
func (d *decoder) field(o *op, vals []value) {
	name := o.name
	if o.part0 > o.name0 {
		name = d.join(o.name0, o.part0, vals)
	}
	if o.part1-o.part0 == 1 {
		p := &d.parts[o.part0]
		if p.kind == partLiteral {
			d.text(o, name, p.lit)
			return
		}
		if v := p.value(vals); v != nil && v.typ != typeBinXML {
			switch {
			case v.typ&^typeArray == typeString && v.typ != typeString, v.typ == typeArray|typeANSI:
				d.stringArray(o, name, v)
			case v.typ != typeNull:
				d.text(o, name, d.valueText(v))
			case !o.attr && p.typ&typeArray == 0 && (!p.optional || o.named):
				d.text(o, name, "")
			}
			return
		}
	}
	before := len(d.fields)
	nested := d.nest(o, name, vals)
	text := d.join(o.part0, o.part1, vals)
	if nested && text == "" && len(d.fields) > before {
		return
	}
	d.text(o, name, text)
}

// nest runs the nested XML among the parts of an op.
func (d *decoder) nest(o *op, name string, vals []value) (found bool) {
	if o.attr {
		return false
	}
	outer := d.name
	for i := o.part0; i < o.part1; i++ {
		p := d.parts[i] // a copy: nested templates may move the slice
		v := p.value(vals)
		if p.kind != partInstance && (v == nil || v.typ != typeBinXML) {
			continue
		}
		if d.nested >= maxNested {
			d.fail(errDepth)
			return true
		}
		found = true
		d.name = name
		d.nested++
		if v != nil {
			d.fragment(v.off, v.off+uint32(v.size), false, o.in)
		} else {
			d.instance(p.off, uint32(len(d.b)), o.in)
		}
		d.nested--
	}
	d.name = outer
	return found
}

// partText returns the text of one part; nested XML has none.
func (d *decoder) partText(i uint32, vals []value) string {
	p := &d.parts[i]
	if p.kind == partLiteral {
		return p.lit
	}
	if v := p.value(vals); v != nil && v.typ != typeBinXML {
		return d.valueText(v)
	}
	return ""
}

// join returns the text of parts[i:j]. A single text that is not empty is
// shared, not copied.
func (d *decoder) join(i, j uint32, vals []value) string {
	size, only := 0, ""
	for k := i; k < j; k++ {
		s := d.partText(k, vals)
		if size == 0 {
			only = s
		}
		size += len(s)
	}
	if size == len(only) || !d.room(size) {
		return only
	}
	start := len(d.arena.Buf)
	for k := i; k < j; k++ {
		d.arena.Buf = append(d.arena.Buf, d.partText(k, vals)...)
	}
	return d.arena.Since(start)
}

// stringArray repeats the element for each string, as Windows does.
func (d *decoder) stringArray(o *op, name string, v *value) {
	typ := v.typ &^ typeArray
	for b := d.raw(v); len(b) > 0 && !d.stop; {
		var item []byte
		item, b = nextString(typ, b)
		if !d.work(1) {
			return
		}
		d.text(o, name, d.render(typ, item))
	}
}

// text adds one field.
func (d *decoder) text(o *op, name, text string) {
	if o.kind == opContent && strings.TrimSpace(text) == "" {
		return
	}
	if name == "" {
		if name = d.name; o.dataTag || name == "" {
			d.unnamed++
			name = d.dataName(d.unnamed)
		}
	}
	if len(d.fields) >= min(maxRecordFields, d.fieldsLeft) {
		d.fail(errOutput)
		return
	}
	d.fields = append(d.fields, event.Field{Name: name, Value: text})
}

// dataName returns the name of the nth unnamed Data element.
func (d *decoder) dataName(n int) string {
	for len(d.dataNames) < n {
		d.dataNames = append(d.dataNames, "Data"+strconv.Itoa(len(d.dataNames)+1))
	}
	return d.dataNames[n-1]
}

// property sets one property of System.
func (d *decoder) property(o *op, vals []value) {
	var v *value
	if o.part1-o.part0 == 1 {
		if v = d.parts[o.part0].value(vals); v != nil && v.typ == typeNull {
			return
		}
	}
	r := &d.rec
	switch o.slot {
	case slotProvider, slotGUID, slotSource, slotActivity, slotRelated, slotChannel, slotComputer, slotUser:
		*d.stringSlot(o.slot) = d.slotText(o, v, vals)
	case slotTime:
		if v != nil && v.typ == typeFiletime && v.size == 8 {
			r.Time = winval.Filetime(binary.LittleEndian.Uint64(d.raw(v)))
		} else if t, err := time.Parse(time.RFC3339Nano, d.slotText(o, v, vals)); err == nil {
			r.Time = t.UTC()
		}
	default:
		n, ok := uint64(0), false
		if v != nil && v.typ >= typeInt8 && v.typ <= typeHex64 {
			n, ok = integer(d.raw(v), false)
		}
		if !ok {
			n = number(d.slotText(o, v, vals))
		}
		r.setNumber(o.slot, n)
	}
}

func (d *decoder) stringSlot(s slot) *string {
	r := &d.rec
	switch s {
	case slotProvider:
		return &r.Provider
	case slotGUID:
		return &d.guid
	case slotSource:
		return &r.Source
	case slotActivity:
		return &r.Activity
	case slotRelated:
		return &r.Related
	case slotChannel:
		return &r.Channel
	case slotComputer:
		return &r.Computer
	}
	return &r.User
}

func (r *Record) setNumber(s slot, n uint64) {
	switch s {
	case slotEventID:
		r.EventID = uint32(n)
	case slotQualifiers:
		r.Qualifiers = uint16(n)
	case slotVersion:
		r.Version = uint8(n)
	case slotLevel:
		r.Level = uint8(n)
	case slotTask:
		r.Task = uint16(n)
	case slotOpcode:
		r.Opcode = uint8(n)
	case slotKeywords:
		r.Keywords = n
	case slotRecordID:
		r.ID = n
	case slotProcess:
		r.Process = uint32(n)
	case slotThread:
		r.Thread = uint32(n)
	}
}

// recent is the last value of a slot: most records of a file have the same
// channel, computer and user, which are then one string.
type recent struct {
	raw  []byte
	typ  uint8
	text string
}

func (d *decoder) slotText(o *op, v *value, vals []value) string {
	if v == nil || v.typ == typeBinXML {
		return d.join(o.part0, o.part1, vals)
	}
	last, raw := &d.recent[o.slot], d.raw(v)
	if v.typ != last.typ || !bytes.Equal(raw, last.raw) {
		*last = recent{raw, v.typ, d.valueText(v)}
	}
	return last.text
}

// number reads decimal or 0x-hex text; 0 where it is neither.
func number(s string) uint64 {
	s = strings.TrimSpace(s)
	base := 10
	if hex, ok := strings.CutPrefix(s, "0x"); ok {
		s, base = hex, 16
	}
	n, err := strconv.ParseUint(s, base, 64)
	if err != nil {
		return 0
	}
	return n
}
