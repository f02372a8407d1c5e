package ingest

import (
	"archive/zip"
	"context"
	"path/filepath"
	"testing"
)

// FuzzPlace reads any bytes as a file: no panic, limits held, paths local and
// apart.
func FuzzPlace(f *testing.F) {
	a, b := entry{name: "a.log", data: "text of a"}, entry{name: "sub/b.log", data: "text of b"}
	for _, data := range [][]byte{
		zipOf(f, zip.Store, a, b), zipOf(f, zip.Deflate, a, b), nested(f, 3), cabOf(a, b), tarOf(f, a, b), sevenZipOf(a, b), rarOf(a, b),
		packed(f, formatGzip, tarOf(f, a)), packed(f, formatXZ, []byte("x")), packed(f, formatZstd, []byte("x")), packed(f, formatBzip2, []byte("x")),
		zipOf(f, zip.Store, splitSet(3, "set", entry{name: "a.log", data: noise(80_000)}, b)...), []byte(programWith(cabOf(a, b))),
	} {
		f.Add(data)
	}
	limits := Limits{TotalBytes: 4 << 20, Files: 100, Depth: 3}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, _, err := newReader(context.Background(), []string{"x"}, Options{Limits: limits})
		if err != nil {
			t.Fatal(err)
		}
		r.place(item{path: "in", data: data, group: "in"})
		r.joinParts()
		c := r.finish(nil)
		seen := map[string]bool{}
		for _, file := range c.Files {
			if !filepath.IsLocal(file.Path) || seen[file.Path] {
				t.Errorf("path %q", file.Path)
			}
			seen[file.Path] = true
		}
		if r.bytes > limits.TotalBytes || len(c.Files) > limits.Files+1 {
			t.Errorf("%d bytes, %d files", r.bytes, len(c.Files))
		}
	})
}

// FuzzZipCrypto reads any bytes as a ZIP whose members are encrypted.
func FuzzZipCrypto(f *testing.F) {
	a := entry{name: "a.log", data: "text of a"}
	for strength := range byte(4) {
		for _, deferred := range []bool{false, true} {
			data := lockedZIP(f, locked{entry: a, password: "x", strength: strength, version: 2, deferred: deferred}, locked{entry: a})
			f.Add(data)
			f.Add(data[:len(data)-40])
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzzExpand(t, data, Options{Password: "x"}, (*reader).expandZIP)
	})
}
