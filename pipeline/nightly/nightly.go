// Package nightly looks at an archive of cases as a whole: what came since the
// last look, what grows, what many cases have in common, and what no rule knows
// yet. It brings the judgements to the rules of today first.
//
// It reads an index and remembers in it what it has said (see memory); it parses
// nothing, renders its own report and reads no clock.
package nightly

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"debrief/index"
	"debrief/pipeline"
	"debrief/rules"
)

// Schema is the value of Report.Schema. It changes when a field is taken away
// or changes its meaning.
const Schema = "debrief.nightly/1"

// Options say how to look. Rules must be set.
type Options struct {
	pipeline.RejudgeOptions
	Now time.Time
}

// Report is what a look at the archive came to. Slices are never null in JSON.
type Report struct {
	Schema string    `json:"schema"`
	Tool   string    `json:"tool"`  // version of debrief
	Rules  string    `json:"rules"` // hash of the rule set
	At     time.Time `json:"at"`
	// Since is when the archive was last looked at; zero = never: all that is
	// there now is what later reports compare with.
	Since time.Time `json:"since,omitzero"`

	Cases    int            `json:"cases"`    // in the archive
	Outcomes map[string]int `json:"outcomes"` // cases by failure, inconclusive, warning, none
	New      []CaseLine     `json:"new"`      // cases that came since
	// Judged counts the cases that were judged anew, by the way it was done.
	Judged  map[pipeline.Way]int `json:"judged"`
	Changed []ChangedCase        `json:"changed"` // cases whose outcome or causes are others now
	Failed  []FailedCase         `json:"failed"`  // cases that could not be judged or read anew

	NewCauses []CauseNote   `json:"new_causes"` // seen for the first time
	Rising    []RisingCause `json:"rising"`
	Problems  []Problem     `json:"problems"` // what many devices of a group have in common
	Clusters  []Cluster     `json:"clusters"` // errors of several cases that no rule speaks of
	Formats   []FormatNote  `json:"formats"`  // logs of which less is understood than before
}

// CaseLine names a case.
type CaseLine struct {
	ID      index.CaseID `json:"id"`
	Name    string       `json:"name"`
	Ticket  string       `json:"ticket,omitempty"`
	Device  string       `json:"device,omitempty"`
	Outcome string       `json:"outcome"`
	Line    string       `json:"verdict"`
	Date    time.Time    `json:"date,omitzero"` // when it was collected, or added where that is earlier
}

// ChangedCase is a case with another verdict than before.
type ChangedCase struct {
	CaseLine
	Before pipeline.Opinion `json:"before"`
	After  pipeline.Opinion `json:"after"`
	// Said is what the engineers said of the verdict before; empty = nothing.
	Said index.Verdict `json:"said,omitempty"`
}

// FailedCase is a case that could not be judged as it should.
type FailedCase struct {
	CaseLine
	Error string `json:"error"`
}

// CauseNote is a root cause with its cases.
type CauseNote struct {
	Rule  string     `json:"rule"`
	Title string     `json:"title"`
	Cases []CaseLine `json:"cases"` // the latest first, at most maxNamed
	More  int        `json:"more"`  // cases that are not listed
}

// maxNamed bounds the cases that are named of one thing.
const maxNamed = 10

// Outcome says how pressing a report is.
type Outcome int

// The outcomes, mildest first.
const (
	Quiet  Outcome = iota // nothing new
	Noted                 // only hints: clusters, logs that are less understood
	Urgent                // new or rising causes, problems, changed verdicts
	Broken                // a case could not be judged
)

// Outcome sums the report up. What was said before does not count again.
func (r *Report) Outcome() Outcome {
	isNew := func(k Known) bool { return k.New() }
	switch {
	case len(r.Failed) > 0:
		return Broken
	case len(r.NewCauses) > 0, len(r.Changed) > 0,
		slices.ContainsFunc(r.Rising, func(c RisingCause) bool { return isNew(c.Known) }),
		slices.ContainsFunc(r.Problems, func(p Problem) bool { return isNew(p.Known) }):
		return Urgent
	case len(r.Formats) > 0, slices.ContainsFunc(r.Clusters, func(c Cluster) bool { return isNew(c.Known) }):
		return Noted
	}
	return Quiet
}

// Known is what an earlier report said of the same thing.
type Known struct {
	// Since is when it was first reported; zero = now.
	Since time.Time `json:"known_since,omitzero"`
	// Before is how many devices it had in the last report.
	Before int `json:"devices_before,omitempty"`
}

// New reports whether no earlier report said it.
func (k Known) New() bool { return k.Since.IsZero() }

