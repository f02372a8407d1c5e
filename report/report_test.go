package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
	"debrief/rules"
	"debrief/timeline"
)

var update = flag.Bool("update", false, "write the golden files anew")

// story is a made-up case under construction.
type story struct {
	rules.Memory
}

var began = time.Date(2025, 5, 6, 7, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return began.Add(time.Duration(minutes) * time.Minute) }

// log adds a line of ccmsetup.log.
func (s *story) log(minute, line int, message string) {
	s.EventList = append(s.EventList, event.Event{
		Time: at(minute), Clock: event.ClockDeclared, Source: event.LogCcmsetup, Message: message,
		Pos: event.Pos{File: "ccmsetup/ccmsetup.log", Line: line, Offset: int64(line) * 80},
	})
}

// timedOut adds the record of the ESP's timeout.
func (s *story) timedOut(minute int, record uint64) {
	s.EventList = append(s.EventList, event.Event{
		Time: at(minute), Clock: event.ClockDeclared, Source: event.ShellCore, ID: 62407,
		Name:    "CommercialOOBE_ESPDevicePreparation_PolicyProvidersInstallation_TimedOut",
		Message: `{"message":"BootstrapStatus: timed out","errorCode":2147943860}`,
		Fields:  event.Fields{{Name: "errorCode", Value: "2147943860"}},
		Pos:     event.Pos{File: "logs.cab/shell-core.evtx", Record: record, Offset: int64(record) * 100},
	})
}

// file adds the coverage of a file.
func (s *story) file(path string, status event.Status, records int, sources ...event.Source) {
	s.CoverageList = append(s.CoverageList, event.Coverage{
		File: path, Bytes: int64(records)*97 + 4096, Parser: "made-up", Sources: sources, Status: status, Records: records, First: at(0), Last: at(63),
	})
}

// span adds an interval in minutes; an end before the start means that it was
// seen to run up to minute -end.
func (s *story) span(kind timeline.Kind, name string, session, parent, start, end int, state timeline.State, code uint32) {
	sp := timeline.Span{ID: len(s.Story.Spans), Kind: kind, Name: name, Session: session, Parent: parent, Start: at(start), State: state, Code: code,
		Evidence: []event.Pos{{File: "logs.cab/shell-core.evtx", Record: uint64(start + 1)}}}
	if end < start {
		sp.LastSeen = at(-end)
	} else {
		sp.End = at(end)
	}
	s.Story.Spans = append(s.Story.Spans, sp)
}

func (s *story) fact(f event.Fact) { s.FactList = append(s.FactList, f) }

func newStory(outcome string) *story {
	s := &story{}
	s.Story = &timeline.Timeline{Clock: timeline.ClockReport{Offset: 120, Origin: event.ClockAnchored}}
	reg := event.Pos{File: "logs.cab/registry.reg", Line: 12}
	s.fact(event.Text("device.name", "", "LAB-PC-0042", reg))
	s.fact(event.Text("os.product", "", "Windows 11 Pro", reg))
	s.fact(event.Text("os.build", "", "26100", reg))
	s.fact(event.Text("autopilot.profile", "", "Made-up profile", reg))
	s.fact(event.Number("esp.timeout-minutes", "", 60, reg))
	s.fact(event.Number("esp.provider.state", "ConfigMgr", 1, reg))
	s.fact(event.Number("esp.provider.state", "Sidecar", 3, reg))
	s.fact(event.Text("session.flow", "1", "autopilot-user-driven", event.Pos{}))
	s.fact(event.Text("session.join", "1", "entra", event.Pos{}))
	s.fact(event.Text("session.outcome", "1", outcome, event.Pos{}))
	return s
}

// failure is a case with a root cause that explains the symptom.
func failure() *story {
	s := newStory("failed")
	s.span(timeline.KindSession, "1", 1, -1, 0, 63, timeline.StateFailed, 0)
	s.span(timeline.KindPage, "device", 1, 0, 2, 63, timeline.StateTimedOut, 0)
	s.span(timeline.KindPhase, "DevicePreparation", 1, 1, 2, 63, timeline.StateFailed, 0)
	s.span(timeline.KindSubcategory, "DevicePreparation.EspProviderInstallationSubcategory", 1, 2, 3, 63, timeline.StateFailed, 0)
	s.span(timeline.KindProvider, "ConfigMgr", 1, 3, 3, 63, timeline.StateTimedOut, 0x800705B4)
	s.span(timeline.KindCcmsetup, "1", 1, 4, 8, -61, timeline.StateRunning, 0)
	s.span(timeline.KindReboot, "", 1, 0, 20, 22, timeline.StateSucceeded, 0)
	for i, m := range []string{
		"Downloading file ccmsetup.cab",
		"Sending request to https://cmg.contoso.test/CCM_Client/ccmsetup.cab?sig=AbCdEf",
		"Failed to send HTTP request. (Error at WinHttpSendRequest: 12007)",
		"Failed to connect to source. Next retry in 30 minute(s)",
		"not enough cache space",
		"Failed to send HTTP request. (Error at WinHttpSendRequest: 12007)",
		"Failed to send HTTP request. (Error at WinHttpSendRequest: 12007)",
		"Next retry in 30 minute(s)",
	} {
		s.log(9+5*i, 116+i, m)
	}
	s.timedOut(63, 811)
	s.file("ccmsetup/ccmsetup.log", event.Read, 8, event.LogCcmsetup)
	s.file("logs.cab/other.bin", event.Unknown, 0)
	s.file("logs.cab/registry.reg", event.Read, 900, event.Reg, event.RegESPTracking)
	s.file("logs.cab/shell-core.evtx", event.Read, 812, event.ShellCore)
	return s
}

