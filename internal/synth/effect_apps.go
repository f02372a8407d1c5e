package synth

import (
	"fmt"
	"strings"
	"time"
)

const (
	agentComponent = "IntuneManagementExtension"
	agentLog       = "IntuneManagementExtension.log"
)

// App is a Win32 app that the Intune agent installs.
type App struct {
	Name    string
	Minutes float64
	Exit    uint32
}

// Win32Apps are the apps that the agent installs during device setup, one
// after the other. The page waits for all of them.
type Win32Apps struct {
	// After is how long after the start of device setup the first one begins.
	After time.Duration
	Apps  []App
}

func (e Win32Apps) apply(d *device) {
	w := d.writer(agentLog, agentComponent, d.firstSession.Add(e.After))
	for _, a := range e.Apps {
		guid := d.r.guid()
		began := w.at
		d.installWin32(w, a, guid)
		state, code := complete, uint32(0)
		enforcement := 1000
		if a.Exit != 0 {
			state, code, enforcement = failedState, 0x80070000|a.Exit, 5000
		}
		d.track("Sidecar", "Win32App_"+guid+"_1", appState{began, inProgress}, appState{w.at, state})
		d.win32 = append(d.win32, win32Result{guid, a.Name, int(a.Exit), enforcement, code, w.at})
		w.wait(5 * time.Second)
	}
	if w.at.After(d.appsEnd) {
		d.appsEnd = w.at
	}
}

func (d *device) installWin32(w *writer, a App, guid string) {
	w.info("[Win32App] ExecManager: processing targeted app (name='%s', id='%s') with intent 3, appApplicabilityStateDueToAssginmentFilters = 0 for user session 0", a.Name, guid)
	w.info("[Win32App] ===Step=== Start to Present app %s", guid)
	w.info("[Win32App] Completed detectionManager SideCarProductCodeDetectionManager, applicationDetectedByCurrentRule: False")
	w.info("[Win32App] ===Step=== Download")
	w.info("[Win32App DO] DO Job set priority is BG_JOB_PRIORITY_FOREGROUND")
	took := time.Duration(a.Minutes * float64(time.Minute))
	w.wait(took / 3)
	w.info("[Win32App] ===Step=== Execute")
	w.info(`[Win32App] SetCurrentDirectory: C:\Windows\IMECache\%s_1`, guid)
	w.info("[Win32App] Launch Win32AppInstaller in machine session")
	w.info("[Win32App] process id = %d", d.r.between(400, 3000)*4)
	w.wait(took * 2 / 3)
	w.info("[Win32App] Installation is done, collecting result")
	w.info("[Win32App] lpExitCode %d", a.Exit)
	switch a.Exit {
	case 0:
		w.info("[Win32App] lpExitCode is defined as Success")
		w.info("[Win32App] Completed detectionManager SideCarProductCodeDetectionManager, applicationDetectedByCurrentRule: True")
		w.info("[Win32App] ReportingState: Installed ErrorCode: 0 app %s", guid)
		return
	case 1618:
		w.warn("[Win32App] lpExitCode is defined as Retry")
	default:
		w.warn("[Win32App] Admin did NOT set mapping for lpExitCode: %d of app: %s", a.Exit, guid)
	}
	w.info("[Win32App] Completed detectionManager SideCarProductCodeDetectionManager, applicationDetectedByCurrentRule: False")
	w.fail("[Win32App] ReportingState: Failed ErrorCode: %d app %s", int32(0x80070000|a.Exit), guid)
}

// agentStarts is the first start of the Intune agent.
func (d *device) agentStarts(at time.Time) {
	w := d.writer(agentLog, agentComponent, at)
	w.info("EMS Agent Started")
	w.info("Agent version is: %s", d.id.agentVersion)
	w.info("Found 1 MDM certificates from Local Computer Store.")
	w.info("[Win32App] ESP Checking SidecarCspProvider status")
	w.info("[Win32App] Got InstanceID: Sidecar, installationStateString: %d", complete)
	w.info("[Win32App] Got installationState: Completed")
}

// PrepPage is the page of the device preparation policy, which has no
// enrolment status page and no policy providers; it fails with a workload.
type PrepPage struct {
	Failed string // friendly name of the workload that failed
}

func (e PrepPage) apply(d *device) {
	d.prep = devicePrep{shown: true, failed: e.Failed}
	w := d.writer(agentLog, agentComponent, d.now)
	w.info("[ProvisioningProgress] Device preparation page is shown")
	w.wait(time.Minute)
	w.fail("[ProvisioningProgress] Workload '%s' failed", e.Failed)
	d.now = w.at.Add(d.timeout())
}

// progressJSON is the ProvisioningProgress value of the device preparation page.
func (p devicePrep) progressJSON(at time.Time) string {
	stamp := func(t time.Time) string { return fmt.Sprintf(`\/Date(%d)\/`, t.UnixMilli()) }
	var b strings.Builder
	b.WriteString(`{"Workloads":[`)
	for i, name := range []string{"Scripts", "Company Portal", p.failed} {
		state := 1
		if name == p.failed {
			state = 4
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"WorkloadId":"%d","FriendlyName":"%s","WorkloadState":%d,"StartTime":"%s","EndTime":"%s"}`,
			i+1, name, state, stamp(at.Add(-30*time.Minute)), stamp(at))
	}
	b.WriteString("]}")
	return b.String()
}
