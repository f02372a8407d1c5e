package etl

import (
	"testing"

	"debrief/internal/synth/etlw"
)

// property is one field of a description.
type property struct {
	flags         uint32
	name          string
	in, out       uint16
	count, length uint16
}

// info writes TRACE_EVENT_INFO.
func info(provider etlw.GUID, name string, id uint16, version uint8, top int, fields ...property) etlw.Event {
	b := make([]byte, 112+24*len(fields))
	w := guidWire(provider)
	copy(b, w[:])
	le.PutUint16(b[32:], id)
	b[34] = version
	le.PutUint32(b[52:], uint32(len(b)))
	b = append(b, etlw.Wide(name+" ")...)
	le.PutUint32(b[100:], uint32(len(fields)))
	le.PutUint32(b[104:], uint32(top))
	for i, f := range fields {
		p := b[112+24*i:]
		le.PutUint32(p, f.flags)
		le.PutUint32(p[4:], uint32(len(b)))
		le.PutUint16(p[8:], f.in)
		le.PutUint16(p[10:], f.out)
		le.PutUint16(p[16:], f.count)
		le.PutUint16(p[18:], f.length)
		b = append(b, etlw.Wide(f.name)...)
	}
	return etlw.Event{Kind: etlw.Classic, Provider: guid("bbccf6c1-6cd1-48c4-80ff-839482e37671"), ID: 32, Payload: b}
}

func guidWire(g etlw.GUID) GUID {
	return GUID{g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]}
}

func TestDescriptionsInTheTrace(t *testing.T) {
	data := encode(t, session,
		etlw.Event{Provider: sample, ID: 7, Version: 2, Time: start, Payload: []byte{2, 'a', 0, 0, 0, 3, 0, 0, 0, 0xbb, 0xbb, 5, 6}},
		etlw.Event{Provider: sample, ID: 8, Time: start, Payload: []byte{2, 10, 'x', 0, 11, 'y', 0, 'e', 0, 'n', 0, 'd', 0}},
		etlw.Event{Provider: sample, ID: 9, Time: start, Payload: []byte{1, 2, 0xaa, 0xbb, 0xcc}},
		// What the trace says of an event goes before the table.
		etlw.Event{Provider: aad, ID: 1021, Time: start, Payload: []byte{1, 0, 0, 0}},
		info(sample, "Sample-Provider", 7, 2, 5,
			property{0, "size", 4, 0, 1, 0}, property{0, "text", 1, 0, 1, 0}, property{0, "code", 8, 18, 1, 0},
			property{0, "hex", 6, 16, 1, 0}, property{propLength, "data", 14, 0, 1, 0}),
		info(sample, "Sample-Provider", 8, 0, 3,
			property{0, "count", 4, 0, 1, 0}, property{propStruct | propCount, "item", 3, 2, 0, 0}, property{0, "fixed", 1, 0, 1, 3},
			property{0, "n", 4, 0, 1, 0}, property{0, "s", 2, 0, 1, 0}),
		info(sample, "Sample-Provider", 9, 0, 3,
			property{0, "size", 4, 0, 1, 0}, property{propStruct, "s", 3, 2, 1, 0}, property{propLength, "data", 14, 0, 1, 0},
			property{0, "len", 4, 0, 1, 0}, property{propLength, "in", 14, 0, 1, 3}),
		info(aad, "Another name", 1021, 0, 1, property{0, "Renamed", 8, 0, 1, 0}),
	)
	g := decode(t, data)
	want := []string{
		"size=2; text=a; code=0x3; hex=0xbbbb; data=0506",
		"count=2; item[0].n=10; item[0].s=x; item[1].n=11; item[1].s=y; fixed=end",
		"size=1; s.len=2; s.in=aabb; data=cc",
		"Renamed=1",
	}
	for i, w := range want {
		if r := g.records[i]; text(r.Fields) != w || !r.Decoded() {
			t.Errorf("event %d: %q, whole %v", r.ID, text(r.Fields), r.Decoded())
		}
	}
	if g.records[0].ProviderName != "Sample-Provider" || g.records[3].ProviderName != "Microsoft-Windows-AAD" {
		t.Errorf("names %q, %q", g.records[0].ProviderName, g.records[3].ProviderName)
	}
}

func TestDescriptionsThatMakeNoSense(t *testing.T) {
	bad := map[string]etlw.Event{
		"more_fields_than_bytes":   {Kind: etlw.Classic, Provider: guid("bbccf6c1-6cd1-48c4-80ff-839482e37671"), ID: 32, Payload: append(make([]byte, 100), 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0)},
		"structure_of_itself":      info(sample, "n", 7, 0, 1, property{propStruct, "s", 0, 1, 1, 0}),
		"members_behind_the_end":   info(sample, "n", 7, 0, 1, property{propStruct, "s", 1, 9, 1, 0}),
		"length_in_a_later_field":  info(sample, "n", 7, 0, 2, property{propLength, "a", 14, 0, 1, 1}, property{0, "b", 8, 0, 1, 0}),
		"type_that_does_not_exist": info(sample, "n", 7, 0, 1, property{0, "a", 300, 0, 1, 0}),
	}
	var deep []property
	for i := range 60 { // each is a structure of two that are behind it: 2^60 fields
		deep = append(deep, property{propStruct, "s", uint16(i + 1), 2, 1, 0})
	}
	deep = append(deep, property{0, "x", 4, 0, 1, 0}, property{0, "y", 4, 0, 1, 0})
	bad["structures_of_structures"] = info(sample, "n", 7, 0, 1, deep...)
	for name, e := range bad {
		t.Run(name, func(t *testing.T) {
			g := decode(t, encode(t, session, etlw.Event{Provider: sample, ID: 7, Time: start, Payload: []byte{1}}, e))
			if r := g.records[0]; r.Known || r.Fields != nil {
				t.Errorf("fields %q", text(r.Fields))
			}
		})
	}
}

// TestDescriptionsInCompressedBuffers are known from where they stand.
func TestDescriptionsInCompressedBuffers(t *testing.T) {
	s := session
	s.Format = etlw.XPRESS
	e := etlw.Event{Provider: sample, ID: 7, Time: start, Payload: []byte{5}}
	g := decode(t, encode(t, s, e, info(sample, "Sample-Provider", 7, 0, 1, property{0, "n", 4, 0, 1, 0}), e))
	if g.records[0].Known || text(g.records[2].Fields) != "n=5" {
		t.Errorf("before: %q, after: %q", text(g.records[0].Fields), text(g.records[2].Fields))
	}
}
