package synth

import (
	"fmt"
	"time"
)

// Categories and subcategories of the enrolment status page, as events and
// registry name them (CloudExperienceHost's own script).
const (
	catPreparation = "DevicePreparationCategory"
	catSetup       = "DeviceSetupCategory"
	catAccount     = "AccountSetupCategory"

	subTPM       = "DevicePreparation.TpmAttestationSubcategory"
	subJoin      = "DevicePreparation.AadjSubcategory"
	subEnrol     = "DevicePreparation.MdmEnrollmentSubcategory"
	subProviders = "DevicePreparation.EspProviderInstallationSubcategory"

	subApps = "DeviceSetup.AppsSubcategory"
)

// lineTitles are what the page shows for a subcategory, in English.
var lineTitles = map[string]string{
	subTPM:       "Securing your hardware",
	subJoin:      "Joining your organization's network",
	subEnrol:     "Registering your device for mobile management",
	subProviders: "Preparing your device for mobile management",

	"DeviceSetup.SecurityPoliciesSubcategory":   "Security policies",
	"DeviceSetup.CertificatesSubcategory":       "Certificates",
	"DeviceSetup.NetworkConnectionsSubcategory": "Network connections",
	subApps: "Apps",

	"AccountSetup.WaitingForAadRegistrationSubcategory": "Joining your organization's network",
	"AccountSetup.PrepareMultifactorAuth":               "Preparing sign-in",
	"AccountSetup.SecurityPoliciesSubcategory":          "Security policies",
	"AccountSetup.CertificatesSubcategory":              "Certificates",
	"AccountSetup.NetworkConnectionsSubcategory":        "Network connections",
	"AccountSetup.AppsSubcategory":                      "Apps",
}

var setupLines = []string{
	"DeviceSetup.SecurityPoliciesSubcategory", "DeviceSetup.CertificatesSubcategory",
	"DeviceSetup.NetworkConnectionsSubcategory", subApps,
}

// setupTail runs after the lines that the page shows.
var setupTail = []string{"DeviceSetup.RebootCoalescing", "DeviceSetup.SendResultsToMdmServer", "DeviceSetup.SaveWhiteGloveSuccessResult"}

var accountLines = []string{
	"AccountSetup.WaitingForAadRegistrationSubcategory", "AccountSetup.PrepareMultifactorAuth",
	"AccountSetup.SecurityPoliciesSubcategory", "AccountSetup.CertificatesSubcategory",
	"AccountSetup.NetworkConnectionsSubcategory", "AccountSetup.AppsSubcategory",
}

const timedOut = 0x800705b4 // HRESULT_FROM_WIN32(ERROR_TIMEOUT)

// web notes a Shell-Core 62407, the web app event with a name and a value.
func (d *device) web(at time.Time, name, value string) {
	d.event(chShellCore, at, 62407, levelInfo, field("Name", name), field("Value", value))
}

// esp notes an event of the enrolment status page. A message that stands
// without the usual prefix begins with "=".
func (d *device) esp(name, message string, code uint32) {
	if message[0] == '=' {
		message = message[1:]
	} else {
		message = "BootstrapStatus: " + message
	}
	d.web(d.now, "CommercialOOBE_"+name, fmt.Sprintf(`{"message":"%s","errorCode":%d}`, message, code))
	d.now = d.now.Add(time.Duration(d.r.between(60, 240)) * time.Millisecond)
}

// loadPage is one run of the page: the ESP clock starts anew.
func (d *device) loadPage(whiteGlove bool) {
	d.espShown = true
	d.esp("ESPProgress_Initialization_ResumingAfterReboot", "The page is resuming after a reboot.", 0)
	d.esp("ESPProgress_GetBlockingValueBitMask_Success", "Blocking value retrieved: 0x6", 0)
	if whiteGlove {
		d.esp("ESPProgress_WhiteGloveMode_True", "White glove mode = true", 0)
	} else {
		d.esp("ESPProgress_WhiteGloveMode_False", "White glove mode = false", 0)
	}
	d.esp("ESPProgress_ESPTimeOutValueRetrieval_Started", "Retrieving the ESP Timeout value.", 0)
	d.esp("ESPProgress_ESPTimeOutValueRetrieval_Success", fmt.Sprintf("ESP Timeout successfully retrieved: %d minutes.", d.s.TimeoutMinutes), 0)
	d.page = d.now
	d.deadline = d.page.Add(d.timeout())
	d.esp("ESPProgress_ESPTimeOutValue_Applied", fmt.Sprintf("Applying the ESP Timeout value: %d minutes.", d.s.TimeoutMinutes), 0)
}

func (d *device) startCategory(id string) {
	d.category(id).state = "inProgress"
	d.esp("ESPProgress_Category_Started", "Starting category "+id+"...", 0)
}

func (d *device) startBatch(n int, parallel bool) {
	kind := "non-parallelizable"
	if parallel {
		kind = "parallelizable"
	}
	d.esp("BootstrapStatusCategory_BatchProcessing_Started", fmt.Sprintf("Processing one %s batch of %d subcategories...", kind, n), 0)
}

func (d *device) startLine(categoryID, id string) {
	*d.line(categoryID, id) = subcategory{id, "inProgress", lineTitles[id] + " (Identifying)"}
	d.esp("BootstrapStatusCategory_SubcategoryProcessing_Started", "Starting subcategory "+id+"...", 0)
}

// endLine closes a subcategory; text is what stands in brackets behind its title.
func (d *device) endLine(categoryID, id, state, text string) {
	if lineTitles[id] != "" { // silent lines are not kept in the registry
		*d.line(categoryID, id) = subcategory{id, state, lineTitles[id] + " (" + text + ")"}
	}
	name := "Success"
	if state != "succeeded" {
		name = "Failed"
	}
	d.esp("BootstrapStatusCategory_SubcategoryProcessing_"+name, fmt.Sprintf("Subcategory ID = %s; state = %s.", id, state), 0)
}

func (d *device) endCategory(id string) {
	c := d.category(id)
	c.state, c.text = "succeeded", "Complete"
	d.esp("BootstrapStatusCategory_BatchProcessing_Success", "Batch processing succeeded.", 0)
	d.esp("ESPProgress_Category_Success", "Category "+id+" succeeded.", 0)
}

// failCategory ends the page with its error screen.
func (d *device) failCategory(id string) {
	c := d.category(id)
	c.state, c.text = "failed", "Failed"
	d.esp("BootstrapStatusCategory_BatchProcessing_Failed", "Batch processing failed.", 0)
	d.esp("ESPProgress_Category_Failed", "Category "+id+" failed.", 0)
	d.esp("BootstrapStatusCategory_SendingFailureResultToMdmServer", "Sending failure result to MDM server.", 0)
	d.esp("ESPProgress_ErrorButtons_Displayed", "Error buttons displayed.", 0)
}

// failFollowing marks lines as failed because an earlier one did.
func (d *device) failFollowing(categoryID string, ids []string) {
	for _, id := range ids {
		d.endLine(categoryID, id, "failedFromPreviousSubcategory", "Previous step failed")
	}
}

// failPreparation ends device preparation in error and drags device setup along.
func (d *device) failPreparation() {
	d.failCategory(catPreparation)
	c := d.category(catSetup)
	c.state, c.text = "failedFromPreviousCategory", "Previous step failed"
	d.failFollowing(catSetup, setupLines)
}
