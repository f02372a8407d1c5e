package parsers

import (
	"strings"
	"time"

	"debrief/event"
)

// certutilParser reads the output of "certutil -store", one block a
// certificate or revocation list:
//
//	my "Personal"
//	================ Certificate 0 ================
//	Serial Number: 0a1b2c
//	Issuer: CN=Contoso CA, O=Contoso
//	 NotBefore: 3/5/2025 9:14 AM
//	 NotAfter: 3/5/2026 9:14 AM
//	Subject: CN=PC-0001
//	Cert Hash(sha1): 00112233445566778899aabbccddeeff00112233
//	  Provider = Microsoft Platform Crypto Provider
//
// The words are those of the language of Windows; order and shape are not:
// behind the line of equals signs stand the serial number, the issuer, the two
// indented dates and the subject, and the hash line has "(sha1)" in it. Each
// block becomes an event without a time with the fields "store", "issuer",
// "subject", "not-before", "not-after", "sha1" and those of the lines around
// them by their own names; a line without a name is a "note". What is nested in
// a file of several certificates has lines of its own in front. With -v issuer
// and subject are titles with the parts of the name beneath, and the hashes of
// the names and the key come before that of the certificate:
//
//	Issuer:
//	    CN=Contoso CA
//	    O=Contoso
//	  Name Hash(sha1): 00112233445566778899aabbccddeeff00112233
//
//	 NotBefore: 3/5/2025 9:14 AM
//	 NotAfter: 3/5/2026 9:14 AM
//
//	Subject:
//	    CN=PC-0001
//
// A revocation list has two dates as well and no subject behind them; it keeps
// its own names. A store without a certificate has a title and no block.
//
// The dates are the wall clock in the format of the country. Month and day are
// told apart by a date of the file whose day is above 12; where no date of the
// file tells, the end of validity is no fact.
//
// Sources: Microsoft Learn "certutil" and its articles on certificate stores;
// outputs published in Chinese, English, French, German, Italian and
// Portuguese, in tests of other programs among others.
func certutilParser() Parser {
	return Parser{
		Name:    "certutil",
		Doc:     "output of certutil -store",
		Version: "2",
		Match: func(in *Input) bool {
			h := head(in, 8192)
			if strings.Contains(h, "================ ") {
				return strings.Contains(h, "(sha1)") || strings.Contains(h, "CertUtil: ")
			}
			// The verb is in no language: an empty store.
			first, _, _ := strings.Cut(trim(h), "\n")
			return strings.Contains(first, ` "`) && strings.Contains(h, "\nCertUtil: -") && strings.Contains(h, "-store")
		},
		Parse: parseCertutil,
	}
}

// certLine is a line of a block. One without a name is a note.
type certLine struct {
	name, value string
	note        bool
	indented    bool
}

// certBlock is a block of which the lines are being read.
type certBlock struct {
	pos   event.Pos
	title string
	lines []certLine
}

func parseCertutil(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.CertStore)
	c := certutil{out: out, sink: newSink(&doc, out), order: dateOrder(doc.text)}
	for l := range doc.filled() {
		if strings.HasPrefix(l.text, "======") {
			// A line right behind another opens what is nested in it.
			title := trim(strings.Trim(l.text, "="))
			if c.block != nil && len(c.block.lines) == 0 {
				c.block.lines = append(c.block.lines, certLine{value: title, note: true})
				continue
			}
			c.flush()
			c.block = &certBlock{pos: l.pos, title: title}
			continue
		}
		line := readCertLine(l)
		if c.block != nil && len(c.block.lines) < maxXMLFields && !strings.HasPrefix(l.text, "CertUtil: ") {
			c.block.lines = append(c.block.lines, line)
			continue
		}
		c.flush()
		if line.note {
			c.store, _, _ = strings.Cut(l.text, " ")
		}
		c.sink.addLine(event.Event{Source: event.CertStore, Message: l.text, Flags: event.Pasted, Pos: l.pos}, l.start, l.start+len(l.raw))
	}
	c.flush()
	return nil
}

// readCertLine splits a line into name and value. French puts a no-break space
// in front of the colon and the equals sign.
func readCertLine(l textLine) certLine {
	text := strings.ReplaceAll(l.text, "\u00a0", " ")
	name, value, ok := strings.Cut(text, ": ")
	if !ok {
		name, value, ok = strings.Cut(text, " = ")
	}
	line := certLine{name: trim(name), value: trim(value), indented: l.raw[0] == ' ' || l.raw[0] == '\t'}
	if !ok {
		line.name, line.value, line.note = "", text, true
	}
	return line
}

// certutil is one pass over an output.
type certutil struct {
	out   *Output
	sink  sink
	order byte // of dates: 'm' month first, 'd' day first, 0 not known
	store string
	block *certBlock
}

