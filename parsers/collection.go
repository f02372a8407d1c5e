package parsers

import (
	"encoding/csv"
	"path"
	"strconv"
	"strings"
	"time"

	"debrief/event"
)

// footprintParser reads MdmLogCollectorFootPrint.txt, in which
// mdmdiagnosticstool notes what it collected and what it could not:
//
//	--- Start at:2025-03-05T08:14:02
//	"AreaName" : "autopilot;tpm;"
//	Collected EventViewer Entry: microsoft-windows-aad/operational
//	Failed (HResult: 0x80070003) to CollectFileEntry:c:\contoso\*.xml
//	Failed (HResult:0x80070002) to dump HKLM registry:software\contoso
//	--- End at:2025-03-05T08:14:05
//
// The times are UTC: in two real collections, of devices at UTC+3 and UTC-4,
// they differ by just that from the times in the trace names of the same
// minute. A key that was not found (0x80070002) is known not to exist, so its
// source counts as covered.
func footprintParser() Parser {
	return Parser{
		Name:    "footprint",
		Doc:     "what mdmdiagnosticstool could and could not collect (MdmLogCollectorFootPrint.txt)",
		Version: "1",
		Match: func(in *Input) bool {
			h := trim(head(in, 4096))
			return strings.HasPrefix(h, "--- Start at:") || strings.Contains(h, "\nCollected EventViewer Entry:") ||
				strings.HasPrefix(stem(in.Path), "mdmlogcollectorfootprint")
		},
		Parse: parseFootprint,
	}
}

func parseFootprint(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.Footprint)
	r := lineReader{text: doc.text}
	for {
		line, start, ok := r.read()
		if !ok {
			return nil
		}
		line = trim(line)
		pos := doc.pos(r.num, start)
		switch {
		case line == "":
		case strings.HasPrefix(line, "--- Start at:"):
			if t, _, ok := parseISO(line[len("--- Start at:"):]); ok {
				out.Facts = append(out.Facts, event.At("collection.time", "", t, pos))
			}
		case strings.HasPrefix(line, "--- End at:"):
			if t, _, ok := parseISO(line[len("--- End at:"):]); ok {
				localTime(in, out, t, pos)
			}
		case strings.HasPrefix(line, `"AreaName"`):
			if pairs, _ := scanPairs(line); len(pairs) > 0 {
				out.Facts = append(out.Facts, areaFact(pairs[0].value, pos))
			}
		case strings.HasPrefix(line, "Failed ("):
			if !failedItem(line, out, pos) {
				out.Coverage.Unknown++
			}
		}
	}
}

// localTime states the end of the collection on the device's wall clock. The
// member date of an archive is that clock; a plain folder's is not, and dates
// that are no whole quarter hours from UTC are of another origin. Dates equal
// to UTC prove nothing: some packers write them on any device.
func localTime(in *Input, out *Output, end time.Time, pos event.Pos) {
	lower := strings.ToLower(in.Path)
	archived := strings.Contains(lower, ".cab/") || strings.Contains(lower, ".zip/")
	if !archived || in.ModTime.IsZero() {
		return
	}
	offset := in.ModTime.Sub(end)
	whole := offset.Round(15 * time.Minute)
	if whole == 0 || whole < -14*time.Hour || whole > 14*time.Hour || (offset-whole).Abs() > 2*time.Minute {
		return
	}
	f := event.At("collection.local-time", "", end.Add(whole), pos)
	out.Facts = append(out.Facts, f)
}

