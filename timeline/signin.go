package timeline

import (
	"slices"
	"strings"
	"time"

	"debrief/event"
)

// No log of a collection keeps a list of who signed in. What is there, best
// first:
//
//	winlogon       System, Winlogon 7001: a user signed in, his SID in UserSid
//	logon-tasks    Shell-Core 62170 and 62171, task AllLogonTasks, under the user's SID:
//	               the shell begins and ends what it does at a sign-in
//	security-log   Security 4624 of an interactive kind, his SID in TargetUserSid
//	account-setup  the status page began the user's own setup, which it does after his sign-in
//	agent          the Intune agent found his session: "Processing user session 2, …, userSID: S-1-…"
//	first-record   the first record under the SID of an Entra account
//
// The first three state a sign-in and its moment. By the others the user had
// signed in at the latest; when, no record says.
//
// Sources: manifests of the providers as published in listings of ETW
// providers, Microsoft Learn for 4624, and records in collections of 2024.
var signInKinds = [...]string{"winlogon", "logon-tasks", "security-log", "account-setup", "agent", "first-record"}

// signInStated is the number of kinds that state a sign-in.
const signInStated = 3

// maxSignInUsers bounds whom sign-ins are kept of.
const maxSignInUsers = 64

const (
	// sameSignIn is how long after the first sign of it another kind of record
	// may still speak of the same sign-in: the user's own part of the status
	// page runs before the shell starts.
	sameSignIn = 2 * time.Hour
	// sameMoment is within which records of one kind are of one sign-in: an
	// administrator's gives two 4624.
	sameMoment = 30 * time.Second
)

// signSign is what a record tells of a sign-in.
type signSign struct {
	user string
	kind int  // index in signInKinds
	done bool // the shell ended its tasks
}

// readSignIn recognises the records that tell of a sign-in.
func readSignIn(e *event.Event) (signSign, bool) {
	s := signSign{user: e.User, kind: -1}
	switch e.Source {
	case event.SystemLog:
		if e.ID == 7001 && strings.EqualFold(e.Provider, "Microsoft-Windows-Winlogon") {
			s.user, _ = e.Fields.Get("UserSid")
			s.kind = 0
		}
	case "evtx.security-auditing":
		if e.ID == 4624 {
			// Interactive, remote, and both with cached credentials; to unlock is not to sign in.
			if kind, _ := e.Fields.Get("LogonType"); slices.Contains([]string{"2", "10", "11", "12"}, kind) {
				s.user, _ = e.Fields.Get("TargetUserSid")
				s.kind = 2
			}
		}
	case event.ShellCore:
		switch e.ID {
		case 62170, 62171:
			if task, _ := e.Fields.Get("TaskName"); task == "AllLogonTasks" {
				s.kind, s.done = 1, e.ID == 62171
			}
		}
		if categoryStarted(e) == "AccountSetupCategory" {
			s.kind = 3
		}
	case event.LogIME:
		if _, rest, ok := strings.Cut(e.Message, "Processing user session "); ok {
			if n, ok := leadingNumber(rest); ok && n > 0 {
				_, rest, _ = strings.Cut(rest, "userSID: ")
				s.user, _, _ = strings.Cut(rest+" ", " ")
				s.kind = 4
			}
		}
	}
	if s.kind < 0 {
		switch e.Source {
		case event.ShellCore, event.DMEDP, event.ModernDeployment, event.UserDeviceReg, event.AAD:
			if !entraAccount(e.User) {
				return s, false
			}
			s.kind = len(signInKinds) - 1
		}
	}
	return s, s.kind >= 0 && (entraAccount(s.user) || strings.HasPrefix(s.user, "S-1-5-21-"))
}

// entraAccount reports whether a SID is that of an account of Microsoft Entra.
func entraAccount(sid string) bool { return strings.HasPrefix(sid, "S-1-12-1-") }

// categoryStarted is the category of the status page that a record says to begin.
func categoryStarted(e *event.Event) string {
	if e.Source != event.ShellCore || e.Name != espPrefix+"ESPProgress_Category_Started" {
		return ""
	}
	r, _ := readESPRecord(e)
	return r.category()
}

