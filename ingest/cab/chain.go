package cab

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"debrief/event"
)

const (
	blockHead = 8
	// maxPacked is the largest payload MS-CAB allows: a block that did not
	// shrink and what a method may add to it.
	maxPacked = frameSize + 6144
	// maxShared bounds how many times its own size a cabinet is read, and
	// searched. In a sound one no two folders share a block.
	maxShared = 2
	// maxInflate is how many bytes of output a byte of deflate can give.
	maxInflate = 1032
)

// block is one CFDATA whose head is there, or several of them in cabinets that
// follow each other, joined to the one that was split over them.
type block struct {
	place
	payload  []byte
	unpacked int
	cut      bool   // the payload is not all there
	lost     error  // why there is no payload; nil = there is
	badSum   *place // where the checksum is wrong; nil = nowhere
	sound    bool   // there is a checksum and it is right
}

// place is where a block is.
type place struct {
	part   int // of the cabinet its head is in
	at     int // of its head
	number int // from 1, of that cabinet's share of the folder
}

// chain is the data blocks of a folder as far as they are there.
type chain struct {
	blocks []block
	total  int64 // bytes they declare to unpack to
	// Where and why the chain ends early; nil = it does not.
	stopAt place
	stop   error
	// The last block is split and its end is missing.
	open bool
}

// chain walks the data blocks of all pieces until need unpacked bytes are
// covered or the data end.
func (w *walker) chain(r *run, need int64) *chain {
	ch := &chain{}
	for i, p := range r.pieces {
		last := i == len(r.pieces)-1
		w.chainPiece(ch, p, need, !last || r.after != nil)
		if ch.stop != nil || ch.total >= need {
			break
		}
	}
	if ch.open && ch.stop == nil {
		// What is here of the split block is read as far as it goes.
		b := &ch.blocks[len(ch.blocks)-1]
		b.unpacked = frameSize
		if r.first().table().Method == Stored {
			b.unpacked = min(frameSize, len(b.payload))
		}
		b.cut = true
		ch.total += int64(b.unpacked)
	}
	return ch
}

// chainPiece adds the blocks of one piece; goesOn tells that its last block
// may be split.
func (w *walker) chainPiece(ch *chain, p piece, need int64, goesOn bool) {
	f, c := p.table(), p.cab
	pos := int(min(f.Offset, int64(len(c.data))))
	head := blockHead + c.dataReserve
	for i := 0; i < f.Blocks && ch.total < need; i++ {
		isRest := i == 0 && ch.open // of a block that was split
		b, next, err := c.readBlock(place{p.part, pos, i + 1}, f.Blocks)
		isSplit := err == nil && b.unpacked == 0 && goesOn && i == f.Blocks-1
		if f.Method == MSZIP && !isRest && !isSplit && (err == nil && !startsMSZIP(b) || b.cut || b.unpacked > frameSize) {
			if at, lost, ok := w.resync(ch, p, pos, i); ok {
				ch.lose(p, pos, at, lost, b, at == next)
				i, pos = i+lost-1, at
				continue
			}
		}
		if err != nil {
			ch.stopAt, ch.stop = b.place, err
			if !b.cut {
				return
			}
			ch.stopAt.at = len(c.data)
		}
		if b.badSum != nil && i < f.Blocks-1 && f.Method != Stored {
			b.unpacked = frameSize // all blocks but the last are full, so the head is wrong
		}
		w.worked[p.part] += head + len(b.payload)
		if isRest {
			ch.join(b)
		} else {
			ch.blocks = append(ch.blocks, b)
		}
		ch.open = isSplit
		ch.total += int64(b.unpacked)
		if b.cut {
			return
		}
		pos = next
	}
}

// readBlock reads the head at a place, one of several blocks. A block whose end
// is missing is returned with the error.
func (c *Cabinet) readBlock(at place, of int) (b block, next int, err error) {
	start := at.at + blockHead + c.dataReserve
	b.place = at
	if len(c.data) < start {
		return b, at.at, fmt.Errorf("data ends after %d of %d blocks: %w", at.number-1, of, ErrTruncated)
	}
	head := c.data[at.at:start]
	next = start + int(binary.LittleEndian.Uint16(head[4:]))
	b.unpacked = int(binary.LittleEndian.Uint16(head[6:]))
	if b.unpacked > frameSize {
		return b, at.at, fmt.Errorf("block %d of %d declares %d bytes, more than a block can hold: %w", at.number, of, b.unpacked, ErrDamaged)
	}
	b.cut = next > len(c.data)
	b.payload = c.data[start:min(next, len(c.data))]
	if b.cut {
		return b, next, fmt.Errorf("data ends inside block %d of %d: %w", at.number, of, ErrTruncated)
	}
	b.sound = sumFits(head, b.payload)
	if !b.sound && binary.LittleEndian.Uint32(head) != 0 {
		b.badSum = &at
	}
	return b, next, nil
}

// join adds the rest of a block that was split.
func (ch *chain) join(rest block) {
	b := &ch.blocks[len(ch.blocks)-1]
	joined := make([]byte, 0, len(b.payload)+len(rest.payload))
	b.payload = append(append(joined, b.payload...), rest.payload...)
	b.unpacked = rest.unpacked
	b.cut = rest.cut
	b.sound = b.sound && rest.sound
	if b.badSum == nil {
		b.badSum = rest.badSum
	}
}

