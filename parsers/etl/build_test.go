package etl

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"debrief/event"
	"debrief/internal/synth/etlw"
)

var start = time.Date(2031, 3, 4, 8, 0, 0, 0, time.UTC)

func guid(s string) (g etlw.GUID) {
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != 16 {
		panic("bad GUID " + s)
	}
	return etlw.GUID(b)
}

var (
	aad     = guid("4de9bc9c-b27a-43c9-8994-0915f1a5e24f")
	sample  = guid("6f2b1c3d-0a4e-4f5b-9c8d-7e6f5a4b3c2d")
	system  = []byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0} // S-1-5-18
	berlin  = etlw.Zone{Bias: -60, Daylight: -60, From: [8]uint16{0, 3, 0, 5, 2}, To: [8]uint16{0, 10, 0, 5, 3}}
	session = etlw.Trace{Start: start, End: start.Add(time.Hour), Zone: berlin, Build: 26100, Logger: "Sample session", File: `C:\Sample\a.etl`}
)

// encode writes a trace with the events.
func encode(tb testing.TB, t etlw.Trace, events ...etlw.Event) []byte {
	tb.Helper()
	t.Events = events
	b, err := etlw.Encode(t)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// got is what Decode made of a trace.
type got struct {
	header   Header
	tally    Tally
	records  []Record // without the trace's own first one
	problems []string
	lost     int
}

func decode(tb testing.TB, data []byte) got {
	tb.Helper()
	var g got
	var err error
	g.header, g.tally, err = Decode(data, Sink{
		Record: func(r *Record) {
			if r.Kind == System && r.ID == 0 {
				return
			}
			c := *r
			c.Payload = append([]byte(nil), r.Payload...)
			g.records = append(g.records, c)
		},
		Problem: func(p Problem) {
			g.problems = append(g.problems, p.Text)
			if p.Kind.Lost() {
				g.lost++
			}
		},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// text joins fields for comparison.
func text(f event.Fields) string {
	var s []string
	for _, x := range f {
		s = append(s, x.Name+"="+x.Value)
	}
	return strings.Join(s, "; ")
}
