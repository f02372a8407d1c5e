package parsers

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"

	"debrief/event"
)

const (
	// maxXMLDepth bounds how deep elements are told apart; what lies deeper is
	// passed over.
	maxXMLDepth = 64
	// maxXMLDamage bounds how often reading starts anew behind damage, since each
	// attempt may look through all that follows.
	maxXMLDamage = 20
)

// xmlElement is an element that ended.
type xmlElement struct {
	path  []string // names of the elements around it and its own, last
	attrs []xml.Attr
	text  string // of an element without elements in it, trimmed
	leaf  bool   // no element is in it
	pos   event.Pos
}

func (e *xmlElement) name() string { return e.path[len(e.path)-1] }

// parent is the name of the element around it; empty = it is the outermost.
func (e *xmlElement) parent() string {
	if len(e.path) < 2 {
		return ""
	}
	return e.path[len(e.path)-2]
}

// attr returns the attribute of that name.
func (e *xmlElement) attr(name string) (string, bool) {
	for _, a := range e.attrs {
		if a.Name.Local == name {
			return a.Value, true
		}
	}
	return "", false
}

// walkXML calls began for each element that begins and ended for each that
// ends, children first. Elements that the text does not end, because it is cut
// off or damaged, end with the one around them; behind damage reading goes on
// at the next tag. What began gets holds nothing of the element but its path
// and place; either function may be nil. What is in elements of the names
// passed is not looked at, as long as they end.
func walkXML(doc *document, out *Output, began, ended func(e *xmlElement), passed ...string) {
	w := xmlWalker{doc: doc, out: out, began: began, ended: ended, passed: passed, line: 1}
	from := 0
	for tries := 0; ; tries++ {
		at, err := w.run(from)
		if err == nil {
			break
		}
		out.Problem(event.Damage, w.pos(at), err.Error())
		next := strings.IndexByte(doc.text[min(at+1, len(doc.text)):], '<')
		if next < 0 {
			break
		}
		if tries == maxXMLDamage {
			out.Problem(event.Limit, w.pos(at), "damaged in too many places; what follows is not read")
			break
		}
		from = at + 1 + next
	}
	if n := len(w.open); n > 0 {
		out.Problem(event.Damage, w.open[n-1].pos, "the text ends inside <"+w.open[n-1].name+">")
		w.end(0)
	}
}

type xmlWalker struct {
	doc          *document
	out          *Output
	began, ended func(e *xmlElement)
	passed       []string
	endless      []string // of these, those that do not end any more
	path         []string
	open         []xmlOpen // one for each name of path
	deeper       int       // elements open below maxXMLDepth
	text         strings.Builder
	line, seen   int // line of the text at seen
}

type xmlOpen struct {
	name  string
	attrs []xml.Attr
	pos   event.Pos
	full  bool // an element is in it
}

// pos is the position of an offset that is not before the last one.
func (w *xmlWalker) pos(at int) event.Pos {
	at = min(at, len(w.doc.text))
	if at > w.seen {
		w.line += strings.Count(w.doc.text[w.seen:at], "\n")
		w.seen = at
	}
	return w.doc.pos(w.line, at)
}

// run reads tokens from an offset to the end or to damage, whose place it
// returns.
func (w *xmlWalker) run(from int) (at int, err error) {
	d := w.decoder(from)
	for {
		at = from + int(d.InputOffset())
		tok, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return at, nil
		}
		if err != nil {
			return at, errors.New("not XML: " + strings.TrimPrefix(plainSyntax(err), "XML syntax error: "))
		}
		switch t := tok.(type) {
		case xml.StartElement:
			w.start(t, at)
			if end := w.endOfPassed(t.Name.Local, from+int(d.InputOffset())); end > 0 {
				from, d = end, w.decoder(end)
			}
		case xml.CharData:
			w.text.Write(t)
		case xml.EndElement:
			w.endNamed(t.Name.Local, at)
		}
	}
}

func (w *xmlWalker) decoder(from int) *xml.Decoder {
	d := xml.NewDecoder(strings.NewReader(w.doc.text[from:]))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	return d
}

// endOfPassed finds the end tag of an element that is passed over and whose
// content starts at an offset; 0 = it is not passed over, or does not end.
func (w *xmlWalker) endOfPassed(name string, from int) int {
	text := w.doc.text
	if !slices.Contains(w.passed, name) || slices.Contains(w.endless, name) || strings.HasSuffix(text[:from], "/>") {
		return 0
	}
	n := strings.Index(text[from:], "</"+name+">")
	if n < 0 {
		w.endless = append(w.endless, name)
		return 0
	}
	return from + n
}

// plainSyntax is the message of an error without its line, which counts from
// where the reading began.
func plainSyntax(err error) string {
	var s *xml.SyntaxError
	if errors.As(err, &s) {
		return s.Msg
	}
	return err.Error()
}

func (w *xmlWalker) start(t xml.StartElement, at int) {
	if len(w.open) >= maxXMLDepth {
		w.deeper++
		return
	}
	if n := len(w.open); n > 0 {
		w.open[n-1].full = true
	}
	pos := w.pos(at)
	w.path = append(w.path, t.Name.Local)
	w.open = append(w.open, xmlOpen{name: t.Name.Local, attrs: t.Attr, pos: pos})
	w.text.Reset()
	if w.began != nil {
		w.began(&xmlElement{path: w.path, attrs: t.Attr, pos: pos})
	}
}

// endNamed ends the innermost element of that name and those inside it.
func (w *xmlWalker) endNamed(name string, at int) {
	if w.deeper > 0 {
		w.deeper--
		return
	}
	for i, o := range slices.Backward(w.open) {
		if o.name == name {
			if i < len(w.open)-1 {
				w.out.Problem(event.Damage, w.open[len(w.open)-1].pos, "<"+w.open[len(w.open)-1].name+"> does not end before </"+name+">")
			}
			w.end(i)
			return
		}
	}
	w.out.Problem(event.Damage, w.pos(at), "</"+name+"> ends an element that did not begin")
}

// end ends the elements that are open, down to the one of that depth.
func (w *xmlWalker) end(depth int) {
	for len(w.open) > depth {
		o := &w.open[len(w.open)-1]
		if w.ended != nil {
			e := xmlElement{path: w.path, attrs: o.attrs, leaf: !o.full, pos: o.pos}
			if e.leaf {
				e.text = trim(w.text.String())
			}
			w.ended(&e)
		}
		w.text.Reset()
		w.open, w.path = w.open[:len(w.open)-1], w.path[:len(w.path)-1]
	}
}
