package parsers

import (
	"encoding/binary"
	"errors"
	"path"
	"strings"

	"debrief/event"
)

// hiveParser reads registry hives as Windows keeps them (SOFTWARE, SYSTEM,
// NTUSER.DAT) and as reg save writes them, with the facts of registry exports:
//
//	"regf" header of 4096 bytes: sequence numbers, root key, name of the hive
//	cells behind it: nk = key, vk = value, lf lh li ri = lists of keys, db = long data
//
// The place of a fact is the offset of its cell. The hive's own name or that of
// the file tells where it hangs in the registry; a key that was saved alone
// hangs nowhere and goes by its own name. The control set in use is called
// CurrentControlSet.
//
// Passed over are what no enrolment writes to and fills most of a hive (classes,
// component servicing, drivers), and SAM and SECURITY, which hold secrets.
// Changes that stand in the log files beside a hive are not applied.
//
// Source: "Windows registry file format specification" of Maxim Suhanov.
func hiveParser() Parser {
	return Parser{
		Name:    "hive",
		Doc:     "registry hives (regf)",
		Version: "1",
		Match:   func(in *Input) bool { return strings.HasPrefix(string(in.Head(4)), "regf") },
		Parse:   parseHive,
	}
}

const (
	hiveHeader = 0x1000
	// hiveDepth is how deep keys nest in Windows.
	hiveDepth = 512
	// hiveWork is how many bytes of paths, names and data are handled for one of
	// the file, before it is taken to refer to the same cells over and over.
	hiveWork = 48
)

// hiveMounts are the hives of a device by the end of their own name.
var hiveMounts = []struct{ name, key string }{
	{"software", `HKLM\SOFTWARE`},
	{"system", `HKLM\SYSTEM`},
	{"components", `HKLM\COMPONENTS`},
	{"drivers", `HKLM\DRIVERS`},
	{"default", `HKU\.DEFAULT`},
	{"ntuser.dat", `HKCU`},
	{"usrclass.dat", `HKCU\SOFTWARE\Classes`},
}

// hivePassed are keys that are passed over with all beneath them.
var hivePassed = []string{
	`HKLM\SOFTWARE\Classes`, `HKLM\SOFTWARE\WOW6432Node\Classes`, `HKCU\SOFTWARE\Classes`, `HKLM\COMPONENTS`, `HKLM\DRIVERS`,
	`HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing`,
	`HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\SideBySide`,
	`HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Installer\UserData`,
	`HKLM\SYSTEM\DriverDatabase`,
}

// hive is one pass over a hive.
type hive struct {
	in      *Input
	out     *Output
	cover   regCover
	seen    []uint64 // a bit for each place that a key may be at
	work    int      // bytes that may still be handled
	stopped bool
	current string // name of the control set in use
}

