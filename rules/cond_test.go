package rules

import (
	"strings"
	"testing"
)

// oneRule loads a single rule around the given signals and condition.
func oneRule(t testing.TB, signals, when, more string) *Set {
	t.Helper()
	var b strings.Builder
	b.WriteString("rule: test.rule\ntitle: test\nrole: cause\nsignals:\n")
	for line := range strings.SplitSeq(strings.TrimSpace(signals), "\n") {
		b.WriteString("  " + line + "\n")
	}
	b.WriteString("when: " + when + "\nfinding: { message: fired }\n" + strings.TrimSpace(more) + "\n")
	if !strings.Contains(more, "tests:") {
		b.WriteString("tests: []\n")
	}
	r, err := parseRule("test.rule.yaml", []byte(b.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	return newSet([]*Rule{r})
}

// evidence builds a source from the given part of a test.
func evidence(t testing.TB, text string) *Memory {
	t.Helper()
	root, err := parseYAML("given", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	l := &loader{file: "given", rule: &Rule{}}
	var g given
	l.parseGiven(&g, root)
	for _, e := range l.errs {
		t.Fatal(e)
	}
	return g.source()
}

// The evidence that most conditions are tried on.
const (
	condSignals = `
a: { event: { source: log.a, text: 'alpha (?P<id>\w+)' } }
b: { event: { source: log.a, text: 'beta (?P<id>\w+)' } }
c: { event: { source: log.b, contains: gamma } }
nope: { event: { source: log.a, contains: never written } }
gone: { event: { source: log.missing, contains: whatever } }
opt: { event: { source: log.optional, contains: whatever } }
hurt: { event: { source: log.damaged, contains: whatever } }
step: { span: { kind: step } }
run: { span: { kind: task-sequence } }
job: { interval: { open: { source: log.a, text: 'open (?P<name>\w+)' }, close: { source: log.a, text: 'close (?P<name>\w+)' }, join: [name] } }
minutes: { fact: { name: esp.timeout-minutes, default: 60 } }
build: { fact: { name: os.build } }
tpm: { fact: { name: tpm.version } }
guess: { event: { source: log.setupact, contains: guessed } }
`
	condMore  = `needs: [ { source: log.optional, optional: true } ]`
	condGiven = `
session: { flow: autopilot-user-driven, end: +2h }
covered: [log.a, log.b, reg]
damaged: [log.damaged]
facts: { os.build: 22631 }
log.a: |
  +1m alpha x
  +2m beta x
  +5m alpha y
  +20m alpha x
  +21m beta z
  +22m open j
  +30m close other
  +52m close j
  +60m open k
log.b: |
  +6m gamma
events:
  - { at: +2m, source: log.setupact, message: guessed, clock: assumed }
  - { source: log.a, message: alpha timeless }
spans:
  - { kind: step, name: Install CAD, start: +10m, end: +57m, state: failed, code: 0x80070643 }
  - { kind: step, name: Last, start: +57m, last_seen: +60m, state: running }
  - { kind: phase, name: DeviceSetup, start: +4m, end: +58m }
`
)

func TestConditions(t *testing.T) {
	m := evidence(t, condGiven)
	for _, tt := range []struct {
		when string
		want Tri
	}{
		// signal
		{`a`, True},
		{`{ signal: a }`, True},
		{`nope`, False},
		{`gone`, Unknown},
		{`opt`, False},
		{`hurt`, False},
		{`{ signal: a, where: { id: y } }`, True},
		{`{ signal: a, where: { id: q } }`, False},
		{`{ signal: a, during: DeviceSetup }`, True},
		{`{ signal: a, during: DeviceSetup, where: { id: timeless } }`, False},
		{`{ signal: b, during: AccountSetup }`, Unknown},
		{`{ signal: b, during: step }`, True},
		{`{ signal: c, after: b }`, True},
		{`{ signal: c, after: last(b) }`, False},
		{`{ signal: c, before: last(b) }`, True},
		{`{ signal: c, after: nope }`, False},
		{`{ signal: c, after: gone }`, Unknown},
		{`{ signal: step, where: { name: install cad }, after: b }`, True},
		{`{ signal: step.close, where: { name: install cad }, after: last(b) }`, True},
		{`{ signal: step, where: { name: install cad }, after: last(b) }`, Unknown}, // log.smsts is missing
		{`{ signal: minutes }`, True},
		{`build`, True},
		{`tpm`, Unknown},
		{`{ event: { source: log.b, contains: GAMMA } }`, True},
		{`{ fact: { name: os.build, where: { ge: 22000 } } }`, True},
		{`{ fact: { name: os.build, where: { lt: 22000 } } }`, False},
		{`{ span: { kind: step, state: failed, where: { duration: { ge: 47m }, code: { eq: -2147023293 } } } }`, True},
		// absent
		{`{ absent: a }`, False},
		{`{ absent: nope }`, True},
		{`{ absent: gone }`, Unknown},
		{`{ absent: opt }`, Unknown},
		{`{ absent: hurt }`, Unknown},
		{`{ absent: c, during: step }`, True},
		{`{ absent: b, during: DeviceSetup }`, False},
		{`{ absent: nope, during: AccountSetup }`, Unknown},
		{`{ signal: nope, during: AccountSetup }`, False},
		{`{ absent: b, during: AccountSetup }`, Unknown},
		{`{ absent: c, after: last(b) }`, True},
		{`{ absent: tpm }`, Unknown},
		// all, any, not
		{`{ all: [a, c] }`, True},
		{`{ all: [a, nope, gone] }`, False},
		{`{ all: [a, gone] }`, Unknown},
		{`{ any: [nope, a, gone] }`, True},
		{`{ any: [nope, gone] }`, Unknown},
		{`{ any: [nope, opt] }`, False},
		{`{ not: a }`, False},
		{`{ not: nope }`, True},
		{`{ not: gone }`, Unknown},
		// count
		{`{ count: { of: a, ge: 4 } }`, True},
		{`{ count: { of: a, gt: 4 } }`, False},
		{`{ count: { of: a, eq: 4 } }`, True},
		{`{ count: { of: a, ne: 4 } }`, False},
		{`{ count: { of: a, distinct: id, eq: 3 } }`, True},
		{`{ count: { of: a, within: 5m, ge: 2 } }`, True},
		{`{ count: { of: a, within: 3m, ge: 2 } }`, False},
		{`{ count: { of: a, distinct: id, within: 20m, ge: 3 } }`, False},
		{`{ count: { of: a, where: { id: x }, eq: 2 } }`, True},
		{`{ count: { of: a, during: DeviceSetup, eq: 2 } }`, True},
		{`{ count: { of: nope, eq: 0 } }`, True},
		{`{ count: { of: gone, eq: 0 } }`, Unknown},
		{`{ count: { of: gone, ge: 1 } }`, Unknown},
		{`{ count: { of: gone, lt: 1 } }`, Unknown},
		{`{ count: { of: opt, eq: 0 } }`, True},
		{`{ count: { of: hurt, le: 3 } }`, Unknown},
		{`{ count: { of: minutes, eq: 0 } }`, Unknown}, // a default is no find
		{`{ count: { of: step, ge: "${minutes} - 58" } }`, True},
		// sequence
		{`{ sequence: { steps: [a, b] } }`, True},
		{`{ sequence: { steps: [a, c, b] } }`, True},
		{`{ sequence: { steps: [c, c] } }`, False},
		{`{ sequence: { steps: [b, c, a], within: 15m } }`, Unknown}, // one alpha has no time
		{`{ sequence: { steps: [b, c, b], within: 15m } }`, False},
		{`{ sequence: { steps: [b, c, a], within: 18m } }`, True},
		{`{ sequence: { steps: [a, b], within: 30s } }`, Unknown}, // one alpha has no time
		{`{ sequence: { steps: [b, c], within: 30s } }`, False},
		{`{ sequence: { steps: [b, a], join: [id] } }`, True},
		{`{ sequence: { steps: [b, a], join: [id], within: 5m } }`, Unknown},
		{`{ sequence: { steps: [a, gone] } }`, Unknown},
		{`{ sequence: { steps: [nope, gone] } }`, False},
		{`{ sequence: { steps: [b, step.open, step.close] } }`, True},
		{`{ sequence: { steps: [b, { event: { source: log.b, contains: gamma } }] } }`, True},
		{`{ sequence: { steps: [job.open, job.close] } }`, True},
		{`{ sequence: { steps: [b, guess] } }`, Unknown},
		{`{ sequence: { steps: [b, step, { event: { source: log.a, contains: open k } }], within: "${minutes}m" } }`, True},
		// duration
		{`{ duration: { of: step, ge: 47m } }`, True},
		{`{ duration: { of: step, ge: 48m } }`, Unknown}, // the last step was not seen to end
		{`{ duration: { of: step, where: { state: failed }, ge: 48m } }`, False},
		{`{ duration: { of: step, lt: 1m } }`, False},
		{`{ duration: { of: job, ge: 30m } }`, True},
		{`{ duration: { of: DeviceSetup, ge: 54m } }`, True},
		{`{ duration: { of: session, ge: "${minutes}m + 30m" } }`, True},
		{`{ duration: { of: session, gt: "${minutes}m + 1h" } }`, False},
		{`{ duration: { of: run, ge: 1m } }`, Unknown}, // log.smsts is missing
		{`{ duration: { of: max(step), ge: 47m } }`, True},
		// gap
		{`{ gap: { of: a, ge: 15m } }`, True},
		{`{ gap: { of: a, gt: 15m } }`, False},
		{`{ gap: { of: [c, b], ge: 15m } }`, True},
		{`{ gap: { of: [c, b], ge: 16m } }`, False},
		{`{ gap: { of: [b, c], le: 4m } }`, True},
		{`{ gap: { of: [c, nope], ge: 1m } }`, False},
		{`{ gap: { of: [c, gone], ge: 1m } }`, Unknown},
		{`{ gap: { of: [guess, c], ge: 1m } }`, Unknown},
		// compare
		{`{ compare: { left: a.id, op: eq, right: b.id } }`, True},
		{`{ compare: { left: last(b).id, op: eq, right: a.id } }`, False},
		{`{ compare: { left: a.id, op: startswith, right: TIME } }`, True},
		{`{ compare: { left: build.num, op: ge, right: 22631 } }`, True},
		{`{ compare: { left: "${minutes} + 1", op: gt, right: 60 } }`, True},
		{`{ compare: { left: step.code, op: eq, right: "0x80070643" } }`, True},
		{`{ compare: { left: step.duration, op: ge, right: 47m } }`, True},
		{`{ compare: { left: gone.text, op: eq, right: x } }`, Unknown},
		{`{ compare: { left: nope.text, op: eq, right: x } }`, False},
		{`{ compare: { left: step.field.app, op: eq, right: x } }`, False},
		// overlaps, near, before
		{`{ overlaps: [step, DeviceSetup] }`, True},
		{`{ overlaps: [job, c] }`, False},
		{`{ overlaps: [step, gone] }`, Unknown},
		{`{ near: { of: [a, c], within: 1m } }`, True},
		{`{ near: { of: [b, c], within: 1m } }`, False},
		{`{ near: { of: [a, c], within: 30s } }`, Unknown}, // one alpha has no time
		{`{ near: { of: [guess, c], within: 1m } }`, Unknown},
		{`{ before: [b, c] }`, True},
		{`{ before: [last(b), c] }`, False},
		{`{ before: [c, gone] }`, Unknown},
		{`{ before: [c, nope] }`, False},
		{`{ before: [guess, c] }`, Unknown},
		{`{ before: [b, step] }`, True},
		{`{ before: [step, b] }`, False},
		// covered, missing
		{`{ covered: log.a }`, True},
		{`{ covered: "log.*" }`, True},
		{`{ covered: log.missing }`, False},
		{`{ missing: log.missing }`, True},
		{`{ missing: reg }`, False},
	} {
		t.Run(tt.when, func(t *testing.T) {
			s := oneRule(t, condSignals, tt.when, condMore)
			f := s.Evaluate(m).Findings[0]
			got := f.Nodes[0].Children[0].Verdict
			if got != tt.want {
				var b strings.Builder
				f.Nodes[0].Write(&b, 0)
				t.Errorf("%s is %s, want %s\n%s", tt.when, got, tt.want, b.String())
			}
			want := map[Tri]Verdict{True: Fire, False: Silent, Unknown: Inconclusive}[tt.want]
			if f.Verdict != want {
				t.Errorf("verdict is %s, want %s", f.Verdict, want)
			}
		})
	}
}

// A running span of a sequence counts only where the rule allows it.
func TestSequenceUnfinished(t *testing.T) {
	m := evidence(t, `
spans: [ { kind: step, name: S, start: +1m, last_seen: +10m, state: running } ]
log.a: "+30m failed at last"
`)
	signals := "step: { span: { kind: step } }\nfail: { event: { source: log.a, contains: failed at } }"
	for when, want := range map[string]Verdict{
		`{ sequence: { steps: [step, fail] } }`:                                          Inconclusive,
		`{ sequence: { steps: [step, fail], allow_unfinished: step } }`:                  Fire,
		`{ sequence: { steps: [step.open, fail] } }`:                                     Fire,
		`{ sequence: { steps: [step.close, fail] } }`:                                    Inconclusive,
		`{ sequence: { steps: [step.open, fail], within: 28m } }`:                        Silent,
		`{ sequence: { steps: [fail, step], allow_unfinished: [step] } }`:                Silent,
		`{ all: [ { duration: { of: step, ge: 9m } }, { before: [step.open, fail] } ] }`: Fire,
	} {
		if got := oneRule(t, signals, when, "").Evaluate(m).Findings[0].Verdict; got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
}

func TestAbsentInWrappedLog(t *testing.T) {
	signals := "x: { event: { source: evtx.aad, contains: token failed } }"
	when := "{ absent: x, during: DeviceSetup }"
	span := "spans: [ { kind: phase, name: DeviceSetup, start: +1m, end: +10m } ]\n"
	for _, tt := range []struct {
		name, given string
		want        Verdict
	}{
		{"log_begins_before", span + "events: [ { at: 0s, source: evtx.aad, message: hello } ]", Fire},
		{"log_begins_after", span + "events: [ { at: +20m, source: evtx.aad, message: hello } ]", Inconclusive},
		{"log_empty", span + "covered: [evtx.aad]", Fire},
		{"log_missing", span, Inconclusive},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := oneRule(t, signals, when, "").Evaluate(evidence(t, tt.given)).Findings[0].Verdict; got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestPick(t *testing.T) {
	m := evidence(t, "log.a: |\n  +1m load a\n  +2m load b\n  +3m load a\n  +4m load c\n")
	for pick, want := range map[string]string{"all": "a, b, c", "first": "a", "last": "c", "distinct(id)": "a, b, c"} {
		s := oneRule(t, `x: { event: { source: log.a, text: 'load (?P<id>\w)', pick: `+pick+` } }`, "x", "")
		s.rules[0].message = mustTemplate(t, s, "{{ x.id | join }}")
		if got := s.Evaluate(m).Findings[0].Message; got != want {
			t.Errorf("pick %s: %q, want %q", pick, got, want)
		}
	}
}

func mustTemplate(t *testing.T, s *Set, text string) *template {
	t.Helper()
	l := &loader{file: "template", rule: s.rules[0]}
	tm := l.template(&node{kind: nodeString, text: text})
	for _, e := range l.errs {
		t.Fatal(e)
	}
	return tm
}
