package timeline

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"debrief/event"
)

// registryFacts derives what the registry says under its own names.
func (b *builder) registryFacts() {
	b.trackingFacts()
	b.categoryFacts()
	b.enrollmentFacts()
	b.profileFacts()
	b.devicePrepFact()
	b.manageabilityFacts()
	b.msiFacts()
	b.reportedPackages()
	b.win32Facts()
}

// trackingFacts reads HKLM\SOFTWARE\Microsoft\Windows\Autopilot\EnrollmentStatusTracking\Device.
func (b *builder) trackingFacts() {
	for i := range b.reg.values[areaTracking] {
		v := &b.reg.values[areaTracking][i]
		n, ok := v.number()
		if !ok {
			continue
		}
		pos := v.fact.Pos
		if rest, ok := v.below("Device", "DevicePreparation", "PolicyProviders"); ok && len(rest) == 1 {
			switch {
			case v.is("InstallationState"):
				b.add(event.Number("esp.provider.state", rest[0], n, pos))
			case v.is("LastError"):
				b.add(event.Number("esp.provider.last-error", rest[0], hresult(n), pos))
			case v.is("Timeout"):
				b.add(event.Number("esp.provider.timeout", rest[0], n, pos))
			}
		}
		if rest, ok := v.below("Device", "Setup", "Apps", "PolicyProviders"); ok && len(rest) == 1 && v.is("TrackingPoliciesCreated") {
			b.add(event.Number("esp.provider.tracking-created", rest[0], n, pos))
		}
		if rest, ok := v.below("Device", "Setup", "Apps", "Tracking"); ok && len(rest) == 2 && v.is("InstallationState") {
			b.add(event.Number("esp.app.state", rest[0]+"/"+rest[1], n, pos))
		}
		if v.at("Device", "Setup") && v.is("HasProvisioningCompleted") {
			b.add(event.Bool("esp.device-setup-completed", "", n != 0, pos))
		}
	}
}

// categoryFacts reads the states of the ESP as its page stores them in
// AutopilotSettings, one JSON object a category:
//
//	DeviceSetupCategory.Status = {"categoryState":"failed","categoryStatusText":"Error",
//	  "DeviceSetup.AppsSubcategory":{"subcategoryState":"failed","subcategoryStatusText":"Apps (0x81036502)"}}
//
// Older builds write the status text alone where newer ones have an object.
// States may be missing. Observed in collections of 2020 to 2026.
func (b *builder) categoryFacts() {
	for i := range b.reg.values[areaSettings] {
		v := &b.reg.values[areaSettings][i]
		category, ok := cutSuffixFold(v.fact.Value, ".Status")
		if !ok || !v.at() || v.fact.Kind != event.FactText {
			continue
		}
		var doc map[string]json.RawMessage
		if json.Unmarshal([]byte(v.fact.Text), &doc) != nil {
			continue
		}
		state := jsonText(doc["categoryState"])
		if state == "" {
			switch strings.ToLower(jsonText(doc["categorySucceeded"])) {
			case "true":
				state = "succeeded"
			case "false":
				state = "failed"
			}
		}
		if state != "" {
			b.add(event.Text("esp.category.state", category, state, v.fact.Pos))
		}
		for id, raw := range doc { // facts are sorted in the end
			if strings.Contains(id, ".") {
				b.subcategoryFact(id, raw, v.fact.Pos)
			}
		}
	}
}

func (b *builder) subcategoryFact(id string, raw json.RawMessage, pos event.Pos) {
	var sub struct {
		State json.RawMessage `json:"subcategoryState"`
		Text  json.RawMessage `json:"subcategoryStatusText"`
	}
	text := jsonText(raw)
	if json.Unmarshal(raw, &sub) == nil {
		text = jsonText(sub.Text)
	}
	f := event.Text("esp.subcategory.state", id, jsonText(sub.State), pos)
	f.Value = text
	b.add(f)
	if code, ok := hexCode(text); ok {
		b.add(event.Number("esp.subcategory.code", id, int64(code), pos))
	}
}

// jsonText is a JSON string's text, or the literal of a bare true or number;
// empty for anything else.
func jsonText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if lit := strings.TrimSpace(string(raw)); lit != "" && lit != "null" && !strings.ContainsAny(lit[:1], `{["`) {
		return lit
	}
	return ""
}

func cutSuffixFold(s, suffix string) (string, bool) {
	if n := len(s) - len(suffix); n > 0 && strings.EqualFold(s[n:], suffix) {
		return s[:n], true
	}
	return s, false
}

