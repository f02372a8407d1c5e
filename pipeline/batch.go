package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"debrief/index"
	"debrief/rules"
)

// BatchOptions say how to work through tickets. Rules and Now must be set.
type BatchOptions struct {
	Options
	Rules  *rules.Set
	Engine string // version of debrief
	// Now is the clock of the archive's dates.
	Now func() time.Time
	// Tickets bounds the tickets worked on at once; 0 = one a core.
	Tickets int
	// Time bounds the work on one ticket; 0 = 15 minutes.
	Time time.Duration
	// Again works on tickets that the archive has already.
	Again bool
	Tags  []string
	// Done is told of each ticket when it is finished, one call at a time; nil =
	// nobody listens.
	Done func(TicketResult)
}

// TicketResult is what became of one ticket.
type TicketResult struct {
	Ticket string `json:"ticket"` // name of the file or folder
	Number string `json:"number,omitempty"`
	// Skipped: the archive has it already, unchanged.
	Skipped bool         `json:"skipped,omitempty"`
	Cases   []TicketCase `json:"cases"`
	Error   string       `json:"error,omitempty"` // why it could not be worked on
	Seconds float64      `json:"seconds"`
}

// TicketCase is one case of a ticket.
type TicketCase struct {
	ID      index.CaseID `json:"id"`
	Added   bool         `json:"added"` // false = its content was there already
	Device  string       `json:"device,omitempty"`
	Outcome string       `json:"outcome"`
	Line    string       `json:"verdict"`
	Causes  []string     `json:"causes,omitempty"`
	Lost    bool         `json:"lost,omitempty"` // some of the input could not be read
}

// defaultTicketTime bounds the work on one ticket.
const defaultTicketTime = 15 * time.Minute

// ticketTime is the limit that was given, or else the default.
func ticketTime(given time.Duration) time.Duration {
	if given <= 0 {
		return defaultTicketTime
	}
	return given
}

// batchState is the name under which the archive notes a finished ticket.
func batchState(t Ticket) string { return "batch/" + t.Print }

// Batch works through tickets and adds their cases to the archive. One that
// fails, panics or takes too long is told and does not stop the others. What the
// archive acknowledged is not done again by a later run, whatever ended the
// first. It returns an error if the context was cancelled or the archive cannot
// be written to; results are in the order of tickets, as far as it came.
func Batch(ctx context.Context, w index.Writer, tickets []Ticket, o BatchOptions) ([]TicketResult, error) {
	if err := NoteRules(w, o.Rules); err != nil {
		return nil, err
	}
	results := make([]TicketResult, len(tickets))
	finished := make([]bool, len(tickets))
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	workers := o.Tickets
	if workers <= 0 {
		workers = o.workers()
	}
	g.SetLimit(workers)
	for i, t := range tickets {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			r, err := o.ticket(ctx, w, t)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			results[i], finished[i] = r, true
			if o.Done != nil {
				o.Done(r)
			}
			return nil
		})
	}
	err := g.Wait()
	n := 0
	for i := range results {
		if finished[i] {
			results[n] = results[i]
			n++
		}
	}
	return results[:n], err
}

// ticket works on one ticket. The error is for what ends the whole run.
func (o *BatchOptions) ticket(ctx context.Context, w index.Writer, t Ticket) (TicketResult, error) {
	start := time.Now()
	r := TicketResult{Ticket: t.Name, Number: t.Number, Cases: []TicketCase{}}
	if done, ok := o.known(w, t); ok {
		done.Skipped, done.Seconds = true, 0
		return done, nil
	}
	limit := ticketTime(o.Time)
	one, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cases, err := o.readTicket(one, t)
	if err == nil {
		r.Cases, err = o.store(one, w, t, cases)
	}
	r.Seconds = time.Since(start).Seconds()
	switch {
	case err != nil && ctx.Err() != nil:
		return r, ctx.Err()
	case errors.Is(err, index.ErrBroken):
		return r, fmt.Errorf("working on %q: %w", t.Name, err)
	case errors.Is(err, context.DeadlineExceeded):
		r.Error = fmt.Sprintf("not finished within %s", limit)
	case err != nil:
		r.Error = err.Error()
	case t.Print != "":
		note, err := json.Marshal(r)
		if err == nil {
			err = w.PutState(batchState(t), note)
		}
		if err != nil {
			return r, fmt.Errorf("noting that %q is done: %w", t.Name, err)
		}
	}
	return r, nil
}

// known returns the result of a ticket that an earlier run finished, as long as
// the archive still has its cases.
func (o *BatchOptions) known(w index.Writer, t Ticket) (TicketResult, bool) {
	var r TicketResult
	if o.Again || t.Print == "" {
		return r, false
	}
	note, err := w.View().State(batchState(t))
	if err != nil || json.Unmarshal(note, &r) != nil || len(r.Cases) == 0 {
		return r, false
	}
	for _, c := range r.Cases {
		if _, err := w.View().Case(c.ID); err != nil {
			return r, false
		}
	}
	return r, true
}

// readTicket reads the cases of a ticket. A panic is the ticket's fault only.
func (o *BatchOptions) readTicket(ctx context.Context, t Ticket) (cases []*Case, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("debrief gave up: %v (%s)", p, firstFrame(debug.Stack()))
		}
	}()
	opts := o.Options
	opts.Rules, opts.Keep, opts.Progress = o.Rules, true, nil
	if opts.Workers == 0 {
		opts.Workers = 1 // the tickets keep the cores busy
	}
	return ReadCases(ctx, []string{t.Path}, opts)
}

// firstFrame names the place of a panic in our own code.
func firstFrame(stack []byte) string {
	for line := range strings.Lines(string(stack)) {
		if at := strings.TrimSpace(line); strings.Contains(at, "debrief/") && strings.Contains(at, ".go:") && !strings.Contains(at, "pipeline/batch.go") {
			return at[strings.LastIndex(at, "debrief/"):]
		}
	}
	return "place unknown"
}

// store judges the cases of a ticket and adds them to the archive.
func (o *BatchOptions) store(ctx context.Context, w index.Writer, t Ticket, cases []*Case) (out []TicketCase, err error) {
	defer func() {
		for _, c := range cases {
			err = errors.Join(err, c.Close())
		}
		if p := recover(); p != nil {
			err = fmt.Errorf("debrief gave up: %v (%s)", p, firstFrame(debug.Stack()))
		}
	}()
	out = []TicketCase{}
	for _, c := range cases {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		result := c.Judge(o.Rules)
		s, err := Submission(c, o.Rules, result, o.Engine, o.Now())
		if err != nil {
			return out, err
		}
		s.Ticket, s.Tags, s.Replace = t.Number, slices.Clone(o.Tags), o.Again
		id, added, err := w.Add(ctx, s)
		if err != nil {
			return out, err
		}
		kept, err := w.View().Case(id)
		if err != nil {
			return out, err
		}
		out = append(out, TicketCase{ID: id, Added: added, Device: kept.Device, Outcome: kept.Outcome, Line: kept.Line, Causes: kept.Causes, Lost: c.Lost() || c.NothingRead()})
	}
	return out, nil
}
