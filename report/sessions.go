package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"debrief/event"
	"debrief/timeline"
)

// maxRows bounds the intervals shown of one attempt.
const maxRows = 150

// sessions lays out the timeline, one entry for each enrolment attempt.
func (s shower) sessions(tl *timeline.Timeline, facts []event.Fact) []Session {
	out := []Session{}
	if tl == nil {
		return out
	}
	numbers := []int{}
	for i := range tl.Spans {
		if n := tl.Spans[i].Session; !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	order, depth := tree(tl.Spans)
	for _, n := range numbers {
		one := s.session(tl.Spans, n, order, depth, facts)
		one.Spent = s.spent(tl, n)
		out = append(out, one)
	}
	return out
}

// session lays out one attempt. order and depth are those of all spans.
func (s shower) session(spans []timeline.Span, number int, order, depth []int, facts []event.Fact) Session {
	key := strconv.Itoa(number)
	out := Session{
		Number: number, Rows: []Row{},
		Flow: known(factText(facts, "session.flow", key)), Join: known(factText(facts, "session.join", key)), Outcome: known(factText(facts, "session.outcome", key)),
	}
	var rows []int
	base := 0 // depth of the rows just below the session
	var from, to time.Time
	for _, id := range order {
		sp := &spans[id]
		if sp.Session != number {
			continue
		}
		from, to = extend(from, to, sp)
		if sp.Kind == timeline.KindSession {
			out.Start, out.End = s.moment(sp.Start), s.moment(spanEnd(sp))
			out.Duration = duration(sp.Duration(), sp.End.IsZero())
			user, _ := sp.Fields.Get("user")
			out.User = line(user)
			base = depth[id] + 1
			continue
		}
		rows = append(rows, id)
	}
	kept := choose(spans, rows)
	out.More = len(rows) - len(kept)
	for _, id := range kept {
		r := s.row(&spans[id], max(depth[id]-base, 0), from, to)
		r.Start.Shown, r.End.Shown = sameDay(r.Start.Shown, out.Start.Shown), sameDay(r.End.Shown, out.Start.Shown)
		out.Rows = append(out.Rows, r)
	}
	return out
}

// sameDay drops the date of a shown time where it is that of base.
func sameDay(shown, base string) string {
	const date = len("2006-01-02 ")
	if len(shown) > date && len(base) > date && shown[:date] == base[:date] {
		return shown[date:]
	}
	return shown
}

// tree orders the spans so that each follows its parent, and says how deep
// each is nested. A parent that is not there, or a circle, makes a root.
func tree(spans []timeline.Span) (order, depth []int) {
	children := make([][]int, len(spans))
	var roots []int
	for i := range spans {
		if p := spans[i].Parent; p >= 0 && p < len(spans) && p != i && spans[p].Session == spans[i].Session {
			children[p] = append(children[p], i)
			continue
		}
		roots = append(roots, i)
	}
	depth = make([]int, len(spans))
	seen := make([]bool, len(spans))
	walk := func(stack []int) {
		for len(stack) > 0 {
			id := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if seen[id] {
				continue
			}
			seen[id] = true
			order = append(order, id)
			for _, c := range slices.Backward(children[id]) {
				depth[c] = depth[id] + 1
				stack = append(stack, c)
			}
		}
	}
	for _, r := range roots {
		walk([]int{r})
	}
	for i := range spans {
		walk([]int{i})
	}
	return order, depth
}

// spanEnd is the end of a span, or when it was last seen.
func spanEnd(sp *timeline.Span) time.Time {
	if sp.End.IsZero() {
		return sp.LastSeen
	}
	return sp.End
}

// extend widens an interval of time to hold the span.
func extend(from, to time.Time, sp *timeline.Span) (time.Time, time.Time) {
	if sp.Start.IsZero() {
		return from, to
	}
	if from.IsZero() || sp.Start.Before(from) {
		from = sp.Start
	}
	for _, t := range []time.Time{sp.Start, spanEnd(sp)} {
		if t.After(to) {
			to = t
		}
	}
	return from, to
}

// choose keeps the rows that tell most when there are too many: failures and
// what did not end, then the frame (phases, runs), then the longest of the rest.
func choose(spans []timeline.Span, rows []int) []int {
	if len(rows) <= maxRows {
		return rows
	}
	rank := func(id int) int {
		switch sp := &spans[id]; {
		case sp.State == timeline.StateFailed || sp.State == timeline.StateTimedOut || sp.State == timeline.StateRunning:
			return 0
		case !slices.Contains([]timeline.Kind{timeline.KindStep, timeline.KindGroup, timeline.KindDownload, timeline.KindMSI, timeline.KindWin32App, timeline.KindGap}, sp.Kind):
			return 1
		}
		return 2
	}
	best := slices.Clone(rows)
	slices.SortStableFunc(best, func(a, b int) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(spans[b].Duration(), spans[a].Duration()))
	})
	keep := map[int]bool{}
	for _, id := range best[:maxRows] {
		keep[id] = true
	}
	return slices.DeleteFunc(slices.Clone(rows), func(id int) bool { return !keep[id] })
}

