package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"

	"debrief/event"
)

// Report says what Extract wrote.
type Report struct {
	Files    int // written, copies included
	Bytes    int64
	Problems []event.Problem // of reading and of writing, in order of their files
}

// Extract reads all that is under paths as Read does and writes the files below
// dir, which is made where it is missing. Archives become folders. Nothing is
// written outside dir, whatever links stand in it, and nothing that exists is
// overwritten. The error is that of Read, or of dir itself; a file that cannot
// be written is a Problem. Files of which no byte could be read are left out.
//
// Files are written as they are read. Of a long one, and of a long archive
// inside an archive, little is in memory at a time where the format allows it
// (ZIP, tar, gzip, xz, zstd, bzip2, 7z, RAR, mail; not CAB): it grows in a file
// of dir whose name begins with ".debrief-", which is gone when Extract ends.
func Extract(ctx context.Context, paths []string, dir string, opts Options) (Report, error) {
	r, roots, err := newReader(ctx, paths, opts)
	if err != nil {
		return Report{}, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Report{}, fmt.Errorf("making the target folder: %w", err)
	}
	target, err := os.OpenRoot(dir)
	if err != nil {
		return Report{}, fmt.Errorf("opening the target folder: %w", err)
	}
	defer target.Close()
	if err := r.extractTo(target); err != nil {
		return Report{}, err
	}
	defer r.removeSpools()
	r.readRoots(roots)
	return Report{Files: r.written.files, Bytes: r.written.bytes, Problems: r.sortedProblems()}, ctx.Err()
}

// extractTo makes the reader write files instead of keeping them.
func (r *reader) extractTo(target *os.Root) error {
	info, err := target.Stat(".")
	if err != nil {
		return fmt.Errorf("opening the target folder: %w", err)
	}
	r.target, r.targetInfo = target, info
	r.scratch = &scratch{root: target}
	return nil
}

// removeSpools removes what an interrupted run leaves.
func (r *reader) removeSpools() {
	for s := range r.spools {
		s.remove()
	}
}

// write puts a file into the target folder.
func (r *reader) write(it item) {
	size := it.size()
	if it.partial && size == 0 {
		return // lost; an empty file would look like evidence
	}
	if err := r.writeFile(it); err != nil {
		r.problem(it.path, event.Problem{Pos: event.Pos{File: it.path}, Kind: event.Unreadable, Text: fmt.Sprintf("not written: %v", withoutPath(err))})
		return
	}
	r.written.files++
	r.written.bytes += size
}

// writeFile writes a new file and gives it its date.
func (r *reader) writeFile(it item) error {
	if err := r.target.MkdirAll(path.Dir(it.path), 0o755); err != nil {
		return err
	}
	if it.disk != nil && it.disk.name != "" {
		if err := it.disk.rename(it.path); err != nil {
			return err
		}
	} else if err := r.copyFile(it); err != nil {
		return err
	}
	if it.modTime.IsZero() {
		return nil
	}
	return r.target.Chtimes(it.path, it.modTime, it.modTime)
}

func (r *reader) copyFile(it item) error {
	f, err := r.target.OpenFile(it.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if it.disk == nil {
		_, err = f.Write(it.data)
	} else {
		_, err = io.Copy(f, source(nil, it.disk))
	}
	return errors.Join(err, f.Close())
}
