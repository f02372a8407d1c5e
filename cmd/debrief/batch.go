package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"debrief/index"
	"debrief/pipeline"
)

const batchLong = `Analyse every ticket in the DIRs and keep its cases in the archive.

Each file and each folder directly in a DIR is one ticket: a bundle, or a folder
with several attachments. Its number is read from its name where that holds one
(INC0012345, SR-4711, #123456). Devices of one ticket become a case each.

One bad ticket does not stop the others. A run that ends early, in whatever way,
is taken up again by the same command: what the archive has acknowledged is not
done again, unless --again is given or the files have changed.

With --watch the DIRs are looked at again and again, and what arrives is analysed
once it has not changed between two looks; an interrupt ends that.

Exit code: 0 if all tickets were analysed, 5 if one could not be, or only in part.`

// batchFlags are the flags of batch alone.
type batchFlags struct {
	jobs    int
	perTime time.Duration
	again   bool
	tags    []string
	caseBy  string
	watch   time.Duration
}

func newBatch() *cobra.Command {
	var af archiveFlags
	var in inputFlags
	var out outputFlags
	var rf ruleFlags
	var bf batchFlags
	cmd := &cobra.Command{
		Use:   "batch DIR...",
		Short: "Analyse many tickets into the archive",
		Long:  batchLong,
		Example: `  debrief batch /srv/tickets --archive /srv/debrief
  debrief batch /srv/inbox --watch 30s --format json -o summary.json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err := out.check(); err != nil {
				return err
			}
			o, err := bf.options(&in, &rf)
			if err != nil {
				return err
			}
			var results []pipeline.TicketResult
			if bf.watch > 0 {
				results, err = watchTickets(cmd, &af, args, o, bf.watch, in.quiet)
			} else {
				tickets, e := pipeline.Tickets(args)
				if e != nil {
					return &usageError{e}
				}
				results, err = runBatch(cmd, &af, tickets, o, in.quiet)
			}
			sum := pipeline.SumUp(results)
			if e := out.write(cmd, func(to io.Writer) error { return writeBatch(to, sum, out.format) }); e != nil {
				err = errors.Join(err, e)
			}
			if err != nil {
				return err
			}
			if sum.Failed+sum.Partial > 0 {
				return exit(exitPartial)
			}
			return nil
		},
	}
	af.add(cmd)
	in.add(cmd)
	out.add(cmd, "text", "json")
	rf.add(cmd)
	flags := cmd.Flags()
	flags.IntVar(&bf.jobs, "jobs", 0, "tickets worked on at once (0 = one a core)")
	flags.DurationVar(&bf.perTime, "max-time-per-ticket", 0, "longest time spent on one ticket (0 = the default of 15m)")
	flags.BoolVar(&bf.again, "again", false, "analyse tickets that the archive has already anew")
	flags.StringArrayVar(&bf.tags, "tag", nil, "give all cases a `TAG` (may be given several times)")
	flags.StringVar(&bf.caseBy, "case-by", "auto", "divide a ticket into cases: auto, device, path, none")
	flags.DurationVar(&bf.watch, "watch", 0, "go on, and look for new tickets every `INTERVAL`, e.g. 30s")
	return cmd
}

func (f *batchFlags) options(in *inputFlags, rf *ruleFlags) (pipeline.BatchOptions, error) {
	if f.jobs < 0 || f.perTime < 0 || f.watch < 0 {
		return pipeline.BatchOptions{}, usagef("--jobs, --max-time-per-ticket and --watch take values from 0 upwards")
	}
	by, err := pipeline.ParseCaseBy(f.caseBy)
	if err != nil {
		return pipeline.BatchOptions{}, &usageError{err}
	}
	set, err := rf.load()
	if err != nil {
		return pipeline.BatchOptions{}, err
	}
	opts, err := in.options()
	if err != nil {
		return pipeline.BatchOptions{}, err
	}
	opts.CaseBy = by
	return pipeline.BatchOptions{
		Options: opts, Rules: set, Engine: toolVersion(), Now: now, Tickets: f.jobs, Time: f.perTime, Again: f.again, Tags: f.tags,
	}, nil
}

// runBatch works through tickets. The archive is open meanwhile, and no longer.
func runBatch(cmd *cobra.Command, af *archiveFlags, tickets []pipeline.Ticket, o pipeline.BatchOptions, quiet bool) (results []pipeline.TicketResult, err error) {
	w, err := af.writer(cmd, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	show := newBatchProgress(cmd.ErrOrStderr(), len(tickets), quiet)
	o.Done = show.done
	defer show.finish()
	return pipeline.Batch(cmd.Context(), w, tickets, o)
}

// watchTickets works on tickets as they arrive, until it is interrupted. Between
// rounds others may write to the archive; while another does, tickets wait.
func watchTickets(cmd *cobra.Command, af *archiveFlags, dirs []string, o pipeline.BatchOptions, every time.Duration, quiet bool) ([]pipeline.TicketResult, error) {
	if _, err := pipeline.Tickets(dirs); err != nil {
		return nil, &usageError{err}
	}
	var all []pipeline.TicketResult
	var arrivals pipeline.Arrivals
	for {
		tickets, err := pipeline.Tickets(dirs)
		if err != nil {
			// A share that is gone for a while comes back.
			fmt.Fprintf(cmd.ErrOrStderr(), "debrief: %s\n", printable(err.Error()))
		}
		if ready := arrivals.Ready(tickets); len(ready) > 0 {
			results, err := runBatch(cmd, af, ready, o, quiet)
			switch {
			case errors.Is(err, index.ErrLocked):
				fmt.Fprintf(cmd.ErrOrStderr(), "debrief: %s; waiting\n", printable(err.Error()))
			case err != nil && !errors.Is(err, context.Canceled):
				return all, err
			default:
				arrivals.Done(ready)
				all = append(all, results...)
			}
		}
		select {
		case <-cmd.Context().Done():
			return all, nil
		case <-time.After(every):
		}
	}
}

// batchProgress shows how far a batch is: a bar with rate and remaining time on
// a terminal, else a line for each ticket.
type batchProgress struct {
	mu    sync.Mutex
	out   io.Writer
	quiet bool
	bar   *progressbar.ProgressBar
	n     int
	total int
}

func newBatchProgress(w io.Writer, total int, quiet bool) *batchProgress {
	p := &batchProgress{out: w, quiet: quiet, total: total}
	if !quiet && total > 0 && isTerminal(w) {
		p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription("tickets"),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("tickets"),
			progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	}
	return p
}

func (p *batchProgress) done(r pipeline.TicketResult) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	if p.bar != nil {
		_ = p.bar.Add(1) // a bar that cannot be drawn is no failure of the run
		return
	}
	if p.quiet {
		return
	}
	fmt.Fprintf(p.out, "debrief: %d of %d  %s\n", p.n, p.total, oneLine(r.Ticket+": "+r.Said()))
}

func (p *batchProgress) finish() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
