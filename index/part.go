package index

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
	bleveindex "github.com/blevesearch/bleve_index_api"
	segment "github.com/blevesearch/scorch_segment_api/v2"
	zap "github.com/blevesearch/zapx/v17"
	"github.com/cespare/xxhash/v2"
)

// A part of the index is one immutable segment of bleve's scorch engine (a zap
// file) over some hundred blocks, one document a block, with a small file
// beside it that makes it count: what blocks it covers, and its checksum. Parts
// are derived: the writer builds them anew where they are missing or damaged.

// partInfo is the file beside a part.
type partInfo struct {
	Terms int    `json:"terms"` // termsVersion
	Docs  []byte `json:"docs"`  // block ids in the order of documents, varint deltas
	Bytes int64  `json:"bytes"`
	Sum   string `json:"xxhash64"`
}

// part is an open part.
type part struct {
	name string // without extension
	docs []uint64
	seg  segment.Segment
	dict segment.TermDictionary
	size int64
}

const (
	partExt  = ".zap"
	infoExt  = ".json"
	termsKey = "t" // the one field of a document
)

func (p *part) close() error { return p.seg.DecRef() }

// openPart opens a part for reading. A damaged one is an error, also where the
// decoder panics over it.
func openPart(dir, name string) (p *part, err error) {
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, fmt.Errorf("%w: %v", ErrDamaged, r)
		}
	}()
	info, err := readPartInfo(filepath.Join(dir, name+infoExt))
	if err != nil {
		return nil, err
	}
	docs, err := decodeDocs(info.Docs)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, name+partExt)
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if st.Size() != info.Bytes {
		return nil, fmt.Errorf("%w: %d bytes where %d were written", ErrDamaged, st.Size(), info.Bytes)
	}
	seg, err := (&zap.ZapPlugin{}).Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	p = &part{name: name, docs: docs, seg: seg, size: st.Size()}
	if p.dict, err = seg.Dictionary(termsKey); err == nil && seg.Count() != uint64(len(docs)) {
		err = ErrDamaged
	}
	if err != nil {
		return nil, errors.Join(err, seg.Close())
	}
	return p, nil
}

var errOldPart = errors.New("a part of another version of the index")

