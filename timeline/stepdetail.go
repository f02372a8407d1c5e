package timeline

import (
	"strconv"
	"strings"

	"debrief/event"
)

// process reads the command line of a step and what it ended with. Tools that
// a step runs write the same words under their own component: theirs count
// only until TSManager's own come.
func (s *sequences) process(e *event.Event) {
	d := s.step
	if !d.open() {
		return
	}
	engine := e.Provider == "" || strings.EqualFold(e.Provider, "TSManager")
	if rest, ok := strings.CutPrefix(e.Message, "Process completed with exit code "); ok {
		n, ok := leadingNumber(rest)
		if !ok {
			return
		}
		exit := strconv.FormatInt(n, 10)
		if !engine {
			d.set("program-exit", exit)
			return
		}
		d.set("exit", exit)
		d.LastSeen = e.Time
		return
	}
	for _, prefix := range []string{"Start executing the command line: ", "Executing command line: "} {
		if rest, ok := strings.CutPrefix(e.Message, prefix); ok && engine {
			if _, known := d.field("command"); !known {
				rest, _, _ = strings.Cut(rest, " with options (")
				d.set("command", maskToken(rest))
			}
			return
		}
	}
}

// application reads which application a step installs and how that went.
func (s *sequences) application(e *event.Event) {
	d := s.step
	if !d.open() {
		return
	}
	switch {
	case strings.HasPrefix(e.Message, "Installing application '"):
		if app, ok := between(e.Message, "'", "'"); ok {
			d.set("app", app)
		}
	case strings.HasPrefix(e.Message, "Install application action failed: '"):
		if i := strings.LastIndex(e.Message, "'. Error Code"); i > 0 {
			d.set("app", e.Message[len("Install application action failed: '"):i])
		}
		if code, ok := hexCode(e.Message); ok {
			d.set("app-error", "0x"+hex8(code))
		}
		d.seen(e)
	}
}

func hex8(n uint32) string {
	s := strconv.FormatUint(uint64(n), 16)
	return strings.Repeat("0", 8-len(s)) + s
}

// engineEnd reads how a run ends.
func (s *sequences) engineEnd(e *event.Event) {
	m := e.Message
	switch {
	case strings.HasPrefix(m, "Execution engine result code: "):
		if n, ok := numberAfter(m, "("); ok && s.run.open() {
			state := StateFailed
			if n == 0 {
				state = StateSucceeded
			}
			s.endRun(e, state)
			if s.run.Code == 0 {
				s.run.Code = uint32(n)
			}
		}
	case strings.HasPrefix(m, "Task Sequence Engine failed!"):
		s.need(e)
		s.endRun(e, StateFailed)
	case strings.HasPrefix(m, "Task Sequence Engine completed successfully"), strings.HasPrefix(m, "The task execution engine successfully completed"), strings.HasPrefix(m, "The task exeuction engine successfully completed"):
		s.endRun(e, StateSucceeded)
	case strings.HasPrefix(m, "Task sequence execution failed with error code "):
		if !s.ended {
			s.need(e)
		}
		s.endRun(e, StateFailed)
		code := strings.TrimPrefix(m[len("Task sequence execution failed with error code "):], "0x")
		if n, err := strconv.ParseUint(strings.TrimRight(strings.TrimSpace(code), "."), 16, 32); err == nil {
			s.run.set("result", "0x"+hex8(uint32(n)))
			if s.run.Code == 0 {
				s.run.Code = uint32(n)
			}
		}
	}
}

// endRun closes the run; later records of its end only add to it.
func (s *sequences) endRun(e *event.Event, state State) {
	if s.run == nil {
		return
	}
	if !s.run.open() {
		s.run.seen(e)
		return
	}
	s.leave(e)
	for _, g := range s.groups {
		if g.open() {
			g.end(e, state)
		}
	}
	s.groups = nil
	s.run.end(e, state)
	s.ended = true
	s.vars = [3]string{}
}
