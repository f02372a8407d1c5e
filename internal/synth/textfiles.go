package synth

import (
	"fmt"
	"strings"
	"time"
)

// textFiles are the small members of the cabinet. Times inside them are UTC,
// but for the device's own clock being off.
func (d *device) textFiles() []File {
	list := []extraFile{
		{"MdmDiagReport_RegistryDump.reg", string(d.registry().dump())},
		{"MdmDiagLogMetadata.json", d.metadata()},
		{"TpmHliInfo_Output.txt", d.tpmInfo()},
		{"UEFI_Data_Output.txt", d.uefiInfo()},
		{"DeviceHash_" + d.id.host + ".csv", d.deviceHash()},
		{"DiagnosticsFrameworkData.json", d.frameworkData()},
		{"MDMDiagReport.xml", d.report()},
		{d.htmlName(), d.reportHTML()},
	}
	if d.profile != DevicePreparation {
		list = append(list, extraFile{"AutopilotDDSZTDFile.json", d.profileFile()})
	}
	for _, f := range d.files {
		if !strings.Contains(f.name, "/") {
			list = append(list, f)
		}
	}
	list = append(list, extraFile{"MdmLogCollectorFootPrint.txt", d.footprint(list)})
	var out []File
	for _, f := range list {
		out = append(out, File{Name: f.name, Data: []byte(f.data), Time: d.collected})
	}
	return out
}

// areas are what the tool was asked to collect.
const areas = "autopilot;deviceenrollment;"

func (d *device) htmlName() string {
	if d.win.build >= "22621" { // the spelling changed between builds
		return "MDMDiagHTMLReport.html"
	}
	return "MDMDiagHtmlReport.html"
}

// profileFile is the downloaded Autopilot profile; without one it holds the
// date of the attempt alone.
func (d *device) profileFile() string {
	id := &d.id
	date := d.s.Start.Add(90 * time.Second).Format("2006-01-02T15:04:05Z")
	if !d.profile.assigned() {
		return string(utf16File(fmt.Sprintf(`{"PolicyDownloadDate":"%s"}`, date)))
	}
	return string(utf16File(fmt.Sprintf(`{"AutopilotServiceCorrelationId":"%s","ZtdRegistrationId":"%s","AadDeviceId":"%s","CloudAssignedOobeConfig":%d,"CloudAssignedDomainJoinMethod":%d,"CloudAssignedForcedEnrollment":1,"CloudAssignedTenantDomain":"%s","CloudAssignedTenantId":"%s","CloudAssignedRegion":"os-default","CloudAssignedLanguage":"os-default","DeploymentProfileName":"%s","IsExplicitProfileAssignment":true,"HybridJoinSkipDCConnectivityCheck":0,"PolicyDownloadDate":"%s"}`,
		id.correlation, id.ztd, id.deviceID, d.profile.oobeConfig(), d.joinMethod(), id.domain, id.tenant, id.profile, date)))
}

func (d *device) metadata() string {
	user := "defaultuser0"
	if d.setupDone || d.enrolled && !d.espShown && !d.prep.shown {
		user = d.id.userName
	}
	return fmt.Sprintf(`{
  "MdmDiagVersion":"1.0",
  "AreaName" : "%s",
  "BaseBuildRevisionNumber":1,
  "BuildBranch":"%s",
  "BuildLabEx":"%s.amd64fre.%s",
  "CompositionEditionID":"Enterprise",
  "CurrentBuild":"%s",
  "CurrentBuildNumber":"%s",
  "CurrentMajorVersionNumber":10,
  "CurrentMinorVersionNumber":0,
  "CurrentVersion":"6.3",
  "EditionID":"Enterprise",
  "InstallDate":%d,
  "InstallTime":"REG_QWORD: 0x%x",
  "ProductName":"%s",
  "ReleaseId":"%s",
  "SystemRoot":"C:\\WINDOWS",
  "UBR":%s,
  "AutoAdminLogon":"1",
  "DefaultDomainName":"",
  "DefaultUserName":"%s"
}
`, areas, d.win.branch, d.win.lab, d.win.branch, d.win.build, d.win.build, d.s.Start.Add(-time.Hour).Unix(), fileTime(d.s.Start.Add(-time.Hour)),
		"Windows 10 Enterprise", d.win.release, d.win.revision, user)
}

func (d *device) stamp() string { return d.collected.Format("2006-01-02T15:04:05") }

func (d *device) tpmInfo() string {
	lines := []string{
		d.stamp(), "TpmHLI GetVersion result: 0x00000000", "TpmHLI Version: 2.0", "Manufacturer: Quarry Silicon", "VendorId: QS2000  ",
		"Uefi Is Present: Yes", "TpmHLI IsReady for Storage result: 0x00000000", "Ready: True", "Bits:  0x0000000000000000",
		"TpmHLI IsReady for Attestation result: 0x00000000", "Ready: True", "Bits:  0x0000000000000000",
	}
	return strings.Join(lines, "\r\n") + "\r\n"
}

