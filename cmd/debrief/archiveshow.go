package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"debrief/index"
)

// shownCase is a case with what is read from the archive for it.
type shownCase struct {
	index.Case
	Findings []index.Finding    `json:"findings"`
	Stored   []index.StoredFile `json:"stored_files"`
}

func newArchiveShow() *cobra.Command {
	var af archiveFlags
	var out outputFlags
	cmd := &cobra.Command{
		Use:     "show CASE",
		Short:   "Show one case: verdict, findings, files, notes",
		Example: "  debrief archive show INC0012345\n  debrief archive show 3f2a --format json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err := out.check(); err != nil {
				return err
			}
			a, err := af.reader(cmd)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, a.Close()) }()
			id, err := resolveCase(a, args[0])
			if err != nil {
				return err
			}
			var s shownCase
			if s.Case, err = a.Case(id); err == nil {
				s.Findings, err = a.Findings(id)
			}
			if err == nil {
				s.Stored, err = a.Files(id)
			}
			if err != nil {
				return err
			}
			return out.write(cmd, func(w io.Writer) error {
				if out.format == "json" {
					return writeIndented(w, s)
				}
				return writeCase(w, &s)
			})
		},
	}
	af.add(cmd)
	out.add(cmd, "text", "json")
	return cmd
}

func writeCase(w io.Writer, s *shownCase) error {
	fmt.Fprintf(w, "case %s  %s\n\n  %s\n\n", s.ID, oneLine(s.Name), oneLine(s.Line))
	for _, l := range [][2]string{
		{"device", strings.TrimSpace(s.Device + " " + s.Serial)}, {"Windows build", s.OS}, {"ticket", s.Ticket}, {"tags", strings.Join(s.Tags, ", ")},
		{"collected", day(s.Collected)}, {"added", day(s.Added)}, {"events", eventSpan(&s.Case)},
		{"judged by", strings.TrimSpace(s.Engine + ", rules " + s.RuleSet)}, {"verdict", string(s.Verdict)}, {"fixed by", s.Fix}, {"true cause", s.Cause},
	} {
		if l[1] != "" {
			fmt.Fprintf(w, "  %-14s%s\n", l[0], oneLine(l[1]))
		}
	}
	if s.Lost {
		fmt.Fprintf(w, "  %-14s%s\n", "note", "some of the evidence could not be read")
	}
	writeFindings(w, s.Findings)
	fmt.Fprintf(w, "\nfiles: %d, %s\n", len(s.Stored), sizeText(s.RawBytes))
	for _, f := range s.Stored {
		lost := ""
		if !f.Stored {
			lost = "  (not stored)"
		}
		fmt.Fprintf(w, "  %10s  %s%s\n", sizeText(f.Size), oneLine(f.Path), lost)
	}
	for _, n := range s.Notes {
		fmt.Fprintf(w, "\nnote %s %s\n  %s\n", day(n.At), oneLine(n.By), strings.ReplaceAll(printable(n.Text), "\n", "\n  "))
	}
	return nil
}

func eventSpan(c *index.Case) string {
	if c.First.IsZero() {
		return fmt.Sprintf("%d", c.Events)
	}
	return fmt.Sprintf("%d, from %s to %s UTC", c.Events, day(c.First), day(c.Last))
}

func writeFindings(w io.Writer, list []index.Finding) {
	open := 0
	for _, f := range list {
		if f.Verdict != "fire" {
			open++
			continue
		}
		kind := f.Role
		if f.Root {
			kind = "root cause"
		}
		fmt.Fprintf(w, "\n%s  %s (%s)\n  %s\n", kind, oneLine(f.Rule), f.Confidence, oneLine(f.Message))
		for i, p := range f.Evidence {
			if i == 3 {
				fmt.Fprintf(w, "  and %d more places\n", len(f.Evidence)-i)
				break
			}
			fmt.Fprintf(w, "  %s\n", oneLine(placeOf(p)))
		}
	}
	if open > 0 {
		fmt.Fprintf(w, "\n%d rules could not be decided by this evidence\n", open)
	}
}

// sizeText writes a number of bytes for people.
func sizeText(n int64) string {
	const units = "KMGT"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	f, u := float64(n)/1024, 0
	for f >= 1024 && u < len(units)-1 {
		f /= 1024
		u++
	}
	return fmt.Sprintf("%.1f %ciB", f, units[u])
}
