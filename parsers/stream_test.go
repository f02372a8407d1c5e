package parsers

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
	"debrief/internal/synth/etlw"
	"debrief/internal/synth/evtxw"
)

// inWindows parses content as a long file in windows of that size.
func inWindows(name string, data []byte, window int) *Output {
	var events []event.Event
	out := parseLong(&Long{
		Path: name, Size: int64(len(data)), ModTime: sampleTime, Content: bytes.NewReader(data),
		Events: func(window []event.Event) bool {
			events = append(events, window...)
			return true
		},
	}, All(), window, 1<<20)
	out.Events = events
	return out
}

// TestWindows reads each sample in small windows: the result is that of the
// whole. A window is never smaller than what a parser looks at to tell its
// format.
func TestWindows(t *testing.T) {
	for name, data := range samples(t) {
		// Long enough for several windows.
		long := bytes.Repeat(append(slices.Clone(data), '\n'), 1+20_000/(len(data)+1))
		want := render(Parse(&Input{Path: name, Data: long, ModTime: sampleTime}))
		for _, window := range []int{4096, 5000, 9999, 1 << 20} {
			if diff := cmp.Diff(want, render(inWindows(name, long, window))); diff != "" {
				t.Errorf("%s in windows of %d (-want +got)\n%s", name, window, diff)
			}
		}
	}
}

// TestFeedOfUTF16: windows end anywhere in a character, and nothing shows of it.
func TestFeedOfUTF16(t *testing.T) {
	want := strings.Repeat("a😀ü", 200) + "\uFFFD" + strings.Repeat("😀", 50)
	for order, mark := range map[binary.AppendByteOrder][]byte{binary.LittleEndian: {0xFF, 0xFE}, binary.BigEndian: {0xFE, 0xFF}} {
		data := slices.Clone(mark)
		for _, r := range want {
			if r == utf8.RuneError {
				data = order.AppendUint16(data, 0xD83D) // half of a pair
				continue
			}
			for _, u := range utf16.Encode([]rune{r}) {
				data = order.AppendUint16(data, u)
			}
		}
		for window := 1; window < 20; window++ {
			l := &long{Long: &Long{Path: "f", Size: int64(len(data)), Content: bytes.NewReader(data)}, out: &Output{}}
			f := newFeed(l, data)
			var got []byte
			for !f.ended {
				got = append(got, f.next(window)...)
			}
			if string(got) != want || len(l.out.Coverage.Problems) != 1 {
				t.Errorf("%v in windows of %d: %q, %v", order, window, got, l.out.Coverage.Problems)
			}
		}
	}
}

// TestWindowsOfUTF16 reads each sample that is text as UTF-16 in windows: the
// result is that of the whole.
func TestWindowsOfUTF16(t *testing.T) {
	texts := 0
	for name, data := range samples(t) {
		if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
			continue
		}
		texts++
		one := string(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")))
		text := utf16.Encode([]rune(strings.Repeat(one+"\n😀\n", 1+10_000/(len(one)+1))))
		for order, mark := range map[binary.AppendByteOrder][]byte{binary.LittleEndian: {0xFF, 0xFE}, binary.BigEndian: {0xFE, 0xFF}} {
			long := slices.Clone(mark)
			for _, u := range text {
				long = order.AppendUint16(long, u)
			}
			want := render(Parse(&Input{Path: name, Data: long, ModTime: sampleTime}))
			for _, window := range []int{8191, 9999, 1 << 20} {
				if diff := cmp.Diff(want, render(inWindows(name, long, window))); diff != "" {
					t.Errorf("%s in windows of %d, %v (-want +got)\n%s", name, window, order, diff)
				}
			}
		}
	}
	if texts < 10 {
		t.Errorf("only %d samples are text", texts)
	}
}

