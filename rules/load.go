package rules

import (
	"cmp"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"debrief/event"
)

//go:embed builtin
var builtin embed.FS

// BuiltinFS returns the rules that ship with debrief, to load them together
// with others.
func BuiltinFS() fs.FS {
	sub, err := fs.Sub(builtin, "builtin")
	if err != nil {
		return builtin // cannot happen: the folder is embedded
	}
	return sub
}

// Builtin loads the rules that ship with debrief.
func Builtin() (*Set, error) { return Load(BuiltinFS()) }

// Load reads every .yaml and .yml file of the file systems as one rule each.
// All mistakes of all files come joined in one error, each a *LoadError; the
// set then holds the rules that are sound, and is never nil.
func Load(packs ...fs.FS) (*Set, error) {
	named := make([]pack, len(packs))
	for i, p := range packs {
		named[i] = pack{fs: p}
	}
	return load(named)
}

// LoadDirs is Load for folders; positions name the files with their folder.
// With withBuiltin the rules that ship with debrief come first.
func LoadDirs(withBuiltin bool, dirs ...string) (*Set, error) {
	var packs []pack
	if withBuiltin {
		packs = append(packs, pack{fs: BuiltinFS()})
	}
	for _, d := range dirs {
		packs = append(packs, pack{prefix: filepath.ToSlash(d), fs: os.DirFS(d)})
	}
	return load(packs)
}

// LoadText is Load for one rule that is at hand; file names it in errors.
func LoadText(file string, text []byte) (*Set, error) {
	if len(text) > maxFileBytes {
		return newSet(nil), tooLarge(file)
	}
	r, err := parseRule(file, text)
	if r == nil {
		return newSet(nil), err
	}
	return newSet([]*Rule{r}), err
}

func tooLarge(file string) error {
	return &LoadError{File: file, Msg: fmt.Sprintf("the file is larger than %d KiB", maxFileBytes>>10)}
}

type pack struct {
	prefix string
	fs     fs.FS
}

// ruleFile is one rule file, and what became of it.
type ruleFile struct {
	fs         fs.FS
	name, file string
	rule       *Rule
	err        error
}

func load(packs []pack) (*Set, error) {
	files := ruleFiles(packs)
	parseAll(files)
	var rules []*Rule
	var errs []error
	where := map[string]string{} // id → file
	for i := range files {
		r := files[i].rule
		if files[i].err != nil {
			errs = append(errs, files[i].err)
		}
		if r == nil {
			continue
		}
		if first, ok := where[r.ID]; ok {
			errs = append(errs, &LoadError{files[i].file, r.place.line, r.place.col, fmt.Sprintf("rule %q is already in %s", r.ID, first)})
			continue
		}
		where[r.ID] = files[i].file
		rules = append(rules, r)
	}
	return newSet(rules), errors.Join(errs...)
}

// ruleFiles lists the rule files of the packs in their order.
func ruleFiles(packs []pack) []ruleFile {
	var files []ruleFile
	for _, p := range packs {
		err := fs.WalkDir(p.fs, ".", func(name string, d fs.DirEntry, err error) error {
			file := path.Join(p.prefix, name)
			ext := path.Ext(name)
			switch {
			case err != nil:
				files = append(files, ruleFile{err: fmt.Errorf("reading %q: %w", file, err)})
			case !d.IsDir() && (ext == ".yaml" || ext == ".yml"):
				files = append(files, ruleFile{fs: p.fs, name: name, file: file})
			}
			return nil
		})
		if err != nil {
			files = append(files, ruleFile{err: fmt.Errorf("reading %q: %w", p.prefix, err)})
		}
	}
	return files
}

// parseAll reads the files, one worker a core: parsing is most of the time that
// a short run takes.
func parseAll(files []ruleFile) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(files); i = int(next.Add(1)) - 1 {
				if f := &files[i]; f.fs != nil {
					f.rule, f.err = loadFile(f.fs, f.name, f.file)
				}
			}
		})
	}
	wg.Wait()
}

// loadFile returns nil for a rule with mistakes.
func loadFile(fsys fs.FS, name, file string) (*Rule, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", file, err)
	}
	if info.Size() > maxFileBytes {
		return nil, tooLarge(file)
	}
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", file, err)
	}
	return parseRule(file, data)
}

