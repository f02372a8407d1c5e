package parsers

import (
	"strings"

	"debrief/event"
)

// eventTextParser reads the texts of event-log records as people copy them out
// of the Event Viewer: bare sentences in a text file that has the name of the
// channel, such as "AAD-Operational.txt". A sentence has no time; its id is
// given where the wording leaves no doubt.
func eventTextParser() Parser {
	return Parser{
		Name:    "event-text",
		Doc:     "event texts copied from the Event Viewer, in a file named like the channel",
		Version: "1",
		Match: func(in *Input) bool {
			_, ok := channelSource(stem(in.Path))
			return ok && isLogName(in.Path) && isText(in)
		},
		Parse: parseEventText,
	}
}

func parseEventText(in *Input, out *Output) error {
	doc := readText(in, out)
	src, _ := channelSource(stem(in.Path))
	out.Cover(src)
	sink := newSink(&doc, out)
	// A sign-in error is one record of three lines.
	joined := src == event.AAD
	from := -1
	r := lineReader{text: doc.text}
	for {
		line, start, ok := r.read()
		if !ok {
			return nil
		}
		text := trim(line)
		if text == "" {
			from = -1
			continue
		}
		if joined && from >= 0 && (strings.HasPrefix(text, "Code:") || strings.HasPrefix(text, "Description:")) {
			last := &out.Events[len(out.Events)-1]
			if end := start + len(line); end-from < maxMessage {
				last.Message = trim(doc.text[from:end])
				continue
			}
		}
		e := event.Event{
			Source: src, Message: text, ID: sentenceID(src, text),
			Flags: event.Pasted, Pos: doc.pos(r.num, start),
		}
		if src == event.ShellCore {
			shellCoreText(&e)
		}
		from = start
		if e.ID != 0 {
			sink.add(e)
		} else {
			sink.addLine(e, start, start+len(line))
		}
	}
}

// channelSource is the source of the event channel that a text file is named
// after, in any of the spellings that event logs have. "System" and its like
// name too many other files.
func channelSource(stem string) (event.Source, bool) {
	switch stem {
	case "system", "application", "security", "setup":
		return "", false
	}
	src := channelSourceOf(normalChannel(stem))
	return src, src != ""
}

// sentences are the openings of event texts whose id Microsoft's own pages give
// together with the text: Microsoft Learn "Troubleshoot Windows device
// enrollment errors in Intune", "Enroll a Windows device automatically using
// Group Policy", "Understand and troubleshoot the Enrollment Status Page",
// "Troubleshoot Microsoft Entra hybrid joined devices", "Troubleshoot use of
// SCEP certificate profiles" and "Troubleshoot OOBE"; 334 and 306 as the
// manifest of the provider has them.
var sentences = [...]struct {
	source  event.Source
	opening string
	id      uint32
}{
	{event.DMEDP, "Auto MDM Enroll: Succeeded", 75},
	{event.DMEDP, "Auto MDM Enroll: Failed", 76},
	{event.DMEDP, "Auto MDM Enroll: Device Credential (", 76},
	{event.DMEDP, "MDM Enroll: Failed to receive or parse certificate enroll response", 11},
	{event.DMEDP, "MDM Enroll: Failed", 71},
	{event.DMEDP, "MDM Enroll: Succeeded", 72},
	{event.DMEDP, "MDM Enroll: Server Returned Fault/Code/Subcode/Value=", 52},
	{event.DMEDP, "The following URI has triggered a reboot:", 2800},
	{event.DMEDP, "SCEP: Certificate enroll failed", 32},
	{event.DMEDP, "SCEP: Certificate request generated successfully", 36},
	{event.DMEDP, "SCEP: Certificate installed successfully", 39},
	{event.ModernDeployment, "AutopilotManager failed to set TPM identity confirmed", 171},
	{event.ModernDeployment, "AutopilotManager failed to set Autopilot profile as available", 172},
	{event.ModernDeployment, "ZtdDeviceIsNotRegistered", 807},
	{event.ModernDeployment, "ZtdDeviceHasNoAssignedProfile - Assigned profile does not exist", 809},
	{event.ModernDeployment, "ZtdDeviceHasNoAssignedProfile - No profile assigned", 815},
	{event.UserDeviceReg, "Automatic registration Succeeded", 306},
	{event.UserDeviceReg, "Automatic registration failed. Failed to lookup the registration service information", 307},
	{event.UserDeviceReg, "Automatic device join pre-check tasks completed. The device can NOT be joined because a domain controller", 334},
	{event.UserDeviceReg, "The initialization of the join request failed with exit code:", 202},
	{event.UserDeviceReg, "The get join response operation callback failed with exit code:", 204},
	{event.UserDeviceReg, "The discovery operation callback failed with exit code:", 201},
	{event.UserDeviceReg, "Automatic registration failed at join phase.", 304},
	{event.UserDeviceReg, "Automatic registration failed at authentication phase.", 305},
}

// openings are the beginnings of texts that only one provider's events have,
// whatever their id. Sources: the same pages.
var openings = [...]struct {
	source  event.Source
	opening string
}{
	{event.DMEDP, "Auto MDM Enroll:"},
	{event.DMEDP, "MDM Enroll:"},
	{event.DMEDP, "MDM Session:"},
	{event.DMEDP, "MDM PolicyManager:"},
	{event.DMEDP, "MDM ConfigurationManager:"},
	{event.DMEDP, "MDM Unenroll:"},
	{event.DMEDP, "EnterpriseDesktopAppManagement CSP:"},
	{event.DMEDP, "SCEP: Certificate "},
	{event.DMEDP, "The following URI has triggered a reboot:"},
	{event.UserDeviceReg, "Automatic registration failed"},
	{event.UserDeviceReg, "Automatic registration Succeeded"},
	{event.UserDeviceReg, "Automatic device join pre-check tasks completed"},
	{event.UserDeviceReg, "The discovery operation callback failed with exit code:"},
	{event.UserDeviceReg, "The initialization of the join request failed with exit code:"},
	{event.UserDeviceReg, "The complete join response operation failed with exit code:"},
	{event.UserDeviceReg, "The get join response operation callback failed with exit code:"},
	{event.UserDeviceReg, "DeviceRegistrationApi::"},
	{event.UserDeviceReg, `Server response was: {"ErrorType":`},
	{event.UserDeviceReg, `Server response was: {"Code":`},
	{event.AAD, "AAD Cloud AP plugin call"},
	{event.AAD, "Error: 0xCAA"},
	{event.AAD, "OAuth response error:"},
	{event.ModernDeployment, "AutopilotManager "},
	{event.ModernDeployment, "ZtdDevice"},
	{event.ModernDeployment, "AutopilotGetPolicy"},
	{event.ModernDeployment, "AutopilotRetrieveSettings"},
	{event.ShellCore, "CloudExperienceHost Web App Event"},
	{event.ShellCore, "CloudExperienceHost App Event"},
}

// openingSource is the source of an event text, if its beginning tells it.
func openingSource(text string) (event.Source, bool) {
	for i := range openings {
		if strings.HasPrefix(text, openings[i].opening) {
			return openings[i].source, true
		}
	}
	return "", false
}

// sentenceID is the id of a well-known event text, or 0.
func sentenceID(src event.Source, text string) uint32 {
	for _, s := range sentences {
		if s.source == src && strings.HasPrefix(text, s.opening) {
			if s.id == 76 && s.opening != "Auto MDM Enroll: Failed" && !strings.Contains(text, "Failed") {
				continue
			}
			return s.id
		}
	}
	return 0
}
