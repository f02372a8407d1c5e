package parsers

import (
	"strings"

	"debrief/event"
)

// Captures whose value is JSON. The members that are worth a field take its
// place; text that is no JSON stays as it is.
//
//	{Payload}   an object or a list of objects: its scalar members, nested ones too
//	{Policies}  the list of apps that the Intune agent was given:
//	            [{"Id":"0a0b…","Name":"Example Viewer","Version":1,"Intent":3,…},…]
//	            AppId and AppName of each, in pairs
const (
	payloadCapture  = "Payload"
	policiesCapture = "Policies"
)

// maxPayloadFields bounds the fields taken from one payload.
const maxPayloadFields = 512

// unpack replaces the captures from fields[first] on that hold JSON by what
// stands in it. Newer agents write the JSON with escaped quotes.
func unpack(fields []event.Field, first int) []event.Field {
	for i := first; i < len(fields); i++ {
		f := fields[i]
		if f.Name != payloadCapture && f.Name != policiesCapture {
			continue
		}
		text := f.Value
		if strings.HasPrefix(text, `[{\"`) || strings.HasPrefix(text, `{\"`) {
			text = strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(text)
		}
		if !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
			continue
		}
		pairs, _ := scanPairs(text)
		var got []event.Field
		if f.Name == policiesCapture {
			got = appPairs(pairs)
		} else {
			for _, p := range pairs[:min(len(pairs), maxPayloadFields)] {
				if p.key != "" {
					got = append(got, event.Field{Name: p.key, Value: p.value})
				}
			}
		}
		if len(got) > 0 {
			// The payload is the last capture of a form.
			return append(fields[:i], got...)
		}
	}
	return fields
}

// appPairs picks the id and the name of each app out of a list of policies. An
// app begins where a key comes that the one before has already.
func appPairs(pairs []pair) []event.Field {
	var got []event.Field
	var id, name string
	depth := 0
	for _, p := range pairs {
		var slot *string
		switch {
		case strings.EqualFold(p.key, "Id"):
			slot = &id
		case strings.EqualFold(p.key, "Name"):
			slot = &name
		default:
			continue
		}
		if depth == 0 {
			depth = p.depth
		}
		if p.depth != depth {
			continue
		}
		if *slot != "" {
			id, name = "", ""
		}
		*slot = p.value
		if len(id) == event.GUIDLen && event.BeginsWithGUID(id) && name != "" && len(got) < maxPayloadFields {
			got = append(got, event.Field{Name: "AppId", Value: id}, event.Field{Name: "AppName", Value: name})
		}
	}
	return got
}