func parseHive(in *Input, out *Output) error {
	if len(in.Data) >= 32 && binary.LittleEndian.Uint32(in.Data[28:]) != 0 {
		out.Problem(event.Remark, event.Pos{File: in.Path}, "a log of changes to a hive; it is not applied")
		return nil
	}
	if len(in.Data) < hiveHeader+8 {
		return errors.New("the hive is cut off in its header")
	}
	out.Cover(event.Reg)
	name := strings.ToLower(path.Base(strings.ReplaceAll(wideText(in.Data[48:48+64]), `\`, "/")))
	name, _, _ = strings.Cut(name, "\x00")
	file := strings.ToLower(path.Base(in.Path))
	for _, secret := range []string{"sam", "security"} {
		if name == secret || file == secret || file == secret+".hiv" {
			out.Problem(event.Remark, event.Pos{File: in.Path}, "the hive holds secrets and is not read")
			return nil
		}
	}
	if binary.LittleEndian.Uint32(in.Data[4:]) != binary.LittleEndian.Uint32(in.Data[8:]) {
		out.Problem(event.Remark, event.Pos{File: in.Path}, "the hive was copied while it was written; its last changes may stand in the log files beside it")
	}
	h := hive{in: in, out: out, seen: make([]uint64, len(in.Data)/512+1), work: hiveWork*len(in.Data) + 1<<20}
	root := binary.LittleEndian.Uint32(in.Data[36:])
	h.findControlSet(root)
	h.key(root, h.mount(name, file), 0)
	out.Cover(h.cover.sources()...)
	return nil
}

// mount is the key that the root of the hive is.
func (h *hive) mount(names ...string) string {
	for _, name := range names {
		for _, m := range hiveMounts {
			if name == m.name || strings.TrimSuffix(name, path.Ext(name)) == m.name {
				return m.key
			}
		}
	}
	return ""
}

// cell returns the content of the cell at an offset from the header. What is
// wrong with it goes to the problems.
func (h *hive) cell(off uint32, what string) []byte {
	at := int64(off) + hiveHeader
	if off%8 != 0 || at+8 > int64(len(h.in.Data)) {
		h.damage(min(at, int64(len(h.in.Data))), what+" lies outside the hive")
		return nil
	}
	size := -int64(int32(binary.LittleEndian.Uint32(h.in.Data[at:])))
	if size < 8 || size > int64(len(h.in.Data))-at {
		h.damage(at, what+" is not there or is cut off")
		return nil
	}
	return h.in.Data[at+4 : at+size]
}

func (h *hive) damage(at int64, text string) {
	h.out.Problem(event.Damage, event.Pos{File: h.in.Path, Offset: at}, text)
}

// spend takes bytes off the work that may still be done.
func (h *hive) spend(n int) bool {
	if h.work -= n; h.work < 0 && !h.stopped {
		h.stopped = true
		h.out.Problem(event.Limit, event.Pos{File: h.in.Path}, "the hive refers to the same cells over and over; the rest is not read")
	}
	return !h.stopped
}

// node returns the cell of a key.
func (h *hive) node(off uint32) []byte {
	c := h.cell(off, "a key")
	if c == nil {
		return nil
	}
	if len(c) < 76 || c[0] != 'n' || c[1] != 'k' {
		h.damage(int64(off)+hiveHeader, "a key is not one")
		return nil
	}
	return c
}

// nodeName is the name of a key or value, of which length and text stand in its
// cell at these places; plain names have a byte a character.
func (h *hive) nodeName(c []byte, length, text int, plain bool) (string, bool) {
	n := int(binary.LittleEndian.Uint16(c[length:]))
	if n > len(c)-text || !h.spend(n) {
		return "", false
	}
	raw := c[text : text+n]
	if !plain {
		return wideText(raw), true
	}
	for _, b := range raw {
		if b >= 0x80 {
			runes := make([]rune, len(raw))
			for i, b := range raw {
				runes[i] = rune(b)
			}
			return string(runes), true
		}
	}
	return string(raw), true
}

// key makes the facts of a key and of all beneath it. parent is its own path
// for the root.
func (h *hive) key(off uint32, parent string, depth int) {
	if h.stopped || !h.first(off) {
		return
	}
	c := h.node(off)
	if c == nil {
		return
	}
	at := int64(off) + hiveHeader
	name, ok := h.nodeName(c, 72, 76, c[2]&0x20 != 0)
	if !ok {
		h.damage(at, "the name of a key is cut off")
		return
	}
	key := parent
	switch {
	case depth > 0 && strings.EqualFold(parent, `HKLM\SYSTEM`) && strings.EqualFold(name, h.current):
		key += `\CurrentControlSet`
	case depth > 0 && parent != "":
		key += `\` + name
	case parent == "":
		key = name
	}
	if depth > hiveDepth {
		h.damage(at, "keys are nested too deep")
		return
	}
	for _, p := range hivePassed {
		if strings.EqualFold(key, p) {
			return
		}
	}
	if !h.spend(len(key) + 64) {
		return
	}
	h.cover.see(key)
	h.out.Facts = append(h.out.Facts, event.Fact{Name: "reg", Key: key, Kind: event.FactKey, Pos: event.Pos{File: h.in.Path, Offset: at}})
	if n := binary.LittleEndian.Uint32(c[36:]); n > 0 {
		h.values(key, binary.LittleEndian.Uint32(c[40:]), n)
	}
	if binary.LittleEndian.Uint32(c[20:]) > 0 {
		h.children(binary.LittleEndian.Uint32(c[28:]), key, depth, true)
	}
}

// first reports whether the place is met for the first time: a key has one
// parent.
func (h *hive) first(off uint32) bool {
	i := int(off / 8)
	if i/64 >= len(h.seen) {
		return true // which cell says as well
	}
	if h.seen[i/64]&(1<<(i%64)) != 0 {
		h.damage(int64(off)+hiveHeader, "a key has two parents")
		return false
	}
	h.seen[i/64] |= 1 << (i % 64)
	return true
}

// children reads a list of keys, which may be one of lists.
func (h *hive) children(off uint32, key string, depth int, lists bool) {
	c := h.cell(off, "a list of keys")
	if c == nil {
		return
	}
	width := 4
	switch kind := string(c[:2]); {
	case kind == "lf" || kind == "lh":
		width = 8
	case kind == "li", kind == "ri" && lists:
	default:
		h.damage(int64(off)+hiveHeader, "a list of keys is not one")
		return
	}
	n := int(binary.LittleEndian.Uint16(c[2:]))
	if most := (len(c) - 4) / width; n > most {
		h.damage(int64(off)+hiveHeader, "a list of keys is cut off")
		n = most
	}
	for i := range n {
		if !h.spend(width) {
			return
		}
		child := binary.LittleEndian.Uint32(c[4+i*width:])
		if c[0] == 'r' {
			h.children(child, key, depth, false)
		} else {
			h.key(child, key, depth+1)
		}
	}
}
