package synth

import (
	"fmt"
	"strings"
	"time"
)

// StepKind is the kind of a task sequence step.
type StepKind uint8

// The kinds. RunCommand is the zero value.
const (
	RunCommand StepKind = iota
	RunScript           // Run PowerShell Script
	InstallApp          // Install Application
	Restart             // Restart Computer: the device comes back to the page
)

// StepFault is what goes wrong in a step.
type StepFault uint8

// The faults. NoFault is the zero value.
const (
	NoFault       StepFault = iota
	ExitsWith               // the program ends with Step.Exit
	Hangs                   // starts and is not heard of again
	ContentAbsent           // no distribution point holds the content
	StaysUnfound            // the program succeeds and the application is not detected
)

// Step is one step of a task sequence.
type Step struct {
	Name            string
	Kind            StepKind
	Minutes         float64
	Fault           StepFault
	Exit            uint32
	ContinueOnError bool
}

// Sequence runs a task sequence through the ConfigMgr client during device
// setup. It runs on after the page has given up.
type Sequence struct {
	Steps []Step
}

func (e Sequence) apply(d *device) {
	const app = "Provisioning_TS"
	t := &sequence{d: d, at: d.now.Add(12 * time.Second), group: "Install applications"}
	d.provider("ConfigMgr").tracking = 1
	states := []appState{{t.at, inProgress}}
	t.begin(len(e.Steps))
	for i, s := range e.Steps {
		if !t.step(i+1, s) {
			break
		}
	}
	if t.hung {
		d.appsEnd = d.deadline.Add(24 * time.Hour)
		d.track("ConfigMgr", app, states...)
		return
	}
	t.end()
	last := complete
	if t.failed != 0 {
		last = failedState
	}
	d.track("ConfigMgr", app, append(states, appState{t.at, last})...)
	d.appsEnd = t.at
}

// NotAssigned is a PROVISIONTS that names no deployment of the device's collection.
type NotAssigned struct{}

func (NotAssigned) apply(d *device) {
	d.provider("ConfigMgr").tracking = 1
	d.track("ConfigMgr", "Provisioning_TS")
	w := d.writer(ccmLogs+"execmgr.log", "execmgr", d.now.Add(10*time.Second))
	for w.at.Before(d.deadline) {
		w.info("Looking for task sequence deployment %s requested by PROVISIONTS", d.id.tsRoll)
		w.fail("No task sequence policies assigned. Deployment %s, error 0x87D00291", d.id.tsRoll)
		w.at = w.at.Add(10 * time.Minute)
	}
	d.appsEnd = d.deadline.Add(24 * time.Hour)
}

// sequence writes smsts.log as the engine and its steps do.
type sequence struct {
	d      *device
	at     time.Time
	group  string
	failed uint32
	action string // the step that failed
	hung   bool
}

func (t *sequence) path() string { return t.d.smstsFolder + "smsts.log" }

func (t *sequence) put(component string, kind int, format string, args ...any) {
	t.d.log(t.path(), component, t.at, kind, format, args...)
	t.at = t.at.Add(time.Duration(t.d.r.between(5, 40)) * time.Millisecond)
}

func (t *sequence) engine(kind int, format string, args ...any) {
	t.put("TSManager", kind, format, args...)
}

func (t *sequence) wait(about time.Duration) {
	t.at = t.at.Add(t.d.r.duration(about*9/10, about*11/10).Truncate(time.Millisecond))
}

func (t *sequence) set(name string, value any) {
	t.engine(0, "Set a global environment variable %s=%v", name, value)
}

func (t *sequence) begin(steps int) {
	w := t.d.writer(ccmLogs+"execmgr.log", "execmgr", t.at)
	w.info("Execution Request for advert %s package %s program * state change from WaitingDependency to Running", t.d.id.tsRoll, t.d.id.tsPackage)
	t.put("TsProgressUI", 1, "==========[ TsProgressUI started in process %d ]==========", t.d.r.between(500, 3000)*4)
	t.engine(1, "Successfully initialized Logging for Task Sequence Manager.")
	t.engine(1, `Commandline: C:\WINDOWS\CCM\TSManager.exe /service`)
	t.start()
	t.engine(0, "Task sequence schema version is 3.10")
	t.set("_SMSTSInstructionTableSize", steps+1)
	t.set("_SMSTSPackageID", t.d.id.tsPackage)
	t.set("_SMSTSAdvertID", t.d.id.tsRoll)
	t.set("_SMSTSPackageName", t.d.id.tsName)
	t.engine(1, "The task execution engine started execution")
	t.engine(1, "The action (Write diagnostics) has been skipped because it is disabled")
	t.engine(1, "The group (%s) has been successfully started", t.group)
}

// start is how the engine begins, also after a restart.
func (t *sequence) start() {
	t.engine(1, "Executing as a service")
	t.engine(1, "Started ServiceMain")
	t.engine(1, "Task Sequence Manager executing as service main thread")
	t.engine(1, "Starting Task Sequence Engine . . . ")
	t.engine(1, stars)
	t.engine(2, "GetTsRegValue() is unsuccessful. 0x80070002.")
	t.engine(2, "RegQueryValueExW is unsuccessful for Software\\Microsoft\\SMS\\Task Sequence, SMSTSEndProgram")
}

