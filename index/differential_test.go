package index

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"debrief/event"
)

// twoEngines fills a folder and a Memory with the same cases. The folder has
// parts of the index, blocks that no part covers, and a removed case.
func twoEngines(t *testing.T) (*Archive, *Memory, *made) {
	t.Helper()
	dir := t.TempDir()
	if err := Create(dir, Options{}); err != nil {
		t.Fatal(err)
	}
	m := newMade(3)
	mem := NewMemory()
	var last *DiskWriter
	for run, sizes := range [][]int{{6000, 20, 5000}, {700, 1}, {3000, 9000}} {
		w, err := OpenWriter(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range sizes {
			s := m.submission(fmt.Sprintf("INC%d%d.zip", run, i), n)
			id, _, err := w.Add(t.Context(), s)
			if err == nil {
				_, _, err = mem.Add(t.Context(), s)
			}
			if err == nil && i == 1 {
				err = w.Remove(id)
				_ = mem.Remove(id)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if last = w; run < 2 {
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Cleanup(func() { _ = last.Close() })
	a, _ := last.View().(*Archive)
	if st := a.Stats(); st.Parts == 0 || st.Unindexed == 0 {
		t.Fatalf("the test wants both indexed and other blocks: %+v", st)
	}
	return a, mem, m
}

// TestSearchMeansMatch asks both engines the same questions.
func TestSearchMeansMatch(t *testing.T) {
	a, mem, m := twoEngines(t)
	g := &asker{m: m, r: rand.New(rand.NewPCG(5, 5)), mem: mem}
	matched := 0
	for i := range 250 {
		text := g.query(3)
		q, err := ParseQuery(text, time.Date(2024, 9, 1, 0, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		o := SearchOptions{Limit: 20, Context: i % 3, Count: i%2 == 0}
		if i%4 == 0 {
			o.By, o.ByCode, o.Histogram = []event.FilterField{event.FieldLevel, event.FieldCause, event.FieldFile, event.FieldEventID}, true, time.Hour
		}
		if i%10 == 0 {
			o.Limit = -1
		}
		want, err := mem.Search(t.Context(), q, o)
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.Search(t.Context(), q, o)
		if err != nil {
			t.Fatal(err)
		}
		skip := []string{"Blocks", "Scanned"}
		if want.More || got.More {
			skip = append(skip, "Total", "Cases") // lower bounds
		}
		if d := cmp.Diff(want, got, cmpopts.IgnoreFields(SearchResult{}, skip...), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s (-want +got):\n%.1500s", text, d)
		}
		if want.Total > 0 {
			matched++
		}
	}
	if matched < 70 {
		t.Errorf("only %d of 250 queries matched anything", matched)
	}
}

// asker makes queries from what stands in the events.
type asker struct {
	m   *made
	r   *rand.Rand
	mem *Memory
}

func (g *asker) event() (*memoryCase, *event.Event) {
	list := g.mem.list()
	c := list[g.r.IntN(len(list))]
	return c, &c.events[g.r.IntN(len(c.events))]
}

func (g *asker) query(depth int) string {
	if depth > 0 && g.r.IntN(2) == 0 {
		a, b := g.query(depth-1), g.query(depth-1)
		switch g.r.IntN(4) {
		case 0:
			return "(" + a + " OR " + b + ")"
		case 1:
			return a + " -(" + b + ")"
		}
		return a + " " + b
	}
	return g.leaf()
}

func (g *asker) leaf() string {
	c, e := g.event()
	var words []string
	for w := range event.Tokens(e.Message) {
		words = append(words, w)
	}
	w := words[g.r.IntN(len(words))]
	i := g.r.IntN(len(words))
	cut := w[:1+g.r.IntN(len(w))]
	for len(cut) < len(w) && !isPrefix(cut) {
		cut = w
	}
	base := baseName(e.Pos.File)
	choices := []string{
		w, w, `"` + words[i] + `"`, cut + "*", "-" + g.m.word(), `"` + e.Message[:len(e.Message)/2] + `"`,
		"/" + words[0][:1] + ".*" + w[:1] + "/", "code:" + madeCodes[g.r.IntN(len(madeCodes))], madeCodes[g.r.IntN(len(madeCodes))], "code:0x8007*", "code:*",
		"level:" + e.Level.String(), "level:>=warning", "event:62400..62404", fmt.Sprintf("event:%d", max(e.ID, 1)), "event:>62405",
		"file:" + base, "file:*.evtx", "file:" + base[:2] + "*", "file:mdm.cab/*", "component:cas", "component:Policy*", "source:evtx.shell-core", "user:s-1-5-18", "name:commercial*",
		"host:pc-1", "field.hresult:0x80070643", "field.Value:" + g.m.word(), fmt.Sprintf("line:%d..%d", e.Pos.Line, e.Pos.Line+50), fmt.Sprintf("thread:%d", max(e.Thread, 1)),
		"device:" + c.Device, "cause:net.*", "rule:esp.timeout", "case:" + string(c.ID[:6]), "os:226*", "tag:x", "verdict:fixed", "ticket:*",
		"since:200d", "until:100d", "time:" + e.Time.Format("2006-01-02"), "time:" + e.Time.Format("2006-01-02T15:04") + ".." + e.Time.Add(time.Hour).Format("2006-01-02T15:04"), "füße", "füß*", "file:FÜSSE.log", "file:füße.LOG",
	}
	return choices[g.r.IntN(len(choices))]
}
