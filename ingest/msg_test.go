package ingest

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
)

// node is a storage or stream of a compound file that a test makes.
type node struct {
	name     string
	data     []byte
	children []node
	storage  bool
}

func stream(name string, data []byte) node { return node{name: name, data: data} }
func storage(name string, children ...node) node {
	return node{name: name, children: children, storage: true}
}
func wide(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, u)
	}
	return b
}

// records makes a properties stream of tags and values.
func records(header int, pairs ...uint64) node {
	b := make([]byte, header)
	for i := 0; i+1 < len(pairs); i += 2 {
		b = le.AppendUint32(b, uint32(pairs[i]))
		b = le.AppendUint64(le.AppendUint32(b, 6), pairs[i+1])
	}
	return stream(msgProperties, b)
}

// compoundWriter lays out a compound file of 512-byte sectors.
type compoundWriter struct {
	sectors [][]byte
	fat     []uint32
	mini    []byte
	miniFAT []uint32
	entries []byte
}

func (w *compoundWriter) put(data []byte) uint32 {
	start := uint32(len(w.sectors))
	for len(data) > 0 {
		s := make([]byte, 512)
		data = data[copy(s, data):]
		w.sectors = append(w.sectors, s)
		w.fat = append(w.fat, uint32(len(w.sectors)))
	}
	if uint32(len(w.sectors)) == start {
		return cfbEnd
	}
	w.fat[len(w.fat)-1] = cfbEnd
	return start
}

func (w *compoundWriter) putMini(data []byte) uint32 {
	if len(data) == 0 {
		return cfbEnd
	}
	start := uint32(len(w.miniFAT))
	for at := 0; at < len(data); at += 64 {
		piece := make([]byte, 64)
		copy(piece, data[at:])
		w.mini = append(w.mini, piece...)
		w.miniFAT = append(w.miniFAT, uint32(len(w.miniFAT)+1))
	}
	w.miniFAT[len(w.miniFAT)-1] = cfbEnd
	return start
}

// add writes an entry and its children, which hang on each other to the right,
// and returns its number.
func (w *compoundWriter) add(n node, right uint32) uint32 {
	id := uint32(len(w.entries) / cfbEntrySize)
	w.entries = append(w.entries, make([]byte, cfbEntrySize)...)
	child := uint32(cfbNone)
	for i := len(n.children) - 1; i >= 0; i-- {
		child = w.add(n.children[i], child)
	}
	start, kind := uint32(cfbEnd), byte(2)
	switch {
	case n.storage:
		kind, start = 1, 0
	case len(n.data) >= 4096:
		start = w.put(n.data)
	default:
		start = w.putMini(n.data)
	}
	e := w.entries[id*cfbEntrySize:][:cfbEntrySize]
	name := wide(n.name)
	copy(e, name)
	le.PutUint16(e[64:], uint16(len(name)+2))
	e[66], e[67] = kind, 1
	le.PutUint32(e[68:], cfbNone)
	le.PutUint32(e[72:], right)
	le.PutUint32(e[76:], child)
	le.PutUint32(e[116:], start)
	le.PutUint64(e[120:], uint64(len(n.data)))
	return id
}

// compoundOf makes a compound file.
func compoundOf(children ...node) []byte {
	w := &compoundWriter{}
	w.add(storage("Root Entry", children...), cfbNone)
	root := w.entries[:cfbEntrySize]
	root[66] = 5
	le.PutUint32(root[116:], w.put(w.mini))
	le.PutUint64(root[120:], uint64(len(w.mini)))
	var packed []byte
	for _, s := range w.miniFAT {
		packed = le.AppendUint32(packed, s)
	}
	miniFAT, directory := w.put(packed), w.put(w.entries)
	h := make([]byte, cfbHeaderSize)
	copy(h, cfbMagic)
	le.PutUint16(h[24:], 0x3E)
	le.PutUint16(h[26:], 3)
	le.PutUint16(h[28:], 0xFFFE)
	le.PutUint16(h[30:], 9)
	le.PutUint16(h[32:], 6)
	le.PutUint32(h[48:], directory)
	le.PutUint32(h[56:], 4096)
	le.PutUint32(h[60:], miniFAT)
	le.PutUint32(h[68:], cfbEnd)
	for i := range cfbHeaderFAT {
		le.PutUint32(h[76+4*i:], cfbNone)
	}
	for n := 0; ; n++ { // the FAT holds its own sectors too
		if (len(w.fat)+n)*4 <= n*512 {
			first := len(w.sectors)
			for i := range n {
				w.fat = append(w.fat, 0xFFFFFFFD)
				le.PutUint32(h[76+4*i:], uint32(first+i))
			}
			for len(w.fat)%128 != 0 {
				w.fat = append(w.fat, cfbNone)
			}
			break
		}
	}
	out := bytes.Join(append([][]byte{h}, w.sectors...), nil)
	for _, s := range w.fat {
		out = le.AppendUint32(out, s)
	}
	return out
}

