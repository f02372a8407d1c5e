package rules

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

// simpleSet makes rules that fire on a line "<id> <app>" of log.a. Each line
// of text is: id role, then further keys of the rule in flow style.
func simpleSet(t testing.TB, text string) *Set {
	t.Helper()
	fsys := fstest.MapFS{}
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		id, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		role, more, _ := strings.Cut(rest, " ")
		var b strings.Builder
		fmt.Fprintf(&b, "rule: %s\ntitle: %s\nrole: %s\nfinding: { message: x }\ntests: []\n", id, id, role)
		if !strings.Contains(more, "signals:") {
			fmt.Fprintf(&b, "signals: { hit: { event: { source: log.a, text: '^%s (?P<app>\\w+)' } } }\nwhen: hit\n", id)
		}
		for key := range strings.SplitSeq(more, ";") {
			b.WriteString(strings.TrimSpace(key) + "\n")
		}
		fsys[id+".yaml"] = &fstest.MapFile{Data: []byte(b.String())}
	}
	s, err := Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// summary names what a result says.
func summary(res *Result) string {
	ids := func(list []*Finding) string {
		var out []string
		for _, f := range list {
			out = append(out, f.ID())
		}
		return strings.Join(out, " ")
	}
	var b strings.Builder
	for _, part := range []struct {
		name string
		list []*Finding
	}{{"roots", res.Roots}, {"also", res.Also}, {"symptoms", res.Symptoms}, {"unexplained", res.Unexplained}, {"inconclusive", res.Inconclusive}, {"contexts", res.Contexts}} {
		if len(part.list) > 0 {
			fmt.Fprintf(&b, "%s: %s\n", part.name, ids(part.list))
		}
	}
	for _, a := range res.Asks {
		fmt.Fprintf(&b, "ask: %s for %s\n", a.Source, strings.Join(a.Rules, " "))
	}
	for _, f := range res.Findings {
		if len(f.SupersededBy) > 0 {
			fmt.Fprintf(&b, "folded: %s into %s\n", f.ID(), strings.Join(f.SupersededBy, " "))
		}
	}
	fmt.Fprintf(&b, "verdict: %s", res.Verdict)
	return b.String()
}

