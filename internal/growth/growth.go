// Package growth holds work to grow no faster than its input. It is for tests:
// a time that is right on one machine is wrong on another, so it compares the
// times of two sizes in one run.
package growth

import (
	"testing"
	"time"
)

// factor is how much larger the second size is. Linear work then takes factor
// times as long, quadratic work factor*factor; the bound stands between.
const (
	factor = 8
	bound  = 3 * factor
	tries  = 10
)

// floor is a time below which no ratio means anything: page faults and the
// garbage collector are then most of it.
const floor = 2 * time.Millisecond

// Linear fails the test if work of size 8n takes more than three times as long
// per unit as work of size n. work is called with a size and returns what is to
// be timed, so that making the input does not count. A busy machine gets
// several tries. Times mean nothing under the race detector, which makes them
// ten times longer: there the work is done once, for it to watch.
func Linear(t testing.TB, n int, work func(n int) func()) {
	t.Helper()
	if Racing {
		work(n)()
		return
	}
	measure(t, n, work)
}

func measure(t testing.TB, n int, work func(n int) func()) {
	t.Helper()
	var small, large time.Duration
	for range tries {
		small, large = fastest(work(n)), fastest(work(factor*n))
		if large < bound*max(small, floor) {
			return
		}
	}
	t.Errorf("%d units take %v, %d take %v: more than %d times as long", n, small, factor*n, large, bound)
}

// fastest is the shorter of two runs.
func fastest(run func()) time.Duration {
	best := time.Duration(1<<63 - 1)
	for range 2 {
		start := time.Now()
		run()
		best = min(best, time.Since(start))
	}
	return best
}
