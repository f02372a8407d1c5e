// Command debrief reads what a Windows device left behind after an enrolment
// went wrong, and says why.
//
// Each subcommand is one file: flags, the call into pipeline, the rendering.
// Standard output carries data, standard error carries talk.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// gcPercent halves the garbage that may stand beside the live data, for some 4 %
// more time: a log of 2 GB is analysed in less than 256 MB.
const gcPercent = 50

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// streams are the three ends of the program, so that tests can hold them.
type streams struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, s streams) int {
	root := newRoot(s)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	var out *outcome
	if errors.As(err, &out) {
		return out.code
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(s.err, "debrief: interrupted")
		return exitInterrupted
	}
	fmt.Fprintf(s.err, "debrief: %s\n", printable(err.Error()))
	var usage *usageError
	if errors.As(err, &usage) {
		fmt.Fprintf(s.err, "See '%s --help'.\n", cmd.CommandPath())
		return exitUsage
	}
	return exitInternal
}

const rootLong = `debrief opens the logs that a Windows device left after a failed enrolment
(Autopilot, Intune, ConfigMgr co-management) and says what went wrong, why, with
the proof and the fix. It works offline and changes nothing in what it reads.

Exit codes of all commands:
  0    nothing found, or the command did what it says
  1    internal failure of the run
  2    wrong usage
  3    a failure was found (analyze), something differs (diff), a test or a check
       failed (rules)
  4    only warnings were found
  5    the input could be read only in part; what was found is still reported
       (5 wins over 0, 3 and 4)
  130  interrupted`

func newRoot(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:           "debrief",
		Short:         "Says why a Windows enrolment failed, from its logs",
		Long:          rootLong,
		Example:       "  debrief analyze autopilot-logs.cab C:\\Windows\\ccmsetup\\Logs",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.AddCommand(
		newAnalyze(), newTimeline(), newDiff(), newParse(), newPack(), newExtract(),
		newBatch(), newArchive(), newSearch(), newSimilar(), newNightly(),
		newCode(), newRules(), newDemo(), newVersion(), newSecondChild(),
	)
	asUsage(root)
	return root
}

// asUsage makes errors about arguments usage errors, for every command below.
func asUsage(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return &usageError{err}
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		asUsage(sub)
	}
}