// damaged is the failure with a torn log, and a symptom of its own.
func damaged() *story {
	s := failure()
	c := &s.CoverageList[0]
	c.Status, c.Damaged = event.Partial, 1
	c.Problems = []event.Problem{
		{Pos: event.Pos{File: c.File, Line: 124}, Kind: event.Remark, Text: "a time zone is written in an odd way"},
		{Pos: event.Pos{File: c.File, Line: 125}, Kind: event.Damage, Text: "record ends in the middle"},
	}
	s.file("logs.cab/torn.evtx", event.Unread, 0, event.DMEDP)
	s.CoverageList[4].Problems = []event.Problem{{Kind: event.Unreadable, Text: "header is missing"}}
	s.Story.Clock.Origin = event.ClockAssumed
	s.Story.Clock.Steps = []timeline.Step{{At: at(15), By: 61 * time.Minute, Pos: event.Pos{File: "logs.cab/shell-core.evtx", Record: 40}}}
	return s
}

// inconclusive has a symptom and lacks the log that would explain it.
func inconclusive() *story {
	s := newStory("failed")
	s.span(timeline.KindSession, "1", 1, -1, 0, 63, timeline.StateFailed, 0)
	s.timedOut(63, 811)
	s.file("logs.cab/shell-core.evtx", event.Read, 812, event.ShellCore)
	return s
}

func healthy() *story {
	s := newStory("succeeded")
	s.span(timeline.KindSession, "1", 1, -1, 0, 25, timeline.StateSucceeded, 0)
	s.span(timeline.KindPhase, "DevicePreparation", 1, 0, 1, 12, timeline.StateSucceeded, 0)
	s.log(4, 7, "Installation succeeded.")
	s.file("ccmsetup/ccmsetup.log", event.Read, 1, event.LogCcmsetup)
	s.file("logs.cab/shell-core.evtx", event.Empty, 0, event.ShellCore)
	s.file("smsts.log", event.Read, 3, event.LogSmsts)
	return s
}

func warning() *story {
	s := healthy()
	s.log(6, 9, "not enough cache space")
	return s
}

// unexplained holds errors that no rule knows, and no word of success.
func unexplained() *story {
	s := newStory("unknown")
	s.log(4, 7, "Enrolling the device failed with error code 0x8018000a.")
	s.log(5, 8, "Enrolling the device failed with error code 0x8018000a.")
	s.file("ccmsetup/ccmsetup.log", event.Read, 2, event.LogCcmsetup)
	return s
}

// secondAttempt failed once with a cause and then again without one.
func secondAttempt() *story {
	s := failure()
	s.span(timeline.KindSession, "2", 2, -1, 120, 190, timeline.StateFailed, 0)
	s.fact(event.Text("session.outcome", "2", "failed", event.Pos{}))
	s.timedOut(190, 1400)
	return s
}

// demoRules loads the made-up rules.
func demoRules(t testing.TB) *rules.Set {
	t.Helper()
	set, err := rules.Load(os.DirFS(filepath.Join("testdata", "rules")))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// view evaluates the story and makes the view of it.
func (s *story) view(t testing.TB) *View {
	t.Helper()
	s.Sort()
	return New(Input{
		Case: []string{"lab-pc-0042.zip"}, Result: demoRules(t).Evaluate(s), Timeline: s.Story,
		Coverage: s.CoverageList, Facts: s.FactList, Version: "1.0.0", RulesHash: "0123456789ab",
	})
}

var stories = []struct {
	name  string
	story func() *story
}{
	{"failure", failure}, {"damaged", damaged}, {"inconclusive", inconclusive},
	{"healthy", healthy}, {"warning", warning}, {"second-attempt", secondAttempt}, {"hostile", hostile},
	{"unexplained", unexplained},
}

// formats renders a view in every format.
func formats(t testing.TB, v *View) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for ext, write := range map[string]func(*bytes.Buffer) error{
		"txt":   func(b *bytes.Buffer) error { return v.WriteText(b, TextOptions{Width: 100}) },
		"ansi":  func(b *bytes.Buffer) error { return v.WriteText(b, TextOptions{Width: 72, Color: true}) },
		"json":  func(b *bytes.Buffer) error { return v.WriteJSON(b) },
		"md":    func(b *bytes.Buffer) error { return v.WriteMarkdown(b) },
		"html":  func(b *bytes.Buffer) error { return v.WriteHTML(b) },
		"sarif": func(b *bytes.Buffer) error { return WriteSARIF(b, []*View{v}) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatalf("writing %s: %v", ext, err)
		}
		out[ext] = b.Bytes()
	}
	return out
}

