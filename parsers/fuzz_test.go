package parsers

import (
	"runtime"
	"strings"
	"testing"
)

// fuzzParser feeds one parser with anything, under a name that suits it.
func fuzzParser(f *testing.F, p Parser, name string) {
	for path, data := range samples(f) {
		if strings.HasSuffix(path, name) || p.Match(&Input{Path: path, Data: data}) {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in := &Input{Path: "case.cab/" + name, Data: data}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		out := parse(in, []Parser{{Name: p.Name, Version: p.Version, Match: func(*Input) bool { return true }, Parse: p.Parse}})
		runtime.ReadMemStats(&after)
		checkOutput(t, in, out)
		if spent := after.TotalAlloc - before.TotalAlloc; spent > 8<<20+uint64(len(data))*256 {
			t.Errorf("%d bytes allocated for %d", spent, len(data))
		}
	})
}

func FuzzCMTrace(f *testing.F)         { fuzzParser(f, cmtraceParser(), "smsts.log") }
func FuzzCMTraceByName(f *testing.F)   { fuzzParser(f, cmtraceParser(), "renamed.log") }
func FuzzMSI(f *testing.F)             { fuzzParser(f, msiParser(), "client.msi.log") }
func FuzzRegistry(f *testing.F)        { fuzzParser(f, registryParser(), "export.reg") }
func FuzzProfile(f *testing.F)         { fuzzParser(f, profileParser(), "AutopilotDDSZTDFile.json") }
func FuzzMetadata(f *testing.F)        { fuzzParser(f, metadataParser(), "MdmDiagLogMetadata.json") }
func FuzzFramework(f *testing.F)       { fuzzParser(f, frameworkParser(), "DiagnosticsFrameworkData.json") }
func FuzzFootprint(f *testing.F)       { fuzzParser(f, footprintParser(), "MdmLogCollectorFootPrint.txt") }
func FuzzTPM(f *testing.F)             { fuzzParser(f, tpmParser(), "TpmHliInfo_Output.txt") }
func FuzzDeviceHash(f *testing.F)      { fuzzParser(f, deviceHashParser(), "DeviceHash_PC-0001.csv") }
func FuzzDsregcmd(f *testing.F)        { fuzzParser(f, dsregcmdParser(), "dsreg.txt") }
func FuzzIntuneResults(f *testing.F)   { fuzzParser(f, intuneResultsParser(), "results.xml") }
func FuzzMDMReport(f *testing.F)       { fuzzParser(f, mdmReportParser(), "MDMDiagReport.xml") }
func FuzzMDMHTML(f *testing.F)         { fuzzParser(f, mdmHTMLParser(), "MDMDiagHTMLReport.html") }
func FuzzWinHTTP(f *testing.F)         { fuzzParser(f, winHTTPParser(), "proxy.log") }
func FuzzIPConfig(f *testing.F)        { fuzzParser(f, ipconfigParser(), "ipconfig.log") }
func FuzzW32tm(f *testing.F)           { fuzzParser(f, w32tmParser(), "w32tm.log") }
func FuzzTimeChart(f *testing.F)       { fuzzParser(f, timeChartParser(), "stripchart.log") }
func FuzzTpmtool(f *testing.F)         { fuzzParser(f, tpmtoolParser(), "tpmtool.log") }
func FuzzCertutil(f *testing.F)        { fuzzParser(f, certutilParser(), "certutil.log") }
func FuzzMsinfo(f *testing.F)          { fuzzParser(f, msinfoParser(), "msinfo32.log") }
func FuzzSysteminfo(f *testing.F)      { fuzzParser(f, systeminfoParser(), "systeminfo.log") }
func FuzzServices(f *testing.F)        { fuzzParser(f, servicesParser(), "services.log") }
func FuzzDeliveryCSV(f *testing.F)     { fuzzParser(f, deliveryCSVParser(), "do.csv") }
func FuzzWindowsUpdate(f *testing.F)   { fuzzParser(f, windowsUpdateParser(), "WindowsUpdate.log") }
func FuzzReportingEvents(f *testing.F) { fuzzParser(f, reportingEventsParser(), "ReportingEvents.log") }
func FuzzPSADT(f *testing.F)           { fuzzParser(f, psadtParser(), "Contoso_Install.log") }
func FuzzDeliveryOpt(f *testing.F)     { fuzzParser(f, deliveryOptParser(), "do.log") }
func FuzzUEFI(f *testing.F)            { fuzzParser(f, uefiParser(), "UEFI_Data_Output.txt") }
func FuzzIntuneMissing(f *testing.F) {
	fuzzParser(f, intuneMissingParser(), "(3) No Results - Error [0x80070002]")
}
func FuzzETWText(f *testing.F)   { fuzzParser(f, etwTextParser(), "Shell-Core-Operational.txt") }
func FuzzEventText(f *testing.F) { fuzzParser(f, eventTextParser(), "AAD-Operational.txt") }
func FuzzSetupact(f *testing.F)  { fuzzParser(f, setupactParser(), "setupact.log") }
func FuzzNetSetup(f *testing.F)  { fuzzParser(f, netsetupParser(), "NetSetup.log") }
func FuzzDressed(f *testing.F)   { fuzzParser(f, dressedParser(), "quoted-mail.txt") }
func FuzzEventView(f *testing.F) { fuzzParser(f, eventViewParser(), "viewer.txt") }
func FuzzPasted(f *testing.F)    { fuzzParser(f, pastedParser(), "forum.txt") }
func FuzzText(f *testing.F)      { fuzzParser(f, textParser(), "notes.txt") }

// FuzzParse lets the parsers choose.
func FuzzParse(f *testing.F) {
	for path, data := range samples(f) {
		f.Add(path, data)
	}
	f.Fuzz(func(t *testing.T, path string, data []byte) {
		in := &Input{Path: path, Data: data}
		out := Parse(in)
		if out.Coverage.Parser != "evtx" {
			checkOutput(t, in, out)
		}
	})
}
