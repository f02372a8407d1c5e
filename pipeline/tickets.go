package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Ticket is the evidence of one support ticket on disk: a file or a folder.
type Ticket struct {
	Path   string // as it can be opened
	Name   string // base name
	Number string // number of the ticket, as far as the name tells it; empty = none
	// Print tells whether the evidence changed: a hash of the names, sizes and
	// dates of its files. Empty = it could not be looked at.
	Print string
}

// ticketNumber are the forms of ticket numbers in names of files and folders:
// INC0012345, REQ 4711, SR-123456, #123456. Sources: the defaults of ServiceNow
// and of common help desks.
var ticketNumber = regexp.MustCompile(`(?i)(?:^|[^a-z0-9])((?:INC|REQ|RITM|TASK|PRB|CHG|CASE|SR|CS)[-_ ]?\d{4,}|#\d{4,})(?:[^0-9]|$)`)

// Tickets lists the tickets in folders: every file and every folder directly in
// one of dirs is a ticket. A file given in place of a folder is a ticket itself.
// Hidden entries are none. It returns an error if a folder cannot be listed.
func Tickets(dirs []string) ([]Ticket, error) {
	var out []Ticket
	for _, dir := range dirs {
		info, err := os.Stat(dir)
		if err != nil {
			return nil, fmt.Errorf("looking for tickets: %w", err)
		}
		if !info.IsDir() {
			out = append(out, newTicket(dir))
			continue
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, fmt.Errorf("looking for tickets: %w", err)
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), ".") && (e.IsDir() || e.Type().IsRegular()) {
				out = append(out, newTicket(filepath.Join(dir, e.Name())))
			}
		}
	}
	return out, nil
}

func newTicket(path string) Ticket {
	t := Ticket{Path: path, Name: filepath.Base(path)}
	if m := ticketNumber.FindStringSubmatch(t.Name); m != nil {
		t.Number = strings.ToUpper(strings.NewReplacer("-", "", "_", "", " ", "", "#", "").Replace(m[1]))
	}
	t.Print, _ = fingerprint(path) // what cannot be looked at is read, and then told
	return t
}

// fingerprint hashes names, sizes and dates of the files under a path.
func fingerprint(root string) (string, error) {
	h := sha256.New()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%q %d %d\n", filepath.ToSlash(rel), info.Size(), info.ModTime().UnixNano())
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("looking at %q: %w", root, err)
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}

// Arrivals tells tickets that have arrived from those that are still being
// copied. The zero value has seen nothing.
type Arrivals struct {
	before map[string]string // print of each ticket at the look before, by path
	done   map[string]bool   // prints of those that are done
}

// Ready returns those of the tickets that have not changed since the look
// before and are not done.
func (a *Arrivals) Ready(tickets []Ticket) []Ticket {
	now := make(map[string]string, len(tickets))
	var out []Ticket
	for _, t := range tickets {
		now[t.Path] = t.Print
		if t.Print != "" && a.before[t.Path] == t.Print && !a.done[t.Print] {
			out = append(out, t)
		}
	}
	a.before = now
	return out
}

// Done notes that tickets need not be looked at again as they are.
func (a *Arrivals) Done(tickets []Ticket) {
	if a.done == nil {
		a.done = map[string]bool{}
	}
	for _, t := range tickets {
		a.done[t.Print] = true
	}
}
