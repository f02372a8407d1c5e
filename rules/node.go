package rules

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of one rule file. Rules come from people, yet also from a folder that
// somebody pointed debrief at.
const (
	maxFileBytes = 128 << 10
	maxDepth     = 40
	maxKeys      = 2000 // of one map
)

// LoadError is one mistake in a rule file.
type LoadError struct {
	File         string
	Line, Column int // 1-based; 0 = the whole file
	Msg          string
}

func (e *LoadError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Msg
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
}

// place is where in a rule file something stands.
type place struct{ line, col int }

type nodeKind uint8

const (
	nodeNull nodeKind = iota
	nodeString
	nodeNumber // integer
	nodeFloat
	nodeBool
	nodeList
	nodeMap
)

var nodeNames = [...]string{"nothing", "text", "a number", "a fraction", "true or false", "a list", "a map"}

// node is a YAML value without the parts of YAML that rules do not use.
type node struct {
	place
	kind nodeKind
	text string // scalars, as written
	num  int64  // nodeNumber
	list []*node
	keys []*node // nodeMap, in the order of the file
	vals []*node
}

// get returns the value under a key of a map, or nil.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for i, k := range n.keys {
		if k.text == key {
			return n.vals[i]
		}
	}
	return nil
}

func (n *node) scalar() bool {
	return n.kind == nodeString || n.kind == nodeNumber || n.kind == nodeFloat || n.kind == nodeBool
}

// canon renders n so that equal values render equally, whatever the order of keys.
func (n *node) canon(b *strings.Builder, skip ...string) {
	switch n.kind {
	case nodeList:
		b.WriteByte('[')
		for _, v := range n.list {
			v.canon(b)
			b.WriteByte(',')
		}
		b.WriteByte(']')
	case nodeMap:
		order := make([]int, len(n.keys))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(i, j int) int { return cmp.Compare(n.keys[i].text, n.keys[j].text) })
		b.WriteByte('{')
		for _, i := range order {
			if slices.Contains(skip, n.keys[i].text) {
				continue
			}
			b.WriteString(strconv.Quote(n.keys[i].text))
			b.WriteByte(':')
			n.vals[i].canon(b)
			b.WriteByte(',')
		}
		b.WriteByte('}')
	default:
		fmt.Fprintf(b, "%d%q", n.kind, n.text)
	}
}

// parseYAML reads one document. Errors of syntax and parts of YAML that rules
// do not use end it; with keys that are given twice the node is returned all
// the same, so that the decoder can tell the other mistakes too.
func parseYAML(file string, data []byte) (n *node, err error) {
	fail := func(line, col int, msg string) (*node, error) {
		return nil, &LoadError{File: file, Line: line, Column: col, Msg: msg}
	}
	if len(data) > maxFileBytes {
		return fail(0, 0, fmt.Sprintf("the file is larger than %d KiB", maxFileBytes>>10))
	}
	if line := tooDeep(data); line > 0 {
		return fail(line, 1, "nested too deeply")
	}
	// The YAML library is well behaved on sane files; what a broken one makes
	// it do must not end the run.
	defer func() {
		if p := recover(); p != nil {
			n, err = fail(0, 0, fmt.Sprintf("the YAML reader gave up: %v", p))
		}
	}()
	f, perr := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if perr != nil {
		var at interface {
			GetToken() *token.Token
			GetMessage() string
		}
		if errors.As(perr, &at) && at.GetToken() != nil && at.GetToken().Position != nil {
			p := at.GetToken().Position
			return fail(p.Line, p.Column, at.GetMessage())
		}
		return fail(0, 0, perr.Error())
	}
	docs := slices.DeleteFunc(slices.Clone(f.Docs), func(d *ast.DocumentNode) bool { return d == nil || d.Body == nil })
	if len(docs) == 0 {
		return fail(0, 0, "the file is empty")
	}
	if len(docs) > 1 {
		return fail(docs[1].Body.GetToken().Position.Line, 1, "one rule a file")
	}
	c := converter{file: file}
	n = c.convert(docs[0].Body, 0)
	if len(c.errs) > c.twice {
		n = nil
	}
	return n, errors.Join(c.errs...)
}

