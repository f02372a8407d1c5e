package main

import (
	"context"
	"encoding/binary"
	"strings"
	"testing"

	"debrief/event"
	"debrief/parsers"
)

// recordsAt makes a file with record headers of those numbers and the events
// that debrief would have found there, all with event id 7.
func recordsAt(numbers ...uint64) (data []byte, events []event.Event) {
	data = make([]byte, 32*len(numbers))
	for i, n := range numbers {
		binary.LittleEndian.PutUint64(data[32*i+8:], n)
		events = append(events, event.Event{ID: 7, Pos: event.Pos{File: "a.evtx", Record: n, Offset: int64(32 * i)}})
	}
	return data, events
}

func TestCompareRecords(t *testing.T) {
	data, events := recordsAt(1, 2, 3, 4)
	events[3].Flags = event.Recovered
	for _, tc := range []struct {
		name, answer, want string
		same               int
	}{
		{"same", "R 1 7\nR 2 7\nR 3 7", "", 3},
		{"recovered", "R 1 7\nR 2 7\nR 3 7\nR 4 7", "", 3},
		{"no_id", "R 1 7\nR 2 7\nR 3 -1\nR 9 -1", "", 3},
		{"ours", "R 1 7", "only debrief finds 2 records (number 2, 3); 1 records are the same", 1},
		{"theirs", "R 1 7\nR 2 7\nR 3 7\nR 9 7\nR 9 7", "only velocidex finds 2 records (number 9, 9); 3 records are the same", 3},
		{"ids", "R 1 7\nR 2 8\nR 3 7", "the event ids differ of 1 records (number 2); 2 records are the same", 2},
		{"nonsense", "R\nR x y\nR 1\n?\nR 1 7 7", "only debrief finds 3 records (number 1, 2, 3); 0 records are the same", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := answer{records: map[uint64][]int64{}}
			for line := range strings.SplitSeq(tc.answer, "\n") {
				a.line(line)
			}
			got := compareRecords(data, events, a)
			if got.text != tc.want || got.same != tc.same {
				t.Errorf("got %d, %q", got.same, got.text)
			}
		})
	}
}

// No answer, or half of one, is said and no difference.
func TestSecondWithoutAnswer(t *testing.T) {
	data, events := recordsAt(1)
	for _, program := range []string{t.TempDir() + "/missing", t.TempDir()} {
		s := &second{program: program}
		out := &parsers.Output{Events: events}
		s.check(context.Background(), data, out)
		if n := len(out.Coverage.Problems); n != 1 || !strings.Contains(out.Coverage.Problems[0].Text, "none: ") || out.Coverage.Problems[0].Kind.Lost() {
			t.Errorf("%v", out.Coverage.Problems)
		}
		if !strings.Contains(s.summary(), "no opinion on 1") {
			t.Error(s.summary())
		}
	}
}

func TestDecodeSecondDamage(t *testing.T) {
	for _, data := range [][]byte{nil, []byte("ElfFile\x00"), make([]byte, 5000)} {
		var b strings.Builder
		if err := decodeSecond(data, &b); err != nil {
			t.Error(err)
		}
		if !strings.HasPrefix(b.String(), "P 0 ") || !strings.HasSuffix(b.String(), "E\n") {
			t.Errorf("%q", b.String())
		}
	}
}
