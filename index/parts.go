package index

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"

	"debrief/event"
)

// docRef is where a block stands in the index.
type docRef struct {
	part *part
	doc  uint32
}

// loadParts opens the parts of the index that are there now. Damaged ones are
// remarks only: their blocks are searched by reading them.
func (s *store) loadParts() {
	dir := filepath.Join(s.dir, indexDir)
	names, err := partNames(dir)
	var bad []event.Problem
	remark := func(name string, err error) {
		bad = append(bad, event.Problem{Pos: event.Pos{File: indexDir + "/" + name}, Kind: event.Remark,
			Text: "a part of the index is not used, so searches take longer: " + err.Error()})
	}
	if err != nil {
		remark("", err)
	}
	s.mu.RLock()
	old := slices.Clone(s.parts)
	s.mu.RUnlock()
	var parts []*part
	for _, name := range names {
		if i := slices.IndexFunc(old, func(p *part) bool { return p.name == name }); i >= 0 {
			parts = append(parts, old[i])
			old = slices.Delete(old, i, i+1)
			continue
		}
		p, err := openPart(dir, name)
		if err != nil {
			if !errors.Is(err, errOldPart) && !errors.Is(err, fs.ErrNotExist) {
				remark(name, err)
			}
			continue
		}
		parts = append(parts, p)
	}
	covers := map[uint64]docRef{}
	for _, p := range parts {
		for n, id := range p.docs {
			covers[id] = docRef{p, uint32(n)}
		}
	}
	s.mu.Lock()
	s.parts, s.covers, s.badParts = parts, covers, bad
	s.mu.Unlock()
	for _, p := range old {
		_ = p.close() // searches that still use it hold it open
	}
}

// borrowParts returns the parts as they are now; giveBack ends their use.
func (s *store) borrowParts() (covers map[uint64]docRef, giveBack func()) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	parts := s.parts
	for _, p := range parts {
		p.seg.AddRef()
	}
	return s.covers, func() {
		for _, p := range parts {
			_ = p.close()
		}
	}
}
