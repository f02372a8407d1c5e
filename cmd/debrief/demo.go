package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"debrief/internal/synth"
)

func newDemo() *cobra.Command {
	var only []string
	var list bool
	cmd := &cobra.Command{
		Use:   "demo DIR",
		Short: "Write made-up collections to try debrief on",
		Long: `Write made-up but complete collections into DIR, one folder each: a CAB or ZIP as
the device's tools make it, with the ccmsetup and ConfigMgr logs beside it. Each
holds one known cause, or none. The same command writes the same bytes.`,
		Example: `  debrief demo samples
  debrief demo samples --scenario ts-state2-long-step
  debrief analyze samples/ts-state2-long-step`,
		Args: func(_ *cobra.Command, args []string) error {
			if list && len(args) == 0 || len(args) == 1 {
				return nil
			}
			return fmt.Errorf("accepts 1 argument, the folder to write to; received %d", len(args))
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			scenarios, err := chooseScenarios(only)
			if err != nil {
				return err
			}
			if list {
				w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
				for _, s := range scenarios {
					fmt.Fprintf(w, "%s\t%s\n", s.Name, s.Title)
				}
				return w.Flush()
			}
			for _, s := range scenarios {
				if err := cmd.Context().Err(); err != nil {
					return err
				}
				if err := synth.Write(args[0], s); err != nil {
					return fmt.Errorf("writing scenario %q: %w", s.Name, err)
				}
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s/%s\n", printable(strings.TrimRight(args[0], `/\`)), s.Name); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&only, "scenario", nil, "write only the scenario `NAME` (may be given several times)")
	cmd.Flags().BoolVar(&list, "list", false, "list the scenarios and write nothing")
	return cmd
}

func chooseScenarios(only []string) ([]synth.Scenario, error) {
	all := synth.Scenarios()
	if len(only) == 0 {
		return all, nil
	}
	var chosen []synth.Scenario
	for _, name := range only {
		i := slices.IndexFunc(all, func(s synth.Scenario) bool { return s.Name == name })
		if i < 0 {
			return nil, usagef("no scenario %q: see 'debrief demo --list'", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}
