package evtxw

import (
	"crypto/sha1"
	"encoding/binary"
	"strconv"
	"strings"
)

// Tokens of binary XML. more marks an open element with attributes, or an
// attribute that another one follows.
const (
	tokEnd       = 0x00
	tokElement   = 0x01
	tokCloseOpen = 0x02
	tokCloseNone = 0x03
	tokClose     = 0x04
	tokText      = 0x05
	tokAttribute = 0x06
	tokTemplate  = 0x0c
	tokSubst     = 0x0d
	tokOptional  = 0x0e
	tokFragment  = 0x0f
	more         = 0x40
)

// node is an element of a template. Its content is a text, a substitution or
// child elements.
type node struct {
	name     string
	attrs    []attr
	content  content
	children []node
}

type attr struct {
	name  string
	value content
}

// content is a literal text, or the substitution of the value with that
// index. An optional substitution takes its element or attribute along when
// the value is null. The zero content is none.
type content struct {
	kind  uint8 // 0, tokText, tokSubst or tokOptional
	text  string
	index uint16
	typ   uint8
}

func text(s string) content                 { return content{kind: tokText, text: s} }
func subst(index uint16, typ uint8) content { return content{kind: tokSubst, index: index, typ: typ} }
func optional(index uint16, typ uint8) content {
	return content{kind: tokOptional, index: index, typ: typ}
}
func leaf(name string, value content) node        { return node{name: name, content: value} }
func attribute(name string, value content) []attr { return []attr{{name, value}} }

// event writes the binary XML of one record: an instance of the template for
// the System part, which takes an instance of the event's own template as its
// last value.
func (c *chunk) event(e *Event, number uint64) error {
	values := []value{
		u8Value(e.Level),
		u8Value(e.Opcode),
		u16Value(e.Task),
		u16Value(e.ID),
		{}, // Qualifiers: only classic event sources have them
		{typeHex64, binary.LittleEndian.AppendUint64(nil, e.Keywords)},
		fileTimeValue(e.Time),
		guidValue(e.Activity),
		u32Value(e.Process),
		u32Value(e.Thread),
		{typeUint64, binary.LittleEndian.AppendUint64(nil, number)},
		u8Value(e.Version),
		{},
		{}, // RelatedActivityID
		stringValue(e.Provider),
		guidValue(e.ProviderGUID),
		stringValue(e.Channel),
		{typ: typeXML},
	}
	if e.User != "" {
		sid, err := sidValue(e.User)
		if err != nil {
			return err
		}
		values[12] = sid
	}
	data := make([]value, len(e.Fields))
	var key strings.Builder
	key.WriteString(e.Provider + "\x00" + strconv.Itoa(int(e.ID)) + "\x00" + strconv.Itoa(int(e.Version)))
	for i, f := range e.Fields {
		v, err := fieldValue(f.Value)
		if err != nil {
			return err
		}
		data[i] = v
		key.WriteString("\x00" + f.Name + "\x00" + strconv.Itoa(int(v.typ)))
	}

	c.fragment()
	c.template("system\x00"+e.Computer, func() node { return systemNode(e.Computer) })
	sizes := c.descriptors(values)
	for i, v := range values {
		if v.typ != typeXML {
			c.buf = append(c.buf, v.data...)
			continue
		}
		at := len(c.buf)
		c.fragment()
		c.template(key.String(), func() node { return dataNode(e.Fields, data) })
		c.descriptors(data)
		for _, d := range data {
			c.buf = append(c.buf, d.data...)
		}
		c.u8(tokEnd)
		binary.LittleEndian.PutUint16(c.buf[sizes[i]:], uint16(len(c.buf)-at))
	}
	c.u8(tokEnd)
	return nil
}

