package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/Velocidex/ordereddict"
	"github.com/spf13/cobra"
	velocidex "www.velocidex.com/golang/evtx"
)

// The bounds of the process in which the second decoder runs.
const (
	childMemory = 1 << 30   // bytes of heap; beyond it the process ends itself
	childInput  = 512 << 20 // bytes of the log
	childFull   = 7         // exit code: out of memory
	childName   = "decode-evtx-velocidex"
)

// newSecondChild is the hidden command that --decoder velocidex runs in a
// process of its own: an event log on standard input, one line a record on
// standard output:
//
//	R <number> <event id>
//	P <chunk offset> <what went wrong there>
//	E                                          the end was reached
func newSecondChild() *cobra.Command {
	return &cobra.Command{
		Use:    childName,
		Short:  "Decode one event log for --decoder velocidex",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			debug.SetMemoryLimit(childMemory * 3 / 4)
			go watchMemory()
			data, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), childInput+1))
			if err != nil {
				return fmt.Errorf("reading the event log: %w", err)
			}
			w := bufio.NewWriter(cmd.OutOrStdout())
			if err := decodeSecond(data, w); err != nil {
				return err
			}
			return w.Flush()
		},
	}
}

// watchMemory ends the process when its heap grows beyond the bound: the
// decoder is not ours and cannot be asked to stop.
func watchMemory() {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	for {
		metrics.Read(sample)
		if sample[0].Value.Uint64() > childMemory {
			os.Exit(childFull)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func decodeSecond(data []byte, w io.Writer) error {
	chunks, err := velocidex.GetChunks(bytes.NewReader(data))
	if err != nil {
		if _, err := fmt.Fprintf(w, "P 0 %q\n", err.Error()); err != nil {
			return err
		}
	}
	for _, c := range chunks {
		records, err := secondChunk(c)
		for _, r := range records {
			if _, err := fmt.Fprintf(w, "R %d %d\n", r.Header.RecordID, secondID(r.Event)); err != nil {
				return err
			}
		}
		if err != nil {
			if _, err := fmt.Fprintf(w, "P %d %q\n", c.Offset, err.Error()); err != nil {
				return err
			}
		}
	}
	_, err = fmt.Fprintln(w, "E")
	return err
}

// secondChunk decodes a chunk; a panic of the decoder loses that chunk.
func secondChunk(c *velocidex.Chunk) (records []*velocidex.EventRecord, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("it gave up: %v", r)
		}
	}()
	return c.Parse(0)
}

// secondID is the event id in the decoder's dictionaries; -1 = not there.
func secondID(event any) int64 {
	for _, key := range [...]string{"Event", "System", "EventID"} {
		event = member(event, key)
	}
	if inner := member(event, "Value"); inner != nil {
		event = inner
	}
	switch n := event.(type) {
	case uint16:
		return int64(n)
	case uint32:
		return int64(n)
	case int64:
		return n
	case uint64:
		return int64(n & 0xFFFF)
	case int:
		return int64(n)
	}
	return -1
}

func member(v any, key string) any {
	d, ok := v.(*ordereddict.Dict)
	if !ok {
		return nil
	}
	got, _ := d.Get(key)
	return got
}
