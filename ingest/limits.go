package ingest

import (
	"errors"
	"fmt"
	"math"
	"time"

	"debrief/event"
)

// Limits bound what Read and Extract take from their input. In each field zero
// means the default. A limit that is hit gives a Problem of kind Limit; what was
// read until then is kept, and other files are still read where the limit
// allows.
//
// Neither holds long content in memory: Extract writes members to disk as they
// are unpacked, Read keeps what is long, or beyond what a case may take in
// memory, in a folder for temporary files.
type Limits struct {
	// TotalBytes bounds all bytes read and unpacked, archives inside archives
	// included. Default 16 GiB.
	TotalBytes int64
	// FileBytes bounds one file; a longer one is cut there. Archives at the
	// root may be up to TotalBytes. Default TotalBytes.
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
	// Time bounds the whole run, also where a decoder of others does not come
	// back from one call. Default 10 minutes.
	Time time.Duration
}

const (
	defaultTotalBytes = 16 << 30
	defaultFiles      = 100_000
	defaultDepth      = 8
	defaultRatio      = 200
	defaultNameBytes  = 1024
	defaultTime       = 10 * time.Minute

	// ratioFloor is what an archive may unpack to whatever its size.
	ratioFloor = 64 << 20
	// memoryBytes bounds what Extract holds of the archives that have to be
	// unpacked in memory, cabinets above all, one inside the other; heldBytes
	// is that bound of Read, where others than the reader need memory too.
	memoryBytes = 2 << 30
	heldBytes   = 512 << 20
)

// withDefaults returns l with the defaults in place of zeros.
func (l Limits) withDefaults() Limits {
	l.TotalBytes = orDefault(l.TotalBytes, defaultTotalBytes)
	l.FileBytes = orDefault(l.FileBytes, l.TotalBytes)
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
		if a.inMemory {
			r.held += n
		}
	}
	r.bytes += n
	return nil
}

// refund takes back what was charged for bytes that are read anew.
func (r *reader) refund(a *archive, n int64) {
	a.unpacked -= n
	r.bytes -= n
}

// allows says whether n more bytes may be had from archive a.
func (r *reader) allows(a *archive, n int64) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if time.Now().After(r.deadline) {
		return r.timeError()
	}
	if r.bytes+n > r.limits.TotalBytes {
		return &limitError{fmt.Sprintf("limit of %s for the whole case reached", byteSize(r.limits.TotalBytes))}
	}
	switch {
	case a == nil:
	case a.worked > 2*a.length():
		return a.work(0)
	case a.unpacked+n > max(ratioFloor, a.ratioBytes(r.limits.Ratio)):
		return &limitError{fmt.Sprintf("archive unpacks to more than %d times its size of %s", r.limits.Ratio, byteSize(a.length()))}
	case a.inMemory && r.held+r.waiting.bytes+n > r.memory:
		return &limitError{fmt.Sprintf("limit of %s for archives unpacked in memory reached", byteSize(r.memory))}
	}
	return nil
}

func (r *reader) timeError() error {
	return &limitError{fmt.Sprintf("limit of %s for the whole run reached", r.limits.Time)}
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
	if int64(ratio) > math.MaxInt64/(a.length()+1) {
		return math.MaxInt64
	}
	return int64(ratio) * a.length()
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
	return event.Plural(int(n), "byte")
}
