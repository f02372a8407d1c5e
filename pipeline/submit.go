package pipeline

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"debrief/codes"
	"debrief/event"
	"debrief/index"
	"debrief/ingest"
	"debrief/rules"
)

// problemsBlob is the name under which the problems that ingest had with a case
// are archived, as a JSON list of event.Problem: reading its files again does
// not show them.
const problemsBlob = "ingest"

// Submission makes of a case, and of what the rules said of it, what an archive
// takes. engine is the version of debrief, now the time that the archive notes.
// The case must keep its content (Options.Keep) and must not be closed before
// the archive has taken it.
func Submission(c *Case, set *rules.Set, result *rules.Result, engine string, now time.Time) (*index.Submission, error) {
	s := &index.Submission{
		Name: c.Name(), Roots: slices.Clone(c.Roots), Added: now,
		Device: c.fact("device.name"), Serial: c.fact("device.serial"), OS: c.fact("os.build"),
		Collected: c.collected(), Events: c.Events(), Facts: c.facts, Coverage: c.coverage,
	}
	var left *Leftovers
	s.Judgement, left = judgement(c, set, result, engine)
	if ubr := c.fact("os.ubr"); s.OS != "" && ubr != "" {
		s.OS += "." + ubr
	}
	for i := range c.files {
		f := &c.files[i]
		file := index.File{Path: f.Path, Hash: f.Hash, Size: f.Size}
		if f.Hash != "" {
			file.Open = func() (io.ReadCloser, error) { return openFile(f) }
		}
		s.Files = append(s.Files, file)
	}
	story, err := json.Marshal(c.timeline)
	if err != nil {
		return nil, fmt.Errorf("writing the story: %w", err)
	}
	s.Blobs = map[string][]byte{storyBlob: story}
	if s.Blobs[LeftoversBlob], err = left.blob(); err != nil {
		return nil, err
	}
	if len(c.problems) > 0 {
		if s.Blobs[problemsBlob], err = json.Marshal(c.problems); err != nil {
			return nil, fmt.Errorf("writing the problems: %w", err)
		}
	}
	return s, nil
}

// openFile opens the content of a file from its beginning.
func openFile(f *ingest.File) (io.ReadCloser, error) {
	in, err := contentOf(f)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(in, 0, f.Size), in}, nil
}

// judgement makes of a rule result what an archive keeps of it. Silent rules
// are left out: the hash of the rule set says that they were asked.
func judgement(c *Case, set *rules.Set, result *rules.Result, engine string) (index.Judgement, *Leftovers) {
	view := View(c, set, result, engine)
	j := index.Judgement{Outcome: result.Verdict.String(), Line: view.Verdict.Line(), Engine: engine, Rules: set.Hash()}
	keys := c.keys()
	for _, f := range result.Findings {
		if f.Verdict != rules.Silent {
			j.Findings = append(j.Findings, finding(f, set, slices.Contains(result.Roots, f), keys))
		}
	}
	return j, leftoversOf(result, view)
}

func finding(f *rules.Finding, set *rules.Set, root bool, keys map[string]string) index.Finding {
	out := index.Finding{
		Rule: f.Rule, Version: f.Version, Verdict: f.Verdict.String(), Role: f.Role.String(), Impact: f.Impact.String(),
		Root: root, Session: f.Session, When: f.First, Until: f.Last, Title: f.Title, Message: f.Message, Instance: f.Instance,
		Explains: f.Symptoms, ExplainedBy: f.ExplainedBy,
	}
	if r := set.Rule(f.Rule); r != nil {
		out.Hash = r.Hash()
	}
	for _, a := range f.Missing {
		out.Missing = append(out.Missing, string(a.Source))
	}
	if f.Verdict != rules.Fire {
		return out
	}
	out.Confidence, out.Keys = f.Confidence.String(), keys
	text := []string{f.Message}
	for _, q := range f.Evidence {
		out.Evidence = append(out.Evidence, q.Pos)
		text = append(text, q.Text)
	}
	out.Codes = codes.Find(strings.Join(text, "\n"))
	return out
}

// keys are what findings of several cases are grouped by.
func (c *Case) keys() map[string]string {
	out := map[string]string{}
	for key, name := range map[string]string{
		"tenant": "autopilot.tenant-id", "profile": "autopilot.profile", "os": "os.build", "model": "device.model", "manufacturer": "device.manufacturer",
	} {
		if v := c.fact(name); v != "" {
			out[key] = v
		}
	}
	return out
}

// fact returns the text of the first fact of that name; empty = none.
func (c *Case) fact(name string) string {
	i, ok := slices.BinarySearchFunc(c.facts, name, func(f event.Fact, name string) int { return strings.Compare(f.Name, name) })
	if !ok {
		return ""
	}
	return c.facts[i].Text
}

// collected is when the evidence was collected: as the collection states it,
// else the time of its last event; zero = neither is known.
func (c *Case) collected() time.Time {
	var last time.Time
	for i := range c.facts {
		if f := &c.facts[i]; f.Name == "collection.time" && f.Time.After(last) {
			last = f.Time
		}
	}
	if !last.IsZero() {
		return last
	}
	for i := range c.events {
		if t := c.events[i].Time; t.After(last) {
			last = t
		}
	}
	return last
}