func TestCauseGraph(t *testing.T) {
	for _, tt := range []struct{ name, rules, given, want string }{
		{
			name:  "chain_of_causes",
			rules: "x.root cause explains: [x.mid]\nx.mid cause explains: [x.end]\nx.end symptom",
			given: "log.a: |\n  +1m x.root a\n  +2m x.mid a\n  +3m x.end a\n",
			want:  "roots: x.root\nsymptoms: x.end\nverdict: failure",
		},
		{
			name:  "explaining_comes_before_sure",
			rules: "x.a cause explains: [x.s]; confidence: weak\nx.b cause confidence: proven\nx.s symptom",
			given: "log.a: |\n  +1m x.b a\n  +2m x.a a\n  +3m x.s a\n",
			want:  "roots: x.a\nalso: x.b\nsymptoms: x.s\nverdict: failure",
		},
		{
			name:  "confidence_then_time_then_breadth_then_id",
			rules: "x.a cause explains: [x.s]\nx.b cause explains: [x.s]; confidence: strong\nx.c cause explains: [x.s]\nx.d cause explains: [x.s, x.t]\nx.s symptom\nx.t symptom",
			given: "log.a: |\n  +1m x.c 1\n  +2m x.a 1\n  +2m x.d 1\n  +3m x.b 1\n  +4m x.s 1\n  +5m x.t 1\n",
			want:  "roots: x.b\nalso: x.c x.d x.a\nsymptoms: x.s x.t\nverdict: failure",
		},
		{
			name:  "unexplained_symptom_is_kept",
			rules: "x.a cause explains: [x.s]\nx.s symptom\nx.t symptom",
			given: "log.a: |\n  +1m x.a a\n  +2m x.s a\n  +3m x.t a\n",
			want:  "roots: x.a\nsymptoms: x.s x.t\nunexplained: x.t\nverdict: failure",
		},
		{
			name:  "symptom_does_not_explain",
			rules: "x.s symptom explains: [x.c, x.t]\nx.c cause\nx.t symptom",
			given: "log.a: |\n  +1m x.s a\n  +2m x.c a\n  +3m x.t a\n",
			want:  "roots: x.c\nsymptoms: x.s x.t\nunexplained: x.s x.t\nverdict: failure",
		},
		{
			name:  "join_must_agree",
			rules: "x.a cause explains: [ { rule: x.s, join: [app] } ]\nx.s symptom",
			given: "log.a: |\n  +1m x.a one\n  +2m x.s two\n",
			want:  "roots: x.a\nsymptoms: x.s\nunexplained: x.s\nverdict: failure",
		},
		{
			name:  "join_agrees_without_case",
			rules: "x.a cause explains: [ { rule: x.s, join: [app, session.id] } ]\nx.s symptom",
			given: "log.a: |\n  +1m x.a One\n  +2m x.s oNE\n",
			want:  "roots: x.a\nsymptoms: x.s\nverdict: failure",
		},
		{
			name:  "later_is_no_cause",
			rules: "x.a cause explains: [ { rule: x.s, order: before } ]\nx.s symptom",
			given: "log.a: |\n  +3m x.a a\n  +2m x.s a\n",
			want:  "roots: x.a\nsymptoms: x.s\nunexplained: x.s\nverdict: failure",
		},
		{
			name:  "overlap_needed",
			rules: "x.a cause explains: [ { rule: x.s, order: overlaps } ]\nx.b cause explains: [ { rule: x.s, order: overlaps } ]\nx.s symptom",
			given: "log.a: |\n  +1m x.a a\n  +2m x.s a\n  +3m x.b a\n  +4m x.s b\n",
			want:  "roots: x.b\nalso: x.a\nsymptoms: x.s\nverdict: failure",
		},
		{
			name:  "glob_covers_symptoms_only",
			rules: "x.a cause explains: [\"x.*\"]\nx.b cause\nx.s symptom",
			given: "log.a: |\n  +1m x.a a\n  +1m x.b a\n  +2m x.s a\n",
			want:  "roots: x.a\nalso: x.b\nsymptoms: x.s\nverdict: failure",
		},
		{
			name:  "circle_is_cut_at_the_surer",
			rules: "x.a cause explains: [x.b]\nx.b cause explains: [x.a]; confidence: strong",
			given: "log.a: |\n  +1m x.a a\n  +2m x.b a\n",
			want:  "roots: x.b\nverdict: failure",
		},
		{
			name:  "superseded_is_folded",
			rules: "x.a cause supersedes: [\"x.g*\"]; explains: [x.s]\nx.generic cause explains: [x.s]; confidence: proven\nx.s symptom",
			given: "log.a: |\n  +1m x.a a\n  +1m x.generic a\n  +2m x.s a\n",
			want:  "roots: x.a\nsymptoms: x.s\nfolded: x.generic into x.a\nverdict: failure",
		},
		{
			name:  "superseding_each_other_keeps_one",
			rules: "x.a cause supersedes: [x.b]\nx.b cause supersedes: [x.a]",
			given: "log.a: |\n  +1m x.a a\n  +1m x.b a\n",
			want:  "roots: x.a\nfolded: x.b into x.a\nverdict: failure",
		},
		{
			name:  "warning_is_no_root",
			rules: "x.a cause impact: warning\nx.n context\nx.c contributing",
			given: "log.a: |\n  +1m x.a a\n  +1m x.n a\n  +1m x.c a\n",
			want:  "also: x.a x.c\ncontexts: x.n\nverdict: warning",
		},
		{
			name:  "warning_that_explains_is_root",
			rules: "x.a cause impact: warning; explains: [x.s]\nx.s symptom",
			given: "log.a: |\n  +1m x.a a\n  +2m x.s a\n",
			want:  "roots: x.a\nsymptoms: x.s\nverdict: failure",
		},
		{
			name: "inconclusive_cause_asks",
			rules: `x.s symptom
x.a cause explains: [x.s]; signals: { hit: { event: { source: log.b, contains: hit } } }; when: hit
x.b cause explains: ["x.*"]; signals: { hit: { event: { source: log.b, contains: hit } }, two: { event: { source: log.c, contains: hit } } }; when: { any: [hit, two] }
x.c cause signals: { hit: { event: { source: log.d, contains: hit } } }; when: hit`,
			given: "log.a: |\n  +1m x.s a\n",
			want:  "symptoms: x.s\nunexplained: x.s\ninconclusive: x.a x.b x.c\nask: log.b for x.a x.b\nask: log.c for x.b\nverdict: failure",
		},
		{
			name:  "explained_needs_no_asks",
			rules: "x.s symptom\nx.a cause explains: [x.s]\nx.b cause explains: [x.s]; signals: { hit: { event: { source: log.b, contains: hit } } }; when: hit",
			given: "log.a: |\n  +1m x.a a\n  +2m x.s a\n",
			want:  "roots: x.a\nsymptoms: x.s\ninconclusive: x.b\nverdict: failure",
		},
		{
			name:  "failed_session_without_a_trace_asks",
			rules: "x.b cause signals: { hit: { event: { source: log.b, contains: hit } } }; when: hit",
			given: "session: { outcome: failed }\ncovered: [log.a]",
			want:  "inconclusive: x.b#1\nask: log.b for x.b\nverdict: inconclusive",
		},
		{
			name:  "an_outranking_cause_stands_first",
			rules: "x.a cause\nx.b cause outranks: [x.a]",
			given: "log.a: |\n  +1m x.a one\n  +2m x.b one",
			want:  "roots: x.b\nalso: x.a\nverdict: failure",
		},
		{
			name:  "a_weak_cause_outranks_nothing",
			rules: "x.a cause\nx.b cause outranks: [x.a]; confidence: weak",
			given: "log.a: |\n  +1m x.a one\n  +2m x.b one",
			want:  "roots: x.a\nalso: x.b\nverdict: failure",
		},
		{name: "healthy", rules: "x.a cause", given: "log.a: +1m all is well", want: "verdict: none"},
		{name: "no_record_at_all", rules: "x.a cause", given: "covered: [log.a]", want: "verdict: inconclusive"},
		{name: "nothing_collected", rules: "x.a cause", given: "missing: [log.a]", want: "inconclusive: x.a\nverdict: inconclusive"},
		{name: "damaged_and_silent", rules: "x.a cause", given: "damaged: [log.a]", want: "verdict: inconclusive"},
		{name: "damaged_yet_succeeded", rules: "x.a cause", given: "damaged: [log.a]\nsession: { outcome: succeeded }", want: "verdict: none"},
		{
			name:  "two_sessions",
			rules: "x.a cause explains: [x.s]\nx.b cause explains: [x.s]\nx.d cause scope: device; explains: [x.s]; confidence: weak\nx.s symptom",
			given: `
spans:
  - { kind: session, name: "1", session: 1, start: 0s, end: +1h, state: failed }
  - { kind: session, name: "2", session: 2, start: +2h, state: failed }
log.a: |
  +1m x.a a
  +2m x.s a
  +121m x.b a
  +122m x.s a
  +123m x.d a
`,
			want: "roots: x.b#2 x.a#1\nalso: x.d\nsymptoms: x.s#1 x.s#2\nverdict: failure",
		},
		{
			name:  "healed_by_a_later_session",
			rules: "x.a cause explains: [x.s]\nx.s symptom",
			given: `
spans:
  - { kind: session, name: "1", session: 1, start: 0s, end: +1h, state: failed }
  - { kind: session, name: "2", session: 2, start: +2h, state: succeeded }
log.a: |
  +1m x.a a
  +2m x.s a
`,
			want: "roots: x.a#1\nsymptoms: x.s#1\nverdict: warning",
		},
		{
			name:  "each_instance_is_a_finding",
			rules: "x.a cause each: hit.app; explains: [ { rule: x.s, join: [app] } ]\nx.s symptom each: hit.app",
			given: "log.a: |\n  +1m x.a one\n  +2m x.a two\n  +3m x.s two\n  +4m x.s six\n",
			want:  "roots: x.a/two\nalso: x.a/one\nsymptoms: x.s/two x.s/six\nunexplained: x.s/six\nverdict: failure",
		},
		{
			name:  "deprecated_is_not_judged",
			rules: "x.a cause status: deprecated",
			given: "log.a: |\n  +1m x.a one\n",
			want:  "verdict: none",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res := simpleSet(t, tt.rules).Evaluate(evidence(t, tt.given))
			if diff := cmp.Diff(tt.want, summary(res)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestConfidence(t *testing.T) {
	signals := "a: { event: { source: log.a, contains: alpha } }\nb: { event: { source: log.a, contains: beta } }\nc: { event: { source: log.c, contains: gamma } }"
	for _, tt := range []struct {
		name, when, more string
		want             Confidence
	}{
		{"default", "a", "", Moderate},
		{"word", "a", "confidence: proven", Proven},
		{"raised", "a", "confidence: { base: weak, raise_to: { moderate: a, strong: [c, b] } }", Strong},
		{"not_raised_by_unknown", "a", "confidence: { base: weak, raise_to: { proven: c } }", Weak},
		{"lowest_cap", "a", "confidence: { base: proven, cap_at: { weak: { missing: log.c }, strong: a } }", Weak},
		{"cap_beats_raise", "a", "confidence: { base: weak, raise_to: { proven: a }, cap_at: { strong: { missing: log.c } } }", Strong},
		{"unverified", "a", "verified: false\nconfidence: proven", Moderate},
		{"experimental", "a", "status: experimental\nconfidence: strong", Moderate},
		{"only_near", "{ near: { of: [a, b], within: 5m } }", "confidence: strong", Weak},
		{"only_near_and_its_signals", "{ all: [a, b, { near: { of: [a, b], within: 5m } }] }", "confidence: strong", Weak},
		{"near_and_more", "{ all: [{ near: { of: [a, b], within: 5m } }, { before: [a, b] }] }", "confidence: strong", Strong},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := oneRule(t, signals, tt.when, tt.more).Evaluate(evidence(t, "log.a: |\n  +1m alpha\n  +2m beta\n")).Findings[0]
			if f.Verdict != Fire || f.Confidence != tt.want {
				t.Errorf("%s %s, want %s; notes %q", f.Verdict, f.Confidence, tt.want, f.Notes)
			}
		})
	}
}

func TestVerdicts(t *testing.T) {
	signals := "a: { event: { source: log.a, contains: alpha } }\nb: { event: { source: log.a, contains: beta } }\ngone: { event: { source: log.gone, contains: gamma } }"
	const given = "session: { flow: self }\nlog.a: \"+1m alpha\""
	for _, tt := range []struct {
		name, when, more string
		want             Verdict
		asks             string
	}{
		{"applies_false", "a", "applies: b", Silent, ""},
		{"applies_unknown_passes", "a", "applies: gone", Fire, ""},
		{"applies_fact", "a", "applies: { fact: { name: session.flow, where: { in: [self] } } }", Fire, ""},
		{"healed", "a", "unless: [gone, a]", Silent, ""},
		{"heal_unknown", "a", "unless: [gone]", Fire, ""},
		{"required_source_missing", "a", "needs: [ { source: log.z, if_missing: Get z } ]", Inconclusive, "log.z Get z"},
		{"required_source_missing_but_false", "b", "needs: [log.z]", Silent, ""},
		{"optional_source_missing", "a", "needs: [ { source: log.z, optional: true, if_missing: Get z } ]", Fire, "log.z Get z"},
		{"one_of_several_sources", "a", "needs: [ { source: [log.z, log.a] } ]", Fire, ""},
		{"unknown_asks", "{ all: [a, gone] }", "", Inconclusive, "log.gone Copy %windir%\\CCM\\Logs (or the folder this log lives in) by hand."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := oneRule(t, signals, tt.when, tt.more).Evaluate(evidence(t, given)).Findings[0]
			var asks []string
			for _, a := range f.Missing {
				asks = append(asks, string(a.Source)+" "+a.Collect)
			}
			if got := strings.Join(asks, "; "); f.Verdict != tt.want || got != tt.asks {
				t.Errorf("%s, asks %q; want %s, %q", f.Verdict, got, tt.want, tt.asks)
			}
		})
	}
}

// dump renders everything a result says.
func dump(res *Result) string {
	var b strings.Builder
	b.WriteString(summary(res) + "\n")
	for _, f := range res.Findings {
		fmt.Fprintf(&b, "%s %s %s %q %q %v %v %v %q\n", f.ID(), f.Verdict, f.Confidence, f.Message, f.Contributing, f.Evidence, f.Symptoms, f.ExplainedBy, f.Notes)
		for _, n := range f.Nodes {
			n.Write(&b, 1)
		}
	}
	return b.String()
}

// The order of the evidence changes nothing, nor do other goroutines.
func TestPermutation(t *testing.T) {
	s, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	var all Memory
	all.Story = nil
	for i, r := range s.rules {
		if len(r.Tests) == 0 || i%3 != 0 {
			continue
		}
		m := r.Tests[0].given.source()
		all.EventList = append(all.EventList, m.EventList...)
		all.FactList = append(all.FactList, m.FactList...)
		all.CoverageList = append(all.CoverageList, m.CoverageList...)
		if all.Story == nil {
			all.Story = m.Story
		}
	}
	all.Sort()
	want := dump(s.Evaluate(&all))
	if !strings.Contains(want, "roots: ") {
		t.Fatalf("nothing fires:\n%.2000s", want)
	}
	var wg sync.WaitGroup
	for seed := range uint64(6) {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(seed, 1))
			m := &Memory{EventList: slices.Clone(all.EventList), FactList: slices.Clone(all.FactList), CoverageList: slices.Clone(all.CoverageList)}
			story := *all.Story
			story.Spans = slices.Clone(story.Spans)
			m.Story = &story
			rnd.Shuffle(len(m.EventList), func(i, j int) { m.EventList[i], m.EventList[j] = m.EventList[j], m.EventList[i] })
			rnd.Shuffle(len(m.FactList), func(i, j int) { m.FactList[i], m.FactList[j] = m.FactList[j], m.FactList[i] })
			rnd.Shuffle(len(m.CoverageList), func(i, j int) {
				m.CoverageList[i], m.CoverageList[j] = m.CoverageList[j], m.CoverageList[i]
			})
			rnd.Shuffle(len(story.Spans), func(i, j int) { story.Spans[i], story.Spans[j] = story.Spans[j], story.Spans[i] })
			m.Sort()
			if diff := cmp.Diff(want, dump(s.Evaluate(m))); diff != "" {
				t.Errorf("seed %d (-want +got):\n%s", seed, diff)
			}
		})
	}
	wg.Wait()
}