// row lays out one interval within from and to.
func (s shower) row(sp *timeline.Span, depth int, from, to time.Time) Row {
	open := sp.End.IsZero() && sp.State != timeline.StateNotStarted
	r := Row{
		Depth: depth, Kind: string(sp.Kind), Name: line(sp.Name), Label: s.named(spanLabel(sp)), State: string(sp.State),
		Start: s.moment(sp.Start), End: s.moment(sp.End),
		Duration: duration(sp.Duration(), open), Open: open,
		Code: code(sp.Code), Places: places(sp.Evidence),
	}
	total := to.Sub(from)
	if total <= 0 || sp.Start.IsZero() {
		return r
	}
	const full, least = 1000, 4 // a bar thinner than 0.4 % cannot be seen
	r.Left = min(int(float64(sp.Start.Sub(from))/float64(total)*full), full-least)
	r.Width = min(max(int(float64(sp.Duration())/float64(total)*full), least), full-r.Left)
	return r
}

// kindNames are the kinds of spans for people; the name of the span follows.
var kindNames = map[timeline.Kind]string{
	timeline.KindPage: "ESP page", timeline.KindSignIn: "Sign-in", timeline.KindPhase: "ESP phase", timeline.KindSubcategory: "",
	timeline.KindProvider: "Policy provider", timeline.KindTrackedApp: "Tracked app",
	timeline.KindTaskSequence: "Task sequence", timeline.KindGroup: "Group", timeline.KindStep: "Step",
	timeline.KindCcmsetup: "ccmsetup run", timeline.KindMSI: "Windows Installer", timeline.KindDownload: "Download",
	timeline.KindWin32App: "Win32 app", timeline.KindReboot: "Reboot", timeline.KindGap: "No record in any log",
}

func spanLabel(sp *timeline.Span) string {
	kind, ok := kindNames[sp.Kind]
	if !ok {
		kind = string(sp.Kind)
	}
	name := line(sp.Name)
	if sp.Kind == timeline.KindSubcategory {
		// The rows above and the kind say the rest: "DeviceSetup.AppsSubcategory" is "Apps".
		_, after, _ := strings.Cut(name, ".")
		if short := strings.TrimSuffix(after, "Subcategory"); short != "" {
			name = short
		}
	}
	if late, _ := sp.Fields.Get("at-latest"); late == "true" {
		kind = "Signed in by then:"
	}
	return cut(strings.TrimSpace(kind+" "+name), 120)
}

// factText returns the text of the first fact of that name and key.
func factText(facts []event.Fact, name, key string) string {
	for i := range facts {
		if facts[i].Name == name && facts[i].Key == key {
			return line(facts[i].Text)
		}
	}
	return ""
}

// known drops the word for what is not known.
func known(s string) string {
	if s == "unknown" {
		return ""
	}
	return s
}
