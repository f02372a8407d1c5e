package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"debrief/codes"
	"debrief/index"
)

// maxRows bounds the values that are printed for one field; JSON has all.
const maxRows = 50

// writeCounts prints counts by field and over time.
func writeCounts(w io.Writer, res *index.SearchResult) error {
	for _, fc := range res.Counts {
		t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
		fmt.Fprintf(t, "EVENTS\tCASES\t%s\n", strings.ToUpper(string(fc.Field)))
		for i, c := range fc.Values {
			if i == maxRows {
				fmt.Fprintf(t, "\t\tand %d more values: --format json has them\n", len(fc.Values)-i)
				break
			}
			fmt.Fprintf(t, "%d\t%d\t%s\n", c.Events, c.Cases, valueText(string(fc.Field), c.Value))
		}
		if fc.Other > 0 {
			fmt.Fprintf(t, "%d\t\t(values too many to be told apart)\n", fc.Other)
		}
		if err := t.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	writeHistogram(w, res)
	_, err := fmt.Fprintf(w, "%d events in %d cases\n", res.Total, res.Cases)
	return err
}

// valueText shows a value; a code with its name.
func valueText(field, value string) string {
	if value == "" {
		return "(none)"
	}
	if field != "code" {
		return oneLine(value)
	}
	n, err := strconv.ParseUint(value, 0, 32)
	if err != nil {
		return oneLine(value)
	}
	return oneLine(codes.Describe(uint32(n)).String())
}

const barWidth = 50

func writeHistogram(w io.Writer, res *index.SearchResult) {
	most := 0
	for _, b := range res.Histogram {
		most = max(most, b.Events)
	}
	for _, b := range res.Histogram {
		fmt.Fprintf(w, "%s  %8d  %s\n", b.Start.Format("2006-01-02 15:04"), b.Events, strings.Repeat("#", max(1, b.Events*barWidth/most)))
	}
	if res.Untimed > 0 {
		fmt.Fprintf(w, "%-16s  %8d\n", "without a time", res.Untimed)
	}
	if len(res.Histogram)+res.Untimed > 0 {
		fmt.Fprintln(w)
	}
}

// coarser joins the steps of a histogram until they fit a screen.
func coarser(list []index.Bucket) []index.Bucket {
	const screen = 60
	day := 24 * time.Hour
	for _, step := range []time.Duration{time.Hour, 6 * time.Hour, day, 7 * day, 28 * day, 364 * day} {
		out := list[:0:0]
		for _, b := range list {
			start := b.Start.Add(-time.Duration(b.Start.Unix()%int64(step/time.Second)) * time.Second)
			if n := len(out); n > 0 && out[n-1].Start.Equal(start) {
				out[n-1].Events += b.Events
				continue
			}
			out = append(out, index.Bucket{Start: start, Events: b.Events})
		}
		if list = out; len(list) <= screen {
			break
		}
	}
	return list
}

// writeCountsJSONL prints one value a line.
func writeCountsJSONL(w io.Writer, res *index.SearchResult) error {
	type row struct {
		Field string `json:"field"`
		index.Count
	}
	for _, fc := range res.Counts {
		for _, c := range fc.Values {
			if err := writeLine(w, row{string(fc.Field), c}); err != nil {
				return err
			}
		}
	}
	for _, b := range res.Histogram {
		if err := writeLine(w, b); err != nil {
			return err
		}
	}
	if len(res.Counts) == 0 && len(res.Histogram) == 0 {
		return writeLine(w, struct {
			Events int `json:"events"`
			Cases  int `json:"cases"`
		}{res.Total, res.Cases})
	}
	return nil
}