func TestContextLines(t *testing.T) {
	s := oneRule(t, "a: { event: { source: log.a, contains: failed } }", "a", "evidence: { context: { before: 2, after: 1 } }")
	f := s.Evaluate(evidence(t, "log.a: |\n  +1m one\n  +2m two\n  +3m three\n  +4m failed here\n  +5m five\n  +6m failed again\n")).Findings[0]
	var got []string
	for _, q := range f.Evidence {
		got = append(got, strings.Join(q.Before, "|")+" > "+q.Text+" > "+strings.Join(q.After, "|"))
	}
	want := []string{"two|three > failed here > five", "failed here|five > failed again > "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A flood of matches is counted in full, kept in part, with its last one.
func TestManyMatches(t *testing.T) {
	m := &Memory{CoverageList: []event.Coverage{{Sources: []event.Source{"log.a"}}}}
	for i := range maxMatches + 500 {
		m.EventList = append(m.EventList, event.Event{
			Time: testStart().Add(time.Duration(i) * time.Second), Clock: event.ClockDeclared, Source: "log.a", Message: fmt.Sprintf("alpha %d", i), Pos: event.Pos{File: "a", Line: i + 1},
		})
	}
	s := oneRule(t, `a: { event: { source: log.a, text: 'alpha (?P<n>\d+)' } }`, "{ count: { of: a, ge: 10500 } }", "")
	s.rules[0].message = mustTemplate(t, s, "{{ count a }} to {{ last(a).n }}")
	f := s.Evaluate(m).Findings[0]
	if f.Verdict != Fire || f.Message != "10500 to 10499" {
		t.Errorf("%s %q", f.Verdict, f.Message)
	}
}