// hexCode finds the last "0x" number of up to eight digits in a text.
func hexCode(s string) (uint32, bool) {
	for i := len(s) - 3; i >= 0; i-- {
		if s[i] != '0' || s[i+1] != 'x' && s[i+1] != 'X' {
			continue
		}
		end := i + 2
		for end < len(s) && end < i+10 && isHex(s[end]) {
			end++
		}
		if n, err := strconv.ParseUint(s[i+2:end], 16, 32); err == nil {
			return uint32(n), true
		}
	}
	return 0, false
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// enrollmentFacts reads the MDM enrolments and what their policies say of the
// ESP. Every device has some thirty enrolment keys of Windows' own, which have
// no ProviderID: they are left out.
func (b *builder) enrollmentFacts() {
	mdm := map[string]bool{}
	for i := range b.reg.values[areaEnrollments] {
		v := &b.reg.values[areaEnrollments][i]
		if v.at("*") && v.is("ProviderID") && v.fact.Text != "" {
			mdm[strings.ToLower(v.path[0])] = true
			b.add(event.Text("enrollment.provider", v.path[0], v.fact.Text, v.fact.Pos))
		}
	}
	for i := range b.reg.values[areaEnrollments] {
		v := &b.reg.values[areaEnrollments][i]
		n, ok := v.number()
		if !ok || len(v.path) == 0 || !mdm[strings.ToLower(v.path[0])] {
			continue
		}
		if v.at("*") && v.is("EnrollmentType") {
			b.add(event.Number("enrollment.type", v.path[0], n, v.fact.Pos))
		}
		if !v.at("*", "FirstSync") {
			continue
		}
		switch {
		case v.is("SyncFailureTimeout"):
			b.add(event.Number("esp.timeout-minutes", "", n, v.fact.Pos))
		case v.is("BlockInStatusPage"):
			b.add(event.Number("esp.block-in-status-page", "", n, v.fact.Pos))
		case v.is("SkipDeviceStatusPage"):
			b.add(event.Number("esp.skip-device", "", n, v.fact.Pos))
		case v.is("SkipUserStatusPage"):
			b.add(event.Number("esp.skip-user", "", n, v.fact.Pos))
		}
	}
	b.failedEnrollments()
}

// failedEnrollments reads Provisioning\Diagnostics\Enrollment\<guid>: Error and
// Time ("2031-02-03 04:05:06.789", UTC) of each failed attempt.
func (b *builder) failedEnrollments() {
	times := map[string]time.Time{}
	values := b.reg.values[areaFailures]
	for i := range values {
		if v := &values[i]; v.at("*") && v.is("Time") {
			if t, err := time.Parse("2006-01-02 15:04:05", strings.TrimSpace(v.fact.Text)); err == nil {
				times[strings.ToLower(v.path[0])] = t
			}
		}
	}
	for i := range values {
		v := &values[i]
		if n, ok := v.number(); ok && v.at("*") && v.is("Error") {
			f := event.Number("enrollment.error", v.path[0], hresult(n), v.fact.Pos)
			f.Time = times[strings.ToLower(v.path[0])]
			b.add(f)
		}
	}
}

// manageabilityFacts reads who manages the device: the CSP's own key, which
// most collections lack, and the value that MDM expects the node to have.
func (b *builder) manageabilityFacts() {
	known := false
	for i := range b.reg.values[areaManageability] {
		v := &b.reg.values[areaManageability][i]
		if v.at("Provider", "MS DM Server") && v.is("ConfigInfo") {
			known = true
			b.add(asNumber(event.Text("device-manageability.config-info", "", v.fact.Text, v.fact.Pos)))
			if v.fact.Kind == event.FactNumber {
				b.add(event.Text("device-manageability.config-info-type", "", "REG_DWORD", v.fact.Pos))
			}
		}
	}
	if known {
		return // the value itself is there; what the server asked for says no more
	}
	nodes := map[string]bool{}
	for i := range b.reg.values[areaNodes] {
		v := &b.reg.values[areaNodes][i]
		if v.is("NodeUri") && isConfigInfo(v.fact.Text) {
			nodes[strings.ToLower(v.fact.Key)] = true
		}
	}
	for i := range b.reg.values[areaNodes] {
		v := &b.reg.values[areaNodes][i]
		if v.is("ExpectedValue") && nodes[strings.ToLower(v.fact.Key)] {
			b.add(asNumber(event.Text("device-manageability.config-info", "NodeCache", v.fact.Text, v.fact.Pos)))
		}
	}
}

func isConfigInfo(uri string) bool {
	uri = strings.ReplaceAll(uri, "%20", " ")
	rest, ok := cutPrefixFold(strings.TrimPrefix(uri, "./"), "Device/")
	if !ok {
		rest = strings.TrimPrefix(uri, "./")
	}
	return strings.EqualFold(rest, "Vendor/MSFT/DeviceManageability/Provider/MS DM Server/ConfigInfo")
}

// asNumber turns a text fact that holds a number into a numeric one.
func asNumber(f event.Fact) event.Fact {
	if n, err := strconv.ParseInt(strings.TrimSpace(f.Text), 0, 64); err == nil {
		return event.Number(f.Name, f.Key, n, f.Pos)
	}
	return f
}
