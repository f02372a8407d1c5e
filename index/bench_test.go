package index

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/mapping"

	"debrief/event"
)

// benchEvents is how many events the large benchmarks take: 20,000, or what
// DEBRIEF_BENCH_EVENTS says.
func benchEvents() int {
	if n, err := strconv.Atoi(os.Getenv("DEBRIEF_BENCH_EVENTS")); err == nil && n > 0 {
		return n
	}
	return 20_000
}

// benchCase is how many events a case of the benchmarks has.
const benchCase = 50_000

// rawLog writes events as the text log they would come from, and makes its
// lines their places.
func rawLog(events []event.Event) []byte {
	var b bytes.Buffer
	for i := range events {
		e := &events[i]
		e.Pos.Offset = int64(b.Len())
		fmt.Fprintf(&b, "<![LOG[%s", e.Message)
		for _, f := range e.Fields {
			fmt.Fprintf(&b, " %s=%s", f.Name, f.Value)
		}
		fmt.Fprintf(&b, "]LOG]!><time=%q date=%q component=%q context=\"\" type=\"%d\" thread=\"%d\" file=\"%s.cpp:%d\">\r\n",
			e.Time.Format("15:04:05.000-060"), e.Time.Format("01-02-2006"), e.Provider, e.Level, e.Thread, e.Provider, e.Pos.Line)
	}
	return b.Bytes()
}

// benchSubmission is a case of n events with the raw log of each file.
func benchSubmission(m *made, name string, n int) (*Submission, int64) {
	events := m.events(n)
	byFile := map[string][]event.Event{}
	for _, e := range events {
		byFile[e.Pos.File] = append(byFile[e.Pos.File], e)
	}
	s := &Submission{Name: name, Collected: events[n-1].Time, Judgement: Judgement{Findings: []Finding{{Rule: []string{"net.dns", "ts.step", "tpm.x"}[m.r.IntN(3)], Root: true}}}}
	var raw int64
	for _, f := range madeFiles {
		list := byFile["Bundle.zip/"+f]
		data := rawLog(list)
		raw += int64(len(data))
		s.Files = append(s.Files, fileOf("Bundle.zip/"+f, data))
	}
	s.Events = event.All(events)
	return s, raw
}

