package index

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// faultyDisk is the real disk until its time has come. It knows which bytes
// were synced, so that a power cut can take the others.
type faultyDisk struct {
	realDisk
	mu     sync.Mutex
	ops    int  // writes, syncs, renames, truncations so far
	failAt int  // the operation that fails; 0 = none
	once   bool // only that one fails (a full disk), else all from it on (a dead process)
	synced map[string]int64
}

var errDead = errors.New("the process is dead")

// step counts an operation and says whether it fails.
func (d *faultyDisk) step() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ops++
	switch {
	case d.failAt == 0 || d.ops < d.failAt:
		return nil
	case d.once && d.ops == d.failAt:
		return syscall.ENOSPC
	case d.once:
		return nil
	}
	return errDead
}

type faultyFile struct {
	diskFile
	d    *faultyDisk
	path string
}

func (d *faultyDisk) open(path string) (diskFile, error) {
	f, err := d.realDisk.open(path)
	if err != nil {
		return nil, err
	}
	size, _ := f.Size()
	d.mu.Lock()
	if _, known := d.synced[path]; !known {
		d.synced[path] = size
	}
	d.mu.Unlock()
	return &faultyFile{f, d, path}, nil
}

func (f *faultyFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.d.step(); err != nil {
		n, _ := f.diskFile.WriteAt(p[:len(p)/2], off) // torn
		return n, err
	}
	return f.diskFile.WriteAt(p, off)
}

func (f *faultyFile) Truncate(size int64) error {
	if err := f.d.step(); err != nil {
		return err
	}
	f.d.mu.Lock()
	f.d.synced[f.path] = min(f.d.synced[f.path], size)
	f.d.mu.Unlock()
	return f.diskFile.Truncate(size)
}

func (f *faultyFile) Sync() error {
	if err := f.d.step(); err != nil {
		return err
	}
	size, err := f.Size()
	if err != nil {
		return err
	}
	f.d.mu.Lock()
	f.d.synced[f.path] = size
	f.d.mu.Unlock()
	return nil // the test's power cut is the one that counts
}

func (d *faultyDisk) rename(from, to string) error {
	if err := d.step(); err != nil {
		return err
	}
	d.mu.Lock()
	d.synced[to] = d.synced[from]
	delete(d.synced, from)
	d.mu.Unlock()
	return d.realDisk.rename(from, to)
}

func (d *faultyDisk) remove(path string) error {
	if err := d.step(); err != nil {
		return err
	}
	return d.realDisk.remove(path)
}

// powerCut takes the bytes that were not synced, or a part of them, or leaves
// garbage in their place.
func (d *faultyDisk) powerCut(t *testing.T, r *rand.Rand) {
	for path, synced := range d.synced {
		st, err := os.Stat(path)
		if err != nil || st.Size() <= synced {
			continue
		}
		keep := synced + r.Int64N(st.Size()-synced+1)
		if err := os.Truncate(path, keep); err != nil {
			t.Fatal(err)
		}
		if r.IntN(2) == 0 {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			for at := synced; at < keep; at++ {
				_, _ = f.WriteAt([]byte{byte(r.Uint32())}, at)
				at += r.Int64N(64)
			}
			_ = f.Close()
		}
	}
}

// abandon lets go of a writer as a dead process does.
func (w *DiskWriter) abandon() {
	w.idx.wait()
	w.closed = true
	_ = w.app.close()
	_ = w.store.close()
	_ = w.lock.Unlock()
}

// job is a sequence of changes; it tells what was acknowledged.
type job struct {
	m    *made
	subs []*Submission
}

func newJob() *job {
	j := &job{m: newMade(11)}
	for i := range 4 {
		j.subs = append(j.subs, j.m.submission(fmt.Sprintf("b%d.zip", i), 60+40*i))
	}
	return j
}

// acked is what the archive promised.
type acked struct {
	cases   map[CaseID]string // tag that the case must have
	removed map[CaseID]bool
	pending CaseID // the case of a change that was under way
}

