package evtx

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
)

// TestFields covers every token and the rules that turn XML into fields. Each
// body is the content of <EventData> unless it says otherwise.
func TestFields(t *testing.T) {
	tests := []struct {
		name string
		body func(c *chunk)
		vals []val
		want event.Fields
	}{
		{"literal", func(c *chunk) {
			c.data("a", func() { c.str("x") })
		}, nil, event.Fields{{Name: "a", Value: "x"}}},
		{"normal_substitution", func(c *chunk) {
			c.data("a", func() { c.sub(1, typeString) })
		}, []val{str("no"), str("yes")}, event.Fields{{Name: "a", Value: "yes"}}},
		{"optional_substitution", func(c *chunk) {
			c.data("a", func() { c.opt(0, typeString) })
			c.data("b", func() { c.opt(1, typeString) })
		}, []val{str("x"), {typeNull, nil}}, event.Fields{{Name: "a", Value: "x"}, {Name: "b"}}},
		{"value_that_is_not_there", func(c *chunk) {
			c.data("a", func() { c.sub(40, typeString) })
		}, nil, event.Fields{{Name: "a"}}},
		{"empty_values_kept", func(c *chunk) {
			c.data("a", nil)
			c.data("b", func() {})
			c.data("c", func() { c.sub(0, typeString) })
		}, []val{str("")}, event.Fields{{Name: "a"}, {Name: "b"}, {Name: "c"}}},
		{"unnamed_data_is_numbered", func(c *chunk) {
			c.element("Data", func() { c.sub(0, typeString) })
			c.data("named", func() { c.str("n") })
			c.element("Data", func() { c.sub(1, typeString) })
			c.element("Binary", func() { c.sub(2, typeBinary) })
		}, []val{str("x"), str("y"), {typeBinary, []byte{0xca, 0xfe}}}, event.Fields{
			{Name: "Data1", Value: "x"}, {Name: "named", Value: "n"}, {Name: "Data2", Value: "y"}, {Name: "Binary", Value: "cafe"}}},
		{"string_array_repeats", func(c *chunk) {
			c.element("Data", func() { c.sub(0, typeArray|typeString) })
			c.data("n", func() { c.sub(1, typeArray|typeANSI) })
			c.data("tail", func() { c.str("t") })
		}, []val{{typeArray | typeString, wide("one\x00\x00three\x00")}, {typeArray | typeANSI, []byte("p\x00q")}}, event.Fields{
			{Name: "Data1", Value: "one"}, {Name: "Data2"}, {Name: "Data3", Value: "three"},
			{Name: "n", Value: "p"}, {Name: "n", Value: "q"}, {Name: "tail", Value: "t"}}},
		{"null_string_array_is_no_field", func(c *chunk) {
			c.element("Data", func() { c.opt(0, typeArray|typeString) })
			c.element("Binary", func() { c.opt(1, typeBinary) })
		}, []val{{typeNull, nil}, {typeNull, nil}}, nil},
		{"null_in_an_unnamed_element", func(c *chunk) {
			c.element("X", func() { c.opt(0, typeString) })
			c.element("Y", func() { c.sub(0, typeString) })
			c.element("Data", func() { c.opt(0, typeString) })
		}, []val{{typeNull, nil}}, event.Fields{{Name: "Y"}}},
		{"array_within_text", func(c *chunk) {
			c.data("a", func() { c.str("["); c.sub(0, typeArray|typeString); c.str("]") })
		}, []val{{typeArray | typeString, wide("p\x00q\x00")}}, event.Fields{{Name: "a", Value: "[p,q]"}}},
		{"text_in_pieces", func(c *chunk) {
			c.data("a", func() { c.str("pid "); c.sub(0, typeUInt32); c.str(", user "); c.sub(1, typeString) })
		}, []val{{typeUInt32, le32(1234)}, str("me")}, event.Fields{{Name: "a", Value: "pid 1234, user me"}}},
		{"cdata", func(c *chunk) {
			c.data("a", func() { c.u8(0x07); c.u16(4); c.text("<&>]") })
		}, nil, event.Fields{{Name: "a", Value: "<&>]"}}},
		{"character_reference", func(c *chunk) {
			c.data("a", func() { c.str("x"); c.u8(0x08); c.u16(0x20ac); c.u8(0x48); c.u16('!') })
		}, nil, event.Fields{{Name: "a", Value: "x€!"}}},
		{"entity_references", func(c *chunk) {
			c.data("a", func() {
				for _, e := range []string{"amp", "lt", "gt", "quot", "apos", "other", "amp"} {
					c.u8(0x09)
					c.name(e)
				}
			})
		}, nil, event.Fields{{Name: "a", Value: `&<>"'&other;&`}}},
		{"processing_instruction_skipped", func(c *chunk) {
			c.data("a", func() {
				c.str("x")
				c.u8(0x0a)
				c.name("target")
				c.u8(0x0b)
				c.u16(3)
				c.text("abc")
				c.str("y")
			})
		}, nil, event.Fields{{Name: "a", Value: "xy"}}},
		{"more_bits", func(c *chunk) {
			c.data("a", func() {
				c.u8(0x45, typeString)
				c.u16(1)
				c.text("x")
				c.u8(0x47)
				c.u16(1)
				c.text("y")
			})
		}, nil, event.Fields{{Name: "a", Value: "xy"}}},
		{"typed_literals", func(c *chunk) {
			c.data("a", func() {
				c.u8(0x05, typeUInt32)
				c.u32(77)
				c.u8(0x05, typeANSI)
				c.u16(1)
				c.u8('z')
				c.u8(0x05, typeNull)
			})
		}, nil, event.Fields{{Name: "a", Value: "77z"}}},
		{"leaf_names", func(c *chunk) {
			c.element("Outer", func() {
				c.element("One", func() { c.sub(0, typeUInt16) })
				c.str(" \n")
				c.element("Inner", func() { c.element("Two", nil) })
			}, c.attr("xmlns", func() { c.str("urn:x") }), c.attr("xmlns:p", func() { c.str("urn:y") }))
		}, []val{{typeUInt16, le16(9)}}, event.Fields{{Name: "One", Value: "9"}, {Name: "Two"}}},
		{"mixed_content", func(c *chunk) {
			c.element("Outer", func() {
				c.str("before ")
				c.element("In", func() { c.str("i") })
				c.str("after")
			})
		}, nil, event.Fields{{Name: "In", Value: "i"}, {Name: "Outer", Value: "before after"}}},
		{"attributes_are_fields", func(c *chunk) {
			c.element("X", nil, c.attr("Id", func() { c.sub(0, typeUInt32) }), c.attr("Gone", func() { c.opt(1, typeString) }))
			c.element("Y", func() { c.str("text") }, c.attr("Id", func() { c.str("b") }))
		}, []val{{typeUInt32, le32(700)}, {typeNull, nil}}, event.Fields{
			{Name: "Id", Value: "700"}, {Name: "Id", Value: "b"}, {Name: "Y", Value: "text"}}},
		{"attribute_value_in_pieces", func(c *chunk) {
			c.element("X", nil, c.attr("Id", func() {
				c.str("a")
				c.u8(0x08)
				c.u16('-')
				c.u8(0x09)
				c.name("amp")
				c.sub(0, typeString)
			}))
		}, []val{str("z")}, event.Fields{{Name: "Id", Value: "a-&z"}}},
		{"name_from_a_value", func(c *chunk) {
			c.element("Data", func() { c.sub(1, typeString) }, c.attr("Name", func() { c.sub(0, typeString) }))
			c.element("ComplexData", func() { c.str("c") }, c.attr("Name", func() { c.str("cd") }))
		}, []val{str("dynamic"), str("v")}, event.Fields{{Name: "dynamic", Value: "v"}, {Name: "cd", Value: "c"}}},
		{"text_in_eventdata", func(c *chunk) {
			c.str("loose")
		}, nil, event.Fields{{Name: "EventData", Value: "loose"}}},
		{"more_than_nine_unnamed", func(c *chunk) {
			for range 12 {
				c.element("Data", nil)
			}
		}, nil, event.Fields{{Name: "Data1"}, {Name: "Data2"}, {Name: "Data3"}, {Name: "Data4"}, {Name: "Data5"}, {Name: "Data6"},
			{Name: "Data7"}, {Name: "Data8"}, {Name: "Data9"}, {Name: "Data10"}, {Name: "Data11"}, {Name: "Data12"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newChunk(1)
			c.event(func() { tt.body(c) }, tt.vals...)
			got, problems := fields(t, c)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
			if len(problems) > 0 {
				t.Errorf("problems: %v", problems)
			}
		})
	}
}

// nestedXML returns the bytes of a BinXml value. What it holds is written where
// it will stand, since names and templates are found by their offset: the
// instance in which it is the only value follows the template in the chunk.
func (c *chunk) nestedRecord(outer func(), nested func()) {
	c.record(func() {
		def := c.here() + 10
		c.u8(0x0c, 1)
		c.u32(9)
		c.u32(def)
		c.template(9, func() { c.element("Event", outer) })
		c.u32(1)
		at := len(c.b)
		c.u16(0)
		c.u8(typeBinXML, 0)
		c.u8(0x0f, 1, 1, 0)
		c.dep = false
		nested()
		c.dep = true
		c.u8(0x00)
		size := len(c.b) - at - 4
		c.b[at], c.b[at+1] = byte(size), byte(size>>8)
	})
}

func TestNested(t *testing.T) {
	user := func(c *chunk) func() {
		return func() { c.element("UserData", func() { c.sub(0, typeBinXML) }) }
	}
	tests := []struct {
		name   string
		outer  func(c *chunk) func()
		nested func(c *chunk)
		want   event.Fields
	}{
		{"elements", user, func(c *chunk) {
			c.element("Thing", func() { c.element("A", func() { c.str("1") }); c.element("B", nil) })
		}, event.Fields{{Name: "A", Value: "1"}, {Name: "B"}}},
		{"elements_with_dependency_id", user, func(c *chunk) {
			c.dep = true
			c.element("Thing", func() { c.element("A", func() { c.str("1") }) })
		}, event.Fields{{Name: "A", Value: "1"}}},
		{"template", user, func(c *chunk) {
			c.instance(11, func() {
				c.dep = true
				c.element("Thing", func() { c.element("A", func() { c.sub(0, typeUInt32) }) })
			}, val{typeUInt32, le32(1000)})
		}, event.Fields{{Name: "A", Value: "1000"}}},
		{"event_data", func(c *chunk) func() { return func() { c.sub(0, typeBinXML) } }, func(c *chunk) {
			c.instance(11, func() {
				c.dep = true
				c.element("EventData", func() { c.data("a", func() { c.sub(0, typeString) }) })
			}, str("v"))
		}, event.Fields{{Name: "a", Value: "v"}}},
		{"only_text", func(c *chunk) func() {
			return func() { c.element("EventData", func() { c.data("a", func() { c.sub(0, typeBinXML) }) }) }
		}, func(c *chunk) { c.str("words") }, event.Fields{{Name: "a", Value: "words"}}},
		{"nothing", user, func(c *chunk) {}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newChunk(1)
			c.nestedRecord(tt.outer(c), func() { tt.nested(c) })
			got, problems := fields(t, c)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
			if len(problems) > 0 {
				t.Errorf("problems: %v", problems)
			}
		})
	}
}

