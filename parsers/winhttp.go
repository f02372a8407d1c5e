package parsers

import (
	"strings"

	"debrief/event"
)

// winHTTPParser reads the output of "netsh winhttp show proxy", and of "show
// advproxy", which is JSON behind the title:
//
//	Current WinHTTP proxy settings:
//
//	    Proxy Server(s) :  proxy.contoso.example:8080
//	    Bypass List     :  *.contoso.example;<local>
//
// or "    Direct access (no proxy server)." in place of both lines. All but
// "WinHTTP" is in the language of Windows, so place and shape tell: of the
// lines behind the title the first with a colon and a value is the server, the
// second the list of what goes around it, and a lone line without is direct
// access. A value in parentheses stands for none.
//
//	Current WinHTTP advanced proxy settings:
//
//	{"Proxy":"proxy.contoso.example:8080","ProxyBypass":"<local>","AutoconfigUrl":"","AutoDetect":false}
//
// Every line is also an event without a time. Source: Microsoft Learn "netsh
// winhttp".
func winHTTPParser() Parser {
	return Parser{
		Name:    "winhttp",
		Doc:     "output of netsh winhttp show proxy and show advproxy",
		Version: "1",
		Match: func(in *Input) bool {
			title, _, _ := strings.Cut(trim(head(in, 1024)), "\n")
			title = trim(title)
			return strings.Contains(title, "WinHTTP") && strings.HasSuffix(title, ":") && len(title) < 120
		},
		Parse: parseWinHTTP,
	}
}

func parseWinHTTP(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.WinHTTPProxy)
	sink := newSink(&doc, out)
	titled, advanced, pairs := false, false, 0
	var direct event.Pos
	for l := range doc.filled() {
		sink.addLine(event.Event{Source: event.WinHTTPProxy, Message: l.text, Flags: event.Pasted, Pos: l.pos}, l.start, l.start+len(l.raw))
		if !titled {
			titled = true
			continue
		}
		if strings.HasPrefix(l.text, "{") && !advanced && pairs == 0 {
			advanced = true
			advancedProxy(&doc, out, l.num, l.start)
		}
		if advanced {
			continue
		}
		label, value, ok := strings.Cut(l.text, ":")
		if !ok {
			if direct.IsZero() {
				direct = l.pos
			}
			continue
		}
		if value = trim(value); strings.HasPrefix(value, "(") {
			value = ""
		}
		if pairs++; label == "" || pairs > 2 {
			continue
		}
		if pairs == 1 {
			out.Facts = append(out.Facts, event.Text("proxy.winhttp", "", value, l.pos))
			continue
		}
		out.Facts = append(out.Facts, bypassFact(value, l.pos))
	}
	if pairs == 0 && !advanced && !direct.IsZero() {
		out.Facts = append(out.Facts, event.Text("proxy.winhttp", "", "", direct))
	}
	return nil
}

// bypassFact lists what goes around the proxy.
func bypassFact(value string, pos event.Pos) event.Fact {
	f := event.Text("proxy.winhttp-bypass", "", strings.ReplaceAll(value, ";", "\n"), pos)
	f.Kind = event.FactList
	return f
}

// advancedProxy makes the facts of the JSON that starts at text[start] in the
// given line.
func advancedProxy(doc *document, out *Output, line, start int) {
	pairs, whole := scanPairs(doc.text[start:])
	if !whole {
		out.Problem(event.Damage, doc.pos(line, start), "the settings are cut off or are not JSON")
	}
	for _, p := range pairs {
		pos := doc.pos(line+p.line-1, start+p.offset)
		switch {
		case p.depth != 1:
		case strings.EqualFold(p.key, "Proxy"):
			out.Facts = append(out.Facts, event.Text("proxy.winhttp", "", p.value, pos))
		case strings.EqualFold(p.key, "ProxyBypass"):
			out.Facts = append(out.Facts, bypassFact(p.value, pos))
		case strings.EqualFold(p.key, "AutoConfigUrl"):
			out.Facts = append(out.Facts, event.Text("proxy.winhttp-script", "", p.value, pos))
		case strings.EqualFold(p.key, "AutoDetect"):
			out.Facts = append(out.Facts, event.Bool("proxy.winhttp-detect", "", strings.EqualFold(p.value, "true"), pos))
		}
	}
}
