package parsers

import (
	"strings"

	"debrief/event"
)

// ipconfigParser reads the output of "ipconfig /all": a block on the machine
// and one an adapter, lines with leaders of dots, further values of a line
// beneath it.
//
//	Windows IP Configuration
//
//	   Host Name . . . . . . . . . . . . : PC-0001
//	   Primary Dns Suffix  . . . . . . . : corp.contoso.example
//
//	Ethernet adapter Ethernet:
//
//	   Connection-specific DNS Suffix  . : lab.contoso.example
//	   IPv4 Address. . . . . . . . . . . : 192.0.2.10(Preferred)
//	   Subnet Mask . . . . . . . . . . . : 255.255.255.0
//	   Default Gateway . . . . . . . . . : 192.0.2.1
//	   DNS Servers . . . . . . . . . . . : 192.0.2.53
//	                                       192.0.2.54
//
// The words are those of the language of Windows. What is taken for facts is
// told without them: in every language the names of the lines on DNS have DNS
// in them, the second line of the machine is its suffix, the mask follows the
// address, and the gateway is the first line behind the mask that holds an
// address or nothing (between stand the dates of the lease). Each line is an
// event without a time with the fields "adapter", "name" and "value".
//
// Source: Microsoft Learn "ipconfig".
func ipconfigParser() Parser {
	return Parser{
		Name:    "ipconfig",
		Doc:     "output of ipconfig /all",
		Version: "1",
		Match: func(in *Input) bool {
			n := 0
			for r := (lineReader{text: head(in, 8192)}); r.num < 40; {
				line, _, ok := r.read()
				if !ok {
					break
				}
				if _, _, ok := dotted(line); ok {
					n++
				}
			}
			return n >= 3
		},
		Parse: parseIPConfig,
	}
}

// dotted reads "   Host Name . . . . . . . : PC-0001".
func dotted(line string) (name, value string, ok bool) {
	if line == trim(line) {
		return "", "", false // such lines are indented
	}
	name, value, ok = strings.Cut(line, ". :")
	if !ok || !strings.Contains(name+".", ". .") && !strings.HasSuffix(name, "  ") {
		return "", "", false
	}
	return trim(strings.TrimRight(name, ". ")), trim(value), true
}

// ipPair reads a line of name and value. Where a translated name leaves no room
// for dots, the colon follows it at once.
func ipPair(line string) (name, value string, ok bool) {
	if name, value, ok = dotted(line); ok {
		return name, value, true
	}
	indent := len(line) - len(strings.TrimLeft(line, " "))
	if indent == 0 || indent > 8 {
		return "", "", false
	}
	if name, value, ok = strings.Cut(line, ": "); !ok {
		name, ok = strings.CutSuffix(line, ":")
	}
	return trim(name), trim(value), ok
}

// ipLine is a line of ipconfig with the values beneath it.
type ipLine struct {
	name   string
	values []string
	pos    event.Pos
}

func parseIPConfig(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.IPConfig)
	sink := newSink(&doc, out)
	var block []ipLine
	adapter := ""
	for l := range doc.filled() {
		name, value, ok := ipPair(l.raw)
		switch {
		case ok:
			block = append(block, ipLine{name: name, pos: l.pos})
			if value != "" {
				block[len(block)-1].values = []string{value}
			}
			sink.add(event.Event{Source: event.IPConfig, Message: name + ": " + value, Flags: event.Pasted, Pos: l.pos,
				Fields: event.Fields{{Name: "adapter", Value: adapter}, {Name: "name", Value: name}, {Name: "value", Value: value}}})
			continue
		case l.raw[0] != ' ' && l.raw[0] != '\t' && strings.HasSuffix(l.text, ":"):
			ipFacts(out, adapter, block)
			adapter, block = strings.TrimSuffix(l.text, ":"), block[:0]
		case (l.raw[0] == ' ' || l.raw[0] == '\t') && len(block) > 0:
			last := &block[len(block)-1]
			last.values = append(last.values, l.text)
		}
		sink.addLine(event.Event{Source: event.IPConfig, Message: l.text, Flags: event.Pasted, Pos: l.pos}, l.start, l.start+len(l.raw))
	}
	ipFacts(out, adapter, block)
	return nil
}

// ipFacts makes the facts of a block; the one without an adapter is the machine.
func ipFacts(out *Output, adapter string, block []ipLine) {
	list := func(name string, l *ipLine) {
		f := event.Text(name, adapter, strings.Join(l.values, "\n"), l.pos)
		f.Kind = event.FactList
		out.Facts = append(out.Facts, f)
	}
	mask := false
	for i := range block {
		l := &block[i]
		dns := strings.Contains(strings.ToUpper(l.name), "DNS")
		switch {
		case adapter == "" && i == 1 && dns && len(l.values) == 1:
			out.Facts = append(out.Facts, event.Text("net.dns-suffix", "", l.values[0], l.pos))
		case adapter == "":
			if dns && len(l.values) > 0 {
				list("net.dns-suffix-search", l)
			}
		case dns && len(l.values) > 0 && isAddress(l.values[0]):
			list("net.dns-servers", l)
		case dns && i == 0 && len(l.values) == 1:
			out.Facts = append(out.Facts, event.Text("net.dns-suffix", adapter, l.values[0], l.pos))
		case len(l.values) == 1 && strings.HasPrefix(l.values[0], "255."):
			mask = true
			if i > 0 && len(block[i-1].values) == 1 {
				ip, _, _ := strings.Cut(block[i-1].values[0], "(")
				out.Facts = append(out.Facts, event.Text("net.ip", adapter, ip, block[i-1].pos))
			}
		case mask && (len(l.values) == 0 || isAddress(l.values[0])):
			mask = false
			list("net.gateway", l)
		}
	}
}

// isAddress reports whether text is an IPv4 or IPv6 address as ipconfig writes it.
func isAddress(text string) bool {
	dots, colons := 0, 0
	for i := range len(text) {
		switch c := text[i]; {
		case c == '.':
			dots++
		case c == ':':
			colons++
		case c == '%':
			return colons > 1
		case hexDigit(c) < 0:
			return false
		}
	}
	return dots == 3 && colons == 0 || colons > 1 && dots == 0
}
