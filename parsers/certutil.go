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
// "subject", "not-before", "not-after", "sha1" and those of the lines that
// follow by their own names; a line without a name is a "note". A block whose beginning has another shape (a
// revocation list) keeps its own names throughout.
//
// The dates are the wall clock in the format of the country. Month and day are
// told apart by a date of the file whose day is above 12; where no date of the
// file tells, the end of validity is no fact.
//
// Source: Microsoft Learn "certutil"; the form as shown in its articles on
// certificate stores.
func certutilParser() Parser {
	return Parser{
		Name:    "certutil",
		Doc:     "output of certutil -store",
		Version: "1",
		Match: func(in *Input) bool {
			h := head(in, 8192)
			if !strings.Contains(h, "================ ") {
				return false
			}
			return strings.Contains(h, "(sha1)") || strings.Contains(h, "CertUtil: ")
		},
		Parse: parseCertutil,
	}
}

// certBlock is a block of which the lines are being read.
type certBlock struct {
	pos    event.Pos
	title  string
	fields event.Fields
	dates  int // indented lines among the first four
}

func parseCertutil(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.CertStore)
	c := certutil{out: out, sink: newSink(&doc, out), order: dateOrder(doc.text)}
	for l := range doc.filled() {
		if strings.HasPrefix(l.text, "======") {
			c.flush()
			c.block = &certBlock{pos: l.pos, title: trim(strings.Trim(l.text, "="))}
			continue
		}
		name, value, ok := strings.Cut(l.text, ": ")
		if !ok {
			name, value, ok = strings.Cut(l.text, " = ")
		}
		switch {
		case ok && c.block != nil && len(c.block.fields) < maxXMLFields && !strings.HasPrefix(l.text, "CertUtil: "):
			if n := len(c.block.fields); n >= 2 && n < 4 && l.raw[0] == ' ' {
				c.block.dates++
			}
			c.block.fields = append(c.block.fields, event.Field{Name: trim(name), Value: trim(value)})
		case !ok && c.block != nil && len(c.block.fields) < maxXMLFields:
			c.block.fields = append(c.block.fields, event.Field{Name: "note", Value: l.text})
		default:
			c.flush()
			if !ok {
				c.store, _, _ = strings.Cut(l.text, " ")
			}
			c.sink.addLine(event.Event{Source: event.CertStore, Message: l.text, Flags: event.Pasted, Pos: l.pos}, l.start, l.start+len(l.raw))
		}
	}
	c.flush()
	return nil
}

// certutil is one pass over an output.
type certutil struct {
	out   *Output
	sink  sink
	order byte // of dates: 'm' month first, 'd' day first, 0 not known
	store string
	block *certBlock
}

// certNames are the names of the first lines of a certificate.
var certNames = [...]string{"serial", "issuer", "not-before", "not-after", "subject"}

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
	certificate := len(b.fields) >= len(certNames) && b.dates == 2
	for i, f := range b.fields {
		if certificate && i < len(certNames) {
			f.Name = certNames[i]
		} else if strings.HasSuffix(f.Name, "(sha1)") {
			f.Name, f.Value = "sha1", strings.ReplaceAll(f.Value, " ", "")
		}
		e.Fields = append(e.Fields, f)
	}
	if certificate {
		e.Message = b.title + ": " + b.fields[4].Value + ", " + b.fields[2].Value + " – " + b.fields[3].Value
		if t, ok := c.date(b.fields[3].Value); ok {
			f := event.At("cert.expires", b.fields[4].Value, t, b.pos)
			f.Value = b.fields[1].Value
			c.out.Facts = append(c.out.Facts, f)
		}
	}
	c.sink.add(e)
}

// date reads the day of "3/5/2026 9:14 AM" in the order of the file.
func (c *certutil) date(s string) (time.Time, bool) {
	a, b, year, ok := dateNumbers(s)
	switch {
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
