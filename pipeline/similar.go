package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"debrief/index"
	"debrief/rules"
)

// Traits are what a case is compared by: its root causes, the rules that fired,
// the error codes of their findings, and the errors that no rule explains.
type Traits struct {
	weight map[string]float64 // by "cause:…", "rule:…", "code:…", "error:…"
	shapes map[string]string  // of errors, for people
}

// How much the kinds of traits say: the cause is what an engineer looks for,
// the rest is how it shows.
var traitWeight = map[string]float64{"cause": 3, "code": 1.5, "error": 1.5, "rule": 1}

func newTraits(findings []index.Finding, left *Leftovers) *Traits {
	t := &Traits{weight: map[string]float64{}, shapes: map[string]string{}}
	add := func(kind, value string) { t.weight[kind+":"+value] = traitWeight[kind] }
	for i := range findings {
		f := &findings[i]
		if f.Verdict != rules.Fire.String() {
			continue
		}
		if f.Root {
			add("cause", f.Rule)
		} else {
			add("rule", f.Rule)
		}
		for _, c := range f.Codes {
			add("code", fmt.Sprintf("0x%08x", c))
		}
	}
	for i := range left.Kinds {
		k := &left.Kinds[i]
		name := fmt.Sprintf("%s %s %d %#x", k.Source, k.Provider, k.ID, k.Code)
		if k.ID == 0 {
			name = fmt.Sprintf("%s %#x %s", k.Source, k.Code, k.Shape)
		}
		add("error", name)
		t.shapes["error:"+name] = k.Text
	}
	return t
}

// TraitsOf are those of an archived case.
func TraitsOf(r index.Reader, id index.CaseID) (*Traits, error) {
	findings, err := r.Findings(id)
	if err != nil {
		return nil, err
	}
	left, err := LeftoversOf(r, id)
	if errors.Is(err, index.ErrNotFound) {
		left, err = &Leftovers{}, nil // archived by an early debrief
	}
	if err != nil {
		return nil, err
	}
	return newTraits(findings, left), nil
}

// Traits are those of a case that is in no archive.
func (c *Case) Traits(set *rules.Set, result *rules.Result) *Traits {
	said, left := judgement(c, set, result, "")
	return newTraits(said.Findings, left)
}

// Alike is an archived case and how much of another it has.
type Alike struct {
	index.Case
	// Likeness is from 0 (nothing in common) to 1 (all that both have).
	Likeness float64 `json:"likeness"`
	// Shared is what they have in common, the most telling first.
	Shared []Trait `json:"shared"`
}

// Trait is one thing that cases have in common.
type Trait struct {
	Kind  string `json:"kind"` // cause, rule, code, error
	Value string `json:"value"`
	Cases int    `json:"cases"` // of the archive that have it
}

// Similar ranks the cases of an archive by what they share with the traits: the
// cosine of the two sets, in which a trait counts by its kind and the more the
// fewer cases have it. At most n are returned, none without anything in common,
// and not the case of the id but; damaged cases are left out and counted. step
// is told of the progress.
func Similar(ctx context.Context, r index.Reader, to *Traits, but index.CaseID, n int, step func(done, total int64)) (list []Alike, damaged int, err error) {
	all := r.Cases(index.CaseFilter{})
	traits := make([]*Traits, len(all))
	have := map[string]int{}
	for i := range all {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		step(int64(i), int64(len(all)))
		if traits[i], err = TraitsOf(r, all[i].ID); err != nil {
			damaged++
			continue
		}
		for name := range traits[i].weight {
			have[name]++
		}
	}
	rare := func(t *Traits, name string) float64 {
		return t.weight[name] * math.Log(1+float64(len(all)+1)/float64(have[name]+1))
	}
	length := func(t *Traits) float64 {
		sum := 0.0
		for _, name := range slices.Sorted(maps.Keys(t.weight)) { // in one order, so that sums are the same
			sum += rare(t, name) * rare(t, name)
		}
		return math.Sqrt(sum)
	}
	mine := length(to)
	for i, t := range traits {
		if t == nil || all[i].ID == but {
			continue
		}
		a := Alike{Case: all[i]}
		sum := 0.0
		var shared []string
		for _, name := range slices.Sorted(maps.Keys(t.weight)) {
			if _, ok := to.weight[name]; ok {
				sum += rare(to, name) * rare(t, name)
				shared = append(shared, name)
			}
		}
		if len(shared) == 0 {
			continue
		}
		a.Likeness = min(1, sum/(mine*length(t)))
		slices.SortStableFunc(shared, func(x, y string) int { return cmp.Compare(rare(to, y), rare(to, x)) })
		for _, name := range shared {
			kind, value, _ := strings.Cut(name, ":")
			if text := to.shapes[name]; text != "" {
				value = text
			}
			a.Shared = append(a.Shared, Trait{kind, value, have[name]})
		}
		list = append(list, a)
	}
	slices.SortStableFunc(list, func(a, b Alike) int {
		return cmp.Or(cmp.Compare(b.Likeness, a.Likeness), cmp.Compare(said(&b), said(&a))) // else the latest first
	})
	return list[:min(len(list), n)], damaged, nil
}

// said ranks cases by what engineers said of them: a fix is what helps.
func said(a *Alike) int {
	switch {
	case a.Fix != "":
		return 2
	case a.Verdict != index.NoVerdict:
		return 1
	}
	return 0
}
