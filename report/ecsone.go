package report

import (
	"bytes"
	"encoding/json"

	"debrief/event"
)

// MarshalECS renders one event as the JSON object that WriteJSONL writes, on
// one line and without a line end.
func MarshalECS(e *event.Event) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(toECS(e)); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
