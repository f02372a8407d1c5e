package main

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

//go:embed newrule.yaml
var newRule string

var ruleID = regexp.MustCompile(`^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)+$`)

func newRulesNew() *cobra.Command {
	return &cobra.Command{
		Use:   "new RULE",
		Short: "Print a rule file to start from",
		Long: `Print a rule that loads, lints and passes its own tests, as a start for one of your
own. RULE is its id: dotted, lower case, with "-" inside words.`,
		Example: "  debrief rules new net.proxy.blocks-cdn > my-rules/net.proxy.blocks-cdn.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !ruleID.MatchString(args[0]) {
				return usagef("%q is no rule id: write it like net.proxy.blocks-cdn", args[0])
			}
			_, err := fmt.Fprint(cmd.OutOrStdout(), strings.ReplaceAll(newRule, "RULE-ID", args[0]))
			return err
		},
	}
}
