package cab

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"debrief/event"
)

const (
	blockHead = 8
	// Packed data grows about as much as log collections do (20 times) with
	// room to spare; a folder that declares more is given memory as it fills.
	usualRatio = 64
	// firstGrowth is what any folder may reserve.
	firstGrowth = 1 << 20
	// maxShared bounds how many times its own size a cabinet is read. In a
	// sound one no two folders share a block.
	maxShared = 2
)

// Spend is asked before n more bytes of a folder are unpacked; an error ends
// the folder there and stands as the reason of the members that are not whole.
type Spend func(n int) error

// Visit receives one member. Data are the bytes that could be unpacked, which
// must not be changed; they share memory with the other members of the folder
// and stay valid. The reason is nil where the member is whole, else it wraps
// one of the errors of this package or that of Spend. An error ends the walk.
type Visit func(m Member, data []byte, reason error) error

// Walk unpacks each folder once and visits its members by their place in it;
// members without a folder come last. It returns what was found wrong on the
// way, without the name of the cabinet, and the error of visit.
func (c *Cabinet) Walk(spend Spend, visit Visit) ([]event.Problem, error) {
	byFolder := make([][]Member, len(c.Folders)+1)
	for _, m := range c.Members {
		at := m.Folder
		if at < 0 || at >= len(c.Folders) {
			at = len(c.Folders)
		}
		byFolder[at] = append(byFolder[at], m)
	}
	c.worked = 0
	var problems []event.Problem
	for i, members := range byFolder {
		slices.SortStableFunc(members, func(a, b Member) int { return cmp.Compare(a.Offset, b.Offset) })
		if i == len(c.Folders) {
			for _, m := range members {
				if err := visit(m, nil, fmt.Errorf("no such folder: %w", ErrDamaged)); err != nil {
					return problems, err
				}
			}
			break
		}
		if len(members) == 0 {
			continue
		}
		found, err := c.walkFolder(i, members, spend, visit)
		problems = append(problems, found...)
		if err != nil {
			return problems, err
		}
	}
	return problems, nil
}

// walkFolder unpacks as much of folder number i as its members need.
func (c *Cabinet) walkFolder(i int, members []Member, spend Spend, visit Visit) ([]event.Problem, error) {
	need := int64(0)
	for _, m := range members {
		need = max(need, m.Offset+m.Size)
	}
	var u unpacked
	if slices.ContainsFunc(members, func(m Member) bool { return m.FromPrevious }) {
		u.reason = fmt.Errorf("folder starts in %s: %w", nameLink(c.Previous), ErrSplit)
		u.problems = []event.Problem{{Kind: event.Damage, Pos: event.Pos{Offset: c.Folders[i].Offset},
			Text: fmt.Sprintf("folder %d starts in %s of the split set, without which it cannot be unpacked", i, nameLink(c.Previous))}}
	} else {
		u = c.unpack(i, need, spend)
	}
	damage := func(offset int64, text string) {
		u.problems = append(u.problems, event.Problem{Kind: event.Damage, Pos: event.Pos{Offset: offset}, Text: text})
	}
	beyond, split := 0, false
	for _, m := range members {
		data, reason := u.member(m)
		if reason != nil && u.reason == nil {
			if m.ToNext {
				split = true
				reason = fmt.Errorf("member ends in %s: %w", nameLink(c.Next), ErrSplit)
			} else if beyond++; beyond == 1 {
				damage(m.Pos, fmt.Sprintf("folder %d unpacks to %d bytes, entry %q reaches to %d", i, len(u.data), m.Name, m.Offset+m.Size))
			}
		}
		if err := visit(m, data, reason); err != nil {
			return u.problems, err
		}
	}
	if split {
		damage(c.Folders[i].Offset, fmt.Sprintf("folder %d goes on in %s of the split set", i, nameLink(c.Next)))
	}
	return u.problems, nil
}

