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
	spoolChunk = 256 << 10
)

// spool is content on disk: a file of its own in the target folder of Extract
// until it gets its name or is removed, or the root that the user gave.
type spool struct {
	f        *os.File
	size     int64
	name     string // in the target folder; "" = not ours, and left alone
	r        *reader
	finished bool
}

// newSpool makes a spool. It lies in the target folder because that is where
// the user has room for what the archives hold, and because most spools end
// there by a new name alone.
func (r *reader) newSpool() (*spool, error) {
	for try := 0; ; try++ {
		r.spoolCount++
		name := ".debrief-" + strconv.Itoa(os.Getpid()) + "-" + strconv.Itoa(r.spoolCount)
		f, err := r.target.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
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
	s.r.target.Remove(s.name)
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
