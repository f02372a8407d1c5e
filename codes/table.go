package codes

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed codes.tsv
var codesTSV string

//go:embed win32.tsv
var win32TSV string

//go:embed sdk.tsv
var sdkTSV string

// name is one constant of the Windows SDK.
type name struct {
	value  uint32
	symbol string
}

// dictionary is the parsed form of the tables; it is built once and only read.
type dictionary struct {
	entries []Code            // in the order of codes.tsv
	byValue map[uint32]int    // index into entries
	aliases map[int][]string  // further names of an entry
	names   []name            // ordered by value; the first of a value is the preferred one
	symbols map[string]uint32 // every symbol in upper case
}

// dict parses the embedded tables on first use. A fault in them is a
// programmer's error that the tests find, so rows are taken as they are.
var dict = sync.OnceValue(func() *dictionary {
	d := &dictionary{byValue: map[uint32]int{}, aliases: map[int][]string{}}
	for row := range rows(codesTSV) {
		f := strings.Split(row, "\t")
		if len(f) != 8 || f[0] == "code" {
			continue
		}
		v, _ := strconv.ParseUint(f[0], 0, 32)
		c := Code{Value: uint32(v), Area: f[1], Meaning: f[3], Cause: f[4], Remedy: f[5], Source: f[6], Verified: f[7] == "yes"}
		if all := strings.Fields(f[2]); len(all) > 0 {
			c.Symbol = all[0]
			d.aliases[len(d.entries)] = all[1:]
		}
		d.byValue[c.Value] = len(d.entries)
		d.entries = append(d.entries, c)
	}
	d.names = slices.AppendSeq(d.names, names(win32TSV))
	d.names = slices.AppendSeq(d.names, names(sdkTSV))
	slices.SortStableFunc(d.names, func(a, b name) int { return compare(a.value, b.value) })
	d.symbols = make(map[string]uint32, len(d.names)+len(d.entries))
	for _, n := range d.names {
		d.symbols[strings.ToUpper(n.symbol)] = n.value
	}
	for i, c := range d.entries {
		for _, s := range append([]string{c.Symbol}, d.aliases[i]...) {
			if s != "" {
				d.symbols[strings.ToUpper(s)] = c.Value
			}
		}
	}
	return d
})

// rows yields the lines of a table that are not comments.
func rows(table string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for line := range strings.Lines(table) {
			line = strings.TrimRight(line, "\r\n")
			if line != "" && line[0] != '#' && !yield(line) {
				return
			}
		}
	}
}

// names yields the rows of a two-column table of names.
func names(table string) func(yield func(name) bool) {
	return func(yield func(name) bool) {
		for row := range rows(table) {
			hex, symbol, _ := strings.Cut(row, "\t")
			v, _ := strconv.ParseUint(hex, 16, 32)
			if !yield(name{uint32(v), symbol}) {
				return
			}
		}
	}
}

func compare(a, b uint32) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// symbol returns the preferred SDK name of v.
func (d *dictionary) symbol(v uint32) (string, bool) {
	i, ok := slices.BinarySearchFunc(d.names, v, func(n name, v uint32) int { return compare(n.value, v) })
	if !ok {
		return "", false
	}
	return d.names[i].symbol, true
}

// Lookup returns the entry of v, and whether there is one: a row of the
// dictionary, or a Windows SDK constant of exactly that value (its meaning is
// then its name in words).
func Lookup(v uint32) (Code, bool) {
	d := dict()
	if i, ok := d.byValue[v]; ok {
		return d.entries[i], true
	}
	if s, ok := d.symbol(v); ok {
		return Code{Value: v, Area: area(v), Symbol: s, Meaning: words(s), Source: "Windows SDK", Verified: true}, true
	}
	return Code{}, false
}

// prefixes are the beginnings of SDK names that say nothing in a sentence;
// longer ones first.
var prefixes = []string{"ERROR_WINHTTP_", "ERROR_INTERNET_", "ERROR_", "STATUS_"}

// words turns a symbol into words: "ERROR_FILE_NOT_FOUND" into "file not found".
func words(symbol string) string {
	s := symbol
	cut := false
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(s, p); ok {
			s, cut = rest, true
			break
		}
	}
	if !cut {
		if i := strings.Index("_"+s, "_E_"); i >= 0 && i+2 < len(s) {
			s = s[i+2:]
		} else if rest, ok := strings.CutPrefix(s, "S_"); ok {
			s = rest
		}
	}
	return strings.ToLower(strings.ReplaceAll(s, "_", " "))
}
