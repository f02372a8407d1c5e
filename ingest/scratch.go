package ingest

import (
	"errors"
	"fmt"
	"os"
)

// scratch is where content goes that is too long to be held in memory: a folder
// of the run's own, made when it is needed, or the target folder of Extract.
type scratch struct {
	parent string   // where to make it; empty = the system's folder for temporary files
	root   *os.Root // nil = not made yet
	dir    string   // empty = not ours
}

// open returns the folder.
func (s *scratch) open() (*os.Root, error) {
	if s.root != nil {
		return s.root, nil
	}
	dir, err := os.MkdirTemp(s.parent, "debrief-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for temporary files: %w", withoutPath(err))
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the folder for temporary files: %w", err), os.Remove(dir))
	}
	s.dir, s.root = dir, root
	return root, nil
}

// remove removes the folder with all that is in it, if it was made.
func (s *scratch) remove() error {
	if s.dir == "" {
		return nil
	}
	if err := errors.Join(s.root.Close(), os.RemoveAll(s.dir)); err != nil {
		return fmt.Errorf("removing temporary files: %w", err)
	}
	s.dir = ""
	return nil
}
