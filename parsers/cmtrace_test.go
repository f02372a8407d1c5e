package parsers

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ccmRecord is a record with the given header attributes behind the clock.
func ccmRecord(message, clock, behind string) string {
	return recordOpen + message + recordClose + `<time="` + clock + behind + "\r\n"
}

// ccmOdd are logs whose headers repeat what the one before had, nearly.
var ccmOdd = []string{
	ccmRecord("first", "09:14:02.117", `-060" date="03-05-2025" component="TSManager" context="" type="1" thread="7" file="a.cpp:1">`) +
		ccmRecord("other fraction", "09:14:02.1171234", `-060" date="03-05-2025" component="TSManager" context="" type="2" thread="8" file="a.cpp:1">`) +
		ccmRecord("other day", "00:14:02.117", `-060" date="03-06-2025" component="TSManager" context="" type="3" thread="8" file="a.cpp:1">`) +
		ccmRecord("two\nlines", "00:14:03.117", `-060" date="03-06-2025" component="TSManager" context="" type="3" thread="8" file="a.cpp:1">`) +
		ccmRecord("type of two digits", "00:14:03.117", `-060" date="03-06-2025" component="TSManager" context="" type="13" thread="8" file="a.cpp:1">`) +
		ccmRecord("no type", "00:14:03.117", `-060" date="03-06-2025" component="TSManager" context="" type="" thread="8" file="a.cpp:1">`) +
		ccmRecord("long thread", "00:14:03.117", `-060" date="03-06-2025" component="TSManager" context="" type="1" thread="99999999999" file="a.cpp:1">`) +
		ccmRecord("no file", "00:14:03.117", `-060" date="03-06-2025" component="TSManager" context="" type="1" thread="9" file="">`) +
		ccmRecord("more behind", "00:14:03.117", `-060" date="03-06-2025" component="TSManager" context="" type="1" thread="9" file="a" more="b">`) +
		ccmRecord("leap", "23:59:60.000", `-060" date="03-06-2025" component="TSManager" context="" type="1" thread="9" file="a">`) +
		ccmRecord("no such hour", "24:00:00.000", `-060" date="03-06-2025" component="TSManager" context="" type="1" thread="9" file="a">`),
	ccmRecord("zone of MDT", "09:14:02.000", `+000" date="03-05-2025" component="ZTISample" context="" type="1" thread="" file="ZTISample">`) +
		ccmRecord("in UTC", "09:14:02.000", `+000" date="03-05-2025" component="ZTISample" context="" type="1" thread="5" file="ZTISample">`) +
		ccmRecord("zone of MDT again", "09:14:03.000", `+000" date="03-05-2025" component="ZTISample" context="" type="1" thread="0" file="ZTISample">`),
	ccmRecord("a user", "9:14:02.117", `" date="3-5-2025" component="AppEnforce" context="S-1-5-18" type="1" thread="7" file="">`) +
		ccmRecord("the user again", "10:14:02.117", `" date="3-5-2025" component="AppEnforce" context="S-1-5-18" type="1" thread="7" file="">`) +
		ccmRecord("a context", "10:14:02.117", `" date="3-5-2025" component="AppEnforce" context=" type=" type="1" thread="7" file="">`) +
		ccmRecord("it again", "10:14:02.117", `" date="3-5-2025" component="AppEnforce" context=" type=" type="1" thread="7" file="">`),
	ccmRecord("whole", "09:14:02.117", `-060" date="03-05-2025" component="A" context="" type="1" thread="7" file="a">`) +
		recordOpen + "torn in the message\r\n" +
		ccmRecord("torn in the header", "09:14:02.117", `-060" date="03-05-2025" component="A" context="" type="1" thread="7" file="`) +
		ccmRecord("one in the other "+recordOpen+"inner", "09:14:02.117", `-060" date="03-05-2025" component="A" context="" type="1" thread="7" file="a">`) +
		"rest of one" + recordTime + `"09:14:02.117-060" date="03-05-2025" component="A" context="" type="1" thread="7" file="a">` + "\n" +
		ccmRecord("opening in the file", "09:14:02.117", `-060" date="03-05-2025" component="A" context="" type="1" thread="7" file="a`+recordOpen+`b">`) +
		recordOpen + "no header" + recordClose + "\r\n" +
		recordOpen + "the last one",
}

// compareHeaders reads a text twice: as it is read, and with each header by itself.
func compareHeaders(t *testing.T, text string) {
	read := func(quick bool) *Output {
		out := &Output{}
		in := &Input{Path: "sample.log", Data: []byte(text)}
		s := newCCMScanner(in, out)
		if !quick {
			s.closed = -1
		}
		s.scan()
		return out
	}
	quick, plain := read(true), read(false)
	if d := cmp.Diff(plain.Events, quick.Events); d != "" {
		t.Errorf("events differ (- each by itself, + quick):\n%s", d)
	}
	if d := cmp.Diff(plain.Coverage, quick.Coverage); d != "" {
		t.Errorf("coverage differs (- each by itself, + quick):\n%s", d)
	}
}

// TestQuickHeader: what a header shares with the one before it is not read
// again, and that must not show.
func TestQuickHeader(t *testing.T) {
	for _, text := range ccmOdd {
		compareHeaders(t, text)
	}
	for path, data := range samples(t) {
		if strings.Contains(string(data), recordOpen) {
			t.Run(path, func(t *testing.T) { compareHeaders(t, string(data)) })
		}
	}
	compareHeaders(t, string(ccmText(300)))
}

func FuzzQuickHeader(f *testing.F) {
	for _, text := range ccmOdd {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { compareHeaders(t, text+text) })
}
