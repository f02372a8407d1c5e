package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"debrief/event"
	"debrief/ingest"
	"debrief/parsers"
	"debrief/rules"
	"debrief/timeline"
)

// What is kept of a log that is too long to be kept whole, beside the records
// that rules and the timeline look at, warnings and errors.
const (
	contextRecords = 4 // neighbours of a kept record on each side, while there is room
	// pulse is how often a record is kept whatever it says, so that a silence
	// of the device can be told from records left out.
	pulse = 2 * time.Minute
	// lastRecords are kept of those that come when the room is full; fewer where
	// room is short.
	lastRecords = 2000
)

// thinning says when records are left out. In each field zero means the default.
type thinning struct {
	// A case longer than whole is kept whole only in files up to small bytes.
	// Defaults 64 MiB and 64 KiB.
	whole, small int64
	// Room for the records kept of all long logs, in bytes. Each log has an
	// equal share, so that what is kept does not depend on the order of reading.
	// Default 40 MiB.
	room int64
	// First and last records that are kept of a log. Default 200, fewer where
	// room is short.
	edge int64
}

func (t thinning) withDefaults() thinning {
	return thinning{cmp.Or(t.whole, 64<<20), cmp.Or(t.small, 64<<10), cmp.Or(t.room, 40<<20), cmp.Or(t.edge, 200)}
}

// thinMost is the most room that one log gets.
const thinMost = 16 << 20

const (
	// frequent is how many records of one kind are kept once half of the room is
	// taken, so that a flood leaves room for what is rare.
	frequent     = 200
	kinds        = 1 << 14 // told apart at most
	eventBytes   = 240     // an event without its text
	fieldBytes   = 32
	internedMost = 4096
)

// long tells which files are not kept whole, in a case of that many bytes, and
// the room for the records of each.
func (t thinning) long(files []ingest.File, total int64) (long func(*ingest.File) bool, room int64) {
	long = func(f *ingest.File) bool { return f.OnDisk() || total > t.whole && int64(len(f.Data)) > t.small }
	n := int64(0)
	for i := range files {
		if long(&files[i]) {
			n++
		}
	}
	return long, min(thinMost, t.room/max(1, n))
}

// parseLong parses a file in windows, and keeps of its records what matters.
func parseLong(ctx context.Context, f *ingest.File, set *rules.Set, room, edge int64, tell func(read int64)) *parsers.Output {
	content, err := contentOf(f)
	if err != nil {
		return &parsers.Output{Coverage: event.Coverage{
			File: f.Path, Bytes: f.Size, ModTime: f.ModTime, Hash: f.Hash, Status: event.Unread, Damaged: 1,
			Problems: []event.Problem{{Pos: event.Pos{File: f.Path}, Kind: event.Unreadable, Text: err.Error()}},
		}}
	}
	defer content.Close()
	var want func(*event.Event) bool
	if set != nil {
		want = set.Wanted()
	}
	t := newThinner(want, room, edge)
	out := parsers.ParseLong(&parsers.Long{
		Path: f.Path, Size: f.Size, ModTime: f.ModTime, Content: content, Progress: tell,
		Events: func(window []event.Event) bool {
			t.take(window)
			return ctx.Err() == nil
		},
	})
	out.Coverage.Hash = f.Hash
	out.Events = t.finish(&out.Coverage)
	return out
}

// contentOf opens the content of a file, wherever it is.
func contentOf(f *ingest.File) (ingest.Content, error) {
	if f.OnDisk() {
		return f.Open()
	}
	return inMemory{bytes.NewReader(f.Data)}, nil
}

type inMemory struct{ *bytes.Reader }

// Close implements io.Closer.
func (inMemory) Close() error { return nil }

// thinner keeps of the records of one long log those that matter.
type thinner struct {
	want  func(*event.Event) bool // nil = nobody asks for more
	room  int64
	half  int64 // of the room; below it no neighbours are kept, and few of each kind
	kinds map[kind]int
	edge  int // first records that are kept
	out   []event.Event
	names map[string]string // strings that many records share

	seen    int       // records so far
	after   int       // neighbours still to be kept
	pulsed  time.Time // wall clock of the last record kept
	recent  ring      // the last records that were not kept
	late    ring      // the last records for which there was no room
	refused int       // records for which there was no room, late ones included
}

func newThinner(want func(*event.Event) bool, room, edge int64) *thinner {
	edge = min(edge, 1+room/4096)
	return &thinner{
		want: want, room: room, half: room / 2, kinds: map[kind]int{}, names: map[string]string{}, edge: int(edge),
		recent: ring{size: int(max(edge, contextRecords))}, late: ring{size: int(min(lastRecords, 1+room/2048))},
	}
}

// wallTime is the time of a record on the wall clock: of the records of one log
// some may state their zone.
func wallTime(e *event.Event) time.Time {
	return e.Time.Add(time.Duration(e.Offset) * time.Minute)
}

