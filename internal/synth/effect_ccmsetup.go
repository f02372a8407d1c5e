package synth

import (
	"strings"
	"time"
)

const ccmsetupLog = "ccmsetup/Logs/ccmsetup.log"

// SetupOutcome is how ccmsetup, the installer of the ConfigMgr client, fares.
type SetupOutcome uint8

// The outcomes. Those of the gateway repeat until the page gives up unless
// HealedAfter says otherwise.
const (
	Installs            SetupOutcome = iota
	GatewayUnresolved                // 12007
	GatewayUntrusted                 // 12175 with INVALID_CA
	GatewayUnrevokable               // 12175 with CERT_REV_FAILED
	GatewayWrongDate                 // 12175 with CERT_DATE_INVALID
	GatewayWantsCert                 // 403 CMGConnector_Clientcertificaterequired
	GatewayRefusesToken              // 401 CMGService_Invalid_Token
	NoDeviceToken                    // Entra gives the device no token
	NoClientCertificate              // /UsePKICert and an empty store
	ContentSlow                      // still downloading when the page gives up
	ContentMissing                   // 404 for the client package
	PrerequisiteFails                // a redistributable refuses
	ClientMSIFails                   // client.msi ends with 1603
)

// Ccmsetup is the run of ccmsetup.exe.
type Ccmsetup struct {
	Outcome SetupOutcome
	// HealedAfter is the number of tries after which a trouble of the gateway
	// passes; 0 means never.
	HealedAfter int
	// BrokenDownloads is how often the content download is interrupted before it succeeds.
	BrokenDownloads int
}

func (e Ccmsetup) apply(d *device) {
	if d.deadline.IsZero() { // the device preparation page keeps a clock of its own
		d.deadline = d.now.Add(d.timeout())
	}
	w := d.writer(ccmsetupLog, "ccmsetup", d.now)
	d.setupLauncher(w)
	d.setupService(w)
	if !d.reachGateway(w, e) {
		return
	}
	d.location(w)
	switch e.Outcome {
	case ContentSlow:
		d.contentSlow(w)
		return
	case ContentMissing:
		d.contentMissing(w)
		return
	}
	d.content(w, e.BrokenDownloads)
	if e.Outcome == PrerequisiteFails {
		d.prerequisiteFails(w)
		return
	}
	for _, f := range setupFiles[:4] {
		options := "/q /norestart"
		if strings.HasSuffix(f, ".msi") {
			options = "REBOOT=Suppress ALLUSERS=1"
		}
		w.info("Installing file 'C:\\Windows\\ccmsetup\\%s' with options '%s'.", f, options)
		w.wait(5 * time.Second)
		w.info("File 'C:\\Windows\\ccmsetup\\%s' installation succeeded.", f)
	}
	d.clientMSI(w, e.Outcome == ClientMSIFails)
}

// setupLauncher is the first run, which turns itself into a service.
func (d *device) setupLauncher(w *writer) {
	d.setupHead(w)
	w.info(`Ccmsetup command line: "C:\Windows\ccmsetup\ccmsetup.exe" %s`, d.commandLine)
	w.info("Command line parameters for ccmsetup have been specified.  No registry lookup for command line parameters is required.")
	w.info(`Command line: "C:\Windows\ccmsetup\ccmsetup.exe" %s`, d.commandLine)
	w.verbose("SslState value: 224")
	w.info("No version of the client is currently detected.")
	w.wait(time.Second).info("ccmsetup service is stopped.")
	w.warn("SetInitialCommandLine failed with 0x80070002")
	w.wait(time.Second).info("Successfully created the ccmsetup service")
	w.wait(3 * time.Second).info("Successfully started the ccmsetup service")
	w.info("CcmSetup is exiting with return code 0")
}

