package report

import (
	"encoding/json"
	"io"

	"debrief/timeline"
)

// NewTimeline makes the view of a story alone, without any judgement.
func NewTimeline(tl *timeline.Timeline) *View { return New(Input{Timeline: tl}) }

// WriteTimeline writes the sessions of the view as text.
func (v *View) WriteTimeline(w io.Writer, opts TextOptions) error {
	p := newPrinter(w, opts)
	if len(v.Sessions) == 0 {
		p.line(0, "Nothing with a time was found.")
	}
	p.sessions(v)
	if v.Redacted != "" {
		p.gap()
		p.para(0, plainStyle, redactedText(v.Redacted))
	}
	return p.w.Flush()
}

// timelineJSON is the JSON form of a timeline: the parts of a View that have
// the same names.
type timelineJSON struct {
	Schema   string    `json:"schema"` // "debrief.timeline/1"
	Clock    Clock     `json:"clock"`
	Sessions []Session `json:"sessions"`
	Redacted string    `json:"redacted"`
}

// WriteTimelineJSON writes the sessions of the view as JSON.
func (v *View) WriteTimelineJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(timelineJSON{"debrief.timeline/1", v.Clock, v.Sessions, v.Redacted})
}