// tooDeep returns the first line on which brackets or list dashes nest deeper
// than any rule needs, before a recursive parser sees them; 0 = none.
func tooDeep(data []byte) int {
	line, flow := 1, 0
	for l := range bytes.Lines(data) {
		dashes := 0
		for t := bytes.TrimLeft(l, " "); bytes.HasPrefix(t, []byte("- ")) || bytes.HasPrefix(t, []byte("? ")); t = bytes.TrimLeft(t[2:], " ") {
			dashes++
		}
		for _, c := range l {
			switch c {
			case '[', '{':
				flow++
			case ']', '}':
				flow = max(flow-1, 0)
			}
		}
		// Brackets in texts and regexps count too, so the bound is far above
		// maxDepth, which the converter holds exactly.
		if dashes > maxDepth || flow > 50*maxDepth {
			return line
		}
		line++
	}
	return 0
}

type converter struct {
	file  string
	errs  []error
	twice int // how many of errs are keys given twice
}

func (c *converter) errorf(p place, format string, args ...any) {
	c.errs = append(c.errs, &LoadError{c.file, p.line, p.col, fmt.Sprintf(format, args...)})
}

func placeOf(n ast.Node) place {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return place{t.Position.Line, t.Position.Column}
	}
	return place{}
}

func (c *converter) convert(a ast.Node, depth int) *node {
	if a == nil {
		return &node{}
	}
	n := &node{place: placeOf(a)}
	if depth > maxDepth {
		c.errorf(n.place, "nested too deeply")
		return n
	}
	switch a := a.(type) {
	case *ast.NullNode:
	case *ast.StringNode:
		n.kind, n.text = nodeString, a.Value
	case *ast.LiteralNode:
		n.kind, n.text = nodeString, a.Value.Value
	case *ast.IntegerNode:
		n.kind = nodeNumber
		switch v := a.Value.(type) {
		case int64:
			n.num = v
		case uint64:
			n.num = int64(v)
			if n.num < 0 {
				c.errorf(n.place, "number %s is too large", a.Token.Value)
			}
		}
		n.text = strconv.FormatInt(n.num, 10)
	case *ast.FloatNode:
		n.kind, n.text = nodeFloat, a.Token.Value
	case *ast.BoolNode:
		n.kind, n.text = nodeBool, strconv.FormatBool(a.Value)
	case *ast.SequenceNode:
		n.kind = nodeList
		for _, v := range a.Values {
			n.list = append(n.list, c.convert(v, depth+1))
		}
	case *ast.MappingNode:
		n.kind = nodeMap
		if len(a.Values) > 0 && !a.IsFlowStyle {
			n.place = placeOf(a.Values[0].Key)
		}
		for _, v := range a.Values {
			c.pair(n, v, depth)
		}
	case *ast.MappingValueNode:
		n.kind = nodeMap
		n.place = placeOf(a.Key)
		c.pair(n, a, depth)
	default:
		c.errorf(n.place, "%s is not used in rules", strings.ToLower(a.Type().String()))
	}
	return n
}

func (c *converter) pair(n *node, v *ast.MappingValueNode, depth int) {
	key := &node{place: placeOf(v.Key), kind: nodeString}
	switch k := v.Key.(type) {
	case *ast.StringNode:
		key.text = k.Value
	case *ast.IntegerNode, *ast.BoolNode, *ast.FloatNode:
		key.text = k.GetToken().Value
	default:
		c.errorf(key.place, "a key must be plain text")
		return
	}
	if len(n.keys) >= maxKeys {
		if len(n.keys) == maxKeys && len(c.errs) == c.twice {
			c.errorf(key.place, "a map of more than %d keys", maxKeys)
		}
		return
	}
	if n.get(key.text) != nil {
		c.errorf(key.place, "key %q is given twice", key.text)
		c.twice++
		return
	}
	val := c.convert(v.Value, depth+1)
	if val.kind == nodeNull {
		val.place = key.place
	}
	n.keys, n.vals = append(n.keys, key), append(n.vals, val)
}