func TestGolden(t *testing.T) {
	for _, tt := range stories {
		for ext, got := range formats(t, tt.story().view(t)) {
			// One coloured and one page golden are enough to see a change.
			if tt.name != "failure" && (ext == "ansi" || ext == "html" || ext == "json" || ext == "sarif") {
				continue
			}
			path := filepath.Join("testdata", tt.name+"."+ext)
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		}
	}
}

func TestVerdict(t *testing.T) {
	smsts := event.Describe(event.LogSmsts).Title
	tests := []struct {
		name string
		view *View
		kind string
		line string
	}{
		{"failure", failure().view(t), VerdictRootCause, "Root cause: The name of the cloud management gateway does not resolve in DNS"},
		{"damage stands beside the cause", damaged().view(t), VerdictRootCause, "Root cause: The name of the cloud management gateway does not resolve in DNS"},
		{"symptom only", inconclusive().view(t), VerdictInconclusive, "Inconclusive: the enrolment status page timed out while waiting for ConfigMgr, and nothing in the evidence explains it; collect " + smsts},
		{"healthy", healthy().view(t), VerdictNone, "No failure found"},
		{"warning", warning().view(t), VerdictWarnings, "Warnings only: The cache of the client is small"},
		{"an earlier cause does not answer for a later failure", secondAttempt().view(t), VerdictInconclusive, "Inconclusive: the enrolment status page timed out while waiting for ConfigMgr, and nothing in the evidence explains it (the cause found is that of attempt 1); collect " + smsts},
		{"nothing at all", New(Input{}), VerdictInconclusive, "Inconclusive: no rules were evaluated; collect an mdmdiagnosticstool or Collect diagnostics archive of the device"},
		{"rules and no evidence", New(Input{Result: demoRules(t).Evaluate(&rules.Memory{})}), VerdictInconclusive, "Inconclusive: nothing that debrief reads is in the input; collect an mdmdiagnosticstool or Collect diagnostics archive of the device"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.view.Verdict; got.Kind != tt.kind || got.Line() != tt.line {
				t.Errorf("verdict\n got %s %q\nwant %s %q", got.Kind, got.Line(), tt.kind, tt.line)
			}
			if (tt.view.Root != nil) != (tt.kind == VerdictRootCause) {
				t.Errorf("root = %v", tt.view.Root)
			}
		})
	}
}

// TestLabel holds the label of the verdict to the confidence.
func TestLabel(t *testing.T) {
	for c, want := range map[rules.Confidence]string{
		rules.Proven: "Root cause", rules.Strong: "Root cause", rules.Moderate: "Likely root cause", rules.Weak: "Possible root cause", rules.NoConfidence: "Possible root cause",
	} {
		f := &rules.Finding{Title: "x", Role: rules.RoleCause, Impact: rules.ImpactFailure, Confidence: c}
		v := New(Input{Result: &rules.Result{Findings: []*rules.Finding{f}, Roots: []*rules.Finding{f}, Verdict: rules.OutcomeFailure}})
		if v.Verdict.Label != want {
			t.Errorf("confidence %s gives %q, want %q", c, v.Verdict.Label, want)
		}
	}
}

func TestLimits(t *testing.T) {
	got := damaged().view(t).Verdict.Limits
	for _, want := range []string{"2 files could not be read in full (ccmsetup/ccmsetup.log; logs.cab/torn.evtx)", "time zone is assumed"} {
		if !slices.ContainsFunc(got, func(l string) bool { return strings.Contains(l, want) }) {
			t.Errorf("limits %q lack %q", got, want)
		}
	}
	if got := healthy().view(t).Verdict.Limits; len(got) != 0 {
		t.Errorf("a healthy case has limits %q", got)
	}
	s := healthy()
	s.FactList = slices.DeleteFunc(s.FactList, func(f event.Fact) bool { return f.Name == "session.outcome" })
	if got := s.view(t).Verdict.Limits; len(got) != 1 || !strings.Contains(got[0], "No record shows") {
		t.Errorf("without an outcome the limits are %q", got)
	}
}

