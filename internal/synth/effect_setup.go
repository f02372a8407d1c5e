package synth

import (
	"fmt"
	"time"
)

// SetupBegins opens device setup.
type SetupBegins struct{}

func (SetupBegins) apply(d *device) {
	d.wait(time.Second)
	d.firstSession = d.now
	d.provider("Sidecar").tracking = 1
	d.startCategory(catSetup)
	d.monitorSetup()
}

// monitorSetup starts the lines of device setup, which run side by side; all
// but the apps are soon done.
func (d *device) monitorSetup() {
	d.startBatch(len(setupLines), true)
	for _, id := range setupLines {
		d.startLine(catSetup, id)
	}
	d.esp("ESPDeviceSetup_ApplicationsInstallation_Started", "Starting to monitor app installation.", 0)
	at := d.now
	d.now = at.Add(18 * time.Second)
	d.endLine(catSetup, setupLines[0], "succeeded", "1 of 1 applied")
	d.endLine(catSetup, setupLines[2], "succeeded", "No setup needed")
	d.endLine(catSetup, setupLines[1], "succeeded", "No setup needed")
	d.now = at
}

// SetupEnds closes device setup as its apps allow: all done, one failed, or
// cut off by the timeout.
type SetupEnds struct{}

func (SetupEnds) apply(d *device) {
	end, failed := d.now.Add(30*time.Second), false
	for _, a := range d.tracked {
		at := d.appsEnd
		if n := len(a.done); n > 0 {
			at = a.done[n-1].at
		}
		state := a.stateAt(at)
		if state == failedState {
			failed = true
		}
		if state != failedState && state != complete {
			at = d.deadline.Add(time.Hour)
		}
		if at.After(end) {
			end = at
		}
	}
	switch {
	case end.After(d.deadline):
		d.now = d.deadline
		d.esp("ESPDeviceSetup_ApplicationsInstallation_Failed", "App installation timed out.", timedOut)
		d.failSetup("0x800705b4")
	case failed:
		d.now = end.Add(4 * time.Second)
		d.failSetup("Error")
	default:
		d.now = end.Add(4 * time.Second)
		d.passSetup()
	}
}

func (d *device) failSetup(text string) {
	d.endLine(catSetup, subApps, "failed", text)
	d.failFollowing(catSetup, setupTail)
	d.failCategory(catSetup)
}

func (d *device) passSetup() {
	d.esp("ESPDeviceSetup_ApplicationsInstallation_Succeeded", "App installation succeeded.", 0)
	d.endLine(catSetup, subApps, "succeeded", fmt.Sprintf("%d of %d installed", len(d.tracked), len(d.tracked)))
	for _, id := range setupTail {
		d.startLine(catSetup, id)
		d.endLine(catSetup, id, "succeeded", "Complete")
	}
	c := d.category(catSetup)
	c.lines = c.lines[:len(setupLines)] // the tail is silent
	d.endCategory(catSetup)
	d.esp("ESPProgress_Page_Exiting", "Exiting page normally...", 0)
	d.setupDone = true
}

// AccountSetup is the last part of the page, for the user who signed in, up to
// the desktop.
type AccountSetup struct{}

func (AccountSetup) apply(d *device) {
	d.wait(90 * time.Second)
	d.signIn()
	d.loadPage(false)
	d.startCategory(catAccount)
	for _, id := range accountLines {
		d.startLine(catAccount, id)
	}
	for _, id := range accountLines {
		d.wait(9 * time.Second)
		d.endLine(catAccount, id, "succeeded", "Complete")
	}
	d.endCategory(catAccount)
	d.esp("ESPProgress_Page_Exiting", "Exiting page normally...", 0)
	d.webPage("AADHello", 40*time.Second)
	d.logonTasks(62171)
}

// signIn is the user's first sign-in: from now on the shell runs as the user.
func (d *device) signIn() {
	d.signedIn, d.signInTime = true, d.now
	d.logonTasks(62170)
}

// logonTasks notes that the shell begins (62170) or ended (62171) what it does
// at a sign-in.
func (d *device) logonTasks(id uint16) {
	d.event(chShellCore, d.now, id, levelInfo, field("LogonType", uint32(1)), field("TaskName", "AllLogonTasks"))
	d.now = d.now.Add(200 * time.Millisecond)
}

// Collected says how long after the last happening the support engineer
// gathered the logs. Without it, that is a few minutes.
type Collected struct{ After time.Duration }

func (e Collected) apply(d *device) { d.collected = d.now.Add(e.After) }
