package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"debrief/index"
	"debrief/pipeline"
	"debrief/report"
)

const packLong = `Write a ZIP to hand on, to a vendor or another desk: the report and the records it
cites with their neighbours, and nothing else of the bundle. Users, devices and
tenants are replaced by stand-ins (--redact=false keeps them). manifest.json
names each cited file by the SHA-256 of the original and each record by its line
or number, so that whoever has the bundle finds it.

CASE is a bundle, a folder, a log (all of them together are one case, as for
analyze), or a case of the archive by its id, ticket or name. A case of the
archive is judged anew, by the rules of today.

With --check PACK the files that a pack cites are looked up in CASE instead.

Exit code: 0 when the pack was written, or all its files are in CASE; 3 if one is
not; 5 if the input could be read only in part.`

func newPack() *cobra.Command {
	var in inputFlags
	var rf ruleFlags
	var af archiveFlags
	share := redactFlags{}
	var file, check string
	cmd := &cobra.Command{
		Use:   "pack CASE... -o FILE",
		Short: "Write a redacted evidence pack of the cited records",
		Long:  packLong,
		Example: `  debrief pack autopilot-logs.cab CCM/Logs -o pack.zip
  debrief pack INC0012345 --archive /srv/debrief -o INC0012345.zip
  debrief pack --check pack.zip autopilot-logs.cab CCM/Logs`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (file == "") == (check == "") {
				return usagef("name the FILE to write with -o, or the PACK to look at with --check")
			}
			set, err := rf.load()
			if err != nil {
				return err
			}
			in.rules = set
			paths, archived, remove, err := af.casePaths(cmd, args)
			if err != nil {
				return err
			}
			defer remove()
			in.archived = archived
			c, err := in.read(cmd, paths)
			if err != nil {
				return err
			}
			if check != "" {
				return checkPack(cmd, check, c)
			}
			v := pipeline.View(c, set, c.Judge(set), toolVersion())
			r, err := share.redactor("pack", c)
			if err != nil {
				return err
			}
			if r != nil {
				v.Redact(r)
			}
			out := outputFlags{file: file}
			if err := out.write(cmd, v.WritePack); err != nil {
				return err
			}
			if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n%s\n", printable(file), v.Verdict.Line(), v.Colophon()); err != nil {
				return err
			}
			if c.Lost() {
				return exit(exitPartial)
			}
			return nil
		},
	}
	in.add(cmd)
	rf.add(cmd)
	af.add(cmd)
	share.add(cmd, "pack")
	cmd.Flags().StringVarP(&file, "output", "o", "", "`FILE` to write, a ZIP")
	cmd.Flags().StringVar(&check, "check", "", "look up the files of this `PACK` in CASE, and write nothing")
	return cmd
}

// casePaths returns arguments that are files and folders as they are. A single
// one that is not is a case of the archive: its files are written to a temporary
// folder, which remove takes away, and archived is what else is known of them.
func (f *archiveFlags) casePaths(cmd *cobra.Command, args []string) (paths []string, archived *pipeline.Archived, remove func(), err error) {
	nothing := func() {}
	if !meansCase(args) {
		return args, nil, nothing, nil
	}
	a, err := index.OpenReader(f.path(), index.Options{})
	if errors.Is(err, index.ErrNotArchive) {
		return args, nil, nothing, nil // a path that is not there, and said so by who reads it
	}
	if err != nil {
		return nil, nil, nil, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	id, err := resolveCase(a, args[0])
	if err != nil {
		return nil, nil, nil, err
	}
	step, finish := steps(cmd, "reading the archive")
	u, err := pipeline.Unpack(cmd.Context(), a, id, notExported(cmd), step)
	finish()
	if err != nil {
		return nil, nil, nil, err
	}
	return u.Paths, u.Archived, func() { u.Remove() }, nil //nolint:errcheck // a temporary folder
}

// checkPack looks up the files of a pack in a case, by their hashes.
func checkPack(cmd *cobra.Command, file string, c *pipeline.Case) error {
	pack, err := report.ReadPack(file)
	if err != nil {
		return usagef("%v", err)
	}
	here := map[string]string{}
	for _, f := range c.Coverage() {
		if f.Hash != "" {
			here[f.Hash] = f.File
		}
	}
	missing := 0
	out := cmd.OutOrStdout()
	for _, f := range pack.Files {
		path, ok := here[f.SHA256]
		if !ok {
			missing++
			path = "not in this case"
		}
		fmt.Fprintf(out, "%s  %d records  %s\n", filepath.Base(f.Excerpt), len(f.Places), printable(path))
	}
	if _, err := fmt.Fprintf(out, "%d of %d cited files are in this case\n", len(pack.Files)-missing, len(pack.Files)); err != nil {
		return err
	}
	if missing > 0 {
		return exit(exitFailure)
	}
	return nil
}
