package event

import (
	"slices"
	"strings"
)

// Source names a kind of evidence. Rules ask for sources, coverage proves
// them, reports ask for the missing ones. Its form is "family.name".
type Source string

// The sources that debrief knows by name. EVTX channels of other providers
// have the source "evtx." plus the provider in lower case, CMTrace logs of
// other names "log." plus the base name in lower case.
const (
	ShellCore        Source = "evtx.shell-core"
	DMEDP            Source = "evtx.dm-edp" // DeviceManagement-Enterprise-Diagnostics-Provider, all its channels
	ModernDeployment Source = "evtx.moderndeployment"
	AAD              Source = "evtx.aad"
	UserDeviceReg    Source = "evtx.user-device-registration"
	ProvisioningDiag Source = "evtx.provisioning-diagnostics"
	AppXDeployment   Source = "evtx.appx-deployment"
	TimeService      Source = "evtx.time-service"
	ODJConnector     Source = "evtx.odj-connector" // of the server with the Intune connector for Active Directory
	SystemLog        Source = "evtx.system"
	ApplicationLog   Source = "evtx.application"

	LogCcmsetup        Source = "log.ccmsetup"
	LogClientMSI       Source = "log.client-msi"
	LogMSI             Source = "log.msi"      // any other Windows Installer log
	LogSmsts           Source = "log.smsts"    // task sequence log, rotated ones included
	LogIME             Source = "log.ime"      // IntuneManagementExtension.log, AppWorkload.log, AgentExecutor.log …
	LogSetupact        Source = "log.setupact" // Panther / OOBE setup log
	LogCBS             Source = "log.cbs"      // servicing stack, CBS.log
	LogDISM            Source = "log.dism"
	LogNetSetup        Source = "log.netsetup" // domain joins, NetSetup.log
	LogWindowsUpdate   Source = "log.windows-update"
	LogReportingEvents Source = "log.reporting-events"      // SoftwareDistribution\ReportingEvents.log
	LogPSADT           Source = "log.psadt"                 // PSAppDeployToolkit
	LogDeliveryOpt     Source = "log.delivery-optimization" // Get-DeliveryOptimizationLog
	LogCCM             Source = "log.ccm"                   // any log of %windir%\CCM\Logs: covered when at least one is there

	Reg            Source = "reg"              // any registry text
	RegESPTracking Source = "reg.esp-tracking" // HKLM\SOFTWARE\Microsoft\Windows\Autopilot\EnrollmentStatusTracking
	RegAutopilot   Source = "reg.autopilot"    // HKLM\SOFTWARE\Microsoft\Provisioning\Diagnostics\Autopilot and AutopilotSettings
	RegEnrollments Source = "reg.enrollments"  // HKLM\SOFTWARE\Microsoft\Enrollments
	RegEDAM        Source = "reg.edam"         // HKLM\SOFTWARE\Microsoft\EnterpriseDesktopAppManagement
	RegDevManage   Source = "reg.device-manageability"

	ZTDProfile    Source = "json.autopilot-profile" // AutopilotDDSZTDFile.json
	DiagMetadata  Source = "json.mdm-metadata"      // MdmDiagLogMetadata.json
	Footprint     Source = "txt.footprint"          // MdmLogCollectorFootPrint.txt
	TPMInfo       Source = "txt.tpm"                // TpmHliInfo_Output.txt
	DeviceHash    Source = "csv.device-hash"
	DiagFramework Source = "json.diagnostics-framework"
	Dsregcmd      Source = "txt.dsregcmd"
	WinHTTPProxy  Source = "txt.winhttp-proxy"  // netsh winhttp show proxy
	IPConfig      Source = "txt.ipconfig"       // ipconfig /all
	CertStore     Source = "txt.cert-store"     // certutil -store
	UEFIData      Source = "txt.uefi"           // UEFI_Data_Output.txt
	TPMTool       Source = "txt.tpmtool"        // tpmtool getdeviceinformation
	TimeStatus    Source = "txt.time-status"    // w32tm /query /status
	TimeChart     Source = "txt.time-chart"     // w32tm /stripchart
	SystemInfo    Source = "txt.system-info"    // msinfo32 /report, systeminfo
	ServiceStates Source = "txt.services"       // sc query, sc qc
	MDMReport     Source = "xml.mdm-report"     // MDMDiagReport.xml
	MDMReportHTML Source = "html.mdm-report"    // MDMDiagHTMLReport.html
	IntuneResults Source = "xml.intune-results" // results.xml of "Collect diagnostics"
)

// TracePrefix starts the sources of event traces.
const TracePrefix = "etl."

// Trace reports whether s is a source of event traces. These record what
// components do inside; what happened to the device, its logs say.
func (s Source) Trace() bool { return strings.HasPrefix(string(s), TracePrefix) }

// SourceInfo describes a source for people: what it is and how to collect it.
type SourceInfo struct {
	Source  Source
	Title   string
	Collect string // what to ask the user for
}

const mdmTool = `Run "mdmdiagnosticstool.exe -area Autopilot;DeviceEnrollment -cab C:\Temp\logs.cab" on the device (Shift+F10 during OOBE).`

const collectDiagnostics = `Ask for "Collect diagnostics" on the device's page in Intune and send the archive.`

