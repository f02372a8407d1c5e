package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

func TestAppNames(t *testing.T) {
	const a, b, c = "0a0b0c0d-0000-4000-8000-000000000001", "0a0b0c0d-0000-4000-8000-000000000002", "0a0b0c0d-0000-4000-8000-000000000003"
	reg := func(key, name, text string) event.Fact {
		return event.Fact{Name: "reg", Key: key, Value: name, Text: text}
	}
	s := shower{apps: appNames([]event.Fact{
		event.Text("win32app.name", a, "Sample Maps", event.Pos{}),
		event.Text("win32app.name", a, "Another name", event.Pos{}),
		event.Text("win32app.name", "7", "No GUID", event.Pos{}),
		reg(`HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\{0A0B0C0D-0000-4000-8000-000000000002}`, "DisplayName", "Sample\x1b Client"),
		reg(`HKLM\SOFTWARE\Microsoft\Other\{`+c+`}`, "DisplayName", "Not an app"),
		reg(`DisplayName`, "DisplayName", "No key"),
	})}
	if d := cmp.Diff(map[string]string{a: "Sample Maps", b: line("Sample\x1b Client")}, s.apps); d != "" {
		t.Fatal(d)
	}
	for _, tc := range []struct{ in, want string }{
		{"App " + a + " failed.", "App Sample Maps (" + a + ") failed."},
		{"App " + a + " (Sample Maps) failed.", "App " + a + " (Sample Maps) failed."},
		{"{0A0B0C0D-0000-4000-8000-000000000001} failed.", "Sample Maps ({0A0B0C0D-0000-4000-8000-000000000001}) failed."},
		{"App " + c + " failed.", "App " + c + " failed."},
		{"App x" + a + " failed.", "App x" + a + " failed."},
		{"", ""},
	} {
		if got := s.named(tc.in); got != tc.want {
			t.Errorf("%q: got %q, want %q", tc.in, got, tc.want)
		}
	}
}
