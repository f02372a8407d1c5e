package pipeline

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"debrief/event"
	"debrief/index"
	"debrief/report"
	"debrief/rules"
)

// LeftoversBlob is the name under which the errors of a case that no rule speaks
// of are archived, as the JSON of Leftovers.
const LeftoversBlob = "leftovers"

// Leftovers are the errors of a case that no rule speaks of, as far as its
// report shows them: none beside a sure root cause.
type Leftovers struct {
	// Healed are the ids of the rules that saw their failure heal; they speak of
	// records too, and have no finding.
	Healed []string       `json:"healed,omitempty"`
	Kinds  []LeftoverKind `json:"kinds,omitempty"` // the most telling first
}

// LeftoverKind is one kind of record, see rules.Leftover.
type LeftoverKind struct {
	Source   event.Source `json:"source"`
	Provider string       `json:"provider,omitempty"`
	ID       uint32       `json:"id,omitempty"`   // event id; 0 = none
	Code     uint32       `json:"code,omitempty"` // error code; 0 = none
	Shape    string       `json:"shape,omitempty"`
	Count    int          `json:"count"`
	Pos      event.Pos    `json:"pos"`  // of the first record
	Text     string       `json:"text"` // of the first record, cut
	First    time.Time    `json:"first,omitzero"`
	Last     time.Time    `json:"last,omitzero"`
}

// leftoversOf takes from a result what healed, and from its report the errors
// of the time of the attempt.
func leftoversOf(res *rules.Result, view *report.View) *Leftovers {
	out := &Leftovers{Healed: healed(res)}
	for i := range view.Leftovers {
		l := view.Leftovers[i].Kind()
		if view.Leftovers[i].Elsewhere {
			continue
		}
		out.Kinds = append(out.Kinds, LeftoverKind{
			Source: l.Source, Provider: l.Provider, ID: l.ID, Code: l.Code, Shape: l.Shape, Count: l.Count,
			Pos: l.Pos, Text: l.Text, First: l.First, Last: l.Last,
		})
	}
	return out
}

// healed lists the rules that saw their failure heal, in order.
func healed(res *rules.Result) []string {
	var out []string
	for _, f := range res.Findings {
		if f.Healed() && !slices.Contains(out, f.Rule) {
			out = append(out, f.Rule)
		}
	}
	return out
}

func (l *Leftovers) blob() ([]byte, error) {
	b, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("writing the leftovers: %w", err)
	}
	return b, nil
}

// LeftoversOf reads the leftovers of an archived case; index.ErrNotFound where
// it was archived without.
func LeftoversOf(r index.Reader, id index.CaseID) (*Leftovers, error) {
	b, err := r.Blob(id, LeftoversBlob)
	if err != nil {
		return nil, err
	}
	out := &Leftovers{}
	if err := json.Unmarshal(b, out); err != nil {
		return nil, fmt.Errorf("reading the leftovers of case %q: %w", id, err)
	}
	return out, nil
}
