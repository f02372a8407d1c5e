package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
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
				if f := &files[i]; f.Size > 0 || !f.Partial {
					f.Hash = hashOf(f)
				}
			}
		})
	}
	wg.Wait()
}

// hashOf returns the hash of a file; empty where it cannot be read again.
func hashOf(f *File) string {
	if !f.OnDisk() {
		sum := sha256.Sum256(f.Data)
		return hex.EncodeToString(sum[:])
	}
	in, err := f.Open()
	if err != nil {
		return ""
	}
	defer in.Close()
	h := sha256.New()
	if n, err := io.Copy(h, io.NewSectionReader(in, 0, f.Size)); err != nil || n != f.Size {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// markDuplicates keeps of whole files with the same content the one with the
// fewest suffixes in its path, among these the first. files are sorted by path.
// A suffix stands for a name that another file had before, so what is kept goes
// by the name that it really has.
func (r *reader) markDuplicates(files []File) {
	kept := make(map[string]int, len(files))
	for i := range files {
		f := &files[i]
		if f.Size == 0 || f.Partial || f.Hash == "" {
			continue
		}
		k, ok := kept[f.Hash]
		if !ok || r.names.suffixes(f.Path) < r.names.suffixes(files[k].Path) {
			kept[f.Hash] = i
		}
	}
	for i := range files {
		f := &files[i]
		if f.Size == 0 || f.Partial || f.Hash == "" {
			continue
		}
		if k := kept[f.Hash]; k != i {
			f.Duplicate, f.Data, f.disk = files[k].Path, nil, nil
		}
	}
}
