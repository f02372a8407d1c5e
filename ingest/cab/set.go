package cab

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"debrief/event"
)

// maxTwins bounds how many cabinets of one set id and number are compared. More
// are not what a writer makes.
const maxTwins = 64

// Part is a cabinet file that may belong to a split set.
type Part struct {
	// Name is the path or name of the file. Links of other cabinets are
	// compared with its last element.
	Name string
	// Cabinet is what was opened; Join takes no nil.
	Cabinet *Cabinet
}

// Set is the cabinets of one split set, or one cabinet that belongs to none.
type Set struct {
	// Parts are in order. A part without a Cabinet is missing between two
	// others; its name is that of the links.
	Parts []Part
	// Copies are files that equal one of the parts byte for byte; they have
	// nothing to add and are not read.
	Copies []Part
	// Missing are the cabinets that a part names but that are not there, in
	// order.
	Missing []Link
	// Problems are the faults of the tables of all parts, and what is wrong
	// with the set. Pos.File is the name of the part.
	Problems []event.Problem
}

// Join sorts cabinets into sets. Each cabinet is in one set: as a part or as a
// copy of one. Sets come in the order of their first parts in the argument.
//
// Two cabinets follow each other where both have the same set id, their numbers
// follow, and the members that go on in the next cabinet are known there by the
// same name, size and place. File names decide between several that fit, and
// join two with a wrong number or id if each names the other. They need not fit,
// as files are renamed.
//
// Who reads a collection opens all cabinets of one directory, gives those to
// Join of which Previous or Next is set (others may be given, too) and walks the
// sets instead of the cabinets:
//
//	for _, set := range cab.Join(parts) {
//		problems, err := set.Walk(spend, func(m cab.Member, data []byte, reason error) error {
//			from := set.Parts[m.Part].Name // the part that m starts in
//			…
//		})
//	}
//
// Problems of a set name the part, so they need no further place.
func Join(parts []Part) []*Set {
	j := newJoiner(parts)
	j.findCopies()
	j.findNext()
	j.bridge()
	var sets []*Set
	seen := make([]bool, len(parts))
	for i := range parts {
		first := i
		if j.copyOf[i] >= 0 {
			first = j.copyOf[i]
		}
		for j.prev[first] >= 0 {
			first = j.prev[first]
		}
		if !seen[first] {
			seen[first] = true
			sets = append(sets, j.set(first))
		}
	}
	return sets
}

// Walk unpacks the set as Walk of Cabinet does one cabinet. Each member comes
// once, with the entry and the Part of the cabinet it starts in. Problems have
// the name of the part as their Pos.File.
func (s *Set) Walk(spend Spend, visit Visit) ([]event.Problem, error) {
	return newWalker(s.Parts, spend, visit).walk()
}

// joiner finds which parts follow each other; -1 stands for none.
type joiner struct {
	parts      []Part
	order      []int // parts by set id, number, place
	next, prev []int
	far        []bool // parts are missing before next
	copyOf     []int
	copies     map[int][]int // parts by what they are copies of
	byNumber   map[[2]uint16][]int
	byName     map[string][]int
}

func newJoiner(parts []Part) *joiner {
	n := len(parts)
	j := &joiner{parts: parts, order: make([]int, n), next: make([]int, n), prev: make([]int, n), far: make([]bool, n),
		copyOf: make([]int, n), byNumber: map[[2]uint16][]int{}, byName: map[string][]int{}, copies: map[int][]int{}}
	for i := range parts {
		j.order[i], j.next[i], j.prev[i], j.copyOf[i] = i, -1, -1, -1
	}
	slices.SortStableFunc(j.order, func(a, b int) int {
		x, y := parts[a].Cabinet, parts[b].Cabinet
		return cmp.Or(cmp.Compare(x.Set, y.Set), cmp.Compare(x.Index, y.Index))
	})
	return j
}

// findCopies puts the cabinets that are linked at all into the maps, and finds
// those that are there already.
func (j *joiner) findCopies() {
	for _, i := range j.order {
		c := j.parts[i].Cabinet
		if !c.hasPrevious && !c.hasNext {
			continue
		}
		k := [2]uint16{c.Set, c.Index}
		same := slices.IndexFunc(j.byNumber[k], func(other int) bool { return bytes.Equal(j.parts[other].Cabinet.data, c.data) })
		if same >= 0 {
			j.copyOf[i] = j.byNumber[k][same]
			j.copies[j.copyOf[i]] = append(j.copies[j.copyOf[i]], i)
			continue
		}
		if len(j.byNumber[k]) == maxTwins {
			continue
		}
		j.byNumber[k] = append(j.byNumber[k], i)
		if name := baseName(j.parts[i].Name); len(j.byName[name]) < maxTwins {
			j.byName[name] = append(j.byName[name], i)
		}
	}
}

