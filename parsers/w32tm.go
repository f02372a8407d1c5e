package parsers

import (
	"strings"

	"debrief/event"
)

// w32tmParser reads the output of "w32tm /query /status":
//
//	Leap Indicator: 0(no warning)
//	Stratum: 4 (secondary reference - syncd by (S)NTP)
//	Precision: -23 (119.209ns per tick)
//	Root Delay: 0.0312500s
//	Root Dispersion: 7.7764332s
//	ReferenceId: 0xC0000201 (source IP:  192.0.2.1)
//	Last Successful Sync Time: 3/5/2025 9:14:02 AM
//	Source: time.contoso.example,0x9
//	Poll Interval: 10 (1024s)
//
// The words are those of the language of Windows, the order and the numbers are
// not: the lines are told by their place behind the leap indicator. A leap
// indicator of 3 and a stratum of 0 mean that the clock is not synchronised.
// The time of the last synchronisation is the wall clock in the format of the
// country and stays text. Each line is an event without a time.
//
// Source: Microsoft Learn "Windows Time service tools and settings".
func w32tmParser() Parser {
	return Parser{
		Name:    "w32tm",
		Doc:     "output of w32tm /query /status",
		Version: "1",
		Match: func(in *Input) bool {
			h := head(in, 2048)
			for r := (lineReader{text: h}); r.num < 10; {
				line, _, ok := r.read()
				if !ok {
					return false
				}
				if trim(line) != "" && isLeap(line) {
					stratum, _, _ := r.read()
					precision, _, _ := r.read()
					_, level := labelled(stratum)
					_, ticks := labelled(precision)
					return level && ticks && strings.Contains(precision, "ns")
				}
			}
			return false
		},
		Parse: parseW32tm,
	}
}

// labelled reads "Stratum: 4 (…)" or "Precision: -23 (…)".
func labelled(line string) (n int64, ok bool) {
	_, value, ok := strings.Cut(line, ": ")
	if !ok {
		return 0, false
	}
	value = trim(value)
	negative := strings.HasPrefix(value, "-")
	m, digits := number(strings.TrimPrefix(value, "-"), 5)
	if negative {
		m = -m
	}
	return int64(m), digits > 0
}

// isLeap reports whether a line is that of the leap indicator, "…: 0(…)".
func isLeap(line string) bool {
	_, value, ok := strings.Cut(line, ": ")
	value = trim(value)
	return ok && len(value) > 2 && value[0] >= '0' && value[0] <= '3' && value[1] == '('
}

func parseW32tm(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.TimeStatus)
	sink := newSink(&doc, out)
	place := 0 // of the line, from the leap indicator; 0 = not met yet
	for l := range doc.filled() {
		name, value, pair := strings.Cut(l.text, ":")
		value = trim(value)
		e := event.Event{Source: event.TimeStatus, Message: l.text, Flags: event.Pasted, Pos: l.pos}
		if !pair {
			sink.addLine(e, l.start, l.start+len(l.raw))
			continue
		}
		e.Fields = event.Fields{{Name: "name", Value: trim(name)}, {Name: "value", Value: value}}
		sink.add(e)
		if isLeap(l.raw) {
			place = 0
		} else if place == 0 {
			continue
		}
		place++
		n, numeric := labelled(l.raw)
		switch {
		case place == 1:
			out.Facts = append(out.Facts, event.Number("time.leap", "", n, l.pos))
		case place == 2 && numeric:
			out.Facts = append(out.Facts, event.Number("time.stratum", "", n, l.pos))
		case place == 7 && value != "":
			out.Facts = append(out.Facts, event.Text("time.last-sync", "", value, l.pos))
		case place == 8 && value != "":
			out.Facts = append(out.Facts, event.Text("time.source", "", value, l.pos))
		}
	}
	return nil
}
