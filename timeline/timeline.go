// Package timeline turns events and facts into what happened and when:
// enrolment sessions, ESP phases and subcategories, policy providers, tracked
// apps, task-sequence steps, ccmsetup runs, downloads, reboots. It also
// settles the device's clock: which offset local records have, and where the
// clock was stepped.
//
// It judges nothing: a span says that a step took 48 minutes and was not seen
// to end, not that this is why enrolment failed. Rules do that.
package timeline

import (
	"time"

	"debrief/event"
)

// Kind says what a span is.
type Kind string

// The kinds of spans. Name of the span in brackets.
const (
	KindSession      Kind = "session"       // one enrolment attempt (its number)
	KindPage         Kind = "page"          // one run of the ESP page: the ESP clock starts anew with each ("device" …)
	KindSignIn       Kind = "sign-in"       // a user signed in (his SID), up to the end of what the shell does then
	KindPhase        Kind = "phase"         // an ESP category (DevicePreparation, DeviceSetup, AccountSetup)
	KindSubcategory  Kind = "subcategory"   // an ESP subcategory by its id (DeviceSetup.AppsSubcategory)
	KindProvider     Kind = "provider"      // the wait for a policy provider (ConfigMgr, Sidecar)
	KindTrackedApp   Kind = "tracked-app"   // an app the ESP tracks (ConfigMgr/Provisioning_TS)
	KindTaskSequence Kind = "task-sequence" // one run of a task sequence (its name or package id)
	KindGroup        Kind = "group"         // a group of a task sequence
	KindStep         Kind = "step"          // a step of a task sequence
	KindCcmsetup     Kind = "ccmsetup"      // one run of ccmsetup (its number)
	KindMSI          Kind = "msi"           // one Windows Installer run (product or log name)
	KindDownload     Kind = "download"      // one download (file or URL)
	KindWin32App     Kind = "win32-app"     // a Win32 app of the Intune agent (its name or GUID)
	KindReboot       Kind = "reboot"        // from the last record before to the first after
	KindGap          Kind = "gap"           // a silence of every source inside a session
)

// State says how a span stands at the end of the evidence.
type State string

// The states. The empty State is unknown.
const (
	StateNotStarted State = "not-started"
	StateRunning    State = "running" // opened and not seen to end
	StateSucceeded  State = "succeeded"
	StateFailed     State = "failed"
	StateTimedOut   State = "timed-out"
	StateSkipped    State = "skipped"
	StateCancelled  State = "cancelled"
)

// Span is one interval of the story. The zero value is no span.
type Span struct {
	ID      int // index in Timeline.Spans
	Kind    Kind
	Name    string
	Session int // number of its session, from 1; 0 = outside any
	Parent  int // ID of the enclosing span; -1 = none
	Start   time.Time
	// End is zero where the end was not seen; LastSeen then says up to when
	// the span was seen to live.
	End      time.Time
	LastSeen time.Time
	State    State
	Code     uint32       // HRESULT or exit code it ended with; 0 = none seen
	Fields   event.Fields // what else is known; see the list below
	Evidence []event.Pos  // the records that open and close it, in order
}

// The fields of spans by kind. "start" is "cut" where the log begins inside.
//
//	session        flow, join, pre-provisioning, user (SID, where several had an Account setup)
//	page           timeout-minutes, ended-by, continued-anyway, reset, user (as of a session)
//	sign-in        user (SID), how (winlogon, logon-tasks, security-log, account-setup, agent, first-record),
//	               at-latest (true: no record states the moment, he had signed in by then),
//	               first (true: the first of that user)
//	phase          user (as of a session)
//	subcategory    state (the page's own word)
//	provider       installation-state
//	tracked-app    installation-state, app
//	task-sequence  package, deployment, failed-step, result, start
//	group, step    pointer, group, command, exit, program-exit, app, app-error, error,
//	               reason (disabled, condition), retry, resumed
//	ccmsetup       process, version, command, exit, retries, reboot, start
//	msi            product, product-code, version, exit, failed-action, start
//	download       url, bytes, total, files, transport, product-code, start
//	win32-app      id, launched, exit, result, detected

// Duration is End-Start, or LastSeen-Start for a span not seen to end; 0 where
// either is unknown.
func (s *Span) Duration() time.Duration {
	end := s.End
	if end.IsZero() {
		end = s.LastSeen
	}
	if s.Start.IsZero() || end.Before(s.Start) {
		return 0
	}
	return end.Sub(s.Start)
}

// Timeline is the story of one case. Spans are ordered by start, then kind
// (in the order of the constants), then name; spans without a start come last.
type Timeline struct {
	Spans []Span
	Clock ClockReport
	// Facts are what the timeline derived (esp.*, session.*, clock.*,
	// ccmsetup.*, msi.*, ts.*, win32app.*, enrollment.*, and autopilot.* where the
	// profile file gave none), ordered by Fact.Compare.
	Facts []event.Fact
}

// ClockReport says what is known of the device's clock.
type ClockReport struct {
	Offset   int16       // minutes from UTC to the wall clock; valid if Origin is not ClockNone
	Origin   event.Clock // ClockDeclared, ClockAnchored, ClockAssumed, or ClockNone when nothing needed it
	Evidence []event.Pos // where Offset was read
	Steps    []Step
}

// Step is one jump of the device's clock.
type Step struct {
	At  time.Time     // the time shown before the jump, UTC
	By  time.Duration // positive = set forward
	Pos event.Pos     // first record after the jump
}
