package parsers

import (
	"embed"
	"slices"
	"strings"
	"sync"

	"debrief/event"
)

// What the components of ConfigMgr and of the Intune agent write stands in
// tables, wording/*.tsv, since it changes with versions. A row is a form:
//
//	app.exit-code	appenforce	5.00	public	Process {Process} ended with code {ExitCode}.
//
//	name        semantic name, area first; several forms may share one
//	components  the writers, lower case, joined by ","; @sequence, @agent and @http are sets of them
//	since       version from which on the form is seen; "-" = not known
//	source      where the form is known from: see the head of each table
//	form        literal text and {Captures}; it starts with text
//
// A form fits a message that starts with its first literal and has the others
// in order behind it. A capture reaches to the next literal, the last one to
// the end of the message; what stands behind a form's last literal is free.
// Tags in front of a message ("[Win32App] ") come and go with versions and are
// passed over where the message does not fit with them. Of several forms that
// fit the one with the longest first literal wins.
//
// The capture FormatVersion is the version of the program that writes the log;
// Payload and Policies are JSON, see payload.go.

//go:embed wording/*.tsv
var wordingFiles embed.FS

// form is one row of the tables.
type form struct {
	name, since, source string
	components          []string
	first               string     // the literal it starts with
	rest                []formPart // captures, each with the literal that ends it
	version             bool       // has the capture formVersion
	payload             bool       // has a capture that is JSON
}

type formPart struct{ capture, until string }

// httpComponents write the lines of the client's HTTP layer, lower case.
var httpComponents = []string{
	"ccmeval", "ccmexec", "ccmmessaging", "ccmnotificationagent", "ccmsetup", "clientidmanagerstartup",
	"clientlocation", "datatransferservice", "locationservices", "policyagent",
}

// formVersion is the capture of the writing program's version; it becomes the
// field "Version" and the coverage's Format.
const formVersion = "FormatVersion"

// forms reads the tables. A fault in them is a programmer's error that a test
// finds; rows with one are left out.
func forms() []form {
	var all []form
	files, _ := wordingFiles.ReadDir("wording")
	for _, f := range files {
		data, _ := wordingFiles.ReadFile("wording/" + f.Name())
		for row := range strings.Lines(string(data)) {
			c := strings.Split(strings.TrimRight(row, "\r\n"), "\t")
			if len(c) != 5 || strings.HasPrefix(row, "#") {
				continue
			}
			if fm, ok := newForm(c[4]); ok {
				fm.name, fm.components, fm.since, fm.source = c[0], writers(c[1]), c[2], c[3]
				all = append(all, fm)
			}
		}
	}
	return all
}

// writers resolves the sets in a list of components.
func writers(list string) []string {
	var all []string
	for c := range strings.SplitSeq(list, ",") {
		switch c {
		case "@sequence":
			all = append(append(all, "smsts"), sequenceComponents...)
		case "@agent":
			all = append(all, imeLogs...)
		case "@http":
			all = append(all, httpComponents...)
		default:
			all = append(all, c)
		}
	}
	return all
}

// newForm reads the text of a form.
func newForm(text string) (f form, ok bool) {
	f.first, text, _ = strings.Cut(text, "{")
	if len(f.first) < 2 {
		return f, false
	}
	for text != "" {
		name, after, closed := strings.Cut(text, "}")
		if !closed || name == "" {
			return f, false
		}
		until, next, more := strings.Cut(after, "{")
		if until == "" && more {
			return f, false // two captures side by side
		}
		if name == formVersion {
			name, f.version = "Version", true
		}
		f.payload = f.payload || name == payloadCapture || name == policiesCapture
		f.rest = append(f.rest, formPart{name, until})
		text = next
	}
	return f, true
}

// fit appends the form's captures in m, which starts with the first literal.
func (f *form) fit(m string, fields []event.Field) ([]event.Field, bool) {
	m = m[len(f.first):]
	start := len(fields)
	for _, p := range f.rest {
		value := m
		if p.until != "" {
			i := strings.Index(m, p.until)
			if i < 0 {
				return fields[:start], false
			}
			value, m = m[:i], m[i+len(p.until):]
		}
		fields = append(fields, event.Field{Name: p.capture, Value: trim(value)})
	}
	return fields, true
}

