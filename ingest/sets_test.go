package ingest

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// splitBlock is the size of a full data block.
const splitBlock = 32768

// splitSet makes a split set of cabinets, set1.cab and so on, with the stored
// members in one folder of which each cabinet has one block; the last has the
// rest.
func splitSet(id uint16, name string, members ...entry) []entry {
	le := binary.LittleEndian
	stream := ""
	for _, m := range members {
		stream += m.data
	}
	count := (len(stream) + splitBlock - 1) / splitBlock
	partName := func(i int) string { return fmt.Sprintf("%s%d.cab", name, i+1) }
	var set []entry
	for i := range count {
		from, to := i*splitBlock, min((i+1)*splitBlock, len(stream))
		var links, files []byte
		flags, start, inPart := 0, 0, 0
		if i > 0 {
			flags |= 1
			links = fmt.Appendf(links, "%s\x00disk\x00", partName(i-1))
		}
		if i < count-1 {
			flags |= 2
			links = fmt.Appendf(links, "%s\x00disk\x00", partName(i+1))
		}
		for _, m := range members {
			end := start + len(m.data)
			if start < to && end > from {
				folder := 0
				switch before, after := start < from, end > to; {
				case before && after:
					folder = 0xFFFF
				case before:
					folder = 0xFFFD
				case after:
					folder = 0xFFFE
				}
				files = le.AppendUint32(files, uint32(len(m.data)))
				files = le.AppendUint32(files, uint32(start))
				files = le.AppendUint16(files, uint16(folder))
				files = append(append(append(files, 0x64, 0x5A, 0xC4, 0x28, 0x20, 0), m.name...), 0)
				inPart++
			}
			start = end
		}
		head := make([]byte, 36)
		table := len(head) + len(links) + 8
		data := le.AppendUint16([]byte{0, 0, 0, 0}, uint16(to-from))
		data = append(le.AppendUint16(data, uint16(to-from)), stream[from:to]...)
		copy(head, "MSCF")
		le.PutUint32(head[8:], uint32(table+len(files)+len(data)))
		le.PutUint32(head[16:], uint32(table))
		head[24], head[25], head[26], head[28], head[30], head[34] = 3, 1, 1, byte(inPart), byte(flags), byte(i)
		le.PutUint16(head[32:], id)
		folder := append(le.AppendUint32(nil, uint32(table+len(files))), 1, 0, 0, 0)
		set = append(set, entry{name: partName(i), data: string(slices.Concat(head, links, folder, files, data))})
	}
	return set
}

// programWith is a made-up Windows program with cabinets behind its code.
func programWith(cabinets ...[]byte) string {
	b := make([]byte, 300)
	copy(b, "MZ")
	b[0x3C] = 0x80
	copy(b[0x80:], "PE\x00\x00")
	for _, c := range cabinets {
		b = append(append(b, c...), "more code"...)
	}
	return string(b)
}

// under puts entries into a folder.
func under(dir string, entries ...entry) []entry {
	var list []entry
	for _, e := range entries {
		e.name = dir + "/" + e.name
		list = append(list, e)
	}
	return list
}

