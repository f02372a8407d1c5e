package timeline

import (
	"encoding/json"
	"strings"

	"debrief/event"
)

// profileFacts fills in what the profile file did not give, from the values
// Windows keeps of the profile it took. Empty values mean no profile and are
// left out, as is what stands beside them then: those numbers are leftovers.
func (b *builder) profileFacts() {
	given := map[string]bool{}
	for i := range b.in.Facts {
		if strings.HasPrefix(b.in.Facts[i].Name, "autopilot.") {
			given[b.in.Facts[i].Name] = true
		}
	}
	note := func(f event.Fact) {
		if !given[f.Name] {
			b.add(f)
		}
	}
	assigned := b.tenantAssigned()
	for i := range b.reg.values[areaDiagnostics] {
		v := &b.reg.values[areaDiagnostics][i]
		pos := v.fact.Pos
		if v.at("EstablishedCorrelations") && v.is("ZtdRegistrationId") && v.fact.Text != "" {
			note(event.Text("autopilot.ztd-registration-id", "", v.fact.Text, pos))
		}
		if !v.at() {
			continue
		}
		n, isNumber := v.number()
		switch {
		case v.is("DeploymentProfileName") && v.fact.Text != "":
			note(event.Text("autopilot.profile", "", v.fact.Text, pos))
		case v.is("CloudAssignedTenantId") && v.fact.Text != "":
			note(event.Text("autopilot.tenant-id", "", v.fact.Text, pos))
		case v.is("CloudAssignedTenantDomain") && v.fact.Text != "":
			note(event.Text("autopilot.tenant-domain", "", v.fact.Text, pos))
		case v.is("CloudAssignedOobeConfig") && isNumber && assigned:
			note(event.Number("autopilot.oobe-config", "", n, pos))
		case v.is("TenantMatched") && isNumber:
			note(event.Number("autopilot.tenant-matched", "", n, pos))
		}
	}
	b.cachedProfile(note)
}

// tenantAssigned reports whether the registry knows a profile's tenant.
func (b *builder) tenantAssigned() bool {
	for i := range b.reg.values[areaDiagnostics] {
		v := &b.reg.values[areaDiagnostics][i]
		if v.at() && v.is("CloudAssignedTenantId") && v.fact.Text != "" {
			return true
		}
	}
	return false
}

// cachedProfile reads the join method out of the cached profile, a JSON text
// in the value PolicyJsonCache.
func (b *builder) cachedProfile(note func(event.Fact)) {
	for i := range b.reg.values[areaPolicyCache] {
		v := &b.reg.values[areaPolicyCache][i]
		if !v.at() || !v.is("PolicyJsonCache") {
			continue
		}
		var doc struct {
			Join *int64 `json:"CloudAssignedDomainJoinMethod"`
			Name string `json:"DeploymentProfileName"`
		}
		if json.Unmarshal([]byte(v.fact.Text), &doc) != nil {
			continue
		}
		if doc.Join != nil {
			note(event.Number("autopilot.domain-join-method", "", *doc.Join, v.fact.Pos))
		}
		if doc.Name != "" && !b.has("autopilot.profile") {
			note(event.Text("autopilot.profile", "", doc.Name, v.fact.Pos))
		}
	}
}

// devicePrepFact looks for the marks of a device preparation policy: a hint
// above 0, or values of its agent. The empty key alone is on every device.
func (b *builder) devicePrepFact() {
	for i := range b.reg.values[areaSettings] {
		v := &b.reg.values[areaSettings][i]
		if n, ok := v.number(); ok && n > 0 && v.is("AutopilotDevicePrepHint") {
			b.add(event.Bool("autopilot.device-prep", "", true, v.fact.Pos))
			return
		}
	}
	for _, a := range []area{areaDevicePrep, areaSettings} {
		for i := range b.reg.values[a] {
			v := &b.reg.values[a][i]
			for _, part := range v.path {
				if strings.EqualFold(part, "BootstrapperAgent") && v.fact.Kind != event.FactKey {
					b.add(event.Bool("autopilot.device-prep", "", true, v.fact.Pos))
					return
				}
			}
		}
	}
}
