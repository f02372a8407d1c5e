package parsers

import (
	"strings"

	"debrief/event"
)

// providerSkeletons returns the skeletons of providers that share the System
// and Application logs with others, or that have no source of their own, by
// their names.
//
// Ids and fields: the manifests of Windows 10 and 11 as published in listings
// of ETW providers; for the classic providers (MsiInstaller, TPM, User32,
// EventLog), whose values have no names, Microsoft Learn and the order of the
// values in their records.
func providerSkeletons(provider string) []skeleton {
	switch name, _ := strings.CutPrefix(provider, "Microsoft-Windows-"); name {
	case "MsiInstaller":
		return msiInstallerSkeletons[:]
	case "Bits-Client":
		return bitsSkeletons[:]
	case "WindowsUpdateClient":
		return windowsUpdateSkeletons[:]
	case "Time-Service":
		return timeServiceSkeletons[:]
	case "TPM-WMI":
		return tpmWMISkeletons[:]
	case "TPM":
		return tpmSkeletons[:]
	case "AppXDeployment-Server":
		return appXSkeletons[:]
	case "Kernel-General":
		return kernelGeneralSkeletons[:]
	case "User32":
		return user32Skeletons[:]
	case "EventLog", "Eventlog":
		return eventLogSkeletons[:]
	}
	return nil
}

var msiInstallerSkeletons = [...]skeleton{
	{1001, "Windows Installer: detection of product {Product}, feature {Feature}, failed when component {Component} was asked for"},
	{1004, "Windows Installer: detection of product {Product}, feature {Feature}, component {Component}, failed; resource {Resource} is not there"},
	{1005, "Windows Installer began a restart to finish or to go on with {Product}"},
	{1008, "Windows Installer: installation of {Product} is not allowed by software restriction policy"},
	{1013, "Windows Installer: {Text}"},
	{1015, "Windows Installer: connection to the server failed: {ErrorCode}"},
	{1023, "Windows Installer: product {Product}: update {Update} could not be installed: {ErrorCode}"},
	{1024, "Windows Installer: product {Product}: update {Update} could not be removed: {ErrorCode}"},
	{1025, "Windows Installer: product {Product}: the file {Path} is in use by {Process}, id {ProcessId}"},
	{1029, "Windows Installer: product {Product}: a restart is needed"},
	{1033, "Windows Installer installed {Product} {Version}, language {Language}: status {Status} ({Manufacturer})"},
	{1034, "Windows Installer removed {Product} {Version}, language {Language}: status {Status} ({Manufacturer})"},
	{1035, "Windows Installer reconfigured {Product} {Version}, language {Language}: status {Status} ({Manufacturer})"},
	{1036, "Windows Installer installed an update of {Product} {Version}, language {Language}: update {Update}, status {Status} ({Manufacturer})"},
	{1038, "Windows Installer needs a restart for {Product} {Version}, language {Language}: kind {Kind}, reason {Reason} ({Manufacturer})"},
	{1040, "Windows Installer begins a transaction: {Package}, client process {ProcessId}"},
	{1042, "Windows Installer ends a transaction: {Package}, client process {ProcessId}"},
	{10005, "Windows Installer: {Text}"},
	{11707, "Windows Installer: installed: {Text}"},
	{11708, "Windows Installer: installation failed: {Text}"},
	{11724, "Windows Installer: removed: {Text}"},
	{11725, "Windows Installer: removal failed: {Text}"},
	{11728, "Windows Installer: configured: {Text}"},
	{11729, "Windows Installer: configuration failed: {Text}"},
}

var bitsSkeletons = [...]skeleton{
	{3, "BITS: job {jobTitle} of {jobOwner} was made by {processPath}"},
	{4, "BITS: job {jobTitle} of {jobOwner} is complete, {fileCount} files, {bytesTransferred} bytes"},
	{5, "BITS: job {jobTitle} of {jobOwner} was cancelled, {fileCount} files"},
	{34, "BITS: job {jobName} waits: its transfer policy forbids the present network cost"},
	{59, "BITS: transfer of {name} from {url} begins, {bytesTransferred} of {bytesTotal} bytes are there"},
	{60, "BITS: transfer of {name} from {url} stopped: {hr}, {bytesTransferred} of {bytesTotal} bytes"},
	{61, "BITS: transfer of {name} from {url} failed: {hr}, {bytesTransferred} of {bytesTotal} bytes"},
	{62, "BITS: job {Title} of {Owner}: the file at {Url} changed on the server"},
	{63, "BITS: job {Job} was refused to start the program {Pgm} for {Url}: {hr}"},
	{64, "BITS: job {Job} could not start the program {Pgm} for {Url}: {hr}"},
	{200, "BITS: job {job} of {owner} could not reach {url} through the proxy {proxy}: {hr}"},
	{201, "BITS: job {job} of {jobOwner}: none of the proxies {proxyServerList} worked for {url}: {error}"},
	{202, "BITS: job {jobName} of {jobOwner}: the server or proxy does not support what BITS needs for {url}: {hr}"},
	{206, "BITS: job {jobName}: the server does not take the request for {url}"},
	{211, "BITS: job {Title} failed: {ErrorCode}"},
	{213, "BITS: job {jobName} is held back: {BlockReasonErrorCode}"},
	{16385, "BITS: job {Title} was cancelled, left files: {FileList}"},
	{16390, "BITS: job {Title} of {Owner} is tried again in {RetryWaitTime} s"},
	{16392, "BITS: the service could not start: {ErrorCode}"},
}

