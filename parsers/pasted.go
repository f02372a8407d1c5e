package parsers

import (
	"strings"
	"sync"
	"time"

	"debrief/event"
)

// pastedParser reads lines that people copied out of some log, in a file whose
// name says nothing: no framing, mostly no time, lines of several logs mixed.
//
//	Failed to run the action: Sample step.
//	3/5/2025 9:14:02 AM  CcmSetup failed with error code 0x80004005
//	Auto MDM Enroll: Failed (Unknown Win32 Error code: 0x80180001)
//
// The tables of wording and the openings of well-known event texts tell what a
// line is; that gives it its name, fields and source. A line that they do not
// know is taken to be of the log that the line before it is of, for people
// paste passages. The file covers the sources of its lines, as every file does.
func pastedParser() Parser {
	return Parser{
		Name:    "pasted-text",
		Doc:     "lines copied from logs or the Event Viewer into any text file, known by their wording",
		Version: "1",
		Match: func(in *Input) bool {
			return isPasteName(in.Path) && isText(in) && hasKnownLine(head(in, 64<<10))
		},
		Parse: parsePasted,
	}
}

// hasKnownLine reports whether a line is known beyond doubt.
func hasKnownLine(text string) bool {
	g := newGuesser()
	for line := range strings.Lines(text) {
		if p := g.line(trim(line)); p.src != "" && p.sure {
			return true
		}
	}
	return false
}

// pasted is what is known of one line.
type pasted struct {
	e    event.Event
	src  event.Source // empty = not known
	sure bool
}

func parsePasted(in *Input, out *Output) error {
	doc := readText(in, out)
	own := event.Source("log." + stem(in.Path))
	g := newGuesser()
	sink := newSink(&doc, out)
	firstKnown := -1
	for l := range doc.filled() {
		p := g.line(l.text)
		p.e.Pos, p.e.Flags = l.pos, event.Pasted
		if p.e.Source = g.last; p.e.Source == "" {
			p.e.Source = own
		}
		if sink.joinErrorTail(&p.e) {
			continue
		}
		out.Coverage.Expected++
		if p.src == "" {
			sink.addLine(p.e, l.start, l.start+len(l.raw))
			continue
		}
		out.Coverage.Recognised++
		sink.add(p.e)
		if firstKnown < 0 {
			firstKnown = len(out.Events) - 1
		}
	}
	// What stands before the first known line is of the same passage.
	for i := range max(firstKnown, 0) {
		out.Events[i].Source = out.Events[firstKnown].Source
	}
	if len(out.Events) == 0 {
		out.Cover(own)
	}
	coverEvents(out)
	return nil
}

// coverEvents covers the sources of the events.
func coverEvents(out *Output) {
	var last event.Source
	for i := range out.Events {
		if src := out.Events[i].Source; src != last {
			last = src
			out.Cover(src)
		}
	}
}

// guesser tells of single lines what they are. Wording that any program may
// use ("Installation succeeded") counts only behind a line that leaves no
// doubt about its log.
type guesser struct {
	name namer
	last event.Source // of the known line before
}

func newGuesser() *guesser { return &guesser{name: newNamer("")} }

// allWordings is the tree of the forms of all components.
var allWordings = sync.OnceValue(func() *wordNode {
	tree := &wordNode{}
	all := forms()
	for i := range all {
		tree.insert(all[i].first, &all[i])
	}
	return tree
})

// tellingWords are what only ConfigMgr, the task sequence engine or the Intune
// agent say, lower case: a form that opens with one tells its log by itself.
var tellingWords = [...]string{
	"ccm", "task sequence", "the action (", "the action:", "the group (", "last action:", "_smsts", "regtask", "sms ", "lpexitcode",
	"win32app", "targeted app", "app dt", "enforce app", "app enforcement", "appdt", "ctm job", "dts job", "dtsjob", "mp location", "dp location", "execmanager",
	"clibsms", "sendresourcerequest", "management point", "policy assignment", "aad token", "workload", "mdm", "site code", "espphase", "agentexecutor", "get policies",
	"powershell script is failed to execute", "powershell script is successfully executed", "write output done. output",
}

// telling reports whether an opening tells its log by itself.
func telling(opening string) bool {
	lower := strings.ToLower(opening)
	for _, w := range tellingWords {
		if strings.Contains(lower, w) {
			return true
		}
	}
	return false
}

