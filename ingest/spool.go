package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
)

const (
	// spoolBytes is the longest content that Extract holds in memory.
	spoolBytes = 1 << 20
	// longBytes is the longest content that Read holds in memory. Logs roll over
	// far below; what is longer is read in windows.
	longBytes = 8 << 20
	// keptBytes bounds what Read holds in memory of all files; beyond it only
	// files up to shortBytes stay there. Real collections unpack to 45 MB.
	keptBytes  = 48 << 20
	shortBytes = 16 << 10
	spoolChunk = 256 << 10
)

// spool is content on disk: a file of its own in the scratch folder until it
// gets its name, is kept as a file of the case or is removed, or the root that
// the user gave.
type spool struct {
	f        *os.File
	size     int64
	name     string // in the scratch folder; "" = not ours, and left alone
	r        *reader
	finished bool
}

// spoolFrom is the length from which content goes to disk.
func (r *reader) spoolFrom() int {
	switch {
	case r.target != nil:
		return spoolBytes
	case r.kept > keptBytes:
		return shortBytes
	}
	return longBytes
}

// newSpool makes a spool. That of Extract lies in the target folder because
// that is where the user has room for what the archives hold, and because most
// spools end there by a new name alone.
func (r *reader) newSpool() (*spool, error) {
	for try := 0; ; try++ {
		r.spoolCount++
		root, err := r.scratch.open()
		if err != nil {
			return nil, err
		}
		name := ".debrief-" + strconv.Itoa(os.Getpid()) + "-" + strconv.Itoa(r.spoolCount)
		f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) && try < 1000 {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("keeping the data: %w", err)
		}
		s := &spool{f: f, name: name, r: r}
		r.spools[s] = true
		return s, nil
	}
}

func (s *spool) len() int64 {
	if s == nil {
		return 0
	}
	return s.size
}

func (s *spool) write(b []byte) error {
	n, err := s.f.Write(b)
	s.size += int64(n)
	if err != nil {
		return fmt.Errorf("keeping the data: %w", err)
	}
	return nil
}

// remove ends the spool. What was given a name stays, as does a file of the
// user's.
func (s *spool) remove() {
	if s == nil || s.name == "" || s.finished {
		return
	}
	s.finished = true
	delete(s.r.spools, s)
	s.f.Close()
	s.r.scratch.root.Remove(s.name)
}

// keep ends the writing and leaves the spool in the scratch folder.
func (s *spool) keep() error {
	s.finished = true
	delete(s.r.spools, s)
	if err := s.f.Close(); err != nil {
		return fmt.Errorf("keeping the data: %w", err)
	}
	return nil
}

// rename makes the spool the file of that name, which must not exist.
func (s *spool) rename(name string) error {
	reserved, err := s.r.target.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if err := errors.Join(reserved.Close(), s.f.Close(), s.r.target.Rename(s.name, name)); err != nil {
		s.r.target.Remove(name)
		return err
	}
	s.finished = true
	delete(s.r.spools, s)
	return nil
}

// source gives the content, in memory or on disk, to a decoder.
func source(data []byte, disk *spool) *io.SectionReader {
	if disk != nil {
		return io.NewSectionReader(disk.f, 0, disk.size)
	}
	return io.NewSectionReader(bytes.NewReader(data), 0, int64(len(data)))
}
