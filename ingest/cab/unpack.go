package cab

import (
	"errors"
	"fmt"
	"sort"

	"debrief/event"
)

const (
	// Packed data grows about as much as log collections do (20 times) with
	// room to spare; a folder that declares more is given memory as it fills.
	usualRatio = 64
	// firstGrowth is what any folder may reserve.
	firstGrowth = 1 << 20
	// nearHoles is how near to each other two holes are taken for one, so that
	// the list of holes stays small beside the data.
	nearHoles = 64
)

// hole is a range of the unpacked data that is in doubt. From empty on there is
// nothing, which zeros stand for.
type hole struct {
	from, empty, to int
	reason          error
}

// unpacked is what came out of a folder.
type unpacked struct {
	base   int64 // place in the folder of the first byte of data
	data   []byte
	holes  []hole // in order
	start  error  // why what is before base is not there
	reason error  // why data end; nil = they hold all that the blocks declare
}

func (u *unpacked) end() int64 { return u.base + int64(len(u.data)) }

// member cuts the member's range.
func (u *unpacked) member(m Member) ([]byte, error) {
	if m.Size == 0 {
		return nil, nil
	}
	end := u.end()
	var reason error
	if m.Offset+m.Size > end {
		if reason = u.reason; reason == nil {
			reason = fmt.Errorf("folder unpacks to %d bytes: %w", end, ErrTruncated)
		}
	}
	if m.Offset >= end {
		return nil, reason
	}
	if m.Offset < u.base {
		reason = u.start
		if m.Offset+m.Size <= u.base {
			return nil, reason
		}
	}
	from := int(max(0, m.Offset-u.base))
	to := int(min(end, m.Offset+m.Size) - u.base)
	return u.around(from, to, m, reason)
}

// around cuts a range that may have holes. A hole at its end is left out.
func (u *unpacked) around(from, to int, m Member, reason error) ([]byte, error) {
	var first *hole
	unknown := 0
	at := sort.Search(len(u.holes), func(i int) bool { return u.holes[i].to > from })
	for i := at; i < len(u.holes) && u.holes[i].from < to; i++ {
		h := &u.holes[i]
		if h.to >= to {
			if to = min(to, max(from, h.empty)); reason == nil {
				reason = h.reason
			}
			break
		}
		if first == nil {
			first = h
		}
		unknown += h.to - max(from, h.from)
	}
	if first != nil {
		reason = fmt.Errorf("%d bytes from byte %d of the member on are lost or in doubt: %w",
			unknown, max(0, u.base+int64(first.from)-m.Offset), first.reason)
	}
	if from == to {
		return nil, reason
	}
	return u.data[from:to:to], reason
}

// unpack unpacks a folder up to the block that covers need bytes.
func (w *walker) unpack(r *run, need int64) unpacked {
	p := r.first()
	for _, at := range r.pieces {
		if w.worked[at.part] > maxShared*len(at.cab.data) {
			reason := fmt.Errorf("folder %d: folders share their data blocks: %w", p.folder, ErrDamaged)
			w.damage(p.part, p.table().Offset, reason.Error())
			return unpacked{reason: reason}
		}
	}
	ch := w.chain(r, need)
	out := output{total: int(ch.total), spend: w.spend, folder: p.folder}
	u := unpacked{}
	if r.before != nil {
		if !w.placeByEnd(r, ch, need, &u) {
			return u
		}
		out.start, out.total = u.start, int(need-u.base)
	}
	failed, err := out.unpack(p.table(), ch.blocks)
	w.tellBad(ch.blocks, out.bad)
	part, at, kind := p.part, int(p.table().Offset), event.Damage
	if failed < len(ch.blocks) {
		part, at = ch.blocks[failed].part, ch.blocks[failed].at
	}
	switch {
	case ch.open && ch.stop == nil && errors.Is(err, ErrTruncated):
	case errors.Is(err, errSpent):
		u.reason = out.spent
	case errors.Is(err, ErrUnsupported):
		part, at, kind, u.reason = p.part, int(p.table().Offset), event.Unreadable, err
	case ch.stop != nil && (err == nil || errors.Is(err, ErrTruncated)):
		part, at, u.reason = ch.stopAt.part, ch.stopAt.at, ch.stop
	case err != nil && !errors.Is(err, ErrTruncated):
		u.reason = fmt.Errorf("%w: %w", err, ErrDamaged)
	default:
		u.reason = err
	}
	if u.reason != nil {
		u.reason = fmt.Errorf("folder %d: %w", p.folder, u.reason)
		if out.spent == nil {
			w.problem(part, kind, int64(at), u.reason.Error())
		}
	}
	if u.reason != nil && errors.Is(u.reason, ErrDamaged) {
		out.doubt(p.table(), ch.blocks, failed, u.reason)
	}
	u.data, u.holes = out.data, out.holes
	w.tellSums(r, ch.blocks)
	return u
}

