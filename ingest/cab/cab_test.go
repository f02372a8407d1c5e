package cab

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

// listing renders what Walk gives, one line a member and a problem.
func listing(t testing.TB, data []byte) string {
	t.Helper()
	c, err := Open(data)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	var b strings.Builder
	problems, err := c.Walk(nil, func(m Member, data []byte, reason error) error {
		fmt.Fprintf(&b, "%s %d/%d", m.Name, len(data), m.Size)
		if reason != nil {
			fmt.Fprintf(&b, " (%v)", reason)
		}
		b.WriteByte('\n')
		return nil
	})
	if err != nil {
		t.Fatalf("walking: %v", err)
	}
	for _, p := range append(c.Problems, problems...) {
		fmt.Fprintf(&b, "! %s at %d: %s\n", p.Kind, p.Pos.Offset, p.Text)
	}
	return b.String()
}

// contents returns the members' data by name, checking that whole ones have
// their size.
func contents(t testing.TB, data []byte) map[string][]byte {
	t.Helper()
	c, err := Open(data)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]byte{}
	_, err = c.Walk(nil, func(m Member, data []byte, reason error) error {
		if reason == nil && int64(len(data)) != m.Size {
			t.Errorf("%s: whole with %d of %d bytes", m.Name, len(data), m.Size)
		}
		got[m.Name] = data
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

var (
	small = testFile{name: "small.log", data: []byte("one line\r\n"), date: 0x5899, time: 0x6A8F}
	long  = testFile{name: "sub\\long.log", data: sampleText(100_000, 1)}
	zero  = testFile{name: "empty.log"}
	last  = testFile{name: "last.log", data: sampleText(5_001, 2)}
)

func TestMembersComeBack(t *testing.T) {
	files := []testFile{small, long, zero, last}
	tests := []struct {
		name string
		cab  testCab
	}{
		{"stored", testCab{folders: []testFolder{{method: Stored, files: files}}}},
		{"mszip", testCab{folders: []testFolder{{method: MSZIP, files: files}}}},
		{"quantum", testCab{folders: []testFolder{{method: Quantum, window: 10, files: files}}}},
		{"lzx_raw_blocks", testCab{folders: []testFolder{{method: LZX, window: 16, files: files}}}},
		{"folder_for_each_method", testCab{folders: []testFolder{
			{method: MSZIP, files: files[:1]}, {method: Stored, files: files[1:2]}, {method: LZX, window: 21, files: files[2:]}}}},
		{"reserved_areas", testCab{
			folders:       []testFolder{{method: MSZIP, files: files[:2]}, {method: LZX, window: 15, files: files[2:]}},
			headerReserve: []byte("header area"), folderReserve: []byte("fold"), dataReserve: []byte("odd")}},
		{"links_to_other_cabinets", testCab{folders: []testFolder{{method: MSZIP, files: files}},
			previous: []string{"made-up1.cab", "Disk 1"}, next: []string{"made-up3.cab", "Disk 3"}}},
	}
	want := map[string][]byte{}
	for _, f := range files {
		want[f.name] = f.data
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := tt.cab.write(t)
			if got := contents(t, data); !equalContents(got, want) {
				t.Errorf("contents differ; listing:\n%s", listing(t, data))
			}
			if l := listing(t, data); strings.Contains(l, "!") {
				t.Errorf("problems in a sound cabinet:\n%s", l)
			}
		})
	}
}

