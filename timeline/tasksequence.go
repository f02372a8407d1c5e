package timeline

import (
	"strconv"
	"strings"
	"time"

	"debrief/event"
)

// sequences follows task sequences through smsts.log and its older parts,
// whose records come in order of time, so that one run spans them all. Lines,
// as TSManager writes them (versions 1910 to 2503):
//
//	Start executing an instruction. Instruction name: Install Base Apps. Instruction pointer: 4
//	The group (Install Base Apps) has been successfully started
//	Process completed with exit code 1603
//	Failed to run the action: Install Example Reader.
//	Fatal error during installation. (Error: 80070643; Source: Windows)
//	The execution of the group (Install Base Apps) has failed and the execution has been aborted. …
//	Task sequence execution failed with error code 80004005
type sequences struct {
	b       *builder
	run     *draft
	step    *draft
	groups  []*draft          // open groups, innermost last
	closed  map[string]*draft // last closed step by pointer and name, while it may be resumed
	last    *draft            // the step closed last
	fetch   *draft            // the download that the open step is at
	vars    [3]string         // package name, package id, deployment id of the run to come
	pointer string            // instruction pointer of the open step
	restart bool              // the engine started anew inside an open run
	first   bool              // the run has executed its first instruction
	ended   bool              // the last run has ended; what follows is cleaning up
}

// The variables that name a task sequence.
var sequenceVars = [...]string{"_SMSTSPackageName=", "_SMSTSPackageID=", "_SMSTSAdvertID="}

func (s *sequences) read(e *event.Event) {
	m := e.Message
	s.content(e)
	switch {
	case strings.HasPrefix(m, "Set a global environment variable _SMSTS"):
		s.variable(m)
	case strings.HasPrefix(m, "Start executing an instruction."):
		s.instruction(e)
	case strings.HasPrefix(m, "Starting Task Sequence Engine"), strings.HasPrefix(m, "The task execution engine started"), strings.HasPrefix(m, "Task Sequence Engine started"):
		s.engine(e)
	case strings.HasPrefix(m, "The group ("), strings.HasPrefix(m, "The execution of the group ("):
		s.group(e)
	case strings.HasPrefix(m, "Let the parent group ("):
		if name, _, ok := parenthesised(m); ok && s.last != nil {
			s.last.set("group", name)
		}
	case strings.HasPrefix(m, "The action ("):
		s.action(e)
	case strings.HasPrefix(m, "Successfully completed the action ("):
		s.completed(e)
	case strings.HasPrefix(m, "Failed to run the action: "):
		s.failed(e, m[len("Failed to run the action: "):])
	case strings.HasPrefix(m, "Failed to run the last action: "):
		s.lastFailed(e, m[len("Failed to run the last action: "):])
	case strings.HasPrefix(m, "Process completed with exit code "), strings.HasPrefix(m, "Executing command line: "), strings.HasPrefix(m, "Start executing the command line: "):
		s.process(e)
	case strings.HasPrefix(m, "Install"):
		s.application(e)
	default:
		s.engineEnd(e)
	}
}

// variable notes what names the run.
func (s *sequences) variable(m string) {
	m = m[len("Set a global environment variable "):]
	for i, name := range sequenceVars {
		if value, ok := strings.CutPrefix(m, name); ok && value != "" {
			s.vars[i] = value
			if s.run.open() {
				s.name()
			}
		}
	}
}

// name gives the run its name: that of the task sequence, else its ids.
func (s *sequences) name() {
	for _, v := range s.vars {
		if v != "" {
			s.run.Name = v
			break
		}
	}
	for i, field := range [...]string{"", "package", "deployment"} {
		if field != "" && s.vars[i] != "" {
			s.run.set(field, s.vars[i])
		}
	}
}

// engine begins a run, unless one is open: after a reboot the engine starts
// anew inside the same run. The first instruction will tell.
func (s *sequences) engine(e *event.Event) {
	if s.run.open() {
		s.restart = s.restart || s.first
		return
	}
	s.begin(e)
}

func (s *sequences) begin(e *event.Event) {
	s.run = s.b.span(KindTaskSequence, "task sequence", e)
	s.step, s.last, s.groups = nil, nil, nil
	s.closed = map[string]*draft{}
	s.restart, s.first, s.ended, s.pointer = false, false, false, ""
	s.name()
}

// need opens a run where the log begins in the middle of one.
func (s *sequences) need(e *event.Event) {
	if !s.run.open() {
		s.begin(e)
		s.run.set("start", "cut")
		s.first = true
	}
}

