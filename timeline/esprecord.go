package timeline

import (
	"encoding/json"
	"strconv"
	"strings"

	"debrief/event"
)

// espRecord is one step of the enrolment status page as Shell-Core logs it.
// The page's own prefix is cut from the name:
//
//	Name:  CommercialOOBE_ESPProgress_Category_Failed
//	Value: {"message":"BootstrapStatus: Category DeviceSetupCategory failed.","errorCode":2147942402}
//
// errorCode is the HRESULT in unsigned decimal. Knowledge: the page's scripts
// as shipped with Windows, and collections of 2020 to 2026.
type espRecord struct {
	*event.Event
	name    string
	message string
	code    uint32
}

const espPrefix = "CommercialOOBE_"

// readESPRecord reads a Shell-Core event of the status page.
func readESPRecord(e *event.Event) (espRecord, bool) {
	if e.Source != event.ShellCore {
		return espRecord{}, false
	}
	name, ok := strings.CutPrefix(e.Name, espPrefix)
	if !ok {
		return espRecord{}, false
	}
	r := espRecord{Event: e, name: name}
	value, ok := e.Fields.Get("Value")
	if !ok {
		_, value, _ = strings.Cut(e.Message, "Value: '")
	}
	if message, code, ok := plainValue(value); ok {
		r.message, r.code = message, decimalCode(code)
		return r, true
	}
	var doc struct {
		Message string      `json:"message"`
		Code    json.Number `json:"errorCode"`
	}
	if json.Unmarshal([]byte(value), &doc) == nil {
		r.message = doc.Message
		r.code = decimalCode(doc.Code.String())
		return r, true
	}
	// A value copied from a viewer may hold a line break, which no JSON string may.
	r.message = value
	if _, after, ok := strings.Cut(value, `"errorCode":`); ok {
		n, _ := leadingNumber(after)
		r.code = uint32(n)
	}
	return r, true
}

// plainValue reads the usual form of a value without a JSON decoder: the two
// members in order, and no escapes.
func plainValue(value string) (message, code string, ok bool) {
	rest, ok := strings.CutPrefix(value, `{"message":`)
	if !ok || strings.IndexByte(rest, '\\') >= 0 {
		return "", "", false
	}
	rest, ok = strings.CutPrefix(strings.TrimLeft(rest, " "), `"`)
	if !ok {
		return "", "", false
	}
	message, rest, ok = strings.Cut(rest, `","errorCode":`)
	if !ok || strings.IndexByte(message, '"') >= 0 {
		return "", "", false
	}
	code, ok = strings.CutSuffix(rest, "}")
	return message, code, ok && code != "" && strings.IndexFunc(code, notDigit) < 0
}

func notDigit(c rune) bool { return c < '0' || c > '9' }

func decimalCode(s string) uint32 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return uint32(n)
}

// category finds the id of an ESP category in the message: the word that ends
// in "Category".
func (r *espRecord) category() string {
	for _, w := range strings.FieldsFunc(r.message, notID) {
		w = strings.TrimRight(w, ".")
		if len(w) > len("Category") && strings.HasSuffix(w, "Category") {
			return w
		}
	}
	return ""
}

// subcategory finds the id and, where the message names it, the state of a
// subcategory.
func (r *espRecord) subcategory() (id, state string) {
	for _, w := range strings.FieldsFunc(r.message, notID) {
		w = strings.TrimRight(w, ".")
		if strings.IndexByte(w, '.') > 0 {
			id = w
			break
		}
	}
	if _, after, ok := strings.Cut(r.message, "state = "); ok {
		end := strings.IndexFunc(after, notID)
		if end < 0 {
			end = len(after)
		}
		state = strings.TrimRight(after[:end], ".")
	}
	return id, state
}

// notID reports whether c is no part of a category's or subcategory's id.
func notID(c rune) bool {
	return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_')
}

// minutes finds the number before the word "minutes".
func (r *espRecord) minutes() (int64, bool) {
	words := strings.Fields(r.message)
	for i := 1; i < len(words); i++ {
		if strings.HasPrefix(words[i], "minute") {
			if n, err := strconv.ParseInt(words[i-1], 10, 32); err == nil {
				return n, true
			}
		}
	}
	return 0, false
}

// subcategoryState turns the page's word for a state into ours. What failed
// only because something before it did never ran: it counts as skipped.
func subcategoryState(word string) State {
	switch strings.ToLower(word) {
	case "succeeded":
		return StateSucceeded
	case "failed":
		return StateFailed
	case "cancelled", "canceled", "rebootrequiredandtryagain":
		return StateCancelled
	case "failedfromprevioussubcategory", "failedfrompreviouscategory":
		return StateSkipped
	case "notstarted":
		return StateNotStarted
	case "inprogress":
		return StateRunning
	}
	return ""
}

// subject tells which subcategory a record such as
// ESPDeviceSetup_ApplicationsInstallation_Failed speaks of, so that its code
// reaches the subcategory, whose own records carry none.
func (r *espRecord) subject() string {
	for _, s := range espSubjects {
		if strings.HasPrefix(r.name, s.prefix) {
			return s.id
		}
	}
	return ""
}

var espSubjects = [...]struct{ prefix, id string }{
	{"ESPDevicePreparation_TPMAttestation_", "DevicePreparation.TpmAttestationSubcategory"},
	{"ESPDevicePreparation_AADJProvisioning_", "DevicePreparation.AadjSubcategory"},
	{"ESPDevicePreparation_DeviceEnrollment_", "DevicePreparation.MdmEnrollmentSubcategory"},
	{"ESPDevicePreparation_MDMEnrollment_", "DevicePreparation.MdmEnrollmentSubcategory"},
	{"ESPDevicePreparation_PolicyProvidersInstallation_", "DevicePreparation.EspProviderInstallationSubcategory"},
	{"ESPDevicePreparation_WaitForPolicyProvidersInstallation_", "DevicePreparation.EspProviderInstallationSubcategory"},
	{"ESPDeviceSetup_PoliciesInstallation_", "DeviceSetup.SecurityPoliciesSubcategory"},
	{"ESPDeviceSetup_CertificatesInstallation_", "DeviceSetup.CertificatesSubcategory"},
	{"ESPDeviceSetup_NetworkProfilesInstallation_", "DeviceSetup.NetworkConnectionsSubcategory"},
	{"ESPDeviceSetup_ApplicationsInstallation_", "DeviceSetup.AppsSubcategory"},
	{"ESPAccountSetup_PoliciesInstallation_", "AccountSetup.SecurityPoliciesSubcategory"},
	{"ESPAccountSetup_CertificatesInstallation_", "AccountSetup.CertificatesSubcategory"},
	{"ESPAccountSetup_NetworkProfilesInstallation_", "AccountSetup.NetworkConnectionsSubcategory"},
	{"ESPAccountSetup_ApplicationsInstallation_", "AccountSetup.AppsSubcategory"},
	{"ESPAccountSetup_AadRegistration", "AccountSetup.WaitingForAadRegistrationSubcategory"},
}
