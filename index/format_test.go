package index

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

// TestFormat1 opens an archive of format 1, which kept facts as JSON, reads it as
// it is, and upgrades it in place by opening it to write.
func TestFormat1(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "format1"))); err != nil {
		t.Fatal(err)
	}
	check := func(what string, r Reader, format int) {
		t.Helper()
		id, err := r.Resolve("case")
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		facts, err := r.Facts(id)
		if err != nil || len(facts) == 0 || facts[0].Name == "" {
			t.Errorf("%s: facts %v, %v", what, facts, err)
		}
		found := false
		for _, f := range facts {
			found = found || f.Value == "Note" && f.Text == "made up"
		}
		if !found {
			t.Errorf("%s: the registry value is not among %v", what, facts)
		}
		events, err := r.Events(id)
		if err != nil || len(events) != 2 || r.Stats().Format != format {
			t.Errorf("%s: %d events, %v, format %d", what, len(events), err, r.Stats().Format)
		}
	}
	open := func() *Archive {
		a, err := OpenReader(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a := open()
	check("as it is", a, 1)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	w, err := OpenWriter(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	check("upgraded", w.View(), 2)
	sample := &Submission{Name: "second", Added: time.Unix(1, 0).UTC(), Facts: []event.Fact{event.Text("device.name", "", "PC", event.Pos{File: "x"})},
		Events: func(func(*event.Event) bool) {}, Files: []File{{Path: "x/y", Hash: hashOf([]byte("y")), Size: 1}}}
	id, added, err := w.Add(context.Background(), sample)
	if err != nil || !added {
		t.Fatal(added, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	a = open()
	defer a.Close() //nolint:errcheck // a test
	check("opened again", a, 2)
	if facts, err := a.Facts(id); err != nil || cmp.Diff(sample.Facts, facts) != "" {
		t.Errorf("facts %v, %v", facts, err)
	}
	if res, err := a.Verify(context.Background(), nil); err != nil || len(res.Problems) > 0 {
		t.Errorf("%v %+v", err, res)
	}
}

func oddFacts() []event.Fact {
	return []event.Fact{
		{},
		{Name: "reg", Key: `HKLM\SOFTWARE\Ä`, Value: "x", Kind: event.FactNumber, Num: -1 << 63, Text: "-9223372036854775808", Pos: event.Pos{File: "a\xffb", Line: -1, Record: 1<<64 - 1, Offset: 1 << 62}},
		{Name: "collection.time", Kind: event.FactTime, Time: time.Date(2025, 3, 5, 9, 14, 2, 123456789, time.UTC), Text: "t", Pos: event.Pos{File: "c", Line: 7}},
		{Name: "reg", Key: `HKLM\SOFTWARE\Ä`, Value: "", Kind: 255, Text: "\x00\xff"},
	}
}

func TestFactsKeepAll(t *testing.T) {
	for _, facts := range [][]event.Fact{nil, oddFacts()} {
		got, err := decodeFacts(encodeFacts(facts))
		if d := cmp.Diff(facts, got); d != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, d)
		}
	}
}

func FuzzFacts(f *testing.F) {
	f.Add(encodeFacts(nil))
	f.Add(encodeFacts(oddFacts()))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) == 0 || raw[0] != factsBinary {
			return
		}
		facts, err := decodeFacts(raw)
		if err != nil {
			return
		}
		again, err := decodeFacts(encodeFacts(facts))
		if d := cmp.Diff(facts, again); d != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, d)
		}
	})
}

// BenchmarkFacts compares the columns with the JSON of format 1.
func BenchmarkFacts(b *testing.B) {
	var facts []event.Fact
	for i := range 2000 {
		f := event.Text("reg", `HKLM\SOFTWARE\Microsoft\Windows\Autopilot\EnrollmentStatusTracking\Device\Setup`, "some value of it", event.Pos{File: "bundle.cab/MdmDiagReport_RegistryDump.reg", Line: i})
		f.Value = string(rune('a' + i%26))
		facts = append(facts, f)
	}
	columns := encodeFacts(facts)
	text, err := json.Marshal(facts)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("columns", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if _, err := decodeFacts(columns); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("json", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			var out []event.Fact
			if err := json.NewDecoder(bytes.NewReader(text)).Decode(&out); err != nil {
				b.Fatal(err)
			}
		}
	})
}
