package etl

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"debrief/internal/synth/etlw"
)

// The examples of [MS-XCA] 3.1 and 3.3.
func TestExpandTheExamplesOfTheSpecification(t *testing.T) {
	tests := map[string]struct {
		expand func(dst, in []byte, limit int) ([]byte, error)
		packed string
		want   string
	}{
		"xpress_literals": {xpress, "3f000000 6162636465666768696a6b6c6d6e6f707172737475767778797a", "abcdefghijklmnopqrstuvwxyz"},
		"xpress_run":      {xpress, "ffffff1f 616263 1700 0f ff 2601", strings.Repeat("abc", 100)},
		"lznt1": {lznt1, "38b08846232000204720410010a24701a0452044000845015079 00c0452005241388 05b4024a44ef0358028c091601484500be009e000401189000",
			"F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# G F# D E F# G F# E D E A F# F# G A A G F# E D D E F# E D D\x00"},
		"lznt1_stored": {lznt1, "0230 616263 0000", "abc"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in, err := hex.DecodeString(strings.ReplaceAll(tt.packed, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			got, err := tt.expand(nil, in, 1<<20)
			if string(got) != tt.want || err != nil {
				t.Errorf("%q, %v", got, err)
			}
			for n := range in { // cut anywhere: less, and never anything else
				if got, _ := tt.expand(nil, in[:n], 1<<20); !strings.HasPrefix(tt.want, string(got)) {
					t.Errorf("cut after %d bytes: %q", n, got)
				}
			}
			if got, _ := tt.expand(nil, in, 3); string(got) != tt.want[:3] {
				t.Errorf("limit: %q", got)
			}
		})
	}
}

func TestExpandWhatWasPacked(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	random := make([]byte, 9000)
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	few := make([]byte, 60000)
	for i := range few {
		few[i] = byte(r.Uint32() & 3)
	}
	for name, in := range map[string][]byte{
		"nothing": {}, "one": {1}, "run": make([]byte, 200000), "random": random, "few_letters": few,
		"text": []byte(strings.Repeat("Fehler beim Lesen der Richtlinie. ", 500)), "32_items": bytes.Repeat([]byte("x"), 32),
	} {
		for _, f := range []struct {
			name   string
			pack   func([]byte) []byte
			expand func(dst, in []byte, limit int) ([]byte, error)
		}{{"xpress", etlw.PackXPRESS, xpress}, {"lznt1", etlw.PackLZNT1, lznt1}} {
			t.Run(name+"_"+f.name, func(t *testing.T) {
				got, err := f.expand([]byte("head"), f.pack(in), 4+len(in))
				if err != nil || !bytes.Equal(got[4:], in) {
					t.Errorf("%v; %d bytes, want %d", err, len(got)-4, len(in))
				}
			})
		}
	}
}

func TestMatchBeforeTheStart(t *testing.T) {
	// A match as the first item must not reach into the buffer's header.
	if got, err := xpress([]byte("head"), []byte{0, 0, 0, 0x80, 0x08, 0}, 100); err != errDistance || string(got) != "head" {
		t.Errorf("xpress: %q, %v", got, err)
	}
	if got, err := lznt1([]byte("head"), []byte{2, 0xb0, 1, 0, 0}, 100); err != errDistance || string(got) != "head" {
		t.Errorf("lznt1: %q, %v", got, err)
	}
}

func TestCompressedBuffers(t *testing.T) {
	for name, format := range map[string]int{"xpress": etlw.XPRESS, "lznt1": etlw.LZNT1} {
		t.Run(name, func(t *testing.T) {
			s := session
			s.Format, s.BufferSize = format, 8192
			var events []etlw.Event
			for i := range 300 {
				events = append(events, etlw.Event{Kind: etlw.TraceLogging, ProviderName: "Sample", Name: "Step", Time: start.Add(time.Duration(i) * time.Second),
					Fields: []etlw.Field{etlw.U32("n", uint32(i)), etlw.Str("text", strings.Repeat("again and ", i%9))}})
			}
			data := encode(t, s, events...)
			g := decode(t, data)
			if len(g.records) != 300 || len(g.problems) > 0 {
				t.Fatalf("%d records, problems %v", len(g.records), g.problems)
			}
			s.Format = etlw.Plain
			if whole := len(encode(t, s, events...)); len(data) > whole*2/3 {
				t.Errorf("%d of %d bytes: nothing is compressed", len(data), whole)
			}
			for i, r := range g.records {
				if v, _ := r.Fields.Get("n"); v != itoa(i) {
					t.Errorf("record %d: n=%s", i, v)
				}
			}
			// Damage in one buffer leaves the others alone.
			bad := bytes.Clone(data)
			copy(bad[8192+80:], bytes.Repeat([]byte{0xee}, 400))
			g = decode(t, bad)
			if len(g.records) < 200 || len(g.records) >= 300 || g.lost == 0 {
				t.Errorf("damaged: %d records, problems %v", len(g.records), g.problems)
			}
		})
	}
}
