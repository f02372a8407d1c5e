package nightly

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"debrief/index"
	"debrief/rules"
)

// Problem is what a rule with across says: many devices of one group have its
// finding within a time, so they have one reason in common.
type Problem struct {
	CauseNote
	Known
	To      string   `json:"to,omitempty"` // what the rule makes of it, e.g. problem-record
	Group   []Member `json:"group"`        // what they have in common; none = nothing but the finding
	Devices int      `json:"devices"`
	// First and Last bound the dates of the cases.
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
}

// Member is one value that the devices of a problem share.
type Member struct {
	Name  string `json:"name"` // of rules.AcrossGroups
	Value string `json:"value"`
}

// key tells problems apart from one look to the next.
func (p *Problem) key() string {
	parts := []string{p.Rule}
	for _, m := range p.Group {
		parts = append(parts, m.Name+"="+m.Value)
	}
	return strings.Join(parts, "|")
}

// problems gathers the findings of all rules with across. Of a problem that was
// reported before, nothing is said unless more devices have it.
func (l *look) problems() error {
	var across []*rules.Rule
	for _, r := range l.o.Rules.Rules() {
		if r.Across != nil && r.Status != "deprecated" {
			across = append(across, r)
		}
	}
	grouped, err := l.grouped(across)
	if err != nil {
		return err
	}
	for _, r := range across {
		groups := grouped[r.ID]
		for _, key := range slices.Sorted(maps.Keys(groups)) {
			g := groups[key]
			from, to := busiest(g.cases, r.Across.Window)
			p := Problem{CauseNote: CauseNote{Rule: r.ID, Title: r.Title}, To: r.Across.To, Group: g.members, Devices: devices(g.cases[from:to])}
			if p.Devices < r.Across.Least {
				continue
			}
			p.First, p.Last = date(g.cases[from]), date(g.cases[to-1])
			for i := to - 1; i >= from; i-- {
				p.Cases, p.More = named(p.Cases, p.More, g.cases[i])
			}
			if p.Known = tell(l.mem.Problems, p.key(), p.Devices, l.o.Now); p.New() || p.Devices > p.Before {
				l.out.Problems = append(l.out.Problems, p)
			}
		}
	}
	slices.SortStableFunc(l.out.Problems, func(a, b Problem) int { return cmp.Compare(b.Devices, a.Devices) })
	return nil
}

// group is the cases that share the values of a rule's groups, the earliest
// first.
type group struct {
	members []Member
	cases   []*index.Case
}

// grouped divides, for each of the rules, the cases in which it fired. A case
// belongs to several groups where its findings have several values, to none
// where a value is not known.
func (l *look) grouped(list []*rules.Rule) (map[string]map[string]*group, error) {
	out := make(map[string]map[string]*group, len(list))
	across := make(map[string]*rules.Across, len(list))
	for _, r := range list {
		out[r.ID], across[r.ID] = map[string]*group{}, r.Across
	}
	for i := range l.cases {
		c := &l.cases[i]
		if !slices.ContainsFunc(c.Rules, func(id string) bool { return across[id] != nil }) {
			continue
		}
		findings, err := l.view.Findings(c.ID)
		if err != nil {
			return nil, err
		}
		for n := range findings {
			f := &findings[n]
			if across[f.Rule] == nil || f.Verdict != rules.Fire.String() {
				continue
			}
			groups := out[f.Rule]
			for _, members := range membersOf(f, across[f.Rule].GroupBy) {
				key := fmt.Sprintf("%q", members)
				g := groups[key]
				if g == nil {
					g = &group{members: members}
					groups[key] = g
				}
				if len(g.cases) == 0 || g.cases[len(g.cases)-1] != c {
					g.cases = append(g.cases, c)
				}
			}
		}
	}
	for _, groups := range out {
		for _, g := range groups {
			slices.SortStableFunc(g.cases, func(a, b *index.Case) int {
				return cmp.Or(date(a).Compare(date(b)), strings.Compare(string(a.ID), string(b.ID)))
			})
		}
	}
	return out, nil
}

// membersOf lists the groups that a finding belongs to.
func membersOf(f *index.Finding, by []string) [][]Member {
	out := [][]Member{{}}
	for _, name := range by {
		var values []string
		switch name {
		case "instance":
			values = []string{f.Instance}
		case "code":
			for _, c := range f.Codes {
				values = append(values, fmt.Sprintf("0x%08x", c))
			}
		default:
			values = []string{f.Keys[name]}
		}
		var next [][]Member
		for _, have := range out {
			for _, v := range values {
				if v != "" {
					next = append(next, append(slices.Clone(have), Member{name, v}))
				}
			}
		}
		out = next
	}
	return out
}

// busiest finds the stretch of cases, ordered by date, that lies within the
// window and has the most devices; the latest of equals. No window = all.
func busiest(cases []*index.Case, window time.Duration) (from, to int) {
	if window <= 0 {
		return 0, len(cases)
	}
	best, start := 0, 0
	count := map[string]int{}
	for end := range cases {
		count[device(cases[end])]++
		for date(cases[end]).Sub(date(cases[start])) > window {
			d := device(cases[start])
			if count[d]--; count[d] == 0 {
				delete(count, d)
			}
			start++
		}
		if len(count) >= best {
			best, from, to = len(count), start, end+1
		}
	}
	return from, to
}
