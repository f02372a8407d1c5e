package parsers

import (
	"strconv"
	"strings"

	"debrief/event"
)

// speaker looks up what the components of one log say, and keeps count: of the
// records whose writer the tables know well, and of those whose wording they know.
type speaker struct {
	out   *Output
	stem  string
	trees map[string]*wordNode // by component as written, nil = not in the tables
	last  string               // component looked up last, and its tree
	tree  *wordNode
}

func newSpeaker(stem string, out *Output) speaker {
	s := speaker{out: out, stem: stem, trees: map[string]*wordNode{}}
	for _, known := range [...]string{"smsts", "ccmsetup"} {
		if strings.HasPrefix(stem, known) {
			s.stem = known // smsts-2, ccmsetup-ccmeval
		}
	}
	s.tree = wordings()[s.stem]
	return s
}

// say returns the name of what a component says and appends the values that
// the message carries to fields. Where the component is not known from the
// record, the log's name tells it.
func (s *speaker) say(component, message string, fields []event.Field) (string, []event.Field) {
	if component != s.last {
		tree, met := s.trees[component]
		if !met {
			name := strings.ToLower(component)
			if name == "" {
				name = s.stem
			}
			tree = wordings()[name]
			if len(s.trees) < 1<<10 {
				s.trees[component] = tree
			}
		}
		s.last, s.tree = component, tree
	}
	if s.tree == nil {
		return "", fields
	}
	c := &s.out.Coverage
	broad := s.tree.count >= broadTable
	if broad {
		c.Expected++
	}
	first := len(fields)
	f, fields := s.tree.match(message, fields)
	if f == nil {
		return "", fields
	}
	if broad {
		c.Recognised++
	}
	if f.version {
		for _, fd := range fields[first:] {
			if fd.Name == "Version" {
				c.Format = fd.Value
			}
		}
	}
	if f.payload {
		fields = unpack(fields, first)
	}
	return f.name, fields
}

// broadTable is how many forms a component must have for its ratio of known
// wording to mean anything.
const broadTable = 12

// unfamiliar says where nothing was recognised: rules that look for the wording
// will find nothing either.
func unfamiliar(out *Output) {
	c := &out.Coverage
	if !c.Unfamiliar() {
		return
	}
	out.Problem(event.Remark, event.Pos{File: c.File}, "of "+strconv.Itoa(c.Expected)+
		" records of writers that debrief knows not one has wording that it knows; a newer version may word them differently")
}