var windowsUpdateSkeletons = [...]skeleton{
	{16, "Windows Update: no connection to the update service"},
	{17, "Windows Update: downloaded and ready to install: {updatelist}"},
	{18, "Windows Update: to be installed on {schedinstalldate} at {schedinstalltime}: {updatelist}"},
	{19, "Windows Update: installed {updateTitle}"},
	{20, "Windows Update: installation failed with {errorCode}: {updateTitle}"},
	{21, "Windows Update: restart needed for {updatelist}"},
	{22, "Windows Update: restart at {restarttime} for {updatelist}"},
	{23, "Windows Update: removed {updateTitle}"},
	{24, "Windows Update: removal failed with {errorCode}: {updatelist}"},
	{25, "Windows Update: the check for updates failed with {errorCode}"},
	{26, "Windows Update: {updateCount} updates found"},
	{27, "Windows Update: automatic updates are paused"},
	{28, "Windows Update: automatic updates go on"},
	{29, "Windows Update: connection lost"},
	{30, "Windows Update: connection restored"},
	{31, "Windows Update: download of {updateTitle} failed with {errorCode}"},
	{34, "Windows Update: the agent could not check for its own update: {errorCode}"},
	{35, "Windows Update: the agent could not update itself: {errorCode}"},
	{40, "Windows Update: update {updateGuid} is needed"},
	{41, "Windows Update: downloaded {updateTitle}"},
	{43, "Windows Update: installation begins: {updateTitle}"},
	{44, "Windows Update: download begins: {updateTitle}"},
	{213, "Windows Update: roll-back failed with {errorCode}: {updatelist}"},
}

var timeServiceSkeletons = [...]skeleton{
	{17, "Time service: name of the time server {ManualPeer} not resolved, next try in {RetryMinutes} min: {ErrorMessage}"},
	{24, "Time service: no answer from the time server {DomainPeer}: {ErrorMessage}"},
	{29, "Time service: no time source can be reached, next try in {RetryMinutes} min"},
	{34, "Time service: the clock should change by {SystemTimeChangeSeconds} s, which is more than the {MaxSystemTimeChangeSeconds} s allowed; source {TimeSource}"},
	{35, "Time service: synchronised with {TimeSource}"},
	{36, "Time service: not synchronised for {UnsynchronizedTimeSeconds} s"},
	{37, "Time service: valid time from {TimeSource}"},
	{38, "Time service: {TimeSource} cannot be reached, or its time is not valid"},
	{47, "Time service: no valid answer from the time server {ManualPeer}: {ErrorMessage}"},
	{50, "Time service: the clock was off by {TimeDifferenceMilliseconds} ms for {TimeSampleSeconds} s"},
	{51, "Time service: the time of {Peer} differs by {TimeDifferenceSeconds} s"},
	{52, "Time service: the clock was set, by {TimeOffsetSeconds} s"},
	{129, "Time service: no domain peer found, next try in {RetryMinutes} min: {ErrorMessage}"},
	{134, "Time service: name of the peer {DomainPeer} not resolved, next try in {RetryMinutes} min: {ErrorMessage}"},
	{138, "Time service: time from {DomainPeer}"},
	{158, "Time service: the provider {TimeProvider} says that this hardware has no time for it"},
	{257, "Time service started at {CurrentTimeUTC}"},
	{258, "Time service stopped at {CurrentTimeUTC}: {ErrorMessage}"},
	{259, "Time service: servers {AllNtpServers}, chosen {ChosenReferenceNtpServer}"},
	{261, "Time service set the clock from {OldTime} to {NewTime}"},
	{264, "Time service: servers {AllNtpServers}"},
	{265, "Time service: source {TimeSource}, stratum {LocalStratumNumber}"},
	{266, "Time service: synchronisation asked for, reason {ReasonCode}"},
}