func nameLink(l Link) string {
	if l.Cabinet == "" {
		return "a cabinet that is not named"
	}
	return fmt.Sprintf("cabinet %q", l.Cabinet)
}

// unpacked is what came out of a folder.
type unpacked struct {
	data     []byte
	reason   error // why it ends; nil = it holds all that its blocks declare
	problems []event.Problem
}

// member cuts the member's range.
func (u *unpacked) member(m Member) ([]byte, error) {
	start, end := m.Offset, m.Offset+m.Size
	have := int64(len(u.data))
	if m.Size == 0 {
		return nil, nil
	}
	if end <= have {
		return u.data[start:end:end], nil
	}
	reason := u.reason
	if reason == nil {
		reason = fmt.Errorf("folder unpacks to %d bytes: %w", have, ErrTruncated)
	}
	if start >= have {
		return nil, reason
	}
	return u.data[start:have:have], reason
}

// block is one CFDATA whose head is there.
type block struct {
	at       int // of its head
	payload  []byte
	unpacked int
	cut      bool // the payload is not all there
}

// chain is the data blocks of a folder as far as they are there.
type chain struct {
	blocks []block
	total  int64 // bytes they declare to unpack to
	// Where and why the chain ends early; nil = it does not.
	stopAt int
	stop   error
}

// blocks walks the data blocks until their declared number, until need
// unpacked bytes are covered, or until the data ends.
func (c *Cabinet) blocks(f Folder, need int64) (ch chain) {
	stop := func(at int, err error) chain {
		ch.stopAt, ch.stop = at, err
		return ch
	}
	pos := int(min(f.Offset, int64(len(c.data))))
	head := blockHead + c.dataReserve
	for i := 0; i < f.Blocks && ch.total < need; i++ {
		if len(c.data)-pos < head {
			return stop(pos, fmt.Errorf("data ends after %d of %d blocks: %w", i, f.Blocks, ErrTruncated))
		}
		packed := int(binary.LittleEndian.Uint16(c.data[pos+4:]))
		b := block{at: pos, unpacked: int(binary.LittleEndian.Uint16(c.data[pos+6:]))}
		if b.unpacked > frameSize {
			return stop(pos, fmt.Errorf("block %d of %d declares %d bytes, more than a block can hold: %w", i+1, f.Blocks, b.unpacked, ErrDamaged))
		}
		start := pos + head
		pos = start + packed
		b.cut = pos > len(c.data)
		b.payload = c.data[start:min(pos, len(c.data))]
		ch.blocks = append(ch.blocks, b)
		ch.total += int64(b.unpacked)
		if b.cut {
			return stop(len(c.data), fmt.Errorf("data ends inside block %d of %d: %w", i+1, f.Blocks, ErrTruncated))
		}
	}
	return ch
}

// unpack unpacks folder number i up to the block that covers need bytes.
func (c *Cabinet) unpack(i int, need int64, spend Spend) unpacked {
	f := c.Folders[i]
	if c.worked > maxShared*len(c.data) {
		reason := fmt.Errorf("folder %d: folders share their data blocks: %w", i, ErrDamaged)
		return unpacked{reason: reason, problems: []event.Problem{{Kind: event.Damage, Pos: event.Pos{Offset: f.Offset}, Text: reason.Error()}}}
	}
	ch := c.blocks(f, need)
	c.worked += blockHead*len(ch.blocks) + packedSize(ch.blocks)
	out := output{total: int(ch.total), spend: spend}
	var at int
	var err error
	switch f.Method {
	case Stored:
		at, err = out.stored(ch.blocks)
	case MSZIP:
		at, err = out.mszip(ch.blocks)
	case LZX:
		at, err = out.lzx(ch.blocks, f.Window)
	default:
		err = fmt.Errorf("compressed with %s (method %d): %w", f.Method, f.Method, ErrUnsupported)
	}
	u := unpacked{data: out.data}
	kind := event.Damage
	switch {
	case errors.Is(err, errSpent):
		u.reason = out.spent
	case errors.Is(err, ErrUnsupported):
		kind, at, u.reason = event.Unreadable, int(f.Offset), err
	case ch.stop != nil && (err == nil || errors.Is(err, ErrTruncated)):
		at, u.reason = ch.stopAt, ch.stop
	case err != nil && !errors.Is(err, ErrTruncated):
		u.reason = fmt.Errorf("%w: %w", err, ErrDamaged)
	default:
		u.reason = err
	}
	if u.reason != nil {
		u.reason = fmt.Errorf("folder %d: %w", i, u.reason)
		if out.spent == nil {
			u.problems = append(u.problems, event.Problem{Kind: kind, Pos: event.Pos{Offset: int64(at)}, Text: u.reason.Error()})
		}
	}
	if p, ok := c.checkSums(i, ch.blocks); ok {
		u.problems = append(u.problems, p)
	}
	return u
}

