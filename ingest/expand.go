package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"debrief/event"
	"debrief/ingest/cab"
)

// format is a kind of archive that can be opened.
type format uint8

const (
	notArchive format = iota
	formatCAB
	formatZIP
	format7z
	formatRAR
	formatTar
	formatGzip
	formatXZ
	formatZstd
	formatBzip2
	formatEML
	formatTNEF
	formatMSG // of identify: any compound file
)

var formatNames = [...]string{"", "CAB", "ZIP", "7z", "RAR", "tar", "gzip", "xz", "zstd", "bzip2", "mail", "winmail.dat", "Outlook message"}

func (f format) String() string { return formatNames[f] }

// headBytes is what identify looks at: the header of a mail.
const headBytes = 32 << 10

// identify tells archives from other files by their first bytes. Where a magic
// is short enough to stand in a log, what must follow it is checked too.
func identify(head []byte) format {
	has := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	switch {
	case cab.Is(head):
		return formatCAB
	case has("PK\x03\x04"), has("PK\x05\x06"):
		return formatZIP
	case has("7z\xBC\xAF\x27\x1C"):
		return format7z
	case has("Rar!\x1A\x07\x00"), has("Rar!\x1A\x07\x01\x00"):
		return formatRAR
	case len(head) >= 10 && has("\x1F\x8B\x08") && head[3]&0xE0 == 0:
		return formatGzip
	case has("\xFD7zXZ\x00"):
		return formatXZ
	case has("\x28\xB5\x2F\xFD"):
		return formatZstd
	case len(head) >= 10 && has("BZh") && head[3] >= '1' && head[3] <= '9' &&
		(string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17\x72\x45\x38\x50\x90"):
		return formatBzip2
	case isTar(head):
		return formatTar
	case has(cfbMagic):
		return formatMSG
	case isTNEF(head):
		return formatTNEF
	case isMail(head):
		return formatEML
	}
	return notArchive
}

// formatOf tells archives from other files by all of their content.
func (r *reader) formatOf(data []byte, disk *spool) format {
	head := data[:min(len(data), headBytes)]
	if disk != nil {
		n, _ := source(nil, disk).ReadAt(r.head, 0)
		head = r.head[:n]
	}
	kind := identify(head)
	switch {
	case kind == notArchive && r.hasZIPEnd(data, disk):
		return formatZIP
	case kind == formatMSG && !isMessage(data, disk):
		return notArchive
	}
	return kind
}

// isTar checks the sum of a tar header: octal digits that are the sum of all
// bytes with the sum itself as spaces.
func isTar(head []byte) bool {
	if len(head) < 512 || head[0] == 0 {
		return false
	}
	want, digits := 0, 0
	for _, b := range head[148:156] {
		switch {
		case b >= '0' && b <= '7':
			want, digits = want*8+int(b-'0'), digits+1
		case b != ' ' && b != 0:
			return false
		}
	}
	sum := 8 * int(' ')
	for i, b := range head[:512] {
		if i < 148 || i >= 156 {
			sum += int(b)
		}
	}
	return digits > 0 && sum == want
}

// item is a file that was read and has its path.
type item struct {
	path    string
	data    []byte
	disk    *spool // instead of data; nil = data is all
	modTime time.Time
	partial bool
	depth   int    // archives around it
	group   string // archive or root that its problems are counted with
	folder  string // on disk that it lies in; empty = as its path says
}

func (it item) size() int64 { return int64(len(it.data)) + it.disk.len() }

// place adds the item to the case, or what is in it if it is an archive.
func (r *reader) place(it item) {
	defer it.disk.remove()
	kind := r.formatOf(it.data, it.disk)
	switch {
	case kind == notArchive:
		it = r.placeInside(it)
	case it.depth >= r.limits.Depth:
		r.tooDeep(it, kind.String()+" archive")
	case kind == formatCAB && r.hold(it):
		return
	default:
		a := newArchive(it)
		if r.opens(kind, a) {
			return
		}
		it.partial = it.partial || r.tellEmpty(kind, a)
	}
	if r.ctx.Err() != nil {
		return
	}
	r.add(it)
}

func newArchive(it item) *archive {
	return &archive{path: it.path, data: it.data, src: source(it.data, it.disk), size: it.size(), depth: it.depth + 1, modTime: it.modTime}
}

// opens expands an archive and reports whether anything came out.
func (r *reader) opens(kind format, a *archive) bool {
	r.names.open(a.path)
	r.expand(kind, a)
	if a.members == 0 {
		r.names.close(a.path)
	}
	return a.members > 0
}

// tellEmpty says that nothing came out of an archive, which itself stays
// visible, and reports whether that is because of something told before.
func (r *reader) tellEmpty(kind format, a *archive) bool {
	if r.told[a.path] != nil {
		return true
	}
	r.archiveProblem(a, event.Remark, kind.String()+" archive without files")
	return false
}

func (r *reader) tooDeep(it item, what string) {
	r.problem(it.group, event.Problem{Pos: event.Pos{File: it.path}, Kind: event.Limit,
		Text: fmt.Sprintf("%s not opened: more than %s inside each other", what, event.Plural(r.limits.Depth, "archive"))})
}

// archive is an archive while it is expanded.
type archive struct {
	path     string
	data     []byte            // nil where it is on disk
	src      *io.SectionReader // of all its bytes
	size     int64
	depth    int // archives around its members, itself included
	modTime  time.Time
	unpacked int64
	members  int
	worked   int64 // packed bytes that its members claimed
	inMemory bool  // what it unpacks to is held until its end
	locked   locks
	set      *cab.Set // of a split set, in place of data
	inside   []int64  // where the cabinets start that data hold, if it is no archive itself
}

func (a *archive) length() int64 { return max(a.size, int64(len(a.data))) }

// work accounts packed bytes that a member claims. In a sound archive no two
// members share any; many that do would keep the reader busy without end.
func (a *archive) work(n int64) error {
	a.worked += n
	if a.worked > 2*a.length() {
		return &limitError{"members overlap: together they claim more than the archive holds"}
	}
	return nil
}

// load brings an archive into memory whose format cannot be read otherwise.
func (r *reader) load(a *archive) bool {
	if r.held+r.waiting.bytes+a.size > r.memory {
		r.archiveProblem(a, event.Limit, fmt.Sprintf("limit of %s for archives unpacked in memory reached", byteSize(r.memory)))
		return false
	}
	r.held += a.size
	a.inMemory = true
	if a.data != nil {
		return true
	}
	a.data = make([]byte, a.size)
	n, err := io.ReadFull(a.src, a.data)
	if err != nil {
		r.archiveProblem(a, event.Damage, fmt.Sprintf("reading again: %v", withoutPath(err)))
	}
	a.data = a.data[:n]
	return true
}

// expand reads the members of an archive. Decoders of others are not trusted
// to bear any input: a panic ends the archive, not the run.
func (r *reader) expand(kind format, a *archive) {
	held := r.held
	defer func() {
		r.held = held
		if p := recover(); p != nil {
			r.archiveProblem(a, event.Damage, fmt.Sprintf("%s decoder fails: %v", kind, p))
		}
		r.lockProblem(a)
	}()
	switch kind {
	case formatCAB:
		switch {
		case a.set != nil:
			r.expandSet(a)
		case a.inside != nil:
			r.expandInside(a)
		case r.load(a):
			r.expandCAB(a)
		}
	case formatZIP:
		r.expandZIP(a)
	case format7z:
		r.expand7z(a)
	case formatRAR:
		r.expandRAR(a)
	case formatTar:
		r.expandTar(a)
	case formatGzip, formatXZ, formatZstd, formatBzip2:
		r.expandStream(kind, a)
	case formatEML:
		r.expandEML(a)
	case formatTNEF:
		r.expandTNEF(a)
	case formatMSG:
		r.expandMSG(a)
	}
}

func (r *reader) archiveProblem(a *archive, kind event.ProblemKind, text string) {
	r.problem(a.path, event.Problem{Pos: event.Pos{File: a.path}, Kind: kind, Text: text})
}

// member is one member of an archive as the archive gives it.
type member struct {
	name    string
	data    []byte
	disk    *spool // instead of data; nil = data is all
	modTime time.Time
	// reason is why data is not whole; nil = it is. It is reported.
	reason error
	kind   event.ProblemKind // of the reason, unless that is a limit
	size   int64             // as declared, for the report; negative = not known
}

func (m member) got() int64 { return int64(len(m.data)) + m.disk.len() }

// take adds a member, and all in it if it is an archive itself. It reports
// whether the archive may go on.
func (r *reader) take(a *archive, m member) bool {
	defer m.disk.remove()
	if r.ctx.Err() != nil || r.full(a.path) {
		return false
	}
	path := r.claim(a.path, a.path, m.name)
	a.members++
	var limit *limitError
	isLimit := errors.As(m.reason, &limit)
	if errors.Is(m.reason, errLocked) {
		a.locked.members++ // one word for all of them
	} else if m.reason != nil {
		p := event.Problem{Pos: event.Pos{File: path}, Kind: m.kind, Text: m.reason.Error()}
		if isLimit {
			p.Kind = event.Limit
		}
		if m.size >= 0 {
			p.Text = fmt.Sprintf("%d of %d bytes read: %s", m.got(), m.size, p.Text)
		}
		r.problem(a.path, p)
	}
	r.place(item{path: path, data: m.data, disk: m.disk, modTime: m.modTime, partial: m.reason != nil, depth: a.depth, group: a.path})
	return r.ctx.Err() == nil
}

// claim cleans the name of a member of dir and claims the path, saying where it
// had to be changed.
func (r *reader) claim(group, dir, raw string) string {
	name, changed := cleanName(raw, r.limits.NameBytes)
	path := dir + "/" + name
	if changed {
		r.problem(group, event.Problem{Pos: event.Pos{File: path}, Kind: event.Remark, Text: fmt.Sprintf("name changed from %s", quoteShort(raw))})
	}
	got := r.names.take(path)
	if got != path {
		r.problem(group, event.Problem{Pos: event.Pos{File: got}, Kind: event.Remark, Text: fmt.Sprintf("renamed: %s is taken by another file", quoteShort(name))})
	}
	return got
}

// quoteShort quotes a hostile name for a message.
func quoteShort(s string) string {
	const most = 120
	if len(s) > most {
		return fmt.Sprintf("%+q…", s[:most])
	}
	return fmt.Sprintf("%+q", s)
}