func equalContents(a, b map[string][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for k := range a {
		if !bytes.Equal(a[k], b[k]) {
			return false
		}
	}
	return true
}

func TestMemberAttributes(t *testing.T) {
	data := testCab{folders: []testFolder{{method: Stored, files: []testFile{
		small,
		{name: "Gr\xfc\xdfe.txt", data: []byte("a")},
		{name: "Größe.txt", data: []byte("b"), attributes: attributeUTF8},
		{name: "Gr\xfc\xdfe2.txt", data: []byte("c"), attributes: attributeUTF8},
		{name: "never.txt", data: []byte("d"), date: 0x59BF, time: 0xFFFF},
		{name: "Straße.txt", data: []byte("e")},
	}}}, previous: []string{"a.cab", "Disk A"}}.write(t)
	c, err := Open(data)
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		Name string
		Time time.Time
	}
	var got []row
	for _, m := range c.Members {
		got = append(got, row{m.Name, m.ModTime})
	}
	want := []row{
		{"small.log", time.Date(2024, 4, 25, 13, 20, 30, 0, time.UTC)},
		{"Grüße.txt", time.Time{}},
		{"Größe.txt", time.Time{}},
		{"Grüße2.txt", time.Time{}},
		{"never.txt", time.Time{}},
		{"Straße.txt", time.Time{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Link{"a.cab", "Disk A"}, c.Previous); diff != "" {
		t.Errorf("previous (-want +got):\n%s", diff)
	}
}

// TestTruncatedAnywhere cuts a cabinet after every byte: nothing panics, what
// is said to be whole is whole and right, what is partial is a prefix, and
// members only become more as the cut moves on.
func TestTruncatedAnywhere(t *testing.T) {
	first := testFile{name: "first.log", data: sampleText(40_000, 5)}
	second := testFile{name: "second.log", data: sampleText(3_000, 6)}
	for _, method := range []Method{Stored, MSZIP, Quantum, LZX} {
		t.Run(method.String(), func(t *testing.T) {
			whole := testCab{folders: []testFolder{{method: method, window: 15, files: []testFile{first, second}}}}.write(t)
			step, before := 1, 0
			if method != MSZIP {
				step = 7
			}
			for cut := 4; cut < len(whole); cut += step {
				c, err := Open(whole[:cut])
				if err != nil {
					t.Fatalf("cut at %d: %v", cut, err)
				}
				sum := 0
				problems, err := c.Walk(nil, func(m Member, data []byte, reason error) error {
					sum += len(data)
					full := map[string][]byte{first.name: first.data, second.name: second.data}[m.Name]
					if !bytes.HasPrefix(full, data) {
						t.Errorf("cut at %d: %s has wrong bytes", cut, m.Name)
					}
					if (reason == nil) != (len(data) == len(full)) {
						t.Errorf("cut at %d: %s has %d of %d bytes and reason %v", cut, m.Name, len(data), len(full), reason)
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				if len(c.Problems)+len(problems) == 0 {
					t.Errorf("cut at %d: no problem", cut)
				}
				if sum < before {
					t.Errorf("cut at %d: %d bytes, %d with less data", cut, sum, before)
				}
				before = sum
			}
			if want := len(first.data); before < want {
				t.Errorf("cut at the last bytes: %d bytes came out, want %d at least", before, want)
			}
		})
	}
}

func TestDamage(t *testing.T) {
	stored := func(files ...testFile) []byte {
		return testCab{folders: []testFolder{{method: Stored, files: files}}}.write(t)
	}
	a := testFile{name: "a.txt", data: []byte("aaaa")}
	b := testFile{name: "b.txt", data: []byte("bbbb")}
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"not_a_cabinet", []byte("MSI header"), "error: not a cabinet\n"},
		{"text_that_starts_alike", []byte("MSCF is the signature of a cabinet"), "error: not a cabinet\n"},
		{"signature_only", []byte("MSCF"), "! damage at 0: cabinet is cut inside its header: 4 of 36 bytes\n"},
		{"bad_checksum", flip(stored(a, b), -1), "a.txt 4/4\nb.txt 4/4\n! remark at 88: folder 0: checksum of 1 of 1 blocks is wrong, first of block 1\n"},
		{"member_beyond_folder", patch(stored(a, b), 66, 200), "a.txt 4/4\nb.txt 4/200 (folder unpacks to 8 bytes: data cut off)\n! damage at 66: folder 0 unpacks to 8 bytes, entry \"b.txt\" reaches to 204\n"},
		{"member_starts_beyond_folder", patch(stored(a, b), 71, 250), "a.txt 4/4\nb.txt 0/4 (folder unpacks to 8 bytes: data cut off)\n! damage at 66: folder 0 unpacks to 8 bytes, entry \"b.txt\" reaches to 64008\n"},
		{"no_such_folder", patch(stored(a, b), 52, 9), "b.txt 4/4\na.txt 0/4 (no such folder: data damaged)\n! damage at 44: entry \"a.txt\" names folder 9 of 1\n"},
		{"block_too_big", patch(stored(a, b), 95, 0x90), "a.txt 0/4 (folder 0: block 1 of 1 declares 36872 bytes, more than a block can hold: data damaged)\nb.txt 0/4 (folder 0: block 1 of 1 declares 36872 bytes, more than a block can hold: data damaged)\n! damage at 88: folder 0: block 1 of 1 declares 36872 bytes, more than a block can hold: data damaged\n"},
		{"unknown_method", testCab{folders: []testFolder{{method: 4, files: []testFile{a}}, {method: Stored, files: []testFile{b}}}}.write(t),
			"a.txt 0/4 (folder 0: compressed with unknown (method 4): compression not supported)\nb.txt 4/4\n! unreadable at 96: folder 0: compressed with unknown (method 4): compression not supported\n"},
		{"quantum_window_too_small", testCab{folders: []testFolder{{method: Quantum, window: 9, files: []testFile{a}, blocks: []testBlock{{[]byte("x"), 4}}}}}.write(t),
			"a.txt 0/4 (folder 0: a Quantum window of 2^9 is outside 2^10 to 2^21: compression not supported)\n! unreadable at 66: folder 0: a Quantum window of 2^9 is outside 2^10 to 2^21: compression not supported\n"},
		{"lzx_window_too_large", testCab{folders: []testFolder{{method: LZX, window: 22, files: []testFile{a}}}}.write(t),
			"a.txt 0/4 (folder 0: LZX window of 2^22 is outside 2^15 to 2^21: compression not supported)\n! unreadable at 66: folder 0: LZX window of 2^22 is outside 2^15 to 2^21: compression not supported\n"},
		{"mszip_without_signature", testCab{folders: []testFolder{{method: MSZIP, files: []testFile{a}, blocks: []testBlock{{[]byte("XX??"), 4}}}}}.write(t),
			"a.txt 0/4 (folder 0: MSZIP block 1 does not start with CK: data damaged)\n! damage at 66: folder 0: MSZIP block 1 does not start with CK: data damaged\n"},
		{"table_of_files_inside_header", patch(stored(a, b), 16, 1), "a.txt 4/4\nb.txt 4/4\n! remark at 16: table of files declared at 1, which cannot be; read at 44\n"},
		{"gap_before_table_of_files", patch(stored(a, b), 16, 66), "a.txt 4/4\nb.txt 4/4\n! remark at 44: table of files declared at 66, but entries (1) stand before it; both are read\n! damage at 88: table of files: name of entry 2 of 2 has no end\n"},
		{"gap_of_other_bytes", patch(patch(stored(a, b), 16, 66), 65, 'x'), "b.txt 4/4\n! remark at 44: 22 bytes between the folders and the table of files are not read\n! damage at 88: table of files: name of entry 2 of 2 has no end\n"},
		{"more_files_than_entries", patch(stored(a), 28, 4), "a.txt 4/4\n! damage at 66: table of files is cut after 1 of 4\n"},
		{"empty_set", testCab{}.write(t), "! damage at 26: cabinet declares 0 folders and 0 files\n"},
		{"split_at_start", testCab{previous: []string{"one.cab", ""}, folders: []testFolder{{method: Stored, files: []testFile{{name: "a.txt", data: a.data, folder: folderFromPrevious}}}}}.write(t),
			"a.txt 0/4 (folder starts in cabinet \"one.cab\": data in another cabinet of the set)\n! damage at 75: folder 0 starts in cabinet \"one.cab\" of the split set, without which it cannot be unpacked\n"},
		{"split_at_end", testCab{next: []string{"three.cab", "x"}, folders: []testFolder{{method: Stored,
			files:  []testFile{a, {name: "b.txt", data: b.data, folder: folderToNext}},
			blocks: []testBlock{{[]byte("aaaabb"), 6}}}}}.write(t),
			"a.txt 4/4\nb.txt 2/4 (member ends in cabinet \"three.cab\": data in another cabinet of the set)\n! damage at 100: folder 0 goes on in cabinet \"three.cab\" of the split set\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, listing(t, tt.data)); diff != "" {
				t.Errorf("listing (-want +got):\n%s", diff)
			}
		})
	}
}

// flip inverts a byte, counted from the end where at is negative.
func flip(data []byte, at int) []byte {
	if at < 0 {
		at += len(data)
	}
	return patch(data, at, ^data[at])
}

func patch(data []byte, at int, b byte) []byte {
	data = bytes.Clone(data)
	data[at] = b
	return data
}

func TestWalkStopsForTheCaller(t *testing.T) {
	data := testCab{folders: []testFolder{{method: MSZIP, files: []testFile{small, long, last}}}}.write(t)
	c, err := Open(data)
	if err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	spent := 0
	var got []string
	problems, err := c.Walk(func(n int) error {
		if spent += n; spent > 70_000 {
			return enough
		}
		return nil
	}, func(m Member, data []byte, reason error) error {
		got = append(got, fmt.Sprintf("%s %d %v", m.Name, len(data), errors.Is(reason, enough)))
		return nil
	})
	if err != nil || problems != nil {
		t.Errorf("got problems %v, error %v, want none", problems, err)
	}
	want := []string{"small.log 10 false", "sub\\long.log 65526 true", "last.log 0 true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}

	if _, err := c.Walk(nil, func(Member, []byte, error) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("got error %v, want that of visit", err)
	}
}

// TestMemoryFollowsInput declares 65535 blocks of full size in a small file.
func TestMemoryFollowsInput(t *testing.T) {
	blocks := make([]testBlock, 300)
	for i := range blocks {
		blocks[i] = testBlock{nil, frameSize}
	}
	huge := testFile{name: "huge", data: make([]byte, 300*frameSize)}
	for _, method := range []Method{Stored, MSZIP, Quantum, LZX} {
		data := testCab{folders: []testFolder{{method: method, window: 21, files: []testFile{huge}, blocks: blocks}}}.write(t)
		c, err := Open(data)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Walk(nil, func(m Member, data []byte, reason error) error {
			if reason == nil || cap(data) > firstGrowth+usualRatio*len(c.data) {
				t.Errorf("%s: %d bytes of memory, reason %v", method, cap(data), reason)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestFoldersThatShareBlocks lets 200 folders claim the same blocks.
func TestFoldersThatShareBlocks(t *testing.T) {
	c := testCab{folders: []testFolder{{method: Stored, files: []testFile{long}}}}
	for range 200 {
		c.folders = append(c.folders, testFolder{method: Stored, files: []testFile{small}, blocks: []testBlock{}})
	}
	data := c.write(t)
	for i := 1; i <= 200; i++ {
		copy(data[headerSize+i*folderSize:], data[headerSize:headerSize+folderSize])
	}
	for i := range c.folders[1:] { // every member reaches to the end of the blocks
		at := headerSize + 201*folderSize + fileSize + len(long.name) + 1 + i*(fileSize+len(small.name)+1)
		copy(data[at:], data[headerSize+201*folderSize:][:4])
	}
	l := listing(t, data)
	if got := strings.Count(l, "small.log 100000/100000\n"); got == 0 || got > 5 {
		t.Errorf("%d folders unpacked from the same blocks", got)
	}
	if !strings.Contains(l, "folders share their data blocks") {
		t.Error("no problem says so")
	}
}

func TestProblemsAreLossesOrRemarks(t *testing.T) {
	data := testCab{folders: []testFolder{{method: Stored, files: []testFile{small}}}}.write(t)
	data[24] = 9
	c, err := Open(data)
	if err != nil {
		t.Fatal(err)
	}
	want := []event.Problem{{Kind: event.Remark, Pos: event.Pos{Offset: 24}, Text: "cabinet version 1.9, only 1.3 is known"}}
	if diff := cmp.Diff(want, c.Problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