// line looks at one line. Where it is known, the guesser remembers its source.
func (g *guesser) line(text string) pasted {
	var p pasted
	e := &p.e
	if v, ok := scanViewed(text); ok {
		e.Time, e.Clock, e.Thread, e.Provider, e.Message = v.time, event.ClockLocal, v.thread, v.component, v.message
		p.src, p.sure = componentSource(strings.ToLower(v.component))
	} else {
		text = leadingTime(e, text)
		e.Provider, e.Thread, e.Message = g.name.splitComponent(text)
		if e.Provider != "" {
			p.src, p.sure = componentSource(strings.ToLower(e.Provider))
			p.sure = p.sure && looksLikeComponent(e.Provider)
		}
	}
	if f, value, ok := viewLabel(e.Message); ok && f == labelDescription {
		if _, known := openingSource(value); known {
			e.Message = value
		}
	}
	if src, ok := openingSource(e.Message); ok && p.src == "" {
		e.ID = sentenceID(src, e.Message)
		p.src, p.sure = src, true
		if src == event.ShellCore {
			shellCoreText(e)
		}
	}
	_, _, engine := cutEngine(e.Message)
	if _, viewed := cutViewedEngine(e.Message); p.src == "" && (engine || viewed) {
		p.src, p.sure = event.LogMSI, true
		if g.last == event.LogCcmsetup || g.last == event.LogClientMSI {
			p.src = event.LogClientMSI
		}
	}
	if f, fields := allWordings().match(e.Message, nil); f != nil && e.ID == 0 {
		src, sure := g.formSource(f, p.src), p.sure || telling(f.first)
		if src != "" && (sure || src == g.last) {
			e.Name, e.Fields = f.name, fields
			p.src, p.sure = src, sure
		}
	}
	if !p.sure && p.src != g.last {
		p.src = ""
	}
	if p.src != "" {
		g.last = p.src
	}
	return p
}

// looksLikeComponent reports whether a word is written as components are:
// "TSManager", "execmgr", and not "Scripts".
func looksLikeComponent(word string) bool {
	upper := 0
	for i := range len(word) {
		if word[i] >= 'A' && word[i] <= 'Z' {
			upper++
		}
	}
	return upper >= 2 || word == "execmgr" || word == "ccmsetup"
}

// formSource is the source of a line in that form. Where several logs have the
// form the component tells, then the lines before; a form of many logs tells
// nothing by itself.
func (g *guesser) formSource(f *form, component event.Source) event.Source {
	var all []event.Source
	for _, c := range f.components {
		if src, ok := componentSource(c); ok {
			if src == component || component == "" && src == g.last {
				return src
			}
			if len(all) == 0 || all[len(all)-1] != src {
				all = append(all, src)
			}
		}
	}
	if component != "" || len(all) == 0 {
		return component
	}
	return all[0]
}

// leadingTime reads a time in front of a line, with or without brackets around
// it, and returns the rest; without a zone it is the wall clock.
func leadingTime(e *event.Event, line string) string {
	t := strings.TrimLeft(line, "[( ")
	midnight, rest, ok := scanDate(t, time.Time{})
	if !ok || len(rest) < 2 {
		return line
	}
	d, rest, ok := scanClock(strings.TrimLeft(rest, " ,T\t"))
	if !ok {
		return line
	}
	d, rest = scanMeridiem(d, rest)
	e.Time, e.Clock = midnight.Add(d), event.ClockLocal
	switch {
	case strings.HasPrefix(rest, "Z"):
		e.Clock, rest = event.ClockDeclared, rest[1:]
	case len(rest) >= 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':':
		h, nh := number(rest[1:], 2)
		m, nm := number(rest[4:], 2)
		if minutes := h*60 + m; nh == 2 && nm == 2 && minutes <= 14*60 {
			if rest[0] == '-' {
				minutes = -minutes
			}
			declare(e, minutes)
			rest = rest[6:]
		}
	case len(rest) > 3 && (rest[0] == '+' || rest[0] == '-') && rest[1] >= '0' && rest[1] <= '9':
		if minutes, n := number(rest[1:], 4); validBias(minutes, n) {
			if rest[0] == '-' {
				minutes = -minutes
			}
			declare(e, -minutes)
			rest = rest[1+n:]
		}
	}
	return strings.TrimLeft(rest, "])-:, \t|")
}

// validBias reports whether a number of that many digits can be the bias of a
// CMTrace time.
func validBias(minutes, digits int) bool {
	return (digits == 2 || digits == 3) && minutes <= 14*60 && minutes%15 == 0
}
