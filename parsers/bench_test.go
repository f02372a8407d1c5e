package parsers

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ccmText is a log of n records as a client writes them.
func ccmText(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "<![LOG[Step %d of the sample sequence has been evaluated and is going to be run with the action 'Sample']LOG]!>"+
			"<time=\"%02d:%02d:%02d.%03d-060\" date=\"03-%02d-2025\" component=\"TSManager\" context=\"\" type=\"%d\" thread=\"%d\" file=\"steps.cpp:%d\">\r\n",
			i, i/3600%24, i/60%60, i%60, i%1000, 1+i/86400%28, i%4, 4000+i%7, i%999)
	}
	return b.Bytes()
}

func BenchmarkCMTrace(b *testing.B) {
	data := ccmText(50_000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if out := Parse(&Input{Path: "smsts.log", Data: data}); len(out.Events) != 50_000 {
			b.Fatal(len(out.Events))
		}
	}
}

// BenchmarkRatioCMTrace reads a log as events and, for comparison, only cuts
// it into lines, once each from the same file and once each from memory.
// "of-scanner" is the parser's speed as a share of the scanner's.
func BenchmarkRatioCMTrace(b *testing.B) {
	const records = 50_000
	data := ccmText(records)
	name := filepath.Join(b.TempDir(), "smsts.log")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		b.Fatal(err)
	}
	split := func(r io.Reader) {
		n := 0
		for s := bufio.NewScanner(r); s.Scan(); {
			n++
		}
		if n != records {
			b.Fatal(n)
		}
	}
	parse := func(data []byte) {
		if out := Parse(&Input{Path: "smsts.log", Data: data}); len(out.Events) != records {
			b.Fatal(len(out.Events))
		}
	}
	ratio := func(b *testing.B, scan, read func()) {
		b.SetBytes(int64(len(data)))
		var scanned, parsed time.Duration
		for b.Loop() {
			start := time.Now()
			scan()
			between := time.Now()
			read()
			scanned += between.Sub(start)
			parsed += time.Since(between)
		}
		b.ReportMetric(float64(scanned)/float64(parsed), "of-scanner")
	}
	b.Run("file", func(b *testing.B) {
		ratio(b, func() {
			f, err := os.Open(name)
			if err != nil {
				b.Fatal(err)
			}
			split(f)
			f.Close()
		}, func() {
			data, err := os.ReadFile(name)
			if err != nil {
				b.Fatal(err)
			}
			parse(data)
		})
	})
	b.Run("memory", func(b *testing.B) {
		ratio(b, func() { split(bytes.NewReader(data)) }, func() { parse(data) })
	})
}

func BenchmarkMSI(b *testing.B) {
	var s strings.Builder
	s.WriteString("=== Verbose logging started: 3/5/2025  9:14:02  Build type: SHIP UNICODE 5.00.10011.00  Calling process: C:\\Windows\\system32\\msiexec.exe ===\r\n")
	for i := range 20_000 {
		fmt.Fprintf(&s, "MSI (s) (A4:%02X) [09:%02d:%02d:%03d]: Executing op: ActionStart(Name=Sample%d,Description=A sample action,)\r\n", i%256, i/600%60, i/10%60, i%1000, i)
		if i%20 == 0 {
			fmt.Fprintf(&s, "Action ended 9:%02d:%02d: Sample%d. Return value 1.\r\n", i/600%60, i/10%60, i)
		}
	}
	data := []byte(s.String())
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if out := Parse(&Input{Path: "client.msi.log", Data: data}); len(out.Events) < 20_000 {
			b.Fatal(len(out.Events))
		}
	}
}

// BenchmarkRegistry reads a dump of the size of a real one.
func BenchmarkRegistry(b *testing.B) {
	var s strings.Builder
	for key := range 7_000 {
		fmt.Fprintf(&s, "[HKEY_LOCAL_MACHINE\\software\\microsoft\\policymanager\\default\\Area%d\\Policy%d]\r\n", key%90, key)
		for v := range 5 {
			switch v {
			case 0:
				fmt.Fprintf(&s, "    \"Text\"=\"A sample value with some length, number %d, and a path C:\\sample\\%d\"\r\n", key, key)
			case 1:
				s.WriteString("    \"Bytes\"=hex(3):01,02,03,04,05,06,07,08,09,0a,0b,0c,0d,0e,0f,10,11,12,13,14,15,16,17,18,19,1a,1b,1c,1d,1e,1f,20\r\n")
			default:
				fmt.Fprintf(&s, "    \"Number%d\"=DWORD:%08x\r\n", v, key*v)
			}
		}
		s.WriteString("\r\n")
	}
	data := []byte(s.String())
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if out := Parse(&Input{Path: "MdmDiagReport_RegistryDump.reg", Data: data}); len(out.Facts) != 42_000 {
			b.Fatal(len(out.Facts))
		}
	}
}