const (
	stars = "****************************************************************************"
	rule  = "!--------------------------------------------------------------------------------------------!"
)

// step runs one step and reports whether the sequence goes on.
func (t *sequence) step(pointer int, s Step) bool {
	t.engine(1, "Start executing an instruction. Instruction name: %s. Instruction pointer: %d", s.Name, pointer)
	t.set("_SMSTSCurrentActionName", s.Name)
	t.set("_SMSTSNextInstructionPointer", pointer)
	run := stepRun{sequence: t, Step: s, took: time.Duration(s.Minutes * float64(time.Minute))}
	var exit uint32
	switch s.Kind {
	case RunCommand:
		exit = run.command("smsswd.exe /run:" + t.d.id.site + "00021 " + commandOf(s.Name))
	case RunScript:
		exit = run.script()
	case InstallApp:
		exit = run.app()
	case Restart:
		run.restart(pointer)
		return true
	}
	if t.hung {
		return false
	}
	t.engine(1, "Process completed with exit code %d", exit)
	t.engine(1, rule)
	if exit != 0 && exit != 3010 {
		return t.stepFails(s, exit, pointer)
	}
	t.engine(1, "Successfully completed the action (%s) with the exit win32 code %d", s.Name, exit)
	t.report(s.Name, exit, true, pointer)
	return true
}

// report is what the engine notes after a step that ended well or was let pass.
func (t *sequence) report(name string, exit uint32, ok bool, pointer int) {
	t.engine(1, "MP server https://%s. Ports 80,443. CRL=false.", t.d.id.cmg)
	t.engine(1, "Setting authenticator")
	t.engine(1, "Sending StatusMessage")
	t.engine(1, "In SSL, but with no client cert.")
	t.engine(0, "Request was successful.")
	t.set("_SMSTSLastActionRetCode", int32(exit))
	t.set("_SMSTSLastActionName", name)
	t.set("_SMSTSLastActionSucceeded", ok)
	t.engine(0, "Clear local default environment")
	t.engine(1, `Updated security on object C:\_SMSTaskSequence.`)
	t.set("_SMSTSNextInstructionPointer", pointer+1)
	t.engine(0, "Save the current environment block")
}

// errorTexts are the words for codes that steps end with.
var errorTexts = map[uint32]string{
	0x80070643: "Fatal error during installation.",
	0x00000001: "Incorrect function.",
	0x80004004: "Operation aborted",
	0x87d00324: "The application was not detected after installation completed.",
	0x87d00607: "Content not found",
}

// describe renders a code as the engine does at the end of a failure.
func describe(code uint32) string {
	text, ok := errorTexts[code]
	if !ok {
		text = "Unknown error"
	}
	source := "Windows"
	if code>>16 == 0x87d0 {
		source = "CCM"
	}
	return fmt.Sprintf("%s (Error: %08X; Source: %s)", text, code, source)
}

func (t *sequence) stepFails(s Step, exit uint32, pointer int) bool {
	t.engine(3, "Failed to run the action: %s. \n%s", s.Name, describe(exit))
	t.report(s.Name, exit, false, pointer)
	t.engine(1, "Let the parent group (%s) decides whether to continue execution", t.group)
	if s.ContinueOnError {
		return true
	}
	t.failed, t.action = exit, s.Name
	return false
}

func (t *sequence) end() {
	if t.failed != 0 {
		t.engine(3, "The execution of the group (%s) has failed and the execution has been aborted. An action failed. \n%s", t.group, describe(0x80004004))
		t.engine(3, "Failed to run the last action: %s. Execution of task sequence failed. \n%s", t.action, describe(t.failed))
		t.engine(3, "Task Sequence Engine failed! Code: enExecutionFail")
		t.engine(1, stars)
		t.engine(3, "Task sequence execution failed with error code 80004005")
	} else {
		t.engine(1, stars)
		t.engine(1, "Execution engine result code: Success (0)")
		t.engine(1, "The task execution engine successfully completed the execution")
		t.engine(1, "Task Sequence Engine completed successfully")
	}
	t.engine(3, "ReleaseRequest failed with error code 0x80004005")
	t.engine(1, "Cleaning Up.")
	t.engine(2, `RemoveDirectoryW failed (0x80070091) for C:\_SMSTaskSequence`)
	t.engine(2, `Unable to delete file C:\_SMSTaskSequence\TSEnv.dat (0x80070005). Continuing.`)
	if t.failed != 0 {
		t.engine(3, "Error Task Sequence Manager failed to execute task sequence. Code 0x80004005")
	}
	t.engine(1, `Successfully finalized logs to SMS client log directory from C:\WINDOWS\CCM\Logs`)
	t.wait(2 * time.Second)
}

// commandOf makes a plausible command of a step's name.
func commandOf(name string) string {
	file := strings.ReplaceAll(name, " ", "")
	return `cmd.exe /c .\` + file + `.cmd`
}
