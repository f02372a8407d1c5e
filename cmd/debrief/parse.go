package main

import (
	"io"

	"github.com/spf13/cobra"

	"debrief/report"
)

func newParse() *cobra.Command {
	var in inputFlags
	var out outputFlags
	cmd := &cobra.Command{
		Use:   "parse PATH...",
		Short: "Print every event of the evidence, one a line",
		Long: `Read all paths as one case and print every normalised event as a JSON line, in
the order of time, under the field names of the Elastic Common Schema.`,
		Example: "  debrief parse autopilot-logs.cab | jq -r 'select(.log.level==\"error\").message'",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			c, err := in.read(cmd, args)
			if err != nil {
				return err
			}
			if err := out.write(cmd, func(w io.Writer) error { return report.WriteJSONL(w, c.Events()) }); err != nil {
				return err
			}
			if c.Lost() {
				return exit(exitPartial)
			}
			return nil
		},
	}
	in.add(cmd)
	out.add(cmd, "jsonl")
	return cmd
}
