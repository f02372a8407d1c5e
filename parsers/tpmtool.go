package parsers

import (
	"strings"

	"debrief/event"
)

// tpmtoolParser reads the output of "tpmtool getdeviceinformation":
//
//	-TPM Present: True
//	-TPM Version: 2.0
//	-TPM Manufacturer ID: SMPL
//	-Ready For Storage: True
//	-Ready For Attestation: True
//	-TPM Has Vulnerable Firmware: False
//	-Lockout Information:
//	 	-Is Locked Out: False
//
// The tool speaks English everywhere. Without a TPM the first line is all there
// is. Each line is an event without a time with the fields "name" and "value".
// Sources: Microsoft Learn "tpmtool"; outputs published in the test plans of
// Dasharo (Intel) and in tests of other programs (AMD, and a device without TPM).
func tpmtoolParser() Parser {
	return Parser{
		Name:    "tpmtool",
		Doc:     "output of tpmtool getdeviceinformation",
		Version: "2",
		Match: func(in *Input) bool {
			for line := range strings.Lines(head(in, 4096)) {
				if strings.HasPrefix(trim(line), "-TPM Present: ") {
					return true
				}
			}
			return false
		},
		Parse: parseTpmtool,
	}
}

// tpmtoolFacts are the lines that become facts.
var tpmtoolFacts = []struct {
	line, fact string
	text       bool
}{
	{"TPM Present", "tpm.present", false},
	{"TPM Version", "tpm.version", true},
	{"TPM Manufacturer ID", "tpm.manufacturer", true},
	{"TPM Manufacturer Version", "tpm.firmware", true},
	{"Ready For Storage", "tpm.ready-storage", false},
	{"Ready For Attestation", "tpm.ready-attestation", false},
	{"Is Capable For Attestation", "tpm.attestation-capable", false},
	{"Clear Needed To Recover", "tpm.clear-needed", false},
	{"TPM Has Vulnerable Firmware", "tpm.vulnerable-firmware", false},
	{"Is Locked Out", "tpm.locked-out", false},
}

func parseTpmtool(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.TPMTool, event.TPMInfo)
	sink := newSink(&doc, out)
	for l := range doc.filled() {
		e := event.Event{Source: event.TPMTool, Message: l.text, Flags: event.Pasted, Pos: l.pos}
		name, value, ok := strings.Cut(strings.TrimPrefix(l.text, "-"), ":")
		if !ok || l.text[0] != '-' {
			sink.addLine(e, l.start, l.start+len(l.raw))
			continue
		}
		value = trim(value)
		e.Fields = event.Fields{{Name: "name", Value: name}, {Name: "value", Value: value}}
		sink.add(e)
		for _, f := range tpmtoolFacts {
			switch {
			case f.line != name || value == "":
			case f.text:
				out.Facts = append(out.Facts, event.Text(f.fact, "", value, l.pos))
			case strings.EqualFold(value, "true"), strings.EqualFold(value, "false"):
				out.Facts = append(out.Facts, event.Bool(f.fact, "", strings.EqualFold(value, "true"), l.pos))
			}
		}
	}
	return nil
}
