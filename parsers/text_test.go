package parsers

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
	"debrief/internal/growth"
)

func TestDecode(t *testing.T) {
	tests := []struct {
		name string
		data string
		want string
		base int64
		odd  bool
	}{
		{"empty", "", "", 0, false},
		{"ascii", "one\ntwo", "one\ntwo", 0, false},
		{"utf8", "grün", "grün", 0, false},
		{"utf8_mark", "\xEF\xBB\xBFgrün", "grün", 3, false},
		{"utf8_cut_in_a_character", "gr\xC3", "gr", 0, false},
		{"utf16le", "\xFF\xFEa\x00\xFC\x00", "aü", -1, false},
		{"utf16be", "\xFE\xFF\x00a\x00\xFC", "aü", -1, false},
		{"utf16_pair", "\xFF\xFE\x3D\xD8\x00\xDE", "😀", -1, false},
		{"utf16_lone_high", "\xFF\xFE\x3D\xD8a\x00", "\uFFFDa", -1, true},
		{"utf16_lone_low", "\xFF\xFE\x00\xDEa\x00", "\uFFFDa", -1, true},
		{"utf16_high_at_the_end", "\xFF\xFEa\x00\x3D\xD8", "a\uFFFD", -1, true},
		{"utf16_odd_length", "\xFF\xFEa\x00b", "a", -1, true},
		{"utf16le_no_mark", "t\x00e\x00x\x00t\x00 \x00h\x00", "text h", -1, false},
		{"utf16be_no_mark", "\x00t\x00e\x00x\x00t\x00 \x00h", "text h", -1, false},
		{"windows_1252", "gr\xFCn\nplain", "grün\nplain", -1, true},
		{"mixed_lines", "gr\xFCn\ngrün", "grün\ngrün", -1, true},
		{"console_code_page", "gr\x81n", "grün", -1, true},
		{"quotes_are_not_letters", "\x93gr\xFCn\x94", "“grün”", -1, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, odd := decode(&Input{Path: "f", Data: []byte(tt.data)})
			if doc.text != tt.want || doc.base != tt.base || (odd != "") != tt.odd {
				t.Errorf("got %q from %d, remark %q; want %q from %d, remark %v", doc.text, doc.base, odd, tt.want, tt.base, tt.odd)
			}
		})
	}
}

func TestDecodeSharesBytes(t *testing.T) {
	data := []byte("\xEF\xBB\xBF" + strings.Repeat("a line of text\r\n", 1000))
	in := &Input{Path: "f", Data: data}
	if n := testing.AllocsPerRun(10, func() { decode(in) }); n > 1 {
		t.Errorf("decoding UTF-8 allocates %v times", n)
	}
}

