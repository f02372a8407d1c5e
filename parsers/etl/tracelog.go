package etl

import "bytes"

// schema describes one kind of TraceLogging event.
type schema struct {
	name   string
	fields []field
	torn   bool // the description ends early or makes no sense
}

// Types of values, as TraceLogging numbers them (TlgIn_t); those of manifests
// are the same up to 23.
const (
	inNull        = 0
	inUnicode     = 1
	inANSI        = 2
	inInt8        = 3
	inUInt8       = 4
	inInt16       = 5
	inUInt16      = 6
	inInt32       = 7
	inUInt32      = 8
	inInt64       = 9
	inUInt64      = 10
	inFloat       = 11
	inDouble      = 12
	inBool32      = 13
	inBinary      = 14
	inGUID        = 15
	inPointer     = 16
	inFiletime    = 17
	inSystime     = 18
	inSID         = 19
	inHex32       = 20
	inHex64       = 21
	inCounted     = 22 // UTF-16 behind its size
	inCountedANSI = 23
	inStruct      = 24
	inCountedBin  = 25

	inMask   = 0x1f
	inConst  = 0x20 // array; its size stands in the description
	inVar    = 0x40 // array; its size stands in the payload
	inCustom = 0x60
	inChain  = 0x80 // another byte follows
)

// Formats that change how a value reads (TlgOut_t).
const (
	outString    = 2
	outBoolean   = 3
	outHex       = 4
	outPort      = 7
	outIPv4      = 8
	outIPv6      = 9
	outNTStatus  = 14
	outHResult   = 15
	outFiletime  = 16
	outSigned    = 17
	outUnsigned  = 18
	outUTF8      = 35
	maxNesting   = 16
	maxSchemas   = 1 << 16
	maxFieldList = 1 << 10
)

// schemaOf parses the description of a TraceLogging event:
//
//	0  uint16  size of the whole
//	2  tags: bytes, all but the last with 0x80
//	   name of the event, UTF-8, NUL-terminated
//	   for each field:
//	     name, UTF-8, NUL-terminated
//	     type: 0x1f type, 0x20 and 0x40 array (both: a type of the program's own), 0x80 a format follows
//	     format: of a structure the number of its fields; 0x80 tags follow
//	     uint16 number of items, if 0x20; or size of the program's own description
//
// nil = it says nothing at all.
func (d *decoder) schemaOf(b []byte) *schema {
	if len(b) < 2 {
		return nil
	}
	b = b[2:min(len(b), max(2, int(le.Uint16(b))))]
	if s, ok := d.schemas[string(b)]; ok {
		return s
	}
	s := new(schema)
	p := schemaReader{d: d, b: b}
	p.tags()
	s.name = p.name()
	for len(p.b) > 0 && !p.bad {
		f := p.field(0)
		if !p.bad {
			s.fields = append(s.fields, f)
		}
	}
	s.torn = p.bad
	if len(d.schemas) < maxSchemas {
		d.schemas[string(b)] = s
	}
	return s
}

// schemaReader reads a description from its front.
type schemaReader struct {
	d   *decoder
	b   []byte
	n   int // fields so far
	bad bool
}

func (p *schemaReader) byte() byte {
	if len(p.b) == 0 {
		p.bad = true
		return 0
	}
	c := p.b[0]
	p.b = p.b[1:]
	return c
}

func (p *schemaReader) uint16() int {
	lo := p.byte()
	return int(lo) | int(p.byte())<<8
}

func (p *schemaReader) tags() {
	for !p.bad && p.byte()&0x80 != 0 {
	}
}

func (p *schemaReader) name() string {
	i := bytes.IndexByte(p.b, 0)
	if i < 0 {
		p.bad = true
		return ""
	}
	s := p.d.shared(p.b[:i])
	p.b = p.b[i+1:]
	return s
}

func (p *schemaReader) field(depth int) field {
	p.n++
	if depth > maxNesting || p.n > maxFieldList {
		p.bad = true
		return field{}
	}
	f := field{name: p.name()}
	in := p.byte()
	if in&inChain != 0 {
		f.out = p.byte()
		if f.out&0x80 != 0 {
			p.tags()
			f.out &^= 0x80
		}
	}
	f.in = in & inMask
	switch in & inCustom {
	case inConst:
		f.array, f.count = arrayConst, p.uint16()
	case inVar:
		f.array = arrayVar
	case inCustom:
		n := p.uint16()
		if n > len(p.b) {
			p.bad = true
			return f
		}
		p.b = p.b[n:]
		f.array = arrayVar
	}
	if f.in == inStruct {
		n := int(f.out)
		f.out = 0
		for i := 0; i < n && !p.bad; i++ {
			f.members = append(f.members, p.field(depth+1))
		}
	}
	return f
}
