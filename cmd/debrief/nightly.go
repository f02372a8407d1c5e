package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"debrief/index"
	"debrief/pipeline"
	"debrief/pipeline/nightly"
)

const nightlyLong = `Bring the judgements of all archived cases to the rules of today, and tell what is
new since the last run: causes seen for the first time, causes that rise against
their own history, problems that many devices share, verdicts that changed, errors
of several devices that no rule explains (each with a draft of a rule), and logs
that debrief understands less than before.

Only the rules that changed are evaluated over old cases; where they say what they
said, a judgement stands. After an update of debrief the stored files are read
again. The first run learns what is there; later ones compare with it.
docs/nightly.md has examples for systemd and the Windows Task Scheduler.

Exit code: 0 if nothing is new, 3 for new or rising causes, problems or changed
verdicts, 4 for hints only (errors without a rule, logs less understood), 5 if a
case could not be judged.`

// nightlyFlags are the flags of nightly alone.
type nightlyFlags struct {
	summary, metrics, drafts string
	wait                     time.Duration
}

func newNightly() *cobra.Command {
	var af archiveFlags
	var in inputFlags
	var out outputFlags
	var rf ruleFlags
	var share redactFlags
	var nf nightlyFlags
	cmd := &cobra.Command{
		Use:   "nightly",
		Short: "Judge the archive by the rules of today, and tell what is new",
		Long:  nightlyLong,
		Example: `  debrief nightly --archive /srv/debrief
  debrief nightly --rules /etc/debrief/rules -f html -o report.html --summary last.json --metrics /var/lib/node_exporter/debrief.prom`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := out.check(); err != nil {
				return err
			}
			set, err := rf.load()
			if err != nil {
				return err
			}
			opts, err := in.options()
			if err != nil {
				return err
			}
			w, err := af.waitForWriter(cmd, nf.wait)
			if err != nil {
				return err
			}
			step, finish := steps(cmd, "judging")
			o := nightly.Options{Now: now(), RejudgeOptions: pipeline.RejudgeOptions{
				Options: opts, Rules: set, Engine: toolVersion(), Done: func(done, total int) { step(int64(done), int64(total)) },
			}}
			r, err := nightly.Run(cmd.Context(), w, o)
			finish()
			if err == nil {
				err = share.redactReport(out.format, w.View(), r)
			}
			if err = errors.Join(err, w.Close()); err != nil {
				return err
			}
			if err := nf.write(cmd, r); err != nil {
				return err
			}
			if err := out.write(cmd, func(to io.Writer) error { return writeNightly(to, r, out.format) }); err != nil {
				return err
			}
			return exit([]int{nightly.Quiet: exitOK, nightly.Noted: exitWarnings, nightly.Urgent: exitFailure, nightly.Broken: exitPartial}[r.Outcome()])
		},
	}
	af.add(cmd)
	in.add(cmd)
	out.add(cmd, "text", "html", "json")
	rf.add(cmd)
	share.add(cmd, "html")
	flags := cmd.Flags()
	flags.StringVar(&nf.summary, "summary", "", "write the report as JSON to `FILE` too")
	flags.StringVar(&nf.metrics, "metrics", "", "write counts to `FILE` too, as Prometheus' text format")
	flags.StringVar(&nf.drafts, "drafts", "", "write the drafts of rules to `DIR`, those that are not there yet")
	flags.DurationVar(&nf.wait, "wait", 0, "wait so long for another debrief that writes to the archive, e.g. 10m")
	return cmd
}

func writeNightly(w io.Writer, r *nightly.Report, format string) error {
	switch format {
	case "html":
		return r.WriteHTML(w)
	case "json":
		return writeIndented(w, r)
	}
	return r.WriteText(w)
}

// write writes the files beside the report.
func (f *nightlyFlags) write(cmd *cobra.Command, r *nightly.Report) error {
	for file, render := range map[string]func(io.Writer) error{
		f.summary: func(w io.Writer) error { return writeIndented(w, r) },
		f.metrics: r.WriteMetrics,
	} {
		if file == "" {
			continue
		}
		to := outputFlags{file: file}
		if err := to.write(cmd, render); err != nil {
			return err
		}
	}
	if f.drafts == "" {
		return nil
	}
	if err := os.MkdirAll(f.drafts, 0o755); err != nil {
		return err
	}
	for _, c := range r.Clusters {
		if c.Draft == "" {
			continue
		}
		file := filepath.Join(f.drafts, c.DraftName())
		if _, err := os.Lstat(file); err == nil {
			continue // somebody may work on it
		}
		to := outputFlags{file: file}
		if err := to.write(cmd, func(w io.Writer) error { _, err := io.WriteString(w, c.Draft); return err }); err != nil {
			return err
		}
	}
	return nil
}

// waitForWriter opens the archive to change it. While another process writes to
// it, it waits as long as it may.
func (f *archiveFlags) waitForWriter(cmd *cobra.Command, wait time.Duration) (*index.DiskWriter, error) {
	if wait < 0 {
		return nil, usagef("--wait takes a duration from 0 upwards")
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), wait)
	defer cancel()
	told := false
	for {
		w, err := f.writer(cmd, false)
		if !errors.Is(err, index.ErrLocked) || wait == 0 {
			return w, err
		}
		if !told {
			told = true
			fmt.Fprintf(cmd.ErrOrStderr(), "debrief: %s; waiting\n", printable(err.Error()))
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(cmd.Context().Err(), err)
		case <-time.After(time.Second):
		}
	}
}

// redactReport replaces in a report what identifies the devices and users of the
// cases it names, where the format asks for that.
func (f *redactFlags) redactReport(format string, r index.Reader, n *nightly.Report) error {
	re, err := f.redactor(format)
	if err != nil || re == nil {
		return err
	}
	for _, id := range n.Named() {
		if err := identifyArchived(re, r, id); err != nil {
			return err
		}
	}
	re.Apply(n)
	return nil
}
