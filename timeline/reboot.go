package timeline

import (
	"strings"
	"time"

	"debrief/event"
)

// rebootCluster is the time within which marks of starting and stopping belong
// to one restart.
const rebootCluster = 3 * time.Minute

// rebootWindow is how far from a mark the silence of the restart is looked for.
const rebootWindow = 10 * time.Minute

// rebootRecords bounds how many records are looked at for it.
const rebootRecords = 512

// bootMark says what a record tells of a restart: +1 the system came up, -1 it
// goes down, 0 nothing.
//
//   - System: EventLog 6005 (log started), 6006 (stopped), 6008 (unclean stop
//     found at start); Kernel-General 12 and 13; Kernel-Power 41; User32 1074.
//   - Shell-Core: the status page asks for the coalesced restart.
//   - smsts.log: the engine calls RebootSystem().
//   - setupact.log: WinDeploy.exe starts once a boot during OOBE.
//
// The start of the subcategory RebootCoalescing is routine and proves nothing.
func bootMark(e *event.Event) int {
	switch e.Source {
	case event.SystemLog:
		switch e.ID {
		case 6005, 6008:
			return 1
		case 41:
			return boolMark(strings.EqualFold(e.Provider, "Microsoft-Windows-Kernel-Power"), 1)
		case 12:
			return boolMark(strings.EqualFold(e.Provider, "Microsoft-Windows-Kernel-General"), 1)
		case 13:
			return boolMark(strings.EqualFold(e.Provider, "Microsoft-Windows-Kernel-General"), -1)
		case 6006, 1074:
			return -1
		}
	case event.ShellCore:
		return boolMark(e.Name == "CommercialOOBE_BootstrapStatusCategory_RebootCoalescing_Initiated", -1)
	case event.LogSmsts:
		return boolMark(strings.HasPrefix(e.Message, "Calling RebootSystem()"), -1)
	case event.LogSetupact:
		return boolMark(strings.Contains(e.Message, "WinDeploy.exe launched"), 1)
	}
	return 0
}

func boolMark(ok bool, mark int) int {
	if ok {
		return mark
	}
	return 0
}

// reboots makes a span of each restart: from the last record before it to the
// first one after.
func (b *builder) reboots() {
	var marks []int // events that mark a restart
	for i := range b.in.Events {
		if e := &b.in.Events[i]; !e.Time.IsZero() && bootMark(e) != 0 {
			marks = append(marks, i)
		}
	}
	for len(marks) > 0 {
		n, up := b.restart(marks)
		b.reboot(marks[0], marks[n-1], up)
		marks = marks[n:]
	}
}

// restart tells how many marks belong to the first restart, and which event
// is its first sign of the system coming up; -1 = none. A stop after that, or
// a long pause, is another restart.
func (b *builder) restart(marks []int) (n, up int) {
	up = -1
	for n < len(marks) {
		e := &b.in.Events[marks[n]]
		comesUp := bootMark(e) > 0
		if n > 0 {
			limit := rebootCluster
			if comesUp && up < 0 {
				limit += rebootWindow
			}
			if !comesUp && up >= 0 || e.Time.Sub(b.in.Events[marks[n-1]].Time) > limit {
				break
			}
		}
		if comesUp && up < 0 {
			up = marks[n]
		}
		n++
	}
	return n, up
}

// reboot looks for the silence of the restart between the first and the last
// mark and some way around them.
func (b *builder) reboot(first, last, up int) {
	events := b.in.Events
	from, to := first, last
	if up == first { // only marks of the start: look back
		for n := 0; from > 0 && n < rebootRecords && events[first].Time.Sub(events[from-1].Time) <= rebootWindow && !events[from-1].Time.IsZero(); n++ {
			from--
		}
		if from == first && from > 0 && !events[from-1].Time.IsZero() {
			from--
		}
		to = first
	} else if up < 0 { // only marks of the stop: look ahead
		for n := 0; to+1 < len(events) && n < rebootRecords && events[to+1].Time.Sub(events[last].Time) <= rebootWindow && !events[to+1].Time.IsZero(); n++ {
			to++
		}
		from = last
	} else {
		to = up
	}
	before, after := from, from
	var silence time.Duration
	for i := from; i < to; i++ {
		if d := events[i+1].Time.Sub(events[i].Time); d > silence || after == before {
			before, after, silence = i, i+1, d
		}
	}
	if up == first && silence < time.Second { // the log begins there; nothing is known before
		return
	}
	d := b.span(KindReboot, "restart", &events[before])
	d.State = ""
	for _, i := range []int{first, last, after} {
		d.seen(&events[i])
	}
	if after != before && (up >= 0 || silence >= minRestart) {
		d.State, d.End = StateSucceeded, events[after].Time
	} else {
		d.Start, d.LastSeen = events[first].Time, events[last].Time // announced and not seen
	}
}

// minRestart is the least silence that counts as a restart where nothing says
// that the system came up.
const minRestart = 15 * time.Second
