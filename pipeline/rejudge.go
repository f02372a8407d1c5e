package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"debrief/event"
	"debrief/index"
	"debrief/rules"
)

// RejudgeOptions say how to judge archived cases anew. Rules must be set.
type RejudgeOptions struct {
	Options
	Rules  *rules.Set
	Engine string // version of debrief
	// Time bounds the work on one case; 0 = 15 minutes.
	Time time.Duration
	// Done is told of each case when it is settled, one call at a time; nil =
	// nobody listens.
	Done func(done, total int)
}

// Way says how a case came to its judgement.
type Way string

// The ways.
const (
	Stands   Way = "stands"    // the rules that changed say what they said
	Judged   Way = "judged"    // all rules were evaluated over the archived events
	ReadAnew Way = "read anew" // the files were read and judged again
)

// Opinion is what a judgement came to.
type Opinion struct {
	Outcome string   `json:"outcome"`
	Line    string   `json:"verdict"`
	Causes  []string `json:"causes,omitempty"`
}

// Rejudged is a case that was judged anew.
type Rejudged struct {
	ID     index.CaseID `json:"id"`
	Way    Way          `json:"way"`
	Before Opinion      `json:"before"`
	After  Opinion      `json:"after"`
	// Error is why the case could not be judged, or not read, anew.
	Error string `json:"error,omitempty"`
}

// Changed reports whether outcome or causes differ.
func (r *Rejudged) Changed() bool {
	return r.Before.Outcome != r.After.Outcome || !slices.Equal(r.Before.Causes, r.After.Causes)
}

// rulesState is the name under which an archive notes the rules of a set.
func rulesState(hash string) string { return "rules/" + hash }

// NoteRules notes in an archive which rules a set has, so that later ones can
// be told from those that changed.
func NoteRules(w index.Writer, set *rules.Set) error {
	name := rulesState(set.Hash())
	if _, err := w.View().State(name); !errors.Is(err, index.ErrNotFound) {
		return err
	}
	hashes := map[string]string{}
	for _, r := range set.Rules() {
		hashes[r.ID] = r.Hash()
	}
	b, err := json.Marshal(hashes)
	if err != nil {
		return fmt.Errorf("noting the rules: %w", err)
	}
	return w.PutState(name, b)
}

// change is what came between two rule sets. A nil change is not known.
type change struct {
	rules   map[string]bool // added, removed or edited
	changed *rules.Set      // of these, those that are there now
}

// changeSince compares the set with the one of that hash.
func changeSince(r index.Reader, old string, set *rules.Set) *change {
	b, err := r.State(rulesState(old))
	var before map[string]string
	if err != nil || json.Unmarshal(b, &before) != nil {
		return nil
	}
	c := &change{rules: map[string]bool{}}
	for id, hash := range before {
		if now := set.Rule(id); now == nil || now.Hash() != hash {
			c.rules[id] = true
		}
	}
	c.changed = set.Only(func(r *rules.Rule) bool {
		_, known := before[r.ID]
		if !known {
			c.rules[r.ID] = true
		}
		return c.rules[r.ID]
	})
	return c
}

// Rejudge brings the judgement of all cases of an archive to the rules and the
// version of today. Where only rules changed, only these are evaluated first,
// over the archived events; where they say what they said, the judgement
// stands. Another version of debrief reads the stored files again. A case that
// cannot be judged keeps its judgement, with the reason in its result, and is
// tried again the next time. The results are in the order of the ids. The error
// is that of a cancelled context, or of an archive that cannot be written to.
func Rejudge(ctx context.Context, w index.Writer, o RejudgeOptions) ([]Rejudged, error) {
	if err := NoteRules(w, o.Rules); err != nil {
		return nil, err
	}
	j := &rejudger{w: w, o: o, hash: o.Rules.Hash(), changes: map[string]*change{}}
	var todo []index.Case
	for _, c := range w.View().Cases(index.CaseFilter{}) {
		if c.RuleSet != j.hash || c.Engine != o.Engine {
			todo = append(todo, c)
			if _, known := j.changes[c.RuleSet]; !known {
				j.changes[c.RuleSet] = changeSince(w.View(), c.RuleSet, o.Rules)
			}
		}
	}
	slices.SortFunc(todo, func(a, b index.Case) int { return strings.Compare(string(a.ID), string(b.ID)) })
	out := make([]Rejudged, len(todo))
	err := sideBySide(ctx, o.workers(), len(todo), o.Done, func(ctx context.Context, i int) error {
		r, err := j.one(ctx, &todo[i])
		if err == nil {
			out[i] = r
		}
		return err
	})
	return out, errors.Join(err, j.confirm())
}

