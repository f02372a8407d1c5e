package ingest

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
	"unicode/utf16"
)

// A compound file ([MS-CFB]) is a file system in a file. A header of 512 bytes
// is followed by sectors of 512 or 4,096; the FAT says for each sector which one
// follows it in its chain, and the DIFAT which sectors hold the FAT. The
// directory is a chain of entries of 128 bytes that form a tree of storages and
// streams:
//
//	name(64) nameBytes(2) type(1) colour(1) left(4) right(4) child(4) class(16) state(4) created(8) modified(8) start(4) size(8)
//
// Streams shorter than 4,096 bytes lie in mini sectors of 64 bytes, which have a
// FAT of their own and together are the stream of the root entry.
//
// Here every sector is read at most once for all chains together, so that no
// loop and no sharing of sectors yields more bytes than the file has.

const (
	cfbMagic      = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"
	cfbHeaderSize = 512
	cfbEntrySize  = 128
	cfbMiniSize   = 64
	cfbHeaderFAT  = 109        // places of FAT sectors in the header
	cfbLast       = 0xFFFFFFFA // greater ones are no sectors but marks
	cfbEnd        = 0xFFFFFFFE
	cfbNone       = 0xFFFFFFFF // no entry
)

var (
	errCFBForm  = errors.New("not well-formed")
	errCFBCut   = errors.New("cut off in front of its directory")
	errCFBChain = errors.New("sectors of a stream run in a circle, are shared with another one, or are not there")
)

// compound is an opened compound file.
type compound struct {
	src     sourceReader
	sector  int64    // bytes of a sector
	cutoff  uint64   // shorter streams are in mini sectors
	fat     []uint32 // by sector
	miniFAT []uint32
	mini    []uint32 // sectors of the stream of mini sectors
	used    []bool   // sectors that a chain has
	miniUse []bool
	root    *cfbEntry
	// damage is the first fault outside of streams; what could be read is there.
	damage error
}

// cfbEntry is one storage or stream.
type cfbEntry struct {
	name     string
	storage  bool
	modified time.Time
	start    uint32
	size     uint64
	children []*cfbEntry
	child    uint32
	left     uint32
	right    uint32
}

