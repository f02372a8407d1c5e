package report

import (
	"encoding/json"
	"strings"

	"debrief/event"
)

// timesketchWriter writes the JSON lines that Timesketch imports, such as
//
//	{"message":"…","datetime":"2025-03-05T09:14:02.500000+00:00","timestamp":1741166042500000,"timestamp_desc":"Event Logged","data_type":"debrief:log:ccmsetup",…}
//
// message, datetime and timestamp_desc are the fields that it asks for;
// timestamp counts microseconds since 1970. An event without a time has no place
// on a timeline and is left out. Names of the other fields are those of the
// event logs of its own importers where these have one. Source: the Timesketch
// documentation, "Create timeline from JSON/JSONL/CSV file".
type timesketchWriter struct {
	enc  *json.Encoder
	left int
}

// sketchEvent is one line. Empty fields are left out.
type sketchEvent struct {
	Message       string            `json:"message"`
	Datetime      string            `json:"datetime"`
	Timestamp     int64             `json:"timestamp"`
	TimestampDesc string            `json:"timestamp_desc"`
	DataType      string            `json:"data_type"`
	Case          string            `json:"case,omitempty"`
	Level         string            `json:"level,omitempty"`
	Source        string            `json:"source_name,omitempty"` // provider or component
	Channel       string            `json:"channel,omitempty"`
	Event         uint32            `json:"event_identifier,omitempty"`
	Name          string            `json:"event_name,omitempty"`
	Computer      string            `json:"computer_name,omitempty"`
	User          string            `json:"user_sid,omitempty"`
	Process       uint32            `json:"process_id,omitempty"`
	Thread        uint32            `json:"thread_id,omitempty"`
	File          string            `json:"filename"`
	Line          int               `json:"line_number,omitempty"`
	Record        uint64            `json:"record_number,omitempty"`
	Clock         string            `json:"clock"`
	Fields        map[string]string `json:"fields,omitempty"`
	Flags         []string          `json:"flags,omitempty"`
}

func (o *timesketchWriter) Left() int    { return o.left }
func (o *timesketchWriter) Flush() error { return nil }

func (o *timesketchWriter) Write(caseName string, e *event.Event) error {
	if e.Time.IsZero() {
		o.left++
		return nil
	}
	message := e.Message
	if message == "" {
		message = e.Provider + " " + e.Name // the importer refuses an empty one
	}
	out := sketchEvent{
		Message: message, Datetime: e.Time.UTC().Format("2006-01-02T15:04:05.000000-07:00"), Timestamp: e.Time.UnixMicro(), TimestampDesc: "Event Logged",
		DataType: "debrief:" + strings.ReplaceAll(string(e.Source), ".", ":"), Case: caseName,
		Source: e.Provider, Channel: e.Channel, Event: e.ID, Name: e.Name, Computer: e.Host, User: e.User, Process: e.Process, Thread: e.Thread,
		File: e.Pos.File, Line: e.Pos.Line, Record: e.Pos.Record, Clock: e.Clock.String(), Fields: fieldMap(e.Fields), Flags: flagNames(e.Flags),
	}
	if e.Level != event.LevelUnknown {
		out.Level = e.Level.String()
	}
	return o.enc.Encode(&out)
}
