package rules

import (
	"testing"
	"time"

	"debrief/event"
	"debrief/timeline"
)

func TestFactSignals(t *testing.T) {
	const given = `
facts:
  esp.provider.state: [ { key: ConfigMgr, value: 1 }, { key: Sidecar, value: 3 } ]
  tpm.ready-storage: true
reg:
  'HKLM\SOFTWARE\Microsoft\Enrollments\Abc': { EnrollmentType: 6, UPN: someone }
  'HKLM\SOFTWARE\Microsoft\Enrollments\Abc\Deep': { X: 1 }
  'HKLM\SOFTWARE\Other\Sub': { Y: 2 }
`
	for _, tt := range []struct {
		fact string
		want Verdict
	}{
		{`{ name: esp.provider.state, key: configmgr, where: { eq: 1 } }`, Fire},
		{`{ name: esp.provider.state, key: configmgr, where: 3 }`, Silent},
		{`{ name: esp.provider.state, key: "Con*" }`, Fire},
		{`{ name: esp.provider.state, key: Other }`, Silent},
		{`{ name: tpm.ready-storage, where: { eq: true } }`, Fire},
		{`{ name: tpm.version }`, Silent},
		{`{ name: dsreg.domain-joined }`, Inconclusive},
		{`{ name: clock.step }`, Silent},
		{`{ name: reg, key: 'HKEY_LOCAL_MACHINE\software\microsoft\enrollments\*', value: enrollmenttype, where: { in: [5, 6] } }`, Fire},
		{`{ name: reg, key: 'HKLM\SOFTWARE\Microsoft\Enrollments\*', value: X }`, Silent},
		{`{ name: reg, key: 'HKLM\SOFTWARE\Microsoft\Enrollments\**', value: X }`, Fire},
		{`{ name: reg, key: 'HKLM\SOFTWARE\Microsoft\Enrollments\Abc', value: Z }`, Silent},
		{`{ name: reg, key: 'HKLM\SOFTWARE\Microsoft\Enrollments\Abc' }`, Fire},
		{`{ name: reg, key: 'HKLM\SOFTWARE\Microsoft\EnterpriseDesktopAppManagement\x', value: Status }`, Inconclusive},
		{`{ name: reg, key: 'HKLM\SOFTWARE\Other\Missing' }`, Silent},
		{`{ name: reg, key: 'HKLM\SOFTWARE\Other\Sub', value: Z }`, Silent},
		{`{ name: reg, key: 'HKLM\SOFTWARE\Elsewhere\Missing' }`, Inconclusive},
		{`{ name: reg, key: 'HKLM\SOFTWARE\Other\*', value: Y, where: { ge: 2 } }`, Fire},
	} {
		t.Run(tt.fact, func(t *testing.T) {
			got := oneRule(t, "f: { fact: "+tt.fact+" }", "f", "").Evaluate(evidence(t, given)).Findings[0]
			if got.Verdict != tt.want {
				t.Errorf("%s, want %s", got.Verdict, tt.want)
			}
		})
	}
}

// Without a value name a key matches once, and counts so.
func TestRegistryKeysCountOnce(t *testing.T) {
	s := oneRule(t, `k: { fact: { name: reg, key: 'HKLM\A\*' } }`, "{ count: { of: k, distinct: leaf, eq: 2 } }", "")
	m := evidence(t, `reg: { 'HKLM\A\One': { X: 1, Y: 2 }, 'HKLM\A\Two': {}, 'HKLM\A\Two\Deep': {} }`)
	if f := s.Evaluate(m).Findings[0]; f.Verdict != Fire {
		t.Errorf("%s: %+v", f.Verdict, f.Nodes[0].Children[0])
	}
}

// What the registry says at collection is no evidence for an earlier session.
func TestFactsOfEarlierSessions(t *testing.T) {
	const given = `
spans:
  - { kind: session, name: "1", session: 1, start: 0s }
  - { kind: session, name: "2", session: 2, start: +2h }
facts:
  esp.provider.state: [ { key: ConfigMgr, value: 1 } ]
  os.build: 22631
  session.flow: [ { key: "1", value: a }, { key: "2", value: b } ]
`
	for when, want := range map[string][2]Verdict{
		`{ fact: { name: esp.provider.state } }`:             {Inconclusive, Fire},
		`{ fact: { name: os.build } }`:                       {Fire, Fire},
		`{ fact: { name: session.flow, where: { eq: a } } }`: {Fire, Silent},
	} {
		res := oneRule(t, "x: { event: { source: log.a } }", when, "").Evaluate(evidence(t, given))
		if got := [2]Verdict{res.Findings[0].Verdict, res.Findings[1].Verdict}; got != want {
			t.Errorf("%s: %v, want %v", when, got, want)
		}
	}
}

func TestSessionsShareOutEvents(t *testing.T) {
	const given = `
spans:
  - { kind: session, name: "1", session: 1, start: +1h, end: +2h }
  - { kind: session, name: "2", session: 2, start: +3h }
log.a: |
  +10m alpha before all
  +150m alpha between
  +181m alpha in the second
events: [ { source: log.a, message: alpha without a time } ]
`
	signals := "a: { event: { source: log.a, contains: alpha } }"
	for scope, want := range map[string][]string{"session": {"2", "2"}, "device": {"4"}} {
		s := oneRule(t, signals, "a", "scope: "+scope)
		s.rules[0].message = mustTemplate(t, s, "{{ count a }}")
		res := s.Evaluate(evidence(t, given))
		if len(res.Findings) != len(want) {
			t.Fatalf("%s: %d findings", scope, len(res.Findings))
		}
		for i, f := range res.Findings {
			if f.Message != want[i] {
				t.Errorf("%s %d: %s, want %s", scope, f.Session, f.Message, want[i])
			}
		}
	}
}

