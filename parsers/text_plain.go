package parsers

import (
	"strings"
	"unicode/utf8"

	"debrief/event"
)

// textParser takes the text files that nothing else knows, a line an event, so
// that they can be searched and quoted. It refuses everything that is not text
// by name and content. Its source is "log." plus the base name.
func textParser() Parser {
	return Parser{
		Name:    "text",
		Doc:     "any other .log or .txt file, line by line, without times",
		Version: "1",
		Match: func(in *Input) bool {
			switch name := strings.ToLower(in.Path); {
			case strings.HasSuffix(name, ".log"), strings.HasSuffix(name, ".lo_"), strings.HasSuffix(name, ".txt"):
				return isText(in)
			}
			return false
		},
		Parse: func(in *Input, out *Output) error {
			doc := readText(in, out)
			src := event.Source("log." + stem(in.Path))
			out.Cover(src)
			plainLines(&doc, out, event.Event{Source: src})
			return nil
		},
		Cut: afterLastLine,
	}
}

// plainLines adds each line that is not blank as an event like e.
func plainLines(doc *document, out *Output, e event.Event) {
	sink := newSink(doc, out)
	e.Flags |= event.Pasted
	r := lineReader{text: doc.text}
	for {
		line, start, ok := r.read()
		if !ok {
			return
		}
		if e.Message = trim(line); e.Message != "" {
			e.Pos = doc.pos(r.num, start)
			sink.addLine(e, start, start+len(line))
		}
	}
}

// isText reports whether the beginning of a file reads as text: hardly any
// control characters and nothing that no encoding explains. An empty file is
// text, and so is one of NULs: what a crash leaves of a log.
func isText(in *Input) bool {
	h := head(in, 4096)
	odd, runes := 0, 0
	for _, r := range h {
		runes++
		if r == utf8.RuneError || (r < ' ' && r != 0 && r != '\n' && r != '\r' && r != '\t' && r != '\f' && r != 0x1b) || (r >= 0x7f && r < 0xa0) {
			odd++
		}
	}
	return odd*50 <= runes
}
