package rules

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

func readDocs(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// The first example of the manual is a rule that loads, passes its tests and
// the lint, but for the rule it explains; the test example loads too.
func TestManualExamples(t *testing.T) {
	var blocks []string
	parts := strings.Split(readDocs(t, "rules.md"), "```")
	for i := 1; i < len(parts); i += 2 {
		if text, ok := strings.CutPrefix(parts[i], "yaml\n"); ok {
			blocks = append(blocks, text)
		}
	}
	if len(blocks) < 6 {
		t.Fatalf("only %d examples", len(blocks))
	}
	r, err := parseRule("demo.msi.fatal.yaml", []byte(blocks[0]))
	if err != nil {
		t.Fatal(err)
	}
	s := newSet([]*Rule{r})
	for _, res := range s.Test() {
		if !res.Passed() {
			t.Errorf("%s: %q", res.Test, res.Failures)
		}
	}
	for _, p := range s.Lint() {
		if !strings.Contains(p.Text, "does not exist") {
			t.Error(p)
		}
	}
	for _, b := range blocks[1:] {
		if strings.HasPrefix(b, "tests:") {
			head := "rule: a.b\ntitle: x\nrole: cause\nsignals: { a: { event: { source: log.a } } }\nwhen: a\nfinding: { message: x }\n"
			if _, err := parseRule("tests", []byte(head+b)); err != nil {
				t.Errorf("example of tests: %v", err)
			}
			continue
		}
		l := &loader{file: "manual", rule: &Rule{byName: map[string]*signal{}}}
		root, err := parseYAML("manual", []byte(b))
		if err != nil {
			t.Errorf("%v\n%s", err, b)
			continue
		}
		l.parseSignals(root)
		for _, e := range append(l.errs, l.remarks...) {
			t.Errorf("%v\n%s", e, b)
		}
	}
}

// Every condition of the manual's table is one that loads, and every operator
// stands there.
func TestManualConditions(t *testing.T) {
	seen := map[string]bool{}
	n := 0
	for line := range strings.Lines(readDocs(t, "rules.md")) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			continue
		}
		for _, m := range regexp.MustCompile("`(\\{[^{].*?\\})`").FindAllStringSubmatch(cells[1], -1) {
			text := strings.NewReplacer("where: {var: …}", "where: { id: x }", "where: {…}", "where: { id: x }", "{…}", "{ source: log.a }", "[c, c]", "[a, b]", ": c }", ": a }").Replace(m[1])
			text = strings.ReplaceAll(text, "{ fact: { source: log.a } }", "{ fact: { name: os.build } }")
			text = strings.ReplaceAll(text, "{ span: { source: log.a } }", "{ span: { kind: step } }")
			l := &loader{file: "manual", rule: &Rule{byName: map[string]*signal{}}}
			sigs, err := parseYAML("signals", []byte(`
a: { event: { source: log.a, text: '(?P<code>\d+) (?P<id>\w+)' } }
b: { event: { source: log.a, text: '(?P<code>\d+)' } }
c: { event: { source: log.a } }
app: { event: { source: log.a, text: '(?P<id>\w+)' } }
failed: { event: { source: log.a } }
started: { event: { source: log.a } }
lines: { event: { source: log.a } }
step: { span: { kind: step } }
run: { span: { kind: step } }
`))
			if err != nil {
				t.Fatal(err)
			}
			l.parseSignals(sigs)
			root, err := parseYAML("manual", []byte("when: "+text))
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			// The row of sequence joins on thread and has three records; b may be unfinished.
			c := l.condition(root.get("when"))
			for _, e := range l.errs {
				t.Errorf("%s: %v", text, e)
			}
			if c != nil {
				seen[c.op.String()] = true
				n++
			}
		}
	}
	for _, op := range condNames {
		if !seen[op] {
			t.Errorf("the manual has no example of %s", op)
		}
	}
	if n < 15 {
		t.Errorf("only %d conditions found in the manual", n)
	}
}