// uefiInfo: the error says that the variable is absent, as on most devices.
func (d *device) uefiInfo() string {
	const space = "Namespace: {616E2EA6-AF89-7EB3-F2EF-4E47368A657B}, variable name: "
	lines := []string{d.stamp(), "UEFI is supported.", space + "FORCED_NETWORK_FLAG", "Error: 0x800700CB",
		space + "AUTOPILOT_MARKER", "Error: 0x800700CB", "UEFI query complete."}
	return strings.Join(lines, "\r\n") + "\r\n"
}

// deviceHash holds a hash of the right length that no service would accept.
func (d *device) deviceHash() string {
	return "Device Serial Number,Windows Product ID,Hardware Hash\r\n" + d.id.serial + ",," +
		"MADEUP" + stream(d.s.Seed, "hash").text(3990, base64Chars) + "\r\n"
}

func (d *device) frameworkData() string {
	item := func(id, name, value string) string {
		return fmt.Sprintf(`{"propertyId":"%s","propertyName":"%s","value":"%s"}`, id, name, value)
	}
	return fmt.Sprintf(`{"$schema":[{"categories":[{"categoryId":"General","categoryName":"General","isVisible":false,"items":[%s,%s]},{"categoryId":"Hardware","categoryName":"Hardware","isVisible":false,"items":[%s,%s,%s]}],"dataBindSchemaId":1,"isVisible":false,"tabId":"configurationInfo","tabName":"Configuration info"}]}`,
		item("DeviceName", "Device Name", d.id.host), item("OSBuild", "OS Build", d.s.Build+".amd64fre."+d.win.branch),
		item("SerialNumber", "Serial Number", d.id.serial), item("ProductName", "Product Name", d.id.model), item("Manufacturer", "Manufacturer", d.id.maker))
}

func (d *device) footprint(files []extraFile) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("--- Start at:%s", d.stamp())
	line(`"AreaName" : "%s"`, areas)
	list := collectedChannels
	if d.win.splitsEnrolmentChannel() {
		list = append(append([]channel(nil), list...), splitChannels...)
	}
	for _, ch := range list {
		line("Collected EventViewer Entry: %s", strings.ToLower(string(ch)))
	}
	line("--- %d EventViewer entries are collected", len(list))
	line(`Failed (HResult: 0x80070003) to CollectFileEntry:c:\programdata\microsoft\dc\hostos\*.xml`)
	for _, f := range files {
		line(`Copied file:c:\windows\systemtemp\\%s, to:C:\ProgramData\Microsoft\MdmDiagnostics\MdmLogCollector\%s`, f.name, f.name)
	}
	line("--- End at:%s", d.collected.Add(9*time.Second).Format("2006-01-02T15:04:05"))
	return b.String()
}

func (d *device) report() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line(`<?xml version="1.0" encoding="UTF-8"?>`)
	line("<MDMEnterpriseDiagnosticsReport>")
	line("  <Version>1.0</Version>")
	line("  <SystemInformation>")
	line("  <ReportCreationTime>%s (UTC)</ReportCreationTime>", d.collected.Format("Monday, 02 January 2006--15:04:05"))
	line("  <OSVersion>10.0.%s</OSVersion>", d.s.Build)
	line("  <BuildBranch>%s</BuildBranch>", d.win.branch)
	line("  <SerialNumber>%s</SerialNumber>", d.id.serial)
	line("</SystemInformation>")
	line("  <Enrollments>")
	if d.enrolled {
		line("  <Enrollment>")
		line("    <EnrollmentId>%s</EnrollmentId>", d.id.enrolment)
		line("    <EnrollmentState>1</EnrollmentState>")
		line("    <EnrollmentType>6</EnrollmentType>")
		line("    <ProviderID>MS DM Server</ProviderID>")
		line("    <UPN>%s</UPN>", d.id.upn)
		line("    <AADTenantID>%s</AADTenantID>", d.id.tenant)
		line("    <Poll></Poll>")
		line("    <FirstSync></FirstSync>")
		line("    <Push></Push>")
		line("  </Enrollment>")
	}
	line("  </Enrollments>")
	line("</MDMEnterpriseDiagnosticsReport>")
	return b.String()
}

func (d *device) reportHTML() string {
	return fmt.Sprintf("<!DOCTYPE html>\r\n<html><head><title>MDM Diagnostic Information</title></head><body><h1>MDM Diagnostic Information</h1><table><tr><td>PC name</td><td>%s</td></tr><tr><td>OS Build</td><td>10.0.%s</td></tr></table></body></html>\r\n", d.id.host, d.s.Build)
}