// TestWindowsOfMSI: the date stands in the first line alone, and midnight
// shows only against the line before.
func TestWindowsOfMSI(t *testing.T) {
	var b strings.Builder
	b.WriteString("=== Verbose logging started: 3/5/2025  22:00:00  Build type: SHIP UNICODE 5.00.10011.00  Calling process: C:\\Windows\\system32\\msiexec.exe ===\r\n")
	for i := range 3000 {
		at := sampleTime.Truncate(24 * time.Hour).Add(22*time.Hour + time.Duration(i)*30*time.Second)
		fmt.Fprintf(&b, "MSI (s) (A4:1C) [%s:%03d]: Doing action: Sample%d\r\nwithout a time\r\n", at.Format("15:04:05"), i%1000, i)
	}
	want := Parse(&Input{Path: "client.msi.log", Data: []byte(b.String()), ModTime: sampleTime})
	if last := want.Coverage.Last; last.Day() != 6 {
		t.Fatalf("the last record is of %s", last)
	}
	for _, window := range []int{4096, 10_001} {
		if diff := cmp.Diff(render(want), render(inWindows("client.msi.log", []byte(b.String()), window))); diff != "" {
			t.Errorf("windows of %d (-want +got)\n%.2000s", window, diff)
		}
	}
}

// TestLongTrace: a trace that is not in memory gives what one in memory gives.
func TestLongTrace(t *testing.T) {
	trace := etlw.Trace{Start: sampleTime, Logger: "Sample session", BufferSize: 4096}
	for i := range 3 * spillEvents {
		trace.Events = append(trace.Events, etlw.Event{
			Kind: etlw.TraceLogging, ProviderName: "Sample.Provider", Name: "Step", Time: sampleTime.Add(time.Duration(i) * time.Second),
			Fields: []etlw.Field{etlw.U32("n", uint32(i))},
		})
	}
	data, err := etlw.Encode(trace)
	if err != nil {
		t.Fatal(err)
	}
	want := Parse(&Input{Path: "a.etl", Data: data, ModTime: sampleTime})
	if len(want.Events) != 3*spillEvents {
		t.Fatalf("%d events", len(want.Events))
	}
	got := inWindows("a.etl", data, 4096)
	if diff := cmp.Diff(render(want), render(got)); diff != "" {
		t.Errorf("(-want +got)\n%.2000s", diff)
	}
	stopped, calls := 0, 0
	parseLong(&Long{Path: "a.etl", Size: int64(len(data)), Content: bytes.NewReader(data), Events: func(w []event.Event) bool {
		stopped += len(w)
		calls++
		return false
	}}, All(), 4096, 1<<20)
	if calls != 1 || stopped != spillEvents {
		t.Errorf("%d events in %d calls after the reader had enough", stopped, calls)
	}
}

// TestWindowsOfCCM compares windows of a log of many records, torn ones too.
func TestWindowsOfCCM(t *testing.T) {
	data := ccmText(3000)
	data = bytes.Replace(data, []byte("]LOG]!>"), nil, 1)
	data = append(data, "<![LOG[the end is cut"...)
	want := Parse(&Input{Path: "smsts.log", Data: data, ModTime: sampleTime})
	for _, window := range []int{700, 4096, 100_001} {
		got := inWindows("smsts.log", data, window)
		if diff := cmp.Diff(render(want), render(got)); diff != "" {
			t.Errorf("windows of %d (-want +got)\n%s", window, diff)
		}
	}
}

