package index

import (
	"fmt"
	"strings"
	"time"

	"debrief/event"
)

// QueryError is a query that cannot be read.
type QueryError struct {
	Query  string
	Column int // 1-based, in bytes
	Text   string
}

func (e *QueryError) Error() string {
	return fmt.Sprintf("query, column %d: %s", e.Column, e.Text)
}

const (
	maxQuery = 64 << 10
	maxDepth = 100
)

// ParseQuery reads a query in the language of docs/query.md; "since:7d" counts
// from now. An empty query matches every event. The error is a *QueryError.
//
//	timeout "policy provider" -retry (level:>=error OR code:0x80070643) since:7d
func ParseQuery(text string, now time.Time) (*event.Filter, error) {
	p := &queryParser{text: text, now: now}
	if len(text) > maxQuery {
		return nil, p.errorf(0, "longer than %d bytes", maxQuery)
	}
	p.space()
	if p.at == len(text) {
		return &event.Filter{}, nil
	}
	f, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.at < len(text) {
		return nil, p.errorf(p.at, "a ) without its (")
	}
	return f, nil
}

type queryParser struct {
	text string
	at   int
	now  time.Time
}

func (p *queryParser) errorf(at int, format string, args ...any) error {
	return &QueryError{Query: p.text, Column: at + 1, Text: fmt.Sprintf(format, args...)}
}

func (p *queryParser) space() {
	for p.at < len(p.text) && strings.ContainsRune(" \t\r\n", rune(p.text[p.at])) {
		p.at++
	}
}

// word takes an operator written as a word, if it stands there alone.
func (p *queryParser) word(w string) bool {
	rest, ok := strings.CutPrefix(p.text[p.at:], w)
	if !ok || rest != "" && !strings.ContainsRune(" \t\r\n()", rune(rest[0])) {
		return false
	}
	p.at += len(w)
	p.space()
	return true
}

func (p *queryParser) or(depth int) (*event.Filter, error) {
	var args []*event.Filter
	for {
		f, err := p.and(depth)
		if err != nil {
			return nil, err
		}
		args = append(args, f)
		if !p.word("OR") {
			return event.AnyOf(args...), nil
		}
	}
}

func (p *queryParser) and(depth int) (*event.Filter, error) {
	var args []*event.Filter
	for {
		f, err := p.unary(depth)
		if err != nil {
			return nil, err
		}
		args = append(args, f)
		p.space()
		explicit := p.word("AND")
		if !explicit && (p.at == len(p.text) || p.text[p.at] == ')' || p.peekOr()) {
			return event.AllOf(args...), nil
		}
	}
}

func (p *queryParser) peekOr() bool {
	at := p.at
	is := p.word("OR")
	p.at = at
	return is
}

func (p *queryParser) unary(depth int) (*event.Filter, error) {
	if depth > maxDepth {
		return nil, p.errorf(p.at, "nested too deep")
	}
	p.space()
	if p.at == len(p.text) {
		return nil, p.errorf(p.at, "something is missing at the end")
	}
	switch c := p.text[p.at]; {
	case p.word("NOT"), c == '-' && !p.negativeCode():
		if c == '-' {
			p.at++
		}
		f, err := p.unary(depth + 1)
		if err != nil {
			return nil, err
		}
		return event.NoneOf(f), nil
	case c == '(':
		open := p.at
		p.at++
		f, err := p.or(depth + 1)
		if err != nil {
			return nil, err
		}
		if p.at == len(p.text) || p.text[p.at] != ')' {
			return nil, p.errorf(open, "a ( without its )")
		}
		p.at++
		return f, nil
	case c == ')':
		return nil, p.errorf(p.at, "something is missing before the )")
	}
	return p.term()
}

