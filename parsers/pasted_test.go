package parsers

import (
	"testing"

	"debrief/event"
)

func TestLeadingTime(t *testing.T) {
	for _, tc := range []struct {
		in, rest, at string
		clock        event.Clock
		offset       int16
	}{
		{"no time", "no time", "", event.ClockNone, 0},
		{"3/5/2025 9:14:02 PM  text", "text", "2025-03-05T21:14:02Z", event.ClockLocal, 0},
		{"[2025-03-05 09:14:02.5] text", "text", "2025-03-05T09:14:02Z", event.ClockLocal, 0},
		{"2025-03-05T09:14:02Z - text", "text", "2025-03-05T09:14:02Z", event.ClockDeclared, 0},
		{"2025-03-05T09:14:02+02:00 text", "text", "2025-03-05T07:14:02Z", event.ClockDeclared, 120},
		{"2025-03-05 09:14:02-05:30 text", "text", "2025-03-05T14:44:02Z", event.ClockDeclared, -330},
		{"03-05-2025 09:14:02.117-060 text", "text", "2025-03-05T08:14:02Z", event.ClockDeclared, 60},
		{"03-05-2025 09:14:02.117+480 text", "text", "2025-03-05T17:14:02Z", event.ClockDeclared, -480},
		{"2025-03-05 99:14:02 text", "2025-03-05 99:14:02 text", "", event.ClockNone, 0},
	} {
		var e event.Event
		rest := leadingTime(&e, tc.in)
		at := ""
		if !e.Time.IsZero() {
			at = e.Time.Format("2006-01-02T15:04:05Z")
		}
		if rest != tc.rest || at != tc.at || e.Clock != tc.clock || e.Offset != tc.offset {
			t.Errorf("%q: %q at %q, %s %+d", tc.in, rest, at, e.Clock, e.Offset)
		}
	}
}