// instruction begins a step. Groups announce themselves the same way and are
// told apart by the record that follows.
func (s *sequences) instruction(e *event.Event) {
	_, m, _ := strings.Cut(e.Message, "Instruction name: ")
	name, pointer := m, ""
	if i := strings.LastIndex(m, ". Instruction pointer: "); i >= 0 {
		name, pointer = m[:i], strings.TrimSpace(m[i+len(". Instruction pointer: "):])
	}
	name = strings.TrimSuffix(strings.TrimSpace(name), ".")
	name = strings.Trim(name, "'")
	if s.restart && pointer == "0" && s.run.open() {
		s.abandon(e)
	}
	s.need(e)
	key := pointer + " " + name
	resumed := s.restart
	s.restart, s.first = false, true
	if s.step.open() && s.pointer == key && resumed { // it was open when the device went down
		s.step.set("resumed", "true")
		s.step.seen(e)
		return
	}
	s.leave(e)
	if old := s.closed[key]; old != nil && resumed && pointer != "" {
		// The step asked for a reboot and to be run again: it is still the same step.
		old.End, old.State, old.Code = time.Time{}, StateRunning, 0
		old.set("resumed", "true")
		old.seen(e)
		s.step, s.pointer = old, key
		return
	}
	s.step, s.pointer = s.b.span(KindStep, name, e), key
	s.place(s.step)
	if pointer != "" {
		s.step.set("pointer", pointer)
	}
}

// place puts a step or group into the innermost open group.
func (s *sequences) place(d *draft) {
	d.parent = s.run
	if n := len(s.groups); n > 0 {
		d.parent = s.groups[n-1]
		d.set("group", d.parent.Name)
	}
}

// abandon closes a run that was started over.
func (s *sequences) abandon(e *event.Event) {
	s.leave(e)
	for _, g := range s.groups {
		g.end(e, StateCancelled)
	}
	s.run.end(e, StateCancelled)
	s.begin(e)
}

// leave closes a step whose end was not logged.
func (s *sequences) leave(e *event.Event) {
	if !s.step.open() {
		return
	}
	if exit, ok := s.step.field("exit"); ok && exit == "0" {
		s.step.State = StateSucceeded
		s.step.End = s.step.LastSeen
	} else {
		s.step.State = ""
		s.step.LastSeen = e.Time
	}
	s.closeStep()
}

func (d *draft) field(name string) (string, bool) {
	for i := range d.Fields {
		if d.Fields[i].Name == name {
			return d.Fields[i].Value, true
		}
	}
	return "", false
}

func (s *sequences) closeStep() {
	if s.fetch.open() { // the step ended or was left in the middle of it
		s.fetch.State, s.fetch.End = "", later(s.step.until(), s.fetch.Start)
	}
	s.fetch = nil
	s.closed[s.pointer] = s.step
	s.last, s.step = s.step, nil
}

// group reads what a group says of itself.
func (s *sequences) group(e *event.Event) {
	name, rest, ok := parenthesised(e.Message)
	if !ok {
		return
	}
	s.need(e)
	own := s.step.open() && s.step.Name == name // the instruction was the group's own
	switch {
	case strings.Contains(rest, "successfully started"):
		g := s.step
		if own {
			g.Kind = KindGroup
			g.seen(e)
			s.step = nil
		} else {
			g = s.b.span(KindGroup, name, e)
			s.place(g)
		}
		s.groups = append(s.groups, g)
		if len(s.groups) > maxGroups {
			s.groups = append(s.groups[:0], s.groups[1:]...)
		}
	case strings.Contains(rest, "skipped"):
		if own {
			s.step.Kind = KindGroup
			s.skip(e, s.step, rest)
			s.step = nil
			return
		}
		g := s.b.span(KindGroup, name, e)
		s.place(g)
		s.skip(e, g, rest)
	case strings.Contains(rest, "successfully completed"):
		s.endGroup(e, name, StateSucceeded, own)
	case strings.Contains(rest, "failed"):
		s.endGroup(e, name, StateFailed, own)
	}
}

// maxGroups bounds how deep groups are followed; the editor allows fewer.
const maxGroups = 64

// endGroup closes the innermost open group of that name and all inside it. A
// group whose start was not logged gets a span without one.
func (s *sequences) endGroup(e *event.Event, name string, state State, own bool) {
	if own { // the instruction that closes the group is no step
		s.step.drop()
		s.step = nil
	}
	for i := len(s.groups) - 1; i >= 0; i-- {
		if s.groups[i].Name != name {
			continue
		}
		for _, inner := range s.groups[i+1:] {
			inner.end(e, "")
		}
		s.groups[i].end(e, state)
		s.groups[i].Code = errorCode(e.Message)
		s.groups = s.groups[:i]
		return
	}
	if state != StateFailed {
		return
	}
	g := s.b.span(KindGroup, name, e)
	g.Start = time.Time{}
	s.place(g)
	g.end(e, state)
	g.Code = errorCode(e.Message)
}