// BenchmarkPasted reads what people paste: lines of several logs, a quoted
// mail, blocks of the Event Viewer.
func BenchmarkPasted(b *testing.B) {
	for _, name := range []string{"forum.txt", "quoted-mail.txt", "viewer.txt"} {
		sample, err := os.ReadFile(filepath.Join("testdata", "samples", "paste", name))
		if err != nil {
			b.Fatal(err)
		}
		data := bytes.Repeat(sample, 500)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if out := Parse(&Input{Path: name, Data: data}); len(out.Events) < 500 {
					b.Fatal(len(out.Events))
				}
			}
		})
	}
}

// BenchmarkIntuneResults reads a list of far more items than any real one.
func BenchmarkIntuneResults(b *testing.B) {
	var s strings.Builder
	s.WriteString("<Collection HRESULT=\"0\">\r\n")
	for i := range 20_000 {
		fmt.Fprintf(&s, "    <RegistryKey HRESULT=\"%d\">HKLM\\Software\\Contoso\\Sample%d</RegistryKey>\r\n", -2147024895*(i%2), i)
	}
	s.WriteString("</Collection>\r\n")
	data := []byte(s.String())
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if out := Parse(&Input{Path: "results.xml", Data: data}); len(out.Events) != 20_000 {
			b.Fatal(len(out.Events))
		}
	}
}

// BenchmarkMDMReport reads a report of the size of a real one.
func BenchmarkMDMReport(b *testing.B) {
	var s strings.Builder
	s.WriteString("<MDMEnterpriseDiagnosticsReport>\r\n<PolicyManager><ConfigSource><EnrollmentId>A</EnrollmentId><PolicyScope><PolicyScope>device</PolicyScope>\r\n")
	for area := range 500 {
		fmt.Fprintf(&s, "    <Area>\r\n      <PolicyAreaName>Sample%d</PolicyAreaName>\r\n", area)
		for policy := range 8 {
			fmt.Fprintf(&s, "      <AllowSample%d>%d</AllowSample%d>\r\n", policy, policy, policy)
		}
		s.WriteString("    </Area>\r\n")
	}
	s.WriteString("</PolicyScope></ConfigSource></PolicyManager>\r\n<PolicyManagerMeta>\r\n")
	for policy := range 20_000 {
		fmt.Fprintf(&s, "      <PolicyMetadata>\r\n        <PolicyName>Sample%d</PolicyName>\r\n        <mergealgorithm>3</mergealgorithm>\r\n      </PolicyMetadata>\r\n", policy)
	}
	s.WriteString("</PolicyManagerMeta>\r\n</MDMEnterpriseDiagnosticsReport>\r\n")
	data := []byte(s.String())
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if out := Parse(&Input{Path: "MDMDiagReport.xml", Data: data}); len(out.Events) != 500 || out.Coverage.Damaged > 0 {
			b.Fatal(len(out.Events), out.Coverage.Problems)
		}
	}
}

// BenchmarkMDMHTML reads a page with as many policies as a large tenant sets.
func BenchmarkMDMHTML(b *testing.B) {
	var s strings.Builder
	s.WriteString("<!DOCTYPE html><html><head><title>MDM Diagnostic Report</title></head><body><table id=\"ManagedPoliciesTable\"><thead><tr><th>Area</th><th>Policy</th><th>Current Value</th></tr></thead><tbody>")
	for i := range 20_000 {
		fmt.Fprintf(&s, "<tr><td valign=\"top\" class=\"ColumnHeader\">Sample</td><td valign=\"top\">AllowSample%d</td><td valign=\"top\">&lt;enabled /&gt;</td></tr>", i)
	}
	s.WriteString("</tbody></table></body></html>")
	data := []byte(s.String())
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if out := Parse(&Input{Path: "MDMDiagHTMLReport.html", Data: data}); len(out.Events) != 20_000 {
			b.Fatal(len(out.Events))
		}
	}
}

// BenchmarkCommands reads the outputs of commands, each many times over.
func BenchmarkCommands(b *testing.B) { benchmarkSamples(b, "command") }

// BenchmarkWindowsLogs does the same with text logs of Windows and of toolkits.
func BenchmarkWindowsLogs(b *testing.B) { benchmarkSamples(b, "windows") }

// BenchmarkSmallFiles does the same with the small members of a collection.
func BenchmarkSmallFiles(b *testing.B) { benchmarkSamples(b, "small") }

func benchmarkSamples(b *testing.B, folder string) {
	dir := filepath.Join("testdata", "samples", folder)
	files, err := os.ReadDir(dir)
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range files {
		sample, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			b.Fatal(err)
		}
		data := bytes.Repeat(sample, 200)
		b.Run(f.Name(), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if out := Parse(&Input{Path: f.Name(), Data: data}); out.Coverage.Records == 0 {
					b.Fatal("nothing was read")
				}
			}
		})
	}
}
