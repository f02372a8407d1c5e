package cab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mholt/archives"
)

func TestFormatMatch(t *testing.T) {
	sound := testCab{folders: []testFolder{{method: Stored, files: []testFile{small}}}}.write(t)
	tests := []struct {
		name, file string
		data       []byte
		want       archives.MatchResult
	}{
		{"by_both", "Logs.CAB", sound, archives.MatchResult{ByName: true, ByStream: true}},
		{"by_content", "renamed.log", sound, archives.MatchResult{ByStream: true}},
		{"by_name", "logs.cab", []byte("PK"), archives.MatchResult{ByName: true}},
		{"not_by_letters_in_name", "cabinet.cab.txt", nil, archives.MatchResult{}},
		{"empty", "x", nil, archives.MatchResult{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Format{}.Match(t.Context(), tt.file, bytes.NewReader(tt.data))
			if err != nil || got != tt.want {
				t.Errorf("got %v, error %v, want %v", got, err, tt.want)
			}
		})
	}
}

func TestFormatExtract(t *testing.T) {
	long := testFile{name: "sub\\long.log", data: sampleText(70_000, 1)}
	data := testCab{folders: []testFolder{{method: Stored, files: []testFile{small, long, last}}}}.write(t)
	extract := func(data []byte, stop error) (got []string, err error) {
		err = Format{}.Extract(t.Context(), bytes.NewReader(data), func(_ context.Context, f archives.FileInfo) error {
			r, err := f.Open()
			if err != nil {
				return err
			}
			defer r.Close()
			b, err := io.ReadAll(r)
			got = append(got, fmt.Sprintf("%s %s %d/%d %v", f.NameInArchive, f.Name(), len(b), f.Size(), err != nil))
			return stop
		})
		return got, err
	}
	all := []string{"small.log small.log 10/10 false", "sub/long.log long.log 70000/70000 false", "last.log last.log 5001/5001 false"}
	got, err := extract(data, nil)
	if diff := cmp.Diff(all, got); err != nil || diff != "" {
		t.Errorf("error %v, members (-want +got):\n%s", err, diff)
	}
	got, err = extract(data, fs.SkipAll)
	if diff := cmp.Diff(all[:1], got); err != nil || diff != "" {
		t.Errorf("stopped: error %v, members (-want +got):\n%s", err, diff)
	}
	got, err = extract(data[:len(data)-6_000], nil)
	cut := []string{all[0], "sub/long.log long.log 69001/70000 true", "last.log last.log 0/5001 true"}
	if diff := cmp.Diff(cut, got); !errors.Is(err, ErrDamaged) || diff != "" {
		t.Errorf("cut: error %v, members (-want +got):\n%s", err, diff)
	}
	if _, err := extract([]byte("no cabinet"), nil); !errors.Is(err, ErrFormat) {
		t.Errorf("no cabinet: got error %v, want %v", err, ErrFormat)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (Format{}).Extract(ctx, bytes.NewReader(data), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got error %v", err)
	}
}
