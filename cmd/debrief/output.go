package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"debrief/report"
)

// outputFlags are the flags of commands that print a document.
type outputFlags struct {
	format  string
	file    string
	color   string
	formats []string // the first is the default
}

func (o *outputFlags) add(cmd *cobra.Command, formats ...string) {
	o.formats = formats
	cmd.Flags().StringVarP(&o.format, "format", "f", formats[0], "output format: "+strings.Join(formats, ", "))
	cmd.Flags().StringVarP(&o.file, "output", "o", "", "write to `FILE` instead of standard output")
	cmd.Flags().StringVar(&o.color, "color", "auto", "colour: auto (on a terminal, unless NO_COLOR is set), always, never")
}

// check returns a usage error for a value that no flag takes.
func (o *outputFlags) check() error {
	known := false
	for _, f := range o.formats {
		known = known || f == o.format
	}
	if !known {
		return usagef("unknown format %q: use %s", o.format, strings.Join(o.formats, ", "))
	}
	switch o.color {
	case "auto", "always", "never":
		return nil
	}
	return usagef("unknown colour mode %q: use auto, always or never", o.color)
}

// colored tells whether w gets colour.
func (o *outputFlags) colored(w io.Writer) bool {
	switch o.color {
	case "always":
		return true
	case "never":
		return false
	}
	return o.file == "" && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(w)
}

// write hands render the place to write to. A file is replaced only when all
// of it was written.
func (o *outputFlags) write(cmd *cobra.Command, render func(io.Writer) error) error {
	if o.file == "" {
		buf := bufio.NewWriter(cmd.OutOrStdout())
		if err := render(buf); err != nil {
			return err
		}
		return buf.Flush()
	}
	tmp, err := os.CreateTemp(filepath.Dir(o.file), ".debrief-*")
	if err != nil {
		return fmt.Errorf("writing %q: %w", o.file, err)
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // gone after the rename
	buf := bufio.NewWriter(tmp)
	err = render(buf)
	if err == nil {
		err = buf.Flush()
	}
	if err == nil {
		err = tmp.Chmod(0o644)
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp.Name(), o.file)
	}
	if err != nil {
		return fmt.Errorf("writing %q: %w", o.file, err)
	}
	return nil
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// width returns the columns to wrap at: of the terminal, at most 120; 100 elsewhere.
func width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if cols, _, err := term.GetSize(int(f.Fd())); err == nil && cols > 20 {
			return min(cols, 120)
		}
	}
	return 100
}

// printable makes text from outside (file names, log lines in errors) safe for
// a terminal: control and format characters become visible escapes.
func printable(s string) string { return report.Harmless(s, true) }
