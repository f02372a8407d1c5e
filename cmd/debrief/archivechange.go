package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"debrief/index"
)

func newArchiveAnnotate() *cobra.Command {
	var af archiveFlags
	var addTags, dropTags []string
	var ticket, note, by, verdict, fix, cause string
	cmd := &cobra.Command{
		Use:   "annotate CASE",
		Short: "Add tags, a ticket number, a note or your verdict to a case",
		Long: `Say what you know of a case. The verdict is about the root cause that debrief
named: confirmed (it was right), wrong (it was not; --cause says what it was), or
fixed (it was right, and --fix says what helped). Only what is given changes; an
empty value, as in --ticket "", takes it away.`,
		Example: "  debrief archive annotate INC0012345 --verdict fixed --fix \"opened 443 to the CMG\"\n  debrief archive annotate 3f2a --tag vip --note \"user is travelling\"",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			a := index.Annotation{AddTags: addTags, RemoveTags: dropTags}
			given := len(addTags)+len(dropTags) > 0
			for _, v := range []struct {
				flag string
				to   **string
				from *string
			}{{"ticket", &a.Ticket, &ticket}, {"fix", &a.Fix, &fix}, {"cause", &a.Cause, &cause}} {
				if cmd.Flags().Changed(v.flag) {
					*v.to, given = v.from, true
				}
			}
			if cmd.Flags().Changed("verdict") {
				v, err := parseVerdict(verdict)
				if err != nil {
					return err
				}
				a.Verdict, given = &v, true
			}
			if note != "" {
				a.Notes, given = []index.Note{{At: now(), By: by, Text: note}}, true
			}
			if !given {
				return usagef("nothing to add: give --tag, --ticket, --note or --verdict")
			}
			return af.change(cmd, args, func(w *index.DiskWriter, id index.CaseID) error { return w.Annotate(id, a) })
		},
	}
	af.add(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&addTags, "tag", nil, "give the case a `TAG` (may be given several times)")
	flags.StringArrayVar(&dropTags, "untag", nil, "take a `TAG` away (may be given several times)")
	flags.StringVar(&ticket, "ticket", "", "`NUMBER` of the ticket")
	flags.StringVar(&note, "note", "", "add a note: `TEXT`")
	flags.StringVar(&by, "by", "", "who writes the note: `NAME`")
	flags.StringVar(&verdict, "verdict", "", "what became of debrief's verdict: confirmed, wrong, fixed")
	flags.StringVar(&fix, "fix", "", "what fixed it: `TEXT`")
	flags.StringVar(&cause, "cause", "", "what the cause really was: `TEXT` or the id of a rule")
	return cmd
}

func newArchiveRemove() *cobra.Command {
	var af archiveFlags
	cmd := &cobra.Command{
		Use:   "remove CASE...",
		Short: "Take cases out of the archive",
		Long: `Take cases out. They are gone from every list and search at once; their bytes
leave the disk with the next 'debrief archive compact'.`,
		Example: "  debrief archive remove INC0012345",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return af.change(cmd, args, func(w *index.DiskWriter, id index.CaseID) error {
				if err := w.Remove(id); err != nil {
					return err
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s  removed\n", id)
				return err
			})
		},
	}
	af.add(cmd)
	return cmd
}
