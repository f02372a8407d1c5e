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
// indicator of 3 and a stratum of 0 mean that the clock is not synchronised. A
// clock that runs by itself has a stratum of 1 and no warning, and calls itself
// its reference: 0x4C4F434C, "LOCL". The time of the last synchronisation is the
// wall clock in the format of the country and stays text; a word stands there
// when there was none. Each line is an event without a time.
//
// With /verbose seven lines more follow, of which the sixth says how the last
// attempt ended: 0 well, 1 without time data, 2 with stale data.
//
//	Phase Offset: 0.0001234s
//	ClockRate: 0.0156250s
//	State Machine: 2 (Sync)
//	Time Source Flags: 0 (None)
//	Server Role: 0 (None)
//	Last Sync Error: 0 (The command completed successfully.)
//	Time since Last Good Sync Time: 19.4823644s
//
// Where the service does not run there is a sentence with its code, and the
// name of the file tells whose it is.
//
// Sources: Microsoft Learn "Windows Time service tools and settings"; outputs
// published in English, German, French, Japanese and Chinese, among them those in
// the tests of Checkmk.
func w32tmParser() Parser {
	return Parser{
		Name:    "w32tm",
		Doc:     "output of w32tm /query /status",
		Version: "2",
		Match: func(in *Input) bool {
			h := head(in, 2048)
			if strings.Contains(stem(in.Path), "w32tm") && timeServiceError(trim(h)) {
				return true
			}
			doc := document{text: h}
			leaps := leapLines(&doc)
			return len(leaps) > 0 && leaps[0] <= 10
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

// isTick reports whether a line of the precision names its tick: "119.209ns",
// "15.625ms".
func isTick(line string) bool {
	for i := 1; i+1 < len(line); i++ {
		if (line[i] == 'n' || line[i] == 'm') && line[i+1] == 's' && line[i-1] >= '0' && line[i-1] <= '9' {
			return true
		}
	}
	return false
}

// timeServiceError reports whether a line ends with a failing HRESULT in
// parentheses, as a command that could not be done is told.
func timeServiceError(line string) bool {
	_, code, ok := strings.Cut(line, "(0x8")
	return ok && len(code) == 8 && code[7] == ')'
}

// leapLines are the lines of a leap indicator, "…: 0(…)" or "…: 0 (…)" in some
// languages. Other lines have that form too; the stratum and the precision
// beneath tell.
func leapLines(doc *document) []int {
	var found []int
	var above [2]textLine // the two filled lines before
	for l := range doc.filled() {
		if _, numeric := labelled(l.raw); numeric && isTick(l.raw) {
			_, stratum := labelled(above[1].raw)
			leap, ok := labelled(above[0].raw)
			if stratum && ok && leap >= 0 && leap <= 3 {
				found = append(found, above[0].num)
			}
		}
		above[0], above[1] = above[1], l
	}
	return found
}

func parseW32tm(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.TimeStatus)
	sink := newSink(&doc, out)
	leaps := leapLines(&doc)
	place := 0 // of the line, from the leap indicator; 0 = not met yet
	for l := range doc.filled() {
		e := event.Event{Source: event.TimeStatus, Message: l.text, Flags: event.Pasted, Pos: l.pos}
		if timeServiceError(l.text) {
			e.Level = event.LevelError
		}
		name, value, pair := strings.Cut(l.text, ":")
		if !pair || isPrompt(l.text) {
			sink.addLine(e, l.start, l.start+len(l.raw))
			if isPrompt(l.text) {
				place = 0
			}
			continue
		}
		value = trim(value)
		e.Fields = event.Fields{{Name: "name", Value: strings.TrimSpace(name)}, {Name: "value", Value: value}}
		sink.add(e)
		if len(leaps) > 0 && leaps[0] == l.num {
			leaps, place = leaps[1:], 0
		} else if place == 0 {
			continue
		}
		place++
		if f, ok := timeFact(place, value, l.pos); ok {
			out.Facts = append(out.Facts, f)
		}
	}
	return nil
}

// timeFact makes the fact of the line at a place, if there is one.
func timeFact(place int, value string, pos event.Pos) (event.Fact, bool) {
	n, numeric := labelled(": " + value)
	switch place {
	case 1:
		return event.Number("time.leap", "", n, pos), true
	case 2:
		return event.Number("time.stratum", "", n, pos), numeric
	case 6:
		id, _, _ := strings.Cut(value, " ")
		code, err := hresultText(id)
		return event.Number("time.reference", "", int64(code), pos), err == nil && strings.HasPrefix(id, "0x")
	case 7:
		return event.Text("time.last-sync", "", value, pos), strings.ContainsAny(value, "0123456789")
	case 8:
		return event.Text("time.source", "", value, pos), value != ""
	case 15:
		return event.Number("time.sync-error", "", n, pos), numeric && strings.Contains(value, " (")
	}
	return event.Fact{}, false
}
