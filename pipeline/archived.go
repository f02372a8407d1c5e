package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"debrief/event"
	"debrief/index"
	"debrief/ingest"
)

// Archived is what an archive knows of the files of a case beside their
// content: given as Options.Archived, the files that Export wrote are read as
// the bundle was.
type Archived struct {
	dates    map[string]time.Time // of files, as their container stated them
	lost     []ingest.File        // files without a content
	problems []event.Problem      // that ingest had with the bundle
}

// NewArchived looks up what the archive knows of the files of a case.
func NewArchived(r index.Reader, id index.CaseID) (*Archived, error) {
	files, err := r.Files(id)
	if err != nil {
		return nil, err
	}
	coverage, err := r.Coverage(id)
	if err != nil {
		return nil, err
	}
	a := &Archived{dates: make(map[string]time.Time, len(coverage))}
	for i := range coverage {
		a.dates[coverage[i].File] = coverage[i].ModTime
	}
	for _, f := range files {
		if !f.Stored {
			a.lost = append(a.lost, ingest.File{Path: f.Path, Size: f.Size, Partial: true, ModTime: a.dates[f.Path]})
		}
	}
	list, err := r.Blob(id, problemsBlob)
	switch {
	case errors.Is(err, index.ErrNotFound):
		// There were none, or an early debrief did not keep them: what it said
		// of archives as a whole is in the coverage.
		for i := range coverage {
			if coverage[i].Parser == event.ArchiveParser {
				a.problems = append(a.problems, coverage[i].Problems...)
			}
		}
	case err != nil:
		return nil, err
	default:
		if err := json.Unmarshal(list, &a.problems); err != nil {
			return nil, fmt.Errorf("reading the problems of case %q: %w", id, err)
		}
	}
	return a, nil
}

// restore puts back into what was read from the files what they do not say.
func (a *Archived) restore(got *ingest.Case) {
	if a == nil {
		return
	}
	read := make(map[string]bool, len(got.Files))
	for i := range got.Files {
		f := &got.Files[i]
		f.ModTime = a.dates[f.Path]
		read[f.Path] = true
	}
	for _, f := range a.lost {
		if !read[f.Path] {
			got.Files = append(got.Files, f)
		}
	}
	slices.SortFunc(got.Files, func(f, g ingest.File) int { return strings.Compare(f.Path, g.Path) })
	told := make(map[event.Problem]bool, len(got.Problems))
	for _, p := range got.Problems {
		told[p] = true
	}
	for _, p := range a.problems {
		if !told[p] {
			told[p] = true
			got.Problems = append(got.Problems, p)
		}
	}
	slices.SortStableFunc(got.Problems, func(p, q event.Problem) int { return p.Pos.Compare(q.Pos) })
}

// Export writes the stored files of a case into a folder, archives as folders.
// No name leads out of it. missed is told of each file that could not be
// written, err nil = its content was lost before it was archived; step of the
// progress in bytes. It returns how many were written.
func Export(ctx context.Context, r index.Reader, id index.CaseID, dir string, missed func(path string, err error), step func(done, total int64)) (written int, err error) {
	files, err := r.Files(id)
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	var done, total int64
	for _, f := range files {
		total += f.Size
	}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return written, err
		}
		if !f.Stored {
			missed(f.Path, nil)
			continue
		}
		if err := exportFile(r, root, f); err != nil {
			missed(f.Path, err)
			continue
		}
		written++
		done += f.Size
		step(done, total)
	}
	return written, nil
}

func exportFile(r index.Reader, root *os.Root, f index.StoredFile) error {
	c, err := r.Content(f.Hash)
	if err != nil {
		return err
	}
	name := filepath.FromSlash(f.Path)
	if dir := filepath.Dir(name); dir != "." {
		if err := root.MkdirAll(dir, 0o755); err != nil {
			return errors.Join(err, c.Close())
		}
	}
	to, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return errors.Join(err, c.Close())
	}
	_, err = io.Copy(to, c)
	return errors.Join(err, to.Close(), c.Close())
}

// Unpacked is a case of an archive as files again, in a temporary folder that
// Remove takes away.
type Unpacked struct {
	Paths    []string
	Archived *Archived
	dir      string
}

// Unpack is Export into a temporary folder.
func Unpack(ctx context.Context, r index.Reader, id index.CaseID, missed func(path string, err error), step func(done, total int64)) (u *Unpacked, err error) {
	u = &Unpacked{}
	if u.Archived, err = NewArchived(r, id); err != nil {
		return nil, err
	}
	if u.dir, err = os.MkdirTemp("", "debrief-case-"); err != nil {
		return nil, err
	}
	_, err = Export(ctx, r, id, u.dir, missed, step)
	var list []os.DirEntry
	if err == nil {
		list, err = os.ReadDir(u.dir)
	}
	if err != nil {
		return nil, errors.Join(err, u.Remove())
	}
	for _, e := range list {
		u.Paths = append(u.Paths, filepath.Join(u.dir, e.Name()))
	}
	return u, nil
}

// Remove takes the files away.
func (u *Unpacked) Remove() error { return os.RemoveAll(u.dir) }

// ReadArchived reads a case of an archive anew from its stored files, by the
// parsers of today. The case keeps its content and is closed by the caller.
func ReadArchived(ctx context.Context, r index.Reader, id index.CaseID, opts Options) (c *Case, err error) {
	kept, err := r.Case(id)
	if err != nil {
		return nil, err
	}
	var bad error
	missed := func(path string, err error) {
		if err != nil {
			bad = errors.Join(bad, fmt.Errorf("writing %q: %w", path, err))
		}
	}
	u, err := Unpack(ctx, r, id, missed, func(int64, int64) {})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, u.Remove()) }()
	if bad != nil {
		return nil, bad
	}
	if len(u.Paths) == 0 {
		return nil, fmt.Errorf("no file of case %q is stored: %w", id, index.ErrNotFound)
	}
	opts.Archived, opts.Keep = u.Archived, true
	if c, err = Read(ctx, u.Paths, opts); err != nil {
		return nil, err
	}
	c.Roots = slices.Clone(kept.Roots)
	return c, nil
}
