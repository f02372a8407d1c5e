package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// partBytes is the longest name of one file or folder. Common file systems take
// 255 bytes; the rest is left for suffixes.
const partBytes = 240

// cleanName makes a relative, "/"-separated path out of the name of a member
// or file, one that can be created on Windows and elsewhere and that shows in
// a terminal as it is. It reports whether something other than "\", "//" and
// "./" had to be changed.
func cleanName(raw string, limit int) (clean string, changed bool) {
	s := strings.ReplaceAll(raw, `\`, "/")
	s, changed = cutVolume(s)
	var parts []string
	for part := range strings.SplitSeq(s, "/") {
		if part == "" || part == "." {
			continue
		}
		if part == ".." {
			changed = true
			continue
		}
		c := cleanPart(part)
		changed = changed || c != part
		parts = append(parts, c)
	}
	if len(parts) == 0 {
		return "unnamed", true
	}
	clean = strings.Join(parts, "/")
	if len(clean) > limit {
		return shorten(parts[len(parts)-1], clean, min(limit, partBytes)), true
	}
	return clean, changed
}

// cutVolume cuts what makes a path absolute: drive letters, UNC and device
// prefixes, leading slashes.
func cutVolume(s string) (rest string, changed bool) {
	for {
		before := s
		for _, device := range []string{"//?/UNC/", "//?/", "//./"} {
			if len(s) >= len(device) && strings.EqualFold(s[:len(device)], device) {
				s = s[len(device):]
			}
		}
		s = strings.TrimLeft(s, "/")
		if len(s) >= 2 && s[1] == ':' && unicode.IsLetter(rune(s[0])) && (len(s) == 2 || s[2] == '/') {
			s = s[2:]
		}
		if s == before {
			return s, changed
		}
		changed = true
	}
}

// cleanPart cleans one element of a path.
func cleanPart(part string) string {
	var b strings.Builder
	for _, r := range part {
		if r == utf8.RuneError || strings.ContainsRune(`<>:"|?*`, r) ||
			unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			r = '_'
		}
		b.WriteRune(r)
	}
	c := strings.TrimRight(b.String(), ". ")
	if c == "" {
		c = "_"
	}
	if isReserved(c) {
		c = "_" + c
	}
	if len(c) > partBytes {
		c = shorten(c, part, partBytes)
	}
	return c
}

// isReserved reports whether Windows takes the name for a device, whatever its
// extension.
func isReserved(name string) bool {
	base, _, _ := strings.Cut(name, ".")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	number, ok := strings.CutPrefix(base, "COM")
	if !ok {
		number, ok = strings.CutPrefix(base, "LPT")
	}
	return ok && utf8.RuneCountInString(number) == 1 && strings.Contains("0123456789¹²³", number)
}

// shorten cuts name to limit bytes, keeping its extension and adding a mark
// made of the whole name, so that two long names stay two.
func shorten(name, whole string, limit int) string {
	sum := sha256.Sum256([]byte(whole))
	mark := "~" + hex.EncodeToString(sum[:4])
	ext := path.Ext(name)
	if len(ext) > 16 || len(ext) > limit/2 {
		ext = ""
	}
	keep := max(0, min(len(name)-len(ext), limit-len(ext)-len(mark)))
	for keep > 0 && keep < len(name) && !utf8.RuneStart(name[keep]) {
		keep--
	}
	return name[:keep] + mark + ext
}

// names keeps the paths of a case apart, without regard to case: what is two
// files in an archive must stay two files on any disk.
type names struct {
	used map[string]claim // by lower-case path
}

// claim says what a path is used for.
type claim struct {
	path     string // as first spelled
	isDir    bool
	suffixed bool
	next     int // next suffix to try
}

// take claims path for a file or an archive and returns it, with a suffix
// where it is taken. Its folders are claimed as folders.
func (n *names) take(p string) string {
	dir, base := path.Split(p)
	if dir != "" {
		dir = n.dir(strings.TrimSuffix(dir, "/")) + "/"
	}
	return n.free(dir+base, false)
}

// dir claims path for a folder, which many files may share.
func (n *names) dir(p string) string {
	if c, ok := n.used[strings.ToLower(p)]; ok && c.isDir {
		return p
	}
	if parent, base := path.Split(p); parent != "" {
		p = n.dir(strings.TrimSuffix(parent, "/")) + "/" + base
	}
	return n.free(p, true)
}

// free claims path or the first free one with a suffix. A folder may be shared
// with an earlier folder of that name.
func (n *names) free(p string, isDir bool) string {
	key := strings.ToLower(p)
	first, taken := n.used[key]
	if !taken || isDir && first.isDir {
		if !taken {
			n.used[key] = claim{path: p, isDir: isDir, next: 2}
		}
		return p
	}
	for i := first.next; ; i++ {
		q := suffixed(p, i)
		k := strings.ToLower(q)
		if c, ok := n.used[k]; !ok || isDir && c.isDir {
			if !isDir {
				first.next = i + 1
				n.used[key] = first
			}
			if !ok {
				n.used[k] = claim{path: q, isDir: isDir, suffixed: true, next: 2}
			}
			return q
		}
	}
}

// suffixes counts the suffixes that a claimed path got.
func (n *names) suffixes(p string) int {
	count := 0
	for i := 1; i <= len(p); i++ {
		if (i == len(p) || p[i] == '/') && n.used[strings.ToLower(p[:i])].suffixed {
			count++
		}
	}
	return count
}

// open turns a claimed path into a folder: the file is an archive.
func (n *names) open(p string) {
	key := strings.ToLower(p)
	c := n.used[key]
	c.isDir = true
	n.used[key] = c
}

// close turns it back: nothing came out of the archive.
func (n *names) close(p string) {
	key := strings.ToLower(p)
	c := n.used[key]
	c.isDir = false
	n.used[key] = c
}

// suffixed puts "#i" before the extension, as the base name and the extension
// are what formats are recognised by.
func suffixed(p string, i int) string {
	dir, base := path.Split(p)
	ext := path.Ext(base)
	if ext == base {
		ext = ""
	}
	return dir + strings.TrimSuffix(base, ext) + "#" + strconv.Itoa(i) + ext
}
