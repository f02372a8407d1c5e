package timeline

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"debrief/event"
)

// stepFloor is the smallest jump that counts as a step of the clock: below it
// lie records that concurrent writers store out of order.
const stepFloor = 2 * time.Minute

// jump is a place where an event log's record numbers go on and its times go back.
type jump struct {
	before, after time.Time
	pos           event.Pos // the first record after it
	kept          bool      // later records stay behind "before"
}

// clockSteps finds the jumps of the device's clock.
//
// A step back shows in every event channel as a time that goes back while the
// record number grows. Each channel shows it shortened by the time that passed
// between its two records, so channels are taken together and the longest one
// tells the step. Steps forward show only where something states both clocks:
// Kernel-General 1, and the Autopilot clock check (ModernDeployment 753) when
// the next record of that channel follows the server's time.
func clockSteps(events []event.Event) []Step {
	channels := evtxChannels(events)
	var jumps []jump
	for _, ch := range channels {
		jumps = append(jumps, channelJumps(ch)...)
	}
	steps := mergeJumps(jumps)
	for _, ch := range channels {
		for i, e := range ch {
			s, ok := statedStep(e)
			if !ok && i+1 < len(ch) {
				s, ok = checkedStep(e, ch[i+1])
			}
			if ok && len(steps) < maxSteps && !slices.ContainsFunc(steps, func(t Step) bool { return sameStep(s, t) }) {
				steps = append(steps, s)
			}
		}
	}
	slices.SortFunc(steps, func(a, b Step) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return a.Pos.Compare(b.Pos)
	})
	return steps
}

// evtxChannels groups the whole, timed records by file and channel, each in
// record order.
func evtxChannels(events []event.Event) [][]*event.Event {
	type key struct{ file, channel string }
	index := map[key]int{}
	var out [][]*event.Event
	for i := range events {
		e := &events[i]
		if e.Pos.Record == 0 || e.Time.IsZero() || e.Clock != event.ClockDeclared || e.Flags != 0 {
			continue
		}
		k := key{e.Pos.File, e.Channel}
		at, ok := index[k]
		if !ok {
			at = len(out)
			index[k] = at
			out = append(out, nil)
		}
		out[at] = append(out[at], e)
	}
	for _, g := range out {
		slices.SortFunc(g, func(a, b *event.Event) int {
			switch {
			case a.Pos.Record < b.Pos.Record:
				return -1
			case a.Pos.Record > b.Pos.Record:
				return 1
			}
			return cmp.Or(a.Time.Compare(b.Time), compareTies(a, b))
		})
	}
	slices.SortFunc(out, func(a, b []*event.Event) int { return compareTies(a[0], b[0]) })
	return out
}

// channelJumps finds the jumps back of one channel.
func channelJumps(ch []*event.Event) []jump {
	var out []jump
	for i := 1; i < len(ch); i++ {
		before, after := ch[i-1].Time, ch[i].Time
		if before.Sub(after) <= stepFloor {
			continue
		}
		last := i+1 == len(ch)
		if kept := staysBehind(ch, i, before); kept || last {
			out = append(out, jump{before, after, ch[i].Pos, kept})
		}
	}
	return out
}

// lateRecords is how many records in a row may be stored late, as services
// that buffer records during start-up do.
const lateRecords = 8

// staysBehind reports whether the clock went on from the jump at ch[i]. Records
// that were only stored late look like a jump back and, soon after, one of the
// same size forward.
func staysBehind(ch []*event.Event, i int, before time.Time) bool {
	size := before.Sub(ch[i].Time)
	for k := i + 1; k < len(ch); k++ {
		if !ch[k].Time.Before(before) {
			return ch[k].Time.Sub(ch[k-1].Time) < size/2
		}
		if k-i >= lateRecords {
			return true
		}
	}
	return i+1 < len(ch)
}

// mergeJumps takes jumps of several channels that can be one step together.
// One on its own at the very end of a channel proves nothing.
func mergeJumps(jumps []jump) []Step {
	slices.SortFunc(jumps, func(a, b jump) int {
		if c := b.before.Sub(b.after) - a.before.Sub(a.after); c != 0 {
			return sign(c)
		}
		return a.pos.Compare(b.pos)
	})
	var steps []Step
	var proof []int
next:
	for _, j := range jumps {
		weight := 1
		if j.kept {
			weight = 2
		}
		for i, s := range steps {
			if !j.before.After(s.At.Add(stepFloor)) && !j.after.Add(-s.By).Before(s.At.Add(-stepFloor)) {
				proof[i] += weight
				continue next
			}
		}
		// A log that goes back without end is damaged or forged.
		if len(steps) == maxSteps {
			break
		}
		steps = append(steps, Step{At: j.before, By: j.after.Sub(j.before), Pos: j.pos})
		proof = append(proof, weight)
	}
	var kept []Step
	for i, s := range steps {
		if proof[i] >= 2 {
			kept = append(kept, s)
		}
	}
	return kept
}

// maxSteps bounds the steps of one device; real clocks are stepped a handful of times.
const maxSteps = 64

func sign(d time.Duration) int {
	if d < 0 {
		return -1
	}
	return 1
}

// sameStep reports whether two findings tell of one step.
func sameStep(a, b Step) bool {
	return (a.By-b.By).Abs() <= stepFloor && a.At.Sub(b.At).Abs() <= stepFloor+a.By.Abs()
}

// statedStep reads a record of the System log that states a change of the
// clock: Microsoft-Windows-Kernel-General 1 with NewTime, OldTime and Reason.
// Reason 2 is the clock's return from the hardware after sleep, which is no
// step (manifest of the provider).
func statedStep(e *event.Event) (Step, bool) {
	if e.Source != event.SystemLog || e.ID != 1 || !strings.EqualFold(e.Provider, "Microsoft-Windows-Kernel-General") {
		return Step{}, false
	}
	if reason, ok := e.Fields.Get("Reason"); ok && strings.TrimSpace(reason) == "2" {
		return Step{}, false
	}
	before, after, ok := timePair(e, "OldTime", "NewTime")
	if !ok || after.Sub(before).Abs() <= stepFloor {
		return Step{}, false
	}
	return Step{At: before, By: after.Sub(before), Pos: e.Pos}, true
}

// checkedStep reads the Autopilot clock check: the server's time differs from
// the device's by more than is allowed, and the next record shows that the
// device took the server's.
func checkedStep(e, next *event.Event) (Step, bool) {
	client, server, ok := clockCheck(e)
	if !ok || server.Sub(client).Abs() <= stepFloor {
		return Step{}, false
	}
	if d := next.Time.Sub(server); d < -time.Minute || d > 10*time.Minute {
		return Step{}, false
	}
	return Step{At: client, By: server.Sub(client), Pos: next.Pos}, true
}

// clockCheck returns both clocks of a ModernDeployment 751 or 753 record.
func clockCheck(e *event.Event) (client, server time.Time, ok bool) {
	if e.Source != event.ModernDeployment || e.ID != 751 && e.ID != 753 {
		return client, server, false
	}
	return timePair(e, "ClientTime", "ServerTime")
}

func timePair(e *event.Event, first, second string) (a, b time.Time, ok bool) {
	one, _ := e.Fields.Get(first)
	two, _ := e.Fields.Get(second)
	a, errA := time.Parse(time.RFC3339Nano, strings.TrimSpace(one))
	b, errB := time.Parse(time.RFC3339Nano, strings.TrimSpace(two))
	return a.UTC(), b.UTC(), errA == nil && errB == nil
}
