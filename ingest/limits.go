package ingest

import (
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"debrief/event"
)

// Limits bound what Read takes from its input. In each field zero means the
// default. A limit that is hit gives a Problem of kind Limit; what was read
// until then is kept, and other files are still read where the limit allows.
type Limits struct {
	// TotalBytes bounds all bytes read and unpacked, archives inside archives
	// included. Default 2 GiB.
	TotalBytes int64
	// FileBytes bounds one file; a longer one is cut there. Archives at the
	// root may be up to TotalBytes. Default 512 MiB.
	FileBytes int64
	// Files bounds the files of a case. Default 100,000.
	Files int
	// Depth bounds the nesting of archives: 1 = archives inside archives stay
	// unopened. Default 8.
	Depth int
	// Ratio bounds how many times its own size an archive may unpack to. It
	// applies beyond 64 MiB of output; real collections reach 30, all-zero
	// data reaches 1,000 with any method. Default 200.
	Ratio int
	// NameBytes bounds the path of a member inside its archive; a longer one
	// is shortened. Default 1,024.
	NameBytes int
	// Time bounds the whole run. Default 10 minutes.
	Time time.Duration
}

const (
	defaultTotalBytes = 2 << 30
	defaultFileBytes  = 512 << 20
	defaultFiles      = 100_000
	defaultDepth      = 8
	defaultRatio      = 200
	defaultNameBytes  = 1024
	defaultTime       = 10 * time.Minute

	// ratioFloor is what an archive may unpack to whatever its size.
	ratioFloor = 64 << 20
)

// withDefaults returns l with the defaults in place of zeros.
func (l Limits) withDefaults() Limits {
	l.TotalBytes = orDefault(l.TotalBytes, defaultTotalBytes)
	l.FileBytes = orDefault(l.FileBytes, defaultFileBytes)
	l.Files = orDefault(l.Files, defaultFiles)
	l.Depth = orDefault(l.Depth, defaultDepth)
	l.Ratio = orDefault(l.Ratio, defaultRatio)
	l.NameBytes = orDefault(l.NameBytes, defaultNameBytes)
	l.Time = orDefault(l.Time, defaultTime)
	return l
}

func orDefault[T int | int64 | time.Duration](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}

// limitError says which limit was hit.
type limitError struct{ text string }

func (e *limitError) Error() string { return e.text }

// charge accounts n more bytes, of which archive a (nil = none) is the source.
func (r *reader) charge(a *archive, n int64) error {
	if err := r.allows(a, n); err != nil {
		return err
	}
	if a != nil {
		a.unpacked += n
	}
	r.bytes += n
	return nil
}

// allows says whether n more bytes may be had from archive a.
func (r *reader) allows(a *archive, n int64) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if time.Now().After(r.deadline) {
		return &limitError{fmt.Sprintf("limit of %s for the whole run reached", r.limits.Time)}
	}
	if r.bytes+n > r.limits.TotalBytes {
		return &limitError{fmt.Sprintf("limit of %s for the whole case reached", byteSize(r.limits.TotalBytes))}
	}
	if a != nil && a.worked > 2*int64(len(a.data)) {
		return a.work(0)
	}
	if a != nil && a.unpacked+n > max(ratioFloor, a.ratioBytes(r.limits.Ratio)) {
		return &limitError{fmt.Sprintf("archive unpacks to more than %d times its size of %s", r.limits.Ratio, byteSize(int64(len(a.data))))}
	}
	return nil
}

// ends reports whether reason is a limit that leaves the archive nothing more
// to give, and says so.
func (r *reader) ends(a *archive, reason error) bool {
	var limit *limitError
	if !errors.As(reason, &limit) || r.allows(a, readChunk) == nil {
		return false
	}
	r.archiveProblem(a, event.Limit, "rest of the archive not read: "+limit.text)
	return true
}

// ratioBytes is what the ratio allows the archive to unpack to.
func (a *archive) ratioBytes(ratio int) int64 {
	if int64(ratio) > math.MaxInt64/int64(len(a.data)+1) {
		return math.MaxInt64
	}
	return int64(ratio) * int64(len(a.data))
}

const (
	readChunk = 1 << 20
	// firstRoom is what a reader may reserve on the word of a header alone.
	firstRoom = 64 << 10
	// usualRatio is how much packed bytes that are there vouch for.
	usualRatio = 64
)

// readAll reads in to its end or to limit bytes, charging what it gets. The
// declared size decides the first allocation only as far as packed bytes that
// are really there make it likely. On an error it returns what it has.
func (r *reader) readAll(a *archive, in io.Reader, declared, packed, limit int64) ([]byte, error) {
	room := max(0, min(declared, limit, firstRoom+usualRatio*packed))
	data := make([]byte, 0, room+1) // one more: the end is seen without growing
	idle := 0
	if err := r.allows(a, 0); err != nil {
		return nil, err
	}
	for {
		if len(data) == cap(data) {
			grown := make([]byte, len(data), 2*cap(data)+512)
			copy(grown, data)
			data = grown
		}
		room := data[len(data):min(cap(data), len(data)+readChunk)]
		n, err := in.Read(room)
		if n < 0 || n > len(room) {
			return data, fmt.Errorf("reader claims %d bytes of %d", n, len(room))
		}
		if int64(len(data)+n) > limit {
			n = int(limit) - len(data)
			err = &limitError{fmt.Sprintf("limit of %s for one file reached", byteSize(limit))}
		}
		if n > 0 {
			if err := r.charge(a, int64(n)); err != nil {
				return data, err
			}
			data, idle = data[:len(data)+n], 0
		} else if idle++; err == nil && idle > 100 {
			err = io.ErrNoProgress
		}
		if err == io.EOF {
			return clip(data), nil
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("data cut off: %w", err)
		}
		if err != nil {
			return clip(data), err
		}
	}
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

// byteSize renders a size in the largest unit that leaves no fraction.
func byteSize(n int64) string {
	for _, u := range []struct {
		size int64
		name string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= u.size && n%u.size == 0 {
			return fmt.Sprintf("%d %s", n/u.size, u.name)
		}
	}
	return plural(int(n), "byte")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
