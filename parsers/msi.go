package parsers

import (
	"strings"
	"time"

	"debrief/event"
)

// msiParser reads logs of the Windows Installer, verbose or not. One line is
// one event, which keeps every line quotable. Samples of what carries fields:
//
//	=== Verbose logging started: 3/5/2025  9:14:02  Build type: SHIP UNICODE 5.00.10011.00  Calling process: C:\Windows\system32\msiexec.exe ===
//	MSI (s) (A4:1C) [09:14:03:512]: Doing action: CheckDisk
//	Action start 09:14:03: CheckDisk.
//	Action ended 09:14:04: CheckDisk. Return value 3.
//	CustomAction CheckDisk returned actual error code 1603 (note …)
//	Error 1722. There is a problem …
//	Property(S): ProductName = Sample Tool
//	MSI (s) (A4:1C) [09:14:05:001]: Product: Sample Tool -- Installation failed.
//	MSI (s) (A4:1C) [09:14:05:002]: MainEngineThread is returning 1603
//
//	action    name of the action      return   its return value; 3 = failed
//	error     number of an Error line  code    exit code
//	product   product name            property, value  one property
//
// Only the first line has a date, in the form of the user's locale, and no
// line has a zone: times are the wall clock and midnight shows as a step back.
// A line without a time of its own has the time of the line before it. The
// prefix is cut off the message; its two hex numbers are the low bytes of
// process and thread id and identify neither. Sources: Microsoft Learn
// "Windows Installer logging"; observed in logs of 2010 to 2026, which are
// UTF-16 or ANSI.
func msiParser() Parser {
	return Parser{
		Name:    "msi",
		Doc:     "Windows Installer logs (client.msi.log and others)",
		Version: "1",
		Match: func(in *Input) bool {
			if isMSIText(head(in, 16<<10)) {
				return true
			}
			name := strings.ToLower(in.Path)
			return (strings.HasSuffix(name, ".msi.log") || strings.HasSuffix(name, ".msi.log.txt")) && isText(in)
		},
		Parse: parseMSI,
		Cut:   afterLastLine,
	}
}

// isMSIText looks for a line that only the installer writes.
func isMSIText(h string) bool {
	for r := (lineReader{text: h}); ; {
		line, _, ok := r.read()
		if !ok {
			return false
		}
		line = trim(line)
		if _, _, ok := cutEngine(line); ok || strings.HasPrefix(line, "=== Verbose logging started: ") ||
			strings.HasPrefix(line, "=== Logging started: ") {
			return true
		}
		if d, _, ok := cutAction(line, "Action start "); ok && d >= 0 {
			return true
		}
		if d, _, ok := cutAction(line, "Action ended "); ok && d >= 0 {
			return true
		}
	}
}

// msiScanner is the state of one pass over an installer log.
type msiScanner struct {
	doc    document
	out    *Output
	sink   sink
	source event.Source
	near   time.Time // the file's date, to tell the order of day and month
	msiClock
}

// msiClock is where in time a log is; the next window goes on from there.
type msiClock struct {
	day  time.Time // midnight of the current day; zero = no header was seen
	last time.Time // time of the last stamped line; zero = none
}

func parseMSI(in *Input, out *Output) error {
	doc := readText(in, out)
	s := msiScanner{doc: doc, out: out, source: event.LogMSI, near: in.ModTime}
	if strings.HasPrefix(stem(in.Path), "client.msi") {
		s.source = event.LogClientMSI
	}
	if in.carry != nil {
		s.msiClock, _ = (*in.carry).(msiClock)
		defer func() { *in.carry = s.msiClock }()
	}
	s.sink = newSink(&s.doc, out)
	out.Cover(s.source)
	r := lineReader{text: doc.text}
	for {
		line, start, ok := r.read()
		if !ok {
			return nil
		}
		if text := trim(line); text != "" {
			s.line(text, r.num, start, start+len(line))
		}
	}
}

