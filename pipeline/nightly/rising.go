package nightly

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"debrief/index"
)

// RisingCause is a root cause that more devices have in the last seven days
// than its own history lets expect.
type RisingCause struct {
	CauseNote
	Known
	Devices int     `json:"devices"`  // in the last seven days
	Earlier int     `json:"earlier"`  // in the weeks before
	Weeks   int     `json:"weeks"`    // how many weeks before were looked at
	Chance  float64 `json:"chance"`   // of so many or more in these days if nothing had changed
	PerWeek float64 `json:"per_week"` // mean of the weeks before
}

const (
	week         = 7 * 24 * time.Hour
	historyWeeks = 12
	leastWeeks   = 4     // of history, below which nothing is said
	leastRising  = 5     // devices, below which nothing is said
	raresAt      = 0.001 // chance below which it is no chance
	leastOthers  = 20    // devices with other causes that say how busy these days are
)

// rising holds the devices of the last seven days with a cause against those of
// the twelve weeks before. If nothing had changed, each of them would be as
// likely to fall into these days as into any other week, or, where these days
// are busier than others, as likely as a device with another cause: the chance
// of so many or more is the tail of a binomial distribution.
func (l *look) rising() error {
	weeks := l.historyOf()
	if weeks < leastWeeks {
		return nil
	}
	now, before := map[string]map[string]bool{}, map[string]map[string]bool{}
	notes := map[string]*CauseNote{}
	for i := range l.cases {
		c := &l.cases[i]
		age := l.o.Now.Sub(date(c))
		if age < 0 || age >= week*time.Duration(weeks+1) {
			continue
		}
		for _, rule := range c.Causes {
			if age >= week {
				put(before, rule, device(c))
				continue
			}
			put(now, rule, device(c))
			n := notes[rule]
			if n == nil {
				n = &CauseNote{Rule: rule, Title: l.title(rule)}
				notes[rule] = n
			}
			n.Cases, n.More = named(n.Cases, n.More, c)
		}
	}
	allNow, allBefore := total(now), total(before)
	for rule, devices := range now {
		k, earlier := len(devices), len(before[rule])
		if k < leastRising {
			continue
		}
		p := 1 / float64(weeks+1)
		othersNow, others := allNow-k, allNow-k+allBefore-earlier
		if others >= leastOthers {
			p = max(p, float64(othersNow)/float64(others))
		}
		chance := atLeast(k, k+earlier, p)
		if chance >= raresAt {
			continue
		}
		l.out.Rising = append(l.out.Rising, RisingCause{
			CauseNote: *notes[rule], Known: tell(l.mem.Rising, rule, k, l.o.Now), Devices: k, Earlier: earlier, Weeks: weeks,
			Chance: chance, PerWeek: float64(earlier) / float64(weeks),
		})
	}
	for rule := range l.mem.Rising { // a cause that calms down may rise again
		if !slices.ContainsFunc(l.out.Rising, func(c RisingCause) bool { return c.Rule == rule }) {
			delete(l.mem.Rising, rule)
		}
	}
	slices.SortFunc(l.out.Rising, func(a, b RisingCause) int {
		return cmp.Or(cmp.Compare(a.Chance, b.Chance), strings.Compare(a.Rule, b.Rule))
	})
	return nil
}

// historyOf is how many whole weeks before the last seven days there are cases
// of, at most historyWeeks.
func (l *look) historyOf() int {
	var first time.Time
	for i := range l.cases {
		if d := date(&l.cases[i]); !d.IsZero() && (first.IsZero() || d.Before(first)) {
			first = d
		}
	}
	if first.IsZero() {
		return 0
	}
	return int(min(max(l.o.Now.Sub(first)/week-1, 0), historyWeeks))
}

func put(sets map[string]map[string]bool, key, value string) {
	if sets[key] == nil {
		sets[key] = map[string]bool{}
	}
	sets[key][value] = true
}

func total(sets map[string]map[string]bool) int {
	n := 0
	for _, s := range sets {
		n += len(s)
	}
	return n
}

// atLeast is the chance of k or more of n, each with chance p.
func atLeast(k, n int, p float64) float64 {
	switch {
	case k <= 0 || p >= 1:
		return 1
	case p <= 0 || k > n:
		return 0
	}
	ln := func(x int) float64 { v, _ := math.Lgamma(float64(x) + 1); return v }
	sum := 0.0
	for i := k; i <= n; i++ {
		sum += math.Exp(ln(n) - ln(i) - ln(n-i) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return min(sum, 1)
}

// devices counts the different devices of cases.
func devices(list []*index.Case) int {
	seen := map[string]bool{}
	for _, c := range list {
		seen[device(c)] = true
	}
	return len(seen)
}
