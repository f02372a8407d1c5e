package cab

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

// splitSet packs a folder and splits it over cabinets, each cut given as a place
// in the packed data of the folder.
func splitSet(t testing.TB, f testFolder, cuts ...int) [][]byte {
	t.Helper()
	blocks := packBlocks(t, f)
	parts := make([]testCab, len(cuts)+1)
	cuts = append(slices.Clone(cuts), math.MaxInt)
	// Parts that hold the first and the last byte of each block.
	var first, last []int
	for i := range parts {
		parts[i].number = uint16(i)
		parts[i].folders = []testFolder{{method: f.method, window: f.window, blocks: []testBlock{}, base: -1}}
		if i > 0 {
			parts[i].previous = []string{partName(i - 1), "disk"}
		}
		if i < len(parts)-1 {
			parts[i].next = []string{partName(i + 1), "disk"}
		}
	}
	part, pos := 0, 0
	add := func(b testBlock) {
		parts[part].folders[0].blocks = append(parts[part].folders[0].blocks, b)
	}
	for _, b := range blocks {
		if pos == cuts[part] {
			part++
		}
		first = append(first, part)
		for rest := b.payload; ; {
			if pos+len(rest) <= cuts[part] {
				add(testBlock{rest, b.unpacked})
				pos += len(rest)
				break
			}
			n := cuts[part] - pos
			add(testBlock{rest[:n], 0})
			rest, pos = rest[n:], pos+n
			part++
		}
		last = append(last, part)
	}
	offset := 0
	for _, m := range f.files {
		from := first[min(len(first)-1, offset/frameSize)]
		to := last[min(len(last)-1, max(offset, offset+len(m.data)-1)/frameSize)]
		for p := from; p <= to; p++ {
			at := &parts[p].folders[0]
			m.folder = 0
			switch {
			case p > from && p < to:
				m.folder = folderBoth
			case p > from:
				m.folder = folderFromPrevious
			case p < to:
				m.folder = folderToNext
			}
			if at.base < 0 {
				at.base = offset
			}
			at.files = append(at.files, m)
		}
		offset += len(m.data)
	}
	var set [][]byte
	for _, p := range parts {
		set = append(set, p.write(t))
	}
	return set
}

func partName(i int) string { return fmt.Sprintf("Part%d.cab", i+1) }

// openParts opens cabinets under the names of splitSet; nil ones are left out.
func openParts(t testing.TB, data ...[]byte) []Part {
	t.Helper()
	var parts []Part
	for i, d := range data {
		if d == nil {
			continue
		}
		c, err := Open(d)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, Part{Name: "made/up/" + partName(i), Cabinet: c})
	}
	return parts
}

