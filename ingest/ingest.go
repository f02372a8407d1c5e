// Package ingest turns what a user points at (folders, files, archives nested
// to any depth) into a sorted list of files, the long ones on disk. It owns every limit
// against hostile archives and every decision about names; no other package
// has to distrust a path or a size again. It does not look into files beyond
// telling archives from the rest, by content and never by name.
//
// Flow: Read names the roots, walks folders, identifies each file, expands
// archives recursively (cabinets by ingest/cab; ZIP, tar, mail and Outlook
// messages here; the others by the decoders under github.com/mholt/archives, in
// a goroutine that can be left behind), cleans and claims names, charges all
// bytes against the limits, and at the end hashes the files and marks copies.
// Extract is the same with files that go to disk as soon as they are read.
//
// # Paths
//
// Paths are separated by "/", archives count as folders:
//
//	DiagLogs-PC1.zip/mdmlogs.cab/shell-core.evtx
//
// The first element is the base name of the root as given by the user. Where
// roots of one call share a base name (compared without case), the second and
// further ones in the order of their absolute paths get "#2", "#3" and so on
// before their extension. How a root is spelled (relative, absolute, "./") and
// in what order roots are given changes nothing. The same root given twice is
// read once.
//
// A compressed single file x.log.gz is x.log.gz/x.log; a compressed tar is one
// archive, x.tgz/member. A mail (.eml or .msg) is an archive of its attachments
// and of its text as body.txt or body.html, of packed RTF where a message has no
// other; its header is not a member.
//
// The cabinets of a split set that lie in one folder are one archive, which has
// the path of the first of them that is there: set1.cab/member, whichever part
// the member is in; set2.cab has no path of its own. Cabinets in different
// folders are never joined. A set with missing parts gives what the others hold.
//
// A file of no known kind that Windows runs (a self-extracting cabinet, an
// installer), or that has a cabinet close to its start, is searched for
// cabinets. Where members come out of these, the file becomes a folder of them
// as an archive does and is kept in it, for it is more than its cabinets:
// setup.exe/member and setup.exe/setup.exe. Where that name is a member's, the
// file is the one that gets "#2".
//
// # Damage
//
// What cannot be read becomes an event.Problem, and a File with Partial set
// where a name is known. All other files are still there.
package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"debrief/event"
)

// File is one file of a case.
type File struct {
	Path string // cleaned, "/"-separated, archives as folders: "logs.cab/x.evtx"
	// Data is the content. It may share memory with other files and must not
	// be changed. Nil where the file is empty, lost, a duplicate or on disk.
	Data []byte
	// disk is where long content is, in place of Data; nil = nowhere.
	disk *stored
	// ModTime is the date that the container or the file system states, in
	// UTC. Cabinets, and ZIP members without a Unix time, state the wall clock
	// of the writing device without a zone: it then holds that as if UTC.
	// Zero = not known.
	ModTime time.Time
	// Partial: bytes are missing, up to all of them; a Problem says why.
	Partial bool
	Hash    string // lower-case hex SHA-256 of Data; empty where all bytes are lost
	// Duplicate is the path of the file with the same content that is to be
	// read instead; Data is nil then. The file whose path got the fewest "#2"
	// suffixes is kept, among these the one with the smallest path.
	Duplicate string
	Size      int64 // bytes there are, also of a duplicate
}

// OnDisk reports whether the content is to be read by Open and not in Data.
func (f *File) OnDisk() bool { return f.disk != nil }

// Open opens content that is on disk. The caller closes it.
func (f *File) Open() (Content, error) {
	if f.disk == nil {
		return nil, fmt.Errorf("opening %q: its content is not on disk", f.Path)
	}
	return f.disk.root.Open(f.disk.name)
}

// Content is the content of a file on disk.
type Content interface {
	io.ReaderAt
	io.Closer
}

// stored is content in the scratch folder of a case.
type stored struct {
	root *os.Root
	name string
}

// Case is what Read found.
type Case struct {
	Files []File // sorted by Path
	// Problems in order of their files; Pos.File is a path of the case.
	Problems []event.Problem
	Roots    []string // the first elements of the paths, sorted

	scratch *scratch
}

// Close removes what the case has on disk. Content that is in memory stays
// valid.
func (c *Case) Close() error {
	if c.scratch == nil {
		return nil
	}
	return c.scratch.remove()
}

// Original returns the file that holds the content of a duplicate; of any other
// file, the file itself.
func (c *Case) Original(f File) File {
	if f.Duplicate == "" {
		return f
	}
	i, ok := slices.BinarySearchFunc(c.Files, f.Duplicate, func(g File, path string) int { return cmp.Compare(g.Path, path) })
	if !ok {
		return File{Path: f.Path, Partial: true}
	}
	return c.Files[i]
}

// Options of Read and Extract. The zero value is ready to use.
type Options struct {
	Limits Limits
	// Temp is the folder for content that Read keeps on disk; empty = that of
	// the system.
	Temp string
	// Password opens encrypted ZIP (ZipCrypto and WinZip AES), 7z and RAR
	// archives; empty = none. An archive that it does not open is one problem.
	Password string
	// Progress is called from the reading goroutine after each file; nil = none.
	Progress func(Progress)
}

// Progress says how far reading came.
type Progress struct {
	Path  string // the file just read
	Files int    // files so far
	Bytes int64  // bytes so far
}

// ErrNoInput is returned where no path is given.
var ErrNoInput = errors.New("no file or folder given")