// readBoth reads the paths, holds that Extract writes just that, and returns the
// listing.
func readBoth(t *testing.T, paths []string, limits Limits) string {
	t.Helper()
	c, err := read(t, paths, Options{Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	report, err := Extract(t.Context(), paths, out, Options{Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, f := range c.Files {
		if f.Hash == "" {
			continue
		}
		want++
		if got, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(f.Path))); err != nil || string(got) != string(contentOf(t, c, f)) {
			t.Errorf("%s: %d bytes extracted, want %d, error %v", f.Path, len(got), f.Size, err)
		}
	}
	if diff := cmp.Diff(fmt.Sprint(want, c.Problems), fmt.Sprint(report.Files, report.Problems)); diff != "" {
		t.Errorf("Extract against Read (-want +got):\n%s", diff)
	}
	noSpools(t, out)
	return listing(c)
}

func TestSplitSets(t *testing.T) {
	long, last := entry{name: "long.log", data: noise(80_000)}, entry{name: "last.log", data: "the last"}
	first := entry{name: "first.log", data: "the first"}
	set := splitSet(7, "set", first, long, last)
	other := splitSet(7, "set", entry{name: "other.log", data: strings.Repeat("another set ", 3000)})
	inner := splitSet(9, "in", entry{name: "deep.log", data: noise(40_000)})
	outer := splitSet(8, "out", entry{name: inner[0].name, data: inner[0].data}, entry{name: inner[1].name, data: inner[1].data})
	const whole = "%[1]s/first.log 9 \"the first\"\n%[1]s/last.log 8 \"the last\"\n%[1]s/long.log 80000\n"
	tests := []struct {
		name   string
		files  []entry
		limits Limits
		want   string
	}{
		{"folder", set, Limits{}, fmt.Sprintf(whole, "case/set1.cab")},
		{"in_zip", []entry{{name: "x.zip", data: string(zipOf(t, zip.Deflate, under("sub", set[2], set[0], set[1])...))}}, Limits{},
			fmt.Sprintf(whole, "case/x.zip/sub/set1.cab")},
		{"renamed", []entry{{name: "c", data: set[0].data}, {name: "b", data: set[1].data}, {name: "a", data: set[2].data}}, Limits{},
			fmt.Sprintf(whole, "case/c")},
		{"middle_missing", []entry{set[0], set[2]}, Limits{}, `case/set1.cab/first.log 9 "the first"
case/set1.cab/last.log 8 "the last"
case/set1.cab/long.log 32759 partial
! damage case/set1.cab: offset 36: cabinet "set2.cab" of the split set is missing
! damage case/set1.cab: offset 109: folder 0 goes on in cabinet "set2.cab" of the split set
! damage case/set1.cab/long.log: 32759 of 80000 bytes read: member ends in cabinet "set2.cab": data in another cabinet of the set
! damage case/set3.cab: offset 108: folder 0 starts in cabinet "set2.cab" of the split set, without which its first 65536 bytes cannot be unpacked
`},
		{"first_missing", set[1:], Limits{}, `case/set2.cab/last.log 8 "the last"
case/set2.cab/long.log 47241 partial
! damage case/set2.cab: offset 36: cabinet "set1.cab" of the split set is missing
! damage case/set2.cab: offset 97: folder 0 starts in cabinet "set1.cab" of the split set, without which its first 32768 bytes cannot be unpacked
! damage case/set2.cab/long.log: 47241 of 80000 bytes read: folder starts in cabinet "set1.cab": data in another cabinet of the set
`},
		{"alone", set[:1], Limits{}, ""},
		{"other_folders", append(under("a", set[0], set[1]), under("b", set[2])...), Limits{}, ""},
		{"zip_and_folder", append([]entry{{name: "x.zip", data: string(zipOf(t, zip.Store, set[1]))}}, set[0], set[2]), Limits{}, ""},
		{"two_sets_of_one_name", append(under("a", set...), under("b", other...)...), Limits{},
			fmt.Sprintf(whole, "case/a/set1.cab") + "case/b/set1.cab/other.log 36000\n"},
		{"copies", append([]entry{{name: "copy of set2.cab", data: set[1].data}}, set...), Limits{}, ""},
		{"set_in_a_set", outer, Limits{}, "case/out1.cab/in1.cab/deep.log 40000\n"},
		{"set_in_a_set_too_deep", outer, Limits{Depth: 1}, ""},
		{"files", set, Limits{Files: 2}, ""},
		{"total", set, Limits{TotalBytes: 100_000}, ""},
		{"without_members", []entry{{name: "set1.cab", data: set[0].data[:36+14]}}, Limits{}, ""},
	}
	var rest strings.Builder
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{}
			for _, f := range under("case", tt.files...) {
				files[f.name] = f.data
			}
			got := readBoth(t, []string{filepath.Join(tree(t, files), "case")}, tt.limits)
			if tt.want == "" {
				fmt.Fprintf(&rest, "== %s\n%s\n", tt.name, got)
			} else if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("listing (-want +got):\n%s", diff)
			}
		})
	}
	checkGolden(t, "sets.golden", rest.String())
}

