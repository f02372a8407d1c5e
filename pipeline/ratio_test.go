package pipeline_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"debrief/ingest"
	"debrief/parsers"
)

// BenchmarkRatioParse reads real collections on one core and reports how many
// times longer it takes to parse them, event traces included, than to unpack
// them.
func BenchmarkRatioParse(b *testing.B) {
	dir := os.Getenv("DEBRIEF_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared")
	}
	bundles, err := filepath.Glob(filepath.Join(dir, "corpus", "bundles", "*.cab"))
	if err != nil {
		b.Fatal(err)
	}
	if len(bundles) == 0 {
		b.Skip("real samples are not here; set DEBRIEF_SHARED")
	}
	var unpack, parse, traces time.Duration
	for b.Loop() {
		for _, name := range bundles {
			start := time.Now()
			c, err := ingest.Read(b.Context(), []string{name}, ingest.Options{})
			if err != nil {
				b.Fatal(err)
			}
			unpack += time.Since(start)
			for i := range c.Files {
				f := &c.Files[i]
				start := time.Now()
				out := parsers.Parse(&parsers.Input{Path: f.Path, Data: f.Data, ModTime: f.ModTime})
				took := time.Since(start)
				parse += took
				if out.Coverage.Parser == "etl" {
					traces += took
				}
			}
			if err := c.Close(); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(parse)/float64(unpack), "times-unpacking")
	b.ReportMetric(float64(traces)/float64(unpack), "of-it-traces")
}
