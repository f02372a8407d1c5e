package timeline

import (
	"slices"
	"strconv"
	"strings"

	"debrief/event"
)

// registry holds the registry values the timeline reads, grouped by area, each
// in the order of Fact.Compare. Key is cut to what stands below the area.
type registry struct {
	values   [areaCount][]regValue
	packages map[string]string // file names by lower-case product code; see packageName
}

// regValue is one value of an area: path below the area's key, its fact.
type regValue struct {
	path []string
	fact event.Fact
}

type area int

// The areas and where they live, below HKLM\SOFTWARE\Microsoft. Sources:
// Microsoft Learn on the EnrollmentStatusTracking, DMClient,
// EnterpriseDesktopAppManagement and DeviceManageability CSPs; the rest
// observed in mdmdiagnosticstool collections of 2020 to 2026.
const (
	areaTracking      area = iota // what the ESP tracks
	areaSettings                  // AutopilotSettings: states of the ESP categories
	areaDiagnostics               // the profile as Windows took it
	areaPolicyCache               // the profile as JSON
	areaFailures                  // failed MDM enrolments
	areaEnrollments               // MDM enrolments
	areaMSI                       // MSI packages delivered by MDM
	areaManageability             // who manages the device
	areaNodes                     // MDM settings in order of arrival
	areaWin32Apps                 // results of the Intune agent
	areaDevicePrep                // device preparation (Autopilot v2)
	areaCount
)

const regRoot = `HKLM\SOFTWARE\Microsoft\`

var areaKeys = [areaCount]string{
	areaTracking:      `Windows\Autopilot\EnrollmentStatusTracking`,
	areaSettings:      `Provisioning\AutopilotSettings`,
	areaDiagnostics:   `Provisioning\Diagnostics\AutoPilot`,
	areaPolicyCache:   `Provisioning\AutopilotPolicyCache`,
	areaFailures:      `Provisioning\Diagnostics\Enrollment`,
	areaEnrollments:   `Enrollments`,
	areaMSI:           `EnterpriseDesktopAppManagement`,
	areaManageability: `DeviceManageabilityCSP`,
	areaNodes:         `Provisioning\NodeCache`,
	areaWin32Apps:     `IntuneManagementExtension\Win32Apps`,
	areaDevicePrep:    `Windows\Autopilot\DevicePreparation`,
}

// readRegistry picks the values of the known areas out of all registry facts.
func readRegistry(facts []event.Fact) *registry {
	r := &registry{}
	for i := range facts {
		f := &facts[i]
		if f.Name != "reg" {
			continue
		}
		rest, ok := cutPrefixFold(f.Key, regRoot)
		if !ok {
			continue
		}
		for a, key := range areaKeys {
			if below, ok := cutPrefixFold(rest, key); ok && (below == "" || below[0] == '\\') {
				r.values[a] = append(r.values[a], regValue{splitPath(below), *f})
				break
			}
		}
	}
	for a := range r.values {
		slices.SortFunc(r.values[a], func(x, y regValue) int { return compareFacts(x.fact, y.fact) })
	}
	return r
}

func splitPath(p string) []string {
	if p = strings.Trim(p, `\`); p == "" {
		return nil
	}
	return strings.Split(p, `\`)
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// below returns the path under the given elements; "*" stands for any one.
func (v *regValue) below(elements ...string) ([]string, bool) {
	if len(v.path) < len(elements) {
		return nil, false
	}
	for i, e := range elements {
		if e != "*" && !strings.EqualFold(e, v.path[i]) {
			return nil, false
		}
	}
	return v.path[len(elements):], true
}

// at reports whether the value stands in exactly that key.
func (v *regValue) at(elements ...string) bool {
	rest, ok := v.below(elements...)
	return ok && len(rest) == 0
}

// is compares the value's name.
func (v *regValue) is(name string) bool {
	return v.fact.Kind != event.FactKey && strings.EqualFold(v.fact.Value, name)
}

// number reads the datum as a number: DWORD and QWORD as they are, text in
// decimal or as 0x… hex.
func (v *regValue) number() (int64, bool) {
	switch v.fact.Kind {
	case event.FactNumber, event.FactBool:
		return v.fact.Num, true
	case event.FactText:
		n, err := strconv.ParseInt(strings.TrimSpace(v.fact.Text), 0, 64)
		return n, err == nil
	}
	return 0, false
}

// hresult is a number as an unsigned 32-bit code.
func hresult(n int64) int64 { return int64(uint32(n)) }