var tpmWMISkeletons = [...]skeleton{
	{513, "TPM: backup of the owner information succeeded"},
	{514, "TPM: backup of the owner information failed: {ErrorCode}"},
	{769, "TPM: management level changed from {OldOSManagedAuthLevel} to {NewOSManagedAuthLevel}"},
	{1025, "TPM: provisioned and ready for use"},
	{1026, "TPM: could not be made ready by itself: {ErrorCode}, status {StatusInformation}"},
	{1027, "TPM: ownership taken"},
	{1282, "TPM: device identifier made"},
	{1537, "TPM: health certificate received from {HealthAttestationServer}"},
	{1538, "TPM: no connection to the health attestation server {HealthAttestationServer}: {HResult}"},
	{1539, "TPM: health attestation server {HealthAttestationServer} refused with HTTP {HTTPStatus}: {ServerResponse}"},
}

var tpmSkeletons = [...]skeleton{
	{14, "TPM: the driver met an error of the hardware from which it cannot recover; no TPM service works"},
	{15, "TPM: the driver met an error of the hardware from which it cannot recover; no TPM service works"},
	{17, "TPM: the hardware failed to carry out a command"},
	{18, "TPM: provisioning and status check begin"},
}

var appXSkeletons = [...]skeleton{
	{400, "App package: {DeploymentOperation} of {PackageFullName} finished"},
	{401, "App package: {DeploymentOperation} of {PackageFullName} failed with {ErrorCode}"},
	{404, "App package: deployment of {PackageFullName} failed with {ErrorCode}: {SummaryError}"},
	{412, "App package: registration of {PackageFullName} failed with {ErrorCode}"},
	{478, "App package: {DeploymentOperation} of {PackageFullName} finished"},
	{603, "App package: {DeploymentOperation} of {Path} begins, asked for by {CallingProcess}"},
	{605, "App package: deployment goes from {DeploymentState} to {NextDeploymentState}: {ErrorCode}"},
	{607, "App package: {DeploymentOperation} of {PackageFullName} taken up, asked for by {CallingProcess}"},
	{613, "App package: {DeploymentOperation} of {PackageFullName} queued"},
}

var kernelGeneralSkeletons = [...]skeleton{
	{1, "The clock was set from {OldTime} to {NewTime}"},
	{12, "Windows started at {StartTime}"},
	{13, "Windows shut down at {StopTime}"},
}

var user32Skeletons = [...]skeleton{
	{1074, "Shutdown or restart asked for by {param1} on {param2}: reason {param3}, code {param4}, kind {param5}, comment {param6}, user {param7}"},
}

var eventLogSkeletons = [...]skeleton{
	{6005, "The event log service started"},
	{6006, "The event log service stopped"},
	{6008, "The shutdown at {Time} on {Date} was unexpected"},
}

// The tables that begin with "more" hold events whose meaning is read off their
// level and fields in the manifest, not off a published text. They say no more
// than that.
var moreDMEDP = [...]skeleton{
	{15, "MDM step failed: {HRESULT}"}, {17, "MDM step {HexInt1} failed: {HRESULT}"}, {19, "MDM step failed: {HRESULT}"}, {21, "MDM step failed: {HRESULT}"},
	{23, "MDM step failed: {HRESULT}"}, {25, "MDM step failed: {HRESULT}"}, {26, "MDM step failed: {HRESULT}"},
	{44, "MDM step failed: {HRESULT}"}, {46, "MDM step failed: {HRESULT}"}, {49, "MDM step failed: {HRESULT}"},
	{53, "MDM step failed: {HRESULT}"}, {55, "MDM step failed: {HRESULT}"}, {57, "MDM step failed: {HRESULT}"},
	{65, "MDM step failed: {HRESULT}"}, {67, "MDM step failed: {HRESULT}"}, {70, "MDM step failed: {HRESULT}"},
	{203, "OMA-DM session: a step failed: {HRESULT}"},
	{206, "OMA-DM session started for user {Message1}"},
	{265, "OMA-DM session triggered for account {Message1}"},
}

