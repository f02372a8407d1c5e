package rules

import (
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// minLiteral is the shortest literal worth searching for.
const minLiteral = 3

// maxLiterals bounds the alternatives a regexp may be searched by.
const maxLiterals = 64

// requiredLiterals returns lower-case literals of which every match of the
// regexp contains at least one, or nil where there are none of use.
func requiredLiterals(expr string) []string {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil
	}
	lits := literalsOf(re.Simplify())
	if shortest(lits) < minLiteral {
		return nil
	}
	slices.Sort(lits)
	return slices.Compact(lits)
}

// requiredSets returns sets of lower-case literals: every match of the regexp
// contains at least one of each. To look for them all costs a fraction of the
// expression, which has to be run only where none is missing.
func requiredSets(expr string) [][]string {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil
	}
	return setsOf(re.Simplify(), nil)
}

// leastInSet is the shortest literal that can rule a text out.
const leastInSet = 2

func setsOf(re *syntax.Regexp, to [][]string) [][]string {
	switch re.Op {
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			to = setsOf(sub, to)
		}
	case syntax.OpCapture, syntax.OpPlus:
		to = setsOf(re.Sub[0], to)
	case syntax.OpRepeat:
		if re.Min > 0 {
			to = setsOf(re.Sub[0], to)
		}
	case syntax.OpLiteral, syntax.OpAlternate:
		if lits := literalsOf(re); shortest(lits) >= leastInSet {
			to = append(to, lits)
		}
	}
	return to
}

// literalsOf walks the syntax tree; nil = this part promises no literal.
func literalsOf(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		if s := longestASCII(re.Rune); s != "" {
			return []string{s}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return literalsOf(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return literalsOf(re.Sub[0])
		}
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if lits := literalsOf(sub); better(lits, best) {
				best = lits
			}
		}
		return best
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			lits := literalsOf(sub)
			if len(lits) == 0 || len(all)+len(lits) > maxLiterals {
				return nil
			}
			all = append(all, lits...)
		}
		return all
	}
	return nil
}

// longestASCII returns the longest run of ASCII in r, in lower case. Other
// letters fold in ways that the literal search does not know.
func longestASCII(r []rune) string {
	var best, run []byte
	for i := 0; i <= len(r); i++ {
		if i < len(r) && r[i] < utf8.RuneSelf {
			run = append(run, lowerByte(byte(r[i])))
			continue
		}
		if len(run) > len(best) {
			best = run
		}
		run = nil
	}
	return string(best)
}

// better prefers the set whose shortest literal is longer, and of those the smaller set.
func better(a, b []string) bool {
	if len(a) == 0 {
		return false
	}
	sa, sb := shortest(a), shortest(b)
	return sa > sb || sa == sb && len(a) < len(b)
}

func shortest(lits []string) int {
	if len(lits) == 0 {
		return 0
	}
	n := len(lits[0])
	for _, l := range lits {
		n = min(n, len(l))
	}
	return n
}
