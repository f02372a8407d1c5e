package parsers

import (
	"strings"
	"time"

	"golang.org/x/net/html"

	"debrief/event"
)

// mdmHTMLParser reads the page that mdmdiagnosticstool and the Settings app
// write beside MDMDiagReport.xml, named MDMDiagHTMLReport.html,
// MDMDiagHtmlReport.html or MDMDiagReport.html: tables with an id each, most on
// one line.
//
//	<div class="TextBody">03/05/2025   09:14:02AM</div>
//	<table id="DeviceInfoTable"><tr><td>PC name</td><td>PC-0001</td></tr>…
//	<table id="CertificatesTable"><thead><tr><th>Issued to</th><th>Issued by</th><th>Expiration</th><th>Intended purposes</th></tr></thead>
//	<tr><td>Contoso Device</td><td>Contoso CA</td><td>3/5/2026</td><td>Client Authentication</td></tr>…
//
// What the page could not be told stands as a comment at the end of its script:
//
//	/*
//	QuerySampleNames - CSP returned empty string for ./device/Vendor/MSFT/Sample/Name
//	*/</script>
//
// Each row becomes an event without a time, whose fields are its cells by the
// names in the head of the table; tables of two columns without a head give
// "name" and "value". The words of the page are those of Windows' language, so
// facts are taken by the table's id, the place and the shape of a cell. Dates
// are month first on every device; the one on top is the wall clock, as the
// UTC in the XML of two devices shows.
//
// Sources: observed in collections of 2024; two pages of 2024 that were
// published.
func mdmHTMLParser() Parser {
	return Parser{
		Name:    "mdm-html",
		Doc:     "state of device management as a page (MDMDiagHTMLReport.html)",
		Version: "2",
		Match: func(in *Input) bool {
			h := head(in, 64<<10)
			return strings.Contains(h, "<html") && (strings.Contains(h, "MDM Diagnostic") || strings.Contains(h, `id="DeviceInfoTable"`) ||
				strings.HasPrefix(stem(in.Path), "mdmdiag"))
		},
		Parse: parseMDMHTML,
	}
}

// mdmPage is one pass over a page.
type mdmPage struct {
	doc        *document
	out        *Output
	sink       sink
	line, at   int    // of the token at work
	table      string // id of the table, without the word Table
	rows       int    // of the table, its head not counted
	heads      []string
	cells      []string
	row        event.Pos
	text       strings.Builder
	in         string // what text is gathered of: "td", "th", "summary", "" = none
	inRow, any bool   // a row is open; a table was met
	script     bool   // the next text is that of a script
}

func parseMDMHTML(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.MDMReportHTML)
	p := mdmPage{doc: &doc, out: out, sink: newSink(&doc, out), line: 1}
	z := html.NewTokenizer(strings.NewReader(doc.text))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			p.endRow()
			return nil // the tokenizer takes anything up to the end
		}
		raw := len(z.Raw())
		lines := strings.Count(doc.text[p.at:min(p.at+raw, len(doc.text))], "\n")
		switch kind {
		case html.StartTagToken, html.SelfClosingTagToken:
			name, attributes := z.TagName()
			p.start(string(name), attributes, z)
		case html.EndTagToken:
			name, _ := z.TagName()
			p.end(string(name))
		case html.TextToken:
			switch text := z.Text(); {
			case p.in != "":
				p.text.Write(text)
			case p.script:
				p.script = false
				p.notes(string(text))
			case !p.any:
				p.created(string(text))
			}
		}
		p.at += raw
		p.line += lines
	}
}

func (p *mdmPage) start(name string, attributes bool, z *html.Tokenizer) {
	id := ""
	for attributes {
		var key, value []byte
		if key, value, attributes = z.TagAttr(); string(key) == "id" {
			id = string(value)
		}
	}
	p.script = name == "script"
	switch name {
	case "table":
		p.endRow()
		p.any, p.rows, p.heads = true, 0, nil
		p.table = strings.TrimSpace(strings.TrimSuffix(id, "Table"))
	case "tr":
		p.endRow()
		p.inRow, p.row = true, p.doc.pos(p.line, p.at)
	case "td", "th":
		p.endCell()
		p.in = name
	case "br":
		if p.in != "" {
			p.text.WriteString("; ")
		}
	case "div":
		if id == "ErrorSummary" {
			p.in, p.row = "summary", p.doc.pos(p.line, p.at)
		}
	}
}

