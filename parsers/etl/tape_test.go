package etl

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"debrief/event"
	"debrief/internal/synth/etlw"
)

// story tells all that a tape gives, a line each.
func story(tp tape) []string {
	var lines []string
	h, tally, err := decodeTape(tp, Sink{
		Header: func(h *Header) { lines = append(lines, fmt.Sprintf("header %+v", *h)) },
		Record: func(r *Record) { lines = append(lines, fmt.Sprintf("record %+v", *r)) },
		Problem: func(p Problem) {
			lines = append(lines, fmt.Sprintf("problem %+v", p))
		},
	})
	return append(lines, fmt.Sprintf("end %+v %+v %v", h, tally, err))
}

// scribbled reads like a file and spoils what it gave before, as memory that
// is used again would be.
type scribbled struct {
	data []byte
	last []byte
}

func (s *scribbled) ReadAt(b []byte, at int64) (int, error) {
	for i := range s.last {
		s.last[i] ^= 0x55
	}
	s.last = b
	return bytes.NewReader(s.data).ReadAt(b, at)
}

// comparePieces decodes a trace from memory and in pieces of that size.
func comparePieces(t *testing.T, data []byte, piece int) {
	t.Helper()
	size := int64(len(data))
	want := story(tape{held: data, size: size})
	for _, r := range []io.ReaderAt{bytes.NewReader(data), &scribbled{data: data}} {
		if got := story(tape{r: r, piece: piece, size: size}); !slices.Equal(want, got) {
			t.Errorf("in pieces of %d by %T (- in memory, + in pieces):\n%s", piece, r, cmp.Diff(want, got))
		}
	}
}

func TestDecodeAt(t *testing.T) {
	traces := hostile(t)
	traces["plain"] = plain(t)
	s := session
	s.BufferSize = 2048
	var many []etlw.Event
	for range 300 {
		many = append(many, etlw.Event{Kind: etlw.TraceLogging, ProviderName: "P", Name: "E", Time: start, User: system, Fields: []etlw.Field{etlw.Str("a", "b"), etlw.U32("n", 1)}})
	}
	traces["many buffers"] = encode(t, s, many...)
	gap := append(bytes.Clone(traces["many buffers"]), make([]byte, 20_000)...)
	traces["zeros between"] = append(gap, traces["many buffers"]...)
	s.Format = etlw.XPRESS
	traces["compressed"] = encode(t, s, many...)
	for name, data := range traces {
		t.Run(name, func(t *testing.T) {
			for _, piece := range []int{1, 100, 5000, pieceBytes} {
				comparePieces(t, data, piece)
			}
		})
	}
}

// failing is a file that cannot be read beyond a point.
type failing struct {
	data []byte
	from int64
}

func (f failing) ReadAt(b []byte, at int64) (int, error) {
	if at+int64(len(b)) > f.from {
		b = b[:max(0, f.from-at)]
		n, _ := bytes.NewReader(f.data).ReadAt(b, at)
		return n, errors.New("the disk is gone")
	}
	return bytes.NewReader(f.data).ReadAt(b, at)
}

// TestDecodeAtFailing: what stands before the fault is read, and the fault is said.
func TestDecodeAtFailing(t *testing.T) {
	s := session
	s.BufferSize = 2048
	var many []etlw.Event
	for range 300 {
		many = append(many, etlw.Event{Kind: etlw.TraceLogging, ProviderName: "P", Name: "E", Time: start, User: system, Fields: []etlw.Field{etlw.U32("n", 1)}})
	}
	data := encode(t, s, many...)
	half := int64(len(data)/2) &^ 2047
	var problems []Problem
	records := 0
	_, _, err := DecodeAt(failing{data, half}, int64(len(data)), Sink{
		Record:  func(*Record) { records++ },
		Problem: func(p Problem) { problems = append(problems, p) },
	})
	if err != nil || records < 100 || records > 200 {
		t.Errorf("%d records, %v", records, err)
	}
	if len(problems) != 1 || problems[0].Kind != event.Unreadable || problems[0].Offset != half || !strings.Contains(problems[0].Text, "disk is gone") {
		t.Errorf("%+v", problems)
	}
	if _, _, err := DecodeAt(failing{data, 0}, int64(len(data)), Sink{Problem: func(Problem) {}}); err == nil || errors.Is(err, ErrFormat) || errors.Is(err, io.EOF) {
		t.Error(err)
	}
}
