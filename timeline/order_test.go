package timeline

import (
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

func TestOrder(t *testing.T) {
	at := func(file string, line, second int, text string) event.Event {
		e := event.Event{Message: text, Pos: event.Pos{File: file, Line: line}}
		if second >= 0 {
			e.Time = storyDay.Add(time.Duration(second) * time.Second)
		}
		return e
	}
	tests := []struct {
		name   string
		events []event.Event
		want   string
	}{
		{"by_time", []event.Event{at("a", 1, 3, "c"), at("a", 2, 1, "a"), at("b", 1, 2, "b")}, "a b c"},
		{"ties_by_position", []event.Event{at("b", 1, 1, "c"), at("a", 2, 1, "b"), at("a", 1, 1, "a")}, "a b c"},
		{"untimed_stays_after_its_neighbour", []event.Event{at("a", 1, 1, "a"), at("a", 2, -1, "b"), at("b", 1, 2, "c"), at("a", 3, 3, "d")}, "a b c d"},
		{"untimed_at_the_head_of_its_file", []event.Event{at("z", 1, 1, "a"), at("a", 1, -1, "b"), at("a", 2, 2, "c")}, "a b c"},
		{"file_without_times_comes_last", []event.Event{at("a", 2, -1, "d"), at("z", 1, 1, "a"), at("a", 1, -1, "c"), at("z", 2, 9, "b")}, "a b c d"},
		{"same_position_by_content", []event.Event{at("a", 1, 1, "b"), at("a", 1, 1, "a"), at("a", 1, 1, "c")}, "a b c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for seed := range int64(10) {
				events := slices.Clone(tt.events)
				rand.New(rand.NewSource(seed)).Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
				Order(events)
				var got []string
				for _, e := range events {
					got = append(got, e.Message)
				}
				if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
					t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
				}
			}
		})
	}
}
