package parsers

import (
	"strings"
	"time"

	"debrief/event"
)

// maxPending bounds the lines that one message of the "$$<" form may span.
const maxPending = 200

// between reads text[from:to], which holds no record: nothing but a line break
// in a sound log, else lines of the other two forms or rests of torn records.
func (s *ccmScanner) between(from, to int) {
	for {
		i := strings.Index(s.doc.text[from:to], recordTime)
		if i < 0 {
			break
		}
		from = s.headless(from, from+i, to)
	}
	region := s.doc.text[from:to]
	if trim(region) == "" {
		return
	}
	lastDollar := strings.LastIndex(region, dollarMark)
	pendingFrom, pending := -1, 0
	flush := func(end int) {
		if pendingFrom >= 0 {
			s.bareLines(pendingFrom, end)
			pendingFrom, pending = -1, 0
		}
	}
	r := lineReader{text: region}
	for {
		line, at, ok := r.read()
		if !ok {
			break
		}
		if trim(line) == "" {
			continue
		}
		start := from + at
		if i := strings.LastIndex(line, dollarMark); i >= 0 {
			open := start
			if pendingFrom >= 0 {
				open = pendingFrom
			}
			if s.dollar(open, start+i, line[i:]) {
				pendingFrom, pending = -1, 0
				continue
			}
		}
		if v, ok := scanViewed(line); ok {
			flush(start)
			s.viewed(v, start)
			continue
		}
		if at > lastDollar || pending >= maxPending {
			flush(start)
			s.bare(line, start)
			continue
		}
		if pendingFrom < 0 {
			pendingFrom = start
		}
		pending++
	}
	flush(to)
}

// headless adds the rest of a record whose beginning was overwritten:
// text[from:mid] is what is left of its message, its header follows and ends
// by limit. It returns where the header ends.
func (s *ccmScanner) headless(from, mid, limit int) int {
	for from < mid {
		line := restOfLine(s.doc.text[from:mid])
		if trim(line) != "" && !isHeaderRest(line) || from+len(line) >= mid {
			break
		}
		from += len(line) + 1
	}
	e := event.Event{Flags: event.Torn, Message: trim(s.doc.text[from:mid])}
	e.Pos = s.pos(from + strings.Index(s.doc.text[from:mid], e.Message))
	s.out.Problem(event.Remark, e.Pos, "the beginning of the record is missing")
	mid += len(recordClose)
	n, _ := s.header(&e, s.doc.text[mid:limit])
	s.sink.add(e)
	return mid + n
}

// isHeaderRest reports whether a line is the end of a header that another
// record cut: alone it says nothing.
func isHeaderRest(line string) bool {
	return strings.Contains(line, `file="`) && strings.HasSuffix(trim(line), `">`)
}

// bareLines adds each line of text[from:to] as it stands.
func (s *ccmScanner) bareLines(from, to int) {
	r := lineReader{text: s.doc.text[from:to]}
	for {
		line, at, ok := r.read()
		if !ok {
			return
		}
		if trim(line) != "" {
			s.bare(line, from+at)
		}
	}
}

// bare adds a line without framing: pasted, or the rest of a torn record.
func (s *ccmScanner) bare(line string, start int) {
	e := event.Event{Pos: s.pos(start), Flags: event.Pasted}
	if s.framed {
		e.Flags, e.Level = event.Torn, event.LevelInfo
		s.out.Coverage.Unknown++
		if isHeaderRest(line) {
			return
		}
	}
	text := trim(line)
	if !s.framed {
		text = leadingTime(&e, text)
	}
	if e.Provider, e.Thread, e.Message = s.name.splitComponent(text); e.Message == "" {
		e.Message = trim(line)
	}
	e.Source = s.name.source(e.Provider)
	if !s.framed && s.sink.joinErrorTail(&e) {
		return
	}
	if s.describe(&e, "", ""); e.Name != "" {
		s.sink.add(e)
		return
	}
	s.sink.addLine(e, start, start+len(line))
}

// dollar reads the tail of a "$$<" record whose message is text[from:to].
func (s *ccmScanner) dollar(from, to int, tail string) bool {
	rest := tail[len(dollarMark):]
	comp, rest, ok := strings.Cut(rest, "><")
	if !ok {
		return false
	}
	stamp, rest, ok := strings.Cut(rest, "><")
	if !ok {
		return false
	}
	date, clock, _ := strings.Cut(stamp, " ")
	d, bias, ok := scanClock(clock)
	if !ok || !s.setDay(date) {
		return false
	}
	e := event.Event{Pos: s.pos(from), Time: s.day.Add(d), Clock: event.ClockLocal, Provider: comp}
	if minutes, ok := scanBias(bias); ok {
		declare(&e, -minutes)
	}
	if thread, ok := strings.CutPrefix(trim(rest), "thread="); ok && strings.HasSuffix(thread, ">") {
		e.Thread = decimal32(thread)
	} else {
		e.Flags |= event.Torn
		s.out.Problem(event.Remark, e.Pos, "the end of the record is cut off")
	}
	e.Message = strings.TrimRight(trim(s.doc.text[from:to]), "~ \t\r\n")
	e.Source = s.name.source(comp)
	s.describe(&e, "", "")
	s.sink.add(e)
	return true
}

// viewedLine is a line as a log viewer copies it.
type viewedLine struct {
	message, component string
	time               time.Time
	thread             uint32
}

// viewed adds a line copied from a viewer; its time is the wall clock.
func (s *ccmScanner) viewed(v viewedLine, start int) {
	e := event.Event{
		Pos: s.pos(start), Flags: event.Pasted, Time: v.time, Clock: event.ClockLocal,
		Provider: v.component, Source: s.name.source(v.component),
		Message: v.message, Thread: v.thread,
	}
	if !s.framed && s.sink.joinErrorTail(&e) {
		return
	}
	s.describe(&e, "", "")
	s.sink.add(e)
}

// scanViewed reads "message component date time thread (0xhex)" from its right
// end. The thread, written twice, must agree with itself.
func scanViewed(line string) (v viewedLine, ok bool) {
	rest, thread, ok := cutThreadBehind(trim(line))
	if !ok {
		return v, false
	}
	v.thread = thread
	rest, clock := lastWord(rest)
	if len(clock) == 2 && clock[1]|0x20 == 'm' {
		var hms string
		rest, hms = lastWord(rest)
		clock = hms + " " + clock
	}
	d, tail, ok := scanClock(clock)
	if !ok {
		return v, false
	}
	if d, tail = scanMeridiem(d, tail); tail != "" {
		return v, false
	}
	rest, date := lastWord(rest)
	midnight, tail, ok := scanDate(date, time.Time{})
	if !ok || tail != "" {
		return v, false
	}
	v.time = midnight.Add(d)
	v.message, v.component = lastWord(rest)
	// A tab tells where a component of several words begins.
	if rest = trim(rest); strings.LastIndexByte(rest, '\t') > 0 {
		i := strings.LastIndexByte(rest, '\t')
		v.message, v.component = rest[:i], rest[i+1:]
	}
	v.message = trim(v.message)
	return v, true
}

// lastWord cuts the last word off s.
func lastWord(s string) (before, word string) {
	s = trim(s)
	i := strings.LastIndexAny(s, " \t")
	return s[:i+1], s[i+1:]
}
