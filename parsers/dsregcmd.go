package parsers

import (
	"slices"
	"strings"

	"debrief/event"
)

// dsregcmdParser reads the output of "dsregcmd /status": frames with a title
// and lines of name and value.
//
//	+----------------------------------------------------------------------+
//	| Device State                                                         |
//	+----------------------------------------------------------------------+
//	             AzureAdJoined : YES
//	              DomainJoined : NO
//
// The join state, the sign-in token of the user (PRT) and what its last
// attempt and the last registration met become facts; the tool speaks English
// everywhere. Every line is also an event without a time with the fields
// "section", "name" and "value". Names of tenants and users, and the sentences
// of servers, which hold some, stay out of facts. Sources: Microsoft Learn
// "Troubleshoot devices by using the dsregcmd command" with its examples of
// several years; excerpts of outputs published by users of Windows 11.
func dsregcmdParser() Parser {
	return Parser{
		Name:    "dsregcmd",
		Doc:     "output of dsregcmd /status",
		Version: "3",
		Match:   func(in *Input) bool { return isDsregcmd(head(in, 8192)) },
		Parse:   parseDsregcmd,
	}
}

// isDsregcmd reports whether text is output of dsregcmd or a part of it: the
// state of the join, what it prints of its work with /debug, or two other lines
// that only this tool has, as people paste one frame alone.
func isDsregcmd(text string) bool {
	if strings.Contains(text, "DsrCmdJoinHelper::") || strings.Contains(text, "DSREGCMD_END_STATUS") || strings.Contains(text, "dsregcmd::wmain") {
		return true
	}
	known := 0
	for line := range strings.Lines(text) {
		name, _, ok := strings.Cut(line, ":")
		switch name = trim(name); {
		case !ok:
		case name == "AzureAdJoined":
			return true
		case slices.ContainsFunc(dsregFacts, func(f dsregFactLine) bool { return f.line == name && !f.plain }):
			known++
		}
	}
	return known >= 2
}

func parseDsregcmd(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.Dsregcmd)
	sink := newSink(&doc, out)
	section := ""
	for l := range doc.filled() {
		if strings.HasPrefix(l.text, "+--") {
			continue
		}
		if inner, ok := strings.CutPrefix(l.text, "|"); ok {
			section = trim(strings.TrimSuffix(inner, "|"))
			continue
		}
		e := event.Event{Source: event.Dsregcmd, Message: l.text, Flags: event.Pasted, Pos: l.pos}
		name, value, ok := strings.Cut(l.text, " : ")
		if !ok {
			name, ok = strings.CutSuffix(l.text, " :")
		}
		if !ok {
			sink.addLine(e, l.start, l.start+len(l.raw))
			continue
		}
		name, value = trim(name), trim(value)
		e.Fields = event.Fields{{Name: "section", Value: section}, {Name: "name", Value: name}, {Name: "value", Value: value}}
		sink.add(e)
		if f, ok := dsregFact(name, value, l.pos); ok {
			out.Facts = append(out.Facts, f)
		}
	}
	return nil
}
