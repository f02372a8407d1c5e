package parsers

import (
	"time"

	"debrief/event"
)

// number reads the decimal digits at the front of s, at most max of them.
func number(s string, max int) (n, digits int) {
	for digits < len(s) && digits < max && s[digits] >= '0' && s[digits] <= '9' {
		n = n*10 + int(s[digits]-'0')
		digits++
	}
	return n, digits
}

// scanClock reads H:MM:SS with an optional fraction of up to nine digits
// behind '.', ',' or ':' and returns the rest of s.
func scanClock(s string) (d time.Duration, rest string, ok bool) {
	h, n := number(s, 2)
	if n == 0 || h > 23 || len(s) < n+6 || s[n] != ':' || s[n+3] != ':' {
		return 0, s, false
	}
	m, nm := number(s[n+1:], 2)
	sec, ns := number(s[n+4:], 2)
	if nm != 2 || ns != 2 || m > 59 || sec > 60 {
		return 0, s, false
	}
	d = time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(sec)*time.Second
	s = s[n+6:]
	if len(s) > 1 && (s[0] == '.' || s[0] == ',' || s[0] == ':') {
		if f, nf := number(s[1:], 9); nf > 0 {
			for i := nf; i < 9; i++ {
				f *= 10
			}
			d += time.Duration(f)
			s = s[1+nf:]
		}
	}
	return d, s, true
}

// declare gives an event on the wall clock the zone that its record states:
// minutes to add to UTC to get the wall clock.
func declare(e *event.Event, minutes int) {
	e.Time = e.Time.Add(-time.Duration(minutes) * time.Minute)
	e.Clock, e.Offset = event.ClockDeclared, int16(minutes)
}

// fixedClock reads HH:MM:SS.fff at the front of s, the form that nearly every
// record has, and returns the bytes used; 0 = s has another form.
func fixedClock(s string) (d time.Duration, used int) {
	if len(s) < 12 || s[2] != ':' || s[5] != ':' || s[8] != '.' {
		return 0, 0
	}
	h1, h2, m1, m2 := s[0]-'0', s[1]-'0', s[3]-'0', s[4]-'0'
	s1, s2, f1, f2, f3 := s[6]-'0', s[7]-'0', s[9]-'0', s[10]-'0', s[11]-'0'
	if max(h1, h2, m1, m2, s1, s2, f1, f2, f3) > 9 || h1 > 2 || h1 == 2 && h2 > 3 || m1 > 5 || s1 > 5 {
		return 0, 0
	}
	d = time.Duration(int(h1)*10+int(h2))*time.Hour + time.Duration(int(m1)*10+int(m2))*time.Minute +
		time.Duration(int(s1)*10+int(s2))*time.Second + time.Duration(int(f1)*100+int(f2)*10+int(f3))*time.Millisecond
	used = 12
	for unit := 100 * time.Microsecond; used < len(s) && used < 18 && s[used] >= '0' && s[used] <= '9'; used++ {
		d += time.Duration(s[used]-'0') * unit
		unit /= 10
	}
	return d, used
}

// scanDate reads a date at the front of s: Y-M-D, D.M.Y, and M-D-Y or M/D/Y
// unless the first number cannot be a month. Where "/" leaves both orders open
// the one that falls within three days of near is taken; near may be zero.
func scanDate(s string, near time.Time) (midnight time.Time, rest string, ok bool) {
	a, na := number(s, 4)
	if na == 0 || len(s) <= na {
		return time.Time{}, s, false
	}
	sep := s[na]
	if sep != '-' && sep != '/' && sep != '.' {
		return time.Time{}, s, false
	}
	rest = s[na+1:]
	b, nb := number(rest, 2)
	if nb == 0 || len(rest) <= nb || rest[nb] != sep {
		return time.Time{}, s, false
	}
	rest = rest[nb+1:]
	c, nc := number(rest, 4)
	rest = rest[nc:]
	switch {
	case na == 4 && (nc == 1 || nc == 2):
		midnight, ok = day(a, b, c)
	case nc != 4 || na > 2:
	case sep == '.' || a > 12:
		midnight, ok = day(c, b, a)
	default:
		midnight, ok = day(c, a, b)
		if other, valid := day(c, b, a); valid && sep == '/' && !near.IsZero() &&
			!within(midnight, near) && within(other, near) {
			midnight = other
		}
	}
	return midnight, rest, ok
}

func within(t, near time.Time) bool {
	d := t.Sub(near)
	return d > -72*time.Hour && d < 72*time.Hour
}

// day is midnight of a date of the calendar.
func day(year, month, dom int) (time.Time, bool) {
	t := time.Date(year, time.Month(month), dom, 0, 0, 0, 0, time.UTC)
	return t, year >= 1601 && t.Day() == dom && int(t.Month()) == month
}

// scanMeridiem reads an AM or PM and moves a twelve-hour clock.
func scanMeridiem(d time.Duration, s string) (time.Duration, string) {
	if len(s) < 3 || s[0] != ' ' || s[2]|0x20 != 'm' {
		return d, s
	}
	switch s[1] | 0x20 {
	case 'a':
		if d >= 12*time.Hour {
			d -= 12 * time.Hour
		}
	case 'p':
		if d < 12*time.Hour {
			d += 12 * time.Hour
		}
	default:
		return d, s
	}
	return d, s[3:]
}

// parseISO reads YYYY-MM-DDTHH:MM:SS with an optional fraction and an optional
// zone (Z or ±HH:MM). Without a zone the time is taken as written, as if UTC,
// and zoned is false.
func parseISO(s string) (t time.Time, zoned, ok bool) {
	midnight, rest, ok := scanDate(s, time.Time{})
	if !ok || len(rest) < 2 || (rest[0] != 'T' && rest[0] != ' ') {
		return time.Time{}, false, false
	}
	d, rest, ok := scanClock(rest[1:])
	if !ok {
		return time.Time{}, false, false
	}
	t = midnight.Add(d)
	switch {
	case rest == "":
		return t, false, true
	case rest == "Z" || rest == "z":
		return t, true, true
	case len(rest) == 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':':
		h, nh := number(rest[1:], 2)
		m, nm := number(rest[4:], 2)
		if nh != 2 || nm != 2 || h > 14 || m > 59 {
			return time.Time{}, false, false
		}
		off := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
		if rest[0] == '+' {
			off = -off
		}
		return t.Add(off), true, true
	}
	return time.Time{}, false, false
}
