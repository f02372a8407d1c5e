package ingest

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"debrief/event"
)

// attribute makes one attribute of a winmail.dat.
func attribute(level byte, id uint32, data []byte) []byte {
	b := append([]byte{level}, le.AppendUint32(nil, id)...)
	b = append(le.AppendUint32(b, uint32(len(data))), data...)
	sum := uint16(0)
	for _, c := range data {
		sum += uint16(c)
	}
	return le.AppendUint16(b, sum)
}

// prop makes a MAPI property of variable length.
func prop(id, kind uint32, data []byte) []byte {
	b := le.AppendUint32(nil, id<<16|kind)
	b = le.AppendUint32(b, 1)
	b = le.AppendUint32(b, uint32(len(data)))
	b = append(b, data...)
	return append(b, make([]byte, int(pad4(int64(len(data))))-len(data))...)
}

func props(list ...[]byte) []byte {
	return append(le.AppendUint32(nil, uint32(len(list))), bytes.Join(list, nil)...)
}

// winmail makes a winmail.dat of attributes.
func winmail(attributes ...[]byte) []byte {
	return append(append([]byte(tnefMagic), 0x34, 0x12), bytes.Join(attributes, nil)...)
}

func tnefSample(t testing.TB) []byte {
	t.Helper()
	version := attribute(1, 0x00089006, le.AppendUint32(nil, 0x00010000))
	page := attribute(1, 0x00069007, binary.LittleEndian.AppendUint64(nil, 1252))
	date := attribute(1, 0x00038005, []byte{0xE9, 7, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 2, 0})
	// Properties in front of the one that counts: a number, a named one, a list.
	before := [][]byte{
		append(le.AppendUint32(nil, 0x3705_0003), 1, 0, 0, 0),
		append(append(le.AppendUint32(nil, 0x8001_0040), make([]byte, 16)...), append(le.AppendUint32(le.AppendUint32(nil, 1), 6), append(wide("ab\x00"), make([]byte, 2+8)...)...)...),
		append(le.AppendUint32(le.AppendUint32(nil, 0x3000_1003), 2), 1, 0, 0, 0, 2, 0, 0, 0),
	}
	inner := winmail(attribute(1, 0x0002800C, []byte("inner text\x00")),
		attribute(2, 0x00069002, make([]byte, 14)), attribute(2, 0x00018010, []byte("IN.LOG\x00")), attribute(2, 0x0006800F, []byte("inner log")))
	return winmail(version, page, date,
		attribute(1, 0x00069003, props(prop(propBody, 0x1F, wide("Das Gerät fehlt")))),
		attribute(2, 0x00069002, make([]byte, 14)),
		attribute(2, 0x00018010, []byte("CCMSET~1.LOG\x00")),
		attribute(2, 0x0006800F, []byte("log text")),
		attribute(2, 0x00069005, props(append(before, prop(propLongName, 0x1F, wide("ccmsetup Größe.log\x00")))...)),
		attribute(2, 0x00069002, make([]byte, 14)),
		attribute(2, 0x00018010, []byte("../up.zip\x00")),
		attribute(2, 0x0006800F, zipOf(t, zip.Deflate, entry{name: "setupact.log", data: "zipped"})),
		attribute(2, 0x00069002, make([]byte, 14)),
		attribute(2, 0x00018010, []byte("Forwarded\x00")),
		attribute(2, 0x00069005, props(prop(propAttachData, 0x0D, append(make([]byte, 16), inner...)))),
	)
}

func TestWinmail(t *testing.T) {
	file := filepath.Join(t.TempDir(), "winmail.dat")
	if err := os.WriteFile(file, tnefSample(t), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Read(context.Background(), []string{file}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // a test
	want := map[string]string{
		"winmail.dat/body.txt": "Das Gerät fehlt", "winmail.dat/ccmsetup Größe.log": "log text", "winmail.dat/.._up.zip/setupact.log": "zipped",
		"winmail.dat/Forwarded.dat/body.txt": "inner text\x00", "winmail.dat/Forwarded.dat/IN.LOG": "inner log",
	}
	for i := range c.Files {
		f := &c.Files[i]
		text, ok := want[f.Path]
		if !ok || string(f.Data) != text {
			t.Errorf("%s: %q, want %q", f.Path, f.Data, text)
		}
		if f.Path == "winmail.dat/ccmsetup Größe.log" && f.ModTime.Format("2006-01-02 15:04:05") != "2025-03-04 05:06:07" {
			t.Errorf("time %v", f.ModTime)
		}
		delete(want, f.Path)
	}
	if len(want) > 0 || len(c.Problems) > 0 {
		t.Errorf("missing %v, problems %v", want, c.Problems)
	}
}

// TestWinmailDamaged holds that what stands before the damage is kept and the
// damage is said with its place.
func TestWinmailDamaged(t *testing.T) {
	whole := tnefSample(t)
	for name, data := range map[string][]byte{
		"cut":           whole[:len(whole)-40],
		"no attribute":  append(bytes.Clone(whole), 7, 7, 7, 7, 7, 7, 7, 7, 7, 7),
		"size is a lie": append(winmail(attribute(1, 0x0002800C, []byte("text"))), 2, 0x0F, 0x80, 6, 0, 0xFF, 0xFF, 0xFF, 0xFF, 'x'),
		"properties":    winmail(attribute(1, 0x0002800C, []byte("text")), attribute(1, 0x00069003, le.AppendUint32(nil, 9))),
		"unknown type":  winmail(attribute(1, 0x0002800C, []byte("text")), attribute(1, 0x00069003, props(prop(1, 0x77, nil)))),
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "winmail.dat")
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := Read(context.Background(), []string{file}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close() //nolint:errcheck // a test
			if len(c.Files) == 0 || len(c.Problems) == 0 || c.Problems[0].Kind != event.Damage || !strings.Contains(c.Problems[0].Text, "at byte ") {
				t.Errorf("%d files, problems %v", len(c.Files), c.Problems)
			}
		})
	}
}

func FuzzTNEF(f *testing.F) {
	f.Add(tnefSample(f))
	f.Add(winmail())
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzzExpand(t, data, Options{}, (*reader).expandTNEF)
	})
}
