package parsers

import (
	"html"
	"path"
	"strings"

	"debrief/event"
)

// dressedParser reads text that a mail program, a forum or an editor has
// dressed: quote marks, line numbers or bullets in front of many lines, HTML
// entities, typographic quotes, code fences. It takes the dressing off, line by
// line, and hands what is left to the parser that knows it:
//
//	> 12: Failed to run the action: Sample step.
//	> 13: &lt;![LOG[Starting step 3]LOG]!&gt;&lt;time=&quot;09:14:02.117-060&quot; …
//
// Lines keep their numbers; byte offsets are lost. It takes a file only where
// another parser but the one for any text knows what is beneath.
func dressedParser() Parser {
	return Parser{
		Name:    "dressed-text",
		Doc:     "logs quoted in a mail or a forum: quote marks, line numbers, bullets and HTML entities are taken off",
		Version: "1",
		Match: func(in *Input) bool {
			_, ok := beneath(in)
			return ok
		},
		Parse: parseDressed,
	}
}

// beneath finds the parser of what is beneath the dressing.
func beneath(in *Input) (*Parser, bool) {
	if !isPasteName(in.Path) || !isText(in) {
		return nil, false
	}
	bare, ok := undress(head(in, 64<<10))
	if !ok {
		return nil, false
	}
	p := choose(&Input{Path: in.Path, Data: []byte(bare), ModTime: in.ModTime}, undressedParsers(), &Output{})
	return p, p != nil && p.Name != "text"
}

// undressedParsers are the parsers for what is beneath.
func undressedParsers() []Parser {
	all := All()
	for i := range all {
		if all[i].Name == "dressed-text" {
			return append(all[:i], all[i+1:]...)
		}
	}
	return all
}

// isPasteName reports whether people paste text into files of such a name.
func isPasteName(file string) bool {
	switch strings.ToLower(path.Ext(file)) {
	case ".txt", ".md", ".html", ".htm", ".text", "":
		return true
	}
	return false
}

func parseDressed(in *Input, out *Output) error {
	p, ok := beneath(in)
	if !ok {
		return nil
	}
	doc := readText(in, out)
	bare, _ := undress(doc.text)
	inner := &Output{Coverage: event.Coverage{File: in.Path}}
	if err := p.Parse(&Input{Path: in.Path, Data: []byte(bare), ModTime: in.ModTime}, inner); err != nil {
		return err
	}
	for i := range inner.Events {
		inner.Events[i].Flags |= event.Pasted
		inner.Events[i].Pos.Offset = 0
	}
	for i := range inner.Facts {
		inner.Facts[i].Pos.Offset = 0
	}
	out.Events, out.Facts = inner.Events, inner.Facts
	c, ic := &out.Coverage, &inner.Coverage
	c.Sources, c.Unknown, c.Expected, c.Recognised, c.Format = ic.Sources, ic.Unknown, ic.Expected, ic.Recognised, ic.Format
	out.Problem(event.Remark, event.Pos{File: in.Path}, "quoted text, read by "+p.Name+" without what a mail or a forum put around it")
	for _, pr := range ic.Problems {
		pr.Pos.Offset = 0
		out.Problem(pr.Kind, pr.Pos, pr.Text)
	}
	return nil
}

// dressings are what may stand in front of a line; each cuts it off.
var dressings = [...]func(line string) (rest string, ok bool){cutQuote, cutLineNumber, cutBullet}

// undress takes off what stands in front of half of the lines or more, and what a rich text
// editor makes of quotes and brackets. Line breaks stay. The second result is
// false where there was no dressing.
func undress(text string) (string, bool) {
	dressed := false
	if t := plainCharacters(text); t != text {
		text, dressed = t, true
	}
	for range 8 { // a quote of a numbered quote …
		cut := mostCut(text)
		if cut == nil {
			break
		}
		dressed = true
		var b strings.Builder
		b.Grow(len(text))
		for line := range strings.Lines(text) {
			rest, _ := cut(line)
			b.WriteString(rest)
		}
		text = b.String()
	}
	return text, dressed
}

// mostCut returns the dressing that half of the lines of the beginning have.
func mostCut(text string) func(string) (string, bool) {
	for _, cut := range dressings {
		lines, with := 0, 0
		for line := range strings.Lines(text) {
			if lines == 400 {
				break
			}
			if trim(line) == "" {
				continue
			}
			lines++
			if _, ok := cut(line); ok {
				with++
			}
		}
		if with > 0 && with*2 >= lines {
			return cut
		}
	}
	return nil
}

// cutQuote cuts "> " off. A line that is all quote mark is blank.
func cutQuote(line string) (string, bool) {
	t := strings.TrimLeft(line, " \t")
	if !strings.HasPrefix(t, ">") {
		return line, false
	}
	return strings.TrimPrefix(t[1:], " "), true
}

// cutLineNumber cuts "12: ", "12. ", "12) ", "12| " or "12" and a tab off.
func cutLineNumber(line string) (string, bool) {
	t := strings.TrimLeft(line, " \t[#")
	_, n := number(t, 7)
	if n == 0 || n >= len(t) {
		return line, false
	}
	rest := t[n:]
	if rest[0] == '\t' {
		return rest[1:], true
	}
	if strings.IndexByte(":.)|]", rest[0]) >= 0 && len(rest) > 1 && (rest[1] == ' ' || rest[1] == '\t' || rest[1] == '\r' || rest[1] == '\n') {
		return strings.TrimPrefix(rest[1:], " "), true
	}
	return line, false
}

// cutBullet cuts "- ", "* " or "• " off.
func cutBullet(line string) (string, bool) {
	t := strings.TrimLeft(line, " \t")
	for _, b := range [...]string{"- ", "* ", "+ ", "• ", "◦ ", "· ", "– "} {
		if rest, ok := strings.CutPrefix(t, b); ok {
			return rest, true
		}
	}
	return line, false
}

// plainQuotes are the characters that editors put for those of the keyboard.
var plainQuotes = strings.NewReplacer(
	"“", `"`, "”", `"`, "„", `"`, "‟", `"`, "«", `"`, "»", `"`,
	"‘", "'", "’", "'", "‚", "'",
	"\u00a0", " ", "\u2007", " ", "\u202f", " ",
	"\u200b", "", "\u2060", "", "\ufeff", "", // of no width
	"```", "",
	"<br>", "", "<br/>", "", "<br />", "", "<pre>", "", "</pre>", "", "<code>", "", "</code>", "", "<p>", "", "</p>", "",
)

// plainCharacters undoes HTML entities, typographic quotes and markup around
// code. A text that was escaped twice is undone twice.
func plainCharacters(text string) string {
	for range 2 {
		if !strings.Contains(text, "&lt;") && !strings.Contains(text, "&gt;") && !strings.Contains(text, "&quot;") &&
			!strings.Contains(text, "&amp;") && !strings.Contains(text, "&#") && !strings.Contains(text, "&nbsp;") {
			break
		}
		// An entity can stand for a line break; lines keep their numbers.
		text = html.UnescapeString(strings.NewReplacer("&#10;", " ", "&#13;", " ", "&#xa;", " ", "&#xA;", " ", "&NewLine;", " ").Replace(text))
	}
	return plainQuotes.Replace(text)
}
