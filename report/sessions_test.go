package report

import (
	"strings"
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

// TestSignInRows: who signed in stands in the timeline, and whether a record says
// when. Of a SID that is too long for the line both ends are shown.
func TestSignInRows(t *testing.T) {
	at := time.Date(2025, 3, 5, 9, 0, 0, 0, time.UTC)
	const sid = "S-1-12-1-1111111111-2222222222-3333333333-4444444444"
	tl := &timeline.Timeline{Spans: []timeline.Span{
		{ID: 0, Kind: timeline.KindSession, Name: "1", Session: 1, Parent: -1, Start: at, End: at.Add(time.Hour)},
		{ID: 1, Kind: timeline.KindSignIn, Name: sid, Session: 1, Parent: 0, Start: at, End: at.Add(time.Minute), State: timeline.StateSucceeded},
		{ID: 2, Kind: timeline.KindSignIn, Name: sid, Session: 1, Parent: 0, Start: at, End: at, Fields: event.Fields{{Name: "at-latest", Value: "true"}}},
	}}
	v := NewTimeline(tl)
	if got := v.Sessions[0].Rows[0].Label + "\n" + v.Sessions[0].Rows[1].Label; got != "Sign-in "+sid+"\nSigned in by then: "+sid {
		t.Errorf("labels are %q", got)
	}
	var text strings.Builder
	if err := v.WriteTimeline(&text, TextOptions{Width: 100}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"09:00:00  1 min 0 s      succeeded    Sign-in S-1-12-1-", "Signed in by then: S-1-12-1-", "…44444444\n"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in\n%s", want, text.String())
		}
	}
	var html strings.Builder
	if err := v.WriteHTML(&html); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(html.String(), "Signed in by then: "+sid) {
		t.Error("the HTML report does not say who signed in")
	}
}
