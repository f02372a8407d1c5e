package evtx

import (
	"encoding/binary"
	"strings"
	"unsafe"
)

// Bounds on nesting, so that no file can use up the stack.
const (
	maxElements = 48 // depth of elements; real events have 6
	maxNested   = 12 // depth of fragments in values; real events have 2
)

// compiler turns binary XML into ops of the decoder's current chunk.
type compiler struct {
	d        *decoder
	pos, end uint32
	// dep tells whether elements carry a dependency id: they do in template
	// definitions, and do not in BinXml values ([MS-EVEN6]).
	dep   bool
	depth int
	err   error
}

// element is one element being compiled.
type element struct {
	name     string
	at       place // of its content
	prefix   string
	dataTag  bool
	named    bool // dataTag with a literal name
	children bool // it has child elements, or attributes that became fields
	name0    int  // parts of the Name attribute, if it is not literal
	name1    int
	text     int // start of its text in decoder.pending
}

// compile makes the program of the fragment in [pos, end).
func (d *decoder) compile(pos, end uint32, dep bool, at place) program {
	c := compiler{d: d, pos: pos, end: end, dep: dep}
	p := program{op0: uint32(len(d.ops))}
	keep := len(d.pending)
	root := element{at: at, children: true, text: keep}
	if c.content(&root) {
		c.fail(errToken) // an end tag without its element
	}
	c.flush(&root)
	d.pending = d.pending[:keep]
	p.op1, p.err = uint32(len(d.ops)), c.err
	return p
}

func (c *compiler) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// take returns the next n bytes, or nil where there are fewer.
func (c *compiler) take(n uint32) []byte {
	if n > c.end-c.pos {
		c.fail(errShort)
		return nil
	}
	c.pos += n
	return c.d.b[c.pos-n : c.pos]
}

// content compiles up to the end of the fragment or of the element, and
// reports whether an end tag was met.
func (c *compiler) content(e *element) (closed bool) {
	for c.err == nil && c.pos < c.end {
		if !c.d.work(1) {
			c.fail(errWork)
			break
		}
		tok := c.d.b[c.pos]
		switch tok &^ 0x40 {
		case 0x00: // end of fragment
			return false
		case 0x01:
			e.children = true
			c.element(e)
		case 0x04:
			c.pos++
			return true
		case 0x0a, 0x0b: // processing instruction: skipped
			c.instruction(tok)
		case 0x0c:
			start := c.pos
			if c.pos, c.err = c.d.skipInstance(c.pos, c.end); c.err == nil {
				c.d.pending = append(c.d.pending, part{kind: partInstance, off: start})
			}
		case 0x0f:
			c.take(4)
		default:
			if !c.text(tok) {
				c.fail(errToken)
			}
		}
	}
	return false
}

// text compiles one token of character data into a pending part; false means
// that it is none.
func (c *compiler) text(tok byte) bool {
	p := part{kind: partLiteral}
	switch tok &^ 0x40 {
	case 0x05: // value
		c.pos++
		t := c.take(1)
		if t == nil {
			return true
		}
		p.lit = c.literal(t[0])
	case 0x07: // CDATA
		c.pos++
		p.lit = c.literal(typeString)
	case 0x08: // character reference
		c.pos++
		p.lit = c.d.intern(c.take(2))
	case 0x09: // entity reference
		c.pos++
		p.lit = entity(c.name())
	case 0x0d, 0x0e: // substitution, optional substitution
		c.pos++
		b := c.take(3)
		if b == nil {
			return true
		}
		p = part{kind: partValue, sub: binary.LittleEndian.Uint16(b), typ: b[2], optional: tok&^0x40 == 0x0e}
	default:
		return false
	}
	if c.err == nil {
		c.d.pending = append(c.d.pending, p)
	}
	return true
}

// literal reads a literal value. Strings are counted in characters, others
// have the size of their type.
func (c *compiler) literal(typ uint8) string {
	n := uint32(0)
	switch {
	case typ == typeString || typ == typeANSI || typ == typeBinary:
		b := c.take(2)
		if b == nil {
			return ""
		}
		n = uint32(binary.LittleEndian.Uint16(b))
		if typ == typeString {
			n *= 2
		}
	case int(typ) < len(itemSize) && itemSize[typ] > 0:
		n = uint32(itemSize[typ])
	case typ == typeNull:
	default:
		c.fail(errToken)
		return ""
	}
	b := c.take(n)
	if typ == typeString {
		return c.d.intern(b)
	}
	return c.d.render(typ, b)
}

