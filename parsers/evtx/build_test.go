package evtx

import (
	"encoding/binary"
	"hash/crc32"
	"testing"
	"unicode/utf16"

	"debrief/event"
)

// chunk builds one chunk for tests, byte by byte: it can also write what no
// sound writer would. Offsets in binary XML are relative to the chunk, so all
// of it is written in place.
type chunk struct {
	b     []byte
	names map[string]uint32
	dep   bool // elements carry a dependency id
	first uint64
	n     uint64
	last  int // offset of the last record
}

func newChunk(first uint64) *chunk {
	return &chunk{b: make([]byte, headerSize), names: map[string]uint32{}, dep: true, first: first}
}

func (c *chunk) u8(v ...byte)  { c.b = append(c.b, v...) }
func (c *chunk) u16(v uint16)  { c.b = binary.LittleEndian.AppendUint16(c.b, v) }
func (c *chunk) u32(v uint32)  { c.b = binary.LittleEndian.AppendUint32(c.b, v) }
func (c *chunk) u64(v uint64)  { c.b = binary.LittleEndian.AppendUint64(c.b, v) }
func (c *chunk) here() uint32  { return uint32(len(c.b)) }
func (c *chunk) text(s string) { c.b = append(c.b, wide(s)...) }

func (c *chunk) name(s string) {
	if off, ok := c.names[s]; ok {
		c.u32(off)
		return
	}
	off := c.here() + 4
	c.names[s] = off
	c.u32(off)
	c.u32(0) // next name
	c.u16(0) // hash
	c.u16(uint16(len(utf16.Encode([]rune(s)))))
	c.text(s)
	c.u16(0)
}

func (c *chunk) open(name string, attrs ...func()) {
	c.u8(0x01 | byte(0x40*min(len(attrs), 1)))
	if c.dep {
		c.u16(0xffff)
	}
	c.u32(0) // size: nobody needs it
	c.name(name)
	if len(attrs) > 0 {
		c.u32(0)
	}
	for _, a := range attrs {
		a()
	}
}

// element writes <name attrs>body</name>.
func (c *chunk) element(name string, body func(), attrs ...func()) {
	c.open(name, attrs...)
	if body == nil {
		c.u8(0x03)
		return
	}
	c.u8(0x02)
	body()
	c.u8(0x04)
}

// data writes <Data Name="name">body</Data>.
func (c *chunk) data(name string, body func()) {
	c.element("Data", body, c.attr("Name", func() { c.str(name) }))
}

func (c *chunk) attr(name string, value func()) func() {
	return func() {
		c.u8(0x06)
		c.name(name)
		value()
	}
}

func (c *chunk) str(s string) {
	c.u8(0x05, typeString)
	c.u16(uint16(len(wide(s)) / 2))
	c.text(s)
}

func (c *chunk) sub(n uint16, typ byte) { c.u8(0x0d); c.u16(n); c.u8(typ) }
func (c *chunk) opt(n uint16, typ byte) { c.u8(0x0e); c.u16(n); c.u8(typ) }

// val is a value of a template instance.
type val struct {
	typ byte
	b   []byte
}

// template writes a definition: the fragment that body writes.
func (c *chunk) template(id uint32, body func()) {
	c.u32(0)
	c.u32(id)
	c.u8(make([]byte, 12)...)
	at := c.here()
	c.u32(0)
	c.u8(0x0f, 1, 1, 0)
	body()
	c.u8(0x00)
	binary.LittleEndian.PutUint32(c.b[at:], c.here()-at-4)
}

// instance writes a template instance with its definition inline, and returns
// where the definition stands.
func (c *chunk) instance(id uint32, body func(), vals ...val) uint32 {
	def := c.here() + 10
	c.u8(0x0c, 1)
	c.u32(id)
	c.u32(def)
	c.template(id, body)
	c.vals(vals...)
	return def
}

// again writes an instance of a template defined before.
func (c *chunk) again(id, def uint32, vals ...val) {
	c.u8(0x0c, 1)
	c.u32(id)
	c.u32(def)
	c.vals(vals...)
}

func (c *chunk) vals(vals ...val) {
	c.u32(uint32(len(vals)))
	for _, v := range vals {
		c.u16(uint16(len(v.b)))
		c.u8(v.typ, 0)
	}
	for _, v := range vals {
		c.u8(v.b...)
	}
}