func readPartInfo(path string) (partInfo, error) {
	var info partInfo
	data, err := os.ReadFile(path)
	if err != nil {
		return info, err
	}
	if err := json.Unmarshal(data, &info); err != nil {
		return info, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if info.Terms != termsVersion {
		return info, errOldPart
	}
	return info, nil
}

func encodeDocs(docs []uint64) []byte {
	var b []byte
	last := uint64(0)
	for _, d := range docs {
		b = binary.AppendVarint(b, int64(d-last))
		last = d
	}
	return b
}

func decodeDocs(b []byte) ([]uint64, error) {
	d := decoder{b: b}
	var out []uint64
	last := uint64(0)
	for len(d.b) > 0 && d.err == nil {
		last += uint64(d.varint())
		out = append(out, last)
	}
	return out, d.err
}

// postings adds the documents of a term to the set.
func (p *part) postings(term []byte, to *roaring.Bitmap) (err error) {
	list, err := p.dict.PostingsList(term, nil, nil)
	if err != nil {
		return err
	}
	it := list.Iterator(false, false, false, nil)
	for {
		post, err := it.Next()
		if err != nil || post == nil {
			return err
		}
		to.Add(uint32(post.Number()))
	}
}

// maxExpanded bounds the terms that a prefix or range is looked up by.
const maxExpanded = 20_000

// errTooWide: so many terms that looking at every block is as good.
var errTooWide = errors.New("too many terms")

// span adds the documents of all terms from lo on and before hi.
func (p *part) span(lo, hi []byte, to *roaring.Bitmap) error {
	it := p.dict.AutomatonIterator(nil, lo, hi)
	for n := 0; ; n++ {
		e, err := it.Next()
		if err != nil || e == nil {
			return err
		}
		if n == maxExpanded {
			return errTooWide
		}
		if err := p.postings([]byte(e.Term), to); err != nil {
			return err
		}
	}
}

// after is the first text behind all that begin with the prefix.
func after(prefix []byte) []byte {
	b := slices.Clone(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < 0xff {
			b[i]++
			return b[:i+1]
		}
	}
	return nil
}

// document is a block as zap sees it.
type document struct {
	id    uint64
	terms []string
	to    *frequencies
}

// frequencies is the form that zap takes terms in. One serves all documents of
// a part in turn, since zap is done with one before it takes the next.
type frequencies struct {
	byTerm bleveindex.TokenFrequencies
	slab   []bleveindex.TokenFreq
}

func (f *frequencies) of(terms []string) bleveindex.TokenFrequencies {
	clear(f.byTerm)
	if len(f.slab) < len(terms) {
		f.slab = make([]bleveindex.TokenFreq, len(terms)*5/4)
		for i := range f.slab {
			f.slab[i].SetFrequency(1)
		}
	}
	for i, t := range terms {
		f.byTerm[t] = &f.slab[i]
	}
	return f.byTerm
}

type termsField struct{ d *document }

func (d *document) ID() string { return string(binary.BigEndian.AppendUint64(nil, d.id)) }
func (d *document) Size() int  { return 0 }
func (d *document) VisitFields(visit bleveindex.FieldVisitor) {
	visit(idField{d})
	visit(termsField{d})
}
func (d *document) VisitComposite(bleveindex.CompositeFieldVisitor) {}
func (d *document) HasComposite() bool                              { return false }
func (d *document) NumPlainTextBytes() uint64                       { return 0 }
func (d *document) AddIDField()                                     {}
func (d *document) StoredFieldsBytes() uint64                       { return 0 }
func (d *document) Indexed() bool                                   { return true }
func (f termsField) Name() string                                   { return termsKey }
func (f termsField) Value() []byte                                  { return nil }
func (f termsField) ArrayPositions() []uint64                       { return nil }
func (f termsField) EncodedFieldType() byte                         { return 't' }
func (f termsField) Analyze()                                       {}
func (f termsField) AnalyzedLength() int                            { return len(f.d.terms) }
func (f termsField) NumPlainTextBytes() uint64                      { return 0 }
func (f termsField) AnalyzedTokenFrequencies() bleveindex.TokenFrequencies {
	return f.d.to.of(f.d.terms)
}
func (f termsField) Options() bleveindex.FieldIndexingOptions {
	return bleveindex.IndexField | bleveindex.SkipFreqNorm
}

type idField struct{ d *document }

func (f idField) Name() string              { return "_id" }
func (f idField) Value() []byte             { return []byte(f.d.ID()) }
func (f idField) ArrayPositions() []uint64  { return nil }
func (f idField) EncodedFieldType() byte    { return 't' }
func (f idField) Analyze()                  {}
func (f idField) AnalyzedLength() int       { return 1 }
func (f idField) NumPlainTextBytes() uint64 { return 0 }
func (f idField) AnalyzedTokenFrequencies() bleveindex.TokenFrequencies {
	tf := &bleveindex.TokenFreq{}
	tf.SetFrequency(1)
	return bleveindex.TokenFrequencies{f.d.ID(): tf}
}
func (f idField) Options() bleveindex.FieldIndexingOptions {
	return bleveindex.IndexField | bleveindex.StoreField
}

// buildPart writes a part over the documents and makes it count.
func buildPart(dir, name string, docs []*document) error {
	freq := &frequencies{byTerm: bleveindex.TokenFrequencies{}}
	list := make([]bleveindex.Document, len(docs))
	ids := make([]uint64, len(docs))
	for i, d := range docs {
		d.to = freq
		list[i], ids[i] = d, d.id
	}
	seg, _, err := (&zap.ZapPlugin{}).New(list)
	if err != nil {
		return fmt.Errorf("building a part of the index: %w", err)
	}
	return errors.Join(settlePart(dir, name, ids, func(path string) error {
		u, ok := seg.(segment.UnpersistedSegment)
		if !ok {
			return fmt.Errorf("a segment of the unexpected type %T", seg)
		}
		return u.Persist(path)
	}), seg.Close())
}

// mergeParts writes one part in the place of several, without the blocks that
// are gone.
func mergeParts(dir, name string, parts []*part, gone func(uint64) bool) (err error) {
	defer func() {
		if r := recover(); r != nil { // bytes that only merging looks at
			err = fmt.Errorf("merging parts of the index: %w: %v", ErrDamaged, r)
		}
	}()
	segs := make([]segment.Segment, len(parts))
	drops := make([]*roaring.Bitmap, len(parts))
	var ids []uint64
	for i, p := range parts {
		segs[i] = p.seg
		for n, id := range p.docs {
			if !gone(id) {
				ids = append(ids, id)
				continue
			}
			if drops[i] == nil {
				drops[i] = roaring.New()
			}
			drops[i].Add(uint32(n))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return settlePart(dir, name, ids, func(path string) error {
		_, _, err := (&zap.ZapPlugin{}).Merge(segs, drops, path, nil, nil)
		return err
	})
}

// settlePart writes the file of a part, syncs it, and only then the file
// beside it that makes it count.
func settlePart(dir, name string, ids []uint64, write func(path string) error) error {
	tmp, path := filepath.Join(dir, name+".tmp"), filepath.Join(dir, name+partExt)
	err := os.RemoveAll(tmp)
	if err == nil {
		err = write(tmp)
	}
	var size int64
	var sum string
	if err == nil {
		size, sum, err = sumFile(tmp, true)
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	var data []byte
	if err == nil {
		data, err = json.Marshal(partInfo{Terms: termsVersion, Docs: encodeDocs(ids), Bytes: size, Sum: sum})
	}
	if err == nil {
		err = replaceFile(realDisk{}, filepath.Join(dir, name+infoExt), data)
	}
	if err != nil {
		return fmt.Errorf("writing part %q of the index: %w", name, err)
	}
	return nil
}

// sumFile returns size and checksum of a file, and syncs it where asked.
func sumFile(path string, sync bool) (size int64, sum string, err error) {
	flag := os.O_RDONLY
	if sync {
		flag = os.O_RDWR
	}
	f, err := os.OpenFile(path, flag, 0)
	if err != nil {
		return 0, "", err
	}
	h := xxhash.New()
	size, err = io.Copy(h, f)
	if err == nil && sync {
		err = f.Sync()
	}
	return size, fmt.Sprintf("%016x", h.Sum64()), errors.Join(err, f.Close())
}

// partNames lists the parts that count, in order.
func partNames(dir string) ([]string, error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		if os.IsNotExist(err) {
			return nil, nil
		}
		return nil, err
	}
	var names []string
	for _, e := range list {
		if name, ok := strings.CutSuffix(e.Name(), infoExt); ok {
			names = append(names, name)
		}
	}
	return names, nil
}
