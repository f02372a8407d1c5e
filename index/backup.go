package index

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Backup writes the archive as it is now as a tar file: the segments, then the
// journal. The index is left out: it is derived. A writer may work meanwhile.
func (a *Archive) Backup(ctx context.Context, w io.Writer, progress func(done, total int64)) error {
	if err := a.Refresh(); err != nil {
		return fmt.Errorf("backing up: %w", err)
	}
	journal, ends, err := a.snapshot()
	if err != nil {
		return fmt.Errorf("backing up: %w", err)
	}
	var total, done int64
	names := make([]uint32, 0, len(ends))
	for n, end := range ends {
		names = append(names, n)
		total += end
	}
	slices.Sort(names)
	t := tar.NewWriter(w)
	for _, n := range names {
		a.mu.RLock()
		f := a.segs[n]
		a.mu.RUnlock()
		if f == nil {
			return fmt.Errorf("backing up: segment %q: %w", segmentName(n), ErrDamaged)
		}
		r := &countingReader{ctx: ctx, r: io.NewSectionReader(f, 0, ends[n]), step: func(k int) {
			if done += int64(k); progress != nil {
				progress(done, total)
			}
		}}
		if err := putTar(t, segmentsDir+"/"+segmentName(n), ends[n], r); err != nil {
			return fmt.Errorf("backing up: %w", err)
		}
	}
	if err := putTar(t, journalName, int64(len(journal)), strings.NewReader(string(journal))); err != nil {
		return fmt.Errorf("backing up: %w", err)
	}
	return t.Close()
}

// snapshot returns a journal and the ends of the segments it speaks of.
func (a *Archive) snapshot() ([]byte, map[uint32]int64, error) {
	const tries = 5
	for range tries {
		data, err := os.ReadFile(filepath.Join(a.dir, journalName))
		if err != nil {
			return nil, nil, err
		}
		r := &replayed{state: newState()}
		if err := r.replay(data, 0); err != nil {
			return nil, nil, err
		}
		if len(a.openSegments(r.state)) == 0 {
			return data[:r.end], r.state.ends, nil
		}
	}
	return nil, nil, fmt.Errorf("a segment is missing: %w", ErrDamaged)
}

func putTar(t *tar.Writer, name string, size int64, r io.Reader) error {
	if err := t.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, Format: tar.FormatPAX}); err != nil {
		return err
	}
	n, err := io.Copy(t, r)
	if err == nil && n != size {
		err = fmt.Errorf("%q is shorter than was acknowledged: %w", name, ErrDamaged)
	}
	return err
}

type countingReader struct {
	ctx  context.Context
	r    io.Reader
	step func(int)
}

func (c *countingReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(p)
	c.step(n)
	return n, err
}

// Restore makes an archive in a folder, which must not exist or be empty, from
// what Backup wrote. The journal comes last, so that a restore that was cut
// short is no archive. The index is built by the next writer; until then
// searches read all.
func Restore(ctx context.Context, dir string, r io.Reader) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("restoring to %q: %w", dir, err)
		}
	}()
	if list, err := os.ReadDir(dir); err == nil && len(list) > 0 {
		return errors.New("the folder is not empty")
	}
	for _, p := range []string{dir, filepath.Join(dir, segmentsDir), filepath.Join(dir, indexDir)} {
		if err := os.MkdirAll(p, 0o700); err != nil {
			return err
		}
	}
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return errors.New("the backup is not whole: it has no journal")
		}
		if err != nil {
			return fmt.Errorf("reading the backup: %w", err)
		}
		if h.Name == journalName {
			return restoreJournal(dir, t)
		}
		var n uint32
		if _, err := fmt.Sscanf(h.Name, segmentsDir+"/%08d.seg", &n); err != nil || h.Name != segmentsDir+"/"+segmentName(n) {
			return fmt.Errorf("%q belongs to no backup of an archive", h.Name)
		}
		if err := restoreFile(ctx, segmentPath(dir, n), t); err != nil {
			return err
		}
	}
}

func restoreFile(ctx context.Context, path string, r io.Reader) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, &countingReader{ctx: ctx, r: r, step: func(int) {}})
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// maxJournal bounds the journal of a backup: that of some million cases.
const maxJournal = 4 << 30

func restoreJournal(dir string, r io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(r, maxJournal+1))
	if err != nil {
		return fmt.Errorf("reading the backup: %w", err)
	}
	if len(data) > maxJournal {
		return fmt.Errorf("the journal of the backup is larger than %d bytes", maxJournal)
	}
	rep := &replayed{state: newState()}
	if err := rep.replay(data, 0); err != nil {
		return err
	}
	if rep.torn > 0 || len(rep.problems) > 0 {
		return fmt.Errorf("the journal of the backup: %w", ErrDamaged)
	}
	for n, end := range rep.state.ends {
		st, err := os.Stat(segmentPath(dir, n))
		if err != nil || st.Size() < end {
			return fmt.Errorf("segment %q of the backup is not whole: %w", segmentName(n), ErrDamaged)
		}
	}
	d := realDisk{}
	if err := d.syncDir(filepath.Join(dir, segmentsDir)); err != nil {
		return err
	}
	return replaceFile(d, filepath.Join(dir, journalName), data)
}
