package parsers

import (
	"slices"
	"strings"
	"time"

	"debrief/event"
)

// mdmReportParser reads MDMDiagReport.xml, the state of device management that
// mdmdiagnosticstool writes beside its registry dump:
//
//	<MDMEnterpriseDiagnosticsReport>
//	  <SystemInformation>
//	  <ReportCreationTime>Wednesday, 05 March 2025--08:14:03 (UTC)</ReportCreationTime>
//	  <OSVersion>10.0.22631.3296</OSVersion>
//	</SystemInformation>
//	  <Enrollments>
//	  <Enrollment>
//	    <EnrollmentId>00000000-0000-0000-0000-00000000000A</EnrollmentId>
//	    <EnrollmentType>6</EnrollmentType>
//	    <ProviderID>MS DM Server</ProviderID>
//	  </Enrollment>
//	</Enrollments>
//	  <SCEP>
//	    <MdmServerDeviceCert>
//	      <Identifier><ID>Sample_1</ID><Error>-2146762495</Error><Status>16</Status></Identifier>
//	…
//
// What belongs together becomes one event whose fields are the elements: an
// enrolment, a management account, the policies of an area as a source sets
// them and as they are in force, the resources under management, a certificate
// request, a scheduled task, the last error of a CSP, an app, a blocked group
// policy. Sections that are not known become one event each. The description of
// all policies that Windows has (PolicyManagerMeta and the ingested ADMX files),
// most of the file, is passed over.
//
// Only the report's own time and the errors of CSPs have a zone, UTC: in the
// collection of a device at UTC+3 these are what agrees with its footprint. The
// times of sessions with the server end in Z and were the wall clock there.
//
// Facts are made of what identifies no person: the account names of enrolments
// stay in their events.
//
// Sources: Microsoft Learn "Diagnose MDM enrollment failures in Windows" and
// "ClientCertificateInstall CSP" (the states of a request); element names as
// observed in collections of 2024.
func mdmReportParser() Parser {
	return Parser{
		Name:    "mdm-report",
		Doc:     "state of device management (MDMDiagReport.xml)",
		Version: "1",
		Match: func(in *Input) bool {
			return strings.Contains(head(in, 4096), "<"+mdmReportRoot)
		},
		Parse: parseMDMReport,
	}
}

const mdmReportRoot = "MDMEnterpriseDiagnosticsReport"

// mdmRecords are the elements that make an event, by parent and name, with what
// the event is called. Elements right below the root make one in any case, of
// what is in no other.
var mdmRecords = map[string]string{
	"Enrollments/Enrollment":                "Enrolment",
	"Enrollment/UserFirstSync":              "First sync of a user",
	"Enrollments/EnrollmentStatus":          "State of the enrolment",
	"DeviceManagementAccount/Enrollment":    "Management account",
	"DeviceManagementAccount/OMADMSessions": "Sessions with the server",
	"PolicyScope/Area":                      "Policies set",
	"CurrentPolicies/CurrentPolicyValues":   "Policies in force",
	"Scope/Resources":                       "Managed resources",
	"EAS/EASPolicies":                       "Exchange ActiveSync policies",
	"MdmServerDeviceCert/Identifier":        "Certificate request",
	"Folder/Task":                           "Scheduled task",
	"ProvisioningResults/Result":            "Provisioning package",
	"Diagnostics/ErrorLog":                  "Diagnostics",
	"ErrorLog/SubComponent":                 "Diagnostics",
	"Providers/Provider":                    "Provider of device management",
	"Package/Details":                       "Package",
	"Target/NameSpace":                      "Blocked group policies",
}

// mdmContext are elements that say what the records behind them are about.
var mdmContext = []string{"EnrollmentId", "EnrollmentID", "PolicyScope", "ResourceTarget", "ServerName", "FolderName", "Component", "UserSid"}

// mdmSkipped are elements that describe policies and not the device.
var mdmSkipped = []string{"PolicyManagerMeta", "IngestedADMXPolicyMetaData", "IngestedADMXInstallData"}

// mdmRecord is an element whose event is being put together.
type mdmRecord struct {
	title, kind string
	depth       int
	fields      event.Fields
	places      []event.Pos // of the fields
	pos         event.Pos
}

// get returns a field and its place.
func (r *mdmRecord) get(name string) (string, event.Pos) {
	for i := range r.fields {
		if r.fields[i].Name == name {
			return r.fields[i].Value, r.places[i]
		}
	}
	return "", r.pos
}

// mdmReport is one pass over a report.
type mdmReport struct {
	out     *Output
	sink    sink
	skip    int // depth of the element that is passed over; 0 = none
	open    []mdmRecord
	context map[string]string // last of each of mdmContext
	set     map[string]mdmSetting
	known   map[string]bool // conflicts that are facts already
}

func parseMDMReport(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.MDMReport)
	r := mdmReport{out: out, sink: newSink(&doc, out), context: map[string]string{}, set: map[string]mdmSetting{}, known: map[string]bool{}}
	walkXML(&doc, out, r.began, r.ended, mdmSkipped...)
	// A record ends behind those in it and begins before them.
	slices.SortStableFunc(out.Events, func(a, b event.Event) int { return a.Pos.Compare(b.Pos) })
	return nil
}