// TestDeterministic makes every report twice and compares the bytes.
func TestDeterministic(t *testing.T) {
	for _, tt := range stories {
		first, second := formats(t, tt.story().view(t)), formats(t, tt.story().view(t))
		for ext := range first {
			if !bytes.Equal(first[ext], second[ext]) {
				t.Errorf("%s.%s differs between two runs", tt.name, ext)
			}
		}
	}
}

// TestJSONHasNoNull holds the promise that lists are never null.
func TestJSONHasNoNull(t *testing.T) {
	for _, v := range []*View{New(Input{}), failure().view(t), healthy().view(t)} {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range []string{"root", "table"} {
			data = bytes.ReplaceAll(data, []byte(fmt.Sprintf("%q:null", field)), nil)
		}
		if i := bytes.Index(data, []byte("null")); i >= 0 {
			t.Errorf("null in %s", data[max(0, i-60):i+4])
		}
	}
}

func TestRowsAreBounded(t *testing.T) {
	s := newStory("failed")
	s.span(timeline.KindSession, "1", 1, -1, 0, 600, timeline.StateFailed, 0)
	s.span(timeline.KindTaskSequence, "TS", 1, 0, 1, 599, timeline.StateFailed, 0)
	for i := range 500 {
		state := timeline.StateSucceeded
		if i == 333 {
			state = timeline.StateFailed
		}
		s.span(timeline.KindStep, fmt.Sprint("step ", i), 1, 1, 1+i, 2+i+i/400, state, 0)
	}
	se := s.view(t).Sessions[0]
	if len(se.Rows) != maxRows || se.More != 501-maxRows {
		t.Fatalf("%d rows and %d more", len(se.Rows), se.More)
	}
	if se.Rows[0].Kind != "task-sequence" || !slices.ContainsFunc(se.Rows, func(r Row) bool { return r.Label == "Step step 333" }) {
		t.Error("the frame or the failed step was left out")
	}
	for _, r := range se.Rows {
		if r.Left < 0 || r.Width <= 0 || r.Left+r.Width > 1000 {
			t.Errorf("bar of %s at %d, %d wide", r.Label, r.Left, r.Width)
		}
	}
}

// TestTimesOfOneClock holds that times which a rule wrote in UTC are shown on
// the clock of the report.
func TestTimesOfOneClock(t *testing.T) {
	f := &rules.Finding{Title: "x", Message: "from 2025-05-06 23:30:00Z on, not 2025-05-06 23:30:00 and not 2025-99-06 23:30:00Z"}
	res := &rules.Result{Also: []*rules.Finding{f}}
	tl := &timeline.Timeline{Clock: timeline.ClockReport{Offset: 90, Origin: event.ClockDeclared}}
	if got, want := New(Input{Result: res, Timeline: tl}).Also[0].Message, "from 2025-05-07 01:00:00 on, not 2025-05-06 23:30:00 and not 2025-99-06 23:30:00Z"; got != want {
		t.Errorf("message %q, want %q", got, want)
	}
	if got := New(Input{Result: res}).Also[0].Message; got != f.Message {
		t.Errorf("without a device clock the message became %q", got)
	}
}

func TestDurationText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Millisecond: "< 1 s", 48 * time.Second: "48 s", 61 * time.Second: "1 min 1 s", 599 * time.Second: "9 min 59 s",
		10 * time.Minute: "10 min", 59*time.Minute + 40*time.Second: "1 h 0 min", 90 * time.Minute: "1 h 30 min", 51 * time.Hour: "2 d 3 h",
	} {
		if got := durationText(d); got != want {
			t.Errorf("durationText(%s) = %q, want %q", d, got, want)
		}
	}
}

// TestTextWidth holds every line of the text to the width asked for.
func TestTextWidth(t *testing.T) {
	for _, width := range []int{60, 80, 120} {
		var b bytes.Buffer
		if err := hostile().view(t).WriteText(&b, TextOptions{Width: width}); err != nil {
			t.Fatal(err)
		}
		for _, l := range strings.Split(b.String(), "\n") {
			if textWidth(l) > width {
				t.Errorf("at width %d a line has %d: %q", width, textWidth(l), l)
			}
		}
	}
}

func BenchmarkNew(b *testing.B) {
	s := failure()
	for i := range 2000 {
		s.span(timeline.KindStep, fmt.Sprint("step ", i), 1, 0, i%60, i%60+1, timeline.StateSucceeded, 0)
	}
	res := demoRules(b).Evaluate(s)
	in := Input{Case: []string{"x"}, Result: res, Timeline: s.Story, Coverage: s.CoverageList, Facts: s.FactList}
	for b.Loop() {
		v := New(in)
		var out bytes.Buffer
		if err := v.WriteHTML(&out); err != nil {
			b.Fatal(err)
		}
	}
}
