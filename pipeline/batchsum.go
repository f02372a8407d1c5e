package pipeline

import (
	"cmp"
	"slices"
	"strings"
)

// BatchSchema is the value of BatchSummary.Schema.
const BatchSchema = "debrief.batch/1"

// BatchSummary sums up what became of many tickets.
type BatchSummary struct {
	Schema   string         `json:"schema"`
	Tickets  int            `json:"tickets"`
	Analysed int            `json:"analysed"`
	Skipped  int            `json:"skipped"` // in the archive already
	Failed   int            `json:"failed"`  // could not be worked on
	Partial  int            `json:"partial"` // a part of the input could not be read
	Cases    int            `json:"cases"`
	Outcomes map[string]int `json:"outcomes"` // cases by failure, inconclusive, warning, none
	// Causes are the root causes of the cases, the most frequent first.
	Causes  []CauseCount   `json:"causes"`
	Results []TicketResult `json:"results"` // by ticket
}

// CauseCount says how many cases have a root cause.
type CauseCount struct {
	Rule  string `json:"rule"`
	Cases int    `json:"cases"`
	Line  string `json:"line"` // verdict of the first of them
}

// SumUp sums up results; those without an error and not skipped count as
// analysed.
func SumUp(results []TicketResult) *BatchSummary {
	s := &BatchSummary{Schema: BatchSchema, Tickets: len(results), Outcomes: map[string]int{}, Causes: []CauseCount{}, Results: slices.Clone(results)}
	if s.Results == nil {
		s.Results = []TicketResult{}
	}
	slices.SortStableFunc(s.Results, func(a, b TicketResult) int { return strings.Compare(a.Ticket, b.Ticket) })
	causes := map[string]int{}
	for _, r := range s.Results {
		switch {
		case r.Error != "":
			s.Failed++
		case r.Skipped:
			s.Skipped++
		default:
			s.Analysed++
		}
		partial := false
		for _, c := range r.Cases {
			s.Cases++
			s.Outcomes[c.Outcome]++
			partial = partial || c.Lost
			for _, rule := range c.Causes {
				i, known := causes[rule]
				if !known {
					i = len(s.Causes)
					causes[rule] = i
					s.Causes = append(s.Causes, CauseCount{Rule: rule, Line: c.Line})
				}
				s.Causes[i].Cases++
			}
		}
		if partial && r.Error == "" {
			s.Partial++
		}
	}
	slices.SortStableFunc(s.Causes, func(a, b CauseCount) int {
		return cmp.Or(cmp.Compare(b.Cases, a.Cases), strings.Compare(a.Rule, b.Rule))
	})
	return s
}

// Said is what became of a ticket in a line.
func (r *TicketResult) Said() string {
	switch {
	case r.Error != "":
		return "failed: " + r.Error
	case len(r.Cases) == 0:
		return "no case in it"
	}
	var lines []string
	for _, c := range r.Cases {
		lines = append(lines, c.Line)
	}
	said := strings.Join(lines, "; ")
	if r.Skipped {
		said = "already there: " + said
	}
	return said
}
