package parsers

import "debrief/event"

// skeleton is the text of one event in debrief's own words; {Field} stands for
// the value of that field. Fields are named as the provider's manifest does.
type skeleton struct {
	id   uint32
	text string
}

// skeletonsOf returns the skeletons of a source, ordered by id.
//
// Ids and fields: provider manifests of Windows 10 and 11, Microsoft Learn
// ("Troubleshooting Windows Autopilot", "Troubleshoot hybrid joined devices"),
// and records in collections of 2020 to 2026. The Shell-Core texts follow the
// form that "Windows Autopilot into co-management" quotes, since rules and
// people look for it.
func skeletonsOf(source event.Source) []skeleton {
	switch source {
	case event.ShellCore:
		return shellCoreSkeletons[:]
	case event.DMEDP:
		return dmedpSkeletons[:]
	case event.ModernDeployment:
		return modernDeploymentSkeletons[:]
	case event.AAD:
		return aadSkeletons[:]
	case event.UserDeviceReg:
		return deviceRegSkeletons[:]
	case event.ProvisioningDiag:
		return provisioningSkeletons[:]
	}
	return nil
}

var shellCoreSkeletons = [...]skeleton{
	{62400, "CloudExperienceHost App Activity started. Source: '{Source}', Experience: '{Experience}'."},
	{62401, "CloudExperienceHost App Activity stopped. Result: '{Result}'."},
	{62402, "CloudExperienceHost App Event 1. Name: '{Name}'."},
	{62403, "CloudExperienceHost App Event 2. Name: '{Name}', Value: '{Value}'."},
	{62404, "CloudExperienceHost Web App Activity started. CXID: '{CXID}'."},
	{62405, "CloudExperienceHost Web App Activity stopped. Result: '{Result}'."},
	{62406, "CloudExperienceHost Web App Event 1. Name: '{Name}'."},
	{62407, "CloudExperienceHost Web App Event 2. Name: '{Name}', Value: '{Value}'."},
}

var dmedpSkeletons = [...]skeleton{
	{3, "MDM enrolment step failed: {HRESULT}"},
	{4, "MDM enrolment step succeeded"},
	{5, "MDM enrolment step failed: {HRESULT}"},
	{6, "MDM enrolment step succeeded"},
	{7, "MDM enrolment step failed: {HRESULT}"},
	{8, "MDM enrolment step succeeded"},
	{9, "MDM enrolment step failed: {HRESULT}"},
	{10, "MDM enrolment step succeeded"},
	{11, "MDM enrolment step failed: {HRESULT}"},
	{16, "OMA-DM client configured"},
	{52, "MDM enrolment refused by the server with {Message1}: {Message2}"},
	{58, "MDM provisioning succeeded"},
	{59, "MDM enrolment: activity id of the server {Message1}"},
	{71, "MDM enrolment failed: {HRESULT}"},
	{72, "MDM enrolment succeeded"},
	{75, "Automatic MDM enrolment succeeded, credential type {HexInt1}"},
	{76, "Automatic MDM enrolment with credential type {HexInt1} failed: {HRESULT}"},
	{100, "Offline domain join: no connection to a domain controller"},
	{107, "Offline domain join: the blob was applied"},
	{109, "Offline domain join: state {HexInt1#} (0 none, 1 waiting, 2 processed, 3 timed out)"},
	{110, "Offline domain join: state {HexInt1#} (0 none, 1 waiting, 2 processed, 3 timed out)"},
	{111, "Offline domain join: waiting begins, state {HexInt1#}"},
	{201, "OMA-DM session failed: {HRESULT}"},
	{204, "OMA-DM session failed: {HRESULT}"},
	{208, "OMA-DM session started: enrolment {Message1}, server {Message2}"},
	{209, "OMA-DM session ended: {HRESULT}"},
	{404, "CSP command failed: {Message5} gave {HexInt1}; command type {InternalCmdType}, enrolment {Message2}, provider {Message3}"},
	{405, "CSP command failed: {Message1}: {HRESULT}"},
	{454, "CSP command on a node failed: {Message5} gave {HexInt1}; command type {InternalCmdType}, enrolment {Message2}, provider {Message3}"},
	{455, "CSP command failed: {Message1}: {HRESULT}"},
	{809, "Policy {Message1} of area {Message2} could not be set"},
	{810, "Policy {Message1} of area {Message2} could not be set"},
	{811, "Policy {Message1} of area {Message2} could not be set"},
	{812, "Policy {Message1} of area {Message2} could not be set"},
	{813, "Policy {Message1} of area {Message2} set to the number {HexInt1}"},
	{814, "Policy {Message1} of area {Message2} set to a text"},
	{815, "Policy {Message1} of area {Message2} set"},
	{819, "Policy {Message1} of area {Message2} changed"},
	{820, "Policy manager error: {HRESULT}"},
	{822, "Policy manager error: {HRESULT}"},
	{834, "Policy manager error: {HRESULT}"},
	{844, "Policy manager error: {HRESULT}"},
	{1901, "MSI deployment requested: {Message1}"},
	{1902, "MSI deployment failed: {Message1}"},
	{1903, "MSI deployment failed: {Message1}"},
	{1904, "MSI deployment begins: {Message1}"},
	{1905, "MSI download begins: {Message1}"},
	{1906, "MSI download finished: {Message1}"},
	{1907, "MSI download of {Message1} from {Message2} failed: {HRESULT}"},
	{1908, "MSI download failed: {Message1}"},
	{1910, "MSI deployment step done: {Message1}"},
	{1913, "MSI deployment failed: {Message1}"},
	{1914, "MSI deployment failed: {Message1}"},
	{1915, "MSI deployment failed: {Message1}"},
	{1920, "MSI installation begins: {Message1} for {Message2}"},
	{1921, "MSI installation finished: {Message1} for {Message2}"},
	{1922, "MSI installation finished: {Message1} for {Message2}: {HRESULT}"},
	{1923, "MSI installation finished: {Message1} for {Message2}"},
	{1924, "MSI installation failed: product {Message3}, exit code {HexInt1}"},
	{1925, "MSI installation failed: product {Message3}, exit code {HexInt1}"},
	{2545, "MDM setting {Message1} at {Message2} failed: {HRESULT}"},
	{2800, "Restart asked for by the policy {URI}"},
	{3011, "TPM provider {ProviderName} checked for enrolment: {HRESULT2}"},
	{3012, "TPM {TPMVersion} checked for enrolment: ready for storage {ReadyForStorage}, for attestation {ReadyForAttestation}, vulnerable {HasVulnerability}"},
}