// systemEvent writes a record as Windows does: System in the outer template,
// the event's data as BinXml in value 0.
func (c *chunk) systemEvent() {
	v := func(name string, n uint16, typ byte, attrs ...func()) {
		c.element(name, func() { c.opt(n, typ) }, attrs...)
	}
	a := func(name string, n uint16, typ byte) func() { return c.attr(name, func() { c.opt(n, typ) }) }
	guid := []byte{0x78, 0x56, 0x34, 0x12, 0xbc, 0x9a, 0xf0, 0xde, 1, 2, 3, 4, 5, 6, 0xab, 0xcd}
	c.record(func() {
		c.instance(3, func() {
			c.element("Event", func() {
				c.element("System", func() {
					c.element("Provider", nil, c.attr("Name", func() { c.str("Contoso-Agent") }),
						a("Guid", 1, typeGUID), a("EventSourceName", 2, typeString))
					v("EventID", 3, typeUInt16, a("Qualifiers", 4, typeUInt16))
					v("Version", 5, typeUInt8)
					v("Level", 6, typeUInt8)
					v("Task", 7, typeUInt16)
					v("Opcode", 8, typeUInt8)
					v("Keywords", 9, typeHex64)
					c.element("TimeCreated", nil, a("SystemTime", 10, typeFiletime))
					v("EventRecordID", 11, typeUInt64)
					c.element("Correlation", nil, a("ActivityID", 12, typeGUID), a("RelatedActivityID", 13, typeGUID))
					c.element("Execution", nil, a("ProcessID", 14, typeUInt32), a("ThreadID", 15, typeUInt32), a("KernelTime", 14, typeUInt32))
					c.element("Channel", func() { c.str("Contoso/Admin") })
					v("Computer", 16, typeString)
					c.element("Security", nil, a("UserID", 17, typeSID))
				})
				c.element("RenderingInfo", func() {
					c.element("Message", func() { c.str("rendered") })
				}, c.attr("Culture", func() { c.str("en-GB") }))
				c.element("EventData", func() { c.data("k", func() { c.sub(16, typeString) }) },
					c.attr("Name", func() { c.str("Kind") }))
			}, c.attr("xmlns", func() { c.str("http://schemas.microsoft.com/win/2004/08/events/event") }))
		},
			val{typeNull, nil}, val{typeGUID, guid}, str("Agent"), val{typeUInt16, le16(301)}, val{typeUInt16, le16(49152)},
			val{typeUInt8, []byte{2}}, val{typeUInt8, []byte{3}}, val{typeUInt16, le16(12)}, val{typeUInt8, []byte{1}},
			val{typeHex64, le64(0x8000000000000001)}, val{typeFiletime, le64(tick(2024, 6))}, val{typeUInt64, le64(90001)},
			val{typeGUID, guid}, val{typeNull, nil}, val{typeUInt32, le32(4321)}, val{typeUInt32, le32(8765)},
			str("PC-1"), val{typeSID, cat([]byte{1, 1, 0, 0, 0, 0, 0, 5}, le32(18))})
	})
}

