package cab

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// damagedCab is an MSZIP cabinet with one member for each block and 10 bytes of
// the next, and the places of its blocks.
func damagedCab(t testing.TB, members int) (data []byte, files []testFile, at []int) {
	t.Helper()
	for i := range members {
		files = append(files, testFile{name: fmt.Sprintf("%d.log", i+1), data: mixedText(frameSize+10, uint32(i+1))})
	}
	f := testFolder{method: MSZIP, files: files}
	data = testCab{folders: []testFolder{f, {method: Stored, files: []testFile{small}}}, dataReserve: []byte("xy")}.write(t)
	c, err := Open(data)
	if err != nil {
		t.Fatal(err)
	}
	ch := newWalker([]Part{{Cabinet: c}}, nil, nil).chain(&run{pieces: []piece{{0, c, 0}}}, 1<<40)
	for _, b := range ch.blocks {
		at = append(at, b.at)
	}
	return data, files, at
}

// TestMSZIPDamage breaks one block and wants all members but those with bytes of
// it, and those whose bytes repeat some of it.
func TestMSZIPDamage(t *testing.T) {
	whole, files, at := damagedCab(t, 6)
	const head = blockHead + 2
	spoil := func(places ...int) []byte {
		data := bytes.Clone(whole)
		for _, p := range places {
			data[p] ^= 0xFF
		}
		return data
	}
	size := func(i int) int { return at[i+1] - at[i] - head }
	tests := []struct {
		name    string
		data    []byte
		problem string // "" = only that a checksum is wrong
		bad     []int  // members with bytes of bad blocks, from 1
	}{
		{"deflate_kind", spoil(at[2] + head + 2), "folder 0: MSZIP block 3: flate: corrupt input before offset", []int{3, 2}},
		{"signature", spoil(at[2] + head), "folder 0: MSZIP block 3 does not start with CK: data damaged", []int{3, 2}},
		{"first_block", spoil(at[0] + head), "folder 0: MSZIP block 1 does not start with CK: data damaged", []int{1}},
		{"two_blocks", spoil(at[1]+head, at[3]+head), "folder 0: MSZIP block 2 does not start with CK: data damaged; 1 more of 7 blocks are bad, the next is block 4 at", []int{1, 2, 3, 4}},
		{"last_block", spoil(at[6] + head), "folder 0: MSZIP block 7 does not start with CK: data damaged", []int{6}},
		{"unpacked_size_too_small", spoil(at[2] + 7), "", nil},
		{"unpacked_size_impossible", patch(whole, at[2]+7, 0xFF), "folder 0: head of MSZIP block 3 is damaged: data damaged", []int{3, 2}},
		{"packed_size_too_large", patch(whole, at[2]+5, 0xFF), "", nil},
		{"packed_size_too_small", patch(whole, at[2]+5, byte(size(2)>>8-1)), "", nil},
		{"whole_head_and_signature", spoil(at[2], at[2]+4, at[2]+5, at[2]+6, at[2]+7, at[2]+head), "folder 0: head of MSZIP block 3 is damaged: data damaged", []int{3, 2}},
		{"two_heads", spoil(at[2]+7, at[2]+5, at[3]+7, at[3]+5), "folder 0: head of MSZIP block 4 is damaged: data damaged", []int{3, 4}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Open(tt.data)
			if err != nil {
				t.Fatal(err)
			}
			wholes, next := 0, 0
			problems, err := c.Walk(nil, func(m Member, data []byte, reason error) error {
				if m.Folder > 0 {
					return reason
				}
				want := files[next].data
				next++
				isBad := slices.Contains(tt.bad, next)
				switch {
				case reason == nil && (isBad || !bytes.Equal(data, want)):
					t.Errorf("%s: not whole, and no reason", m.Name)
				case reason == nil:
					wholes++
				case !errors.Is(reason, ErrDamaged) || !strings.Contains(reason.Error(), "folder 0: "):
					t.Errorf("%s: reason %v", m.Name, reason)
				}
				if len(tt.bad) > 0 && next > slices.Max(tt.bad)+1 && len(data)-bytes.Count(data, []byte{0}) < len(data)/5 {
					t.Errorf("%s: %d of %d bytes known", m.Name, len(data)-bytes.Count(data, []byte{0}), len(want))
				}
				return nil
			})
			checkKnown(t, c, files)
			if err != nil {
				t.Fatal(err)
			}
			if len(tt.bad) == 0 && wholes != len(files) {
				t.Errorf("%d of %d members whole", wholes, len(files))
			}
			if len(problems) == 0 || !strings.HasPrefix(problems[0].Text, tt.problem) || tt.problem == "" && problems[0].Kind.Lost() {
				t.Errorf("got problems %v, want %q", problems, tt.problem)
			}
		})
	}
}

