package rules

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestModifiers(t *testing.T) {
	for _, tt := range []struct {
		test string
		in   value
		want bool
	}{
		{`abc`, textValue("ABC"), true},
		{`abc`, textValue("abcd"), false},
		{`[a, b]`, textValue("B"), true},
		{`0x80070643`, textValue("2147944003"), true},
		{`-2147023293`, textValue("0x80070643"), true},
		{`{ eq: 1603 }`, textValue("0x643"), true},
		{`{ eq: true }`, value{kind: valBool, num: 1, text: "true"}, true},
		{`{ eq: 1 }`, value{kind: valBool, num: 1, text: "true"}, true},
		{`{ ne: 0 }`, numberValue(5), true},
		{`{ ne: 0 }`, value{}, true},
		{`{ ne: [0, 5] }`, numberValue(5), false},
		{`{ eq: "" }`, value{}, false},
		{`{ in: [1, 2] }`, textValue("2"), true},
		{`{ nin: [1, 2] }`, textValue("2"), false},
		{`{ nin: [1, 2] }`, value{}, true},
		{`{ gt: 5 }`, numberValue(6), true},
		{`{ gte: 6, lte: 6 }`, numberValue(6), true},
		{`{ ge: 6, lt: 6 }`, numberValue(6), false},
		{`{ ge: "10.0.22000" }`, textValue("10.0.22631"), true},
		{`{ ge: "10.0.22000" }`, textValue("10.0.9200"), false},
		{`{ lt: "5.00.9106.1000" }`, textValue("5.00.9096.1024"), true},
		{`{ gt: 5 }`, textValue("many"), false},
		{`{ contains: Error }`, textValue("an ERROR occurred"), true},
		{`{ contains: [x, err] }`, textValue("an ERROR occurred"), true},
		{`{ contains: [x, err], all: true }`, textValue("an ERROR occurred"), false},
		{`{ contains: [an, err], all: true }`, textValue("an ERROR occurred"), true},
		{`{ startswith: AN }`, textValue("an ERROR"), true},
		{`{ endswith: ror }`, textValue("an ERROR"), true},
		{`{ endswith: ror }`, textValue("or"), false},
		{`{ like: "Install *" }`, textValue(`install a\b`), true},
		{`{ like: "Install ?" }`, textValue("install ab"), false},
		{`{ re: '^E\d+$' }`, textValue("E42"), true},
		{`{ re: '^E\d+$' }`, textValue("e42"), false},
		{`{ bits: 4 }`, numberValue(7), true},
		{`{ bits: 0x18 }`, numberValue(0x10), false},
		{`{ exists: true }`, textValue(""), true},
		{`{ exists: false }`, value{}, true},
		{`{ exists: false }`, textValue(""), false},
		{`{ ge: 15m }`, durationValue(15 * time.Minute), true},
		{`{ gt: 15m }`, durationValue(15 * time.Minute), false},
		{`{ lt: "2024-03-05T09:00:00Z" }`, timeValue(testStart().Add(-time.Second)), true},
	} {
		t.Run(tt.test, func(t *testing.T) {
			root, err := parseYAML("t", []byte("x: "+tt.test))
			if err != nil {
				t.Fatal(err)
			}
			l := &loader{}
			ts := l.parseTests(root.get("x"))
			if len(l.errs) > 0 {
				t.Fatal(l.errs[0])
			}
			if got := ts.match(tt.in); got != tt.want {
				t.Errorf("%s on %q: %v, want %v", tt.test, tt.in.String(), got, tt.want)
			}
		})
	}
}