// flush makes an event of the block at work.
func (c *certutil) flush() {
	b := c.block
	c.block = nil
	if b == nil {
		return
	}
	e := event.Event{Source: event.CertStore, Flags: event.Pasted, Pos: b.pos, Message: b.title}
	if c.store != "" {
		e.Fields = append(e.Fields, event.Field{Name: "store", Value: c.store})
	}
	issuer, subject, before := b.certificate()
	hash := b.hash()
	flat := before > 0 && !b.lines[before+2].note // and not as -v writes it
	for i, l := range b.lines {
		f := event.Field{Name: l.name, Value: l.value}
		switch {
		case l.note:
			f.Name = "note"
		case i == hash:
			f.Name, f.Value = "sha1", strings.ReplaceAll(l.value, " ", "")
		case before == 0:
		case flat && i == before-2:
			f.Name = "serial"
		case flat && i == before-1:
			f.Name = "issuer"
		case i == before:
			f.Name = "not-before"
		case i == before+1:
			f.Name = "not-after"
		case flat && i == before+2:
			f.Name = "subject"
		}
		e.Fields = append(e.Fields, f)
	}
	if before > 0 {
		if !flat {
			e.Fields = append(e.Fields, event.Field{Name: "issuer", Value: issuer}, event.Field{Name: "subject", Value: subject})
		}
		start, end := b.lines[before].value, b.lines[before+1].value
		e.Message = b.title + ": " + subject + ", " + start + " – " + end
		if t, ok := c.date(end); ok {
			f := event.At("cert.expires", subject, t, b.pos)
			f.Value = issuer
			c.out.Facts = append(c.out.Facts, f)
		}
	}
	c.sink.add(e)
}

// certificate finds the dates of a certificate and the names around them;
// before is the line of the first date, 0 = the block is no certificate.
func (b *certBlock) certificate() (issuer, subject string, before int) {
	for i := 2; i+2 < len(b.lines); i++ {
		if next := &b.lines[i+1]; !b.lines[i].isDate() || next.note || !next.indented {
			continue
		}
		above, below := &b.lines[i-1], &b.lines[i+2]
		switch {
		case !above.note && !above.indented && !below.note && !below.indented && isHex(b.lines[i-2].value):
			return above.value, below.value, i
		case below.note && !below.indented && strings.HasSuffix(below.value, ":"):
			if subject = b.nameBelow(i + 3); subject != "" {
				return b.nameAbove(i - 1), subject, i
			}
		}
		return "", "", 0
	}
	return "", "", 0
}

// isDate reports whether a line is one of the indented dates.
func (l *certLine) isDate() bool {
	return !l.note && l.indented && l.value != "" && l.value[0] >= '0' && l.value[0] <= '9' && strings.ContainsAny(l.value, "/-.")
}

// nameBelow puts a name together of its parts from line i on.
func (b *certBlock) nameBelow(i int) string {
	var parts []string
	for ; i < len(b.lines) && b.lines[i].isPart(); i++ {
		parts = append(parts, trim(strings.Trim(b.lines[i].value, "=<> ")))
	}
	return strings.Join(parts, ", ")
}

// nameAbove does so with the parts above line i, over the hashes of the name.
func (b *certBlock) nameAbove(i int) string {
	for i >= 0 && !b.lines[i].isPart() {
		if b.lines[i].note {
			return ""
		}
		i--
	}
	for i > 0 && b.lines[i-1].isPart() {
		i--
	}
	return b.nameBelow(max(i, 0))
}

// isPart reports whether a line is a part of a name: "    CN=PC-0001", marked
// by arrows where it is what was asked for.
func (l *certLine) isPart() bool { return l.note && l.indented && strings.Contains(l.value, "=") }

// hash is the line of the hash of the certificate; -1 = there is none.
func (b *certBlock) hash() int {
	found := -1
	for i, l := range b.lines {
		if !l.note && !l.indented && strings.HasSuffix(l.name, "(sha1)") {
			found = i
		}
	}
	return found
}

// isHex reports whether a value is a number in hex, as serial numbers are.
func isHex(s string) bool {
	for i := range len(s) {
		if hexDigit(s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

// date reads the day of "3/5/2026 9:14 AM" in the order of the file. The years
// of the Buddhist calendar, which Thai Windows prints, are not read.
func (c *certutil) date(s string) (time.Time, bool) {
	a, b, year, ok := dateNumbers(s)
	switch {
	case ok && year > 2450 && year < 2700:
		return time.Time{}, false
	case !ok:
		t, _, iso := scanDate(s, time.Time{}) // year first
		return t, iso
	case c.order == 'm':
		return day(year, a, b)
	case c.order == 'd':
		return day(year, b, a)
	}
	return time.Time{}, false
}

// dateNumbers reads two numbers and a year with "/", "-" or "." between.
func dateNumbers(s string) (a, b, year int, ok bool) {
	a, na := number(s, 2)
	if na == 0 || len(s) <= na || !strings.ContainsRune("/-.", rune(s[na])) {
		return 0, 0, 0, false
	}
	separator := s[na]
	s = s[na+1:]
	b, nb := number(s, 2)
	if nb == 0 || len(s) <= nb || s[nb] != separator {
		return 0, 0, 0, false
	}
	year, ny := number(s[nb+1:], 4)
	return a, b, year, ny == 4
}

// dateOrder looks for an indented date whose day is above 12. Dates with dots
// have the day first everywhere.
func dateOrder(text string) byte {
	for r := (lineReader{text: text}); ; {
		line, _, ok := r.read()
		if !ok {
			return 0
		}
		_, value, ok := strings.Cut(line, ": ")
		if !ok || line[0] != ' ' {
			continue
		}
		a, b, _, ok := dateNumbers(trim(value))
		switch {
		case !ok:
		case a > 12 && b <= 12, strings.Contains(value[:min(3, len(value))], "."):
			return 'd'
		case b > 12 && a <= 12:
			return 'm'
		}
	}
}
