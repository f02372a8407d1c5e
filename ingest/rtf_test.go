package ingest

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// packRTF packs as [MS-OXRTFCP] says, with the longest reference at each place.
// The sum is that of hash/crc32, made to start and end as the format has it.
func packRTF(text string) []byte {
	history := rtfPreset + text
	var content []byte
	control, bit := 0, 8
	token := func(reference bool, b ...byte) {
		if bit == 8 {
			control, bit = len(content), 0
			content = append(content, 0)
		}
		if reference {
			content[control] |= 1 << bit
		}
		content, bit = append(content, b...), bit+1
	}
	reference := func(from, n int) { token(true, byte(from%rtfRing>>4), byte(from%rtfRing<<4|(n-2)&15)) }
	at := len(rtfPreset)
	for at < len(history) {
		best, from := 0, 0
		for i := max(0, at-rtfRing+20); i < at; i++ {
			n := 0
			for n < 17 && at+n < len(history) && history[i+n] == history[at+n] {
				n++
			}
			if n > best {
				best, from = n, i
			}
		}
		if best < 2 {
			token(false, history[at])
			at++
			continue
		}
		reference(from, best)
		at += best
	}
	reference(at, 2)
	head := le.AppendUint32(nil, uint32(len(content)+12))
	head = le.AppendUint32(head, uint32(len(text)))
	head = le.AppendUint32(append(head, "LZFu"...), ^crc32.Update(^uint32(0), crc32.IEEETable, content))
	return append(head, content...)
}

func TestRTFUnpacked(t *testing.T) {
	long := "{\\rtf1\\ansi " + noise(3000) + strings.Repeat("aaaaaaab", 2000) + "}"
	for name, text := range map[string]string{"empty": "", "preset": rtfPreset, "short": `{\rtf1 x}`, "run": strings.Repeat("x", 100), "over the ring": long} {
		t.Run(name, func(t *testing.T) {
			packed := packRTF(text)
			for _, in := range []io.Reader{bytes.NewReader(packed), iotest.OneByteReader(bytes.NewReader(packed)), bytes.NewReader(append(bytes.Clone(packed), "behind"...))} {
				got, err := io.ReadAll(unpackRTF(in))
				if err != nil || string(got) != text {
					t.Errorf("%d bytes of %d, %v", len(got), len(text), err)
				}
			}
			for cut := 0; cut < len(packed); cut += 1 + len(packed)/50 {
				got, err := io.ReadAll(unpackRTF(bytes.NewReader(packed[:cut])))
				if !errors.Is(err, errRTFCut) || !strings.HasPrefix(text, string(got)) {
					t.Errorf("cut at %d: %d bytes, %v", cut, len(got), err)
				}
			}
		})
	}
	stored := append(append(le.AppendUint32(le.AppendUint32(nil, 8+12), 8), "MELA\x00\x00\x00\x00"...), "{\\rtf x}"...)
	if got, err := io.ReadAll(unpackRTF(bytes.NewReader(stored))); err != nil || string(got) != "{\\rtf x}" {
		t.Errorf("stored: %q, %v", got, err)
	}
}

func TestRTFText(t *testing.T) {
	for _, c := range []struct{ name, rtf, want string }{
		{"words", `{\rtf1\ansi\deff0 one \b two\b0  three\par four\line five\tab six}`, "one two three\nfour\nfive\tsix"},
		{"tables are no text", `{\rtf1{\fonttbl{\f0\fswiss Arial;}}{\colortbl;\red0;}{\*\generator Made up;}{\info{\author Ada}}seen}`, "seen"},
		{"escapes", `{\rtf1 a\{b\}c\\d\~e\_f\-g}`, `a{b}c\d e-fg`},
		{"line ends of the file", "{\\rtf1 one\r\n two\\\nthree}", "one two\nthree"},
		{"code page", `{\rtf1\ansicpg1251 \'ef\'f0\'e8 x}`, "при x"},
		{"two bytes a character", `{\rtf1\ansicpg932 \'83\'65\'83\'58\'83gz}`, "テストz"},
		{"utf-16", `{\rtf1 Ger\u228?t \u-10179?\u-8704?!}`, "Gerät 😀!"},
		{"left out after it", `{\rtf1\uc2 \u8364\'80\'80x{\uc0 \u8364 y}\u8364??z}`, "€x€y€z"},
		{"half a pair", `{\rtf1 a\u-10179?b\u-10179?}`, "a\uFFFDb\uFFFD"},
		{"quotes", `{\rtf1 \lquote a\rquote  \ldblquote b\rdblquote  \endash  \bullet}`, "'a' \"b\" – •"},
		{"bytes", "{\\rtf1 a\\bin4 }}}}b}", "ab"},
		{"from HTML", `{\rtf1\fromhtml1 {\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 text {\*\htmltag84 &lt;}\htmlrtf <\htmlrtf0 x\htmlrtf\par}\htmlrtf0}`, "text <x\n"},
		{"braces too many", `{\rtf1 a}}}b`, "ab"},
		{"cut", `{\rtf1 a\'e`, "a"},
		{"no RTF", "plain", "plain"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, in := range []io.Reader{strings.NewReader(c.rtf), iotest.OneByteReader(strings.NewReader(c.rtf))} {
				got, err := io.ReadAll(rtfText(in))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, string(got)); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
	var limit *limitError
	if got, err := io.ReadAll(rtfText(strings.NewReader("a" + strings.Repeat("{", maxRTFDepth+1)))); !errors.As(err, &limit) || string(got) != "a" {
		t.Errorf("deep: %q, %v", got, err)
	}
	many := strings.Repeat(`\'83\'65`, 3*rtfPiece)
	if got, err := io.ReadAll(rtfText(strings.NewReader(`{\rtf1\ansicpg932 x` + many + "}"))); err != nil || string(got) != "x"+strings.Repeat("テ", 3*rtfPiece) {
		t.Errorf("many bytes: %d bytes, %v", len(got), err)
	}
}

// FuzzRTF reads any bytes as packed RTF, and what they give as RTF.
func FuzzRTF(f *testing.F) {
	for _, text := range []string{"", `{\rtf1\ansi\ansicpg932 a\'83\'65\u228?\par{\*\x y}\bin2 zz}`, strings.Repeat("ab", 100)} {
		f.Add(packRTF(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		raw, _ := io.ReadAll(unpackRTF(bytes.NewReader(data)))
		if len(raw) > 17*len(data) {
			t.Errorf("%d bytes of %d", len(raw), len(data))
		}
		for _, in := range [][]byte{raw, data} {
			if got, _ := io.ReadAll(rtfText(bytes.NewReader(in))); len(got) > 4*len(in)+4 {
				t.Errorf("%d bytes of text of %d", len(got), len(in))
			}
		}
	})
}

func BenchmarkRTF(b *testing.B) {
	text := `{\rtf1\ansi\ansicpg1252 ` + strings.Repeat(noise(300)+`\par Ger\'e4t `, 100) + "}"
	packed := packRTF(text)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := io.Copy(io.Discard, rtfText(unpackRTF(bytes.NewReader(packed)))); err != nil {
			b.Fatal(err)
		}
	}
}
