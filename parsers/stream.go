package parsers

import (
	"bytes"
	"encoding/binary"
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

// ParseLong reads a long file in windows, each cut where a record starts, with
// the parser that claims its beginning. Events go to in.Events and not to the
// output; all else is as Parse gives it.
//
// Formats whose records cannot be told apart without what stands before are
// parsed in one piece, up to 32 MiB of it; a problem of kind Limit then says
// what was left.
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
	if p.Cut == nil || isUTF16(head) {
		err = l.whole()
	} else {
		err = l.windows(head)
	}
	if err != nil {
		l.out.Problem(event.Damage, event.Pos{File: in.Path}, err.Error())
	}
	status(l.out, l.records, err != nil)
	return l.out
}

// long is a file while it is read in windows.
type long struct {
	*Long
	window  int
	most    int // bytes of a piece
	parser  *Parser
	out     *Output
	records int
	times   timeSpan
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
	_, err = l.parse(&Input{Path: l.Path, Data: data, ModTime: l.ModTime})
	return err
}

// windows parses the file piece by piece.
func (l *long) windows(data []byte) error {
	var start int64 // offset of data in the file
	lines := 0
	for {
		end := start+int64(len(data)) >= l.Size
		cut := len(data)
		if !end {
			cut = l.parser.Cut(data)
			if cut <= 0 && len(data) < l.most {
				more, err := l.read(start+int64(len(data)), len(data))
				data = append(data, more...)
				if err == nil && len(more) > 0 {
					continue
				}
				end = true
			}
			if cut <= 0 {
				cut = len(data)
				l.out.Problem(event.Remark, event.Pos{File: l.Path, Offset: start}, fmt.Sprintf("no record ends in %d bytes; they are read as one", cut))
			}
		}
		more, err := l.parse(&Input{Path: l.Path, Data: data[:cut], ModTime: l.ModTime, Start: start, Lines: lines, More: !end})
		if err != nil || !more || end {
			return err
		}
		if l.Progress != nil {
			l.Progress(start + int64(cut))
		}
		lines += bytes.Count(data[:cut], []byte{'\n'})
		start += int64(cut)
		next, err := l.read(start+int64(len(data)-cut), l.window)
		if err != nil {
			l.lose(start, err)
			return nil
		}
		// A fresh piece: events of the last one may still be held.
		data = slices.Concat(data[cut:], next)
		if len(next) == 0 {
			l.Size = start + int64(len(data)) // the file is shorter than it was
		}
	}
}

// parse parses one piece and hands its events over.
func (l *long) parse(in *Input) (more bool, err error) {
	piece := &Output{Coverage: event.Coverage{File: l.Path}}
	err = run(l.parser, in, piece)
	c, p := &l.out.Coverage, &piece.Coverage
	l.out.Cover(p.Sources...)
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
	l.records += len(piece.Events) + len(piece.Facts)
	piece.bound()
	l.times.widen(p.First)
	l.times.widen(p.Last)
	c.First, c.Last = l.times.first, l.times.last
	return l.Events(piece.Events), err
}

func cloneFact(f event.Fact) event.Fact {
	f.Key, f.Value, f.Text = strings.Clone(f.Key), strings.Clone(f.Value), strings.Clone(f.Text)
	return f
}

// isUTF16 reports whether text is UTF-16, whose windows do not show it.
func isUTF16(data []byte) bool {
	if len(data) >= 2 {
		switch binary.BigEndian.Uint16(data) {
		case 0xFFFE, 0xFEFF:
			return true
		}
	}
	return guessUTF16(data) != nil
}

// afterLastLine is where the last line starts; 0 = there is only one.
func afterLastLine(window []byte) int { return bytes.LastIndexByte(window, '\n') + 1 }
