package etl

import (
	_ "embed"
	"encoding/hex"
	"strconv"
	"strings"
	"sync"
)

// fieldsTSV lists providers and the fields of their events; its head says how
// it reads and where it comes from.
//
//go:embed fields.tsv
var fieldsTSV string

// providersTSV names further providers.
//
//go:embed providers.tsv
var providersTSV string

// provider is one manifest-based provider of the table.
type provider struct {
	name    string
	layouts map[uint32][]field // by id and version<<16; a layout without fields is not nil
	names   map[uint32]string  // of events, by id
}

// providers parses the table on first use. A fault in it is a programmer's
// error that the tests find.
var providers = sync.OnceValue(func() map[GUID]*provider {
	all, _ := parseTable(fieldsTSV + providersTSV)
	return all
})

// types of the table.
var typeNames = map[string]field{
	"str": {in: inUnicode}, "ansi": {in: inANSI},
	"i8": {in: inInt8}, "u8": {in: inUInt8}, "i16": {in: inInt16}, "u16": {in: inUInt16},
	"i32": {in: inInt32}, "u32": {in: inUInt32}, "i64": {in: inInt64}, "u64": {in: inUInt64},
	"x32": {in: inHex32}, "x64": {in: inHex64}, "ptr": {in: inPointer},
	"f32": {in: inFloat}, "f64": {in: inDouble}, "bool": {in: inBool32},
	"guid": {in: inGUID}, "sid": {in: inSID}, "time": {in: inFiletime}, "systime": {in: inSystime},
	"bin": {in: inBinary, ref: restOfPayload},
}

// parseTable reads the table; it returns the lines that it does not understand.
func parseTable(tsv string) (all map[GUID]*provider, bad []string) {
	all = map[GUID]*provider{}
	var p *provider
	for line := range strings.Lines(tsv) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		cell := strings.Split(line, "\t")
		switch {
		case len(cell) == 2 && cell[0] != "":
			g, ok := parseGUID(cell[0])
			p = &provider{name: cell[1]}
			if !ok || all[g] != nil {
				bad = append(bad, line)
			}
			all[g] = p
		case len(cell) == 3 && cell[0] == "" && p != nil:
			if !p.add(cell[1], cell[2]) {
				bad = append(bad, line)
			}
		default:
			bad = append(bad, line)
		}
	}
	return all, bad
}

// add notes one list of fields for the events that have it.
func (p *provider) add(list, events string) bool {
	layout := []field{}
	if list != "-" {
		for item := range strings.SplitSeq(list, " ") {
			f, ok := parseField(item, layout)
			if !ok {
				return false
			}
			layout = append(layout, f)
		}
	}
	if p.layouts == nil {
		p.layouts = map[uint32][]field{}
	}
	for e := range strings.SplitSeq(events, " ") {
		e, name, named := strings.Cut(e, "=")
		id, version, _ := strings.Cut(e, "/")
		n, err := strconv.ParseUint(id, 10, 16)
		v := uint64(0)
		if version != "" && err == nil {
			v, err = strconv.ParseUint(version, 10, 8)
		}
		if _, twice := p.layouts[uint32(v<<16|n)]; err != nil || twice {
			return false
		}
		p.layouts[uint32(v<<16|n)] = layout
		if !named {
			continue
		}
		if p.names == nil {
			p.names = map[uint32]string{}
		}
		p.names[uint32(n)] = name
	}
	return true
}

// parseField reads "name:type", "name:bin[length]" or "name:type*count", where
// length and count are earlier fields or, length only, a number.
func parseField(item string, before []field) (field, bool) {
	name, typ, ok := strings.Cut(item, ":")
	ref, array, sized := "", false, false
	if t, r, found := strings.Cut(typ, "*"); found {
		typ, ref, array = t, r, true
	} else if t, r, found := strings.Cut(typ, "["); found {
		typ, ref, sized = t, strings.TrimSuffix(r, "]"), true
	}
	f, known := typeNames[typ]
	if !ok || !known || name == "" {
		return field{}, false
	}
	f.name, f.slot = name, len(before)
	if !array && !sized {
		return f, true
	}
	for i := range before {
		if before[i].name == ref && i < maxSlots {
			f.ref, f.sized = i, sized
			if array {
				f.array = arrayRef
			}
			return f, true
		}
	}
	return field{}, false
}

// parseGUID reads "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".
func parseGUID(s string) (g GUID, ok bool) {
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != 16 {
		return g, false
	}
	for i, j := range [16]int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15} {
		g[i] = b[j]
	}
	return g, true
}

// lookup names the record's provider and, of a manifest-based one, its event,
// where they are known.
func (d *decoder) lookup() {
	r := &d.rec
	p := d.table[r.Provider]
	if p != nil && r.Kind == Manifest {
		r.Name = p.names[r.ID]
	}
	if p == nil {
		p = d.learned[r.Provider]
	}
	if p != nil && r.ProviderName == "" {
		r.ProviderName = p.name
	}
}

// layout returns the fields of the record's event, as the trace describes it,
// or else the table. nil = not known.
func (d *decoder) layout() []field {
	r := &d.rec
	if p := d.learned[r.Provider]; p != nil {
		if l, ok := p.layouts[uint32(r.Version)<<16|r.ID]; ok {
			return l
		}
	}
	return layoutOf(d.table[r.Provider], r.ID, r.Version)
}

// layoutOf looks an event up in the table; of a version that it lacks, the
// next older one, since versions append fields.
func layoutOf(p *provider, id uint32, version uint8) []field {
	if p == nil {
		return nil
	}
	for v := int(version); v >= 0; v-- {
		if l, ok := p.layouts[uint32(v)<<16|id]; ok {
			return l
		}
	}
	return nil
}
