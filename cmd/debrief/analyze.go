package main

import (
	"io"
	"slices"

	"github.com/spf13/cobra"

	"debrief/pipeline"
	"debrief/report"
	"debrief/rules"
)

const analyzeLong = `Read all PATHs, find the root cause and print
a report: the cause in a sentence, its proof with file and line or record, what
to do, what it brought about, what was not collected, and a timeline.

A PATH is a bundle made by mdmdiagnosticstool (CAB or ZIP), an Intune "Collect
diagnostics" ZIP, a folder such as ccmsetup\Logs or CCM\Logs, or a single log.
Archives inside archives are read too. "-" is standard input: a bundle, or lines
pasted out of a log, CMTrace, the Event Viewer, a mail or a forum.

All PATHs together are one case: one device, one story. Where their collections
name several devices each becomes a case with a report of its own, and no file is
taken for another device's; --case-by path makes a case of each PATH, --case-by
none one of all.

Reports in HTML, Markdown and SARIF are made for sharing: they name no user, device
or tenant unless --redact=false is given.

Exit code: 3 if a failure was found, 4 if only warnings, 0 if nothing, 5 if the
input could be read only in part.`

func newAnalyze() *cobra.Command {
	var in inputFlags
	var out outputFlags
	var rf ruleFlags
	var share redactFlags
	var caseBy string
	cmd := &cobra.Command{
		Use:   "analyze PATH...",
		Short: "Find the root cause in the logs of one device",
		Long:  analyzeLong,
		Example: `  debrief analyze autopilot-logs.cab ccmsetup/Logs CCM/Logs
  debrief analyze DiagLogs-PC-20240501T101500Z.zip --format html -o report.html
  debrief analyze - < pasted.txt`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			set, err := rf.load()
			if err != nil {
				return err
			}
			by, err := pipeline.ParseCaseBy(caseBy)
			if err != nil {
				return &usageError{err}
			}
			in.rules = set
			cases, err := in.readCases(cmd, args, by)
			if err != nil {
				return err
			}
			views := make([]*report.View, len(cases))
			code := exitOK
			for i, c := range cases {
				result := c.Judge(set)
				views[i] = pipeline.View(c, set, result, toolVersion())
				code = worse(code, analyzeCode(c, result))
			}
			r, err := share.redactor(out.format, cases...)
			if err != nil {
				return err
			}
			if r != nil {
				for _, v := range views {
					v.Redact(r)
				}
			}
			if err := out.write(cmd, func(w io.Writer) error { return writeViews(w, views, &out, cmd.OutOrStdout()) }); err != nil {
				return err
			}
			return exit(code)
		},
	}
	in.add(cmd)
	in.addDecoder(cmd)
	out.add(cmd, "text", "json", "html", "markdown", "sarif")
	share.add(cmd, "html", "markdown", "sarif")
	rf.add(cmd)
	cmd.Flags().StringVar(&caseBy, "case-by", "auto", "divide the input into cases: auto, device, path, none")
	return cmd
}

func writeViews(w io.Writer, views []*report.View, out *outputFlags, screen io.Writer) error {
	switch out.format {
	case "json":
		return report.WriteJSON(w, views)
	case "html":
		return report.WriteHTML(w, views)
	case "sarif":
		return report.WriteSARIF(w, views)
	}
	for i, v := range views {
		if i > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		var err error
		if out.format == "markdown" {
			err = v.WriteMarkdown(w)
		} else {
			err = v.WriteText(w, report.TextOptions{Color: out.colored(screen), Width: width(screen)})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// worse is the exit code of two cases together: lost input first, then a
// failure, then a warning.
func worse(a, b int) int {
	rank := []int{exitOK, exitWarnings, exitFailure, exitPartial}
	if slices.Index(rank, a) >= slices.Index(rank, b) {
		return a
	}
	return b
}

// analyzeCode is the exit code that the table in rootLong promises.
func analyzeCode(c *pipeline.Case, r *rules.Result) int {
	switch {
	case c.Lost(), c.NothingRead():
		return exitPartial
	case r.Verdict == rules.OutcomeFailure || r.Verdict == rules.OutcomeInconclusive && (len(r.Unexplained) > 0 || c.SessionFailed()):
		return exitFailure
	case r.Verdict == rules.OutcomeWarning:
		return exitWarnings
	}
	return exitOK
}