// testTicks is testTime as a FILETIME.
const testTicks = (11644473600 + 1741064768) * 10_000_000

func attachment(n int, children ...node) node {
	return storage(fmt.Sprintf("%s#%08X", msgAttachment, n), append(children, records(8, tagModified, testTicks))...)
}

// messages are what the table and the fuzz target read.
func messages(t testing.TB) []entry {
	logs := zipOf(t, zip.Deflate, entry{name: "a.log", data: "text of a"})
	plain := compoundOf(
		records(32, tagDelivered, testTicks),
		stream("__substg1.0_1000001F", wide("Das Gerät fällt aus.")),
		stream("__substg1.0_10130102", []byte("<p>same</p>")),
		attachment(0, stream("__substg1.0_37010102", logs), stream("__substg1.0_3707001F", wide("logs.zip")), stream("__substg1.0_3704001F", wide("LOGS~1.ZIP"))),
		attachment(1, stream("__substg1.0_37010102", []byte(noise(9000))), stream("__substg1.0_3704001F", wide("NOISE.BIN"))),
		attachment(2, stream("__substg1.0_37010102", []byte("text of x")), stream("__substg1.0_3707001F", wide(`..\x/y.log`))),
	)
	inner := func(children ...node) node {
		return attachment(0, storage("__substg1.0_3701000D", append(children, records(24), stream("__substg1.0_1000001F", wide("inner text")), stream("__substg1.0_0037001F", wide("RE: logs")))...))
	}
	directory := int(le.Uint32(plain[48:])+1) * 512
	streamOf := func(name string) int { return directory + bytes.Index(plain[directory:], wide(name)) }
	fatAt := int(le.Uint32(plain[76:])+1) * 512
	noiseAt := bytes.LastIndex(plain[:fatAt], []byte{0x28, 0x23, 0, 0}) - 4 // size 9000 in an entry
	noiseStart := le.Uint32(plain[noiseAt:])
	circles := bytes.Clone(plain)
	for i := range 128 {
		le.PutUint32(circles[int(le.Uint32(plain[60:])+1)*512+4*i:], uint32(i))
	}
	return []entry{
		{name: "attachments", data: string(plain)},
		{name: "code_page", data: string(compoundOf(records(32, tagCodePage, 1251), stream("__substg1.0_1000001E", []byte("\xEF\xF0\xE8")),
			attachment(0, stream("__substg1.0_37010102", []byte("1")), stream("__substg1.0_3707001E", []byte("\xE0.log\x00")))))},
		{name: "message_in_message", data: string(compoundOf(records(32), inner(inner(attachment(0, stream("__substg1.0_37010102", []byte("deep")), stream("__substg1.0_3707001F", wide("d.log")))))))},
		{name: "nothing_but_rtf", data: string(compoundOf(records(32), stream("__substg1.0_10090102", packRTF(`{\rtf1\ansi\ansicpg1252 Ger\'e4t: 0x80180014\par}`))))},
		{name: "rtf_beside_text", data: string(compoundOf(records(32), stream("__substg1.0_1000001F", wide("plain")), stream("__substg1.0_10090102", packRTF(`{\rtf1 rich}`))))},
		{name: "rtf_without_header", data: string(compoundOf(records(32), stream("__substg1.0_10090102", []byte("packed"))))},
		{name: "rtf_of_unknown_method", data: string(compoundOf(records(32), stream("__substg1.0_10090102", patched(packRTF(`{\rtf1 rich}`), 8, 'X'))))},
		{name: "rtf_with_wrong_checksum", data: string(compoundOf(records(32), stream("__substg1.0_10090102", patched(packRTF(`{\rtf1 rich}`), 12, 1, 2, 3, 4))))},
		{name: "attachments_without_content", data: string(compoundOf(records(32),
			attachment(0, stream("__substg1.0_3707001F", wide("link.log"))), attachment(1, storage("__substg1.0_3701000D", stream("CONTENTS", []byte("x"))), stream("__substg1.0_3001001F", wide("Drawing")))))},
		{name: "chain_in_a_circle", data: string(patched(plain, fatAt+4*int(noiseStart+3), byte(noiseStart), byte(noiseStart>>8), 0, 0))},
		{name: "chain_to_nowhere", data: string(patched(plain, fatAt+4*int(noiseStart+3), 0, 0, 0, 1))},
		{name: "size_too_large", data: string(patched(plain, noiseAt+4, 0xFF, 0xFF, 0xFF, 0x7F))},
		{name: "mini_chain_in_a_circle", data: string(circles)},
		{name: "tree_in_a_circle", data: string(patched(plain, directory+76, 0, 0, 0, 0))},
		{name: "tree_to_nowhere", data: string(patched(plain, streamOf("__substg1.0_1000001F")+72, 0xFF, 0, 0, 0))},
		{name: "directory_in_a_circle", data: string(patched(plain, fatAt+4*int(le.Uint32(plain[48:])+1), byte(le.Uint32(plain[48:]))))},
		{name: "list_of_fat_in_a_circle", data: string(patched(plain, 68, 1, 0, 0, 0))},
		{name: "fat_to_nowhere", data: string(patched(plain, 76, 0, 0, 1, 0))},
		{name: "sector_size_wrong", data: string(patched(plain, 30, 31))},
		{name: "cut_in_front_of_directory", data: string(plain[:3000])},
		{name: "cut_in_fat", data: string(plain[:len(plain)-100])},
		{name: "header_alone", data: string(plain[:512])},
		{name: "no_message", data: string(compoundOf(stream("WordDocument", []byte("x")), storage("ObjectPool")))},
	}
}

