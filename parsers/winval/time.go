package winval

import (
	"encoding/binary"
	"strconv"
	"time"
)

// epochDelta is the number of 100 ns ticks from 1601 to 1970.
const epochDelta = 116444736000000000

// lastTick is the end of the year 9999; what is beyond is no time.
const lastTick = 2650467744000000000

// Filetime converts a FILETIME; 0 and times beyond the year 9999 give the
// zero time.
func Filetime(ticks uint64) time.Time {
	if ticks == 0 || ticks >= lastTick {
		return time.Time{}
	}
	n := int64(ticks) - epochDelta
	sec := n / 1e7
	if n%1e7 < 0 {
		sec--
	}
	return time.Unix(sec, (n-sec*1e7)*100).UTC()
}

// AppendFiletime appends a FILETIME as RFC 3339, or as a number where it is
// no time.
func AppendFiletime(dst []byte, ticks uint64) []byte {
	if t := Filetime(ticks); !t.IsZero() {
		return t.AppendFormat(dst, time.RFC3339Nano)
	}
	return strconv.AppendUint(dst, ticks, 10)
}

// AppendSystime appends a SYSTEMTIME (year, month, weekday, day, hour, minute,
// second, millisecond) as RFC 3339, or as hex where it is no time.
func AppendSystime(dst, b []byte) []byte {
	var f [8]int
	for i := range f {
		f[i] = int(binary.LittleEndian.Uint16(b[2*i:]))
	}
	if f[0] < 1 || f[0] > 9999 || f[1] < 1 || f[1] > 12 || f[3] < 1 || f[3] > 31 || f[4] > 23 || f[5] > 59 || f[6] > 59 || f[7] > 999 {
		return AppendHex(dst, b)
	}
	t := time.Date(f[0], time.Month(f[1]), f[3], f[4], f[5], f[6], f[7]*1e6, time.UTC)
	return t.AppendFormat(dst, time.RFC3339Nano)
}
