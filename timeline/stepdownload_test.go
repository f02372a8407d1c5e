package timeline

import (
	"slices"
	"strings"
	"testing"
)

func TestStepDownloads(t *testing.T) {
	const begin = "10:00:00 smsts TSManager: Starting Task Sequence Engine . . .\n"
	const step = "10:00:01 smsts TSManager: Start executing an instruction. Instruction name: Apps. Instruction pointer: 0\n"
	const end = "10:40:00 smsts TSManager: Successfully completed the action (Apps) with the exit win32 code 0\n10:40:00 smsts TSManager: Task Sequence Engine completed successfully\n"
	tests := []struct {
		name, story string
		want        []string
		percent     string
	}{
		{
			"an_app",
			begin + step + `
10:00:02 smsts InstallApplication: Installing application 'Viewer'
10:00:10 smsts InstallApplication: NotifyProgress received: 16 (Application is being downloaded )
10:10:00 smsts InstallApplication: NotifyProgress received: 16 (Application is being downloaded )
10:30:10 smsts InstallApplication: NotifyProgress received: 17 (Application is being installed )
` + end,
			[]string{"download Viewer 10:00:10 to 10:30:10 succeeded"}, "75",
		},
		{
			"two_apps_of_a_step",
			begin + step + `
10:00:02 smsts InstallApplication: Installing application 'Viewer'
10:00:10 smsts InstallApplication: NotifyProgress received: 16 (Application is being downloaded )
10:02:10 smsts InstallApplication: NotifyProgress received: 1 (Application is installed successfully )
10:03:02 smsts InstallApplication: Installing application 'Editor'
10:03:10 smsts InstallApplication: NotifyProgress received: 16 (Application is being downloaded )
10:05:10 smsts InstallApplication: NotifyProgress received: 17 (Application is being installed )
` + end,
			[]string{"download Viewer 10:00:10 to 10:02:10 succeeded", "download Editor 10:03:10 to 10:05:10 succeeded"}, "10",
		},
		{
			"a_package_by_a_program_of_its_own",
			begin + step + `
10:00:05 smsts OSDDownloadContent: Downloading
10:20:05 smsts OSDDownloadContent: Done
10:20:06 smsts TSManager: Process completed with exit code 0
` + end,
			[]string{"download Apps 10:00:05 to 10:20:06 unknown"}, "50",
		},
		{
			"the_log_ends_in_it",
			begin + step + "10:00:10 smsts InstallApplication: NotifyProgress received: 16 (Application is being downloaded )\n10:30:10 smsts InstallApplication: waiting",
			[]string{"download Apps 10:00:10 to (10:30:10) running"}, "99",
		},
		{
			"the_step_fails_in_it",
			begin + step + "10:00:10 smsts InstallApplication: NotifyProgress received: 16 (Application is being downloaded )\n10:20:10 smsts TSManager: Failed to run the action: Apps.\n10:40:00 smsts TSManager: Task Sequence Engine failed! Code: 80004005",
			[]string{"download Apps 10:00:10 to 10:20:10 unknown"}, "50",
		},
		{"outside_of_a_step", begin + "10:00:00 smsts InstallApplication: NotifyProgress received: 16 (Application is being downloaded )\n" + step + end, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := spanLines(t, tt.story, []Kind{KindDownload})
			for i := range got {
				got[i] = strings.TrimSuffix(got[i], " ")
				if strings.Count(got[i], " ") == 4 {
					got[i] += " unknown"
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("downloads are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
			percent := ""
			tl := Build(parseStory(t, tt.story))
			for _, f := range tl.Facts {
				if f.Name == "ts.download-percent" {
					percent += f.Text
				}
			}
			if percent != tt.percent {
				t.Errorf("share is %q, want %q", percent, tt.percent)
			}
		})
	}
}
