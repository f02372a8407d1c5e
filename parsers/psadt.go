package parsers

import (
	"strings"

	"debrief/event"
)

// psadtParser reads the legacy form of the logs of the PSAppDeployToolkit; its
// other form is that of CMTrace.
//
//	[03-05-2025 09:14:02.117] [Installation] [Show-InstallationWelcome] [Info] :: a sample
//	[2025-03-05 09:14:02.117] [Installation] [Open-ADTSession] [Success] :: a sample
//	[2025-03-05T09:14:02.1171234+01:00] [Installation] [Open-ADTSession] [Success] :: a sample
//
// They are the time, of version 3 the wall clock with the month first, of
// version 4.0 with the year first, and of version 4.1 with its zone where one is
// known; the section, which may be missing; the function that speaks, which is
// the Provider and may be missing too; and Info, Success, Warning or Error, which
// the copy on the console leaves out. Lines that begin no record go on with the
// message. Sources: the source of the toolkit, Write-Log of version 3 in many
// published packages, Write-ADTLogEntry and the tests of LogEntry of version 4;
// output of 4.0 published with a module for it.
func psadtParser() Parser {
	return Parser{
		Name:    "psadt",
		Doc:     "logs of the PSAppDeployToolkit in its legacy form",
		Version: "2",
		Match:   func(in *Input) bool { return beginsRecords(in, psadtRecord) },
		Parse: func(in *Input, out *Output) error {
			doc := readText(in, out)
			out.Cover(event.LogPSADT)
			lineRecords(&doc, out, event.LogPSADT, psadtRecord, nil)
			return nil
		},
		Cut: func(window []byte) int { return cutBeforeRecord(window, psadtRecord) },
	}
}

func psadtRecord(line string, e *event.Event) bool {
	stamp, rest, ok := bracketed(line)
	if !ok || leadingTime(e, stamp) != "" || e.Time.IsZero() {
		return false
	}
	var tags []string
	for len(tags) < 4 {
		tag, after, ok := bracketed(rest)
		if !ok {
			break
		}
		tags, rest = append(tags, tag), after
	}
	message, ok := strings.CutPrefix(strings.TrimLeft(rest, " "), ":: ")
	if !ok || len(tags) == 0 {
		return false
	}
	last := len(tags) - 1
	switch tags[last] {
	case "Info", "Success":
		e.Level = event.LevelInfo
	case "Warning":
		e.Level = event.LevelWarning
	case "Error":
		e.Level = event.LevelError
	default:
		if last == 0 {
			return false
		}
		last++
	}
	if last > 0 {
		e.Provider = tags[last-1]
	}
	if last > 1 {
		e.Fields = event.Fields{{Name: "section", Value: tags[last-2]}}
	}
	e.Message = trim(message)
	return true
}
