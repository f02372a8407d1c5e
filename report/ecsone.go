package report

import (
	"bytes"
	"encoding/json"

	"debrief/event"
)

// MarshalECS renders one event as the JSON object that an export writes, on
// one line and without a line end.
func MarshalECS(e *event.Event) (json.RawMessage, error) {
	var b bytes.Buffer
	if err := encoder(&b).Encode(toECS(e)); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