func (r *mdmReport) began(e *xmlElement) {
	if r.skip > 0 {
		return
	}
	depth := len(e.path)
	if slices.Contains(mdmSkipped, e.name()) {
		r.skip = depth
		return
	}
	kind := e.parent() + "/" + e.name()
	title, ok := mdmRecords[kind]
	if !ok && (depth != 2 || e.name() == "Version") {
		return
	}
	if !ok {
		title = e.name()
	}
	r.open = append(r.open, mdmRecord{title: title, kind: kind, depth: depth, pos: e.pos})
}

func (r *mdmReport) ended(e *xmlElement) {
	depth := len(e.path)
	if r.skip > 0 {
		if depth == r.skip {
			r.skip = 0
		}
		return
	}
	n := len(r.open) - 1
	if n >= 0 && r.open[n].depth == depth {
		rec := r.open[n]
		r.open = r.open[:n]
		if e.leaf && e.text != "" {
			rec.fields = append(rec.fields, event.Field{Name: e.name(), Value: e.text})
			rec.places = append(rec.places, e.pos)
		}
		r.record(&rec)
		return
	}
	if !e.leaf || e.text == "" {
		return
	}
	name := e.name()
	if name == "EnrollmentID" {
		name = "EnrollmentId"
	}
	inRecord := n >= 0 && r.open[n].depth > 2 // and not in a section of several
	if slices.Contains(mdmContext, name) {
		r.context[name] = e.text
		if !inRecord {
			return
		}
	}
	if n >= 0 && len(r.open[n].fields) < maxXMLFields {
		r.open[n].fields = append(r.open[n].fields, event.Field{Name: name, Value: e.text})
		r.open[n].places = append(r.open[n].places, e.pos)
	}
}

// record makes the event and the facts of a record that is complete.
func (r *mdmReport) record(rec *mdmRecord) {
	if !slices.ContainsFunc(rec.fields, func(f event.Field) bool { return !slices.Contains(mdmContext, f.Name) }) {
		return // nothing but what it would be about
	}
	for _, a := range r.about(rec) {
		if _, ok := rec.fields.Get(a.Name); !ok {
			rec.fields = slices.Insert(rec.fields, 0, a)
			rec.places = slices.Insert(rec.places, 0, rec.pos)
		}
	}
	e := event.Event{Source: event.MDMReport, Pos: rec.pos, Fields: rec.fields}
	e.Message = rec.title + ": " + mdmSummary(rec.fields)
	switch rec.kind {
	case "MDMEnterpriseDiagnosticsReport/SystemInformation":
		r.system(rec)
	case "Enrollments/Enrollment":
		r.enrolment(rec)
	case "DeviceManagementAccount/Enrollment":
		r.account(rec)
	case "MdmServerDeviceCert/Identifier":
		r.certificate(rec, &e)
	case "ErrorLog/SubComponent":
		r.component(rec, &e)
	case "Providers/Provider":
		r.provider(rec)
	case "PolicyScope/Area":
		r.area(rec)
	}
	r.sink.add(e)
}

// about lists what the record is about besides its own fields; the innermost
// comes first.
func (r *mdmReport) about(rec *mdmRecord) event.Fields {
	var names []string
	switch rec.kind {
	case "Enrollment/UserFirstSync":
		names = []string{"EnrollmentId"}
	case "PolicyScope/Area":
		names = []string{"PolicyScope", "EnrollmentId"}
	case "CurrentPolicies/CurrentPolicyValues":
		names = []string{"PolicyScope"}
	case "Scope/Resources":
		names = []string{"ResourceTarget", "EnrollmentId"}
	case "MdmServerDeviceCert/Identifier":
		names = []string{"ServerName"}
	case "Folder/Task":
		names = []string{"FolderName"}
	case "Diagnostics/ErrorLog", "ErrorLog/SubComponent":
		names = []string{"Component"}
	case "Package/Details", "Target/NameSpace":
		names = []string{"UserSid"}
	}
	var out event.Fields
	for _, name := range names {
		if v := r.context[name]; v != "" {
			out = append(out, event.Field{Name: name, Value: v})
		}
	}
	return out
}

// mdmSummaryBytes is how much of a record its message shows; the fields hold
// all of it.
const mdmSummaryBytes = 400

// mdmSummary words the fields, results in the form that people search for.
func mdmSummary(fields event.Fields) string {
	var b strings.Builder
	for i, f := range fields {
		if i > 0 {
			b.WriteString(", ")
		}
		if b.Len()+len(f.Name)+len(f.Value) > mdmSummaryBytes {
			b.WriteString("…")
			break
		}
		b.WriteString(f.Name)
		b.WriteByte('=')
		b.WriteString(mdmValue(f))
	}
	return b.String()
}

// mdmValue writes a failing HRESULT in hex: in the report it is a negative number.
func mdmValue(f event.Field) string {
	if strings.HasPrefix(f.Value, "-") && (strings.Contains(f.Name, "Error") || strings.Contains(f.Name, "Result")) {
		if code, err := hresultText(f.Value); err == nil {
			return hexCode(code)
		}
	}
	return f.Value
}

// mdmTime reads "Wednesday, 05 March 2025--08:14:03 (UTC)".
func mdmTime(s string) (time.Time, bool) {
	_, date, ok := strings.Cut(s, ", ")
	date, zone, _ := strings.Cut(date, " (")
	t, err := time.Parse("02 January 2006--15:04:05", date)
	return t, ok && err == nil && zone == "UTC)"
}
