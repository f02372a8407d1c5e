package rules

import (
	"path"
	"slices"
	"strings"
)

var (
	statuses   = []string{"experimental", "test", "stable", "deprecated"}
	scopes     = []string{"session", "device", "case", "app", "user"}
	orders     = []string{"before", "overlaps", "any"}
	audiences  = []string{"user", "engineer", "admin"}
	risks      = []string{"none", "restart", "change-window", "reset"}
	roleWords  = roleNames[1:]
	levelWords = confidenceNames[1:]
)

// parseRule decodes a file. Signals come first whatever their place, since
// everything else refers to them.
func (l *loader) parseRule(n *node) *Rule {
	r := &Rule{
		File: l.file, Line: n.line, place: n.place, Version: "0", Status: "stable", Verified: true, Scope: "session",
		byName: map[string]*signal{}, after: 0,
	}
	r.confidence.base = Moderate
	l.rule = r
	if sn := n.get("signals"); sn != nil {
		l.parseSignals(sn)
	}
	impact := -1
	f := fields{"signals": func(*node) {}, "impact": func(v *node) { impact = l.oneOf(v, "impact", impactNames[:]) }}
	l.headFields(r, f)
	l.judgementFields(r, f)
	l.outputFields(r, f)
	l.object(n, "a rule", f)
	if impact >= 0 {
		r.Impact = Impact(impact)
	} else {
		r.Impact = defaultImpact(r.Role)
	}
	l.required(r, n)
	return r
}

func defaultImpact(r Role) Impact {
	switch r {
	case RoleCause, RoleSymptom:
		return ImpactFailure
	case RoleContributing:
		return ImpactWarning
	}
	return ImpactNone
}

func (l *loader) parseSignals(n *node) {
	if n.kind != nodeMap {
		l.errorf(n.place, "signals: expected a map, found %s", nodeNames[n.kind])
		return
	}
	for i, k := range n.keys {
		if k.text == "session" || !isIdent(k.text) || isPhaseName(k.text[:1]) {
			l.errorf(k.place, "signal %q: a name begins with a-z, goes on with a-z, 0-9 and _, and is not session", k.text)
			continue
		}
		if s := l.parseSignal(k.text, n.vals[i]); s != nil {
			s.place = k.place
			l.addSignal(s)
		} else {
			// Known, so that each use of it is not one more error.
			l.addSignal(&signal{name: k.text, place: k.place, kind: sigEvent, event: &eventSpec{}})
		}
	}
	for _, s := range slices.Clone(l.rule.signals) {
		l.resolveDuring(s)
	}
}

// headFields are the keys that describe the rule.
func (l *loader) headFields(r *Rule, f fields) {
	str := func(key string, to *string) { f[key] = func(v *node) { *to = l.text(v) } }
	list := func(key string, to *[]string) { f[key] = func(v *node) { *to = l.texts(v) } }
	str("version", &r.Version)
	str("title", &r.Title)
	str("description", &r.Description)
	str("author", &r.Author)
	list("area", &r.Area)
	list("references", &r.References)
	list("falsepositives", &r.FalsePositives)
	f["verified"] = func(v *node) { r.Verified = l.boolean(v) }
	f["rule"] = func(v *node) {
		r.ID, r.place, r.Line = l.text(v), v.place, v.line
		if !isRuleID(r.ID) {
			l.errorf(v.place, "rule %q: an id is lower-case words of a-z, 0-9 and -, joined by dots", r.ID)
		}
		if base := strings.TrimSuffix(path.Base(l.file), path.Ext(l.file)); base != r.ID {
			l.remark(v.place, "rule %q should be in a file %s.yaml", r.ID, r.ID)
		}
	}
	f["status"] = func(v *node) {
		if l.oneOf(v, "status", statuses) >= 0 {
			r.Status = v.text
		}
	}
	f["role"] = func(v *node) { r.Role = Role(l.oneOf(v, "role", roleWords) + 1) }
	f["scope"] = func(v *node) {
		if l.oneOf(v, "scope", scopes) >= 0 {
			r.Scope = v.text
		}
	}
}

func isRuleID(s string) bool {
	for word := range strings.SplitSeq(s, ".") {
		if word == "" {
			return false
		}
		for i := 0; i < len(word); i++ {
			if c := word[i]; !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
				return false
			}
		}
	}
	return strings.Contains(s, ".")
}