// parenthesised splits "… (name) rest" at the parentheses; the name may hold
// some itself, so the last closing one before a known word counts.
func parenthesised(m string) (name, rest string, ok bool) {
	from := strings.IndexByte(m, '(')
	if from < 0 {
		return "", "", false
	}
	for _, word := range [...]string{") has ", ") requested ", ") with ", ") decide"} {
		if to := strings.Index(m[from:], word); to >= 0 {
			return m[from+1 : from+to], m[from+to+1:], true
		}
	}
	return "", "", false
}

// action reads what a step says of itself when it does not run, or wants to run again.
func (s *sequences) action(e *event.Event) {
	name, rest, ok := parenthesised(e.Message)
	if !ok {
		return
	}
	s.need(e)
	switch {
	case strings.Contains(rest, "skipped"):
		if s.step.open() && s.step.Name == name {
			s.skip(e, s.step, rest)
			s.closeStep()
			return
		}
		d := s.b.span(KindStep, name, e)
		s.place(d)
		s.skip(e, d, rest)
	case strings.Contains(rest, "requested a retry"):
		for _, d := range []*draft{s.step, s.last} {
			if d != nil && d.Name == name {
				d.set("retry", "true")
				d.seen(e)
				break
			}
		}
	}
}

// skip closes a span that was passed over, with the reason as far as it is one of the two known.
func (s *sequences) skip(e *event.Event, d *draft, rest string) {
	d.end(e, StateSkipped)
	switch {
	case strings.Contains(rest, "disabled"):
		d.set("reason", "disabled")
	case strings.Contains(rest, "evaluated to be false"):
		d.set("reason", "condition")
	}
}

func (s *sequences) completed(e *event.Event) {
	rest := e.Message[len("Successfully completed the action ("):]
	i := strings.LastIndex(rest, ") with the exit")
	if i < 0 {
		if i = strings.LastIndexByte(rest, ')'); i < 0 {
			return
		}
	}
	s.need(e)
	d := s.stepNamed(e, rest[:i])
	if n, ok := numberAfter(rest[i:], "code "); ok {
		d.set("exit", strconv.FormatInt(n, 10))
	}
	d.end(e, StateSucceeded)
	s.closeStep()
}

// stepNamed is the open step, or a new one without a start where the log lost it.
func (s *sequences) stepNamed(e *event.Event, name string) *draft {
	if s.step.open() && s.step.Name == name {
		return s.step
	}
	s.leave(e)
	s.step, s.pointer = s.b.span(KindStep, name, e), " "+name
	s.step.Start = time.Time{}
	s.place(s.step)
	return s.step
}

// failed reads "<name>. <text>(Error: HHHHHHHH; Source: S)". Names hold dots,
// so the open step's name decides where it ends.
func (s *sequences) failed(e *event.Event, rest string) {
	s.need(e)
	d := s.stepNamed(e, s.failedName(rest))
	text := strings.TrimLeft(strings.TrimPrefix(rest, d.Name), ". \r\n")
	if text != "" {
		d.set("error", strings.Join(strings.Fields(text), " "))
	}
	d.end(e, StateFailed)
	if code := errorCode(rest); code != 0 {
		d.Code = code
	} else if exit, ok := d.field("exit"); ok {
		n, _ := strconv.ParseInt(exit, 10, 64)
		d.Code = uint32(n)
	}
	s.closeStep()
}

func (s *sequences) failedName(rest string) string {
	for _, d := range []*draft{s.step, s.last} {
		if d != nil && d.Name != "" && strings.HasPrefix(rest, d.Name+".") {
			return d.Name
		}
	}
	for at := 0; ; { // the first full stop that ends a word
		i := strings.IndexByte(rest[at:], '.')
		if i < 0 {
			break
		}
		if at += i + 1; at > 1 && at < len(rest) && strings.IndexByte(" \r\n", rest[at]) >= 0 {
			return rest[:at-1]
		}
	}
	return strings.TrimSuffix(strings.TrimSpace(rest), ".")
}

// lastFailed marks the step on which the whole sequence failed.
func (s *sequences) lastFailed(e *event.Event, rest string) {
	s.need(e)
	name := s.failedName(rest)
	s.run.set("failed-step", name)
	if code := errorCode(rest); code != 0 {
		s.run.Code = code
	}
	s.run.seen(e)
	if s.last != nil && s.last.Name == name && s.last.State == StateFailed {
		s.last.seen(e)
	}
}

// errorCode reads "(Error: 80070643; Source: …)" or a trailing 0x… number.
func errorCode(m string) uint32 {
	if _, rest, ok := strings.Cut(m, "(Error: "); ok {
		end := strings.IndexAny(rest, "; )")
		if end < 0 {
			end = len(rest)
		}
		if n, err := strconv.ParseUint(strings.TrimPrefix(rest[:end], "0x"), 16, 32); err == nil {
			return uint32(n)
		}
	}
	if n, ok := hexCode(m); ok {
		return n
	}
	n, _ := numberAfter(m, ". Error -") // "Apply image. Error -2147024809"
	return uint32(-n)
}
