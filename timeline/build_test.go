package timeline

import (
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
	"debrief/internal/growth"
)

var stories = []string{"comanagement", "retries", "failures"}

func TestBuild_golden(t *testing.T) {
	for _, name := range stories {
		t.Run(name, func(t *testing.T) {
			in := readStory(t, name+".txt")
			ResolveClocks(in.Events, in.Facts, in.Coverage)
			Order(in.Events)
			golden(t, name+".golden", render(Build(in)))
		})
	}
}

// TestBuild_permuted holds the timeline to be the same for any order of the input.
func TestBuild_permuted(t *testing.T) {
	for _, name := range stories {
		in := readStory(t, name+".txt")
		want := Build(in)
		for seed := range int64(20) {
			r := rand.New(rand.NewSource(seed))
			mixed := Input{slices.Clone(in.Events), slices.Clone(in.Facts), slices.Clone(in.Coverage)}
			r.Shuffle(len(mixed.Events), func(i, j int) { mixed.Events[i], mixed.Events[j] = mixed.Events[j], mixed.Events[i] })
			r.Shuffle(len(mixed.Facts), func(i, j int) { mixed.Facts[i], mixed.Facts[j] = mixed.Facts[j], mixed.Facts[i] })
			if seed%2 == 0 {
				Order(mixed.Events)
			}
			if diff := cmp.Diff(want, Build(mixed)); diff != "" {
				t.Fatalf("%s, seed %d (-want +got):\n%s", name, seed, diff)
			}
		}
	}
}

// TestBuild_copies holds a log that was collected twice to happen once.
func TestBuild_copies(t *testing.T) {
	for _, name := range stories {
		in := readStory(t, name+".txt")
		want := render(Build(in))
		twice := slices.Clone(in.Events)
		for _, e := range in.Events {
			e.Pos.File = "copy/" + e.Pos.File
			twice = append(twice, e)
		}
		got := strings.ReplaceAll(render(Build(Input{Events: twice, Facts: in.Facts})), "copy/", "")
		if diff := diffLines(want, got); diff != "" {
			t.Errorf("%s (-once +twice):\n%s", name, diff)
		}
	}
}

func TestBuild_empty(t *testing.T) {
	tl := Build(Input{})
	if len(tl.Spans) != 0 || len(tl.Facts) != 0 || tl.Clock.Origin != event.ClockNone {
		t.Errorf("Build of nothing = %+v, want nothing", tl)
	}
}

// TestBuild_keepsInput holds Build to leave its input alone, also an unordered one.
func TestBuild_keepsInput(t *testing.T) {
	in := readStory(t, "retries.txt")
	slices.Reverse(in.Events)
	before := slices.Clone(in.Events)
	Build(in)
	if diff := cmp.Diff(before, in.Events); diff != "" {
		t.Errorf("events changed (-before +after):\n%s", diff)
	}
}

// checkTimeline tests what every timeline must hold.
func checkTimeline(t *testing.T, tl *Timeline) {
	t.Helper()
	for i := range tl.Spans {
		s := &tl.Spans[i]
		switch {
		case s.ID != i:
			t.Fatalf("span %d has ID %d", i, s.ID)
		case s.Parent < -1 || s.Parent >= len(tl.Spans) || s.Parent == i:
			t.Fatalf("span %d has parent %d of %d", i, s.Parent, len(tl.Spans))
		case s.Kind == "":
			t.Fatalf("span %d has no kind", i)
		case s.Duration() < 0:
			t.Fatalf("span %d lasts %v", i, s.Duration())
		}
		for p, n := s.Parent, 0; p >= 0; p, n = tl.Spans[p].Parent, n+1 {
			if n > 200 {
				t.Fatalf("span %d: parents go round", i)
			}
		}
	}
	for i := 1; i < len(tl.Facts); i++ {
		if tl.Facts[i-1].Compare(tl.Facts[i]) > 0 {
			t.Fatalf("facts %d and %d are out of order", i-1, i)
		}
	}
	for _, f := range tl.Facts {
		if !event.KnownFact(f.Name) {
			t.Fatalf("fact %q is not in the vocabulary", f.Name)
		}
	}
}

// fuzzVocabulary are records that the readers react to, mixed by FuzzBuild.
func fuzzVocabulary(t testing.TB) []event.Event {
	var all []event.Event
	for _, name := range stories {
		all = append(all, readStory(t, name+".txt").Events...)
	}
	return all
}

