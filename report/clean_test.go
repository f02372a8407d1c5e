package report

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestClean(t *testing.T) {
	tests := []struct {
		name, in, want string
	}{
		{"plain", "Error 0x80070643 (fatal)", "Error 0x80070643 (fatal)"},
		{"terminal escape", "a\x1b[31mred\x1b]0;title\x07", `a\x1B[31mred\x1B]0;title\x07`},
		{"c1 control sequence", "a\u009b31m", "a⟨U+009B⟩31m"},
		{"tab, return and break", "a\tb\r\nc\rd\ne", "a b c d e"},
		{"backspace and delete", "safe\x08\x7f", `safe\x08\x7F`},
		{"right-to-left override", "invoice\u202Egnp.exe", "invoice⟨U+202E⟩gnp.exe"},
		{"isolates", "\u2066x\u2069", "⟨U+2066⟩x⟨U+2069⟩"},
		{"zero width and order mark", "pass\u200bword\ufeff", "pass⟨U+200B⟩word⟨U+FEFF⟩"},
		{"line separators", "a\u2028b\u2029c", "a⟨U+2028⟩b⟨U+2029⟩c"},
		{"tag characters", "x\U000E0041", "x⟨U+E0041⟩"},
		{"fillers", "a\u3164b\u2800c", "a⟨U+3164⟩b⟨U+2800⟩c"},
		{"broken utf-8", "ab\xff\xc3(", `ab\xFF\xC3(`},
		{"replacement character itself", "a\uFFFDb", "a\uFFFDb"},
		{"letters of the world", "Größe 日本語 Ελληνικά עברית", "Größe 日本語 Ελληνικά עברית"},
		{"combining mark", "e\u0301", "e\u0301"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, line(tt.in)); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
		})
	}
}

func TestQuote(t *testing.T) {
	if got, want := quote("first\r\nsecond\n\n"), "first\nsecond"; got != want {
		t.Errorf("quote keeps breaks: %q, want %q", got, want)
	}
	if got := quote(strings.Repeat("x\n", 100)); strings.Count(got, "\n") != maxLines || !strings.HasSuffix(got, "\n…") {
		t.Errorf("a quote of 100 lines became %d breaks, %q", strings.Count(got, "\n"), got)
	}
	got := quote(strings.Repeat("ä", 1<<20))
	if n := utf8.RuneCountInString(got); n != maxQuote || !strings.HasSuffix(got, "…") {
		t.Errorf("a long quote has %d runes and ends in %q", n, got[len(got)-3:])
	}
	if n := utf8.RuneCountInString(line(strings.Repeat("y", 5000))); n != maxLine {
		t.Errorf("a long line has %d runes", n)
	}
}

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		in   string
		n    int
		want string
	}{{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"äöü", 3, "äöü"}, {"äöüß", 3, "äö…"}, {"", 3, ""}} {
		if got := cut(tt.in, tt.n); got != tt.want {
			t.Errorf("cut(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
}

func TestWrap(t *testing.T) {
	tests := []struct {
		name  string
		in    string
		width int
		want  []string
	}{
		{"short", "one two", 20, []string{"one two"}},
		{"at spaces", "one two three four", 9, []string{"one two", "three", "four"}},
		{"exact", "abcd efgh", 9, []string{"abcd efgh"}},
		{"long word", "aaaaaaaaaaaaaaaaaaaa b", 10, []string{"aaaaaaaaaa", "aaaaaaaaaa", "b"}},
		{"wide runes", "日本語日本語", 8, []string{"日本語日", "本語"}},
		{"combining marks take no room", "e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301", 8, []string{"e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301"}},
		{"breaks stay", "a\n\nb", 20, []string{"a", "", "b"}},
		{"empty", "", 20, []string{""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, wrap(tt.in, tt.width)); diff != "" {
				t.Errorf("wrap (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMarkdownEscape(t *testing.T) {
	tests := []struct {
		name, in, want string
	}{
		{"plain", "Error 0x80070643 in ERROR_INSTALL_FAILURE.", "Error 0x80070643 in ERROR_INSTALL_FAILURE."},
		{"emphasis", "*bold* _it_ ~~x~~", `\*bold\* \_it\_ \~\~x\~\~`},
		{"link and image", "[x](y) ![x](y)", `\[x\](y) !\[x\](y)`},
		{"tag", "<script>&amp;", `\<script\>&amp;amp;`},
		{"heading and list", "# x", `\# x`},
		{"list", "- x", `\- x`},
		{"numbered list", "1. x", `1\. x`},
		{"version inside", "at 1. x", "at 1. x"},
		{"cell", "a|b", `a\|b`},
		{"address", "see https://x.test/a_b|c now", "see `https://x.test/a_b¦c` now"},
		{"person", "user@contoso.test", "`user@contoso.test`"},
		{"code", "a`b", "a\\`b"},
		{"path", `C:\Windows\x`, `C:\\Windows\\x`},
		{"break", "a\n# b", `a \# b`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := md(tt.in); got != tt.want {
				t.Errorf("md = %q, want %q", got, tt.want)
			}
		})
	}
	for in, want := range map[string]string{"a": "`a`", "a`b": "``a`b``", "`a``": "``` `a`` ```", "": ""} {
		if got := mdCode(in); got != want {
			t.Errorf("mdCode(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x1b[31m\u202E\xff")
	f.Add("regtoken=x password: y Bearer 0123456789abcdef")
	f.Fuzz(func(t *testing.T, s string) {
		for name, got := range map[string]string{"line": line(s), "quote": quote(s)} {
			if !utf8.ValidString(got) {
				t.Errorf("%s(%q) is not UTF-8", name, s)
			}
			for _, r := range got {
				if r == '\n' && name == "quote" {
					continue
				}
				if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
					t.Errorf("%s(%q) holds %U", name, s, r)
				}
			}
			for _, l := range wrap(got, 20) {
				if textWidth(l) > 20 {
					t.Errorf("line %q is wider than 20", l)
				}
			}
		}
	})
}
