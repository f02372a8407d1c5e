package parsers

import (
	"strings"
	"time"

	"debrief/event"
)

// setupactParser reads the logs of Windows Setup and OOBE, setupact.log and
// setuperr.log, and those of servicing, CBS.log and dism.log:
//
//	2025-03-05 09:14:02, Info                         [windeploy.exe] Waiting for services
//	2025-03-05 09:14:02, Error      [0x0601c2] IBS    Cannot read the answer file
//	2025-03-05 09:14:02, Info                  CBS    Failed to pin a sample [HRESULT = 0x800f0805]
//	2025-03-05 09:14:02, Info                  CSI    00000001@2025/3/5:08:14:02.117 a sample
//	2025-03-05 09:14:02, Warning               DISM   DISM Manager: PID=1234 TID=5678 a sample - CSample::Load
//	2025-03-05 09:14:02, Error                        a sample of no component
//
//	time       wall clock, no zone
//	level      Info, Warning, Error, FatalError, Perf
//	[0x…]      id of the message, the field "id"
//	component  the bracketed program or the word before the text: Provider
//
// Some records of servicing state UTC as well, behind the "@" of CSI and in
// "Universal Time is: …"; the difference is the offset of their zone. A line
// without a time goes on with the message above it. The imaging library writes
// into dism.log lines of its own without a time, which are records:
//
//	[1234] [0x80070002] ReadSample:(77): The system cannot find the file specified.
//
// They are the process, the HRESULT and the function. A log of another name is
// told by the component of its first records.
//
// Sources: Microsoft Learn "Windows Setup log files and event logs", "Deployment
// troubleshooting and log files" and its articles on servicing, whose examples
// state both times for devices of several zones; observed in collections of
// 2020 to 2026; logs of Windows 7 to 11 24H2 that users published.
func setupactParser() Parser {
	return Parser{
		Name:    "setupact",
		Doc:     "logs of Windows Setup and OOBE (setupact.log) and of servicing (CBS.log, dism.log)",
		Version: "3",
		Match: func(in *Input) bool {
			return beginsRecords(in, setupRecord) || setupNamed(in.Path) != "" && isText(in)
		},
		Parse: func(in *Input, out *Output) error {
			doc := readText(in, out)
			src := setupSource(in.Path, doc.text)
			out.Cover(src)
			lineRecords(&doc, out, src, setupLine, setupMessage)
			return nil
		},
		Cut: func(window []byte) int { return cutBeforeRecord(window, setupLine) },
	}
}

// setupNamed is the source of a log of that name; empty = the name says none.
func setupNamed(file string) event.Source {
	switch name := stem(file); {
	case name == "setupact", name == "setuperr":
		return event.LogSetupact
	case name == "cbs", strings.HasPrefix(name, "cbspersist"):
		return event.LogCBS
	case name == "dism":
		return event.LogDISM
	}
	return ""
}

// setupSource is the source of a log by its name, else by the component of its
// first records.
func setupSource(file, text string) event.Source {
	if src := setupNamed(file); src != "" {
		return src
	}
	for r := (lineReader{text: text}); r.num < 10; {
		line, _, ok := r.read()
		if !ok {
			break
		}
		var e event.Event
		if setupRecord(line, &e) {
			switch e.Provider {
			case "CBS", "CSI", "DPX", "WCP":
				return event.LogCBS
			case "DISM":
				return event.LogDISM
			}
		}
	}
	return event.LogSetupact
}

// setupLine reads a record with a time or one of the imaging library.
func setupLine(line string, e *event.Event) bool {
	return setupRecord(line, e) || imagingRecord(line, e)
}

// imagingRecord reads "[1234] [0x80070002] …", which has no time.
func imagingRecord(line string, e *event.Event) bool {
	process, rest, ok := bracketed(line)
	if !ok {
		return false
	}
	code, rest, ok := bracketed(trim(rest))
	id, digits := number(process, 10)
	if !ok || digits == 0 || digits != len(process) || len(code) != 10 || !strings.HasPrefix(code, "0x") || !isHex(code[2:]) {
		return false
	}
	e.Process, e.Fields, e.Message = uint32(id), event.Fields{{Name: "HRESULT", Value: code}}, trim(line)
	return trim(rest) != ""
}

