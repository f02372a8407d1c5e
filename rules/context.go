package rules

import "debrief/event"

// wanted is a quote whose neighbours are to be filled in.
type wanted struct {
	quote         *Quote
	before, after int
	seen          bool // the record went by
	open          bool // records after it are still to come
}

// fileContext keeps the last records of one file while the events go by.
type fileContext struct {
	wants  []*wanted
	recent []string // at most before records, oldest first
	before int
	open   int
}

// addContext makes the quotes of the fired rules whole: it puts the records
// themselves in the place of what was read out of them, and adds the neighbours
// for the rules that ask for them. It walks facts and events once more, and
// only if there is something to fill in.
func addContext(src Source, res *Result) {
	files := map[string]*fileContext{}
	var readings []*Quote
	for _, f := range res.Findings {
		if f.Verdict != Fire {
			continue
		}
		for i := range f.Evidence {
			q := &f.Evidence[i]
			if q.Pos.IsZero() || !q.reading && f.rule.before+f.rule.after == 0 {
				continue
			}
			if q.reading {
				readings = append(readings, q)
			}
			c := files[q.Pos.File]
			if c == nil {
				c = &fileContext{}
				files[q.Pos.File] = c
			}
			c.wants = append(c.wants, &wanted{quote: q, before: f.rule.before, after: f.rule.after})
			c.before = max(c.before, f.rule.before)
		}
	}
	if len(files) == 0 {
		return
	}
	for ev := range src.Events() {
		if c := files[ev.Pos.File]; c != nil {
			c.pass(ev)
		}
	}
	quoteRegistry(src.Facts(), readings)
}

// quoteRegistry shows the registry values that derived facts were read from.
// Of several at one place it is the first in order, whatever the order they
// come in.
func quoteRegistry(facts []event.Fact, readings []*Quote) {
	at := make(map[event.Pos]*event.Fact, len(readings))
	for _, q := range readings {
		if q.reading {
			at[q.Pos] = nil
		}
	}
	if len(at) == 0 {
		return
	}
	for i := range facts {
		f := &facts[i]
		if f.Name != "reg" || f.Value == "" {
			continue
		}
		if first, asked := at[f.Pos]; asked && (first == nil || f.Compare(*first) < 0) {
			at[f.Pos] = f
		}
	}
	for _, q := range readings {
		if f := at[q.Pos]; f != nil {
			q.becomes(factText(f))
		}
	}
}

// becomes puts the record in the place of its reading.
func (q *Quote) becomes(record string) {
	if q.reading && record != "" {
		q.Note, q.Text, q.reading = q.Text, record, false
	}
}

// pass notes one record of the file.
func (c *fileContext) pass(ev *event.Event) {
	text := ""
	if c.before > 0 || c.open > 0 {
		text = clip(ev.Message, maxTemplateValue)
	}
	for _, w := range c.wants {
		if w.open {
			w.quote.After = append(w.quote.After, text)
			if len(w.quote.After) >= w.after {
				w.open = false
				c.open--
			}
		}
		if !w.seen && w.quote.Pos == ev.Pos {
			w.seen = true
			w.quote.becomes(clip(ev.Message, 1000))
			w.quote.Before = append([]string(nil), c.recent[max(len(c.recent)-w.before, 0):]...)
			if w.after > 0 {
				w.open = true
				c.open++
			}
		}
	}
	if c.before > 0 {
		if len(c.recent) == c.before {
			c.recent = append(c.recent[:0], c.recent[1:]...)
		}
		c.recent = append(c.recent, text)
	}
}