var moreModernDeployment = [...]skeleton{
	{102, "Autopilot setting {Message1} could not be read: {HRESULT}"},
	{104, "Autopilot setting {Message1} could not be read: {HRESULT}"},
	{106, "Autopilot call failed: {HRESULT}"}, {108, "Autopilot call failed: {HRESULT}"},
	{110, "Autopilot setting {Message1} failed: {HRESULT}"}, {112, "Autopilot settings could not be read: {HRESULT}"}, {115, "Autopilot call failed: {HRESULT}"},
	{120, "Autopilot call for {Message1} failed: {HRESULT}"}, {126, "Autopilot call for {Message1} failed: {HRESULT}"}, {129, "Autopilot call for {Message1} failed: {HRESULT}"},
	{130, "Autopilot call failed: {HRESULT}"},
	{154, "Autopilot call failed: {HRESULT}"}, {155, "Autopilot call failed: {HRESULT}"},
	{173, "Autopilot call failed: {HRESULT}"}, {174, "Autopilot call failed: {HRESULT}"}, {175, "Autopilot call failed: {HRESULT}"},
	{176, "Autopilot state: service {ServerState}, device {ClientState}"},
	{179, "Autopilot state {State}"}, {181, "Autopilot state {State}: {HRESULT}"},
	{185, "Autopilot call failed: {HRESULT}"}, {197, "Autopilot call failed: {HRESULT}"}, {211, "Autopilot call failed: {HRESULT}"},
	{300, "Autopilot call failed: {HRESULT}"}, {301, "Autopilot state {State} failed: {HRESULT}"}, {302, "Autopilot state {State} failed: {HRESULT}"}, {303, "Autopilot state {State}"},
}

var moreAAD = [...]skeleton{
	{1025, "HTTP status {value} from {EndpointUri} ({Method}), correlation {CorrelationID}"},
	{1084, "Call to {Target} failed: {Result}"},
	{1085, "Sign-in failed: {Status}, correlation {CorrelationID}"}, {1086, "Sign-in failed: {Status}, correlation {CorrelationID}"}, {1087, "Sign-in failed: {Status}, correlation {CorrelationID}"},
	{1088, "OAuth error {Error}: {ErrorDescription}"}, {1089, "Sign-in failed: {Status}"}, {1090, "OAuth error {Error}: {ErrorDescription}"}, {1091, "Sign-in call failed: {Result}"},
	{1093, "Call of {API} in the AAD plug-in failed: {Result}"},
	{1094, "Sign-in failed: {Status}, correlation {CorrelationID}"},
	{1100, "Token request: {Error}: {ErrorMessage}"}, {1101, "Token request failed with {Error}: {ErrorMessage}"},
	{1105, "Call of {API} in the AAD plug-in failed: {Result}"},
	{1111, "Token request: {Error}: {ErrorMessage}"}, {1112, "Token request failed with {Error}: {ErrorMessage}"},
	{1117, "Sign-in failed: {Status}, correlation {CorrelationID}"}, {1118, "Sign-in failed: {Status}, correlation {CorrelationID}"}, {1160, "Sign-in failed: {Status}, correlation {CorrelationID}"},
}

var moreDeviceReg = [...]skeleton{
	{200, "Device registration: discovery of {Domain} failed with {ExitCode}"},
	{203, "Device registration: join failed with {ExitCode}, activity {ActivityId}"},
	{205, "Device registration: failed with {ExitCode}"}, {206, "Device registration: failed with {ExitCode}"},
	{225, "Device registration: HTTP session with proxy {ProxyName} failed: {ErrorCode}"},
	{226, "Device registration: connection to {Server}:{Port} failed: {ErrorCode}"},
	{230, "Device registration: HTTP request failed: {ErrorCode}"},
	{231, "Device registration: TLS failed: {ErrorCode}, {WinHttpStatusFlag}"},
	{239, "Device registration: join of type {JoinTypeSymbolicName} to tenant {TenantId} failed with {ExitCode}"},
	{240, "Device registration: join request {JoinRequestTypeSymbolicName} failed with {ExitCode}"},
	{244, "Device registration: failed with {ExitCode}"}, {245, "Device registration: failed with {ExitCode}"},
	{320, "Key registration: HTTP status {HttpStatus}: {ErrorCode}: {ResponseBody}"},
	{324, "Token request: {RequestStatusSymbolicName}, {ProviderErrorMessage}: {ErrorCode}, correlation {CorrelationId}"},
	{330, "Automatic registration: both the Entra tenant {AzureADTenantName} and the enterprise service {EnterpriseDrsName} are set"},
	{331, "Automatic registration: checks before joining: {DebugOutput}"},
	{337, "Device registration: network call failed: {InternetStatus}, {Result}"}, {340, "Device registration: network call failed: {InternetStatus}, {Result}"},
}

// sourceSkeletons are the further skeletons of a source, ordered by id.
func sourceSkeletons(source event.Source) []skeleton {
	switch source {
	case event.DMEDP:
		return moreDMEDP[:]
	case event.ModernDeployment:
		return moreModernDeployment[:]
	case event.AAD:
		return moreAAD[:]
	case event.UserDeviceReg:
		return moreDeviceReg[:]
	}
	return nil
}
