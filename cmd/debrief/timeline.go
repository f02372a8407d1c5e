package main

import (
	"io"

	"github.com/spf13/cobra"

	"debrief/pipeline"
	"debrief/report"
)

func newTimeline() *cobra.Command {
	var in inputFlags
	var out outputFlags
	var share redactFlags
	cmd := &cobra.Command{
		Use:   "timeline PATH...",
		Short: "Print what happened on the device, and when",
		Long: `Read all PATHs as one case and print its story: enrolment sessions, the phases and
subcategories of the enrolment status page, policy providers, tracked apps, task
sequence steps, ccmsetup runs, downloads, installs, reboots and silent gaps. No
rule is evaluated. Times are UTC. "-" is standard input.`,
		Example: "  debrief timeline autopilot-logs.cab CCM/Logs --format json",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return in.show(cmd, args, &out, func(w io.Writer, c *pipeline.Case) error {
				v := report.NewTimeline(c.Timeline())
				r, err := share.redactor(out.format, c)
				if err != nil {
					return err
				}
				if r != nil {
					v.Redact(r)
				}
				if out.format == "json" {
					return v.WriteTimelineJSON(w)
				}
				return v.WriteTimeline(w, report.TextOptions{Color: out.colored(cmd.OutOrStdout()), Width: width(cmd.OutOrStdout())})
			})
		},
	}
	in.add(cmd)
	in.addDecoder(cmd)
	out.add(cmd, "text", "json")
	share.add(cmd)
	return cmd
}