// placeByEnd finds where the blocks of a folder whose start is missing belong,
// which only its end can tell: there the last member ends. It answers whether
// they can be unpacked at all.
func (w *walker) placeByEnd(r *run, ch *chain, need int64, u *unpacked) bool {
	p := r.first()
	u.start = fmt.Errorf("folder starts in %s: %w", nameLink(*r.before), ErrSplit)
	told := fmt.Sprintf("folder %d starts in %s of the split set, without which ", p.folder, nameLink(*r.before))
	method := p.table().Method
	base := need - ch.total
	// All blocks of a folder but the last are of full size.
	placed := r.after == nil && ch.stop == nil && base >= 0 && base%frameSize == 0 && len(ch.blocks) > 0
	if placed {
		// Of a block that was split only a stored one has its end here.
		switch first := &ch.blocks[0]; {
		case method == Stored && len(first.payload) <= first.unpacked:
			base += int64(first.unpacked - len(first.payload))
			first.unpacked = len(first.payload)
		case method == MSZIP && (first.lost != nil || !startsMSZIP(*first)):
			base += int64(first.unpacked)
			ch.blocks = ch.blocks[1:]
		case method != MSZIP:
			placed = false
		}
	}
	for _, m := range r.members {
		placed = placed && (!m.FromPrevious || m.Part != p.part || m.Offset < base)
	}
	if !placed {
		u.reason = u.start
		w.damage(p.part, p.table().Offset, told+"it cannot be unpacked")
		return false
	}
	u.base = base
	w.damage(p.part, p.table().Offset, fmt.Sprintf("%sits first %d bytes cannot be unpacked", told, base))
	return true
}

// tellBad notes the bad blocks: the first with its reason, the others by their
// number.
func (w *walker) tellBad(blocks []block, bad []badBlock) {
	if len(bad) == 0 {
		return
	}
	b, text := blocks[bad[0].block], bad[0].reason.Error()
	if more := len(bad) - 1; more > 0 {
		next := blocks[bad[1].block]
		text += fmt.Sprintf("; %d more of %d blocks are bad, the next is block %d at %d", more, len(blocks), next.number, next.at)
	}
	w.damage(b.part, int64(b.at), text)
}

var errSpent = errors.New("caller ends the folder")

// output gathers the unpacked bytes of a folder.
type output struct {
	data  []byte
	total int // bytes the blocks declare
	spend Spend
	spent error // what spend answered
	// start is why data before the first block are missing; nil = none are.
	start  error
	folder int // for messages
	holes  []hole
	bad    []badBlock
}

// badBlock is an MSZIP block that could not be unpacked to its end.
type badBlock struct {
	block  int
	reason error
}

// unpack unpacks blocks, which join to the packed data of a folder. It returns
// the index of the block it ends in, if it ends early.
func (o *output) unpack(f Folder, blocks []block) (failed int, err error) {
	switch f.Method {
	case Stored:
		return o.stored(blocks)
	case MSZIP:
		return o.mszip(blocks)
	case Quantum:
		return o.quantum(blocks, f.Window)
	case LZX:
		return o.lzx(blocks, f.Window)
	}
	return 0, fmt.Errorf("compressed with %s (method %d): %w", f.Method, f.Method, ErrUnsupported)
}

