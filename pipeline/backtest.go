package pipeline

import (
	"context"
	"fmt"
	"slices"

	"debrief/index"
	"debrief/rules"
)

// Backtest is what a rule would have said of all cases of an archive.
type Backtest struct {
	Rule  string `json:"rule"`
	Cases int    `json:"cases"` // that it was evaluated on
	Fired int    `json:"fired"`
	// Undecided are the cases that lack the evidence.
	Undecided int          `json:"undecided"`
	Newly     []index.Case `json:"newly_fired"`     // fires, and did not in the judgement of the archive
	NoLonger  []index.Case `json:"no_longer_fired"` // fired there, and does not
	// Thinned are the cases of which records of long logs were not kept, such
	// as the rule may ask for.
	Thinned int `json:"thinned"`

	// What engineers said of the cases: those whose cause is known by it, and
	// is or is not what the rule says. RightMissed has the cause and the rule
	// does not fire.
	Known       int          `json:"known"`
	Right       []index.Case `json:"right"`
	WrongFired  []index.Case `json:"wrong"`
	RightMissed []index.Case `json:"missed"`

	Failed []BacktestFailure `json:"failed"`
}

// BacktestFailure is a case that could not be read.
type BacktestFailure struct {
	ID    index.CaseID `json:"id"`
	Error string       `json:"error"`
}

// Precision is the share of the cases it fires in, as far as their cause is
// known, that have this cause; ok is false where there is none.
func (b *Backtest) Precision() (share float64, ok bool) {
	return ratio(len(b.Right), len(b.Right)+len(b.WrongFired))
}

// Recall is the share of the cases known to have this cause that it fires in;
// ok is false where there is none.
func (b *Backtest) Recall() (share float64, ok bool) {
	return ratio(len(b.Right), len(b.Right)+len(b.RightMissed))
}

func ratio(part, whole int) (float64, bool) {
	if whole == 0 {
		return 0, false
	}
	return float64(part) / float64(whole), true
}

// BacktestOptions say how to test a rule.
type BacktestOptions struct {
	Workers int // 0 = one a core
	// Done is told of the progress, one call at a time; nil = nobody listens.
	Done func(done, total int)
}

// RunBacktest evaluates one rule of the set over all cases of an archive, as
// their events are kept there. Nothing is changed. It returns an error if the
// set has no such rule or ctx was cancelled; lists are in the order of Cases.
func RunBacktest(ctx context.Context, r index.Reader, set *rules.Set, id string, o BacktestOptions) (*Backtest, error) {
	if set.Rule(id) == nil {
		return nil, fmt.Errorf("testing rule %q: there is none", id)
	}
	alone := set.Only(func(r *rules.Rule) bool { return r.ID == id })
	all := r.Cases(index.CaseFilter{})
	verdicts := make([]rules.Verdict, len(all))
	thin, failed := make([]bool, len(all)), make([]error, len(all))
	err := sideBySide(ctx, Options{Workers: o.Workers}.workers(), len(all), o.Done, func(_ context.Context, i int) error {
		c, err := Reopen(r, all[i].ID)
		if err != nil {
			failed[i] = err
			return nil
		}
		verdicts[i], thin[i] = verdictOf(alone.Evaluate(c)), c.thinned()
		return nil
	})
	if err != nil {
		return nil, err
	}
	b := &Backtest{Rule: id, Newly: []index.Case{}, NoLonger: []index.Case{}, Right: []index.Case{}, WrongFired: []index.Case{}, RightMissed: []index.Case{}, Failed: []BacktestFailure{}}
	for i := range all {
		if failed[i] != nil {
			b.Failed = append(b.Failed, BacktestFailure{all[i].ID, failed[i].Error()})
			continue
		}
		b.count(&all[i], verdicts[i], thin[i])
	}
	return b, nil
}

// verdictOf is the strongest verdict of a result of one rule.
func verdictOf(res *rules.Result) rules.Verdict {
	v := rules.Silent
	for _, f := range res.Findings {
		switch f.Verdict {
		case rules.Fire:
			return rules.Fire
		case rules.Inconclusive:
			v = rules.Inconclusive
		}
	}
	return v
}

func (b *Backtest) count(c *index.Case, v rules.Verdict, thin bool) {
	b.Cases++
	if thin {
		b.Thinned++
	}
	fires, fired := v == rules.Fire, slices.Contains(c.Rules, b.Rule)
	switch {
	case fires:
		b.Fired++
	case v == rules.Inconclusive:
		b.Undecided++
	}
	switch {
	case fires && !fired:
		b.Newly = append(b.Newly, *c)
	case fired && !fires:
		b.NoLonger = append(b.NoLonger, *c)
	}
	has, known := trueCause(c, b.Rule)
	if !known {
		return
	}
	b.Known++
	switch {
	case has && fires:
		b.Right = append(b.Right, *c)
	case has:
		b.RightMissed = append(b.RightMissed, *c)
	case fires:
		b.WrongFired = append(b.WrongFired, *c)
	}
}

// trueCause tells by what an engineer said whether the rule is the cause of a
// case; known is false where nobody said it.
func trueCause(c *index.Case, rule string) (has, known bool) {
	switch {
	case c.Cause != "":
		return c.Cause == rule, true
	case c.Verdict == index.Confirmed, c.Verdict == index.Fixed:
		return slices.Contains(c.Causes, rule), len(c.Causes) > 0
	case c.Verdict == index.Wrong:
		// What was said is not the cause; what is, nobody said.
		return false, slices.Contains(c.Causes, rule)
	}
	return false, false
}
