package synth

import (
	"fmt"
	"strings"
	"time"

	"debrief/internal/synth/evtxw"
)

// evField and hex32 keep the event lists short.
type evField = evtxw.Field

func hex32(v uint32) evtxw.Hex32 { return evtxw.Hex32(v) }

// States of an MDM-delivered MSI (EnterpriseDesktopAppManagement CSP).
const (
	edamInitialised = 10
	edamDownloading = 20
	edamRetry       = 25
	edamFailed      = 60
	edamDone        = 70
)

// Delivery is how CCMSetup.msi, the bootstrap of the ConfigMgr client, fares.
type Delivery uint8

// The outcomes. Delivered is the zero value.
const (
	Delivered          Delivery = iota
	DownloadStalls              // every attempt breaks off; the job waits for the next
	DownloadHealed              // two attempts break off, the third succeeds
	DownloadNeverBegun          // the job is assigned and nothing happens
	InstallFails                // downloaded, but the MSI fails
)

// Bootstrap is the delivery of CCMSetup.msi by Intune.
type Bootstrap struct {
	Outcome Delivery
	Code    uint32 // HRESULT of a download, exit code of a failed MSI
	// Extra is added to the command line of the policy.
	Extra string
	// TaskSequence adds PROVISIONTS.
	TaskSequence bool
}

func (e Bootstrap) apply(d *device) {
	d.commandLine = "CCMHOSTNAME=" + d.id.cmgPath() + " SMSSITECODE=" + d.id.site
	if e.TaskSequence {
		d.commandLine += " PROVISIONTS=" + d.id.tsRoll
	}
	if e.Extra != "" {
		d.commandLine += " " + e.Extra
	}
	j := msiJob{
		product: d.id.ccmProduct, version: d.id.setupVersion(), url: d.id.ccmURL,
		command: `/qn CCMSETUPCMD="` + d.commandLine + `"`, created: d.now, status: edamInitialised,
	}
	if e.Outcome == DownloadNeverBegun {
		d.jobs = append(d.jobs, j)
		return
	}
	at := d.announce(j)
	switch e.Outcome {
	case DownloadStalls:
		for at.Before(d.deadline) {
			at = d.breakOff(j, at, e.Code)
		}
		j.status, j.lastError = edamRetry, e.Code
		d.jobs = append(d.jobs, j)
		return
	case DownloadHealed:
		at = d.breakOff(j, d.breakOff(j, at, e.Code), e.Code)
	}
	at = d.download(j, at, 12*time.Second)
	j.started = at
	if e.Outcome == InstallFails {
		d.event(chMDMAdmin, at, 1920, levelInfo, field("Message1", j.product), field("Message2", "Device"))
		d.event(chMDMAdmin, at.Add(6*time.Second), 1924, levelError,
			field("Message1", "Device"), field("Message2", d.mdmUser()), field("Message3", j.product),
			field("Message4", j.command), field("HexInt1", hex32(e.Code)))
		j.status, j.lastError = edamFailed, 0x80070000|e.Code
		d.jobs = append(d.jobs, j)
		return
	}
	d.install(j, at, 9*time.Second)
	j.status = edamDone
	d.jobs = append(d.jobs, j)
	d.now = at.Add(3 * time.Second)
}

// mdmUser is the account under which device jobs are kept.
func (d *device) mdmUser() string { return "S-0-0-00-0000000000-0000000000-000000000-000" }

// announce notes that the server assigned the MSI.
func (d *device) announce(j msiJob) time.Time {
	uri := "./Device/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/" + strings.ReplaceAll(strings.ReplaceAll(j.product, "{", "%7B"), "}", "%7D")
	at := d.wait(2 * time.Second)
	d.event(chMDMAdmin, at, 1901, levelInfo, field("Message1", uri))
	d.event(chMDMAdmin, at.Add(300*time.Millisecond), 1904, levelInfo, field("Message1", j.product))
	at = at.Add(700 * time.Millisecond)
	d.event(chMDMAdmin, at, 1905, levelInfo, field("Message1", j.product))
	return at
}

func (d *device) download(j msiJob, at time.Time, about time.Duration) time.Time {
	at = at.Add(about)
	d.event(chMDMAdmin, at, 1906, levelInfo, field("Message1", j.product))
	return at.Add(time.Second)
}

// breakOff notes a failed download and the start of the next attempt.
func (d *device) breakOff(j msiJob, at time.Time, code uint32) time.Time {
	at = at.Add(d.r.duration(80*time.Second, 100*time.Second))
	d.event(chMDMAdmin, at, 1907, levelError, field("Message1", j.product), field("Message2", j.url), field("HRESULT", hex32(code)))
	at = at.Add(5 * time.Minute)
	if at.Before(d.deadline) {
		d.event(chMDMAdmin, at, 1905, levelInfo, field("Message1", j.product))
	}
	return at
}

func (d *device) install(j msiJob, at time.Time, about time.Duration) {
	d.event(chMDMAdmin, at, 1920, levelInfo, field("Message1", j.product), field("Message2", "Device"))
	at = at.Add(about)
	d.event(chMDMAdmin, at, 1922, levelInfo, field("Message1", j.product), field("Message2", "Device"), field("HRESULT", hex32(0)))
	d.event(chMDMAdmin, at.Add(200*time.Millisecond), 1910, levelInfo, field("Message1", j.product))
}

// hexText is a code as ConfigMgr logs print it.
func hexText(code uint32) string { return fmt.Sprintf("0x%08x", code) }
