package index

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"debrief/event"
)

// time makes the filter of time:, since: and until:. All times are UTC.
func (p *queryParser) time(at int, name, value string) (*event.Filter, error) {
	bad := func() (*event.Filter, error) {
		return nil, p.errorf(at, `%s: %q is not a time such as 2024-03-05, 2024-03-05T09:30 or 7d`, name, value)
	}
	switch name {
	case "since":
		from, _, ok := p.moment(value)
		if !ok {
			return bad()
		}
		return event.TimeBetween(from, time.Time{}), nil
	case "until":
		_, end, ok := p.moment(value)
		if !ok {
			return bad()
		}
		return event.TimeBetween(time.Time{}, end), nil
	}
	from, to, isRange := strings.Cut(value, "..")
	if !isRange {
		to = from
	}
	var lo, hi time.Time
	ok := from != "" || to != ""
	if from != "" && ok {
		lo, _, ok = p.moment(from)
	}
	if to != "" && ok {
		_, hi, ok = p.moment(to)
	}
	if !ok {
		return bad()
	}
	return event.TimeBetween(lo, hi), nil
}

// moment reads a time or an age; end is the moment after what was said: of a
// day the next midnight, of a minute the next one.
func (p *queryParser) moment(s string) (start, end time.Time, ok bool) {
	for _, l := range []struct {
		layout string
		unit   time.Duration
	}{
		{"2006-01-02T15:04:05", time.Second}, {"2006-01-02 15:04:05", time.Second}, {"2006-01-02T15:04", time.Minute}, {"2006-01-02 15:04", time.Minute}, {"2006-01-02", 24 * time.Hour},
	} {
		if t, err := time.Parse(l.layout, strings.TrimSuffix(s, "Z")); err == nil {
			return t, t.Add(l.unit), true
		}
	}
	if t, err := time.Parse("2006-01", s); err == nil {
		return t, t.AddDate(0, 1, 0), true
	}
	age, ok := parseAge(s)
	if !ok {
		return start, end, false
	}
	t := p.now.UTC().Add(-age)
	return t, t, true
}

// parseAge reads 30m, 24h, 7d or 2w.
func parseAge(s string) (time.Duration, bool) {
	if s == "" {
		return 0, false
	}
	n, err := strconv.ParseUint(s[:len(s)-1], 10, 16)
	unit := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}[s[len(s)-1]]
	if err != nil || unit == 0 {
		return 0, false
	}
	return time.Duration(n) * unit, true
}

// ParseMoment reads a time as "since:" does: 7d, 24h, 2024-03-05,
// 2024-03-05T09:30. It returns the beginning of what was said.
func ParseMoment(s string, now time.Time) (time.Time, error) {
	p := &queryParser{now: now}
	t, _, ok := p.moment(s)
	if !ok {
		return t, fmt.Errorf("%q is not a time such as 2024-03-05, 2024-03-05T09:30 or 7d", s)
	}
	return t, nil
}

// ParseAge reads a length of time as "since:" does: 30m, 24h, 7d, 2w.
func ParseAge(s string) (time.Duration, error) {
	if age, ok := parseAge(s); ok && age > 0 {
		return age, nil
	}
	return 0, fmt.Errorf("%q is not a length of time such as 30m, 24h or 7d", s)
}
