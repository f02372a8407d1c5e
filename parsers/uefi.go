package parsers

import (
	"strings"

	"debrief/event"
)

// uefiParser reads UEFI_Data_Output.txt, the two firmware variables that
// Autopilot keeps:
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
// variable. Each line is an event. Source: observed in collections of 2024.
func uefiParser() Parser {
	return Parser{
		Name:    "uefi",
		Doc:     "firmware variables of Autopilot (UEFI_Data_Output.txt)",
		Version: "1",
		Match: func(in *Input) bool {
			h := head(in, 2048)
			return strings.Contains(h, "variable name: FORCED_NETWORK_FLAG") || strings.Contains(h, "variable name: AUTOPILOT_MARKER")
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
		if variable == "" {
			sink.addLine(e, l.start, l.start+len(l.raw))
		} else {
			e.Message = variable + ": " + l.text
			sink.add(e)
		}
		if _, name, ok := strings.Cut(l.text, "variable name: "); ok {
			variable = name
			continue
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
