package parsers

import (
	"math"
	"strconv"
	"strings"

	"debrief/event"
)

// timeChartParser reads the output of "w32tm /stripchart", which compares the
// clock with a server's:
//
//	Tracking time.contoso.example [192.0.2.123:123].
//	Collecting 3 samples.
//	The current time is 3/5/2025 9:14:02 AM.
//	09:14:02, d:+00.0312002s o:+00.0528812s  [                  *                  ]
//	09:14:04, error: 0x800705B4
//
// or with /dataonly "09:14:02, +00.0528812s". Older versions of Windows leave
// out the comma. The lines above the samples are in the language of Windows; of
// them only the server in front of the bracket is taken. A positive offset
// means that the server is ahead, so the clock of the device is slow. Of the
// samples that came back the last one of each server becomes a fact. Each line
// is an event without a time: the samples have no date.
//
// Sources: outputs published by users in English and Chinese, of 2017 to 2026.
func timeChartParser() Parser {
	return Parser{
		Name:    "time-chart",
		Doc:     "output of w32tm /stripchart",
		Version: "1",
		Match: func(in *Input) bool {
			for r := (lineReader{text: head(in, 2048)}); r.num < 10; {
				line, _, ok := r.read()
				if !ok {
					return false
				}
				if _, ok := readTimeSample(trim(line)); ok {
					return true
				}
			}
			return false
		},
		Parse: parseTimeChart,
	}
}

// timeSample is what one question to a server gave.
type timeSample struct {
	offset int64  // milliseconds by which the server is ahead
	code   uint32 // HRESULT; 0 = an answer came
}

// readTimeSample reads the line of a sample.
func readTimeSample(line string) (s timeSample, ok bool) {
	_, rest, ok := scanClock(line)
	rest, comma := strings.CutPrefix(rest, ",")
	if !ok || len(rest) < 2 || rest[0] != ' ' {
		return s, false
	}
	rest = rest[1:]
	if delay, offset, ok := strings.Cut(rest, "s o:"); ok && strings.HasPrefix(delay, "d:") {
		rest = offset
	} else if word, code, ok := strings.Cut(rest, ": 0x"); ok && comma && len(word) < 32 && len(code) == 8 {
		n, err := strconv.ParseUint(code, 16, 32)
		return timeSample{code: uint32(n)}, err == nil && n != 0
	} else if !comma {
		return s, false
	}
	number, rest, ok := strings.Cut(rest, "s")
	if !ok || len(number) < 2 || number[0] != '+' && number[0] != '-' || rest != "" && rest[0] != ' ' {
		return s, false
	}
	seconds, err := strconv.ParseFloat(number, 64)
	if err != nil || math.Abs(seconds) > 1e10 {
		return s, false
	}
	return timeSample{offset: int64(math.Round(seconds * 1000))}, true
}

func parseTimeChart(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.TimeChart)
	sink := newSink(&doc, out)
	server := ""
	var last []event.Fact // of each server, at most one
	for l := range doc.filled() {
		e := event.Event{Source: event.TimeChart, Message: l.text, Flags: event.Pasted, Pos: l.pos}
		sample, ok := readTimeSample(l.text)
		if !ok {
			if name := trackedServer(l.text); name != "" {
				server = name
				out.Facts = append(out.Facts, last...)
				last = nil
			}
			sink.addLine(e, l.start, l.start+len(l.raw))
			continue
		}
		if sample.code != 0 {
			e.Level = event.LevelError
			e.Fields = event.Fields{{Name: "server", Value: server}, {Name: "HRESULT", Value: hexCode(sample.code)}}
		} else {
			e.Fields = event.Fields{{Name: "server", Value: server}, {Name: "offset-ms", Value: strconv.FormatInt(sample.offset, 10)}}
			last = []event.Fact{event.Number("time.offset-ms", server, sample.offset, l.pos)}
		}
		sink.add(e)
	}
	out.Facts = append(out.Facts, last...)
	return nil
}

// trackedServer returns the word in front of "[192.0.2.123:123]".
func trackedServer(line string) string {
	before, rest, ok := strings.Cut(line, " [")
	address, _, closed := strings.Cut(rest, "]")
	if !ok || !closed || !strings.HasSuffix(address, ":123") {
		return ""
	}
	words := strings.Fields(before)
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}
