package parsers

import (
	"strings"
	"time"

	"debrief/event"
)

func (r *mdmReport) fact(f event.Fact) { r.out.Facts = append(r.out.Facts, f) }

// result makes a fact of a field that holds an HRESULT.
func (r *mdmReport) result(rec *mdmRecord, field, name, key string) (code uint32, ok bool) {
	text, pos := rec.get(field)
	code, err := hresultText(text)
	if err != nil || key == "" {
		return 0, false
	}
	r.fact(event.Number(name, key, int64(code), pos))
	return code, true
}

func (r *mdmReport) system(rec *mdmRecord) {
	if text, pos := rec.get("ReportCreationTime"); text != "" {
		if t, ok := mdmTime(text); ok {
			r.fact(event.At("mdm.report-time", "", t, pos))
		}
	}
	if version, pos := rec.get("OSVersion"); version != "" {
		r.out.Facts = append(r.out.Facts, osVersionFacts(version, pos)...)
	}
	if serial, pos := rec.get("SerialNumber"); serial != "" {
		r.fact(event.Text("device.serial", "", serial, pos))
	}
}

// osVersionFacts reads "10.0.22631.3296".
func osVersionFacts(version string, pos event.Pos) []event.Fact {
	rest, ok := strings.CutPrefix(version, "10.0.")
	build, digits := number(rest, 6)
	if !ok || digits < 5 {
		return nil
	}
	facts := []event.Fact{event.Number("os.build", "", int64(build), pos)}
	if rest = rest[digits:]; strings.HasPrefix(rest, ".") {
		if revision, n := number(rest[1:], 9); n > 0 && n+1 == len(rest) {
			facts = append(facts, event.Number("os.ubr", "", int64(revision), pos))
		}
	}
	return facts
}

// enrolment makes facts of an enrolment with a provider; the thirty that
// Windows has of its own have none.
func (r *mdmReport) enrolment(rec *mdmRecord) {
	id, _ := rec.get("EnrollmentId")
	provider, pos := rec.get("ProviderID")
	if id == "" || provider == "" {
		return
	}
	r.fact(event.Text("enrollment.provider", id, provider, pos))
	r.result(rec, "EnrollmentType", "enrollment.type", id)
	r.result(rec, "EnrollmentState", "enrollment.state", id)
	r.result(rec, "RenewalErrorCode", "enrollment.renewal-error", id)
}

// account makes facts of the connection, and events of the sessions that it
// remembers by their time.
func (r *mdmReport) account(rec *mdmRecord) {
	id, _ := rec.get("EnrollmentId")
	if id == "" {
		return
	}
	if address, pos := rec.get("Address"); address != "" {
		r.fact(event.Text("mdm.server", id, address, pos))
	}
	r.result(rec, "LastSessionResult", "mdm.last-session-result", id)
	for _, s := range [...]struct{ field, message string }{
		{"ServerLastAccessTime", "Last session with the MDM server"},
		{"ServerLastSuccessTime", "Last session with the MDM server that succeeded"},
		{"ServerLastFailureTime", "Last session with the MDM server that did not succeed"},
	} {
		text, pos := rec.get(s.field)
		if t, ok := mdmSessionTime(text); ok {
			r.sink.add(event.Event{Source: event.MDMReport, Time: t, Clock: event.ClockLocal, Pos: pos, Message: s.message,
				Fields: event.Fields{{Name: "EnrollmentId", Value: id}}})
		}
	}
}

// certificate makes facts of a SCEP request. Its states: 1 finished, 2
// pending, 16 failed, 32 unknown.
func (r *mdmReport) certificate(rec *mdmRecord, e *event.Event) {
	id, _ := rec.get("ID")
	r.result(rec, "Status", "scep.status", id)
	code, ok := r.result(rec, "Error", "scep.error", id)
	if ok && code != 0 {
		e.Level = event.LevelError
		e.Message = "Certificate request " + id + " failed with " + hexCode(code) + ": " + mdmSummary(rec.fields)
	}
}

// component dates the last error of a CSP and makes a fact of it.
func (r *mdmReport) component(rec *mdmRecord, e *event.Event) {
	when, _ := rec.get("Time")
	if t, zoned, ok := parseISO(when); ok && !zoned {
		e.Time, e.Clock = t, event.ClockDeclared
	}
	component, _ := rec.get("Component")
	name, _ := rec.get("Name")
	e.Provider = component
	key := strings.TrimPrefix(component+"/"+name, "/")
	code, ok := r.result(rec, "Error", "mdm.csp-error", key)
	if ok {
		last := &r.out.Facts[len(r.out.Facts)-1]
		last.Time = e.Time
		last.Value, _ = rec.get("Metadata2")
		command, _ := rec.get("Metadata1")
		// Sound devices have some of these, so nothing here calls it a failure.
		e.Message = strings.Join(strings.Fields("Last result of "+key+": "+hexCode(code)+" "+command+" "+last.Value), " ")
	}
}

// provider reads who manages the device, as the registry facts of the same
// name do.
func (r *mdmReport) provider(rec *mdmRecord) {
	if id, _ := rec.get("ProviderID"); id != "MS DM Server" {
		return
	}
	text, pos := rec.get("ConfigInfo")
	if n, err := hresultText(text); err == nil {
		r.fact(event.Number("device-manageability.config-info", "", int64(n), pos))
	}
}

// mdmSetting is a policy as one source sets it.
type mdmSetting struct{ source, value string }

// area looks for policies that another source sets to another value.
func (r *mdmReport) area(rec *mdmRecord) {
	area, _ := rec.get("PolicyAreaName")
	source, _ := rec.get("EnrollmentId")
	scope, _ := rec.get("PolicyScope")
	if area == "" || source == "" {
		return
	}
	for i, f := range rec.fields {
		if f.Name == "PolicyAreaName" || f.Name == "EnrollmentId" || f.Name == "PolicyScope" || strings.HasSuffix(f.Name, "_LastWrite") {
			continue
		}
		name := area + "/" + f.Name
		key := strings.ToLower(scope + "\n" + name)
		other, ok := r.set[key]
		switch {
		case !ok:
			r.set[key] = mdmSetting{source, f.Value}
		case other.source != source && other.value != f.Value && !r.known[key]:
			r.known[key] = true
			r.fact(event.Text("mdm.policy-conflict", name, other.value+"\n"+f.Value, rec.places[i]))
			r.out.Facts[len(r.out.Facts)-1].Kind = event.FactList
		}
	}
}

// mdmSessionTime reads "20250305T091402Z", whose Z means nothing.
func mdmSessionTime(s string) (t time.Time, ok bool) {
	t, err := time.Parse("20060102T150405Z", s)
	return t, err == nil && t.Year() >= 1601
}
