package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"debrief/index"
	"debrief/pipeline"
	"debrief/rules"
)

const backtestLong = `Evaluate one rule over all cases of the archive and compare: where it fires now and
did not, where it fired and does not, and how that agrees with what engineers said
of the cases ('archive annotate --verdict'). Nothing is changed.

RULE is the id of a rule, or a file with one. A file is tested in place of the rule
with its id, so that an edit can be tried before it is taken over.

Precision is the share of the cases it fires in that have this cause, recall the
share of the cases with this cause that it fires in; only cases whose cause an
engineer has confirmed or named count.

Exit code: 0, or 5 if a case could not be read.`

func newRulesBacktest() *cobra.Command {
	var af archiveFlags
	var out outputFlags
	var rf ruleFlags
	cmd := &cobra.Command{
		Use:   "backtest RULE",
		Short: "Try a rule on all archived cases",
		Long:  backtestLong,
		Example: `  debrief rules backtest net.cmg.name-not-resolved --archive /srv/debrief
  debrief rules backtest drafts/net.proxy.blocks-cdn.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err := out.check(); err != nil {
				return err
			}
			set, id, err := ruleToTest(&rf, args[0])
			if err != nil {
				return err
			}
			a, err := af.reader(cmd)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, a.Close()) }()
			step, finish := steps(cmd, "testing")
			b, err := pipeline.RunBacktest(cmd.Context(), a, set, id, pipeline.BacktestOptions{Done: func(done, total int) { step(int64(done), int64(total)) }})
			finish()
			if err != nil {
				return err
			}
			if err := out.write(cmd, func(w io.Writer) error {
				if out.format == "json" {
					return writeIndented(w, b)
				}
				return writeBacktest(w, b)
			}); err != nil {
				return err
			}
			if len(b.Failed) > 0 {
				return exit(exitPartial)
			}
			return nil
		},
	}
	af.add(cmd)
	out.add(cmd, "text", "json")
	rf.add(cmd)
	return cmd
}

// ruleToTest loads the rule of a file, or the rules that hold the one of an id.
func ruleToTest(rf *ruleFlags, arg string) (*rules.Set, string, error) {
	text, err := os.ReadFile(arg)
	if err != nil && (!errors.Is(err, os.ErrNotExist) || strings.ContainsAny(arg, `/\`) || strings.HasSuffix(arg, ".yaml")) {
		return nil, "", &usageError{err}
	}
	if err == nil {
		set, err := rules.LoadText(arg, text)
		if err != nil {
			return nil, "", &usageError{err}
		}
		return set, set.Rules()[0].ID, nil
	}
	set, err := rf.load()
	if err != nil {
		return nil, "", err
	}
	if set.Rule(arg) == nil {
		return nil, "", noSuchRule(set, arg)
	}
	return set, arg, nil
}

func writeBacktest(w io.Writer, b *pipeline.Backtest) error {
	fmt.Fprintf(w, "%s over %d cases: fires in %d, cannot be decided in %d\n", b.Rule, b.Cases, b.Fired, b.Undecided)
	if b.Thinned > 0 {
		fmt.Fprintf(w, "of %d cases records of long logs were not kept; the rule may ask for those\n", b.Thinned)
	}
	fmt.Fprintf(w, "%s, %s (by what engineers said of %d cases)\n", shareText("precision", b.Precision), shareText("recall", b.Recall), b.Known)
	for _, l := range []struct {
		title string
		cases []index.Case
	}{
		{"fires now, and did not", b.Newly}, {"fired, and does not now", b.NoLonger},
		{"fires, and the cause is another", b.WrongFired}, {"does not fire, and is the cause", b.RightMissed},
	} {
		if len(l.cases) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s:\n", l.title)
		for i := range l.cases {
			c := &l.cases[i]
			fmt.Fprintf(w, "  %s  %s  %s\n", c.ID, oneLine(strings.TrimSpace(c.Ticket+" "+c.Device)), oneLine(c.Line))
		}
	}
	for _, f := range b.Failed {
		fmt.Fprintf(w, "\n%s could not be read: %s\n", f.ID, oneLine(f.Error))
	}
	return nil
}

func shareText(name string, share func() (float64, bool)) string {
	if v, ok := share(); ok {
		return fmt.Sprintf("%s %.0f %%", name, 100*v)
	}
	return name + " not known"
}
