package synth

import (
	"fmt"
	"strings"
	"time"
)

const ccmLogs = "CCM/Logs/"

// Register is the first start of the ConfigMgr client: identity, location of
// the site through the gateway, registration.
type Register struct {
	Code uint32 // HRESULT with which every registration fails; 0 = registered
}

func (e Register) apply(d *device) {
	id := &d.id
	w := d.writer(ccmLogs+"ClientIDManagerStartup.log", "ClientIDManagerStartup", d.wait(4*time.Second))
	w.info("Initializing registration renewal for potential PKI issued certificate changes.")
	w.info("Smbios unchanged")
	w.info("SID unchanged")
	w.info("HWID unchanged")
	w.info("Computed HardwareID=2:%s", strings.ToUpper(d.r.text(40, hexDigits)))
	w.info("\tWin32_SystemEnclosure.SerialNumber=%s", id.serial)
	w.info("\tWin32_SystemEnclosure.SMBIOSAssetTag=<empty>")
	w.info("Begin searching client certificates based on Certificate Issuers")
	w.info("Completed searching client certificates based on Certificate Issuers")
	w.info("Begin to select client certificate")
	w.warn("There are no certificates in the 'MY' store.")
	w.info("Client PKI cert is not available.")
	w.info("[RegTask] - Executing registration task synchronously.")

	l := d.writer(ccmLogs+"ClientLocation.log", "ClientLocation", w.at)
	l.info("Getting Assigned Site")
	l.info("Assigned Site is %s", id.site)
	l.warn("Unable to retrieve AD site membership")
	l.info(`Rotating internet management point, new management point [1] is: https://%s (0) with capabilities: <Capabilities SchemaVersion="1.0"><Property Name="SSL" Version="1"/></Capabilities>`, id.cmgPath())

	s := d.writer(ccmLogs+"LocationServices.log", "LocationServices", l.at)
	s.info("Client is on internet")
	s.info("LSGetInternetMode: In Internet")
	s.info("Client is set to use HTTPS when available. The current state is 224.")
	s.info("Internet-based management point is '%s/%s'", id.cmg, id.cmgID)

	a := d.writer(ccmLogs+"CcmAad.log", "CcmAad", s.at)
	a.info("Getting AAD (user) token with: ClientId = %s, ResourceUrl = https://ConfigMgrService, AccountId = %s", id.aadClient, strings.ToUpper(id.tenant))
	a.info("Retrieved AAD token for AAD user '%s'", d.r.guid())

	m := d.writer(ccmLogs+"CcmMessaging.log", "CcmMessaging", s.at)
	post := "Post to https://" + id.cmgPath() + "/ccm_system/request"
	if e.Code != 0 {
		for w.at.Before(d.deadline.Add(2 * time.Minute)) {
			w.info("[RegTask] - Client is not registered. Sending registration request for GUID:%s ...", id.clientGUID)
			m.at = w.at
			m.fail("%s failed with %s.", post, hexText(e.Code))
			w.fail("RegTask: Failed to send registration request message. Error: %s", hexText(e.Code))
			w.fail("RegTask: Failed to send registration request. Error: %s", hexText(e.Code))
			w.info("[RegTask] - Sleeping for 120 seconds ...")
			w.at = w.at.Add(2 * time.Minute)
		}
		d.now = w.at
		return
	}
	w.wait(2*time.Second).info("[RegTask] - Client is not registered. Sending registration request for GUID:%s ...", id.clientGUID)
	w.info("Registering client using AAD auth.")
	m.at = w.at
	m.wait(3*time.Second).info("%s succeeded", post)
	w.wait(25*time.Second).info("[RegTask] - Client is registered. Server assigned ClientID is GUID:%s. Approval status 1", id.clientGUID)
	l.at, s.at = w.at, w.at
	l.info("Assigned Site is %s, version %s", id.site, id.siteVersion())
	l.info("Site version compatibility succeeded")
	s.info("Client is registered; assigned to site %s", id.site)
	d.now = w.at
}

// CoManage is the first policy of the client: the co-management settings
// arrive, the workloads are split, and the ConfigMgr provider is done.
type CoManage struct{}

func (CoManage) apply(d *device) {
	id := &d.id
	p := d.writer(ccmLogs+"PolicyAgent.log", "PolicyAgent", d.wait(4*time.Second))
	p.info("Requesting Machine policy assignments from authority 'SMS:%s'", id.site)
	p.wait(8*time.Second).info("Received Machine policy assignment reply from 'SMS:%s' with %d assignments", id.site, d.r.between(70, 160))
	for range 12 {
		p.info(`Initiating download of policy 'CCM_Policy_Policy5.PolicyID="{%s}",PolicySource="SMS:%s",PolicyVersion="1.00"'`, d.r.guid(), id.site)
	}
	const flags = 8255
	c := d.writer(ccmLogs+"CoManagementHandler.log", "CoManagementHandler", p.at)
	c.info("Initializing co-management handler.")
	for range 3 {
		c.info("Processing GET for assignment (%s/ConfigurationPolicy_%s : 2)", id.scope, d.r.guid())
	}
	for _, v := range [][2]string{{"AutoEnroll", "true"}, {"Capabilities", fmt.Sprint(flags)}, {"Allow", "true"}} {
		c.info("Getting/Merging value for setting 'CoManagementSettings_%s'", v[0])
		c.info("Merged value for setting 'CoManagementSettings_%s' is '%s'", v[0], v[1])
	}
	c.info("New merged workloadflags value with co-management max capabilities '12543' is '%d'", flags)
	c.info("Machine is already enrolled with MDM")
	c.info("State ID and report detail hash are not changed. No need to resend.")
	for _, load := range []struct {
		log  string
		flag int
	}{{"ComplRelayAgent", 2}, {"WUAHandler", 16}, {"CIAgent", 64}} {
		x := d.writer(ccmLogs+load.log+".log", load.log, c.at)
		x.info("Verifying if workload %d is enabled in workloadFlags %d", load.flag, flags)
		x.info("Result of & operation is %d", load.flag&flags)
		if load.flag&flags != 0 {
			x.info("Feature flag is ON, device should be Intune managed.")
		} else {
			x.info("Feature flag is OFF, should be SCCM managed.")
		}
	}
	d.now = c.at
	d.wait(20 * time.Second)
	d.provider("ConfigMgr").state = complete
}

// NotRequired is a co-management settings policy that does not install the client.
type NotRequired struct{}

func (NotRequired) apply(d *device) {
	d.provider("ConfigMgr").state = notRequired
	d.wait(5 * time.Second)
}
