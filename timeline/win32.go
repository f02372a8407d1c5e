package timeline

import (
	"slices"
	"strconv"
	"strings"

	"debrief/event"
)

// agent follows the Win32 apps that the Intune management extension installs.
// It works through them one by one. The wording changes between versions;
// what is read here was seen from 2020 to 2026:
//
//	[Win32App][ExecutionActionHandler] Handler invoked with execution type: Install for policy with id: … and version: 1
//	[Win32App] SetCurrentDirectory: C:\Windows\IMECache\…_1
//	[Win32App] ExecManager: processing targeted app (name='Example Viewer', id='…') with intent=3 …
//	[Win32App] Launch Win32AppInstaller in machine session
//	[Win32App] lpExitCode 1603
//	[Win32App] lpExitCode is defined as Failed
//	[Win32App] Completed detectionManager …, applicationDetectedByCurrentRule: True
//	[Win32App][DetectionActionHandler] Detection for policy with id: … resulted in action status: Success and detection state: Detected.
//
// Agents since about 2022 name the app by its id alone, and no more with the
// line of the ExecManager.
type agent struct {
	b     *builder
	open  map[string]*draft // the app at work, by file
	names map[string]event.Fact
	exits map[string]event.Fact
}

func (a *agent) read(e *event.Event) {
	a.learn(e)
	m := e.Message
	if !strings.Contains(m, "Win32App") {
		return
	}
	d := a.open[e.Pos.File]
	switch {
	case strings.Contains(m, "processing targeted app (name='"):
		a.start(e)
	case strings.Contains(m, "Handler invoked with execution type: Install"):
		a.enter(e, guidAfter(m, "policy with id: "))
	case strings.Contains(m, "SetCurrentDirectory: "):
		a.enter(e, guidAfter(m, `IMECache\`))
	case d == nil:
	case strings.Contains(m, "Launch Win32AppInstaller"):
		d.set("launched", "true")
		d.seen(e)
	case strings.Contains(m, "lpExitCode is defined as "):
		_, word, _ := strings.Cut(m, "lpExitCode is defined as ")
		a.judged(e, d, strings.TrimSpace(word))
	case strings.Contains(m, "lpExitCode "):
		if n, ok := numberAfter(m, "lpExitCode "); ok {
			a.exit(e, d, n)
		}
	case strings.Contains(m, "applicationDetectedByCurrentRule: "):
		_, word, _ := strings.Cut(m, "applicationDetectedByCurrentRule: ")
		word, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(word)), " ")
		d.set("detected", strings.Trim(word, ".,"))
		d.LastSeen = e.Time
	case strings.Contains(m, "][DetectionActionHandler] Detection for policy with id: "):
		_, word, found := strings.Cut(m, "detection state: ")
		if id, _ := d.field("id"); !found || id != guidAfter(m, "policy with id: ") {
			return
		}
		detected := strings.HasPrefix(word, "Detected") && !strings.HasPrefix(word, "DetectedDifferentVersion")
		d.set("detected", strconv.FormatBool(detected))
		d.LastSeen = e.Time
	}
}

// enter notes that the agent works on the app of that id now.
func (a *agent) enter(e *event.Event, id string) {
	if id == "" {
		return
	}
	d := a.open[e.Pos.File]
	if d != nil && d.open() {
		if at, _ := d.field("id"); at == id {
			d.LastSeen = e.Time
			return
		}
	}
	if d != nil {
		a.leave(d)
	}
	name := id
	if known, ok := a.names[id]; ok {
		name = known.Text
	}
	d = a.b.span(KindWin32App, name, e)
	d.set("id", id)
	a.open[e.Pos.File] = d
}

// guidAfter is the GUID that follows mark, in lower case, or nothing.
func guidAfter(m, mark string) string {
	_, rest, found := strings.Cut(m, mark)
	if !found || !event.BeginsWithGUID(rest) {
		return ""
	}
	return strings.ToLower(rest[:event.GUIDLen])
}

// learn takes the names of apps that a record gives together with their ids:
// one app, or the list of all that the agent was given.
func (a *agent) learn(e *event.Event) {
	if !strings.HasPrefix(e.Name, "app.") {
		return
	}
	id, name := "", ""
	for i := range e.Fields {
		switch f := &e.Fields[i]; f.Name {
		case "AppId":
			id = strings.ToLower(f.Value)
		case "AppName", "ApplicationName":
			name = f.Value
		default:
			continue
		}
		if id == "" || name == "" {
			continue
		}
		if _, known := a.names[id]; !known && len(id) == event.GUIDLen {
			a.names[id] = event.Text("win32app.name", id, name, e.Pos)
		}
		id, name = "", ""
	}
}

func (a *agent) start(e *event.Event) {
	a.leave(a.open[e.Pos.File])
	_, rest, _ := strings.Cut(e.Message, "(name='")
	at := strings.LastIndex(rest, "', id='")
	if at < 0 {
		return
	}
	name, id := rest[:at], rest[at+len("', id='"):]
	id, _, _ = strings.Cut(id, "'")
	id = strings.ToLower(id)
	d := a.b.span(KindWin32App, name, e)
	d.set("id", id)
	a.open[e.Pos.File] = d
	if _, known := a.names[id]; !known {
		a.names[id] = event.Text("win32app.name", id, name, e.Pos)
	}
}

// leave closes an app that the agent passed on from. One that it only found
// installed is no part of the story: the agent looks at every app again and again.
func (a *agent) leave(d *draft) {
	if !d.open() {
		return
	}
	_, launched := d.field("launched")
	if found, _ := d.field("detected"); found == "true" && !launched {
		d.drop()
		return
	}
	d.State = ""
}

func (a *agent) exit(e *event.Event, d *draft, n int64) {
	id, _ := d.field("id")
	d.set("exit", strconv.FormatInt(n, 10))
	state := StateFailed
	switch n {
	case 0, msiRebootInitiated, msiRebootRequired:
		state = StateSucceeded
	}
	d.end(e, state)
	d.Code = uint32(n)
	a.exits[id] = event.Number("win32app.exit-code", id, n, e.Pos)
}

// judged takes the agent's own reading of the exit code.
func (a *agent) judged(e *event.Event, d *draft, word string) {
	d.set("result", word)
	d.seen(e)
	switch strings.ToLower(word) {
	case "success", "softreboot", "hardreboot":
		d.State = StateSucceeded
	case "failed", "retry":
		d.State = StateFailed
	}
}

// finish adds what the log knows and the registry did not say.
func (a *agent) finish() {
	for _, d := range a.open {
		if found, _ := d.field("detected"); found == "true" {
			a.leave(d)
		}
	}
	known := map[string]bool{}
	for i := range a.b.facts {
		f := &a.b.facts[i]
		known[f.Name+"\n"+strings.ToLower(f.Key)] = true
	}
	for _, found := range []map[string]event.Fact{a.names, a.exits} {
		ids := make([]string, 0, len(found))
		for id := range found {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		for _, id := range ids {
			if f := found[id]; !known[f.Name+"\n"+id] {
				a.b.add(f)
			}
		}
	}
}