// TestSplitSetsAsRoots gives the parts one by one, in any order: those of one
// folder are joined, though none of the paths tells the folder.
func TestSplitSetsAsRoots(t *testing.T) {
	files := map[string]string{}
	var paths []string
	for _, dir := range []string{"one", "two"} {
		for _, p := range under(dir, splitSet(7, "set", entry{name: "of " + dir, data: noise(70_000 + len(paths))})...) {
			files[p.name] = p.data
			paths = append(paths, p.name)
		}
	}
	dir := tree(t, files)
	for i := range paths {
		paths[i] = filepath.Join(dir, paths[i])
	}
	const want = "set1#2.cab/of two 70003\nset1.cab/of one 70000\n"
	for range paths {
		paths = append(paths[1:], paths[0])
		if diff := cmp.Diff(want, readBoth(t, paths, Limits{})); diff != "" {
			t.Errorf("paths %q (-want +got):\n%s", paths, diff)
		}
	}
	slices.Reverse(paths)
	if diff := cmp.Diff(want, readBoth(t, paths, Limits{})); diff != "" {
		t.Errorf("reversed (-want +got):\n%s", diff)
	}
}

func TestCabinetsInFiles(t *testing.T) {
	a, b := entry{name: "a.log", data: "text of a"}, entry{name: "setup.exe", data: "text of b"}
	tests := []struct {
		name, data string
		limits     Limits
		want       string
	}{
		{"one", programWith(cabOf(a)), Limits{}, "setup.exe/a.log 9 \"text of a\"\nsetup.exe/setup.exe 392\n"},
		{"two", programWith(cabOf(a), cabOf(entry{name: "b.log", data: "b"})), Limits{},
			"setup.exe/a.log 9 \"text of a\"\nsetup.exe/b.log 1 \"b\"\nsetup.exe/setup.exe 476\n"},
		{"of_its_own_name", programWith(cabOf(b)), Limits{}, "setup.exe/setup#2.exe 396\nsetup.exe/setup.exe 9 \"text of b\"\n" +
			"! remark setup.exe/setup#2.exe: renamed: \"setup.exe\" is taken by another file\n"},
		{"long", programWith(cabOf(a), []byte(noise(2_000_000))), Limits{}, "setup.exe/a.log 9 \"text of a\"\nsetup.exe/setup.exe 2000401\n"},
		{"none", programWith([]byte("MSCF is no cabinet")), Limits{}, "setup.exe 327\n"},
		{"none_long", programWith([]byte(noise(2_000_000))), Limits{}, "setup.exe 2000309\n"},
		{"close_to_the_start", "1234" + string(cabOf(a)), Limits{}, "setup.exe/a.log 9 \"text of a\"\nsetup.exe/setup.exe 87\n"},
		{"text_about_it", strings.Repeat("filler ", 100) + string(cabOf(a)), Limits{}, "setup.exe 783\n"},
		{"cut", programWith(cabOf(a))[:380], Limits{}, `setup.exe/a.log 6 partial "text o"
setup.exe/setup.exe 380
! damage setup.exe: offset 308: cabinet is cut: 80 of 83 bytes are there
! damage setup.exe: offset 380: folder 0: data ends inside block 1 of 1: data cut off
! damage setup.exe/a.log: 6 of 9 bytes read: folder 0: data ends inside block 1 of 1: data cut off
`},
		{"no_room", programWith(cabOf(a, b)), Limits{Files: 1}, "setup.exe 427\n! limit setup.exe: limit of 1 file reached, the rest is not read\n"},
		{"too_deep", string(zipOf(t, zip.Store, entry{name: "x.exe", data: programWith(cabOf(a))})), Limits{Depth: 1},
			"setup.exe/x.exe 392\n! limit setup.exe/x.exe: cabinet in a file not opened: more than 1 archive inside each other\n"},
		{"in_a_program", programWith(cabOf(entry{name: "x.exe", data: programWith(cabOf(a))})), Limits{},
			"setup.exe/setup.exe 775\nsetup.exe/x.exe/a.log 9 \"text of a\"\nsetup.exe/x.exe/x.exe 392\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, map[string]string{"setup.exe": tt.data})
			if diff := cmp.Diff(tt.want, readBoth(t, []string{filepath.Join(dir, "setup.exe")}, tt.limits)); diff != "" {
				t.Errorf("listing (-want +got):\n%s", diff)
			}
		})
	}
}

