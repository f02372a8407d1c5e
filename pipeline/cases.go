package pipeline

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"debrief/event"
	"debrief/ingest"
	"debrief/parsers"
)

// CaseBy says how the files of one call are divided into cases.
type CaseBy uint8

const (
	// ByDevice makes one case a device, and one case of all where no two
	// devices are named. It is the zero value.
	ByDevice CaseBy = iota
	// ByPath makes one case a path that was given.
	ByPath
	// ByNothing makes one case of all, whatever the evidence says.
	ByNothing
)

var caseByNames = [...]string{"device", "path", "none"}

// ParseCaseBy returns the division of that name; "auto" is device. It returns
// an error for any other name.
func ParseCaseBy(name string) (CaseBy, error) {
	if name == "auto" {
		return ByDevice, nil
	}
	if i := slices.Index(caseByNames[:], name); i >= 0 {
		return CaseBy(i), nil
	}
	return 0, fmt.Errorf("unknown division %q: use auto, device, path or none", name)
}

// group is the files of one case, as indexes into the files of the call.
type group struct {
	device string // name and serial number; empty = not known
	folder string // the folder they have in common
	files  []int
}

// name is what a case of several is called: its device, else its folder.
func (g group) name() string {
	switch {
	case g.device != "":
		return g.device
	case g.folder != "" && g.folder != ".":
		return g.folder
	}
	return "files of no known device"
}

// divide deals the files out to cases.
//
// A device is known by what a collection says of it (device.name, device.serial),
// never by the computer name of event logs: that changes during OOBE. The
// folder or archive that holds such a file is one collection, so one device.
// Other files belong to the collection that shares most of their path; a file
// that two devices have equal claim to belongs to neither and makes a case of
// its own.
func divide(files []ingest.File, outputs []*parsers.Output, by CaseBy) []group {
	all := make([]int, len(files))
	for i := range all {
		all[i] = i
	}
	switch by {
	case ByNothing:
		return []group{{files: all}}
	case ByPath:
		return divideByRoot(files)
	}
	collections := findCollections(files, outputs)
	devices := map[string]bool{}
	for _, c := range collections {
		devices[c.device] = true
	}
	if len(devices) < 2 {
		return []group{{files: all}}
	}
	return deal(files, collections)
}

func divideByRoot(files []ingest.File) []group {
	var out []group
	for i := range files {
		root, _, _ := strings.Cut(files[i].Path, "/")
		if len(out) == 0 || out[len(out)-1].folder != root {
			out = append(out, group{folder: root})
		}
		g := &out[len(out)-1]
		g.files = append(g.files, i)
	}
	return out
}

// collection is a folder whose device is named by a file in it.
type collection struct {
	folder, name, serial string
	device               string // what the device is called in all its collections
}

// findCollections lists the collections in the order of their folders.
func findCollections(files []ingest.File, outputs []*parsers.Output) []collection {
	found := map[string]*collection{}
	var out []*collection
	for i := range files {
		for _, f := range outputs[i].Facts {
			if f.Name != "device.name" && f.Name != "device.serial" || f.Text == "" {
				continue
			}
			folder := path.Dir(files[i].Path)
			c := found[folder]
			if c == nil {
				c = &collection{folder: folder}
				found[folder] = c
				out = append(out, c)
			}
			if f.Name == "device.name" {
				c.name = f.Text
			} else {
				c.serial = f.Text
			}
		}
	}
	list := make([]collection, len(out))
	for i, c := range out {
		list[i] = *c
	}
	slices.SortFunc(list, func(a, b collection) int { return strings.Compare(a.folder, b.folder) })
	for i := range list {
		list[i].device = strings.TrimSpace(list[i].name + " " + list[i].serial)
		for _, earlier := range list[:i] {
			if earlier.sameDevice(list[i]) {
				list[i].device = earlier.device
				break
			}
		}
	}
	return list
}

// sameDevice compares serial numbers where both are known, since a device can
// be renamed between two collections, and names elsewhere.
func (c collection) sameDevice(d collection) bool {
	if c.serial != "" && d.serial != "" {
		return strings.EqualFold(c.serial, d.serial)
	}
	return c.name != "" && strings.EqualFold(c.name, d.name)
}

// deal gives each file to the device whose collection is nearest by path.
func deal(files []ingest.File, collections []collection) []group {
	index := map[string]int{}
	var out []group
	add := func(device string, i int) {
		g, known := index[device]
		if !known {
			g = len(out)
			index[device] = g
			out = append(out, group{device: device, folder: path.Dir(files[i].Path)})
		}
		out[g].files = append(out[g].files, i)
		for out[g].folder != "." && !strings.HasPrefix(files[i].Path, out[g].folder+"/") {
			out[g].folder = path.Dir(out[g].folder)
		}
	}
	for i := range files {
		add(nearest(files[i].Path, collections), i)
	}
	return out
}

// nearest is the device whose collection shares most folders with the file;
// empty where none shares any, or two devices share the same number.
func nearest(file string, collections []collection) string {
	best, device := 0, ""
	for _, c := range collections {
		switch n := sharedFolders(file, c.folder); {
		case n > best:
			best, device = n, c.device
		case n == best && c.device != device:
			device = ""
		}
	}
	return device
}

func sharedFolders(file, folder string) int {
	a, b := strings.Split(path.Dir(file), "/"), strings.Split(folder, "/")
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] && a[n] != "." {
		n++
	}
	return n
}

// owns reports whether a problem at that path concerns the group: it lies in
// its folder, or encloses it.
func (g group) owns(p event.Problem) bool {
	file := p.Pos.File
	return g.folder == "" || g.folder == "." || file == g.folder || strings.HasPrefix(file, g.folder+"/") || strings.HasPrefix(g.folder, file+"/")
}
