package index

import (
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"debrief/event"
)

// candidates answers for blocks what the index and the journal know of them.
type candidates struct {
	covers map[uint64]docRef
	found  map[leafKey]*roaring.Bitmap // nil = the index does not know
}

type leafKey struct {
	part *part
	leaf *event.Filter
}

func newCandidates(covers map[uint64]docRef) *candidates {
	return &candidates{covers: covers, found: map[leafKey]*roaring.Bitmap{}}
}

// fold settles what a filter asks that the whole block answers alike.
func (c *candidates) fold(f *event.Filter, b *blockInfo) *event.Filter {
	return fold(f, func(leaf *event.Filter) answer { return c.ask(leaf, b) })
}

func (c *candidates) ask(leaf *event.Filter, b *blockInfo) answer {
	switch {
	case leaf.Op == event.OpAt:
		return b.askTime(leaf)
	case leaf.Op == event.OpBetween && leaf.Field == event.FieldLevel:
		return b.askLevel(leaf)
	}
	ref, covered := c.covers[b.id]
	if !covered {
		return maybe
	}
	key := leafKey{ref.part, leaf}
	set, known := c.found[key]
	if !known {
		set = ref.part.look(leaf)
		c.found[key] = set
	}
	if set != nil && !set.Contains(ref.doc) {
		return never
	}
	return maybe
}

func (b *blockInfo) askTime(f *event.Filter) answer {
	if b.first > b.last {
		return never
	}
	inFrom, inUntil := f.From.IsZero(), f.Until.IsZero()
	if !inFrom {
		if b.last < f.From.Unix() {
			return never
		}
		inFrom = b.first > f.From.Unix()
	}
	if !inUntil {
		if b.first > f.Until.Unix() {
			return never
		}
		inUntil = b.last < f.Until.Unix()
	}
	if inFrom && inUntil && !b.untimed {
		return always
	}
	return maybe
}

func (b *blockInfo) askLevel(f *event.Filter) answer {
	some, all := false, true
	for l := range 8 {
		if b.levels&(1<<l) == 0 {
			continue
		}
		if l == 7 { // levels beyond those known share a bit
			return maybe
		}
		in := f.Lo <= int64(l) && int64(l) <= f.Hi
		some, all = some || in, all && in
	}
	switch {
	case !some:
		return never
	case all:
		return always
	}
	return maybe
}

// look finds the documents that may hold an event the leaf matches; nil = any
// may.
func (p *part) look(f *event.Filter) (set *roaring.Bitmap) {
	defer func() {
		if recover() != nil { // a damaged part: verify finds it, the blocks answer
			set = nil
		}
	}()
	set = roaring.New()
	var err error
	switch f.Op {
	case event.OpPhrase:
		set, err = p.allWords(f.Words)
	case event.OpPrefix:
		err = p.prefix(f.Text, set)
	case event.OpHasCode:
		if len(f.Codes) == 0 {
			err = p.span(appendCode(nil, uint32(f.Lo)), after(appendCode(nil, uint32(f.Hi))), set)
		}
		for _, c := range f.Codes {
			if err == nil {
				err = p.postings(appendCode(nil, c), set)
			}
		}
	case event.OpBetween:
		if f.Field != event.FieldEventID || f.Hi < 0 || f.Lo > 1<<32-1 {
			return nil
		}
		err = p.span(appendEventID(nil, uint32(max(f.Lo, 0))), after(appendEventID(nil, uint32(min(f.Hi, 1<<32-1)))), set)
	case event.OpIs:
		set, err = p.value(f, set)
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	return set
}

func (p *part) allWords(words []string) (*roaring.Bitmap, error) {
	var all *roaring.Bitmap
	for _, w := range words {
		set := roaring.New()
		if err := p.postings(appendWord(nil, w), set); err != nil {
			return nil, err
		}
		if all == nil {
			all = set
		} else {
			all.And(set)
		}
		if all.IsEmpty() {
			break
		}
	}
	return all, nil
}

// prefix finds plain words by their terms, identifiers by their first bytes.
func (p *part) prefix(text string, set *roaring.Bitmap) error {
	if text == "" {
		return errTooWide
	}
	start := text[:min(len(text), startBytes)]
	lo := []byte(termStart + start)
	if err := p.span(lo, after(lo), set); err != nil {
		return err
	}
	return p.span([]byte(text), after([]byte(text)), set)
}

// value finds what may have a value in a field.
func (p *part) value(f *event.Filter, set *roaring.Bitmap) (*roaring.Bitmap, error) {
	head, _, wild := strings.Cut(f.Text, "*")
	if f.Field == event.FieldFile {
		// Of a path with folders only the base name is known.
		base := f.Text[strings.LastIndexByte(f.Text, '/')+1:]
		head, _, wild = strings.Cut(base, "*")
		if head == "" {
			return nil, nil
		}
		return set, p.headed(appendFile(nil, head), wild, set)
	}
	if isNamed(f.Field) {
		if wild {
			return nil, nil
		}
		words := slices.Collect(event.Tokens(f.Text))
		if len(words) == 0 {
			return nil, nil
		}
		return p.allWords(words)
	}
	letter, ok := fieldLetter(f.Field)
	if !ok {
		return nil, nil
	}
	return set, p.headed(appendField(nil, letter, head), wild, set)
}

// headed finds the terms that are, or with wild begin with, a value.
func (p *part) headed(term []byte, wild bool, set *roaring.Bitmap) error {
	if wild {
		return p.span(term, after(term), set)
	}
	return p.postings(term, set)
}