// setListing renders sets: their parts, members and problems.
func setListing(t testing.TB, sets []*Set) string {
	t.Helper()
	var b strings.Builder
	for _, s := range sets {
		b.WriteString("set")
		for _, p := range s.Parts {
			b.WriteString(" " + p.Name)
			if p.Cabinet == nil {
				b.WriteString(" (missing)")
			}
		}
		b.WriteByte('\n')
		problems, err := s.Walk(nil, func(m Member, data []byte, reason error) error {
			fmt.Fprintf(&b, "  %s %d/%d of part %d", m.Name, len(data), m.Size, m.Part)
			if reason != nil {
				fmt.Fprintf(&b, " (%v)", reason)
			}
			b.WriteByte('\n')
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range append(s.Problems, problems...) {
			fmt.Fprintf(&b, "  ! %s %s\n", p.Kind, p)
		}
	}
	return b.String()
}

var splitFiles = []testFile{
	{name: "first.log", data: sampleText(50_000, 1)},
	{name: "second.log", data: sampleText(3_000, 2)},
	{name: "third.log", data: sampleText(90_000, 3)},
	{name: "empty.log"},
	{name: "last.log", data: sampleText(10_000, 4)},
}

// TestSetsComeBack splits folders at many places, blocks included, and wants each
// member whole and once, whatever the order of the parts.
func TestSetsComeBack(t *testing.T) {
	for _, m := range []struct {
		method Method
		window int
	}{{Stored, 0}, {MSZIP, 0}, {Quantum, 16}, {LZX, 16}} {
		f := testFolder{method: m.method, window: m.window, files: splitFiles}
		blocks := packBlocks(t, f)
		size := 0
		for _, b := range blocks {
			size += len(b.payload)
		}
		one := len(blocks[0].payload)
		tests := []struct {
			name string
			cuts []int
		}{
			{"inside_a_block", []int{one / 2}},
			{"between_blocks", []int{one}},
			{"last_byte", []int{size - 1}},
			{"first_byte", []int{1}},
			{"one_block_over_four", []int{one / 4, one / 2, one/2 + 3}},
			{"many", []int{size / 9, size / 4, size / 3, size / 2, size * 2 / 3, size - 20}},
		}
		for _, tt := range tests {
			t.Run(m.method.String()+"/"+tt.name, func(t *testing.T) {
				parts := openParts(t, splitSet(t, f, tt.cuts...)...)
				slices.Reverse(parts)
				sets := Join(parts)
				if len(sets) != 1 || len(sets[0].Parts) != len(tt.cuts)+1 || len(sets[0].Problems) > 0 || len(sets[0].Missing) > 0 {
					t.Fatalf("sets:\n%s", setListing(t, sets))
				}
				got := map[string][]byte{}
				problems, err := sets[0].Walk(nil, func(m Member, data []byte, reason error) error {
					if _, twice := got[m.Name]; twice || reason != nil {
						t.Errorf("%s twice (%v) or not whole: %v", m.Name, twice, reason)
					}
					got[m.Name] = data
					return nil
				})
				want := map[string][]byte{}
				for _, f := range splitFiles {
					want[f.name] = f.data
				}
				if err != nil || len(problems) > 0 || !equalContents(got, want) {
					t.Errorf("error %v, problems %v, contents equal %v", err, problems, equalContents(got, want))
				}
			})
		}
	}
}

func TestSetWithMissingParts(t *testing.T) {
	files := []testFile{
		{name: "a.log", data: sampleText(40_000, 1)},
		{name: "b.log", data: sampleText(60_000, 2)},
		{name: "c.log", data: sampleText(20_000, 3)},
	}
	of := func(method Method, keep ...int) []Part {
		f := testFolder{method: method, window: 15, files: files}
		size := 0
		for _, b := range packBlocks(t, f) {
			size += len(b.payload)
		}
		set := splitSet(t, f, size/4, size/2, size*3/4)
		for i := range set {
			if !slices.Contains(keep, i+1) {
				set[i] = nil
			}
		}
		return openParts(t, set...)
	}
	tests := []struct {
		name  string
		parts []Part
		want  string
	}{
		{"first_alone_stored", of(Stored, 1), `set made/up/Part1.cab
  a.log 30000/40000 of part 0 (member ends in cabinet "Part2.cab": data in another cabinet of the set)
  ! damage made/up/Part1.cab: offset 36: cabinet "Part2.cab" of the split set is missing
  ! damage made/up/Part1.cab: offset 81: folder 0 goes on in cabinet "Part2.cab" of the split set
`},
		{"last_alone_stored", of(Stored, 4), `set made/up/Part4.cab
  b.log 10000/60000 of part 0 (folder starts in cabinet "Part3.cab": data in another cabinet of the set)
  c.log 20000/20000 of part 0
  ! damage made/up/Part4.cab: offset 36: cabinet "Part3.cab" of the split set is missing
  ! damage made/up/Part4.cab: offset 103: folder 0 starts in cabinet "Part3.cab" of the split set, without which its first 90000 bytes cannot be unpacked
`},
		{"middle_alone", of(Stored, 2), `set made/up/Part2.cab
  a.log 0/40000 of part 0 (folder starts in cabinet "Part1.cab": data in another cabinet of the set)
  b.log 0/60000 of part 0 (folder starts in cabinet "Part1.cab": data in another cabinet of the set)
  ! damage made/up/Part2.cab: offset 36: cabinet "Part1.cab" of the split set is missing
  ! damage made/up/Part2.cab: offset 36: cabinet "Part3.cab" of the split set is missing
  ! damage made/up/Part2.cab: offset 118: folder 0 starts in cabinet "Part1.cab" of the split set, without which it cannot be unpacked
`},
		{"one_missing_between", of(Stored, 1, 2, 4), `set made/up/Part1.cab made/up/Part2.cab Part3.cab (missing) made/up/Part4.cab
  a.log 40000/40000 of part 0
  b.log 20000/60000 of part 1 (member ends in cabinet "Part3.cab": data in another cabinet of the set)
  c.log 20000/20000 of part 3
  ! damage made/up/Part2.cab: offset 36: cabinet "Part3.cab" of the split set is missing
  ! damage made/up/Part2.cab: offset 118: folder 0 goes on in cabinet "Part3.cab" of the split set
  ! damage made/up/Part4.cab: offset 103: folder 0 starts in cabinet "Part3.cab" of the split set, without which its first 90000 bytes cannot be unpacked
`},
		{"first_missing_lzx", of(LZX, 2, 3, 4), `set made/up/Part2.cab made/up/Part3.cab made/up/Part4.cab
  a.log 0/40000 of part 0 (folder starts in cabinet "Part1.cab": data in another cabinet of the set)
  b.log 0/60000 of part 0 (folder starts in cabinet "Part1.cab": data in another cabinet of the set)
  c.log 0/20000 of part 2 (folder starts in cabinet "Part1.cab": data in another cabinet of the set)
  ! damage made/up/Part2.cab: offset 36: cabinet "Part1.cab" of the split set is missing
  ! damage made/up/Part2.cab: offset 118: folder 0 starts in cabinet "Part1.cab" of the split set, without which it cannot be unpacked
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, setListing(t, Join(tt.parts))); diff != "" {
				t.Errorf("listing (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSetCutMSZIP holds what members of a set have against the truth where the
// first or the last part is missing.
func TestSetCutMSZIP(t *testing.T) {
	f := testFolder{method: MSZIP, files: []testFile{
		{name: "first.log", data: mixedText(50_000, 1)},
		{name: "second.log", data: mixedText(3_000, 2)},
		{name: "last.log", data: mixedText(70_000, 3)},
	}}
	size, truth := 0, map[string][]byte{}
	var ends []int // of blocks in the packed data
	for _, b := range packBlocks(t, f) {
		size += len(b.payload)
		ends = append(ends, size)
	}
	for _, m := range f.files {
		truth[m.name] = m.data
	}
	for cut := 1; cut < size; cut += 997 {
		set := splitSet(t, f, cut)
		block, _ := slices.BinarySearch(ends, cut)
		base := int64(block+1) * frameSize // what part 2 has whole starts here
		for i := range set {
			known := 0
			_, err := Join(openParts(t, set[i]))[0].Walk(nil, func(m Member, data []byte, reason error) error {
				want := truth[m.Name]
				if reason == nil && !bytes.Equal(data, want) {
					t.Errorf("cut at %d, part %d: %s is wrong", cut, i+1, m.Name)
				}
				known += len(data)
				if i == 0 && !bytes.HasPrefix(want, data) {
					t.Errorf("cut at %d: %s is no prefix", cut, m.Name)
				}
				if i == 1 && !equalWhereKnown(data, want[min(m.Size, max(0, base-m.Offset)):]) {
					t.Errorf("cut at %d: %s is wrong behind the missing start", cut, m.Name)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if known == 0 && (i == 0) == (cut > size/2) {
				t.Errorf("cut at %d: nothing known of part %d", cut, i+1)
			}
		}
	}
}

// equalWhereKnown compares data in which zeros stand for what is not known with
// text.
func equalWhereKnown(data, want []byte) bool {
	if len(data) > len(want) {
		return false
	}
	for i, b := range data {
		if b != 0 && b != want[i] {
			return false
		}
	}
	return true
}

func TestJoinTellsSetsApart(t *testing.T) {
	f := testFolder{method: Stored, files: []testFile{{name: "a.log", data: sampleText(5_000, 1)}}}
	g := testFolder{method: Stored, files: []testFile{{name: "b.log", data: sampleText(6_000, 1)}}}
	first, second := splitSet(t, f, 2_000), splitSet(t, g, 1_000)
	alone := testCab{folders: []testFolder{{method: Stored, files: []testFile{small}}}}.write(t)
	between := [][]byte{
		testCab{folders: []testFolder{{method: Stored, files: []testFile{small}}}, next: []string{"Part2.cab", ""}}.write(t),
		testCab{folders: []testFolder{{method: Stored, files: []testFile{last}}}, previous: []string{"Part1.cab", ""}, number: 1}.write(t),
	}
	renumbered := bytes.Clone(first[1])
	renumbered[34] = 9
	parts := func(data ...[]byte) []Part {
		p := openParts(t, data...)
		for i := range p {
			p[i].Name = fmt.Sprintf("renamed (%d).cab", i+1)
		}
		return p
	}
	named := func(names []string, data ...[]byte) []Part {
		p := openParts(t, data...)
		for i := range p {
			p[i].Name = names[i]
		}
		return p
	}
	tests := []struct {
		name  string
		parts []Part
		want  []string // parts, copies, missing
	}{
		{"none", nil, nil},
		{"same_id_renamed", parts(second[1], first[0], second[0], first[1]), []string{"3 1", "2 4"}},
		{"no_set", parts(alone, alone), []string{"1", "2"}},
		{"copy", parts(first[0], first[1], first[0]), []string{"1 2; copy 3"}},
		{"copy_first", parts(first[1], first[1], alone), []string{"1; copy 2; missing Part1.cab", "3"}},
		{"no_member_split", parts(between...), []string{"1 2"}},
		{"other_members", parts(first[0], second[1]), []string{"1; missing Part2.cab", "2; missing Part1.cab"}},
		{"wrong_number", parts(first[0], renumbered), []string{"1 Part2.cab 2; missing Part2.cab; missing Part1.cab"}},
		{"wrong_number_but_named", named([]string{`x\PART1.CAB`, "x/part2.cab"}, first[0], renumbered), []string{`x\PART1.CAB x/part2.cab`}},
		{"name_decides", named([]string{"Part1.cab", "Part2b.cab", "Part2.cab"}, first[0], flip(first[1], -1), first[1]),
			[]string{"Part1.cab Part2.cab", "Part2b.cab; missing Part1.cab"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			short := func(s string) string { return strings.TrimSuffix(strings.TrimPrefix(s, "renamed ("), ").cab") }
			for _, s := range Join(tt.parts) {
				var names []string
				for _, p := range s.Parts {
					names = append(names, short(p.Name))
				}
				line := strings.Join(names, " ")
				for _, p := range s.Copies {
					line += "; copy " + short(p.Name)
				}
				for _, l := range s.Missing {
					line += "; missing " + l.Cabinet
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("sets (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSetProblemsNameTheirPart damages a block in the second part.
func TestSetProblemsNameTheirPart(t *testing.T) {
	f := testFolder{method: Stored, files: []testFile{{name: "a.log", data: sampleText(5_000, 1)}}}
	set := splitSet(t, f, 2_000)
	set[1] = flip(set[1], -1)
	set[1][24] = 8
	parts := openParts(t, set...)
	s := Join(parts)[0]
	problems, err := s.Walk(nil, func(Member, []byte, error) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	want := []event.Problem{
		{Kind: event.Remark, Pos: event.Pos{File: "made/up/Part2.cab", Offset: 24}, Text: "cabinet version 1.8, only 1.3 is known"},
		{Kind: event.Remark, Pos: event.Pos{File: "made/up/Part2.cab", Offset: 81}, Text: "folder 0: checksum of 1 of 1 blocks is wrong, first of block 1"},
	}
	if diff := cmp.Diff(want, append(s.Problems, problems...)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
