package main

import (
	"io"

	"github.com/spf13/cobra"

	"debrief/pipeline"
	"debrief/report"
	"debrief/rules"
)

const analyzeLong = `Read all PATHs as one case (one device, one story), find the root cause and print
a report: the cause in a sentence, its proof with file and line or record, what
to do, what it brought about, what was not collected, and a timeline.

A PATH is a bundle made by mdmdiagnosticstool (CAB or ZIP), an Intune "Collect
diagnostics" ZIP, a folder such as ccmsetup\Logs or CCM\Logs, or a single log.
Archives inside archives are read too.

Exit code: 3 if a failure was found, 4 if only warnings, 0 if nothing, 5 if the
input could be read only in part.`

func newAnalyze() *cobra.Command {
	var in inputFlags
	var out outputFlags
	var rf ruleFlags
	cmd := &cobra.Command{
		Use:   "analyze PATH...",
		Short: "Find the root cause in the logs of one device",
		Long:  analyzeLong,
		Example: `  debrief analyze autopilot-logs.cab ccmsetup/Logs CCM/Logs
  debrief analyze DiagLogs-PC-20240501T101500Z.zip --format html -o report.html`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			set, err := rf.load()
			if err != nil {
				return err
			}
			c, err := in.read(cmd, args)
			if err != nil {
				return err
			}
			result := c.Judge(set)
			view := pipeline.View(c, set, result, toolVersion())
			if err := out.write(cmd, func(w io.Writer) error { return writeView(w, view, &out, cmd.OutOrStdout()) }); err != nil {
				return err
			}
			return exit(analyzeCode(c, result))
		},
	}
	in.add(cmd)
	out.add(cmd, "text", "json", "html", "markdown")
	rf.add(cmd)
	return cmd
}

func writeView(w io.Writer, v *report.View, out *outputFlags, screen io.Writer) error {
	switch out.format {
	case "json":
		return v.WriteJSON(w)
	case "html":
		return v.WriteHTML(w)
	case "markdown":
		return v.WriteMarkdown(w)
	}
	return v.WriteText(w, report.TextOptions{Color: out.colored(screen), Width: width(screen)})
}

// analyzeCode is the exit code that the table in rootLong promises.
func analyzeCode(c *pipeline.Case, r *rules.Result) int {
	switch {
	case c.Lost():
		return exitPartial
	case r.Verdict == rules.OutcomeFailure || r.Verdict == rules.OutcomeInconclusive && len(r.Unexplained) > 0:
		return exitFailure
	case r.Verdict == rules.OutcomeWarning:
		return exitWarnings
	}
	return exitOK
}
