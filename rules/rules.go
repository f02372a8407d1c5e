// Package rules turns evidence into verdicts. A rule pack is a set of YAML
// files, one rule each, in the language of docs/rules.md; Load reads them
// strictly into a Set, and Set.Evaluate judges a Source with it: every rule
// fires, stays silent or is inconclusive, each with its evidence and its
// reasons, and the fired ones are joined into a graph of causes.
//
// The package parses no logs, derives no intervals and renders no reports. It
// never takes "not collected" for "not there": absence counts only where
// coverage is proven. A Set is immutable after loading and may be shared by
// goroutines; nothing here reads the clock, the file system (but for
// LoadDirs) or global state.
package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// Set is a loaded rule pack. Its zero value holds no rule. It is immutable.
type Set struct {
	rules    []*Rule // ordered by id
	byID     map[string]*Rule
	dispatch *dispatcher
	joined   map[string]bool // variables that some edge joins on
	part     bool            // of another set: which records no rule speaks of is not known
}

// Rules lists the rules ordered by id. The caller owns the slice, not the rules.
func (s *Set) Rules() []*Rule { return slices.Clone(s.rules) }

// Rule returns the rule of that id, or nil.
func (s *Set) Rule(id string) *Rule { return s.byID[id] }

// Len is the number of rules.
func (s *Set) Len() int { return len(s.rules) }

// Hash names the exact content of the set: the first 16 hex digits of a SHA-256
// over the ids and the bytes of all rule files, in the order of their ids.
func (s *Set) Hash() string {
	h := sha256.New()
	for _, r := range s.rules {
		h.Write([]byte(r.ID))
		h.Write(r.digest[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Only returns the set of those rules of s that keep chooses. What a rule says
// of a case does not depend on the others; which findings explain which does,
// and which records no rule speaks of: its results have no leftovers.
func (s *Set) Only(keep func(*Rule) bool) *Set {
	out := newSet(slices.DeleteFunc(s.Rules(), func(r *Rule) bool { return !keep(r) }))
	out.part = true
	return out
}

// newSet orders the rules and builds the index that events are matched with.
func newSet(rules []*Rule) *Set {
	slices.SortFunc(rules, func(a, b *Rule) int { return strings.Compare(a.ID, b.ID) })
	s := &Set{rules: rules, byID: make(map[string]*Rule, len(rules)), joined: map[string]bool{}}
	for _, r := range rules {
		s.byID[r.ID] = r
		for _, edge := range r.Explains {
			for _, name := range edge.Join {
				s.joined[name] = true
			}
		}
	}
	s.dispatch = newDispatcher(rules)
	return s
}

// Rule is one loaded rule. Only Load makes one.
type Rule struct {
	ID, Version, Title, Description, Author string
	Status                                  string // experimental, test, stable, deprecated
	// Verified is false where no public source or real log confirms the rule.
	Verified       bool
	Area           []string
	References     []string
	FalsePositives []string
	Role           Role
	Impact         Impact
	Scope          string // session, device, case, app, user
	Needs          []Need
	Explains       []Edge
	Supersedes     []string // ids and globs
	// Outranks are ids and globs of causes that stand behind this one in the
	// choice of the root, although it does not explain them: an unsupported
	// scenario comes before a fault of the network.
	Outranks []string
	Across   *Across
	Tests    []Test
	File     string // where it was loaded from
	Line     int

	each         *varRef
	applies      *cond
	signals      []*signal
	when         *cond
	unless       []*cond
	contributing []contribution
	confidence   ladder
	keep         []ref
	before       int // lines of context before a quote
	after        int
	message      *template
	table        *tableSpec
	remedy       []remedyStep
	place        place
	byName       map[string]*signal
	nearOnly     bool              // nothing but closeness in time speaks for it
	remarks      []*LoadError      // what lint says about the text of the rule
	digest       [sha256.Size]byte // of the file's bytes
}

// perSession reports whether the rule is evaluated once for each session.
func (r *Rule) perSession() bool { return r.Scope != "device" && r.Scope != "case" }

// Need is a source without which a rule cannot be judged.
type Need struct {
	Sources   []string // one of them is enough; globs allowed
	Optional  bool
	IfMissing string // what to ask for; empty = the source's standing advice
}

// Edge says that the finding of one rule is why another's is there.
type Edge struct {
	Rule  string   // id, or a glob that covers symptoms only
	Join  []string // variables that must share a value in both rules
	Order string   // before, overlaps, any
	place place
}

// Across is the archive-wide view of a rule: so many cases of one group within
// a time are one problem. It is for those who hold an archive; Evaluate does not
// read it.
type Across struct {
	GroupBy []string      // of AcrossGroups; none = all cases are one group
	Window  time.Duration // 0 = any time
	Least   int           // how many cases make a problem
	To      string        // what it becomes, e.g. problem-record
}

// AcrossGroups are what the cases of a rule with Across can be grouped by.
func AcrossGroups() []string {
	return []string{"tenant", "profile", "os", "model", "manufacturer", "instance", "code"}
}

// Hash names the exact text of the rule: the first 16 hex digits of the SHA-256
// of its file.
func (r *Rule) Hash() string { return hex.EncodeToString(r.digest[:8]) }

// Step is one thing to do about a finding.
type Step struct {
	Do, Verify, Audience, Risk string
}

type remedyStep struct {
	Step
	when *cond
}

type contribution struct {
	cond *cond
	say  *template
}

type tableSpec struct {
	from    ref
	columns []string
	sort    string // variable; a leading "-" = descending
	limit   int
}

// ladder is how sure a rule is, and what moves that.
type ladder struct {
	base  Confidence
	raise [Proven + 1][]*cond // any of the list lifts to that level
	limit [Proven + 1][]*cond // any of the list caps at that level
}
