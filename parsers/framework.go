package parsers

import (
	"strings"

	"debrief/event"
)

// frameworkParser reads DiagnosticsFrameworkData.json, the data of the
// Autopilot diagnostics page: properties of the device, and what the page shows
// of the steps, apps and policies of the deployment.
//
//	{"propertyId":"DeviceName","propertyName":"Device Name","value":"PC-0001"}
//	{"details":"A sample.","eventId":"SampleStep","eventName":"Sample step","finishTime":"2025-03-05 8:14:02 AM","isVisible":false,"startTime":"<time not available>","status":6}
//
// Properties become facts. Whatever has a status becomes an event with its
// members as fields. It has no time: the page says nothing of the zone, and
// what it shows was read from the event logs.
//
// Source: observed in collections of 2024; no documentation says what the
// numbers of the states mean.
func frameworkParser() Parser {
	return Parser{
		Name:    "diagnostics-framework",
		Doc:     "data of the Autopilot diagnostics page (DiagnosticsFrameworkData.json)",
		Version: "2",
		Match: func(in *Input) bool {
			h := trim(head(in, 4096))
			return strings.HasPrefix(h, "{") && strings.Contains(h, `"categoryId"`) && strings.Contains(h, `"propertyId"`) ||
				strings.HasPrefix(stem(in.Path), "diagnosticsframeworkdata")
		},
		Parse: parseFramework,
	}
}

func parseFramework(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.DiagFramework)
	pairs, whole := scanPairs(doc.text)
	if !whole && trim(doc.text) != "" {
		out.Problem(event.Damage, event.Pos{File: in.Path}, "the file is cut off or is not JSON")
	}
	sink := newSink(&doc, out)
	for len(pairs) > 0 {
		n := sameObject(pairs)
		if e, ok := frameworkEvent(pairs[:n]); ok {
			e.Pos = doc.pos(pairs[0].line, pairs[0].offset)
			sink.add(e)
		}
		if name, value := frameworkProperty(pairs[:n]); name != "" && value.value != "" {
			out.Facts = append(out.Facts, event.Text(name, "", value.value, doc.pos(value.line, value.offset)))
		}
		pairs = pairs[n:]
	}
	return nil
}

// sameObject counts the members at the front that belong to one object: of the
// same depth, and none of a name that was there before.
func sameObject(pairs []pair) int {
	const most = 32 // members of an object; real ones have seven
	for n := 1; n < len(pairs) && n < most; n++ {
		if pairs[n].depth != pairs[0].depth {
			return n
		}
		for _, p := range pairs[:n] {
			if p.key == pairs[n].key {
				return n
			}
		}
	}
	return min(len(pairs), most)
}

// frameworkEvent makes an event of an object that has a name and a status.
func frameworkEvent(members []pair) (event.Event, bool) {
	e := event.Event{Source: event.DiagFramework}
	name, status, details := "", "", ""
	for _, m := range members {
		switch {
		case m.key == "categoryId" || m.key == "tabId":
			return e, false
		case m.key == "status":
			status = m.value
		case m.key == "details":
			details = m.value
		case name == "" && strings.HasSuffix(m.key, "Name"):
			name = m.value
		}
		if m.value != "" {
			e.Fields = append(e.Fields, event.Field{Name: m.key, Value: m.value})
		}
	}
	if name == "" || status == "" {
		return e, false
	}
	e.Message = name + ": status " + status
	if details != "" {
		e.Message += ", " + details
	}
	return e, true
}

// frameworkProperty returns the fact and the value of a property of the device;
// empty where the object is none.
func frameworkProperty(members []pair) (fact string, value pair) {
	for _, m := range members {
		switch m.key {
		case "propertyId":
			fact = propertyFact(m.value)
		case "value":
			value = m
		}
	}
	return fact, value
}

func propertyFact(id string) string {
	switch id {
	case "DeviceName":
		return "device.name"
	case "SerialNumber":
		return "device.serial"
	case "Manufacturer":
		return "device.manufacturer"
	case "ProductName":
		return "device.model"
	case "Timezone":
		return "device.time-zone"
	}
	return ""
}
