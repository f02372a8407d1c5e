// Package pipeline is the conductor: it runs ingest, parsers, timeline and
// rules in order, with as many workers as there are cores, and hands back
// everything a report needs. The command line, the web pages and library users
// all come through here.
//
// It owns concurrency, progress and recovery from parser panics; it knows no
// format, no rule and no output.
package pipeline

import (
	"cmp"
	"context"
	"errors"
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
	// Rules are those that the case will be judged by: of logs that are too long
	// to be kept whole, the records that they ask for are kept. Nil = none.
	Rules *rules.Set
	// Workers bounds the parsers that run at once; 0 = one a core.
	Workers int
	// Progress is told how far the run is, from several goroutines but one
	// call at a time; nil = nobody listens.
	Progress func(Progress)
	// CheckEventLog is shown every event log that was read, from several
	// goroutines; it may add problems. data is nil where the log is too long to
	// be held in memory. A nil function = nobody looks.
	CheckEventLog func(ctx context.Context, data []byte, out *parsers.Output)
	// Keep holds the content of the files for Submission; the caller closes the
	// cases. Otherwise nothing of them stays but what events and facts say.
	Keep bool
	// thin is when records are left out; the zero value means the defaults.
	thin thinning
	// Archived is what is known of files that Export wrote; nil = they come
	// from elsewhere.
	Archived *Archived
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
	files     []ingest.File   // of a case that keeps its content: copies have that of their originals
	content   *content        // what holds it; nil = nothing is kept
	problems  []event.Problem // that ingest had
}

// content is what the cases of one call hold together.
type content struct {
	got   *ingest.Case
	users atomic.Int32
}

// Close lets go of the content that Options.Keep kept, and of its temporary
// files when the last case of the call is closed. Any other case needs no
// closing.
func (c *Case) Close() error {
	if c.content == nil {
		return nil
	}
	held := c.content
	c.content, c.files = nil, nil
	if held.users.Add(-1) > 0 {
		return nil
	}
	return held.got.Close()
}

// Name names the case: what the caller gave, joined.
func (c *Case) Name() string { return strings.Join(c.Roots, ", ") }

// Events yields the events in timeline order.
func (c *Case) Events() iter.Seq[*event.Event] { return event.All(c.events) }

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
func ReadCases(ctx context.Context, paths []string, opts Options) (cases []*Case, err error) {
	report := opts.reporter()
	in := opts.Ingest
	if in.Progress == nil && opts.Progress != nil {
		in.Progress = func(p ingest.Progress) { report(Progress{Stage: "reading", Done: p.Bytes}) }
	}
	got, err := ingest.Read(ctx, paths, in)
	if err != nil {
		return nil, fmt.Errorf("reading the input: %w", err)
	}
	opts.Archived.restore(got)
	held := &content{got: got}
	defer func() {
		if err != nil || !opts.Keep {
			err = errors.Join(err, got.Close())
		}
	}()
	outputs, err := parse(ctx, got.Files, opts, report)
	if err != nil {
		return nil, err
	}
	coverCopies(got.Files, outputs)
	groups := divide(got.Files, outputs, opts.CaseBy)
	readForeignCopies(ctx, got, outputs, groups, opts)
	cases = make([]*Case, len(groups))
	for i, g := range groups {
		c := &Case{Roots: got.Roots}
		if len(groups) > 1 {
			c.Roots = []string{g.name()}
		}
		c.merge(got.Files, outputs, g.files)
		if opts.Keep {
			c.files, c.content = contents(got, g.files), held
			held.users.Add(1)
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
func parse(ctx context.Context, files []ingest.File, opts Options, report func(Progress)) ([]*parsers.Output, error) {
	var total int64
	for i := range files {
		total += own(&files[i])
	}
	outputs := make([]*parsers.Output, len(files))
	var done atomic.Int64
	thin := opts.thin.withDefaults()
	long, room := thin.long(files, total)
	copied := map[string]bool{}
	for i := range files {
		copied[files[i].Duplicate] = true
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(opts.workers())
	for _, i := range largestFirst(files) {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			told := int64(0)
			tell := func(read int64) {
				report(Progress{Stage: "parsing", Done: done.Add(read - told), Total: total})
				told = read
			}
			data := files[i].Data
			if long(&files[i]) && !(opts.CheckEventLog != nil && parsers.IsEventLog(data)) {
				outputs[i] = parseLong(ctx, &files[i], opts.Rules, room, thin.edge, tell)
				if !copied[files[i].Path] && !opts.Keep {
					files[i].Data = nil // nothing of it is held by what was kept
				}
			} else {
				outputs[i] = parseFile(&files[i])
			}
			if opts.CheckEventLog != nil && outputs[i].Coverage.Parser == "evtx" {
				opts.CheckEventLog(ctx, data, outputs[i])
			}
			tell(own(&files[i]))
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("parsing: %w", err)
	}
	return outputs, nil
}

// own is the bytes to be parsed of a file.
func own(f *ingest.File) int64 {
	if f.Duplicate != "" {
		return 0
	}
	return f.Size
}

// largestFirst orders the work so that no big file is left for the end.
func largestFirst(files []ingest.File) []int {
	order := make([]int, len(files))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(own(&files[b]), own(&files[a])) })
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
		if original.Records == 0 && !files[j].OnDisk() {
			original = parsers.Parse(&parsers.Input{Path: files[i].Path, Data: files[j].Data, ModTime: files[i].ModTime}).Coverage
		}
		outputs[i].Coverage.Sources = original.Sources
	}
}

// readForeignCopies parses copies whose original went to another case.
func readForeignCopies(ctx context.Context, got *ingest.Case, outputs []*parsers.Output, groups []group, opts Options) {
	if len(groups) < 2 {
		return
	}
	thin := opts.thin.withDefaults()
	home := map[string]int{}
	for g := range groups {
		for _, i := range groups[g].files {
			home[got.Files[i].Path] = g
		}
	}
	for g := range groups {
		for _, i := range groups[g].files {
			f := &got.Files[i]
			if f.Duplicate == "" || home[f.Duplicate] == g {
				continue
			}
			copied := got.Original(*f)
			copied.Path, copied.ModTime = f.Path, f.ModTime
			if copied.OnDisk() {
				outputs[i] = parseLong(ctx, &copied, opts.Rules, thin.room/int64(len(got.Files)), thin.edge, func(int64) {})
			} else {
				outputs[i] = parseFile(&copied)
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
		c.TotalSize += own(&files[i])
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
		f := got.Files[i]
		out[n] = got.Original(f)
		out[n].Path, out[n].ModTime = f.Path, f.ModTime
	}
	return out
}

// attach adds the problems of ingest to the files they speak of. Archives,
// folders and paths are no files of the case: each gets an entry of its own, so
// that all of what was lost stands in one list.
func (c *Case) attach(problems []event.Problem) {
	c.problems = problems
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
