package synth

import (
	"fmt"
	"strings"
	"time"
)

// msiActions are actions of client.msi in their order.
var msiActions = []string{
	"INSTALL", "FindRelatedProducts", "AppSearch", "LaunchConditions", "CcmValidateServerSKU", "CostInitialize",
	"InstallValidate", "SmsStopServices", "InstallInitialize", "ProcessComponents", "CreateFolders", "InstallFiles",
	"WriteRegistryValues", "CcmCreateWmiNamespaces", msiFailingAction, "InstallServices", "RegisterProduct",
	"InstallFinalize", "CcmStartService",
}

const msiFailingAction = "CcmRegisterWmiMofFile"

// msiLog writes client.msi.log, a verbose log of Windows Installer:
//
//	MSI (s) (4C:1A) [09:08:07:123]: Doing action: InstallFiles
//	Action ended 09:08:12: InstallFiles. Return value 1.
//
// Only its first line has a date. It is UTF-16LE with a byte order mark.
type msiLog struct {
	d     *device
	lines []msiLine
	r     *rng
}

type msiLine struct {
	at   time.Time
	text string
}

func newMSILog(d *device, at time.Time) *msiLog {
	m := &msiLog{d: d, r: stream(d.s.Seed, "client.msi")}
	m.put(at, "=== Verbose logging started: %s  Build type: SHIP UNICODE 5.00.10011.00  Calling process: C:\\Windows\\ccmsetup\\ccmsetup.exe ===",
		d.local(at).Format("1/2/2006  15:04:05"))
	m.engine(at, 'c', "Resetting cached policy values")
	m.engine(at, 'c', "Machine policy value 'Debug' is 0")
	m.engine(at, 'c', "******* RunEngine:")
	m.put(at, "Property(S): ProductCode = %s", d.id.ccmProduct)
	m.put(at, "Property(S): ProductVersion = %s", d.id.clientVersion)
	m.put(at, "Property(S): ProductName = Configuration Manager Client")
	return m
}

func (m *msiLog) put(at time.Time, format string, args ...any) {
	m.lines = append(m.lines, msiLine{at, fmt.Sprintf(format, args...)})
}

// engine notes a line of the engine: side is 'c' client or 's' server.
func (m *msiLog) engine(at time.Time, side byte, format string, args ...any) {
	m.put(at, "MSI (%c) (%s:%s) [%s]: %s", side, strings.ToUpper(m.r.text(2, hexDigits)), strings.ToUpper(m.r.text(2, hexDigits)),
		strings.Replace(m.d.local(at).Format("15:04:05.000"), ".", ":", 1), fmt.Sprintf(format, args...))
}

func (m *msiLog) begin(name string, at time.Time) {
	clock := m.d.local(at).Format("15:04:05")
	m.engine(at, 's', "Doing action: %s", name)
	m.put(at, "Action %s: %s. ", clock, name)
	m.put(at, "Action start %s: %s.", clock, name)
	for range m.r.between(3, 12) * m.d.s.Noise {
		m.engine(at, 's', "%s", pick(m.r, []string{
			"Note: 1: 2262 2: AdminProperties 3: -2147287038", "Skipping action: SetARPINSTALLLOCATION (condition is false)",
			"PROPERTY CHANGE: Adding SMSPROVISIONINGMODE property. Its value is '1'.",
			"Executing op: ComponentRegister(ComponentId={" + strings.ToUpper(m.r.guid()) + "},KeyPath=C:\\Windows\\CCM\\ccmcore.dll,State=3,,Disk=1,SharedDllRefCount=0,BinaryType=1)",
			"Executing op: FileCopy(SourceName=CCMCORE.DLL,SourceCabKey=CCMCORE.DLL,DestName=ccmcore.dll,Attributes=16384,FileSize=1423432)",
		}))
	}
}

func (m *msiLog) action(name string, at time.Time) {
	m.begin(name, at)
	if name != "INSTALL" { // ends when all others have
		at = at.Add(2 * time.Second)
		m.put(at, "Action ended %s: %s. Return value 1.", m.d.local(at).Format("15:04:05"), name)
	}
}

func (m *msiLog) failAction(name string, at time.Time) {
	m.begin(name, at)
	m.put(at, "Setup was unable to compile the file CcmExec.mof")
	m.put(at, "The error code is 8004100E")
	m.put(at, "CustomAction %s returned actual error code 1603 (note this may not be 100%% accurate if translation happened inside sandbox)", name)
	m.put(at, "Error 25140. Setup was unable to compile the file CcmExec.mof. The error code is 8004100E")
	at = at.Add(2 * time.Second)
	m.put(at, "Action ended %s: %s. Return value 3.", m.d.local(at).Format("15:04:05"), name)
}

func (m *msiLog) stop(at time.Time, code int) {
	clock := m.d.local(at).Format("15:04:05")
	result, verdict := 1, "Installation completed successfully."
	if code != 0 {
		result, verdict = 3, "Installation operation failed."
	}
	m.put(at, "Action ended %s: INSTALL. Return value %d.", clock, result)
	m.engine(at, 's', "Product: Configuration Manager Client -- %s", verdict)
	m.engine(at, 's', "Windows Installer installed the product. Product Name: Configuration Manager Client. Product Version: %s. Product Language: 1033. Manufacturer: Microsoft Corporation. Installation success or error status: %d.", m.d.id.clientVersion, code)
	m.engine(at, 's', "MainEngineThread is returning %d", code)
	m.put(at, "=== Verbose logging stopped: %s ===", m.d.local(at).Format("1/2/2006  15:04:05"))
	var b strings.Builder
	for _, l := range m.lines {
		b.WriteString(l.text + "\r\n")
	}
	m.d.files = append(m.d.files, extraFile{"ccmsetup/Logs/client.msi.log", string(utf16File(b.String()))})
}
