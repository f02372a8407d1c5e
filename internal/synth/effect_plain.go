package synth

import "time"

// Records writes event-log records as they are given, a few seconds apart, for
// happenings of which no more than these records is to be told.
type Records []Record

// Record is one event-log record.
type Record struct {
	Channel channel
	ID      uint16
	Level   uint8
	Fields  []evField
	After   time.Duration // from the record before; 0 = two seconds
}

func (e Records) apply(d *device) {
	for _, r := range e {
		after := r.After
		if after == 0 {
			after = 2 * time.Second
		}
		d.event(r.Channel, d.wait(after), r.ID, r.Level, r.Fields...)
	}
}

// LogLines writes records of one component into one log as they are given, a
// second apart.
type LogLines struct {
	Path, Component string
	Lines           []LogLine
	After           time.Duration // of the first one
}

// LogLine is one record of a log.
type LogLine struct {
	Kind int // type: 1 information, 2 warning, 3 error
	Text string
}

func (e LogLines) apply(d *device) {
	w := d.writer(e.Path, e.Component, d.wait(e.After))
	for _, l := range e.Lines {
		w.put(l.Kind, "%s", l.Text)
		w.wait(time.Second)
	}
	if w.at.After(d.now) {
		d.now = w.at
	}
}
