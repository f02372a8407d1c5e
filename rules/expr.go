package rules

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
)

// expression is a condition in the Common Expression Language over values of
// the rule's signals. Values are written as in durations: ${failed.code},
// ${last(step).name text}. Each has one type, so that the checker finds at
// load what would else be a silent false.
type expression struct {
	text    string
	values  []exprValue
	program cel.Program
}

// exprValue is one value that an expression asks for.
type exprValue struct {
	varRef
	kind string
	name string // of the variable in the program
}

// exprTypes are the types that a value may be asked for as; the first is the
// default.
var exprTypes = []struct {
	name string
	cel  *cel.Type
}{{"number", cel.IntType}, {"code", cel.IntType}, {"text", cel.StringType}, {"time", cel.TimestampType}, {"duration", cel.DurationType}}

const (
	maxExprBytes  = 2000
	maxExprValues = 20
	// maxExprCost is the budget of one evaluation: a step costs 1, a text a
	// tenth of its length.
	maxExprCost = 20_000
)

// exprBase is what all expressions have in common: operators, conversions and
// functions on texts, but no macros, so that no expression loops.
var exprBase = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(cel.ClearMacros(), cel.ParserRecursionLimit(30), cel.ParserExpressionSizeLimit(maxExprBytes))
})

// expression compiles what stands under expr; nil after an error.
func (l *loader) expression(n *node) *expression {
	text := l.text(n)
	if len(text) > maxExprBytes {
		l.errorf(n.place, "expr is at most %d bytes long", maxExprBytes)
		return nil
	}
	e := &expression{text: oneLine(text)}
	source, ok := l.exprSource(e, text, n)
	if !ok {
		return nil
	}
	if len(e.values) == 0 {
		l.errorf(n.place, "expr asks for no value: write ${signal.variable}")
		return nil
	}
	env, err := exprBase()
	if err != nil {
		l.errorf(n.place, "expr: %v", err)
		return nil
	}
	declared := make([]cel.EnvOption, len(e.values))
	for i, v := range e.values {
		at := slices.IndexFunc(exprTypes, func(t struct {
			name string
			cel  *cel.Type
		}) bool {
			return t.name == v.kind
		})
		declared[i] = cel.Variable(v.name, exprTypes[at].cel)
	}
	if env, err = env.Extend(declared...); err != nil {
		l.errorf(n.place, "expr: %v", err)
		return nil
	}
	ast, issues := env.Compile(source)
	if issues.Err() != nil {
		first := issues.Errors()[0]
		l.errorf(n.place, "expr: line %d, character %d: %s", first.Location.Line(), first.Location.Column()+1, oneLine(first.Message))
		return nil
	}
	if !ast.OutputType().IsExactType(cel.BoolType) {
		l.errorf(n.place, "expr: the result is true or false, not %s", ast.OutputType())
		return nil
	}
	e.program, err = env.Program(ast, cel.CostLimit(maxExprCost), cel.EvalOptions(cel.OptPartialEval))
	if err != nil {
		l.errorf(n.place, "expr: %s", oneLine(err.Error()))
		return nil
	}
	return e
}

// oneLine joins the lines of a text.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// exprSource replaces each ${…} outside of quotes by a variable, of the same
// length, so that places in errors stay right.
func (l *loader) exprSource(e *expression, text string, n *node) (string, bool) {
	var out strings.Builder
	quote := byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0:
			if c == '\\' && i+1 < len(text) {
				out.WriteByte(c)
				i++
				c = text[i]
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case strings.HasPrefix(text[i:], "${"):
			length := strings.IndexByte(text[i:], '}') + 1
			if length == 0 {
				l.errorf(n.place, "expr: character %d: ${ is not closed", i+1)
				return "", false
			}
			name, ok := l.exprValue(e, text[i+2:i+length-1], n)
			if !ok {
				return "", false
			}
			fmt.Fprintf(&out, "%-*s", length, name)
			i += length - 1
			continue
		}
		out.WriteByte(c)
	}
	return out.String(), true
}

