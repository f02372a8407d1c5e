// Package synth makes complete, plausible collections of Windows devices from
// scenario descriptions: the cabinet of mdmdiagnosticstool (registry dump,
// event logs, profile, metadata), the logs of ccmsetup, of the ConfigMgr
// client and of the task sequence, and Intune's "Collect diagnostics"
// archives. It feeds the demonstration, the end-to-end goldens and the load
// tests.
//
// A scenario is data: who the device is (a seed), and a story, which is a list
// of effects. Building tells the story to a device, effect by effect; each
// moves the device's clock on and leaves its traces. Then the traces are cut
// off at the moment of collection, mixed with ordinary noise, and rendered
// file by file, one Go file a kind of log.
//
// Every name, identifier and person is made up from the seed; the same
// scenario gives the same bytes on every machine. Shapes and message texts are
// those of the products, from Microsoft's documentation and from observed
// collections of 2020 to 2026; where the products' own wording is not known,
// the text is kept minimal.
//
// It writes no ETL traces, and knows nothing of parsers or rules.
package synth

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// File is one file of a collection.
type File struct {
	Name string // "/"-separated
	Data []byte
	// Time is the moment of its last change, UTC by the device's clock;
	// containers that know no zone show the device's wall clock.
	Time time.Time
}

// Build makes the collection in memory, sorted by name.
func Build(s Scenario) ([]File, error) {
	d := newDevice(s)
	files, err := d.pack()
	if err != nil {
		return nil, fmt.Errorf("building scenario %q: %w", s.Name, err)
	}
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
	return files, nil
}

// Write makes the collection as a folder named after the scenario beneath
// dir. It returns an error if that folder exists, so that two collections
// never mix.
func Write(dir string, s Scenario) (err error) {
	files, err := Build(s)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("writing scenario %q: %w", s.Name, err)
	}
	if err := os.Mkdir(filepath.Join(dir, s.Name), 0o755); err != nil {
		return fmt.Errorf("writing scenario %q: %w", s.Name, err)
	}
	root, err := os.OpenRoot(filepath.Join(dir, s.Name))
	if err != nil {
		return fmt.Errorf("writing scenario %q: %w", s.Name, err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	for _, f := range files {
		if err := writeFile(root, f); err != nil {
			return fmt.Errorf("writing %q of scenario %q: %w", f.Name, s.Name, err)
		}
	}
	return nil
}

func writeFile(root *os.Root, f File) error {
	name := filepath.FromSlash(f.Name)
	if i := strings.LastIndex(f.Name, "/"); i >= 0 {
		if err := root.MkdirAll(filepath.FromSlash(f.Name[:i]), 0o755); err != nil {
			return err
		}
	}
	if err := root.WriteFile(name, f.Data, 0o644); err != nil {
		return err
	}
	return root.Chtimes(name, f.Time, f.Time)
}

// diagnostics are the members of the mdmdiagnosticstool cabinet, by name.
func (d *device) diagnostics() ([]File, error) {
	files, err := d.exportChannels()
	if err != nil {
		return nil, err
	}
	files = append(files, d.textFiles()...)
	if f := d.logs[agentLog]; f != nil {
		files = append(files, File{Name: agentLog, Data: f.render(d), Time: f.last(d)})
	}
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return files, nil
}

// beside are the ccmsetup and ConfigMgr logs that are gathered by hand.
func (d *device) beside() []File {
	var out []File
	for _, path := range sortedKeys(d.logs) {
		if path == agentLog {
			continue
		}
		f := d.logs[path]
		if data := f.render(d); !f.last(d).IsZero() { // nothing was written before the collection
			out = append(out, File{Name: path, Data: data, Time: f.last(d)})
		}
	}
	for _, f := range d.files {
		if strings.Contains(f.name, "/") {
			out = append(out, File{Name: f.name, Data: []byte(f.data), Time: d.collected})
		}
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
