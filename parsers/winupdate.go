package parsers

import (
	"strconv"
	"strings"
	"time"

	"debrief/event"
)

// windowsUpdateParser reads WindowsUpdate.log, as Get-WindowsUpdateLog writes it
// today and as Windows itself did before Windows 10:
//
//	2025/03/05 09:14:02.1171234 1234  5678  Agent           *FAILED* [80240016] a sample
//	2025-03-05	09:14:02:117	1234	162e	Agent	WARNING: a sample failed, error = 0x80240016
//
//	time       wall clock, no zone
//	process    decimal
//	thread     decimal; hexadecimal in the older form
//	component  Provider
//	message    "FATAL", "WARNING" or "*FAILED*" in front give the level
//
// Records whose text Get-WindowsUpdateLog could not find have a time of 1601:
// they have none. The older form states its zone where a log begins: "Logging
// initialized (build: 7.6.7600.320, tz: +0100)". Sources: Microsoft Learn
// "Windows Update log files" and "Get-WindowsUpdateLog"; Microsoft KB 902093;
// logs of Windows 7, 10 and Server 2019 that users published.
func windowsUpdateParser() Parser {
	return Parser{
		Name:    "windows-update",
		Doc:     "log of the Windows Update agent (WindowsUpdate.log)",
		Version: "2",
		Match:   func(in *Input) bool { return beginsRecords(in, windowsUpdateRecord) },
		Parse: func(in *Input, out *Output) error {
			doc := readText(in, out)
			out.Cover(event.LogWindowsUpdate)
			lineRecords(&doc, out, event.LogWindowsUpdate, windowsUpdateRecord, nil)
			return nil
		},
		Cut: func(window []byte) int { return cutBeforeRecord(window, windowsUpdateRecord) },
	}
}

func windowsUpdateRecord(line string, e *event.Event) bool {
	// Other logs have a date, a time and numbers too: the separators tell.
	today := len(line) > 32 && line[4] == '/' && line[10] == ' ' && line[19] == '.'
	before := len(line) > 32 && line[4] == '-' && line[10] == '\t' && line[19] == ':'
	if !today && !before {
		return false
	}
	midnight, rest, ok := scanDate(line[:10], time.Time{})
	if !ok || rest != "" {
		return false
	}
	d, rest, ok := scanClock(line[11:])
	if !ok {
		return false
	}
	base := 10
	if before {
		base = 16
	}
	process, rest := column(rest)
	thread, rest := column(rest)
	component, text := column(rest)
	if strings.HasPrefix(component, "Unknown(") {
		component, text = "", rest
	}
	pid, err := strconv.ParseUint(process, 10, 32)
	if err != nil {
		return false
	}
	tid, err := strconv.ParseUint(thread, base, 32)
	if err != nil || trim(rest) == "" {
		return false
	}
	if midnight.Year() > 1601 {
		e.Time, e.Clock = midnight.Add(d), event.ClockLocal
	}
	e.Process, e.Thread, e.Provider, e.Message = uint32(pid), uint32(tid), component, trim(text)
	switch {
	case strings.HasPrefix(e.Message, "FATAL"), strings.HasPrefix(e.Message, "*FAILED*"):
		e.Level = event.LevelError
	case strings.HasPrefix(e.Message, "WARNING"):
		e.Level = event.LevelWarning
	}
	if _, zone, ok := strings.Cut(e.Message, "Logging initialized ("); ok && before && !e.Time.IsZero() {
		if _, zone, ok = strings.Cut(zone, "tz: "); ok {
			zone, _, _ = strings.Cut(zone, ")")
			if minutes, ok := zoneMinutes(zone); ok {
				declare(e, minutes)
			}
		}
	}
	return true
}

// zoneMinutes reads "+0100", the minutes that the wall clock is ahead of UTC.
func zoneMinutes(zone string) (int, bool) {
	if len(zone) != 5 || zone[0] != '+' && zone[0] != '-' {
		return 0, false
	}
	h, nh := number(zone[1:3], 2)
	m, nm := number(zone[3:], 2)
	minutes := h*60 + m
	if nh != 2 || nm != 2 || minutes > 14*60 {
		return 0, false
	}
	if zone[0] == '-' {
		minutes = -minutes
	}
	return minutes, true
}

