package winval

import (
	"math"
	"testing"
	"time"

	"debrief/event"
)

func TestText(t *testing.T) {
	guid := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	sid := []byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0, 0xff}
	tests := map[string]struct{ got, want string }{
		"utf16":          {string(AppendUTF16(nil, []byte("G\x00r\x00\xfc\x00\xdf\x00e\x00\x3d\xd8\x00\xde"))), "Grüße😀"},
		"lone_surrogate": {string(AppendUTF16(nil, []byte{0x3d, 0xd8, 'a', 0})), "\uFFFDa"},
		"half_a_unit":    {string(AppendUTF16(nil, []byte{'a', 0, 'b'})), "a"},
		"trimmed":        {string(TrimNUL([]byte{'a', 0, 0, 0, 0, 0, 7})), "a\x00"},
		"ansi":           {string(AppendANSI(nil, []byte("\x80 \xe4"))), "€ ä"},
		"utf8":           {string(AppendANSI(nil, []byte("ä"))), "ä"},
		"hex":            {string(AppendHex(nil, []byte{0, 0xab})), "00ab"},
		"guid":           {string(AppendGUID(nil, guid)), "{03020100-0504-0706-0809-0A0B0C0D0E0F}"},
		"sid":            {string(AppendSID(nil, sid[:SIDLen(sid)])), "S-1-5-32-544"},
		"sid_hex":        {string(AppendSID(nil, []byte{1, 0, 1, 0, 0, 0, 0, 0})), "S-1-0x10000000000"},
		"time":           {string(AppendFiletime(nil, 116444736000000000+12345678)), "1970-01-01T00:00:01.2345678Z"},
		"no_time":        {string(AppendFiletime(nil, math.MaxInt64)), "9223372036854775807"},
		"system_time":    {string(AppendSystime(nil, []byte{0xef, 7, 3, 0, 2, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8, 0})), "2031-03-04T05:06:07.008Z"},
		"no_system_time": {string(AppendSystime(nil, make([]byte, 16))), "00000000000000000000000000000000"},
	}
	for name, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", name, tt.got, tt.want)
		}
	}
	if SIDLen(sid[:15]) != 0 || SIDLen(nil) != 0 {
		t.Error("a SID that is cut has a length")
	}
	if !Filetime(0).Equal(time.Time{}) || !Filetime(lastTick).IsZero() {
		t.Error("what is no time is one")
	}
}

// TestArena keeps strings and lists apart, whatever comes after them.
func TestArena(t *testing.T) {
	var a Arena
	if a.Reserve(10, 5) != -1 {
		t.Error("more was reserved than allowed")
	}
	var all []string
	var lists []event.Fields
	for i := range 5000 {
		a.Reserve(40, math.MaxInt)
		start := len(a.Buf)
		a.Buf = AppendHex(a.Buf, []byte{byte(i >> 8), byte(i)})
		all = append(all, a.Since(start))
		lists = append(lists, a.Keep([]event.Field{{Name: "n", Value: all[i]}}))
	}
	for i, s := range all {
		want := string(AppendHex(nil, []byte{byte(i >> 8), byte(i)}))
		if s != want || lists[i][0].Value != want || len(lists[i]) != 1 || cap(lists[i]) != 1 {
			t.Fatalf("string %d is %q, list %v", i, s, lists[i])
		}
	}
	if a.Since(len(a.Buf)) != "" || a.Keep(nil) != nil {
		t.Error("nothing is something")
	}
}
