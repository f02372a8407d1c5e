package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"debrief/event"
)

// Memory is an archive without a disk: Reader and Writer in their plainest
// form. It says what the others have to answer, and serves tests. It acknowledges
// nothing beyond its own life.
type Memory struct {
	mu       sync.RWMutex
	cases    map[CaseID]*memoryCase
	contents map[string][]byte
	states   map[string][]byte
}

type memoryCase struct {
	Case
	events   []event.Event // in the order of the submission
	arranged []event.Event // in the order of file and place
	facts    []event.Fact
	coverage []event.Coverage
	findings []Finding
	files    []StoredFile
	blobs    map[string][]byte
}

// NewMemory makes an empty archive.
func NewMemory() *Memory {
	return &Memory{cases: map[CaseID]*memoryCase{}, contents: map[string][]byte{}, states: map[string][]byte{}}
}

// Add is Writer.Add.
func (m *Memory) Add(ctx context.Context, s *Submission) (CaseID, bool, error) {
	if err := s.check(); err != nil {
		return "", false, err
	}
	s = bounded(s)
	m.mu.Lock()
	defer m.mu.Unlock()
	c := &memoryCase{Case: newCase(s), blobs: map[string][]byte{}}
	old := m.cases[c.ID]
	if old != nil && !s.Replace {
		return c.ID, false, m.change(c.ID, func(c *memoryCase) { c.annotate(again(&c.Case, s)) })
	}
	if old != nil {
		c.keep(&old.Case)
	}
	fresh := map[string][]byte{}
	for _, f := range s.Files {
		stored, err := m.store(f, fresh)
		if err != nil {
			return "", false, fmt.Errorf("adding %q: %w", s.Name, err)
		}
		c.files = append(c.files, StoredFile{f.Path, f.Hash, f.Size, stored})
	}
	a := arrange(s.Events)
	c.events = make([]event.Event, len(a.events))
	for i, e := range a.events {
		c.see(e)
		c.arranged = append(c.arranged, *e)
		c.events[a.ordinals[i]] = *e
	}
	if err := ctx.Err(); err != nil {
		return "", false, err
	}
	c.facts, c.coverage, c.findings = slices.Clone(s.Facts), slices.Clone(s.Coverage), slices.Clone(s.Judgement.Findings)
	for name, data := range s.Blobs {
		c.blobs[name] = bytes.Clone(data)
	}
	maps.Copy(m.contents, fresh)
	m.cases[c.ID] = c
	return c.ID, true, nil
}

// again is what a second submission of a case adds to the first.
func again(c *Case, s *Submission) *Annotation {
	a := &Annotation{AddTags: s.Tags}
	if c.Ticket == "" && s.Ticket != "" {
		a.Ticket = &s.Ticket
	}
	return a
}

// store reads a content that is not there yet into fresh.
func (m *Memory) store(f File, fresh map[string][]byte) (bool, error) {
	if f.Hash == "" {
		return false, nil
	}
	if m.contents[f.Hash] != nil || fresh[f.Hash] != nil {
		return true, nil
	}
	if f.Open == nil {
		return false, nil
	}
	r, err := f.Open()
	if err != nil {
		return false, fmt.Errorf("opening %q: %w", f.Path, err)
	}
	data, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		return false, fmt.Errorf("reading %q: %w", f.Path, err)
	}
	if hashOf(data) != f.Hash {
		return false, fmt.Errorf("reading %q: %w", f.Path, errOtherContent)
	}
	fresh[f.Hash] = append([]byte{}, data...)
	return true, nil
}

func (m *Memory) change(id CaseID, edit func(*memoryCase)) error {
	old := m.cases[id]
	if old == nil {
		return notFound("case", string(id))
	}
	c := *old
	edit(&c)
	m.cases[id] = &c
	return nil
}

// Annotate is Writer.Annotate.
func (m *Memory) Annotate(id CaseID, a Annotation) error {
	if err := a.check(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.change(id, func(c *memoryCase) { c.annotate(&a) })
}

// Judge is Writer.Judge.
func (m *Memory) Judge(id CaseID, j Judgement) error {
	j = j.bounded()
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.change(id, func(c *memoryCase) {
		c.judge(&j)
		c.findings = slices.Clone(j.Findings)
	})
}

// Confirm is Writer.Confirm.
func (m *Memory) Confirm(ids []CaseID, engine, rules string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		if m.cases[id] == nil {
			return notFound("case", string(id))
		}
	}
	for _, id := range ids {
		if err := m.change(id, func(c *memoryCase) { c.Engine, c.RuleSet = engine, rules }); err != nil {
			return err
		}
	}
	return nil
}

// PutBlob is Writer.PutBlob.
func (m *Memory) PutBlob(id CaseID, name string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.change(id, func(c *memoryCase) {
		c.blobs = maps.Clone(c.blobs)
		putBytes(c.blobs, name, data)
	})
}

// PutState is Writer.PutState.
func (m *Memory) PutState(name string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	putBytes(m.states, name, data)
	return nil
}

