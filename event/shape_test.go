package event

import (
	"strings"
	"testing"
)

func TestShape(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"plain", "Installation succeeded.", "Installation succeeded."},
		{"hex_and_number", "Failed (attempt 3) with 0x80072EE7", "Failed (attempt <n>) with <hex>"},
		{"address", "cannot reach 10.0.0.7:443", "cannot reach <n>"},
		{"version_and_time", "5.0.9122.1033 at 10:11:12.123", "<n> at <n>"},
		{"guid_in_braces", "job {0f3c1a2b-1111-2222-3333-abcdefabcdef} ended", "job {<guid>} ended"},
		{"bare_hex_code", "error 80070643 or 87d00215", "error <n> or <hex>"},
		{"word_with_digits_stays", "Win32App sha256 x64", "Win32App sha256 x64"},
		{"hex_letters_only_stay", "deadbeef facade", "deadbeef facade"},
		{"line_breaks", "a\r\n\t b ", "a b"},
		{"negative", "code -2147023293", "code -<n>"},
		{"other_alphabet", "Fehler für Gerät 7", "Fehler für Gerät <n>"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := Shape(tc.in); got != tc.want {
				t.Errorf("Shape(%q) = %q, want %q", tc.in, got, tc.want)
			}
		})
	}
}

func TestShapeIsBounded(t *testing.T) {
	if got := Shape(strings.Repeat("1 ", 1<<20)); len(got) > 2*maxShape {
		t.Errorf("a shape of %d bytes", len(got))
	}
}

func FuzzShape(f *testing.F) {
	f.Add("Failed with 0x80070005 for {0f3c1a2b-1111-2222-3333-abcdefabcdef} at 1.2.3")
	f.Fuzz(func(t *testing.T, s string) {
		if got := Shape(s); Shape(got) != got && len(got) <= maxShape {
			t.Errorf("Shape(%q) = %q, and its own shape is %q", s, got, Shape(got))
		}
	})
}
