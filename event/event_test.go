package event

import (
	"slices"
	"testing"
	"time"
)

func TestPosCompare(t *testing.T) {
	inOrder := []Pos{
		{}, {File: "a.log", Line: 1}, {File: "a.log", Line: 2}, {File: "a.log", Line: 1, Offset: 10}, {File: "b.evtx", Offset: 5, Record: 1}, {File: "b.evtx", Offset: 5, Record: 2},
	}
	for i, p := range inOrder {
		for j, q := range inOrder {
			got, want := p.Compare(q), 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got != want {
				t.Errorf("%+v against %+v is %d, want %d", p, q, got, want)
			}
		}
		if p.IsZero() != (i == 0) {
			t.Errorf("IsZero(%+v) = %v", p, p.IsZero())
		}
	}
}

func TestFactCompareIgnoresTheCaseOfKeys(t *testing.T) {
	a := Fact{Name: "reg", Key: `HKLM\SOFTWARE\X`, Value: "State"}
	b := Fact{Name: "reg", Key: `HKLM\software\x`, Value: "STATE"}
	if a.Compare(b) != 0 {
		t.Error("keys that differ by case only are the same key")
	}
	b.Pos.File = "z.reg"
	if a.Compare(b) >= 0 {
		t.Error("equal facts are told apart by their place")
	}
}

func TestFactMakers(t *testing.T) {
	at := time.Date(2025, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	for _, tt := range []struct {
		fact Fact
		kind FactKind
		text string
	}{
		{Number("a", "k", -7, Pos{}), FactNumber, "-7"},
		{Text("a", "k", "x", Pos{}), FactText, "x"},
		{Bool("a", "k", true, Pos{}), FactBool, "true"},
		{Bool("a", "k", false, Pos{}), FactBool, "false"},
		{At("a", "k", at, Pos{}), FactTime, "2025-01-02T02:04:05Z"},
	} {
		if tt.fact.Kind != tt.kind || tt.fact.Text != tt.text {
			t.Errorf("got %+v, want kind %d and text %q", tt.fact, tt.kind, tt.text)
		}
	}
}

func TestNamesRoundTrip(t *testing.T) {
	for l := LevelUnknown; l <= LevelCritical; l++ {
		if got := ParseLevel(l.String()); got != l {
			t.Errorf("ParseLevel(%q) = %v", l, got)
		}
	}
	if ParseLevel("ERROR") != LevelError || ParseLevel("loud") != LevelUnknown {
		t.Error("levels are read in any case, and others are unknown")
	}
	for _, s := range []string{Level(99).String(), Clock(99).String(), Status(99).String(), ProblemKind(99).String()} {
		if s == "" {
			t.Error("a value out of range has no name")
		}
	}
}

func TestFieldsGet(t *testing.T) {
	f := Fields{{"Name", "first"}, {"name", "second"}, {"Empty", ""}}
	if v, ok := f.Get("NAME"); v != "first" || !ok {
		t.Errorf("Get(NAME) = %q, %v", v, ok)
	}
	if v, ok := f.Get("empty"); v != "" || !ok {
		t.Errorf("Get(empty) = %q, %v", v, ok)
	}
	if _, ok := f.Get("other"); ok {
		t.Error("a field that is not there was found")
	}
}

func TestProblemString(t *testing.T) {
	for _, tt := range []struct {
		pos  Pos
		want string
	}{
		{Pos{}, "cut"},
		{Pos{File: "a.log"}, "a.log: cut"},
		{Pos{File: "a.log", Line: 3, Offset: 70}, "a.log:3: cut"},
		{Pos{File: "a.evtx", Offset: 70}, "a.evtx: offset 70: cut"},
	} {
		if got := (Problem{Pos: tt.pos, Text: "cut"}).String(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

// TestVocabulary holds the lists to be usable as lists: no name twice, a text
// for each.
func TestVocabulary(t *testing.T) {
	var names []string
	for _, f := range FactNames() {
		if f.Doc == "" || slices.Contains(names, f.Name) || !KnownFact(f.Name) {
			t.Errorf("fact %q has no text or stands twice", f.Name)
		}
		names = append(names, f.Name)
	}
	var seen []Source
	for _, s := range Sources() {
		if s.Title == "" || s.Collect == "" || slices.Contains(seen, s.Source) || Describe(s.Source) != s {
			t.Errorf("source %q has no text or stands twice", s.Source)
		}
		seen = append(seen, s.Source)
	}
	if d := Describe("log.somelog"); d.Title != "somelog.log" || d.Collect == "" {
		t.Errorf("Describe(log.somelog) = %+v", d)
	}
}

func TestLost(t *testing.T) {
	for s := Read; s <= Duplicate; s++ {
		if want := s == Partial || s == Unread; s.Lost() != want {
			t.Errorf("%v.Lost() = %v", s, s.Lost())
		}
	}
	for k := Damage; k <= Remark; k++ {
		if want := k != Remark; k.Lost() != want {
			t.Errorf("%v.Lost() = %v", k, k.Lost())
		}
	}
}