// lose mends the chain where block b is not what should be at pos and the next
// sound one was found at next, n blocks on. A block that has its start but not
// its size reaches to there; others are lost. All blocks but the last of a folder
// are of full size.
func (ch *chain) lose(p piece, pos, next, n int, b block, trusted bool) {
	start := blockHead + p.cab.dataReserve
	first := b.number
	if first < p.table().Blocks {
		b.unpacked = frameSize
	}
	before := ch.before(p.part)
	switch {
	case n == 0 && before != nil:
		before.payload = p.cab.data[before.at+start : next]
	case n > 0 && startsMSZIP(b):
		b.payload, b.cut, b.sound, b.badSum = p.cab.data[pos+start:next], false, false, &b.place
		ch.blocks = append(ch.blocks, b)
		ch.total += int64(b.unpacked)
		first, n = first+1, n-1
	}
	for i := range n {
		l := block{place: place{p.part, pos, first + i}, unpacked: frameSize,
			lost: fmt.Errorf("head of MSZIP block %d is damaged", first+i)}
		if n == 1 && trusted {
			l.lost = errNoCK(b)
		}
		ch.blocks = append(ch.blocks, l)
		ch.total += int64(l.unpacked)
	}
}

// before is the last block if its head is in the given part.
func (ch *chain) before(part int) *block {
	if n := len(ch.blocks); n > 0 && ch.blocks[n-1].part == part {
		return &ch.blocks[n-1]
	}
	return nil
}

func startsMSZIP(b block) bool {
	return len(b.payload) >= 2 && b.payload[0] == 'C' && b.payload[1] == 'K' || len(b.payload) < 2 && b.cut
}

// resync looks for the next sound MSZIP block where the one of number i is not
// at pos as it should be. The size of the block before may be what is wrong, so
// the search starts behind that one's head. From the block found, the rest of
// the folder must be blocks that follow each other to its exact end; their
// number tells how many are lost.
func (w *walker) resync(ch *chain, p piece, pos, i int) (at, lost int, ok bool) {
	c, f := p.cab, p.table()
	head := blockHead + c.dataReserve
	at = int(min(f.Offset, int64(len(c.data))))
	if before := ch.before(p.part); before != nil && before.lost == nil {
		at = before.at + head
	}
	budget := maxShared * len(c.data)
	w.searched[p.part] += len(c.Folders)
	limit := c.folderEnd(p.folder)
	for ; at+head < limit && w.searched[p.part] <= budget; at++ {
		k := bytes.Index(c.data[at+head:limit], []byte("CK"))
		if k < 0 {
			w.searched[p.part] += limit - at
			return 0, 0, false
		}
		at += k
		w.searched[p.part] += k + 1
		if at == pos {
			continue
		}
		n := w.followed(p, at, limit)
		lost = f.Blocks - i - n
		// Even blocks of zeros do not pack to less than this.
		if gap := max(0, at-pos); n > 0 && lost >= 0 && lost*(head+frameSize/maxInflate) <= gap {
			return at, lost, true
		}
	}
	return 0, 0, false
}

// followed counts the MSZIP blocks from pos on if they end where the folder
// must end, else it returns 0. The first one must be beyond doubt, of the others
// only the heads matter.
func (w *walker) followed(p piece, pos, limit int) int {
	n := 0
	for pos < limit && w.searched[p.part] <= maxShared*len(p.cab.data) {
		b, next, err := p.cab.readBlock(place{p.part, pos, n + 1}, 0)
		w.searched[p.part] += blockHead + len(b.payload)/8 // a checksum is cheap beside unpacking
		if err != nil || next > limit || len(b.payload) > maxPacked || !startsMSZIP(b) && b.unpacked != frameSize && next != limit {
			return 0
		}
		if n == 0 && (!startsMSZIP(b) || b.badSum != nil) {
			return 0
		}
		n++
		pos = next
	}
	if pos != limit {
		return 0
	}
	return n
}

// folderEnd is where the blocks of a folder end: at the next folder's or at the
// end of the cabinet.
func (c *Cabinet) folderEnd(folder int) int {
	end := int64(len(c.data))
	if size := int64(binary.LittleEndian.Uint32(c.data[8:])); size > c.Folders[folder].Offset {
		end = min(end, size)
	}
	for _, f := range c.Folders {
		if f.Offset > c.Folders[folder].Offset {
			end = min(end, f.Offset)
		}
	}
	return int(end)
}

// sumFits compares the checksum of a whole block; zero stands for none.
func sumFits(head, payload []byte) bool {
	want := binary.LittleEndian.Uint32(head)
	if want == 0 {
		return false
	}
	sum := checksum(payload, 0)
	// The specification counts the reserved bytes of the block in, some
	// writers leave them out.
	return checksum(head[4:], sum) == want || checksum(head[4:blockHead], sum) == want
}

// tellSums notes the blocks whose checksum is wrong.
func (w *walker) tellSums(r *run, blocks []block) {
	var first *place
	wrong := 0
	for i := range blocks {
		if bad := blocks[i].badSum; bad != nil {
			wrong++
			if first == nil {
				first = bad
			}
		}
	}
	if first != nil {
		w.problem(first.part, event.Remark, int64(first.at),
			fmt.Sprintf("folder %d: checksum of %d of %d blocks is wrong, first of block %d", r.first().folder, wrong, len(blocks), first.number))
	}
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
