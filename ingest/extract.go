package ingest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"time"

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
func Extract(ctx context.Context, paths []string, dir string, opts Options) (Report, error) {
	c, err := Read(ctx, paths, opts)
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
	report := Report{Problems: c.Problems}
	for _, f := range c.Files {
		if err := ctx.Err(); err != nil {
			return report, err
		}
		if f.Hash == "" {
			continue // lost; an empty file would look like evidence
		}
		content := c.Content(f)
		if err := writeFile(target, f.Path, content, f.ModTime); err != nil {
			report.Problems = append(report.Problems, event.Problem{Pos: event.Pos{File: f.Path}, Kind: event.Unreadable, Text: fmt.Sprintf("not written: %v", err)})
			continue
		}
		report.Files++
		report.Bytes += int64(len(content))
	}
	slices.SortStableFunc(report.Problems, func(a, b event.Problem) int { return a.Pos.Compare(b.Pos) })
	return report, nil
}

// writeFile writes a new file and gives it its date.
func writeFile(target *os.Root, name string, data []byte, modTime time.Time) error {
	if err := target.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := target.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil || modTime.IsZero() {
		return err
	}
	return target.Chtimes(name, modTime, modTime)
}
