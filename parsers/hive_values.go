package parsers

import (
	"encoding/binary"
	"strconv"
	"strings"

	"debrief/event"
)

// hiveSegment is how much data a cell holds of a value that is too long for one.
const hiveSegment = 16344

// values makes the facts of the values of a key.
func (h *hive) values(key string, off, n uint32) {
	list := h.cell(off, "a list of values")
	if list == nil {
		return
	}
	if most := uint32(len(list) / 4); n > most {
		h.damage(int64(off)+hiveHeader, "a list of values is cut off")
		n = most
	}
	for i := range n {
		if !h.spend(64) { // about what a fact takes
			return
		}
		h.value(key, binary.LittleEndian.Uint32(list[4*i:]))
	}
}

// value makes the fact of a value.
func (h *hive) value(key string, off uint32) {
	c := h.cell(off, "a value")
	if c == nil {
		return
	}
	at := int64(off) + hiveHeader
	if len(c) < 20 || c[0] != 'v' || c[1] != 'k' {
		h.damage(at, "a value is not one")
		return
	}
	name, ok := h.nodeName(c, 2, 20, c[16]&1 != 0)
	if !ok {
		h.damage(at, "the name of a value is cut off")
		return
	}
	raw, ok := h.data(c)
	if !ok {
		h.damage(at, "the data of a value is cut off")
		return
	}
	f, ok := regData(binary.LittleEndian.Uint32(c[12:]), raw, wideText)
	if !ok { // the type does not fit the data: the bytes are what there is
		f, _ = regData(regBinary, raw, wideText)
	}
	f.Name, f.Key, f.Value, f.Pos = "reg", key, name, event.Pos{File: h.in.Path, Offset: at}
	h.out.Facts = append(h.out.Facts, f)
}

// data returns the bytes of the value in a cell: up to four stand in it, long
// ones in several cells.
func (h *hive) data(c []byte) ([]byte, bool) {
	size := binary.LittleEndian.Uint32(c[4:])
	if size&(1<<31) != 0 {
		size &^= 1 << 31
		return c[8 : 8+min(size, 4)], size <= 4
	}
	if size == 0 {
		return nil, true
	}
	if int64(size) > int64(len(h.in.Data)) || !h.spend(4*int(size)) {
		return nil, false
	}
	d := h.cell(binary.LittleEndian.Uint32(c[8:]), "the data of a value")
	if size <= hiveSegment || len(d) < 8 || d[0] != 'd' || d[1] != 'b' {
		if int(size) > len(d) {
			return nil, false
		}
		return d[:size], true
	}
	list := h.cell(binary.LittleEndian.Uint32(d[4:]), "a list of data")
	raw := make([]byte, 0, size)
	for i := range int(binary.LittleEndian.Uint16(d[2:])) {
		if 4*i+4 > len(list) || len(raw) == int(size) {
			break
		}
		part := h.cell(binary.LittleEndian.Uint32(list[4*i:]), "the data of a value")
		raw = append(raw, part[:min(len(part), hiveSegment, int(size)-len(raw))]...)
	}
	return raw, len(raw) == int(size)
}

// findControlSet reads Select\Current, the number of the control set in use.
func (h *hive) findControlSet(root uint32) {
	quiet := *h
	quiet.out, quiet.seen = &Output{}, make([]uint64, len(h.seen))
	c := quiet.node(root)
	if c == nil {
		return
	}
	list := quiet.cell(binary.LittleEndian.Uint32(c[28:]), "a list of keys")
	if len(list) < 4 || list[0] != 'l' {
		return // a root with so many keys is not that of SYSTEM
	}
	width := 8
	if list[1] == 'i' {
		width = 4
	}
	for i := range min(int(binary.LittleEndian.Uint16(list[2:])), (len(list)-4)/width) {
		child := quiet.node(binary.LittleEndian.Uint32(list[4+i*width:]))
		if child == nil {
			continue
		}
		if name, ok := quiet.nodeName(child, 72, 76, child[2]&0x20 != 0); !ok || !strings.EqualFold(name, "Select") {
			continue
		}
		quiet.values("", binary.LittleEndian.Uint32(child[40:]), binary.LittleEndian.Uint32(child[36:]))
		for _, f := range quiet.out.Facts {
			if strings.EqualFold(f.Value, "Current") && f.Kind == event.FactNumber && f.Num >= 0 && f.Num < 1000 {
				number := strconv.FormatInt(f.Num, 10)
				h.current = "ControlSet" + strings.Repeat("0", 3-len(number)) + number
			}
		}
		return
	}
}
