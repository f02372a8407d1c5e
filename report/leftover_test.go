package report

import (
	"testing"
	"time"

	"debrief/rules"
)

func TestElsewhere(t *testing.T) {
	at := func(h int) time.Time {
		return time.Date(2025, 3, 5, 9, 0, 0, 0, time.UTC).Add(time.Duration(h) * time.Hour)
	}
	moment := func(h int) Moment { return Moment{UTC: at(h).Format(time.RFC3339Nano)} }
	attempt := []Session{{Number: 1, Start: moment(-100), End: moment(-99)}, {Number: 2, Start: moment(0), End: moment(1)}}
	for _, tt := range []struct {
		name        string
		sessions    []Session
		first, last time.Time
		want        bool
	}{
		{"during", attempt, at(0), at(1), false},
		{"around", attempt, at(-500), at(500), false},
		{"shortly before", attempt, at(-1), at(-1), false},
		{"long before", attempt, at(-200), at(-2), true},
		{"hours after", attempt, at(13), at(20), false},
		{"days after", attempt, at(14), at(20), true},
		{"at the attempt before the last", attempt, at(-100), at(-99), true},
		{"without a time", attempt, time.Time{}, time.Time{}, false},
		{"no attempt", nil, at(-200), at(-200), false},
		{"no attempt, only the device", []Session{{Number: 0, Start: moment(0)}}, at(-200), at(-200), false},
		{"attempt without an end", []Session{{Number: 1, Start: moment(0)}}, at(13), at(13), true},
		{"attempt without a time", []Session{{Number: 1}}, at(13), at(13), false},
	} {
		b := builder{sessions: tt.sessions}
		if got := b.elsewhere(&rules.Leftover{First: tt.first, Last: tt.last}); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
