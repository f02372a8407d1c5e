package synth

import (
	"fmt"
	"strings"
	"time"
)

// Roots as mdmdiagnosticstool writes them: lower case, original case below.
const (
	regEnrolments  = `software\microsoft\enrollments`
	regEDAM        = `software\microsoft\enterprisedesktopappmanagement`
	regPolicies    = `software\microsoft\policymanager`
	regProvision   = `software\microsoft\provisioning`
	regAutopilot   = `software\microsoft\windows\autopilot`
	regAgent       = `software\microsoft\intunemanagementextension`
	regJoin        = `system\currentcontrolset\control\clouddomainjoin`
	regDeclared    = `software\microsoft\declaredconfiguration`
	regWindowsNT   = `software\microsoft\windows nt\currentversion`
	deviceAccount  = "S-0-0-00-0000000000-0000000000-000000000-000"
	unusedAccounts = 6
)

// registry builds the dump as of the collection.
func (d *device) registry() *registry {
	r := &registry{}
	r.key(regDeclared)
	r.key(regDeclared + `\CspSchema`)
	r.key(regDeclared+`\CspSchema\1.0\Policy`, val("Atomic", uint32(1)))
	d.enrolmentKeys(r)
	d.jobKeys(r)
	d.agentKeys(r)
	d.policyKeys(r)
	d.provisioningKeys(r)
	d.trackingKeys(r)
	r.key(regWindowsNT, val("CurrentBuild", d.win.build), val("EditionID", "Enterprise"))
	if d.enrolled || d.profile == UserDrivenHybrid {
		r.key(regJoin+`\JoinInfo\`+strings.ToUpper(stream(d.s.Seed, "join").text(40, hexDigits)),
			val("IdpDomain", "login.windows.net"), val("TenantId", d.id.tenant), val("UserEmail", d.id.upn),
			val("AttestationLevel", uint32(0)), val("DeviceDisplayName", d.id.host), val("OsVersion", "10.0."+d.s.Build))
		r.key(regJoin+`\TenantInfo\`+d.id.tenant, val("DisplayName", d.id.company),
			val("MdmEnrollmentUrl", "https://enrollment.manage.microsoft.com/enrollmentserver/discovery.svc"))
	}
	return r
}

func (d *device) enrolmentKeys(r *registry) {
	x := stream(d.s.Seed, "enrolments")
	r.key(regEnrolments)
	for range unusedAccounts { // every device has such keys without a provider
		r.key(regEnrolments+`\`+strings.ToUpper(x.guid()),
			val("EnrollmentState", uint32(1)), val("EnrollmentType", uint32(1)), val("Altitude", uint32(0)))
	}
	if !d.enrolled {
		return
	}
	key := regEnrolments + `\` + d.id.enrolment
	upn := d.id.upn
	if d.profile == SelfDeploying || d.profile == PreProvisioned {
		upn = "" // nobody has signed in
	}
	r.key(key,
		val("EnrollmentState", uint32(1)), val("EnrollmentType", uint32(6)), val("UPN", upn),
		val("DiscoveryServiceFullURL", "https://enrollment.manage.microsoft.com/enrollmentserver/discovery.svc"),
		val("AADResourceID", "https://manage.microsoft.com/"), val("AADTenantID", d.id.tenant),
		val("IsFederated", uint32(1)), val("RenewalPeriod", uint32(42)), val("ProviderID", "MS DM Server"))
	r.key(key + `\DMClient`)
	r.key(key+`\DMClient\MS DM Server`, val("EntDMID", d.id.entDMID), val("SignedEntDMID", "0"))
	if !d.espShown {
		return
	}
	done := uint32(0)
	if d.setupDone {
		done = 1
	}
	r.key(key+`\FirstSync`,
		val("SyncFailureTimeout", uint32(d.s.TimeoutMinutes)), val("BlockInStatusPage", uint32(6)),
		val("SkipDeviceStatusPage", uint32(0)), val("SkipUserStatusPage", uint32(0)),
		val("AllowCollectLogsButton", ^uint32(0)), val("IsServerProvisioningDone", done))
}

func (d *device) jobKeys(r *registry) {
	if len(d.jobs) == 0 {
		return
	}
	x := stream(d.s.Seed, "jobs")
	root := regEDAM + `\` + deviceAccount + `\MSI`
	r.key(regEDAM)
	r.key(regEDAM + `\` + deviceAccount)
	r.key(root)
	for _, j := range d.jobs {
		r.key(root+`\`+j.product,
			val("DownloadInstall", "InProgress"), val("ProductCode", j.product), val("ProductVersion", j.version),
			val("CreationTime", fileTime(j.created)), val("ActionType", uint32(1)), val("Status", uint32(j.status)),
			val("JobStatusReport", uint32(1)), val("LastError", j.lastError), val("BITSJobId", x.guid()),
			val("DownloadUrlList", []string{j.url}), val("CurrentDownloadUrlIndex", uint32(0)), val("CurrentDownloadUrl", j.url),
			val("FileHash", x.text(64, hexDigits)), val("CommandLine", j.command), val("AssignmentType", uint32(1)),
			val("EnforcementStartTime", fileTime(j.started)), val("EnforcementTimeout", uint32(30)),
			val("EnforcementRetryCount", uint32(5)), val("EnforcementRetryInterval", uint32(3)),
			val("LocURI", "./Device/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/"+j.product+"/DownloadInstall"),
			val("ServerAccountID", d.id.enrolment))
	}
}

// fileTime is a time as Windows counts it; the zero time is 0.
func fileTime(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	const epoch = 11644473600 // seconds from 1601 to 1970
	return uint64(t.Unix()+epoch)*1e7 + uint64(t.Nanosecond()/100)
}

func (d *device) agentKeys(r *registry) {
	if d.prep.shown {
		r.key(regAgent+`\ProvisioningProgress`, val("ProvisioningProgress", d.prep.progressJSON(d.collected)))
	}
	const nobody = "00000000-0000-0000-0000-000000000000"
	for _, a := range d.win32 {
		if a.at.After(d.collected) {
			continue
		}
		r.key(regAgent+`\Win32Apps\`+nobody+`\`+a.id+"_1", val("ExitCode", uint32(a.exit)), val("Intent", uint32(3)))
		r.key(regAgent+`\Win32Apps\`+nobody+`\`+a.id+`_1\EnforcementStateMessage`,
			val("EnforcementStateMessage", fmt.Sprintf(`{"EnforcementState":%d,"ErrorCode":%d}`, a.state, int32(a.code))))
	}
}

func (d *device) policyKeys(r *registry) {
	x := stream(d.s.Seed, "policies")
	r.key(regPolicies)
	r.key(regPolicies + `\current`)
	if d.enrolled {
		area := ""
		for _, p := range policies {
			if x.n(4) != 0 {
				continue
			}
			if p.area != area {
				area = p.area
				r.key(regPolicies + `\current\device\` + area)
			}
			k := &r.keys[len(r.keys)-1]
			k.values = append(k.values, val(p.name, uint32(x.n(3))), val(p.name+"_ProviderSet", uint32(1)), val(p.name+"_WinningProvider", d.id.enrolment))
		}
	}
	r.key(regPolicies + `\default`)
	for range d.s.Noise {
		for _, p := range policies {
			r.key(regPolicies+`\default\`+p.area+`\`+p.name,
				val("Behavior", uint32(0x12020)), val("GPBlockingRegKeyPath", `Software\Policies\Microsoft\Windows\`+p.area),
				val("GPBlockingRegValueName", p.name), val("highrange", uint32(x.between(1, 9))), val("lowrange", uint32(0)),
				val("mergealgorithm", uint32(x.between(1, 4))), val("policytype", uint32(4)), val("value", uint32(x.n(2))))
		}
	}
}

func (d *device) provisioningKeys(r *registry) {
	id := &d.id
	r.key(regProvision)
	if d.profile.assigned() {
		r.key(regProvision+`\AutopilotPolicyCache`,
			val("PolicyJsonCache", fmt.Sprintf(`{"AutopilotCreationDate":"%s","AutopilotMode":0,"DeploymentProfileName":"%s","CloudAssignedTenantId":"%s","CloudAssignedTenantDomain":"%s","CloudAssignedOobeConfig":%d,"CloudAssignedDomainJoinMethod":%d,"ZtdRegistrationId":"%s"}`,
				d.s.Start.Format("2006-01-02T15:04:05Z"), id.profile, id.tenant, id.domain, d.profile.oobeConfig(), d.joinMethod(), id.ztd)),
			val("ProfileAvailable", uint32(1)))
	} else {
		r.key(regProvision+`\AutopilotPolicyCache`, val("ProfileAvailable", uint32(0)))
	}
	settings := []regValue{
		val("AllowedTimeDriftDeltaMinutes", uint32(5)), val("AutopilotDiagnosticsCurrentVersion", "1.0.0"),
		val("DdsZtdUri", "https://ztd.dds.microsoft.com/ztd/device/AutopilotDeviceBootstrapPolicies"),
		val("TpmAikTaskMaxTimeoutMilliseconds", uint32(60000)), val("UseRefactoredEsp", "True"),
	}
	if d.prep.shown {
		settings = append(settings, val("AutopilotDevicePrepHint", uint32(3)))
	}
	for _, c := range d.categories {
		settings = append(settings, val(c.id+".Status", c.json()))
	}
	r.key(regProvision+`\AutopilotSettings`, settings...)
	if d.prep.shown {
		r.key(regProvision+`\AutopilotSettings\DevicePreparation`,
			val("PageSettings", fmt.Sprintf(`{"AgentDownloadTimeoutSeconds":1800,"PageTimeoutSeconds":%d,"AllowSkipOnFailure":false,"AllowDiagnostics":true}`, d.s.TimeoutMinutes*60)))
	}
	d.diagnosticKeys(r)
	x := stream(d.s.Seed, "node cache")
	if !d.enrolled {
		return
	}
	nodes := regProvision + `\NodeCache\CSP\Device\MS DM Server\Nodes\`
	for i := range 40 {
		p := pick(x, policies)
		r.key(nodes+fmt.Sprint(i+1), val("NodeUri", "./Device/Vendor/MSFT/Policy/Config/"+p.area+"/"+p.name), val("ExpectedValue", fmt.Sprint(x.n(3))))
	}
	r.key(regProvision+`\OMADM\Accounts\`+id.enrolment, val("ServerId", "MS DM Server"), val("Addr", "https://r.manage.microsoft.com/devicegatewayproxy/cimhandler.ashx"))
}

// json is the state of a category as the page keeps it.
func (c category) json() string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"categoryState":"%s","categoryStatusText":"%s"`, c.state, c.text)
	for _, l := range c.lines {
		fmt.Fprintf(&b, `,"%s":{"subcategoryState":"%s","subcategoryStatusText":"%s"}`, l.id, l.state, l.text)
	}
	b.WriteString("}")
	return b.String()
}

func (d *device) joinMethod() int {
	if d.profile == UserDrivenHybrid {
		return 1
	}
	return 0
}

func (d *device) diagnosticKeys(r *registry) {
	id := &d.id
	const root = regProvision + `\Diagnostics\AutoPilot`
	if !d.profile.assigned() {
		r.key(root, val("IsAutopilotDisabled", uint32(0)), val("CloudAssignedTenantDomain", ""), val("CloudAssignedTenantId", ""), val("DeploymentProfileName", ""))
	} else {
		r.key(root,
			val("IsAutopilotDisabled", uint32(0)), val("CloudAssignedTenantDomain", id.domain), val("CloudAssignedTenantUpn", ""),
			val("CloudAssignedForcedEnrollment", uint32(1)), val("CloudAssignedTenantId", id.tenant), val("ZtdCorrelationId", id.correlation),
			val("CloudAssignedOobeConfig", d.profile.oobeConfig()), val("DeploymentProfileName", id.profile),
			val("TenantMatched", uint32(1)), val("AadTenantId", id.tenant))
		r.key(root+`\EstablishedCorrelations`, val("ZtdRegistrationId", id.ztd), val("EntDMID", id.entDMID))
	}
	x := stream(d.s.Seed, "enrolment errors")
	for _, e := range d.enrolmentErrors {
		r.key(regProvision+`\Diagnostics\Enrollment\`+x.guid(), val("Error", e.code), val("Time", e.at.Format("2006-01-02 15:04:05.000")))
	}
}

func (d *device) trackingKeys(r *registry) {
	r.key(regAutopilot)
	if d.prep.shown {
		r.key(regAutopilot+`\DevicePreparation\BootstrapperAgent`, val("InstallationState", uint32(complete)))
	}
	if !d.espShown || len(d.providers) == 0 {
		return
	}
	root := regAutopilot + `\EnrollmentStatusTracking`
	r.key(root)
	r.key(root + `\Device\DevicePreparation\PolicyProviders`)
	for _, p := range d.providers {
		values := []regValue{val("InstallationState", uint32(p.state))}
		if p.lastError != 0 {
			values = append(values, val("LastError", p.lastError))
		}
		r.key(root+`\Device\DevicePreparation\PolicyProviders\`+p.name, values...)
		r.key(root+`\Device\DevicePreparation\PolicyProviders\`+p.name+`\TrackedResourceTypes`, val("Apps", uint32(1)))
	}
	done := uint32(0)
	if d.setupDone {
		done = 1
	}
	r.key(root+`\Device\Setup`, val("HasProvisioningCompleted", done))
	r.key(root+`\Device\Setup\Apps`, val("Locked", 1-done))
	for _, p := range d.providers {
		if p.tracking >= 0 {
			r.key(root+`\Device\Setup\Apps\PolicyProviders\`+p.name, val("TrackingPoliciesCreated", uint32(1)))
		}
	}
	for _, a := range d.tracked {
		r.key(root+`\Device\Setup\Apps\Tracking\`+a.provider+`\`+a.name,
			val("TrackingUri", "./Device/Vendor/MSFT/EnrollmentStatusTracking/Setup/Apps/Tracking/"+a.provider+"/"+a.name),
			val("InstallationState", uint32(a.stateAt(d.collected))), val("RebootRequired", uint32(1)))
	}
	info := root + `\ESPTrackingInfo\Diagnostics`
	stamp := d.page.Format("2006-01-02T15:04:05Z")
	r.key(info+`\ExpectedPolicies\`+stamp, val("./Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/EntDMID", uint32(1)))
	var sidecar []regValue
	for _, a := range d.tracked {
		if a.provider == "Sidecar" {
			sidecar = append(sidecar, val("./Device/Vendor/MSFT/EnrollmentStatusTracking/Setup/Apps/Tracking/Sidecar/"+a.name, uint32(a.stateAt(d.collected))))
		}
	}
	if sidecar != nil {
		r.key(info+`\Sidecar\`+stamp, sidecar...)
	}
}
