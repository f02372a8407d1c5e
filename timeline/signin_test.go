package timeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"debrief/event"
	"debrief/internal/growth"
)

const (
	tasksBegin = " core @S-1-12-1-1-1-1-1 62170 LogonType=1 TaskName=AllLogonTasks\n"
	tasksEnd   = " core @S-1-12-1-1-1-1-1 62171 LogonType=1 TaskName=AllLogonTasks\n"
)

func TestSignIns(t *testing.T) {
	tests := []struct {
		name, story string
		want        []string
	}{
		{
			"the_shell_states_it", "09:00:00" + tasksBegin + "09:00:01 core @S-1-12-1-1-1-1-1 62170 TaskName=ShellPrep\n09:01:00" + tasksEnd,
			[]string{"sign-in S-1-12-1-1-1-1-1 09:00:00 to 09:01:00 succeeded how=logon-tasks first=true"},
		},
		{
			"tasks_that_were_not_seen_to_begin", "09:01:00" + tasksEnd,
			[]string{"sign-in S-1-12-1-1-1-1-1 09:01:00 to 09:01:00  how=first-record at-latest=true first=true"},
		},
		{
			"the_best_evidence_counts_and_the_first_moment",
			"08:59:58 aad @S-1-12-1-1-1-1-1 1097 Error=1\n08:59:59 system @S-1-5-18 7001 Provider=Microsoft-Windows-Winlogon UserSid=S-1-12-1-1-1-1-1\n09:00:00" + tasksBegin + "09:01:00" + tasksEnd,
			[]string{"sign-in S-1-12-1-1-1-1-1 08:59:58 to 09:01:00 succeeded how=winlogon first=true"},
		},
		{
			"a_token_tells_only_that_he_was_there", "08:59:58 aad @S-1-12-1-1-1-1-1 1097 Error=1\n09:30:00 aad @S-1-12-1-1-1-1-1 1097 Error=1",
			[]string{"sign-in S-1-12-1-1-1-1-1 08:59:58 to 08:59:58  how=first-record at-latest=true first=true"},
		},
		{
			"the_agent_found_his_session", "10:00:00 ime [Win32App] ... Processing user session 0, userId: 0, userSID:  ...\n10:01:00 ime [Win32App] ... Processing user session 2, userId: 5, userSID: S-1-5-21-7-8-9-1104 ...",
			[]string{"sign-in S-1-5-21-7-8-9-1104 10:01:00 to 10:01:00  how=agent at-latest=true first=true"},
		},
		{
			"accounts_of_windows_are_no_users",
			"10:00:00 aad @S-1-5-18 1097 Error=1\n10:00:01 aad @S-1-5-21-7-8-9-500 1097 Error=1\n10:00:02 system @S-1-5-18 7001 Provider=Microsoft-Windows-Winlogon UserSid=S-1-5-90-0-1\n10:00:03 system @S-1-5-18 7001 Provider=Service UserSid=S-1-12-1-1-1-1-1",
			nil,
		},
		{
			"an_interactive_logon_of_the_security_log",
			"10:00:00 security 4624 LogonType=5 TargetUserSid=S-1-5-18\n10:00:01 security 4624 LogonType=7 TargetUserSid=S-1-12-1-9-9-9-9\n10:00:02 security 4624 LogonType=2 TargetUserSid=S-1-12-1-1-1-1-1\n10:00:02 security 4624 LogonType=2 TargetUserSid=S-1-12-1-1-1-1-1",
			[]string{"sign-in S-1-12-1-1-1-1-1 10:00:02 to 10:00:02  how=security-log first=true"},
		},
		{
			"oobe_runs_under_an_account_of_its_own",
			"08:00:00 page @S-1-5-21-1-2-3-1000 OobeKeyboard\n08:00:01 core @S-1-5-21-1-2-3-1000 62170 TaskName=AllLogonTasks\n08:10:00 security 4624 LogonType=2 TargetUserSid=S-1-5-21-4-5-6-1001 TargetUserName=defaultuser0",
			nil,
		},
		{
			"the_account_setup_of_the_first_user", deviceStory + firstStory,
			[]string{"sign-in S-1-12-1-1-1-1-1 09:30:00 to 09:30:00  how=account-setup at-latest=true first=true"},
		},
		{
			"the_shell_starts_after_the_account_setup", deviceStory + firstStory + "09:41:00" + tasksBegin + "09:41:20" + tasksEnd,
			[]string{"sign-in S-1-12-1-1-1-1-1 09:30:00 to 09:41:20 succeeded how=logon-tasks first=true"},
		},
		{
			"a_later_sign_in_counts_where_an_attempt_is_on",
			deviceStory + "09:30:00" + tasksBegin + firstStory + "d3 09:00:00" + tasksBegin,
			[]string{"sign-in S-1-12-1-1-1-1-1 09:30:00 to 09:30:00  how=logon-tasks first=true"},
		},
		{
			"signed_in_again_during_the_account_setup",
			deviceStory + "09:30:00" + tasksBegin + "09:30:10" + tasksEnd + strings.Replace(firstStory, "09:40:01", "09:50:01", 1) + "09:45:00" + tasksBegin + "09:45:30" + tasksEnd,
			[]string{
				"sign-in S-1-12-1-1-1-1-1 09:30:00 to 09:30:10 succeeded how=logon-tasks first=true",
				"sign-in S-1-12-1-1-1-1-1 09:45:00 to 09:45:30 succeeded how=logon-tasks",
			},
		},
		{
			"a_restart_ends_what_the_shell_did",
			"09:00:00" + tasksBegin + "09:01:00 system 6006 \n09:03:00 system 6005 \n09:20:00" + tasksEnd,
			[]string{"sign-in S-1-12-1-1-1-1-1 09:00:00 to 09:00:00  how=logon-tasks first=true"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := spanLines(t, tt.story, []Kind{KindSignIn}, "how", "at-latest", "first")
			if !slices.Equal(got, tt.want) {
				t.Errorf("sign-ins are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

// Work grows with the records, also where each is a sign-in after a restart, and
// the number of users is bounded.
func TestSignInsGrowth(t *testing.T) {
	growth.Linear(t, 4000, func(n int) func() {
		var in Input
		for i := range n {
			at := storyDay.Add(time.Duration(i) * 10 * time.Minute)
			in.Events = append(in.Events,
				event.Event{Time: at, Clock: event.ClockDeclared, Source: event.SystemLog, ID: 6006, Pos: event.Pos{File: "a", Offset: int64(2 * i)}},
				event.Event{Time: at.Add(time.Minute), Clock: event.ClockDeclared, Source: event.SystemLog, ID: 7001, Provider: "Microsoft-Windows-Winlogon", Fields: event.Fields{{Name: "UserSid", Value: fmt.Sprintf("S-1-12-1-%d", i%100)}}, Pos: event.Pos{File: "a", Offset: int64(2*i + 1)}},
			)
		}
		return func() {
			users := 0
			tl := Build(in)
			for i := range tl.Spans {
				if tl.Spans[i].Kind == KindSignIn {
					users++
				}
			}
			if users != maxSignInUsers {
				t.Errorf("%d sign-ins are kept", users)
			}
		}
	})
}
