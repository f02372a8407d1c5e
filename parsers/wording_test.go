package parsers

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

// TestWordingTables holds every row of the tables to their rules.
func TestWordingTables(t *testing.T) {
	name := regexp.MustCompile(`^[a-z]+\.[a-z]+(-[a-z]+)*$`)
	capture := regexp.MustCompile(`^[A-Z][A-Za-z]*[0-9]?$`)
	since := regexp.MustCompile(`^(-|\d+(\.\d+)+)$`)
	type place struct{ component, form string }
	seen := map[place]string{}
	files, err := wordingFiles.ReadDir("wording")
	if err != nil || len(files) == 0 {
		t.Fatal("no tables", err)
	}
	rows := 0
	for _, file := range files {
		data, err := wordingFiles.ReadFile("wording/" + file.Name())
		if err != nil {
			t.Fatal(err)
		}
		for row := range strings.Lines(string(data)) {
			row = strings.TrimSuffix(row, "\n")
			if strings.HasPrefix(row, "#") {
				continue
			}
			rows++
			c := strings.Split(row, "\t")
			if len(c) != 5 || slices.ContainsFunc(c, func(s string) bool { return s == "" || s != strings.TrimSpace(s) }) {
				t.Errorf("%s: %q: want five columns without space around", file.Name(), row)
				continue
			}
			if !name.MatchString(c[0]) {
				t.Errorf("%s: name %q is not of the form area.what", file.Name(), c[0])
			}
			if !since.MatchString(c[2]) {
				t.Errorf("%s: since %q is neither a version nor -", file.Name(), c[2])
			}
			if c[3] != "public" && c[3] != "seen" {
				t.Errorf("%s: source %q is not explained in the table's head", file.Name(), c[3])
			}
			f, ok := newForm(c[4])
			if !ok {
				t.Errorf("%s: form %q does not start with text, has captures side by side or an open brace", file.Name(), c[4])
				continue
			}
			var names []string
			for _, p := range f.rest {
				if !capture.MatchString(p.capture) || slices.Contains(names, p.capture) {
					t.Errorf("%s: form %q: capture %q", file.Name(), c[4], p.capture)
				}
				if l := strings.ToLower(p.capture); l == "file" || l == "context" {
					t.Errorf("%s: form %q: %q is the name of a header field", file.Name(), c[4], p.capture)
				}
				names = append(names, p.capture)
			}
			for _, w := range writers(c[1]) {
				if w != strings.ToLower(w) || strings.HasPrefix(w, "@") {
					t.Errorf("%s: component %q", file.Name(), w)
				}
				if _, known := componentSource(w); !known {
					t.Errorf("%s: no log of component %q is known to names.go", file.Name(), w)
				}
				if other, twice := seen[place{w, c[4]}]; twice {
					t.Errorf("form %q of %s is there twice: %s and %s", c[4], w, other, c[0])
				}
				seen[place{w, c[4]}] = c[0]
			}
		}
	}
	if got := len(forms()); got != rows {
		t.Errorf("%d of %d rows are read", got, rows)
	}
}

// TestWordingFindsEveryForm fills each form with values and looks it up: no
// form may be hidden by another.
func TestWordingFindsEveryForm(t *testing.T) {
	trees := wordings()
	for _, f := range forms() {
		text := f.first
		var want []event.Field
		for i, p := range f.rest {
			value := "v" + string(rune('a'+i))
			text += value + p.until
			want = append(want, event.Field{Name: p.capture, Value: value})
		}
		for _, c := range f.components {
			got, fields := trees[c].match(text, nil)
			if got == nil {
				t.Errorf("%s: %q: nothing found", c, text)
				continue
			}
			if got.name != f.name {
				t.Errorf("%s: %q is taken for %s, want %s", c, text, got.name, f.name)
			}
			if d := cmp.Diff(want, fields); d != "" {
				t.Errorf("%s: %q:\n%s", c, text, d)
			}
		}
	}
}

func TestWordingMatch(t *testing.T) {
	var tree wordNode
	for _, s := range []string{"Code {Code}", "Code is {Word}.", "Code is unknown", "Path {Path} (try {N})"} {
		f, ok := newForm(s)
		if !ok {
			t.Fatal(s)
		}
		f.name = s
		tree.insert(f.first, &f)
	}
	for _, tc := range []struct {
		in, name string
		fields   []event.Field
	}{
		{"Code 5", "Code {Code}", []event.Field{{Name: "Code", Value: "5"}}},
		{"  Code 5 \r\n", "Code {Code}", []event.Field{{Name: "Code", Value: "5"}}},
		{"Code is good. More", "Code is {Word}.", []event.Field{{Name: "Word", Value: "good"}}},
		{"Code is good", "Code {Code}", []event.Field{{Name: "Code", Value: "is good"}}},
		{"Code is unknown", "Code is unknown", nil},
		{"[Part][Other part] Code 5", "Code {Code}", []event.Field{{Name: "Code", Value: "5"}}},
		{`Path C:\a (b) (try 2)`, "Path {Path} (try {N})", []event.Field{{Name: "Path", Value: `C:\a (b)`}, {Name: "N", Value: "2"}}},
		{"Code", "", nil},
		{"", "", nil},
		{"[", "", nil},
		{"[]", "", nil},
		{"code 5", "", nil},
	} {
		f, fields := tree.match(tc.in, nil)
		name := ""
		if f != nil {
			name = f.name
		}
		if name != tc.name {
			t.Errorf("%q: got %q, want %q", tc.in, name, tc.name)
		}
		if d := cmp.Diff(tc.fields, fields); d != "" && len(fields)+len(tc.fields) > 0 {
			t.Errorf("%q: %s", tc.in, d)
		}
	}
}

func FuzzWording(f *testing.F) {
	f.Add("ccmsetup", "CcmSetup failed with error code 0x80004005")
	f.Add("appworkload", "[Win32App] Get policies = [{")
	f.Fuzz(func(t *testing.T, component, message string) {
		tree := wordings()[component]
		if tree == nil {
			return
		}
		form, fields := tree.match(message, nil)
		if form == nil && len(fields) > 0 {
			t.Errorf("fields without a form: %v", fields)
		}
		for _, fd := range fields {
			if !strings.Contains(message, fd.Value) {
				t.Errorf("value %q is not in the message", fd.Value)
			}
		}
	})
}
