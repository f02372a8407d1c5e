package index

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// How parts grow: a part is built when partBlocks blocks wait, and at the end
// over what is left; partFan parts of one size are merged into one of the next.
const (
	partBlocks = 128
	partFan    = 8
)

// indexer builds the parts of the index, one goroutine at a time, beside the
// writer. It is behind the store at most by what waits: those blocks are
// searched by reading them.
type indexer struct {
	s       *store
	dir     string
	next    int // number of the next part
	waiting []*document
	done    chan error // of the build under way; nil = none
	failed  error
}

func newIndexer(s *store) *indexer {
	x := &indexer{s: s, dir: filepath.Join(s.dir, indexDir)}
	names, _ := partNames(x.dir) // none is the same as an empty folder
	for _, n := range names {
		var k int
		if _, err := fmt.Sscanf(n, "%08d", &k); err == nil {
			x.next = max(x.next, k+1)
		}
	}
	return x
}

func (x *indexer) name() string {
	x.next++
	return fmt.Sprintf("%08d", x.next-1)
}

// add takes the terms of new blocks. The index is derived: an error is kept
// for finish, and does not undo what was acknowledged.
func (x *indexer) add(docs []*document) {
	x.waiting = append(x.waiting, docs...)
	if len(x.waiting) >= partBlocks {
		x.wait()
		batch := x.waiting
		x.waiting = nil
		name := x.name()
		x.done = make(chan error, 1)
		go func() {
			err := buildPart(x.dir, name, batch)
			if err == nil {
				x.s.loadParts()
			}
			x.done <- err
		}()
	}
}

func (x *indexer) wait() {
	if x.done != nil {
		if err := <-x.done; err != nil && x.failed == nil {
			x.failed = err
		}
		x.done = nil
	}
}

// finish covers all blocks and merges parts. Damaged blocks stay uncovered.
func (x *indexer) finish() error {
	x.wait()
	if err := os.MkdirAll(x.dir, 0o700); err != nil {
		return fmt.Errorf("making the folder of the index: %w", err)
	}
	x.s.loadParts()
	x.clean()
	known := map[uint64]*document{}
	for _, d := range x.waiting {
		known[d.id] = d
	}
	x.waiting = nil
	live := map[uint64]bool{}
	set := newTermSet()
	var batch []*document
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		err := buildPart(x.dir, x.name(), batch)
		batch = nil
		return err
	}
	for _, e := range x.s.entries() {
		for i := range e.blocks {
			b := &e.blocks[i]
			live[b.id] = true
			if _, covered := x.s.covers[b.id]; covered {
				continue
			}
			d := known[b.id]
			if d == nil {
				terms, err := blockTerms(x.s, b, set)
				if err != nil {
					continue // verify names it
				}
				d = &document{id: b.id, terms: terms}
			}
			if batch = append(batch, d); len(batch) >= partBlocks {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	x.s.loadParts()
	if err := x.merge(live); err != nil {
		return err
	}
	return x.failed
}

// merge joins parts of one size, and rids parts of blocks that are gone where
// these are half of it.
func (x *indexer) merge(live map[uint64]bool) error {
	for {
		group := x.group(live)
		if len(group) == 0 {
			return nil
		}
		err := mergeParts(x.dir, x.name(), group, func(id uint64) bool { return !live[id] })
		if err != nil {
			return err
		}
		for _, p := range group {
			if err := x.drop(p.name); err != nil {
				return err
			}
		}
		x.s.loadParts()
	}
}

func (x *indexer) group(live map[uint64]bool) []*part {
	classes := map[int][]*part{}
	for _, p := range x.s.parts {
		dead := 0
		for _, id := range p.docs {
			if !live[id] {
				dead++
			}
		}
		if 2*dead > len(p.docs) {
			return []*part{p}
		}
		class := 0
		for n := len(p.docs); n > 2; n /= partFan {
			class++
		}
		classes[class] = append(classes[class], p)
		if len(classes[class]) == partFan {
			return classes[class]
		}
	}
	return nil
}

// drop takes a part away: first what makes it count.
func (x *indexer) drop(name string) error {
	if err := os.Remove(filepath.Join(x.dir, name+infoExt)); err != nil {
		return fmt.Errorf("removing a part of the index: %w", err)
	}
	// A reader on Windows may hold the file; the next writer removes it.
	_ = os.Remove(filepath.Join(x.dir, name+partExt))
	return nil
}

// clean removes parts that do not open, and files of no part.
func (x *indexer) clean() {
	for _, p := range x.s.badParts {
		_ = x.drop(filepath.Base(p.Pos.File)) // one that cannot be removed stays unused
	}
	list, _ := os.ReadDir(x.dir) // what cannot be listed cannot be cleaned
	for _, e := range list {
		name, ext, _ := strings.Cut(e.Name(), ".")
		if ext == "json" && !slices.ContainsFunc(x.s.parts, func(p *part) bool { return p.name == name }) {
			_ = x.drop(name) // of another version
			continue
		}
		if ext == "json" {
			continue
		}
		if _, err := os.Stat(filepath.Join(x.dir, name+infoExt)); os.IsNotExist(err) || ext == "tmp" {
			_ = os.Remove(filepath.Join(x.dir, e.Name()))
		}
	}
}

// checkSums drops the parts whose bytes are not what was written; finish
// builds them anew.
func (x *indexer) checkSums() {
	for _, p := range slices.Clone(x.s.parts) {
		info, err := readPartInfo(filepath.Join(x.dir, p.name+infoExt))
		if err == nil {
			_, sum, e := sumFile(filepath.Join(x.dir, p.name+partExt), false)
			if e == nil && sum == info.Sum {
				continue
			}
		}
		_ = x.drop(p.name) // one that cannot be removed is found again
	}
	x.s.loadParts()
}
