package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"debrief/event"
	"debrief/parsers"
	"debrief/pipeline"
)

// The decoders of event logs.
const (
	decoderOwn    = "debrief"
	decoderSecond = "velocidex"
)

// The bounds on one log in the other process, beside those it has itself.
const (
	secondTime  = 2 * time.Minute
	secondLines = 64 << 20 // bytes of its answer
	secondShown = 20       // record numbers listed
)

// How remarks of a second opinion begin.
const (
	secondPrefix = "second opinion of " + decoderSecond + ": "
	secondSame   = "the same "
)

// addDecoder adds the flag of commands that read events.
func (f *inputFlags) addDecoder(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.decoder, "decoder", decoderOwn,
		"event-log decoder: debrief, or velocidex for a second opinion (each log is also decoded by www.velocidex.com/golang/evtx in a process of its own, bounded in time and memory, and records that only one of the two finds are reported)")
}

// second compares debrief's reading of event logs with that of another
// decoder, which runs in a process of its own: it is never fed a user's file in
// this one.
type second struct {
	program string

	mu                     sync.Mutex
	logs, same, differ, no int // logs seen, alike, not alike, without an answer
	records                int
}

func newSecond() (*second, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program to run it again: %w", err)
	}
	return &second{program: program}, nil
}

// secondOpinion sets the run up for a second opinion, if one is asked for.
func (f *inputFlags) secondOpinion(opts *pipeline.Options) (*second, error) {
	switch f.decoder {
	case "", decoderOwn:
		return nil, nil
	case decoderSecond:
		s, err := newSecond()
		if err != nil {
			return nil, err
		}
		opts.CheckEventLog = s.check
		return s, nil
	}
	return nil, usagef("unknown decoder %q: debrief or velocidex", f.decoder)
}

// printOpinion says what the second opinion came to: each log on which the two
// differ, and the sum.
func printOpinion(w io.Writer, s *second, cases []*pipeline.Case) {
	for _, c := range cases {
		for _, p := range c.AllProblems() {
			if strings.HasPrefix(p.Text, secondPrefix) && !strings.HasPrefix(p.Text, secondPrefix+secondSame) {
				fmt.Fprintf(w, "debrief: %s\n", printable(p.String()))
			}
		}
	}
	fmt.Fprintf(w, "debrief: %s\n", s.summary())
}

// answer is what the other decoder said of a log.
type answer struct {
	records  map[uint64][]int64 // event ids by record number; -1 = no id
	problems []string
	whole    bool
}

// check asks for the second opinion on one log and adds what differs to its
// coverage, as remarks.
func (s *second) check(ctx context.Context, data []byte, out *parsers.Output) {
	got, err := s.ask(ctx, data)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logs++
	remark := func(text string) {
		out.Problem(event.Remark, event.Pos{File: out.Coverage.File}, secondPrefix+text)
	}
	for _, p := range got.problems {
		remark(p)
	}
	if err != nil {
		s.no++
		remark("none: " + err.Error())
		return
	}
	found := compareRecords(data, out.Events, got)
	s.records += found.same
	if found.text == "" {
		s.same++
		remark(fmt.Sprintf(secondSame+"%d records", found.same))
		return
	}
	s.differ++
	remark(found.text)
}

// ask runs the other decoder over a log.
func (s *second) ask(ctx context.Context, data []byte) (answer, error) {
	got := answer{records: map[uint64][]int64{}}
	if data == nil {
		return got, errors.New("the log is too long to be held in memory")
	}
	if len(data) > childInput {
		return got, fmt.Errorf("the log is larger than %d bytes", childInput)
	}
	ctx, cancel := context.WithTimeout(ctx, secondTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.program, childName)
	cmd.Args[0] = "debrief"
	cmd.Stdin = bytes.NewReader(data)
	cmd.Env = append(os.Environ(), "GOTRACEBACK=none", "GOMAXPROCS=1")
	cmd.WaitDelay = 2 * time.Second
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return got, fmt.Errorf("running the other decoder: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return got, fmt.Errorf("running the other decoder: %w", err)
	}
	limited := &io.LimitedReader{R: pipe, N: secondLines}
	lines := bufio.NewScanner(limited)
	for lines.Scan() {
		got.line(lines.Text())
	}
	if limited.N <= 0 {
		cancel()
	}
	err = cmd.Wait()
	var ended *exec.ExitError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return got, fmt.Errorf("it took longer than %s", secondTime)
	case limited.N <= 0:
		return got, errors.New("its answer is too long")
	case errors.As(err, &ended) && ended.ExitCode() == childFull:
		return got, fmt.Errorf("it wanted more than %d MiB of memory", childMemory>>20)
	case err != nil:
		return got, fmt.Errorf("it ended early: %w", err)
	case !got.whole:
		return got, errors.New("its answer has no end")
	}
	return got, nil
}

