package parsers

import (
	"fmt"
	"strings"
	"time"

	"debrief/event"
)

// All lists the parsers in order of precedence: formats that content proves
// first, then those that only a name tells, then plain text. The caller owns
// the slice.
func All() []Parser {
	return []Parser{
		evtxParser(),
		etlParser(),
		hiveParser(),
		registryParser(),
		mdmReportParser(),
		mdmHTMLParser(),
		dressedParser(),
		eventViewParser(),
		cmtraceParser(),
		intuneResultsParser(),
		intuneMissingParser(),
		profileParser(),
		metadataParser(),
		frameworkParser(),
		footprintParser(),
		tpmParser(),
		uefiParser(),
		deviceHashParser(),
		dsregcmdParser(),
		tpmtoolParser(),
		certutilParser(),
		msinfoParser(),
		servicesParser(),
		systeminfoParser(),
		winHTTPParser(),
		ipconfigParser(),
		w32tmParser(),
		timeChartParser(),
		etwTextParser(),
		msiParser(),
		setupactParser(),
		netsetupParser(),
		windowsUpdateParser(),
		reportingEventsParser(),
		psadtParser(),
		deliveryOptParser(),
		deliveryCSVParser(),
		cmtraceTextParser(),
		eventTextParser(),
		pastedParser(),
		textParser(),
	}
}

// Parse reads one file with the parser that claims it. It always returns an
// output: what could not be read stands in its coverage. A parser that panics
// loses its own file only.
func Parse(in *Input) *Output { return parse(in, All()) }

func parse(in *Input, parsers []Parser) *Output {
	out := &Output{Coverage: event.Coverage{
		File: in.Path, Bytes: int64(len(in.Data)), ModTime: in.ModTime,
	}}
	p := choose(in, parsers, out)
	if p == nil {
		unclaimed(in, out)
		return out
	}
	out.Coverage.Parser, out.Coverage.Version = p.Name, p.Version
	err := run(p, in, out)
	if err != nil {
		out.Problem(event.Damage, event.Pos{File: in.Path}, err.Error())
	}
	out.bound()
	status(out, len(out.Events)+len(out.Facts), err != nil)
	return out
}

// unclaimed says what a file is that no parser claims.
func unclaimed(in *Input, out *Output) {
	switch {
	case len(in.Data) == 0:
		out.Coverage.Status = event.Empty
	case namedFormat(in.Path) != "":
		out.Problem(event.Damage, event.Pos{File: in.Path}, "the file is named as "+namedFormat(in.Path)+", and its content is none")
		out.Coverage.Status = event.Unread
	default:
		out.Coverage.Status = event.Unknown
	}
}

// namedFormat says which binary format or known log a file claims to be by its
// name; empty for names that promise nothing. It is asked only where no parser
// knows the content.
func namedFormat(path string) string {
	name := strings.ToLower(path[strings.LastIndexByte(path, '/')+1:])
	switch {
	case strings.HasSuffix(name, ".evtx"):
		return "an event log"
	case strings.HasSuffix(name, ".reg"):
		return "a registry file"
	case strings.HasSuffix(name, ".cab"):
		return "a cabinet"
	case strings.HasSuffix(name, ".zip"), strings.HasSuffix(name, ".7z"):
		return "an archive"
	case strings.HasSuffix(name, ".log"), strings.HasSuffix(name, ".lo_"):
		return "a text log"
	}
	return ""
}

// choose returns the first parser that matches, or nil.
func choose(in *Input, parsers []Parser, out *Output) (found *Parser) {
	for i := range parsers {
		if matches(&parsers[i], in, out) {
			return &parsers[i]
		}
	}
	return nil
}

func matches(p *Parser, in *Input, out *Output) (ok bool) {
	defer func() {
		if r := recover(); r != nil {
			out.Problem(event.Remark, event.Pos{File: in.Path},
				fmt.Sprintf("parser %s could not tell whether the file is its own: %v", p.Name, r))
			ok = false
		}
	}()
	return p.Match(in)
}

// run calls the parser and turns a panic into a problem. What it had found by
// then is kept.
func run(p *Parser, in *Input, out *Output) (err error) {
	defer func() {
		if r := recover(); r != nil {
			out.Problem(event.Damage, event.Pos{File: in.Path},
				fmt.Sprintf("parser %s gave up: %v", p.Name, r))
		}
	}()
	return p.Parse(in, out)
}

// timeSpan is the first and the last of some times; zero = none was met.
type timeSpan struct{ first, last time.Time }

// widen takes in a time; the zero time is none.
func (s *timeSpan) widen(t time.Time) {
	switch {
	case t.After(s.last):
		s.last = t
		if s.first.IsZero() {
			s.first = t
		}
	case t.Before(s.first) && !t.IsZero():
		s.first = t
	}
}

// bound sets the coverage's First and Last from the events, unless the parser
// did while it had them at hand.
func (o *Output) bound() {
	if o.bounded {
		return
	}
	var s timeSpan
	for i := range o.Events {
		s.widen(o.Events[i].Time)
	}
	o.Coverage.First, o.Coverage.Last = s.first, s.last
}

// status sums up how a file with that many records fared. A status that the
// parser set stands.
func status(out *Output, records int, failed bool) {
	unfamiliar(out)
	c := &out.Coverage
	c.Records = records
	if c.Status != event.Read {
		return
	}
	switch {
	case failed, c.Damaged > 0 && c.Records == 0:
		c.Status = event.Unread
	case c.Damaged > 0:
		c.Status = event.Partial
	case c.Records == 0:
		c.Status = event.Empty
	}
}
