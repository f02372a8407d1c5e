package parsers

import (
	"bytes"
	"strings"
	"time"

	"debrief/event"
)

// cmtraceParser reads the logs of ConfigMgr, the task sequence engine, MDT and
// the Intune agent. Its record is
//
//	<![LOG[Starting step 3]LOG]!><time="09:14:02.117-120" date="03-05-2025" component="TSManager" context="" type="1" thread="4321" file="steps.cpp:77">
//
//	time       H:MM:SS, fraction of 1 to 7 digits, then the bias: minutes to add
//	           to reach UTC. The Intune agent writes no bias: local time
//	date       M-D-YYYY, with or without padding
//	component  becomes Provider
//	context    a SID becomes User, anything else the field "context"
//	type       2 warning, 3 error; 0, 1 and none are information
//	thread     decimal
//	file       the field "file"
//
// A message may hold line breaks, quotes and brackets. Writers that race tear
// records: one is cut where the next begins. The same logs come in two further
// forms, also mixed into one file:
//
//	Starting step 3~~  $$<SMS_TOOL><03-05-2025 09:14:02.117-120><thread=4321 (0x10E1)>
//	Starting step 3	TSManager	3/5/2025 9:14:02 AM	4321 (0x10E1)
//
// the older form of the site server and the text copied from a log viewer,
// which has no bias. Sources: Microsoft Learn "About log files in
// Configuration Manager"; observed in ConfigMgr, MDT and Intune agent logs of
// 2018 to 2026.
func cmtraceParser() Parser {
	return Parser{
		Name:    "cmtrace",
		Doc:     "logs of ConfigMgr, task sequences, MDT and the Intune agent in CMTrace form",
		Version: "2",
		Match:   matchCMTrace,
		Parse:   parseCMTrace,
		Cut:     cutCMTrace,
	}
}

// cutCMTrace cuts before the last record. The older form has its header at the
// end: there it cuts behind the last line with one. A text without either is
// cut before its last line.
func cutCMTrace(window []byte) int {
	if i := bytes.LastIndex(window, []byte(recordOpen)); i > 0 {
		return i
	}
	if i := bytes.LastIndex(window, []byte(dollarMark)); i >= 0 {
		if n := bytes.IndexByte(window[i:], '\n'); n >= 0 {
			return i + n + 1
		}
		if i = bytes.LastIndex(window[:i], []byte(dollarMark)); i >= 0 {
			return i + bytes.IndexByte(window[i:], '\n') + 1
		}
	}
	return afterLastLine(window)
}

// cmtraceTextParser reads the bare lines of a log that is known by its name,
// as people paste them into tickets: no framing, mostly no time.
func cmtraceTextParser() Parser {
	return Parser{
		Name:    "cmtrace-text",
		Doc:     "lines copied from a ConfigMgr, task sequence or Intune agent log, known by the file's name",
		Version: "2",
		Match: func(in *Input) bool {
			return knownLog(stem(in.Path)) && isLogName(in.Path) && isText(in)
		},
		Parse: parseCMTrace,
		Cut:   cutCMTrace,
	}
}

const (
	recordOpen  = "<![LOG["
	recordClose = "]LOG]!>"
	recordTime  = recordClose + "<time="
	dollarMark  = "$$<"
)

func matchCMTrace(in *Input) bool {
	h := head(in, 64<<10)
	if strings.Contains(h, recordOpen) {
		return true
	}
	if i := strings.Index(h, dollarMark); i >= 0 && strings.Contains(h[i:], "><thread=") {
		return true
	}
	// Copied from a viewer: most of the first lines have its tail.
	lines, viewed := 0, 0
	for r := (lineReader{text: h}); lines < 20; {
		line, _, ok := r.read()
		if !ok {
			break
		}
		if line = trim(line); line != "" {
			lines++
			if _, ok := scanViewed(line); ok {
				viewed++
			}
		}
	}
	return viewed*2 > lines
}

// ccmScanner is the state of one pass over a log.
type ccmScanner struct {
	doc  document
	out  *Output
	sink sink
	name namer
	// fields holds the few fields of most records, so that they cost no
	// allocation of their own.
	fields  []event.Field
	counted int // text[:counted] holds newlines line breaks
	breaks  int
	closed  int    // where the message read last ends, see closing
	framed  bool   // the file has records: a bare line is the rest of a torn one
	date    string // the date read last, and its midnight
	day     time.Time
	dayOK   bool
	middle  ccmMiddle // of the header read last
	words   speaker
}

func parseCMTrace(in *Input, out *Output) error {
	s := newCCMScanner(in, out)
	if in.carry != nil {
		s.framed, _ = (*in.carry).(bool)
		defer func() { *in.carry = s.framed }()
	}
	s.scan()
	return nil
}

