package index

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"debrief/event"
)

// compareCases puts the latest collection first.
func compareCases(a, b *Case) int {
	return cmp.Or(b.Collected.Compare(a.Collected), strings.Compare(string(a.ID), string(b.ID)))
}

// match reports whether the filter chooses the case; hasFile answers for File.
func (f *CaseFilter) match(c *Case, hasFile func(hash string) bool) bool {
	like := func(pattern string, values ...string) bool {
		if pattern == "" {
			return true
		}
		pattern = strings.ToLower(pattern)
		return slices.ContainsFunc(values, func(v string) bool { return event.Like(pattern, v) })
	}
	switch {
	case len(f.IDs) > 0 && !slices.Contains(f.IDs, c.ID),
		!like(f.Device, c.Device, c.Serial), !like(f.Ticket, c.Ticket), !like(f.OS, c.OS),
		!like(f.Rule, c.Rules...), !like(f.Cause, c.Causes...), !like(f.Tag, c.Tags...), !like(f.Outcome, c.Outcome),
		f.Verdict != NoVerdict && f.Verdict != c.Verdict,
		!f.CollectedFrom.IsZero() && c.Collected.Before(f.CollectedFrom),
		!f.CollectedUntil.IsZero() && !c.Collected.Before(f.CollectedUntil),
		!f.AddedFrom.IsZero() && c.Added.Before(f.AddedFrom),
		!f.AddedUntil.IsZero() && !c.Added.Before(f.AddedUntil),
		f.NotRuleSet != "" && f.NotRuleSet == c.RuleSet && (f.NotEngine == "" || f.NotEngine == c.Engine),
		f.NotRuleSet == "" && f.NotEngine != "" && f.NotEngine == c.Engine,
		f.File != "" && !hasFile(f.File):
		return false
	}
	return true
}

// resolve is Reader.Resolve over a list of cases.
func resolve(cases []Case, name string) (CaseID, error) {
	lower := strings.ToLower(name)
	asID := len(name) >= 4
	for _, same := range []func(*Case) bool{
		func(c *Case) bool { return string(c.ID) == lower },
		func(c *Case) bool { return asID && strings.HasPrefix(string(c.ID), lower) },
		func(c *Case) bool { return c.Ticket != "" && strings.EqualFold(c.Ticket, name) },
		func(c *Case) bool { return strings.EqualFold(c.Name, name) },
	} {
		var found []CaseID
		for i := range cases {
			if same(&cases[i]) {
				found = append(found, cases[i].ID)
			}
		}
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) > 1 {
			return "", fmt.Errorf("finding case %q: %w: %s", name, ErrAmbiguous, joinIDs(found))
		}
	}
	return "", fmt.Errorf("finding case %q: %w", name, ErrNotFound)
}

func joinIDs(ids []CaseID) string {
	const most = 5
	var parts []string
	for i, id := range ids {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more", len(ids)-most))
			break
		}
		parts = append(parts, string(id))
	}
	return strings.Join(parts, ", ")
}

// caseID names a submission by the content of its files. The first element of
// a path is the name of what was given, and does not count: the same bundle
// under another name is the same case.
func caseID(files []File) CaseID {
	lines := make([]string, len(files))
	for i, f := range files {
		_, inside, _ := strings.Cut(f.Path, "/")
		lines[i] = fmt.Sprintf("%q %s %d\n", inside, f.Hash, f.Size)
	}
	slices.Sort(lines)
	h := sha256.New()
	for _, l := range lines {
		h.Write([]byte(l))
	}
	return CaseID(hex.EncodeToString(h.Sum(nil)[:8]))
}

// ID is the id that the case will have.
func (s *Submission) ID() CaseID { return caseID(s.Files) }

// newCase makes the case of a submission; counts of events are left to the
// engine.
func newCase(s *Submission) Case {
	c := Case{
		ID: caseID(s.Files), Name: s.Name, Roots: slices.Clone(s.Roots), Ticket: s.Ticket, Device: s.Device, Serial: s.Serial, OS: s.OS,
		Collected: s.Collected.UTC(), Added: s.Added.UTC(), Files: len(s.Files), Facts: len(s.Facts), Tags: tagList(s.Tags),
	}
	for _, f := range s.Files {
		c.RawBytes += f.Size
	}
	c.Lost = slices.ContainsFunc(s.Coverage, func(f event.Coverage) bool { return f.Status.Lost() })
	c.judge(&s.Judgement)
	return c
}

// judge takes over what a judgement says.
func (c *Case) judge(j *Judgement) {
	c.Outcome, c.Line, c.Engine, c.RuleSet = j.Outcome, j.Line, j.Engine, j.Rules
	c.Causes, c.Rules = nil, nil
	for i := range j.Findings {
		f := &j.Findings[i]
		if f.Verdict != "" && f.Verdict != "fire" {
			continue
		}
		c.Rules = append(c.Rules, f.Rule)
		if f.Root {
			c.Causes = append(c.Causes, f.Rule)
		}
	}
	c.Rules, c.Causes = tagList(c.Rules), tagList(c.Causes)
}

// tagList sorts a list and leaves out what is empty or there twice.
func tagList(list []string) []string {
	out := slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" })
	slices.Sort(out)
	return slices.Compact(out)
}

// keep takes over from an earlier version of the case what people said of it.
func (c *Case) keep(old *Case) {
	c.Added = old.Added
	c.Tags = tagList(append(slices.Clone(old.Tags), c.Tags...))
	c.Notes, c.Verdict, c.Fix, c.Cause = old.Notes, old.Verdict, old.Fix, old.Cause
	if c.Ticket == "" {
		c.Ticket = old.Ticket
	}
}

// annotate takes over an annotation.
func (c *Case) annotate(a *Annotation) {
	tags := tagList(append(slices.Clone(c.Tags), a.AddTags...))
	c.Tags = slices.DeleteFunc(tags, func(t string) bool { return slices.Contains(a.RemoveTags, t) })
	c.Notes = append(slices.Clone(c.Notes), a.Notes...)
	for _, set := range []struct{ to, from *string }{{&c.Ticket, a.Ticket}, {&c.Fix, a.Fix}, {&c.Cause, a.Cause}} {
		if set.from != nil {
			*set.to = *set.from
		}
	}
	if a.Verdict != nil {
		c.Verdict = *a.Verdict
	}
}

// see widens the times of the case.
func (c *Case) see(e *event.Event) {
	c.Events++
	if e.Time.IsZero() {
		return
	}
	t := boundTime(e.Time)
	if c.First.IsZero() || t.Before(c.First) {
		c.First = t
	}
	if t.After(c.Last) {
		c.Last = t
	}
}

// check refuses a submission that no archive can keep.
func (s *Submission) check() error {
	for _, f := range s.Files {
		if _, ok := parseKey(f.Hash); f.Hash != "" && !ok {
			return fmt.Errorf("adding %q: the file %q has the hash %q, which is no SHA-256", s.Name, f.Path, f.Hash)
		}
	}
	return nil
}

// check refuses a verdict that is none.
func (a *Annotation) check() error {
	if a.Verdict != nil && *a.Verdict != NoVerdict && *a.Verdict != Confirmed && *a.Verdict != Wrong && *a.Verdict != Fixed {
		return fmt.Errorf("annotating: unknown verdict %q: use confirmed, wrong, fixed or nothing", *a.Verdict)
	}
	return nil
}
