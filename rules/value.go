package rules

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

type valueKind uint8

const (
	valAbsent valueKind = iota
	valText
	valNumber
	valTime
	valDuration
	valBool
)

// value is what a variable holds. The zero value is absent.
type value struct {
	kind valueKind
	text string // as found; for valDuration and valTime empty
	num  int64  // valNumber, valBool (0, 1); nanoseconds of valDuration
	time time.Time
}

func textValue(s string) value { return value{kind: valText, text: s} }

func numberValue(n int64) value {
	return value{kind: valNumber, num: n, text: strconv.FormatInt(n, 10)}
}

func timeValue(t time.Time) value {
	if t.IsZero() {
		return value{}
	}
	return value{kind: valTime, time: t}
}

func durationValue(d time.Duration) value { return value{kind: valDuration, num: int64(d)} }

// number returns the value as a number: what it is, or what its text spells.
func (v value) number() (int64, bool) {
	switch v.kind {
	case valNumber, valBool:
		return v.num, true
	case valText:
		return parseNumber(v.text)
	}
	return 0, false
}

// String renders the value for people.
func (v value) String() string {
	switch v.kind {
	case valTime:
		return v.time.UTC().Format("2006-01-02 15:04:05Z")
	case valDuration:
		return formatDuration(time.Duration(v.num))
	}
	return v.text
}

// parseNumber reads decimal (signed or not) and 0x hex numbers of at most 64 bits.
func parseNumber(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	if len(s) == 0 || len(s) > 20 {
		return 0, false
	}
	if len(s) > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') {
		u, err := strconv.ParseUint(s[2:], 16, 64)
		return int64(u), err == nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// sameNumber compares numbers, and 32-bit codes in any spelling: 0x80070643,
// 2147944003 and -2147023293 are one code.
func sameNumber(a, b int64) bool {
	if a == b {
		return true
	}
	const low, high = -1 << 31, 1<<32 - 1
	return a >= low && a <= high && b >= low && b <= high && uint32(a) == uint32(b)
}

// compareValues orders a and b where an order between them makes sense.
func compareValues(a, b value) (int, bool) {
	if a.kind == valDuration || b.kind == valDuration {
		da, oka := a.duration()
		db, okb := b.duration()
		return cmp.Compare(da, db), oka && okb
	}
	if a.kind == valTime || b.kind == valTime {
		ta, oka := a.moment()
		tb, okb := b.moment()
		return ta.Compare(tb), oka && okb
	}
	na, oka := a.number()
	nb, okb := b.number()
	if oka && okb {
		return cmp.Compare(na, nb), true
	}
	if isDotted(a.text) && isDotted(b.text) {
		return compareDotted(a.text, b.text), true
	}
	return 0, false
}

func (v value) duration() (time.Duration, bool) {
	switch v.kind {
	case valDuration:
		return time.Duration(v.num), true
	case valText:
		return parseDuration(v.text)
	case valNumber:
		return 0, v.num == 0
	}
	return 0, false
}

func (v value) moment() (time.Time, bool) {
	switch v.kind {
	case valTime:
		return v.time, true
	case valText:
		t, err := time.Parse(time.RFC3339Nano, v.text)
		return t, err == nil
	}
	return time.Time{}, false
}

// equalValues compares as numbers, durations or times where both sides are,
// else as text without regard to ASCII case.
func equalValues(a, b value) bool {
	na, oka := a.number()
	nb, okb := b.number()
	if oka && okb {
		return sameNumber(na, nb)
	}
	if a.kind == valDuration || b.kind == valDuration || a.kind == valTime || b.kind == valTime {
		c, ok := compareValues(a, b)
		return ok && c == 0
	}
	return equalFold(a.text, b.text)
}

// isDotted reports whether s is a version such as 10.0.22631.
func isDotted(s string) bool {
	if s == "" || len(s) > 64 || s[0] == '.' || s[len(s)-1] == '.' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if (s[i] < '0' || s[i] > '9') && s[i] != '.' {
			return false
		}
	}
	return true
}

func compareDotted(a, b string) int {
	for a != "" || b != "" {
		var pa, pb string
		pa, a, _ = strings.Cut(a, ".")
		pb, b, _ = strings.Cut(b, ".")
		pa, pb = strings.TrimLeft(pa, "0"), strings.TrimLeft(pb, "0")
		if c := cmp.Or(cmp.Compare(len(pa), len(pb)), strings.Compare(pa, pb)); c != 0 {
			return c
		}
	}
	return 0
}

// parseDuration reads 90s, 15m, 2h, 1d, 1h30m; a leading sign is allowed.
func parseDuration(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimLeft(s, "+-")
	if s == "" || len(s) > 32 {
		return 0, false
	}
	if n, ok := strings.CutSuffix(s, "d"); ok {
		d, err := strconv.ParseUint(n, 10, 16)
		if neg {
			return -time.Duration(d) * 24 * time.Hour, err == nil
		}
		return time.Duration(d) * 24 * time.Hour, err == nil
	}
	d, err := time.ParseDuration(s)
	if neg {
		d = -d
	}
	return d, err == nil
}

// formatDuration renders d as people say it: "47 min 12 s", "1 h 2 min", "0.4 s".
func formatDuration(d time.Duration) string {
	if d < 0 {
		return "-" + formatDuration(-max(d, -1<<62))
	}
	switch {
	case d < 10*time.Second && d%time.Second != 0:
		return strconv.FormatFloat(d.Round(100*time.Millisecond).Seconds(), 'f', -1, 64) + " s"
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + " s"
	case d < time.Hour:
		return joinUnits(int(d.Minutes()), "min", int(d.Seconds())%60, "s")
	case d < 48*time.Hour:
		return joinUnits(int(d.Hours()), "h", int(d.Minutes())%60, "min")
	}
	return joinUnits(int(d.Hours())/24, "days", int(d.Hours())%24, "h")
}

func joinUnits(a int, ua string, b int, ub string) string {
	s := strconv.Itoa(a) + " " + ua
	if b > 0 {
		s += " " + strconv.Itoa(b) + " " + ub
	}
	return s
}
