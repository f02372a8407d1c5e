package codes

import (
	"fmt"
	"strings"
)

// family is a range of codes that share their upper bits and their meaning.
type family struct {
	prefix, mask uint32
	area         string
	meaning      string
}

// families are the ranges met in enrolment, the narrower ones first. Facility
// numbers: winerror.h of the Windows SDK; the ranges of ConfigMgr, Intune,
// Autopilot and the Entra sign-in plug-in as Microsoft Learn uses them.
var families = []family{
	{0x80073C00, 0xFFFFFE00, "AppX", "AppX deployment"},
	{0x80072E00, 0xFFFFFE00, "Net", "WinHTTP or WinINet"},
	{0x80041000, 0xFFFFF000, "WMI", "WMI"},
	{0x86000000, 0xFFFFF000, "CSP", "configuration service provider (CSP)"},
	{0x80070000, 0xFFFF0000, "Win32", "Win32"},
	{0x80180000, 0xFFFF0000, "Autopilot", "MDM enrolment (MENROLL)"},
	{0x80190000, 0xFFFF0000, "Net", "HTTP or MDM registration"},
	{0x801C0000, 0xFFFF0000, "Join", "device registration (DSREG)"},
	{0x80200000, 0xFFFF0000, "BITS", "Background Intelligent Transfer (BITS)"},
	{0x80240000, 0xFFFF0000, "WU", "Windows Update"},
	{0x80280000, 0xFFFF0000, "TPM", "TPM services"},
	{0x80290000, 0xFFFF0000, "TPM", "TPM software"},
	{0x80090000, 0xFFFF0000, "Cert", "cryptography and security (SSPI)"},
	{0x800B0000, 0xFFFF0000, "Cert", "certificate trust"},
	{0x80CF0000, 0xFFFF0000, "IME", "Intune software client (older agent)"},
	{0x80D00000, 0xFFFF0000, "DO", "Delivery Optimization"},
	{0x81030000, 0xFFFF0000, "Autopilot", "Autopilot client"},
	{0x82AA0000, 0xFFFF0000, "MDM", "MDM client, internal"},
	{0x87D00000, 0xFFFF0000, "CM", "ConfigMgr client"},
	{0x87D10000, 0xFFFF0000, "IME", "Intune policy or app"},
	{0x87D30000, 0xFFFF0000, "IME", "Intune management extension"},
	{0x8A150000, 0xFFFF0000, "AppX", "Windows Package Manager (winget)"},
	{0xCAA00000, 0xFFF00000, "Join", "Entra sign-in plug-in"},
	{0xC0000000, 0xF0000000, "NT", "NTSTATUS"},
}

// facilityITF is the range of HRESULTs whose meaning each interface defines for
// itself. WMI's part of it, from 0x80041000, is WMI's own.
const facilityITF = 0x80040000

// familyOf returns the first family that holds v.
func familyOf(v uint32) (family, bool) {
	for _, f := range families {
		if v&f.mask == f.prefix {
			return f, true
		}
	}
	return family{}, false
}

// isWinHTTP reports whether n is in the range of WinHTTP and WinINet numbers.
func isWinHTTP(n uint32) bool { return n >= 12000 && n <= 12199 }

// area names the area of a code that has no row of its own.
func area(v uint32) string {
	if f, ok := familyOf(v); ok {
		return f.area
	}
	switch {
	case isWinHTTP(v):
		return "Net"
	case v >= 1601 && v <= 1660:
		return "MSI"
	case v <= 0xFFFF:
		return "Win32"
	}
	return "Windows"
}

// Describe returns the entry of v, or what the family of v tells about it:
// the Win32 error, HTTP status or NTSTATUS inside an HRESULT, else the
// facility. Value is always v; Derived says that no entry exists.
func Describe(v uint32) Code {
	if c, ok := Lookup(v); ok {
		if v&0xFFFFF000 == facilityITF && c.Cause == "" {
			// Another component gives the same number another meaning: the OLE
			// name must not pass for the reason of a failed download.
			c.Meaning, c.Symbol = "meaning depends on the component that returned it; OLE calls it "+c.Symbol, ""
		}
		return c
	}
	c := Code{Value: v, Area: area(v), Source: "family of the code", Derived: true}
	f, known := familyOf(v)
	low := v & 0xFFFF
	switch {
	case v <= 0xFFFF:
		describePlain(&c)
	case v&0xFFFF0000 == 0x80070000:
		describeWin32(&c, f, low)
	case v&0xFFFFF000 == 0x80190000 && isHTTPStatus(low), v&0xFFFFF000 == 0xCAA30000 && isHTTPStatus(low&0xFFF):
		// 0xCAA30193 is HTTP 403 as the Entra sign-in plug-in writes it.
		c.Meaning, c.Verified = fmt.Sprintf("HTTP status %d", low&0xFFF), true
	case v&0xFFFF0000 == 0xCAA80000 && isWinHTTP(low):
		inner := Describe(low)
		c.Meaning = "Entra sign-in plug-in: " + inner.Meaning
		c.Cause, c.Remedy, c.Verified = inner.Cause, inner.Remedy, inner.Verified
	case v&0xF0000000 == 0xD0000000:
		describeNT(&c, v&^0x10000000)
	case known:
		c.Meaning = f.meaning + " error; no name is known"
	default:
		describeFacility(&c)
	}
	return c
}

