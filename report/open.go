package report

import (
	"fmt"
	"slices"
	"strings"

	"debrief/event"
	"debrief/rules"
)

// open lists what was not decided and what to collect for it: first what would
// explain a symptom, then what would firm up the root cause, then in one entry
// a way of collecting what else is not there. It counts the causes that stay
// undecided and does not name them: a cause nobody has evidence for has no
// place in a report.
func (b *builder) open(root *rules.Finding) []Open {
	out := []Open{}
	for _, a := range damagedArchives(b.in.Coverage) {
		out = append(out, Open{
			Question: "Truncated or damaged: " + a, Sources: []string{}, Rules: []string{},
			Why:     "Nothing that stood behind the damage could be read, so nothing that would be told there is excluded.",
			Collect: "Collect it again, and compare its size on the device with the size that arrives.",
		})
	}
	for _, a := range b.res.Asks {
		if !collectable(a.Source) {
			continue
		}
		o := b.ask(a)
		o.Why, o.Decides = fmt.Sprintf("It would decide about %s of what is not explained yet.", event.Plural(len(a.Rules), "possible cause")), true
		out = append(out, o)
	}
	if root != nil {
		for _, a := range root.Missing {
			if collectable(a.Source) && !asked(out, a.Source) {
				o := b.ask(a)
				o.Why = "It would make the root cause more certain."
				out = append(out, o)
			}
		}
	}
	return append(out, b.undecided(out)...)
}

// collectable reports whether a source is one that people can be asked for: not a
// glob, and of the standing list.
func collectable(src event.Source) bool {
	return slices.ContainsFunc(event.Sources(), func(i event.SourceInfo) bool { return i.Source == src })
}

func asked(list []Open, src event.Source) bool {
	return slices.ContainsFunc(list, func(o Open) bool { return slices.Contains(o.Sources, string(src)) })
}

// ask shows one thing to collect.
func (b *builder) ask(a rules.Ask) Open {
	return Open{Question: "Missing or unreadable: " + line(a.Title), Collect: line(a.Collect), Sources: []string{line(string(a.Source))}, Rules: lines(a.Rules)}
}

// undecided gathers the other inconclusive rules by the way of collecting what
// they lack, the most telling first.
func (b *builder) undecided(have []Open) []Open {
	out := []Open{}
	titles := map[string][]string{}
	for _, f := range b.res.Inconclusive {
		for _, a := range f.Missing {
			if !collectable(a.Source) || asked(have, a.Source) {
				continue
			}
			info := event.Describe(a.Source)
			i := slices.IndexFunc(out, func(o Open) bool { return o.Collect == info.Collect })
			if i < 0 {
				i = len(out)
				out = append(out, Open{Collect: info.Collect, Sources: []string{}, Rules: []string{}})
			}
			o := &out[i]
			if !slices.Contains(o.Sources, string(a.Source)) {
				o.Sources = append(o.Sources, string(a.Source))
				titles[o.Collect] = append(titles[o.Collect], info.Title)
			}
			if !slices.Contains(o.Rules, f.Rule) {
				o.Rules = append(o.Rules, f.Rule)
			}
		}
	}
	slices.SortStableFunc(out, func(x, y Open) int { return len(y.Rules) - len(x.Rules) })
	for i := range out {
		o := &out[i]
		o.Question = "Missing or unreadable: " + strings.Join(titles[o.Collect], ", ")
		o.Why = fmt.Sprintf("%s could not be judged without it.", event.Plural(len(o.Rules), "rule"))
	}
	return out
}
