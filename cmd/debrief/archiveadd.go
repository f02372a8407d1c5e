package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"debrief/index"
	"debrief/pipeline"
	"debrief/rules"
)

// addedCase is one line of the result of 'archive add'.
type addedCase struct {
	ID     index.CaseID `json:"id"`
	Added  bool         `json:"added"` // false = it was there already
	Name   string       `json:"name"`
	Device string       `json:"device,omitempty"`
	Line   string       `json:"line"`
}

func newArchiveAdd() *cobra.Command {
	var af archiveFlags
	var in inputFlags
	var out outputFlags
	var rf ruleFlags
	var caseBy, ticket string
	var tags []string
	var replace bool
	cmd := &cobra.Command{
		Use:   "add PATH...",
		Short: "Read and judge evidence, and keep it as a case",
		Long: `Read all PATHs as 'debrief analyze' does, judge them with the rules and keep the
case: the files, events, facts, coverage, findings and timeline. The archive is made where it is
not there. A case that is there already is not read into it again; new tags are
added to it, and a ticket number where it has none.

Exit code: 0 if all was kept, 5 if the input could be read only in part.`,
		Example: "  debrief archive add autopilot-logs.cab ccmsetup/Logs --ticket INC0012345 --tag pilot",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err := out.check(); err != nil {
				return err
			}
			set, err := rf.load()
			if err != nil {
				return err
			}
			by, err := pipeline.ParseCaseBy(caseBy)
			if err != nil {
				return &usageError{err}
			}
			in.rules, in.keep = set, true
			cases, err := in.readCases(cmd, args, by)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, closeCases(cases)) }()
			w, err := af.writer(cmd, true)
			if err != nil {
				return err
			}
			list, code, err := addCases(cmd, w, cases, set, func(s *index.Submission) { s.Ticket, s.Tags, s.Replace = ticket, tags, replace })
			if err = errors.Join(err, w.Close()); err != nil {
				return err
			}
			if err := out.write(cmd, func(to io.Writer) error { return writeAdded(to, list, out.format) }); err != nil {
				return err
			}
			return exit(code)
		},
	}
	af.add(cmd)
	in.add(cmd)
	out.add(cmd, "text", "json")
	rf.add(cmd)
	cmd.Flags().StringVar(&caseBy, "case-by", "auto", "divide the input into cases: auto, device, path, none")
	cmd.Flags().StringVar(&ticket, "ticket", "", "number of the ticket")
	cmd.Flags().StringArrayVar(&tags, "tag", nil, "give the case a `TAG` (may be given several times)")
	cmd.Flags().BoolVar(&replace, "replace", false, "read a case that is there already anew; its tags, notes and verdict stay")
	return cmd
}

// closeCases lets go of the content of cases.
func closeCases(cases []*pipeline.Case) error {
	var errs []error
	for _, c := range cases {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

func addCases(cmd *cobra.Command, w index.Writer, cases []*pipeline.Case, set *rules.Set, with func(*index.Submission)) ([]addedCase, int, error) {
	if err := pipeline.NoteRules(w, set); err != nil {
		return nil, 0, err
	}
	var list []addedCase
	code := exitOK
	for _, c := range cases {
		s, err := pipeline.Submission(c, set, c.Judge(set), toolVersion(), now())
		if err != nil {
			return nil, 0, err
		}
		with(s)
		id, added, err := w.Add(cmd.Context(), s)
		if err != nil {
			return nil, 0, err
		}
		kept, err := w.View().Case(id)
		if err != nil {
			return nil, 0, err
		}
		list = append(list, addedCase{id, added, kept.Name, kept.Device, kept.Line})
		if c.Lost() || c.NothingRead() {
			code = exitPartial
		}
	}
	return list, code, nil
}

func writeAdded(w io.Writer, list []addedCase, format string) error {
	if format == "json" {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(list)
	}
	for _, a := range list {
		what := "added"
		if !a.Added {
			what = "already there"
		}
		name := a.Name
		if a.Device != "" {
			name = a.Device + " (" + name + ")"
		}
		if _, err := fmt.Fprintf(w, "%s  %s  %s\n  %s\n", a.ID, what, oneLine(name), oneLine(a.Line)); err != nil {
			return err
		}
	}
	return nil
}