// record writes a record whose fragment body writes, and returns its offset.
func (c *chunk) record(body func()) int {
	at := len(c.b)
	c.last = at
	c.u8(recordMagic...)
	c.u32(0)
	c.u64(c.first + c.n)
	c.n++
	c.u64(tick(2024, 5))
	c.u8(0x0f, 1, 1, 0)
	body()
	c.u8(0x00)
	for len(c.b)%8 != 4 {
		c.u8(0)
	}
	size := uint32(len(c.b) + 4 - at)
	c.u32(size)
	binary.LittleEndian.PutUint32(c.b[at+4:], size)
	return at
}

// bytes returns the chunk of 64 KiB with its header and checksums.
func (c *chunk) bytes() []byte { return c.bytesUpTo(len(c.b)) }

// bytesUpTo is bytes with the free-space offset at free.
func (c *chunk) bytesUpTo(free int) []byte {
	b := make([]byte, max(chunkSize, len(c.b)))
	copy(b, c.b)
	b = b[:chunkSize]
	le := binary.LittleEndian
	copy(b, chunkMagic)
	le.PutUint64(b[8:], c.first)
	le.PutUint64(b[16:], c.first+c.n-1)
	le.PutUint64(b[24:], c.first)
	le.PutUint64(b[32:], c.first+c.n-1)
	le.PutUint32(b[40:], 128)
	le.PutUint32(b[44:], uint32(c.last))
	le.PutUint32(b[48:], uint32(free))
	sumChunk(b)
	return b
}

// sumChunk sets the checksums of a chunk.
func sumChunk(b []byte) {
	le := binary.LittleEndian
	if free := le.Uint32(b[48:]); free >= headerSize && free <= chunkSize {
		le.PutUint32(b[52:], crc32.ChecksumIEEE(b[headerSize:free]))
	}
	le.PutUint32(b[124:], crc32.Update(crc32.ChecksumIEEE(b[:120]), crc32.IEEETable, b[128:headerSize]))
}

// logFile puts chunks behind a file header.
func logFile(chunks ...[]byte) []byte {
	b := make([]byte, headerBlock)
	le := binary.LittleEndian
	copy(b, fileMagic)
	le.PutUint64(b[16:], uint64(len(chunks)-1))
	le.PutUint32(b[32:], fileHeader)
	le.PutUint16(b[36:], 2)
	le.PutUint16(b[38:], 3)
	le.PutUint16(b[40:], headerBlock)
	le.PutUint16(b[42:], uint16(len(chunks)))
	sumFile(b)
	for _, c := range chunks {
		b = append(b, c...)
	}
	return b
}

func sumFile(b []byte) {
	binary.LittleEndian.PutUint32(b[124:], crc32.ChecksumIEEE(b[:120]))
}

// event writes <Event><EventData>body</EventData></Event> as a template
// instance with the values.
func (c *chunk) event(body func(), vals ...val) int {
	return c.record(func() {
		c.instance(7, func() {
			c.element("Event", func() { c.element("EventData", body) })
		}, vals...)
	})
}

// wide is s as UTF-16.
func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func str(s string) val     { return val{typeString, wide(s)} }
func le16(v uint16) []byte { return binary.LittleEndian.AppendUint16(nil, v) }
func le32(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }
func le64(v uint64) []byte { return binary.LittleEndian.AppendUint64(nil, v) }

// tick is the FILETIME of the first of a month at 00:00:00.1234567.
func tick(year, month int) uint64 {
	days := 0
	for y := 1601; y < year; y++ {
		days += 365
		if y%4 == 0 && y%100 != 0 || y%400 == 0 {
			days++
		}
	}
	lengths := [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	for m := 1; m < month; m++ {
		days += lengths[m-1]
		if m == 2 && (year%4 == 0 && year%100 != 0 || year%400 == 0) {
			days++
		}
	}
	return uint64(days)*86400*1e7 + 1234567
}

// result is all that Decode hands out.
type result struct {
	header   Header
	records  []Record
	problems []Problem
}

func decode(t testing.TB, data []byte) result {
	t.Helper()
	var r result
	h, err := Decode(data, Sink{
		Record:  func(rec *Record) { r.records = append(r.records, *rec) },
		Problem: func(p Problem) { r.problems = append(r.problems, p) },
	})
	if err != nil {
		t.Fatalf("Decode: %v", err)
	}
	r.header = h
	return r
}

// fields decodes a file of one chunk with one record and returns its fields.
func fields(t testing.TB, c *chunk) (event.Fields, []Problem) {
	t.Helper()
	r := decode(t, logFile(c.bytes()))
	if len(r.records) != 1 {
		t.Fatalf("got %d records, want 1; problems %v", len(r.records), r.problems)
	}
	return r.records[0].Fields, r.problems
}
