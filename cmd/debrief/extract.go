package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"debrief/ingest"
)

func newExtract() *cobra.Command {
	var in inputFlags
	cmd := &cobra.Command{
		Use:   "extract BUNDLE DIR",
		Short: "Unpack a bundle, nested archives included, into a folder",
		Long: `Unpack a bundle (CAB, ZIP, 7z, tar …) and every archive inside it into DIR.
Archives become folders. Names are cleaned and nothing is ever written outside
DIR; files that exist already are not overwritten.`,
		Example: "  debrief extract DiagLogs-PC-20240501T101500Z.zip unpacked",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts, err := in.options()
			if err != nil {
				return err
			}
			if err := anyExists(args[:1]); err != nil {
				return err
			}
			rep, err := ingest.Extract(cmd.Context(), args[:1], args[1], opts.Ingest)
			if err != nil {
				return err
			}
			lost := false
			for _, p := range rep.Problems {
				lost = lost || p.Kind.Lost()
				if !in.quiet {
					fmt.Fprintf(cmd.ErrOrStderr(), "debrief: %s: %s\n", p.Kind, printable(p.String()))
				}
			}
			if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%d files, %d bytes written to %s\n", rep.Files, rep.Bytes, printable(args[1])); err != nil {
				return err
			}
			if lost {
				return exit(exitPartial)
			}
			return nil
		},
	}
	in.add(cmd)
	return cmd
}