// TestWindowsOfEvtx compares windows of event logs: all but the recovered
// records, which only the whole can tell from copies.
func TestWindowsOfEvtx(t *testing.T) {
	logs := map[string][]byte{"made.evtx": longEvtx(t)}
	damaged := slices.Clone(logs["made.evtx"])
	copy(damaged[4096+2*65536:], "no chunk")
	logs["damaged.evtx"] = damaged
	real, err := filepath.Glob(filepath.Join("..", "..", "shared", "corpus", "evtx", "*.evtx"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range real {
		if logs[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	live := func(out *Output) []event.Event {
		return slices.DeleteFunc(slices.Clone(out.Events), func(e event.Event) bool { return e.Flags&event.Recovered != 0 })
	}
	for name, data := range logs {
		want := live(Parse(&Input{Path: "x.evtx", Data: data}))
		for _, window := range []int{70_000, 200_000, 1 << 20} {
			if diff := cmp.Diff(want, live(inWindows("x.evtx", data, window))); diff != "" {
				t.Errorf("%s in windows of %d: (-want +got)\n%.2000s", name, window, diff)
			}
		}
	}
}

// longEvtx is a log of several chunks.
func longEvtx(t *testing.T) []byte {
	t.Helper()
	var f evtxw.File
	for i := range 3000 {
		f.Events = append(f.Events, evtxw.Event{
			Provider: dmedp, Channel: dmedp + "/Admin", ID: uint16(i % 90), Level: uint8(2 + i%3), Computer: "PC-1",
			Time: sampleTime.Add(time.Duration(i) * time.Second), Fields: []evtxw.Field{{Name: "Message1", Value: fmt.Sprintf("value %d of many", i)}},
		})
	}
	data, err := evtxw.Encode(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestLongLimits holds what is said where a long file cannot be read to its end.
func TestLongLimits(t *testing.T) {
	t.Run("a_format_in_one_piece", func(t *testing.T) {
		text := "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Made-up]\r\n    \"A\"=DWORD:00000001\r\n"
		data := strings.Repeat(text, (1<<20)/len(text)+2)
		out := inWindows("MdmDiagReport_RegistryDump.reg", []byte(data), 4096)
		if c := out.Coverage; c.Status != event.Partial || !slices.ContainsFunc(c.Problems, func(p event.Problem) bool { return p.Kind == event.Limit }) {
			t.Errorf("status %s, problems %v", c.Status, c.Problems)
		}
	})
	t.Run("one_line_without_end", func(t *testing.T) {
		out := inWindows("notes.txt", bytes.Repeat([]byte("x"), 3<<19), 4096)
		if out.Coverage.Records != 2 || !slices.ContainsFunc(out.Coverage.Problems, func(p event.Problem) bool { return strings.Contains(p.Text, "no record ends") }) {
			t.Errorf("%d records, problems %v", out.Coverage.Records, out.Coverage.Problems)
		}
	})
	t.Run("disk_fails", func(t *testing.T) {
		data := ccmText(500)
		out := parseLong(&Long{Path: "smsts.log", Size: int64(len(data)), Content: failingAt{data, 20_000}, Events: func([]event.Event) bool { return true }}, All(), 8192, 1<<20)
		if c := out.Coverage; c.Records == 0 || c.Status != event.Partial {
			t.Errorf("%d records, status %s, problems %v", c.Records, c.Status, c.Problems)
		}
	})
	t.Run("file_got_shorter", func(t *testing.T) {
		data := ccmText(500)
		out := parseLong(&Long{Path: "smsts.log", Size: int64(len(data)) + 100_000, Content: bytes.NewReader(data), Events: func([]event.Event) bool { return true }}, All(), 8192, 1<<20)
		if out.Coverage.Records != 500 {
			t.Errorf("%d records", out.Coverage.Records)
		}
	})
	t.Run("unknown_kind", func(t *testing.T) {
		if out := inWindows("x.bin", bytes.Repeat([]byte{1, 2, 3, 0xff}, 5000), 4096); out.Coverage.Status != event.Unknown {
			t.Errorf("status %s", out.Coverage.Status)
		}
	})
}

// failingAt cannot be read from an offset on.
type failingAt struct {
	data []byte
	from int64
}

func (f failingAt) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.from {
		return 0, errors.New("input/output error")
	}
	return bytes.NewReader(f.data).ReadAt(p, off)
}

var _ io.ReaderAt = failingAt{}
