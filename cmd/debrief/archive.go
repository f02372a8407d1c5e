package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"debrief/index"
)

const archiveLong = `Keep cases: the evidence as it was collected, its events, facts and findings, and
what engineers say about them. 'debrief search' finds events in all of them.

The archive is a folder: --archive, else the environment variable DEBRIEF_ARCHIVE,
else debrief-archive in the current folder. The same bundle added twice is one
case, and the same file in two bundles is stored once. One process writes at a
time; any number may read meanwhile.

CASE is the id of a case, the beginning of one (four digits or more), its ticket
number or its name.`

// archiveFlags say which archive.
type archiveFlags struct{ dir string }

func (f *archiveFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.dir, "archive", "", "folder of the archive (default $DEBRIEF_ARCHIVE, else debrief-archive)")
}

func (f *archiveFlags) path() string {
	if f.dir != "" {
		return f.dir
	}
	if dir := os.Getenv("DEBRIEF_ARCHIVE"); dir != "" {
		return dir
	}
	return "debrief-archive"
}

// reader opens the archive to read it; an archive that is not there is wrong
// usage. The journal's damage is said on standard error.
func (f *archiveFlags) reader(cmd *cobra.Command) (*index.Archive, error) {
	a, err := index.OpenReader(f.path(), index.Options{})
	if errors.Is(err, index.ErrNotArchive) {
		return nil, usagef("there is no archive in %q: 'debrief archive add' makes one, --archive names another", f.path())
	}
	if err != nil {
		return nil, err
	}
	for _, p := range a.Problems() {
		if p.Kind.Lost() {
			fmt.Fprintf(cmd.ErrOrStderr(), "debrief: archive: %s\n", printable(p.String()))
		}
	}
	return a, nil
}

// writer opens the archive to change it, and makes it where create is set.
func (f *archiveFlags) writer(cmd *cobra.Command, create bool) (*index.DiskWriter, error) {
	w, err := index.OpenWriter(f.path(), index.Options{})
	if !errors.Is(err, index.ErrNotArchive) {
		return w, err
	}
	if !create {
		return nil, usagef("there is no archive in %q: 'debrief archive add' makes one, --archive names another", f.path())
	}
	if err := index.Create(f.path(), index.Options{}); err != nil {
		return nil, err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "debrief: new archive in %s\n", printable(f.path()))
	return index.OpenWriter(f.path(), index.Options{})
}

// change opens the archive, runs one change on the case that each name means,
// and closes it.
func (f *archiveFlags) change(cmd *cobra.Command, names []string, do func(*index.DiskWriter, index.CaseID) error) (err error) {
	w, err := f.writer(cmd, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	ids := make([]index.CaseID, len(names))
	for i, name := range names {
		if ids[i], err = resolveCase(w.View(), name); err != nil {
			return err
		}
	}
	for _, id := range ids {
		if err := do(w, id); err != nil {
			return err
		}
	}
	return nil
}

// meansCase reports whether arguments that are files and folders, or one case of
// the archive, are the latter: a single one that is no path that is there.
func meansCase(args []string) bool {
	_, err := os.Lstat(args[0])
	return len(args) == 1 && err != nil && args[0] != "-"
}

// resolveCase makes a name that means no case, or several, wrong usage.
func resolveCase(r index.Reader, name string) (index.CaseID, error) {
	id, err := r.Resolve(name)
	if errors.Is(err, index.ErrNotFound) || errors.Is(err, index.ErrAmbiguous) {
		return "", &usageError{err}
	}
	return id, err
}

func newArchive() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "archive",
		Short:   "Keep cases, and what became of them",
		Long:    archiveLong,
		Example: "  debrief archive add autopilot-logs.cab --ticket INC0012345\n  debrief archive list --since 7d",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newArchiveAdd(), newArchiveList(), newArchiveShow(), newArchiveAnnotate(), newArchiveRemove(), newArchiveVerify(),
		newArchiveStats(), newArchiveExport(), newArchiveBackup(), newArchiveRestore(), newArchiveCompact(),
	)
	return cmd
}

// now is the clock of the commands that need one, in UTC. SOURCE_DATE_EPOCH
// sets it, so that scripts can repeat a run.
func now() time.Time {
	var sec int64
	if _, err := fmt.Sscanf(os.Getenv("SOURCE_DATE_EPOCH"), "%d", &sec); err == nil {
		return time.Unix(sec, 0).UTC()
	}
	return time.Now().UTC().Truncate(time.Second)
}
