package report

import (
	"regexp"
	"strings"

	"debrief/event"
)

// appNames gathers the names of apps by their GUID in lower case: from what the
// Intune agent was given, and from the Uninstall keys of the registry, whose
// subkeys are product codes. Of two names for one app the first in the order
// of the facts stands.
func appNames(facts []event.Fact) map[string]string {
	names := map[string]string{}
	for i := range facts {
		f := &facts[i]
		id := f.Key
		switch {
		case f.Name == "win32app.name":
		case f.Name == "reg" && strings.EqualFold(f.Value, "DisplayName"):
			at := strings.LastIndexByte(f.Key, '\\')
			if at < 0 || !strings.HasSuffix(strings.ToLower(f.Key[:at]), `\uninstall`) {
				continue
			}
			id = f.Key[at+1:]
		default:
			continue
		}
		id = strings.ToLower(strings.Trim(id, "{}"))
		name := cut(line(f.Text), 80)
		if _, known := names[id]; !known && name != "" && bareGUID.MatchString(id) {
			names[id] = name
		}
	}
	return names
}

// bareGUID finds GUIDs, with and without braces.
var bareGUID = regexp.MustCompile(`\{?\b[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b\}?`)

// named puts the name of an app before its GUID in a sentence of debrief's
// own: "Example Viewer (0a0b0c0d-…)". A sentence that has the name already is
// left alone. Quotes of the evidence never come through here.
func (s shower) named(text string) string {
	if len(s.apps) == 0 {
		return text
	}
	return bareGUID.ReplaceAllStringFunc(text, func(guid string) string {
		name, known := s.apps[strings.ToLower(strings.Trim(guid, "{}"))]
		if !known || strings.Contains(text, name) {
			return guid
		}
		return name + " (" + guid + ")"
	})
}

// sentence is how a report shows a sentence that a rule wrote: times on the
// clock of the report, apps with their names.
func (s shower) sentence(text string) string { return s.named(s.times(text)) }

func (s shower) sentences(list []string) []string {
	for i := range list {
		list[i] = s.sentence(list[i])
	}
	return list
}
