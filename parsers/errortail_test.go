package parsers

import (
	"testing"

	"debrief/event"
)

func TestJoinErrorTail(t *testing.T) {
	const failed, tail = "Failed to run the action: Sample step.", "The sample is not there. (Error: 80070002; Source: Windows)"
	tests := map[string]struct {
		name, text string
		want       []string
		provider   string // of the first event
		timed      bool   // it has a time
	}{
		"plain":                {"smsts.log", failed + "\n" + tail, []string{failed + "\n" + tail}, "", false},
		"a blank line between": {"smsts.log", failed + "\n\n" + tail, []string{failed + "\n" + tail}, "", false},
		"two blank lines":      {"smsts.log", failed + "\n\n\n" + tail, []string{failed, tail}, "", false},
		"component in front":   {"smsts.log", "TSManager  " + failed + "\n" + tail, []string{failed + "\n" + tail}, "TSManager", false},
		"from a viewer":        {"smsts.log", failed + "\n" + tail + " TSManager 3/5/2025 9:14:02 AM 4321 (0x10E1)", []string{failed + "\n" + tail}, "TSManager", true},
		"two viewed records": {"smsts.log", failed + " TSManager 3/5/2025 9:14:01 AM 4321 (0x10E1)\n" + tail + " TSManager 3/5/2025 9:14:02 AM 4321 (0x10E1)",
			[]string{failed, tail}, "TSManager", true},
		"two tails":        {"smsts.log", tail + "\n" + tail, []string{tail, tail}, "", false},
		"no source":        {"smsts.log", failed + "\nNot there (Error: 80070002)", []string{failed, "Not there (Error: 80070002)"}, "", false},
		"no code":          {"smsts.log", failed + "\nNot there (Error: 8007zz02; Source: Windows)", []string{failed, "Not there (Error: 8007zz02; Source: Windows)"}, "", false},
		"pasted into text": {"note.txt", failed + "\n" + tail, []string{failed + "\n" + tail}, "", false},
		"a time in front":  {"smsts.log", "03-05-2025 09:14:02.117    TSManager    4321 (0x10E1)    " + failed, []string{failed}, "TSManager", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := &Input{Path: tt.name, Data: []byte(tt.text)}
			p := choose(in, All(), &Output{})
			if p == nil {
				t.Fatal("no parser")
			}
			var out Output
			if err := p.Parse(in, &out); err != nil {
				t.Fatal(err)
			}
			if len(out.Events) != len(tt.want) {
				t.Fatalf("got %d events, want %d: %+v", len(out.Events), len(tt.want), out.Events)
			}
			for i, want := range tt.want {
				if got := out.Events[i].Message; got != want {
					t.Errorf("event %d: got %q, want %q", i, got, want)
				}
			}
			if e := out.Events[0]; e.Provider != tt.provider || e.Time.IsZero() == tt.timed || e.Source != event.LogSmsts {
				t.Errorf("got provider %q, time %v, source %q", e.Provider, e.Time, e.Source)
			}
		})
	}
}

func TestIsErrorTail(t *testing.T) {
	tests := map[string]bool{
		"a text (Error: 80070002; Source: Windows)":   true,
		"a text (Error: 0x80070002; Source: Windows)": true,
		"(Error: 80070002; Source: )":                 false,
		"(Error: 80070002)":                           false,
		"(Error: 8007000; Source: Windows)":           false,
		"(Error: 80070002; Source: Windows) a text":   false,
		")": false,
		"":  false,
	}
	for line, want := range tests {
		if got := isErrorTail(line); got != want {
			t.Errorf("%q: got %v", line, got)
		}
	}
}
