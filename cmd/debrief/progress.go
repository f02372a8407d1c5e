package main

import (
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"debrief/pipeline"
)

// progress shows how far a run is, on a terminal only, and only once it has
// taken a second.
type progress struct {
	mu    sync.Mutex
	out   io.Writer // nil = silent
	since time.Time
	stage string
	bar   *progressbar.ProgressBar
}

func newProgress(w io.Writer, quiet bool) *progress {
	p := &progress{since: time.Now()}
	if !quiet && isTerminal(w) {
		p.out = w
	}
	return p
}

func (p *progress) update(now pipeline.Progress) {
	if p.out == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.since) < time.Second {
		return
	}
	if p.bar == nil || p.stage != now.Stage {
		p.clear()
		p.stage = now.Stage
		total := now.Total
		if total == 0 {
			total = -1 // not known: a spinner
		}
		p.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(p.out), progressbar.OptionSetDescription(now.Stage),
			progressbar.OptionShowBytes(true), progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	}
	_ = p.bar.Set64(now.Done) // a bar that cannot be drawn is no failure of the run
}

func (p *progress) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func (p *progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
		p.bar = nil
	}
}