func (s *msiScanner) line(text string, num, start, end int) {
	e := event.Event{Source: s.source, Provider: "msi", Level: event.LevelInfo, Pos: s.doc.pos(num, start)}
	stamp := ""
	if rest, ok := cutViewedEngine(text); ok {
		text = rest
	} else if d, rest, ok := cutEngine(text); ok {
		stamp = text[strings.IndexByte(text, '[')+1 : len(text)-len(rest)]
		text = trim(rest)
		s.clock(d)
	} else {
		s.stampOf(text)
	}
	e.Message = text
	e.Fields, e.Level = msiFields(text)
	if mb := installedMemory(e.Fields); mb > 0 {
		s.sink.out.Facts = append(s.sink.out.Facts, event.Number("device.memory-mb", "", mb, e.Pos))
	}
	switch {
	case !s.last.IsZero():
		e.Time, e.Clock = s.last, event.ClockLocal
	case stamp != "":
		// A fragment without its header has no date: the time stays a field.
		e.Fields = append(e.Fields, event.Field{Name: "time", Value: strings.TrimRight(stamp, "]:")})
	}
	if e.Fields == nil {
		s.sink.addLine(e, start, end)
		return
	}
	s.sink.add(e)
}

// clock moves to a time of day. More than half a day back is midnight;
// less is two writers out of step.
func (s *msiScanner) clock(d time.Duration) {
	if s.day.IsZero() {
		return
	}
	t := s.day.Add(d)
	if !s.last.IsZero() && s.last.Sub(t) > 12*time.Hour {
		s.day = s.day.AddDate(0, 0, 1)
		t = s.day.Add(d)
	}
	s.last = t
}

// stampOf takes the time of the lines that carry one outside the engine's prefix.
func (s *msiScanner) stampOf(text string) {
	if rest, ok := strings.CutPrefix(text, "=== "); ok {
		for _, verb := range []string{"Verbose logging started: ", "Verbose logging stopped: ", "Logging started: ", "Logging stopped: "} {
			if when, ok := strings.CutPrefix(rest, verb); ok {
				s.header(when)
				return
			}
		}
	}
	for _, verb := range []string{"Action start ", "Action ended ", "Action "} {
		if d, _, ok := cutAction(text, verb); ok {
			s.clock(d)
			return
		}
	}
}

// header reads "M/D/YYYY  H:MM:SS" of the first and last line of a run.
func (s *msiScanner) header(when string) {
	midnight, rest, ok := scanDate(when, s.near)
	if !ok {
		return
	}
	d, rest, ok := scanClock(strings.TrimLeft(rest, " \t"))
	if !ok {
		return
	}
	d, _ = scanMeridiem(d, rest)
	s.day, s.last = midnight, midnight.Add(d)
}

// cutEngine reads "MSI (s) (A4:1C) [09:14:03:512]: " off the front of a line.
func cutEngine(line string) (d time.Duration, text string, ok bool) {
	rest, ok := strings.CutPrefix(line, "MSI (")
	if !ok {
		return 0, line, false
	}
	i := strings.Index(rest, ") (")
	j := strings.Index(rest, ") [")
	if i < 1 || i > 4 || j < i || j > 40 {
		return 0, line, false
	}
	d, rest, ok = scanClock(rest[j+3:])
	if !ok || !strings.HasPrefix(rest, "]:") {
		return 0, line, false
	}
	return d, rest[2:], true
}

// cutViewedEngine reads "MSI (s) 164 (0xA4) ", to which a log viewer turns the
// prefix when lines are copied out of it.
func cutViewedEngine(line string) (text string, ok bool) {
	rest, ok := strings.CutPrefix(line, "MSI (")
	if !ok {
		return line, false
	}
	side, rest, ok := strings.Cut(rest, ") ")
	if !ok || len(side) > 4 {
		return line, false
	}
	if _, text, ok = cutThread(rest); !ok || text == "" {
		return line, false
	}
	return text, true
}

// cutAction reads "Action start 09:14:03: " off the front of a line.
func cutAction(line, verb string) (d time.Duration, text string, ok bool) {
	rest, ok := strings.CutPrefix(line, verb)
	if !ok {
		return 0, "", false
	}
	d, rest, ok = scanClock(rest)
	if !ok || !strings.HasPrefix(rest, ": ") {
		return 0, "", false
	}
	return d, rest[2:], true
}
