package index

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"

	"debrief/event"
)

// Names of the sheets of a case.
const (
	sheetFiles    = "files"
	sheetFacts    = "facts"
	sheetCoverage = "coverage"
	sheetFindings = "findings"
)

// store is the reading side of an archive folder, shared by Reader and Writer.
type store struct {
	dir    string
	unpack *unpacker

	mu       sync.RWMutex
	state    *state
	end      int64 // of the journal, as far as it was read
	problems []event.Problem
	segs     map[uint32]*os.File
	parts    []*part
	badParts []event.Problem
	covers   map[uint64]docRef // the blocks that parts cover
}

func openStore(dir string) (*store, error) {
	u, err := newUnpacker()
	if err != nil {
		return nil, err
	}
	s := &store{dir: dir, unpack: u, segs: map[uint32]*os.File{}}
	if err := s.load(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// load reads the journal and opens what it speaks of. A compaction may take
// segments away between the two: then the journal is another one, and is read
// again.
func (s *store) load() error {
	const tries = 5
	for try := 1; ; try++ {
		r, err := readJournal(s.dir)
		if err != nil {
			return err
		}
		missing := s.openSegments(r.state)
		if len(missing) == 0 || try == tries {
			s.mu.Lock()
			s.state, s.end, s.problems = r.state, r.end, r.problems
			for _, n := range missing {
				s.problems = append(s.problems, event.Problem{
					Pos: event.Pos{File: segmentsDir + "/" + segmentName(n)}, Kind: event.Unreadable, Text: "the segment is missing"})
			}
			s.mu.Unlock()
			s.loadParts()
			return nil
		}
	}
}

// openSegments opens the segments of a state and lists those that are not there.
func (s *store) openSegments(st *state) []uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var missing []uint32
	for n := range st.ends {
		if s.segs[n] != nil {
			continue
		}
		f, err := os.Open(segmentPath(s.dir, n))
		if err != nil {
			missing = append(missing, n)
			continue
		}
		s.segs[n] = f
	}
	return missing
}

func (s *store) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, f := range s.segs {
		errs = append(errs, f.Close())
	}
	s.segs = map[uint32]*os.File{}
	for _, p := range s.parts {
		errs = append(errs, p.close())
	}
	s.parts = nil
	return errors.Join(errs...)
}

// frame reads one frame of a segment.
func (s *store) frame(p place, kind byte) ([]byte, error) {
	s.mu.RLock()
	f := s.segs[p.seg]
	s.mu.RUnlock()
	name := segmentsDir + "/" + segmentName(p.seg)
	if f == nil {
		return nil, fmt.Errorf("reading %q: %w: the segment is missing", name, ErrDamaged)
	}
	b, err := readFrame(f, p.off, p.size, kind)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", name, err)
	}
	return b, nil
}

// sheet reads a packed frame, JSON but for facts, into to.
func (s *store) sheet(p place, kind byte, to any) error {
	raw, err := s.packed(p, kind)
	if err != nil {
		return err
	}
	if facts, ok := to.(*[]event.Fact); ok && len(raw) > 0 && raw[0] == factsBinary {
		if *facts, err = decodeFacts(raw); err != nil {
			return fmt.Errorf("reading %q at %d: %w", segmentName(p.seg), p.off, err)
		}
		return nil
	}
	if err := json.Unmarshal(raw, to); err != nil {
		return fmt.Errorf("reading %q at %d: %w: %w", segmentName(p.seg), p.off, ErrDamaged, err)
	}
	return nil
}

// packed reads and unpacks a frame.
func (s *store) packed(p place, kind byte) ([]byte, error) {
	b, err := s.frame(p, kind)
	if err != nil {
		return nil, err
	}
	return s.unpack.unpack(b)
}

// block reads a block, its texts still packed.
func (s *store) block(i *blockInfo) (*block, error) {
	b, err := s.frame(i.at, segBlock)
	if err != nil {
		return nil, err
	}
	blk, err := decodeBlock(s.unpack, b)
	if err == nil && len(blk.events) != i.events {
		err = fmt.Errorf("%w: %w", ErrDamaged, errCoding)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %q at %d: %w", segmentName(i.at.seg), i.at.off, err)
	}
	return blk, nil
}

// get returns an entry.
func (s *store) get(id CaseID) (*entry, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if e := s.state.cases[id]; e != nil {
		return e, nil
	}
	return nil, notFound("case", string(id))
}

func (s *store) entries() []*entry {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.state.sorted()
}

// closeSegment gives up a segment that no case speaks of.
func (s *store) closeSegment(n uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.segs[n]; f != nil {
		_ = f.Close() // it was only read
		delete(s.segs, n)
	}
}
