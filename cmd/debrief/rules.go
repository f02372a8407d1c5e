package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"debrief/rules"
)

func newRules() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List, show, check, test and explain the rules",
		Long: `Work on the rules that judge a case. They are YAML files, one rule each, in the
language of docs/rules.md. --rules DIR adds your own to the built-in ones.`,
		Example: "  debrief rules list\n  debrief rules explain ts.long-step samples/ts-state2-long-step",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newRulesList(), newRulesShow(), newRulesLint(), newRulesTest(), newRulesExplain(), newRulesBacktest(), newRulesNew())
	return cmd
}

func newRulesList() *cobra.Command {
	var rf ruleFlags
	var role string
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the rules",
		Example: "  debrief rules list --role cause",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			set, err := rf.load()
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			for _, r := range set.Rules() {
				if role == "" || r.Role.String() == role {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.ID, r.Role, r.Status, r.Title)
				}
			}
			return w.Flush()
		},
	}
	rf.add(cmd)
	cmd.Flags().StringVar(&role, "role", "", "only rules of this `ROLE`: cause, contributing, symptom, context")
	return cmd
}

func newRulesShow() *cobra.Command {
	var rf ruleFlags
	cmd := &cobra.Command{
		Use:     "show RULE",
		Short:   "Show what a rule says",
		Example: "  debrief rules show net.cmg.untrusted-root",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := rf.load()
			if err != nil {
				return err
			}
			r := set.Rule(args[0])
			if r == nil {
				return noSuchRule(set, args[0])
			}
			return showRule(cmd.OutOrStdout(), r)
		},
	}
	rf.add(cmd)
	return cmd
}

func showRule(w io.Writer, r *rules.Rule) error {
	fmt.Fprintf(w, "%s  %s\n", r.ID, r.Title)
	fmt.Fprintf(w, "  role %s, status %s, version %s, scope %s\n", r.Role, r.Status, r.Version, r.Scope)
	if !r.Verified {
		fmt.Fprintln(w, "  not confirmed by a public source: never more than moderate confidence")
	}
	if r.Description != "" {
		fmt.Fprintf(w, "\n  %s\n", strings.TrimSpace(r.Description))
	}
	list := func(title string, items []string) {
		if len(items) == 0 {
			return
		}
		fmt.Fprintf(w, "\n%s\n", title)
		for _, s := range items {
			fmt.Fprintf(w, "  %s\n", s)
		}
	}
	var needs, edges, tests []string
	for _, n := range r.Needs {
		s := strings.Join(n.Sources, " or ")
		if n.Optional {
			s += " (optional)"
		}
		needs = append(needs, s)
	}
	for _, e := range r.Explains {
		edges = append(edges, e.Rule)
	}
	for i := range r.Tests {
		tests = append(tests, r.Tests[i].Name)
	}
	list("Needs", needs)
	list("Explains", edges)
	list("Folds in", r.Supersedes)
	list("False positives", r.FalsePositives)
	list("References", r.References)
	list("Tests", tests)
	_, err := fmt.Fprintf(w, "\nFile\n  %s\n", r.File)
	return err
}

// noSuchRule names the rules that look like the one asked for.
func noSuchRule(set *rules.Set, id string) error {
	var near []string
	for _, r := range set.Rules() {
		if strings.Contains(r.ID, id) || strings.Contains(strings.ToLower(r.Title), strings.ToLower(id)) {
			near = append(near, r.ID)
		}
	}
	if len(near) == 0 || len(near) > 10 {
		return usagef("no rule %q: see 'debrief rules list'", id)
	}
	return usagef("no rule %q: did you mean %s?", id, strings.Join(near, ", "))
}

