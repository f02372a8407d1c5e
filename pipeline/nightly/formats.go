package nightly

import (
	"cmp"
	"slices"
	"strings"

	"debrief/event"
	"debrief/index"
)

// FormatNote is a kind of log of which debrief understands less than before:
// its writer changed the wording or the form, and reports could go silently
// empty.
type FormatNote struct {
	Log string `json:"log"` // the source, or the parser where it has none
	// Share is the part of the records, from 0 to 1, whose form or wording is
	// not known in the new cases; Before in those before.
	Share  float64 `json:"share"`
	Before float64 `json:"share_before"`
	// Records were looked at in the new cases.
	Records int        `json:"records"`
	Formats []string   `json:"formats"` // versions of the writer, as the new files state them
	Cases   []CaseLine `json:"cases"`   // the latest first, at most maxNamed
	More    int        `json:"more"`
}

// tallied counts the records of one kind of log.
type tallied struct {
	Records int `json:"records"` // known or not
	Unknown int `json:"unknown"`
}

func (t *tallied) share() float64 {
	if t.Records == 0 {
		return 0
	}
	return float64(t.Unknown) / float64(t.Records)
}

// When a log counts as less understood than before.
const (
	leastRecords = 200  // in the new cases
	leastBefore  = 1000 // records of the cases before
	leastRise    = 0.05 // of the share, in absolute terms
	timesRise    = 1.5  // and in relation to what it was
)

// formats compares the new cases with all before. Another version of debrief
// knows other forms: what was before is counted again then.
func (l *look) formats() error {
	if l.mem.Engine != l.o.Engine {
		l.mem.Engine, l.mem.Formats = l.o.Engine, map[string]*tallied{}
		for i := range l.cases {
			if c := &l.cases[i]; !l.mem.isNew(c) {
				l.eachLog(c, func(log string, t tallied, _ string) { add(l.mem.Formats, log, t) })
			}
		}
	}
	now := map[string]*tallied{}
	notes := map[string]*FormatNote{}
	for i := range l.fresh {
		c := &l.fresh[i]
		l.eachLog(c, func(log string, t tallied, format string) {
			add(now, log, t)
			if t.Unknown == 0 {
				return
			}
			n := notes[log]
			if n == nil {
				n = &FormatNote{Log: log, Formats: []string{}}
				notes[log] = n
			}
			if format != "" && !slices.Contains(n.Formats, format) && len(n.Formats) < maxNamed {
				n.Formats = append(n.Formats, format)
			}
			if len(n.Cases) == 0 || n.Cases[len(n.Cases)-1].ID != c.ID {
				n.Cases, n.More = named(n.Cases, n.More, c)
			}
		})
	}
	for log, n := range notes {
		before, t := l.mem.Formats[log], now[log]
		if before == nil || before.Records < leastBefore || t.Records < leastRecords {
			continue
		}
		n.Share, n.Before, n.Records = t.share(), before.share(), t.Records
		if n.Share-n.Before >= leastRise && n.Share >= timesRise*n.Before {
			slices.Sort(n.Formats)
			l.out.Formats = append(l.out.Formats, *n)
		}
	}
	for log, t := range now {
		add(l.mem.Formats, log, *t)
	}
	slices.SortFunc(l.out.Formats, func(a, b FormatNote) int {
		return cmp.Or(cmp.Compare(b.Share-b.Before, a.Share-a.Before), strings.Compare(a.Log, b.Log))
	})
	return nil
}

func add(to map[string]*tallied, log string, t tallied) {
	if to[log] == nil {
		to[log] = &tallied{}
	}
	to[log].Records += t.Records
	to[log].Unknown += t.Unknown
}

// eachLog calls do for each log of a case. A case whose coverage cannot be read
// is told and passed over.
func (l *look) eachLog(c *index.Case, do func(log string, t tallied, format string)) {
	coverage, err := l.view.Coverage(c.ID)
	if err != nil {
		l.out.Failed = append(l.out.Failed, FailedCase{newLine(c), err.Error()})
		return
	}
	for i := range coverage {
		if log, t := tally(&coverage[i]); t.Records > 0 {
			do(log, t, coverage[i].Format)
		}
	}
}

// tally counts the records of a file: those whose form no parser knows, and
// those of known writers whose wording no table has.
func tally(c *event.Coverage) (log string, t tallied) {
	if c.Parser == "" || c.Parser == event.ArchiveParser || c.Status == event.Duplicate {
		return "", t
	}
	log = c.Parser
	if len(c.Sources) == 1 {
		log = string(c.Sources[0])
	}
	return log, tallied{Records: c.Records + c.Unknown, Unknown: c.Unknown + c.Expected - c.Recognised}
}
