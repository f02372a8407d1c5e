package layers

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// allowed lists, for each folder, the project packages that its non-test
// sources may import. "*" = any. A folder that is not listed may import nothing.
var allowed = map[string][]string{
	"event":                {},
	"codes":                {},
	"codes/internal/gen":   {},
	"ingest":               {"event", "ingest/cab"},
	"ingest/cab":           {"event"},
	"parsers":              {"event", "codes", "parsers/evtx", "parsers/etl", "parsers/winval"},
	"parsers/evtx":         {"event", "parsers/winval"},
	"parsers/etl":          {"event", "parsers/winval"},
	"parsers/winval":       {"event"},
	"timeline":             {"event", "codes"},
	"rules":                {"event", "codes", "timeline"},
	"redact":               {},
	"report":               {"event", "codes", "timeline", "rules", "redact"},
	"pipeline":             {"event", "codes", "ingest", "parsers", "timeline", "rules", "report", "index", "redact"},
	"pipeline/nightly":     {"event", "index", "pipeline", "report", "rules"},
	"index":                {"event", "codes"},
	"internal/growth":      {},
	"internal/synth":       {"event", "internal/synth/evtxw", "internal/synth/cabw"},
	"internal/synth/evtxw": {},
	"internal/synth/cabw":  {},
	"internal/synth/etlw":  {},
	"cmd/debrief":          {"*"},
}

func TestImportsFollowTheTable(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata" || d.Name() == "dist") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(rel)
		seen[dir] = true
		may, listed := allowed[dir]
		if !listed && dir != "internal/layers" {
			t.Errorf("%s: folder %q is not in the table", file, dir)
		}
		src, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, imp := range src.Imports {
			name, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				return err
			}
			pkg, ours := strings.CutPrefix(name, "debrief/")
			if ours && !slices.Contains(may, "*") && !slices.Contains(may, pkg) {
				t.Errorf("%s imports %s, which %s may not", file, name, dir)
			}
			if strings.HasPrefix(name, "github.com/blevesearch/") && path.Base(dir) != "index" {
				t.Errorf("%s imports %s: only index may", file, name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir := range allowed {
		if !seen[dir] {
			t.Errorf("the table lists %q, which has no sources", dir)
		}
	}
}
