package report

import (
	"slices"
	"strconv"
	"strings"

	"debrief/event"
)

// deviceRow is one line of what is known of the device.
type deviceRow struct {
	name string
	// facts are tried in order; the values of the first that is there count.
	facts []string
	// show turns a fact into words; nil = its text.
	show func(s shower, f *event.Fact) string
}

var deviceRows = []deviceRow{
	{name: "Computer name", facts: []string{"device.name"}},
	{name: "Manufacturer", facts: []string{"device.manufacturer"}},
	{name: "Model", facts: []string{"device.model"}},
	{name: "Windows", facts: []string{"os.product", "os.edition"}},
	{name: "Windows build", facts: []string{"os.build"}},
	{name: "Update revision", facts: []string{"os.ubr"}},
	{name: "TPM version", facts: []string{"tpm.version"}},
	{name: "Autopilot profile", facts: []string{"autopilot.profile"}},
	{name: "Profile is empty", facts: []string{"autopilot.profile-empty"}, show: showBool},
	{name: "Join method of the profile", facts: []string{"autopilot.domain-join-method"}, show: showJoin},
	{name: "Tenant", facts: []string{"autopilot.tenant-domain", "autopilot.tenant-id"}},
	{name: "Device preparation policy", facts: []string{"autopilot.device-prep"}, show: showBool},
	{name: "ESP timeout", facts: []string{"esp.timeout-minutes"}, show: showMinutes},
	{name: "Policy providers", facts: []string{"esp.provider.state"}, show: showProvider},
	{name: "Tracked apps", facts: []string{"esp.app.state"}, show: showApp},
	{name: "Still in OOBE as", facts: []string{"oobe.default-user"}},
	{name: "ccmsetup version", facts: []string{"ccmsetup.version"}},
	{name: "Entra joined", facts: []string{"dsreg.azure-ad-joined"}, show: showBool},
	{name: "Domain joined", facts: []string{"dsreg.domain-joined"}, show: showBool},
	{name: "Clock against a server", facts: []string{"clock.skew-minutes"}, show: showSkew},
	{name: "Collected at", facts: []string{"collection.time"}, show: showTime},
	{name: "Areas collected", facts: []string{"collection.area"}},
}

// device lists what is known of the device. Values that differ are all shown.
func (s shower) device(facts []event.Fact) []DeviceFact {
	out := []DeviceFact{}
	for _, row := range deviceRows {
		var values []string
		var where []event.Pos
		for _, name := range row.facts {
			for i := range facts {
				f := &facts[i]
				if f.Name != name {
					continue
				}
				text := strings.ReplaceAll(f.Text, "\n", ", ")
				if row.show != nil {
					text = row.show(s, f)
				}
				if text = s.named(line(text)); text == "" || slices.Contains(values, text) {
					continue
				}
				values, where = append(values, text), append(where, f.Pos)
			}
			if len(values) > 0 {
				break
			}
		}
		if len(values) > 0 {
			out = append(out, DeviceFact{Name: row.name, Value: cut(strings.Join(values, "; "), maxLine), Places: places(where)})
		}
	}
	return out
}

func showBool(_ shower, f *event.Fact) string {
	if f.Num != 0 {
		return "yes"
	}
	return "no"
}

func showMinutes(_ shower, f *event.Fact) string { return strconv.FormatInt(f.Num, 10) + " min" }

func showSkew(_ shower, f *event.Fact) string {
	switch {
	case f.Num < 0:
		return strconv.FormatInt(-f.Num, 10) + " min behind"
	case f.Num > 0:
		return strconv.FormatInt(f.Num, 10) + " min ahead"
	}
	return "right"
}

func showTime(s shower, f *event.Fact) string { return s.moment(f.Time).Shown }

func showJoin(_ shower, f *event.Fact) string {
	switch f.Text {
	case "0":
		return "Entra join"
	case "1":
		return "hybrid join"
	}
	return f.Text
}

// showProvider names the InstallationState of an ESP policy provider.
func showProvider(_ shower, f *event.Fact) string {
	return f.Key + ": " + stateName(f.Num, "not installed", "not required", "complete", "error")
}

// showApp names the InstallationState of a tracked app, which counts
// differently from that of a provider.
func showApp(_ shower, f *event.Fact) string {
	return f.Key + ": " + stateName(f.Num, "not installed", "in progress", "complete", "error")
}

func stateName(n int64, names ...string) string {
	if n >= 1 && n <= int64(len(names)) {
		return names[n-1]
	}
	return "state " + strconv.FormatInt(n, 10)
}
