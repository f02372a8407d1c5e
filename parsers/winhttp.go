package parsers

import (
	"strings"

	"debrief/event"
)

// winHTTPParser reads the output of "netsh winhttp show proxy":
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
// Every line is also an event without a time. Source: Microsoft Learn "netsh
// winhttp".
func winHTTPParser() Parser {
	return Parser{
		Name:    "winhttp",
		Doc:     "output of netsh winhttp show proxy",
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
	titled, pairs := false, 0
	var direct event.Pos
	r := lineReader{text: doc.text}
	for {
		line, start, ok := r.read()
		if !ok {
			break
		}
		text := trim(line)
		if text == "" {
			continue
		}
		pos := doc.pos(r.num, start)
		sink.addLine(event.Event{Source: event.WinHTTPProxy, Message: text, Flags: event.Pasted, Pos: pos}, start, start+len(line))
		if !titled {
			titled = true
			continue
		}
		label, value, ok := strings.Cut(text, ":")
		if !ok {
			if direct.IsZero() {
				direct = pos
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
			out.Facts = append(out.Facts, event.Text("proxy.winhttp", "", value, pos))
			continue
		}
		f := event.Text("proxy.winhttp-bypass", "", strings.ReplaceAll(value, ";", "\n"), pos)
		f.Kind = event.FactList
		out.Facts = append(out.Facts, f)
	}
	if pairs == 0 && !direct.IsZero() {
		out.Facts = append(out.Facts, event.Text("proxy.winhttp", "", "", direct))
	}
	return nil
}
