package parsers

import (
	"fmt"
	"io"
	"path"
	"strings"

	"debrief/event"
	"debrief/parsers/etl"
)

// etlParser reads event traces: *.etl, rotated ones (.etl.003) and merged ones
// (.etl.merged). The format is parsers/etl's; here its records become events
// of the sources "etl.…", apart from those of the event logs: one thing that
// happened often stands in both, and a rule asks for the one it means.
//
// A trace holds thousands of records of a few kinds. Of each kind so many are
// kept one by one (see traceLimit); the rest is counted, and one event says
// how many they were and when.
func etlParser() Parser {
	return Parser{
		Name:    "etl",
		Doc:     "event traces (.etl)",
		Version: "2",
		Match:   func(in *Input) bool { return etl.IsTrace(in.Data) || len(in.Data) > 0 && traceName(in.Path) },
		Parse:   parseETL,
		ParseAt: parseETLAt,
	}
}

// traceName tells names of traces: "a.etl", "a.etl.003", "a.etl.merged".
func traceName(file string) bool {
	name := strings.ToLower(path.Base(file))
	if strings.HasSuffix(name, ".etl") || strings.HasSuffix(name, ".etl.merged") {
		return true
	}
	i := strings.LastIndex(name, ".etl.")
	return i >= 0 && strings.Trim(name[i+len(".etl."):], "0123456789") == ""
}

func parseETL(in *Input, out *Output) error {
	// All that may stand in a file that was set up is the size of its buffers.
	if blank(in.Data[min(4, len(in.Data)):]) && (blank(in.Data) || len(in.Data) > 4) {
		out.Problem(event.Remark, event.Pos{File: in.Path}, "the trace was set up and never written")
		return nil
	}
	return readTrace(in, out, func(sink etl.Sink) (etl.Header, etl.Tally, error) { return etl.Decode(in.Data, sink) })
}

func parseETLAt(in *Input, content io.ReaderAt, size int64, out *Output) error {
	return readTrace(in, out, func(sink etl.Sink) (etl.Header, etl.Tally, error) { return etl.DecodeAt(content, size, sink) })
}

func readTrace(in *Input, out *Output, decode func(etl.Sink) (etl.Header, etl.Tally, error)) error {
	f := traceFile{in: in, out: out, kinds: map[traceKey]*traceKind{}, providers: map[etl.GUID]*traceProvider{}}
	_, tally, err := decode(etl.Sink{Header: f.header, Want: f.want, Record: f.record, Problem: f.problem})
	if err != nil {
		return fmt.Errorf("reading %q: %w", in.Path, err)
	}
	f.summarise()
	f.account(tally)
	return nil
}

// blank reports whether data is nothing but zeros.
func blank(data []byte) bool {
	for _, c := range data {
		if c != 0 {
			return false
		}
	}
	return true
}

// traceFile collects the events of one trace.
type traceFile struct {
	in  *Input
	out *Output
	msg messageWriter

	kinds     map[traceKey]*traceKind
	order     []*traceKind // as they were met
	last      *traceKind
	providers map[etl.GUID]*traceProvider

	own     int // records of the trace about itself
	unknown int // events not read in full
	wpp     int // of these, WPP messages
	folded  int // events that are only counted
	raw     int // events kept as bytes
}

func (f *traceFile) problem(p etl.Problem) {
	f.out.Problem(p.Kind, event.Pos{File: f.in.Path, Offset: p.Offset}, p.Text)
}

// header takes over what the trace says of its session and of the device.
func (f *traceFile) header(h *etl.Header) {
	pos := event.Pos{File: f.in.Path}
	if h.Zoned {
		fact := event.Number("clock.trace-offset-minutes", h.Logger, int64(h.Offset), pos)
		fact.Time = h.Start
		f.out.Facts = append(f.out.Facts, fact)
	}
	if h.EventsLost > 0 || h.BuffersLost > 0 {
		f.out.Problem(event.Remark, pos, fmt.Sprintf("the session itself lost %d events and %d buffers", h.EventsLost, h.BuffersLost))
	}
}

// record makes an event of one that is kept.
func (f *traceFile) record(r *etl.Record) {
	k := f.last // want was asked just before
	if r.Known && r.Partial {
		f.unknown++
	}
	e := event.Event{
		Time: r.Time, Clock: event.ClockDeclared, Level: evtxLevel(r.Level), ID: r.ID,
		Source: k.provider.logSource, Provider: k.provider.name, Name: cutText(r.Name),
		Process: processID(r.Process), Thread: processID(r.Thread), User: r.User, Fields: r.Fields,
		Pos: event.Pos{File: f.in.Path, Offset: r.Offset},
	}
	if r.Time.IsZero() {
		e.Clock = event.ClockNone
	}
	if !r.Known {
		e.Fields = rawFields(r)
	}
	e.Message = f.message(&e, r)
	if e.Source == event.ShellCore && e.ID >= 62400 && e.ID <= 62407 {
		shellCoreFields(&e)
	}
	e.Source = k.provider.source
	f.out.Events = append(f.out.Events, e)
	f.out.spilled()
}

// message renders an event: the catalogue knows some ids, a TraceLogging event
// has a name of its own. Programs that log sentences give a field the sentence
// as its name, too; it is shown once.
func (f *traceFile) message(e *event.Event, r *etl.Record) string {
	switch {
	case !r.Known:
		return fmt.Sprintf("%s event %d, fields unknown, %d bytes", r.Kind, r.ID, len(r.Payload))
	case len(e.Fields) == 0 && r.Name == "":
		return fmt.Sprintf("event %d, without fields", r.ID)
	case len(e.Fields) == 0:
		return e.Name
	}
	text := f.msg.message(e)
	if one := e.Fields[0]; len(e.Fields) == 1 && strings.Trim(one.Name, `"`) == one.Value {
		text = one.Value
	}
	if e.Name != "" {
		text = e.Name + ": " + text
	}
	return text
}

// maxRaw bounds the bytes of an unknown payload that are kept.
const maxRaw = 256

// rawFields keeps what is there of an event whose fields are not known.
func rawFields(r *etl.Record) event.Fields {
	b := r.Payload
	if len(b) > maxRaw {
		b = b[:maxRaw]
	}
	return event.Fields{
		{Name: "Kind", Value: r.Kind.String()},
		{Name: "Version", Value: fmt.Sprint(r.Version)},
		{Name: "PayloadBytes", Value: fmt.Sprint(len(r.Payload))},
		{Name: "Payload", Value: fmt.Sprintf("%x", b)},
	}
}

// processID gives process and thread ids; -1 stands for none.
func processID(n uint32) uint32 {
	if n == 1<<32-1 {
		return 0
	}
	return n
}

// account says in the coverage what became of the trace's records.
func (f *traceFile) account(t etl.Tally) {
	f.out.Coverage.Unknown = f.unknown
	events := t.Events - f.own
	if events == 0 {
		return
	}
	text := fmt.Sprintf("%d events in %d buffers", events, t.Buffers)
	if f.unknown > 0 {
		text += fmt.Sprintf("; of %d the fields are not known or not all", f.unknown)
		if f.wpp > 0 {
			text += fmt.Sprintf(" (%d of them are WPP messages, whose text is not in the trace)", f.wpp)
		}
	}
	if f.folded > 0 {
		text += fmt.Sprintf("; %d of frequent kinds are counted and not listed one by one", f.folded)
	}
	f.out.Problem(event.Remark, event.Pos{File: f.in.Path}, text)
}
