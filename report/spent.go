package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"debrief/timeline"
)

// Spent says where the time of one interval went: of a run of the ESP page, or
// of the attempt where no page was seen. Every moment counts once.
type Spent struct {
	Of    string   `json:"of"` // "ESP page device"
	Total Duration `json:"total"`
	// Uses are the sums by use, the longest first; together they are Total.
	Uses []UseTime `json:"uses"`
	// HeldBy is what held the interval up, from the widest to the narrowest.
	HeldBy []Held `json:"held_by"`
}

// UseTime is the time that went into one use.
type UseTime struct {
	Use      string   `json:"use"`   // as timeline.Use
	Label    string   `json:"label"` // "downloads"
	Duration Duration `json:"duration"`
	Share    int      `json:"share"` // of Total, in tenths of a percent
	// What are the intervals that it is attributed to, the longest first.
	What []Held `json:"what"`
	More int    `json:"more"` // left out of What
}

// Held is one interval with its time.
type Held struct {
	Label    string   `json:"label"`
	State    string   `json:"state"`
	Duration Duration `json:"duration"`
	Places   []Place  `json:"places"`
}

// useLabels name the uses for people.
var useLabels = map[timeline.Use]string{
	timeline.UseReboot: "restarts", timeline.UseDownload: "downloads", timeline.UseInstall: "installers",
	timeline.UseStep: "task sequence steps", timeline.UseWait: "waiting",
	timeline.UseSilent: "silence in all logs", timeline.UseUnseen: "not seen in the logs",
}

const (
	leastSpent = time.Minute // shorter intervals need no account
	maxSpentOn = 4
)

// spent accounts for the page runs of a session, or for the session itself.
func (s shower) spent(tl *timeline.Timeline, number int) []Spent {
	out := []Spent{}
	var pages, whole []int
	for i := range tl.Spans {
		switch sp := &tl.Spans[i]; {
		case sp.Session != number || sp.Duration() < leastSpent:
		case sp.Kind == timeline.KindPage:
			pages = append(pages, i)
		case sp.Kind == timeline.KindSession:
			whole = append(whole, i)
		}
	}
	if len(pages) == 0 {
		pages = whole
	}
	for _, id := range pages {
		if sp := s.spentOf(tl, id); len(sp.Uses) > 0 {
			out = append(out, sp)
		}
	}
	return out
}

func (s shower) spentOf(tl *timeline.Timeline, id int) Spent {
	sp := &tl.Spans[id]
	out := Spent{Of: spanLabel(sp), Total: duration(sp.Duration(), sp.End.IsZero()), Uses: []UseTime{}, HeldBy: []Held{}}
	if sp.Kind == timeline.KindSession {
		out.Of = "the attempt"
	}
	type sum struct {
		total time.Duration
		spans map[int]time.Duration
	}
	sums := map[timeline.Use]*sum{}
	for _, st := range tl.Spend(id) {
		u := sums[st.Use]
		if u == nil {
			u = &sum{spans: map[int]time.Duration{}}
			sums[st.Use] = u
		}
		u.total += st.Duration()
		if st.Span >= 0 {
			u.spans[st.Span] += st.Duration()
		}
	}
	for use, u := range sums {
		t := UseTime{Use: string(use), Label: useLabels[use], Duration: duration(u.total, false), Share: int(1000 * u.total / sp.Duration()), What: []Held{}}
		ids := make([]int, 0, len(u.spans))
		for i := range u.spans {
			ids = append(ids, i)
		}
		slices.SortFunc(ids, func(a, b int) int { return cmp.Or(cmp.Compare(u.spans[b], u.spans[a]), cmp.Compare(a, b)) })
		for _, i := range ids[:min(len(ids), maxSpentOn)] {
			t.What = append(t.What, held(&tl.Spans[i], u.spans[i]))
		}
		t.More = len(ids) - len(t.What)
		out.Uses = append(out.Uses, t)
	}
	slices.SortFunc(out.Uses, func(a, b UseTime) int {
		return cmp.Or(cmp.Compare(b.Duration.Seconds, a.Duration.Seconds), strings.Compare(a.Use, b.Use))
	})
	for _, i := range tl.Blockers(id) {
		out.HeldBy = append(out.HeldBy, held(&tl.Spans[i], tl.Spans[i].Duration()))
	}
	return out
}

func held(sp *timeline.Span, d time.Duration) Held {
	return Held{Label: spanLabel(sp), State: string(sp.State), Duration: duration(d, false), Places: places(sp.Evidence)}
}

// title heads the account.
func (s *Spent) title() string { return "Where the time went: " + s.Of + ", " + s.Total.Shown }

// line says in a line what one use consists of.
func (u *UseTime) line() string {
	var parts []string
	for _, w := range u.What {
		parts = append(parts, w.Label+" "+w.Duration.Shown)
	}
	if u.More > 0 {
		parts = append(parts, fmt.Sprintf("%d more", u.More))
	}
	return strings.Join(parts, ", ")
}

// heldBy names the chain of what held the interval up.
func (s *Spent) heldBy() string {
	var parts []string
	for _, h := range s.HeldBy {
		p := h.Label + " (" + h.Duration.Shown
		if h.State != "" {
			p += ", " + h.State
		}
		parts = append(parts, p+")")
	}
	return strings.Join(parts, " › ")
}

// spentBar draws a share of the whole as blocks.
func spentBar(share, cells int) string {
	n := (share*cells + 500) / 1000
	if n == 0 && share > 0 {
		n = 1
	}
	return strings.Repeat("█", n) + strings.Repeat("·", cells-n)
}

func (p *printer) spent(s *Session) {
	for i := range s.Spent {
		sp := &s.Spent[i]
		p.gap()
		p.para(4, boldStyle, sp.title())
		label := 0
		for j := range sp.Uses {
			label = max(label, textWidth(sp.Uses[j].Label))
		}
		for j := range sp.Uses {
			u := &sp.Uses[j]
			const barCells = 12
			head := fit(u.Label, label) + "  " + fit(u.Duration.Shown, durationColumn) + p.style(blueStyle, spentBar(u.Share, barCells)) + fmt.Sprintf(" %3d %%", (u.Share+5)/10)
			fixed := 4 + label + 2 + durationColumn + barCells + 6 + 2
			if room := p.width - fixed; room >= 20 && u.line() != "" {
				head += "  " + p.style(dimStyle, strings.TrimRight(fit(u.line(), room), " "))
			}
			p.line(4, head)
		}
		if by := sp.heldBy(); by != "" {
			p.item(4, "Held up by: ", plainStyle, by)
		}
	}
}

func (m *markdown) spent(s *Session) {
	for i := range s.Spent {
		sp := &s.Spent[i]
		m.printf("**%s**\n\n| What | Time | Share | Of it |\n|---|---|---|---|\n", md(sp.title()))
		for j := range sp.Uses {
			u := &sp.Uses[j]
			m.printf("| %s | %s | %d %% | %s |\n", md(u.Label), md(u.Duration.Shown), (u.Share+5)/10, md(u.line()))
		}
		if by := sp.heldBy(); by != "" {
			m.printf("\nHeld up by: %s\n", md(by))
		}
		m.printf("\n")
	}
}