func isHTTPStatus(n uint32) bool { return n >= 100 && n <= 599 }

// describePlain decodes a number without upper bits.
func describePlain(c *Code) {
	if isWinHTTP(c.Value) {
		c.Meaning = fmt.Sprintf("WinHTTP or WinINet error %d; no name is known", c.Value)
		return
	}
	c.Meaning = fmt.Sprintf("exit code or Win32 error %d; no name is known", c.Value)
}

// describeWin32 decodes the Win32 error inside 0x8007xxxx.
func describeWin32(c *Code, f family, n uint32) {
	d := dict()
	symbol, ok := d.symbol(n)
	if !ok {
		c.Meaning = fmt.Sprintf("%s error %d; no name is known", f.meaning, n)
		return
	}
	c.Symbol = "HRESULT_FROM_WIN32(" + symbol + ")"
	c.Meaning, c.Verified = words(symbol), true
	// Rows for small numbers speak of exit codes, which a wrapped error is not;
	// those of Windows Installer and WinHTTP say the same in both forms.
	if i, ok := d.byValue[n]; ok && (d.entries[i].Area == "MSI" || isWinHTTP(n)) {
		e := d.entries[i]
		c.Area, c.Meaning, c.Cause, c.Remedy = e.Area, e.Meaning, e.Cause, e.Remedy
	} else if a := area(n); a != "Win32" {
		c.Area = a
	}
}

// describeNT decodes an NTSTATUS wrapped by HRESULT_FROM_NT, which sets one bit.
func describeNT(c *Code, status uint32) {
	c.Area = "NT"
	if s, ok := dict().symbol(status); ok {
		c.Symbol, c.Meaning, c.Verified = "HRESULT_FROM_NT("+s+")", words(s), true
		return
	}
	c.Meaning = "NTSTATUS " + Hex(status) + " as HRESULT; no name is known"
}

// facilities are the facility numbers of an HRESULT that families does not
// cover and that a support engineer may meet (winerror.h).
var facilities = map[uint32]string{
	0: "general", 1: "RPC", 2: "dispatch", 3: "storage", 4: "interface-defined", 8: "Windows",
	10: "control", 12: "internet", 15: "setup (SetupAPI)", 16: "smart card", 17: "COM+",
	19: ".NET runtime", 23: "side-by-side assemblies", 26: "common log", 27: "error reporting",
	33: "configuration", 34: "state management", 37: "directory service", 38: "graphics", 39: "shell",
	48: "Windows setup", 49: "BitLocker", 50: "firewall", 51: "WinRM", 53: "hypervisor",
	62: "push notifications", 63: "Windows Store", 80: "Windows Defender", 84: "mobile broadband",
	100: "device association", 134: "online id", 135: "device update agent", 234: "licensing",
	256: "restore", 305: "linguistic services",
}

// describeFacility decodes what is left: severity and facility of an HRESULT.
func describeFacility(c *Code) {
	if c.Value == 0xFFFFFFFF {
		c.Meaning = "-1: failure without a code"
		return
	}
	if c.Value&0x80000000 == 0 {
		c.Meaning = "not an error code that is known; the value has no failure bit"
		return
	}
	facility := c.Value >> 16 & 0x7FF
	name, ok := facilities[facility]
	if !ok {
		c.Meaning = fmt.Sprintf("error %d of the unnamed facility %d", c.Value&0xFFFF, facility)
		return
	}
	c.Meaning = fmt.Sprintf("error %d of the facility %s", c.Value&0xFFFF, name)
	if strings.HasPrefix(name, "general") {
		c.Meaning = "general error; no name is known"
	}
}