// systemNode is the template that all events of one computer share.
func systemNode(computer string) node {
	const ns = "http://schemas.microsoft.com/win/2004/08/events/event"
	return node{name: "Event", attrs: attribute("xmlns", text(ns)), children: []node{
		{name: "System", children: []node{
			{name: "Provider", attrs: []attr{{"Name", optional(14, typeString)}, {"Guid", optional(15, typeGUID)}}},
			{name: "EventID", attrs: attribute("Qualifiers", optional(4, typeUint16)), content: optional(3, typeUint16)},
			leaf("Version", optional(11, typeUint8)),
			leaf("Level", optional(0, typeUint8)),
			leaf("Task", optional(2, typeUint16)),
			leaf("Opcode", optional(1, typeUint8)),
			leaf("Keywords", optional(5, typeHex64)),
			{name: "TimeCreated", attrs: attribute("SystemTime", optional(6, typeFileTime))},
			leaf("EventRecordID", optional(10, typeUint64)),
			{name: "Correlation", attrs: []attr{{"ActivityID", optional(7, typeGUID)}, {"RelatedActivityID", optional(13, typeGUID)}}},
			{name: "Execution", attrs: []attr{{"ProcessID", optional(8, typeUint32)}, {"ThreadID", optional(9, typeUint32)}}},
			leaf("Channel", optional(16, typeString)),
			leaf("Computer", text(computer)),
			{name: "Security", attrs: attribute("UserID", optional(12, typeSID))},
		}},
		{content: optional(17, typeXML)},
	}}
}

// dataNode is the template of one kind of event.
func dataNode(fields []Field, data []value) node {
	n := node{name: "EventData"}
	for i, f := range fields {
		n.children = append(n.children, node{
			name: "Data", attrs: attribute("Name", text(f.Name)), content: subst(uint16(i), data[i].typ),
		})
	}
	return n
}

func (c *chunk) fragment() { c.buf = append(c.buf, tokFragment, 1, 1, 0) }

// template writes the head of a template instance, and the definition where
// the chunk does not hold it yet.
func (c *chunk) template(key string, root func() node) {
	sum := sha1.Sum([]byte(key))
	id := binary.LittleEndian.Uint32(sum[:])
	c.u8(tokTemplate)
	c.u8(1)
	c.u32(id)
	if o, ok := c.templates[key]; ok {
		c.u32(o)
		return
	}
	at := uint32(len(c.buf)) + 4
	c.templates[key] = at
	c.u32(at)
	c.u32(c.tmplHeads[id%32])
	c.tmplHeads[id%32] = at
	c.buf = append(c.buf, sum[:16]...) // the identifier is the first part of the template's GUID
	size := c.reserve()
	c.fragment()
	c.element(root())
	c.u8(tokEnd)
	c.patch(size)
}

// descriptors writes the number, sizes and types of the values and returns
// the offsets of the sizes.
func (c *chunk) descriptors(values []value) []int {
	at := make([]int, len(values))
	c.u32(uint32(len(values)))
	for i, v := range values {
		at[i] = len(c.buf)
		c.u16(uint16(len(v.data)))
		c.u8(v.typ)
		c.u8(0)
	}
	return at
}

func (c *chunk) element(n node) {
	if n.name == "" {
		c.content(n.content)
		return
	}
	dependency := uint16(0xffff)
	if n.content.kind == tokOptional {
		dependency = n.content.index // a null value drops the element
	}
	token := uint8(tokElement)
	if len(n.attrs) > 0 {
		token |= more
	}
	c.u8(token)
	c.u16(dependency)
	size := c.reserve()
	c.name(n.name)
	if len(n.attrs) > 0 {
		list := c.reserve()
		for i, a := range n.attrs {
			token := uint8(tokAttribute)
			if i < len(n.attrs)-1 {
				token |= more
			}
			c.u8(token)
			c.name(a.name)
			c.content(a.value)
		}
		c.patch(list)
	}
	if n.content.kind == 0 && len(n.children) == 0 {
		c.u8(tokCloseNone)
	} else {
		c.u8(tokCloseOpen)
		c.content(n.content)
		for _, child := range n.children {
			c.element(child)
		}
		c.u8(tokClose)
	}
	c.patch(size)
}

func (c *chunk) content(v content) {
	switch v.kind {
	case tokText:
		data := stringValue(v.text).data
		c.u8(tokText)
		c.u8(typeString)
		c.u16(uint16(len(data) / 2))
		c.buf = append(c.buf, data...)
	case tokSubst, tokOptional:
		c.u8(v.kind)
		c.u16(v.index)
		c.u8(v.typ)
	}
}

// reserve makes room for a 32-bit size of what follows; patch fills it.
func (c *chunk) reserve() int { c.u32(0); return len(c.buf) }

func (c *chunk) patch(at int) {
	binary.LittleEndian.PutUint32(c.buf[at-4:], uint32(len(c.buf)-at))
}
