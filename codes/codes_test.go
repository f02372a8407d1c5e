package codes

import (
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTables(t *testing.T) {
	d := dict()
	n := 0
	for range rows(codesTSV) {
		n++
	}
	if n-1 != len(d.entries) || len(d.byValue) != len(d.entries) {
		t.Errorf("codes.tsv: %d rows, %d entries, %d values: a row is malformed or stands twice", n-1, len(d.entries), len(d.byValue))
	}
	for i, c := range d.entries {
		if c.Meaning == "" || c.Area == "" || c.Source == "" {
			t.Errorf("%s: meaning, area and source are required", Hex(c.Value))
		}
		if strings.Contains(c.Symbol, "(") && !strings.HasPrefix(c.Symbol, "HRESULT_FROM_WIN32(") {
			t.Errorf("%s: symbol %q is not a name", Hex(c.Value), c.Symbol)
		}
		for _, s := range append([]string{c.Symbol}, d.aliases[i]...) {
			if s == "" {
				continue
			}
			if v, err := Parse(s); err != nil || v != c.Value {
				t.Errorf("%s: Parse(%q) = %s, %v", Hex(c.Value), s, Hex(v), err)
			}
			// A symbol that the SDK knows must have the SDK's value.
			for _, sdk := range d.names {
				if sdk.symbol == s && sdk.value != c.Value {
					t.Errorf("%s: the SDK gives %s the value %s", Hex(c.Value), s, Hex(sdk.value))
				}
				if "HRESULT_FROM_WIN32("+sdk.symbol+")" == s && 0x80070000|sdk.value != c.Value {
					t.Errorf("%s: %s is %s", Hex(c.Value), s, Hex(0x80070000|sdk.value))
				}
			}
		}
	}
	if len(d.names) < 9000 {
		t.Errorf("only %d SDK names", len(d.names))
	}
	for i := 1; i < len(d.names); i++ {
		if d.names[i-1].value > d.names[i].value {
			t.Fatalf("names out of order at %d", i)
		}
	}
}

// TestLabelsOftenWrong holds the codes that lists on the web get wrong.
func TestLabelsOftenWrong(t *testing.T) {
	for v, want := range map[uint32][2]string{
		0x87D00215: {"", "item not found"},
		0x87D00607: {"", "content not found"},
		0x87D01101: {"", "fatal run error of the program"},
		0x80072F05: {"HRESULT_FROM_WIN32(ERROR_WINHTTP_SECURE_CERT_DATE_INVALID)", "certificate date invalid"},
		0x80072F06: {"HRESULT_FROM_WIN32(ERROR_WINHTTP_SECURE_CERT_CN_INVALID)", "certificate common name does not match the host name"},
		0x80072F8F: {"HRESULT_FROM_WIN32(ERROR_WINHTTP_SECURE_FAILURE)", "TLS failure: certificate, revocation or clock"},
		0x800B010C: {"CERT_E_REVOKED", "certificate revoked"},
		0x800B010F: {"CERT_E_CN_NO_MATCH", "CN mismatch"},
		0x80041007: {"WBEM_E_INVALID_CONTEXT", "invalid context"},
		0x80D01001: {"DO_E_NO_SERVICE", "Delivery Optimization was unable to provide the service"},
		0x80D03805: {"DO_E_BLOCKED_BY_NO_NETWORK", "job paused: no network"},
	} {
		c, ok := Lookup(v)
		if got := [2]string{c.Symbol, c.Meaning}; !ok || got != want {
			t.Errorf("Lookup(%s) = %q, want %q", Hex(v), got, want)
		}
	}
}

func TestDescribe(t *testing.T) {
	tests := []struct {
		name string
		v    uint32
		want Code
	}{
		{"win32 in hresult, named", 0x80070020, Code{Area: "Win32", Symbol: "HRESULT_FROM_WIN32(ERROR_SHARING_VIOLATION)", Meaning: "sharing violation", Verified: true}},
		{"installer number in hresult", 0x80070656, Code{Area: "MSI", Symbol: "HRESULT_FROM_WIN32(ERROR_INSTALL_LOG_FAILURE)", Meaning: "log file open failure", Cause: "path missing", Remedy: "create folder", Verified: true}},
		{"an exit code's row is not used for a wrapped error", 0x80070008, Code{Area: "Win32", Symbol: "HRESULT_FROM_WIN32(ERROR_NOT_ENOUGH_MEMORY)", Meaning: "not enough memory", Verified: true}},
		{"winhttp in hresult", 0x80072F92, Code{Area: "Net", Symbol: "HRESULT_FROM_WIN32(ERROR_WINHTTP_AUTO_PROXY_SERVICE_ERROR)", Meaning: "auto proxy service error", Verified: true}},
		{"win32 in hresult, unnamed", 0x80073FFF, Code{Area: "Win32", Meaning: "Win32 error 16383; no name is known"}},
		{"http without a name", 0x801901A2, Code{Area: "Net", Meaning: "HTTP status 418", Verified: true}},
		{"http of the sign-in plug-in", 0xCAA30193, Code{Area: "Join", Meaning: "HTTP status 403", Verified: true}},
		{"winhttp of the sign-in plug-in", 0xCAA82F05, Code{Area: "Join", Meaning: "Entra sign-in plug-in: secure cert date invalid", Verified: true}},
		{"plain winhttp", 12199, Code{Area: "Net", Meaning: "WinHTTP or WinINet error 12199; no name is known"}},
		{"plain number", 60099, Code{Area: "Win32", Meaning: "exit code or Win32 error 60099; no name is known"}},
		{"menroll", 0x801800FF, Code{Area: "Autopilot", Meaning: "MDM enrolment (MENROLL) error; no name is known"}},
		{"ccm", 0x87D0FFFF, Code{Area: "CM", Meaning: "ConfigMgr client error; no name is known"}},
		{"windows update", 0x8024FFF1, Code{Area: "WU", Meaning: "Windows Update error; no name is known"}},
		{"appx", 0x80073DFE, Code{Area: "AppX", Meaning: "AppX deployment error 15870; no name is known"}},
		{"ntstatus unnamed", 0xC0FF0001, Code{Area: "NT", Meaning: "NTSTATUS error; no name is known"}},
		{"ntstatus in hresult", 0xD0000022, Code{Area: "NT", Symbol: "HRESULT_FROM_NT(STATUS_ACCESS_DENIED)", Meaning: "access denied", Verified: true}},
		{"facility", 0x8030FFFF, Code{Area: "Windows", Meaning: "error 65535 of the facility Windows setup"}},
		{"unnamed facility", 0x87F00001, Code{Area: "Windows", Meaning: "error 1 of the unnamed facility 2032"}},
		{"minus one", 0xFFFFFFFF, Code{Area: "Windows", Meaning: "-1: failure without a code"}},
		{"no failure bit", 0x12345678, Code{Area: "Windows", Meaning: "not an error code that is known; the value has no failure bit"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.Value, tt.want.Derived, tt.want.Source = tt.v, true, "family of the code"
			if diff := cmp.Diff(tt.want, Describe(tt.v)); diff != "" {
				t.Errorf("Describe (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLookupSDKName(t *testing.T) {
	want := Code{Value: 0xC0000022, Area: "NT", Symbol: "STATUS_ACCESS_DENIED", Meaning: "access denied", Source: "Windows SDK", Verified: true}
	got, ok := Lookup(0xC0000022)
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("Lookup: %v (-want +got):\n%s", ok, diff)
	}
	if c, ok := Lookup(0x87D0FFFF); ok {
		t.Errorf("Lookup of an unknown code = %v", c)
	}
}

func TestParse(t *testing.T) {
	tests := []struct {
		in   string
		want uint32
	}{
		{"0x80070643", 0x80070643},
		{" 0X80070643 ", 0x80070643},
		{"0x643", 1603},
		{"0xFFFFFFFF80070643", 0x80070643},
		{"(0x80070643)", 0x80070643},
		{`"80180014"`, 0x80180014},
		{"8007064c", 0x8007064C},
		{"c1036501", 0xC1036501},
		{"12345678", 12345678},
		{"-2147023293", 0x80070643},
		{"-1", 0xFFFFFFFF},
		{"2147944003", 0x80070643},
		{"4294967295", 0xFFFFFFFF},
		{"0", 0},
		{"1603", 1603},
		{"ERROR_INSTALL_FAILURE", 1603},
		{"e_fail", 0x80004005},
		{"hresult_from_win32(error_timeout)", 0x800705B4},
		{"HRESULT_FROM_WIN32(1603)", 0x80070643},
		{"HRESULT_FROM_WIN32( 0 )", 0},
		{"HRESULT_FROM_NT(STATUS_ACCESS_DENIED)", 0xD0000022},
		{"MENROLL_E_USERLICENSE", 0x80180018},
		{"WININET_E_TIMEOUT", 0x80072EE2},
	}
	for _, tt := range tests {
		if got, err := Parse(tt.in); err != nil || got != tt.want {
			t.Errorf("Parse(%q) = %s, %v; want %s", tt.in, Hex(got), err, Hex(tt.want))
		}
	}
	for _, in := range []string{"", " ", "0x", "0x180070643", "0x7FFFFFFF80070643", "-2147483649", "4294967296", "1.5", "+5", "error", "8007064G", "HRESULT_FROM_WIN32()", "HRESULT_FROM_WIN32(70000)", "NOPE(5)", "٣"} {
		if got, err := Parse(in); !errors.Is(err, ErrNotCode) {
			t.Errorf("Parse(%q) = %s, %v; want ErrNotCode", in, Hex(got), err)
		}
	}
}

func TestFind(t *testing.T) {
	tests := []struct {
		name string
		text string
		want []uint32
	}{
		{"hex", "Failed with error 0x80072EE7 (0x80072ee7).", []uint32{0x80072EE7}},
		{"hex suffix", "hr=0x80070643L", []uint32{0x80070643}},
		{"sign-extended", "result 0xFFFFFFFF80070005;", []uint32{0x80070005}},
		{"json unsigned", `{"message":"x","errorCode":2147943860}`, []uint32{0x800705B4}},
		{"json zero", `{"message":"x","errorCode":0}`, nil},
		{"signed", "hResultFromWin32 -2147023293,", []uint32{0x80070643}},
		{"unsigned alone", "value 2147944003 seen", []uint32{0x80070643}},
		{"bare hex behind error", "Error: 80070643;", []uint32{0x80070643}},
		{"bare hex behind CDJUIError", "CDJUIError 80180014", []uint32{0x80180014}},
		{"bare hex in a dword", "Result=DWORD:80180014", []uint32{0x80180014}},
		{"bare hex alone", "package 80070643 done", nil},
		{"exit code", "Process exit code 1603", []uint32{1603}},
		{"exit code is", "The exit code is 3010, the execution result is", []uint32{3010}},
		{"exit code minus one", "exit code: -1", []uint32{0xFFFFFFFF}},
		{"exit code zero", "exited with exit code 0", nil},
		{"installer status", "Installation success or error status: 1603.", []uint32{1603}},
		{"winhttp code", "[CCMHTTP] ERROR INFO: StatusCode=0 Code=12175", []uint32{12175}},
		{"winhttp function", "(Error at WinHttpSendRequest: 12007)", []uint32{12007}},
		{"http status is no win32 error", "status code 404, Code=404", nil},
		{"guid", "{80070643-1111-2222-3333-444444444444} error 80070643-1111", nil},
		{"date", "error 20240305 at 2024-03-05", nil},
		{"size", "free space 3221225472 bytes of 4294967296", nil},
		{"phone", "call 2155550199", nil},
		{"version", "error 10.0.2214748364", nil},
		{"fraction", "0.2147944003", nil},
		{"address", "module at 0x7FFB1234 flags 0x00000001", nil},
		{"small hex behind error", "error 0x00000002", []uint32{2}},
		{"context ends at the sentence", "It was an error. 80070643 is the id", nil},
		{"inside a word", "build2147944003 x0x80070643", nil},
		{"several in order", "0x80070005 then -2147023293 then 0x80070005", []uint32{0x80070005, 0x80070643}},
		{"empty", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Find(tt.text)); diff != "" {
				t.Errorf("Find(%q) (-want +got):\n%s", tt.text, diff)
			}
		})
	}
	var many strings.Builder
	for i := range 1000 {
		many.WriteString(Hex(0x80070000|uint32(i)) + " ")
	}
	if got := len(Find(many.String())); got != maxFound {
		t.Errorf("found %d codes, want the bound %d", got, maxFound)
	}
}

func TestSearch(t *testing.T) {
	symbols := func(cs []Code) (out []string) {
		for _, c := range cs {
			out = append(out, c.Symbol)
		}
		return out
	}
	if got := Search("1618"); len(got) == 0 || got[0].Symbol != "ERROR_INSTALL_ALREADY_RUNNING" {
		t.Errorf("Search(1618) = %v", symbols(got))
	}
	if got := Search("Revocation OFFLINE"); len(got) == 0 || got[0].Value != 0x80092013 {
		t.Errorf("Search(revocation offline) = %v", symbols(got))
	}
	if got := Search("sharing violation"); len(got) == 0 || got[0].Symbol != "ERROR_SHARING_VIOLATION" {
		t.Errorf("Search(sharing violation) = %v", symbols(got))
	}
	if got := Search("error"); len(got) != maxResults {
		t.Errorf("Search(error) gave %d", len(got))
	}
	for _, q := range []string{"", "  ", "no such thing at all"} {
		if got := Search(q); len(got) != 0 {
			t.Errorf("Search(%q) = %v", q, symbols(got))
		}
	}
}

func TestString(t *testing.T) {
	tests := map[uint32]string{
		0x80070643: "0x80070643 HRESULT_FROM_WIN32(ERROR_INSTALL_FAILURE): fatal error during install (HRESULT of 1603)",
		1603:       "1603 ERROR_INSTALL_FAILURE: fatal error",
		0x87D00607: "0x87d00607: content not found",
		0x87D300CA: "0x87d300ca: failed to enforce (unconfirmed)",
	}
	for v, want := range tests {
		if got := Describe(v).String(); got != want {
			t.Errorf("String = %q, want %q", got, want)
		}
	}
}

// TestAgainstSharedList holds the dictionary complete against the research
// list, where that is at hand.
func TestAgainstSharedList(t *testing.T) {
	dir := os.Getenv("DEBRIEF_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared")
	}
	f, err := os.Open(filepath.Join(dir, "error_codes.tsv"))
	if err != nil {
		t.Skipf("research list is not at hand: %v", err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	list, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range list[1:] {
		v, err := Parse(row[1])
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := dict().byValue[v]; !ok {
			t.Errorf("%s (%s) is missing", row[1], row[5])
		}
		for _, spelling := range row[2:4] {
			if got, err := Parse(spelling); err != nil || got != v {
				t.Errorf("Parse(%q) = %s, %v; want %s", spelling, Hex(got), err, row[1])
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"0x80070643", "80180014", "-2147023293", "4294967295", "E_FAIL", "HRESULT_FROM_WIN32(5)", "((", "0xFFFFFFFF80070643"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := Parse(s)
		if err != nil {
			return
		}
		if got, err := Parse(Hex(v)); err != nil || got != v {
			t.Errorf("Parse(%q) = %s, which reads back as %s, %v", s, Hex(v), Hex(got), err)
		}
		c := Describe(v)
		if c.Value != v || c.Meaning == "" || c.Area == "" {
			t.Errorf("Describe(%s) = %+v", Hex(v), c)
		}
		if c.Symbol != "" && !c.Derived {
			if got, err := Parse(c.Symbol); err != nil || got != v {
				t.Errorf("Parse(%q) = %s, %v; want %s", c.Symbol, Hex(got), err, Hex(v))
			}
		}
	})
}

func FuzzFind(f *testing.F) {
	f.Add("Failed with error 0x80072EE7", uint32(0x80070643))
	f.Add("exit code -", uint32(1603))
	f.Add("é 0", uint32(0x87D00215))
	f.Fuzz(func(t *testing.T, s string, v uint32) {
		for _, c := range Find(s) {
			if c == 0 {
				t.Errorf("Find(%q) returned 0", s)
			}
		}
		if v >= 0x80000000 {
			found := Find("error " + Hex(v) + " seen")
			if len(found) != 1 || found[0] != v {
				t.Errorf("Find of %s = %v", Hex(v), found)
			}
		}
	})
}

func BenchmarkFind(b *testing.B) {
	text := strings.Repeat("<![LOG[Failed to get client version for sending state messages. Error 0x8004100e]LOG]!>\n", 100)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Find(text)
	}
}

func BenchmarkDescribe(b *testing.B) {
	for b.Loop() {
		Describe(0x80070656)
	}
}

// TestInterfaceCodes holds codes that each component defines for itself to say
// so: 0x80040102 is no drag and drop error where ConfigMgr returns it.
func TestInterfaceCodes(t *testing.T) {
	c := Describe(0x80040102)
	if c.Symbol != "" || !strings.Contains(c.Meaning, "depends on the component") {
		t.Errorf("Describe = %+v", c)
	}
	if wmi := Describe(0x80041002); wmi.Symbol != "WBEM_E_NOT_FOUND" {
		t.Errorf("Describe(0x80041002) = %+v", wmi)
	}
}
