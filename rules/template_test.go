package rules

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTemplates(t *testing.T) {
	s := oneRule(t, `
a: { event: { source: log.a, text: 'alpha (?P<app>\w+)(?: code (?P<code>\S+))?' } }
none: { event: { source: log.a, text: 'omega (?P<app>\w+)' } }
step: { span: { kind: step, capture: { app: field.app } } }
prov: { fact: { name: reg, key: 'HKLM\SOFTWARE\Test\*', capture: { minutes: value.TimeoutMinutes } } }
limit: { fact: { name: esp.timeout-minutes, default: 60 } }
flag: { fact: { name: autopilot.profile-empty } }
`, "a", "")
	m := evidence(t, `
session: { end: +90m }
log.a: |
  +1m alpha one code 0x80072ee7
  +5m alpha two code 1603
  +9m alpha one
spans:
  - { kind: step, name: Short, start: +1m, end: +2m, code: 0 }
  - { kind: step, name: "Long\u202e\nstep", start: +2m, end: +49m, code: 0x80070643, fields: { app: CAD } }
facts: { autopilot.profile-empty: true }
reg: { 'HKLM\SOFTWARE\Test\ConfigMgr': { TimeoutMinutes: 45 }, 'HKLM\SOFTWARE\Test\Sidecar': {} }
`)
	re := func() *ruleEval {
		e := s.gather(m)
		return &ruleEval{evaluation: e, rule: s.rules[0], sets: make([]*matchSet, 64)}
	}
	for _, tt := range []struct{ in, want string }{
		{"plain {} text", "plain {} text"},
		{"{{ a.app }}", "one"},
		{"{{a.app}}/{{ last(a).app }}/{{ a.app | last }}/{{ first a.app }}", "one/one/one/one"},
		{"{{ a.app | join }}", "one, two"},
		{"{{ join a.app }} ({{ count a }}, {{ a.code | count }})", "one, two (3, 2)"},
		{"{{ count none }}", "0"},
		{"{{ a.code | hex }}", "0x80072ee7"},
		{"{{ last(a).code | hex }}", "(unknown)"},
		{"{{ none.app }}", "(unknown)"},
		{`{{ none.app | default "nobody, {{ really }}" }}`, "nobody, {{ really }}"},
		{`{{ default a.app "x" }}`, "one"},
		{"{{ a.time }} {{ time a.time }}", "2024-03-05 09:01:00Z 2024-03-05 09:01:00Z"},
		{"{{ max(step).name }} took {{ max(step).duration }}", "Long  step took 47 min"},
		{"{{ duration max(step) }}, {{ min(step).duration }}", "47 min, 1 min"},
		{"{{ duration session.start session.end }}", "1 h 30 min"},
		{"{{ max(step).app }} {{ max(step).field.app }}", "CAD CAD"},
		{"{{ max(step).code | hex }}", "0x80070643"},
		{"{{ step }} {{ a }} {{ limit }} {{ flag }}", "Short alpha one code 0x80072ee7 60 true"},
		{"{{ prov.leaf | join }} {{ prov.minutes }} {{ prov.parent }}", `ConfigMgr, Sidecar 45 HKLM\SOFTWARE\Test`},
		{"{{ limit.num }}", "60"},
	} {
		t.Run(tt.in, func(t *testing.T) {
			r := re()
			tm := mustTemplate(t, s, tt.in)
			r.sets = make([]*matchSet, len(s.rules[0].signals))
			if got := r.render(tm); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestCodeText(t *testing.T) {
	if got := codeText(0x80072ee7); len(got) < 20 || got[:12] != "0x80072ee7 (" || got[len(got)-1] != ')' {
		t.Errorf("codeText: %q", got)
	}
	if got := codeText(1603); got[:5] != "1603 " {
		t.Errorf("codeText: %q", got)
	}
}

func TestTable(t *testing.T) {
	signals := "step: { span: { kind: step } }"
	s := oneRule(t, signals, "step", "evidence: { keep: [max(step)] }")
	s.rules[0].table = &tableSpec{from: ref{sig: s.rules[0].signals[0]}, columns: []string{"name", "duration"}, sort: "-duration", limit: 2}
	f := s.Evaluate(evidence(t, `
spans:
  - { kind: step, name: A, start: +1m, end: +2m }
  - { kind: step, name: B, start: +2m, end: +9m }
  - { kind: step, name: C, start: +9m, end: +12m }
`)).Findings[0]
	want := &Table{Columns: []string{"name", "duration"}, Rows: [][]string{{"B", "7 min"}, {"C", "3 min"}}, More: 1}
	if diff := cmp.Diff(want, f.Table); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(f.Evidence) != 1 || f.Evidence[0].Text != "step B, 7 min" {
		t.Errorf("evidence: %v", f.Evidence)
	}
}

func TestFollow(t *testing.T) {
	for _, tc := range []struct{ before, lit, want string }{
		{"", " and", " and"}, {"It failed.", ".", ""}, {"It failed.", ". Then", " Then"}, {"the gateway ", " answers", "answers"}, {"it", ".", "."}, {"it ", "", ""},
	} {
		if got := follow(tc.before, tc.lit); got != tc.want {
			t.Errorf("follow(%q, %q) = %q, want %q", tc.before, tc.lit, got, tc.want)
		}
	}
}
