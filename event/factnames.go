package event

import "slices"

// FactInfo describes a fact name: what its key, text and number mean.
type FactInfo struct{ Name, Doc string }

// factNames is the whole vocabulary of facts. A parser or the timeline that
// makes a fact of a new name adds it here; the rule lint knows no others.
var factNames = []FactInfo{
	{"reg", "a registry value: Key = key path, Value = value name; FactKey = the key exists"},

	{"device.name", "computer name"},
	{"device.serial", "serial number"},
	{"device.manufacturer", "manufacturer"},
	{"device.model", "product name of the device"},
	{"device.time-zone", "Windows time zone id as the device states it, e.g. W. Europe Standard Time"},
	{"os.build", "Windows build number, e.g. 22631"},
	{"os.ubr", "update build revision"},
	{"os.edition", "EditionID"},
	{"os.product", "ProductName"},
	{"oobe.default-user", "DefaultUserName of the auto-logon: defaultuser0 = still in OOBE"},

	{"autopilot.profile", "DeploymentProfileName"},
	{"autopilot.profile-downloaded", "time: PolicyDownloadDate of the profile file"},
	{"autopilot.profile-empty", "bool: the profile file holds no profile"},
	{"autopilot.domain-join-method", "CloudAssignedDomainJoinMethod: 0 Entra, 1 hybrid"},
	{"autopilot.oobe-config", "CloudAssignedOobeConfig bitmask"},
	{"autopilot.tenant-id", "CloudAssignedTenantId"},
	{"autopilot.tenant-domain", "CloudAssignedTenantDomain"},
	{"autopilot.tenant-matched", "TenantMatched: 0 = the user belongs to another tenant"},
	{"autopilot.ztd-registration-id", "ZtdRegistrationId"},
	{"autopilot.device-prep", "bool: marks of the device preparation policy (v2) are there"},

	{"tpm.version", "TPM version as text, e.g. 2.0"},
	{"tpm.manufacturer", "TPM manufacturer"},
	{"tpm.ready-storage", "bool"},
	{"tpm.ready-attestation", "bool"},
	{"tpm.present", "bool, from tpmtool as the following"},
	{"tpm.firmware", "version of the TPM's firmware as text"},
	{"tpm.attestation-capable", "bool"},
	{"tpm.clear-needed", "bool: the TPM works again only when it is cleared"},
	{"tpm.vulnerable-firmware", "bool"},
	{"tpm.locked-out", "bool: too many wrong authorisations"},

	{"uefi.forced-network", "value of the firmware variable FORCED_NETWORK_FLAG: 1 = OOBE demands a network"},
	{"uefi.autopilot-marker", "value of the firmware variable AUTOPILOT_MARKER"},
	{"uefi.error", "Key = forced-network or autopilot-marker, Num = HRESULT other than that there is no such variable"},

	{"collection.time", "time: when the bundle was collected (UTC)"},
	{"collection.local-time", "time: the same moment on the device's wall clock, written as if UTC"},
	{"collection.area", "areas given to mdmdiagnosticstool"},
	{"collection.failed", "one thing that could not be collected: Key = what, Num = HRESULT"},

	{"ccmsetup.command-line", "command line of ccmsetup as logged"},
	{"ccmsetup.version", "version of ccmsetup"},
	{"ccmsetup.exit-code", "exit code of a run; Key = number of the run"},

	{"esp.timeout-minutes", "ESP timeout in minutes as applied, else as configured"},
	{"esp.block-in-status-page", "BlockInStatusPage bitmask: 1 reset, 2 try again, 4 continue anyway"},
	{"esp.skip-device", "SkipDeviceStatusPage: 0 = shown"},
	{"esp.skip-user", "SkipUserStatusPage: 0 = shown"},
	{"esp.category.state", "Key = category id (DeviceSetupCategory …), Text = state"},
	{"esp.subcategory.state", "Key = subcategory id (DeviceSetup.AppsSubcategory …), Text = state, Value = status text"},
	{"esp.subcategory.code", "Key = subcategory id, Num = HRESULT found in its status text"},
	{"esp.provider.state", "Key = policy provider (ConfigMgr, Sidecar), Num = InstallationState 1 not installed, 2 not required, 3 complete, 4 error"},
	{"esp.provider.last-error", "Key = policy provider, Num = HRESULT"},
	{"esp.provider.timeout", "Key = policy provider, Num = minutes"},
	{"esp.provider.tracking-created", "Key = policy provider, Num = TrackingPoliciesCreated 0/1 of the device setup"},
	{"esp.app.state", "Key = provider/app (ConfigMgr/Provisioning_TS), Num = 1 not installed, 2 in progress, 3 complete, 4 error"},
	{"esp.device-setup-completed", "HasProvisioningCompleted of the device"},

	{"enrollment.error", "Key = GUID of the attempt, co-management = that of the ConfigMgr client, Num = HRESULT, Time = when"},
	{"enrollment.provider", "Key = GUID, Text = ProviderID (MS DM Server …)"},
	{"enrollment.type", "Key = GUID, Num = EnrollmentType"},
	{"enrollment.state", "Key = GUID, Num = EnrollmentState: 1 = enrolled"},
	{"enrollment.renewal-error", "Key = GUID, Num = HRESULT of the last renewal of the MDM certificate; 0 = none"},
	{"mdm.report-time", "time: when the MDM diagnostic report was written (UTC)"},
	{"mdm.report-local-time", "time: the same for its HTML form, on the device's wall clock, written as if UTC"},
	{"mdm.server", "Key = GUID of the enrolment, empty where it is not stated, Text = address of its management server"},
	{"mdm.last-session-result", "Key = GUID of the enrolment, Num = HRESULT of the last session with its server"},
	{"mdm.csp-error", "last error that a configuration service provider keeps: Key = component/name, Value = node or command, Num = HRESULT, Time = when"},
	{"mdm.policy-conflict", "a policy that two sources set differently: Key = area/policy, Text = the values, one a line"},
	{"cert.expires", "time: end of validity of a certificate, the day is what counts; Key = its subject, Value = its issuer"},
	{"scep.status", "Key = id of a SCEP certificate request, Num = 1 finished, 2 pending, 16 failed, 32 unknown"},
	{"scep.error", "Key = id of a SCEP certificate request, Num = HRESULT; 0 = none"},
	{"msi.status", "Key = file name of the MDM-delivered MSI (ccmsetup.msi …), Num = EDAM status 10 … 70, Value = product code"},
	{"msi.last-error", "Key = file name of the MSI, Num = HRESULT"},
	{"win32app.exit-code", "Key = app GUID, Num = exit code of a Win32 app"},
	{"win32app.state", "Key = app GUID, Num = EnforcementState"},
	{"win32app.name", "Key = app GUID, Text = its name"},
	{"device-manageability.config-info", "ConfigInfo of DeviceManageabilityCSP: 2 = ConfigMgr is the authority"},
	{"device-manageability.config-info-type", "REG_DWORD where ConfigInfo is a number; it should be text"},

	{"session.flow", "Key = session number, Text = autopilot-user-driven, autopilot-pre-provisioning, autopilot-self-deploying, device-preparation, no-autopilot, unknown"},
	{"session.join", "Key = session number, Text = entra, hybrid, unknown"},
	{"session.outcome", "Key = session number, Text = succeeded, failed, running, unknown"},
	{"clock.offset-minutes", "minutes from UTC to the device's wall clock"},
	{"clock.trace-offset-minutes", "Key = trace session, Num = minutes from UTC to the wall clock when it started, Time = that moment"},
	{"clock.step", "a jump of the device's clock: Num = seconds forward (+) or back (-), Time = when"},
	{"clock.skew-minutes", "device clock against a server's, minutes"},

	{"proxy.winhttp", "proxy of WinHTTP, which services use; empty = direct access"},
	{"proxy.winhttp-bypass", "what goes around the WinHTTP proxy, one a line"},
	{"proxy.winhttp-script", "address of the script that finds the WinHTTP proxy; empty = none"},
	{"proxy.winhttp-detect", "bool: WinHTTP looks for a proxy by itself"},
	{"net.ip", "Key = adapter, Text = its IPv4 address"},
	{"net.gateway", "Key = adapter with an IPv4 address, Text = default gateways, one a line; empty = none"},
	{"net.dns-servers", "Key = adapter, Text = addresses, one a line"},
	{"net.dns-suffix", "Key = adapter, empty = the machine's own; Text = DNS suffix"},
	{"net.dns-suffix-search", "DNS suffixes that are tried, one a line"},

	{"time.leap", "leap indicator of the time service: 3 = not synchronised"},
	{"time.stratum", "stratum of the time service: 0 = not synchronised"},
	{"time.source", "where the time service takes the time from"},
	{"time.last-sync", "when it last did, as Windows printed it"},

	{"dsreg.azure-ad-joined", "bool"},
	{"dsreg.domain-joined", "bool"},
	{"dsreg.tenant-id", "tenant id of the join"},
	{"dsreg.enterprise-joined", "bool: joined to an on-premises registration service"},
	{"dsreg.workplace-joined", "bool: the user added a work account (Entra registered)"},
	{"dsreg.mdm-url", "address of the MDM service that the tenant names"},
	{"dsreg.tpm-protected", "bool: the device key lies in the TPM"},
	{"dsreg.device-auth-status", "SUCCESS, or that the device is disabled or deleted in Entra"},
	{"dsreg.cert-expires", "time: end of validity of the device certificate"},
	{"dsreg.ngc-set", "bool: Windows Hello is set up"},
	{"dsreg.ngc-prerequisite", "WillProvision, WillNotProvision: whether Windows Hello will be set up"},
	{"dsreg.azure-ad-prt", "bool: the user has a primary refresh token (PRT)"},
	{"dsreg.prt-updated", "time: when the PRT was last renewed"},
	{"dsreg.prt-expires", "time: when it expires"},
	{"dsreg.prt-attempt", "time: the last attempt to get a PRT"},
	{"dsreg.prt-attempt-status", "its result: NTSTATUS or HRESULT"},
	{"dsreg.prt-http-error", "its WinHTTP error; 0 = none"},
	{"dsreg.prt-http-status", "its HTTP status"},
	{"dsreg.prt-server-error", "its error as the server names it, e.g. invalid_grant"},
	{"dsreg.prt-aadsts", "number of its AADSTS error"},
	{"dsreg.registration-attempt", "time: the last attempt to register the device"},
	{"dsreg.error-phase", "where it ended: pre-check, discover, auth, join"},
	{"dsreg.client-error", "its HRESULT on the device"},
	{"dsreg.server-error", "its error as the server names it, e.g. DirectoryError"},
	{"dsreg.server-suberror", "its detail as the server names it, e.g. error_missing_device"},
	{"dsreg.server-operation", "what was asked of the server, e.g. DeviceRenew"},
	{"dsreg.registration-type", "how the device registers: sync, fed, fallback_sync"},
	{"dsreg.http-status", "its HTTP status"},
	{"dsreg.test", "Key = a test of dsregcmd (DRS Discovery Test …), Text = PASS, FAIL and code, SKIPPED"},
}

// FactNames lists the whole vocabulary of facts. The caller owns the slice.
func FactNames() []FactInfo { return slices.Clone(factNames) }

// KnownFact reports whether name is in the vocabulary.
func KnownFact(name string) bool {
	return slices.ContainsFunc(factNames, func(f FactInfo) bool { return f.Name == name })
}