// Run brings the judgements of the archive up to date and looks at it. The
// report is remembered in the archive last of all: a run that is cut short is
// done again. The error is that of a cancelled context or of the archive.
func Run(ctx context.Context, w index.Writer, o Options) (*Report, error) {
	mem, err := recall(w.View())
	if err != nil {
		return nil, err
	}
	rejudged, err := pipeline.Rejudge(ctx, w, o.RejudgeOptions)
	if err != nil {
		return nil, err
	}
	r := &look{view: w.View(), o: o, mem: mem, cases: w.View().Cases(index.CaseFilter{}), out: &Report{
		Schema: Schema, Tool: o.Engine, Rules: o.Rules.Hash(), At: o.Now, Since: mem.At, Outcomes: map[string]int{}, Judged: map[pipeline.Way]int{},
		New: []CaseLine{}, Changed: []ChangedCase{}, Failed: []FailedCase{}, NewCauses: []CauseNote{}, Rising: []RisingCause{},
		Problems: []Problem{}, Clusters: []Cluster{}, Formats: []FormatNote{},
	}}
	r.count()
	r.judged(rejudged)
	for _, step := range []func() error{r.newCauses, r.rising, r.problems, r.clusters, r.formats} {
		if err := errors.Join(ctx.Err(), step()); err != nil {
			return nil, err
		}
	}
	return r.out, r.mem.keep(w, o.Now, r.cases)
}

// look is one look at the archive.
type look struct {
	view    index.Reader
	o       Options
	mem     *memory
	cases   []index.Case // the latest first
	fresh   []index.Case // of these, those that came since the last look
	changed map[index.CaseID]bool
	out     *Report
}

// count lists the new cases and counts all.
func (l *look) count() {
	l.out.Cases = len(l.cases)
	for i := range l.cases {
		c := &l.cases[i]
		l.out.Outcomes[c.Outcome]++
		if l.mem.isNew(c) {
			l.fresh = append(l.fresh, *c)
			l.out.New = append(l.out.New, newLine(c))
		}
	}
}

// judged tells which verdicts changed. A case that is new has no verdict that
// anybody has seen.
func (l *look) judged(list []pipeline.Rejudged) {
	l.changed = map[index.CaseID]bool{}
	for i := range list {
		j := &list[i]
		if j.Way != "" {
			l.out.Judged[j.Way]++
		}
		c, err := l.view.Case(j.ID)
		if err != nil {
			continue
		}
		if j.Error != "" {
			l.out.Failed = append(l.out.Failed, FailedCase{newLine(&c), j.Error})
		}
		if j.Changed() {
			l.changed[j.ID] = true
			if !l.mem.isNew(&c) {
				l.out.Changed = append(l.out.Changed, ChangedCase{newLine(&c), j.Before, j.After, c.Verdict})
			}
		}
	}
}

// newCauses lists the causes that no earlier look has seen. The first look
// learns them all.
func (l *look) newCauses() error {
	at := map[string]int{}
	for i := range l.cases {
		c := &l.cases[i]
		for _, rule := range c.Causes {
			if l.mem.Causes[rule] || l.mem.first() {
				continue
			}
			n, known := at[rule]
			if !known {
				n = len(l.out.NewCauses)
				at[rule] = n
				l.out.NewCauses = append(l.out.NewCauses, CauseNote{Rule: rule, Title: l.title(rule)})
			}
			note := &l.out.NewCauses[n]
			note.Cases, note.More = named(note.Cases, note.More, c)
		}
	}
	for i := range l.cases {
		for _, rule := range l.cases[i].Causes {
			l.mem.Causes[rule] = true
		}
	}
	slices.SortFunc(l.out.NewCauses, func(a, b CauseNote) int {
		return cmp.Or(cmp.Compare(len(b.Cases)+b.More, len(a.Cases)+a.More), strings.Compare(a.Rule, b.Rule))
	})
	return nil
}

// named adds a case to those that are named, or counts it.
func named(list []CaseLine, more int, c *index.Case) ([]CaseLine, int) {
	if len(list) == maxNamed {
		return list, more + 1
	}
	return append(list, newLine(c)), more
}

// title is that of the rule, or its id where the rule is gone.
func (l *look) title(id string) string { return title(l.o.Rules, id) }

func title(set *rules.Set, id string) string {
	if r := set.Rule(id); r != nil {
		return r.Title
	}
	return id
}

func newLine(c *index.Case) CaseLine {
	return CaseLine{ID: c.ID, Name: c.Name, Ticket: c.Ticket, Device: c.Device, Outcome: c.Outcome, Line: c.Line, Date: date(c)}
}

// date is when a case was collected. A device's clock can be wrong: what it
// says does not count where the case was here before.
func date(c *index.Case) time.Time {
	if c.Collected.IsZero() || !c.Added.IsZero() && c.Collected.After(c.Added) {
		return c.Added
	}
	return c.Collected
}

// device tells devices apart: several cases of one count once.
func device(c *index.Case) string {
	if c.Device == "" && c.Serial == "" {
		return string(c.ID)
	}
	return strings.ToLower(c.Device + "/" + c.Serial)
}

// Named lists the cases that the report names, each once, in order of their ids.
func (r *Report) Named() []index.CaseID {
	var out []index.CaseID
	add := func(list []CaseLine) {
		for i := range list {
			out = append(out, list[i].ID)
		}
	}
	add(r.New)
	for i := range r.Changed {
		out = append(out, r.Changed[i].ID)
	}
	for i := range r.Failed {
		out = append(out, r.Failed[i].ID)
	}
	for i := range r.NewCauses {
		add(r.NewCauses[i].Cases)
	}
	for i := range r.Rising {
		add(r.Rising[i].Cases)
	}
	for i := range r.Problems {
		add(r.Problems[i].Cases)
	}
	for i := range r.Clusters {
		add(r.Clusters[i].Cases)
	}
	for i := range r.Formats {
		add(r.Formats[i].Cases)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
