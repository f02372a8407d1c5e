package rules

import (
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"debrief/event"
)

const leftoverRule = `
rule: demo.token
title: No token
role: cause
signals:
  failed: { event: { source: log.ccmsetup, text: 'Failed to get token (?P<code>0x[0-9a-f]+)' } }
  got: { event: { source: log.ccmsetup, contains: Got a token } }
  other: { event: { source: log.ccmsetup, contains: never written } }
when: { all: [ failed, { not: other } ] }
unless: [ { signal: got, after: last(failed) } ]
finding: { message: no token }
tests:
  - { name: fires, given: { log.ccmsetup: "+0s Failed to get token 0x80070005" }, expect: { verdict: fire } }
  - { name: silent, given: { log.ccmsetup: "+0s nothing" }, expect: { verdict: silent } }
`

func leftoverSet(t *testing.T) *Set {
	t.Helper()
	set, err := Load(fstest.MapFS{"demo.token.yaml": {Data: []byte(leftoverRule)}})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestLeftovers(t *testing.T) {
	set := leftoverSet(t)
	ev := func(line int, source event.Source, level event.Level, text string) event.Event {
		return event.Event{Source: source, Level: level, Message: text, Pos: event.Pos{File: "a.log", Line: line}}
	}
	for _, tc := range []struct {
		name string
		in   []event.Event
		want []string // text and count
	}{
		{"a_code_and_a_word", []event.Event{ev(1, "log.x", event.LevelInfo, "Cannot enrol, 0x8018000a"), ev(2, "log.x", event.LevelInfo, "Cannot enrol, 0x8018000a")}, []string{"Cannot enrol, 0x8018000a ×2"}},
		{"a_code_alone_is_no_error", []event.Event{ev(1, "log.x", event.LevelInfo, "state 0x8018000a")}, nil},
		{"a_word_alone_needs_the_level", []event.Event{ev(1, "log.x", event.LevelInfo, "it failed"), ev(2, "log.x", event.LevelError, "it failed twice")}, []string{"it failed twice ×1"}},
		{"event_log_by_level", []event.Event{
			{Source: event.DMEDP, ID: 76, Level: event.LevelError, Message: "HRESULT=0x80180001", Pos: event.Pos{File: "a.evtx", Record: 1}},
			{Source: event.DMEDP, ID: 75, Level: event.LevelInfo, Message: "failed 0x80180001", Pos: event.Pos{File: "a.evtx", Record: 2}},
		}, []string{"HRESULT=0x80180001 ×1"}},
		{"event_traces_are_left_out", []event.Event{
			{Source: event.TracePrefix + "aad", ID: 1098, Level: event.LevelError, Message: "Error=0xcaa2000c", Pos: event.Pos{File: "a.etl", Offset: 72}},
			{Source: event.TracePrefix + "sample", Level: event.LevelError, Message: "Failed: hr=0x80070005", Pos: event.Pos{File: "a.etl", Offset: 80}},
		}, nil},
		{"known_noise", []event.Event{ev(1, event.LogSmsts, event.LevelError, "GetTsRegValue() is unsuccessful. 0x80070002.")}, nil},
		{"a_rule_fired_on_it", []event.Event{ev(1, event.LogCcmsetup, event.LevelError, "Failed to get token 0x80070005")}, nil},
		{"a_rule_saw_it_heal", []event.Event{ev(1, event.LogCcmsetup, event.LevelError, "Failed to get token 0x80070005"), ev(2, event.LogCcmsetup, event.LevelInfo, "Got a token")}, nil},
		{"a_rule_looked_and_had_nothing_to_say", []event.Event{ev(1, event.LogCcmsetup, event.LevelError, "Failed to get token 0x80070005"), ev(2, event.LogCcmsetup, event.LevelInfo, "never written")}, []string{"Failed to get token 0x80070005 ×1"}},
		{"codes_before_others", []event.Event{ev(1, "log.x", event.LevelError, "it failed"), ev(2, "log.x", event.LevelError, "error 0x80070005")}, []string{"error 0x80070005 ×1", "it failed ×1"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, l := range set.Evaluate(&Memory{EventList: tc.in, CoverageList: []event.Coverage{{File: "a.log", Sources: []event.Source{event.LogCcmsetup}, Records: 1}}}).Leftovers {
				got = append(got, l.Text+" ×"+strconv.Itoa(l.Count))
			}
			if strings.Join(got, "|") != strings.Join(tc.want, "|") {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestLeftoversAreBounded(t *testing.T) {
	// kind is a word without digits, since numbers do not tell kinds apart.
	kind := func(i int) string {
		return strings.Map(func(r rune) rune { return 'k' + r%16 }, strconv.FormatInt(int64(i), 8))
	}
	set := leftoverSet(t)
	var in []event.Event
	for i := range 3 * maxLeftovers {
		in = append(in, event.Event{Source: "log.x", Level: event.LevelError, Message: "failed " + kind(i), Pos: event.Pos{File: "a.log", Line: i + 1}})
	}
	res := set.Evaluate(&Memory{EventList: in})
	if len(res.Leftovers) > maxLeftovers || res.MoreLeftovers == 0 {
		t.Errorf("%d kinds kept, %d records counted", len(res.Leftovers), res.MoreLeftovers)
	}
}

// TestNoiseTable holds the table to its form: four columns, a number or
// nothing, and an id or a text in each row.
func TestNoiseTable(t *testing.T) {
	for row := range strings.Lines(noiseTable) {
		if strings.HasPrefix(row, "#") {
			continue
		}
		cells := strings.Split(strings.TrimRight(row, "\n"), "\t")
		if len(cells) != 4 || cells[0] == "" || cells[1]+cells[2] == "" || cells[3] == "" {
			t.Errorf("row %q", row)
			continue
		}
		if _, err := strconv.ParseUint("0"+cells[1], 10, 32); err != nil {
			t.Errorf("row %q: %v", row, err)
		}
	}
}
