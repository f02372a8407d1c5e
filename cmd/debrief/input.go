package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"debrief/event"
	"debrief/ingest"
	"debrief/pipeline"
	"debrief/rules"
)

// inputFlags are the flags of commands that read evidence.
type inputFlags struct {
	workers  int
	maxFile  sizeFlag
	maxTotal sizeFlag
	maxFiles int
	maxDepth int
	maxRatio int
	maxName  int
	maxTime  time.Duration
	password string
	temp     string
	quiet    bool
	decoder  string             // of event logs; empty = the command has no such flag
	rules    *rules.Set         // that the input will be judged by; nil = none
	archived *pipeline.Archived // what is known of files out of an archive; nil = they are not
	keep     bool               // the content of the files is needed later; the cases are closed then
}

func (f *inputFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&f.workers, "workers", 0, "files parsed at once (0 = one a core)")
	flags.Var(&f.maxFile, "max-file", "largest `SIZE` of one unpacked file, e.g. 200M (0 = no bound of its own)")
	flags.Var(&f.maxTotal, "max-total", "largest `SIZE` of all unpacked files together (0 = the default of 16G)")
	flags.IntVar(&f.maxFiles, "max-files", 0, "most files of one input (0 = the default of 100000)")
	flags.IntVar(&f.maxDepth, "max-depth", 0, "deepest nesting of archives (0 = the default of 8)")
	flags.IntVar(&f.maxRatio, "max-ratio", 0, "largest growth of an archive when unpacked, enforced beyond 64M (0 = the default of 200)")
	flags.IntVar(&f.maxName, "max-name", 0, "longest path inside the input in bytes (0 = the default of 1024)")
	flags.DurationVar(&f.maxTime, "max-time", 0, "longest time spent on unpacking, e.g. 2m (0 = the default of 10m)")
	flags.StringVar(&f.password, "password", "", "password of encrypted archives")
	flags.StringVar(&f.temp, "temp", "", "`FOLDER` for files too long to be held in memory (default that of the system)")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "no progress and no lines about unreadable input on standard error")
}

func (f *inputFlags) options() (pipeline.Options, error) {
	if min(f.workers, f.maxFiles, f.maxDepth, f.maxRatio, f.maxName, int(f.maxTime)) < 0 {
		return pipeline.Options{}, usagef("limits and --workers take numbers from 0 upwards")
	}
	return pipeline.Options{
		Workers:  f.workers,
		Rules:    f.rules,
		Keep:     f.keep,
		Archived: f.archived,
		Ingest: ingest.Options{Password: f.password, Temp: f.temp, Limits: ingest.Limits{
			FileBytes: int64(f.maxFile), TotalBytes: int64(f.maxTotal), Files: f.maxFiles, Depth: f.maxDepth,
			Ratio: f.maxRatio, NameBytes: f.maxName, Time: f.maxTime,
		}},
	}, nil
}

// read reads the paths as one case, with progress on a terminal, and says on
// standard error what could not be read.
func (f *inputFlags) read(cmd *cobra.Command, paths []string) (*pipeline.Case, error) {
	cases, err := f.readCases(cmd, paths, pipeline.ByNothing)
	if err != nil {
		return nil, err
	}
	return cases[0], nil
}

// show reads the paths as one case and prints what render makes of it; input
// that was lost is the only bad outcome.
func (f *inputFlags) show(cmd *cobra.Command, paths []string, out *outputFlags, render func(io.Writer, *pipeline.Case) error) error {
	if err := out.check(); err != nil {
		return err
	}
	c, err := f.read(cmd, paths)
	if err != nil {
		return err
	}
	if err := out.write(cmd, func(w io.Writer) error { return render(w, c) }); err != nil {
		return err
	}
	if c.Lost() {
		return exit(exitPartial)
	}
	return nil
}

// readCases is read for paths that may hold several devices.
func (f *inputFlags) readCases(cmd *cobra.Command, paths []string, by pipeline.CaseBy) ([]*pipeline.Case, error) {
	opts, err := f.options()
	if err != nil {
		return nil, err
	}
	paths, remove, err := f.standardInput(cmd, paths)
	if err != nil {
		return nil, err
	}
	defer remove()
	if err := anyExists(paths); err != nil {
		return nil, err
	}
	bar := newProgress(cmd.ErrOrStderr(), f.quiet)
	opts.Progress = bar.update
	opts.CaseBy = by
	opinion, err := f.secondOpinion(&opts)
	if err != nil {
		return nil, err
	}
	cases, err := pipeline.ReadCases(cmd.Context(), paths, opts)
	bar.finish()
	if err != nil {
		return nil, err
	}
	if opinion != nil {
		printOpinion(cmd.ErrOrStderr(), opinion, cases)
	}
	if !f.quiet {
		for _, c := range cases {
			printProblems(cmd, c)
		}
	}
	return cases, nil
}

// anyExists is a usage error where not one of the paths is there: a typing
// mistake, not a finding.
func anyExists(paths []string) error {
	var first error
	for _, p := range paths {
		_, err := os.Stat(p)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	if errors.Is(first, os.ErrNotExist) {
		return usagef("no such file or folder: %q", paths[0])
	}
	return nil // it is there and cannot be looked at: ingest reports it
}

// maxPrinted bounds the lines about unreadable input; the report has them all.
const maxPrinted = 20

func printProblems(cmd *cobra.Command, c *pipeline.Case) {
	var lost []event.Problem
	for _, p := range c.AllProblems() {
		if p.Kind.Lost() {
			lost = append(lost, p)
		}
	}
	for i, p := range lost {
		if i == maxPrinted {
			fmt.Fprintf(cmd.ErrOrStderr(), "debrief: and %d more problems; the report lists them\n", len(lost)-i)
			return
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "debrief: %s: %s\n", p.Kind, printable(p.String()))
	}
}
