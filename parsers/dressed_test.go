package parsers

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUndress(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"quotes", "> a\n> b\n", "a\nb\n"},
		{"quotes_in_quotes", "> > a\n>> b\n", "a\nb\n"},
		{"blank_quotes", "> a\n>\n> b", "a\n\nb"},
		{"numbers", " 1: a\n 2: b\n", "a\nb\n"},
		{"numbers_and_tabs", "1\ta\n2\tb\n", "a\nb\n"},
		{"numbered_quotes", "> 1. a\n> 2. b\n", "a\nb\n"},
		{"bullets", "• a\n• b", "a\nb"},
		{"half", "- a\nb\n", "a\nb\n"},
		{"less_than_half", "- a\nb\nc\n", ""},
		{"times_are_no_numbers", "09:14:02 a\n09:14:03 b\n", ""},
		{"entities", "&lt;![LOG[a]LOG]!&gt;", "<![LOG[a]LOG]!>"},
		{"entities_twice", "&amp;lt;![LOG[a", "<![LOG[a"},
		{"smart_quotes", "time=“1” ‘b’", `time="1" 'b'`},
		{"code", "```\na\n```\n", "\na\n\n"},
		{"line_break_entity", "a&lt;&#10;b", "a< b"},
		{"nothing", "a\nb\n", ""},
		{"empty", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, ok := undress(tc.in)
			if !ok {
				got = ""
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
			if ok && strings.Count(got, "\n") != strings.Count(tc.in, "\n") {
				t.Error("the number of lines has changed")
			}
		})
	}
}

// Text that nobody knows is left to the parser for any text, dressed or not,
// and a file of another kind is never undressed.
func TestDressedLeavesOthersAlone(t *testing.T) {
	for _, tc := range []struct{ file, text, parser string }{
		{"notes.txt", "> some words\n> more words\n", "text"},
		{"notes.txt", "Installation succeeded\n", "text"},
		{"vendor.log", "Failed to run the action: Sample.\n", "text"},
		{"notes.txt", "> Failed to run the action: Sample.\n", "dressed-text"},
		{"notes.txt", "Failed to run the action: Sample.\n", "pasted-text"},
		{"a.log", "> <![LOG[x]LOG]!><time=\"09:00:00.000-060\" date=\"03-05-2025\" component=\"TSManager\" context=\"\" type=\"1\" thread=\"1\" file=\"\">\n", "cmtrace"},
	} {
		if got := Parse(&Input{Path: tc.file, Data: []byte(tc.text)}).Coverage.Parser; got != tc.parser {
			t.Errorf("%s %q: read by %q, want %q", tc.file, tc.text, got, tc.parser)
		}
	}
}