// parseRule reads one file. The rule is nil if there is an error.
func parseRule(file string, data []byte) (*Rule, error) {
	root, err := parseYAML(file, data)
	if root == nil {
		return nil, err
	}
	l := &loader{file: file}
	r := l.parseRule(root)
	if len(l.errs) > 0 || err != nil {
		sort.SliceStable(l.errs, func(i, j int) bool {
			a, b := l.errs[i], l.errs[j]
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column)) < 0
		})
		errs := []error{err}
		for _, e := range l.errs {
			errs = append(errs, e)
		}
		return nil, errors.Join(errs...)
	}
	r.remarks = l.remarks
	r.digest = sha256.Sum256(data)
	return r, nil
}

// loader decodes one file. Every method notes mistakes and goes on.
type loader struct {
	file    string
	rule    *Rule
	errs    []*LoadError
	remarks []*LoadError // for lint: wrong in taste or in vocabulary, not in form
}

func (l *loader) errorf(p place, format string, args ...any) {
	l.errs = append(l.errs, &LoadError{l.file, p.line, p.col, fmt.Sprintf(format, args...)})
}

func (l *loader) remark(p place, format string, args ...any) {
	l.remarks = append(l.remarks, &LoadError{l.file, p.line, p.col, fmt.Sprintf(format, args...)})
}

// fields says what to do with each key of a map.
type fields map[string]func(*node)

// object walks a map in the order of the file; a key that is not in f is a mistake.
func (l *loader) object(n *node, what string, f fields) {
	if n.kind != nodeMap {
		l.errorf(n.place, "%s: expected a map, found %s", what, nodeNames[n.kind])
		return
	}
	for i, k := range n.keys {
		fn, ok := f[k.text]
		if !ok {
			known := make([]string, 0, len(f))
			for name := range f {
				known = append(known, name)
			}
			slices.Sort(known)
			l.errorf(k.place, "unknown key %q in %s (known: %s)", k.text, what, strings.Join(known, ", "))
			continue
		}
		fn(n.vals[i])
	}
}

func (l *loader) text(n *node) string {
	if !n.scalar() {
		l.errorf(n.place, "expected text, found %s", nodeNames[n.kind])
		return ""
	}
	return n.text
}

// texts reads one text or a list of them.
func (l *loader) texts(n *node) []string {
	if n.scalar() {
		return []string{n.text}
	}
	return l.textList(n)
}

func (l *loader) textList(n *node) []string {
	if n.kind != nodeList {
		l.errorf(n.place, "expected a list of texts, found %s", nodeNames[n.kind])
		return nil
	}
	var out []string
	for _, v := range n.list {
		out = append(out, l.text(v))
	}
	return out
}

func (l *loader) boolean(n *node) bool {
	if n.kind != nodeBool {
		l.errorf(n.place, "expected true or false, found %s", nodeNames[n.kind])
	}
	return n.text == "true"
}

func (l *loader) number(n *node) int64 {
	if n.kind == nodeString {
		if v, ok := parseNumber(n.text); ok {
			return v
		}
	}
	if n.kind != nodeNumber {
		l.errorf(n.place, "expected a number, found %s", nodeNames[n.kind])
	}
	return n.num
}

// oneOf reads a word of a list; it returns its index, or -1 after an error.
func (l *loader) oneOf(n *node, what string, names []string) int {
	i := indexOf(names, 0, l.text(n))
	if i < 0 && n.scalar() {
		l.errorf(n.place, "%s is one of %s, not %q", what, strings.Join(names, ", "), n.text)
	}
	return i
}

// checkSource remarks on a source that no parser makes.
func (l *loader) checkSource(s string, p place) {
	s = lowerASCII(s)
	for _, known := range event.Sources() {
		if string(known.Source) == s || isGlob(s) && glob(anyGlob(s), string(known.Source)) {
			return
		}
	}
	// Logs and channels of other names have sources of their own.
	if name, ok := strings.CutPrefix(s, "log."); ok && name != "" {
		return
	}
	if name, ok := strings.CutPrefix(s, "evtx."); ok && name != "" {
		return
	}
	l.remark(p, "unknown source %q", s)
}

func joinNames[T ~string](names []T) string {
	s := make([]string, len(names))
	for i, n := range names {
		s[i] = string(n)
	}
	return strings.Join(s, ", ")
}
