package report

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
)

// PackSchema is the value of Pack.Schema.
const PackSchema = "debrief.pack/1"

// PackManifest is the name of the manifest inside a pack.
const PackManifest = "manifest.json"

// Pack is the manifest of an evidence pack: a ZIP with the report and the cited
// records, and nothing else of the bundle. Each citation names the original by the
// SHA-256 of the file and the line or record in it, so that whoever has the bundle
// can look at what a stand-in stands for. Lines themselves are not hashed: what
// was replaced in a short line could be guessed from its hash.
type Pack struct {
	Schema   string     `json:"schema"`
	Tool     Tool       `json:"tool"`
	Case     []string   `json:"case"`
	Verdict  string     `json:"verdict"`
	Redacted string     `json:"redacted"` // as in a View
	Files    []PackFile `json:"files"`
}

// PackFile is a file of the bundle that the report cites.
type PackFile struct {
	Path    string  `json:"path"`
	SHA256  string  `json:"sha256"` // of the original; empty = it could not be read whole
	Bytes   int64   `json:"bytes"`
	Excerpt string  `json:"excerpt"` // name of the member with its cited records
	Places  []Place `json:"places"`
}

// WritePack writes the evidence pack of a report: manifest.json, the report as
// HTML, Markdown and JSON, and for each cited file the cited records with their
// neighbours. The same view gives the same bytes. The error is that of w.
func (v *View) WritePack(w io.Writer) error {
	z := zip.NewWriter(w)
	pack, excerpts := v.pack()
	members := []struct {
		name  string
		write func(io.Writer) error
	}{
		{PackManifest, func(w io.Writer) error {
			enc := json.NewEncoder(w)
			enc.SetIndent("", "  ")
			return enc.Encode(pack)
		}},
		{"report.html", v.WriteHTML},
		{"report.md", v.WriteMarkdown},
		{"report.json", v.WriteJSON},
	}
	for i := range excerpts {
		members = append(members, struct {
			name  string
			write func(io.Writer) error
		}{pack.Files[i].Excerpt, func(w io.Writer) error { return writeExcerpt(w, &pack.Files[i], excerpts[i]) }})
	}
	for _, m := range members {
		to, err := z.CreateHeader(&zip.FileHeader{Name: m.name, Method: zip.Deflate, Modified: noTime})
		if err != nil {
			return err
		}
		if err := m.write(to); err != nil {
			return fmt.Errorf("writing %s: %w", m.name, err)
		}
	}
	return z.Close()
}

// noTime is the first moment that a ZIP can state: the same view gives the same
// bytes.
var noTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// pack collects the cited files in the order in which the report cites them, and
// the quotes of each.
func (v *View) pack() (*Pack, [][]Quote) {
	p := &Pack{Schema: PackSchema, Tool: v.Tool, Case: v.Case, Verdict: v.Verdict.Line(), Redacted: v.Redacted, Files: []PackFile{}}
	var excerpts [][]Quote
	index := map[string]int{}
	known := map[string]*File{}
	for i := range v.Coverage.Files {
		known[v.Coverage.Files[i].Path] = &v.Coverage.Files[i]
	}
	for _, q := range v.quotes() {
		if q.Place.File == "" {
			continue
		}
		i, ok := index[q.Place.File]
		if !ok {
			i = len(p.Files)
			index[q.Place.File] = i
			f := PackFile{Path: q.Place.File, Excerpt: fmt.Sprintf("evidence/%03d-%s.txt", i+1, memberName(q.Place.File))}
			if k := known[q.Place.File]; k != nil {
				f.SHA256, f.Bytes = k.SHA256, k.Bytes
			}
			p.Files, excerpts = append(p.Files, f), append(excerpts, nil)
		}
		p.Files[i].Places = append(p.Files[i].Places, q.Place)
		excerpts[i] = append(excerpts[i], q)
	}
	return p, excerpts
}

// quotes lists all that the report cites, once each.
func (v *View) quotes() []Quote {
	var out []Quote
	seen := map[string]bool{}
	add := func(list []Quote) {
		for _, q := range list {
			if key := q.Place.Shown + "\x00" + q.Text; !seen[key] {
				seen[key] = true
				out = append(out, q)
			}
		}
	}
	finding := func(f *Finding) {
		add(f.Evidence)
		for i := range f.Symptoms {
			add(f.Symptoms[i].Evidence)
		}
	}
	if v.Root != nil {
		finding(v.Root)
	}
	for _, list := range [][]Finding{v.Also, v.Unexplained} {
		for i := range list {
			finding(&list[i])
		}
	}
	for i := range v.Leftovers {
		l := &v.Leftovers[i]
		add([]Quote{{Place: l.Place, When: l.When, Label: "no rule explains it", Text: l.Text}})
	}
	return out
}

// memberName makes the last part of a path fit for a name in a ZIP anywhere.
func memberName(file string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '.', r == '-', r == '_':
			return r
		}
		return '_'
	}, path.Base(file))
	return strings.TrimLeft(name[max(0, len(name)-80):], ".")
}

func writeExcerpt(w io.Writer, f *PackFile, quotes []Quote) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%d bytes, SHA-256 %s\n", f.Path, f.Bytes, or(f.SHA256, "unknown"))
	for _, q := range quotes {
		fmt.Fprintf(&b, "\n%s", q.Place.Shown)
		for _, s := range []string{q.When.Shown, q.Caption()} {
			if s != "" {
				fmt.Fprintf(&b, "  %s", s)
			}
		}
		b.WriteByte('\n')
		for _, s := range q.Before {
			fmt.Fprintf(&b, "  %s\n", s)
		}
		fmt.Fprintf(&b, "> %s\n", strings.ReplaceAll(q.Text, "\n", "\n> "))
		for _, s := range q.After {
			fmt.Fprintf(&b, "  %s\n", s)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// maxManifest bounds what is read of the manifest of a pack.
const maxManifest = 64 << 20

// ReadPack reads the manifest of a pack. The error says what is wrong with it.
func ReadPack(file string) (*Pack, error) {
	z, err := zip.OpenReader(file)
	if err != nil {
		return nil, fmt.Errorf("%q is no pack: %w", file, err)
	}
	defer z.Close() //nolint:errcheck // only read
	in, err := z.Open(PackManifest)
	if err != nil {
		return nil, fmt.Errorf("%q is no pack: %w", file, err)
	}
	defer in.Close() //nolint:errcheck // only read
	var p Pack
	if err := json.NewDecoder(io.LimitReader(in, maxManifest)).Decode(&p); err != nil {
		return nil, fmt.Errorf("%q: %s: %w", file, PackManifest, err)
	}
	if p.Schema != PackSchema {
		return nil, fmt.Errorf("%q is a pack of the form %q, not %q", file, p.Schema, PackSchema)
	}
	return &p, nil
}