func TestDurations(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "15m": 15 * time.Minute, "2h": 2 * time.Hour, "1d": 24 * time.Hour, "1h30m": 90 * time.Minute, "-5m": -5 * time.Minute, "+5m": 5 * time.Minute,
	} {
		if got, ok := parseDuration(in); !ok || got != want {
			t.Errorf("parseDuration(%q) = %v, %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "15", "m", "fifteen", "1w", "1d2h", "99999999999999999h", "70000d"} {
		if d, ok := parseDuration(in); ok {
			t.Errorf("parseDuration(%q) = %v", in, d)
		}
	}
	for want, in := range map[string]time.Duration{
		"0 s": 0, "0.4 s": 400 * time.Millisecond, "12 s": 12 * time.Second, "47 min": 47 * time.Minute, "47 min 12 s": 47*time.Minute + 12*time.Second,
		"2 h 5 min": 125 * time.Minute, "3 days 1 h": 73 * time.Hour, "-1 min": -time.Minute,
	} {
		if got := formatDuration(in); got != want {
			t.Errorf("formatDuration(%v) = %q, want %q", in, got, want)
		}
	}
	formatDuration(-1 << 63) // must end
}

func TestGlob(t *testing.T) {
	for _, tt := range []struct {
		pattern, s string
		want       bool
	}{
		{`hklm\a\*`, `HKLM\A\b`, true},
		{`hklm\a\*`, `HKLM\A\b\c`, false},
		{`hklm\a\**`, `HKLM\A\b\c`, true},
		{`hklm\*\c`, `HKLM\x\C`, true},
		{`hklm\*\c`, `HKLM\x\y\C`, false},
		{`hklm\**\c`, `HKLM\x\y\C`, true},
		{`hklm\**\p*\d`, `HKLM\p1\e\P2\d`, true},
		{`a*b*c`, `aXbYc`, true},
		{`a*b*c`, `aXbYd`, false},
		{`a?c`, `abc`, true},
		{`a?c`, `a\c`, false},
		{`*`, ``, true},
		{`**`, `a\b`, true},
		{``, ``, true},
		{``, `a`, false},
		{`a**`, `a`, true},
	} {
		if got := glob(tt.pattern, tt.s); got != tt.want {
			t.Errorf("glob(%q, %q) = %v", tt.pattern, tt.s, got)
		}
	}
	// A pattern made to backtrack must end soon.
	_ = glob("**a**a**a**a*b*b*b**c", strings.Repeat("a", 50_000))
}

// globRegexp is the meaning of glob, said with a regular expression.
func globRegexp(pattern string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("(?is)^")
	for i := 0; i < len(pattern); i++ {
		switch {
		case strings.HasPrefix(pattern[i:], "**"):
			b.WriteString(".*")
			i++
		case pattern[i] == '*':
			b.WriteString(`[^\\]*`)
		case pattern[i] == '?':
			b.WriteString(`[^\\]`)
		default:
			b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		}
	}
	return regexp.MustCompile(b.String() + "$")
}

func FuzzGlob(f *testing.F) {
	f.Add(`a\*\**b`, `a\x\yab`)
	f.Add(`*a*b`, `xaxab`)
	f.Add(`**\*x?`, `\\axb`)
	f.Fuzz(func(t *testing.T, pattern, s string) {
		for _, c := range pattern + s {
			if c >= 0x80 || len(s) > 60 || len(pattern) > 20 {
				return
			}
		}
		// Three stars in a row have no meaning of their own.
		if pattern = lowerASCII(pattern); strings.Contains(pattern, "***") {
			return
		}
		if got, want := glob(pattern, s), globRegexp(pattern).MatchString(s); got != want {
			t.Errorf("glob(%q, %q) = %v, want %v", pattern, s, got, want)
		}
	})
}

func FuzzContainsFold(f *testing.F) {
	f.Add("An ERROR", "error")
	f.Add("aAaB", "aab")
	f.Fuzz(func(t *testing.T, s, sub string) {
		sub = lowerASCII(sub)
		if got, want := containsFold(s, sub), strings.Contains(lowerASCII(s), sub); got != want {
			t.Errorf("containsFold(%q, %q) = %v", s, sub, got)
		}
	})
}

func TestRequiredLiterals(t *testing.T) {
	for _, tt := range []struct {
		expr string
		want []string
	}{
		{`abc`, []string{"abc"}},
		{`(?i)ABC`, []string{"abc"}},
		{`ab`, nil},
		{`.*`, nil},
		{`\d+failed\d+`, []string{"failed"}},
		{`(?P<x>\w+) failed with code`, []string{" failed with code"}},
		{`failed|timed out`, []string{"failed", "timed out"}},
		{`failed|\d+`, nil},
		{`(failed)?x`, nil},
		{`(failed)+x`, []string{"failed"}},
		{`(?:failed){2,3}`, []string{"failed"}},
		{`abc.*defgh`, []string{"defgh"}},
		{`größer`, []string{"gr"}[:0]},
		{`naïve approach`, []string{"ve approach"}},
		{`(?i:state) (?:is|was) failed`, []string{" failed"}},
	} {
		got := requiredLiterals(tt.expr)
		if !slices.Equal(got, tt.want) {
			t.Errorf("requiredLiterals(%q) = %q, want %q", tt.expr, got, tt.want)
		}
	}
}

func FuzzAutomaton(f *testing.F) {
	f.Add("he,she,his,hers", "uSHErs")
	f.Add("a,aa,aaa", "aaaa")
	f.Fuzz(func(t *testing.T, words, text string) {
		var lits []literal
		for i, w := range strings.Split(lowerASCII(words), ",") {
			if w != "" {
				lits = append(lits, literal{w, int32(i)})
			}
		}
		a := newAutomaton(lits)
		if a == nil {
			return
		}
		found := map[int32]bool{}
		a.scan(text, func(vs []int32) {
			for _, v := range vs {
				found[v] = true
			}
		})
		for _, l := range lits {
			if want := containsFold(text, l.text); found[l.value] != want {
				t.Errorf("%q in %q: %v, want %v", l.text, text, found[l.value], want)
			}
		}
	})
}

func TestClip(t *testing.T) {
	for in, want := range map[string]string{
		"a\nb\tc": "a b c", "  x ": "x", "ab\u202ecd": "ab cd", "\xff": "\uFFFD", "1234567890": "12345678…", "1234567ü": "1234567…",
	} {
		if got := clip(in, 8); got != want {
			t.Errorf("clip(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestRequiredSets(t *testing.T) {
	for _, tt := range []struct {
		expr string
		want [][]string
	}{
		{`(?i)download[^\n]{0,80}(?:failed|timed out)`, [][]string{{"download"}, {"failed", "timed out"}}},
		{`code (?P<code>0x[0-9a-f]{8})`, [][]string{{"code "}, {"0x"}}},
		{`a.*b`, nil},
		{`(?:one)?two+`, [][]string{{"tw"}}},
		{`(?:x|long)end`, [][]string{{"end"}}},
	} {
		if diff := cmp.Diff(tt.want, requiredSets(tt.expr)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.expr, diff)
		}
	}
}

// TestSetsNeverHideAMatch holds over the patterns of the built-in rules and the
// records of their tests that the literals rule out no text that matches.
func TestSetsNeverHideAMatch(t *testing.T) {
	set, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, r := range set.Rules() {
		for _, test := range r.Tests {
			for _, e := range test.given.events {
				texts = append(texts, e.ev.Message)
			}
			for _, log := range test.given.logs {
				lines, err := logLines(log.text)
				if err != nil {
					t.Fatal(err)
				}
				for _, l := range lines {
					texts = append(texts, l.text)
				}
			}
		}
	}
	if len(texts) < 1000 {
		t.Fatalf("only %d texts", len(texts))
	}
	for _, spec := range set.dispatch.specs {
		for i, re := range spec.texts {
			for _, text := range texts {
				if !hasAll(text, spec.textSets[i]) && re.MatchString(text) {
					t.Fatalf("%s matches %q, which lacks its literals %q", re, text, spec.textSets[i])
				}
			}
		}
	}
}
