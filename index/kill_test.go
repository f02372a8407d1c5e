package index

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestMain makes the test binary the writer that TestKill kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv("DEBRIEF_TEST_WRITER"); dir != "" {
		if err := writeForEver(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// writeForEver adds cases and prints each id once it is acknowledged.
func writeForEver(dir string) error {
	w, err := OpenWriter(dir, Options{})
	if err != nil {
		return err
	}
	m := newMade(uint64(os.Getpid()))
	for i := 0; ; i++ {
		id, _, err := w.Add(context.Background(), m.submission(fmt.Sprintf("p%d-%d", os.Getpid(), i), 20+m.r.IntN(800)))
		if err != nil {
			return err
		}
		fmt.Println(id)
		if i%7 == 6 {
			if err := w.Compact(context.Background(), nil); err != nil {
				return err
			}
		}
	}
}

// TestKill kills a writing process with SIGKILL at moments of chance: what it
// acknowledged is there, whole, and the next process goes on.
func TestKill(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	if err := Create(dir, Options{}); err != nil {
		t.Fatal(err)
	}
	var acknowledged []string
	for round := range 6 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		cmd := exec.CommandContext(ctx, os.Args[0])
		cmd.Env = append(os.Environ(), "DEBRIEF_TEST_WRITER="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; n <= 2*round && lines.Scan(); n++ {
			acknowledged = append(acknowledged, lines.Text())
		}
		time.Sleep(time.Duration(round) * 3 * time.Millisecond) // into the middle of the next
		_ = cmd.Process.Kill()
		for lines.Scan() { // acknowledged before it died
			acknowledged = append(acknowledged, lines.Text())
		}
		_ = cmd.Wait()
		cancel()
		a, err := OpenReader(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range acknowledged {
			if _, err := a.Events(CaseID(id)); err != nil {
				t.Fatalf("round %d: acknowledged case: %v", round, err)
			}
		}
		v, err := a.Verify(t.Context(), nil)
		if err != nil || v.Lost() {
			t.Fatalf("round %d: %v %v", round, v.Problems, err)
		}
		_ = a.Close()
	}
	if len(acknowledged) < 20 {
		t.Errorf("only %d cases were acknowledged", len(acknowledged))
	}
}