// setupRecord reads a record of one line.
func setupRecord(line string, e *event.Event) bool {
	t, level, rest, ok := cutSetup(line)
	if !ok {
		return false
	}
	e.Time, e.Clock, e.Level = t, event.ClockLocal, level
	setupMessage(e, rest)
	if utc, ok := servicingUTC(e); ok {
		declareOffset(e, utc)
	}
	return true
}

// servicingUTC reads the UTC time that a record of servicing states:
// "00000001@2025/3/5:08:14:02.117 …" of CSI, "Universal Time is: 2025-03-05
// 08:14:02.117" of CBS.
func servicingUTC(e *event.Event) (time.Time, bool) {
	switch e.Provider {
	case "CSI":
		number, rest, ok := strings.Cut(e.Message[:min(len(e.Message), 64)], "@")
		if !ok || len(number) != 8 || !isHex(number) {
			return time.Time{}, false
		}
		midnight, rest, ok := scanDate(rest, time.Time{})
		rest, colon := strings.CutPrefix(rest, ":")
		d, _, clock := scanClock(rest)
		return midnight.Add(d), ok && colon && clock
	case "CBS":
		stamp, ok := strings.CutPrefix(e.Message, "Universal Time is: ")
		if !ok {
			return time.Time{}, false
		}
		t, zoned, ok := parseISO(stamp)
		return t, ok && !zoned
	}
	return time.Time{}, false
}

// declareOffset gives a record on the wall clock the zone that the same moment
// in UTC proves. Times that are no whole quarter hours apart are not the same
// moment.
func declareOffset(e *event.Event, utc time.Time) {
	apart := e.Time.Sub(utc)
	offset := apart.Round(15 * time.Minute)
	if offset < -14*time.Hour || offset > 14*time.Hour || (apart-offset).Abs() > time.Minute {
		return
	}
	declare(e, int(offset/time.Minute))
}

// cutSetup reads "2025-03-05 09:14:02, Info " off the front of a line.
func cutSetup(line string) (t time.Time, level event.Level, rest string, ok bool) {
	if len(line) < 21 || line[4] != '-' || line[10] != ' ' || line[19] != ',' {
		return t, 0, "", false
	}
	t, _, ok = parseISO(line[:19])
	if !ok {
		return t, 0, "", false
	}
	word, rest, _ := strings.Cut(strings.TrimLeft(line[20:], " "), " ")
	switch word {
	case "Info", "Perf":
		level = event.LevelInfo
	case "Warning", "Warn":
		level = event.LevelWarning
	case "Error":
		level = event.LevelError
	case "FatalError":
		level = event.LevelCritical
	default:
		return t, 0, "", false
	}
	return t, level, rest, true
}

// setupMessage splits what follows the level into id, component and text.
func setupMessage(e *event.Event, rest string) {
	rest = trim(rest)
	if tag, tail, ok := bracketed(rest); ok {
		switch {
		case strings.HasPrefix(tag, "0x"):
			e.Fields = event.Fields{{Name: "id", Value: tag}}
			rest = trim(tail)
		case strings.HasSuffix(strings.ToLower(tag), ".exe"), strings.HasSuffix(strings.ToLower(tag), ".dll"):
			e.Provider, e.Message = tag, trim(tail)
			return
		}
	}
	// The component is padded to six characters, so two spaces follow all but
	// the longest names. Those of two letters are told by that: SP, the setup
	// platform, is one.
	word, tail, ok := strings.Cut(rest, " ")
	short := len(word) == 2 && strings.HasPrefix(tail, "    ") && isComponent(word+word)
	if ok && (short || isComponent(word)) && strings.ToUpper(word) == word {
		e.Provider, rest = word, trim(tail)
	}
	e.Message = rest
	if e.Provider == "DISM" {
		e.Process = taggedNumber32(rest, "PID=")
		e.Thread = taggedNumber32(rest, "TID=")
	}
}

// taggedNumber32 reads the number behind a tag of the text; 0 = there is none.
func taggedNumber32(text, tag string) uint32 {
	_, rest, ok := strings.Cut(text, tag)
	if !ok {
		return 0
	}
	return decimal32(rest)
}
