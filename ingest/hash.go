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
// smallest path. files are sorted by path.
func markDuplicates(files []File) {
	first := make(map[string]int, len(files))
	for i := range files {
		f := &files[i]
		if len(f.Data) == 0 || f.Partial {
			continue
		}
		if k, ok := first[f.Hash]; ok {
			f.Duplicate, f.Data = files[k].Path, nil
			continue
		}
		first[f.Hash] = i
	}
}
