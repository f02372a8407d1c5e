package cab

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDamagedBlockKeepsWhatIsBefore spoils the second of three blocks of the
// methods that cannot go on behind one.
func TestDamagedBlockKeepsWhatIsBefore(t *testing.T) {
	files := []testFile{
		{name: "first.log", data: mixedText(frameSize-100, 1)},
		{name: "over.log", data: mixedText(200, 2)},
		{name: "second.log", data: mixedText(frameSize, 3)},
		{name: "third.log", data: mixedText(20_000, 4)},
	}
	for _, method := range []Method{LZX, Quantum} {
		t.Run(method.String(), func(t *testing.T) {
			f := testFolder{method: method, window: 16, files: files}
			whole := testCab{folders: []testFolder{f, {method: Stored, files: []testFile{small}}}}.write(t)
			c, err := Open(whole)
			if err != nil {
				t.Fatal(err)
			}
			ch := newWalker([]Part{{Cabinet: c}}, nil, nil).chain(&run{pieces: []piece{{0, c, 0}}}, 1<<40)
			at := ch.blocks[1].at
			data := bytes.Clone(whole)
			for i := range data[at+blockHead : at+blockHead+60] {
				data[at+blockHead+i] = 0xFF
			}
			if c, err = Open(data); err != nil {
				t.Fatal(err)
			}
			got := map[string]bool{}
			problems, err := c.Walk(nil, func(m Member, data []byte, reason error) error {
				got[m.Name] = reason == nil
				if reason != nil && !errors.Is(reason, ErrDamaged) && !errors.Is(reason, ErrTruncated) {
					t.Errorf("%s: reason %v", m.Name, reason)
				}
				if m.Name == "over.log" && !bytes.HasPrefix(data, files[1].data[:100]) {
					t.Errorf("%s lacks what is in the sound block", m.Name)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]bool{"first.log": true, "over.log": false, "second.log": false, "third.log": false, "small.log": true}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("whole members (-want +got):\n%s", diff)
			}
			if len(problems) == 0 || !problems[0].Kind.Lost() || problems[0].Pos.Offset != int64(at) {
				t.Errorf("problems %v, want the first at %d", problems, at)
			}
		})
	}
}

// TestDamageSparesOtherFolders has folders with a bad last block before a sound
// one: looking for good blocks must not use up what the others may read.
func TestDamageSparesOtherFolders(t *testing.T) {
	var c testCab
	for i := range 5 {
		f := testFolder{method: MSZIP, files: []testFile{{name: "a.log", data: mixedText(70_000, uint32(i))}}}
		f.blocks = packBlocks(t, f)
		f.blocks[2].payload[0] = 'X'
		c.folders = append(c.folders, f)
	}
	c.folders = append(c.folders, testFolder{method: MSZIP, files: []testFile{last}})
	got := contents(t, c.write(t))
	if !bytes.Equal(got[last.name], last.data) || len(got["a.log"]) != 2*frameSize {
		t.Errorf("got %d and %d bytes", len(got[last.name]), len(got["a.log"]))
	}
}

// TestEntriesThatComeTwice has one cabinet with two equal entries that go through
// it: only an entry of another cabinet is the same member.
func TestEntriesThatComeTwice(t *testing.T) {
	through := testFile{name: "a.log", data: []byte("abc"), folder: folderBoth}
	data := testCab{folders: []testFolder{{method: Stored, files: []testFile{through}}, {method: Stored, files: []testFile{through}}},
		previous: []string{"p.cab", ""}, next: []string{"n.cab", ""}}.write(t)
	const want = `a.log 0/3 (folder starts in cabinet "p.cab": data in another cabinet of the set)
a.log 0/3 (folder starts in cabinet "p.cab": data in another cabinet of the set)
! damage at 110: folder 0 starts in cabinet "p.cab" of the split set, without which it cannot be unpacked
`
	if diff := cmp.Diff(want, listing(t, data)); diff != "" {
		t.Errorf("listing (-want +got):\n%s", diff)
	}
}
