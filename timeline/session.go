package timeline

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"debrief/event"
)

// addSession numbers a new session.
func (b *builder) addSession(d *draft) {
	b.sessions = append(b.sessions, d)
	d.Session = len(b.sessions)
	d.Name = strconv.Itoa(d.Session)
	d.session = d
}

// outcome settles the session that is being left, from its last page: pages
// before it were retried or came back after a reboot.
func (s *esp) outcome() {
	if s.session == nil || len(s.pages) == 0 {
		return
	}
	last := s.pages[len(s.pages)-1]
	s.session.State = last.State
	switch last.State {
	case StateSucceeded, StateFailed, StateTimedOut:
		s.session.End = last.End
		s.session.Code = last.Code
		s.session.Evidence = append(s.session.Evidence, last.Evidence[len(last.Evidence)-1])
	case StateCancelled:
		s.session.State = ""
	}
}

// mark is a record of an enrolment outside the status page.
type mark struct {
	*event.Event
	strong bool // says that a device enrols, not only that OOBE is on
	state  State
}

// sessionGap is the silence after which records of an enrolment belong to
// another attempt.
const sessionGap = time.Hour

// readMark recognises the records that lead up to the status page: the pages
// of OOBE, the profile's download, the join and the MDM enrolment.
func readMark(e *event.Event) (mark, bool) {
	m := mark{Event: e}
	switch e.Source {
	case event.ShellCore:
		return m, e.ID == 62404
	case event.ModernDeployment:
		switch e.ID {
		case 160, 161, 163, 171, 172, 807, 809, 815, 908:
			return m, true
		}
	case event.UserDeviceReg:
		switch {
		case e.ID >= 100 && e.ID <= 111:
			m.strong = true
			return m, true
		case e.ID == 201 || e.ID == 204:
			m.strong, m.state = true, StateFailed
			return m, true
		}
	case event.DMEDP:
		switch e.ID {
		case 4, 6, 8, 16, 58:
			m.strong = true
			return m, true
		case 72, 75:
			m.strong, m.state = true, StateSucceeded
			return m, true
		case 11, 52, 71, 76:
			m.strong, m.state = true, StateFailed
			return m, true
		}
	}
	return m, false
}

// enrolments lets each session begin with the OOBE that led to its page, and
// makes sessions of enrolments that never reached one.
func (b *builder) enrolments() {
	var marks []mark
	for i := range b.in.Events {
		if m, ok := readMark(&b.in.Events[i]); ok && !m.Time.IsZero() {
			marks = append(marks, m)
		}
	}
	if len(b.sessions) > 0 {
		b.extendSessions(marks)
		return
	}
	for from := 0; from < len(marks); {
		to := from + 1
		for to < len(marks) && marks[to].Time.Sub(marks[to-1].Time) <= sessionGap {
			to++
		}
		b.enrolment(marks[from:to])
		from = to
	}
	if f, ok := b.knownEnrolment(); ok && len(b.sessions) == 0 {
		d := &draft{}
		d.Kind, d.Evidence = KindSession, []event.Pos{f.Pos}
		b.spans = append(b.spans, d)
		b.addSession(d)
	}
}

// extendSessions moves the start of each session back over the marks before
// its page, as far as they follow one another and come after the session before.
func (b *builder) extendSessions(marks []mark) {
	var floor time.Time
	for i, d := range b.sessions {
		if d.Start.IsZero() {
			continue
		}
		if i > 0 && b.sessions[i-1].until().After(floor) {
			floor = b.sessions[i-1].until()
		}
		at, _ := slices.BinarySearchFunc(marks, d.Start, func(m mark, t time.Time) int { return m.Time.Compare(t) })
		for at--; at >= 0 && marks[at].Time.After(floor) && d.Start.Sub(marks[at].Time) <= sessionGap; at-- {
			d.Start = marks[at].Time
			d.Evidence[0] = marks[at].Pos
		}
	}
}

// enrolment makes a session of marks that belong together, if a device enrolled.
func (b *builder) enrolment(marks []mark) {
	strong := slices.ContainsFunc(marks, func(m mark) bool { return m.strong })
	if !strong {
		return
	}
	first, last := marks[0], marks[len(marks)-1]
	d := b.span(KindSession, "", first.Event)
	d.State, d.LastSeen = "", last.Time
	d.seen(last.Event)
	for _, m := range marks {
		if m.state != "" {
			d.State = m.state
		}
	}
	switch d.State {
	case StateFailed:
		d.End = last.Time
	case StateSucceeded: // enrolled; how it went on is not known
		d.State = ""
	}
	b.addSession(d)
}

// knownEnrolment finds a fact that tells of an enrolment.
func (b *builder) knownEnrolment() (event.Fact, bool) {
	for _, name := range []string{
		"autopilot.profile", "autopilot.profile-empty", "autopilot.device-prep", "autopilot.oobe-config",
		"enrollment.provider", "enrollment.error", "esp.category.state", "esp.provider.state", "esp.app.state",
	} {
		if f, ok := b.fact(name); ok {
			return f, true
		}
	}
	return event.Fact{}, false
}