func newCCMScanner(in *Input, out *Output) *ccmScanner {
	s := &ccmScanner{doc: readText(in, out), out: out, name: newNamer(in.Path)}
	s.sink = newSink(&s.doc, out)
	s.words = newSpeaker(s.name.stem, out)
	return s
}

// scan reads the whole text.
func (s *ccmScanner) scan() {
	text := s.doc.text
	next := strings.Index(text, recordOpen)
	if next >= 0 {
		s.framed = true
		room := estimateRecords(text[next:])
		s.out.Events = make([]event.Event, 0, room)
		s.fields = make([]event.Field, 0, room+room/2)
	}
	p := 0
	for next >= 0 {
		s.between(p, next)
		p, next = s.record(next)
	}
	s.between(p, len(text))
	s.name.cover(s.out)
	s.sink.bound()
}

// estimateRecords guesses from the beginning of a log how many records it
// holds; a record in a real log has 150 bytes or more.
func estimateRecords(text string) int {
	sample := text[:min(len(text), 128<<10)]
	n := strings.Count(sample, recordOpen) + 1
	if len(sample) < len(text) {
		n = int(float64(n) * 1.1 * float64(len(text)) / float64(len(sample)))
	}
	return min(n, len(text)/64) + 8
}

// pos is the position of text[off]; offsets must not fall from call to call.
func (s *ccmScanner) pos(off int) event.Pos {
	s.breaks += strings.Count(s.doc.text[s.counted:off], "\n")
	s.counted = off
	return s.doc.pos(s.breaks+1, off)
}

// record reads the record that opens at text[start]. It returns where its
// header ends and where the next record opens, -1 = none does.
func (s *ccmScanner) record(start int) (past, next int) {
	text, body := s.doc.text, start+len(recordOpen)
	if i := s.closing(body); i >= 0 && !strings.Contains(text[body:i], recordOpen) {
		head := i + len(recordClose)
		if h, ok := s.quickHeader(text[head:]); ok {
			e := s.sink.grow()
			e.Pos, e.Message = s.pos(start), text[body:i]
			s.fill(e, h)
			s.sink.clip(e)
			past = head + h.used
			return past, s.opening(past)
		}
	}
	next = s.opening(body)
	end := next
	if next < 0 {
		end = len(text)
	}
	return s.framedRecord(start, end), next
}

// closing is where a message that goes on at text[from] ends, with a header
// behind it; -1 = nowhere. Calls in the order of the text cost one pass over it.
func (s *ccmScanner) closing(from int) int {
	if s.closed >= 0 && s.closed < from {
		if s.closed = strings.Index(s.doc.text[from:], recordTime); s.closed >= 0 {
			s.closed += from
		}
	}
	return s.closed
}

// opening is where the first record behind text[from] opens; -1 = none does.
func (s *ccmScanner) opening(from int) int {
	rest := s.doc.text[from:]
	const near = "\r\n" + recordOpen
	if len(rest) >= len(near) && rest[:len(near)] == near {
		return from + len("\r\n")
	}
	i := strings.Index(rest, recordOpen)
	if i >= 0 {
		i += from
	}
	return i
}

// framedRecord reads the record that opens at text[start], of which no byte lies
// behind end, where the next one opens. It returns where its header ends.
func (s *ccmScanner) framedRecord(start, end int) int {
	body := start + len(recordOpen)
	rest := s.doc.text[body:end]
	i := strings.Index(rest, recordTime)
	if i < 0 {
		i = strings.Index(rest, recordClose)
	}
	if i < 0 {
		s.torn(event.Event{Pos: s.pos(start)}, rest, end == len(s.doc.text) && !s.doc.more)
		return end
	}
	e := s.sink.grow()
	e.Pos = s.pos(start)
	e.Message = rest[:i]
	n, whole := s.header(e, rest[i+len(recordClose):])
	if !whole {
		e.Flags |= event.Torn
		s.out.Problem(event.Remark, e.Pos, "the header of the record is cut off")
	}
	s.sink.clip(e)
	return body + i + len(recordClose) + n
}

// torn adds a record that has no end of message. Torn writes are the writer's:
// debrief reads all that is there, so they are remarks and no damage.
func (s *ccmScanner) torn(e event.Event, rest string, last bool) {
	e.Message = trim(rest)
	what := "the record is cut off by the next one"
	if last {
		what = "the last record is cut off"
	}
	s.out.Problem(event.Remark, e.Pos, what)
	if e.Message == "" {
		s.out.Coverage.Unknown++
		return
	}
	e.Flags |= event.Torn
	e.Source, e.Level = s.name.source(""), event.LevelInfo
	s.describe(&e, "", "")
	s.sink.add(e)
}
