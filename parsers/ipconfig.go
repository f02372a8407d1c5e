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
// address or nothing (between stand the dates of the lease; an address with a
// mask of its own is one more address of the adapter). In some languages the
// colon follows the last dot at once ("ホスト名. . . .: PC-0001"), and a name that
// is long leaves no dots at all. Each line is an event without a time with the
// fields "adapter", "name" and "value".
//
// Sources: Microsoft Learn "ipconfig"; outputs that people published of Windows
// XP to 11 in Chinese, English, French, German, Japanese, Russian and Spanish,
// redirected to files in the code page of the console and copied out of it.
func ipconfigParser() Parser {
	return Parser{
		Name:    "ipconfig",
		Doc:     "output of ipconfig /all",
		Version: "2",
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
	if line == "" || line[0] != ' ' && line[0] != '\t' {
		return "", "", false // such lines are indented
	}
	for from := 0; ; {
		colon := strings.IndexByte(line[from:], ':')
		if colon < 0 {
			return "", "", false
		}
		from += colon + 1
		leader, found := strings.CutSuffix(strings.TrimRight(line[:from-1], " "), ".")
		if found && (strings.HasSuffix(leader, ". ") || strings.HasSuffix(leader, "  ")) {
			return undotted(line[:from-1]), trim(line[from:]), true
		}
	}
}

// undotted is the name in front of a leader of dots.
func undotted(s string) string { return strings.TrimSpace(strings.TrimRight(s, ". ")) }

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
	return undotted(name), trim(value), ok
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
	adapter, above := "", "" // above is the line before, where it is not indented
	for l := range doc.filled() {
		name, value, ok := ipPair(l.raw)
		title := l.text
		if title == ":" {
			title = above + title // a long title leaves its colon to the next line
		}
		if above = ""; l.raw[0] != ' ' && l.raw[0] != '\t' {
			above = l.text
		}
		switch {
		case ok:
			block = append(block, ipLine{name: name, pos: l.pos})
			if value != "" {
				block[len(block)-1].values = []string{value}
			}
			sink.add(event.Event{Source: event.IPConfig, Message: name + ": " + value, Flags: event.Pasted, Pos: l.pos,
				Fields: event.Fields{{Name: "adapter", Value: adapter}, {Name: "name", Value: name}, {Name: "value", Value: value}}})
			continue
		case above != "" && strings.HasSuffix(title, ":"):
			ipFacts(out, adapter, block)
			adapter, block = strings.TrimSpace(strings.TrimSuffix(title, ":")), block[:0]
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
	list := func(name string, l *ipLine, values []string) {
		f := event.Text(name, adapter, strings.Join(values, "\n"), l.pos)
		f.Kind = event.FactList
		out.Facts = append(out.Facts, f)
	}
	masked := false // a mask was met, and no gateway behind it
	for i := range block {
		l := &block[i]
		dns := strings.Contains(strings.ToUpper(l.name), "DNS")
		switch {
		case adapter == "" && i == 1 && dns && len(l.values) == 1:
			out.Facts = append(out.Facts, event.Text("net.dns-suffix", "", l.values[0], l.pos))
		case adapter == "":
			if dns && len(l.values) > 0 {
				list("net.dns-suffix-search", l, l.values)
			}
		case dns && len(l.values) > 0 && isAddress(l.values[0]):
			list("net.dns-servers", l, addresses(l.values))
		case dns && i == 0 && len(l.values) == 1:
			out.Facts = append(out.Facts, event.Text("net.dns-suffix", adapter, l.values[0], l.pos))
		case l.isMask():
			masked = true
			if i > 0 && len(block[i-1].values) == 1 {
				if ip, _, _ := strings.Cut(block[i-1].values[0], "("); isAddress(ip) {
					out.Facts = append(out.Facts, event.Text("net.ip", adapter, ip, block[i-1].pos))
				}
			}
		case i+1 < len(block) && block[i+1].isMask(): // one more address
		case masked && (len(l.values) == 0 || isAddress(l.values[0])):
			masked = false
			list("net.gateway", l, addresses(l.values))
		}
	}
}

// isMask reports whether a line holds nothing but a subnet mask.
func (l *ipLine) isMask() bool {
	return len(l.values) == 1 && strings.HasPrefix(l.values[0], "255.") && isAddress(l.values[0])
}

// addresses are the values that are addresses; something else may stand beneath.
func addresses(values []string) []string {
	var all []string
	for _, v := range values {
		if isAddress(v) {
			all = append(all, v)
		}
	}
	return all
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
