package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

// exported are events as exports meet them: a log line, a record with fields of
// one name, a text that a spreadsheet would run and a terminal obey, and one
// without a time.
func exported() []event.Event {
	at := time.Date(2025, 3, 5, 9, 14, 2, 500_000_000, time.UTC)
	return []event.Event{
		{Time: at, Clock: event.ClockDeclared, Offset: 60, Level: event.LevelError, Source: event.LogCcmsetup, Provider: "ccmsetup", Message: "Download failed, \"12007\"",
			Process: 0, Thread: 2840, Pos: event.Pos{File: "logs/ccmsetup.log", Line: 118, Offset: 9000}},
		{Time: at.Add(time.Second), Clock: event.ClockDeclared, Level: event.LevelWarning, ID: 62407, Source: event.ShellCore, Channel: "Microsoft-Windows-Shell-Core/Operational", Provider: "Microsoft-Windows-Shell-Core",
			Name: "ESP_Timeout", Message: "timeout", User: "S-1-5-18", Host: "PC-0815", Fields: event.Fields{{Name: "a", Value: "1"}, {Name: "a", Value: "2"}}, Pos: event.Pos{File: "shell.evtx", Record: 4711}, Flags: event.Recovered},
		{Time: at, Clock: event.ClockDeclared, Level: event.LevelInfo, Source: event.LogIME, Message: "=HYPERLINK(\"http://x.example\")\x1b[2J\nsecond line <b>&", Pos: event.Pos{File: "-ime.log", Line: 1}},
		{Source: event.LogIME, Message: "no time", Pos: event.Pos{File: "ime.log", Line: 2}},
	}
}

func export(t *testing.T, format string, events []event.Event) (string, int) {
	t.Helper()
	var b bytes.Buffer
	left, err := WriteEvents(&b, format, "INC1", func(yield func(*event.Event) bool) {
		for i := range events {
			if !yield(&events[i]) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), left
}

func TestExportsGolden(t *testing.T) {
	for _, format := range EventFormats() {
		got, left := export(t, format, exported())
		if want := map[string]int{"timesketch": 1}[format]; left != want {
			t.Errorf("%s left %d events out, want %d", format, left, want)
		}
		path := filepath.Join("testdata", "events."+format)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// TestCSVRunsNothing holds that no cell begins like a formula and that a reader of
// CSV gets every row whole.
func TestCSVRunsNothing(t *testing.T) {
	var events []event.Event
	for _, text := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "%0A=1", "|calc", "plain, \"quoted\"", "\x1b]0;x\a", "\u202eabc", "", "\xff\xfe"} {
		events = append(events, event.Event{Message: text, Host: text, Provider: text, Pos: event.Pos{File: text}, Fields: event.Fields{{Name: text, Value: text}}})
	}
	got, _ := export(t, "csv", events)
	rows, err := csv.NewReader(strings.NewReader(got)).ReadAll()
	if err != nil || len(rows) != len(events)+1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows {
		for _, c := range row {
			if c != "" && strings.Contains("=+-@\t\r\n|%", c[:1]) || strings.ContainsAny(c, "\x1b\a\u202e") {
				t.Errorf("cell %q", c)
			}
		}
	}
	if empty, _ := export(t, "csv", nil); empty != strings.Join(csvColumns, ",")+"\n" {
		t.Errorf("an export of nothing is %q", empty)
	}
}

// TestTimesketchHasWhatIsAskedFor holds that each line has the fields that an
// import needs, one time in both forms.
func TestTimesketchHasWhatIsAskedFor(t *testing.T) {
	got, _ := export(t, "timesketch", append(exported(), event.Event{Time: time.Unix(1, 0)}))
	for line := range strings.Lines(got) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"message", "datetime", "timestamp", "timestamp_desc"} {
			if e[name] == nil || e[name] == "" {
				t.Errorf("no %s in %s", name, line)
			}
		}
		when, err := time.Parse("2006-01-02T15:04:05.999999-07:00", e["datetime"].(string))
		if err != nil || float64(when.UnixMicro()) != e["timestamp"].(float64) {
			t.Errorf("datetime %v (%v) is not timestamp %v", e["datetime"], err, e["timestamp"])
		}
	}
}

// TestSARIF holds what readers of the format rely on: every result points at its
// rule, every place is a relative reference, levels and kinds agree.
func TestSARIF(t *testing.T) {
	for _, tt := range stories {
		var b bytes.Buffer
		if err := WriteSARIF(&b, []*View{tt.story().view(t)}); err != nil {
			t.Fatal(err)
		}
		var log sarifLog
		if err := json.Unmarshal(b.Bytes(), &log); err != nil {
			t.Fatal(err)
		}
		run := log.Runs[0]
		for _, r := range run.Results {
			if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID || r.Message.Text == "" {
				t.Errorf("%s: result %+v has no rule or no text", tt.name, r)
			}
			if (r.Kind == "fail") != slices.Contains([]string{"error", "warning", "note"}, r.Level) {
				t.Errorf("%s: kind %s with level %s", tt.name, r.Kind, r.Level)
			}
			for _, at := range slices.Concat(r.Locations, r.Related) {
				if uri := at.Physical.Artifact.URI; uri == "" || strings.ContainsAny(uri, " \\") || strings.HasPrefix(uri, "/") {
					t.Errorf("%s: place %q", tt.name, uri)
				}
			}
		}
	}
}

func BenchmarkCSV(b *testing.B) {
	list := exported()
	out := NewEventWriter(io.Discard, "csv")
	size := 0
	for i := range list {
		size += len(list[i].Message) + len(list[i].Pos.File)
	}
	b.SetBytes(int64(size))
	for b.Loop() {
		for i := range list {
			if err := out.Write("INC1", &list[i]); err != nil {
				b.Fatal(err)
			}
		}
	}
}
