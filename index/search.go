package index

import (
	"time"

	"debrief/event"
)

// SearchOptions say what to bring back. The zero value brings the first
// DefaultLimit lines.
type SearchOptions struct {
	// Limit bounds the hits; 0 = DefaultLimit, negative = none are wanted,
	// only counts.
	Limit int
	// Context is how many neighbouring events of the same file each hit brings
	// with it.
	Context int
	// By counts the matching events by the values of these fields.
	By []event.FilterField
	// ByCode counts by error code as well.
	ByCode bool
	// Histogram counts over time in steps of this length from the epoch on;
	// 0 = not.
	Histogram time.Duration
	// Count makes Total exact; without it a search may end at its limit.
	Count bool
	// Each takes the hits one by one, in order, instead of collecting them, and
	// without a limit where Limit is 0. Its error ends the search.
	Each func(*Hit) error
	// Workers bounds the goroutines; 0 = one a core.
	Workers int
	// Progress is told how many of the blocks are done; nil = nobody listens.
	Progress func(done, total int)
}

// DefaultLimit is how many hits a search brings where nothing is said.
const DefaultLimit = 100

// SearchResult is what Search found.
type SearchResult struct {
	// Hits are ordered by case as Reader.Cases orders them, then by file and
	// place in it.
	Hits []Hit `json:"hits"`
	// Total counts the matching events. Where More is set it is a lower bound.
	Total int  `json:"total"`
	More  bool `json:"more"`
	// Cases counts the cases with a hit, under the same bound.
	Cases int `json:"cases"`
	// Counts are as asked by By (and ByCode, under the field "code").
	Counts []FieldCounts `json:"counts,omitempty"`
	// Histogram has the steps that hold an event, in order of time; what has no
	// time is counted in Untimed.
	Histogram []Bucket `json:"histogram,omitempty"`
	Untimed   int      `json:"untimed,omitempty"`
	// Problems are places that could not be read; hits there are missing.
	Problems []event.Problem `json:"problems,omitempty"`
	// Blocks were looked at, Scanned of them read.
	Blocks  int `json:"blocks"`
	Scanned int `json:"scanned"`
}

// Hit is one event that matches.
type Hit struct {
	Case  CaseID      `json:"case"`
	Event event.Event `json:"event"`
	// Before and After are its neighbours in the same file, in order of place;
	// an event that is a hit itself may stand there too.
	Before []event.Event `json:"before,omitempty"`
	After  []event.Event `json:"after,omitempty"`
}

// FieldCounts counts events by the values of a field.
type FieldCounts struct {
	Field  event.FilterField `json:"field"`
	Values []Count           `json:"values"` // most events first, then by value
	// Other counts events whose values were too many to be told apart.
	Other int `json:"other,omitempty"`
}

// Count is one value. An event with several values (causes of its case) counts
// under each.
type Count struct {
	Value  string `json:"value"` // empty = the event has none
	Events int    `json:"events"`
	Cases  int    `json:"cases"`
}

// Bucket is one step of a histogram.
type Bucket struct {
	Start  time.Time `json:"start"`
	Events int       `json:"events"`
}