// failedItem reads "Failed (HResult: 0x80070003) to CollectFileEntry:what".
func failedItem(line string, out *Output, pos event.Pos) bool {
	_, rest, ok := strings.Cut(line, "0x")
	if !ok {
		return false
	}
	hex, rest, ok := strings.Cut(rest, ")")
	code, err := strconv.ParseUint(hex, 16, 32)
	if !ok || err != nil {
		return false
	}
	how, what, ok := strings.Cut(trim(rest), ":")
	if !ok {
		return false
	}
	if hive, ok := strings.CutPrefix(how, "to dump "); ok {
		if hive, ok = strings.CutSuffix(hive, " registry"); ok {
			what = hive + `\` + what
			const notFound = 0x80070002
			if code == notFound {
				var area regCover
				area.see(what)
				out.Cover(area.sources()...)
			}
		}
	}
	out.Facts = append(out.Facts, event.Number("collection.failed", what, int64(code), pos))
	return true
}

// tpmParser reads TpmHliInfo_Output.txt:
//
//	2025-03-05T08:14:01
//	TpmHLI GetVersion result: 0x00000000
//	TpmHLI Version: 2.0
//	Manufacturer: Contoso
//	TpmHLI IsReady for Storage result: 0x00000000
//	Ready: True
//	TpmHLI IsReady for Attestation result: 0x00000000
//	Ready: True
//
// The first line is UTC, as in the footprint. "Ready" belongs to the line
// "IsReady for …" above it. Source: observed in collections of 2020 to 2026.
func tpmParser() Parser {
	return Parser{
		Name:    "tpm",
		Doc:     "state of the TPM (TpmHliInfo_Output.txt)",
		Version: "1",
		Match: func(in *Input) bool {
			return strings.Contains(head(in, 4096), "TpmHLI ") || strings.HasPrefix(stem(in.Path), "tpmhliinfo")
		},
		Parse: parseTPM,
	}
}

func parseTPM(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.TPMInfo)
	var when time.Time
	ready := ""
	r := lineReader{text: doc.text}
	for {
		line, start, ok := r.read()
		if !ok {
			return nil
		}
		pos := doc.pos(r.num, start)
		line = trim(line)
		if t, _, ok := parseISO(line); ok {
			when = t
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			if line != "" {
				out.Coverage.Unknown++
			}
			continue
		}
		var f event.Fact
		switch value = trim(value); name {
		case "TpmHLI Version":
			f = event.Text("tpm.version", "", value, pos)
		case "Manufacturer":
			f = event.Text("tpm.manufacturer", "", value, pos)
		case "VendorId":
			f = event.Text("tpm.model", "", value, pos)
		case "TpmHLI IsReady for Storage result":
			ready = "tpm.ready-storage"
			continue
		case "TpmHLI IsReady for Attestation result":
			ready = "tpm.ready-attestation"
			continue
		case "Ready":
			if ready == "" {
				continue
			}
			f = event.Bool(ready, "", strings.EqualFold(value, "true"), pos)
			ready = ""
		default:
			continue
		}
		f.Time = when
		out.Facts = append(out.Facts, f)
	}
}

// deviceHashParser reads DeviceHash_<computer>.csv for the name in its own
// name and the serial number. The hardware hash identifies the device to the
// Autopilot service and is never kept.
//
//	Device Serial Number,Windows Product ID,Hardware Hash
//	0000-0001,,T0FB…
//
// Source: Microsoft Learn "Manually register devices with Windows Autopilot".
func deviceHashParser() Parser {
	return Parser{
		Name:    "device-hash",
		Doc:     "Autopilot registration data (DeviceHash_<computer>.csv), without the hash",
		Version: "1",
		Match: func(in *Input) bool {
			return hasPrefixFold(trim(head(in, 4096)), "Device Serial Number,")
		},
		Parse: parseDeviceHash,
	}
}

func parseDeviceHash(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.DeviceHash)
	base := strings.TrimSuffix(path.Base(in.Path), path.Ext(in.Path))
	if name, ok := cutPrefixFold(base, "DeviceHash_"); ok && name != "" {
		out.Facts = append(out.Facts, event.Text("device.name", "", name, doc.pos(1, 0)))
	}
	r := csv.NewReader(strings.NewReader(doc.text))
	r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = -1, true, true
	for first := true; ; first = false {
		row, err := r.Read()
		if err != nil {
			// What cannot be read any more is the hash of the last row or nothing.
			return nil
		}
		if first || len(row) == 0 || trim(row[0]) == "" {
			continue
		}
		line, _ := r.FieldPos(0)
		pos := event.Pos{File: in.Path, Line: line}
		out.Facts = append(out.Facts, event.Text("device.serial", "", strings.Clone(trim(row[0])), pos))
		if len(row) < 3 || row[2] == "" {
			out.Problem(event.Damage, pos, "the row is cut off")
		}
	}
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if !hasPrefixFold(s, prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
