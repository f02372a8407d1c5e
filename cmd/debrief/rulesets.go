package main

import (
	"github.com/spf13/cobra"

	"debrief/rules"
)

// ruleFlags choose the rules of a command.
type ruleFlags struct {
	dirs      []string
	noBuiltin bool
}

func (f *ruleFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.dirs, "rules", nil, "use the rule files in `DIR` too (may be given several times)")
	cmd.Flags().BoolVar(&f.noBuiltin, "no-builtin", false, "leave the built-in rules out")
}

func (f *ruleFlags) load() (*rules.Set, error) {
	if f.noBuiltin && len(f.dirs) == 0 {
		return nil, usagef("--no-builtin leaves no rule: name a folder with --rules")
	}
	set, err := rules.LoadDirs(!f.noBuiltin, f.dirs...)
	if err != nil {
		return nil, &usageError{err}
	}
	return set, nil
}
