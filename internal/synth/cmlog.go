package synth

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"
)

// logFile is a log of CMTrace records. ConfigMgr writes three decimals and
// the bias, the Intune agent seven decimals, no bias and an unpadded date:
//
//	<![LOG[text]LOG]!><time="09:08:07.006-60" date="02-03-2025" component="CcmExec" context="" type="1" thread="4242" file="x.cpp:7">
//	<![LOG[text]LOG]!><time="09:08:07.0061234" date="2-3-2025" component="IntuneManagementExtension" context="" type="1" thread="42" file="">
type logFile struct {
	agent bool // written by the Intune agent
	lines []logLine
}

type logLine struct {
	at        time.Time
	text      string
	kind      int // type: 0 verbose, 1 info, 2 warning, 3 error
	component string
}

// log notes a record in the log at that path.
func (d *device) log(path, component string, at time.Time, kind int, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	f := d.logs[path]
	if f == nil {
		f = &logFile{agent: component == agentComponent}
		d.logs[path] = f
	}
	f.lines = append(f.lines, logLine{at, text, kind, component})
}

// writer notes records of one component in one log, each a little later than
// the one before.
type writer struct {
	d               *device
	path, component string
	at              time.Time
}

func (d *device) writer(path, component string, at time.Time) *writer {
	return &writer{d, path, component, at}
}

func (w *writer) put(kind int, format string, args ...any) {
	w.d.log(w.path, w.component, w.at, kind, format, args...)
	w.at = w.at.Add(time.Duration(w.d.r.between(2, 90)) * time.Millisecond)
}

func (w *writer) verbose(format string, args ...any) { w.put(0, format, args...) }
func (w *writer) info(format string, args ...any)    { w.put(1, format, args...) }
func (w *writer) warn(format string, args ...any)    { w.put(2, format, args...) }
func (w *writer) fail(format string, args ...any)    { w.put(3, format, args...) }
func (w *writer) wait(about time.Duration) *writer {
	w.at = w.at.Add(w.d.r.duration(about*9/10, about*11/10).Truncate(time.Millisecond))
	return w
}

// render returns the bytes of the log up to the collection, in order of time.
func (f *logFile) render(d *device) []byte {
	slices.SortStableFunc(f.lines, func(a, b logLine) int { return a.at.Compare(b.at) })
	var b bytes.Buffer
	b.WriteString("\ufeff")
	for i := range f.lines {
		l := &f.lines[i]
		if l.at.After(d.collected) {
			break
		}
		local := d.local(l.at)
		text := strings.ReplaceAll(l.text, "\n", "\r\n")
		thread := uint32(hashOf(l.component)^d.s.Seed)%12000 + 400
		if f.agent {
			fmt.Fprintf(&b, "<![LOG[%s]LOG]!><time=\"%s\" date=\"%s\" component=\"%s\" context=\"\" type=\"%d\" thread=\"%d\" file=\"\">\r\n",
				text, local.Format("15:04:05.0000000"), local.Format("1-2-2006"), l.component, l.kind, thread%40+4)
			continue
		}
		fmt.Fprintf(&b, "<![LOG[%s]LOG]!><time=\"%s%+03d\" date=\"%s\" component=\"%s\" context=\"\" type=\"%d\" thread=\"%d\" file=\"%s:%d\">\r\n",
			text, local.Format("15:04:05.000"), d.s.BiasMinutes, local.Format("01-02-2006"), l.component, l.kind, thread,
			strings.ToLower(l.component)+".cpp", sourceLine(l.text))
	}
	return b.Bytes()
}

// last returns the time of the last record before the collection.
func (f *logFile) last(d *device) time.Time {
	var last time.Time
	for i := range f.lines {
		if t := f.lines[i].at; t.After(last) && !t.After(d.collected) {
			last = t
		}
	}
	return last
}

func hashOf(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s)) // never fails
	return h.Sum64()
}

// sourceLine makes up the line of the source that a text stands in: the same
// for texts that begin alike.
func sourceLine(text string) int { return int(hashOf(text[:min(len(text), 20)])%9000) + 100 }
