package timeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// spanLines builds the timeline of a story and prints its spans of the given
// kinds, in order: kind, name, start, end, state, code, and the named fields.
func spanLines(t *testing.T, story string, kinds []Kind, fields ...string) []string {
	t.Helper()
	var out []string
	tl := Build(parseStory(t, story))
	checkTimeline(t, tl)
	for i := range tl.Spans {
		s := &tl.Spans[i]
		if !slices.Contains(kinds, s.Kind) {
			continue
		}
		end := storyClock(s.End)
		if s.End.IsZero() && !s.LastSeen.IsZero() {
			end = "(" + storyClock(s.LastSeen) + ")"
		}
		line := fmt.Sprintf("%s %s %s to %s %s", s.Kind, s.Name, storyClock(s.Start), end, s.State)
		if s.Code != 0 {
			line += fmt.Sprintf(" 0x%08x", s.Code)
		}
		for _, f := range fields {
			if v, ok := s.Fields.Get(f); ok {
				line += " " + f + "=" + v
			}
		}
		out = append(out, strings.ReplaceAll(line, ".000", ""))
	}
	return out
}

// espStory writes the records of a page: "prep", "prep-ok", "prep-failed", … .
func espStory(lines ...string) string {
	words := map[string]string{
		"load":       "ESPProgress_Initialization_ResumingAfterReboot The page is resuming after a reboot.",
		"clock":      "ESPProgress_ESPTimeOutValue_Applied Applying the ESP Timeout value: 60 minutes.",
		"again":      "ESPProgress_TryAgain_Started Try again.",
		"exit":       "ESPProgress_Page_Exiting Exiting page normally...",
		"prep":       "ESPProgress_Category_Started Starting category DevicePreparationCategory...",
		"prep-ok":    "ESPProgress_Category_Success Category DevicePreparationCategory succeeded.",
		"prep-bad":   "ESPProgress_Category_Failed Category DevicePreparationCategory failed.",
		"setup":      "ESPProgress_Category_Started Starting category DeviceSetupCategory...",
		"setup-ok":   "ESPProgress_Category_Success Category DeviceSetupCategory succeeded.",
		"setup-bad":  "ESPProgress_Category_Failed Category DeviceSetupCategory failed. [2147942402]",
		"apps":       "BootstrapStatusCategory_SubcategoryProcessing_Started Starting subcategory DeviceSetup.AppsSubcategory...",
		"apps-error": "ESPDeviceSetup_ApplicationsInstallation_Failed App installation failed. [2147944003]",
		"apps-bad":   "BootstrapStatusCategory_SubcategoryProcessing_Failed Subcategory ID = DeviceSetup.AppsSubcategory; state = failed.",
		"apps-again": "BootstrapStatusCategory_SubcategoryProcessing_Failed Subcategory ID = DeviceSetup.AppsSubcategory; state = rebootRequiredAndTryAgain.",
	}
	for i, l := range lines {
		at, word, _ := strings.Cut(l, " ")
		if strings.HasPrefix(at, "d") {
			day := at
			at, word, _ = strings.Cut(word, " ")
			at = day + " " + at
		}
		lines[i] = at + " shell " + words[word]
	}
	return strings.Join(lines, "\n")
}

