package timeline

import (
	"strings"

	"debrief/event"
)

// content follows what a step of a task sequence downloads: an application, from
// the progress "is being downloaded" (16) to the next other one, and the
// packages of a step, over which a program of its own writes:
//
//	NotifyProgress received: 16 (Application is being downloaded )
//	NotifyProgress received: 17 (Application is being installed )
func (s *sequences) content(e *event.Event) {
	if !s.step.open() {
		return
	}
	if rest, ok := strings.CutPrefix(e.Message, "NotifyProgress received: "); ok {
		switch n, _ := leadingNumber(rest); {
		case n != 16:
			s.fetched(e, StateSucceeded)
		case !s.fetch.open():
			name, ok := s.step.field("app")
			if !ok {
				name = s.step.Name
			}
			s.download(e, name)
		}
		return
	}
	switch e.Provider {
	case "OSDDownloadContent", "DownloadContent":
		if !s.fetch.open() {
			s.download(e, s.step.Name)
		}
		s.fetch.LastSeen = e.Time
	case "TSManager":
		// The engine speaks again when the program is done.
		if s.fetch.open() && !s.fetch.LastSeen.IsZero() {
			s.fetched(e, "")
		}
	}
}

func (s *sequences) download(e *event.Event, name string) {
	s.fetch = s.b.span(KindDownload, name, e)
	s.fetch.parent = s.step
}

// fetched closes the open download.
func (s *sequences) fetched(e *event.Event, state State) {
	if s.fetch.open() {
		s.fetch.end(e, state)
	}
	s.fetch = nil
}

// downloadShares says of each run of a task sequence how much of it its
// downloads took. Within a run one step is open at a time, and one download in it.
func (b *builder) downloadShares() {
	spent := map[*draft]int64{} // milliseconds
	for _, d := range b.spans {
		if d.Kind != KindDownload || d.parent == nil || d.parent.Kind != KindStep {
			continue
		}
		run := d.parent
		for run != nil && run.Kind != KindTaskSequence {
			run = run.parent
		}
		if run != nil {
			spent[run] += d.Duration().Milliseconds()
		}
	}
	for _, d := range b.spans {
		if whole := d.Duration().Milliseconds(); spent[d] > 0 && whole > 0 {
			f := event.Number("ts.download-percent", d.Name, spent[d]*100/whole, d.firstPos())
			f.Time = d.Start
			b.add(f)
		}
	}
}