func (p *mdmPage) end(name string) {
	switch name {
	case "td", "th":
		p.endCell()
	case "tr", "table":
		p.endRow()
	case "div":
		if p.in == "summary" {
			p.endCell()
		}
	}
}

// notes makes events of the comment at the end of a script.
func (p *mdmPage) notes(script string) {
	start := strings.LastIndex(script, "/*")
	if start < 0 || !strings.HasSuffix(trim(script[start+2:]), "*/") {
		return
	}
	p.endRow()
	line := p.line + strings.Count(script[:start], "\n")
	for text := range strings.Lines(script[start:]) {
		if note := trim(strings.TrimSuffix(strings.TrimPrefix(trim(text), "/*"), "*/")); note != "" {
			p.sink.add(event.Event{Source: event.MDMReportHTML, Message: note, Pos: p.doc.pos(line, p.at+start)})
		}
		line++
		start += len(text)
	}
}

// endCell keeps the text of a cell.
func (p *mdmPage) endCell() {
	text := strings.Join(strings.Fields(p.text.String()), " ")
	p.text.Reset()
	switch in := p.in; {
	case in == "summary" && text != "":
		p.sink.add(event.Event{Source: event.MDMReportHTML, Level: event.LevelError, Message: text, Pos: p.row})
	case in == "th" && len(p.heads) < maxXMLFields:
		p.heads = append(p.heads, text)
	case in == "td" && p.inRow && len(p.cells) < maxXMLFields:
		p.cells = append(p.cells, text)
	}
	p.in = ""
}

// endRow makes an event of a row.
func (p *mdmPage) endRow() {
	if p.in != "" {
		p.endCell()
	}
	cells := p.cells
	p.cells, p.inRow = p.cells[:0], false
	if len(cells) == 0 {
		return
	}
	p.rows++
	e := event.Event{Source: event.MDMReportHTML, Pos: p.row, Fields: make(event.Fields, 0, len(cells))}
	names := p.heads
	if len(names) == 0 {
		names = []string{"name", "value"}
	}
	for i, c := range cells {
		if c != "" {
			name := "value"
			if i < len(names) && names[i] != "" {
				name = names[i]
			}
			e.Fields = append(e.Fields, event.Field{Name: name, Value: c})
		}
	}
	if len(e.Fields) == 0 {
		return
	}
	e.Message = mdmSummary(e.Fields)
	if len(p.heads) == 0 {
		e.Message = strings.Join(cells, ": ")
	}
	if p.table != "" {
		e.Message = p.table + ": " + e.Message
	}
	p.sink.add(e)
	p.facts(cells)
}

// facts takes from a row what its table, place and shape prove.
func (p *mdmPage) facts(cells []string) {
	add := func(f ...event.Fact) { p.out.Facts = append(p.out.Facts, f...) }
	switch p.table {
	case "DeviceInfo":
		if len(cells) != 2 {
			return
		}
		if p.rows == 1 && cells[1] != "" {
			add(event.Text("device.name", "", cells[1], p.row))
		}
		add(osVersionFacts(cells[1], p.row)...)
	case "ConnectionInfo":
		if len(cells) == 2 && hasPrefixFold(cells[1], "https://") {
			add(event.Text("mdm.server", "", cells[1], p.row))
		}
	case "Certificates":
		if len(cells) < 3 || cells[0] == "" {
			return
		}
		if t, ok := monthFirst(cells[2]); ok {
			f := event.At("cert.expires", cells[0], t, p.row)
			f.Value = cells[1]
			add(f)
		}
	}
}

// monthFirst reads a date that begins with the month.
func monthFirst(s string) (time.Time, bool) {
	t, rest, ok := scanDate(s, time.Time{})
	month, digits := number(s, 2)
	return t, ok && rest == "" && digits > 0 && len(s) > digits && s[digits] == '/' && int(t.Month()) == month
}

// created reads "03/05/2025   09:14:02AM" on top of the page.
func (p *mdmPage) created(text string) {
	date, clock, ok := strings.Cut(trim(text), " ")
	if !ok {
		return
	}
	day, ok := monthFirst(date)
	if !ok {
		return
	}
	d, half, ok := scanClock(strings.TrimLeft(clock, " "))
	if !ok {
		return
	}
	if half != "" {
		if d, half = scanMeridiem(d, " "+half); half != "" {
			return
		}
	}
	p.out.Facts = append(p.out.Facts, event.At("mdm.report-local-time", "", day.Add(d), p.doc.pos(p.line, p.at)))
}
