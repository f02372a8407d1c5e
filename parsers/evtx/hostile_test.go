package evtx

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"debrief/event"
)

// hostile are chunks that no sound writer makes.
var hostile = []struct {
	name  string
	build func() *chunk
	limit bool // a limit must stop it
}{
	{"template_that_holds_itself", func() *chunk {
		c := newChunk(1)
		c.event(func() {
			def := c.here() // any place inside the definition will do
			for string(c.b[def:def+2]) != "\x0c\x01" {
				def--
			}
			c.element("X", func() { c.again(7, def+10) })
		})
		return c
	}, true},
	{"elements_200_deep", func() *chunk {
		c := newChunk(1)
		c.event(func() {
			for range 200 {
				c.open("D")
				c.u8(0x02)
			}
			for range 200 {
				c.u8(0x04)
			}
		})
		return c
	}, true},
	{"one_value_shown_8000_times", func() *chunk {
		c := newChunk(1)
		c.event(func() {
			c.data("a", func() {
				for range 8000 {
					c.sub(0, typeString)
				}
			})
		}, val{typeString, make([]byte, 20000)}, val{typeString, wide(strings.Repeat("x", 5000))})
		patchSubs(c, 1)
		return c
	}, true},
	{"twelve_thousand_fields_in_each_record", func() *chunk {
		c := newChunk(1)
		var def uint32
		c.record(func() {
			def = c.instance(7, func() {
				c.element("Event", func() {
					c.element("EventData", func() {
						for range 3500 {
							c.element("D", func() {})
						}
					})
				})
			})
		})
		for range 100 {
			c.record(func() { c.again(7, def) })
		}
		return c
	}, true},
	{"nested_xml_that_multiplies", func() *chunk {
		c := newChunk(1)
		c.nestedRecord(func() {
			c.element("UserData", func() {
				for range 4000 {
					c.sub(0, typeBinXML)
				}
			})
		}, func() {
			for range 1000 {
				c.element("E", nil)
			}
		})
		return c
	}, true},
	{"string_array_of_nuls", func() *chunk {
		c := newChunk(1)
		c.event(func() { c.element("Data", func() { c.sub(0, typeArray|typeString) }) }, val{typeArray | typeString, make([]byte, 50000)})
		return c
	}, true},
	{"unknown_token", func() *chunk {
		c := newChunk(1)
		c.event(func() { c.data("kept", func() { c.str("v") }); c.u8(0x33) })
		return c
	}, false},
	{"stray_end_tag", func() *chunk {
		c := newChunk(1)
		c.record(func() { c.element("Event", func() {}); c.u8(0x04) })
		return c
	}, false},
	{"element_without_end", func() *chunk {
		c := newChunk(1)
		c.event(func() { c.data("kept", func() { c.str("v") }); c.open("X"); c.u8(0x02) })
		return c
	}, false},
	{"value_count_is_a_lie", func() *chunk {
		c := newChunk(1)
		at := c.event(func() { c.data("a", func() { c.sub(0, typeUInt32) }) }, val{typeUInt32, le32(0xfefefefe)})
		i := strings.LastIndex(string(c.b[at:]), string(le32(1)))
		binary.LittleEndian.PutUint32(c.b[at+i:], 1<<31)
		return c
	}, false},
	{"name_behind_the_chunk", func() *chunk {
		c := newChunk(1)
		c.event(func() { c.data("kept", func() { c.str("v") }); c.names["far"] = 0xfffffff0; c.element("far", nil) })
		return c
	}, false},
	{"template_behind_the_chunk", func() *chunk {
		c := newChunk(1)
		c.record(func() { c.again(7, 0xfffffff0) })
		return c
	}, false},
	{"template_size_is_a_lie", func() *chunk {
		c := newChunk(1)
		at := c.event(func() {})
		binary.LittleEndian.PutUint32(c.b[at+recordHead+4+10+20:], 0xffffffff)
		return c
	}, false},
}

