package ingest

import (
	"bytes"
	"errors"
	"fmt"
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
)

var formatNames = [...]string{"", "CAB", "ZIP", "7z", "RAR", "tar", "gzip", "xz", "zstd", "bzip2"}

func (f format) String() string { return formatNames[f] }

// headBytes is what identify needs: one tar header.
const headBytes = 512

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
	}
	return notArchive
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
	modTime time.Time
	partial bool
	depth   int    // archives around it
	group   string // archive or root that its problems are counted with
}

// place adds the item to the case, or what is in it if it is an archive.
func (r *reader) place(it item) {
	if kind := identify(it.data); kind != notArchive {
		if it.depth >= r.limits.Depth {
			r.problem(it.group, event.Problem{Pos: event.Pos{File: it.path}, Kind: event.Limit,
				Text: fmt.Sprintf("%s archive not opened: more than %s inside each other", kind, plural(r.limits.Depth, "archive"))})
		} else {
			a := &archive{path: it.path, data: it.data, depth: it.depth + 1, modTime: it.modTime}
			r.names.open(it.path)
			r.expand(kind, a)
			if a.members > 0 {
				return
			}
			// Nothing came out: the archive itself stays visible.
			r.names.close(it.path)
			if t := r.told[it.path]; t == nil {
				r.problem(it.path, event.Problem{Pos: event.Pos{File: it.path}, Kind: event.Remark, Text: kind.String() + " archive without files"})
			} else {
				it.partial = true
			}
		}
	}
	if r.ctx.Err() != nil {
		return
	}
	r.add(File{Path: it.path, Data: it.data, ModTime: it.modTime, Partial: it.partial})
}

// archive is an archive while it is expanded.
type archive struct {
	path     string
	data     []byte
	depth    int // archives around its members, itself included
	modTime  time.Time
	unpacked int64
	members  int
	worked   int64 // packed bytes that its members claimed
}

// work accounts packed bytes that a member claims. In a sound archive no two
// members share any; many that do would keep the reader busy without end.
func (a *archive) work(n int64) error {
	a.worked += n
	if a.worked > 2*int64(len(a.data)) {
		return &limitError{"members overlap: together they claim more than the archive holds"}
	}
	return nil
}

// expand reads the members of an archive. Decoders of others are not trusted
// to bear any input: a panic ends the archive, not the run.
func (r *reader) expand(kind format, a *archive) {
	defer func() {
		if p := recover(); p != nil {
			r.archiveProblem(a, event.Damage, fmt.Sprintf("%s decoder fails: %v", kind, p))
		}
	}()
	switch kind {
	case formatCAB:
		r.expandCAB(a)
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
	}
}

func (r *reader) archiveProblem(a *archive, kind event.ProblemKind, text string) {
	r.problem(a.path, event.Problem{Pos: event.Pos{File: a.path}, Kind: kind, Text: text})
}

// member is one member of an archive as the archive gives it.
type member struct {
	name    string
	data    []byte
	modTime time.Time
	// reason is why data is not whole; nil = it is. It is reported.
	reason error
	kind   event.ProblemKind // of the reason, unless that is a limit
	size   int64             // as declared, for the report; negative = not known
}

// take adds a member, and all in it if it is an archive itself. It reports
// whether the archive may go on.
func (r *reader) take(a *archive, m member) bool {
	if r.ctx.Err() != nil || r.full(a.path) {
		return false
	}
	path := r.claim(a.path, a.path, m.name)
	a.members++
	var limit *limitError
	isLimit := errors.As(m.reason, &limit)
	if m.reason != nil {
		p := event.Problem{Pos: event.Pos{File: path}, Kind: m.kind, Text: m.reason.Error()}
		if isLimit {
			p.Kind = event.Limit
		}
		if m.size >= 0 {
			p.Text = fmt.Sprintf("%d of %d bytes read: %s", len(m.data), m.size, p.Text)
		}
		r.problem(a.path, p)
	}
	r.place(item{path: path, data: m.data, modTime: m.modTime, partial: m.reason != nil, depth: a.depth, group: a.path})
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