// sideBySide does the work on n things, several at once. done is told of the
// progress, one call at a time; nil = nobody listens. The first error ends it.
func sideBySide(ctx context.Context, workers, n int, done func(done, total int), work func(ctx context.Context, i int) error) error {
	var mu sync.Mutex
	finished := 0
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for i := range n {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := work(ctx, i); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			finished++
			if done != nil {
				done(finished, n)
			}
			return nil
		})
	}
	return g.Wait()
}

// rejudger is one run of Rejudge.
type rejudger struct {
	w       index.Writer
	o       RejudgeOptions
	hash    string
	changes map[string]*change // by the hash of the old set

	mu     sync.Mutex
	stands []index.CaseID
}

// confirm notes the judgements that stand, all in one write.
func (j *rejudger) confirm() error {
	slices.Sort(j.stands)
	return j.w.Confirm(j.stands, j.o.Engine, j.hash)
}

// one brings one case up to date. The error is for what ends the whole run.
func (j *rejudger) one(ctx context.Context, kept *index.Case) (r Rejudged, err error) {
	r = Rejudged{ID: kept.ID, Before: opinionOf(kept), After: opinionOf(kept)}
	limit := ticketTime(j.o.Time)
	one, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var fault error // of this case alone
	r.Way, fault, err = j.settle(one, kept)
	if err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		fault, err = fmt.Errorf("not finished within %s", limit), nil
	}
	if err == nil && errors.Is(fault, index.ErrBroken) {
		err = fault
	}
	if err != nil {
		return r, err
	}
	if fault != nil {
		r.Error = fault.Error()
	}
	now, err := j.w.View().Case(kept.ID)
	if err != nil {
		return r, err
	}
	r.After = opinionOf(&now)
	return r, nil
}

func opinionOf(c *index.Case) Opinion { return Opinion{c.Outcome, c.Line, c.Causes} }

// settle chooses the cheapest way that gives the judgement of a full run. fault
// is what is wrong with the case, err what is wrong with the run.
func (j *rejudger) settle(ctx context.Context, kept *index.Case) (way Way, fault, err error) {
	defer func() {
		if p := recover(); p != nil {
			fault = fmt.Errorf("debrief gave up: %v", p)
		}
	}()
	var c *Case
	if kept.Engine == j.o.Engine {
		if c, err = Reopen(j.w.View(), kept.ID); err != nil {
			return "", err, nil
		}
		if !c.thinned() {
			stands, err := j.stillStands(c, kept)
			if err != nil {
				return "", err, nil
			}
			if stands {
				return Stands, nil, nil
			}
			return Judged, nil, j.judge(c, kept.ID)
		}
	}
	fault, err = j.readAnew(ctx, kept)
	if err != nil {
		return "", fault, err
	}
	if fault == nil {
		return ReadAnew, nil, nil
	}
	if c == nil {
		if c, err = Reopen(j.w.View(), kept.ID); err != nil {
			return "", errors.Join(fault, err), nil
		}
	}
	return Judged, fault, j.judge(c, kept.ID)
}

// thinned reports whether records of the case were not kept: a rule that
// changed may ask for them.
func (c *Case) thinned() bool {
	return slices.ContainsFunc(c.coverage, func(f event.Coverage) bool { return f.Thinned > 0 })
}

