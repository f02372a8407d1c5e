package etl

import (
	"bytes"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"debrief/internal/synth/etlw"
)

func itoa(n int) string { return strconv.Itoa(n) }

// plain is a sound trace of three buffers to break.
func plain(tb testing.TB) []byte {
	s := session
	s.BufferSize = 1024
	var events []etlw.Event
	for i := range 20 {
		events = append(events, etlw.Event{Provider: aad, ID: 1021, Time: start.Add(time.Duration(i) * time.Minute), Payload: []byte{byte(i), 0, 0, 0}})
	}
	return encode(tb, s, events...)
}

func TestDamage(t *testing.T) {
	const second = 1024 + bufferHeader // first event of the second buffer; an event takes 88 bytes
	tests := map[string]struct {
		breakIt func(b []byte) []byte
		records int
		problem string // "" = none
	}{
		"whole":                         {func(b []byte) []byte { return b }, 20, ""},
		"cut_in_an_event":               {func(b []byte) []byte { return b[:2*1024+bufferHeader+100] }, 11, "cut off"},
		"cut_in_a_header":               {func(b []byte) []byte { return b[:2*1024+20] }, 10, "not a buffer"},
		"cut_in_the_own_record":         {func(b []byte) []byte { return b[:200] }, 0, "own header is cut off"},
		"event_of_no_size":              {func(b []byte) []byte { b[second], b[second+1] = 0, 0; return b }, 10, "claims 0 bytes"},
		"event_smaller_than_its_header": {func(b []byte) []byte { b[second] = 20; return b }, 10, "claims 20 bytes, its header takes 80"},
		"event_beyond_the_buffer":       {func(b []byte) []byte { b[second+1] = 0xff; return b }, 10, "the buffer has"},
		"event_not_aligned":             {func(b []byte) []byte { b[second] += 8; return b }, 11, "no event header"},
		"unknown_event_type":            {func(b []byte) []byte { b[second+2] = 0x40; return b }, 19, "unknown form"},
		"no_event_mark":                 {func(b []byte) []byte { b[second+3] = 0; return b }, 10, "no event header"},
		"buffer_of_no_size":             {func(b []byte) []byte { copy(b[1024:], make([]byte, 4)); return b }, 10, "no buffer header"},
		"buffer_of_4_GiB":               {func(b []byte) []byte { copy(b[1024:], "\xff\xff\xff\xff"); return b }, 10, "no buffer header"},
		"uses_more_than_it_has":         {func(b []byte) []byte { le.PutUint32(b[1024+48:], 5000); return b }, 20, "claims that 5000 are in use"},
		"empty_buffer":                  {func(b []byte) []byte { le.PutUint32(b[1024+48:], 72); return b }, 10, ""},
		"buffers_out_of_order": {func(b []byte) []byte {
			return append(append(append([]byte(nil), b[:1024]...), b[2048:3072]...), b[1024:2048]...)
		}, 20, ""},
		"claims_to_be_compressed": {func(b []byte) []byte { b[1024+52] |= 0x40; return b }, 10, "format 3"},
		"lost_events":             {func(b []byte) []byte { b[1024+52] |= 2; return b }, 20, "following lost events"},
		"no_clock":                {func(b []byte) []byte { copy(b[bufferHeader+systemHeader+256:], make([]byte, 8)); return b }, 20, "states no clock"},
		"garbage_behind":          {func(b []byte) []byte { return append(b, bytes.Repeat([]byte{0xee}, 3000)...) }, 20, "passed over"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			g := decode(t, tt.breakIt(plain(t)))
			all := strings.Join(g.problems, "\n")
			if name == "claims_to_be_compressed" {
				// The state of the first buffer reads as format 3.
				if len(g.records) < 10 || g.lost == 0 {
					t.Errorf("%d records, problems %q", len(g.records), g.problems)
				}
				return
			}
			if len(g.records) != tt.records || tt.problem == "" && all != "" || !strings.Contains(all, tt.problem) {
				t.Errorf("%d records, want %d; problems %q, want %q", len(g.records), tt.records, g.problems, tt.problem)
			}
		})
	}
}

