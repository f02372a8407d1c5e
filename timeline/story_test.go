package timeline

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"debrief/event"
)

var update = flag.Bool("update", false, "write the golden files anew")

// storyDay is the date of every story.
var storyDay = time.Date(2031, 2, 3, 0, 0, 0, 0, time.UTC)

// readStory reads a made-up case from testdata: one record a line,
//
//	HH:MM:SS[.mmm] source rest
//	- fact name text
//
// where "-" is no time, a time with "d1 " before it is a day later, and rest
// depends on the source; that of an event may begin with "@" and the SID of
// its user. "\n" in a text is a line break.
func readStory(t testing.TB, name string) Input {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var in Input
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := in.addLine(line, i+1); err != nil {
			t.Fatalf("%s:%d: %v", name, i+1, err)
		}
	}
	return in
}

// parseStory reads a case from a string, as readStory does.
func parseStory(t testing.TB, text string) Input {
	t.Helper()
	var in Input
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := in.addLine(line, i+1); err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
	}
	return in
}

func (in *Input) addLine(line string, num int) error {
	at, rest, _ := strings.Cut(line, " ")
	day := 0
	if n, ok := strings.CutPrefix(at, "d"); ok {
		day, _ = strconv.Atoi(n)
		at, rest, _ = strings.Cut(rest, " ")
	}
	source, rest, _ := strings.Cut(rest, " ")
	rest = strings.ReplaceAll(strings.TrimSpace(rest), `\n`, "\n")
	pos := event.Pos{File: source + ".log", Line: num, Offset: int64(num)}
	switch source {
	case "reg":
		key, data, _ := strings.Cut(rest+" ", " = ")
		data = strings.TrimSpace(data)
		i := strings.LastIndexByte(key, '|')
		f := event.Fact{Name: "reg", Key: `HKLM\SOFTWARE\Microsoft\` + key[:i], Value: key[i+1:], Text: data, Pos: pos}
		if text, err := strconv.Unquote(data); err == nil {
			f.Text = text
		} else if n, err := strconv.ParseInt(data, 0, 64); err == nil {
			f.Kind, f.Num = event.FactNumber, n
		}
		in.Facts = append(in.Facts, f)
		return nil
	case "fact":
		name, data, _ := strings.Cut(rest, " ")
		f := event.Text(name, "", data, pos)
		if n, err := strconv.ParseInt(data, 0, 64); err == nil {
			f = event.Number(name, "", n, pos)
		}
		in.Facts = append(in.Facts, f)
		return nil
	case "file":
		in.Coverage = append(in.Coverage, event.Coverage{File: rest})
		return nil
	}
	e := event.Event{Clock: event.ClockDeclared, Pos: pos}
	if at != "-" {
		tod, err := time.Parse("15:04:05", at)
		if err != nil {
			return err
		}
		e.Time = storyDay.AddDate(0, 0, day).Add(tod.Sub(tod.Truncate(24 * time.Hour)))
	}
	if err := fillEvent(&e, source, rest, num); err != nil {
		return err
	}
	in.Events = append(in.Events, e)
	return nil
}

func fillEvent(e *event.Event, source, rest string, num int) error {
	first, after, _ := strings.Cut(rest, " ")
	if sid, ok := strings.CutPrefix(first, "@"); ok {
		e.User = sid
		first, after, _ = strings.Cut(after, " ")
	}
	switch source {
	case "shell":
		e.Source, e.ID, e.Name = event.ShellCore, 62407, espPrefix+first
		e.Fields = event.Fields{{Name: "Name", Value: e.Name}, {Name: "Value", Value: espValue(after)}}
	case "page":
		e.Source, e.ID = event.ShellCore, 62404
		e.Fields = event.Fields{{Name: "CXID", Value: first}}
	case "mdm", "modern", "system", "join", "core", "aad", "security":
		e.Source = map[string]event.Source{
			"mdm": event.DMEDP, "modern": event.ModernDeployment, "system": event.SystemLog, "join": event.UserDeviceReg,
			"core": event.ShellCore, "aad": event.AAD, "security": "evtx.security-auditing",
		}[source]
		id, err := strconv.ParseUint(first, 10, 32)
		if err != nil {
			return err
		}
		e.ID, e.Channel = uint32(id), source
		for _, f := range strings.Fields(after) {
			name, value, _ := strings.Cut(f, "=")
			if name == "Provider" {
				e.Provider = value
				continue
			}
			e.Fields = append(e.Fields, event.Field{Name: name, Value: value})
		}
	case "smsts":
		e.Source = event.LogSmsts
		e.Provider, e.Message, _ = strings.Cut(rest, ": ")
	case "ccmsetup":
		e.Source, e.Message = event.LogCcmsetup, after
		n, err := strconv.ParseUint(first, 10, 32)
		if err != nil {
			return err
		}
		e.Thread = uint32(n)
	case "msi":
		e.Source, e.Message = event.LogClientMSI, rest
		e.Pos.File = "client.msi.log"
	case "ime":
		e.Source, e.Message = event.LogIME, rest
	case "setup":
		e.Source, e.Message = event.LogSetupact, rest
	default:
		return fmt.Errorf("source %q is not known", source)
	}
	if e.Channel != "" || source == "shell" || source == "page" {
		e.Pos.Record, e.Pos.Line = uint64(num), 0
	}
	return nil
}

// espValue makes the JSON of a status page record from "message [code]".
func espValue(text string) string {
	code := "0"
	if i := strings.LastIndex(text, " ["); i >= 0 && strings.HasSuffix(text, "]") {
		text, code = text[:i], text[i+2:len(text)-1]
	}
	return fmt.Sprintf(`{"message":"BootstrapStatus: %s","errorCode":%s}`, text, code)
}

// render prints a timeline for a person to review, spans as a tree.
func render(tl *Timeline) string {
	var b strings.Builder
	children := map[int][]int{}
	for i := range tl.Spans {
		children[tl.Spans[i].Parent] = append(children[tl.Spans[i].Parent], i)
	}
	var walk func(id, depth int)
	walk = func(id, depth int) {
		for _, i := range children[id] {
			fmt.Fprintf(&b, "%s%s\n", strings.Repeat("  ", depth), renderSpan(&tl.Spans[i]))
			walk(i, depth+1)
		}
	}
	walk(-1, 0)
	for _, s := range tl.Clock.Steps {
		fmt.Fprintf(&b, "clock step at %s by %s <%s>\n", storyClock(s.At), s.By, s.Pos.File)
	}
	for _, f := range tl.Facts {
		fmt.Fprintf(&b, "fact %s", f.Name)
		if f.Key != "" {
			fmt.Fprintf(&b, " [%s]", f.Key)
		}
		if f.Value != "" {
			fmt.Fprintf(&b, " {%s}", f.Value)
		}
		fmt.Fprintf(&b, " = %s", f.Text)
		if !f.Time.IsZero() {
			fmt.Fprintf(&b, " at %s", storyClock(f.Time))
		}
		fmt.Fprintf(&b, " <%s:%d>\n", strings.TrimSuffix(f.Pos.File, ".log"), f.Pos.Offset)
	}
	return b.String()
}

// storyClock prints a time of a story; "?" is none.
func storyClock(t time.Time) string {
	if t.IsZero() {
		return "?"
	}
	if d := int(t.Sub(storyDay).Hours()) / 24; d > 0 {
		return fmt.Sprintf("d%d %s", d, t.Format("15:04:05.000"))
	}
	return t.Format("15:04:05.000")
}

func renderSpan(s *Span) string {
	var b strings.Builder
	end := storyClock(s.End)
	if s.End.IsZero() && !s.LastSeen.IsZero() {
		end = "(" + storyClock(s.LastSeen) + ")"
	}
	state := string(s.State)
	if state == "" {
		state = "unknown"
	}
	fmt.Fprintf(&b, "%s %q %s to %s %s", s.Kind, s.Name, storyClock(s.Start), end, state)
	if s.Code != 0 {
		fmt.Fprintf(&b, " 0x%08x", s.Code)
	}
	if s.Session > 0 {
		fmt.Fprintf(&b, " session=%d", s.Session)
	}
	for _, f := range s.Fields {
		fmt.Fprintf(&b, " %s=%q", f.Name, f.Value)
	}
	var from []string
	for _, p := range s.Evidence {
		from = append(from, fmt.Sprintf("%s:%d", strings.TrimSuffix(p.File, ".log"), p.Offset))
	}
	fmt.Fprintf(&b, " <%s>", strings.Join(from, " "))
	return b.String()
}

// golden compares text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := diffLines(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