func dirSize(b testing.TB, dir string) (n int64) {
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			info, e := d.Info()
			if e != nil {
				return e
			}
			n += info.Size()
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// bleveMapping is an index of one document an event that is as cheap as bleve
// makes it: nothing stored, no term vectors, no document values, keywords
// where a word is not needed.
func bleveMapping() mapping.IndexMapping {
	text := bleve.NewTextFieldMapping()
	text.Analyzer, text.Store, text.IncludeTermVectors, text.IncludeInAll, text.DocValues, text.SkipFreqNorm = "standard", false, false, false, false, true
	key := bleve.NewKeywordFieldMapping()
	key.Store, key.IncludeTermVectors, key.IncludeInAll, key.DocValues, key.SkipFreqNorm = false, false, false, false, true
	when := bleve.NewNumericFieldMapping()
	when.Store, when.IncludeInAll, when.DocValues = false, false, false
	doc := bleve.NewDocumentStaticMapping()
	doc.AddFieldMappingsAt("message", text)
	for _, k := range []string{"component", "level", "file", "source", "event"} {
		doc.AddFieldMappingsAt(k, key)
	}
	doc.AddFieldMappingsAt("time", when)
	m := bleve.NewIndexMapping()
	m.DefaultMapping = doc
	return m
}

func bleveAdd(b testing.TB, idx bleve.Index, prefix string, events []event.Event) {
	const batchSize = 2000
	batch := idx.NewBatch()
	for i := range events {
		e := &events[i]
		msg := e.Message
		for _, f := range e.Fields {
			msg += " " + f.Value
		}
		err := batch.Index(prefix+strconv.Itoa(i), map[string]any{
			"message": msg, "component": e.Provider, "level": e.Level.String(), "file": e.Pos.File, "source": string(e.Source),
			"event": strconv.Itoa(int(e.ID)), "time": float64(e.Time.Unix()),
		})
		if err == nil && (batch.Size() == batchSize || i == len(events)-1) {
			err = idx.Batch(batch)
			batch.Reset()
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAgainstBleve adds the same events to an archive (files, events and
// index) and to an index of one document an event, in one run, and reports
// both rates, their ratio, and the sizes against the raw logs. The archive's
// time is all of it, from the submission to a closed archive.
func BenchmarkAgainstBleve(b *testing.B) {
	for b.Loop() {
		n := benchEvents()
		var ours, theirs time.Duration
		var raw int64
		dir := filepath.Join(b.TempDir(), "a")
		if err := Create(dir, Options{}); err != nil {
			b.Fatal(err)
		}
		w, err := OpenWriter(dir, Options{})
		if err != nil {
			b.Fatal(err)
		}
		other := filepath.Join(b.TempDir(), "bleve")
		idx, err := bleve.NewUsing(other, bleveMapping(), "scorch", "scorch", map[string]any{"bolt_timeout": "5s"})
		if err != nil {
			b.Fatal(err)
		}
		m := newMade(21)
		for at := 0; at < n; at += benchCase {
			s, size := benchSubmission(m, strconv.Itoa(at), min(benchCase, n-at))
			raw += size
			var events []event.Event
			for e := range s.Events {
				events = append(events, *e)
			}
			start := time.Now()
			if _, _, err := w.Add(b.Context(), s); err != nil {
				b.Fatal(err)
			}
			ours += time.Since(start)
			start = time.Now()
			bleveAdd(b, idx, s.Name+"/", events)
			theirs += time.Since(start)
		}
		start := time.Now()
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		ours += time.Since(start)
		start = time.Now()
		if err := idx.Close(); err != nil {
			b.Fatal(err)
		}
		theirs += time.Since(start)
		b.ReportMetric(float64(n)/ours.Seconds(), "events/s")
		b.ReportMetric(float64(n)/theirs.Seconds(), "bleve-events/s")
		b.ReportMetric(theirs.Seconds()/ours.Seconds(), "ratio")
		b.ReportMetric(float64(dirSize(b, dir))/float64(raw), "disk/raw")
		b.ReportMetric(float64(dirSize(b, filepath.Join(dir, indexDir)))/float64(raw), "index/raw")
		b.ReportMetric(float64(dirSize(b, other))/float64(raw), "bleve-disk/raw")
		b.ReportMetric(float64(raw)/float64(n), "raw-B/event")
		b.SetBytes(raw)
	}
}

// BenchmarkSearch reports the latency of kinds of queries over one archive, as
// median and 95th percentile in milliseconds.
func BenchmarkSearch(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "a")
	if err := Create(dir, Options{}); err != nil {
		b.Fatal(err)
	}
	w, err := OpenWriter(dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	m := newMade(22)
	var rare []string
	for at := 0; at < benchEvents(); at += benchCase {
		n := min(benchCase, benchEvents()-at)
		s, _ := benchSubmission(m, strconv.Itoa(at), n)
		code := fmt.Sprintf("0x87d1%04x", at/benchCase)
		rare = append(rare, "code:"+code)
		events := slices.Collect(s.Events)
		events[n/2].Message += " failed with " + code
		if _, _, err := w.Add(b.Context(), s); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	a, err := OpenReader(dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	pick := func(list []string) string { return list[m.r.IntN(len(list))] }
	for _, kind := range []struct {
		name  string
		query func() string
		o     SearchOptions
	}{
		{"word", func() string { return m.word() }, SearchOptions{}},
		{"rare_code", func() string { return pick(rare) }, SearchOptions{}},
		{"phrase", func() string { return `"` + m.word() + " " + m.word() + `"` }, SearchOptions{}},
		{"field_and_range", func() string {
			day := time.Date(2024, 3, 5, 0, 0, 0, 0, time.UTC).AddDate(0, 0, m.r.IntN(90))
			return "component:CAS level:>=warning time:" + day.Format(time.DateOnly)
		}, SearchOptions{}},
		{"facet", func() string { return "level:warning" }, SearchOptions{Limit: -1, By: []event.FilterField{event.FieldCause, event.FieldComponent}}},
		{"facet_of_word", func() string { return m.word() }, SearchOptions{Limit: -1, By: []event.FilterField{event.FieldCause}}},
	} {
		b.Run(kind.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				q, err := ParseQuery(kind.query(), now0)
				if err != nil {
					b.Fatal(err)
				}
				start := time.Now()
				if _, err := a.Search(b.Context(), q, kind.o); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkTerms is the tokenising of blocks; BenchmarkBlock packing and
// unpacking them.
func BenchmarkTerms(b *testing.B) {
	events, size := benchBlock()
	set := newTermSet()
	b.SetBytes(size)
	for b.Loop() {
		set.termsOf(events)
	}
}

func BenchmarkBlock(b *testing.B) {
	events, size := benchBlock()
	p, _ := newPacker()
	u, _ := newUnpacker()
	ordinals := make([]int, len(events))
	payload, _ := encodeBlock(p, events, ordinals)
	b.Run("pack", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			encodeBlock(p, events, ordinals)
		}
	})
	b.Run("unpack", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			blk, err := decodeBlock(u, payload)
			if err == nil {
				err = blk.fill(u)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

func benchBlock() (list []*event.Event, size int64) {
	events := newMade(23).events(3000)
	for i := range events {
		list = append(list, &events[i])
		size += int64(len(events[i].Message))
	}
	return list, size
}
