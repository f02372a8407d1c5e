package nightly

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"text/template"
	"unicode"
	"unicode/utf8"

	"debrief/rules"
)

//go:embed draft.tmpl
var draftText string

// draftTemplate is part of the program: a fault in it is a programmer's error.
var draftTemplate = template.Must(template.New("draft").Funcs(template.FuncMap{"quote": quote}).Parse(draftText))

// quote writes a YAML string. JSON's are, and they are never taken for anything
// else.
func quote(s string) (string, error) {
	b, err := json.Marshal(s)
	return string(b), err
}

// draftRule is what the template shows.
type draftRule struct {
	*Cluster
	RuleID   string
	Title    string
	Contains string // what the records have; empty = the id tells them
	Sample   string // a made-up record of that form
	Other    string // one of another form
	OtherID  uint32
}

// ruleID is the id that the draft of a rule has.
func (c *Cluster) ruleID() string { return "draft." + slug(string(c.Source)) + "-" + c.Key }

// DraftName is the name of the file that the draft belongs in.
func (c *Cluster) DraftName() string { return c.ruleID() + ".yaml" }

// draft writes a rule to start from; empty where the records have nothing that
// a rule could hold on to, or the rule would not pass its own tests.
func draft(c *Cluster) string {
	d := draftRule{Cluster: c, RuleID: c.ruleID(), Other: "a record of another kind", OtherID: c.ID + 1}
	form := oneLine(c.Shape)
	d.Title = cut(fmt.Sprintf("Not yet known: %s", form), 100)
	d.Sample = filled(form)
	if c.ID == 0 {
		if d.Contains = literal(form); d.Contains == "" {
			return ""
		}
	}
	var b strings.Builder
	if err := draftTemplate.Execute(&b, d); err != nil {
		return ""
	}
	set, err := rules.LoadText(c.DraftName(), []byte(b.String()))
	if err != nil || len(set.Lint()) > 0 {
		return ""
	}
	for _, t := range set.Test() {
		if !t.Passed() {
			return ""
		}
	}
	return b.String()
}

// placeholder is what event.Shape puts for what differs.
var placeholder = regexp.MustCompile(`<(?:guid|hex|n)>`)

// filled is a record of that form with values that mean nothing.
func filled(form string) string {
	return placeholder.ReplaceAllStringFunc(form, func(p string) string {
		switch p {
		case "<guid>":
			return "00000000-0000-0000-0000-000000000001"
		case "<hex>":
			return "0x80004005"
		}
		return "1"
	})
}

// leastLiteral is how many letters tell records apart.
const leastLiteral = 12

// literal is the piece of a form between what differs that has most letters;
// empty = none has enough.
func literal(form string) string {
	best, most := "", leastLiteral-1
	for _, piece := range placeholder.Split(form, -1) {
		piece = strings.Trim(piece, " .,:;()[]{}'\"=")
		n := 0
		for _, r := range piece {
			if unicode.IsLetter(r) {
				n++
			}
		}
		if n > most {
			best, most = piece, n
		}
	}
	return best
}

// oneLine makes text of a log fit for a rule file: valid UTF-8, no control
// characters, no line breaks.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s))
}

// cut shortens text to n runes.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// slug makes the name of a source a word of a rule id.
func slug(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(s))
	return strings.Trim(regexp.MustCompile(`-+`).ReplaceAllString(s, "-"), "-")
}
