package parsers

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"debrief/event"
)

// maxXMLFields bounds the fields of one event in XML.
const maxXMLFields = 4096

// eventXML reads an event in the XML that Windows shows:
//
//	<Event xmlns="…"><System><Provider Name="…"/><EventID>76</EventID>…</System>
//	<EventData><Data Name="HRESULT">…</Data></EventData></Event>
//
// Children of EventData and UserData become fields as from an .evtx. The record
// id is in Name, as text, for the caller to move. Source, message and position
// are the caller's too.
func eventXML(text string) (event.Event, error) {
	var e event.Event
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	var path []string
	var data strings.Builder
	name := "" // of the Data element at work
	unnamed, leaf := 0, false
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return e, fmt.Errorf("reading the XML: %w", err)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if len(path) > 32 {
				return e, errors.New("nested too deep")
			}
			path = append(path, t.Name.Local)
			data.Reset()
			name, leaf = "", true
			for _, a := range t.Attr {
				systemAttribute(&e, t.Name.Local, a.Name.Local, a.Value, len(path))
				if a.Name.Local == "Name" {
					name = a.Value
				}
			}
		case xml.CharData:
			data.Write(t)
		case xml.EndElement:
			if len(path) == 0 {
				return e, errors.New("an element ends that did not begin")
			}
			value := trim(data.String())
			switch {
			case len(path) == 3 && path[1] == "System":
				systemElement(&e, path[2], value)
			case leaf && len(path) >= 3 && (path[1] == "EventData" || path[1] == "UserData") && len(e.Fields) < maxXMLFields:
				key := name
				if key == "" {
					if key = path[len(path)-1]; key == "Data" {
						unnamed++
						key = "Data" + strconv.Itoa(unnamed)
					}
				}
				e.Fields = append(e.Fields, event.Field{Name: key, Value: value})
			}
			path, leaf = path[:len(path)-1], false
			data.Reset()
		}
	}
	if e.Provider == "" && e.ID == 0 {
		return e, errors.New("neither a provider nor an event id is in it")
	}
	return e, nil
}

// systemAttribute takes an attribute of a child of System.
func systemAttribute(e *event.Event, element, name, value string, depth int) {
	if depth != 3 {
		return
	}
	switch element + "." + name {
	case "Provider.Name":
		e.Provider = value
	case "TimeCreated.SystemTime":
		if t, _, ok := parseISO(value); ok {
			e.Time, e.Clock = t.UTC(), event.ClockDeclared
		}
	case "Execution.ProcessID":
		e.Process = decimal32(value)
	case "Execution.ThreadID":
		e.Thread = decimal32(value)
	case "Security.UserID":
		e.User = value
	}
}

// systemElement takes the text of a child of System.
func systemElement(e *event.Event, element, value string) {
	switch element {
	case "EventID":
		e.ID = decimal32(value)
	case "Level":
		if n, digits := number(value, 3); digits > 0 && n < 256 {
			e.Level = evtxLevel(uint8(n))
		}
	case "EventRecordID":
		e.Name = value
	case "Channel":
		e.Channel = value
	case "Computer":
		e.Host = value
	}
}
