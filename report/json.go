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
