package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"debrief/pipeline"
	"debrief/report"
)

func newParse() *cobra.Command {
	var in inputFlags
	var out outputFlags
	var share redactFlags
	cmd := &cobra.Command{
		Use:   "parse PATH...",
		Short: "Print every event of the evidence, one a line",
		Long: `Read all paths as one case and print every normalised event, one a line, in
the order of time: as JSON under the field names of the Elastic Common Schema, as
CSV that is safe to open in a spreadsheet, or as the JSON lines that Timesketch
imports. "-" is standard input.`,
		Example: "  debrief parse autopilot-logs.cab --format timesketch -o timeline.jsonl\n  debrief parse autopilot-logs.cab | jq -r 'select(.log.level==\"error\").message'",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return in.show(cmd, args, &out, func(w io.Writer, c *pipeline.Case) error {
				r, err := share.redactor(out.format, c)
				if err != nil {
					return err
				}
				events, name := c.Events(), c.Name()
				if r != nil {
					name = r.String(name)
					events = pipeline.Redacted(events, r)
				}
				left, err := report.WriteEvents(w, out.format, name, events)
				sayLeft(cmd, left)
				return err
			})
		},
	}
	in.add(cmd)
	in.addDecoder(cmd)
	out.add(cmd, report.EventFormats()...)
	share.add(cmd, "csv", "timesketch")
	return cmd
}

// sayLeft says on standard error that an export could not hold some events.
func sayLeft(cmd *cobra.Command, left int) {
	if left > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "debrief: %d events without a time have no place on a timeline and were left out\n", left)
	}
}