// entity returns the character of a predefined entity; others stay as written.
func entity(name string) string {
	switch name {
	case "amp":
		return "&"
	case "lt":
		return "<"
	case "gt":
		return ">"
	case "quot":
		return `"`
	case "apos":
		return "'"
	}
	return "&" + name + ";"
}

// instruction skips a processing instruction's target or data.
func (c *compiler) instruction(tok byte) {
	c.pos++
	if tok&^0x40 == 0x0a {
		c.name()
		return
	}
	c.literal(typeString)
}

// name reads a reference to a name, which stands inline where it is first
// used in the chunk.
func (c *compiler) name() string {
	b := c.take(4)
	if b == nil {
		return ""
	}
	off := binary.LittleEndian.Uint32(b)
	name, size := c.d.nameAt(off)
	if size == 0 {
		c.fail(errName)
		return ""
	}
	if off == c.pos {
		c.take(size)
	}
	return name
}

// nameAt returns the name at an offset in the chunk and the size of its
// structure: next (4), hash (2), count (2), characters, NUL (2). Size 0 means
// that there is none.
func (d *decoder) nameAt(off uint32) (string, uint32) {
	n := uint32(len(d.b))
	if off < headerSize || off > n || n-off < 10 {
		return "", 0
	}
	size := 10 + 2*uint32(binary.LittleEndian.Uint16(d.b[off+6:]))
	if size == 10 || size > n-off || d.b[off+size-2] != 0 || d.b[off+size-1] != 0 {
		return "", 0
	}
	return d.intern(d.b[off+8 : off+size-2]), size
}

// intern returns the text of literal UTF-16, one string for the same bytes.
func (d *decoder) intern(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	// The key is a view into the file's bytes, which do not change.
	key := unsafe.String(&b[0], len(b))
	if s, ok := d.strings[key]; ok {
		return s
	}
	s := d.render(typeString, b)
	if len(d.strings) < maxStrings {
		d.strings[key] = s
	}
	return s
}

// element compiles one element from its open tag to its end.
func (c *compiler) element(parent *element) {
	more := c.d.b[c.pos]&0x40 != 0
	c.pos++
	if c.depth++; c.depth > maxElements {
		c.fail(errDepth)
		return
	}
	defer func() { c.depth-- }()
	e := element{text: len(c.d.pending)}
	e.name = c.openTag()
	if more {
		c.take(4) // size of the attribute list
	}
	if c.err != nil {
		return
	}
	e.enter(parent)
	c.attributes(&e)
	if c.err == nil {
		switch b := c.take(1); {
		case b == nil:
		case b[0] == 0x02:
			if !c.content(&e) {
				c.fail(errUnclosed)
			}
		case b[0] != 0x03:
			c.fail(errToken)
		}
	}
	c.flush(&e)
	c.d.pending = c.d.pending[:e.text]
}

// openTag reads dependency id, size and name. Writers differ on whether the
// dependency id is there, so the other layout is tried where the expected one
// has no name.
func (c *compiler) openTag() string {
	for _, dep := range [2]bool{c.dep, !c.dep} {
		skip := uint32(4)
		if dep {
			skip = 6
		}
		if c.end-c.pos < skip+4 {
			continue
		}
		off := binary.LittleEndian.Uint32(c.d.b[c.pos+skip:])
		if _, size := c.d.nameAt(off); size > 0 {
			c.pos += skip
			return c.name()
		}
	}
	c.fail(errName)
	return ""
}

