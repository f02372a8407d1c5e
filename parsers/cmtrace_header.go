package parsers

import (
	"strings"
	"time"

	"debrief/event"
)

// clockOpen is how the header of every known writer begins.
const clockOpen = `<time="`

// ccmMiddle is the part of a header that runs of records share, and what it
// means. Comparing it whole is several times as fast as reading it again.
type ccmMiddle struct {
	// text is the header from behind the clock to the opening quote of the
	// type: `-060" date="03-05-2025" component="TSManager" context="" type="`.
	text     string
	midnight time.Time // UTC of the day's beginning on the record's clock
	clock    event.Clock
	offset   int16
	utc      bool // the bias is +000, which MDT's scripts write in any zone
	provider string
	source   event.Source
	user     string
	context  string
}

// ccmQuick is what a header says beyond its middle.
type ccmQuick struct {
	clock  time.Duration // since the day's beginning
	level  event.Level
	thread uint32
	file   string
	used   int // bytes of the header
}

// quickHeader reads a header whose middle is that of the record before and
// whose other attributes stand where every known writer has them. It reports
// false for every other header.
func (s *ccmScanner) quickHeader(h string) (q ccmQuick, ok bool) {
	m := &s.middle
	if m.text == "" || len(h) < len(clockOpen) || h[:len(clockOpen)] != clockOpen {
		return q, false
	}
	n := 0
	if q.clock, n = fixedClock(h[len(clockOpen):]); n == 0 {
		return q, false
	}
	at := len(clockOpen) + n
	if len(h) < at+len(m.text) || h[at:at+len(m.text)] != m.text {
		return q, false
	}
	at += len(m.text)
	const thread, file = `" thread="`, `" file="`
	if len(h) < at+1+len(thread) || h[at+1:at+1+len(thread)] != thread {
		return q, false
	}
	q.level = typeLevel(h[at : at+1])
	at += 1 + len(thread)
	id, digits := number(h[at:], 9)
	at += digits
	if len(h) < at+len(file) || h[at:at+len(file)] != file || id == 0 && m.utc {
		return q, false
	}
	q.thread = uint32(id)
	at += len(file)
	end := headerValue(h[at:])
	if end < 0 || at+end+1 >= len(h) || h[at+end+1] != '>' {
		return q, false
	}
	q.file, q.used = h[at:at+end], at+end+2
	// A record that opens within the header cuts it off.
	return q, strings.IndexByte(q.file, '<') < 0
}

// fill fills in what the header says.
func (s *ccmScanner) fill(e *event.Event, q ccmQuick) {
	m := &s.middle
	e.Provider, e.Source, e.User = m.provider, m.source, m.user
	e.Level, e.Thread = q.level, q.thread
	e.Time, e.Clock, e.Offset = m.midnight.Add(q.clock), m.clock, m.offset
	s.describe(e, m.context, q.file)
}

// learn keeps the middle of the header h, which was read into e, for the
// records behind it.
func (s *ccmScanner) learn(e *event.Event, h, context string) {
	const open = `" type="`
	if len(h) < len(clockOpen) || h[:len(clockOpen)] != clockOpen {
		return
	}
	d, n := fixedClock(h[len(clockOpen):])
	if n == 0 {
		return
	}
	text := h[len(clockOpen)+n:]
	i := strings.Index(text, open)
	if i < 0 {
		return
	}
	text = text[:i+len(open)]
	// The last quote must be one that opens a value: the first closes one.
	if strings.Count(text, `"`)%2 != 0 {
		return
	}
	s.middle = ccmMiddle{
		text: text, midnight: e.Time.Add(-d), clock: e.Clock, offset: e.Offset, utc: strings.HasPrefix(text, `+000"`),
		provider: e.Provider, source: e.Source, user: e.User, context: context,
	}
}

// typeLevel is the level of a record's type.
func typeLevel(value string) event.Level {
	switch value {
	case "2":
		return event.LevelWarning
	case "3":
		return event.LevelError
	}
	return event.LevelInfo
}

