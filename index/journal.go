package index

import (
	"fmt"
	"os"
	"path/filepath"

	"debrief/event"
)

const (
	journalName = "journal"
	segmentsDir = "segments"
	indexDir    = "index"
	lockName    = "lock"
	ownerName   = "writer"
)

func segmentName(n uint32) string { return fmt.Sprintf("%08d.seg", n) }

func segmentPath(dir string, n uint32) string {
	return filepath.Join(dir, segmentsDir, segmentName(n))
}

// replayed is what reading a journal gave.
type replayed struct {
	state *state
	// end is where the next record goes: behind the last sound one.
	end int64
	// torn counts the bytes behind end that are no record: the rest of a write
	// that was never acknowledged, or damage.
	torn     int64
	problems []event.Problem
}

// readJournal replays the journal of an archive.
func readJournal(dir string) (*replayed, error) {
	data, err := os.ReadFile(filepath.Join(dir, journalName))
	if os.IsNotExist(err) {
		return nil, fmt.Errorf("opening %q: %w", dir, ErrNotArchive)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the journal: %w", err)
	}
	r := &replayed{state: newState()}
	if err := r.replay(data, 0); err != nil {
		return nil, fmt.Errorf("opening %q: %w", dir, err)
	}
	return r, nil
}

// replay takes in the records of data, which stands at base in the journal. A
// damaged record is a problem, and those behind it still count.
func (r *replayed) replay(data []byte, base int64) error {
	scan := frameScan{data: data}
	for {
		kind, payload, at, skipped := scan.next()
		if kind == 0 {
			r.torn = skipped
			if base == 0 && r.end == 0 {
				return ErrNotArchive
			}
			return nil
		}
		if base == 0 && at == 0 && kind != recHeader {
			return ErrNotArchive
		}
		if skipped > 0 {
			r.problem(base+at-skipped, fmt.Sprintf("%d bytes of the journal are damaged; what they said is lost", skipped))
		}
		if err := r.state.apply(kind, payload); err != nil {
			r.problem(base+at, err.Error())
		}
		if r.state.header.Format > FormatVersion {
			return fmt.Errorf("%w: format %d, this is %d", ErrNewer, r.state.header.Format, FormatVersion)
		}
		r.end = base + scan.off
	}
}

func (r *replayed) problem(off int64, text string) {
	r.problems = append(r.problems, event.Problem{Pos: event.Pos{File: journalName, Offset: off}, Kind: event.Damage, Text: text})
}
