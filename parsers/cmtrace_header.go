package parsers

import (
	"strings"
	"time"

	"debrief/event"
)

// usualHeader reads a header whose attributes are all there in the order of
// every known writer, which is several times as fast as reading any. It leaves
// e alone and reports false for every other header.
func (s *ccmScanner) usualHeader(e *event.Event, h string) (used int, ok bool) {
	var v [len(usualNames)]string
	p := 0
	for i, name := range usualNames {
		if !strings.HasPrefix(h[p:], name) {
			return 0, false
		}
		p += len(name)
		n := strings.IndexByte(h[p:], '"')
		if n < 0 {
			return 0, false
		}
		v[i] = h[p : p+n]
		p += n
	}
	if !strings.HasPrefix(h[p:], `">`) || strings.IndexByte(h[:p], '\n') >= 0 {
		return 0, false
	}
	e.Provider, e.Level, e.Thread = v[2], typeLevel(v[4]), decimal32(v[5])
	s.finish(e, v[0], v[1], v[3], v[6])
	return p + 2, true
}

var usualNames = [...]string{`<time="`, `" date="`, `" component="`, `" context="`, `" type="`, `" thread="`, `" file="`}

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
	s.finish(e, clock, date, context, file)
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

// finish fills in what the header's values mean.
func (s *ccmScanner) finish(e *event.Event, clock, date, context, file string) {
	e.Source = s.name.source(e.Provider)
	first := len(s.fields)
	switch {
	case strings.HasPrefix(context, "S-1-"):
		e.User = context
	case context != "":
		s.fields = append(s.fields, event.Field{Name: "context", Value: context})
	}
	if file != "" {
		s.fields = append(s.fields, event.Field{Name: "file", Value: file})
	}
	e.Name, s.fields = s.words.say(e.Provider, e.Message, s.fields)
	if n := len(s.fields); n > first {
		e.Fields = event.Fields(s.fields[first:n:n])
	}
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
		e.Time = e.Time.Add(time.Duration(minutes) * time.Minute)
		e.Clock, e.Offset = event.ClockDeclared, int16(-minutes)
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