var errSpent = errors.New("caller ends the folder")

// output gathers the unpacked bytes of a folder.
type output struct {
	data  []byte
	total int // bytes the blocks declare
	spend Spend
	spent error // what spend answered
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

// stored copies blocks. at is the place of the block that failed.
func (o *output) stored(blocks []block) (at int, err error) {
	packed := packedSize(blocks)
	for i, b := range blocks {
		room, err := o.reserve(b.unpacked, packed)
		if err != nil {
			return b.at, err
		}
		n := copy(room, b.payload)
		o.data = o.data[:len(o.data)+n]
		if n < b.unpacked {
			return b.at, fmt.Errorf("block %d holds %d of %d bytes: %w", i+1, n, b.unpacked, ErrTruncated)
		}
	}
	return 0, nil
}

// lzx unpacks the payloads as the one stream that they are.
func (o *output) lzx(blocks []block, window int) (at int, err error) {
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
	return placeOf(blocks, d.next-int(d.n/8)), err
}

func packedSize(blocks []block) int {
	n := 0
	for _, b := range blocks {
		n += len(b.payload)
	}
	return n
}

// placeOf turns a position in the joined payloads into one in the cabinet.
func placeOf(blocks []block, pos int) int {
	at := 0
	for _, b := range blocks {
		at = b.at
		if pos < len(b.payload) {
			break
		}
		pos -= len(b.payload)
	}
	return at
}

// checkSums compares the checksums of the blocks that are whole. Zero stands
// for none.
func (c *Cabinet) checkSums(folder int, blocks []block) (event.Problem, bool) {
	wrong, first, number := 0, 0, 0
	for i, b := range blocks {
		want := binary.LittleEndian.Uint32(c.data[b.at:])
		if want == 0 || b.cut {
			continue
		}
		sum := checksum(b.payload, 0)
		reserve := c.data[b.at+4 : b.at+blockHead+c.dataReserve]
		// The specification counts the reserved bytes of the block in, some
		// writers leave them out.
		if checksum(reserve, sum) != want && checksum(reserve[:4], sum) != want {
			if wrong == 0 {
				first, number = b.at, i+1
			}
			wrong++
		}
	}
	if wrong == 0 {
		return event.Problem{}, false
	}
	return event.Problem{Kind: event.Remark, Pos: event.Pos{Offset: int64(first)},
		Text: fmt.Sprintf("folder %d: checksum of %d of %d blocks is wrong, first of block %d", folder, wrong, len(blocks), number)}, true
}

// checksum is the XOR of the little-endian words of b and seed; the bytes of a
// last incomplete word count from its top down.
func checksum(b []byte, seed uint32) uint32 {
	var wide uint64
	for ; len(b) >= 8; b = b[8:] {
		wide ^= binary.LittleEndian.Uint64(b)
	}
	sum := seed ^ uint32(wide) ^ uint32(wide>>32)
	if len(b) >= 4 {
		sum ^= binary.LittleEndian.Uint32(b)
		b = b[4:]
	}
	var last uint32
	for _, x := range b {
		last = last<<8 | uint32(x)
	}
	return sum ^ last
}
