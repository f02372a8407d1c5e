package pipeline

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
	"debrief/index"
	"debrief/internal/synth"
	"debrief/rules"
)

// TestMain makes the test binary the batch that TestBatchKilled kills.
func TestMain(m *testing.M) {
	if args := os.Getenv("DEBRIEF_TEST_BATCH"); args != "" {
		archive, tickets, _ := strings.Cut(args, "|")
		if err := batchForTest(archive, tickets); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// batchForTest prints each ticket with its case once that is acknowledged.
func batchForTest(archive, tickets string) error {
	set, err := rules.Builtin()
	if err != nil {
		return err
	}
	list, err := Tickets([]string{tickets})
	if err != nil {
		return err
	}
	w, err := index.OpenWriter(archive, index.Options{})
	if err != nil {
		return err
	}
	o := testBatch(set)
	o.Done = func(r TicketResult) {
		if r.Error == "" && len(r.Cases) > 0 {
			fmt.Println(r.Ticket, r.Cases[0].ID)
		}
	}
	if _, err := Batch(context.Background(), w, list, o); err != nil {
		return err
	}
	return w.Close()
}

func testBatch(set *rules.Set) BatchOptions {
	return BatchOptions{Rules: set, Engine: "test", Now: func() time.Time { return time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC) }}
}

// someTickets writes n generated collections, each another device.
func someTickets(t testing.TB, n int) string {
	t.Helper()
	dir := t.TempDir()
	all := synth.Scenarios()
	for i := range n {
		s := all[i%len(all)]
		s.Name = fmt.Sprintf("INC%07d %s", 1000+i, s.Name)
		s.Seed += uint64(i / len(all) * 10_000)
		if err := synth.Write(dir, s); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func newArchive(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "archive")
	if err := index.Create(dir, index.Options{}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func openWriter(t testing.TB, dir string) *index.DiskWriter {
	t.Helper()
	w, err := index.OpenWriter(dir, index.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestTickets(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"INC0012345 laptop", "sr-4711 second.zip", "DiagLogs-PC7.zip", "#123456", ".hidden", "task 42"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := Tickets([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, x := range list {
		got[x.Name] = x.Number
		if x.Print == "" {
			t.Errorf("%s has no print", x.Name)
		}
	}
	want := map[string]string{"INC0012345 laptop": "INC0012345", "sr-4711 second.zip": "SR4711", "DiagLogs-PC7.zip": "", "#123456": "123456", "task 42": ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := Tickets([]string{filepath.Join(dir, "none")}); err == nil {
		t.Error("a folder that is not there was listed")
	}
}

func TestArrivals(t *testing.T) {
	var a Arrivals
	look := func(tickets ...Ticket) string {
		var names []string
		for _, t := range a.Ready(tickets) {
			names = append(names, t.Path)
		}
		return strings.Join(names, " ")
	}
	small, grown := Ticket{Path: "a", Print: "1"}, Ticket{Path: "a", Print: "2"}
	other, unseen := Ticket{Path: "b", Print: "3"}, Ticket{Path: "c"}
	for i, step := range []struct {
		tickets []Ticket
		want    string
	}{
		{[]Ticket{small, unseen}, ""},
		{[]Ticket{grown, other, unseen}, ""},    // still being copied, and just arrived
		{[]Ticket{grown, other, unseen}, "a b"}, // what cannot be looked at is never ready
		{[]Ticket{grown, other}, "a b"},         // not done: the archive was locked
	} {
		if got := look(step.tickets...); got != step.want {
			t.Errorf("look %d: %q, want %q", i, got, step.want)
		}
	}
	a.Done([]Ticket{grown, other})
	changed := Ticket{Path: "b", Print: "4"}
	if got := look(grown, changed); got != "" {
		t.Errorf("after the work: %q", got)
	}
	if got := look(grown, changed); got != "b" {
		t.Errorf("a ticket with more in it: %q", got)
	}
}

func TestBatch(t *testing.T) {
	set, err := rules.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	dir := someTickets(t, 5)
	if err := os.WriteFile(filepath.Join(dir, "broken.cab"), []byte("MSCF and nothing more"), 0o600); err != nil {
		t.Fatal(err)
	}
	tickets, err := Tickets([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	w := openWriter(t, newArchive(t))
	defer w.Close()
	run := func(o BatchOptions) *BatchSummary {
		t.Helper()
		results, err := Batch(t.Context(), w, tickets, o)
		if err != nil {
			t.Fatal(err)
		}
		return SumUp(results)
	}
	first := run(testBatch(set))
	if first.Tickets != 6 || first.Analysed != 6 || first.Failed != 0 || first.Partial != 1 || first.Cases != 6 || len(first.Causes) < 3 {
		t.Errorf("first run %+v", first)
	}
	if kept := w.View().Cases(index.CaseFilter{Ticket: "INC0001000"}); len(kept) != 1 {
		t.Errorf("%d cases under the number of the first ticket", len(kept))
	}
	if again := run(testBatch(set)); again.Skipped != 6 || again.Cases != 6 {
		t.Errorf("second run %+v", again)
	}
	o := testBatch(set)
	o.Time = time.Nanosecond
	o.Again = true
	if late := run(o); late.Failed != 6 || !strings.Contains(late.Results[0].Error, "not finished") {
		t.Errorf("without time %+v", late.Results[0])
	}
	if got := w.View().Stats().Cases; got != 6 {
		t.Errorf("%d cases in the archive", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Batch(ctx, w, tickets, testBatch(set)); err == nil {
		t.Error("a cancelled run ended without an error")
	}
}

// TestBatchKilled kills a batch with SIGKILL at moments of chance and takes it
// up again: what it acknowledged is there and whole, and not done twice. With
// DEBRIEF_LONG it is a thousand tickets and twenty kills.
func TestBatchKilled(t *testing.T) {
	n, kills := 30, 4
	if os.Getenv("DEBRIEF_LONG") != "" {
		n, kills = 1000, 20
	}
	tickets, archive := someTickets(t, n), newArchive(t)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	acknowledged := map[string]string{}
	repeated := 0
	for round := 0; ; round++ {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), "DEBRIEF_TEST_BATCH="+archive+"|"+tickets)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		fresh := 0
		stop := 1 + r.IntN(max(2, 2*n/kills))
		for lines.Scan() {
			i := strings.LastIndexByte(lines.Text(), ' ')
			ticket, id := lines.Text()[:i], lines.Text()[i+1:]
			if old, known := acknowledged[ticket]; known && old != id {
				t.Errorf("%s was %s and is %s", ticket, old, id)
				repeated++
			} else if !known {
				acknowledged[ticket] = id
				fresh++
			}
			if round < kills && fresh == stop {
				time.Sleep(time.Duration(r.IntN(60)) * time.Millisecond)
				_ = cmd.Process.Kill()
			}
		}
		_ = cmd.Wait()
		checkAcknowledged(t, archive, acknowledged, round == kills)
		if round >= kills {
			break
		}
	}
	if len(acknowledged) != n {
		t.Errorf("%d of %d tickets are done in the end", len(acknowledged), n)
	}
	t.Logf("%d tickets, %d kills, nothing lost", n, kills)
}

func checkAcknowledged(t *testing.T, archive string, acknowledged map[string]string, whole bool) {
	t.Helper()
	a, err := index.OpenReader(archive, index.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for ticket, id := range acknowledged {
		if _, err := a.Case(index.CaseID(id)); err != nil {
			t.Errorf("%s was acknowledged: %v", ticket, err)
		}
	}
	if !whole {
		return
	}
	v, err := a.Verify(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(v.Problems, func(p event.Problem) bool { return p.Kind.Lost() }); i >= 0 {
		t.Errorf("the archive is damaged: %v", v.Problems[i])
	}
}
