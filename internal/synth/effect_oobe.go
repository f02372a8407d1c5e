package synth

import (
	"fmt"
	"time"
)

// Profile is the kind of Autopilot profile that the device receives.
type Profile uint8

// The profiles. UserDriven is the zero value.
const (
	UserDriven        Profile = iota
	UserDrivenHybrid          // join the local domain too
	PreProvisioned            // user driven, begun by a technician ("white glove")
	SelfDeploying             // no user; the TPM vouches for the device
	DevicePreparation         // device preparation policy, "v2": no registered device, no profile
	NoProfile                 // registered, but no profile is assigned
)

// oobeConfig is the CloudAssignedOobeConfig bitmask of the profile.
func (p Profile) oobeConfig() uint32 {
	const (
		userDriven = 0x51e // skip keyboard, EULA, OEM and express pages, standard user
		attested   = 0x60  // TPM attestation and device authentication
		tpmNeeded  = 0x80
	)
	switch p {
	case SelfDeploying:
		return userDriven | attested | tpmNeeded
	case PreProvisioned:
		return userDriven | 0x20
	}
	return userDriven
}

// assigned reports whether the device has an Autopilot profile.
func (p Profile) assigned() bool { return p != DevicePreparation && p != NoProfile }

// OOBE is the start of the out-of-box experience: network, profile download,
// sign-in page.
type OOBE struct {
	Profile Profile
	// SkewMinutes is how far the device's clock is ahead of the true time.
	SkewMinutes int
}

func (e OOBE) apply(d *device) {
	d.profile = e.Profile
	d.skew = time.Duration(e.SkewMinutes) * time.Minute
	for _, cxid := range []string{"StartSelector", "OobeKeyboard", "OobeWireless"} {
		d.webPage(cxid, 20*time.Second)
	}
	d.web(d.now, "hasInternetAccess_networkCheck", `{"hasProfile":true,"connectivityLevel":3}`)
	d.profileDownload()
	for _, cxid := range []string{"AutopilotActivation", "OobeZdp", "OobeAAD"} {
		d.webPage(cxid, 25*time.Second)
	}
}

// webPage notes a page of the experience from its start to its result.
func (d *device) webPage(cxid string, about time.Duration) {
	d.event(chShellCore, d.now, 62404, levelInfo, field("CXID", cxid))
	d.wait(about)
	d.event(chShellCore, d.now, 62405, levelInfo, field("Result", "success"))
	d.wait(time.Second)
}

func (d *device) profileDownload() {
	d.event(chAutopilot, d.now, 164, levelInfo) // internet is there
	d.event(chAutopilot, d.wait(time.Second), 160, levelInfo)
	const clockCheck = 751
	minutes := int(d.skew / time.Minute)
	id, level := uint16(clockCheck), uint8(levelInfo)
	if minutes > 5 || minutes < -5 {
		id = 753
	}
	stamp := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
	d.event(chAutopilot, d.wait(time.Second), id, level,
		field("ServerTime", stamp(d.now.Add(-d.skew))), field("ClientTime", stamp(d.now)),
		field("AttemptNumber", int32(minutes)), field("MaxAttempts", uint32(5)))
	switch d.profile {
	case NoProfile:
		d.event(chAutopilot, d.wait(4*time.Second), 815, levelError)
		d.web(d.now, "CommercialOOBE_Autopilot_Profile_Unavailable", `{"message":"Autopilot profile is not available.","errorCode":0}`)
		return
	case DevicePreparation: // the policy knows no registered devices: this is expected
		d.event(chAutopilot, d.wait(4*time.Second), 807, levelError)
		return
	}
	d.event(chAutopilot, d.wait(4*time.Second), 161, levelInfo)
	d.event(chAutopilot, d.wait(time.Second), 162, levelInfo)
	d.event(chAutopilot, d.now, 153, levelInfo, field("InitialState", uint32(0)), field("UpdateState", uint32(3)))
	d.event(chAutopilot, d.now, 702, levelInfo, field("Message1", `C:\WINDOWS\ServiceState\wmansvc\AutopilotDDSZTDFile.json`))
	d.event(chAutopilot, d.now, 705, levelInfo, field("Message1", "DdsZtdPolicyManager"))
	for _, v := range [][2]string{
		{"CloudAssignedTenantDomain", d.id.domain}, {"DeploymentProfileName", d.id.profile},
	} {
		d.event(chAutopilot, d.wait(time.Second), 103, levelInfo, field("Message1", v[0]), field("Message2", v[1]))
	}
}

