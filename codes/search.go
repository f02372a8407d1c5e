package codes

import "strings"

// maxResults bounds the answer of Search.
const maxResults = 200

// Search returns the entries in which every word of the query occurs, in any
// case: in value, area, symbol, meaning, cause or remedy. A query that is a
// code gives that code first. Rows of the dictionary come before mere names of
// the Windows SDK; both in the order of their tables; at most 200.
func Search(query string) []Code {
	var found []Code
	seen := map[uint32]bool{}
	add := func(c Code) {
		if !seen[c.Value] && len(found) < maxResults {
			seen[c.Value] = true
			found = append(found, c)
		}
	}
	if v, err := Parse(query); err == nil {
		add(Describe(v))
	}
	want := strings.Fields(strings.ToLower(query))
	if len(want) == 0 {
		return found
	}
	d := dict()
	for i, c := range d.entries {
		text := strings.Join([]string{c.number(), Hex(c.Value), c.Area, c.Symbol, strings.Join(d.aliases[i], " "), c.Meaning, c.Cause, c.Remedy}, " ")
		if containsAll(strings.ToLower(text), want) {
			add(c)
		}
	}
	for _, n := range d.names {
		if len(found) == maxResults {
			break
		}
		if !seen[n.value] && containsAll(strings.ToLower(n.symbol+" "+words(n.symbol)), want) {
			c, _ := Lookup(n.value)
			add(c)
		}
	}
	return found
}

func containsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}
