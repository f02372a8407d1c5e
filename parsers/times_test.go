package parsers

import (
	"testing"
	"time"
)

func TestScanDate(t *testing.T) {
	near := time.Date(2025, 4, 3, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		in   string
		near time.Time
		want string
		rest string
	}{
		{"03-05-2025", time.Time{}, "2025-03-05", ""},
		{"3-5-2025 9:00", time.Time{}, "2025-03-05", " 9:00"},
		{"3/5/2025", time.Time{}, "2025-03-05", ""},
		{"25/3/2025", time.Time{}, "2025-03-25", ""},
		{"3/4/2025", near, "2025-04-03", ""},
		{"4/3/2025", near, "2025-04-03", ""},
		{"3/4/2024", near, "2024-03-04", ""},
		{"5.3.2025", time.Time{}, "2025-03-05", ""},
		{"2025-03-05T", time.Time{}, "2025-03-05", "T"},
		{"02-29-2024", time.Time{}, "2024-02-29", ""},
		{"02-29-2025", time.Time{}, "", ""},
		{"13-13-2025", time.Time{}, "", ""},
		{"0-5-2025", time.Time{}, "", ""},
		{"03-05-25", time.Time{}, "", ""},
		{"03-05/2025", time.Time{}, "", ""},
		{"03-05-1500", time.Time{}, "", ""},
		{"03-05-", time.Time{}, "", ""},
		{"03-", time.Time{}, "", ""},
		{"", time.Time{}, "", ""},
	}
	for _, tt := range tests {
		got, rest, ok := scanDate(tt.in, tt.near)
		if !ok {
			if tt.want != "" {
				t.Errorf("%q: not read, want %s", tt.in, tt.want)
			}
			continue
		}
		if s := got.Format(time.DateOnly); s != tt.want || rest != tt.rest {
			t.Errorf("%q: got %s and %q, want %s and %q", tt.in, s, rest, tt.want, tt.rest)
		}
	}
}

func TestScanClock(t *testing.T) {
	tests := []struct {
		in   string
		want time.Duration
		rest string
		ok   bool
	}{
		{"09:14:02", 9*time.Hour + 14*time.Minute + 2*time.Second, "", true},
		{"9:14:02.5+60", 9*time.Hour + 14*time.Minute + 2500*time.Millisecond, "+60", true},
		{"00:00:00.1234567", 123456700, "", true},
		{"00:00:00:512]", 512 * time.Millisecond, "]", true},
		{"00:00:00.", 0, ".", true},
		{"23:59:60", 24 * time.Hour, "", true},
		{"24:00:00", 0, "", false},
		{"1:60:00", 0, "", false},
		{"1:2:3", 0, "", false},
		{"1:02", 0, "", false},
		{"", 0, "", false},
	}
	for _, tt := range tests {
		got, rest, ok := scanClock(tt.in)
		if ok != tt.ok || ok && (got != tt.want || rest != tt.rest) {
			t.Errorf("%q: got %v, %q, %v; want %v, %q, %v", tt.in, got, rest, ok, tt.want, tt.rest, tt.ok)
		}
	}
}

func TestScanBias(t *testing.T) {
	tests := []struct {
		in   string
		want int
		ok   bool
	}{
		{"+240", 240, true}, {"-60", -60, true}, {"-000", 0, true}, {"+00", 0, true}, {"+1440", 1440, true},
		{"+1441", 0, false}, {"+99999", 0, false}, {"+", 0, false}, {"60", 0, false}, {"+6x", 0, false}, {"", 0, false},
	}
	for _, tt := range tests {
		if got, ok := scanBias(tt.in); ok != tt.ok || ok && got != tt.want {
			t.Errorf("%q: got %d, %v; want %d, %v", tt.in, got, ok, tt.want, tt.ok)
		}
	}
}

func TestParseISO(t *testing.T) {
	tests := []struct {
		in    string
		want  string
		zoned bool
	}{
		{"2025-03-05T08:14:02Z", "2025-03-05T08:14:02Z", true},
		{"2025-03-05T08:14:02.1234567Z", "2025-03-05T08:14:02.1234567Z", true},
		{"2025-03-05T08:14:02+02:00", "2025-03-05T06:14:02Z", true},
		{"2025-03-05 08:14:02", "2025-03-05T08:14:02Z", false},
		{"2025-03-05T08:14:02 tail", "", false},
		{"2025-03-05T08:14:02+99:00", "", false},
		{"2025-03-05", "", false},
		{"<time not available>", "", false},
	}
	for _, tt := range tests {
		got, zoned, ok := parseISO(tt.in)
		if ok != (tt.want != "") || ok && (stamp(got) != tt.want || zoned != tt.zoned) {
			t.Errorf("%q: got %s, %v, %v; want %s, %v", tt.in, stamp(got), zoned, ok, tt.want, tt.zoned)
		}
	}
}

func TestScanMeridiem(t *testing.T) {
	tests := []struct {
		hour int
		in   string
		want int
	}{{12, " AM", 0}, {12, " pm", 12}, {1, " PM", 13}, {11, " am", 11}, {9, "", 9}, {9, " XM", 9}}
	for _, tt := range tests {
		got, _ := scanMeridiem(time.Duration(tt.hour)*time.Hour, tt.in)
		if got != time.Duration(tt.want)*time.Hour {
			t.Errorf("%d%s: got %v", tt.hour, tt.in, got)
		}
	}
}
