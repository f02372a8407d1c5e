package ingest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"debrief/event"
)

// root is one path that the user gave.
type root struct {
	abs  string
	name string // first element of the paths under it
}

// nameRoots makes paths absolute, sorts them and gives each a name. All that
// follows depends on the sorted list alone.
func (r *reader) nameRoots(paths []string) []root {
	var list []root
	for _, p := range paths {
		abs, err := filepath.Abs(p)
		if err != nil {
			r.problem(p, event.Problem{Pos: event.Pos{File: p}, Kind: event.Unreadable, Text: fmt.Sprintf("making the path absolute: %v", err)})
			continue
		}
		list = append(list, root{abs: abs})
	}
	slices.SortFunc(list, func(a, b root) int { return strings.Compare(a.abs, b.abs) })
	list = slices.CompactFunc(list, func(a, b root) bool { return a.abs == b.abs })
	for i := range list {
		base := filepath.Base(list[i].abs)
		if base == string(filepath.Separator) || base == "." {
			base = "root"
		}
		name, _ := cleanName(base, r.limits.NameBytes)
		list[i].name = r.names.take(name)
	}
	return list
}

// readRoots reads all roots, and then the split sets of cabinets met in them.
func (r *reader) readRoots(roots []root) {
	for _, root := range roots {
		r.readRoot(root)
	}
	r.joinParts()
}

// readRoot reads one root. A link that the user names is followed.
func (r *reader) readRoot(root root) {
	info, err := os.Stat(root.abs)
	switch {
	case err != nil:
		r.unreadable(root.name, root.name, err)
	case info.IsDir():
		r.names.open(root.name)
		r.readFolder(root)
	case !info.Mode().IsRegular():
		r.problem(root.name, event.Problem{Pos: event.Pos{File: root.name}, Kind: event.Unreadable, Text: "neither a file nor a folder"})
	default:
		f, err := os.Open(root.abs)
		if err != nil {
			r.lose(root.name, root.name, info, err)
			return
		}
		defer f.Close()
		r.readFile(root.name, root.name, f, info)
	}
}

// unreadable notes that path cannot be read. The text of a *fs.PathError
// without its path is used: the path of the case is in the position, and that
// of the machine is nobody's business.
func (r *reader) unreadable(group, path string, err error) {
	r.problem(group, event.Problem{Pos: event.Pos{File: path}, Kind: event.Unreadable, Text: withoutPath(err).Error()})
}

func withoutPath(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return fmt.Errorf("%s: %w", pe.Op, pe.Err)
	}
	return err
}

// lose keeps the name of a file of which nothing can be read.
func (r *reader) lose(group, path string, info fs.FileInfo, err error) {
	r.unreadable(group, path, err)
	it := item{path: path, partial: true}
	if info != nil {
		it.modTime = info.ModTime().UTC()
	}
	r.add(it)
}

// readFolder reads all regular files under a folder. os.Root holds every
// opening inside it, also against links that appear while it is read.
func (r *reader) readFolder(root root) {
	dir, err := os.OpenRoot(root.abs)
	if err != nil {
		r.unreadable(root.name, root.name, err)
		return
	}
	defer dir.Close()
	err = fs.WalkDir(dir.FS(), ".", func(rel string, d fs.DirEntry, err error) error {
		if r.ctx.Err() != nil {
			return fs.SkipAll
		}
		path := root.name
		if rel != "." {
			name, _ := cleanName(rel, r.limits.NameBytes)
			path += "/" + name
		}
		switch {
		case err != nil:
			r.unreadable(root.name, path, err)
			return nil
		case d.IsDir():
			return r.enter(root, rel, path, d)
		case r.full(root.name):
			return fs.SkipAll
		case d.Type()&fs.ModeSymlink != 0:
			r.noteLink(root.name, path, dir, rel)
			return nil
		case !d.Type().IsRegular():
			r.problem(root.name, event.Problem{Pos: event.Pos{File: path}, Kind: event.Remark, Text: "not a regular file, not read"})
			return nil
		}
		r.readEntry(root, dir, rel)
		return nil
	})
	if err != nil {
		r.unreadable(root.name, root.name, err)
	}
}

// enter reports whether the walk goes into a folder: not into the one that
// Extract writes to, unless the user names it.
func (r *reader) enter(root root, rel, path string, d fs.DirEntry) error {
	if r.target == nil || rel == "." {
		return nil
	}
	info, err := d.Info()
	if err != nil || !os.SameFile(info, r.targetInfo) {
		return nil
	}
	r.problem(root.name, event.Problem{Pos: event.Pos{File: path}, Kind: event.Remark, Text: "folder that is written to, not read"})
	return fs.SkipDir
}

// readEntry reads the regular file at rel of a folder.
func (r *reader) readEntry(root root, dir *os.Root, rel string) {
	path := r.claim(root.name, root.name, rel)
	f, err := dir.Open(rel)
	if err != nil {
		r.lose(root.name, path, nil, err)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("is no longer a regular file")
	}
	if err != nil {
		r.lose(root.name, path, nil, err)
		return
	}
	r.readFile(root.name, path, f, info)
}

// noteLink says that a link in a folder is not followed. Inside the folder its
// target is read in its own place.
func (r *reader) noteLink(group, path string, dir *os.Root, rel string) {
	p := event.Problem{Pos: event.Pos{File: path}, Kind: event.Remark, Text: "link not followed: its target inside the folder is read in its own place"}
	if _, err := dir.Stat(rel); err != nil {
		p.Kind, p.Text = event.Unreadable, "link not followed: it leads out of the folder or nowhere"
	}
	r.problem(group, p)
}

// readFile reads an open file of the disk and places it.
func (r *reader) readFile(group, path string, f *os.File, info fs.FileInfo) {
	onDisk := &spool{f: f, size: info.Size()}
	limit, kind := r.limits.FileBytes, r.formatOf(nil, onDisk)
	if kind != notArchive {
		limit = r.limits.TotalBytes
	}
	it := item{path: path, modTime: info.ModTime().UTC(), group: group, folder: filepath.Dir(f.Name())}
	if kind != notArchive { // it can be read where it is
		if err := r.charge(nil, onDisk.size); err != nil {
			r.problem(group, r.readProblem(path, err))
			return
		}
		it.disk = onDisk
		r.place(it)
		return
	}
	var err error
	if it.data, it.disk, err = r.readAll(nil, f, info.Size(), info.Size(), limit); err != nil {
		r.problem(group, r.readProblem(path, err))
		it.partial = true
	}
	r.place(it)
}

// readProblem turns the error of readAll into a problem.
func (r *reader) readProblem(path string, err error) event.Problem {
	p := event.Problem{Pos: event.Pos{File: path}, Kind: event.Unreadable, Text: withoutPath(err).Error()}
	var limit *limitError
	if errors.As(err, &limit) {
		p.Kind = event.Limit
	}
	return p
}

// full reports whether the case may take no more files, and says so once for
// each group.
func (r *reader) full(group string) bool {
	if r.count+r.waiting.count < r.limits.Files {
		return false
	}
	r.problem(group, event.Problem{Pos: event.Pos{File: group}, Kind: event.Limit,
		Text: fmt.Sprintf("limit of %s reached, the rest is not read", event.Plural(r.limits.Files, "file"))})
	return true
}
