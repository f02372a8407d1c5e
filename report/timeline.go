package report

import (
	"encoding/json"
	"io"

	"debrief/timeline"
)

// WriteTimeline writes the story alone, without any judgement, as text.
func WriteTimeline(w io.Writer, tl *timeline.Timeline, opts TextOptions) error {
	v := New(Input{Timeline: tl})
	p := newPrinter(w, opts)
	if len(v.Sessions) == 0 {
		p.line(0, "Nothing with a time was found.")
	}
	p.sessions(v)
	return p.w.Flush()
}

// timelineJSON is the JSON form of a timeline: the parts of a View that have
// the same names.
type timelineJSON struct {
	Schema   string    `json:"schema"` // "debrief.timeline/1"
	Clock    Clock     `json:"clock"`
	Sessions []Session `json:"sessions"`
}

// WriteTimelineJSON writes the story alone as JSON.
func WriteTimelineJSON(w io.Writer, tl *timeline.Timeline) error {
	v := New(Input{Timeline: tl})
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(timelineJSON{"debrief.timeline/1", v.Clock, v.Sessions})
}
