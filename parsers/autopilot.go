package parsers

import (
	"strconv"
	"strings"

	"debrief/event"
)

// profileParser reads the Autopilot profile, AutopilotDDSZTDFile.json, and the
// AutopilotConfigurationFile.json of existing devices: one JSON object, in
// collections UTF-16LE with a byte-order mark on one line.
//
//	{"CloudAssignedTenantId":"00000000-…","CloudAssignedDomainJoinMethod":0,"DeploymentProfileName":"Sales","PolicyDownloadDate":"2025-03-05T09:14:02Z"}
//
// A device without a profile has PolicyDownloadDate alone. Sources: Microsoft
// Learn "Windows Autopilot for existing devices"; observed in collections of
// 2020 to 2026.
func profileParser() Parser {
	return Parser{
		Name:    "autopilot-profile",
		Doc:     "Autopilot profile (AutopilotDDSZTDFile.json)",
		Version: "1",
		Match: func(in *Input) bool {
			h := trim(head(in, 16<<10))
			return strings.HasPrefix(h, "{") && (strings.Contains(h, `"PolicyDownloadDate"`) ||
				strings.Contains(h, `"CloudAssignedTenantId"`)) || strings.HasPrefix(stem(in.Path), "autopilotddsztdfile")
		},
		Parse: parseProfile,
	}
}

func parseProfile(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.ZTDProfile)
	pairs, whole := scanPairs(doc.text)
	if !whole && trim(doc.text) != "" {
		out.Problem(event.Damage, event.Pos{File: in.Path}, "the profile is cut off or is not JSON")
	}
	members := 0
	for _, p := range pairs {
		if p.depth != 1 {
			continue
		}
		if p.key != "PolicyDownloadDate" {
			members++
		}
		if f, ok := profileFact(p, doc.pos(p.line, p.offset)); ok {
			out.Facts = append(out.Facts, f)
		}
	}
	if whole {
		out.Facts = append(out.Facts, event.Bool("autopilot.profile-empty", "", members == 0, doc.pos(1, 0)))
	}
	return nil
}

func profileFact(p pair, pos event.Pos) (event.Fact, bool) {
	name, number := "", false
	switch p.key {
	case "PolicyDownloadDate":
		t, _, ok := parseISO(p.value)
		return event.At("autopilot.profile-downloaded", "", t, pos), ok
	case "DeploymentProfileName":
		name = "autopilot.profile"
	case "CloudAssignedDomainJoinMethod":
		name, number = "autopilot.domain-join-method", true
	case "CloudAssignedOobeConfig":
		name, number = "autopilot.oobe-config", true
	case "CloudAssignedTenantId":
		name = "autopilot.tenant-id"
	case "CloudAssignedTenantDomain":
		name = "autopilot.tenant-domain"
	case "TenantMatched":
		name, number = "autopilot.tenant-matched", true
	case "ZtdRegistrationId":
		name = "autopilot.ztd-registration-id"
	default:
		return event.Fact{}, false
	}
	if !number {
		return event.Text(name, "", p.value, pos), p.value != ""
	}
	n, err := strconv.ParseInt(p.value, 10, 64)
	return event.Number(name, "", n, pos), err == nil
}

// metadataParser reads MdmDiagLogMetadata.json, one object with a member a
// line. Collections of 2020 have bare words in it and no commas.
//
//	"AreaName" : "autopilot;tpm;",
//	"CurrentBuildNumber":"22631",
//	"InstallTime":"REG_QWORD: 0x1d85a0e0f3c1b70",
//	"UBR":3296
//
// Source: observed in collections of 2020 to 2026.
func metadataParser() Parser {
	return Parser{
		Name:    "mdm-metadata",
		Doc:     "what mdmdiagnosticstool says of the system (MdmDiagLogMetadata.json)",
		Version: "1",
		Match: func(in *Input) bool {
			h := trim(head(in, 4096))
			return strings.HasPrefix(h, "{") && strings.Contains(h, "MdmDiagVersion") ||
				strings.HasPrefix(stem(in.Path), "mdmdiaglogmetadata")
		},
		Parse: parseMetadata,
	}
}

func parseMetadata(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.DiagMetadata)
	pairs, whole := scanPairs(doc.text)
	if !whole && trim(doc.text) != "" {
		out.Problem(event.Damage, event.Pos{File: in.Path}, "the file is cut off or is not JSON")
	}
	build := false
	for _, p := range pairs {
		pos := doc.pos(p.line, p.offset)
		switch p.key {
		case "AreaName":
			out.Facts = append(out.Facts, areaFact(p.value, pos))
		case "CurrentBuildNumber", "CurrentBuild":
			if n, err := strconv.ParseInt(p.value, 10, 64); err == nil && !build {
				build = true
				out.Facts = append(out.Facts, event.Number("os.build", "", n, pos))
			}
		case "UBR":
			if n, err := strconv.ParseInt(p.value, 10, 64); err == nil {
				out.Facts = append(out.Facts, event.Number("os.ubr", "", n, pos))
			}
		case "EditionID":
			out.Facts = append(out.Facts, event.Text("os.edition", "", p.value, pos))
		case "ProductName":
			out.Facts = append(out.Facts, event.Text("os.product", "", p.value, pos))
		case "DefaultUserName":
			if p.value != "" {
				out.Facts = append(out.Facts, event.Text("oobe.default-user", "", p.value, pos))
			}
		}
	}
	return nil
}

// areaFact lists the areas of "autopilot;tpm;".
func areaFact(value string, pos event.Pos) event.Fact {
	f := event.Text("collection.area", "", strings.ReplaceAll(strings.Trim(value, "; "), ";", "\n"), pos)
	f.Kind = event.FactList
	return f
}