func TestReadLines(t *testing.T) {
	type line struct {
		Text       string
		Start, Num int
	}
	tests := []struct {
		name, text string
		want       []line
	}{
		{"none", "", nil},
		{"no_last_end", "a\nb", []line{{"a", 0, 1}, {"b", 2, 2}}},
		{"crlf", "a\r\nb\r\n", []line{{"a", 0, 1}, {"b", 3, 2}}},
		{"doubled_cr", "a\r\r\nb", []line{{"a", 0, 1}, {"b", 4, 2}}},
		{"blank", "\n\na", []line{{"", 0, 1}, {"", 1, 2}, {"a", 2, 3}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []line
			r := lineReader{text: tt.text}
			for {
				s, start, ok := r.read()
				if !ok {
					break
				}
				got = append(got, line{s, start, r.num})
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestNULsAreDamage(t *testing.T) {
	for _, name := range []string{"smsts.log", "notes.txt"} {
		out := Parse(&Input{Path: name, Data: []byte("a line\n\x00\x00\x00\x00\nanother\n")})
		if len(out.Events) != 2 || out.Coverage.Status != event.Partial {
			t.Errorf("%s: %d events, status %v", name, len(out.Events), out.Coverage.Status)
		}
		out = Parse(&Input{Path: name, Data: make([]byte, 300)})
		if len(out.Events) != 0 || out.Coverage.Status != event.Unread {
			t.Errorf("%s of NULs: %d events, status %v", name, len(out.Events), out.Coverage.Status)
		}
	}
}

// TestShortLinesShareEvents holds the memory of a file of tiny lines in
// proportion to its size, without losing one.
func TestShortLinesShareEvents(t *testing.T) {
	data := strings.Repeat("a\n", 500_000)
	for _, name := range []string{"notes.txt", "smsts.log", "setup.msi.log", "AAD-Operational.txt"} {
		out := Parse(&Input{Path: name, Data: []byte(data)})
		total := 0
		for _, e := range out.Events {
			total += strings.Count(e.Message, "a")
		}
		if limit := 4096 + len(data)/16 + 1; len(out.Events) > limit || total != 500_000 {
			t.Errorf("%s: %d events (limit %d) show %d of 500000 lines", name, len(out.Events), limit, total)
		}
	}
}

func TestLongMessagesAreCut(t *testing.T) {
	long := strings.Repeat("x", maxMessage+10)
	in := &Input{Path: "smsts.log", Data: []byte(recordOpen + long + recordClose + `<time="1:02:03" date="1-2-2025" component="c" type="1">` + "\nafter\n" + long)}
	out := Parse(in)
	checkOutput(t, in, out)
	if len(out.Events) != 3 || len(out.Events[0].Message) != maxMessage || out.Coverage.Problems[0].Kind != event.Limit {
		t.Errorf("%d events, problems %v", len(out.Events), out.Coverage.Problems)
	}
}

func TestWideSampleIsGuessed(t *testing.T) {
	if guessUTF16([]byte("plain text of some length")) != nil {
		t.Error("plain text was taken for UTF-16")
	}
	if got := guessUTF16(wideBytes(binary.BigEndian, "some text\n")); got != binary.ByteOrder(binary.BigEndian) {
		t.Errorf("got %v", got)
	}
}

// TestRepeatsTakeLinearTime feeds each parser with openings that never close:
// whatever looks ahead to the end for each would not finish.
func TestRepeatsTakeLinearTime(t *testing.T) {
	const size = 48 << 10
	pieces := []string{
		recordOpen, recordClose, recordTime, recordOpen + "\n", recordOpen + recordTime, dollarMark, dollarMark + "<\n", "x\n" + dollarMark,
		`"a"="`, "\"a\"=\"\n", "    \"a\"=\"\n", "    \"a\"=\"b\"\nx\n", `"=`, "\"a\"=hex:\\\n", "[HKEY_A]\n", "\"a\"=MULTI_SZ:\"\n",
		"{", `{"a":`, `"`, `\"`, "[ETW", "[ETW] [p] [Error] - \n", "[ETW [", "MSI (s) (", "Action start ", "=== ", ",\"", "\"\n",
		"<", "<!--", "<a>", "</a>", "<a b=\"", "&#1;", "<td>", "   a . . : \n", "==== \n", "{\t",
		"(0x1)\n", "2025-03-05 09:14:02, Info\n", " : \n", "Failed (0x\n", "\x00", "\xff", "\r",
	}
	first := []string{"", recordOpen + "m" + recordClose + "\n", "[HKEY_A]\n", "Windows Registry Editor Version 5.00\n[HKEY_A]\n"}
	for _, p := range All() {
		if p.Name == "evtx" || p.Name == "etl" || p.Name == "hive" {
			continue
		}
		for i, f := range first {
			if i > 0 && p.Name != "cmtrace" && p.Name != "registry" {
				continue
			}
			for _, piece := range pieces {
				t.Logf("%s: %q repeated", p.Name, piece)
				growth.Linear(t, size, func(size int) func() {
					in := &Input{Path: "smsts.log", Data: []byte(f + strings.Repeat(piece, size/len(piece)))}
					return func() {
						out := parse(in, []Parser{{Name: p.Name, Match: func(*Input) bool { return true }, Parse: p.Parse}})
						if n := len(out.Events) + len(out.Facts); n > size/3 {
							t.Errorf("%d events and facts", n)
						}
					}
				})
			}
		}
	}
}