// hostile are traces that no writer makes and that ask for too much.
func hostile(tb testing.TB) map[string][]byte {
	tl := func(fields ...etlw.Field) etlw.Event {
		return etlw.Event{Kind: etlw.TraceLogging, Name: "E", Time: start, Fields: fields}
	}
	long := strings.Repeat("n", 30000)
	deep := etlw.U8("x", 1)
	for range 40 {
		deep = etlw.Struct("s", deep)
	}
	many := make([]etlw.Field, 0, 2000)
	for range 2000 {
		many = append(many, etlw.U8("f", 1))
	}
	bomb := session
	bomb.Format, bomb.BufferSize = etlw.XPRESS, 64<<10
	var runs []etlw.Event
	for range 200 {
		runs = append(runs, etlw.Event{Provider: sample, ID: 1, Time: start, Payload: make([]byte, 60000)})
	}
	return map[string][]byte{
		"65535_empty_items":      encode(tb, session, tl(etlw.Field{Name: "a", In: 0x40, Count: 65535})),
		"65535_empty_structures": encode(tb, session, tl(etlw.Field{Name: "a", In: 24 | 0x40, Count: 65535, Members: []etlw.Field{{Name: "m"}}})),
		"names_of_30000_letters": encode(tb, session, tl(etlw.Field{Name: long, In: 24 | 0x40, Count: 65535, Members: []etlw.Field{{Name: "m"}}})),
		"forty_structures_deep":  encode(tb, session, tl(deep)),
		"two_thousand_fields":    encode(tb, session, tl(many...)),
		"compressed_runs":        encode(tb, bomb, runs...),
	}
}

func TestHostileTracesStaySmall(t *testing.T) {
	for name, data := range hostile(t) {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			g := decode(t, data)
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
				t.Errorf("%d bytes of memory for a trace of %d", used, len(data))
			}
			for _, r := range g.records {
				if len(r.Fields) > maxFieldList+1 {
					t.Errorf("%d fields", len(r.Fields))
				}
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(plain(f))
	for _, data := range hostile(f) {
		if len(data) < 1<<15 {
			f.Add(data)
		}
	}
	for _, format := range []int{etlw.XPRESS, etlw.LZNT1} {
		s := session
		s.Format, s.BufferSize = format, 2048
		f.Add(encode(f, s,
			etlw.Event{Kind: etlw.TraceLogging, ProviderName: "P", Name: "E", Time: start, User: system, Fields: []etlw.Field{etlw.Str("a", "b"), etlw.Struct("s", etlw.U32("n", 1))}},
			etlw.Event{Kind: etlw.Message, Provider: sample, ID: 1, Time: start},
			info(sample, "Sample-Provider", 8, 0, 2, property{0, "count", 4, 0, 1, 0}, property{propStruct | propCount, "item", 2, 1, 0, 0}, property{0, "n", 4, 0, 1, 0})))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		comparePieces(t, data, 512)
		events, records := 0, 0
		_, tally, err := Decode(data, Sink{
			Record: func(r *Record) {
				records++
				if r.Offset < 0 || r.Offset >= int64(len(data)) {
					t.Errorf("offset %d of %d", r.Offset, len(data))
				}
				size := 0
				for _, x := range r.Fields {
					size += len(x.Value)
				}
				if size > 16*len(r.Payload)+1<<16 {
					t.Errorf("%d bytes of text out of %d", size, len(r.Payload))
				}
			},
			Problem: func(p Problem) {
				events++
				if p.Text == "" {
					t.Error("problem without a text")
				}
			},
		})
		if err == nil && (tally.Events != records || tally.Lost > events) {
			t.Errorf("%+v, %d records", tally, records)
		}
	})
}
