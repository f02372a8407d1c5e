package nightly

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"debrief/event"
	"debrief/index"
	"debrief/pipeline"
)

// Cluster is one kind of error record that several devices have and no rule
// speaks of.
type Cluster struct {
	Key string `json:"key"` // the same from one look to the next
	Known
	Source   event.Source `json:"source"`
	Provider string       `json:"provider,omitempty"`
	ID       uint32       `json:"id,omitempty"`   // event id; 0 = none
	Code     uint32       `json:"code,omitempty"` // error code; 0 = none
	Shape    string       `json:"shape"`          // the form the records share, see event.Shape
	Text     string       `json:"text"`           // one of them, cut
	Pos      event.Pos    `json:"place"`          // where it stands in the first case
	Devices  int          `json:"devices"`
	Records  int          `json:"records"`
	// Unsolved counts the devices without a root cause.
	Unsolved int        `json:"unsolved"`
	Cases    []CaseLine `json:"cases"` // the latest first, at most maxNamed
	More     int        `json:"more"`  // cases that are not listed
	// Draft is a rule to start from, which lints and passes its own tests; empty
	// = the records have nothing that a rule could hold on to.
	Draft string `json:"draft,omitempty"`
}

const (
	clusterAge     = 90 * 24 * time.Hour // older cases have no part in clusters
	leastInCluster = 3                   // devices
	maxClusters    = 20
)

// clusters gathers the leftovers of the cases of the last 90 days.
func (l *look) clusters() error {
	type gathered struct {
		Cluster
		cases []*index.Case
	}
	found := map[string]*gathered{}
	for i := range l.cases {
		c := &l.cases[i]
		if l.o.Now.Sub(date(c)) > clusterAge {
			continue
		}
		left, err := pipeline.LeftoversOf(l.view, c.ID)
		if errors.Is(err, index.ErrNotFound) {
			continue
		}
		if err != nil {
			l.out.Failed = append(l.out.Failed, FailedCase{newLine(c), err.Error()})
			continue
		}
		for _, k := range left.Kinds {
			key := clusterKey(&k)
			g := found[key]
			if g == nil {
				g = &gathered{Cluster: Cluster{Key: key, Source: k.Source, Provider: k.Provider, ID: k.ID, Code: k.Code, Shape: k.Shape, Text: k.Text, Pos: k.Pos}}
				found[key] = g
			}
			g.Records += k.Count
			if len(g.cases) == 0 || g.cases[len(g.cases)-1] != c {
				g.cases = append(g.cases, c)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(found)) {
		g := found[key]
		if g.Devices = devices(g.cases); g.Devices < leastInCluster {
			continue
		}
		g.Unsolved = devices(slices.DeleteFunc(slices.Clone(g.cases), func(c *index.Case) bool { return len(c.Causes) > 0 }))
		for _, c := range g.cases {
			g.Cases, g.More = named(g.Cases, g.More, c)
		}
		l.out.Clusters = append(l.out.Clusters, g.Cluster)
	}
	slices.SortStableFunc(l.out.Clusters, func(a, b Cluster) int {
		return cmp.Or(cmp.Compare(b.Unsolved, a.Unsolved), cmp.Compare(b.Devices, a.Devices), strings.Compare(a.Key, b.Key))
	})
	l.out.Clusters = l.out.Clusters[:min(len(l.out.Clusters), maxClusters)]
	for i := range l.out.Clusters {
		c := &l.out.Clusters[i]
		c.Known = tell(l.mem.Clusters, c.Key, c.Devices, l.o.Now)
		c.Draft = draft(c)
	}
	return nil
}

// clusterKey is the same for records of one kind: of an event log provider, id
// and code, of a text log the form and the code.
func clusterKey(k *pipeline.LeftoverKind) string {
	shape := k.Shape
	if k.ID != 0 {
		shape = ""
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %d %d %q", k.Source, k.Provider, k.ID, k.Code, shape))
	return hex.EncodeToString(sum[:6])
}