// find returns the child of that name, or nil.
func (e *cfbEntry) find(name string) *cfbEntry {
	for _, c := range e.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// openCompound reads header, FAT and directory.
func openCompound(src sourceReader) (*compound, error) {
	var h [cfbHeaderSize]byte
	if n, _ := src.ReadAt(h[:], 0); n < len(h) || string(h[:8]) != cfbMagic {
		return nil, fmt.Errorf("header: %w", errCFBForm)
	}
	shift := le.Uint16(h[30:])
	if shift != 9 && shift != 12 || le.Uint16(h[32:]) != 6 {
		return nil, fmt.Errorf("header: size of sectors: %w", errCFBForm)
	}
	f := &compound{src: src, sector: 1 << shift, cutoff: uint64(le.Uint32(h[56:]))}
	sectors := max(0, (src.Size()+f.sector-1)/f.sector-1)
	f.used = make([]bool, sectors)
	if start := le.Uint32(h[48:]); start < cfbLast && int64(start) >= sectors {
		return nil, errCFBCut
	}
	f.readFAT(h[:])
	directory, err := f.read(le.Uint32(h[48:]), 1<<62)
	if err != nil {
		f.fault(fmt.Errorf("directory: %w", err))
	}
	packed, err := f.read(le.Uint32(h[60:]), 4*uint64(sectors)*uint64(f.sector)/cfbMiniSize)
	if err != nil {
		f.fault(fmt.Errorf("table of mini sectors: %w", err))
	}
	f.miniFAT = words(packed)
	if err := f.readTree(directory, shift == 9); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *compound) fault(err error) {
	if f.damage == nil {
		f.damage = err
	}
}

func words(b []byte) []uint32 {
	list := make([]uint32, 0, len(b)/4)
	for ; len(b) >= 4; b = b[4:] {
		list = append(list, le.Uint32(b))
	}
	return list
}

// takeSector marks a sector as read and reports whether it may be.
func takeSector(used []bool, sector uint32) bool {
	if int64(sector) >= int64(len(used)) || used[sector] {
		return false
	}
	used[sector] = true
	return true
}

// sectorAt reads one sector that is not claimed yet; the last one may be cut.
func (f *compound) sectorAt(sector uint32) []byte {
	if !takeSector(f.used, sector) {
		return nil
	}
	b := make([]byte, f.sector)
	n, _ := f.src.ReadAt(b, (int64(sector)+1)*f.sector)
	return b[:n]
}

// readFAT gathers the FAT by the sectors that header and DIFAT list.
func (f *compound) readFAT(h []byte) {
	list := words(h[76 : 76+4*cfbHeaderFAT])
	for next := le.Uint32(h[68:]); next < cfbLast; {
		b := words(f.sectorAt(next))
		if int64(len(b)) < f.sector/4 {
			f.fault(fmt.Errorf("list of FAT sectors: %w", errCFBChain))
			break
		}
		list, next = append(list, b[:len(b)-1]...), b[len(b)-1]
	}
	for _, sector := range list {
		if len(f.fat) >= len(f.used) || sector >= cfbLast {
			break
		}
		b := words(f.sectorAt(sector))
		if int64(len(b)) < f.sector/4 {
			f.fault(fmt.Errorf("FAT: %w", errCFBChain))
		}
		for int64(len(b)) < f.sector/4 {
			b = append(b, cfbNone)
		}
		f.fat = append(f.fat, b...)
	}
	f.fat = f.fat[:min(len(f.fat), len(f.used))]
}

// chain returns the sectors of a chain, claimed, as many as most bytes take.
func (f *compound) chain(start uint32, most uint64) (list []uint32, err error) {
	for s := start; s != cfbEnd && uint64(len(list))*uint64(f.sector) < most; s = f.fat[s] {
		if !takeSector(f.used, s) || int64(s) >= int64(len(f.fat)) {
			return list, errCFBChain
		}
		list = append(list, s)
	}
	return list, nil
}

// read returns the content of a chain.
func (f *compound) read(start uint32, most uint64) ([]byte, error) {
	if start >= cfbLast {
		return nil, nil
	}
	list, err := f.chain(start, most)
	in := &chainReader{src: f.src, unit: f.sector, left: uint64(len(list)) * uint64(f.sector), at: f.offsets(list), parts: len(list)}
	b, readErr := io.ReadAll(in)
	return b, errors.Join(err, readErr)
}

func (f *compound) offsets(list []uint32) func(i int) (int64, bool) {
	return func(i int) (int64, bool) { return (int64(list[i]) + 1) * f.sector, true }
}

// readTree reads the entries and links them.
func (f *compound) readTree(directory []byte, short bool) error {
	var entries []*cfbEntry
	for ; len(directory) >= cfbEntrySize; directory = directory[cfbEntrySize:] {
		entries = append(entries, parseCFBEntry(directory[:cfbEntrySize], short))
	}
	if len(entries) == 0 || entries[0] == nil || !entries[0].storage {
		return errors.Join(f.damage, fmt.Errorf("directory: %w", errCFBForm))
	}
	f.root = entries[0]
	linked := make([]bool, len(entries))
	linked[0] = true
	for todo := []*cfbEntry{f.root}; len(todo) > 0; {
		dir := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		f.link(dir, entries, linked)
		for _, c := range dir.children {
			if c.storage {
				todo = append(todo, c)
			}
		}
	}
	if f.damage != nil {
		f.adopt(entries, linked)
	}
	list, err := f.chain(f.root.start, f.root.size)
	if f.root.start < cfbLast && err != nil {
		f.fault(fmt.Errorf("mini sectors: %w", err))
	}
	f.mini = list
	f.miniUse = make([]bool, int64(len(list))*f.sector/cfbMiniSize)
	return nil
}

// adopt gives the root what damage has cut off from the tree.
func (f *compound) adopt(entries []*cfbEntry, linked []bool) {
	for id, e := range entries {
		if e != nil && e.storage && !linked[id] {
			f.link(e, entries, linked)
		}
	}
	for id, e := range entries {
		if e != nil && !linked[id] {
			f.root.children = append(f.root.children, e)
		}
	}
}

// link gathers the children of a storage, which form a tree of their own, in
// the order of that tree.
func (f *compound) link(dir *cfbEntry, entries []*cfbEntry, linked []bool) {
	take := func(id uint32) *cfbEntry {
		if id == cfbNone {
			return nil
		}
		if int64(id) >= int64(len(entries)) || entries[id] == nil || linked[id] {
			f.fault(fmt.Errorf("tree of the directory: %w", errCFBForm))
			return nil
		}
		linked[id] = true
		return entries[id]
	}
	var above []*cfbEntry
	for e := take(dir.child); e != nil || len(above) > 0; {
		for ; e != nil; e = take(e.left) {
			above = append(above, e)
		}
		e = above[len(above)-1]
		above = above[:len(above)-1]
		dir.children = append(dir.children, e)
		e = take(e.right)
	}
}

// parseCFBEntry reads one entry; nil = it is not in use.
func parseCFBEntry(b []byte, short bool) *cfbEntry {
	kind := b[66]
	if kind != 1 && kind != 2 && kind != 5 {
		return nil
	}
	units := make([]uint16, 0, 32)
	for i := 0; i+1 < min(int(le.Uint16(b[64:])), 64); i += 2 {
		units = append(units, le.Uint16(b[i:]))
	}
	if end := slices.Index(units, 0); end >= 0 {
		units = units[:end]
	}
	e := &cfbEntry{
		name: string(utf16.Decode(units)), storage: kind != 2, modified: fileTime(le.Uint64(b[108:])),
		left: le.Uint32(b[68:]), right: le.Uint32(b[72:]), child: le.Uint32(b[76:]), start: le.Uint32(b[116:]), size: le.Uint64(b[120:]),
	}
	if short { // older writers leave rubbish in the upper half
		e.size &= 0xFFFFFFFF
	}
	return e
}

// fileTime reads 100 ns since 1601; zero = not known.
func fileTime(v uint64) time.Time {
	const from1601 = 11644473600
	if v == 0 || v > 1<<62 {
		return time.Time{}
	}
	return time.Unix(int64(v/1e7)-from1601, int64(v%1e7)*100).UTC()
}

// open returns the content of a stream. It may be had once.
func (f *compound) open(e *cfbEntry) io.Reader {
	if e.size == 0 {
		return io.MultiReader()
	}
	if e.size >= f.cutoff {
		list, err := f.chain(e.start, e.size)
		return &chainReader{src: f.src, unit: f.sector, left: e.size, at: f.offsets(list), parts: len(list), broken: err}
	}
	var list []uint32
	var err error
	for s := e.start; s != cfbEnd && uint64(len(list))*cfbMiniSize < e.size; s = f.miniFAT[s] {
		if !takeSector(f.miniUse, s) || int64(s) >= int64(len(f.miniFAT)) {
			err = errCFBChain
			break
		}
		list = append(list, s)
	}
	at := func(i int) (int64, bool) {
		within := int64(list[i]) * cfbMiniSize
		k := within / f.sector
		if k >= int64(len(f.mini)) {
			return 0, false
		}
		return (int64(f.mini[k])+1)*f.sector + within%f.sector, true
	}
	return &chainReader{src: f.src, unit: cfbMiniSize, left: e.size, at: at, parts: len(list), broken: err}
}

// chainReader reads the pieces of a chain one after the other.
type chainReader struct {
	src    io.ReaderAt
	unit   int64
	left   uint64 // bytes to come, as declared
	at     func(i int) (int64, bool)
	parts  int
	part   int
	within int64
	broken error // why the chain ends
}

func (r *chainReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	if r.part >= r.parts {
		if r.broken != nil {
			return 0, r.broken
		}
		return 0, io.ErrUnexpectedEOF
	}
	offset, ok := r.at(r.part)
	if !ok {
		return 0, errCFBChain
	}
	most := min(uint64(len(p)), uint64(r.unit-r.within), r.left)
	n, err := r.src.ReadAt(p[:most], offset+r.within)
	r.left -= uint64(n)
	if r.within += int64(n); r.within == r.unit {
		r.part, r.within = r.part+1, 0
	}
	if n == 0 && err != nil {
		return 0, io.ErrUnexpectedEOF
	}
	return n, nil
}
