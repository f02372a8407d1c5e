package pipeline

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
	"debrief/ingest"
	"debrief/parsers"
)

func TestDivide(t *testing.T) {
	named := func(name, serial string) []event.Fact {
		f := []event.Fact{event.Text("device.name", "", name, event.Pos{})}
		if serial != "" {
			f = append(f, event.Text("device.serial", "", serial, event.Pos{}))
		}
		return f
	}
	type file struct {
		path  string
		facts []event.Fact
	}
	for _, tt := range []struct {
		name  string
		by    CaseBy
		files []file
		want  []string // "case: file file"
	}{
		{"one_device_one_case", ByDevice, []file{
			{"ccmsetup/ccmsetup.log", nil}, {"logs.cab/DeviceHash_A.csv", named("A", "1")}, {"logs.cab/x.evtx", nil},
		}, []string{"(): ccmsetup/ccmsetup.log logs.cab/DeviceHash_A.csv logs.cab/x.evtx"}},
		{"no_device_one_case", ByDevice, []file{{"a.log", nil}, {"b.log", nil}}, []string{"(): a.log b.log"}},
		{"a_folder_per_device", ByDevice, []file{
			{"in/pc1/ccm/a.log", nil}, {"in/pc1/logs.cab/hash.csv", named("A", "1")},
			{"in/pc2/ccm/a.log", nil}, {"in/pc2/logs.cab/hash.csv", named("B", "2")},
		}, []string{
			"A 1 (in/pc1): in/pc1/ccm/a.log in/pc1/logs.cab/hash.csv",
			"B 2 (in/pc2): in/pc2/ccm/a.log in/pc2/logs.cab/hash.csv",
		}},
		{"two_bundles_and_a_log_of_neither", ByDevice, []file{
			{"ccmsetup.log", nil}, {"one.cab/hash.csv", named("A", "1")}, {"two.cab/hash.csv", named("B", "2")}, {"two.cab/x.evtx", nil},
		}, []string{
			" (.): ccmsetup.log",
			"A 1 (one.cab): one.cab/hash.csv",
			"B 2 (two.cab): two.cab/hash.csv two.cab/x.evtx",
		}},
		{"renamed_device_is_one", ByDevice, []file{
			{"one.cab/hash.csv", named("DESKTOP", "1")}, {"two.cab/hash.csv", named("PC-1", "1")},
		}, []string{"(): one.cab/hash.csv two.cab/hash.csv"}},
		{"one_collection_knows_no_serial_number", ByDevice, []file{
			{"one.cab/hash.csv", named("PC-1", "")}, {"two.cab/hash.csv", named("pc-1", "1")},
		}, []string{"(): one.cab/hash.csv two.cab/hash.csv"}},
		{"by_path", ByPath, []file{{"a/x.log", nil}, {"a/y.log", nil}, {"b.cab/z.log", nil}}, []string{"(a): a/x.log a/y.log", "(b.cab): b.cab/z.log"}},
		{"one_case_on_request", ByNothing, []file{
			{"one.cab/hash.csv", named("A", "1")}, {"two.cab/hash.csv", named("B", "2")},
		}, []string{"(): one.cab/hash.csv two.cab/hash.csv"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var files []ingest.File
			var outputs []*parsers.Output
			for _, f := range tt.files {
				files = append(files, ingest.File{Path: f.path})
				outputs = append(outputs, &parsers.Output{Facts: f.facts})
			}
			var got []string
			for _, g := range divide(files, outputs, tt.by) {
				var paths []string
				for _, i := range g.files {
					paths = append(paths, files[i].Path)
				}
				head := "(" + g.folder + ")"
				if tt.by == ByDevice && (g.device != "" || g.folder != "") {
					head = g.device + " " + head
				}
				got = append(got, head+": "+strings.Join(paths, " "))
			}
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("cases (-want +got):\n%s", diff)
			}
		})
	}
}
