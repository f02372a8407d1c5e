package nightly

import (
	"bufio"
	"fmt"
	"io"
)

// WriteMetrics writes the counts of the report in the text format of Prometheus,
// for a collector that reads files. The error is that of w.
func (r *Report) WriteMetrics(w io.Writer) error {
	b := bufio.NewWriter(w)
	gauge := func(name, help string, values ...any) {
		fmt.Fprintf(b, "# HELP debrief_%s %s\n# TYPE debrief_%s gauge\n", name, help, name)
		for i := 0; i < len(values); i += 2 {
			fmt.Fprintf(b, "debrief_%s%v %v\n", name, values[i], values[i+1])
		}
	}
	gauge("nightly_timestamp_seconds", "When the archive was last looked at.", "", r.At.Unix())
	gauge("nightly_outcome", "0 nothing new, 1 hints, 2 worth a look, 3 cases could not be judged.", "", int(r.Outcome()))
	var outcomes []any
	for _, o := range []string{"failure", "inconclusive", "warning", "none"} {
		outcomes = append(outcomes, `{outcome="`+o+`"}`, r.Outcomes[o])
	}
	gauge("cases", "Cases in the archive by outcome.", outcomes...)
	gauge("nightly_new_cases", "Cases that came since the look before.", "", len(r.New))
	gauge("nightly_new_causes", "Root causes seen for the first time.", "", len(r.NewCauses))
	gauge("nightly_rising_causes", "Root causes that rise.", "", len(r.Rising))
	gauge("nightly_problems", "Problems of many devices that are new or grew.", "", len(r.Problems))
	gauge("nightly_changed_cases", "Cases whose verdict changed.", "", len(r.Changed))
	gauge("nightly_failed_cases", "Cases that could not be judged as they should.", "", len(r.Failed))
	gauge("nightly_unexplained_kinds", "Kinds of errors of several devices that no rule speaks of.", "", len(r.Clusters))
	gauge("nightly_less_understood_logs", "Kinds of logs that are less understood than before.", "", len(r.Formats))
	return b.Flush()
}
