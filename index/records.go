package index

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// FormatVersion is the version of the archive's format that this package
// writes. It reads this one and all before it.
const FormatVersion = 2

// Kinds of journal frames. The payload of each is JSON.
const (
	recHeader   = 'H'
	recCase     = 'A'
	recAnnotate = 'N'
	recJudge    = 'J'
	recBlob     = 'B'
	recRemove   = 'R'
	recState    = 'S'
	recConfirm  = 'C'
)

// Kinds of segment frames.
const (
	segBlock    = 'b'
	segContent  = 'c'
	segFiles    = 'f'
	segFacts    = 'F'
	segCoverage = 'v'
	segFindings = 'j'
	segBlob     = 'o'
	segState    = 's'
)

// headerRecord begins a journal.
type headerRecord struct {
	Format     int    `json:"format"`
	Generation uint64 `json:"generation"` // grows with each journal that takes the place of another
	NextBlock  uint64 `json:"next_block"`
	NextSeg    uint32 `json:"next_segment"`
}

// caseRecord puts a case in, or in the place of the one with its id.
type caseRecord struct {
	Case
	Blocks   []byte           `json:"blocks,omitempty"`   // see appendBlockInfo
	Contents []byte           `json:"contents,omitempty"` // new ones, see appendContent
	Sheets   map[string]place `json:"sheets"`             // files, facts, coverage, findings
	Blobs    map[string]place `json:"blobs,omitempty"`
	StoredOf int64            `json:"stored_of"` // bytes of its files that have a content
	Ends     []segEnd         `json:"ends,omitempty"`
}

// annotateRecord has all that people said of a case, not only what is new.
type annotateRecord struct {
	ID      CaseID   `json:"id"`
	Ticket  string   `json:"ticket,omitempty"`
	Tags    []string `json:"tags,omitempty"`
	Notes   []Note   `json:"notes,omitempty"`
	Verdict Verdict  `json:"verdict,omitempty"`
	Fix     string   `json:"fix,omitempty"`
	Cause   string   `json:"cause,omitempty"`
}

// judgeRecord replaces the judgement of a case.
type judgeRecord struct {
	ID       CaseID   `json:"id"`
	Outcome  string   `json:"outcome,omitempty"`
	Line     string   `json:"line,omitempty"`
	Engine   string   `json:"engine,omitempty"`
	RuleSet  string   `json:"rule_set,omitempty"`
	Causes   []string `json:"causes,omitempty"`
	Rules    []string `json:"rules,omitempty"`
	Findings place    `json:"findings"`
	Ends     []segEnd `json:"ends,omitempty"`
}

// blobRecord puts or (without At) removes a named result; of the archive as a
// whole where ID is empty.
type blobRecord struct {
	ID   CaseID   `json:"id,omitempty"`
	Name string   `json:"name"`
	At   *place   `json:"at,omitempty"`
	Ends []segEnd `json:"ends,omitempty"`
}

// confirmRecord says that the judgement of cases stands under another rule set.
type confirmRecord struct {
	IDs     []CaseID `json:"ids"`
	Engine  string   `json:"engine,omitempty"`
	RuleSet string   `json:"rule_set,omitempty"`
}

type removeRecord struct {
	ID CaseID `json:"id"`
}

// segEnd says how long a segment is once the record is acknowledged.
type segEnd struct {
	Seg uint32 `json:"seg"`
	End int64  `json:"end"`
}

// MarshalJSON writes a place as [segment, offset, size].
func (p place) MarshalJSON() ([]byte, error) {
	return json.Marshal([3]int64{int64(p.seg), p.off, p.size})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *place) UnmarshalJSON(b []byte) error {
	var v [3]int64
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	if v[0] < 0 || v[0] > 1<<32-1 || v[1] < 0 || v[2] < 0 || v[2] > maxFrame+frameHeader {
		return fmt.Errorf("%w: %v is no place", errCoding, v)
	}
	p.seg, p.off, p.size = uint32(v[0]), v[1], v[2]
	return nil
}

func appendPlace(b []byte, p place) []byte {
	b = binary.AppendUvarint(b, uint64(p.seg))
	b = binary.AppendUvarint(b, uint64(p.off))
	return binary.AppendUvarint(b, uint64(p.size))
}

func (d *decoder) place() place {
	return place{seg: uint32(d.uvarint()), off: int64(d.uvarint() & (1<<62 - 1)), size: int64(d.uvarint() & (1<<62 - 1))}
}

func appendBlockInfo(b []byte, i *blockInfo) []byte {
	b = binary.AppendUvarint(b, i.id)
	b = appendPlace(b, i.at)
	b = binary.AppendUvarint(b, uint64(i.events))
	b = binary.AppendVarint(b, i.first)
	b = binary.AppendVarint(b, i.last)
	flags := uint64(i.levels) << 1
	if i.untimed {
		flags |= 1
	}
	return binary.AppendUvarint(b, flags)
}

func decodeBlockInfos(b []byte) ([]blockInfo, error) {
	d := decoder{b: b}
	var out []blockInfo
	for len(d.b) > 0 && d.err == nil {
		i := blockInfo{id: d.uvarint(), at: d.place(), events: toInt(d.uvarint()), first: d.varint(), last: d.varint()}
		flags := d.uvarint()
		i.untimed, i.levels = flags&1 != 0, uint8(flags>>1)
		if i.events > blockEvents {
			d.fail()
		}
		out = append(out, i)
	}
	return out, d.err
}

// contentKey is the SHA-256 of a content.
type contentKey [32]byte

func parseKey(hash string) (contentKey, bool) {
	var k contentKey
	if len(hash) != 2*len(k) {
		return k, false
	}
	_, err := hex.Decode(k[:], []byte(hash))
	return k, err == nil
}

func (k contentKey) String() string { return hex.EncodeToString(k[:]) }

// contentInfo is where a content stands: frames one behind the other, each
// with a piece of it, from at on; at.size is their length together.
type contentInfo struct {
	at  place
	raw int64
}

func appendContent(b []byte, k contentKey, c contentInfo) []byte {
	return binary.AppendUvarint(appendPlace(append(b, k[:]...), c.at), uint64(c.raw))
}

func decodeContents(b []byte, each func(contentKey, contentInfo)) error {
	d := decoder{b: b}
	for len(d.b) > 0 && d.err == nil {
		var k contentKey
		copy(k[:], d.bytes(len(k)))
		c := contentInfo{at: d.place(), raw: int64(d.uvarint() & (1<<62 - 1))}
		if d.err == nil {
			each(k, c)
		}
	}
	return d.err
}
