// Package pipeline is the conductor: it runs ingest, parsers, timeline and
// rules in order, with as many workers as there are cores, and hands back
// everything a report needs. The command line, the web pages and library users
// all come through here.
//
// It owns concurrency, progress and recovery from parser panics; it knows no
// format, no rule and no output.
package pipeline

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"debrief/event"
	"debrief/ingest"
	"debrief/parsers"
	"debrief/rules"
	"debrief/timeline"
)

// Options say how to run. The zero value is right for most callers.
type Options struct {
	Ingest ingest.Options
	// CaseBy divides the files into cases; only ReadCases looks at it.
	CaseBy CaseBy
	// KeepFiles keeps the bytes of all files with the case, which Submission
	// needs; without it they go as soon as nothing refers to them.
	KeepFiles bool
	// Workers bounds the parsers that run at once; 0 = one a core.
	Workers int
	// Progress is told how far the run is, from several goroutines but one
	// call at a time; nil = nobody listens.
	Progress func(Progress)
}

// Progress is how far a run is.
type Progress struct {
	Stage string // "reading", "parsing", "judging"
	// Done and Total are bytes; Total is 0 while it is not known.
	Done, Total int64
}

// Case is one device's evidence, read and in order. It satisfies rules.Source.
type Case struct {
	// Roots are what the caller named, as shown to people; of several cases in
	// one call each has its device or folder.
	Roots     []string
	TotalSize int64 // bytes of all files after extraction
	events    []event.Event
	facts     []event.Fact
	coverage  []event.Coverage
	timeline  *timeline.Timeline
	files     []ingest.File // with the content of each, copies too; only with Options.KeepFiles
}

// Events yields the events in timeline order.
func (c *Case) Events() iter.Seq[*event.Event] {
	return func(yield func(*event.Event) bool) {
		for i := range c.events {
			if !yield(&c.events[i]) {
				return
			}
		}
	}
}

// Facts returns what the parsers found, in Fact.Compare order; what the
// timeline derived is in its own Facts. The slice is shared.
func (c *Case) Facts() []event.Fact { return c.facts }

// Timeline returns the story of the case.
func (c *Case) Timeline() *timeline.Timeline { return c.timeline }

// Coverage returns one entry a file, and one for each archive or path that was
// not read whole, ordered by path. The slice is shared.
func (c *Case) Coverage() []event.Coverage { return c.coverage }

// Lost reports whether anything that debrief should have read was not read.
func (c *Case) Lost() bool {
	return slices.ContainsFunc(c.coverage, func(f event.Coverage) bool { return f.Status.Lost() })
}

// NothingRead reports whether there was content and none of it is of a kind
// that debrief reads.
func (c *Case) NothingRead() bool {
	return c.TotalSize > 0 && len(c.events) == 0 && len(c.facts) == 0 &&
		!slices.ContainsFunc(c.coverage, func(f event.Coverage) bool { return len(f.Sources) > 0 })
}

// SessionFailed reports whether the last enrolment attempt is known to have
// failed, whether or not a rule says why.
func (c *Case) SessionFailed() bool {
	failed, last := false, 0
	for _, f := range c.timeline.Facts {
		if n, err := strconv.Atoi(f.Key); f.Name == "session.outcome" && err == nil && n >= last {
			last, failed = n, f.Text == "failed"
		}
	}
	return failed
}

// Read extracts and parses all paths as one case: one device, one story. It
// returns an error only if no path was given or ctx was cancelled; what could
// not be read is in the case's coverage.
func Read(ctx context.Context, paths []string, opts Options) (*Case, error) {
	opts.CaseBy = ByNothing
	cases, err := ReadCases(ctx, paths, opts)
	if err != nil {
		return nil, err
	}
	return cases[0], nil
}

// ReadCases is Read for paths that may hold several devices: it returns at
// least one case, in the order of their files. Files are never merged into the
// story of another device.
func ReadCases(ctx context.Context, paths []string, opts Options) ([]*Case, error) {
	report := opts.reporter()
	in := opts.Ingest
	if in.Progress == nil && opts.Progress != nil {
		in.Progress = func(p ingest.Progress) { report(Progress{Stage: "reading", Done: p.Bytes}) }
	}
	got, err := ingest.Read(ctx, paths, in)
	if err != nil {
		return nil, fmt.Errorf("reading the input: %w", err)
	}
	outputs, err := parse(ctx, got.Files, opts.workers(), report)
	if err != nil {
		return nil, err
	}
	coverCopies(got.Files, outputs)
	groups := divide(got.Files, outputs, opts.CaseBy)
	readForeignCopies(got, outputs, groups)
	cases := make([]*Case, len(groups))
	for i, g := range groups {
		c := &Case{Roots: got.Roots}
		if len(groups) > 1 {
			c.Roots = []string{g.name()}
		}
		c.merge(got.Files, outputs, g.files)
		if opts.KeepFiles {
			c.files = contents(got, g.files)
		}
		c.attach(slices.DeleteFunc(slices.Clone(got.Problems), func(p event.Problem) bool { return len(groups) > 1 && !g.owns(p) }))
		c.settle()
		cases[i] = c
	}
	return cases, nil
}

func (o Options) workers() int {
	if o.Workers > 0 {
		return o.Workers
	}
	return runtime.GOMAXPROCS(0)
}

func (o Options) reporter() func(Progress) {
	if o.Progress == nil {
		return func(Progress) {}
	}
	var mu sync.Mutex
	return func(p Progress) {
		mu.Lock()
		defer mu.Unlock()
		o.Progress(p)
	}
}