func (d *device) setupHead(w *writer) {
	w.info("==========[ ccmsetup started in process %d ]==========", d.r.between(1000, 12000)*4)
	w.verbose(`Updated security on object C:\Windows\ccmsetup\cache\.`)
	w.info(`Launch from folder C:\Windows\ccmsetup\`)
	w.info("CcmSetup version: %s", d.id.setupVersion())
	for range 2 {
		w.verbose(`Folder 'Microsoft\Microsoft\Configuration Manager' not found. Task does not exist.`)
	}
	w.info("Running on 'Microsoft %s' (10.0.%s). Service Pack (0.0). SuiteMask = 272. Product Type = 18", d.win.product, d.win.build)
}

// setupService is the second run, as a service, up to the first contact.
func (d *device) setupService(w *writer) {
	d.setupHead(w)
	w.verbose("In ServiceMain")
	d.wmiNoise(w)
	w.info(`Ccmsetup command line: "C:\Windows\ccmsetup\ccmsetup.exe" /runservice %s`, d.commandLine)
	w.info("Command line parameters for ccmsetup have been specified.  No registry lookup for command line parameters is required.")
	w.info(`Command line: "C:\Windows\ccmsetup\ccmsetup.exe" /runservice %s`, d.commandLine)
	w.verbose("SslState value: 224")
	for _, p := range []string{"CCMHTTPPORT:    80", "CCMHTTPSPORT:    443", "CCMHTTPSSTATE:    224", "CCMHTTPSCERTNAME:    ", "FSP:    ", "CCMCERTISSUERS:    ", "CCMFIRSTCERT:    1"} {
		w.info("%s", p)
	}
	w.info("Config file:      ")
	w.info("Retry time:       10 minute(s)")
	w.info(`MSI log file:     C:\Windows\ccmsetup\Logs\client.msi.log`)
	w.info("MSI properties:    %s", d.commandLine)
	w.info("Source List:")
	w.info("MPs:")
	w.info("                  https://%s", d.id.cmgPath())
	w.info("No version of the client is currently detected.")
	w.warn("Failed to get client version for sending state messages. Error 0x8004100e")
	w.warn("Unable to retrieve AD site membership")
	if d.profile != UserDrivenHybrid {
		w.info("Not a domain joined machine")
	}
	w.info("CCMSETUP bootstrap from Internet: 1")
}

// wmiNoise is what every first installation logs as errors: the client's WMI
// namespaces are not there yet.
func (d *device) wmiNoise(w *writer) {
	w.fail("Failed to connect to policy namespace. Error 0x8004100e")
	w.fail("Failed to revoke client upgrade local policy. Error 0x8004100e")
}

// gatewayTrouble is how a failed contact reads and what code it leaves.
type gatewayTrouble struct {
	code     uint32
	winhttp  int    // WinHTTP error, 0 = answered with an HTTP status
	text     string // its name
	flag     string // WinHTTP callback flag
	flagBits int
	status   string // HTTP status and its text
}

var gatewayTroubles = map[SetupOutcome]gatewayTrouble{
	GatewayUnresolved:   {code: 0x80072ee7, winhttp: 12007, text: "ERROR_WINHTTP_NAME_NOT_RESOLVED"},
	GatewayUntrusted:    {code: 0x80072f8f, winhttp: 12175, text: "ERROR_WINHTTP_SECURE_FAILURE", flag: "INVALID_CA", flagBits: 8},
	GatewayUnrevokable:  {code: 0x80072f8f, winhttp: 12175, text: "ERROR_WINHTTP_SECURE_FAILURE", flag: "CERT_REV_FAILED", flagBits: 1},
	GatewayWrongDate:    {code: 0x80072f8f, winhttp: 12175, text: "ERROR_WINHTTP_SECURE_FAILURE", flag: "CERT_DATE_INVALID", flagBits: 0x20},
	GatewayWantsCert:    {code: 0x87d0027e, text: "CCM_E_BAD_HTTP_STATUS_CODE", status: "StatusCode=403 StatusText=CMGConnector_Clientcertificaterequired"},
	GatewayRefusesToken: {code: 0x87d0027e, text: "CCM_E_BAD_HTTP_STATUS_CODE", status: "StatusCode=401 StatusText=CMGService_Invalid_Token"},
}

// reachGateway tries the gateway and reports whether setup goes on.
func (d *device) reachGateway(w *writer, e Ccmsetup) bool {
	trouble, unreachable := gatewayTroubles[e.Outcome]
	for try := 1; ; try++ {
		switch {
		case e.Outcome == NoDeviceToken:
			d.askToken(w)
			w.fail("Failed to get AAD token for 'S-1-5-18' from WAM API. Error 0x800703f0")
		case e.Outcome == NoClientCertificate:
			w.info("Begin to select client certificate")
			w.warn("There are no certificates in the 'MY' store.")
			w.fail("GetSSLCertificateContext failed with error 0x87d00280")
			w.fail("Failed to send location message to 'https://%s'. CCM_E_NO_CLIENT_PKI_CERT 0x87d00454", d.id.cmgPath())
		case unreachable && (e.HealedAfter == 0 || try <= e.HealedAfter):
			d.contactFails(w, trouble)
		default:
			d.askToken(w)
			w.info("Retrieved AAD token for AAD user '00000000-0000-0000-0000-000000000000'")
			w.info("Getting CCM Token from STS server '%s'", strings.ToUpper(d.id.cmgPath()))
			w.info("Getting CCM Token from https://%s/CCM_STS", d.id.cmgPath())
			w.info("Cached encrypted token for 'S-1-5-18'. Will expire at '%s'", d.local(w.at).Add(8*time.Hour).Format("01/02/2006 15:04:05"))
			return true
		}
		w.info("Next retry in 10 minute(s)...")
		w.at = w.at.Add(10 * time.Minute)
		if e.HealedAfter == 0 && w.at.After(d.deadline.Add(15*time.Minute)) {
			return false
		}
	}
}

func (d *device) askToken(w *writer) {
	w.info("Getting AAD (device) token with: ClientId = %s, ResourceUrl = https://ConfigMgrService, AccountId = https://login.microsoftonline.com/common/oauth2/token", d.id.aadClient)
}

// contactFails notes one failed request, in the words of the client's HTTP layer.
func (d *device) contactFails(w *writer, t gatewayTrouble) {
	const rule = "[CCMHTTP] AsyncCallback(): -----------------------------------------------------------------"
	if t.flag != "" {
		w.info(rule)
		w.info("[CCMHTTP] AsyncCallback(): WINHTTP_CALLBACK_STATUS_SECURE_FAILURE Encountered")
		w.info("[CCMHTTP]                : dwStatusInformationLength is 4")
		w.info("[CCMHTTP]                : *lpvStatusInformation is 0x%x", t.flagBits)
		w.info("[CCMHTTP]            : WINHTTP_CALLBACK_STATUS_FLAG_%s is set", t.flag)
		w.info(rule)
	}
	url := "https://" + d.id.cmg + "/CCM_Proxy_ServerAuth/" + d.id.cmgID + "/ServiceMetadata"
	w.fail("[CCMHTTP] ERROR: URL=%s, Port=443, Options=31, Code=%d, Text=%s", url, t.winhttp, t.text)
	if t.status != "" {
		w.info("[CCMHTTP] ERROR INFO: %s", t.status)
	} else {
		w.info("[CCMHTTP] ERROR INFO: StatusCode=600 StatusText=")
	}
	w.fail("Failed to send location message to 'https://%s'. Error %s", d.id.cmgPath(), hexText(t.code))
	w.fail("Failed to find DP locations from MP 'https://%s' with error %s, status code 0. Check next MP.", d.id.cmgPath(), hexText(t.code))
	w.warn("Have already tried all MPs. Couldn't find DP locations.")
}

// location asks the site where the content is, and fetches the manifest.
func (d *device) location(w *writer) {
	w.info("Sending location request to '%s' with payload '<ContentLocationRequest SchemaVersion=\"1.00\" BGRVersion=\"1\"><AssignedSite SiteCode=\"%s\"/><ClientPackage/><ClientLocationInfo LocationType=\"SMSPACKAGE\" DistributeOnDemand=\"0\" UseInternetDP=\"1\"/></ContentLocationRequest>'", strings.ToUpper(d.id.cmgPath()), d.id.site)
	w.info("Appending CCM Token to the header.")
	w.info("Found a valid online MP 'https://%s'.", d.id.cmgPath())
	w.info("Current site code: %s, site version: %s", d.id.site, d.id.siteVersion())
	w.info("Found remote location 'https://%s/downloadrestservice.svc/getcontentxmlsecure?pid=%s&cid=%s'", d.id.cmg, d.id.clientPackage, d.id.clientPackage)
	w.info("Got 401 challenge Retrying with Windows Auth...")
	w.verbose("Discovering whether item 'i386/vcredist_x86.exe' exists.")
}

func (d *device) contentURL(file string) string {
	return "https://" + d.id.cmg + "/downloadrestservice.svc/getcontentfile?pid=" + d.id.clientPackage + "&cid=" + d.id.clientPackage + "&fname=" + file
}

// setupFails notes the last lines of a run that failed.
func (d *device) setupFails(w *writer, code uint32) {
	w.warn("Failed to get client version for sending state messages. Error 0x8004100e")
	w.verbose("[] Params to send '%s Deployment Error: %s, '", d.id.setupVersion(), hexText(code))
	w.info("<ClientDeploymentMessage ErrorCode=\"%d\"><Client Baseline=\"1\" BaselineCookie=\"\" Platform=\"2\" Langs=\"\"/></ClientDeploymentMessage>", int32(code))
	d.wmiNoise(w)
	w.info("CcmSetup failed with error code %s", hexText(code))
	p := d.provider("ConfigMgr")
	p.state, p.lastError = failedState, code
	d.now = w.at.Add(8 * time.Second)
}
