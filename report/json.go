package report

import (
	"encoding/json"
	"io"
)

// WriteJSON renders the view as indented JSON: the schema is View's own. The
// same view gives the same bytes. The error is that of w.
func (v *View) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// casesJSON is the JSON form of several reports.
type casesJSON struct {
	Schema string  `json:"schema"` // "debrief.cases/1"
	Cases  []*View `json:"cases"`
}

// WriteJSON renders the reports of several cases; that of a single case has the
// form of View.WriteJSON.
func WriteJSON(w io.Writer, views []*View) error {
	if len(views) == 1 {
		return views[0].WriteJSON(w)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(casesJSON{"debrief.cases/1", views})
}
