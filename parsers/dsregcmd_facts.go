package parsers

import (
	"strings"
	"time"

	"debrief/event"
)

// dsregKind says how the value of a line reads.
type dsregKind uint8

const (
	dsregText   dsregKind = iota
	dsregBool             // YES, NO; anything else is not known
	dsregCode             // 0x801c03f2
	dsregNumber           // 400
	dsregTime             // 2025-03-05 08:14:02.000 UTC
	dsregPeriod           // [ 2025-… UTC -- 2035-… UTC ], of which the end is taken
	dsregTest             // PASS, FAIL [0x80070002]; the line is the key
	dsregSignIn           // AADSTS50126: …, of which the number is taken
)

// dsregFactLine is a line that becomes a fact.
type dsregFactLine struct {
	line, fact string
	kind       dsregKind
	plain      bool // other tools may name a line so
}

// dsregFacts are the lines that become facts.
var dsregFacts = []dsregFactLine{
	{"AzureAdJoined", "dsreg.azure-ad-joined", dsregBool, false},
	{"DomainJoined", "dsreg.domain-joined", dsregBool, false},
	{"EnterpriseJoined", "dsreg.enterprise-joined", dsregBool, false},
	{"WorkplaceJoined", "dsreg.workplace-joined", dsregBool, false},
	{"TenantId", "dsreg.tenant-id", dsregText, true},
	{"MdmUrl", "dsreg.mdm-url", dsregText, false},
	{"TpmProtected", "dsreg.tpm-protected", dsregBool, false},
	{"DeviceAuthStatus", "dsreg.device-auth-status", dsregText, false},
	{"DeviceCertificateValidity", "dsreg.cert-expires", dsregPeriod, false},
	{"NgcSet", "dsreg.ngc-set", dsregBool, false},
	{"PreReqResult", "dsreg.ngc-prerequisite", dsregText, false},
	{"AzureAdPrt", "dsreg.azure-ad-prt", dsregBool, false},
	{"AzureAdPrtUpdateTime", "dsreg.prt-updated", dsregTime, false},
	{"AzureAdPrtExpiryTime", "dsreg.prt-expires", dsregTime, false},
	{"Previous Prt Attempt", "dsreg.prt-attempt", dsregTime, false},
	{"Attempt Status", "dsreg.prt-attempt-status", dsregCode, false},
	{"HTTP Error", "dsreg.prt-http-error", dsregCode, true},
	{"HTTP status", "dsreg.prt-http-status", dsregNumber, true},
	{"Server Error Code", "dsreg.prt-server-error", dsregText, true},
	{"Server Error Description", "dsreg.prt-aadsts", dsregSignIn, true},
	{"Previous Registration", "dsreg.registration-attempt", dsregTime, false},
	{"Error Phase", "dsreg.error-phase", dsregText, false},
	{"Client ErrorCode", "dsreg.client-error", dsregCode, false},
	{"Server ErrorCode", "dsreg.server-error", dsregText, true},
	{"Server ErrorSubCode", "dsreg.server-suberror", dsregText, false},
	{"Server Operation", "dsreg.server-operation", dsregText, false},
	{"Registration Type", "dsreg.registration-type", dsregText, false},
	{"Https Status", "dsreg.http-status", dsregNumber, true},
	{"AD Connectivity Test", "dsreg.test", dsregTest, false},
	{"AD Configuration Test", "dsreg.test", dsregTest, false},
	{"DRS Discovery Test", "dsreg.test", dsregTest, false},
	{"DRS Connectivity Test", "dsreg.test", dsregTest, false},
	{"Token acquisition Test", "dsreg.test", dsregTest, false},
	{"Kerberos Ticket Test", "dsreg.test", dsregTest, false},
	{"Fallback to Sync-Join", "dsreg.test", dsregTest, false},
}

// dsregFact makes the fact of a line, if there is one.
func dsregFact(line, value string, pos event.Pos) (event.Fact, bool) {
	if value == "" {
		return event.Fact{}, false
	}
	for _, d := range dsregFacts {
		if !strings.EqualFold(d.line, line) {
			continue
		}
		switch d.kind {
		case dsregBool:
			yes := strings.EqualFold(value, "YES")
			return event.Bool(d.fact, "", yes, pos), yes || strings.EqualFold(value, "NO")
		case dsregCode:
			code, err := hresultText(value)
			return event.Number(d.fact, "", int64(code), pos), err == nil
		case dsregNumber:
			n, digits := number(value, 9)
			return event.Number(d.fact, "", int64(n), pos), digits > 0
		case dsregTime:
			t, ok := dsregMoment(value)
			return event.At(d.fact, "", t, pos), ok
		case dsregPeriod:
			_, end, _ := strings.Cut(strings.Trim(value, "[] "), "--")
			t, ok := dsregMoment(trim(end))
			return event.At(d.fact, "", t, pos), ok
		case dsregTest:
			return event.Text(d.fact, d.line, value, pos), true
		case dsregSignIn:
			_, rest, _ := strings.Cut(value, "AADSTS")
			n, digits := number(rest, 9)
			return event.Number(d.fact, "", int64(n), pos), digits > 0
		default:
			return event.Text(d.fact, "", value, pos), true
		}
	}
	return event.Fact{}, false
}

// dsregMoment reads "2025-03-05 08:14:02.000 UTC".
func dsregMoment(s string) (time.Time, bool) {
	when, ok := strings.CutSuffix(s, " UTC")
	t, _, valid := parseISO(when)
	return t, ok && valid
}