var modernDeploymentSkeletons = [...]skeleton{
	{100, "Autopilot setting {Message1} is not there (yet)"},
	{101, "Autopilot setting {Message1} is {Int1}"},
	{103, "Autopilot setting {Message1} is {Message2}"},
	{111, "Autopilot settings read"},
	{153, "Autopilot state changes from {InitialState} to {UpdateState}"},
	{160, "Autopilot profile: retrieval begins"},
	{161, "Autopilot profile: retrieval succeeded"},
	{163, "Autopilot profile: not retrieved, the device is provisioned already"},
	{164, "Autopilot: the internet can be reached"},
	{171, "Autopilot: the identity of the TPM could not be confirmed: {HRESULT}"},
	{172, "Autopilot profile could not be marked as available: {HRESULT}"},
	{180, "Autopilot failed in state {State}: {HRESULT}"},
	{192, "Autopilot attempt {AttemptNumber} of {MaxAttempts} failed, next in {WaitMs} ms: {HRESULT}"},
	{212, "TPM vulnerability check: {HRESULT}, found {VulnerabilityDetected}, flags {VulnerabilityFlags}"},
	{226, "TPM attestation failed in phase {AttestationPhase}, step {Step}, retry {RetryCount}: {HRESULT}"},
	{228, "TPM attestation phase {AttestationPhase} took {ElapsedMs} ms and {RetryCount} retries: {HRESULT}"},
	{505, "File handled: {Message1}"},
	{702, "Autopilot profile file: {Message1}"},
	{705, "Autopilot profile download: {Message1}"},
	{706, "Autopilot profile download by {Message1} failed: {HRESULT}"},
	{710, "Autopilot request to {Message1} failed: {HRESULT}"},
	{751, "Clock check against the Autopilot service"},
	{753, "Clock check: service {ServerTime}, device {ClientTime}, difference {AttemptNumber} min, allowed {MaxAttempts} min"},
	{807, "Autopilot: the device is not registered (ZtdDeviceIsNotRegistered)"},
	{809, "Autopilot: the assigned profile was deleted"},
	{815, "Autopilot: no profile is assigned to the device"},
	{908, "Autopilot: the hardware does not match the registration"},
	{1000, "Autopilot management service started"},
	{1001, "Autopilot management service stopped"},
	{1005, "Autopilot diagnostic {HRESULT} at {File}:{Line}: {Message}"},
}

var aadSkeletons = [...]skeleton{
	{1081, "OAuth error {Error}: {ErrorDescription}"},
	{1082, "OAuth error {Error}: {ErrorDescription}"},
	{1083, "OAuth error {Error}: {ErrorDescription}"},
	{1097, "Token request: {Error}: {ErrorMessage}"},
	{1098, "Token request failed with {Error}: {ErrorMessage}"},
	{1104, "Call of {API} in the AAD plug-in failed: {Result}"},
}

var deviceRegSkeletons = [...]skeleton{
	{101, "Device registration: service found: {ServerMessage}"},
	{102, "Device registration: join request {JoinRequestTypeSymbolicName} to {Domain} begins"},
	{104, "Device registration: join response, activity {ActivityId}: {ServerResponse}"},
	{110, "Device registration: join of type {JoinTypeSymbolicName} to tenant {TenantId} as {UPN}"},
	{111, "Device registration: join completed"},
	{201, "Device registration: discovery failed with {ExitCode}, HTTP status {HttpStatus}: {ServerMessage}"},
	{202, "Device registration: join request to {Domain} failed with {ExitCode}"},
	{204, "Device registration: join refused with {ExitCode}, HTTP status {HttpStatus}, activity {ActivityId}: {ServerResponse}"},
	{233, "Device registration: HTTP error {ErrorCode}, {StatusName}"},
	{301, "Hello key could not be registered"},
	{304, "Automatic registration failed when joining with {ExitCode}: {ServerErrorMessage} (tenant type {TenantType}, join type {JoinType}): {DebugOutput}"},
	{305, "Automatic registration failed when signing in with {ExitCode}: {ServerErrorMessage} (tenant {TenantName}, type {TenantType})"},
	{306, "Automatic registration succeeded"},
	{307, "Automatic registration failed with {ExitCode}"},
	{309, "Device discovery failed with {ExitCode}"},
	{369, "{Message}"},
}

var provisioningSkeletons = [...]skeleton{
	{10, "Provisioning of {Message1}: {Message2}"},
	{11, "Provisioning of {Message1}: {Message2}"},
	{20, "Provisioning package {Message1} {Message2}"},
}