func FuzzBuild(f *testing.F) {
	words := fuzzVocabulary(f)
	f.Add([]byte{1, 2, 3, 200, 100, 50}, "Start executing an instruction. Instruction name: ")
	f.Add([]byte("any bytes will do"), "The group () has ")
	f.Add([]byte{}, "")
	f.Fuzz(func(t *testing.T, picks []byte, text string) {
		var in Input
		at := storyDay
		for i := 0; i+1 < len(picks); i += 2 {
			e := words[int(picks[i])%len(words)]
			switch step := picks[i+1]; {
			case step == 0:
				e.Time = time.Time{}
			case step < 16:
				at = at.Add(-time.Duration(step) * time.Hour)
				e.Time = at
			default:
				at = at.Add(time.Duration(step) * time.Second)
				e.Time = at
			}
			if step := picks[i+1]; step%7 == 0 {
				e.Message, e.Name = text, espPrefix+text
				e.Fields = event.Fields{{Name: "Value", Value: text}}
			} else if step%11 == 0 && len(e.Message) > 0 {
				e.Message = e.Message[:len(e.Message)/2] + text
			}
			if picks[i+1]%5 == 0 {
				e.Clock = event.ClockLocal
			}
			e.Pos.Record = uint64(i)
			in.Events = append(in.Events, e)
			if picks[i]%3 == 0 {
				in.Facts = append(in.Facts, event.Fact{Name: "reg", Key: regRoot + areaKeys[int(picks[i])%int(areaCount)] + text, Value: text, Text: text})
			}
		}
		raw := Build(Input{slices.Clone(in.Events), in.Facts, in.Coverage})
		checkTimeline(t, raw)
		first := ResolveClocks(in.Events, in.Facts, in.Coverage)
		for i := range in.Events {
			if in.Events[i].Clock == event.ClockLocal {
				t.Fatalf("event %d kept its local clock", i)
			}
		}
		if again := ResolveClocks(in.Events, in.Facts, in.Coverage); cmp.Diff(first, again) != "" {
			t.Fatalf("resolving again changes the report:\n%s", cmp.Diff(first, again))
		}
		Order(in.Events)
		tl := Build(in)
		checkTimeline(t, tl)
		slices.Reverse(in.Events)
		if diff := cmp.Diff(tl, Build(in)); diff != "" {
			t.Fatalf("the order of events matters:\n%s", diff)
		}
	})
}

// manyEvents makes a long case out of the stories, a run after the other.
func manyEvents(t testing.TB, n int) []event.Event {
	words := fuzzVocabulary(t)
	out := make([]event.Event, n)
	for i := range out {
		e := words[i%len(words)]
		if !e.Time.IsZero() {
			e.Time = e.Time.AddDate(0, 0, i/len(words))
		}
		e.Pos.Offset, e.Pos.Record = int64(i), uint64(i)
		out[i] = e
	}
	return out
}

// TestBuild_linear guards against work that grows with the square of the input.
func TestBuild_linear(t *testing.T) {
	if testing.Short() {
		t.Skip("builds large cases")
	}
	for _, tt := range []struct {
		name   string
		events func(n int) []event.Event
	}{
		{"stories", func(n int) []event.Event { return manyEvents(t, n) }},
		{"steps", func(n int) []event.Event {
			return repeat(t, n, "Start executing an instruction. Instruction name: A. Instruction pointer: 1")
		}},
		{"groups", func(n int) []event.Event {
			return repeat(t, n, "The group (A) has been successfully started", "The group (B) has been successfully completed")
		}},
		{"runs", func(n int) []event.Event {
			return repeat(t, n, "Starting Task Sequence Engine", "Task Sequence Engine completed successfully")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			growth.Linear(t, 10_000, func(n int) func() {
				events := tt.events(n)
				Order(events)
				return func() { Build(Input{Events: events}) }
			})
		})
	}
}

func repeat(t testing.TB, n int, messages ...string) []event.Event {
	out := make([]event.Event, n)
	for i := range out {
		out[i] = event.Event{
			Source: event.LogSmsts, Provider: "TSManager", Message: messages[i%len(messages)],
			Time: storyDay.Add(time.Duration(i) * time.Second), Pos: event.Pos{File: "smsts.log", Line: i + 1},
		}
	}
	return out
}

// BenchmarkBuild: "dense" is the worst case, in which every record matters;
// "usual" has twenty ordinary lines to each of those.
func BenchmarkBuild(b *testing.B) {
	for _, bb := range []struct {
		name  string
		every int
	}{{"dense", 1}, {"usual", 20}} {
		b.Run(bb.name, func(b *testing.B) {
			events := manyEvents(b, 200_000)
			var size int64
			for i := range events {
				if e := &events[i]; i%bb.every != 0 {
					e.Name, e.ID, e.Fields = "", 0, nil
					e.Message = "an ordinary line of some length that nothing here reacts to"
				}
				size += int64(len(events[i].Message))
			}
			Order(events)
			b.SetBytes(size)
			for b.Loop() {
				Build(Input{Events: events})
			}
		})
	}
}

func BenchmarkOrder(b *testing.B) {
	events := manyEvents(b, 200_000)
	r := rand.New(rand.NewSource(1))
	r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	for b.Loop() {
		b.StopTimer()
		mixed := slices.Clone(events)
		b.StartTimer()
		Order(mixed)
	}
}

// diffLines is cmp.Diff by lines, which reads better for goldens.
func diffLines(want, got string) string {
	return cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n"))
}
