package cab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/mholt/archives"
)

// Format makes cabinets a format of github.com/mholt/archives, which has none.
// It is a value to be used or registered by who wants it; importing this
// package registers nothing.
//
// Extract reads the whole archive into memory and unpacks each folder once; it
// sets no limits. A member that is not whole is handed over with what there is
// of it, and reading past that returns the reason as an error.
type Format struct{}

// Interface guard.
var _ archives.Extraction = Format{}

// Extension returns ".cab".
func (Format) Extension() string { return ".cab" }

// MediaType returns the registered type of cabinets.
func (Format) MediaType() string { return "application/vnd.ms-cab-compressed" }

// Match reports whether the name or the first bytes are a cabinet's.
func (Format) Match(_ context.Context, filename string, stream io.Reader) (archives.MatchResult, error) {
	mr := archives.MatchResult{ByName: strings.EqualFold(path.Ext(filename), ".cab")}
	if stream == nil {
		return mr, nil
	}
	head := make([]byte, headerSize)
	n, err := io.ReadFull(stream, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return mr, fmt.Errorf("reading the start of %q: %w", filename, err)
	}
	mr.ByStream = Is(head[:n])
	return mr, nil
}

// Extract calls handle for each member, folder by folder, in the order of the
// data. It returns ErrFormat where the archive is no cabinet, and ErrDamaged
// where its tables are, after all that could be read was handed over.
func (Format) Extract(ctx context.Context, archive io.Reader, handle archives.FileHandler) error {
	data, err := io.ReadAll(archive)
	if err != nil {
		return fmt.Errorf("reading the cabinet: %w", err)
	}
	c, err := Open(data)
	if err != nil {
		return err
	}
	_, err = c.Walk(
		func(int) error { return ctx.Err() },
		func(m Member, data []byte, reason error) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			name := strings.ReplaceAll(m.Name, `\`, "/")
			info := memberInfo{name: name, member: m}
			return handle(ctx, archives.FileInfo{
				FileInfo:      info,
				Header:        m,
				NameInArchive: name,
				Open:          func() (fs.File, error) { return &openMember{info, bytes.NewReader(data), reason}, nil },
			})
		})
	if errors.Is(err, fs.SkipAll) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, p := range c.Problems {
		if p.Kind.Lost() {
			return fmt.Errorf("%s: %w", p.Text, ErrDamaged)
		}
	}
	return nil
}

// memberInfo is the fs.FileInfo of a member. Sys returns the Member.
type memberInfo struct {
	name   string
	member Member
}

func (i memberInfo) Name() string       { return path.Base(i.name) }
func (i memberInfo) Size() int64        { return i.member.Size }
func (i memberInfo) Mode() fs.FileMode  { return 0o444 }
func (i memberInfo) ModTime() time.Time { return i.member.ModTime }
func (i memberInfo) IsDir() bool        { return false }
func (i memberInfo) Sys() any           { return i.member }

// openMember is the fs.File of a member.
type openMember struct {
	info   memberInfo
	data   *bytes.Reader
	reason error
}

func (o *openMember) Stat() (fs.FileInfo, error) { return o.info, nil }
func (o *openMember) Close() error               { return nil }

func (o *openMember) Read(p []byte) (int, error) {
	n, err := o.data.Read(p)
	if errors.Is(err, io.EOF) && o.reason != nil {
		return n, o.reason
	}
	return n, err
}
