package report

import (
	"encoding/json"
	"io"
	"iter"
	"slices"

	"debrief/event"
)

// EventWriter writes events one after the other, in one of EventFormats.
type EventWriter interface {
	// Write writes an event of a case; "" = the case has no name. What a format
	// cannot hold is left out and counted by Left. The error is that of the
	// writer beneath.
	Write(caseName string, e *event.Event) error
	// Left counts the events that were left out.
	Left() int
	// Flush writes what is held back.
	Flush() error
}

// EventFormats are the names of the formats of NewEventWriter.
func EventFormats() []string { return []string{"jsonl", "csv", "timesketch"} }

// NewEventWriter makes a writer of a format of EventFormats; nil = there is no
// such format.
func NewEventWriter(w io.Writer, format string) EventWriter {
	switch format {
	case "jsonl":
		return &ecsWriter{encoder(w)}
	case "csv":
		return newCSV(w)
	case "timesketch":
		return &timesketchWriter{enc: encoder(w)}
	}
	return nil
}

// Shareable reports whether a format of events is made to be given to other
// systems.
func Shareable(format string) bool { return slices.Contains([]string{"csv", "timesketch"}, format) }

// encoder writes JSON lines and leaves "<" and "&" as they are.
func encoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}

// ecsWriter writes JSON lines under the names of the Elastic Common Schema.
type ecsWriter struct{ enc *json.Encoder }

func (o *ecsWriter) Write(_ string, e *event.Event) error { return o.enc.Encode(toECS(e)) }
func (o *ecsWriter) Left() int                            { return 0 }
func (o *ecsWriter) Flush() error                         { return nil }

// WriteEvents writes events in a format of EventFormats and returns how many it
// could not hold. The error is that of w.
func WriteEvents(w io.Writer, format, caseName string, events iter.Seq[*event.Event]) (left int, err error) {
	out := NewEventWriter(w, format)
	for e := range events {
		if err := out.Write(caseName, e); err != nil {
			return out.Left(), err
		}
	}
	return out.Left(), out.Flush()
}
