package index

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"debrief/event"
)

// TestQueryDocs runs every example of docs/query.md.
func TestQueryDocs(t *testing.T) {
	data, err := os.ReadFile("../docs/query.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), "```events\n")
	list, rest, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("no events in the page")
	}
	mem := NewMemory()
	numbers := map[event.Pos]string{}
	events := docEvents(t, list, numbers)
	_, _, err = mem.Add(t.Context(), &Submission{Name: "doc", Ticket: "INC0012345", Device: "PC-0815", Events: event.All(events),
		Judgement: Judgement{Findings: []Finding{{Rule: "net.cmg.name-not-resolved", Root: true}}}})
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for line := range strings.Lines(rest) {
		cells := strings.Split(line, " | ")
		query, ok := strings.CutPrefix(cells[0], "| `")
		if !ok || len(cells) < 2 {
			continue
		}
		query = strings.TrimSuffix(query, "`")
		want := strings.TrimSpace(strings.Trim(cells[1], "|\n"))
		if want == "none" {
			want = ""
		}
		examples++
		q, err := ParseQuery(query, time.Date(2024, 3, 9, 0, 0, 0, 0, time.UTC))
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		res, err := mem.Search(t.Context(), q, SearchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, h := range res.Hits {
			got = append(got, numbers[h.Event.Pos])
		}
		slices.Sort(got)
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: finds %q, the page says %q", query, s, want)
		}
	}
	if examples < 40 {
		t.Errorf("only %d examples found", examples)
	}
	for _, f := range QueryFields() {
		if !strings.Contains(string(data), strings.TrimSuffix(f, "NAME")) {
			t.Errorf("the page does not name the field %s", f)
		}
	}
}

func docEvents(t *testing.T, list string, numbers map[event.Pos]string) []event.Event {
	t.Helper()
	var out []event.Event
	for line := range strings.Lines(list) {
		p := strings.SplitN(strings.TrimSpace(line), " ", 6)
		when, err := time.Parse("2006-01-02T15:04:05", p[1])
		if err != nil {
			t.Fatal(err)
		}
		e := event.Event{Time: when, Level: event.ParseLevel(p[2]), Provider: p[3], Message: p[5]}
		file, n, isText := strings.Cut(p[4], ":")
		if isText {
			e.Pos.Line, _ = strconv.Atoi(n)
			e.Source = event.Source("log." + strings.TrimSuffix(strings.ToLower(baseName(file)), ".log"))
		} else {
			file, n, _ = strings.Cut(p[4], "#")
			e.Pos.Record, _ = strconv.ParseUint(n, 10, 64)
			var id int
			_, _ = fmt.Sscanf(p[5], "%d", &id)
			e.ID = uint32(id)
			_, e.Message, _ = strings.Cut(p[5], " ")
		}
		e.Pos.File = file
		numbers[e.Pos] = p[0]
		out = append(out, e)
	}
	return out
}

// TestQueryErrors checks that what cannot be read is said with its place.
func TestQueryErrors(t *testing.T) {
	for query, want := range map[string]string{
		`"open`:                    `column 1: a " without its second`,
		"a (b":                     "column 3: a ( without its )",
		"a b)":                     "column 4: a ) without its (",
		"a OR":                     "column 5: something is missing",
		"()":                       "column 2: something is missing",
		"-":                        "column 2: something is missing",
		"/(/":                      "column 1: reading the expression",
		"//":                       "column 1: no expression",
		"a*b":                      "stands only at the end",
		"nofield:x":                `unknown field "nofield"`,
		"level:bad":                "not one of verbose",
		"event:x":                  "not a number",
		"code:zz zz":               "neither a 32-bit number",
		"code:8007*":               "behind 0x",
		"since:yesterday":          "not a time",
		"time:..":                  "not a time",
		"event:":                   "has no value",
		"...":                      "neither a letter nor a digit",
		`""`:                       "no word stands between",
		"*":                        "stands at the end of one word",
		strings.Repeat("(", 300):   "nested too deep",
		strings.Repeat("x", 1<<17): "longer than",
	} {
		f, err := ParseQuery(query, now0)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v (filter %v), want %q", query, err, f, want)
		}
	}
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{`a "b c" -d OR (e f*) /g/ code:0x80070643 level:>=error`, "time:2024-03..", "-2147023293", `field.x:"y z"`, "event:>5", "file:*/a*"} {
		f.Add(s)
	}
	events := newMade(2).events(40)
	f.Fuzz(func(t *testing.T, text string) {
		q, err := ParseQuery(text, now0)
		if err != nil {
			return
		}
		s := event.Subject{Codes: codesOf}
		for i := range events {
			s.Event = &events[i]
			folded := foldCase(q, s.Case)
			if q.Match(&s) != folded.Match(&s) {
				t.Fatalf("%q: folding changes the meaning", text)
			}
		}
	})
}

func FuzzBlock(f *testing.F) {
	p, err := newPacker()
	if err != nil {
		f.Fatal(err)
	}
	u, err := newUnpacker()
	if err != nil {
		f.Fatal(err)
	}
	events := newMade(3).events(30)
	var list []*event.Event
	for i := range events {
		list = append(list, &events[i])
	}
	payload, _ := encodeBlock(p, list, make([]int, len(list)))
	d := decoder{b: payload}
	meta, err := u.unpack(d.bytes(d.count()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(meta)
	f.Add(payload)
	f.Fuzz(func(_ *testing.T, data []byte) {
		// As it is, and as the columns of a block that unpacks.
		for _, b := range [][]byte{data, append(appendString(nil, string(p.pack(nil, data))), p.pack(nil, data)...)} {
			if blk, err := decodeBlock(u, b); err == nil {
				_ = blk.fill(u)
			}
		}
		_, _ = decodeBlockInfos(data)
		_ = decodeContents(data, func(contentKey, contentInfo) {})
		r := &replayed{state: newState()}
		_ = r.replay(data, 0)
		_ = r.replay(append(appendFrame(nil, recHeader, []byte(`{"format":1}`)), appendFrame(nil, recCase, data)...), 0)
	})
}
