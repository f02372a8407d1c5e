package growth

import (
	"fmt"
	"strings"
	"testing"
)

// recorder is a test that notes whether it failed.
type recorder struct {
	testing.TB
	failed string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
}

var sink int

func loops(n int) {
	for i := range n {
		sink += i & 3
	}
}

func TestLinear(t *testing.T) {
	if Racing {
		t.Skip("times mean nothing under the race detector")
	}
	linear, square := &recorder{TB: t}, &recorder{TB: t}
	measure(linear, 400_000, func(n int) func() { return func() { loops(n) } })
	if linear.failed != "" {
		t.Errorf("linear work was called worse: %s", linear.failed)
	}
	measure(square, 2_000, func(n int) func() { return func() { loops(n * n) } })
	if !strings.Contains(square.failed, "more than") {
		t.Error("quadratic work passed as linear")
	}
}
