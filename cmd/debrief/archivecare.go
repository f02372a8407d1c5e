package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"debrief/index"
	"debrief/pipeline"
)

// steps shows the progress of work on the archive.
func steps(cmd *cobra.Command, stage string) (step func(done, total int64), finish func()) {
	bar := newProgress(cmd.ErrOrStderr(), false)
	return func(done, total int64) { bar.update(pipeline.Progress{Stage: stage, Done: done, Total: total}) }, bar.finish
}

func newArchiveVerify() *cobra.Command {
	var af archiveFlags
	var out outputFlags
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check every byte of the archive",
		Long: `Read the whole archive and check every checksum. Each damaged place is named with
the case it belongs to; all else stays readable. Changes nothing.

Exit code: 3 if anything that was stored is damaged.`,
		Example: "  debrief archive verify",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if err := out.check(); err != nil {
				return err
			}
			a, err := af.reader(cmd)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, a.Close()) }()
			step, finish := steps(cmd, "verifying")
			v, err := a.Verify(cmd.Context(), step)
			finish()
			if err != nil {
				return err
			}
			if err := out.write(cmd, func(w io.Writer) error {
				if out.format == "json" {
					return writeIndented(w, v)
				}
				return writeVerified(w, v)
			}); err != nil {
				return err
			}
			if v.Lost() {
				return exit(exitFailure)
			}
			return nil
		},
	}
	af.add(cmd)
	out.add(cmd, "text", "json")
	return cmd
}

func writeVerified(w io.Writer, v *index.Verified) error {
	for _, p := range v.Problems {
		fmt.Fprintf(w, "%s: %s\n", p.Kind, printable(p.String()))
	}
	state := "sound"
	if v.Lost() {
		state = "damaged"
	}
	_, err := fmt.Fprintf(w, "%s: %d cases, %d blocks of events, %d stored files, %d index parts, %s read\n",
		state, v.Cases, v.Blocks, v.Contents, v.Parts, sizeText(v.Bytes))
	return err
}

func newArchiveStats() *cobra.Command {
	var af archiveFlags
	var out outputFlags
	cmd := &cobra.Command{
		Use:     "stats",
		Short:   "Count what the archive holds, and its size",
		Example: "  debrief archive stats --format json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if err := out.check(); err != nil {
				return err
			}
			a, err := af.reader(cmd)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, a.Close()) }()
			s := a.Stats()
			return out.write(cmd, func(w io.Writer) error {
				if out.format == "json" {
					return writeIndented(w, s)
				}
				return writeStats(w, &s)
			})
		},
	}
	af.add(cmd)
	out.add(cmd, "text", "json")
	return cmd
}

func writeStats(w io.Writer, s *index.Stats) error {
	for _, l := range [][2]string{
		{"cases", fmt.Sprint(s.Cases)}, {"events", fmt.Sprintf("%d in %d blocks", s.Events, s.Blocks)},
		{"evidence", fmt.Sprintf("%s in %d different files; %s more are copies", sizeText(s.RawBytes-s.SharedBytes), s.Contents, sizeText(s.SharedBytes))},
		{"store", sizeText(s.StoreBytes)}, {"index", fmt.Sprintf("%s in %d parts", sizeText(s.IndexBytes), s.Parts)},
		{"free by compact", sizeText(s.DeadBytes)}, {"not indexed", fmt.Sprintf("%d blocks", s.Unindexed)}, {"format", fmt.Sprint(s.Format)},
	} {
		if _, err := fmt.Fprintf(w, "%-16s%s\n", l[0], l[1]); err != nil {
			return err
		}
	}
	return nil
}

func newArchiveExport() *cobra.Command {
	var af archiveFlags
	cmd := &cobra.Command{
		Use:   "export CASE DIR",
		Short: "Write the stored files of a case to a folder",
		Long: `Write the evidence of a case as it was collected into DIR, archives as folders.
DIR must not exist or be empty. 'debrief analyze DIR' reads it again.`,
		Example: "  debrief archive export INC0012345 evidence",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			a, err := af.reader(cmd)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, a.Close()) }()
			id, err := resolveCase(a, args[0])
			if err != nil {
				return err
			}
			if list, err := os.ReadDir(args[1]); err == nil && len(list) > 0 {
				return usagef("%q is not empty", args[1])
			}
			missing := 0
			tell := notExported(cmd)
			step, finish := steps(cmd, "writing")
			n, err := pipeline.Export(cmd.Context(), a, id, args[1], func(path string, err error) { missing++; tell(path, err) }, step)
			finish()
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%d files written to %s\n", n, printable(args[1])); err != nil {
				return err
			}
			if missing > 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "debrief: %d files could not be written\n", missing)
				return exit(exitPartial)
			}
			return nil
		},
	}
	af.add(cmd)
	return cmd
}

// notExported says which file of an archived case could not be written.
func notExported(cmd *cobra.Command) func(path string, err error) {
	return func(path string, err error) {
		text := "its content was lost before it was archived"
		if err != nil {
			text = err.Error()
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "debrief: %s: %s\n", printable(path), printable(text))
	}
}

func newArchiveBackup() *cobra.Command {
	var af archiveFlags
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write the whole archive to one file",
		Long: `Write all that the archive holds at this moment to FILE, a tar file. Others may
write to the archive meanwhile. FILE appears only once it is whole.`,
		Example: "  debrief archive backup /backup/debrief-2024-03-05.tar",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			a, err := af.reader(cmd)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, a.Close()) }()
			step, finish := steps(cmd, "backing up")
			defer finish()
			out := outputFlags{file: args[0]}
			return out.write(cmd, func(w io.Writer) error { return a.Backup(cmd.Context(), w, step) })
		},
	}
	af.add(cmd)
	return cmd
}

func newArchiveRestore() *cobra.Command {
	var af archiveFlags
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Make an archive from a backup",
		Long: `Make an archive in the folder of --archive, which must not exist or be empty, from
what 'debrief archive backup' wrote, and build its index.`,
		Example: "  debrief archive restore /backup/debrief-2024-03-05.tar --archive restored",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			f, err := os.Open(args[0])
			if err != nil {
				return &usageError{err}
			}
			defer func() { err = errors.Join(err, f.Close()) }()
			if err := index.Restore(cmd.Context(), af.path(), f); err != nil {
				return err
			}
			w, err := af.writer(cmd, false)
			if err != nil {
				return err
			}
			n := w.View().Stats().Cases
			if err := w.Close(); err != nil { // builds the index
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d cases restored to %s\n", n, printable(af.path()))
			return err
		},
	}
	af.add(cmd)
	return cmd
}

func newArchiveCompact() *cobra.Command {
	var af archiveFlags
	cmd := &cobra.Command{
		Use:   "compact",
		Short: "Free what removed cases and old judgements occupy",
		Long: `Write the archive anew without what is no longer used, check the index and build
anew what of it is damaged. Needs free space for a second archive; whenever it is
interrupted the old one is whole.`,
		Example: "  debrief archive compact",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			w, err := af.writer(cmd, false)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, w.Close()) }()
			before := w.View().Stats()
			step, finish := steps(cmd, "compacting")
			err = w.Compact(cmd.Context(), step)
			finish()
			if err != nil {
				return err
			}
			after := w.View().Stats()
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s before, %s now\n", sizeText(before.StoreBytes+before.IndexBytes), sizeText(after.StoreBytes+after.IndexBytes))
			return err
		},
	}
	af.add(cmd)
	return cmd
}
