package rules

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"debrief/event"
)

// generatedRules makes n rules, each with a literal of its own, a named group
// and an absence, spread over four sources.
func generatedRules(tb testing.TB, n int) *Set {
	tb.Helper()
	fsys := fstest.MapFS{}
	sources := []string{"log.ccmsetup", "log.smsts", "log.ime", "evtx.shell-core"}
	for i := range n {
		id := fmt.Sprintf("gen.rule-%d", i)
		text := fmt.Sprintf(`rule: %s
title: generated
role: cause
signals:
  failed: { event: { source: %s, text: 'component %d failed with (?P<code>0x[0-9a-f]+)' } }
  done: { event: { source: %s, contains: component %d succeeded } }
when: { all: [ failed, { absent: done, after: failed }, { count: { of: failed, ge: 2 } } ] }
finding: { message: "{{ failed.code }}" }
tests: []
`, id, sources[i%4], i, sources[i%4], i)
		fsys[id+".yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	s, err := Load(fsys)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// generatedEvents makes records of about 150 bytes, of which one in a hundred
// speaks of some component.
func generatedEvents(n int) (*Memory, int64) {
	sources := []event.Source{"log.ccmsetup", "log.smsts", "log.ime", "evtx.shell-core"}
	m := &Memory{EventList: make([]event.Event, n)}
	start := time.Date(2024, 3, 5, 9, 0, 0, 0, time.UTC)
	bytes := int64(0)
	for i := range n {
		msg := fmt.Sprintf("Successfully processed content request %d for package ABC%05d, downloading from https://cmg.example.test/content/%d; state changed to Running", i, i%999, i)
		if i%100 == 0 {
			msg = fmt.Sprintf("The component %d failed with 0x%08x while it was installed", i/100%1000, i)
		}
		m.EventList[i] = event.Event{
			Time: start.Add(time.Duration(i) * 20 * time.Millisecond), Clock: event.ClockDeclared, Source: sources[i%4], Message: msg,
			Pos: event.Pos{File: "generated/" + string(sources[i%4]), Line: i + 1},
		}
		bytes += int64(len(msg))
	}
	for _, s := range sources {
		m.CoverageList = append(m.CoverageList, event.Coverage{File: string(s), Sources: []event.Source{s}})
	}
	return m, bytes
}

func BenchmarkEvaluate(b *testing.B) {
	m, size := generatedEvents(200_000)
	for _, n := range []int{100, 1000} {
		s := generatedRules(b, n)
		b.Run(fmt.Sprintf("%d_rules", n), func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				s.Evaluate(m)
			}
		})
	}
	s, err := Builtin()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("builtin", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			s.Evaluate(m)
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Builtin(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkContainsFold(b *testing.B) {
	s := strings.Repeat("Successfully processed content request ", 20)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		containsFold(s, "failed to process")
	}
}
