package index

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// entry is a case as the journal tells it. It is never changed once it stands
// in a state: changes put a new one in its place.
type entry struct {
	Case
	blocks   []blockInfo
	sheets   map[string]place
	blobs    map[string]place
	storedOf int64
}

// bytes is what the case has of its own in the segments.
func (e *entry) bytes() int64 {
	var n int64
	for i := range e.blocks {
		n += e.blocks[i].at.size
	}
	for _, m := range []map[string]place{e.sheets, e.blobs} {
		for _, p := range m {
			n += p.size
		}
	}
	return n
}

// state is what a journal adds up to.
type state struct {
	header   headerRecord
	cases    map[CaseID]*entry
	contents map[contentKey]contentInfo
	states   map[string]place
	ends     map[uint32]int64 // acknowledged length of each segment
}

func newState() *state {
	return &state{
		cases: map[CaseID]*entry{}, contents: map[contentKey]contentInfo{},
		states: map[string]place{}, ends: map[uint32]int64{},
	}
}

// apply takes in one record. A record that cannot be read changes nothing.
func (s *state) apply(kind byte, payload []byte) error {
	switch kind {
	case recHeader:
		return unmarshalInto(payload, &s.header)
	case recCase:
		var r caseRecord
		if err := unmarshalInto(payload, &r); err != nil {
			return err
		}
		return s.putCase(&r)
	case recAnnotate:
		var r annotateRecord
		if err := unmarshalInto(payload, &r); err != nil {
			return err
		}
		return s.change(r.ID, func(e *entry) {
			e.Ticket, e.Tags, e.Notes, e.Verdict, e.Fix, e.Cause = r.Ticket, r.Tags, r.Notes, r.Verdict, r.Fix, r.Cause
		})
	case recJudge:
		var r judgeRecord
		if err := unmarshalInto(payload, &r); err != nil {
			return err
		}
		s.grow(r.Ends)
		return s.change(r.ID, func(e *entry) {
			e.Outcome, e.Line, e.Engine, e.RuleSet, e.Causes, e.Rules = r.Outcome, r.Line, r.Engine, r.RuleSet, r.Causes, r.Rules
			e.sheets = maps.Clone(e.sheets)
			e.sheets[sheetFindings] = r.Findings
		})
	case recConfirm:
		var r confirmRecord
		if err := unmarshalInto(payload, &r); err != nil {
			return err
		}
		var err error
		for _, id := range r.IDs {
			err = errors.Join(err, s.change(id, func(e *entry) { e.Engine, e.RuleSet = r.Engine, r.RuleSet }))
		}
		return err
	case recBlob:
		var r blobRecord
		if err := unmarshalInto(payload, &r); err != nil {
			return err
		}
		s.grow(r.Ends)
		return s.change(r.ID, func(e *entry) { e.blobs = putPlace(maps.Clone(e.blobs), r.Name, r.At) })
	case recState:
		var r blobRecord
		if err := unmarshalInto(payload, &r); err != nil {
			return err
		}
		s.grow(r.Ends)
		s.states = putPlace(s.states, r.Name, r.At)
	case recRemove:
		var r removeRecord
		if err := unmarshalInto(payload, &r); err != nil {
			return err
		}
		delete(s.cases, r.ID)
	default:
		return fmt.Errorf("%w: a record of the unknown kind %q", errCoding, kind)
	}
	return nil
}

func unmarshalInto(payload []byte, to any) error {
	if err := json.Unmarshal(payload, to); err != nil {
		return fmt.Errorf("%w: %w", errCoding, err)
	}
	return nil
}

func putPlace(m map[string]place, name string, at *place) map[string]place {
	if m == nil {
		m = map[string]place{}
	}
	if at == nil {
		delete(m, name)
	} else {
		m[name] = *at
	}
	return m
}

func (s *state) putCase(r *caseRecord) error {
	blocks, err := decodeBlockInfos(r.Blocks)
	if err != nil {
		return err
	}
	if err := decodeContents(r.Contents, func(k contentKey, c contentInfo) { s.contents[k] = c }); err != nil {
		return err
	}
	if r.Sheets == nil {
		r.Sheets = map[string]place{}
	}
	s.cases[r.ID] = &entry{Case: r.Case, blocks: blocks, sheets: r.Sheets, blobs: r.Blobs, storedOf: r.StoredOf}
	for i := range blocks {
		s.header.NextBlock = max(s.header.NextBlock, blocks[i].id+1)
	}
	s.grow(r.Ends)
	return nil
}

func (s *state) grow(ends []segEnd) {
	for _, e := range ends {
		s.ends[e.Seg] = max(s.ends[e.Seg], e.End)
		s.header.NextSeg = max(s.header.NextSeg, e.Seg+1)
	}
}

// change puts a changed copy of an entry in its place.
func (s *state) change(id CaseID, edit func(*entry)) error {
	old := s.cases[id]
	if old == nil {
		return fmt.Errorf("%w: a record about the case %q, which is not there", errCoding, id)
	}
	e := *old
	edit(&e)
	s.cases[id] = &e
	return nil
}

// sorted lists the entries in the order of Reader.Cases.
func (s *state) sorted() []*entry {
	out := make([]*entry, 0, len(s.cases))
	for _, e := range s.cases {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b *entry) int { return compareCases(&a.Case, &b.Case) })
	return out
}