// parse runs the parsers over all files; outputs are in the order of files.
func parse(ctx context.Context, files []ingest.File, workers int, report func(Progress)) ([]*parsers.Output, error) {
	var total int64
	for i := range files {
		total += int64(len(files[i].Data))
	}
	outputs := make([]*parsers.Output, len(files))
	var done atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for _, i := range largestFirst(files) {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			outputs[i] = parseFile(&files[i])
			report(Progress{Stage: "parsing", Done: done.Add(int64(len(files[i].Data))), Total: total})
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("parsing: %w", err)
	}
	return outputs, nil
}

// largestFirst orders the work so that no big file is left for the end.
func largestFirst(files []ingest.File) []int {
	order := make([]int, len(files))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(files[b].Data) - len(files[a].Data) })
	return order
}

// parseFile runs the parsers over one file. A file that is there twice is read
// once; its copy covers the same sources.
func parseFile(f *ingest.File) *parsers.Output {
	if f.Duplicate != "" {
		return &parsers.Output{Coverage: event.Coverage{
			File: f.Path, Bytes: f.Size, ModTime: f.ModTime, Hash: f.Hash, Status: event.Duplicate,
			Problems: []event.Problem{{Pos: event.Pos{File: f.Path}, Kind: event.Remark, Text: "same content as " + f.Duplicate}},
		}}
	}
	out := parsers.Parse(&parsers.Input{Path: f.Path, Data: f.Data, ModTime: f.ModTime})
	out.Coverage.Hash = f.Hash
	out.Coverage.ModTime = f.ModTime
	return out
}

// coverCopies gives files that are copies of another the sources they cover. A
// copy with records covers what the original does; an empty log tells its
// channel by its name only, so the copy is looked at under its own.
func coverCopies(files []ingest.File, outputs []*parsers.Output) {
	byPath := make(map[string]int, len(files))
	for i := range files {
		byPath[files[i].Path] = i
	}
	for i := range files {
		if files[i].Duplicate == "" {
			continue
		}
		j := byPath[files[i].Duplicate]
		original := outputs[j].Coverage
		if original.Records == 0 {
			original = parsers.Parse(&parsers.Input{Path: files[i].Path, Data: files[j].Data, ModTime: files[i].ModTime}).Coverage
		}
		outputs[i].Coverage.Sources = original.Sources
	}
}

// readForeignCopies parses copies whose original went to another case.
func readForeignCopies(got *ingest.Case, outputs []*parsers.Output, groups []group) {
	if len(groups) < 2 {
		return
	}
	home := map[string]int{}
	for g := range groups {
		for _, i := range groups[g].files {
			home[got.Files[i].Path] = g
		}
	}
	for g := range groups {
		for _, i := range groups[g].files {
			f := got.Files[i]
			if f.Duplicate != "" && home[f.Duplicate] != g {
				f.Data, f.Duplicate = got.Content(f), ""
				outputs[i] = parseFile(&f)
			}
		}
	}
}

// merge gathers what the parsers made of the files of one case.
func (c *Case) merge(files []ingest.File, outputs []*parsers.Output, members []int) {
	var events, facts int
	for _, i := range members {
		events += len(outputs[i].Events)
		facts += len(outputs[i].Facts)
	}
	c.events = make([]event.Event, 0, events)
	c.facts = make([]event.Fact, 0, facts)
	c.coverage = make([]event.Coverage, 0, len(members))
	for _, i := range members {
		o := outputs[i]
		c.TotalSize += int64(len(files[i].Data))
		c.events = append(c.events, o.Events...)
		c.facts = append(c.facts, o.Facts...)
		c.coverage = append(c.coverage, o.Coverage)
		outputs[i] = nil
	}
}

// contents lists the files of one case, each with its bytes.
func contents(got *ingest.Case, members []int) []ingest.File {
	out := make([]ingest.File, len(members))
	for n, i := range members {
		out[n] = got.Files[i]
		out[n].Data = got.Content(got.Files[i])
	}
	return out
}

// attach adds the problems of ingest to the files they speak of. Archives,
// folders and paths are no files of the case: each gets an entry of its own, so
// that all of what was lost stands in one list.
func (c *Case) attach(problems []event.Problem) {
	index := make(map[string]int, len(c.coverage))
	for i := range c.coverage {
		index[c.coverage[i].File] = i
	}
	for _, p := range problems {
		i, known := index[p.Pos.File]
		if !known {
			i = len(c.coverage)
			index[p.Pos.File] = i
			c.coverage = append(c.coverage, event.Coverage{File: p.Pos.File, Parser: event.ArchiveParser, Status: event.Read})
		}
		f := &c.coverage[i]
		f.Problems = append(f.Problems, p)
		switch {
		case !p.Kind.Lost():
			continue
		case p.Kind == event.Unreadable && f.Records == 0:
			f.Status = event.Unread
		case f.Status != event.Unread:
			f.Status = event.Partial
		}
		f.Damaged++
	}
	slices.SortStableFunc(c.coverage, func(a, b event.Coverage) int { return strings.Compare(a.File, b.File) })
}

// settle resolves the clock, orders the events and builds the timeline.
func (c *Case) settle() {
	timeline.ResolveClocks(c.events, c.facts, c.coverage)
	timeline.Order(c.events)
	c.timeline = timeline.Build(timeline.Input{Events: c.events, Facts: c.facts, Coverage: c.coverage})
	slices.SortStableFunc(c.facts, event.Fact.Compare)
}

// Judge evaluates the rules over the case.
func (c *Case) Judge(set *rules.Set) *rules.Result { return set.Evaluate(c) }

// AllProblems lists the problems of archives, folders and files, in order of
// their place.
func (c *Case) AllProblems() []event.Problem {
	var all []event.Problem
	for i := range c.coverage {
		all = append(all, c.coverage[i].Problems...)
	}
	slices.SortStableFunc(all, func(a, b event.Problem) int { return a.Pos.Compare(b.Pos) })
	return all
}
