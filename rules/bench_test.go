package rules

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"debrief/event"
	"debrief/internal/growth"
)

// generatedRules makes n rules as real ones look, spread over four sources: a
// regexp with a literal of its own, an id or a name, a test on a field, a named
// group, an absence and a count.
func generatedRules(tb testing.TB, n int) *Set {
	tb.Helper()
	fsys := fstest.MapFS{}
	sources := []string{"log.ccmsetup", "log.smsts", "log.ime", "evtx.shell-core"}
	for i := range n {
		id := fmt.Sprintf("gen.rule-%d", i)
		asked := fmt.Sprintf("text: 'component %d failed with (?P<code>0x[0-9a-f]+)'", i)
		switch i % 5 {
		case 1:
			asked = fmt.Sprintf("id: [%d], text: '(?P<code>0x[0-9a-f]+)'", 100+i)
		case 2:
			asked = fmt.Sprintf("name: Generated_Step%d_Failed, text: '(?P<code>0x[0-9a-f]+)'", i)
		case 3:
			asked = fmt.Sprintf("contains: [component %d failed, part %d failed], text: '(?P<code>0x[0-9a-f]+)', level: warning", i, i)
		}
		text := fmt.Sprintf(`rule: %s
title: generated
role: cause
signals:
  failed: { event: { source: %s, %s } }
  done: { event: { source: %s, contains: component %d succeeded } }
when: { all: [ failed, { absent: done, after: failed }, { count: { of: failed, ge: 2 } } ] }
finding: { message: "{{ failed.code }}" }
tests: []
`, id, sources[i%4], asked, sources[i%4], i)
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
		if i%4 == 3 { // an event log
			m.EventList[i].ID = uint32(100 + i/4%2000)
			m.EventList[i].Name = fmt.Sprintf("Generated_Step%d_Failed", i/4%2000)
		}
		bytes += int64(len(msg))
	}
	for _, s := range sources {
		m.CoverageList = append(m.CoverageList, event.Coverage{File: string(s), Sources: []event.Source{s}})
	}
	return m, bytes
}

func BenchmarkEvaluate(b *testing.B) {
	m, size := generatedEvents(1_000_000)
	for _, n := range []int{150, 1500} {
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

// TestCostOfRules holds that ten times the rules cost less than twice the time.
func TestCostOfRules(t *testing.T) {
	if testing.Short() || growth.Racing {
		t.Skip("takes seconds, and times mean nothing under the race detector")
	}
	m, _ := generatedEvents(150_000)
	few, many := generatedRules(t, 150), generatedRules(t, 1500)
	best := func(s *Set, so time.Duration) time.Duration {
		start := time.Now()
		s.Evaluate(m)
		return min(so, time.Since(start))
	}
	a, b := time.Hour, time.Hour
	for range 8 { // in turn, so that a busy machine slows both
		a, b = best(few, a), best(many, b)
		if b < 2*a {
			break
		}
	}
	t.Logf("150 rules %s, 1,500 rules %s", a, b)
	if b >= 2*a {
		t.Errorf("1,500 rules take %.1f times as long as 150", float64(b)/float64(a))
	}
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
