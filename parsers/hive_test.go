package parsers

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"debrief/event"
)

// hiveWriter makes hives for tests.
type hiveWriter struct{ b []byte }

// hiveKey is a key to be written.
type hiveKey struct {
	name   string
	wide   bool // the name is written in UTF-16
	list   string
	values []hiveValue
	keys   []hiveKey
}

type hiveValue struct {
	name string
	kind uint32
	data []byte
}

// cell adds a cell and returns its offset.
func (w *hiveWriter) cell(content []byte) uint32 {
	off := uint32(len(w.b) - hiveHeader)
	size := (len(content) + 4 + 7) &^ 7
	w.b = binary.LittleEndian.AppendUint32(w.b, uint32(-int32(size)))
	w.b = append(w.b, content...)
	w.b = append(w.b, make([]byte, size-4-len(content))...)
	return off
}

func (w *hiveWriter) value(v hiveValue) uint32 {
	c := make([]byte, 20, 20+len(v.name))
	copy(c, "vk")
	binary.LittleEndian.PutUint16(c[2:], uint16(len(v.name)))
	binary.LittleEndian.PutUint32(c[4:], uint32(len(v.data)))
	switch {
	case len(v.data) <= 4:
		binary.LittleEndian.PutUint32(c[4:], uint32(len(v.data))|1<<31)
		copy(c[8:12], v.data)
	case len(v.data) <= hiveSegment:
		binary.LittleEndian.PutUint32(c[8:], w.cell(v.data))
	default:
		var list []byte
		for rest := v.data; len(rest) > 0; {
			n := min(len(rest), hiveSegment)
			list = binary.LittleEndian.AppendUint32(list, w.cell(append(rest[:n:n], make([]byte, hiveSegment-n+4)...)))
			rest = rest[n:]
		}
		d := make([]byte, 8)
		copy(d, "db")
		binary.LittleEndian.PutUint16(d[2:], uint16(len(list)/4))
		binary.LittleEndian.PutUint32(d[4:], w.cell(list))
		binary.LittleEndian.PutUint32(c[8:], w.cell(d))
	}
	binary.LittleEndian.PutUint32(c[12:], v.kind)
	binary.LittleEndian.PutUint16(c[16:], 1)
	return w.cell(append(c, v.name...))
}

func (w *hiveWriter) key(k hiveKey) uint32 {
	name := []byte(k.name)
	if k.wide {
		name = wideBytes(binary.LittleEndian, k.name)
	}
	c := make([]byte, 76, 76+len(name))
	copy(c, "nk")
	if !k.wide {
		c[2] = 0x20
	}
	binary.LittleEndian.PutUint32(c[20:], uint32(len(k.keys)))
	binary.LittleEndian.PutUint32(c[36:], uint32(len(k.values)))
	binary.LittleEndian.PutUint16(c[72:], uint16(len(name)))
	if len(k.values) > 0 {
		var list []byte
		for _, v := range k.values {
			list = binary.LittleEndian.AppendUint32(list, w.value(v))
		}
		binary.LittleEndian.PutUint32(c[40:], w.cell(list))
	}
	if len(k.keys) > 0 {
		kind := k.list
		if kind == "" || kind == "ri" {
			kind = "lh"
		}
		list := append([]byte(kind), byte(len(k.keys)), byte(len(k.keys)>>8))
		for _, s := range k.keys {
			list = binary.LittleEndian.AppendUint32(list, w.key(s))
			if kind != "li" {
				list = append(list, 0, 0, 0, 0)
			}
		}
		off := w.cell(list)
		if k.list == "ri" {
			off = w.cell(binary.LittleEndian.AppendUint32([]byte{'r', 'i', 1, 0}, off))
		}
		binary.LittleEndian.PutUint32(c[28:], off)
	}
	return w.cell(append(c, name...))
}

// makeHive writes a hive of that name.
func makeHive(name string, root hiveKey) []byte {
	w := &hiveWriter{b: make([]byte, hiveHeader+32)}
	copy(w.b, "regf")
	copy(w.b[48:48+62], wideBytes(binary.LittleEndian, name))
	copy(w.b[hiveHeader:], "hbin")
	root.name = "ROOT"
	off := w.key(root)
	binary.LittleEndian.PutUint32(w.b[36:], off)
	return w.b
}

func sampleHive() []byte {
	return makeHive(`emRoot\System32\Config\SOFTWARE`, hiveKey{keys: []hiveKey{
		{name: "Classes", keys: []hiveKey{{name: "Passed"}}},
		{name: "Microsoft", list: "ri", keys: []hiveKey{
			{name: "Enrollments", list: "li", keys: []hiveKey{
				{name: "{00000000-0000-0000-0000-00000000000A}", values: []hiveValue{
					{"", regString, wideBytes(binary.LittleEndian, "a default\x00")},
					{"EnrollmentType", regDword, []byte{6, 0, 0, 0}},
					{"Ticks", regQword, []byte{0, 0, 0, 0, 1, 0, 0, 0}},
					{"List", regList, wideBytes(binary.LittleEndian, "a\x00b\x00\x00")},
					{"Bytes", regBinary, []byte{1, 2, 0xff}},
					{"Short", regDword, []byte{1}},
					{"Caf\xe9", regExpand, wideBytes(binary.LittleEndian, "%A%\x00")},
				}},
			}},
			{name: "Größe", wide: true, list: "lf", keys: []hiveKey{{name: "Empty"}}},
		}},
	}})
}

