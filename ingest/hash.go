package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"runtime"
	"sync"
	"sync/atomic"
)

// hashFiles computes the hash of every file that has bytes or is soundly
// empty, on all processors.
func hashFiles(files []File) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(files) {
					return
				}
				f := &files[i]
				if len(f.Data) > 0 || !f.Partial {
					sum := sha256.Sum256(f.Data)
					f.Hash = hex.EncodeToString(sum[:])
				}
			}
		})
	}
	wg.Wait()
}

// markDuplicates keeps of whole files with the same content the one with the
// fewest suffixes in its path, among these the first. files are sorted by path.
// A suffix stands for a name that another file had before, so what is kept goes
// by the name that it really has.
func (r *reader) markDuplicates(files []File) {
	kept := make(map[string]int, len(files))
	for i := range files {
		f := &files[i]
		if len(f.Data) == 0 || f.Partial {
			continue
		}
		k, ok := kept[f.Hash]
		if !ok || r.names.suffixes(f.Path) < r.names.suffixes(files[k].Path) {
			kept[f.Hash] = i
		}
	}
	for i := range files {
		f := &files[i]
		if len(f.Data) == 0 || f.Partial {
			continue
		}
		if k := kept[f.Hash]; k != i {
			f.Duplicate, f.Data = files[k].Path, nil
		}
	}
}
