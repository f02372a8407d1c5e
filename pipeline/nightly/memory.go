package nightly

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"debrief/index"
)

// stateName is the name under which the archive keeps the memory.
const stateName = "nightly"

// memory is what the last look left for the next one, kept in the archive as
// JSON.
type memory struct {
	At time.Time `json:"at,omitzero"` // of the last look; zero = there was none
	// Until is the date of addition of the latest case seen then, and Last are
	// those added at just that moment.
	Until time.Time      `json:"until,omitzero"`
	Last  []index.CaseID `json:"last,omitempty"`

	Causes   map[string]bool     `json:"causes,omitempty"`   // root causes that were ever seen
	Rising   map[string]said     `json:"rising,omitempty"`   // by rule
	Problems map[string]said     `json:"problems,omitempty"` // by Problem.key
	Clusters map[string]said     `json:"clusters,omitempty"` // by Cluster.Key
	Engine   string              `json:"engine,omitempty"`   // that Formats were counted by
	Formats  map[string]*tallied `json:"formats,omitempty"`  // by FormatNote.Log
}

// said is when a thing was first and last reported, and with how many devices.
type said struct {
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Devices int       `json:"devices"`
}

// forgetAfter is how long a thing is remembered that is not reported any more.
const forgetAfter = 180 * 24 * time.Hour

// recall reads the memory of an archive; a new one where there is none.
func recall(r index.Reader) (*memory, error) {
	m := &memory{Causes: map[string]bool{}, Rising: map[string]said{}, Problems: map[string]said{}, Clusters: map[string]said{}, Formats: map[string]*tallied{}}
	b, err := r.State(stateName)
	if errors.Is(err, index.ErrNotFound) {
		return m, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading what the last run said: %w", err)
	}
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("reading what the last run said: %w", err)
	}
	return m, nil
}

// first reports whether nobody has looked before.
func (m *memory) first() bool { return m.At.IsZero() }

// isNew reports whether a case came since the last look.
func (m *memory) isNew(c *index.Case) bool {
	return c.Added.After(m.Until) || c.Added.Equal(m.Until) && !slices.Contains(m.Last, c.ID)
}

// tell notes that a thing is reported, and returns what was said before.
func tell(list map[string]said, key string, devices int, now time.Time) Known {
	s, known := list[key]
	if !known {
		list[key] = said{now, now, devices}
		return Known{}
	}
	before := s.Devices
	s.Last, s.Devices = now, devices
	list[key] = s
	return Known{Since: s.First, Before: before}
}

// keep stores the memory.
func (m *memory) keep(w index.Writer, now time.Time, cases []index.Case) error {
	m.At = now
	for i := range cases {
		if c := &cases[i]; c.Added.After(m.Until) {
			m.Until, m.Last = c.Added, nil
		}
	}
	for i := range cases {
		if c := &cases[i]; c.Added.Equal(m.Until) && !slices.Contains(m.Last, c.ID) {
			m.Last = append(m.Last, c.ID)
		}
	}
	slices.Sort(m.Last)
	for _, list := range []map[string]said{m.Rising, m.Problems, m.Clusters} {
		for key, s := range list {
			if now.Sub(s.Last) > forgetAfter {
				delete(list, key)
			}
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("remembering the run: %w", err)
	}
	return w.PutState(stateName, b)
}