// reserve makes room for n more bytes and returns them, to be kept by a call
// of data = data[:len+k]. Memory is taken in one piece where the packed size
// makes the declared one likely.
func (o *output) reserve(n, packed int) ([]byte, error) {
	if o.spend != nil {
		if err := o.spend(n); err != nil {
			o.spent = err
			return nil, errSpent
		}
	}
	if o.data == nil {
		o.data = make([]byte, 0, min(o.total, firstGrowth+usualRatio*packed))
	}
	if len(o.data)+n > cap(o.data) {
		grown := make([]byte, len(o.data), min(o.total, 2*cap(o.data)+n))
		copy(grown, o.data)
		o.data = grown
	}
	return o.data[len(o.data) : len(o.data)+n], nil
}

// addHole adds a hole that ends behind all others; those in it go.
func (o *output) addHole(h hole) {
	for len(o.holes) > 0 && o.holes[len(o.holes)-1].from >= h.from {
		o.holes = o.holes[:len(o.holes)-1]
	}
	if n := len(o.holes); n > 0 && h.from-o.holes[n-1].to < nearHoles {
		o.holes[n-1].empty, o.holes[n-1].to = h.empty, h.to
		return
	}
	o.holes = append(o.holes, h)
}

// doubt notes that a folder that cannot be unpacked to its end may have gone
// wrong before that shows: where the checksum of a block is wrong, or in the
// block that fails if it has none. What is wrong in a block spoils later ones; in
// MSZIP the others are seen to.
func (o *output) doubt(f Folder, blocks []block, failed int, reason error) {
	from := 0
	for i, b := range blocks[:min(failed+1, len(blocks))] {
		if (b.badSum != nil && f.Method != MSZIP || i == failed && !b.sound) && from < len(o.data) {
			o.addHole(hole{from, len(o.data), len(o.data), reason})
			return
		}
		from += b.unpacked
	}
}

// stored copies blocks.
func (o *output) stored(blocks []block) (failed int, err error) {
	packed := packedSize(blocks)
	for i, b := range blocks {
		room, err := o.reserve(b.unpacked, packed)
		if err != nil {
			return i, err
		}
		n := copy(room, b.payload)
		o.data = o.data[:len(o.data)+n]
		if n < b.unpacked {
			return i, fmt.Errorf("block %d holds %d of %d bytes: %w", b.number, n, b.unpacked, ErrTruncated)
		}
	}
	return 0, nil
}

// lzx unpacks the payloads as the one stream that they are.
func (o *output) lzx(blocks []block, window int) (failed int, err error) {
	packed := packedSize(blocks)
	in := make([]byte, 0, packed+lzxInputPad)
	for _, b := range blocks {
		in = append(in, b.payload...)
	}
	d, err := newLZX(in[:packed+lzxInputPad], window)
	if err != nil {
		return 0, err
	}
	for len(o.data) < o.total && err == nil {
		n := min(frameSize, o.total-len(o.data))
		if _, err = o.reserve(n, packed); err != nil {
			break
		}
		d.out = o.data[:len(o.data)+n]
		err = d.frame(n)
		o.data = d.out[:d.pos]
	}
	d.out = o.data
	o.data = o.data[:d.translate(o.total)]
	if err == nil {
		return 0, nil
	}
	return blockOf(blocks, d.next-int(d.n/8)), err
}

func packedSize(blocks []block) int {
	n := 0
	for _, b := range blocks {
		n += len(b.payload)
	}
	return n
}

// blockOf finds the block of a position in the joined payloads.
func blockOf(blocks []block, pos int) int {
	for i, b := range blocks {
		if pos < len(b.payload) {
			return i
		}
		pos -= len(b.payload)
	}
	return max(0, len(blocks)-1)
}