// take looks at the records of one window.
func (t *thinner) take(window []event.Event) {
	for i := range window {
		e := &window[i]
		t.seen++
		switch {
		case t.matters(e):
			if t.after = 0; t.room > t.half {
				for _, near := range t.recent.last(contextRecords) {
					t.keep(near)
				}
				t.after = contextRecords
			}
			t.recent.clear()
			t.keep(*e)
		case t.after > 0:
			t.after--
			t.keep(*e)
		default:
			t.recent.add(*e)
		}
	}
	// Records of this window must not hold its memory.
	for i := range t.recent.list {
		t.recent.list[i] = t.clone(t.recent.list[i])
	}
}

func (t *thinner) matters(e *event.Event) bool {
	return t.seen <= t.edge || e.Level >= event.LevelWarning || t.beats(e) || timeline.Reads(e) || t.want != nil && t.want(e)
}

// beats reports whether some time went by since the last record, or time went
// back.
func (t *thinner) beats(e *event.Event) bool {
	if e.Time.IsZero() {
		return false
	}
	wall := wallTime(e)
	return wall.Sub(t.pulsed) >= pulse || wall.Before(t.pulsed)
}

// keep keeps a record, as long as there is room.
func (t *thinner) keep(e event.Event) {
	if !e.Time.IsZero() {
		t.pulsed = wallTime(&e)
	}
	need := size(&e)
	if t.room < need || t.room <= t.half && t.isFrequent(&e) {
		t.refused++
		t.late.add(t.clone(e))
		return
	}
	t.room -= need
	t.out = append(t.out, t.clone(e))
}

// kind tells records apart that say something else.
type kind struct {
	source event.Source
	id     uint32
	text   string // provider of an event log, else the shape of the message
}

// isFrequent counts the record and reports whether its kind had its share.
func (t *thinner) isFrequent(e *event.Event) bool {
	k := kind{source: e.Source, id: e.ID, text: e.Provider}
	if e.ID == 0 {
		k.text = event.Shape(e.Message)
	}
	n, known := t.kinds[k]
	if !known && len(t.kinds) >= kinds {
		return true
	}
	t.kinds[k] = n + 1
	return n >= frequent
}

// size is about what a kept record takes.
func size(e *event.Event) int64 {
	n := eventBytes + len(e.Message) + len(e.Name)
	for _, f := range e.Fields {
		n += fieldBytes + len(f.Name) + len(f.Value)
	}
	return int64(n)
}

// clone copies the strings of a record out of its window.
func (t *thinner) clone(e event.Event) event.Event {
	e.Message, e.Name = strings.Clone(e.Message), t.shared(e.Name)
	e.Channel, e.Provider = t.shared(e.Channel), t.shared(e.Provider)
	e.User, e.Host = t.shared(e.User), t.shared(e.Host)
	e.Source = event.Source(t.shared(string(e.Source)))
	fields := e.Fields
	e.Fields = make(event.Fields, len(fields))
	for i, f := range fields {
		e.Fields[i] = event.Field{Name: t.shared(f.Name), Value: strings.Clone(f.Value)}
	}
	return e
}

// shared is a copy of s, the same for all records.
func (t *thinner) shared(s string) string {
	if c, ok := t.names[s]; ok {
		return c
	}
	c := strings.Clone(s)
	if len(t.names) < internedMost {
		t.names[c] = c
	}
	return c
}

// finish returns what is kept, with the last records, and notes in the coverage
// what is not.
func (t *thinner) finish(c *event.Coverage) []event.Event {
	lost := t.refused - t.late.len()
	kept := append(t.out, t.late.last(t.late.size)...)
	kept = append(kept, t.recent.last(t.edge)...)
	note := func(kind event.ProblemKind, text string) {
		c.Problems = append(c.Problems, event.Problem{Pos: event.Pos{File: c.File}, Kind: kind, Text: text})
	}
	c.Thinned = t.seen - len(kept)
	if left := c.Thinned - lost; left > 0 {
		note(event.Remark, fmt.Sprintf("all %d records were read; %d of no consequence are not kept of so long a log", t.seen, left))
	}
	if lost > 0 {
		c.Damaged += lost
		if c.Status == event.Read {
			c.Status = event.Partial
		}
		note(event.Limit, fmt.Sprintf("%d of %d records that rules may look at are not kept: of each kind the first are, and of all the last %d", lost, t.seen, t.late.len()))
	}
	return kept
}

// ring holds the last records given to it.
type ring struct {
	size int
	list []event.Event
	next int // place of the oldest, where list is full
}

func (r *ring) add(e event.Event) {
	if len(r.list) < r.size {
		r.list = append(r.list, e)
		return
	}
	r.list[r.next] = e
	r.next = (r.next + 1) % r.size
}

func (r *ring) len() int { return len(r.list) }

// last returns the last n records, oldest first.
func (r *ring) last(n int) []event.Event {
	all := append(r.list[r.next:len(r.list):len(r.list)], r.list[:r.next]...)
	return all[max(0, len(all)-n):]
}

func (r *ring) clear() { r.list, r.next = r.list[:0], 0 }