// enter settles what the element is from where it stands.
func (e *element) enter(parent *element) {
	e.at, e.prefix = parent.at, parent.prefix
	switch parent.at {
	case placeRoot:
		e.at = placeData
		if e.name == "Event" {
			e.at = placeEvent
		}
	case placeEvent:
		switch e.name {
		case "System":
			e.at = placeSystem
		case "EventData", "UserData":
			e.at, e.children = placeData, true
		default:
			e.at, e.children, e.prefix = placeOther, true, e.name+"."
		}
	case placeSystem:
		e.at = placeSlot
	case placeSlot:
		e.at = placeIgnore
	case placeData, placeOther:
		e.dataTag = e.name == "Data" || e.name == "ComplexData"
	}
	if e.at == placeEvent || e.at == placeSystem {
		e.children = true
	}
}

// attributes compiles the attribute list.
func (c *compiler) attributes(e *element) {
	wrapper := e.children
	for c.err == nil && c.pos < c.end && c.d.b[c.pos]&^0x40 == 0x06 {
		c.pos++
		name := c.name()
		start := len(c.d.pending)
		for c.err == nil && c.pos < c.end && c.d.work(1) && c.text(c.d.b[c.pos]) {
		}
		c.attribute(e, name, c.d.pending[start:], wrapper)
		c.d.pending = c.d.pending[:start]
	}
}

func (c *compiler) attribute(e *element, name string, parts []part, wrapper bool) {
	d := c.d
	o := op{kind: opField, name: name, in: placeIgnore, attr: true}
	switch {
	case name == "xmlns" || strings.HasPrefix(name, "xmlns:") || c.err != nil:
		return
	case e.at == placeSlot:
		o.kind, o.slot = opSlot, slotOf(e.name, name)
		if o.slot == slotNone {
			return
		}
	case e.at == placeData || e.at == placeOther:
		if e.dataTag && name == "Name" && !wrapper {
			if len(parts) == 1 && parts[0].kind == partLiteral {
				e.name = e.prefix + parts[0].lit
				e.prefix, e.dataTag = "", e.name == ""
				e.named = !e.dataTag
			} else if c.add(len(parts)) {
				e.name0 = len(d.parts)
				d.parts = append(d.parts, parts...)
				e.name1 = len(d.parts)
			}
			return
		}
		if e.prefix != "" {
			o.name = e.prefix + name
		} else if wrapper {
			o.name = e.name + "." + name
		}
		e.children = true
	default:
		return
	}
	c.emit(o, parts)
}

// flush ends an element: its own text becomes an op.
func (c *compiler) flush(e *element) {
	parts := c.d.pending[e.text:]
	blank := true
	for _, p := range parts {
		blank = blank && p.kind == partLiteral && strings.TrimSpace(p.lit) == ""
	}
	o := op{kind: opField, in: e.at, dataTag: e.dataTag, named: e.named, name: e.name}
	switch {
	case e.at == placeIgnore:
		return
	case e.at == placeSlot:
		o.kind, o.slot, o.in = opSlot, slotOf(e.name, ""), placeIgnore
		if o.slot == slotNone {
			return
		}
	case e.children:
		if blank {
			return
		}
		o.kind = opContent
	}
	switch {
	case e.dataTag:
		o.name = "" // numbered when it is run
	case e.prefix != "" && e.name+"." != e.prefix:
		o.name = e.prefix + e.name
	}
	if e.name1 > e.name0 {
		if !c.add(e.name1 - e.name0 + len(parts)) {
			return
		}
		o.name0 = uint32(len(c.d.parts))
		c.d.parts = append(c.d.parts, c.d.parts[e.name0:e.name1]...)
		o.part0 = uint32(len(c.d.parts))
		c.d.parts = append(c.d.parts, parts...)
		o.part1 = uint32(len(c.d.parts))
		c.d.ops = append(c.d.ops, o)
		return
	}
	c.emit(o, parts)
}

// emit adds an op with its parts.
func (c *compiler) emit(o op, parts []part) {
	if !c.add(len(parts)) {
		return
	}
	d := c.d
	o.part0 = uint32(len(d.parts))
	o.name0 = o.part0
	d.parts = append(d.parts, parts...)
	o.part1 = uint32(len(d.parts))
	d.ops = append(d.ops, o)
}

// add tells whether the chunk's program may grow by one op and n parts.
func (c *compiler) add(n int) bool {
	if len(c.d.ops) >= maxOps || len(c.d.parts)+n > maxParts {
		c.fail(errWork)
		return false
	}
	return true
}
