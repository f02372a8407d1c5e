package main

import (
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
		Long: `Read all paths as one case and print every normalised event as a JSON line, in
the order of time, under the field names of the Elastic Common Schema. "-" is standard input.`,
		Example: "  debrief parse autopilot-logs.cab | jq -r 'select(.log.level==\"error\").message'",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return in.show(cmd, args, &out, func(w io.Writer, c *pipeline.Case) error {
				r, err := share.redactor(out.format, c)
				if err != nil {
					return err
				}
				events := c.Events()
				if r != nil {
					events = pipeline.Redacted(events, r)
				}
				return report.WriteJSONL(w, events)
			})
		},
	}
	in.add(cmd)
	in.addDecoder(cmd)
	out.add(cmd, "jsonl")
	share.add(cmd)
	return cmd
}