func putBytes(to map[string][]byte, name string, data []byte) {
	if data == nil {
		delete(to, name)
		return
	}
	to[name] = append([]byte{}, data...)
}

// Remove is Writer.Remove.
func (m *Memory) Remove(id CaseID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cases[id] == nil {
		return notFound("case", string(id))
	}
	delete(m.cases, id)
	return nil
}

// View is Writer.View.
func (m *Memory) View() Reader { return m }

// Close does nothing.
func (m *Memory) Close() error { return nil }

// Refresh does nothing: a Memory always shows what is there.
func (m *Memory) Refresh() error { return nil }

// list has the cases in the order of Cases.
func (m *Memory) list() []*memoryCase {
	m.mu.RLock()
	defer m.mu.RUnlock()
	out := slices.Collect(maps.Values(m.cases))
	slices.SortFunc(out, func(a, b *memoryCase) int { return compareCases(&a.Case, &b.Case) })
	return out
}

// Cases is Reader.Cases.
func (m *Memory) Cases(f CaseFilter) []Case {
	out := []Case{}
	for _, c := range m.list() {
		if f.match(&c.Case, func(hash string) bool { return holds(c.files, hash) }) {
			out = append(out, c.Case)
		}
	}
	return out
}

func holds(files []StoredFile, hash string) bool {
	return slices.ContainsFunc(files, func(f StoredFile) bool { return f.Hash == hash })
}

func notFound(what, name string) error { return fmt.Errorf("%s %q: %w", what, name, ErrNotFound) }

func (m *Memory) get(id CaseID) (*memoryCase, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if c := m.cases[id]; c != nil {
		return c, nil
	}
	return nil, notFound("case", string(id))
}

// Case is Reader.Case.
func (m *Memory) Case(id CaseID) (Case, error) {
	c, err := m.get(id)
	if err != nil {
		return Case{}, err
	}
	return c.Case, nil
}

// Resolve is Reader.Resolve.
func (m *Memory) Resolve(name string) (CaseID, error) { return resolve(m.Cases(CaseFilter{}), name) }

// Events is Reader.Events.
func (m *Memory) Events(id CaseID) ([]event.Event, error) {
	c, err := m.get(id)
	if err != nil {
		return nil, err
	}
	return slices.Clone(c.events), nil
}

// Facts is Reader.Facts.
func (m *Memory) Facts(id CaseID) ([]event.Fact, error) {
	c, err := m.get(id)
	if err != nil {
		return nil, err
	}
	return slices.Clone(c.facts), nil
}

// Coverage is Reader.Coverage.
func (m *Memory) Coverage(id CaseID) ([]event.Coverage, error) {
	c, err := m.get(id)
	if err != nil {
		return nil, err
	}
	return slices.Clone(c.coverage), nil
}

// Findings is Reader.Findings.
func (m *Memory) Findings(id CaseID) ([]Finding, error) {
	c, err := m.get(id)
	if err != nil {
		return nil, err
	}
	return slices.Clone(c.findings), nil
}

// Files is Reader.Files.
func (m *Memory) Files(id CaseID) ([]StoredFile, error) {
	c, err := m.get(id)
	if err != nil {
		return nil, err
	}
	return slices.Clone(c.files), nil
}

// Blob is Reader.Blob.
func (m *Memory) Blob(id CaseID, name string) ([]byte, error) {
	c, err := m.get(id)
	if err != nil {
		return nil, err
	}
	if b, ok := c.blobs[name]; ok {
		return bytes.Clone(b), nil
	}
	return nil, notFound("result", name)
}

// State is Reader.State.
func (m *Memory) State(name string) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if b, ok := m.states[name]; ok {
		return append([]byte{}, b...), nil
	}
	return nil, notFound("state", name)
}

// Content is Reader.Content.
func (m *Memory) Content(hash string) (io.ReadCloser, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if b, ok := m.contents[hash]; ok {
		return io.NopCloser(bytes.NewReader(b)), nil
	}
	return nil, notFound("content", hash)
}

// Stats is Reader.Stats.
func (m *Memory) Stats() Stats {
	s := Stats{Format: FormatVersion}
	for _, c := range m.list() {
		s.Cases++
		s.Events += int64(c.Events)
		s.RawBytes += c.RawBytes
	}
	s.Contents = len(m.contents)
	return s
}

// Search is Reader.Search: it looks at every event.
func (m *Memory) Search(ctx context.Context, q *event.Filter, o SearchOptions) (*SearchResult, error) {
	col := newCollector(newPlan(o))
	for _, c := range m.list() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		info := c.Info()
		err := col.take(&info, col.run(q, info, c.arranged), func(i, step int) *event.Event {
			j := i + step
			if j < 0 || j >= len(c.arranged) || c.arranged[j].Pos.File != c.arranged[i].Pos.File {
				return nil
			}
			return &c.arranged[j]
		})
		if errors.Is(err, errEnough) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return col.finish(), nil
}