func TestMessages(t *testing.T) {
	var got strings.Builder
	for _, m := range messages(t) {
		fmt.Fprintf(&got, "== %s\n%s\n", m.name, listing(readBytes(t, "in", []byte(m.data), Limits{})))
	}
	checkGolden(t, "messages.golden", got.String())
}

func TestMessageTimesAndLimits(t *testing.T) {
	list := messages(t)
	for _, f := range readBytes(t, "in", []byte(list[0].data), Limits{}).Files {
		if !f.ModTime.Equal(testTime) {
			t.Errorf("%s: %v", f.Path, f.ModTime)
		}
	}
	got := listing(readBytes(t, "in", []byte(list[2].data), Limits{Depth: 2}))
	if want := "! limit in: message in a message not opened: more than 2 archives inside each other\n"; !strings.HasSuffix(got, want) || strings.Contains(got, "d.log") {
		t.Errorf("got\n%s", got)
	}
}

// TestMessageCut cuts a message after every byte of a few: no panic, and no
// bytes that were not there.
func TestMessageCut(t *testing.T) {
	whole := []byte(messages(t)[0].data)
	full := noise(9000)
	for cut := 0; cut < len(whole); cut += 37 {
		r, _, err := newReader(t.Context(), []string{"x"}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		r.place(item{path: "in", data: whole[:cut]})
		for _, f := range r.files {
			if f.Path == "in/NOISE.BIN" && (!strings.HasPrefix(full, string(f.Data)) || !f.Partial && len(f.Data) != len(full)) {
				t.Errorf("cut at %d: %s", cut, listing(r.finish(nil)))
			}
		}
	}
}

// FuzzMSG reads any bytes as a message.
func FuzzMSG(f *testing.F) {
	for _, m := range messages(f) {
		f.Add([]byte(m.data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzzExpand(t, data, Options{}, (*reader).expandMSG)
	})
}
