package parsers

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// sampleTime is the date of every sample, as its archive would state it.
var sampleTime = time.Date(2025, 3, 5, 10, 14, 5, 0, time.UTC)

// samples returns the text samples by their path inside testdata/samples.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	root := filepath.Join("testdata", "samples")
	files := map[string][]byte{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		rel, _ := filepath.Rel(root, p)
		files["case.cab/"+filepath.ToSlash(rel)] = data
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("reading the samples: %v (%d found)", err, len(files))
	}
	return files
}

func TestSamples(t *testing.T) {
	for name, data := range samples(t) {
		t.Run(name, func(t *testing.T) {
			got := render(Parse(&Input{Path: name, Data: data, ModTime: sampleTime}))
			golden := filepath.Join("testdata", "golden", strings.TrimPrefix(name, "case.cab/")+".golden")
			checkGolden(t, golden, got)
		})
	}
}

// checkGolden compares what was got with a golden file, or writes that anew.
func checkGolden(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestSamplesInOtherEncodings reads each sample with other line ends and in
// other encodings: nothing but offsets may change.
func TestSamplesInOtherEncodings(t *testing.T) {
	variants := []struct {
		name string
		make func(string) []byte
	}{
		{"crlf", func(s string) []byte { return []byte(strings.ReplaceAll(s, "\n", "\r\n")) }},
		{"utf8_mark", func(s string) []byte { return []byte("\uFEFF" + s) }},
		{"utf16le", func(s string) []byte { return wideBytes(binary.LittleEndian, "\uFEFF"+s) }},
		{"utf16be", func(s string) []byte { return wideBytes(binary.BigEndian, "\uFEFF"+s) }},
		{"utf16le_no_mark", func(s string) []byte { return wideBytes(binary.LittleEndian, s) }},
	}
	for name, data := range samples(t) {
		want := renderPlaceless(Parse(&Input{Path: name, Data: data, ModTime: sampleTime}))
		for _, v := range variants {
			t.Run(v.name+"/"+name, func(t *testing.T) {
				got := renderPlaceless(Parse(&Input{Path: name, Data: v.make(string(data)), ModTime: sampleTime}))
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		}
	}
}

// TestSamplesCut cuts each sample behind every byte: whatever is left is read
// without a panic, and every position lies inside it.
func TestSamplesCut(t *testing.T) {
	for name, data := range samples(t) {
		t.Run(name, func(t *testing.T) {
			for n := range data {
				in := &Input{Path: name, Data: data[:n], ModTime: sampleTime}
				checkOutput(t, in, Parse(in))
			}
		})
	}
}

// checkOutput holds what is true of every output for any bytes.
func checkOutput(t *testing.T, in *Input, out *Output) {
	t.Helper()
	// UTF-16 text holds its line breaks as two bytes of which one is '\n'.
	lines := bytes.Count(in.Data, []byte("\n")) + 1
	for _, p := range out.Coverage.Problems {
		if strings.Contains(p.Text, "gave up") || strings.Contains(p.Text, "could not tell") {
			t.Errorf("a parser panicked on %d bytes: %s", len(in.Data), p.Text)
		}
		checkPos(t, in, p.Pos, lines, true)
	}
	var last event.Pos
	for _, e := range out.Events {
		checkPos(t, in, e.Pos, lines, false)
		if e.Pos.Compare(last) < 0 {
			t.Errorf("event at %+v stands behind one at %+v", e.Pos, last)
		}
		last = e.Pos
		if e.Source == "" || len(e.Message) > maxMessage {
			t.Errorf("event at %+v has source %q and a message of %d bytes", e.Pos, e.Source, len(e.Message))
		}
		if (e.Clock == event.ClockNone) != e.Time.IsZero() {
			t.Errorf("event at %+v has clock %v and time %v", e.Pos, e.Clock, e.Time)
		}
		covered := false
		for _, s := range out.Coverage.Sources {
			covered = covered || s == e.Source
		}
		if !covered {
			t.Errorf("event at %+v has the source %q that the file does not cover", e.Pos, e.Source)
		}
	}
	for _, f := range out.Facts {
		checkPos(t, in, f.Pos, lines, out.Coverage.Parser == "hive") // which has no lines
		if !event.KnownFact(f.Name) {
			t.Errorf("unknown fact %q", f.Name)
		}
	}
	records := strings.Count(in.Text(), recordOpen) + strings.Count(in.Text(), recordTime)
	if out.Coverage.Parser == "dressed-text" {
		records += 2 * strings.Count(in.Text(), "&lt;") // a record opens with one, and text may stand before it
	}
	if markup(out.Coverage.Parser) {
		records += strings.Count(in.Text(), "<") + strings.Count(in.Text(), ":")
	}
	if limit := 2*lines + records; len(out.Events) > limit {
		t.Errorf("%d events in %d lines", len(out.Events), lines)
	}
}

// markup reports whether the parser's records are elements or objects, of which
// a line may hold many.
func markup(parser string) bool {
	return parser == "intune-results" || parser == "mdm-report" || parser == "mdm-html" || parser == "diagnostics-framework"
}

func checkPos(t *testing.T, in *Input, p event.Pos, lines int, whole bool) {
	t.Helper()
	if p.File != in.Path || p.Line < 0 || p.Line > lines || p.Offset < 0 || p.Offset > int64(len(in.Data)) || p.Line == 0 && !whole {
		t.Errorf("position %+v lies outside the file of %d lines and %d bytes", p, lines, len(in.Data))
	}
}

func wideBytes(order binary.ByteOrder, s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		var two [2]byte
		order.PutUint16(two[:], u)
		b = append(b, two[:]...)
	}
	return b
}

// renderPlaceless is render without what an encoding changes.
func renderPlaceless(out *Output) string {
	out.Coverage.Bytes = 0
	for i := range out.Events {
		out.Events[i].Pos.Offset = 0
	}
	for i := range out.Facts {
		out.Facts[i].Pos.Offset = 0
	}
	return strings.ReplaceAll(render(out), `\r\n`, `\n`)
}

// render writes an output as text that a person can review.
func render(out *Output) string {
	var b strings.Builder
	c := out.Coverage
	fmt.Fprintf(&b, "%s by %s %s: %d records, %d unknown, %d damaged\n", c.Status, c.Parser, c.Version, c.Records, c.Unknown, c.Damaged)
	if c.Expected > 0 {
		fmt.Fprintf(&b, "wording known of %d in %d, format %q\n", c.Recognised, c.Expected, c.Format)
	}
	fmt.Fprintf(&b, "covers %v\n", c.Sources)
	if !c.First.IsZero() {
		fmt.Fprintf(&b, "from %s to %s\n", stamp(c.First), stamp(c.Last))
	}
	for _, p := range c.Problems {
		fmt.Fprintf(&b, "problem line %d, %s: %s\n", p.Pos.Line, p.Kind, p.Text)
	}
	for _, e := range out.Events {
		fmt.Fprintf(&b, "event line %d at %d: %s", e.Pos.Line, e.Pos.Offset, e.Clock)
		if !e.Time.IsZero() {
			fmt.Fprintf(&b, " %s %+d", stamp(e.Time), e.Offset)
		}
		fmt.Fprintf(&b, ", %s, %s", e.Level, e.Source)
		for _, part := range []struct {
			name  string
			value any
			zero  bool
		}{
			{"id", e.ID, e.ID == 0}, {"provider", e.Provider, e.Provider == ""}, {"thread", e.Thread, e.Thread == 0},
			{"user", e.User, e.User == ""}, {"name", e.Name, e.Name == ""}, {"flags", e.Flags, e.Flags == 0},
		} {
			if !part.zero {
				fmt.Fprintf(&b, ", %s %v", part.name, part.value)
			}
		}
		fmt.Fprintf(&b, "\n  %q\n", e.Message)
		for _, f := range e.Fields {
			fmt.Fprintf(&b, "  %s = %q\n", f.Name, f.Value)
		}
	}
	for _, f := range out.Facts {
		fmt.Fprintf(&b, "fact line %d at %d: %s", f.Pos.Line, f.Pos.Offset, f.Name)
		if f.Key != "" {
			fmt.Fprintf(&b, " [%s]", f.Key)
		}
		if f.Value != "" {
			fmt.Fprintf(&b, " %q", f.Value)
		}
		kinds := [...]string{"text", "number", "bool", "time", "list", "binary", "key"}
		fmt.Fprintf(&b, " = %s %q", kinds[f.Kind], f.Text)
		if f.Num != 0 {
			fmt.Fprintf(&b, " num %d", f.Num)
		}
		if !f.Time.IsZero() {
			fmt.Fprintf(&b, " time %s", stamp(f.Time))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05.999999999Z07:00") }
