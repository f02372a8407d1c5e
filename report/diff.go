package report

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"debrief/event"
	"debrief/redact"
	"debrief/timeline"
)

// DiffSchema is the value of Diff.Schema.
const DiffSchema = "debrief.diff/1"

// DiffSide is one case of a comparison.
type DiffSide struct {
	Name     string
	Timeline *timeline.Timeline
	Facts    []event.Fact
	Coverage []event.Coverage
	Events   iter.Seq[*event.Event]
}

// Diff is a comparison of a case with healthy ones, ready to be shown. Strings
// are safe to print on a terminal; slices are never null.
type Diff struct {
	Schema string   `json:"schema"`
	Good   []string `json:"good"`
	Bad    string   `json:"bad"`
	// Notes say what limits the comparison: evidence that one side lacks.
	Notes []string `json:"notes"`
	// Steps are the intervals that differ, the most telling first.
	Steps     []DiffStep `json:"steps"`
	MoreSteps int        `json:"more_steps"`
	// Facts are the settings and properties that differ.
	Facts     []DiffFact `json:"facts"`
	MoreFacts int        `json:"more_facts"`
	// Records are the kinds of warnings and errors that only the case at hand
	// has, the most frequent first.
	Records     []DiffRecord `json:"records"`
	MoreRecords int          `json:"more_records"`
	// Redacted is as in a View.
	Redacted string `json:"redacted"`
}

// Redact replaces what identifies somebody in all texts of the comparison.
func (d *Diff) Redact(r *redact.Redactor) {
	r.Apply(d)
	d.Redacted = r.Summary()
}

// DiffStep is one interval that differs.
type DiffStep struct {
	Change string   `json:"change"` // result, missing, slower, new
	Label  string   `json:"label"`
	Good   DiffSpan `json:"good"` // of several healthy cases the median one
	Bad    DiffSpan `json:"bad"`
	Seen   int      `json:"seen"` // healthy cases that have it
}

// DiffSpan is one side of a DiffStep; without State and Duration it is not there.
type DiffSpan struct {
	State    string   `json:"state"`
	Code     string   `json:"code"`
	Duration Duration `json:"duration"`
	Places   []Place  `json:"places"`
}

// DiffFact is one fact that differs.
type DiffFact struct {
	Name   string  `json:"name"`
	Good   string  `json:"good"` // several values are joined by "; "; empty = none
	Bad    string  `json:"bad"`
	Places []Place `json:"places"` // of both sides
}

// DiffRecord is one kind of records.
type DiffRecord struct {
	Source string `json:"source"`
	Text   string `json:"text"` // of the first record
	Count  int    `json:"count"`
	When   Moment `json:"when"`
	Place  Place  `json:"place"`
}

const (
	maxDiffSteps   = 60
	maxDiffFacts   = 60
	maxDiffRecords = 20
)

// NewDiff compares a case with healthy ones. good has at least one.
func NewDiff(good []DiffSide, bad DiffSide) *Diff {
	d := &Diff{Schema: DiffSchema, Good: []string{}, Bad: line(bad.Name), Steps: []DiffStep{}}
	timelines := make([]*timeline.Timeline, len(good))
	for i := range good {
		d.Good = append(d.Good, line(good[i].Name))
		timelines[i] = good[i].Timeline
	}
	d.Notes = diffNotes(good, &bad)
	steps := timeline.Compare(timelines, bad.Timeline)
	for i := range steps[:min(len(steps), maxDiffSteps)] {
		s := &steps[i]
		label := s.Bad
		if label == nil {
			label = s.Good
		}
		d.Steps = append(d.Steps, DiffStep{Change: string(s.Change), Label: spanLabel(label), Good: diffSpan(s.Good), Bad: diffSpan(s.Bad), Seen: s.Seen})
	}
	d.MoreSteps = len(steps) - len(d.Steps)
	d.Facts, d.MoreFacts = diffFacts(good, &bad)
	show, _ := newClock(bad.Timeline)
	d.Records, d.MoreRecords = show.diffRecords(good, &bad)
	return d
}

func diffSpan(s *timeline.Span) DiffSpan {
	if s == nil {
		return DiffSpan{Places: []Place{}}
	}
	open := s.End.IsZero() && s.State != timeline.StateNotStarted
	return DiffSpan{State: string(s.State), Code: code(s.Code), Duration: duration(s.Duration(), open), Places: places(s.Evidence)}
}

// diffNotes says which sources only one side covers: what they would show
// cannot be compared.
func diffNotes(good []DiffSide, bad *DiffSide) []string {
	covered := func(s *DiffSide) map[event.Source]bool {
		out := map[event.Source]bool{}
		for i := range s.Coverage {
			for _, src := range s.Coverage[i].Sources {
				out[src] = true
			}
		}
		return out
	}
	mine, all := covered(bad), map[event.Source]int{}
	for i := range good {
		for src := range covered(&good[i]) {
			all[src]++
		}
	}
	var onlyGood, onlyBad []string
	for _, info := range event.Sources() {
		switch n := all[info.Source]; {
		case n == len(good) && !mine[info.Source]:
			onlyGood = append(onlyGood, info.Title)
		case n == 0 && mine[info.Source]:
			onlyBad = append(onlyBad, info.Title)
		}
	}
	out := []string{}
	if len(onlyGood) > 0 {
		out = append(out, "Only the healthy side has: "+strings.Join(onlyGood, "; ")+". What is called missing may only not have been collected.")
	}
	if len(onlyBad) > 0 {
		out = append(out, "Only the case at hand has: "+strings.Join(onlyBad, "; ")+". What is called new may only not have been collected from the healthy side.")
	}
	return out
}