// line takes a line of the answer; what is not of its form says nothing.
func (a *answer) line(text string) {
	kind, rest, _ := strings.Cut(text, " ")
	first, second, _ := strings.Cut(rest, " ")
	switch kind {
	case "R":
		number, err := strconv.ParseUint(first, 10, 64)
		id, err2 := strconv.ParseInt(second, 10, 64)
		if err == nil && err2 == nil {
			a.records[number] = append(a.records[number], id)
		}
	case "P":
		if what, err := strconv.Unquote(second); err == nil && len(a.problems) < 10 {
			a.problems = append(a.problems, "chunk at offset "+first+": "+what)
		}
	case "E":
		a.whole = true
	}
}

// difference is the outcome of a comparison; text is empty where both agree.
type difference struct {
	same int
	text string
}

// compareRecords compares the live records by the number in their header.
// Records without an event id on either side count as found by neither, since
// each decoder has its own way with damage, and those that debrief recovered
// from behind the live ones are no difference where the other has them.
func compareRecords(data []byte, events []event.Event, theirs answer) difference {
	left := make(map[uint64][]int64, len(theirs.records))
	for n, ids := range theirs.records {
		left[n] = slices.Clone(ids)
	}
	var d difference
	var ours, ids []uint64
	recovered := map[uint64]bool{}
	for i := range events {
		e := &events[i]
		if e.Pos.Offset < 0 || e.Pos.Offset+16 > int64(len(data)) {
			continue
		}
		if e.Flags&event.Recovered != 0 {
			recovered[binary.LittleEndian.Uint64(data[e.Pos.Offset+8:])] = true
			continue
		}
		number := binary.LittleEndian.Uint64(data[e.Pos.Offset+8:])
		list := left[number]
		switch at := slices.Index(list, int64(e.ID)); {
		case at >= 0:
			d.same++
			left[number] = slices.Delete(list, at, at+1)
		case len(list) > 0:
			left[number] = list[1:]
			if e.Flags&event.Torn == 0 && list[0] >= 0 {
				ids = append(ids, number)
			} else {
				d.same++
			}
		default:
			ours = append(ours, number)
		}
	}
	var only []uint64
	for number, list := range left {
		for _, id := range list {
			if id >= 0 && !recovered[number] {
				only = append(only, number)
			}
		}
	}
	slices.Sort(only)
	var parts []string
	for _, p := range []struct {
		list []uint64
		what string
	}{{ours, "only debrief finds"}, {only, "only " + decoderSecond + " finds"}, {ids, "the event ids differ of"}} {
		if len(p.list) > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", p.what, numbers(p.list)))
		}
	}
	if len(parts) > 0 {
		d.text = strings.Join(parts, "; ") + fmt.Sprintf("; %d records are the same", d.same)
	}
	return d
}

// numbers lists record numbers, the first of them by name.
func numbers(list []uint64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d records (number ", len(list))
	for i, n := range list {
		if i == secondShown {
			b.WriteString(" …")
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.FormatUint(n, 10))
	}
	b.WriteByte(')')
	return b.String()
}

// summary is the line that closes a run with a second opinion.
func (s *second) summary() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := fmt.Sprintf("second opinion of %s on %d event logs: %d alike, %d not; %d records found by both", decoderSecond, s.logs, s.same, s.differ, s.records)
	if s.no > 0 {
		text += fmt.Sprintf("; no opinion on %d", s.no)
	}
	return text
}
