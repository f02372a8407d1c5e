package parsers

import (
	"strings"

	"debrief/event"
)

// registryParser reads registry text in its two forms. Regedit's export:
//
//	Windows Registry Editor Version 5.00
//
//	[HKEY_LOCAL_MACHINE\SOFTWARE\Contoso]
//	@="default"
//	"Path"="C:\\Tools\\\"x\""
//	"Count"=dword:0000001e
//	"List"=hex(7):61,00,00,00,\
//	  00,00
//
// and the dump of mdmdiagnosticstool, MdmDiagReport_RegistryDump.reg, which
// only looks like it: no header, single bytes, values indented by four spaces,
// upper-case tags, nothing escaped, raw line breaks inside strings:
//
//	[HKEY_LOCAL_MACHINE\software\contoso\Sub]
//	    "Count"=DWORD:0000001e
//	    "Ticks"=QWORD:1dd307705dbf720
//	    "Policy"="{"a":"C:\x"}"
//	    "List"=MULTI_SZ:"a"
//
// Each key becomes a FactKey and each value a fact "reg" with its key, the
// root abbreviated (HKLM, HKCU, HKU, HKCR, HKCC). Numbers are FactNumber,
// binary data lower-case hex, lists one item a line. Sources: Microsoft Learn
// "Registration entries (.reg) files"; the dump as observed in collections of
// 2020 to 2026.
func registryParser() Parser {
	return Parser{
		Name:    "registry",
		Doc:     "registry exports of regedit and the registry dump of mdmdiagnosticstool",
		Version: "2",
		Match: func(in *Input) bool {
			h := trim(head(in, 4096))
			return isRegeditHeader(h) || strings.HasPrefix(h, "[HKEY_")
		},
		Parse: parseRegistry,
	}
}

func isRegeditHeader(text string) bool {
	return strings.HasPrefix(text, "Windows Registry Editor Version") || strings.HasPrefix(text, "REGEDIT4")
}

// regScanner is the state of one pass over registry text.
type regScanner struct {
	doc     document
	out     *Output
	lines   lineReader
	key     string
	escaped bool // regedit's syntax: escapes, continued hex
	ansi    bool // REGEDIT4: strings in hex are single bytes
	cover   regCover
}

func parseRegistry(in *Input, out *Output) error {
	doc := readText(in, out)
	s := regScanner{doc: doc, out: out, lines: lineReader{text: doc.text}}
	s.escaped = isRegeditHeader(trim(doc.text[:min(len(doc.text), 200)])) || !hasIndentedValue(doc.text)
	s.ansi = strings.HasPrefix(trim(doc.text[:min(len(doc.text), 200)]), "REGEDIT4")
	// A dump of 4.5 MB holds 43,000 keys and values.
	out.Facts = make([]event.Fact, 0, len(doc.text)/96+8)
	out.Cover(event.Reg)
	for {
		line, start, ok := s.lines.read()
		if !ok {
			break
		}
		s.line(line, start)
	}
	out.Cover(s.cover.sources()...)
	return nil
}

// hasIndentedValue looks for the mark of the dump dialect.
func hasIndentedValue(text string) bool {
	text = text[:min(len(text), 256<<10)]
	return strings.Contains(text, "\n    \"") || strings.Contains(text, "\n    @=")
}

func (s *regScanner) line(line string, start int) {
	text := strings.TrimLeft(line, " \t")
	if trim(text) == "" {
		return
	}
	switch c := text[0]; {
	case c == '[':
		s.keyLine(trim(text), start)
	case (c == '"' || c == '@') && s.key != "":
		start += len(line) - len(text)
		if s.escaped {
			s.exportValue(text, start)
		} else {
			s.dumpValue(text, start)
		}
	case c == ';' && s.escaped, isRegeditHeader(text):
	default:
		s.out.Coverage.Unknown++
	}
}

// keyLine reads "[HKEY_LOCAL_MACHINE\…]".
func (s *regScanner) keyLine(text string, start int) {
	path, ok := strings.CutSuffix(text[1:], "]")
	if !ok || path == "" {
		s.damage(start, "the key is cut off")
		s.key = ""
		return
	}
	if path[0] == '-' {
		// The mark of a deletion says nothing of what the device holds.
		s.out.Coverage.Unknown++
		s.key = ""
		return
	}
	s.key = abbreviate(path)
	s.cover.see(s.key)
	s.out.Facts = append(s.out.Facts, event.Fact{
		Name: "reg", Key: s.key, Kind: event.FactKey, Pos: s.doc.pos(s.lines.num, start),
	})
}

var regRoots = [...]struct{ long, short string }{
	{"HKEY_LOCAL_MACHINE", "HKLM"},
	{"HKEY_CURRENT_USER", "HKCU"},
	{"HKEY_USERS", "HKU"},
	{"HKEY_CLASSES_ROOT", "HKCR"},
	{"HKEY_CURRENT_CONFIG", "HKCC"},
}

// abbreviate shortens the root of a key path.
func abbreviate(path string) string {
	path = strings.TrimRight(path, `\`)
	for _, r := range regRoots {
		if hasPrefixFold(path, r.long) && (len(path) == len(r.long) || path[len(r.long)] == '\\') {
			return r.short + path[len(r.long):]
		}
	}
	return path
}

func (s *regScanner) damage(start int, text string) {
	s.out.Problem(event.Damage, s.doc.pos(s.lines.num, start), text)
}

// fact adds a value; text, number and kind are filled in by the caller.
func (s *regScanner) fact(f event.Fact, name string, line, start int) {
	f.Name, f.Key, f.Value, f.Pos = "reg", s.key, name, s.doc.pos(line, start)
	s.out.Facts = append(s.out.Facts, f)
}

// regCover tells which parts of the registry a file covers: those whose key,
// or one above it, is in the file, since both writers walk down from a root.
type regCover struct{ seen [len(regAreas)]bool }

var regAreas = [...]struct {
	source event.Source
	key    string
}{
	{event.RegESPTracking, `HKLM\SOFTWARE\Microsoft\Windows\Autopilot`},
	{event.RegESPTracking, `HKLM\SOFTWARE\Microsoft\Windows\Autopilot\EnrollmentStatusTracking`},
	{event.RegAutopilot, `HKLM\SOFTWARE\Microsoft\Provisioning`},
	{event.RegAutopilot, `HKLM\SOFTWARE\Microsoft\Provisioning\Diagnostics\Autopilot`},
	{event.RegAutopilot, `HKLM\SOFTWARE\Microsoft\Provisioning\AutopilotSettings`},
	{event.RegEnrollments, `HKLM\SOFTWARE\Microsoft\Enrollments`},
	{event.RegEDAM, `HKLM\SOFTWARE\Microsoft\EnterpriseDesktopAppManagement`},
	{event.RegDevManage, `HKLM\SOFTWARE\Microsoft\DeviceManageabilityCSP`},
}

func (c *regCover) see(key string) {
	for i := range regAreas {
		area := regAreas[i].key
		if c.seen[i] || len(key) > len(area) || !strings.EqualFold(key, area[:len(key)]) {
			continue
		}
		c.seen[i] = len(key) == len(area) || area[len(key)] == '\\'
	}
}

func (c *regCover) sources() []event.Source {
	var list []event.Source
	for i, seen := range c.seen {
		if seen {
			list = append(list, regAreas[i].source)
		}
	}
	return list
}
