package ingest

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// testGuard is a guard over an archive of a few bytes.
func testGuard(t *testing.T, ctx context.Context, limit time.Duration) (*guard, *archive) {
	t.Helper()
	r, _, err := newReader(ctx, []string{"x"}, Options{Limits: Limits{Time: limit}})
	if err != nil {
		t.Fatal(err)
	}
	data := []byte("packed")
	return r.newGuard(), &archive{path: "in", data: data, src: source(data, nil), size: int64(len(data))}
}

// TestGuardLeavesLoops has decoders that never come back: the caller goes on,
// and those that read end.
func TestGuardLeavesLoops(t *testing.T) {
	decoders := map[string]func(in guardedInput){
		"reads_over_and_over": func(in guardedInput) {
			for {
				if _, err := in.Seek(0, io.SeekStart); err != nil {
					return
				}
				if _, err := in.Read(make([]byte, 2)); err != nil {
					return
				}
			}
		},
		"reads_at_over_and_over": func(in guardedInput) {
			for {
				if _, err := in.ReadAt(make([]byte, 2), 1); err != nil {
					return
				}
			}
		},
	}
	for name, decode := range decoders {
		t.Run(name, func(t *testing.T) {
			g, a := testGuard(t, t.Context(), 30*time.Millisecond)
			ended := make(chan bool)
			_, err := guarded(g, func() (int, error) {
				defer close(ended)
				decode(g.input(a))
				return 1, nil
			})
			if !isLimit(err) {
				t.Errorf("error %v", err)
			}
			select {
			case <-ended:
			case <-time.After(10 * time.Second):
				t.Error("the decoder still runs")
			}
			if _, err := guarded(g, func() (int, error) { return 1, nil }); !errors.Is(err, errLeft) {
				t.Errorf("second call: error %v", err)
			}
		})
	}
}

func TestGuardLeavesOnCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	g, _ := testGuard(t, ctx, time.Minute)
	release := make(chan bool)
	defer close(release)
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := guarded(g, func() (int, error) { <-release; return 1, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestGuardEnds holds that no goroutine stays when an archive is done.
func TestGuardEnds(t *testing.T) {
	g, _ := testGuard(t, t.Context(), time.Minute)
	got, err := io.ReadAll(g.reader(strings.NewReader(noise(1_000_000))))
	if err != nil || string(got) != noise(1_000_000) {
		t.Errorf("%d bytes, error %v", len(got), err)
	}
	g.end()
	g.end()
	if _, open := <-g.calls; open {
		t.Error("still open")
	}
}

type lyingReader struct{}

func (lyingReader) Read(p []byte) (int, error) { return len(p) + 1, nil }

func TestGuardOfBrokenDecoders(t *testing.T) {
	g, _ := testGuard(t, t.Context(), time.Minute)
	if _, err := io.ReadAll(g.reader(lyingReader{})); err == nil {
		t.Error("too many bytes are no error")
	}
	defer func() {
		if p := recover(); p != "decoder" {
			t.Errorf("recovered %v", p)
		}
		g.end()
	}()
	_, _ = guarded(g, func() (int, error) { panic("decoder") })
}

// TestTimeOfArchive reads a stream of a decoder that hangs, by the way of an
// archive.
func TestTimeOfArchive(t *testing.T) {
	g, a := testGuard(t, t.Context(), 50*time.Millisecond)
	release := make(chan bool)
	defer close(release)
	data, _, err := g.r.readAll(a, g.reader(io.MultiReader(strings.NewReader("some text"), hangingReader{release})), 0, 0, 1<<20)
	if string(data) != "some text" || !isLimit(err) {
		t.Errorf("got %q, error %v", data, err)
	}
}

type hangingReader struct{ release chan bool }

func (r hangingReader) Read([]byte) (int, error) {
	<-r.release
	return 0, io.EOF
}
