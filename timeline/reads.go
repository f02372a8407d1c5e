package timeline

import (
	"strings"

	"debrief/event"
)

// Reads reports whether Build may make something of the record by itself. Of a
// log that is too long to be kept whole such records are kept. All that other
// records add to a timeline is that there was no silence, and how the clock
// went on: for that one every few minutes and the places where time goes back
// are enough.
func Reads(e *event.Event) bool {
	if _, ok := readSignIn(e); ok {
		return true
	}
	switch e.Source {
	case event.LogSmsts:
		// Most of this log is the environment of the task sequence.
		name, ok := strings.CutPrefix(e.Message, "Set a global environment variable ")
		return !ok || isSequenceName(name)
	case "log.comanagementhandler", event.LogCcmsetup, event.LogClientMSI, event.LogMSI, event.ShellCore, event.DMEDP, event.ModernDeployment, event.UserDeviceReg:
		return true
	case event.LogIME:
		return strings.Contains(e.Message, "Win32App") || strings.HasPrefix(e.Name, "app.") || localPair(e) != noPair
	case event.MDMReport:
		return reportedPackage(e)
	case event.SystemLog:
		return bootMark(e) != 0 || e.ID == 1
	}
	return bootMark(e) != 0 || localPair(e) != noPair || utcPair(e) != noPair
}

func isSequenceName(variable string) bool {
	for _, name := range sequenceVars {
		if strings.HasPrefix(variable, name) {
			return true
		}
	}
	return false
}
