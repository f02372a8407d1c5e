package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"debrief/pipeline"
	"debrief/report"
)

const diffLong = `Compare the case BAD with a healthy one: which phases, subcategories, task
sequence steps, installs and downloads ended otherwise, are missing, took much
longer (twice as long and a minute more) or are new; which settings and policies
differ; which warnings and errors only BAD has. No rule is evaluated.

GOOD and BAD are each one case, as for analyze: a bundle, a folder, a single log.
With --baseline the cases in DIR (each file or folder directly in it is one) are
the healthy side together: what at least half of them have counts as usual, and
lengths are compared with their median and with the longest.

What one side did not collect is said first: it cannot be compared.

Exit code: 0 if nothing differs, 3 if something does, 5 if the input could be
read only in part.`

func newDiff() *cobra.Command {
	var in inputFlags
	var out outputFlags
	var share redactFlags
	var baseline string
	cmd := &cobra.Command{
		Use:   "diff GOOD BAD | diff --baseline DIR BAD",
		Short: "Compare a case with a healthy one, or with many",
		Long:  diffLong,
		Example: `  debrief diff good-pc.cab bad-pc.cab
  debrief diff --baseline healthy/ bad-pc.zip --format html -o diff.html`,
		Args: func(_ *cobra.Command, args []string) error {
			if want := map[bool]int{true: 1, false: 2}[baseline != ""]; len(args) != want {
				return fmt.Errorf("takes GOOD and BAD, or BAD alone with --baseline; %d given", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			healthy := args[:len(args)-1]
			if baseline != "" {
				var err error
				if healthy, err = children(baseline); err != nil {
					return err
				}
			}
			good := make([]*pipeline.Case, len(healthy))
			for i, path := range healthy {
				c, err := in.read(cmd, []string{path})
				if err != nil {
					return err
				}
				good[i] = c
			}
			bad, err := in.read(cmd, args[len(args)-1:])
			if err != nil {
				return err
			}
			d := pipeline.Diff(good, bad)
			cases := append(good, bad)
			r, err := share.redactor(out.format, cases...)
			if err != nil {
				return err
			}
			if r != nil {
				d.Redact(r)
			}
			if err := out.write(cmd, func(w io.Writer) error { return writeDiff(w, d, &out, cmd.OutOrStdout()) }); err != nil {
				return err
			}
			return exit(diffCode(d, cases))
		},
	}
	in.add(cmd)
	out.add(cmd, "text", "json", "markdown", "html")
	share.add(cmd, "html", "markdown")
	cmd.Flags().StringVar(&baseline, "baseline", "", "`DIR` whose files and folders are healthy cases")
	return cmd
}

func writeDiff(w io.Writer, d *report.Diff, out *outputFlags, screen io.Writer) error {
	switch out.format {
	case "json":
		return d.WriteJSON(w)
	case "markdown":
		return d.WriteMarkdown(w)
	case "html":
		return d.WriteHTML(w)
	}
	return d.WriteText(w, report.TextOptions{Color: out.colored(screen), Width: width(screen)})
}

func diffCode(d *report.Diff, cases []*pipeline.Case) int {
	for _, c := range cases {
		if c.Lost() {
			return exitPartial
		}
	}
	if len(d.Steps)+len(d.Facts)+len(d.Records) > 0 {
		return exitFailure
	}
	return exitOK
}

// children lists the files and folders directly in a folder, by name.
func children(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, usagef("reading the baseline: %v", err)
	}
	var out []string
	for _, e := range entries {
		if e.Name()[0] != '.' {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	if len(out) == 0 {
		return nil, usagef("the baseline %q holds no case", dir)
	}
	return out, nil
}
