package rules

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const acrossRule = `rule: test.across
version: 1.0.0
status: stable
role: cause
title: A test
scope: case
signals:
  seen:
    event: { source: log.ccmsetup, match: { message: { contains: "went wrong" } } }
when: { signal: seen }
confidence: { base: moderate }
finding: { message: "It went wrong." }
tests: []
across: ACROSS
`

func TestAcross(t *testing.T) {
	tests := []struct {
		in   string
		want *Across
		err  string
	}{
		{`{ group_by: [tenant, code], window: 14d, escalate: { ge: 5, to: problem-record } }`,
			&Across{GroupBy: []string{"tenant", "code"}, Window: 14 * 24 * time.Hour, Least: 5, To: "problem-record"}, ""},
		{`{ group_by: model, escalate: { gt: 5 } }`, &Across{GroupBy: []string{"model"}, Least: 6}, ""},
		{`{ escalate: { ge: 2 } }`, &Across{Least: 2}, ""},
		{`{ group_by: [colour], escalate: { ge: 5 } }`, nil, `not grouped by "colour"`},
		{`{ group_by: [tenant] }`, nil, "2 or more"},
		{`{ escalate: { ge: 1 } }`, nil, "2 or more"},
		{`{ window: soon, escalate: { ge: 5 } }`, nil, `"soon" is no duration`},
	}
	for _, tt := range tests {
		text := strings.Replace(acrossRule, "ACROSS", tt.in, 1)
		set, err := LoadText("test.across.yaml", []byte(text))
		switch {
		case tt.err != "":
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: error %v, want %q", tt.in, err, tt.err)
			}
		case err != nil:
			t.Errorf("%s: %v", tt.in, err)
		default:
			if d := cmp.Diff(tt.want, set.Rule("test.across").Across); d != "" {
				t.Errorf("%s (-want +got):\n%s", tt.in, d)
			}
		}
	}
}
