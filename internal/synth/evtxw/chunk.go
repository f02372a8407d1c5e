package evtxw

import (
	"encoding/binary"
	"hash/crc32"
	"unicode/utf16"
)

// chunk builds one 64 KiB chunk. Offsets of names and templates count from
// its start, so both must be written anew in each chunk.
type chunk struct {
	buf       []byte // header and the records so far
	names     map[string]uint32
	templates map[string]uint32
	nameHeads [64]uint32 // first name of each hash bucket
	tmplHeads [32]uint32 // first template of each bucket
	first     uint64     // number of the first record
	count     uint64
	lastAt    uint32 // offset of the last record
}

func newChunk(first uint64) *chunk {
	return &chunk{
		buf:       make([]byte, chunkHeaderSize, chunkSize),
		names:     map[string]uint32{},
		templates: map[string]uint32{},
		first:     first,
	}
}

// add appends the event, or reports false and leaves the chunk as it was if
// there is no room. A chunk that refused an event must only be finished.
func (c *chunk) add(e *Event, number uint64) (bool, error) {
	at, nameHeads, tmplHeads := len(c.buf), c.nameHeads, c.tmplHeads
	c.buf = append(c.buf, 0x2a, 0x2a, 0, 0)
	c.u32(0)
	c.u64(number)
	c.u64(filetime(e.Time))
	if err := c.event(e, number); err != nil {
		return false, err
	}
	for (len(c.buf)-at+4)%8 != 0 {
		c.buf = append(c.buf, 0)
	}
	size := uint32(len(c.buf) - at + 4)
	c.u32(size)
	binary.LittleEndian.PutUint32(c.buf[at+4:], size)
	if len(c.buf) > chunkSize {
		c.buf, c.nameHeads, c.tmplHeads = c.buf[:at], nameHeads, tmplHeads
		return false, nil
	}
	c.lastAt = uint32(at)
	c.count++
	return true, nil
}

// finish fills the header and returns the chunk at its full size.
func (c *chunk) finish() []byte {
	le := binary.LittleEndian
	free := len(c.buf)
	out := c.buf[:chunkSize]
	clear(out[free:])
	copy(out, "ElfChnk\x00")
	last, firstID := c.first+c.count-1, c.first
	if c.count == 0 { // an empty chunk has no last record and no identifiers
		last, firstID = ^uint64(0), ^uint64(0)
	}
	le.PutUint64(out[8:], c.first)
	le.PutUint64(out[16:], last)
	le.PutUint64(out[24:], firstID)
	le.PutUint64(out[32:], last)
	le.PutUint32(out[40:], 128) // size of the header proper
	le.PutUint32(out[44:], c.lastAt)
	le.PutUint32(out[48:], uint32(free))
	le.PutUint32(out[52:], crc32.ChecksumIEEE(out[chunkHeaderSize:free]))
	le.PutUint32(out[120:], 1)
	for i, o := range c.nameHeads {
		le.PutUint32(out[128+4*i:], o)
	}
	for i, o := range c.tmplHeads {
		le.PutUint32(out[384+4*i:], o)
	}
	sum := crc32.ChecksumIEEE(out[:120])
	le.PutUint32(out[124:], crc32.Update(sum, crc32.IEEETable, out[128:chunkHeaderSize]))
	return out
}

// name writes a reference to an element or attribute name, and the name
// itself where the chunk does not hold it yet.
func (c *chunk) name(s string) {
	if o, ok := c.names[s]; ok {
		c.u32(o)
		return
	}
	at := uint32(len(c.buf)) + 4
	c.names[s] = at
	h := nameHash(s)
	c.u32(at)
	c.u32(c.nameHeads[h%64]) // names of one bucket form a list, newest first
	c.nameHeads[h%64] = at
	c.u16(h)
	chars := utf16.Encode([]rune(s))
	c.u16(uint16(len(chars)))
	for _, ch := range chars {
		c.u16(ch)
	}
	c.u16(0)
}

// nameHash is the hash by which Windows sorts names into buckets.
func nameHash(s string) uint16 {
	var h uint32
	for _, ch := range utf16.Encode([]rune(s)) {
		h = h*65599 + uint32(ch)
	}
	return uint16(h)
}

func (c *chunk) u8(v uint8)   { c.buf = append(c.buf, v) }
func (c *chunk) u16(v uint16) { c.buf = binary.LittleEndian.AppendUint16(c.buf, v) }
func (c *chunk) u32(v uint32) { c.buf = binary.LittleEndian.AppendUint32(c.buf, v) }
func (c *chunk) u64(v uint64) { c.buf = binary.LittleEndian.AppendUint64(c.buf, v) }
