package timeline

import (
	"testing"

	"debrief/event"
)

func TestComanagement(t *testing.T) {
	const failed = "MDM enrollment failed with error code 0x8018000a 'The device is already enrolled.'. Will retry in 15 minutes..."
	for _, tc := range []struct {
		name  string
		lines []string
		want  uint32
	}{
		{"failed", []string{"Enrolling device to MDM... Try #1 out of 3", failed}, 0x8018000a},
		{"the_call_failed", []string{"Failed to enroll with RegisterDeviceWithManagementUsingAADDeviceCredentials with error code 0x80180026."}, 0x80180026},
		{"the_last_failure_counts", []string{failed, "MDM enrollment failed with error code 0x80180001."}, 0x80180001},
		{"healed", []string{failed, "Device is already enrolled with MDM."}, 0},
		{"no_failure", []string{"Device is not enrolled yet."}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var in Input
			for i, m := range tc.lines {
				in.Events = append(in.Events, event.Event{Source: "log.comanagementhandler", Message: m, Pos: event.Pos{File: "CoManagementHandler.log", Line: i + 1}})
			}
			var got uint32
			for _, f := range Build(in).Facts {
				if f.Name == "enrollment.error" && f.Key == comanagementKey {
					got = uint32(f.Num)
				}
			}
			if got != tc.want {
				t.Errorf("error 0x%08x, want 0x%08x", got, tc.want)
			}
		})
	}
}