// Join joins the device to Entra; a hybrid profile first to the local domain.
type Join struct{}

func (Join) apply(d *device) {
	if d.profile == UserDrivenHybrid {
		d.event(chMDMAdmin, d.now, 111, levelInfo) // wait for the domain join blob
		d.event(chMDMAdmin, d.wait(50*time.Second), 107, levelInfo)
		d.event(chMDMAdmin, d.wait(5*time.Second), 110, levelInfo, field("State", uint32(2)))
		// Entra learns of the computer object only with the next directory sync.
		d.event(chRegistration, d.wait(20*time.Second), 304, levelError,
			field("ExitCode", hex32(0x801c03f2)), field("ServerErrorMessage", "DirectoryError"),
			field("TenantType", "Federated"), field("JoinType", "join"), field("DebugOutput", ""))
		return
	}
	put := func(id uint16, about time.Duration, fields ...evField) {
		d.event(chRegistration, d.wait(about), id, levelInfo, fields...)
	}
	put(100, 2*time.Second)
	put(101, time.Second, field("ServerMessage", `{"DiscoveryService":{"ServiceVersion":"1.9"}}`))
	put(102, time.Second, field("JoinRequestType", uint32(1)), field("JoinRequestTypeSymbolicName", "DEVICE"), field("Domain", d.id.domain))
	put(103, time.Second, field("AuthToken", "<Present; Snipped>"))
	put(104, 2*time.Second, field("ServerResponse", fmt.Sprintf(`{"User":{"Upn":"%s"},"MembershipChanges":[]}`, d.id.upn)), field("ActivityId", d.r.guid()))
	put(105, time.Second)
	put(110, time.Second, field("JoinType", uint32(1)), field("JoinTypeSymbolicName", "DEVICE"), field("TenantId", d.id.tenant), field("UPN", d.id.upn))
	put(111, time.Second, field("JoinRequestType", uint32(1)), field("JoinRequestTypeSymbolicName", "DEVICE"))
	put(106, time.Second)
}

// Enrol enrols the device in Intune. With a Code it is refused, each time
// that it is tried.
type Enrol struct {
	Code        uint32 // HRESULT; 0 = success
	Fault, Text string // what the server answers
	Attempts    int
}

func (e Enrol) apply(d *device) {
	if e.Code != 0 {
		for range e.Attempts {
			d.refuseEnrolment(e)
		}
		return
	}
	for _, id := range []uint16{4, 6, 8, 10, 58, 16, 72} {
		d.enrolment(d.wait(2*time.Second), id, levelInfo)
	}
	d.enrolled = true
	d.web(d.wait(time.Second), "UnifiedEnrollment_finalResult", `{"awaError":false,"mdmError":false}`)
	d.wait(20 * time.Second)
}

func (d *device) refuseEnrolment(e Enrol) {
	d.enrolment(d.wait(2*time.Second), 4, levelInfo)
	d.enrolment(d.wait(2*time.Second), 52, levelError, field("Message1", e.Fault), field("Message2", e.Text))
	d.enrolment(d.now, 59, levelError, field("Message1", d.r.guid()))
	d.enrolment(d.wait(time.Second), 11, levelError, field("HRESULT", hex32(e.Code)))
	d.enrolment(d.now, 71, levelError, field("HRESULT", hex32(e.Code)))
	d.enrolmentErrors = append(d.enrolmentErrors, enrolmentError{d.now, e.Code})
	d.web(d.wait(time.Second), "UnifiedEnrollment_showErrorIfAny", `{"awaError":false,"mdmError":true}`)
	d.web(d.now, "CDJUIError", fmt.Sprintf("%08x", e.Code))
	d.wait(100 * time.Second)
}
