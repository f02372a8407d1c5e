package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"debrief/index"
)

func newArchiveList() *cobra.Command {
	var af archiveFlags
	var out outputFlags
	var f index.CaseFilter
	var since, verdict string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the cases of the archive",
		Long: `List the cases, the latest collection first. The flags choose; in them "*" stands
for any text, and case does not count.`,
		Example: "  debrief archive list --cause 'net.*' --since 14d\n  debrief archive list --verdict wrong --format json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if err := out.check(); err != nil {
				return err
			}
			if since != "" {
				if f.CollectedFrom, err = index.ParseMoment(since, now()); err != nil {
					return &usageError{err}
				}
			}
			if f.Verdict, err = parseVerdict(verdict); err != nil {
				return err
			}
			a, err := af.reader(cmd)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, a.Close()) }()
			list := a.Cases(f)
			return out.write(cmd, func(w io.Writer) error {
				if out.format == "json" {
					return writeIndented(w, list)
				}
				return writeCases(w, list)
			})
		},
	}
	af.add(cmd)
	out.add(cmd, "text", "json")
	flags := cmd.Flags()
	flags.StringVar(&f.Device, "device", "", "of this device: `NAME` or serial number")
	flags.StringVar(&f.Ticket, "ticket", "", "of this ticket `NUMBER`")
	flags.StringVar(&f.OS, "os", "", "of this Windows `BUILD`")
	flags.StringVar(&f.Rule, "rule", "", "in which this rule fired: `ID`")
	flags.StringVar(&f.Cause, "cause", "", "with this root cause: `ID` of the rule")
	flags.StringVar(&f.Tag, "tag", "", "with this `TAG`")
	flags.StringVar(&f.Outcome, "outcome", "", "with this outcome: failure, warning, none, inconclusive")
	flags.StringVar(&verdict, "verdict", "", "with this verdict of an engineer: confirmed, wrong, fixed")
	flags.StringVar(&since, "since", "", "collected since a `TIME`: 7d, 24h, 2024-03-05")
	return cmd
}

func parseVerdict(s string) (index.Verdict, error) {
	switch v := index.Verdict(strings.ToLower(s)); v {
	case index.NoVerdict, index.Confirmed, index.Wrong, index.Fixed:
		return v, nil
	}
	return "", usagef("unknown verdict %q: use confirmed, wrong or fixed", s)
}

func writeIndented(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func writeCases(w io.Writer, list []index.Case) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "no case")
		return err
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "CASE\tCOLLECTED\tDEVICE\tTICKET\tOUTCOME\tCAUSE\tVERDICT\tEVENTS")
	for _, c := range list {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\n", c.ID, day(c.Collected), orDash(c.Device), orDash(c.Ticket), orDash(c.Outcome),
			orDash(strings.Join(c.Causes, ", ")), orDash(string(c.Verdict)), c.Events)
	}
	return t.Flush()
}

func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return oneLine(s)
}

// oneLine makes text from outside safe for one line of a terminal.
func oneLine(s string) string {
	return printable(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' || r == '\t' }), " "))
}