// stillStands evaluates the rules that changed, and reports whether the
// judgement stands: neither now nor before did they have anything to say that
// others are joined with, or that the verdict speaks of. It then notes what
// they say now.
func (j *rejudger) stillStands(c *Case, kept *index.Case) (bool, error) {
	change := j.changes[kept.RuleSet]
	if change == nil {
		return false, nil
	}
	stored, err := j.w.View().Findings(kept.ID)
	if err != nil {
		return false, err
	}
	left, err := LeftoversOf(j.w.View(), kept.ID)
	if errors.Is(err, index.ErrNotFound) {
		return false, nil // archived by an early debrief
	}
	if err != nil {
		return false, err
	}
	res := change.changed.Evaluate(c)
	healedBefore := slices.DeleteFunc(slices.Clone(left.Healed), func(id string) bool { return !change.rules[id] })
	if !slices.Equal(healedBefore, healed(res)) {
		return false, nil
	}
	var before, after, others []index.Finding
	for _, f := range stored {
		if change.rules[f.Rule] {
			before = append(before, f)
		} else {
			others = append(others, f)
		}
	}
	for _, f := range res.Findings {
		if f.Verdict != rules.Silent {
			after = append(after, finding(f, change.changed, false, nil))
		}
	}
	decided := func(f index.Finding) bool { return f.Verdict != rules.Inconclusive.String() }
	switch {
	case slices.ContainsFunc(before, decided) || slices.ContainsFunc(after, decided):
		return false, nil
	case slices.EqualFunc(before, after, func(f, g index.Finding) bool { return reflect.DeepEqual(unversioned(f), unversioned(g)) }):
		j.mu.Lock()
		defer j.mu.Unlock()
		j.stands = append(j.stands, kept.ID)
		return true, nil
	case kept.Outcome == rules.OutcomeInconclusive.String():
		return false, nil // its line says what to collect, which depends on what is open
	}
	all := append(others, after...)
	slices.SortStableFunc(all, func(f, g index.Finding) int { return strings.Compare(f.Rule, g.Rule) })
	return true, j.w.Judge(kept.ID, index.Judgement{Outcome: kept.Outcome, Line: kept.Line, Engine: j.o.Engine, Rules: j.hash, Findings: all})
}

// unversioned is a finding without what tells only the text of its rule.
func unversioned(f index.Finding) index.Finding {
	f.Version, f.Hash = "", ""
	return f
}

// judge evaluates all rules over the archived case.
func (j *rejudger) judge(c *Case, id index.CaseID) error {
	said, left := judgement(c, j.o.Rules, c.Judge(j.o.Rules), j.o.Engine)
	b, err := left.blob()
	if err != nil {
		return err
	}
	// The judgement comes last: until it is there the case is not settled.
	if err := j.w.PutBlob(id, LeftoversBlob, b); err != nil {
		return err
	}
	return j.w.Judge(id, said)
}

// readAnew reads the stored files of a case and puts it in its own place.
func (j *rejudger) readAnew(ctx context.Context, kept *index.Case) (fault, err error) {
	opts := j.o.Options
	opts.Rules, opts.Progress = j.o.Rules, nil
	if opts.Workers == 0 {
		opts.Workers = 1 // the cases keep the cores busy
	}
	c, fault := ReadArchived(ctx, j.w.View(), kept.ID, opts)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if fault != nil {
		return fmt.Errorf("not read anew: %w", fault), nil
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	s, err := Submission(c, j.o.Rules, c.Judge(j.o.Rules), j.o.Engine, kept.Added)
	if err != nil {
		return nil, err
	}
	if s.ID() != kept.ID {
		return errors.New("not read anew: its stored files are not the whole case"), nil
	}
	s.Name, s.Replace = kept.Name, true
	_, _, err = j.w.Add(ctx, s)
	return nil, err
}