// findNext gives each part the one that follows it best.
func (j *joiner) findNext() {
	for _, i := range j.order {
		c := j.parts[i].Cabinet
		if !c.hasNext || j.copyOf[i] >= 0 {
			continue
		}
		best, bestNames := -1, -1
		near := j.byNumber[[2]uint16{c.Set, c.Index + 1}]
		named := j.byName[baseName(c.Next.Cabinet)]
		for _, k := range slices.Concat(near, named) {
			n := j.parts[k].Cabinet
			if k == i || j.prev[k] >= 0 || !n.hasPrevious || n.Index <= c.Index || !mayFollow(c, n) {
				continue
			}
			names := 0
			if baseName(c.Next.Cabinet) == baseName(j.parts[k].Name) {
				names++
			}
			if baseName(n.Previous.Cabinet) == baseName(j.parts[i].Name) {
				names++
			}
			isNear := n.Set == c.Set && n.Index == c.Index+1
			if (isNear || names == 2) && names > bestNames {
				best, bestNames = k, names
			}
		}
		if best >= 0 {
			j.next[i], j.prev[best] = best, i
		}
	}
}

// bridge joins what is left over missing parts, where a member goes through
// them.
func (j *joiner) bridge() {
	for at, i := range j.order {
		c := j.parts[i].Cabinet
		if !c.hasNext || j.copyOf[i] >= 0 || j.next[i] >= 0 {
			continue
		}
		for _, k := range j.order[at+1 : min(len(j.order), at+1+maxTwins)] {
			n := j.parts[k].Cabinet
			if n.Set != c.Set {
				break
			}
			sameGap := n.Index-c.Index != 2 || baseName(n.Previous.Cabinet) == baseName(c.Next.Cabinet)
			if j.copyOf[k] < 0 && j.prev[k] < 0 && n.hasPrevious && n.Index >= c.Index+2 && sameGap && goesOnIn(c, n) {
				j.next[i], j.prev[k], j.far[i] = k, i, true
				break
			}
		}
	}
}

// set gathers the chain that starts with part i.
func (j *joiner) set(i int) *Set {
	s := &Set{}
	missing := func(part Part, offset int64, l Link) {
		s.Missing = append(s.Missing, l)
		s.Problems = append(s.Problems, event.Problem{Pos: event.Pos{File: part.Name, Offset: offset}, Kind: event.Damage,
			Text: nameLink(l) + " of the split set is missing"})
	}
	if first := j.parts[i]; first.Cabinet.hasPrevious {
		missing(first, linksAt, first.Cabinet.Previous)
	}
	for ; i >= 0; i = j.next[i] {
		p, n := j.parts[i], j.next[i]
		s.Parts = append(s.Parts, p)
		for _, k := range j.copies[i] {
			s.Copies = append(s.Copies, j.parts[k])
			s.Problems = append(s.Problems, event.Problem{Pos: event.Pos{File: j.parts[k].Name}, Kind: event.Remark,
				Text: fmt.Sprintf("same cabinet as %q, not read again", p.Name)})
		}
		for _, problem := range p.Cabinet.Problems {
			problem.Pos.File = p.Name
			s.Problems = append(s.Problems, problem)
		}
		if p.Cabinet.hasNext && (n < 0 || j.far[i]) {
			missing(p, linksAt, p.Cabinet.Next)
		}
		if n < 0 {
			break
		}
		q := j.parts[n]
		if j.far[i] {
			s.Parts = append(s.Parts, Part{Name: p.Cabinet.Next.Cabinet})
			if baseName(p.Cabinet.Next.Cabinet) != baseName(q.Cabinet.Previous.Cabinet) {
				missing(q, linksAt, q.Cabinet.Previous)
			}
		} else if p.Cabinet.Set != q.Cabinet.Set || p.Cabinet.Index+1 != q.Cabinet.Index {
			s.Problems = append(s.Problems, event.Problem{Pos: event.Pos{File: q.Name, Offset: linksAt - 4}, Kind: event.Remark,
				Text: fmt.Sprintf("cabinet follows %q by name, though it is number %d of set %d and that number %d of set %d",
					p.Name, q.Cabinet.Index, q.Cabinet.Set, p.Cabinet.Index, p.Cabinet.Set)})
		}
	}
	return s
}

// linksAt is where the optional parts of the header stand, links among them.
const linksAt = headerSize

// baseName is the last element of a path, without its case.
func baseName(path string) string {
	return strings.ToLower(path[strings.LastIndexAny(path, `/\`)+1:])
}

// mayFollow reports whether b can come right behind a: no member is split, or
// one is that both know.
func mayFollow(a, b *Cabinet) bool {
	isSplit := slices.ContainsFunc(a.Members, func(m Member) bool { return m.ToNext }) ||
		slices.ContainsFunc(b.Members, func(m Member) bool { return m.FromPrevious })
	return !isSplit || goesOnIn(a, b)
}

// goesOnIn reports whether a member that is split behind a comes to b from
// before, in folders of one kind.
func goesOnIn(a, b *Cabinet) bool {
	if len(a.Folders) == 0 || len(b.Folders) == 0 {
		return false
	}
	last, first := a.Folders[len(a.Folders)-1], b.Folders[0]
	if last.Method != first.Method || last.Window != first.Window {
		return false
	}
	left := map[memberKey]bool{}
	for _, m := range a.Members {
		if m.ToNext && m.Folder >= 0 {
			left[m.key()] = true
		}
	}
	return slices.ContainsFunc(b.Members, func(m Member) bool { return m.FromPrevious && m.Folder >= 0 && left[m.key()] })
}

// memberKey is what the entries of one member in several cabinets share.
type memberKey struct {
	name         string
	offset, size int64
}

func (m *Member) key() memberKey { return memberKey{m.Name, m.Offset, m.Size} }
