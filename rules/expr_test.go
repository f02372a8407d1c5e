package rules

import (
	"strings"
	"testing"
)

const exprSignals = `
fail: { event: { source: log.a, text: 'failed (?P<code>\S+) in (?P<where>\w+)', pick: all } }
nope: { event: { source: log.a, text: 'never (?P<code>\d+)' } }
gone: { event: { source: log.missing, text: 'whatever (?P<code>\d+)' } }
step: { span: { kind: step, pick: longest } }
build: { fact: { name: os.build } }
`

const exprGiven = `
session: { flow: autopilot-user-driven, end: +2h }
covered: [log.a, reg]
facts: { os.build: 22631 }
log.a: |
  +1m failed -2147023293 in setup
  +2m failed 7 in clean-up
  +3m failed many in numbers
spans:
  - { kind: step, name: Install CAD, start: +10m, end: +57m, state: failed, code: 0x80070643 }
`

func TestExpr(t *testing.T) {
	m := evidence(t, exprGiven)
	for _, tt := range []struct {
		expr string
		want Tri
	}{
		{`${build.num} > 22000`, True},
		{`${build.num} % 10 == 2`, False},
		{`${fail.code code} in [0x80070643, 0x80070652]`, True},
		{`${fail.code} == -2147023293`, True},
		{`${fail.code text}.startsWith("-2")`, True},
		{`${fail.where text} == "setup" && ${build.num} / 1000 == 22`, True},
		{`${step.duration duration} > duration("40m")`, True},
		{`${step.duration duration} > duration("48m")`, False},
		{`${step.start time} < ${step.end time}`, True},
		{`${step.name text}.matches("^Install .*")`, True},
		{`"${build.num}" == "22631" || ${build.num} == 1`, False}, // in quotes it is text
		// Missing, and proven not to be there: as in compare.
		{`${gone.code} == 1`, Unknown},
		{`${nope.code} == 1`, False},
		{`!(${nope.code} == 1)`, False},
		{`!(${gone.code} == 1)`, Unknown},
		{`${nope.code} == 1 && ${gone.code} == 1`, Unknown},
		// What is missing matters only where the result depends on it.
		{`${gone.code} == 1 || ${build.num} > 1`, True},
		{`${gone.code} == 1 && ${build.num} < 1`, False},
		// Text that is no number is not zero.
		{`${last(fail).code} < 9`, Unknown},
		// An evaluation that fails decides nothing.
		{`1 / (${build.num} - 22631) > 0`, Unknown},
		{`${build.num} > 1 || 1 / (${build.num} - 22631) > 0`, True},
	} {
		s := oneRule(t, exprSignals, `{ expr: `+quoteYAML(tt.expr)+` }`, "")
		res := s.Evaluate(m)
		n := res.Findings[0].Nodes[0].Children[0]
		if n.Verdict != tt.want {
			t.Errorf("%s is %v (%s), want %v", tt.expr, n.Verdict, n.Reason, tt.want)
		}
		if n.Reason == "" {
			t.Errorf("%s gives no reason", tt.expr)
		}
	}
}

// quoteYAML writes a text as a single-quoted scalar.
func quoteYAML(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func TestExprAsksForWhatIsMissing(t *testing.T) {
	s := oneRule(t, exprSignals, `{ expr: '${gone.code} == 1' }`, "")
	f := s.Evaluate(evidence(t, exprGiven)).Findings[0]
	if f.Verdict != Inconclusive || len(f.Missing) != 1 || string(f.Missing[0].Source) != "log.missing" {
		t.Errorf("verdict %v, asks for %v", f.Verdict, f.Missing)
	}
	if n := f.Nodes[0].Children[0]; !strings.Contains(n.Text, "expr ${gone.code} == 1") || !strings.Contains(n.Reason, "gone") {
		t.Errorf("explained as %q: %q", n.Text, n.Reason)
	}
}

// An expression that costs too much decides nothing and ends soon.
func TestExprCost(t *testing.T) {
	m := evidence(t, exprGiven)
	m.EventList[0].Message = "failed 1603 in x" + strings.Repeat("a", 4<<20)
	s := oneRule(t, exprSignals, `{ expr: '${fail.message text}.matches("(a+)+b") || ${fail.message text}.contains("zzz")' }`, "")
	n := s.Evaluate(m).Findings[0].Nodes[0].Children[0]
	if n.Verdict != Unknown || !strings.Contains(n.Reason, "cost") {
		t.Errorf("verdict %v (%s), want unknown for its cost", n.Verdict, n.Reason)
	}
}

// Bytes that are no UTF-8 reach no function of texts.
func TestExprBytes(t *testing.T) {
	m := evidence(t, exprGiven)
	m.EventList[0].Message = "failed 7 in x\xff\xfe\x00\x1b[31m"
	s := oneRule(t, exprSignals, `{ expr: '${fail.message text}.endsWith("[31m") && size(${fail.message text}) > 3' }`, "")
	if n := s.Evaluate(m).Findings[0].Nodes[0].Children[0]; n.Verdict != True {
		t.Errorf("verdict %v (%s), want true", n.Verdict, n.Reason)
	}
}

func TestExprErrors(t *testing.T) {
	for _, tt := range []struct{ expr, want string }{
		{`${fail.code} ==`, "test.rule.yaml:10:15: expr: line 1, character 16: Syntax error"},
		{`${fail.code} == "1603"`, "no matching overload"},
		{`${fail.code} + 1`, "true or false, not int"},
		{`${fail.nothing} == 1`, `has no variable "nothing"`},
		{`${other.code} == 1`, `unknown signal "other"`},
		{`${fail.code letters} == 1`, `"letters" is no type`},
		{`${fail.code == 1`, "${ is not closed"},
		{`1 == 1`, "asks for no value"},
		{`_0 == 1 && ${fail.code} == 1 && _1 == 1`, "undeclared reference"},
		{`[1, 2].exists(x, x == ${fail.code})`, "undeclared reference"},
		{`${fail.code} == 1` + strings.Repeat(" ", maxExprBytes), "at most 2000 bytes"},
		{strings.Repeat("(", 200) + `${fail.code}` + strings.Repeat(")", 200) + " == 1", "recursion"},
	} {
		_, err := parseRule("test.rule.yaml", []byte("rule: test.rule\ntitle: t\nrole: cause\nsignals:\n"+indent(exprSignals)+"when: { expr: "+quoteYAML(tt.expr)+" }\nfinding: { message: x }\ntests: []\n"))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.60s: error %v, want %q", tt.expr, err, tt.want)
		}
	}
}

func indent(s string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n  ") + "\n"
}

func FuzzExpr(f *testing.F) {
	for _, s := range []string{`${fail.code} > 1`, `${fail.code text}.matches("(")`, `"${`, `${a.b}`, "\x00", `'\'${fail.code}`, `${last(step).duration duration} < duration("1h")`} {
		f.Add(s)
	}
	m := evidence(f, exprGiven)
	f.Fuzz(func(t *testing.T, expr string) {
		if strings.ContainsAny(expr, "\r\n") {
			return
		}
		r, err := parseRule("test.rule.yaml", []byte("rule: test.rule\ntitle: t\nrole: cause\nsignals:\n"+indent(exprSignals)+"when: { expr: "+quoteYAML(expr)+" }\nfinding: { message: x }\ntests: []\n"))
		if err == nil {
			newSet([]*Rule{r}).Evaluate(m)
		}
	})
}
