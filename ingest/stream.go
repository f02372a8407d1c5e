package ingest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/mholt/archives"
	"github.com/nwaples/rardecode/v2"

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
	in, err := decompressor(kind).OpenReader(bytes.NewReader(a.data))
	if err != nil {
		r.problem(a.path, r.streamProblem(a, kind, err))
		return
	}
	defer in.Close()
	buffered := bufio.NewReaderSize(in, 64<<10)
	head, _ := buffered.Peek(headBytes)
	inner := identify(head)
	limit := r.limits.FileBytes
	if inner != notArchive {
		limit = r.limits.TotalBytes
	}
	data, err := r.readAll(a, buffered, 0, 0, limit)
	if inner == formatTar {
		if err != nil {
			r.problem(a.path, r.streamProblem(a, kind, err))
		}
		tar := &archive{path: a.path, data: data, depth: a.depth, modTime: a.modTime}
		r.expandTar(tar)
		a.members += tar.members
		return
	}
	if len(data) == 0 && err != nil {
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
	r.take(a, member{name: name, data: data, modTime: a.modTime, reason: err, kind: event.Damage, size: -1})
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

// expandTar reads a tar.
func (r *reader) expandTar(a *archive) {
	err := archives.Tar{}.Extract(r.ctx, bytes.NewReader(a.data), r.extracted(a))
	r.extractorProblem(a, formatTar, err)
}

// extracted is the handler of a general extractor.
func (r *reader) extracted(a *archive) archives.FileHandler {
	return func(_ context.Context, f archives.FileInfo) error {
		if f.IsDir() {
			return nil
		}
		if !f.Mode().IsRegular() || f.LinkTarget != "" {
			r.skipSpecial(a, f)
			return nil
		}
		m := r.readMember(a, f, int64(len(a.data)))
		if !r.take(a, m) || r.ends(a, m.reason) {
			return fs.SkipAll
		}
		return nil
	}
}

// extractorProblem notes why an archive could not be read to its end.
func (r *reader) extractorProblem(a *archive, format format, err error) {
	if err == nil || r.ctx.Err() != nil {
		return
	}
	kind := event.Damage
	if isEncrypted(err) {
		kind, err = event.Unreadable, fmt.Errorf("password needed or wrong: %w", err)
	}
	r.archiveProblem(a, kind, fmt.Sprintf("%s archive not read to its end: %v", format, err))
}

// expandRAR reads a RAR. The decoder is used directly, as archives.Rar cannot
// bound its dictionary, for which a small file may ask 4 GiB.
func (r *reader) expandRAR(a *archive) {
	options := []rardecode.Option{rardecode.MaxDictionarySize(maxDictionary)}
	if r.opts.Password != "" {
		options = append(options, rardecode.Password(r.opts.Password))
	}
	in, err := rardecode.NewReader(bytes.NewReader(a.data), options...)
	if err != nil {
		r.extractorProblem(a, formatRAR, err)
		return
	}
	for r.ctx.Err() == nil {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			r.extractorProblem(a, formatRAR, err)
			return
		}
		if h.IsDir {
			continue
		}
		m := member{name: h.Name, modTime: h.ModificationTime.UTC(), kind: event.Damage, size: h.UnPackedSize}
		if h.ModificationTime.IsZero() {
			m.modTime = time.Time{}
		}
		if !h.Mode().IsRegular() {
			name, _ := cleanName(h.Name, r.limits.NameBytes)
			r.problem(a.path, event.Problem{Pos: event.Pos{File: a.path + "/" + name}, Kind: event.Remark, Text: "link or special file, not followed"})
			continue
		}
		if h.UnKnownSize {
			m.size = -1
		}
		m.data, m.reason = r.readAll(a, in, max(0, m.size), min(h.PackedSize, int64(len(a.data))), r.limits.FileBytes)
		if errors.Is(m.reason, rardecode.ErrBadFileChecksum) {
			r.archiveProblem(a, event.Remark, fmt.Sprintf("checksum of member %s is wrong", quoteShort(m.name)))
			m.reason = nil
		}
		if !r.take(a, m) || r.ends(a, m.reason) {
			return
		}
	}
}
