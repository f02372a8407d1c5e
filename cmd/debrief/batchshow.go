package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"debrief/pipeline"
)

// writeBatch prints the summary of a batch.
func writeBatch(w io.Writer, s *pipeline.BatchSummary, format string) error {
	if format == "json" {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(s)
	}
	fmt.Fprintf(w, "%d tickets: %d analysed, %d already in the archive, %d failed, %d read in part\n", s.Tickets, s.Analysed, s.Skipped, s.Failed, s.Partial)
	fmt.Fprintf(w, "%d cases: %d with a failure, %d inconclusive, %d with warnings, %d without\n", s.Cases, s.Outcomes["failure"], s.Outcomes["inconclusive"], s.Outcomes["warning"], s.Outcomes["none"])
	if len(s.Causes) > 0 {
		fmt.Fprintln(w)
		t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "CASES\tCAUSE\tVERDICT")
		for _, c := range s.Causes {
			fmt.Fprintf(t, "%d\t%s\t%s\n", c.Cases, oneLine(c.Rule), oneLine(c.Line))
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	first := true
	for i := range s.Results {
		r := &s.Results[i]
		if r.Error == "" {
			continue
		}
		if first {
			fmt.Fprintln(w, "\nNot analysed:")
			first = false
		}
		if _, err := fmt.Fprintf(w, "  %s: %s\n", oneLine(r.Ticket), oneLine(r.Error)); err != nil {
			return err
		}
	}
	return nil
}
