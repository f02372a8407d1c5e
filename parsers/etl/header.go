package etl

import (
	"encoding/binary"
	"time"

	"debrief/parsers/winval"
)

var le = binary.LittleEndian

const (
	bufferHeader = 72
	systemHeader = 32
	// Limits of Windows: a buffer has 1 KiB to 16 MiB.
	minBuffer = 1 << 10
	maxBuffer = 16 << 20
)

// IsTrace reports whether data starts as an event trace does: a buffer header,
// and behind it the system header of the trace's own first record.
func IsTrace(data []byte) bool {
	if len(data) < bufferHeader+systemHeader {
		return false
	}
	size, h := le.Uint32(data), data[bufferHeader:]
	return size >= minBuffer && size <= maxBuffer && size%8 == 0 &&
		le.Uint16(h) == 2 && (h[2] == 1 || h[2] == 2) && h[3] == markHeader|markEvent
}

// readHeader reads TRACE_LOGFILE_HEADER and how the trace's clock maps to UTC.
func (d *decoder) readHeader(data []byte) {
	body := data[bufferHeader:]
	stamp := int64(le.Uint64(body[16:]))
	b := body[systemHeader:]
	// A 32-bit trace has two pointers of 4 bytes instead of 8, so what follows
	// them stands 8 bytes earlier.
	shift := 0
	if len(b) < 48 {
		return
	}
	if le.Uint32(b[44:]) == 4 {
		shift = 8
	}
	if len(b) < 280-shift {
		return
	}
	h := &d.h
	h.BufferSize = int(le.Uint32(b))
	if h.BufferSize < minBuffer || h.BufferSize > maxBuffer {
		h.BufferSize = int(le.Uint32(data))
	}
	h.Build = le.Uint32(b[8:])
	h.Processors = int(le.Uint32(b[12:]))
	h.End = winval.Filetime(le.Uint64(b[16:]))
	h.Mode = le.Uint32(b[32:])
	h.Written = int(le.Uint32(b[36:]))
	h.PointerSize = int(le.Uint32(b[44:]))
	h.EventsLost = int(le.Uint32(b[48:]))
	zone := b[72-shift:]
	tail := b[248-shift:]
	h.Boot = winval.Filetime(le.Uint64(tail))
	h.Start = winval.Filetime(le.Uint64(tail[16:]))
	h.Clock = le.Uint32(tail[24:])
	h.BuffersLost = int(le.Uint32(tail[28:]))
	names := b[280-shift:]
	if size := int(le.Uint16(body[4:])) - systemHeader - (280 - shift); size >= 0 {
		names = names[:min(size, len(names))]
	}
	h.Logger, names = d.name(names)
	h.File, _ = d.name(names)
	if !h.Start.IsZero() {
		h.Offset, h.Zoned = zoneOffset(zone[:172], h.Start)
	}
	d.setClock(stamp, le.Uint64(tail[16:]), le.Uint64(tail[8:]), le.Uint32(b[52:]))
}

// name reads a NUL-terminated UTF-16 string off the front.
func (d *decoder) name(b []byte) (string, []byte) {
	n := wideLen(b)
	if n > 1<<12 {
		return "", nil
	}
	return d.wide(b[:n]), b[min(n+2, len(b)):]
}

// setClock prepares the conversion of time stamps. stamp is the trace's start
// on its own clock, start the same as FILETIME.
func (d *decoder) setClock(stamp int64, start, freq uint64, mhz uint32) {
	d.stamp, d.start, d.noClock = stamp, start, false
	switch d.h.Clock {
	case 2:
		d.freq = 0
	case 3:
		d.freq = uint64(mhz) * 1e6
		d.noClock = d.freq == 0
	default:
		d.freq = freq
		d.noClock = d.freq == 0
	}
	if d.freq != 0 && winval.Filetime(start).IsZero() {
		d.noClock = true
	}
}

// time converts a time stamp of the trace's clock.
func (d *decoder) time(stamp int64) time.Time {
	if d.noClock || stamp <= 0 {
		return time.Time{}
	}
	if d.freq == 0 {
		return winval.Filetime(uint64(stamp))
	}
	delta := stamp - d.stamp
	if d.freq == 1e7 {
		return winval.Filetime(d.start + uint64(delta))
	}
	// Seconds and rest apart: a delta times 10^7 need not fit.
	f := int64(d.freq)
	if f <= 0 {
		return time.Time{}
	}
	sec, rest := delta/f, delta%f
	if sec > 1e10 || sec < -1e10 {
		return time.Time{}
	}
	return winval.Filetime(d.start + uint64(sec*1e7+int64(float64(rest)*1e7/float64(f))))
}

// zoneOffset reads TIME_ZONE_INFORMATION:
//
//	0    int32        bias: minutes from local time to UTC
//	4    [32]uint16   name of standard time
//	68   SYSTEMTIME   when it begins; month 0 = there is no summer time
//	84   int32        its bias, mostly 0
//	88   [32]uint16   name of summer time
//	152  SYSTEMTIME   when it begins
//	168  int32        its bias, mostly -60
//
// It returns the minutes to add to UTC at that time.
func zoneOffset(b []byte, at time.Time) (int, bool) {
	bias := int(int32(le.Uint32(b)))
	standard, summer := int(int32(le.Uint32(b[84:]))), int(int32(le.Uint32(b[168:])))
	if bias < -14*60 || bias > 14*60 || standard < -180 || standard > 180 || summer < -180 || summer > 180 {
		return 0, false
	}
	to, from := b[68:84], b[152:168] // to standard time, from then on summer time
	if le.Uint16(to[2:]) == 0 || le.Uint16(from[2:]) == 0 {
		return -(bias + standard), true
	}
	// Each change is stated in the wall clock before it.
	year := at.Add(-time.Duration(bias) * time.Minute).Year()
	begin, ok1 := changeTime(from, year)
	end, ok2 := changeTime(to, year)
	if !ok1 || !ok2 {
		return 0, false
	}
	begin = begin.Add(time.Duration(bias+standard) * time.Minute)
	end = end.Add(time.Duration(bias+summer) * time.Minute)
	inside := !at.Before(begin) && at.Before(end)
	if end.Before(begin) { // southern half of the world
		inside = !at.Before(begin) || at.Before(end)
	}
	if inside {
		return -(bias + summer), true
	}
	return -(bias + standard), true
}

// changeTime reads a SYSTEMTIME that says when a zone changes: an absolute
// date if it has a year, else the n-th weekday of a month, 5 = the last.
func changeTime(b []byte, year int) (time.Time, bool) {
	var f [7]int
	for i := range f {
		f[i] = int(le.Uint16(b[2*i:]))
	}
	y, month, weekday, day := f[0], f[1], f[2], f[3]
	if month < 1 || month > 12 || weekday > 6 || day < 1 || day > 31 || f[4] > 23 || f[5] > 59 || f[6] > 59 {
		return time.Time{}, false
	}
	if y == 0 {
		if day > 5 {
			return time.Time{}, false
		}
		first := time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC)
		d := 1 + (weekday-int(first.Weekday())+7)%7 + 7*(day-1)
		for last := first.AddDate(0, 1, -1).Day(); d > last; {
			d -= 7
		}
		y, day = year, d
	}
	return time.Date(y, time.Month(month), day, f[4], f[5], f[6], 0, time.UTC), true
}
