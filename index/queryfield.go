package index

import (
	"math"
	"strconv"
	"strings"

	"debrief/codes"
	"debrief/event"
)

// QueryFields lists the names of fields that a query may use, in the order of
// docs/query.md.
func QueryFields() []string {
	return []string{
		"code", "component", "provider", "event", "level", "file", "source", "channel", "name", "host", "user",
		"line", "record", "process", "thread", "time", "since", "until",
		"case", "device", "os", "ticket", "tag", "rule", "cause", "verdict", "field.NAME",
	}
}

// FieldNamed returns the field that a query calls so, also with the second
// name of some ("provider"); "code" is none of them.
func FieldNamed(name string) (event.FilterField, bool) {
	f := event.FilterField(strings.ToLower(name))
	switch f {
	case "provider":
		return event.FieldComponent, true
	case event.FieldComponent, event.FieldEventID, event.FieldLevel, event.FieldSource, event.FieldChannel, event.FieldName,
		event.FieldHost, event.FieldUser, event.FieldFile, event.FieldLine, event.FieldRecord, event.FieldProcess, event.FieldThread:
		return f, true
	}
	if f.OfCase() {
		return f, true
	}
	if rest, ok := strings.CutPrefix(string(f), "field."); ok && rest != "" {
		return event.NamedField(name[len("field."):]), true
	}
	return "", false
}

func isNumber(f event.FilterField) bool {
	switch f {
	case event.FieldEventID, event.FieldLevel, event.FieldLine, event.FieldRecord, event.FieldProcess, event.FieldThread:
		return true
	}
	return false
}

// field makes the filter of name:value.
func (p *queryParser) field(at int, name, value string, quoted bool) (*event.Filter, error) {
	if value == "" && !quoted {
		return nil, p.errorf(at, "%q has no value", name+":")
	}
	switch strings.ToLower(name) {
	case "code":
		return p.code(at, value)
	case "time", "since", "until":
		return p.time(at, strings.ToLower(name), value)
	}
	f, ok := FieldNamed(name)
	if !ok {
		return nil, p.errorf(at, "unknown field %q: use %s, or put the words in quotes", name, strings.Join(QueryFields(), ", "))
	}
	if !isNumber(f) {
		return event.FieldIs(f, value), nil
	}
	parse := func(s string) (int64, error) {
		n, err := strconv.ParseUint(s, 10, 63)
		return int64(n), err
	}
	what := "a number"
	if f == event.FieldLevel {
		what = "one of verbose, info, warning, error, critical, unknown"
		parse = func(s string) (int64, error) {
			l := event.ParseLevel(s)
			if l == event.LevelUnknown && !strings.EqualFold(s, "unknown") {
				return 0, strconv.ErrSyntax
			}
			return int64(l), nil
		}
	}
	lo, hi, err := bounds(value, parse)
	if err != nil {
		return nil, p.errorf(at, "%s: %q is not %s, nor a range such as 5..9 or >=5", name, value, what)
	}
	return event.FieldBetween(f, lo, hi), nil
}

// bounds reads a value, a..b, a.., ..b, >a, >=a, <a or <=a.
func bounds(value string, parse func(string) (int64, error)) (lo, hi int64, err error) {
	lo, hi = math.MinInt64, math.MaxInt64
	for _, op := range []string{">=", "<=", ">", "<"} {
		rest, ok := strings.CutPrefix(value, op)
		if !ok {
			continue
		}
		n, err := parse(rest)
		switch op {
		case ">=":
			lo = n
		case "<=":
			hi = n
		case ">":
			lo = n + 1
		case "<":
			hi = n - 1
		}
		return lo, hi, err
	}
	from, to, isRange := strings.Cut(value, "..")
	if !isRange {
		lo, err = parse(value)
		return lo, lo, err
	}
	if from != "" {
		if lo, err = parse(from); err != nil {
			return lo, hi, err
		}
	}
	if to != "" {
		hi, err = parse(to)
	}
	return lo, hi, err
}

// code makes the filter of code:value.
func (p *queryParser) code(at int, value string) (*event.Filter, error) {
	if value == "*" {
		return event.WithCodeBetween(1, math.MaxUint32), nil
	}
	if head, ok := strings.CutSuffix(value, "*"); ok {
		digits, ok := strings.CutPrefix(strings.ToLower(head), "0x")
		v, err := strconv.ParseUint(digits, 16, 32)
		if !ok || err != nil || len(digits) > 8 {
			return nil, p.errorf(at, "code: %q: a * stands behind 0x and hex digits, as in 0x8018*", value)
		}
		free := 4 * uint(8-len(digits))
		return event.WithCodeBetween(uint32(v<<free), uint32(v<<free|(1<<free-1))), nil
	}
	v, err := codes.Parse(value)
	if err != nil {
		return nil, p.errorf(at, "code: %q is neither a 32-bit number nor a known name", value)
	}
	return event.WithCode(sameCodes(v)...), nil
}

// sameCodes lists a code and its other form: a Win32 number is also written as
// the HRESULT that wraps it.
func sameCodes(v uint32) []uint32 {
	switch {
	case v > 0 && v <= 0xFFFF:
		return []uint32{v, 0x80070000 | v}
	case v>>16 == 0x8007 && v&0xFFFF != 0:
		return []uint32{v, v & 0xFFFF}
	}
	return []uint32{v}
}

// codeWord tells whether a bare word is an error code rather than a word or a
// count, and lists its forms.
func codeWord(w string) ([]uint32, bool) {
	v, err := codes.Parse(w)
	if err != nil {
		return nil, false
	}
	lower := strings.ToLower(w)
	switch {
	case strings.HasPrefix(lower, "0x"):
		return sameCodes(v), len(w) >= 10
	case strings.HasPrefix(w, "-"):
		return sameCodes(v), len(w) == 11
	case len(w) == 8 && strings.Trim(lower, "0123456789abcdef") == "":
		return sameCodes(v), v >= 0x80000000
	case strings.Trim(w, "0123456789") == "":
		return sameCodes(v), len(w) == 10 && v > 0x80000000
	}
	return sameCodes(v), strings.ContainsAny(w, "_(")
}