// sessionFacts says of each session which flow and join it was and how it ended.
func (b *builder) sessionFacts() {
	pages := map[*draft]bool{}
	for _, d := range b.spans {
		if d.Kind == KindPage {
			pages[d.session] = true
		}
	}
	profile, profilePos := b.profileFlow()
	none, nonePos := b.noAutopilot()
	join, joinPos := b.joinMethod()
	for i, d := range b.sessions {
		flow, pos := profile, profilePos
		preProvisioned := slices.ContainsFunc(d.Fields, func(f event.Field) bool { return f.Name == "pre-provisioning" })
		switch {
		case flow == selfDeploying:
		case preProvisioned:
			flow, pos = "autopilot-pre-provisioning", d.firstPos()
		case flow != "":
		case pages[d]:
			flow, pos = "autopilot-user-driven", d.firstPos()
		case none:
			flow, pos = "no-autopilot", nonePos
		default:
			flow, pos = "unknown", d.firstPos()
		}
		outcome, outcomePos := b.sessionOutcome(d, i == len(b.sessions)-1)
		d.set("flow", flow)
		d.set("join", join)
		b.add(event.Text("session.flow", d.Name, flow, pos))
		b.add(event.Text("session.join", d.Name, join, joinPos))
		b.add(event.Text("session.outcome", d.Name, outcome, outcomePos))
	}
}

func (d *draft) firstPos() event.Pos {
	if len(d.Evidence) == 0 {
		return event.Pos{}
	}
	return d.Evidence[0]
}

const selfDeploying = "autopilot-self-deploying"

// selfDeployingBits of the OOBE configuration together mean a self-deploying
// profile: TPM attestation and device authentication.
const selfDeployingBits = 0x60

// profileFlow is the flow that the device's profile tells; empty = none known.
func (b *builder) profileFlow() (string, event.Pos) {
	if f, ok := b.fact("autopilot.oobe-config"); ok && f.Num&selfDeployingBits == selfDeployingBits {
		return selfDeploying, f.Pos
	}
	if f, ok := b.fact("autopilot.device-prep"); ok && f.Num != 0 {
		return "device-preparation", f.Pos
	}
	if f, ok := b.fact("autopilot.profile"); ok && f.Text != "" {
		return "autopilot-user-driven", f.Pos
	}
	return "", event.Pos{}
}

// noAutopilot reports whether the service said that it has no profile for the device.
func (b *builder) noAutopilot() (bool, event.Pos) {
	if e := b.first(event.ModernDeployment, 807, 815); e != nil {
		return true, e.Pos
	}
	if f, ok := b.fact("autopilot.profile-empty"); ok && f.Num != 0 {
		return true, f.Pos
	}
	return false, event.Pos{}
}

// joinMethod tells an Entra join from a hybrid one. Records of the offline
// domain join prove the latter even where the profile is lost.
func (b *builder) joinMethod() (string, event.Pos) {
	if f, ok := b.fact("autopilot.domain-join-method"); ok {
		switch f.Num {
		case 0:
			return "entra", f.Pos
		case 1:
			return "hybrid", f.Pos
		}
	}
	if e := b.first(event.DMEDP, 100, 107, 109, 110, 111); e != nil {
		return "hybrid", e.Pos
	}
	azure, hasAzure := b.fact("dsreg.azure-ad-joined")
	domain, hasDomain := b.fact("dsreg.domain-joined")
	switch {
	case hasAzure && hasDomain && azure.Num == 1 && domain.Num == 1:
		return "hybrid", domain.Pos
	case hasAzure && azure.Num == 1 && (!hasDomain || domain.Num == 0):
		return "entra", azure.Pos
	}
	return "unknown", event.Pos{}
}

// first finds the first record of a source with one of the ids.
func (b *builder) first(source event.Source, ids ...uint32) *event.Event {
	for i := range b.in.Events {
		if e := &b.in.Events[i]; e.Source == source && slices.Contains(ids, e.ID) {
			return e
		}
	}
	return nil
}

// sessionOutcome says how a session ended. Where the records do not say it of
// the last one, the page's own notes in the registry do.
func (b *builder) sessionOutcome(d *draft, last bool) (string, event.Pos) {
	pos := d.firstPos()
	if n := len(d.Evidence); n > 0 {
		pos = d.Evidence[n-1]
	}
	switch d.State {
	case StateSucceeded:
		return "succeeded", pos
	case StateFailed, StateTimedOut:
		return "failed", pos
	}
	if last {
		for i := range b.facts {
			if f := &b.facts[i]; f.Name == "esp.category.state" && strings.EqualFold(f.Text, "failed") {
				return "failed", f.Pos
			}
		}
	}
	if d.State == StateRunning {
		return "running", pos
	}
	return "unknown", pos
}
