package report

import (
	"testing"
	"time"

	"debrief/event"
	"debrief/timeline"
)

// TestSessionsOfSeveralUsers: the Account setup of a further user names its user.
func TestSessionsOfSeveralUsers(t *testing.T) {
	at := time.Date(2025, 3, 5, 9, 0, 0, 0, time.UTC)
	spans := []timeline.Span{
		{ID: 0, Kind: timeline.KindSession, Name: "1", Session: 1, Parent: -1, Start: at, End: at.Add(time.Hour)},
		{ID: 1, Kind: timeline.KindSession, Name: "2", Session: 2, Parent: -1, Start: at.Add(24 * time.Hour), End: at.Add(25 * time.Hour), Fields: event.Fields{{Name: "user", Value: "S-1-12-1-1-2-3-4\x1b"}}},
	}
	facts := []event.Fact{event.Text("session.outcome", "2", "failed", event.Pos{})}
	var titles []string
	for n := 1; n <= 2; n++ {
		s := shower{zone: time.UTC}.session(spans, n, []int{0, 1}, []int{0, 0}, facts)
		titles = append(titles, sessionTitle(&s))
	}
	if titles[0] != "Enrolment attempt 1" || titles[1] != "Enrolment attempt 2, user S-1-12-1-1-2-3-4\\x1B, failed" {
		t.Errorf("%q", titles)
	}
}
