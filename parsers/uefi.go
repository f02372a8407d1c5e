package parsers

import (
	"strconv"
	"strings"

	"debrief/event"
)

// uefiParser reads UEFI_Data_Output.txt, the firmware variables that Autopilot
// keeps:
//
//	2025-03-05T08:14:01
//	UEFI is supported.
//	Namespace: {616E2EA6-AF89-7EB3-F2EF-4E47368A657B}, variable name: FORCED_NETWORK_FLAG
//	Value: 1
//	Namespace: {616E2EA6-AF89-7EB3-F2EF-4E47368A657B}, variable name: AUTOPILOT_MARKER
//	Error: 0x800700CB
//	UEFI query complete.
//
// The first line is UTC, as in the footprint. A value becomes a fact, and so
// does an error, other than 0x800700CB, which says that there is no such
// variable. Each line is an event. Newer builds ask for five variables more, of
// the link of the device to its tenant; two of those are about a signed token,
// whose text is a secret and is not kept. A device without UEFI, or one that
// does not let itself be asked, has a single line in place of all:
//
//	UEFI is not supported.
//	UEFI support query failed. Error: 0x80070005
//	Failed to acquire UEFI privilege. Error: 0xD0000061
//
// Sources: observed in collections of 2024; the texts that mdmdiagnostics.dll
// writes, in public listings of the library.
func uefiParser() Parser {
	return Parser{
		Name:    "uefi",
		Doc:     "firmware variables of Autopilot (UEFI_Data_Output.txt)",
		Version: "2",
		Match: func(in *Input) bool {
			h := head(in, 2048)
			return strings.Contains(h, "variable name: FORCED_NETWORK_FLAG") || strings.Contains(h, "variable name: AUTOPILOT_MARKER") ||
				strings.Contains(h, "\nUEFI is ") || strings.Contains(h, "\nUEFI support query failed.") || strings.Contains(h, "\nFailed to acquire UEFI privilege.")
		},
		Parse: parseUEFI,
	}
}

func parseUEFI(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.UEFIData)
	sink := newSink(&doc, out)
	var base event.Event // the time of the query
	variable := ""
	for l := range doc.filled() {
		if t, _, ok := parseISO(l.text); ok {
			base.Time, base.Clock = t, event.ClockDeclared
			continue
		}
		e := base
		e.Source, e.Message, e.Pos = event.UEFIData, l.text, l.pos
		if strings.HasPrefix(l.text, "UEFI support query failed") || strings.HasPrefix(l.text, "Failed to acquire") {
			e.Level = event.LevelError
		}
		if value, ok := strings.CutPrefix(l.text, "Value: "); ok && strings.HasPrefix(variable, "DeviceLinkJwt") {
			e.Message = "Value: not kept, " + strconv.Itoa(len(value)) + " characters"
		}
		if variable == "" {
			sink.addLine(e, l.start, l.start+len(l.raw))
		} else {
			e.Message = variable + ": " + e.Message
			sink.add(e)
		}
		if _, name, ok := strings.Cut(l.text, "variable name: "); ok {
			variable = name
			continue
		}
		switch {
		case strings.HasPrefix(l.text, "UEFI is supported"):
			out.Facts = append(out.Facts, event.Bool("uefi.supported", "", true, l.pos))
		case strings.HasPrefix(l.text, "UEFI is not supported"):
			out.Facts = append(out.Facts, event.Bool("uefi.supported", "", false, l.pos))
		}
		name := ""
		switch variable {
		case "FORCED_NETWORK_FLAG":
			name = "uefi.forced-network"
		case "AUTOPILOT_MARKER":
			name = "uefi.autopilot-marker"
		}
		variable = ""
		if name == "" {
			continue
		}
		if value, ok := strings.CutPrefix(l.text, "Value: "); ok {
			out.Facts = append(out.Facts, event.Text(name, "", trim(value), l.pos))
		} else if value, ok := strings.CutPrefix(l.text, "Error: "); ok {
			const notThere = 0x800700CB
			if code, err := hresultText(value); err == nil && code != notThere {
				out.Facts = append(out.Facts, event.Number("uefi.error", strings.TrimPrefix(name, "uefi."), int64(code), l.pos))
			}
		}
	}
	return nil
}
