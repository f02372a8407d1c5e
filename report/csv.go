package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"debrief/event"
)

// csvColumns are the columns of events as CSV.
var csvColumns = []string{
	"case", "time_utc", "time_of_record", "clock", "level", "source", "provider", "channel", "event_id", "name", "message",
	"fields", "computer", "user", "process", "thread", "file", "line", "record", "flags",
}

// csvWriter writes events as RFC 4180 text with a header, such as
//
//	case,time_utc,time_of_record,clock,level,…
//	PC-0815,2025-03-05T09:14:02.5Z,2025-03-05T10:14:02.5+01:00,declared,error,…
//
// Times have up to 100 ns; an unknown one is empty. fields holds "name=value", one
// a line. A cell that a spreadsheet would take for a formula begins with an
// apostrophe, and characters that steer a terminal are shown as marks.
type csvWriter struct {
	w      *csv.Writer
	header bool
}

func newCSV(w io.Writer) *csvWriter { return &csvWriter{w: csv.NewWriter(w)} }

func (o *csvWriter) Left() int { return 0 }

func (o *csvWriter) Flush() error {
	o.head()
	o.w.Flush()
	return o.w.Error()
}

// head writes the header once; an export of nothing has one too.
func (o *csvWriter) head() {
	if !o.header {
		o.header = true
		o.w.Write(csvColumns) //nolint:errcheck // the writer keeps the error for Flush
	}
}

func (o *csvWriter) Write(caseName string, e *event.Event) error {
	o.head()
	utc, local := "", ""
	if !e.Time.IsZero() {
		utc = e.Time.UTC().Format(time.RFC3339Nano)
		local = e.Time.In(time.FixedZone("", int(e.Offset)*60)).Format(time.RFC3339Nano)
	}
	level := ""
	if e.Level != event.LevelUnknown {
		level = e.Level.String()
	}
	var fields strings.Builder
	for i, f := range e.Fields {
		if i > 0 {
			fields.WriteByte('\n')
		}
		fields.WriteString(f.Name + "=" + f.Value)
	}
	row := []string{
		caseName, utc, local, e.Clock.String(), level, string(e.Source), e.Provider, e.Channel, number(uint64(e.ID)), e.Name, e.Message,
		fields.String(), e.Host, e.User, number(uint64(e.Process)), number(uint64(e.Thread)), e.Pos.File, number(uint64(e.Pos.Line)), number(e.Pos.Record), strings.Join(flagNames(e.Flags), " "),
	}
	for i := range row {
		row[i] = cell(row[i])
	}
	return o.w.Write(row)
}

// number renders a number of which 0 means unknown.
func number(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

// cell makes a text harmless for a spreadsheet: what begins like a formula is
// quoted by an apostrophe, which is how these programs mark text.
func cell(s string) string {
	s = Harmless(s, true)
	if s != "" && strings.IndexByte("=+-@\t\r\n|%", s[0]) >= 0 {
		return "'" + s
	}
	return s
}
