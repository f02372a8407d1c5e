package main

import (
	"io"

	"debrief/index"
	"debrief/pipeline"
	"debrief/redact"
	"debrief/report"
)

// hitExport writes what a search finds in a format of events.
type hitExport struct {
	out    report.EventWriter
	from   index.Reader
	hide   *redact.Redactor // nil = nothing is replaced
	name   string           // of the case of the last hit
	last   index.CaseID
	learnt map[index.CaseID]bool
}

func (f *searchFlags) newExport(w io.Writer, a index.Reader) (*hitExport, error) {
	r, err := f.share.redactor(f.out.format)
	if err != nil {
		return nil, err
	}
	return &hitExport{out: report.NewEventWriter(w, f.out.format), from: a, hide: r, learnt: map[index.CaseID]bool{}}, nil
}

func (x *hitExport) write(h *index.Hit) error {
	if h.Case != x.last {
		if err := x.enter(h.Case); err != nil {
			return err
		}
	}
	e := &h.Event
	if x.hide != nil {
		e = pipeline.RedactedEvent(e, x.hide)
	}
	return x.out.Write(x.name, e)
}

// enter learns of a case what its events must not show.
func (x *hitExport) enter(id index.CaseID) error {
	c, err := x.from.Case(id)
	if err != nil {
		return err
	}
	x.last, x.name = id, c.Name
	if x.hide == nil {
		return nil
	}
	if !x.learnt[id] {
		x.learnt[id] = true
		if err := identifyArchived(x.hide, x.from, id); err != nil {
			return err
		}
	}
	x.name = x.hide.String(x.name)
	return nil
}
