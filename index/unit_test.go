package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

// TestBlockKeepsAll packs events with everything odd in them.
func TestBlockKeepsAll(t *testing.T) {
	p, err := newPacker()
	if err != nil {
		t.Fatal(err)
	}
	u, err := newUnpacker()
	if err != nil {
		t.Fatal(err)
	}
	odd := []event.Event{
		{},
		{Time: time.Date(60056, 5, 28, 5, 36, 10, 955161500, time.UTC), Clock: event.ClockDeclared, Offset: -720, Level: 200, ID: 1<<32 - 1, Flags: 255},
		{Time: time.Date(1601, 1, 1, 0, 0, 0, 1, time.UTC), Message: "\xff\xfe bytes \x00", Pos: event.Pos{File: "a\xffb", Line: -3, Record: 1<<64 - 1, Offset: -1 << 62}},
		{Message: strings.Repeat("long ", 300_000), Fields: event.Fields{{Name: "", Value: ""}, {Name: "n", Value: "v"}, {Name: "n", Value: "w"}}},
	}
	var list []*event.Event
	for i := range odd {
		list = append(list, &odd[i])
	}
	payload, info := encodeBlock(p, list, []int{3, 0, 1 << 40, 2})
	b, err := decodeBlock(u, payload)
	if err == nil {
		err = b.fill(u)
	}
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(odd, b.events); d != "" {
		t.Errorf("(-want +got):\n%.1000s", d)
	}
	if d := cmp.Diff([]int{3, 0, 1 << 40, 2}, b.ordinals); d != "" {
		t.Error(d)
	}
	if info.events != 4 || !info.untimed || info.first >= info.last {
		t.Errorf("info %+v", info)
	}
}

// TestIndexPrunes checks that a rare thing is found by reading few blocks.
func TestIndexPrunes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	if err := Create(dir, Options{}); err != nil {
		t.Fatal(err)
	}
	w, err := OpenWriter(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	m := newMade(12)
	for i := range 12 {
		s := m.submission(fmt.Sprint(i), 1500)
		for e := range s.Events {
			e.Message += fmt.Sprintf(" only%dhere", i)
			e.Fields = append(e.Fields, event.Field{Name: "Id", Value: fmt.Sprintf("0x87d1000%x", i)})
			break
		}
		if _, _, err := w.Add(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	a, err := OpenReader(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for _, query := range []string{"only7here", "only7her*", `"only7here"`, "code:0x87d10007", "0x87d10007", "field.id:0x87d10007", "code:0x87d10007*"} {
		q, err := ParseQuery(query, now0)
		if err != nil {
			t.Fatal(err)
		}
		res, err := a.Search(t.Context(), q, SearchOptions{Count: true})
		most := 2
		if strings.HasPrefix(query, "only7her*") {
			most = 14 // by the first bytes of an identifier
		}
		if err != nil || res.Total != 1 || res.Scanned > most || res.Blocks < 12 {
			t.Errorf("%s: %d found, %d of %d blocks read, %v", query, res.Total, res.Scanned, res.Blocks, err)
		}
	}
}

// TestHostileTimes adds a case whose times no calendar has.
func TestHostileTimes(t *testing.T) {
	far := time.Date(60056, 1, 1, 0, 0, 0, 0, time.UTC)
	s := newMade(13).submission("x", 5)
	s.Collected, s.Facts[0].Time, s.Coverage[0].Last = far, far, far
	s.Judgement.Findings[0].When = far
	for e := range s.Events {
		e.Time = far
	}
	for _, e := range engines() {
		w := e.create(t)
		id, _, err := w.Add(t.Context(), s)
		if err != nil {
			t.Fatalf("%s: %v", e.name, err)
		}
		events, err := w.View().Events(id)
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range events {
			if !got.Time.Equal(far) {
				t.Errorf("%s: an event's time became %v", e.name, got.Time)
			}
		}
		if c, _ := w.View().Case(id); c.Collected.Year() != 9999 {
			t.Errorf("%s: collected %v", e.name, c.Collected)
		}
	}
}

// TestBackupRestore copies an archive, and refuses what is no backup.
func TestBackupRestore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	if err := Create(dir, Options{}); err != nil {
		t.Fatal(err)
	}
	w, err := OpenWriter(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := newMade(14).submission("x", 900)
	id, _, err := w.Add(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	r, err := OpenReader(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var tar bytes.Buffer
	if err := errors.Join(r.Backup(t.Context(), &tar, nil), r.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "b")
	if err := Restore(t.Context(), to, bytes.NewReader(tar.Bytes())); err != nil {
		t.Fatal(err)
	}
	a, err := OpenReader(to, Options{})
	if err != nil {
		t.Fatal(err)
	}
	checkCase(t, a, id, s)
	_ = a.Close()
	for name, data := range map[string][]byte{"cut": tar.Bytes()[:tar.Len()/2], "empty": nil, "no_tar": []byte(strings.Repeat("x", 2000))} {
		bad := filepath.Join(t.TempDir(), name)
		if err := Restore(t.Context(), bad, bytes.NewReader(data)); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := OpenReader(bad, Options{}); !errors.Is(err, ErrNotArchive) {
			t.Errorf("%s: left something that opens: %v", name, err)
		}
	}
}

// TestNewer refuses an archive of a later debrief.
func TestNewer(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, journalName), appendFrame(nil, recHeader, fmt.Appendf(nil, `{"format":%d}`, FormatVersion+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenReader(dir, Options{}); !errors.Is(err, ErrNewer) {
		t.Errorf("reader: %v", err)
	}
	if _, err := OpenWriter(dir, Options{}); !errors.Is(err, ErrNewer) {
		t.Errorf("writer: %v", err)
	}
}

// TestSearchStops checks that errors and cancellation end a search.
func TestSearchStops(t *testing.T) {
	a, _, _ := twoEngines(t)
	all := &event.Filter{}
	boom := errors.New("boom")
	n := 0
	_, err := a.Search(t.Context(), all, SearchOptions{Each: func(*Hit) error {
		if n++; n == 3 {
			return boom
		}
		return nil
	}})
	if !errors.Is(err, boom) || n != 3 {
		t.Errorf("after %d hits: %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Search(ctx, all, SearchOptions{Count: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
