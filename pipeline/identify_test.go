package pipeline_test

import (
	"bytes"
	"strings"
	"testing"

	"debrief/internal/synth"
	"debrief/pipeline"
	"debrief/redact"
	"debrief/report"
)

// TestSharedCopiesNameNobody holds that no report and no event made for sharing
// shows whose device it was, in any of the generated collections.
func TestSharedCopiesNameNobody(t *testing.T) {
	set := builtin(t)
	for _, s := range synth.Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			c, err := pipeline.Read(t.Context(), []string{write(t, s)}, pipeline.Options{})
			if err != nil {
				t.Fatal(err)
			}
			r, err := redact.New(bytes.Repeat([]byte{1}, redact.KeyBytes))
			if err != nil {
				t.Fatal(err)
			}
			c.Identify(r)
			result := c.Judge(set)
			v := pipeline.View(c, set, result, "test")
			open := pipeline.View(c, set, result, "test")
			v.Redact(r)
			var report1, plain, events bytes.Buffer
			if err := v.WriteJSON(&report1); err != nil {
				t.Fatal(err)
			}
			if err := open.WriteJSON(&plain); err != nil {
				t.Fatal(err)
			}
			if _, err := report.WriteEvents(&events, "jsonl", "", pipeline.Redacted(c.Events(), r)); err != nil {
				t.Fatal(err)
			}
			for _, name := range synth.Identity(s) {
				for what, text := range map[string]string{"report": report1.String(), "events": events.String()} {
					lower := strings.ToLower(text)
					if i := strings.Index(lower, strings.ToLower(name)); i >= 0 {
						t.Errorf("the %s still names %s: …%s…", what, name, text[max(0, i-80):min(len(text), i+80)])
					}
				}
			}
			var named bytes.Buffer
			if _, err := report.WriteEvents(&named, "jsonl", "", c.Events()); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(named.String()+plain.String(), synth.Identity(s)[0]) && !strings.Contains(named.String()+plain.String(), synth.Identity(s)[4]) {
				t.Error("the collection names neither the device nor its organisation: nothing is shown by this test")
			}
			if v.Verdict.Kind != open.Verdict.Kind || len(v.Also) != len(open.Also) || len(v.Coverage.Files) != len(open.Coverage.Files) {
				t.Error("the shared copy says something else")
			}
		})
	}
}
