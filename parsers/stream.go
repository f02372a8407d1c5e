package parsers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"debrief/event"
)

// Long is a file too long to be held in memory.
type Long struct {
	Path    string // path inside the case, "/"-separated
	Size    int64  // bytes
	ModTime time.Time
	Content io.ReaderAt
	// Events takes the events of one window after the other, in the order of
	// the file. Their strings are views into the window and hold all of it:
	// what is to be kept should be cloned. It returns false to end the reading.
	Events func(window []event.Event) bool
	// Progress is told how many bytes were read so far; nil = nobody listens.
	Progress func(done int64)
}

const (
	// windowBytes is what is parsed at a time.
	windowBytes = 4 << 20
	// wholeBytes bounds what is read of a format that has to be parsed in one
	// piece, and a window that holds no end of a record.
	wholeBytes = 32 << 20
)

// ParseLong reads a long file with the parser that claims its beginning: in
// windows, each cut where a record starts, or as the parser's ParseAt likes.
// Events go to in.Events and not to the output; all else is as Parse gives it.
//
// Formats that can do neither are parsed in one piece, up to 32 MiB of it; a
// problem of kind Limit then says what was left.
func ParseLong(in *Long) *Output { return parseLong(in, All(), windowBytes, wholeBytes) }

func parseLong(in *Long, list []Parser, window, whole int) *Output {
	l := long{Long: in, window: window, most: whole, out: &Output{Coverage: event.Coverage{File: in.Path, Bytes: in.Size, ModTime: in.ModTime}}}
	head, err := l.read(0, window)
	if err != nil {
		l.lose(0, err)
		l.out.Coverage.Status = event.Unread
		return l.out
	}
	first := &Input{Path: in.Path, Data: head, ModTime: in.ModTime}
	p := choose(first, list, l.out)
	if p == nil {
		unclaimed(first, l.out)
		return l.out
	}
	l.parser = p
	l.out.Coverage.Parser, l.out.Coverage.Version = p.Name, p.Version
	switch {
	case p.ParseAt != nil:
		err = l.pieces()
	case p.Cut != nil:
		err = l.windows(newFeed(&l, head))
	default:
		err = l.whole()
	}
	if err != nil {
		l.out.Problem(event.Damage, event.Pos{File: in.Path}, err.Error())
	}
	status(l.out, l.records, err != nil)
	return l.out
}

// long is a file while it is read.
type long struct {
	*Long
	window  int
	most    int // bytes of a piece
	parser  *Parser
	out     *Output
	records int
	times   timeSpan
	ended   bool // nobody takes further events
}

func (l *long) read(at int64, n int) ([]byte, error) {
	data := make([]byte, min(int64(n), l.Size-at))
	got, err := l.Content.ReadAt(data, at)
	if got < len(data) && err != nil && !errors.Is(err, io.EOF) {
		return data[:got], fmt.Errorf("reading at %d: %w", at, err)
	}
	return data[:got], nil
}

// lose notes that nothing could be read from there on.
func (l *long) lose(at int64, err error) {
	l.out.Problem(event.Unreadable, event.Pos{File: l.Path, Offset: at}, err.Error())
}

// progress tells how far the reading is.
func (l *long) progress(done int64) {
	if l.Progress != nil {
		l.Progress(done)
	}
}

// whole parses the file in one piece.
func (l *long) whole() error {
	data, err := l.read(0, l.most)
	if err != nil {
		l.lose(int64(len(data)), err)
	}
	if rest := l.Size - int64(l.most); rest > 0 {
		l.out.Problem(event.Limit, event.Pos{File: l.Path, Offset: int64(l.most)},
			fmt.Sprintf("a file of this kind is read up to %d bytes; the %d bytes behind were not read", l.most, rest))
	}
	return l.parse(l.parser, &Input{Path: l.Path, Data: data, ModTime: l.ModTime})
}

// windows parses the file window by window.
func (l *long) windows(f *feed) error {
	data := f.next(l.window)
	var start int64 // offset of data in what is fed
	var carry any
	lines := 0
	for {
		cut := len(data)
		if !f.ended {
			cut = l.parser.Cut(data)
			if cut <= 0 && len(data) < l.most {
				data = append(data, f.next(len(data))...)
				continue
			}
			if cut <= 0 {
				cut = len(data)
				l.out.Problem(event.Remark, f.place(start), fmt.Sprintf("no record ends in %d bytes; they are read as one", cut))
			}
		}
		err := l.parse(l.parser, &Input{
			Path: l.Path, Data: data[:cut], ModTime: l.ModTime,
			Start: start, Lines: lines, More: !f.ended, recoded: f.order != nil, carry: &carry,
		})
		if err != nil || l.ended || f.ended {
			return err
		}
		l.progress(f.at)
		lines += bytes.Count(data[:cut], []byte{'\n'})
		start += int64(cut)
		// A fresh piece: events of the last one may still be held.
		data = slices.Concat(data[cut:], f.next(l.window))
	}
}

// parse parses one window, or all, and hands the events over.
func (l *long) parse(p *Parser, in *Input) error {
	out := &Output{Coverage: event.Coverage{File: l.Path}}
	out.spill = func() { l.take(out) }
	err := run(p, in, out)
	l.take(out)
	l.merge(out)
	return err
}

// pieces lets the parser read the file as it likes.
func (l *long) pieces() error {
	at := Parser{Name: l.parser.Name, Parse: func(in *Input, out *Output) error {
		return l.parser.ParseAt(in, (*longContent)(l), l.Size, out)
	}}
	return l.parse(&at, &Input{Path: l.Path, ModTime: l.ModTime})
}

// longContent is the content of a long file for a parser that reads it as it
// likes.
type longContent long

// ReadAt implements io.ReaderAt.
func (c *longContent) ReadAt(b []byte, at int64) (int, error) {
	if c.ended {
		return 0, io.EOF
	}
	n, err := c.Content.ReadAt(b, at)
	(*long)(c).progress(at + int64(n))
	return n, err
}

// take hands the events that a parser made so far over.
func (l *long) take(out *Output) {
	out.bound()
	l.times.widen(out.Coverage.First)
	l.times.widen(out.Coverage.Last)
	l.records += len(out.Events)
	if !l.ended {
		l.ended = !l.Events(out.Events)
	}
	out.Events = out.Events[:0]
}

// merge adds what else came of a window to the output.
func (l *long) merge(piece *Output) {
	l.out.Cover(piece.Coverage.Sources...)
	c, p := &l.out.Coverage, &piece.Coverage
	c.Unknown += p.Unknown
	c.Damaged += p.Damaged
	c.Expected += p.Expected
	c.Recognised += p.Recognised
	if p.Format != "" {
		c.Format = strings.Clone(p.Format)
	}
	for _, problem := range p.Problems {
		if len(c.Problems) < maxProblems && !slices.Contains(c.Problems, problem) {
			c.Problems = append(c.Problems, problem)
		}
	}
	for _, f := range piece.Facts {
		l.out.Facts = append(l.out.Facts, cloneFact(f))
	}
	l.records += len(piece.Facts)
	c.First, c.Last = l.times.first, l.times.last
}

func cloneFact(f event.Fact) event.Fact {
	f.Key, f.Value, f.Text = strings.Clone(f.Key), strings.Clone(f.Value), strings.Clone(f.Text)
	return f
}

// afterLastLine is where the last line starts; 0 = there is only one.
func afterLastLine(window []byte) int { return bytes.LastIndexByte(window, '\n') + 1 }