// wordNode is a node of the tree of first literals of one component.
type wordNode struct {
	label string // text on the way from the parent
	keys  string // first bytes of the children's labels
	kids  []*wordNode
	forms []*form // whose first literal ends here, those with more parts first
	count int     // of the root: forms of the whole tree
}

// wordings has the tree of each component that the tables know, by name in
// lower case. Components with the same forms share one.
var wordings = sync.OnceValue(func() map[string]*wordNode {
	all := forms()
	rows := map[string][]int{}
	for i := range all {
		for _, c := range all[i].components {
			rows[c] = append(rows[c], i)
		}
	}
	trees, shared := make(map[string]*wordNode, len(rows)), map[string]*wordNode{}
	for c, list := range rows {
		var key strings.Builder
		for _, i := range list {
			key.WriteRune(rune(i + 1))
		}
		tree := shared[key.String()]
		if tree == nil {
			tree = &wordNode{count: len(list)}
			for _, i := range list {
				tree.insert(all[i].first, &all[i])
			}
			shared[key.String()] = tree
		}
		trees[c] = tree
	}
	return trees
})

// insert adds a form under the rest of its first literal.
func (n *wordNode) insert(text string, f *form) {
	if text == "" {
		n.forms = append(n.forms, f)
		slices.SortStableFunc(n.forms, func(a, b *form) int { return len(b.rest) - len(a.rest) })
		return
	}
	i := strings.IndexByte(n.keys, text[0])
	if i < 0 {
		n.keys += text[:1]
		n.kids = append(n.kids, &wordNode{label: text, forms: []*form{f}})
		return
	}
	kid, same := n.kids[i], 1
	for same < len(text) && same < len(kid.label) && text[same] == kid.label[same] {
		same++
	}
	if same < len(kid.label) {
		n.kids[i] = &wordNode{label: kid.label[:same], keys: kid.label[same : same+1], kids: []*wordNode{kid}}
		kid.label = kid.label[same:]
	}
	n.kids[i].insert(text[same:], f)
}

// match finds the form of a message and appends its captures; nil = none fits.
func (n *wordNode) match(m string, fields []event.Field) (*form, []event.Field) {
	for len(m) > 0 && isPadding(m[0]) {
		m = m[1:]
	}
	if f, fields := n.matchAt(m, fields); f != nil {
		return f, fields
	}
	if untagged := skipTags(m); len(untagged) < len(m) {
		return n.matchAt(untagged, fields)
	}
	return nil, fields
}

func (n *wordNode) matchAt(m string, fields []event.Field) (*form, []event.Field) {
	var met [16]*wordNode // with forms, outermost first
	count := 0
	for rest := m; rest != "" && count < len(met); {
		kid := n.kid(rest[0])
		if kid == nil || !strings.HasPrefix(rest, kid.label) {
			break
		}
		n, rest = kid, rest[len(kid.label):]
		if len(n.forms) > 0 {
			met[count] = n
			count++
		}
	}
	for count--; count >= 0; count-- {
		for _, f := range met[count].forms {
			if got, ok := f.fit(m, fields); ok {
				return f, got
			}
		}
	}
	return nil, fields
}

// kid is the child whose label begins with c, or nil.
func (n *wordNode) kid(c byte) *wordNode {
	for i := 0; i < len(n.keys); i++ {
		if n.keys[i] == c {
			return n.kids[i]
		}
	}
	return nil
}

// skipTags cuts "[Tag][Other tag] " off the front of a message.
func skipTags(m string) string {
	for strings.HasPrefix(m, "[") {
		i := strings.IndexByte(m, ']')
		if i < 0 || i > 64 {
			break
		}
		m = strings.TrimLeft(m[i+1:], " ")
	}
	return m
}
