package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"debrief/index"
	"debrief/pipeline"
)

const similarLong = `Rank the cases of the archive by what they share with CASE: root causes, rules that
fired, error codes, and errors that no rule explains. What few cases have counts
more. Each is shown with what engineers said of it and what fixed it.

CASE is a case of the archive by its id, ticket or name, or a bundle, a folder or
a log that is read and judged first (several together are one case).

Exit code: 0, also where no case has anything in common; 5 if CASE could be read
only in part.`

// similarResult is the JSON of similar.
type similarResult struct {
	Schema string           `json:"schema"`
	Cases  int              `json:"cases"`          // in the archive
	Case   index.CaseID     `json:"case,omitempty"` // empty = CASE is in no archive
	Left   int              `json:"left_out"`       // cases that could not be read
	Alike  []pipeline.Alike `json:"alike"`          // the most alike first
}

// similarSchema is the value of similarResult.Schema.
const similarSchema = "debrief.similar/1"

func newSimilar() *cobra.Command {
	var af archiveFlags
	var in inputFlags
	var out outputFlags
	var rf ruleFlags
	var n int
	cmd := &cobra.Command{
		Use:   "similar CASE...",
		Short: "Find past cases like one, and what fixed them",
		Long:  similarLong,
		Example: `  debrief similar INC0012345
  debrief similar autopilot-logs.cab ccmsetup/Logs --archive /srv/debrief -n 5`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err := out.check(); err != nil {
				return err
			}
			if n < 1 {
				return usagef("-n takes a number from 1 upwards")
			}
			a, err := af.reader(cmd)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, a.Close()) }()
			traits, id, code, err := traitsOf(cmd, a, &in, &rf, args)
			if err != nil {
				return err
			}
			step, finish := steps(cmd, "comparing")
			list, damaged, err := pipeline.Similar(cmd.Context(), a, traits, id, n, step)
			finish()
			if err != nil {
				return err
			}
			if damaged > 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "debrief: %d cases could not be read and are left out; 'debrief archive verify' names them\n", damaged)
			}
			if list == nil {
				list = []pipeline.Alike{}
			}
			res := similarResult{similarSchema, a.Stats().Cases, id, damaged, list}
			if err := out.write(cmd, func(w io.Writer) error {
				if out.format == "json" {
					return writeIndented(w, res)
				}
				return writeSimilar(w, &res)
			}); err != nil {
				return err
			}
			return exit(code)
		},
	}
	af.add(cmd)
	in.add(cmd)
	out.add(cmd, "text", "json")
	rf.add(cmd)
	cmd.Flags().IntVarP(&n, "limit", "n", 10, "show at most `N` cases")
	return cmd
}

// traitsOf returns the traits of the case that the arguments mean, and its id
// where it is one of the archive.
func traitsOf(cmd *cobra.Command, a index.Reader, in *inputFlags, rf *ruleFlags, args []string) (*pipeline.Traits, index.CaseID, int, error) {
	if meansCase(args) {
		id, err := resolveCase(a, args[0])
		if err != nil {
			return nil, "", 0, err
		}
		t, err := pipeline.TraitsOf(a, id)
		return t, id, exitOK, err
	}
	set, err := rf.load()
	if err != nil {
		return nil, "", 0, err
	}
	in.rules = set
	c, err := in.read(cmd, args)
	if err != nil {
		return nil, "", 0, err
	}
	code := exitOK
	if c.Lost() {
		code = exitPartial
	}
	return c.Traits(set, c.Judge(set)), "", code, nil
}

// maxShared bounds the shared traits shown of a case.
const maxShared = 6

func writeSimilar(w io.Writer, res *similarResult) error {
	if len(res.Alike) == 0 {
		_, err := fmt.Fprintf(w, "none of %d cases has anything in common with it\n", res.Cases)
		return err
	}
	for i := range res.Alike {
		c := &res.Alike[i]
		name := strings.TrimSpace(c.Ticket + " " + c.Device)
		if name == "" {
			name = c.Name
		}
		fmt.Fprintf(w, "%3.0f %%  %s  %s  %s\n      %s\n", 100*c.Likeness, c.ID, oneLine(name), day(c.Collected), oneLine(c.Line))
		var shared []string
		for _, t := range c.Shared[:min(len(c.Shared), maxShared)] {
			shared = append(shared, t.Kind+" "+t.Value)
		}
		if more := len(c.Shared) - len(shared); more > 0 {
			shared = append(shared, fmt.Sprintf("and %d more", more))
		}
		fmt.Fprintf(w, "      in common: %s\n", oneLine(strings.Join(shared, "; ")))
		if c.Verdict != index.NoVerdict {
			fmt.Fprintf(w, "      an engineer says: %s%s\n", c.Verdict, told(": the cause is ", c.Cause))
		}
		if c.Fix != "" {
			fmt.Fprintf(w, "      fixed by: %s\n", oneLine(c.Fix))
		}
	}
	return nil
}

func told(before, text string) string {
	if text == "" {
		return ""
	}
	return before + oneLine(text)
}