func TestESP(t *testing.T) {
	pages := []Kind{KindSession, KindPage}
	tests := []struct {
		name, story string
		kinds       []Kind
		want        []string
	}{
		{
			"clock_starts_at_the_applied_timeout", espStory("01:00:00 load", "01:00:10 clock", "01:00:11 prep", "02:00:10 prep-bad"), pages,
			[]string{"session 1 01:00:00 to 02:00:10 timed-out", "page device 01:00:10 to 02:00:10 timed-out"},
		},
		{
			"failure_long_before_the_timeout", espStory("01:00:10 clock", "01:00:11 prep", "01:20:00 prep-bad"), pages,
			[]string{"session 1 01:00:10 to 01:20:00 failed", "page device 01:00:10 to 01:20:00 failed"},
		},
		{
			"failure_long_after_the_timeout", espStory("01:00:10 clock", "01:00:11 prep", "02:20:00 prep-bad"), pages,
			[]string{"session 1 01:00:10 to 02:20:00 failed", "page device 01:00:10 to 02:20:00 failed"},
		},
		{
			"log_begins_inside_a_page", espStory("01:00:00 apps-bad", "01:00:01 setup-bad"), []Kind{KindPage, KindPhase, KindSubcategory},
			[]string{"page page 01:00:00 to 01:00:01 failed", "phase DeviceSetup ? to 01:00:01 failed 0x80070002", "subcategory DeviceSetup.AppsSubcategory ? to 01:00:00 failed"},
		},
		{
			"restart_keeps_the_session", espStory("01:00:00 clock", "01:00:01 prep", "01:05:00 prep-ok", "01:05:01 setup", "01:10:00 load", "01:10:01 clock", "01:10:02 prep", "01:11:00 prep-ok"), pages,
			[]string{"session 1 01:00:00 to (01:11:00) running", "page device 01:00:00 to 01:05:01 cancelled", "page device 01:10:01 to (01:11:00) running"},
		},
		{
			"try_again_keeps_the_session", espStory("01:00:00 clock", "01:00:01 prep", "01:05:00 prep-bad", "01:06:00 again", "01:06:01 prep", "01:07:00 prep-ok", "01:07:01 exit"), pages,
			[]string{"session 1 01:00:00 to 01:07:01 succeeded", "page device 01:00:00 to 01:05:00 failed", "page device 01:06:01 to 01:07:01 succeeded"},
		},
		{
			"another_start_after_a_failure_is_another_session", espStory("01:00:00 clock", "01:00:01 prep", "01:05:00 prep-bad", "01:30:00 load", "01:30:01 clock", "01:30:02 prep"), pages,
			[]string{"session 1 01:00:00 to 01:05:00 failed", "page device 01:00:00 to 01:05:00 failed", "session 2 01:30:00 to (01:30:02) running", "page device 01:30:01 to (01:30:02) running"},
		},
		{
			"an_interrupted_run_is_taken_up_days_later", espStory("01:00:00 clock", "01:00:01 prep", "d3 01:00:00 load", "d3 01:00:01 prep"), pages,
			[]string{"session 1 01:00:00 to (01:00:01) ", "page device 01:00:00 to 01:00:01 cancelled", "session 2 d3 01:00:00 to (d3 01:00:01) running", "page device d3 01:00:01 to (d3 01:00:01) running"},
		},
		{
			"code_reaches_the_subcategory", espStory("01:00:00 setup", "01:00:01 apps", "01:09:00 apps-error", "01:09:01 apps-bad", "01:09:02 setup-bad"), []Kind{KindPage, KindPhase, KindSubcategory},
			[]string{"page device 01:00:00 to 01:09:02 failed 0x80070643", "phase DeviceSetup 01:00:00 to 01:09:02 failed 0x80070643", "subcategory DeviceSetup.AppsSubcategory 01:00:01 to 01:09:01 failed 0x80070643"},
		},
		{
			"restart_wanted_by_a_subcategory", espStory("01:00:00 setup", "01:00:01 apps", "01:09:00 apps-again"), []Kind{KindSubcategory},
			[]string{"subcategory DeviceSetup.AppsSubcategory 01:00:01 to 01:09:00 cancelled"},
		},
		{
			"category_that_never_ran", espStory("01:00:00 clock", "01:00:01 prep", "01:05:00 prep-bad", "01:05:01 setup-bad"), []Kind{KindPage, KindPhase},
			[]string{"page device 01:00:00 to 01:05:00 failed", "phase DevicePreparation 01:00:01 to 01:05:00 failed", "phase DeviceSetup 01:05:01 to 01:05:01 skipped"},
		},
		{
			"record_without_time", "- shell ESPDevicePreparation_PolicyProvidersInstallation_TimedOut Timed out. [2147943860]", []Kind{KindProvider},
			[]string{"provider policy providers ? to ? timed-out 0x800705b4"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, spanLines(t, tt.story, tt.kinds)); diff != "" {
				t.Errorf("spans (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTaskSequence(t *testing.T) {
	kinds := []Kind{KindTaskSequence, KindGroup, KindStep}
	run := func(lines ...string) string {
		for i, l := range lines {
			lines[i] = fmt.Sprintf("01:00:%02d smsts TSManager: %s", i, l)
		}
		return strings.Join(lines, "\n")
	}
	const start = "Start executing an instruction. Instruction name: "
	tests := []struct {
		name, story string
		want        []string
	}{
		{
			"open_at_the_end", run("Starting Task Sequence Engine . . . ", start+"A. Instruction pointer: 0", "something"),
			[]string{"task-sequence task sequence 01:00:00 to (01:00:02) running", "step A 01:00:01 to (01:00:02) running"},
		},
		{
			"quoted_name_without_pointer", run(start+"'A b'", "Process completed with exit code 5", start+"'C'", "Process completed with exit code 0", start+"'D'"),
			[]string{
				"task-sequence task sequence 01:00:00 to (01:00:04) running",
				"step A b 01:00:00 to (01:00:02)  exit=5", "step C 01:00:02 to 01:00:03 succeeded exit=0", "step D 01:00:04 to (01:00:04) running",
			},
		},
		{
			"started_over", run("Starting Task Sequence Engine . . . ", start+"A. Instruction pointer: 0", "Starting Task Sequence Engine . . . ", start+"A. Instruction pointer: 0", "Task Sequence Engine completed successfully"),
			[]string{
				"task-sequence task sequence 01:00:00 to 01:00:03 cancelled", "step A 01:00:01 to (01:00:03) ",
				"task-sequence task sequence 01:00:03 to 01:00:04 succeeded", "step A 01:00:03 to (01:00:04) ",
			},
		},
		{
			"step_open_across_a_restart", run(start+"A. Instruction pointer: 3", "Starting Task Sequence Engine . . . ", start+"A. Instruction pointer: 3", "Successfully completed the action (A) with the exit win32 code 0"),
			[]string{"task-sequence task sequence 01:00:00 to (01:00:03) running", "step A 01:00:00 to 01:00:03 succeeded exit=0"},
		},
		{
			"same_name_twice_is_two_steps", run(start+"A. Instruction pointer: 3", "Successfully completed the action (A) with the exit win32 code 0", start+"A. Instruction pointer: 4", "Successfully completed the action (A) with the exit win32 code 0"),
			[]string{"task-sequence task sequence 01:00:00 to (01:00:03) running", "step A 01:00:00 to 01:00:01 succeeded exit=0", "step A 01:00:02 to 01:00:03 succeeded exit=0"},
		},
		{
			"failure_without_a_code", run(start+"A. Instruction pointer: 3", "Process completed with exit code 17022", "Failed to run the action: A. Something went wrong", "Task sequence execution failed with error code 0x80004005"),
			[]string{"task-sequence task sequence 01:00:00 to 01:00:03 failed 0x80004005", "step A 01:00:00 to 01:00:02 failed 0x0000427e exit=17022 error=Something went wrong"},
		},
		{
			"failure_of_an_unknown_step", run(`Failed to run the action: Apply (x) 1.0.\nThe parameter is incorrect. (Error: 80070057; Source: Windows)`),
			[]string{"task-sequence task sequence 01:00:00 to (01:00:00) running", "step Apply (x) 1.0 ? to 01:00:00 failed 0x80070057 error=The parameter is incorrect. (Error: 80070057; Source: Windows)"},
		},
		{
			"groups", run(start+"G. Instruction pointer: 0", "The group (G) has been successfully started", start+"H. Instruction pointer: 1", "The group (H) has been skipped because it is disabled",
				start+"I. Instruction pointer: 2", "The action (I) has been skipped because it is disabled", start+"G. Instruction pointer: 3", "The group (G) has been successfully completed"),
			[]string{
				"task-sequence task sequence 01:00:00 to (01:00:07) running", "group G 01:00:00 to 01:00:07 succeeded",
				"group H 01:00:02 to 01:00:03 skipped reason=disabled", "step I 01:00:04 to 01:00:05 skipped reason=disabled",
			},
		},
		{
			"failed_group", run(start+"G. Instruction pointer: 0", "The group (G) has been successfully started", `The execution of the group (G) has failed and the execution has been aborted. An action failed.\nOperation aborted (Error: 80004004; Source: Windows)`),
			[]string{"task-sequence task sequence 01:00:00 to (01:00:02) running", "group G 01:00:00 to 01:00:02 failed 0x80004004"},
		},
		{
			"engine_result", run("The task execution engine started execution", "Execution engine result code: Failure (1)"),
			[]string{"task-sequence task sequence 01:00:00 to 01:00:01 failed 0x00000001"},
		},
		{"cleaning_up_alone_is_no_run", run("Cleaning Up.", "Process completed with exit code 0", "Task Sequence Engine completed successfully"), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, spanLines(t, tt.story, kinds, "exit", "error", "reason")); diff != "" {
				t.Errorf("spans (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCcmsetup(t *testing.T) {
	tests := []struct {
		name, story string
		want        []string
	}{
		{
			"reboot_needed", "01:00:00 ccmsetup 1 ==========[ ccmsetup started in process 9 ]==========\n01:00:09 ccmsetup 1 CcmSetup is exiting with return code 7",
			[]string{"ccmsetup 1 01:00:00 to 01:00:09 succeeded 0x00000007 exit=7"},
		},
		{
			"failed_while_downloading", "01:00:00 ccmsetup 1 ==========[ ccmsetup started in process 9 ]==========\n01:00:01 ccmsetup 1 Starting BITS download for client deployment files.\n01:00:09 ccmsetup 1 CcmSetup failed with error code 0x80072ee7",
			[]string{"ccmsetup 1 01:00:00 to 01:00:09 failed 0x80072ee7 exit=2147954407", "download client deployment files 01:00:01 to 01:00:09 failed 0x80072ee7"},
		},
		{
			"download_fails_and_is_tried_again", "01:00:00 ccmsetup 1 ==========[ ccmsetup started in process 9 ]==========\n01:00:01 ccmsetup 1 Starting BITS download for client deployment files.\n01:00:02 ccmsetup 1 Download Update: 10% complete. 10 out of 100 bytes transferred\n01:00:03 ccmsetup 1 Failed to download client files by BITS. Error 0x80190194\n01:00:04 ccmsetup 1 Next retry in 10 minute(s)...\n01:10:05 ccmsetup 1 Starting BITS download for client deployment files.",
			[]string{"ccmsetup 1 01:00:00 to (01:10:05) running retries=1", "download client deployment files 01:00:01 to 01:00:03 failed 0x80190194 bytes=10 total=100", "download client deployment files 01:10:05 to (01:10:05) running"},
		},
		{
			"log_begins_inside_a_run", "01:00:00 ccmsetup 1 Download Update: Currently downloaded 5 out of total 50 bytes\n01:00:09 ccmsetup 1 CcmSetup is exiting with return code 0",
			[]string{"ccmsetup 1 01:00:00 to 01:00:09 succeeded exit=0 start=cut", "download client deployment files 01:00:00 to 01:00:09 failed bytes=5 total=50 start=cut"},
		},
		{
			"runs_without_an_end", "01:00:00 ccmsetup 1 ==========[ ccmsetup started in process 1 ]==========\n02:00:00 ccmsetup 2 ==========[ ccmsetup started in process 2 ]==========\n03:00:00 ccmsetup 3 ==========[ ccmsetup started in process 3 ]==========\n03:30:00 ccmsetup 3 anything",
			[]string{"ccmsetup 1 01:00:00 to (03:00:00) ", "ccmsetup 2 02:00:00 to ? ", "ccmsetup 3 03:00:00 to (03:30:00) running"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := spanLines(t, tt.story, []Kind{KindCcmsetup, KindDownload}, "exit", "retries", "bytes", "total", "start")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("spans (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReboots(t *testing.T) {
	tests := []struct {
		name, story string
		want        []string
	}{
		{"stop_and_start", "01:00:00 ime x\n01:00:05 system 1074\n01:00:07 system 6006\n01:02:00 system 6005\n01:02:01 ime x", []string{"reboot restart 01:00:07 to 01:02:00 succeeded"}},
		{"start_alone", "01:00:00 ime x\n01:00:07 ime x\n01:02:00 system 12 Provider=Microsoft-Windows-Kernel-General\n01:02:01 system 6005\n01:02:02 ime x", []string{"reboot restart 01:00:07 to 01:02:00 succeeded"}},
		{"stop_alone", "01:00:00 smsts TSManager: Calling RebootSystem()\n01:00:03 ime x\n01:02:00 ime x\n01:02:10 ime x", []string{"reboot restart 01:00:03 to 01:02:00 succeeded"}},
		{"announced_and_not_seen", "01:00:00 smsts TSManager: Calling RebootSystem()\n01:00:03 ime x\n01:00:06 ime x", []string{"reboot restart 01:00:00 to (01:00:00) "}},
		{"log_begins_at_the_start", "01:00:00 setup WinDeploy.exe launched with command-line []...\n01:00:03 ime x", nil},
		{"two_restarts", "01:00:00 ime x\n01:01:00 system 6005\n01:04:50 system 6006\n01:06:00 system 6005", []string{"reboot restart 01:00:00 to 01:01:00 succeeded", "reboot restart 01:04:50 to 01:06:00 succeeded"}},
		{"other_provider_with_the_same_id", "01:00:00 ime x\n01:02:00 system 12 Provider=Else\n01:02:01 system 41 Provider=Else", nil},
		{"coalescing_is_routine", "01:00:00 shell BootstrapStatusCategory_SubcategoryProcessing_Started Starting subcategory DeviceSetup.RebootCoalescing...\n01:02:00 ime x", nil},
		{"coalesced_restart", "01:00:00 shell BootstrapStatusCategory_RebootCoalescing_Initiated Rebooting.\n01:02:00 ime x", []string{"reboot restart 01:00:00 to 01:02:00 succeeded"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, spanLines(t, tt.story, []Kind{KindReboot})); diff != "" {
				t.Errorf("spans (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGaps(t *testing.T) {
	tests := []struct {
		name, story string
		want        []string
	}{
		{"while_waiting", espStory("01:00:00 clock", "01:00:01 prep", "01:30:00 prep-ok"), []string{"gap silence 01:00:01 to 01:30:00 "}},
		{"short", espStory("01:00:00 clock", "01:00:01 prep", "01:09:00 prep-ok"), nil},
		{"between_pages", espStory("01:00:00 clock", "01:00:01 prep", "01:05:00 exit", "01:55:00 load", "01:55:01 clock", "01:55:02 setup"), nil},
		{"outside_any_session", "01:00:00 smsts TSManager: Starting Task Sequence Engine\n02:00:00 smsts TSManager: Task Sequence Engine completed successfully", nil},
		{"another_source_speaks", espStory("01:00:00 clock", "01:00:01 prep", "01:18:00 prep-ok") + "\n01:09:00 ime x", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, spanLines(t, tt.story, []Kind{KindGap})); diff != "" {
				t.Errorf("spans (-want +got):\n%s", diff)
			}
		})
	}
}
