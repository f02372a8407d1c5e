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
// access. A value in parentheses stands for none. The prompts of a console
// whose text was copied are not looked at.
//
//	Current WinHTTP advanced proxy settings:
//
//	{"ProxyIsEnabled":true,"Proxy":"proxy.contoso.example:8080","ProxyBypass":"<local>",
//	 "AutoConfigIsEnabled":false,"AutoconfigUrl":"","AutoDetect":false,"PerUserProxySettings":true}
//
// What is empty is left out, down to "{}" for no proxy at all, and what is set
// but not enabled is not in use.
//
// Every line is also an event without a time. Sources: Microsoft Learn "netsh
// winhttp"; outputs of both commands published by users of Windows 7 to 11 in
// Chinese and English.
func winHTTPParser() Parser {
	return Parser{
		Name:    "winhttp",
		Doc:     "output of netsh winhttp show proxy and show advproxy",
		Version: "2",
		Match: func(in *Input) bool {
			filled := 0
			for line := range strings.Lines(head(in, 1024)) {
				if line = trim(line); isWinHTTPTitle(line) {
					return true
				}
				if line != "" {
					filled++
				}
				if filled > 3 {
					break
				}
			}
			return false
		},
		Parse: parseWinHTTP,
	}
}

// isWinHTTPTitle reports whether a line is the title of the settings.
func isWinHTTPTitle(line string) bool {
	return strings.Contains(line, "WinHTTP") && (strings.HasSuffix(line, ":") || strings.HasSuffix(line, "：")) && len(line) < 120
}

// isPrompt reports whether a line is a prompt of cmd.exe or PowerShell, with a
// command behind it or not: "C:\Windows>…", "PS C:\>…".
func isPrompt(line string) bool {
	line = strings.TrimPrefix(line, "PS ")
	return len(line) > 3 && line[0]|0x20 >= 'a' && line[0]|0x20 <= 'z' && line[1] == ':' && line[2] == '\\' && strings.Contains(line, ">")
}

func parseWinHTTP(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.WinHTTPProxy)
	sink := newSink(&doc, out)
	titled, advanced, pairs := false, false, 0
	var direct event.Pos
	for l := range doc.filled() {
		sink.addLine(event.Event{Source: event.WinHTTPProxy, Message: l.text, Flags: event.Pasted, Pos: l.pos}, l.start, l.start+len(l.raw))
		if !titled || isPrompt(l.text) {
			titled = titled || isWinHTTPTitle(l.text)
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
	// get returns a setting and its place. It is empty where what enables it says no.
	get := func(name, enabled string) (value string, pos event.Pos, ok bool) {
		off := false
		for _, p := range pairs {
			switch {
			case p.depth != 1:
			case strings.EqualFold(p.key, enabled):
				off = strings.EqualFold(p.value, "false")
			case strings.EqualFold(p.key, name):
				value, pos, ok = trim(p.value), doc.pos(line+p.line-1, start+p.offset), true
			}
		}
		if off {
			value = ""
		}
		return value, pos, ok
	}
	proxy, pos, ok := get("Proxy", "ProxyIsEnabled")
	if !ok {
		pos = doc.pos(line, start)
	}
	if ok || whole {
		out.Facts = append(out.Facts, event.Text("proxy.winhttp", "", proxy, pos))
	}
	if value, pos, ok := get("ProxyBypass", ""); ok {
		out.Facts = append(out.Facts, bypassFact(value, pos))
	}
	if value, pos, ok := get("AutoConfigUrl", "AutoConfigIsEnabled"); ok {
		out.Facts = append(out.Facts, event.Text("proxy.winhttp-script", "", value, pos))
	}
	if value, pos, ok := get("AutoDetect", ""); ok {
		out.Facts = append(out.Facts, event.Bool("proxy.winhttp-detect", "", strings.EqualFold(value, "true"), pos))
	}
}