// header reads `<name="value" …>` at the front of h into e. It returns the
// bytes used and whether the closing bracket was there.
func (s *ccmScanner) header(e *event.Event, h string) (used int, whole bool) {
	var clock, date, context, file string
	e.Level = event.LevelInfo
	p := 0
	if p < len(h) && h[p] == '<' {
		p++
	}
	for {
		for p < len(h) && h[p] == ' ' {
			p++
		}
		if p < len(h) && h[p] == '>' {
			p, whole = p+1, true
			break
		}
		q := p
		for q < len(h) && h[q] >= 'a' && h[q] <= 'z' {
			q++
		}
		if q+1 >= len(h) {
			p = len(h)
			break
		}
		if q == p || h[q] != '=' || h[q+1] != '"' {
			break
		}
		name, value := h[p:q], h[q+2:]
		n := headerValue(value)
		if n < 0 {
			// Cut off within the value: what the next line holds is not of this header.
			if p = strings.IndexByte(h[q:], '\n') + q; p < q {
				p = len(h)
			}
			break
		}
		value, p = value[:n], q+2+n+1
		switch name {
		case "time":
			clock = value
		case "date":
			date = value
		case "component":
			e.Provider = value
		case "context":
			context = value
		case "type":
			e.Level = typeLevel(value)
		case "thread":
			e.Thread = decimal32(value)
		case "file":
			file = value
		}
	}
	s.finish(e, h[:p], clock, date, context, file)
	return p, whole
}

// headerValue returns the length of the value at the front of s, up to its
// quote, or -1 where it is cut off. Values are short and hold no line break.
func headerValue(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return i
		case '\n':
			return -1
		}
	}
	return -1
}

// finish fills in what the values of the header h mean.
func (s *ccmScanner) finish(e *event.Event, h, clock, date, context, file string) {
	e.Source = s.name.source(e.Provider)
	if strings.HasPrefix(context, "S-1-") {
		e.User, context = context, ""
	}
	s.describe(e, context, file)
	if clock == "" && date == "" {
		return
	}
	d, bias, ok := scanClock(clock)
	if !ok || !s.setDay(date) {
		s.out.Problem(event.Damage, e.Pos, "the record's time is not readable")
		return
	}
	e.Time, e.Clock = s.day.Add(d), event.ClockLocal
	// MDT's scripts write the zone +000 whatever the zone is.
	if bias == "+000" && e.Thread == 0 && strings.HasSuffix(clock, ".000+000") {
		return
	}
	if minutes, ok := scanBias(bias); ok {
		declare(e, -minutes)
	}
	s.learn(e, h, context)
}

// describe gives an event its name and fields: the context, the source file
// and what its message carries.
func (s *ccmScanner) describe(e *event.Event, context, file string) {
	first := len(s.fields)
	if context != "" {
		s.fields = append(s.fields, event.Field{Name: "context", Value: context})
	}
	if file != "" {
		s.fields = append(s.fields, event.Field{Name: "file", Value: file})
	}
	e.Name, s.fields = s.words.say(e.Provider, e.Message, s.fields)
	if n := len(s.fields); n > first {
		e.Fields = event.Fields(s.fields[first:n:n])
	}
}

// setDay turns a date into s.day; runs of records share one.
func (s *ccmScanner) setDay(date string) bool {
	if date != s.date {
		var rest string
		s.day, rest, s.dayOK = scanDate(date, time.Time{})
		s.date, s.dayOK = date, s.dayOK && rest == ""
	}
	return s.dayOK
}

// scanBias reads the whole of s as minutes to add to reach UTC.
func scanBias(s string) (minutes int, ok bool) {
	if len(s) < 2 || (s[0] != '+' && s[0] != '-') {
		return 0, false
	}
	minutes, n := number(s[1:], 4)
	if n != len(s)-1 || minutes > 24*60 {
		return 0, false
	}
	if s[0] == '-' {
		minutes = -minutes
	}
	return minutes, true
}

// decimal32 reads the digits at the front of s; 0 where there are none or too many.
func decimal32(s string) uint32 {
	n, digits := number(s, 10)
	if digits == 0 || n > 1<<32-1 {
		return 0
	}
	return uint32(n)
}
