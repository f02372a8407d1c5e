package timeline

import (
	"slices"
	"strings"
	"testing"
)

// The device is prepared under its own account; two users sign in after.
const (
	ownAccount = "@S-1-5-21-1-2-3-1000"
	firstUser  = "@S-1-12-1-1-1-1-1"
	secondUser = "@S-1-12-1-2-2-2-2"

	deviceStory = `
09:00:00 shell ` + ownAccount + ` ESPProgress_Initialization_ResumingAfterReboot loaded
09:00:01 shell ` + ownAccount + ` ESPProgress_ESPTimeOutValue_Applied timeout 60 minutes
09:00:02 shell ` + ownAccount + ` ESPProgress_Category_Started Category DevicePreparationCategory started.
09:10:00 shell ` + ownAccount + ` ESPProgress_Category_Success Category DevicePreparationCategory succeeded.
09:10:01 shell ` + ownAccount + ` ESPProgress_Category_Started Category DeviceSetupCategory started.
09:20:00 shell ` + ownAccount + ` ESPProgress_Category_Success Category DeviceSetupCategory succeeded.
09:20:01 shell ` + ownAccount + ` ESPProgress_Page_Exiting done
`
	firstStory = `
09:30:00 shell ` + firstUser + ` ESPProgress_Initialization_ResumingAfterReboot loaded
09:30:01 shell ` + firstUser + ` ESPProgress_Category_Started Category AccountSetupCategory started.
09:40:00 shell ` + firstUser + ` ESPProgress_Category_Success Category AccountSetupCategory succeeded.
09:40:01 shell ` + firstUser + ` ESPProgress_Page_Exiting done
`
)

// spansOf renders the spans of a kind.
func spansOf(tl *Timeline, kind Kind) []string {
	var out []string
	for i := range tl.Spans {
		if tl.Spans[i].Kind == kind {
			text, _, _ := strings.Cut(renderSpan(&tl.Spans[i]), " <")
			out = append(out, text)
		}
	}
	return out
}

func outcomes(tl *Timeline) []string {
	var out []string
	for i := range tl.Facts {
		if tl.Facts[i].Name == "session.outcome" {
			out = append(out, tl.Facts[i].Key+" "+tl.Facts[i].Text)
		}
	}
	return out
}

// A second user's Account setup days later fails: the enrolment of the device
// and its first user stays a success.
func TestSecondUserLater(t *testing.T) {
	in := parseStory(t, deviceStory+firstStory+`
d3 11:00:00 shell `+secondUser+` ESPProgress_Initialization_ResumingAfterReboot loaded
d3 11:00:01 shell `+secondUser+` ESPProgress_Category_Started Category AccountSetupCategory started.
d3 11:30:00 shell `+secondUser+` ESPProgress_Category_Failed Category AccountSetupCategory failed. [2147942402]
d3 11:30:01 shell `+secondUser+` ESPProgress_ErrorButtons_Displayed shown
`)
	tl := Build(in)
	if got := outcomes(tl); !slices.Equal(got, []string{"1 succeeded", "2 failed"}) {
		t.Errorf("outcomes are %q", got)
	}
	if got := spansOf(tl, KindSession); len(got) != 2 || !strings.Contains(got[0], `09:40:01.000 succeeded`) || !strings.Contains(got[1], `user="S-1-12-1-2-2-2-2"`) {
		t.Errorf("sessions are\n%s", strings.Join(got, "\n"))
	}
}

// Two users sign in at the same time: neither cuts off the other's phase.
func TestTwoUsersAtOnce(t *testing.T) {
	in := parseStory(t, deviceStory+`
09:30:00 shell `+firstUser+` ESPProgress_Initialization_ResumingAfterReboot loaded
09:30:01 shell `+firstUser+` ESPProgress_Category_Started Category AccountSetupCategory started.
09:31:00 shell `+secondUser+` ESPProgress_Initialization_ResumingAfterReboot loaded
09:31:01 shell `+secondUser+` ESPProgress_Category_Started Category AccountSetupCategory started.
09:31:30 shell `+firstUser+` BootstrapStatusCategory_SubcategoryProcessing_Started Subcategory ID = AccountSetup.AppsSubcategory; state = inProgress.
09:35:00 shell `+secondUser+` ESPProgress_Category_Failed Category AccountSetupCategory failed. [2147942402]
09:35:01 shell `+secondUser+` ESPProgress_ErrorButtons_Displayed shown
09:39:00 shell `+firstUser+` BootstrapStatusCategory_SubcategoryProcessing_Success Subcategory ID = AccountSetup.AppsSubcategory; state = succeeded.
09:40:00 shell `+firstUser+` ESPProgress_Category_Success Category AccountSetupCategory succeeded.
09:40:01 shell `+firstUser+` ESPProgress_Page_Exiting done
`)
	tl := Build(in)
	if got := outcomes(tl); !slices.Equal(got, []string{"1 succeeded", "2 failed"}) {
		t.Errorf("outcomes are %q", got)
	}
	var accounts []string
	for _, s := range spansOf(tl, KindPhase) {
		if strings.Contains(s, "AccountSetup") {
			accounts = append(accounts, s)
		}
	}
	want := []string{
		`phase "AccountSetup" 09:30:01.000 to 09:40:00.000 succeeded session=1 user="S-1-12-1-1-1-1-1"`,
		`phase "AccountSetup" 09:31:01.000 to 09:35:00.000 failed 0x80070002 session=2 user="S-1-12-1-2-2-2-2"`,
	}
	if !slices.Equal(accounts, want) {
		t.Errorf("Account setups are\n%s", strings.Join(accounts, "\n"))
	}
	if got := spansOf(tl, KindSubcategory); len(got) != 1 || !strings.Contains(got[0], "09:39:00.000 succeeded session=1") {
		t.Errorf("subcategories are\n%s", strings.Join(got, "\n"))
	}
}

// With one user everything is one attempt, and no SID is kept.
func TestOneUser(t *testing.T) {
	tl := Build(parseStory(t, deviceStory+firstStory))
	if got := outcomes(tl); !slices.Equal(got, []string{"1 succeeded"}) {
		t.Errorf("outcomes are %q", got)
	}
	if got := strings.Join(spansOf(tl, KindPhase), "\n"); strings.Contains(got, "user=") || strings.Count(got, "session=1") != 3 {
		t.Errorf("phases are\n%s", got)
	}
}

// The first user may be another one at the next attempt.
func TestUserAfterReset(t *testing.T) {
	again := strings.NewReplacer("\n09:", "\nd1 09:").Replace(deviceStory) + strings.NewReplacer("\n09:", "\nd1 09:", firstUser, secondUser).Replace(firstStory)
	tl := Build(parseStory(t, deviceStory+firstStory+again))
	if got := spansOf(tl, KindSession); len(got) != 2 || !strings.Contains(got[0], `user="S-1-12-1-1-1-1-1"`) || !strings.Contains(got[1], `user="S-1-12-1-2-2-2-2"`) {
		t.Errorf("sessions are\n%s", strings.Join(got, "\n"))
	}
	for _, s := range spansOf(tl, KindPage) {
		if strings.Contains(s, "ended-by") {
			t.Errorf("a page was cut off: %s", s)
		}
	}
}