// patchSubs points all substitutions of value 0 at value n.
func patchSubs(c *chunk, n byte) {
	for i := headerSize; i+4 < len(c.b); i++ {
		if c.b[i] == 0x0d && c.b[i+1] == 0 && c.b[i+2] == 0 && c.b[i+3] == typeString {
			c.b[i+1] = n
		}
	}
}

// Whatever a chunk says, it costs no more than a small multiple of its size in
// memory, it ends, and what was cut or lost is reported.
func TestHostile(t *testing.T) {
	for _, tt := range hostile {
		t.Run(tt.name, func(t *testing.T) {
			c := tt.build()
			if len(c.b) > chunkSize {
				t.Fatalf("test chunk has %d bytes", len(c.b))
			}
			b := logFile(c.bytes())
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			var problems []Problem
			if _, err := Decode(b, Sink{Record: func(*Record) {}, Problem: func(p Problem) { problems = append(problems, p) }}); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			if got, most := after.TotalAlloc-before.TotalAlloc, uint64(len(b))*40; got > most {
				t.Errorf("%d bytes allocated for %d", got, len(b))
			}
			want := event.Damage
			if tt.limit {
				want = event.Limit
			}
			found := false
			for _, p := range problems {
				found = found || p.Kind == want
			}
			if !found {
				t.Errorf("no %v among the problems: %v", want, problems)
			}
		})
	}
}

// A record that is bad at its end keeps what was read before.
func TestTornKeepsFields(t *testing.T) {
	for _, tt := range hostile {
		if tt.name != "unknown_token" && tt.name != "element_without_end" && tt.name != "name_behind_the_chunk" {
			continue
		}
		r := decode(t, logFile(tt.build().bytes()))
		if len(r.records) != 1 || !r.records[0].Torn || len(r.records[0].Fields) == 0 || r.records[0].Fields[0] != (event.Field{Name: "kept", Value: "v"}) {
			t.Errorf("%s: records %+v", tt.name, r.records)
		}
	}
}

func FuzzDecode(f *testing.F) {
	c := newChunk(1)
	c.systemEvent()
	c.systemEvent()
	c.event(func() {
		c.data("a", func() { c.sub(0, typeArray|typeString); c.u8(0x09); c.name("amp"); c.u8(0x08); c.u16(65) })
	}, val{typeArray | typeString, wide("x\x00y\x00")})
	c.nestedRecord(func() { c.element("UserData", func() { c.sub(0, typeBinXML) }) }, func() { c.element("T", func() { c.str("v") }) })
	// Only what the chunk uses: the fuzzer should not spend itself on padding.
	f.Add(logFile(c.bytes())[:headerBlock+len(c.b)], 0, byte(0))
	f.Add(logFile(c.bytesUpTo(1200))[:headerBlock+len(c.b)], 5000, byte(0x0c))
	for _, h := range hostile {
		c := h.build()
		if len(c.b) < 4000 {
			f.Add(logFile(c.bytes())[:headerBlock+len(c.b)], 4700, byte(1))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, at int, to byte) {
		if at >= 0 && at < len(b) {
			b = bytes.Clone(b)
			b[at] = to
		}
		records, text, nfields := 0, 0, 0
		_, err := Decode(b, Sink{
			Record: func(r *Record) {
				records++
				nfields += len(r.Fields)
				for _, f := range r.Fields {
					if !utf8.ValidString(f.Name) || !utf8.ValidString(f.Value) {
						t.Fatalf("field %q=%q is not UTF-8", f.Name, f.Value)
					}
					text += len(f.Value)
				}
				if r.Offset < headerBlock || r.Offset+minRecord > int64(len(b)) {
					t.Fatalf("record at %d of %d bytes", r.Offset, len(b))
				}
			},
			Problem: func(p Problem) {
				if p.Text == "" || p.Offset < 0 || p.Offset > int64(len(b)) {
					t.Fatalf("problem %+v", p)
				}
			},
		})
		chunks := len(b)/headerSize + 1
		if err == nil && (records > len(b)/minRecord || nfields > chunks*maxChunkFields) {
			t.Fatalf("%d records and %d fields of %d bytes", records, nfields, len(b))
		}
	})
}