// judgementFields are the keys that decide the verdict and the graph.
func (l *loader) judgementFields(r *Rule, f fields) {
	f["each"] = func(v *node) {
		if ref, ok := l.parseVarRef(l.text(v), v.place); ok {
			r.each = &ref
		}
	}
	f["applies"] = func(v *node) { r.applies = l.condition(v) }
	f["when"] = func(v *node) { r.when = l.condition(v) }
	f["unless"] = func(v *node) { r.unless = l.conditions(v) }
	f["needs"] = func(v *node) {
		l.each(v, "needs", func(e *node) { r.Needs = append(r.Needs, l.need(e)) })
	}
	f["confidence"] = func(v *node) { l.parseLadder(&r.confidence, v) }
	f["explains"] = func(v *node) {
		l.each(v, "explains", func(e *node) { r.Explains = append(r.Explains, l.edge(e)) })
	}
	f["supersedes"] = func(v *node) { r.Supersedes = l.texts(v) }
	f["outranks"] = func(v *node) { r.Outranks = l.texts(v) }
	f["across"] = func(v *node) { r.Across = l.across(v) }
}

// each walks a list.
func (l *loader) each(n *node, what string, fn func(*node)) {
	if n.kind != nodeList {
		l.errorf(n.place, "%s: expected a list, found %s", what, nodeNames[n.kind])
		return
	}
	for _, e := range n.list {
		fn(e)
	}
}

func (l *loader) need(n *node) Need {
	var need Need
	if n.scalar() {
		need.Sources = []string{lowerASCII(n.text)}
		l.checkSource(n.text, n.place)
		return need
	}
	l.object(n, "needs", fields{
		"source": func(v *node) {
			for _, s := range l.texts(v) {
				l.checkSource(s, v.place)
				need.Sources = append(need.Sources, lowerASCII(s))
			}
		},
		"optional":   func(v *node) { need.Optional = l.boolean(v) },
		"if_missing": func(v *node) { need.IfMissing = l.text(v) },
	})
	if len(need.Sources) == 0 {
		l.errorf(n.place, "needs: a source is missing")
	}
	return need
}

func (l *loader) edge(n *node) Edge {
	e := Edge{Order: "any", place: n.place}
	if n.scalar() {
		e.Rule = n.text
		return e
	}
	l.object(n, "explains", fields{
		"rule": func(v *node) { e.Rule, e.place = l.text(v), v.place },
		"join": func(v *node) { e.Join = l.texts(v) },
		"order": func(v *node) {
			if l.oneOf(v, "order", orders) >= 0 {
				e.Order = v.text
			}
		},
	})
	if e.Rule == "" {
		l.errorf(n.place, "explains: rule is missing")
	}
	return e
}

func (l *loader) parseLadder(c *ladder, n *node) {
	level := func(v *node) Confidence { return Confidence(l.oneOf(v, "confidence", levelWords) + 1) }
	if n.scalar() {
		c.base = level(n)
		return
	}
	rungs := func(to *[Proven + 1][]*cond) func(*node) {
		return func(v *node) {
			if v.kind != nodeMap {
				l.errorf(v.place, "expected a map of level: condition, found %s", nodeNames[v.kind])
				return
			}
			for i, k := range v.keys {
				if at := level(k); at > NoConfidence {
					to[at] = l.conditions(v.vals[i])
				}
			}
		}
	}
	l.object(n, "confidence", fields{
		"base":     func(v *node) { c.base = level(v) },
		"raise_to": rungs(&c.raise),
		"cap_at":   rungs(&c.limit),
	})
}

func (l *loader) across(n *node) *Across {
	a := &Across{}
	l.object(n, "across", fields{
		"group_by": func(v *node) {
			a.GroupBy = l.texts(v)
			for _, name := range a.GroupBy {
				if !slices.Contains(AcrossGroups(), name) {
					l.errorf(v.place, "cases are not grouped by %q: use %s", name, strings.Join(AcrossGroups(), ", "))
				}
			}
		},
		"window": func(v *node) {
			d, ok := parseDuration(l.text(v))
			if !ok {
				l.errorf(v.place, "%q is no duration: write 14d", v.text)
			}
			a.Window = d
		},
		"escalate": func(v *node) {
			l.object(v, "escalate", fields{
				"ge": func(v *node) { a.Least = int(min(l.number(v), 1<<30)) },
				"gt": func(v *node) { a.Least = int(min(l.number(v), 1<<30)) + 1 },
				"to": func(v *node) { a.To = l.text(v) },
			})
		},
	})
	if a.Least < 2 {
		l.errorf(n.place, "across needs escalate with the number of cases that make a problem, 2 or more")
	}
	return a
}

