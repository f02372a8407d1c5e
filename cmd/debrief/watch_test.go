package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"debrief/index"
)

// lockedBuffer is an output that is read while it is written to.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestWatch lets a batch watch a folder: tickets that arrive are analysed, others
// may write to the archive meanwhile, and an interrupt ends it with its summary.
func TestWatch(t *testing.T) {
	dir := t.TempDir()
	inbox, archive := filepath.Join(dir, "inbox"), filepath.Join(dir, "archive")
	demo := func(scenario string) {
		t.Helper()
		var quiet bytes.Buffer
		if code := run(t.Context(), []string{"demo", inbox, "--scenario", scenario}, streams{strings.NewReader(""), &quiet, &quiet}); code != exitOK {
			t.Fatalf("demo: %d\n%s", code, &quiet)
		}
	}
	cases := func(n int) {
		t.Helper()
		deadline := time.Now().Add(2 * time.Minute)
		for {
			if a, err := index.OpenReader(archive, index.Options{}); err == nil {
				got := len(a.Cases(index.CaseFilter{}))
				if err := a.Close(); err != nil {
					t.Fatal(err)
				}
				if got == n {
					return
				}
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d cases are not there", n)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	demo("state1-cmg-dns")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out, talk lockedBuffer
	done := make(chan int)
	go func() {
		done <- run(ctx, []string{"batch", inbox, "--archive", archive, "--watch", "50ms"}, streams{strings.NewReader(""), &out, &talk})
	}()
	cases(1)
	var report bytes.Buffer
	if code := run(t.Context(), []string{"nightly", "--archive", archive, "--wait", "1m"}, streams{strings.NewReader(""), &report, &report}); code != exitOK || !strings.Contains(report.String(), "First look") {
		t.Errorf("nightly beside it: %d\n%s", code, &report)
	}
	demo("healthy-task-sequence")
	cases(2)
	stop()
	if code := <-done; code != exitOK {
		t.Errorf("exit code %d\n%s", code, talk.String())
	}
	if !strings.Contains(out.String(), "2 tickets: 2 analysed") {
		t.Errorf("summary:\n%s", out.String())
	}
}