// run makes the changes until one fails. With retry a failed change is tried
// once more, as after a full disk.
func (j *job) run(w *DiskWriter, retry bool) (acked, error) {
	a := acked{map[CaseID]string{}, map[CaseID]bool{}, ""}
	try := func(id CaseID, do func() error) error {
		a.pending = id
		err := do()
		if err != nil && retry && !errors.Is(err, ErrBroken) {
			err = do()
		}
		return err
	}
	for i, s := range j.subs {
		id := caseID(s.Files)
		if err := try(id, func() error { _, _, err := w.Add(context.Background(), s); return err }); err != nil {
			return a, err
		}
		a.cases[id] = ""
		if err := try(id, func() error { return w.Annotate(id, Annotation{AddTags: []string{"seen"}}) }); err != nil {
			return a, err
		}
		a.cases[id] = "seen"
		if i == 1 {
			first := caseID(j.subs[0].Files)
			delete(a.cases, first) // from here on either is right
			if err := try(first, func() error { return w.Remove(first) }); err != nil {
				return a, err
			}
			a.removed[first] = true
		}
		if i == 2 {
			if err := try("", func() error { return w.Compact(context.Background(), nil) }); err != nil {
				return a, err
			}
		}
		if err := try(id, func() error { return w.PutBlob(id, "x", []byte(s.Name)) }); err != nil {
			return a, err
		}
	}
	a.pending = ""
	return a, nil
}

// check opens the archive as the next process does: it must hold all that was
// acknowledged, whole, and take new cases.
func (j *job) check(t *testing.T, dir string, a acked) {
	t.Helper()
	w, err := OpenWriter(dir, Options{Workers: 1})
	if err != nil {
		t.Fatalf("opening afterwards: %v", err)
	}
	defer w.Close()
	r := w.View()
	for i, s := range j.subs {
		id := caseID(s.Files)
		tag, want := a.cases[id]
		c, err := r.Case(id)
		switch {
		case want && err != nil:
			t.Fatalf("acknowledged case %d is gone: %v", i, err)
		case a.removed[id] && err == nil:
			t.Fatalf("removed case %d is back", i)
		case want:
			checkCase(t, r, id, s)
			if tag != "" && (len(c.Tags) != 1 || c.Tags[0] != tag) {
				t.Fatalf("case %d has the tags %v", i, c.Tags)
			}
		case err == nil && id != a.pending:
			t.Fatalf("case %d was never acknowledged", i)
		}
	}
	v, err := r.(*Archive).Verify(t.Context(), nil)
	if err != nil || len(v.Problems) > 0 {
		t.Fatalf("verify: %v, %v", v.Problems, err)
	}
	if _, added, err := w.Add(t.Context(), newMade(77).submission("next.zip", 5)); err != nil || !added {
		t.Fatalf("adding afterwards: %v", err)
	}
}

// TestEveryMomentOfDeath lets the process die, the power fail, or the disk be
// full at each operation of a job.
func TestEveryMomentOfDeath(t *testing.T) {
	j := newJob()
	for _, kind := range []string{"killed", "power cut", "full disk"} {
		t.Run(kind, func(t *testing.T) {
			moments := 0
			for at := 1; ; at++ {
				dir := filepath.Join(t.TempDir(), "a")
				d := &faultyDisk{synced: map[string]int64{}, once: kind == "full disk"}
				if err := createOn(d, dir); err != nil {
					t.Fatal(err)
				}
				d.ops, d.failAt = 0, at
				a, reached := j.die(t, d, dir, kind)
				j.check(t, dir, a)
				if err := os.RemoveAll(dir); err != nil {
					t.Fatal(err)
				}
				if !reached {
					break
				}
				moments++
			}
			if moments < 30 {
				t.Errorf("only %d moments: the faults do not reach the writer", moments)
			}
		})
	}
}

func (j *job) die(t *testing.T, d *faultyDisk, dir, kind string) (a acked, reached bool) {
	w, err := openWriterOn(d, dir, Options{Workers: 1})
	if err != nil {
		return acked{}, true
	}
	w.app.maxSeg = 20_000 // several segments
	a, err = j.run(w, d.once)
	if err == nil && d.once {
		return a, w.Close() != nil || d.ops >= d.failAt
	}
	w.abandon()
	if kind == "power cut" {
		d.powerCut(t, rand.New(rand.NewPCG(uint64(d.failAt), 1)))
	}
	return a, err != nil
}

