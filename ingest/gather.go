package ingest

import (
	"errors"
	"fmt"
	"io"
)

const (
	readChunk = 1 << 20
	// firstRoom is what a reader may reserve on the word of a header alone.
	firstRoom = 64 << 10
	// usualRatio is how much packed bytes that are there vouch for.
	usualRatio = 64
)

// readAll reads in to its end or to limit bytes, charging what it gets. The
// declared size decides the first allocation only as far as packed bytes that
// are really there make it likely. On an error it returns what it has. Long
// content comes as a spool in place of data.
func (r *reader) readAll(a *archive, in io.Reader, declared, packed, limit int64) (data []byte, disk *spool, err error) {
	if err := r.allows(a, 0); err != nil {
		return nil, nil, err
	}
	g := gathering{r: r, data: make([]byte, 0, r.firstRoom(declared, packed, limit))}
	err = g.readFrom(a, in, limit)
	return clip(g.data), g.disk, err
}

// firstRoom has one byte more than is expected: the end is seen without growing.
func (r *reader) firstRoom(declared, packed, limit int64) int64 {
	room := max(0, min(declared, limit, firstRoom+usualRatio*packed))
	return min(room, int64(r.spoolFrom())) + 1
}

// gathering is content while it is read.
type gathering struct {
	r    *reader
	data []byte
	disk *spool // takes over from data where that becomes long
	room []byte // what comes next, on its way to disk
}

func (g *gathering) size() int64 { return int64(len(g.data)) + g.disk.len() }

func (g *gathering) readFrom(a *archive, in io.Reader, limit int64) error {
	for idle := 0; ; {
		room, err := g.next()
		if err != nil {
			return err
		}
		n, err := in.Read(room)
		if n < 0 || n > len(room) {
			return fmt.Errorf("reader claims %d bytes of %d", n, len(room))
		}
		if g.size()+int64(n) > limit {
			n = int(limit - g.size())
			err = &limitError{fmt.Sprintf("limit of %s for one file reached", byteSize(limit))}
		}
		if n > 0 {
			if err := g.r.charge(a, int64(n)); err != nil {
				return err
			}
			if err := g.took(room[:n]); err != nil {
				return err
			}
			idle = 0
		} else if idle++; err == nil && idle > 100 {
			err = io.ErrNoProgress
		}
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return fmt.Errorf("data cut off: %w", err)
		case err != nil:
			return err
		}
	}
}

// next returns room to read into: behind the data, or for the disk.
func (g *gathering) next() ([]byte, error) {
	if g.disk == nil && len(g.data) > g.r.spoolFrom() {
		disk, err := g.r.newSpool()
		if err == nil {
			err = disk.write(g.data)
		}
		if err != nil {
			disk.remove()
			return nil, err
		}
		g.disk, g.data, g.room = disk, nil, make([]byte, spoolChunk)
	}
	if g.disk != nil {
		return g.room, nil
	}
	if len(g.data) == cap(g.data) {
		grown := make([]byte, len(g.data), 2*cap(g.data)+512)
		copy(grown, g.data)
		g.data = grown
	}
	return g.data[len(g.data):min(cap(g.data), len(g.data)+readChunk)], nil
}

// took keeps bytes that were read into the room that next gave.
func (g *gathering) took(b []byte) error {
	if g.disk != nil {
		return g.disk.write(b)
	}
	g.data = g.data[:len(g.data)+len(b)]
	return nil
}

// clip frees room that growing left over.
func clip(data []byte) []byte {
	if len(data) == 0 {
		return nil
	}
	if cap(data)-len(data) > len(data)/4+512 {
		return append(make([]byte, 0, len(data)), data...)
	}
	return data[:len(data):len(data)]
}
