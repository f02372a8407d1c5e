package parsers

import (
	"path"
	"strconv"
	"strings"

	"debrief/event"
)

// intuneResultsParser reads results.xml, in which the "Collect diagnostics"
// action of Intune lists what it was to gather, in order, and how that went:
//
//	<Collection HRESULT="0">
//	  <ID>00000000-0000-0000-0000-000000000001</ID>
//	  <RegistryKey HRESULT="-2147024895">HKLM\Software\Contoso</RegistryKey>
//	  <Command HRESULT="0">%windir%\system32\ipconfig.exe /all</Command>
//	  <FoldersFiles HRESULT="-2147024893">%windir%\ccm\logs\*.log</FoldersFiles>
//	  <Events HRESULT="0">System</Events>
//	</Collection>
//
// Each item becomes an event without a time, with the fields "kind", "what",
// "number" and "HRESULT"; one that failed becomes a fact collection.failed as
// well. No code proves that a registry key is not there: 0x80070001 is what
// reg.exe leaves for any failure, and a device has been seen to give 0x80070003
// for keys that every Windows has. The address of the upload is never kept.
//
// Sources: Microsoft Learn "DiagnosticLog CSP"; a whole list of a device that was
// published in a blog, which also has the elements SasUrl, ClientTimeoutInSeconds
// and OutputFileFormat and gives 0x80070003 for keys that every Windows has.
func intuneResultsParser() Parser {
	return Parser{
		Name:    "intune-results",
		Doc:     "what Intune's \"Collect diagnostics\" could and could not gather (results.xml)",
		Version: "1",
		Match: func(in *Input) bool {
			h := head(in, 8192)
			return strings.Contains(h, "<Collection") && strings.Contains(h, "HRESULT=\"") &&
				(strings.Contains(h, "<RegistryKey") || strings.Contains(h, "<Command") || strings.Contains(h, "<FoldersFiles") || strings.Contains(h, "<Events"))
		},
		Parse: parseIntuneResults,
	}
}

func parseIntuneResults(in *Input, out *Output) error {
	doc := readText(in, out)
	out.Cover(event.IntuneResults)
	sink := newSink(&doc, out)
	number := 0
	began := func(e *xmlElement) {
		if isIntuneItem(e) {
			number++
		}
	}
	walkXML(&doc, out, began, func(e *xmlElement) {
		if !isIntuneItem(e) || !e.leaf {
			return
		}
		kind := e.name()
		result, ok := e.attr("HRESULT")
		if !ok {
			return // the request itself lists its items in the same form, without results
		}
		code, err := hresultText(result)
		if err != nil {
			out.Problem(event.Damage, e.pos, "the result of an item is no number")
			return
		}
		what := strings.Trim(e.text, `"`)
		ev := event.Event{Source: event.IntuneResults, Pos: e.pos, Message: "collected: " + kind + " " + what}
		if code != 0 {
			ev.Message = "not collected (" + hexCode(code) + "): " + kind + " " + what
			out.Facts = append(out.Facts, event.Number("collection.failed", what, int64(code), e.pos))
		}
		ev.Fields = event.Fields{
			{Name: "kind", Value: kind}, {Name: "what", Value: what},
			{Name: "number", Value: strconv.Itoa(number)}, {Name: "HRESULT", Value: hexCode(code)},
		}
		sink.add(ev)
	})
	return nil
}

func isIntuneItem(e *xmlElement) bool {
	switch e.name() {
	case "RegistryKey", "Command", "FoldersFiles", "Events":
		return len(e.path) > 1
	}
	return false
}

// hresultText reads an HRESULT as Windows prints it: signed or unsigned
// decimal, or hex with 0x.
func hresultText(s string) (uint32, error) {
	s = trim(s)
	if hex, ok := cutPrefixFold(s, "0x"); ok {
		n, err := strconv.ParseUint(hex, 16, 32)
		return uint32(n), err
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil && (n < -1<<31 || n >= 1<<32) {
		err = strconv.ErrRange
	}
	return uint32(n), err
}

// hexCode writes an HRESULT as people do.
func hexCode(code uint32) string {
	const digits = "0123456789ABCDEF"
	b := [10]byte{'0', 'x'}
	for i := range 8 {
		b[2+i] = digits[code>>(28-4*i)&15]
	}
	return string(b[:])
}

// intuneMissingParser reads the names of the empty files that "Collect
// diagnostics" leaves for what it could not gather:
//
//	(12) No Results - Error [0x80070002]
//
// The number counts the items of results.xml, which says what was meant.
//
// Source: observed in archives of 2022 and later.
func intuneMissingParser() Parser {
	return Parser{
		Name:    "intune-missing",
		Doc:     "empty files whose name says what Intune's \"Collect diagnostics\" could not gather",
		Version: "1",
		Match: func(in *Input) bool {
			_, _, ok := missingItem(in.Path)
			return ok && len(trim(head(in, 16))) == 0
		},
		Parse: func(in *Input, out *Output) error {
			out.Cover(event.IntuneResults)
			if number, code, ok := missingItem(in.Path); ok {
				pos := event.Pos{File: in.Path, Line: 1}
				out.Facts = append(out.Facts, event.Number("collection.failed", "item "+strconv.Itoa(number), int64(code), pos))
			}
			return nil
		},
	}
}

// missingItem reads "(12) No Results - Error [0x80070002]".
func missingItem(file string) (item int, code uint32, ok bool) {
	name := path.Base(file)
	rest, ok := strings.CutPrefix(name, "(")
	if !ok {
		return 0, 0, false
	}
	item, digits := number(rest, 4)
	_, rest, ok = strings.Cut(rest[digits:], "[")
	if digits == 0 || !ok || !strings.HasPrefix(name[1+digits:], ") No Results") {
		return 0, 0, false
	}
	hex, _, ok := strings.Cut(rest, "]")
	code, err := hresultText(hex)
	return item, code, ok && err == nil
}