var sources = []SourceInfo{
	{ShellCore, "Shell-Core event log", mdmTool},
	{DMEDP, "MDM (DeviceManagement-Enterprise-Diagnostics-Provider) event logs", mdmTool},
	{ModernDeployment, "ModernDeployment-Diagnostics-Provider event logs", mdmTool},
	{AAD, "Microsoft Entra (AAD) event log", mdmTool},
	{UserDeviceReg, "User Device Registration event log", mdmTool},
	{ProvisioningDiag, "Provisioning-Diagnostics-Provider event log", mdmTool},
	{AppXDeployment, "AppXDeploymentServer event log", mdmTool},
	{TimeService, "Time-Service event log", `Export Microsoft-Windows-Time-Service/Operational from the device.`},
	{SystemLog, "System event log", `Export the System event log (wevtutil epl System system.evtx).`},
	{ApplicationLog, "Application event log", `Export the Application event log (wevtutil epl Application application.evtx).`},
	{LogCcmsetup, "ccmsetup.log", `Copy %windir%\ccmsetup\Logs by hand: mdmdiagnosticstool does not collect it.`},
	{LogClientMSI, "client.msi.log", `Copy %windir%\ccmsetup\Logs by hand: mdmdiagnosticstool does not collect it.`},
	{LogMSI, "Windows Installer log", `Run the installer with /l*v and send the log.`},
	{LogSmsts, "smsts.log", `Copy %windir%\CCM\Logs with its SMSTS folder by hand: mdmdiagnosticstool does not collect it.`},
	{LogIME, "Intune management extension logs", `Copy %ProgramData%\Microsoft\IntuneManagementExtension\Logs.`},
	{LogSetupact, "setupact.log", mdmTool},
	{LogCBS, "CBS.log", `Copy %windir%\Logs\CBS.`},
	{LogDISM, "dism.log", `Copy %windir%\Logs\DISM.`},
	{LogNetSetup, "NetSetup.log", `Copy %windir%\debug\NetSetup.log.`},
	{LogWindowsUpdate, "WindowsUpdate.log", `Run "Get-WindowsUpdateLog" on the device and send the file.`},
	{LogReportingEvents, "ReportingEvents.log", `Copy %windir%\SoftwareDistribution\ReportingEvents.log.`},
	{LogPSADT, "PSAppDeployToolkit log", `Copy %windir%\Logs\Software.`},
	{LogDeliveryOpt, "Delivery Optimization log", `Run "Get-DeliveryOptimizationLog | Out-File do.log" on the device and send the file.`},
	{LogCCM, "ConfigMgr client logs", `Copy %windir%\CCM\Logs by hand: mdmdiagnosticstool does not collect it.`},
	{Reg, "registry dump", mdmTool},
	{RegESPTracking, `registry: Windows\Autopilot\EnrollmentStatusTracking`, mdmTool},
	{RegAutopilot, `registry: Provisioning\Diagnostics\Autopilot`, mdmTool},
	{RegEnrollments, `registry: Enrollments`, mdmTool},
	{RegEDAM, `registry: EnterpriseDesktopAppManagement`, mdmTool},
	{RegDevManage, `registry: DeviceManageabilityCSP`, `Export HKLM\SOFTWARE\Microsoft\DeviceManageabilityCSP with regedit.`},
	{ZTDProfile, "Autopilot profile (AutopilotDDSZTDFile.json)", mdmTool},
	{DiagMetadata, "MdmDiagLogMetadata.json", mdmTool},
	{Footprint, "MdmLogCollectorFootPrint.txt", mdmTool},
	{TPMInfo, "TpmHliInfo_Output.txt", `Run "mdmdiagnosticstool.exe -area Autopilot;TPM -cab C:\Temp\logs.cab" on the device.`},
	{DeviceHash, "DeviceHash CSV", mdmTool},
	{DiagFramework, "DiagnosticsFrameworkData.json", mdmTool},
	{WinHTTPProxy, "output of netsh winhttp show proxy", `Run "netsh winhttp show proxy" on the device and save its output.`},
	{IPConfig, "output of ipconfig /all", `Run "ipconfig /all" on the device and save its output.`},
	{CertStore, "output of certutil -store", `Run "certutil -store My" on the device and save its output.`},
	{UEFIData, "UEFI_Data_Output.txt", mdmTool},
	{TPMTool, "output of tpmtool getdeviceinformation", `Run "tpmtool getdeviceinformation" on the device and save its output.`},
	{TimeStatus, "output of w32tm /query /status", `Run "w32tm /query /status" on the device and save its output.`},
	{TimeChart, "output of w32tm /stripchart", `Run "w32tm /stripchart /computer:time.windows.com /samples:5" on the device and save its output.`},
	{SystemInfo, "report of msinfo32 or systeminfo", `Run "msinfo32 /report C:\Temp\msinfo32.log" on the device and send the file; Intune's "Collect diagnostics" holds it too.`},
	{ServiceStates, "output of sc query", `Run "sc query state= all" on the device and save its output.`},
	{MDMReport, "MDMDiagReport.xml", mdmTool},
	{MDMReportHTML, "MDMDiagHTMLReport.html", mdmTool},
	{IntuneResults, `results.xml of "Collect diagnostics"`, collectDiagnostics},
	{Dsregcmd, "output of dsregcmd /status", `Run "dsregcmd /status" on the device and save its output.`},
}

// Sources lists the known sources in a fixed order. The caller owns the slice.
func Sources() []SourceInfo { return slices.Clone(sources) }

// Describe returns what is known about s; for a source that is not in the
// list the title is its name.
func Describe(s Source) SourceInfo {
	for _, i := range sources {
		if i.Source == s {
			return i
		}
	}
	if name, ok := strings.CutPrefix(string(s), "log."); ok {
		return SourceInfo{s, name + ".log", `Copy %windir%\CCM\Logs (or the folder this log lives in) by hand.`}
	}
	return SourceInfo{Source: s, Title: string(s)}
}
