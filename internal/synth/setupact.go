package synth

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
)

var setupLinesOrdinary = []string{
	"[windeploy.exe] Client OS edition and product type detected!  SetupCl has run", "[windeploy.exe] Found no unattend file.",
	"[windeploy.exe] Setup has not completed, adding pending reboot.", "[msoobe.exe] Showing OOBE page", "[msoobe.exe] Calling SetupOobe plugin",
	"[oobeldr.exe] OOBELdr.exe launched with command-line []...", "[Shell Unattend] Running 'oobeSystem' pass",
	"[svchost.exe] Enter WinReIsWimBootEnabled", "[svchost.exe] Exit WinReIsWimBootEnabled returns 0 with last error: 0x2",
}

// setupNoise is setupact.log of the out-of-box experience:
//
//	2025-02-03 09:08:07, Info                         [msoobe.exe] Showing OOBE page
//
// It states the wall clock and no zone.
func (d *device) setupNoise() {
	r := stream(d.s.Seed, "setupact")
	type line struct {
		at   time.Time
		text string
	}
	lines := []line{{d.s.Start.Add(-3 * time.Minute), "[windeploy.exe] WinDeploy.exe launched with command-line []..."}}
	d.spread(r, 160, d.s.Start.Add(-2*time.Minute), d.s.Start.Add(12*time.Minute), func(at time.Time) {
		if !at.After(d.collected) {
			lines = append(lines, line{at, pick(r, setupLinesOrdinary)})
		}
	})
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at) })
	var b bytes.Buffer
	b.WriteString("\ufeff")
	for _, l := range lines {
		fmt.Fprintf(&b, "%s, Info                         %s\r\n", d.local(l.at).Format("2006-01-02 15:04:05"), strings.TrimSpace(l.text))
	}
	d.files = append(d.files, extraFile{"setupact.log", b.String()})
}