func TestEventSpecs(t *testing.T) {
	ev := event.Event{
		Source: "evtx.shell-core", ID: 62407, Level: event.LevelWarning, Name: "CommercialOOBE_X_Failed", Channel: "Ch", Provider: "Shell-Core",
		Message: "Subcategory ID = DeviceSetup; state = failed", Thread: 7, User: "S-1-5-18", Time: time.Unix(1e9, 0), Clock: event.ClockDeclared,
		Fields: event.Fields{{Name: "errorCode", Value: "2147943860"}, {Name: "level", Value: "own"}}, Pos: event.Pos{File: "f", Record: 3},
	}
	for spec, want := range map[string]bool{
		`source: evtx.shell-core`:                                                             true,
		`source: EVTX.Shell-Core`:                                                             true,
		`source: [log.a, "evtx.*"]`:                                                           true,
		`source: evtx.aad`:                                                                    false,
		`source: evtx.shell-core, id: 62407`:                                                  true,
		`source: evtx.shell-core, id: [1, 2]`:                                                 false,
		`source: "*", name: CommercialOOBE_X_Failed`:                                          true,
		`source: "*", name: [A, B]`:                                                           false,
		`source: "*", name: { endswith: _failed }`:                                            true,
		`source: "*", level: warning`:                                                         true,
		`source: "*", level: error`:                                                           false,
		`source: "*", provider: shell-core`:                                                   true,
		`source: "*", component: { startswith: x }`:                                           false,
		`source: "*", channel: ch`:                                                            true,
		`source: "*", contains: [zzz, STATE = FAILED]`:                                        true,
		`source: "*", contains: zzz`:                                                          false,
		`source: "*", text: ['zzz', 'ID = (?P<x>\w+)']`:                                       true,
		`source: "*", text: 'id = (?P<x>\w+)'`:                                                false,
		`source: "*", text: 'ID = (?P<x>\w+)', where: { x: devicesetup }`:                     true,
		`source: "*", text: 'ID = (?P<x>\w+)', where: { x: other }`:                           false,
		`source: "*", match: { errorcode: 0x800705b4 }`:                                       true,
		`source: "*", match: { ERRORCODE: { ne: 0 }, level: own }`:                            true,
		`source: "*", match: { thread: 7, user: S-1-5-18, line: 3 }`:                          true,
		`source: "*", match: { nothing: { exists: true } }`:                                   false,
		`source: "*", match: { message: { re: 'state = (?P<s>\w+)' } }, where: { s: failed }`: true,
		`source: "*", capture: { c: errorCode }, where: { c: { ge: 1 } }`:                     true,
		`source: "*", capture: { c: nothing }, where: { c: { exists: true } }`:                false,
	} {
		s := oneRule(t, "a: { event: { "+spec+" } }", "a", "")
		m := &Memory{EventList: []event.Event{ev}, CoverageList: []event.Coverage{{Sources: []event.Source{"evtx.shell-core", "evtx.aad", "log.a"}}}}
		if got := s.Evaluate(m).Findings[0].Verdict == Fire; got != want {
			t.Errorf("{ %s }: %v, want %v", spec, got, want)
		}
	}
}

func TestCoverage(t *testing.T) {
	x := newCoverageIndex([]event.Coverage{
		{Sources: []event.Source{"log.read"}},
		{Sources: []event.Source{"log.empty"}, Status: event.Empty},
		{Sources: []event.Source{"log.partial"}, Status: event.Partial},
		{Sources: []event.Source{"log.unread"}, Status: event.Unread},
		{Sources: []event.Source{"log.limit"}, Problems: []event.Problem{{Kind: event.Limit}}},
		{Sources: []event.Source{"log.remark"}, Problems: []event.Problem{{Kind: event.Remark}}},
		{Sources: []event.Source{"reg.edam"}},
	})
	for name, want := range map[string][2]bool{ // covered, damaged
		"log.read": {true, false}, "log.empty": {true, false}, "log.partial": {true, true}, "log.unread": {false, false}, "log.limit": {true, true},
		"log.remark": {true, false}, "reg": {true, false}, "reg.edam": {true, false}, "reg.esp-tracking": {false, false}, "log.*": {true, true}, "txt.*": {false, false},
	} {
		if got := [2]bool{x.covered(name), x.damagedOf(proof{{name}}) != ""}; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	if !x.lost {
		t.Error("nothing lost")
	}
}

// Every kind of span says which sources prove it.
func TestSpanSourcesComplete(t *testing.T) {
	for _, k := range spanKinds {
		if _, ok := spanSources[string(k)]; !ok {
			t.Errorf("kind %s has no sources", k)
		}
	}
	if len(spanSources) != len(spanKinds) {
		t.Errorf("%d sources for %d kinds", len(spanSources), len(spanKinds))
	}
	for _, f := range event.FactNames() {
		if p := factProof(&factSpec{name: f.Name}); f.Name != "reg" && len(p) == 1 && p[0][0] == "reg" && len(p[0]) == 1 {
			t.Errorf("fact %s has no sources of its own", f.Name)
		}
	}
}

func TestNilTimeline(t *testing.T) {
	s := oneRule(t, "a: { span: { kind: step } }", "a", "")
	if v := s.Evaluate(&Memory{}).Findings[0].Verdict; v != Inconclusive {
		t.Errorf("%s", v)
	}
	if v := new(Set).Len(); v != 0 {
		t.Error("a zero set has rules")
	}
	m := &Memory{Story: &timeline.Timeline{Spans: []timeline.Span{{Kind: "step"}}}}
	if v := s.Evaluate(m).Findings[0].Verdict; v != Fire {
		t.Errorf("a span without any time: %s", v)
	}
}
