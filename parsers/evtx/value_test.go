package evtx

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

func cat(parts ...[]byte) (b []byte) {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func TestValues(t *testing.T) {
	guid := []byte{0x78, 0x56, 0x34, 0x12, 0xbc, 0x9a, 0xf0, 0xde, 1, 2, 3, 4, 5, 6, 0xab, 0xcd}
	sid := cat([]byte{1, 2, 0, 0, 0, 0, 0, 5}, le32(32), le32(544))
	day := cat(le16(2023), le16(2), le16(3), le16(28), le16(23), le16(59), le16(58), le16(7))
	tests := []struct {
		name string
		typ  byte
		b    []byte
		want string
	}{
		{"null", typeNull, nil, ""},
		{"string", typeString, wide("héllo €"), "héllo €"},
		{"string_long_ascii", typeString, wide("0123456789 abcdefghij"), "0123456789 abcdefghij"},
		{"string_nul_terminated", typeString, wide("ab\x00\x00"), "ab"},
		{"string_astral", typeString, wide("a😀b"), "a😀b"},
		{"string_lone_surrogate", typeString, cat(wide("a"), le16(0xd83d), wide("b")), "a\ufffdb"},
		{"string_surrogate_at_end", typeString, cat(wide("a"), le16(0xd83d)), "a\ufffd"},
		{"string_odd_size", typeString, append(wide("ab"), 'c'), "ab"},
		{"string_empty", typeString, nil, ""},
		{"ansi", typeANSI, []byte("plain\x00"), "plain"},
		{"ansi_1252", typeANSI, []byte("caf\xe9 \x80\x99"), "café €™"},
		{"ansi_utf8", typeANSI, []byte("café"), "café"},
		{"int8", typeInt8, []byte{0x80}, "-128"},
		{"uint8", typeUInt8, []byte{0xff}, "255"},
		{"int16", typeInt16, le16(0xfffe), "-2"},
		{"uint16", typeUInt16, le16(65535), "65535"},
		{"int32", typeInt32, le32(0x80070002), "-2147024894"},
		{"uint32", typeUInt32, le32(0x80070002), "2147942402"},
		{"uint32_small", typeUInt32, le32(7), "7"},
		{"uint32_in_one_byte", typeUInt32, []byte{200}, "200"},
		{"int64", typeInt64, le64(math.MaxUint64), "-1"},
		{"uint64", typeUInt64, le64(math.MaxUint64), "18446744073709551615"},
		{"uint64_of_three_bytes", typeUInt64, []byte{1, 2, 3}, "010203"},
		{"real32", typeReal32, le32(math.Float32bits(1.5)), "1.5"},
		{"real32_shortest", typeReal32, le32(math.Float32bits(0.1)), "0.1"},
		{"real64", typeReal64, le64(math.Float64bits(-2.25e300)), "-2.25e+300"},
		{"real64_nan", typeReal64, le64(math.Float64bits(math.NaN())), "NaN"},
		{"bool_true", typeBool, le32(1), "true"},
		{"bool_false", typeBool, le32(0), "false"},
		{"bool_any_nonzero", typeBool, le32(0xffffffff), "true"},
		{"bool_one_byte", typeBool, []byte{1}, "true"},
		{"bool_eight_bytes", typeBool, le64(0), "false"},
		{"binary", typeBinary, []byte{0, 0x1f, 0xAB}, "001fab"},
		{"guid", typeGUID, guid, "{12345678-9ABC-DEF0-0102-03040506ABCD}"},
		{"guid_short", typeGUID, guid[:4], "78563412"},
		{"sizet_32", typeSizeT, le32(0xdeadbeef), "0xdeadbeef"},
		{"sizet_64", typeSizeT, le64(0x7ffdeadbeef), "0x7ffdeadbeef"},
		{"winval.Filetime", typeFiletime, le64(tick(2024, 3)), "2024-03-01T00:00:00.1234567Z"},
		{"filetime_before_1970", typeFiletime, le64(tick(1969, 12)), "1969-12-01T00:00:00.1234567Z"},
		{"filetime_zero", typeFiletime, le64(0), "0"},
		{"filetime_never", typeFiletime, le64(math.MaxInt64), "9223372036854775807"},
		{"systime", typeSystime, day, "2023-02-28T23:59:58.007Z"},
		{"systime_zero", typeSystime, make([]byte, 16), strings.Repeat("0", 32)},
		{"sid", typeSID, sid, "S-1-5-32-544"},
		{"sid_no_subauthority", typeSID, []byte{1, 0, 0, 0, 0, 0, 0, 5}, "S-1-5"},
		{"sid_wide_authority", typeSID, []byte{1, 0, 1, 0, 0, 0, 0, 5}, "S-1-0x10000000005"},
		{"sid_count_is_a_lie", typeSID, []byte{1, 9, 0, 0, 0, 0, 0, 5}, "0109000000000005"},
		{"hexint32", typeHex32, le32(0x80180014), "0x80180014"},
		{"hexint32_not_padded", typeHex32, le32(0x1f), "0x1f"},
		{"hexint64", typeHex64, le64(0x8020000000000000), "0x8020000000000000"},
		{"handle", typeHandle, le64(0x44), "0x44"},
		{"evtxml", typeEvtXML, wide("<a/>"), "<a/>"},
		{"unknown_type_text", 0x27, []byte("text"), "text"},
		{"unknown_type_bytes", 0x3f, []byte{1, 2}, "0102"},
		{"array_uint8", 0x80 | typeUInt8, []byte{1, 2, 255}, "1,2,255"},
		{"array_int16", 0x80 | typeInt16, cat(le16(1), le16(0xffff)), "1,-1"},
		{"array_uint16", 0x80 | typeUInt16, cat(le16(1), le16(2)), "1,2"},
		{"array_int32", 0x80 | typeInt32, cat(le32(1), le32(0xffffffff)), "1,-1"},
		{"array_uint32", 0x80 | typeUInt32, cat(le32(1), le32(4000000000)), "1,4000000000"},
		{"array_int64", 0x80 | typeInt64, cat(le64(5), le64(6)), "5,6"},
		{"array_uint64", 0x80 | typeUInt64, cat(le64(5), le64(6)), "5,6"},
		{"array_int8", 0x80 | typeInt8, []byte{0x80, 1}, "-128,1"},
		{"array_real32", 0x80 | typeReal32, cat(le32(math.Float32bits(1)), le32(math.Float32bits(2.5))), "1,2.5"},
		{"array_real64", 0x80 | typeReal64, le64(math.Float64bits(3)), "3"},
		{"array_bool", 0x80 | typeBool, cat(le32(1), le32(0)), "true,false"},
		{"array_guid", 0x80 | typeGUID, cat(guid, guid), "{12345678-9ABC-DEF0-0102-03040506ABCD},{12345678-9ABC-DEF0-0102-03040506ABCD}"},
		{"array_sizet", 0x80 | typeSizeT, le64(10), "0xa"},
		{"array_filetime", 0x80 | typeFiletime, le64(tick(2024, 3)), "2024-03-01T00:00:00.1234567Z"},
		{"array_systime", 0x80 | typeSystime, day, "2023-02-28T23:59:58.007Z"},
		{"array_sid", 0x80 | typeSID, cat(sid, sid), "S-1-5-32-544,S-1-5-32-544"},
		{"array_sid_torn", 0x80 | typeSID, sid[:9], "010200000000000520"},
		{"array_hexint32", 0x80 | typeHex32, cat(le32(1), le32(255)), "0x1,0xff"},
		{"array_hexint64", 0x80 | typeHex64, cat(le64(1), le64(255)), "0x1,0xff"},
		{"array_odd_size", 0x80 | typeUInt32, []byte{1, 2, 3, 4, 5}, "0102030405"},
		{"array_binary", 0x80 | typeBinary, []byte{9}, "09"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newChunk(1)
			c.event(func() { c.data("v", func() { c.sub(0, tt.typ) }) }, val{tt.typ, tt.b})
			got, problems := fields(t, c)
			if diff := cmp.Diff(event.Fields{{Name: "v", Value: tt.want}}, got); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
			if len(problems) > 0 {
				t.Errorf("problems: %v", problems)
			}
		})
	}
}

// Every type and size must render within what was reserved for it.
func TestMaxText(t *testing.T) {
	for typ := range 256 {
		for _, fill := range []byte{0x00, 0x01, 0x7f, 0x80, 0xff} {
			for size := 1; size < 40; size++ {
				b := []byte(strings.Repeat(string([]byte{fill}), size))
				var out []byte
				if typ >= typeArray {
					out = appendArray(nil, uint8(typ)&^typeArray, b)
				} else {
					out = appendValue(nil, uint8(typ), b)
				}
				if len(out) > maxText(uint8(typ), size) {
					t.Fatalf("type %#x, %d bytes of %#x: %d bytes of text, reserved %d", typ, size, fill, len(out), maxText(uint8(typ), size))
				}
			}
		}
	}
}
