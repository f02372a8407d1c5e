package ingest

import (
	"cmp"
	"fmt"
	"io"
	"path"
	"slices"

	"debrief/event"
	"debrief/ingest/cab"
)

// linkBytes is the part of a cabinet that names its neighbours at the latest: a
// header with all that may be reserved in it, and four strings.
const linkBytes = 36 + 4 + 0xFFFF + 4*256

// hold keeps back a cabinet that names a previous or next one: what it holds is
// read with the others of its folder, when all of these were met. It reports
// whether it did; where there is no room for it in memory, it is not held.
func (r *reader) hold(it item) bool {
	src := source(it.data, it.disk)
	head := it.data[:min(len(it.data), linkBytes)]
	if it.disk != nil {
		head = make([]byte, min(src.Size(), linkBytes))
		n, _ := src.ReadAt(head, 0)
		head = head[:n]
	}
	c, err := cab.Open(head)
	if err != nil || c.Previous.Cabinet == "" && c.Next.Cabinet == "" {
		return false
	}
	size := it.size()
	if r.held+r.waiting.bytes+size > r.memory {
		return false
	}
	// A copy, as this one may be a part of more that is let go.
	data := make([]byte, size)
	n, err := io.ReadFull(src, data)
	if err != nil {
		r.problem(it.group, event.Problem{Pos: event.Pos{File: it.path}, Kind: event.Damage, Text: fmt.Sprintf("reading again: %v", withoutPath(err))})
	}
	it.data, it.disk = data[:n], nil
	r.waiting.bytes += int64(n)
	if it.folder == "" {
		it.folder = path.Dir(it.path)
	}
	r.waiting.count++
	r.parts = append(r.parts, it)
	return true
}

// joinParts reads the split sets that were held back, and those in them.
func (r *reader) joinParts() {
	for len(r.parts) > 0 && r.ctx.Err() == nil {
		parts := r.parts
		r.parts = nil
		slices.SortFunc(parts, func(a, b item) int { return cmp.Or(cmp.Compare(a.folder, b.folder), cmp.Compare(a.path, b.path)) })
		for len(parts) > 0 {
			n := slices.IndexFunc(parts, func(it item) bool { return it.folder != parts[0].folder })
			if n < 0 {
				n = len(parts)
			}
			r.joinFolder(parts[:n])
			parts = parts[n:]
		}
	}
}

// joinFolder reads the sets of one folder, and lets go of their data.
func (r *reader) joinFolder(items []item) {
	var parts []cab.Part
	byPath := map[string]item{}
	bytes := int64(0)
	for _, it := range items {
		bytes += it.size()
		c, err := cab.Open(it.data)
		if err != nil { // cut while it was read again, which was told
			r.waiting.count--
			it.partial = true
			r.add(it)
			continue
		}
		byPath[it.path] = it
		parts = append(parts, cab.Part{Name: it.path, Cabinet: c})
	}
	for _, set := range cab.Join(parts) {
		r.placeSet(set, byPath)
	}
	clear(items)
	r.waiting.bytes -= bytes
}

// placeSet adds the members of a set, or its cabinets if there are none.
func (r *reader) placeSet(set *cab.Set, items map[string]item) {
	first := items[set.Parts[0].Name]
	a := &archive{path: first.path, depth: first.depth + 1, modTime: first.modTime, set: set, inMemory: true}
	var there []item
	for i, p := range slices.Concat(set.Parts, set.Copies) {
		if p.Cabinet == nil {
			continue
		}
		it := items[p.Name]
		there = append(there, it)
		if i < len(set.Parts) {
			a.size += it.size()
		}
	}
	r.waiting.count -= len(there)
	if r.ctx.Err() != nil || r.opens(formatCAB, a) {
		return
	}
	lost := r.tellEmpty(formatCAB, a)
	for _, it := range there {
		it.partial = it.partial || lost
		if r.ctx.Err() == nil {
			r.add(it)
		}
	}
}

// expandSet reads the cabinets of a set as one.
func (r *reader) expandSet(a *archive) {
	problems, _ := r.walkCAB(a, a.set.Walk)
	for _, p := range slices.Concat(a.set.Problems, problems) {
		r.problem(a.path, p)
	}
}
