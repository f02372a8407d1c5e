package timeline

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompare(t *testing.T) {
	good := func(extra float64) *Timeline {
		return timelineOf(
			made(KindPhase, "DevicePreparation", 0, 10+extra, StateSucceeded),
			made(KindCcmsetup, "2", 1, 9, StateSucceeded),
			made(KindDownload, "client.msi", 2, 4, StateSucceeded),
			made(KindStep, "Install viewer 3.0", 12, 14, StateSucceeded),
			made(KindStep, "Set time zone", 14, 15, StateSucceeded),
			made(KindGap, "silence", 3, 4, ""),
		)
	}
	bad := timelineOf(
		made(KindPhase, "DevicePreparation", 0, 11, StateSucceeded),
		made(KindCcmsetup, "1", 1, 60, StateRunning),
		made(KindDownload, "client.msi", 2, 40, StateSucceeded),
		made(KindStep, "Install viewer 3.1", 12, 14.5, StateSucceeded),
		made(KindStep, "Install CAD", 15, 20, StateSucceeded),
	)
	var b strings.Builder
	for _, d := range Compare([]*Timeline{good(0), good(2), good(1)}, bad) {
		fmt.Fprintf(&b, "%s %s %q usual %s, longest %s, seen %d\n", d.Change, d.Kind, d.Name, d.Usual, d.Longest, d.Seen)
	}
	want := `result ccmsetup "1" usual 8m0s, longest 8m0s, seen 3
missing step "Set time zone" usual 1m0s, longest 1m0s, seen 3
slower download "client.msi" usual 2m0s, longest 2m0s, seen 3
new step "Install CAD" usual 0s, longest 0s, seen 0
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := Compare([]*Timeline{good(0)}, good(1)); len(got) != 0 {
		t.Errorf("two healthy cases differ: %v", got)
	}
}

// TestCompareWithFew holds that what one of several healthy cases has is not
// called missing.
func TestCompareWithFew(t *testing.T) {
	with := timelineOf(made(KindStep, "Extra", 0, 1, StateSucceeded))
	without := timelineOf()
	if got := Compare([]*Timeline{with, without}, without); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	if got := Compare([]*Timeline{with, with, without}, without); len(got) != 1 || got[0].Change != ChangeMissing {
		t.Errorf("got %v", got)
	}
}
