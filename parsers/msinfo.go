package parsers

import (
	"strconv"
	"strings"

	"debrief/event"
)

// msinfoParser reads what "msinfo32 /report" writes, in UTF-16: a line that
// says when, the name of the computer, then sections of rows whose cells stand
// between tabs.
//
//	System Information report written at: 03/05/25 10:14:05
//	System Name: PC-0001
//	[System Summary]
//
//	Item	Value
//	OS Name	Microsoft Windows 11 Enterprise
//	Version	10.0.22631 Build 22631
//	…
//	System Manufacturer	Example Computer
//	System Model	Model One
//	System Type	x64-based PC
//	Processor	Example(R) CPU @ 2.00GHz, 1996 Mhz, 4 Core(s), 8 Logical Processor(s)
//	Installed Physical Memory (RAM)	16.0 GB
//
// Windows translates the titles and some values. So the rows of the summary are
// told by what does not change: "10.0.N" begins the version, "x64" and "ARM64"
// the type, behind the maker and the model; a processor tells its MHz and, last
// of all numbers, its logical processors; "(RAM)" stands in the title of the
// memory. Each row is an event without a time with the fields "section", "name"
// and "value". The name of the computer is no fact of it: a report is often
// written long after the collection beside it, when the device was renamed.
// Source: Microsoft Learn "msinfo32" and published reports.
func msinfoParser() Parser {
	return Parser{
		Name:    "msinfo32",
		Doc:     "report of msinfo32",
		Version: "1",
		Match: func(in *Input) bool {
			// The head of the summary: a title in brackets, then two words
			// between tabs, then the name and the version of Windows.
			h := head(in, 4096)
			i := strings.Index(h, "\n[")
			return i >= 0 && strings.Count(h[:i], "\n") < 8 && strings.Contains(h[i:], "\t10.0.") && strings.Contains(h, "\tMicrosoft Windows ")
		},
		Parse: parseMsinfo,
	}
}

func parseMsinfo(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.SystemInfo)
	sink := newSink(&doc, out)
	s := summary{out: out}
	section, sections := "", 0
	for l := range doc.filled() {
		e := event.Event{Source: event.SystemInfo, Message: l.text, Flags: event.Pasted, Pos: l.pos}
		if title, ok := strings.CutPrefix(l.text, "["); ok && strings.HasSuffix(title, "]") {
			section = title[:len(title)-1]
			sections++
			continue
		}
		name, value, ok := strings.Cut(l.text, "\t")
		if !ok {
			sink.addLine(e, l.start, l.start+len(l.raw))
			continue
		}
		name, value = trim(name), trim(value)
		e.Message = name + ": " + value
		e.Fields = event.Fields{{Name: "section", Value: section}, {Name: "name", Value: name}, {Name: "value", Value: value}}
		sink.add(e)
		if sections == 1 {
			s.row(name, value, l.pos)
		}
	}
	s.finish()
	return nil
}

// summary reads the rows of the system summary.
type summary struct {
	out        *Output
	before     [2]summaryRow // the rows before, the nearest first
	processors int64
	at         event.Pos // of the first processor
	typed      bool      // the row of the system's type was seen
}

type summaryRow struct {
	value string
	pos   event.Pos
}

func (s *summary) row(name, value string, pos event.Pos) {
	switch {
	case strings.HasPrefix(value, "10.0."):
		build, _, _ := strings.Cut(value[len("10.0."):], " ")
		build, _, _ = strings.Cut(build, ".")
		if n, d := number(build, 6); d > 0 && d == len(build) && s.before[0].value != "" {
			s.number("os.build", int64(n), pos)
		}
	case !s.typed && (hasPrefixFold(value, "x64") || hasPrefixFold(value, "ARM64")):
		s.typed = true
		for i, fact := range []string{"device.model", "device.manufacturer"} {
			if b := s.before[i]; b.value != "" {
				s.out.Facts = append(s.out.Facts, event.Text(fact, "", b.value, b.pos))
			}
		}
	case strings.Contains(name, "(RAM)"):
		if mb, ok := megabytes(value); ok {
			s.number("device.memory-mb", mb, pos)
		}
	default:
		s.processor(value, pos)
	}
	s.before = [2]summaryRow{{value, pos}, s.before[0]}
}

// processor reads "Example(R) CPU @ 2.00GHz, 1996 Mhz, 4 Core(s), 8 Logical Processor(s)".
func (s *summary) processor(value string, pos event.Pos) {
	parts := strings.Split(value, ", ")
	if n := len(parts); n < 3 || len(parts) > 8 || !strings.HasSuffix(strings.ToLower(parts[n-3]), " mhz") {
		return
	}
	n, d := number(parts[len(parts)-1], 5)
	if d == 0 {
		return
	}
	if s.processors == 0 {
		s.at = pos
		s.out.Facts = append(s.out.Facts, event.Text("device.processor", "", strings.Join(parts[:len(parts)-3], ", "), pos))
	}
	s.processors += int64(n)
}

// finish notes how many processors there are: each has a row of its own.
func (s *summary) finish() {
	if s.processors > 0 {
		s.number("device.processors", s.processors, s.at)
	}
}

func (s *summary) number(fact string, n int64, pos event.Pos) {
	s.out.Facts = append(s.out.Facts, event.Number(fact, "", n, pos))
}

// megabytes reads a size as Windows shows it: "16.0 GB", "4,00 Go", "2,045.94 MB".
// Of two marks the last one is that of the decimals, and so is a single one
// before two digits or fewer.
func megabytes(s string) (int64, bool) {
	digits, unit, ok := strings.Cut(strings.ReplaceAll(trim(s), "\u00a0", " "), " ")
	if !ok || unit == "" {
		return 0, false
	}
	whole, part := digits, ""
	if i := strings.LastIndexAny(digits, ".,"); i >= 0 && len(digits)-i-1 <= 2 {
		whole, part = digits[:i], digits[i+1:]
	}
	whole = strings.NewReplacer(".", "", ",", "").Replace(whole)
	n, err := strconv.ParseFloat(whole+"."+part+"0", 64)
	if err != nil || n < 0 || n > 1<<30 {
		return 0, false
	}
	switch unit[0] {
	case 'M':
		return int64(n + 0.5), true
	case 'G':
		return int64(n*1024 + 0.5), true
	case 'T':
		return int64(n*1024*1024 + 0.5), true
	}
	return 0, false
}