func newRulesLint() *cobra.Command {
	var rf ruleFlags
	cmd := &cobra.Command{
		Use:   "lint [DIR...]",
		Short: "Check rule files for mistakes",
		Long: `Check the rules, with those of each DIR, for mistakes: unknown keys and names, edges
to rules that do not exist, circles, missing tests, branches no test reaches. All
mistakes are listed with file, line and column.`,
		Example: "  debrief rules lint my-rules",
		RunE: func(cmd *cobra.Command, args []string) error {
			rf.dirs = append(rf.dirs, args...)
			set, err := rf.load()
			if err != nil {
				return err
			}
			problems := set.Lint()
			for _, p := range problems {
				fmt.Fprintln(cmd.OutOrStdout(), printable(p.String()))
			}
			if len(problems) > 0 {
				fmt.Fprintf(cmd.OutOrStdout(), "%d rules, %d problems\n", set.Len(), len(problems))
				return exit(exitFailure)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d rules, no problem\n", set.Len())
			return err
		},
	}
	rf.add(cmd)
	return cmd
}

func newRulesTest() *cobra.Command {
	var rf ruleFlags
	var out outputFlags
	var only string
	var verbose bool
	cmd := &cobra.Command{
		Use:   "test [DIR...]",
		Short: "Run the tests inside the rule files",
		Long: `Run the tests of the rules, with those of each DIR, and print what is not as
expected. --format junit writes the XML that CI systems read.

Exit code: 3 if a test failed.`,
		Example: `  debrief rules test my-rules
  debrief rules test --rule ts.long-step --verbose
  debrief rules test my-rules --format junit -o rules.xml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			rf.dirs = append(rf.dirs, args...)
			set, err := rf.load()
			if err != nil {
				return err
			}
			if only != "" && set.Rule(only) == nil {
				return noSuchRule(set, only)
			}
			results := slices.DeleteFunc(set.Test(), func(t rules.TestResult) bool { return only != "" && t.Rule != only })
			failed := 0
			for i := range results {
				if !results[i].Passed() {
					failed++
				}
			}
			if err := out.write(cmd, func(w io.Writer) error {
				if out.format == "junit" {
					return writeJUnit(w, results)
				}
				return writeTests(w, results, failed, verbose)
			}); err != nil {
				return err
			}
			if failed > 0 {
				return exit(exitFailure)
			}
			return nil
		},
	}
	rf.add(cmd)
	out.add(cmd, "text", "junit")
	cmd.Flags().StringVar(&only, "rule", "", "only the tests of `RULE`")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "name the tests that pass too")
	return cmd
}

// writeTests writes the results for a person: what failed, or all of it.
func writeTests(w io.Writer, results []rules.TestResult, failed int, verbose bool) error {
	for i := range results {
		t := &results[i]
		if t.Passed() {
			if verbose {
				fmt.Fprintf(w, "ok    %s: %s\n", t.Rule, t.Test)
			}
			continue
		}
		fmt.Fprintf(w, "FAIL  %s: %s (%s:%d)\n", t.Rule, t.Test, t.File, t.Line)
		for _, f := range t.Failures {
			fmt.Fprintf(w, "      %s\n", printable(f))
		}
	}
	_, err := fmt.Fprintf(w, "%d passed, %d failed\n", len(results)-failed, failed)
	return err
}

func newRulesExplain() *cobra.Command {
	var in inputFlags
	var rf ruleFlags
	cmd := &cobra.Command{
		Use:   "explain RULE PATH...",
		Short: "Say why a rule fired on a case, or why not",
		Long: `Evaluate all rules on a case and print every condition of one of them with its
verdict, its reason and the evidence for it.`,
		Example: "  debrief rules explain ts.long-step autopilot-logs.cab CCM/Logs",
		Args:    cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := rf.load()
			if err != nil {
				return err
			}
			if set.Rule(args[0]) == nil {
				return noSuchRule(set, args[0])
			}
			c, err := in.read(cmd, args[1:])
			if err != nil {
				return err
			}
			return explain(cmd.OutOrStdout(), c.Judge(set), args[0])
		},
	}
	in.add(cmd)
	rf.add(cmd)
	return cmd
}

func explain(w io.Writer, result *rules.Result, id string) error {
	for _, f := range result.Findings {
		if f.Rule != id {
			continue
		}
		var b strings.Builder
		fmt.Fprintf(&b, "%s: %s", f.ID(), f.Verdict)
		if f.Verdict == rules.Fire {
			fmt.Fprintf(&b, " (%s)\n  %s", f.Confidence, f.Message)
		}
		b.WriteByte('\n')
		for _, n := range f.Nodes {
			n.Write(&b, 1)
		}
		for _, note := range f.Notes {
			fmt.Fprintf(&b, "  note: %s\n", note)
		}
		for _, r := range f.ExplainedBy {
			fmt.Fprintf(&b, "  explained by %s\n", r)
		}
		for _, a := range f.Missing {
			fmt.Fprintf(&b, "  would help: %s: %s\n", a.Title, a.Collect)
		}
		if _, err := io.WriteString(w, printable(b.String())); err != nil {
			return err
		}
	}
	return nil
}