func TestSystem(t *testing.T) {
	c := newChunk(40)
	c.systemEvent()
	r := decode(t, logFile(c.bytes()))
	want := []Record{{
		ID: 90001, Number: 40, Offset: 4608,
		Time:     time.Date(2024, 6, 1, 0, 0, 0, 123456700, time.UTC),
		Written:  time.Date(2024, 5, 1, 0, 0, 0, 123456700, time.UTC),
		Provider: "Contoso-Agent", Source: "Agent",
		EventID: 301, Qualifiers: 49152, Version: 2, Level: 3, Task: 12, Opcode: 1, Keywords: 0x8000000000000001,
		Process: 4321, Thread: 8765, Channel: "Contoso/Admin", Computer: "PC-1", User: "S-1-5-18",
		Activity: "{12345678-9ABC-DEF0-0102-03040506ABCD}",
		Fields: event.Fields{{Name: "RenderingInfo.Culture", Value: "en-GB"}, {Name: "RenderingInfo.Message", Value: "rendered"},
			{Name: "EventData.Name", Value: "Kind"}, {Name: "k", Value: "PC-1"}},
	}}
	if diff := cmp.Diff(want, r.records); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if len(r.problems) > 0 {
		t.Errorf("problems: %v", r.problems)
	}
}

// System may also hold literals only, and a provider only a GUID.
func TestSystemOfLiterals(t *testing.T) {
	for _, template := range []bool{true, false} {
		c := newChunk(5)
		event := func() {
			c.element("Event", func() {
				c.element("System", func() {
					c.element("Provider", nil, c.attr("Guid", func() { c.str("{0000000A-0000-0000-0000-000000000000}") }))
					c.element("EventID", func() { c.str(" 12 ") }, c.attr("Qualifiers", func() { c.str("0x10") }))
					c.element("Level", func() { c.str("two") })
					c.element("TimeCreated", nil, c.attr("SystemTime", func() { c.str("2024-05-06T07:08:09.5Z") }))
					c.element("Channel", func() { c.str("System") })
					c.element("Unheard", func() { c.element("Of", func() { c.str("x") }) }, c.attr("a", func() { c.str("b") }))
				})
			})
		}
		c.record(func() {
			if template {
				c.instance(3, event)
			} else {
				event()
			}
		})
		r := decode(t, logFile(c.bytes()))
		want := []Record{{
			ID: 5, Number: 5, Offset: 4608, Time: time.Date(2024, 5, 6, 7, 8, 9, 5e8, time.UTC),
			Written:  time.Date(2024, 5, 1, 0, 0, 0, 123456700, time.UTC),
			Provider: "{0000000A-0000-0000-0000-000000000000}", EventID: 12, Qualifiers: 16, Channel: "System",
		}}
		if diff := cmp.Diff(want, r.records); diff != "" || len(r.problems) > 0 {
			t.Errorf("template=%v: records (-want +got):\n%s\nproblems: %v", template, diff, r.problems)
		}
	}
}

// A template is compiled once per chunk and used by later records by offset;
// the same offset in the next chunk is another template.
func TestTemplatesArePerChunk(t *testing.T) {
	var chunks [][]byte
	for i, name := range []string{"first", "other"} {
		c := newChunk(uint64(1 + 2*i))
		var def uint32
		c.record(func() {
			def = c.instance(7, func() {
				c.element("Event", func() { c.element("EventData", func() { c.data(name, func() { c.sub(0, typeString) }) }) })
			}, str("a"))
		})
		c.record(func() { c.again(7, def, str("b")) })
		chunks = append(chunks, c.bytes())
	}
	r := decode(t, logFile(chunks...))
	var got []event.Field
	for _, rec := range r.records {
		got = append(got, rec.Fields...)
	}
	want := []event.Field{{Name: "first", Value: "a"}, {Name: "first", Value: "b"}, {Name: "other", Value: "a"}, {Name: "other", Value: "b"}}
	if diff := cmp.Diff(want, got); diff != "" || len(r.problems) > 0 {
		t.Errorf("fields (-want +got):\n%s\nproblems: %v", diff, r.problems)
	}
}
