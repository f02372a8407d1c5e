package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// stdinName is the argument that stands for standard input.
const stdinName = "-"

// maxStdin bounds what is kept of standard input on disk where --max-file does
// not; what ingest reads of it has bounds of its own.
const maxStdin = 4 << 30

// standardInput replaces "-" among the paths by a file with what stands on
// standard input: a bundle or pasted text. The file is in a folder of its own,
// readable by its owner alone, which remove deletes. It is named as what it is
// shown as: text gets a name under which text is looked for.
func (f *inputFlags) standardInput(cmd *cobra.Command, paths []string) (replaced []string, remove func(), err error) {
	remove = func() {}
	i := slices.Index(paths, stdinName)
	if i < 0 {
		return paths, remove, nil
	}
	if slices.Contains(paths[i+1:], stdinName) {
		return nil, remove, usagef("standard input (%q) can be read once only", stdinName)
	}
	dir, err := os.MkdirTemp(f.temp, "debrief-stdin-")
	if err != nil {
		return nil, remove, fmt.Errorf("making room for standard input: %w", err)
	}
	remove = func() { os.RemoveAll(dir) }
	if file, ok := cmd.InOrStdin().(*os.File); ok && !f.quiet && isTerminal(file) {
		fmt.Fprintln(cmd.ErrOrStderr(), "debrief: reading standard input; paste, then end with Ctrl+D (Windows: Ctrl+Z and Enter)")
	}
	file, err := f.saveInput(cmd.InOrStdin(), dir)
	if err != nil {
		remove()
		return nil, func() {}, err
	}
	replaced = slices.Clone(paths)
	replaced[i] = file
	return replaced, remove, nil
}

// saveInput writes all of in to a file in dir and returns its path.
func (f *inputFlags) saveInput(in io.Reader, dir string) (string, error) {
	limit := int64(f.maxFile)
	if limit <= 0 {
		limit = maxStdin
	}
	raw := filepath.Join(dir, "stdin")
	out, err := os.OpenFile(raw, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return "", fmt.Errorf("making room for standard input: %w", err)
	}
	defer out.Close()
	n, err := io.Copy(out, io.LimitReader(in, limit+1))
	if err != nil {
		return "", fmt.Errorf("reading standard input: %w", err)
	}
	if n > limit {
		return "", usagef("standard input holds more than %d bytes; save it to a file, or raise --max-file", limit)
	}
	head := make([]byte, 4096)
	k, err := out.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("reading standard input: %w", err)
	}
	if err := out.Close(); err != nil {
		return "", fmt.Errorf("keeping standard input: %w", err)
	}
	if !plainText(head[:k]) {
		return raw, nil
	}
	named := raw + ".txt"
	if err := os.Rename(raw, named); err != nil {
		return "", fmt.Errorf("keeping standard input: %w", err)
	}
	return named, nil
}

// plainText tells text from archives and other binaries: it is UTF-16 by its
// mark, or has no NUL and hardly anything that is not UTF-8.
func plainText(head []byte) bool {
	if len(head) >= 2 && (head[0] == 0xFF && head[1] == 0xFE || head[0] == 0xFE && head[1] == 0xFF) {
		return true
	}
	odd := 0
	for rest := head; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		if r == 0 {
			return false
		}
		if r == utf8.RuneError && n == 1 || r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' && r != 0x1b {
			odd++
		}
		rest = rest[n:]
	}
	return odd*20 <= len(head)
}
