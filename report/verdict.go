package report

import (
	"fmt"
	"slices"
	"strings"

	"debrief/event"
	"debrief/rules"
)

// verdict words the answer. It claims no more than the result does: the label
// follows the confidence, and what limits the answer stands beside it.
func (b *builder) verdict(root *rules.Finding) Verdict {
	v := Verdict{Limits: b.limits(root)}
	switch {
	case root != nil:
		v.Kind, v.Label, v.Text = VerdictRootCause, rootLabel(root.Confidence), line(root.Title)
	case b.res.Verdict == rules.OutcomeWarning:
		v.Kind, v.Label, v.Text = VerdictWarnings, "Warnings only", b.warningText()
	case b.res.Verdict == rules.OutcomeNone:
		v.Kind, v.Label = VerdictNone, "No known failure found"
		if b.outcome(b.lastSession()) == "succeeded" {
			v.Label = "No failure found"
		}
	default:
		v.Kind, v.Label, v.Text = VerdictInconclusive, "Inconclusive", b.inconclusiveText()
	}
	return v
}

func rootLabel(c rules.Confidence) string {
	switch c {
	case rules.Proven, rules.Strong:
		return "Root cause"
	case rules.Moderate:
		return "Likely root cause"
	}
	return "Possible root cause"
}

// warningText names the warnings.
func (b *builder) warningText() string {
	var titles []string
	earlier := false
	for _, list := range [][]*rules.Finding{b.res.Roots, b.res.Also, b.res.Symptoms} {
		for _, f := range list {
			if f.Impact != rules.ImpactNone {
				titles = append(titles, line(f.Title))
				earlier = earlier || f.Impact == rules.ImpactFailure
			}
		}
	}
	text := firstOf(titles, 2)
	if earlier {
		text = "an earlier attempt failed, the last one succeeded (" + text + ")"
	}
	return text
}

// inconclusiveText says what is open and what to collect first.
func (b *builder) inconclusiveText() string {
	reason := "the evidence does not allow a judgement"
	last := b.lastSession()
	failed := b.lastFailure()
	switch {
	case b.in.Result == nil:
		reason = "no rules were evaluated"
	case len(b.res.Unexplained) > 0:
		f := b.res.Unexplained[0]
		for _, g := range b.res.Unexplained {
			if g.Session > f.Session {
				f = g
			}
		}
		reason = lowerFirst(line(f.Title)) + ", and nothing in the evidence explains it"
	case failed > 0 && failed == last:
		reason = "the enrolment failed, and nothing in the evidence explains it"
	case failed > 0:
		reason = fmt.Sprintf("enrolment attempt %d failed, and nothing in the evidence explains it", failed)
	case !b.anyRead():
		reason = "nothing that debrief reads is in the input"
	case len(lostFiles(b.in.Coverage)) > 0:
		reason = "evidence was lost, and what is left shows no failure"
	}
	if len(b.res.Roots) > 0 && failed > b.res.Roots[0].Session && b.res.Roots[0].Session > 0 {
		reason += fmt.Sprintf(" (the cause found is that of attempt %d)", b.res.Roots[0].Session)
	}
	var collect []string
	if broken := damagedArchives(b.in.Coverage); len(broken) > 0 {
		collect = append(collect, broken[0]+" again (it is truncated or damaged)")
	}
	if first := b.collectFirst(); first != "" {
		collect = append(collect, first)
	}
	if len(collect) > 0 {
		return reason + "; collect " + strings.Join(collect, " and ")
	}
	return reason
}

// collectFirst names the one thing to collect next; empty = none is known.
func (b *builder) collectFirst() string {
	for _, a := range b.res.Asks {
		if collectable(a.Source) {
			return line(a.Title)
		}
	}
	if !b.anyRead() && len(b.missing) > 0 {
		return "an mdmdiagnosticstool or Collect diagnostics archive of the device"
	}
	return ""
}

// anyRead reports whether a single record was read.
func (b *builder) anyRead() bool {
	return slices.ContainsFunc(b.in.Coverage, func(f event.Coverage) bool { return f.Records > 0 })
}

// limits lists what keeps the verdict from being certain.
func (b *builder) limits(root *rules.Finding) []string {
	out := []string{}
	for _, a := range damagedArchives(b.in.Coverage) {
		out = append(out, a+" is truncated or damaged; what is missing from there is unknown.")
	}
	if lost := lostFiles(b.in.Coverage); len(lost) > 0 {
		out = append(out, event.Plural(len(lost), "file")+" could not be read in full ("+firstOf(lost, 3)+"); what is missing from there is unknown.")
	}
	last := b.lastSession()
	if root != nil {
		if last > 1 && root.Session > 0 {
			out = append(out, fmt.Sprintf("The evidence holds %d enrolment attempts; the verdict is about attempt %d.", last, root.Session))
		}
		if n := len(b.res.Unexplained); n > 0 {
			out = append(out, event.Plural(n, "symptom")+" not explained by it: a further cause is possible.")
		}
	}
	if b.res.Verdict == rules.OutcomeNone || b.res.Verdict == rules.OutcomeWarning {
		switch b.outcome(last) {
		case "succeeded":
		case "running":
			out = append(out, "The enrolment was still running when the evidence was collected.")
		default:
			out = append(out, "No record shows that the enrolment was completed.")
		}
	}
	if tl := b.in.Timeline; tl != nil && tl.Clock.Origin == event.ClockAssumed {
		out = append(out, "The device's time zone is assumed: the order of records of different logs is uncertain.")
	}
	return out
}

// lowerFirst lowers the first letter of a title inside a sentence, unless the
// word is a name such as "ESP" or "ConfigMgr".
func lowerFirst(s string) string {
	word, _, _ := strings.Cut(s, " ")
	if len(word) < 2 || word[0] < 'A' || word[0] > 'Z' || strings.ToLower(word[1:]) != word[1:] {
		return s
	}
	return string(word[0]|0x20) + s[1:]
}
