package ingest

import (
	"bufio"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/mholt/archives"

	"debrief/event"
)

const (
	// maxDictionary is the largest window a decoder may ask memory for.
	maxDictionary = 256 << 20
	zstdWindow    = 128 << 20
)

// decompressor returns the decoder of a single compressed stream.
func decompressor(kind format) archives.Decompressor {
	switch kind {
	case formatGzip:
		return archives.Gz{}
	case formatXZ:
		return archives.Xz{}
	case formatZstd:
		// One goroutine: a panic in another could not be caught.
		return archives.Zstd{DecoderOptions: []zstd.DOption{zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow), zstd.WithDecoderMaxMemory(maxDictionary)}}
	default:
		return archives.Bz2{}
	}
}

// streamExtensions maps the usual extensions to what the content had before.
var streamExtensions = [...][2]string{
	{".gz", ""}, {".xz", ""}, {".zst", ""}, {".bz2", ""},
	{".tgz", ".tar"}, {".txz", ".tar"}, {".tzst", ".tar"}, {".tbz2", ".tar"}, {".tbz", ".tar"},
}

// expandStream unpacks a single compressed file. A tar in it counts as one
// archive together with its compression.
func (r *reader) expandStream(kind format, a *archive) {
	g := r.newGuard()
	defer g.end()
	in, err := guarded(g, func() (io.ReadCloser, error) { return decompressor(kind).OpenReader(g.input(a)) })
	if err != nil {
		r.problem(a.path, r.streamProblem(a, kind, err))
		return
	}
	defer guarded(g, func() (any, error) { return nil, in.Close() })
	buffered := bufio.NewReaderSize(g.reader(in), 64<<10)
	head, _ := buffered.Peek(headBytes)
	inner := identify(head)
	limit := r.limits.FileBytes
	if inner != notArchive {
		limit = r.limits.TotalBytes
	}
	data, disk, err := r.readAll(a, buffered, 0, 0, limit)
	if inner == formatTar {
		if err != nil {
			r.problem(a.path, r.streamProblem(a, kind, err))
		}
		defer disk.remove()
		tar := &archive{path: a.path, data: data, src: source(data, disk), depth: a.depth, modTime: a.modTime}
		tar.size = tar.src.Size()
		r.expandTar(tar)
		a.members += tar.members
		return
	}
	if len(data) == 0 && disk.len() == 0 && err != nil {
		r.problem(a.path, r.streamProblem(a, kind, err))
		return
	}
	name := path.Base(a.path)
	for _, e := range streamExtensions {
		if base, ok := cutSuffixFold(name, e[0]); ok && base != "" {
			name = base + e[1]
			break
		}
	}
	r.take(a, member{name: name, data: data, disk: disk, modTime: a.modTime, reason: err, kind: event.Damage, size: -1})
}

func cutSuffixFold(s, suffix string) (string, bool) {
	if len(s) < len(suffix) || !strings.EqualFold(s[len(s)-len(suffix):], suffix) {
		return s, false
	}
	return s[:len(s)-len(suffix)], true
}

func (r *reader) streamProblem(a *archive, kind format, err error) event.Problem {
	p := r.readProblem(a.path, err)
	if p.Kind != event.Limit {
		p.Kind = event.Damage
		p.Text = fmt.Sprintf("%s: %s", kind, p.Text)
	}
	return p
}
