package parsers

import (
	"strings"
	"testing"

	"debrief/event"
	"debrief/internal/growth"
)

// walked lists what a walk over a text meets, elements as they end.
func walked(text string, out *Output) string {
	in := &Input{Path: "x.xml", Data: []byte(text)}
	doc := readText(in, out)
	var got []string
	walkXML(&doc, out, nil, func(e *xmlElement) { got = append(got, strings.Join(e.path, "/")+"="+e.text) }, "Meta")
	return strings.Join(got, " ")
}

func TestWalkXMLPasses(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"what is in it", "<r><Meta><a>1</a> & < broken</Meta><b>2</b></r>", "r/Meta= r/b=2 r="},
		{"one that is empty", "<r><Meta/><b>2</b><Meta></Meta></r>", "r/Meta= r/b=2 r/Meta= r="},
		{"one that does not end", "<r><Meta><a>1</a></r>", "r/Meta/a=1 r/Meta= r="},
		{"the first of two ends both", "<r><Meta><Meta>x</Meta><a>1</a></r>", "r/Meta= r/a=1 r="},
	} {
		var out Output
		if got := walked(tt.in, &out); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	var out Output
	walked("<r>\n<Meta>\n\n</Meta>\n</b></r>", &out)
	if p := out.Coverage.Problems; len(p) != 1 || p[0].Pos.Line != 5 || p[0].Kind != event.Damage {
		t.Errorf("the place behind it: %v", p)
	}
	for _, piece := range []string{"<Meta></Meta>", "<Meta>", "<Meta/>", "</Meta>"} {
		growth.Linear(t, 48<<10, func(size int) func() {
			text := strings.Repeat(piece, size/len(piece))
			return func() { walked(text, &Output{}) }
		})
	}
}