// diffNames are the facts worth comparing: settings and properties, not
// identities, times and what differs on every device.
var diffNames = []string{
	"os.build", "os.ubr", "os.edition", "os.product", "device.manufacturer", "device.model", "tpm.version", "tpm.manufacturer", "tpm.ready-attestation", "tpm.ready-storage",
	"autopilot.profile", "autopilot.profile-empty", "autopilot.domain-join-method", "autopilot.oobe-config", "autopilot.tenant-domain", "autopilot.tenant-matched", "autopilot.device-prep",
	"session.flow", "session.join", "session.outcome", "esp.timeout-minutes", "esp.block-in-status-page", "esp.skip-device", "esp.skip-user",
	"esp.provider.state", "esp.provider.tracking-created", "esp.app.state", "esp.category.state", "esp.subcategory.state", "msi.status", "win32app.exit-code",
	"ccmsetup.version", "ccmsetup.command-line", "device-manageability.config-info", "enrollment.error", "clock.step", "dsreg.azure-ad-joined", "dsreg.domain-joined",
}

// policyKey is where the registry keeps the policies in force for the device.
const policyKey = `hklm\software\microsoft\policymanager\current\device\`

// diffFacts lists the facts whose values are not among those of the healthy
// side.
func diffFacts(good []DiffSide, bad *DiffSide) ([]DiffFact, int) {
	type values struct {
		text   []string
		places []Place
	}
	gather := func(into map[string]*values, s *DiffSide) {
		facts := s.Facts
		if s.Timeline != nil {
			facts = slices.Concat(s.Timeline.Facts, s.Facts)
		}
		for i := range facts {
			name, ok := diffName(&facts[i])
			if !ok {
				continue
			}
			v := into[name]
			if v == nil {
				v = &values{}
				into[name] = v
			}
			if text := line(facts[i].Text); !slices.Contains(v.text, text) && len(v.text) < 5 {
				v.text = append(v.text, text)
				v.places = append(v.places, newPlace(facts[i].Pos))
			}
		}
	}
	healthy, mine := map[string]*values{}, map[string]*values{}
	for i := range good {
		gather(healthy, &good[i])
	}
	gather(mine, bad)
	out := []DiffFact{}
	names := map[string]bool{}
	for _, m := range []map[string]*values{healthy, mine} {
		for n := range m {
			names[n] = true
		}
	}
	for n := range names {
		g, b := healthy[n], mine[n]
		if g == nil {
			g = &values{}
		}
		if b == nil {
			b = &values{}
		}
		if len(b.text) > 0 && !slices.ContainsFunc(b.text, func(t string) bool { return !slices.Contains(g.text, t) }) {
			continue
		}
		slices.Sort(g.text)
		slices.Sort(b.text)
		out = append(out, DiffFact{Name: n, Good: strings.Join(g.text, "; "), Bad: strings.Join(b.text, "; "), Places: append(slices.Clone(b.places), g.places...)})
	}
	rank := func(f *DiffFact) int {
		i := slices.IndexFunc(diffNames, func(n string) bool { return f.Name == n || strings.HasPrefix(f.Name, n+" ") })
		if i < 0 {
			return len(diffNames)
		}
		return i
	}
	slices.SortFunc(out, func(a, b DiffFact) int {
		return cmp.Or(cmp.Compare(rank(&a), rank(&b)), strings.Compare(a.Name, b.Name))
	})
	shown := min(len(out), maxDiffFacts)
	return out[:shown], len(out) - shown
}

// diffName is how a fact is called in a comparison; false = it is not compared.
func diffName(f *event.Fact) (string, bool) {
	if f.Name == "reg" {
		key := strings.ToLower(f.Key)
		area, ok := strings.CutPrefix(key, policyKey)
		// Values with a "_" tell who set a policy, by a GUID.
		if !ok || f.Kind == event.FactKey || strings.Contains(f.Value, "_") {
			return "", false
		}
		return line("policy " + area + "\\" + f.Value), true
	}
	if !slices.Contains(diffNames, f.Name) {
		return "", false
	}
	key := f.Key
	if strings.HasPrefix(f.Name, "session.") || strings.HasPrefix(f.Name, "ccmsetup.") {
		key = "" // numbers of attempts and runs
	}
	return line(strings.TrimSpace(f.Name + " " + key)), true
}

// diffRecords lists the kinds of warnings and errors that no healthy case has.
func (s shower) diffRecords(good []DiffSide, bad *DiffSide) ([]DiffRecord, int) {
	type key struct {
		source event.Source
		id     uint32
		shape  string
	}
	keyOf := func(e *event.Event) key {
		if e.ID != 0 {
			return key{source: e.Source, id: e.ID}
		}
		return key{source: e.Source, shape: event.Shape(e.Message)}
	}
	known := map[key]bool{}
	for i := range good {
		for e := range good[i].Events {
			if e.Level >= event.LevelWarning {
				known[keyOf(e)] = true
			}
		}
	}
	type kind struct {
		first *event.Event
		count int
	}
	kinds := map[key]*kind{}
	var order []*kind
	for e := range bad.Events {
		if e.Level < event.LevelWarning || known[keyOf(e)] {
			continue
		}
		k := kinds[keyOf(e)]
		if k == nil {
			k = &kind{first: e}
			kinds[keyOf(e)] = k
			order = append(order, k)
		}
		k.count++
	}
	slices.SortStableFunc(order, func(a, b *kind) int { return cmp.Compare(b.count, a.count) })
	out := []DiffRecord{}
	for _, k := range order[:min(len(order), maxDiffRecords)] {
		e := k.first
		out = append(out, DiffRecord{
			Source: line(event.Describe(e.Source).Title), Text: line(e.Message), Count: k.count,
			When: s.moment(e.Time), Place: newPlace(e.Pos),
		})
	}
	return out, len(order) - len(out)
}