// Read reads all that is under paths. The error is for the run itself: no path
// given (ErrNoInput) or a cancelled context. A path that cannot be read is a
// Problem. The caller closes the case.
func Read(ctx context.Context, paths []string, opts Options) (*Case, error) {
	r, roots, err := newReader(ctx, paths, opts)
	if err != nil {
		return nil, err
	}
	r.memory = heldBytes
	r.scratch = &scratch{parent: opts.Temp}
	r.readRoots(roots)
	r.removeSpools()
	if err := ctx.Err(); err != nil {
		return nil, errors.Join(err, r.scratch.remove())
	}
	c := r.finish(roots)
	c.scratch = r.scratch
	return c, nil
}

// reader holds the state of one Read.
type reader struct {
	ctx      context.Context
	opts     Options
	limits   Limits
	deadline time.Time
	names    names
	files    []File // not kept where Extract runs
	count    int    // of files so far
	problems []event.Problem
	told     map[string]*told // by archive or root
	bytes    int64            // charged against Limits.TotalBytes
	head     []byte           // room for the first bytes of a file on disk
	tail     []byte           // and for the last
	inflater io.ReadCloser    // made once, as it is large
	parts    []item           // cabinets of split sets, held back
	waiting  struct {         // what will be added later
		count int   // of files at least
		bytes int64 // of parts in memory, if Extract runs
	}

	scratch    *scratch        // where spools are
	spools     map[*spool]bool // that are there
	spoolCount int
	kept       int64 // bytes of files that Read holds in memory
	held       int64 // bytes in memory of archives that are unpacked there
	memory     int64 // bound of held

	// Extract alone:
	target     *os.Root // where files go; nil = Read
	targetInfo os.FileInfo
	written    struct {
		files int
		bytes int64
	}
}

// told counts the problems of one archive.
type told struct {
	kept, dropped int
	lost          bool // a dropped one was a loss
}

func newReader(ctx context.Context, paths []string, opts Options) (*reader, []root, error) {
	if len(paths) == 0 {
		return nil, nil, ErrNoInput
	}
	limits := opts.Limits.withDefaults()
	r := &reader{
		ctx: ctx, opts: opts, limits: limits,
		deadline: time.Now().Add(limits.Time),
		names:    names{used: map[string]claim{}},
		told:     map[string]*told{},
		spools:   map[*spool]bool{},
		head:     make([]byte, headBytes),
		tail:     make([]byte, zipEndLongest),
		memory:   memoryBytes,
	}
	roots := r.nameRoots(paths)
	return r, roots, nil
}

// maxProblems bounds the problems kept of one archive or root, so that a
// million bad names are not a million problems.
const maxProblems = 200

// problem notes a problem of the file or archive at path; group is the archive
// or root under which problems are counted.
func (r *reader) problem(group string, p event.Problem) {
	t := r.told[group]
	if t == nil {
		t = &told{}
		r.told[group] = t
	}
	if t.kept >= maxProblems {
		t.dropped++
		t.lost = t.lost || p.Kind.Lost()
		return
	}
	t.kept++
	r.problems = append(r.problems, p)
}

// add keeps or writes a file under a path that is already claimed.
func (r *reader) add(it item) {
	r.count++
	if r.target != nil {
		r.write(it)
	} else {
		r.files = append(r.files, r.file(it))
	}
	if r.opts.Progress != nil {
		r.opts.Progress(Progress{Path: it.path, Files: r.count, Bytes: r.bytes})
	}
}

// file makes a file of the case, in memory or on disk.
func (r *reader) file(it item) File {
	f := File{Path: it.path, ModTime: it.modTime, Partial: it.partial}
	data, disk, err := it.data, it.disk, error(nil)
	switch {
	case disk != nil && disk.name != "": // ours already
	case it.size() > int64(r.spoolFrom()):
		// A member of a cabinet, which comes in memory, or a file of the user's.
		disk, err = r.spooled(source(it.data, it.disk))
		if err != nil && it.data != nil { // then it stays where it is
			disk.remove()
			disk, err = nil, nil
		}
	case disk != nil:
		data = make([]byte, it.size())
		var n int
		n, err = io.ReadFull(source(nil, disk), data)
		data, disk = data[:n], nil
	}
	if disk != nil {
		err = errors.Join(err, disk.keep())
		f.Size, f.disk = disk.size, &stored{r.scratch.root, disk.name}
	} else {
		f.Size, f.Data = int64(len(data)), data
		r.kept += f.Size
	}
	if err != nil {
		r.unreadable(it.group, it.path, err)
		f.Partial = true
	}
	return f
}

// spooled copies content to disk; on an error, what could be written.
func (r *reader) spooled(from io.Reader) (*spool, error) {
	s, err := r.newSpool()
	if err != nil {
		return nil, err
	}
	if s.size, err = io.Copy(s.f, from); err != nil {
		err = fmt.Errorf("keeping the data: %w", err)
	}
	return s, err
}

// finish sorts, hashes and marks copies.
func (r *reader) finish(roots []root) *Case {
	c := &Case{Files: r.files, Problems: r.sortedProblems()}
	for _, root := range roots {
		c.Roots = append(c.Roots, root.name)
	}
	slices.Sort(c.Roots)
	slices.SortFunc(c.Files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	hashFiles(c.Files)
	r.markDuplicates(c.Files)
	return c
}

// sortedProblems returns the problems in order of their files, with a word on
// those that were not kept.
func (r *reader) sortedProblems() []event.Problem {
	problems := r.problems
	for _, g := range slices.Sorted(maps.Keys(r.told)) {
		if t := r.told[g]; t.dropped > 0 {
			kind := event.Remark
			if t.lost {
				kind = event.Damage
			}
			problems = append(problems, event.Problem{Pos: event.Pos{File: g}, Kind: kind, Text: event.Plural(t.dropped, "further problem") + " not listed"})
		}
	}
	slices.SortStableFunc(problems, func(a, b event.Problem) int { return a.Pos.Compare(b.Pos) })
	return problems
}
