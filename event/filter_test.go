package event

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTokens(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                       nil,
		" .;-":                                   nil,
		"Failed to get DP, 0x80070643":           {"failed", "to", "get", "dp", "0x80070643"},
		`C:\Windows\ccm_x\a.log`:                 {"c", "windows", "ccm_x", "a", "log"},
		"{6E3B2A10-11d2-4c5b-9D5E-0A1B2C3D4E5F}": {"6e3b2a10-11d2-4c5b-9d5e-0a1b2c3d4e5f"},
		"6E3B2A10-11d2-4c5b-9D5E-0A1B2C3D4E5Fx":  {"6e3b2a10", "11d2", "4c5b", "9d5e", "0a1b2c3d4e5fx"},
		"x6E3B2A10-11d2":                         {"x6e3b2a10", "11d2"},
		"Füße ÜBER\xffweg":                       {"füße", "über", "weg"},
	} {
		if d := cmp.Diff(want, slices.Collect(Tokens(text))); d != "" {
			t.Errorf("%q (-want +got):\n%s", text, d)
		}
	}
}

func TestFilterMatch(t *testing.T) {
	at := time.Date(2024, 3, 5, 9, 30, 0, 0, time.UTC)
	e := &Event{
		Time: at, Level: LevelError, ID: 62407, Provider: "Microsoft-Windows-Shell-Core", Name: "CommercialOOBE_X", Message: "The policy provider TIMED out",
		Fields: Fields{{"HResult", "0x800705b4"}, {"State", "4 of 7"}}, Pos: Pos{File: "b.zip/mdm.cab/Shell-Core.evtx", Record: 7},
	}
	s := &Subject{Event: e, Codes: func(*Event) []uint32 { return []uint32{0x800705b4} }, Case: CaseInfo{ID: "3f2a", Device: "PC-1", Causes: []string{"net.dns"}, Tags: []string{"vip"}}}
	re, err := MatchesRegexp("provider T.med")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		f    *Filter
		want bool
	}{
		"all":                {&Filter{}, true},
		"none":               {AnyOf(), false},
		"word":               {HasPhrase("timed"), true},
		"part_of_a_word":     {HasPhrase("time"), false},
		"phrase":             {HasPhrase("Provider timed"), true},
		"phrase_with_gap":    {HasPhrase("policy timed"), false},
		"phrase_over_fields": {HasPhrase("0x800705b4 4"), false},
		"field_value":        {HasPhrase("of 7"), true},
		"prefix":             {HasPrefix("Tim"), true},
		"prefix_of_name":     {HasPrefix("commercialoobe_"), true},
		"regexp":             {re, true},
		"not":                {NoneOf(HasPhrase("timed")), false},
		"and":                {AllOf(HasPhrase("timed"), HasPhrase("absent")), false},
		"or":                 {AnyOf(HasPhrase("absent"), HasPhrase("out")), true},
		"is":                 {FieldIs(FieldComponent, "MICROSOFT-*-core"), true},
		"is_not_a_part":      {FieldIs(FieldComponent, "microsoft"), false},
		"named":              {FieldIs(NamedField("hresult"), "0x800705B4"), true},
		"file_base":          {FieldIs(FieldFile, "shell-core.evtx"), true},
		"file_end":           {FieldIs(FieldFile, "mdm.cab/*"), true},
		"file_star_one":      {FieldIs(FieldFile, "b.zip/*"), false},
		"case":               {FieldIs(FieldCase, "3F"), true},
		"cause":              {FieldIs(FieldCause, "net.*"), true},
		"no_ticket":          {FieldIs(FieldTicket, "*"), false},
		"between":            {FieldBetween(FieldEventID, 62400, 62407), true},
		"no_line":            {FieldBetween(FieldLine, 0, 100), false},
		"level":              {FieldBetween(FieldLevel, int64(LevelWarning), int64(LevelCritical)), true},
		"from":               {TimeBetween(at, time.Time{}), true},
		"until_excludes":     {TimeBetween(time.Time{}, at), false},
		"code":               {WithCode(1, 0x800705b4), true},
		"code_range":         {WithCodeBetween(0x80070000, 0x8007ffff), true},
		"code_range_other":   {WithCodeBetween(1, 5), false},
	} {
		if got := c.f.Match(s); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	e.Time = time.Time{}
	if TimeBetween(time.Time{}, at).Match(s) {
		t.Error("an event without time lies in no time")
	}
	if _, err := MatchesRegexp("("); err == nil {
		t.Error("no error for a bad expression")
	}
}

func FuzzNextToken(f *testing.F) {
	f.Add("a 6E3B2A10-11d2-4c5b-9D5E-0A1B2C3D4E5F \xff ÄİΣ")
	f.Fuzz(func(t *testing.T, text string) {
		at := 0
		for {
			start, end := NextToken(text, at)
			if start < at || end < start || end > len(text) {
				t.Fatalf("%d..%d after %d of %d", start, end, at, len(text))
			}
			if start == end {
				break
			}
			word := text[start:end]
			if !foldedPrefix(word, foldToken(word), true) || !HasPhrase(word).Match(&Subject{Event: &Event{Message: text}}) {
				t.Fatalf("%q is not found in %q", word, text)
			}
			at = end
		}
		Like("*"+strings.ToLower(text), text)
		MatchFile(text, text)
	})
}
