package parsers

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"debrief/event"
)

// messageWriter makes the text of event-log records, which is not in the
// logs: from a skeleton of the catalogue, from the text that a collector
// stored in the record, or else from the fields as "name=value, name=value".
// It keeps its buffers from one record to the next.
type messageWriter struct {
	buf  []byte
	used []bool // fields that the skeleton has shown
}

const (
	maxShown     = 4 << 10  // bytes of one value in a message
	maxEventText = 16 << 10 // bytes of a message made from fields
)

func (w *messageWriter) message(e *event.Event) string {
	w.buf = w.buf[:0]
	if s, ok := skeletonOf(e.Source, e.Provider, e.ID); ok {
		w.fill(s, e.Fields)
		return string(w.buf)
	}
	if text, ok := e.Fields.Get("RenderingInfo.Message"); ok && text != "" {
		return text
	}
	w.pairs(e.Fields, nil)
	return string(w.buf)
}

// fill writes a skeleton with its {Field} placeholders filled in. A field that
// the record has not under that name is taken by its place, if it has no name
// at all; else it is "?". Fields that the skeleton does not show follow in
// brackets, so that the message hides nothing. {Field#} is a number in decimal
// whatever its form.
func (w *messageWriter) fill(skeleton string, fields event.Fields) {
	w.used = slices.Grow(w.used[:0], len(fields))[:len(fields)]
	clear(w.used)
	for n := 0; ; n++ {
		text, rest, ok := strings.Cut(skeleton, "{")
		w.buf = append(w.buf, text...)
		if !ok {
			break
		}
		name, after, _ := strings.Cut(rest, "}")
		skeleton = after
		name, decimal := strings.CutSuffix(name, "#")
		i := fieldIndex(fields, name, n)
		if i < 0 {
			w.buf = append(w.buf, '?')
			continue
		}
		w.used[i] = true
		if n, err := strconv.ParseUint(fields[i].Value, 0, 64); decimal && err == nil {
			w.buf = strconv.AppendUint(w.buf, n, 10)
			continue
		}
		w.value(name, fields[i].Value)
	}
	mark := len(w.buf)
	w.buf = append(w.buf, " ["...)
	start := len(w.buf)
	w.pairs(fields, w.used)
	if len(w.buf) == start {
		w.buf = w.buf[:mark]
		return
	}
	w.buf = append(w.buf, ']')
}

// pairs writes the fields that are not in used and not empty. Without used,
// empty ones are shown as well. What a collector added is not repeated.
func (w *messageWriter) pairs(fields event.Fields, used []bool) {
	start := len(w.buf)
	for i := range fields {
		if used != nil && (used[i] || fields[i].Value == "") || strings.HasPrefix(fields[i].Name, "RenderingInfo.") {
			continue
		}
		if len(w.buf) > start {
			w.buf = append(w.buf, ", "...)
		}
		if len(w.buf)-start > maxEventText {
			w.buf = append(w.buf, "…"...)
			return
		}
		w.buf = append(w.buf, cutText(fields[i].Name)...)
		w.buf = append(w.buf, '=')
		w.value(fields[i].Name, fields[i].Value)
	}
}

// value writes one value; error codes as 0x%08x.
func (w *messageWriter) value(name, text string) {
	if codeName(name) {
		if n, ok := code32(text); ok && n >= 1<<31 {
			w.buf = fmt.Appendf(w.buf, "0x%08x", n)
			return
		}
	}
	short := cutText(text)
	w.buf = append(w.buf, short...)
	if len(short) < len(text) {
		w.buf = append(w.buf, "…"...)
	}
}

// cutText cuts a long text at a rune.
func cutText(s string) string {
	if len(s) <= maxShown {
		return s
	}
	n := maxShown
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// codeNames are the fields that hold error codes, lower case.
var codeNames = [...]string{"hresult", "result", "exitcode", "error", "errorcode", "lasterror", "status", "hr", "statuscode", "returncode"}

// codeName tells whether a field holds an error code; HRESULT1 and the like count.
func codeName(name string) bool {
	name = strings.TrimRight(name, "0123456789")
	name = name[strings.LastIndexByte(name, '.')+1:] // of a structure: "activity.hresult"
	for _, c := range codeNames {
		if len(c) == len(name) && strings.EqualFold(c, name) {
			return true
		}
	}
	return false
}

// fieldIndex finds a field by its name, else by its place among fields that
// have none; -1 = not there.
func fieldIndex(fields event.Fields, name string, place int) int {
	i := slices.IndexFunc(fields, func(f event.Field) bool { return strings.EqualFold(f.Name, name) })
	if i < 0 && place < len(fields) && fields[place].Name == "Data"+strconv.Itoa(place+1) {
		return place
	}
	return i
}

// fieldValue is the value of the field that fieldIndex finds, or "".
func fieldValue(fields event.Fields, name string, place int) string {
	if i := fieldIndex(fields, name, place); i >= 0 {
		return fields[i].Value
	}
	return ""
}

// skeletonOf looks a message up in the catalogue: by source, then by provider.
func skeletonOf(source event.Source, provider string, id uint32) (string, bool) {
	if s, ok := findSkeleton(skeletonsOf(source), id); ok {
		return s, true
	}
	if s, ok := findSkeleton(sourceSkeletons(source), id); ok {
		return s, true
	}
	return findSkeleton(providerSkeletons(provider), id)
}

func findSkeleton(list []skeleton, id uint32) (string, bool) {
	i, ok := slices.BinarySearchFunc(list, id, func(s skeleton, id uint32) int { return int(s.id) - int(id) })
	if !ok {
		return "", false
	}
	return list[i].text, true
}
