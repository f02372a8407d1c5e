package parsers

import (
	"strings"

	"debrief/event"
)

// netsetupParser reads NetSetup.log (%windir%\debug), in which Windows writes
// down how it joins and leaves domains:
//
//	03/05/2025 09:14:02:117 -----------------------------------------------------------------
//	03/05/2025 09:14:02:117 NetpDoDomainJoin
//	03/05/2025 09:14:02:117 	lpDomain: sample.example
//	03/05/2025 09:14:02:217 NetpDoDomainJoin: status: 0x54b
//
// They are the wall clock with the month first, and the text; the function that
// speaks, in front of its colon, is the Provider. The status that ends an attempt
// is a Win32 error and makes the level. Old versions of Windows write no year
// ("03/05 09:14:02"), so that there is no time; copies leave it out altogether.
// Sources: Microsoft Learn "Active Directory domain join troubleshooting
// guidance" and its articles on single status codes.
func netsetupParser() Parser {
	return Parser{
		Name:    "netsetup",
		Doc:     "log of domain joins (NetSetup.log)",
		Version: "1",
		Match: func(in *Input) bool {
			return stem(in.Path) == "netsetup" && isText(in) || beginsRecords(in, netsetupStart)
		},
		Parse: func(in *Input, out *Output) error {
			doc := readText(in, out)
			out.Cover(event.LogNetSetup)
			lineRecords(&doc, out, event.LogNetSetup, netsetupRecord, nil)
			return nil
		},
		Cut: func(window []byte) int { return cutBeforeRecord(window, netsetupRecord) },
	}
}

// netsetupStart reads a record that no other log has.
func netsetupStart(line string, e *event.Event) bool {
	return netsetupRecord(line, e) && !e.Time.IsZero() && strings.HasPrefix(e.Message, "Netp")
}

// netsetupRecord reads a record of one line. Without a time only those lines
// are records that begin with the name of a function.
func netsetupRecord(line string, e *event.Event) bool {
	text, stamped := line, false
	if len(line) > 15 && line[2] == '/' && line[5] == ' ' && line[8] == ':' && line[11] == ':' && line[14] == ' ' {
		text, stamped = line[15:], true
	}
	if len(line) > 24 && line[2] == '/' && line[5] == '/' && line[10] == ' ' && line[19] == ':' && line[23] == ' ' {
		if rest := leadingTime(e, line); rest != line {
			// A rule of dashes is a message too: only blanks are cut.
			text, stamped = line[23:], true
		}
	}
	e.Message = trim(text)
	if !stamped && !strings.HasPrefix(e.Message, "Netp") || e.Message == "" {
		return false
	}
	function, _, ok := strings.Cut(e.Message, ":")
	if function = trim(function); (ok || function == e.Message) && strings.HasPrefix(function, "Netp") && isName(function) {
		e.Provider = function
	}
	if status, ok := strings.CutPrefix(e.Message, "NetpDoDomainJoin: status: "); ok && status != "0x0" {
		e.Level = event.LevelError
	}
	return true
}

// isName reports whether s is letters and digits only.
func isName(s string) bool {
	for _, c := range []byte(s) {
		if c|0x20 < 'a' && (c < '0' || c > '9') || c|0x20 > 'z' {
			return false
		}
	}
	return s != ""
}
