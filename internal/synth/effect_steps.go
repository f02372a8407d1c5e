package synth

import (
	"strings"
	"time"
)

// stepRun is one step on its way.
type stepRun struct {
	*sequence
	Step
	took time.Duration
}

func (r *stepRun) launch(command string) {
	r.engine(0, "Expand a string: %s", command)
	r.engine(1, "Start executing the command line: %s", command)
	r.engine(1, rule)
	r.engine(0, "Expand a string: FullOS")
	r.engine(1, "Executing command line: %s with options (0, 4)", command)
}

// command runs a command line and returns its exit code.
func (r *stepRun) command(line string) uint32 {
	r.launch(line)
	r.put("InstallSoftware", 1, "ProgramName is being logged ('HideFromProgressUI' is not set)")
	r.put("InstallSoftware", 1, "Command line for extension .cmd is \"%%1\" %%*")
	if r.Fault == Hangs {
		r.hung = true
		return 0
	}
	r.wait(r.took)
	exit := uint32(0)
	if r.Fault == ExitsWith {
		exit = r.Exit
	}
	r.put("InstallSoftware", 1, "Process completed with exit code %d", exit)
	if exit != 0 {
		r.put("InstallSoftware", 3, "Command line returned %d", exit)
	}
	return exit
}

// script runs a PowerShell script; its errors come as one record a line.
func (r *stepRun) script() uint32 {
	name := strings.ReplaceAll(r.Name, " ", "") + ".ps1"
	r.launch(`OSDRunPowerShellScript.exe`)
	const component = "RunPowerShellScript"
	r.put(component, 1, "PowerShell script: %s", name)
	r.put(component, 1, "Executing PowerShell with command line: -NoProfile -ExecutionPolicy Bypass -File .\\%s", name)
	r.wait(r.took)
	if r.Fault != ExitsWith {
		r.put(component, 0, "Done.")
		return 0
	}
	for _, line := range []string{
		`Get-Content : Cannot find path 'C:\ProgramData\Setup\regions.csv' because it does not exist.`,
		`At C:\_SMSTaskSequence\Packages\` + r.d.id.site + `00022\` + name + `:14 char:9`,
		`+ $rows = Get-Content -Path $map -ErrorAction Stop`,
		`    + CategoryInfo          : ObjectNotFound: (C:\ProgramData\Setup\regions.csv:String) [Get-Content], ItemNotFoundException`,
		`    + FullyQualifiedErrorId : PathNotFound,Microsoft.PowerShell.Commands.GetContentCommand`,
	} {
		r.put(component, 3, "%s", line)
	}
	r.put(component, 3, "Script execution failed with exit code %d", r.Exit)
	return r.Exit
}

// app runs an Install Application step, with AppEnforce.log beside it.
func (r *stepRun) app() uint32 {
	const component = "InstallApplication"
	app := strings.TrimPrefix(r.Name, "Install ")
	guid := r.d.r.guid()
	model := r.d.id.scope + "/Application_" + guid
	flag := "False"
	if r.ContinueOnError {
		flag = "True"
	}
	r.launch("smsappinstall.exe /app:" + model + " /basevar: /continueOnError:" + flag)
	r.put(component, 1, " ================================ [ smsinstallapp.exe ] ================================ ")
	r.put(component, 1, "Application Names: ")
	r.put(component, 1, "'%s'", model)
	r.put(component, 1, "BaseVar   = '', ContinueOnError='%s'", flag)
	r.put(component, 1, "CcmExec service is up and fully operational")
	r.put(component, 0, `dwEnabled > 0, HRESULT=80004005 (..\util.cpp,4197)`)
	r.put(component, 1, "Successfully connected to MP %s:443", r.d.id.cmg)
	r.put(component, 1, "Installing application '%s'", app)
	r.put(component, 0, "GetAppMgmtSDKInterface successful")
	r.put(component, 1, "Policy evaluation for App successful")
	r.put(component, 1, "Invoking App Management SDK to install application ")
	r.put(component, 1, "Waiting for installation job to complete..")
	r.put(component, 1, "NotifyProgress received: 3 (Application is available for installation )")
	if r.Fault == ContentAbsent {
		return r.contentAbsent(app)
	}
	r.put(component, 1, "NotifyProgress received: 16 (Application is being downloaded )")
	r.wait(r.took / 6)
	began := r.at
	r.put(component, 1, "NotifyProgress received: 17 (Application is being installed )")
	if r.Fault == Hangs {
		r.enforce(app, guid, began, 0, 0)
		r.hung = true
		return 0
	}
	for left := r.took * 5 / 6; left > 0; left -= 2 * time.Minute { // a sign of life every other minute
		r.wait(min(left, 2*time.Minute))
		r.put(component, 0, "NotifyProgress received: 17 (Application is being installed )")
	}
	switch r.Fault {
	case ExitsWith:
		r.enforce(app, guid, began, r.at.Sub(began), r.Exit)
		return r.appFails(app, "Application failed to install ", 0x80070000|r.Exit)
	case StaysUnfound:
		r.enforce(app, guid, began, r.at.Sub(began), 0)
		return r.appFails(app, "Application failed to install ", 0x87d00324)
	}
	r.enforce(app, guid, began, r.at.Sub(began), 0)
	r.put(component, 1, "NotifyProgress received: 1 (Application is installed successfully )")
	r.put(component, 1, "Installation job completed with exit code 0x00000000")
	r.put(component, 1, "Execution status received: 1 (Application is installed successfully )")
	r.put(component, 1, "App install is successful")
	r.put(component, 1, "Install application action completed successfully. Code 0x00000000")
	return 0
}

func (r *stepRun) appFails(app, status string, code uint32) uint32 {
	const component = "InstallApplication"
	r.put(component, 1, "NotifyProgress received: 24 (%s)", status)
	r.put(component, 1, "Installation job completed with exit code 0x%08x", code)
	r.put(component, 1, "Execution status received: 24 (%s)", status)
	r.put(component, 3, "App install failed.")
	r.put(component, 3, "Install application action failed: '%s'. Error Code 0x%08x", app, code)
	r.put(component, 3, "Install Static Applications failed, hr=0x%08x", code)
	return code
}

// contentAbsent is an application whose content no distribution point offers.
func (r *stepRun) contentAbsent(app string) uint32 {
	content := "Content_" + r.d.r.guid()
	w := r.d.writer(ccmLogs+"CAS.log", "ContentAccess", r.at)
	w.info("Requesting locations synchronously for content %s.1 with priority Foreground", content)
	w.info("The number of discovered DPs(including Branch DP and Multicast) is 0")
	w.warn("Matching DP location found 0 for content %s.1", content)
	c := r.d.writer(ccmLogs+"ContentTransferManager.log", "ContentTransferManager", w.at)
	c.warn("CTM job {%s} has no locations (%s). Error 0x87d01204", strings.ToUpper(r.d.r.guid()), content)
	w.wait(2*time.Minute).fail("Download failed for content %s.1 under context System, error 0x87d00607", content)
	r.at = w.at
	return r.appFails(app, "Application download failed ", 0x87d00607)
}

// enforce notes the installation in AppEnforce.log; no duration = not seen to end.
func (r *stepRun) enforce(app, guid string, at time.Time, took time.Duration, exit uint32) {
	w := r.d.writer(ccmLogs+"AppEnforce.log", "AppEnforce", at)
	model := r.d.id.scope + "/DeploymentType_" + guid
	process := r.d.r.between(400, 3000) * 4
	folder := `C:\WINDOWS\ccmcache\` + r.d.r.text(1, "123456789abcdef")
	dt := app + " - Windows Installer (*.msi file)"
	w.info(`+++ Starting Install enforcement for App DT "%s" ApplicationDeliveryType - %s, Revision - 2, ContentPath - %s, Execution Context - System`, dt, model, folder)
	w.info("    Performing detection of app deployment type %s(%s, revision 2) for system.", dt, model)
	w.info("+++ Application not discovered. [AppDT Id: %s, Revision: 2]", model)
	command := `msiexec /i "` + strings.ReplaceAll(app, " ", "") + `.msi" /qn /norestart`
	w.info("    App enforcement environment: \n\tContext: Machine\n\tCommand line: %s\n\tAllow user interaction: No\n\tUI mode: 0\n\tUser token: null\n\tSession Id: -1\n\tContent path: %s\n\tWorking directory: ", command, folder)
	w.info("    Prepared working directory: %s", folder)
	w.info("    Executing Command line: %s with system context", command)
	w.info("    Post install behavior is BasedOnExitCode")
	w.info("    Waiting for process %d to finish.  Timeout = 120 minutes.", process)
	if took == 0 {
		return
	}
	w.at = at.Add(took)
	w.info("    Process %d terminated with exitcode: %d", process, exit)
	w.info("    Looking for exit code %d in exit codes table...", exit)
	switch {
	case exit != 0:
		w.fail("    Unmatched exit code (%d) is considered an execution failure.", exit)
		w.fail("++++++ App enforcement completed (%d seconds) for App DT \"%s\" [%s], Revision: 2, User SID: ] ++++++", int(took.Seconds()), dt, model)
	case r.Fault == StaysUnfound:
		w.info("    Matched exit code 0 to a Success entry in exit codes table.")
		w.info("    Performing detection of app deployment type %s(%s, revision 2) for system.", dt, model)
		w.warn("+++ Application not discovered. [AppDT Id: %s, Revision: 2]", model)
		w.fail("Failed to enforce App DT \"%s\". The application was not detected after installation completed. Error 0x87d00324", dt)
	default:
		w.info("    Matched exit code 0 to a Success entry in exit codes table.")
		w.info("+++ Discovered application [AppDT Id: %s, Revision: 2]", model)
		w.info("++++++ App enforcement completed (%d seconds) for App DT \"%s\" [%s], Revision: 2, User SID: ] ++++++", int(took.Seconds()), dt, model)
	}
}

// restart is a Restart Computer step: the engine hands over to the system, the
// log is put aside under its date, and the page resumes.
func (r *stepRun) restart(pointer int) {
	r.launch(`smsboot.exe /target:HD`)
	r.engine(1, "Process completed with exit code 0")
	r.engine(1, rule)
	r.engine(1, "Successfully completed the action (%s) with the exit win32 code 0", r.Name)
	r.report(r.Name, 0, true, pointer)
	r.engine(1, "Created volatile registry entry for pending reboot initiated by this task sequence")
	r.engine(1, "Updated security on object C:\\_SMSTaskSequence.")
	r.engine(1, "Initiating system reboot. ExitType=Reboot")
	t := r.sequence
	now := t.at
	t.d.off = append(t.d.off, pause{now, now.Add(95 * time.Second)})
	t.at = t.at.Add(75 * time.Second)
	dated := t.d.smstsFolder + "smsts-" + t.d.local(t.at).Format("20060102-150405") + ".log"
	t.d.logs[dated] = t.d.logs[t.path()]
	delete(t.d.logs, t.path())
	saved := t.d.now
	t.d.now = now.Add(95 * time.Second)
	t.d.loadPage(t.d.profile == PreProvisioned)
	t.d.startCategory(catSetup)
	t.d.monitorSetup()
	t.d.now = saved
	t.at = t.at.Add(50 * time.Second)
	t.start()
	t.engine(1, "The task execution engine started execution")
}
