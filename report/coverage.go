package report

import (
	"fmt"
	"slices"
	"strings"

	"debrief/event"
)

// maxProblems bounds the problems listed; the rest is counted.
const maxProblems = 200

// coverage shows what was read.
func (s shower) coverage(files []event.Coverage) Coverage {
	c := Coverage{Files: []File{}, Missing: []Missing{}}
	count := map[event.Status]int{}
	covered, unreadable := map[event.Source]bool{}, map[event.Source]bool{}
	for i := range files {
		f := &files[i]
		count[f.Status]++
		out := File{
			Path: line(f.File), Bytes: f.Bytes, Size: size(f.Bytes), SHA256: line(f.Hash), Parser: f.Parser,
			Status: f.Status.String(), Lost: f.Status.Lost(), Sources: []string{},
			Records: f.Records, Unknown: f.Unknown, Damaged: f.Damaged,
			First: s.moment(f.First), Last: s.moment(f.Last),
			Format: line(f.Format), Expected: f.Expected, Recognised: f.Recognised, Wording: wording(f),
			Unfamiliar: f.Unfamiliar(),
		}
		for _, src := range f.Sources {
			out.Sources = append(out.Sources, string(src))
			if f.Status == event.Read || f.Status == event.Empty || f.Status == event.Partial || f.Status == event.Duplicate {
				covered[src] = true
			} else if f.Status == event.Unread {
				unreadable[src] = true
			}
		}
		c.Files = append(c.Files, out)
	}
	c.Summary = coverageSummary(len(files), count)
	for _, info := range event.Sources() {
		if !covered[info.Source] {
			c.Missing = append(c.Missing, Missing{Unreadable: unreadable[info.Source], Source: string(info.Source), Title: info.Title, Collect: info.Collect})
		}
	}
	return c
}

// wording says how much of what a file says is known: "82 % of 412 (version 5.00.9122)".
func wording(f *event.Coverage) string {
	if f.Expected == 0 {
		return ""
	}
	text := fmt.Sprintf("%d %% of %d", f.Recognised*100/f.Expected, f.Expected)
	if f.Format != "" {
		text += " (version " + line(f.Format) + ")"
	}
	return text
}

// unfamiliar names the files whose wording debrief does not know at all.
func (c *Coverage) unfamiliar() []string {
	var out []string
	for i := range c.Files {
		if c.Files[i].Unfamiliar {
			out = append(out, c.Files[i].Path)
		}
	}
	return out
}

// coverageSummary counts the files in a line.
func coverageSummary(total int, count map[event.Status]int) string {
	if total == 0 {
		return "No file was given."
	}
	parts := []string{}
	for _, p := range []struct {
		status event.Status
		text   string
	}{
		{event.Read, "read in full"}, {event.Partial, "read in part"}, {event.Unread, "not readable"},
		{event.Empty, "empty"}, {event.Duplicate, "duplicate"}, {event.Unknown, "of a kind debrief does not read"},
	} {
		if n := count[p.status]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, p.text))
		}
	}
	return event.Plural(total, "file") + ": " + strings.Join(parts, ", ") + "."
}

// problems lists what could not be read, losses before remarks, and counts
// what it leaves out.
func problems(files []event.Coverage) ([]Problem, int) {
	lost, remarks := []Problem{}, []Problem{}
	more := 0
	for i := range files {
		for _, p := range files[i].Problems {
			list := &remarks
			if p.Kind.Lost() {
				list = &lost
			}
			if len(*list) == maxProblems {
				more++
				continue
			}
			pos := p.Pos
			if pos.File == "" {
				pos.File = files[i].File
			}
			*list = append(*list, Problem{Place: newPlace(pos), Kind: p.Kind.String(), Lost: p.Kind.Lost(), Text: line(p.Text)})
		}
	}
	all := append(lost, remarks...)
	if len(all) > maxProblems {
		more += len(all) - maxProblems
		all = all[:maxProblems]
	}
	return all, more
}

// losses returns the first problems that mean a loss, and how many problems
// that leaves out. The renderers for reading show no more; JSON has them all.
func (v *View) losses() (list []Problem, rest int) {
	const most = 20
	for _, p := range v.Problems {
		if p.Lost && len(list) < most {
			list = append(list, p)
		}
	}
	return list, len(v.Problems) + v.MoreProblems - len(list)
}

// missingTitle names a source that is not covered.
func missingTitle(m Missing) string {
	if m.Unreadable {
		return m.Title + " (there, and not readable)"
	}
	return m.Title
}

// missingTitles names the first sources that are not covered and counts the rest.
func missingTitles(list []Missing) string {
	titles := make([]string, len(list))
	for i, m := range list {
		titles[i] = missingTitle(m)
	}
	return firstOf(titles, 6)
}

// damagedArchives names the archives of which members were lost.
func damagedArchives(files []event.Coverage) []string {
	var out []string
	for i := range files {
		if f := &files[i]; f.Status.Lost() && f.Parser == event.ArchiveParser {
			out = append(out, line(f.File))
		}
	}
	return out
}

// lostFiles names the files of which something could not be read, each once;
// those inside a damaged archive go without saying.
func lostFiles(files []event.Coverage) []string {
	var out []string
	seen := map[string]bool{}
	broken := damagedArchives(files)
	for i := range files {
		f := &files[i]
		inside := slices.ContainsFunc(broken, func(a string) bool { return line(f.File) == a || strings.HasPrefix(line(f.File), a+"/") })
		if f.Status.Lost() && !seen[f.File] && !inside {
			seen[f.File] = true
			out = append(out, line(f.File))
		}
	}
	return out
}