// checkKnown holds that folder 0 is right wherever it is not in doubt.
func checkKnown(t *testing.T, c *Cabinet, files []testFile) {
	t.Helper()
	var want []byte
	for _, f := range files {
		want = append(want, f.data...)
	}
	u := newWalker([]Part{{Cabinet: c}}, nil, nil).unpack(&run{pieces: []piece{{0, c, 0}}}, int64(len(want)))
	if len(u.data) != len(want) {
		t.Errorf("%d of %d bytes", len(u.data), len(want))
		return
	}
	pos := 0
	for _, h := range append(u.holes, hole{from: len(want)}) {
		if !bytes.Equal(u.data[pos:h.from], want[pos:h.from]) {
			t.Errorf("bytes %d to %d are wrong and not in doubt", pos, h.from)
		}
		pos = h.to
	}
}

// TestMSZIPRepeatsOfDamage unpacks blocks of which a later one repeats known and
// lost bytes of the ones before, at distances known here.
func TestMSZIPRepeatsOfDamage(t *testing.T) {
	first := noise(1000, 1)
	for i, b := range first {
		first[i] = max(1, b) // so that zeros are what is lost
	}
	second := bytes.Clone(first[:500])
	third := append(bytes.Clone(first[700:900]), "new, and not to be found before"...)
	fourth := append(bytes.Clone(third), second[100:300]...)
	stream := bytes.Join([][]byte{first, second, third, fourth}, nil)
	var blocks []block
	pos := 0
	for i, n := range []int{len(first), len(second), len(third), len(fourth)} {
		blocks = append(blocks, block{place: place{number: i + 1}, unpacked: n, payload: deflateBlock(t, stream[pos:pos+n], stream[:pos])})
		pos += n
	}
	blocks[0].payload[1] = 'X'
	o := output{total: len(stream)}
	failed, err := o.mszip(blocks)
	if err != nil || failed != 0 || len(o.data) != len(stream) {
		t.Fatalf("got block %d, error %v, %d bytes", failed, err, len(o.data))
	}
	fresh := len("new, and not to be found before")
	want := bytes.Repeat([]byte{0}, len(stream))
	copy(want[1700:], third[200:])
	copy(want[1700+fresh+200:], third[200:])
	if diff := cmp.Diff(want, o.data); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
	var got [][2]int
	for _, h := range o.holes {
		got = append(got, [2]int{h.from, h.to})
	}
	// The known bytes are fewer than what two holes may be apart.
	if diff := cmp.Diff([][2]int{{0, len(stream)}}, got); diff != "" {
		t.Errorf("holes (-want +got):\n%s", diff)
	}
}

// TestMSZIPHolesEnd wants blocks after a bad one to be unpacked once again as soon
// as the dictionary is all known.
func TestMSZIPHolesEnd(t *testing.T) {
	var blocks []block
	var stream []byte
	for i := range 5 {
		part := noise(frameSize, uint32(i+1)) // repeats nothing
		blocks = append(blocks, block{place: place{number: i + 1}, unpacked: frameSize, payload: deflateBlock(t, part, nil)})
		stream = append(stream, part...)
	}
	blocks[1].payload, blocks[1].sound = blocks[1].payload[:2000], true
	o := output{total: len(stream)}
	if _, err := o.mszip(blocks); err != nil {
		t.Fatal(err)
	}
	if len(o.holes) != 1 || o.holes[0].to != 2*frameSize || o.holes[0].from <= frameSize {
		t.Fatalf("holes %v", o.holes)
	}
	h := o.holes[0]
	if !bytes.Equal(o.data[:h.from], stream[:h.from]) || !bytes.Equal(o.data[h.to:], stream[h.to:]) {
		t.Error("known bytes differ")
	}
}

// TestResyncIsBounded looks for blocks in data that seem to have one at every
// place.
func TestResyncIsBounded(t *testing.T) {
	var fake []byte
	for len(fake) < 30_000 {
		fake = append(fake, "\x00\x00\x00\x00\x00\x10\x00\x80CK"...)
	}
	blocks := []testBlock{{[]byte("no signature"), frameSize}}
	for range 30 {
		blocks = append(blocks, testBlock{fake, frameSize})
	}
	data := testCab{folders: []testFolder{{method: MSZIP, files: []testFile{{name: "a", data: make([]byte, 31*frameSize)}}, blocks: blocks}}}.write(t)
	c, err := Open(data)
	if err != nil {
		t.Fatal(err)
	}
	w := newWalker([]Part{{Cabinet: c}}, nil, func(Member, []byte, error) error { return nil })
	if _, err := w.walk(); err != nil {
		t.Fatal(err)
	}
	if most := (maxShared + 1) * len(data); w.searched[0] > most || w.searched[0] < len(data) {
		t.Errorf("%d bytes searched, want %d at most", w.searched[0], most)
	}
}