// negativeCode reports whether a code in signed decimal stands there:
// -2147023293 is one, -5 is "not 5".
func (p *queryParser) negativeCode() bool {
	n := 1
	for p.at+n < len(p.text) && '0' <= p.text[p.at+n] && p.text[p.at+n] <= '9' {
		n++
	}
	ends := p.at+n == len(p.text) || strings.ContainsRune(" \t\r\n()", rune(p.text[p.at+n]))
	return n == 11 && ends
}

// term reads a word, a phrase, an expression or a field with its value.
func (p *queryParser) term() (*event.Filter, error) {
	start := p.at
	switch p.text[p.at] {
	case '"':
		text, err := p.quoted('"')
		if err != nil {
			return nil, err
		}
		return p.phrase(start, text)
	case '/':
		return p.regexp()
	}
	raw := p.bare()
	name, value, ok := strings.Cut(raw, ":")
	if !ok || strings.HasPrefix(value, `\`) || strings.HasPrefix(value, "//") {
		return p.bareWord(start, raw)
	}
	p.at = start + len(name) + 1
	if p.at < len(p.text) && p.text[p.at] == '"' {
		var err error
		if value, err = p.quoted('"'); err != nil {
			return nil, err
		}
		return p.field(start, name, value, true)
	}
	p.at = start + len(raw)
	return p.field(start, name, value, false)
}

// bare takes what stands up to a space or a bracket.
func (p *queryParser) bare() string {
	start := p.at
	for p.at < len(p.text) && !strings.ContainsRune(" \t\r\n()", rune(p.text[p.at])) {
		p.at++
	}
	return p.text[start:p.at]
}

// quoted takes what stands between two quotes; \" is a quote in it.
func (p *queryParser) quoted(q byte) (string, error) {
	start := p.at
	var b strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		c := p.text[p.at]
		if c == '\\' && p.at+1 < len(p.text) && p.text[p.at+1] == q {
			p.at++
			b.WriteByte(q)
			continue
		}
		if c == q {
			p.at++
			return b.String(), nil
		}
		b.WriteByte(c)
	}
	return "", p.errorf(start, "a %c without its second", q)
}

func (p *queryParser) phrase(at int, text string) (*event.Filter, error) {
	f := event.HasPhrase(text)
	if f.Op == event.OpAll {
		return nil, p.errorf(at, "no word stands between the quotes")
	}
	return f, nil
}

func (p *queryParser) regexp() (*event.Filter, error) {
	start := p.at
	text, err := p.quoted('/')
	if err != nil {
		return nil, err
	}
	if text == "" {
		return nil, p.errorf(start, "no expression stands between the slashes")
	}
	f, err := event.MatchesRegexp(text)
	if err != nil {
		return nil, p.errorf(start, "%v", err)
	}
	return f, nil
}

func (p *queryParser) bareWord(at int, raw string) (*event.Filter, error) {
	if values, ok := codeWord(raw); ok {
		return event.AnyOf(event.WithCode(values...), event.HasPhrase(raw)), nil
	}
	if head, ok := strings.CutSuffix(raw, "*"); ok {
		if !isPrefix(head) {
			return nil, p.errorf(at, "%q: a * stands at the end of one word; for more use an expression such as /a.*b/", raw)
		}
		return event.HasPrefix(head), nil
	}
	if strings.Contains(raw, "*") {
		return nil, p.errorf(at, "%q: a * stands only at the end of a word; for more use an expression such as /a.*b/", raw)
	}
	f := event.HasPhrase(raw)
	if f.Op == event.OpAll {
		return nil, p.errorf(at, "%q has neither a letter nor a digit", raw)
	}
	return f, nil
}

// isPrefix reports whether text can begin a word: it is the beginning of one,
// or of a GUID.
func isPrefix(text string) bool {
	start, end := event.NextToken(text, 0)
	if start != 0 || end == 0 {
		return false
	}
	if end == len(text) {
		return true
	}
	return strings.Trim(strings.ToLower(text), "0123456789abcdef-") == "" && len(text) <= 36
}