// Every modifier, function and source of facts stands in the manual.
func TestManualNames(t *testing.T) {
	text := readDocs(t, "rules.md")
	names := append(slices.Clone(opNames[:]), functionNames()...)
	for _, fs := range factSources {
		names = append(names, strings.TrimSuffix(fs.prefix, ".")+".*", fs.prefix)
	}
	for i, name := range names {
		if i >= len(opNames)+len(functionNames()) {
			if strings.HasSuffix(name, ".*") && strings.Contains(text, name) || strings.Contains(text, strings.TrimSuffix(name, ".*")) {
				continue
			}
			t.Errorf("the manual does not speak of %s", name)
		} else if !strings.Contains(text, "`"+name+"`") && !strings.Contains(text, "`"+name+" ") {
			t.Errorf("the manual does not speak of %s", name)
		}
	}
	for k := range spanSources {
		if !strings.Contains(text, k) {
			t.Errorf("the manual does not speak of spans of kind %s", k)
		}
	}
	for _, w := range regexp.MustCompile(`\b(?:evtx|log|reg|txt|json|csv)\.[a-z-]+\b`).FindAllString(text, -1) {
		known := slices.ContainsFunc(event.Sources(), func(i event.SourceInfo) bool { return string(i.Source) == w })
		if !known && w != "log.a" {
			t.Errorf("the manual speaks of the unknown source %s", w)
		}
	}
}

// The published schema and the loader know the same keys.
func TestSchemaKeys(t *testing.T) {
	var schema struct {
		Properties map[string]json.RawMessage `json:"properties"`
		Defs       map[string]struct {
			Properties map[string]json.RawMessage `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(readDocs(t, "rule.schema.json")), &schema); err != nil {
		t.Fatal(err)
	}
	// The loader tells the keys it knows when it meets one that it does not.
	head := "rule: a.b\ntitle: x\nrole: cause\nsignals: { a: { event: { source: log.a } }, s: { span: { kind: step } } }\n"
	for def, text := range map[string]string{
		"":             "zz: 1",
		"need":         "needs: [ { zz: 1 } ]",
		"signal":       "when: { event: { source: log.a }, zz: 1 }",
		"event":        "when: { event: { zz: 1 } }",
		"record":       "when: { interval: { open: { zz: 1 } } }",
		"fact":         "when: { fact: { zz: 1 } }",
		"span":         "when: { span: { zz: 1 } }",
		"interval":     "when: { interval: { zz: 1 } }",
		"count":        "when: { count: { zz: 1 } }",
		"sequence":     "when: { sequence: { zz: 1 } }",
		"duration":     "when: { duration: { zz: 1 } }",
		"gap":          "when: { gap: { zz: 1 } }",
		"compare":      "when: { compare: { zz: 1 } }",
		"near":         "when: { near: { zz: 1 } }",
		"confidence":   "confidence: { zz: 1 }",
		"contributing": "contributing: [ { zz: 1 } ]",
		"explains":     "explains: [ { zz: 1 } ]",
		"evidence":     "evidence: { zz: 1 }",
		"context":      "evidence: { context: { zz: 1 } }",
		"finding":      "finding: { zz: 1 }",
		"table":        "finding: { table: { zz: 1 } }",
		"remedy":       "remedy: [ { zz: 1 } ]",
		"across":       "across: { zz: 1 }",
		"escalate":     "across: { escalate: { zz: 1 } }",
		"testCase":     "tests: [ { zz: 1 } ]",
		"given":        "tests: [ { given: { zz: 1 } } ]",
		"session":      "tests: [ { given: { session: { zz: 1 } } } ]",
		"givenEvent":   "tests: [ { given: { events: [ { zz: 1 } ] } } ]",
		"givenSpan":    "tests: [ { given: { spans: [ { zz: 1 } ] } } ]",
		"expect":       "tests: [ { expect: { zz: 1 } } ]",
	} {
		_, err := parseRule("schema", []byte(head+text))
		if err == nil {
			t.Errorf("%s: no error", def)
			continue
		}
		_, known, ok := strings.Cut(err.Error(), `unknown key "zz" in `)
		_, known, ok2 := strings.Cut(known, "(known: ")
		known, _, ok3 := strings.Cut(known, ")")
		if !ok || !ok2 || !ok3 {
			t.Errorf("%s: %v", def, err)
			continue
		}
		props := schema.Properties
		if def != "" {
			props = schema.Defs[def].Properties
		}
		if diff := cmp.Diff(strings.Split(known, ", "), slices.Sorted(maps.Keys(props))); diff != "" {
			t.Errorf("%q (-loader +schema):\n%s", def, diff)
		}
	}
	mods := append(slices.Clone(opNames[:]), "gte", "lte", "all")
	slices.Sort(mods)
	if diff := cmp.Diff(mods, slices.Sorted(maps.Keys(schema.Defs["modifiers"].Properties))); diff != "" {
		t.Errorf("modifiers (-loader +schema):\n%s", diff)
	}
}
