package cab

import (
	"cmp"
	"fmt"
	"slices"

	"debrief/event"
)

// Spend is asked before n more bytes of a folder are unpacked; an error ends
// the folder there and stands as the reason of the members that are not whole.
type Spend func(n int) error

// Visit receives one member. Data are the bytes that could be unpacked, which
// must not be changed; they share memory with the other members of the folder
// and stay valid. The reason is nil where the member is whole, else it wraps
// one of the errors of this package or that of Spend. An error ends the walk.
//
// Data of a member that is not whole are what it starts with, with two
// exceptions. Zeros stand for bytes that a bad MSZIP block took away where good
// ones follow; these may be fewer than Data hold, as bytes in doubt are left in
// their places. And a member whose start lies in a cabinet that is missing has
// only its end.
type Visit func(m Member, data []byte, reason error) error

// Walk unpacks each folder once and visits its members by their place in it;
// members without a folder come last. It returns what was found wrong on the
// way, without the name of the cabinet, and the error of visit.
//
// Of a folder that other cabinets of a split set share, it reads what is here;
// see Join for the set.
func (c *Cabinet) Walk(spend Spend, visit Visit) ([]event.Problem, error) {
	return newWalker([]Part{{Cabinet: c}}, spend, visit).walk()
}

// piece is the share of one cabinet in a folder.
type piece struct {
	part   int
	cab    *Cabinet
	folder int
}

func (p piece) table() Folder { return p.cab.Folders[p.folder] }

// run is a folder with its pieces from one cabinet or from several that follow
// each other in a split set.
type run struct {
	pieces  []piece
	members []Member
	need    int64 // where the last member ends
	// The cabinets that the folder starts and goes on in, where they are not
	// there.
	before, after *Link
}

func (r *run) first() piece { return r.pieces[0] }

// walker unpacks the folders of one cabinet or of a split set.
type walker struct {
	parts    []Part // in order; one without a cabinet is missing
	spend    Spend
	visit    Visit
	worked   []int // bytes of blocks read, by part
	searched []int // bytes looked at for blocks that are not in their places, by part
	problems []event.Problem
}

func newWalker(parts []Part, spend Spend, visit Visit) *walker {
	return &walker{parts: parts, spend: spend, visit: visit, worked: make([]int, len(parts)), searched: make([]int, len(parts))}
}

func (w *walker) walk() ([]event.Problem, error) {
	runs, homeless := w.runs()
	for i := range runs {
		if err := w.walkRun(&runs[i]); err != nil {
			return w.problems, err
		}
	}
	for _, m := range homeless {
		if err := w.visit(m, nil, fmt.Errorf("no such folder: %w", ErrDamaged)); err != nil {
			return w.problems, err
		}
	}
	return w.problems, nil
}

// runs joins the folders of all parts and gives them their members, each once:
// a member that goes on in the next cabinet has an entry there too. Members
// that name no folder are returned apart.
func (w *walker) runs() (runs []run, homeless []Member) {
	told := map[memberKey]int{} // members that go on in the next part, by where they were met first
	open := false               // the last run goes on in this part
	for i, part := range w.parts {
		c := part.Cabinet
		if c == nil {
			open = false
			continue
		}
		first := len(runs) // run of folder 0
		if open {
			first--
		}
		for f := range c.Folders {
			if f > 0 || !open {
				runs = append(runs, run{})
			}
			at := &runs[len(runs)-1]
			at.pieces = append(at.pieces, piece{part: i, cab: c, folder: f})
		}
		wasOpen := open
		open = i+1 < len(w.parts) && w.parts[i+1].Cabinet != nil && goesOnIn(c, w.parts[i+1].Cabinet)
		for _, m := range c.Members {
			m.Part = i
			if m.Folder < 0 || m.Folder >= len(c.Folders) {
				homeless = append(homeless, m)
				continue
			}
			at := &runs[first+m.Folder]
			at.need = max(at.need, m.Offset+m.Size)
			if m.FromPrevious && !wasOpen {
				at.before = &c.Previous
			}
			if m.ToNext && !open {
				at.after = &c.Next
			}
			from, isTold := told[m.key()]
			if !m.FromPrevious || !isTold || from == i {
				at.members = append(at.members, m)
			}
			if m.ToNext && !isTold {
				told[m.key()] = i
			}
		}
	}
	for i := range runs {
		slices.SortStableFunc(runs[i].members, func(a, b Member) int { return cmp.Compare(a.Offset, b.Offset) })
	}
	return runs, homeless
}

// walkRun unpacks as much of a folder as its members need.
func (w *walker) walkRun(r *run) error {
	if len(r.members) == 0 {
		return nil
	}
	u := w.unpack(r, r.need)
	beyond, split := 0, false
	for _, m := range r.members {
		data, reason := u.member(m)
		if reason == nil || u.reason != nil || m.Offset+m.Size <= u.end() {
			// Whole, or lost for a reason that was told.
		} else if r.after != nil && m.ToNext {
			split = true
			reason = fmt.Errorf("member ends in %s: %w", nameLink(*r.after), ErrSplit)
		} else if beyond++; beyond == 1 {
			w.damage(m.Part, m.Pos, fmt.Sprintf("folder %d unpacks to %d bytes, entry %q reaches to %d", r.first().folder, u.end(), m.Name, m.Offset+m.Size))
		}
		if err := w.visit(m, data, reason); err != nil {
			return err
		}
	}
	if split {
		last := r.pieces[len(r.pieces)-1]
		w.damage(last.part, last.table().Offset, fmt.Sprintf("folder %d goes on in %s of the split set", last.folder, nameLink(*r.after)))
	}
	return nil
}

func (w *walker) problem(part int, kind event.ProblemKind, offset int64, text string) {
	w.problems = append(w.problems, event.Problem{Pos: event.Pos{File: w.parts[part].Name, Offset: offset}, Kind: kind, Text: text})
}

func (w *walker) damage(part int, offset int64, text string) {
	w.problem(part, event.Damage, offset, text)
}

func nameLink(l Link) string {
	if l.Cabinet == "" {
		return "a cabinet that is not named"
	}
	return fmt.Sprintf("cabinet %q", l.Cabinet)
}
