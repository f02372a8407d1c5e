package ingest

import (
	"archive/zip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func benchmarkRead(b *testing.B, path string) {
	unpacked := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		c, err := read(b, []string{path}, Options{})
		if err != nil {
			b.Fatal(err)
		}
		unpacked = 0
		for _, f := range c.Files {
			unpacked += f.Size
		}
	}
	b.SetBytes(unpacked)
}

func BenchmarkReadZIP(b *testing.B) {
	var list []entry
	for i := range 200 {
		list = append(list, entry{name: fmt.Sprintf("%d.log", i), data: strings.Repeat(fmt.Sprintf("line %d of a made-up log\r\n", i), 4000)})
	}
	p := filepath.Join(b.TempDir(), "in.zip")
	if err := os.WriteFile(p, zipOf(b, zip.Deflate, list...), 0o600); err != nil {
		b.Fatal(err)
	}
	benchmarkRead(b, p)
}

// BenchmarkReadBundle reads real collections, hashing included.
func BenchmarkReadBundle(b *testing.B) {
	dir := os.Getenv("DEBRIEF_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared")
	}
	paths, _ := filepath.Glob(filepath.Join(dir, "corpus", "bundles", "*.cab"))
	if len(paths) == 0 {
		b.Skip("no folder of real samples (DEBRIEF_SHARED)")
	}
	for i, p := range paths {
		b.Run(fmt.Sprint(i+1), func(b *testing.B) { benchmarkRead(b, p) })
	}
}