func TestHive(t *testing.T) {
	in := &Input{Path: "case.zip/SOFTWARE", Data: sampleHive()}
	out := Parse(in)
	checkOutput(t, in, out)
	checkGolden(t, filepath.Join("testdata", "golden", "hive.golden"), render(out))
}

func TestHiveCut(t *testing.T) {
	data := sampleHive()
	for n := range data {
		in := &Input{Path: "SOFTWARE", Data: data[:n]}
		checkOutput(t, in, Parse(in))
	}
}

func TestHiveCases(t *testing.T) {
	long := strings.Repeat("0123456789", 5000)
	tests := []struct {
		name, file string
		data       []byte
		key, value string // of the fact that must be there
		text       string
		problem    string // that must be noted; empty = none
	}{
		{name: "long_data", file: "x", data: makeHive(`\NTUSER.DAT`, hiveKey{values: []hiveValue{{"V", regString, wideBytes(binary.LittleEndian, long)}}}),
			key: "HKCU", value: "V", text: long},
		{name: "control_set", file: "SYSTEM", data: makeHive("", hiveKey{keys: []hiveKey{
			{name: "ControlSet002", keys: []hiveKey{{name: "Control", values: []hiveValue{{"V", regString, wideBytes(binary.LittleEndian, "x")}}}}},
			{name: "Select", values: []hiveValue{{"Current", regDword, []byte{2, 0, 0, 0}}}},
		}}), key: `HKLM\SYSTEM\CurrentControlSet\Control`, value: "V", text: "x"},
		{name: "saved_key", file: "enrol.hiv", data: makeHive("", hiveKey{values: []hiveValue{{"V", regString, wideBytes(binary.LittleEndian, "x")}}}),
			key: "ROOT", value: "V", text: "x"},
		{name: "log_of_changes", file: "SOFTWARE.LOG1", data: append([]byte("regf"), []byte(strings.Repeat("\x06", 600))...), problem: "not applied"},
		{name: "secrets", file: "SAM", data: makeHive("", hiveKey{}), problem: "secrets"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := &Input{Path: tt.file, Data: tt.data}
			out := Parse(in)
			checkOutput(t, in, out)
			found := tt.key == ""
			for _, f := range out.Facts {
				found = found || f.Key == tt.key && f.Value == tt.value && f.Text == tt.text && f.Kind == event.FactText
			}
			if problems := fmt.Sprint(out.Coverage.Problems); !found || !strings.Contains(problems, tt.problem) || tt.problem == "" && len(out.Coverage.Problems) > 0 {
				t.Errorf("found %v, problems %s", found, problems)
			}
		})
	}
}

// A list that many keys share must not be read for each without end.
func TestHiveOfSharedLists(t *testing.T) {
	w := &hiveWriter{b: make([]byte, hiveHeader+32)}
	copy(w.b, "regf")
	value := w.value(hiveValue{name: "V", kind: regDword, data: []byte{1, 0, 0, 0}})
	var list []byte
	for range 20_000 {
		list = binary.LittleEndian.AppendUint32(list, value)
	}
	values := w.cell(list)
	keys := []byte("li\x00\x00")
	for range 20_000 {
		c := make([]byte, 77)
		copy(c, "nk")
		c[2], c[72], c[76] = 0x20, 1, 'k'
		binary.LittleEndian.PutUint32(c[36:], 20_000)
		binary.LittleEndian.PutUint32(c[40:], values)
		keys = binary.LittleEndian.AppendUint32(keys, w.cell(c))
	}
	binary.LittleEndian.PutUint16(keys[2:], 20_000)
	root := make([]byte, 77)
	copy(root, "nk")
	root[2], root[20], root[72], root[76] = 0x20, 1, 1, 'r'
	binary.LittleEndian.PutUint32(root[28:], w.cell(keys))
	off := w.cell(root)
	binary.LittleEndian.PutUint32(w.b[36:], off)
	in := &Input{Path: "SOFTWARE", Data: w.b}
	out := Parse(in)
	checkOutput(t, in, out)
	if n := len(out.Facts); n > len(w.b) || out.Coverage.Damaged == 0 {
		t.Errorf("%d facts of %d bytes, problems %v", n, len(w.b), out.Coverage.Problems)
	}
}

func FuzzHive(f *testing.F) {
	f.Add(sampleHive())
	fuzzParser(f, hiveParser(), "SOFTWARE")
}

func BenchmarkHive(b *testing.B) {
	var areas []hiveKey
	for a := range 200 {
		area := hiveKey{name: fmt.Sprintf("Area%d", a)}
		for k := range 50 {
			area.keys = append(area.keys, hiveKey{name: fmt.Sprintf("Policy%d", k), values: []hiveValue{
				{"Number", regDword, []byte{1, 0, 0, 0}},
				{"Text", regString, wideBytes(binary.LittleEndian, "A sample value with some length")},
			}})
		}
		areas = append(areas, area)
	}
	data := makeHive(`\SOFTWARE`, hiveKey{keys: areas})
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if out := Parse(&Input{Path: "SOFTWARE", Data: data}); len(out.Facts) != 1+200+200*50*3 {
			b.Fatal(len(out.Facts), out.Coverage.Problems)
		}
	}
}