// oobeAccounts are the accounts that OOBE itself runs under (defaultuser0):
// they showed the pages of OOBE or a phase of the device.
func (b *builder) oobeAccounts() map[string]bool {
	own := map[string]bool{}
	for i := range b.in.Events {
		e := &b.in.Events[i]
		switch {
		case e.Source == event.ShellCore && e.ID == 62404:
			page, _ := e.Fields.Get("CXID")
			if page != "OobeEnterpriseProvisioning" && strings.HasPrefix(page, "Oobe") {
				own[e.User] = true
			}
		case categoryStarted(e) != "" && categoryStarted(e) != "AccountSetupCategory":
			own[e.User] = true
		case e.Source == "evtx.security-auditing" && e.ID == 4624:
			name, _ := e.Fields.Get("TargetUserName")
			if user, _ := e.Fields.Get("TargetUserSid"); strings.HasPrefix(strings.ToLower(name), "defaultuser") {
				own[user] = true
			}
		}
	}
	return own
}

// signIn is one sign-in while it grows.
type signIn struct {
	*draft
	user string
	last [len(signInKinds)]time.Time // when each kind was last seen
	best int
	more bool // not the user's first
}

// signIns makes a span of the first sign-in of each user, and of the later
// ones that records state and that fall into a session: from the first sign of
// it to the end of the shell's tasks, or a moment where that is not seen.
func (b *builder) signIns() {
	own, downs := b.oobeAccounts(), b.restarts()
	latest := map[string]*signIn{}
	var all []*signIn
	for i := range b.in.Events {
		e := &b.in.Events[i]
		if e.Time.IsZero() {
			continue
		}
		s, ok := readSignIn(e)
		if !ok || own[s.user] && !entraAccount(s.user) {
			continue
		}
		at := latest[s.user]
		if s.done && at == nil { // the log begins inside
			s.done, s.kind = false, len(signInKinds)-1
		}
		switch {
		case s.done:
			if at != nil && !at.last[1].IsZero() && at.State == "" && !downs.between(at.last[1], e.Time) {
				at.end(e, StateSucceeded)
			}
		case at == nil && len(latest) == maxSignInUsers:
		case at == nil || s.kind < signInStated && downs.anew(at, s.kind, e.Time):
			next := &signIn{draft: b.span(KindSignIn, s.user, e), user: s.user, best: s.kind, more: at != nil}
			next.State, next.End = "", e.Time
			next.last[s.kind] = e.Time
			latest[s.user] = next
			all = append(all, next)
		default:
			at.sign(e, s.kind)
		}
	}
	for _, s := range all {
		if s.more && !b.inSomeSession(s.Start) {
			s.drop()
			continue
		}
		s.set("user", s.user)
		s.set("how", signInKinds[s.best])
		if s.best >= signInStated {
			s.set("at-latest", "true")
		}
		if !s.more {
			s.set("first", "true")
		}
	}
	b.spans = slices.DeleteFunc(b.spans, func(d *draft) bool { return d.Kind == "" })
}

// sign takes a further record of the sign-in.
func (s *signIn) sign(e *event.Event, kind int) {
	if !s.last[kind].IsZero() || e.Time.Sub(s.Start) > sameSignIn {
		return // says no more than is known
	}
	s.last[kind] = e.Time
	if kind < s.best {
		s.best = kind
		s.seen(e)
	}
}

// anew reports whether a record that states a sign-in speaks of another one
// than the last that is known of its user.
func (r restarts) anew(at *signIn, kind int, t time.Time) bool {
	if last := at.last[kind]; !last.IsZero() {
		return t.Sub(last) > sameMoment
	}
	return t.Sub(at.Start) > sameSignIn || r.between(at.Start, t)
}

// between reports whether the device was seen to restart between two times.
func (r restarts) between(from, to time.Time) bool {
	i, _ := slices.BinarySearchFunc(r, from, func(d *draft, t time.Time) int { return d.Start.Compare(t) })
	return i < len(r) && !r[i].End.After(to)
}

// restarts are the restarts that were seen, in order.
type restarts []*draft

func (b *builder) restarts() restarts {
	var out restarts
	for _, d := range b.spans {
		if d.Kind == KindReboot && d.State == StateSucceeded {
			out = append(out, d)
		}
	}
	slices.SortStableFunc(out, func(a, b *draft) int { return a.Start.Compare(b.Start) })
	return out
}

// inSomeSession reports whether a session was seen to be on at that time.
func (b *builder) inSomeSession(t time.Time) bool {
	d := b.sessionAt(t, t)
	return d != nil && !d.until().Before(t)
}