// exprValue reads `signal.variable` or `signal.variable type`.
func (l *loader) exprValue(e *expression, text string, n *node) (string, bool) {
	asked, kind, typed := strings.Cut(strings.TrimSpace(text), " ")
	kind = strings.TrimSpace(kind)
	if !typed {
		kind = exprTypes[0].name
	}
	var names []string
	for _, t := range exprTypes {
		names = append(names, t.name)
	}
	if !slices.Contains(names, kind) {
		l.errorf(n.place, "expr: ${%s}: %q is no type (known: %s)", text, kind, strings.Join(names, ", "))
		return "", false
	}
	v, ok := l.parseVarRef(asked, n.place)
	if !ok {
		return "", false
	}
	for _, known := range e.values {
		if known.varRef.String() == v.String() && known.kind == kind {
			return known.name, true
		}
	}
	if len(e.values) == maxExprValues {
		l.errorf(n.place, "expr asks for more than %d values", maxExprValues)
		return "", false
	}
	// The shortest reference, ${a.b}, has six bytes.
	name := fmt.Sprintf("_%d", len(e.values))
	e.values = append(e.values, exprValue{v, kind, name})
	return name, true
}

// as converts a value to the type that an expression asks for.
func (v value) as(kind string) (any, bool) {
	switch kind {
	case "text":
		return strings.ToValidUTF8(v.String(), "\uFFFD"), true
	case "time":
		t, ok := v.moment()
		return t, ok
	case "duration":
		d, ok := v.duration()
		return d, ok
	}
	n, ok := v.number()
	if kind == "code" {
		// One code has one number, however it is spelt.
		ok = ok && n >= -1<<31 && n <= 1<<32-1
		n = int64(uint32(n))
	}
	return n, ok
}

// evalExpr evaluates an expression over the first match of each signal. What
// is missing is unknown to the evaluation, too: it matters only where the
// result depends on it.
func (r *ruleEval) evalExpr(c *cond, n *Node) {
	known := map[string]any{}
	var unknown []*cel.AttributePatternType
	absent := &Node{Verdict: False} // the verdict if the result depends on what is missing
	missing := func(verdict Tri, reason string, sources []string) {
		if verdict > absent.Verdict || absent.Reason == "" {
			absent.Reason = reason
		}
		absent.Verdict = max(absent.Verdict, verdict)
		absent.missing = append(absent.missing, sources...)
	}
	for _, v := range c.expr.values {
		if found := r.values(v.varRef); len(found) > 0 {
			if val, ok := found[0].as(v.kind); ok {
				known[v.name] = val
				continue
			}
			missing(Unknown, fmt.Sprintf("%s is no %s: %s", v, v.kind, clip(found[0].String(), 60)), nil)
		} else if f := r.find(v.ref, &c.filter); len(f.list) > 0 {
			missing(False, v.String()+" is not there", nil)
		} else {
			k := &Node{}
			r.empty(k, v.ref, f)
			missing(k.Verdict, v.ref.String()+": "+k.Reason, k.missing)
		}
		unknown = append(unknown, cel.AttributePattern(v.name))
	}
	vars, err := cel.PartialVars(known, unknown...)
	if err != nil {
		n.Verdict, n.Reason = Unknown, "not evaluated: "+oneLine(err.Error())
		return
	}
	result, _, err := c.expr.program.Eval(vars)
	switch {
	case types.IsUnknown(result):
		n.Verdict, n.Reason, n.missing = absent.Verdict, absent.Reason, absent.missing
	case err != nil:
		n.Verdict, n.Reason = Unknown, "not evaluated: "+clip(oneLine(err.Error()), 120)
	case result == types.True:
		n.Verdict, n.Reason = True, "holds for "+c.expr.shown(known)
		for _, v := range c.expr.values {
			if _, ok := known[v.name]; ok {
				r.use(n, v.ref, r.chosen(v.ref))
			}
		}
	default:
		n.Verdict, n.Reason = False, "does not hold for "+c.expr.shown(known)
	}
}

// shown lists the values that were looked at.
func (e *expression) shown(known map[string]any) string {
	var out []string
	for _, v := range e.values {
		switch val := known[v.name].(type) {
		case nil:
		case time.Time:
			out = append(out, v.String()+" = "+timeValue(val).String())
		case time.Duration:
			out = append(out, v.String()+" = "+formatDuration(val))
		default:
			out = append(out, v.String()+" = "+clip(fmt.Sprint(val), 60))
		}
	}
	return strings.Join(out, ", ")
}