// column cuts the next word off s.
func column(s string) (word, rest string) {
	s = strings.TrimLeft(s, " \t")
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// reportingEventsParser reads SoftwareDistribution\ReportingEvents.log, what the
// Windows Update agent reports of itself, in columns with tabs between:
//
//	{00000000-0000-0000-0000-000000000001}	2025-03-05 09:14:02:117+0100	1	182 [AGENT_INSTALLING_FAILED]	101	{00000000-0000-0000-0000-000000000002}	203	80242015	UpdateOrchestrator	Failure	Content Install	Installation Failure: a sample
//
// They are the id of the event, its time with the zone, a number, the kind, a
// number, the update and its revision, the HRESULT, the program that asked, the
// outcome, the category and the text; all but the numbers become fields. Newer
// agents add a correlation vector. Microsoft documents no columns; these are as
// shown in records of 2017 to 2026 that were published, from devices at UTC-7,
// +3 and +9.
func reportingEventsParser() Parser {
	return Parser{
		Name:    "reporting-events",
		Doc:     "what the Windows Update agent reports (ReportingEvents.log)",
		Version: "1",
		Match:   func(in *Input) bool { return beginsRecords(in, reportingRecord) },
		Parse: func(in *Input, out *Output) error {
			doc := readText(in, out)
			out.Cover(event.LogReportingEvents)
			sink := newSink(&doc, out)
			for l := range doc.filled() {
				e := event.Event{Source: event.LogReportingEvents, Pos: l.pos}
				if reportingRecord(l.raw, &e) {
					sink.add(e)
					continue
				}
				e.Message, e.Flags = l.text, event.Pasted
				sink.addLine(e, l.start, l.start+len(l.raw))
			}
			return nil
		},
		Cut: afterLastLine,
	}
}

// reportingNames are the names of the columns that become fields, by place.
var reportingNames = [...]string{3: "event", 5: "update", 6: "revision", 7: "HRESULT", 8: "caller", 9: "outcome", 10: "category"}

func reportingRecord(line string, e *event.Event) bool {
	if !strings.HasPrefix(line, "{") {
		return false
	}
	cells := strings.SplitN(line, "\t", len(reportingNames)+2)
	if len(cells) < 4 {
		return false
	}
	if !reportingTime(cells[1], e) {
		return false
	}
	for i, c := range cells {
		switch {
		case i >= len(reportingNames):
		case reportingNames[i] == "HRESULT":
			if code, err := strconv.ParseUint(c, 16, 32); err == nil {
				e.Fields = append(e.Fields, event.Field{Name: "HRESULT", Value: hexCode(uint32(code))})
			}
		case reportingNames[i] != "" && c != "":
			e.Fields = append(e.Fields, event.Field{Name: reportingNames[i], Value: c})
		}
	}
	switch outcome, _ := e.Fields.Get("outcome"); outcome {
	case "Success":
		e.Level = event.LevelInfo
	case "Warning":
		e.Level = event.LevelWarning
	case "Failure":
		e.Level = event.LevelError
	}
	e.Provider, _ = e.Fields.Get("caller")
	if len(cells) > len(reportingNames) {
		e.Message = trim(cells[len(reportingNames)])
	}
	if e.Message == "" {
		e.Message = cells[3]
	}
	return true
}

// reportingTime reads "2025-03-05 09:14:02:117+0100".
func reportingTime(s string, e *event.Event) bool {
	if len(s) < 19 || s[10] != ' ' {
		return false
	}
	midnight, rest, ok := scanDate(s[:10], time.Time{})
	if !ok || rest != "" {
		return false
	}
	d, zone, ok := scanClock(s[11:])
	minutes, zoned := zoneMinutes(zone)
	if !ok || !zoned {
		return false
	}
	e.Time = midnight.Add(d)
	declare(e, minutes)
	return true
}