// outputFields are the keys that make the finding, and the tests.
func (l *loader) outputFields(r *Rule, f fields) {
	f["contributing"] = func(v *node) {
		l.each(v, "contributing", func(e *node) {
			var c contribution
			l.object(e, "contributing", fields{
				"if":  func(v *node) { c.cond = l.condition(v) },
				"say": func(v *node) { c.say = l.template(v) },
			})
			if e.get("if") == nil || e.get("say") == nil {
				l.errorf(e.place, "contributing needs if and say")
			}
			r.contributing = append(r.contributing, c)
		})
	}
	f["evidence"] = func(v *node) { l.evidence(r, v) }
	f["finding"] = func(v *node) {
		l.object(v, "finding", fields{
			"message": func(v *node) { r.message = l.template(v) },
			"table":   func(v *node) { r.table = l.table(v) },
		})
	}
	f["remedy"] = func(v *node) {
		l.each(v, "remedy", func(e *node) { r.remedy = append(r.remedy, l.remedyStep(e)) })
	}
	f["tests"] = func(v *node) {
		l.each(v, "tests", func(e *node) { r.Tests = append(r.Tests, l.parseTestCase(e, r.Tests)) })
	}
}

func (l *loader) evidence(r *Rule, n *node) {
	l.object(n, "evidence", fields{
		"keep": func(v *node) {
			l.each(v, "keep", func(e *node) {
				if ref, ok := l.parseRef(e); ok {
					r.keep = append(r.keep, ref)
				}
			})
		},
		"context": func(v *node) {
			l.object(v, "context", fields{
				"before": func(v *node) { r.before = l.lines(v) },
				"after":  func(v *node) { r.after = l.lines(v) },
			})
		},
	})
}

// lines reads a number of context lines.
func (l *loader) lines(n *node) int {
	v := l.number(n)
	if v < 0 || v > 20 {
		l.errorf(n.place, "context is 0 to 20 lines, not %d", v)
		return 0
	}
	return int(v)
}

func (l *loader) table(n *node) *tableSpec {
	t := &tableSpec{limit: 20}
	l.object(n, "table", fields{
		"from": func(v *node) {
			if r, ok := l.parseRef(v); ok {
				t.from = r
			}
		},
		"columns": func(v *node) { t.columns = l.texts(v) },
		"sort":    func(v *node) { t.sort = l.text(v) },
		"limit":   func(v *node) { t.limit = int(min(max(l.number(v), 1), 1000)) },
	})
	if t.from.sig == nil || len(t.columns) == 0 {
		l.errorf(n.place, "table needs from and columns")
		return nil
	}
	for _, c := range append(slices.Clone(t.columns), strings.TrimPrefix(t.sort, "-")) {
		if c != "" && !t.from.sig.hasVar(c) {
			l.errorf(n.place, "table: signal %s has no variable %q", t.from.sig.label(), c)
		}
	}
	return t
}

func (l *loader) remedyStep(n *node) remedyStep {
	var s remedyStep
	if n.scalar() {
		s.Do = n.text
		return s
	}
	word := func(to *string, what string, words []string) func(*node) {
		return func(v *node) {
			if l.oneOf(v, what, words) >= 0 {
				*to = v.text
			}
		}
	}
	l.object(n, "remedy", fields{
		"do":       func(v *node) { s.Do = l.text(v) },
		"verify":   func(v *node) { s.Verify = l.text(v) },
		"audience": word(&s.Audience, "audience", audiences),
		"risk":     word(&s.Risk, "risk", risks),
		"when":     func(v *node) { s.when = l.condition(v) },
	})
	if s.Do == "" {
		l.errorf(n.place, "remedy: do is missing")
	}
	return s
}

// required checks what a rule cannot do without.
func (l *loader) required(r *Rule, n *node) {
	if n.kind != nodeMap {
		return
	}
	for _, key := range []string{"rule", "title", "role", "signals", "when", "finding", "tests"} {
		if n.get(key) == nil {
			l.errorf(n.place, "%s is missing", key)
		}
	}
	if f := n.get("finding"); f != nil && f.kind == nodeMap && f.get("message") == nil {
		l.errorf(f.place, "finding needs a message")
	}
	if (r.Scope == "app" || r.Scope == "user") && r.each == nil {
		l.errorf(n.get("scope").place, "scope %s needs each: signal.variable", r.Scope)
	}
	r.nearOnly = r.when != nil && onlyNear(r.when)
}

// onlyNear reports whether nothing but closeness in time joins the signals of
// a condition: such a rule is never more than a hint.
func onlyNear(c *cond) bool {
	near := map[*signal]bool{}
	leaves, found := 0, false
	var walk func(*cond)
	walk = func(c *cond) {
		switch c.op {
		case condAll, condAny, condNot:
			for _, child := range c.children {
				walk(child)
			}
			return
		case condNear:
			found = true
			for _, r := range c.refs {
				near[r.sig] = true
			}
			return
		case condSignal:
			// A signal that near speaks of adds nothing to it.
			if near[c.refs[0].sig] {
				return
			}
		}
		leaves++
	}
	walk(c)
	if found && leaves > 0 {
		// Once more, now that the signals of every near are known.
		leaves = 0
		walk(c)
	}
	return found && leaves == 0
}
