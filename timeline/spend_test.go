package timeline

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var spendStart = time.Date(2025, 3, 11, 9, 0, 0, 0, time.UTC)

// made makes a span from minute to minute.
func made(kind Kind, name string, from, to float64, state State) Span {
	at := func(m float64) time.Time { return spendStart.Add(time.Duration(m * float64(time.Minute))) }
	s := Span{Kind: kind, Name: name, Parent: -1, Start: at(from), End: at(to), State: state}
	if state == StateRunning {
		s.End, s.LastSeen = time.Time{}, at(to)
	}
	return s
}

func timelineOf(spans ...Span) *Timeline {
	for i := range spans {
		spans[i].ID = i
	}
	return &Timeline{Spans: spans}
}

func describe(t *Timeline, list []Stretch) string {
	var b strings.Builder
	for _, s := range list {
		name := "-"
		if s.Span >= 0 {
			name = t.Spans[s.Span].Name
		}
		fmt.Fprintf(&b, "%g-%g %s %s\n", s.From.Sub(spendStart).Minutes(), s.To.Sub(spendStart).Minutes(), s.Use, name)
	}
	return b.String()
}

func TestSpend(t *testing.T) {
	tl := timelineOf(
		made(KindPage, "device", 0, 60, StateTimedOut),
		made(KindPhase, "DevicePreparation", 0, 20, StateSucceeded),
		made(KindProvider, "ConfigMgr", 1, 20, StateSucceeded),
		made(KindCcmsetup, "2", 5, 18, StateSucceeded),
		made(KindDownload, "client.msi", 6, 10, StateSucceeded),
		made(KindMSI, "client.msi.log", 12, 16, StateSucceeded),
		made(KindPhase, "DeviceSetup", 20, 60, StateFailed),
		made(KindSubcategory, "DeviceSetup.AppsSubcategory", 21, 60, StateFailed),
		made(KindTaskSequence, "Provisioning", 25, 58, StateRunning),
		made(KindStep, "Install viewer", 25, 30, StateSucceeded),
		made(KindReboot, "restart", 30, 33, ""),
		made(KindStep, "Install CAD", 33, 58, StateRunning),
		made(KindGap, "silence", 40, 55, ""),
		made(KindTrackedApp, "ConfigMgr/Provisioning_TS", 25, 58, StateRunning),
		made(KindTrackedApp, "Sidecar/Win32App_1", 50, 59, StateRunning),
	)
	tl.Spans[9].Parent, tl.Spans[11].Parent, tl.Spans[13].Parent, tl.Spans[14].Parent = 8, 8, 7, 7
	want := `0-1 unseen -
1-5 wait ConfigMgr
5-6 install 2
6-10 download client.msi
10-12 install 2
12-16 install client.msi.log
16-18 install 2
18-20 wait ConfigMgr
20-21 unseen -
21-25 wait DeviceSetup.AppsSubcategory
25-30 step Install viewer
30-33 reboot restart
33-58 step Install CAD
58-60 wait DeviceSetup.AppsSubcategory
`
	if diff := cmp.Diff(want, describe(tl, tl.Spend(0))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var chain []string
	for _, id := range tl.Blockers(0) {
		chain = append(chain, tl.Spans[id].Name)
	}
	if diff := cmp.Diff([]string{"DeviceSetup", "DeviceSetup.AppsSubcategory", "ConfigMgr/Provisioning_TS", "Provisioning", "Install CAD"}, chain); diff != "" {
		t.Errorf("blockers (-want +got)\n%s", diff)
	}
}

func TestSpendOfNothing(t *testing.T) {
	tl := timelineOf(Span{Kind: KindPage, Parent: -1}, made(KindPage, "p", 0, 10, StateSucceeded))
	for _, id := range []int{-1, 0, 2} {
		if got := tl.Spend(id); got != nil {
			t.Errorf("span %d: %v", id, got)
		}
	}
	if got := tl.Blockers(1); len(got) != 0 {
		t.Errorf("blockers %v", got)
	}
	if got := describe(tl, tl.Spend(1)); got != "0-10 unseen -\n" {
		t.Errorf("got %q", got)
	}
}

// TestSpendAddsUp holds over any spans that every moment counts exactly once.
func TestSpendAddsUp(t *testing.T) {
	kinds := []Kind{KindPhase, KindSubcategory, KindProvider, KindTrackedApp, KindTaskSequence, KindStep, KindCcmsetup, KindMSI, KindDownload, KindWin32App, KindReboot, KindGap, KindGroup}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		spans := []Span{made(KindPage, "device", 10, 70, StateTimedOut)}
		for range r.IntN(40) {
			from := r.Float64() * 80
			state := StateSucceeded
			if r.IntN(4) == 0 {
				state = StateRunning
			}
			spans = append(spans, made(kinds[r.IntN(len(kinds))], "x", from, from+r.Float64()*30, state))
		}
		tl := timelineOf(spans...)
		at := tl.Spans[0].Start
		for _, s := range tl.Spend(0) {
			if !s.From.Equal(at) || !s.To.After(s.From) {
				t.Fatalf("seed %d: stretch from %s, the last ended %s", seed, s.From, at)
			}
			at = s.To
		}
		if !at.Equal(tl.Spans[0].End) {
			t.Fatalf("seed %d: the stretches end at %s", seed, at)
		}
		for _, id := range tl.Blockers(0) {
			if id == 0 {
				t.Fatalf("seed %d: the page blocks itself", seed)
			}
		}
	}
}
