package rules

import "strings"

// lowerByte folds ASCII only: product names and codes are ASCII, and folding
// more would make one text longer than the other.
func lowerByte(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// lowerASCII lowers A-Z and allocates only where there are some.
func lowerASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				b[i] = lowerByte(b[i])
			}
			return string(b)
		}
	}
	return s
}

func equalFold(a, b string) bool {
	return len(a) == len(b) && hasPrefixFold(a, b)
}

func hasPrefixFold(s, prefix string) bool {
	if len(s) < len(prefix) {
		return false
	}
	for i := 0; i < len(prefix); i++ {
		if lowerByte(s[i]) != lowerByte(prefix[i]) {
			return false
		}
	}
	return true
}

func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && hasPrefixFold(s[len(s)-len(suffix):], suffix)
}

// containsFold reports whether s contains sub, which is in lower case.
func containsFold(s, sub string) bool {
	if sub == "" {
		return true
	}
	lo, up := sub[0], sub[0]
	if lo >= 'a' && lo <= 'z' {
		up -= 'a' - 'A'
	}
	for i := 0; i+len(sub) <= len(s); {
		j := strings.IndexByte(s[i:], lo)
		if up != lo {
			// The nearer of both cases; the search for the second stops at the first.
			window := s[i:]
			if j >= 0 {
				window = window[:j]
			}
			if k := strings.IndexByte(window, up); k >= 0 {
				j = k
			}
		}
		if j < 0 {
			return false
		}
		i += j
		if hasPrefixFold(s[i:], sub) {
			return true
		}
		i++
	}
	return false
}

// maxGlobSteps bounds one match of a glob against a hostile name.
const maxGlobSteps = 1 << 18

// glob matches pattern, in lower case, against s in any case. `*` stands for
// any run without a backslash, `**` for any run, `?` for one character other
// than a backslash. One restart point of each kind is enough: a single star
// never leaves its level, and the last double star can always take more.
func glob(pattern, s string) bool {
	p, i := 0, 0
	starP, starI := -1, 0
	deepP, deepI := -1, 0
	for range maxGlobSteps {
		switch {
		case strings.HasPrefix(pattern[p:], "**"):
			p += 2
			deepP, deepI = p, i
			starP = -1
		case p < len(pattern) && pattern[p] == '*':
			p++
			starP, starI = p, i
		case i < len(s) && p < len(pattern) && (pattern[p] == lowerByte(s[i]) || pattern[p] == '?' && s[i] != '\\'):
			p++
			i++
		case i == len(s) && p == len(pattern):
			return true
		case starP >= 0 && starI < len(s) && s[starI] != '\\':
			starI++
			p, i = starP, starI
		case deepP >= 0 && deepI < len(s):
			deepI++
			p, i = deepP, deepI
			starP = -1
		default:
			return false
		}
	}
	return false
}

// anyGlob makes the pattern for a text that has no levels: `*` is any run.
func anyGlob(pattern string) string {
	for strings.Contains(pattern, "**") {
		pattern = strings.ReplaceAll(pattern, "**", "*")
	}
	return strings.ReplaceAll(lowerASCII(pattern), "*", "**")
}

func isGlob(s string) bool { return strings.ContainsAny(s, "*?") }

// globPrefix is the part of a pattern before its first wildcard.
func globPrefix(pattern string) string {
	if i := strings.IndexAny(pattern, "*?"); i >= 0 {
		return pattern[:i]
	}
	return pattern
}