// TestMemoryOfSets holds that Extract bounds what it holds back, and lets go of
// it.
func TestMemoryOfSets(t *testing.T) {
	files := map[string]string{}
	for _, p := range splitSet(7, "set", entry{name: "a.log", data: noise(90_000)}) {
		files["in/"+p.name] = p.data
	}
	for memory, want := range map[int64]string{
		80_000:  "limit of 80000 bytes for archives unpacked in memory reached",
		120_000: "not unpacked to its end: limit of 120000 bytes for archives unpacked in memory reached",
		200_000: "",
	} {
		dir := tree(t, files)
		r, roots, err := newReader(t.Context(), []string{filepath.Join(dir, "in")}, Options{Limits: Limits{}})
		if err != nil {
			t.Fatal(err)
		}
		target, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer target.Close()
		if err := r.extractTo(openOut(t, target)); err != nil {
			t.Fatal(err)
		}
		r.memory = memory
		r.readRoots(roots)
		var texts []string
		for _, p := range r.problems {
			texts = append(texts, p.Text)
		}
		if (want != "" || len(texts) > 0) && !slices.Contains(texts, want) || r.held != 0 || r.waiting.bytes != 0 || r.waiting.count != 0 {
			t.Errorf("%d bytes: got %q; %d held, %+v waiting", memory, texts, r.held, r.waiting)
		}
	}
}

// openOut makes a folder to write to.
func openOut(t *testing.T, dir *os.Root) *os.Root {
	t.Helper()
	if err := dir.Mkdir("out", 0o700); err != nil {
		t.Fatal(err)
	}
	out, err := dir.OpenRoot("out")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	return out
}

// TestCorpusSets reads real split sets and real files with cabinets inside.
func TestCorpusSets(t *testing.T) {
	shared := os.Getenv("DEBRIEF_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "shared")
	}
	dir := filepath.Join(shared, "corpus", "cab")
	for _, tt := range []struct{ name, glob string }{
		{"split set", "multi_basic_pt*.cab"}, {"plain container", "search_basic.cab"}, {"tricky container", "search_tricky1.cab"},
	} {
		paths, err := filepath.Glob(filepath.Join(dir, tt.glob))
		if err != nil || len(paths) == 0 {
			t.Skip("no such files among the real samples")
		}
		c, err := read(t, paths, Options{})
		if err != nil {
			t.Fatal(err)
		}
		archive, members := filepath.Base(paths[0]), 0
		for _, f := range c.Files {
			if !strings.HasPrefix(f.Path, archive+"/") || f.Partial {
				t.Errorf("%s: %s, partial %v", tt.name, f.Path, f.Partial)
			}
			if f.Path != archive+"/"+archive {
				members++
			}
		}
		if members == 0 || tt.glob[0] == 'm' && len(c.Problems) > 0 {
			t.Errorf("%s: %d members\n%s", tt.name, members, listing(c))
		}
		t.Logf("%s: %d members, %d problems", tt.name, members, len(c.Problems))
	}
}
