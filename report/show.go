package report

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"debrief/codes"
	"debrief/event"
	"debrief/timeline"
)

// shower turns values into what a report shows.
type shower struct {
	zone *time.Location    // the clock on which times are shown
	apps map[string]string // names of apps by GUID in lower case
}

// newClock settles on which clock the report shows its times: the device's
// own, as its local logs do, where its offset is known or assumed; else UTC.
func newClock(tl *timeline.Timeline) (shower, Clock) {
	c := Clock{Shown: "UTC", Origin: event.ClockNone.String(), Steps: []Jump{}}
	s := shower{zone: time.UTC}
	if tl == nil {
		return s, c
	}
	offset := int(tl.Clock.Offset)
	if o := tl.Clock.Origin; o == event.ClockAssumed || o == event.ClockAnchored || o == event.ClockDeclared {
		name := "UTC" + zoneOffset(offset)
		s.zone = time.FixedZone(name, offset*60)
		c.OffsetMinutes, c.Origin = offset, o.String()
		c.Shown = "device clock, " + name + " (" + originText(o) + ")"
	}
	for _, step := range tl.Clock.Steps {
		c.Steps = append(c.Steps, Jump{When: s.moment(step.At), By: signedDuration(step.By), Place: newPlace(step.Pos)})
	}
	return s, c
}

// zoneOffset renders minutes as "+02:00".
func zoneOffset(minutes int) string {
	sign := '+'
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	return fmt.Sprintf("%c%02d:%02d", sign, minutes/60, minutes%60)
}

func originText(o event.Clock) string {
	switch o {
	case event.ClockDeclared:
		return "as the records state it"
	case event.ClockAnchored:
		return "taken from other records of the device"
	}
	return "assumed: no record states it"
}

func (s shower) moment(t time.Time) Moment {
	if t.IsZero() {
		return Moment{}
	}
	return Moment{UTC: t.UTC().Format(time.RFC3339Nano), Shown: t.In(s.zone).Format("2006-01-02 15:04:05")}
}

// utcTime is the form in which rules write times into messages and tables.
var utcTime = regexp.MustCompile(`\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ`)

// times brings the times that a rule wrote into a sentence to the clock of the
// report, so that one report speaks of one clock.
func (s shower) times(text string) string {
	if s.zone == time.UTC {
		return text
	}
	return utcTime.ReplaceAllStringFunc(text, func(shown string) string {
		t, err := time.Parse("2006-01-02 15:04:05Z", shown)
		if err != nil {
			return shown
		}
		return s.moment(t).Shown
	})
}

// duration shows a length of time; lower marks a lower bound.
func duration(d time.Duration, lower bool) Duration {
	if d <= 0 {
		return Duration{}
	}
	shown := durationText(d)
	if lower {
		shown = "≥ " + shown
	}
	return Duration{Seconds: math.Round(d.Seconds()*1000) / 1000, Shown: shown}
}

// durationText rounds to what a person needs: two units at most.
func durationText(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case d < time.Second:
		return "< 1 s"
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 600:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	}
	m := int64(d.Round(time.Minute) / time.Minute)
	switch {
	case m < 60:
		return fmt.Sprintf("%d min", m)
	case m < 24*60:
		return fmt.Sprintf("%d h %d min", m/60, m%60)
	}
	h := int64(d.Round(time.Hour) / time.Hour)
	return fmt.Sprintf("%d d %d h", h/24, h%24)
}

func signedDuration(d time.Duration) string {
	if d < 0 {
		return "-" + durationText(-d)
	}
	return "+" + durationText(d)
}

// newPlace shows a position.
func newPlace(p event.Pos) Place {
	pl := Place{File: line(p.File), Line: p.Line, Record: p.Record}
	pl.Shown = pl.File
	switch {
	case p.Line > 0:
		pl.Shown += ":" + strconv.Itoa(p.Line)
	case p.Record > 0:
		pl.Shown += ", record " + strconv.FormatUint(p.Record, 10)
	case p.Offset > 0:
		pl.Offset = p.Offset
		pl.Shown += ", offset " + strconv.FormatInt(p.Offset, 10)
	}
	return pl
}

// places shows the first few of a list of positions.
func places(list []event.Pos) []Place {
	const most = 4
	out := []Place{}
	for _, p := range list[:min(len(list), most)] {
		if !p.IsZero() {
			out = append(out, newPlace(p))
		}
	}
	return out
}

// code shows an error code with its name; empty for 0.
func code(v uint32) string {
	if v == 0 {
		return ""
	}
	n := codeNote(v)
	return strings.TrimSpace(n.Code + " " + shortName(n.Name))
}

// shortName drops the macro around the name of a wrapped error: the code
// beside it says that it is wrapped.
func shortName(name string) string {
	if _, inner, ok := strings.Cut(name, "("); ok {
		return strings.TrimSuffix(inner, ")")
	}
	return name
}

// codeNote decodes an error code.
func codeNote(v uint32) CodeNote {
	c := codes.Describe(v)
	n := CodeNote{Code: codes.Hex(v), Name: c.Symbol, Meaning: c.Meaning, Source: c.Source, Verified: c.Verified}
	if v <= 0xFFFF {
		n.Code = strconv.FormatUint(uint64(v), 10)
	}
	return n
}

// size shows a number of bytes.
func size(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	v, unit := float64(n)/1024, "KiB"
	for _, u := range []string{"MiB", "GiB"} {
		if v < 1024 {
			break
		}
		v, unit = v/1024, u
	}
	return fmt.Sprintf("%.1f %s", v, unit)
}