// TestTornJournal cuts the journal at every byte of its last records, and
// flips bytes: the cases before stay.
func TestTornJournal(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	m := newMade(4)
	if err := Create(dir, Options{}); err != nil {
		t.Fatal(err)
	}
	w, err := OpenWriter(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	first, _, err := w.Add(t.Context(), m.submission("one.zip", 40))
	if err != nil {
		t.Fatal(err)
	}
	whole := w.app.end
	if _, _, err := w.Add(t.Context(), m.submission("two.zip", 40)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	journal := filepath.Join(dir, journalName)
	data, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	try := func(data []byte, wantDamage bool) {
		t.Helper()
		if err := os.WriteFile(journal, data, 0o600); err != nil {
			t.Fatal(err)
		}
		a, err := OpenReader(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		if _, err := a.Case(first); (err == nil) == wantDamage {
			t.Fatalf("case one: %v", err)
		}
		if wantDamage && len(a.Problems()) == 0 {
			t.Fatal("damage in the middle is not reported")
		}
	}
	for cut := whole; cut <= int64(len(data)); cut += 7 {
		try(data[:cut], false)
	}
	broken := append([]byte(nil), data...)
	broken[whole-20] ^= 0xff // inside the record of case one; that of two follows
	try(broken, true)
}

// TestDamagedSegment flips bytes all over a segment: verify names what is
// lost, the rest opens, nothing panics.
func TestDamagedSegment(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	m := newMade(5)
	if err := Create(dir, Options{}); err != nil {
		t.Fatal(err)
	}
	w, err := OpenWriter(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if _, _, err := w.Add(t.Context(), m.submission(fmt.Sprint(i), 50)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := segmentPath(dir, 1)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	q, _ := ParseQuery("level:>=info", now0)
	for at := 3; at < len(data); at += 1 + len(data)/60 {
		bad := append([]byte(nil), data...)
		bad[at] ^= 0x55
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		a, err := OpenReader(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		v, err := a.Verify(t.Context(), nil)
		if err != nil || !v.Lost() {
			t.Fatalf("byte %d: verify found nothing (%v)", at, err)
		}
		if len(a.Cases(CaseFilter{})) != 3 {
			t.Fatalf("byte %d: cases are gone", at)
		}
		if _, err := a.Search(t.Context(), q, SearchOptions{Count: true}); err != nil {
			t.Fatal(err)
		}
		_ = a.Close()
	}
}

// TestDamagedIndex damages a part of the index: searches still answer rightly,
// and the next writer builds it anew.
func TestDamagedIndex(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	if err := Create(dir, Options{}); err != nil {
		t.Fatal(err)
	}
	w, err := OpenWriter(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Add(t.Context(), newMade(6).submission("x", 500)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	parts, _ := filepath.Glob(filepath.Join(dir, indexDir, "*"+partExt))
	if len(parts) != 1 {
		t.Fatalf("parts: %v", parts)
	}
	data, err := os.ReadFile(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	q, _ := ParseQuery("code:* level:>=verbose", now0)
	for _, bad := range [][]byte{data[:len(data)/2], {}, append(make([]byte, len(data)-8), data[len(data)-8:]...)} {
		if err := os.WriteFile(parts[0], bad, 0o600); err != nil {
			t.Fatal(err)
		}
		a, err := OpenReader(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		res, err := a.Search(t.Context(), q, SearchOptions{Count: true})
		if err != nil || res.Total == 0 {
			t.Errorf("search with a damaged index: %+v, %v", res, err)
		}
		_ = a.Close()
	}
	if w, err = OpenWriter(dir, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := w.Compact(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if st := w.View().Stats(); st.Unindexed != 0 || st.Parts != 1 {
		t.Errorf("after compact: %+v", st)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestLock tells a second writer who the first is.
func TestLock(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	if err := Create(dir, Options{}); err != nil {
		t.Fatal(err)
	}
	w, err := OpenWriter(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenWriter(dir, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("second writer: %v", err)
	}
	r, err := OpenReader(dir, Options{}) // beside the writer
	if err != nil {
		t.Fatal(err)
	}
	id, _, err := w.Add(t.Context(), newMade(8).submission("x", 10))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Refresh(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Events(id); err != nil {
		t.Errorf("a reader beside the writer: %v", err)
	}
	if err := errors.Join(w.Compact(t.Context(), nil), w.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Events(id); err != nil {
		t.Errorf("after a compaction, before Refresh: %v", err)
	}
	if err := r.Refresh(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Events(id); err != nil {
		t.Errorf("after a compaction: %v", err)
	}
	_ = r.Close()
	if _, err := OpenReader(t.TempDir(), Options{}); !errors.Is(err, ErrNotArchive) {
		t.Errorf("an empty folder: %v", err)
	}
	if err := Create(dir, Options{}); err == nil {
		t.Error("made an archive where one is")
	}
}
