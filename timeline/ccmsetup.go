package timeline

import (
	"path"
	"regexp"
	"strconv"
	"strings"

	"debrief/event"
)

// ccmsetup follows the runs of ccmsetup.exe and the downloads inside them.
// Lines, as ccmsetup.log has them (versions 5.00.8790 to 5.00.9132):
//
//	==========[ ccmsetup started in process 4711 ]==========
//	CcmSetup version: 5.0.9128.1007
//	Ccmsetup command line: "C:\Windows\ccmsetup\ccmsetup.exe" CCMHOSTNAME=…
//	Downloading file ccmsetup.cab
//	Starting BITS download for client deployment files.
//	Download Update: 40% complete. 4000 out of 10000 bytes transferred
//	CcmSetup is exiting with return code 0
//	CcmSetup failed with error code 0x80072ee7
//
// The first run only makes a service of itself; the service's run follows and
// may begin before the first one ends.
type ccmsetup struct {
	b        *builder
	runs     []*setupRun // open ones, latest last
	count    int
	download *draft
	files    int // files of the BITS job to come
}

type setupRun struct {
	*draft
	thread uint32
}

func (c *ccmsetup) read(e *event.Event) {
	m := e.Message
	switch {
	case strings.HasPrefix(m, "==========[ ccmsetup started in process "):
		c.start(e)
	case strings.HasPrefix(m, "CcmSetup is exiting with return code "):
		if n, ok := leadingNumber(m[len("CcmSetup is exiting with return code "):]); ok {
			c.end(e, n)
		}
	case strings.HasPrefix(m, "CcmSetup failed with error code "):
		if code, ok := hexCode(m); ok {
			c.end(e, int64(code))
		}
	case strings.HasPrefix(m, "CcmSetup version: "):
		version := strings.TrimSpace(m[len("CcmSetup version: "):])
		c.current(e).set("version", version)
		c.b.add(event.Text("ccmsetup.version", "", version, e.Pos))
	case strings.HasPrefix(m, "Ccmsetup command line: "):
		line := maskToken(m[len("Ccmsetup command line: "):])
		run := c.current(e)
		run.set("command", line)
		c.b.add(event.Text("ccmsetup.command-line", run.Name, line, e.Pos))
	default:
		c.readDownload(e)
	}
}

func (c *ccmsetup) start(e *event.Event) {
	c.count++
	d := c.b.span(KindCcmsetup, strconv.Itoa(c.count), e)
	if n, ok := numberAfter(e.Message, "in process "); ok {
		d.set("process", strconv.FormatInt(n, 10))
	}
	c.runs = append(c.runs, &setupRun{d, e.Thread})
	if len(c.runs) > maxOpenRuns { // a run that lost its end
		c.runs[0].State = ""
		c.runs[0].LastSeen = e.Time
		c.runs = c.runs[1:]
	}
}

// maxOpenRuns is how many runs can be open at once: the one that makes the
// service, and the service's.
const maxOpenRuns = 2

// current is the latest open run, or one whose start the log lost.
func (c *ccmsetup) current(e *event.Event) *setupRun {
	if len(c.runs) == 0 {
		c.start(e)
		c.runs[0].Fields = nil
		c.runs[0].set("start", "cut")
	}
	return c.runs[len(c.runs)-1]
}

// end closes the run whose thread ended it, else the latest.
func (c *ccmsetup) end(e *event.Event, code int64) {
	run := c.current(e)
	at := len(c.runs) - 1
	for i, r := range c.runs {
		if r.thread == e.Thread && e.Thread != 0 {
			run, at = r, i
		}
	}
	c.runs = append(c.runs[:at], c.runs[at+1:]...)
	state := StateFailed
	switch code {
	case 0:
		state = StateSucceeded
	case rebootNeeded:
		state = StateSucceeded
		run.set("reboot", "needed")
	}
	if c.download.open() && c.download.parent == run.draft {
		c.endDownload(e, StateFailed)
	}
	run.draft.end(e, state)
	run.Code = uint32(code)
	run.set("exit", strconv.FormatInt(code, 10))
	c.b.add(event.Number("ccmsetup.exit-code", run.Name, code, e.Pos))
}

// rebootNeeded is ccmsetup's return code for "done, a restart is needed"
// (Microsoft Learn, client installation return codes).
const rebootNeeded = 7

// finish counts runs whose end is not in the log as still running, except
// those that another followed.
func (c *ccmsetup) finish() {
	for i, r := range c.runs {
		if i < len(c.runs)-1 {
			r.State = ""
		}
	}
}

// readDownload follows the downloads of a run, one at a time.
func (c *ccmsetup) readDownload(e *event.Event) {
	m := e.Message
	switch {
	case strings.HasPrefix(m, "Downloading file "):
		c.startDownload(e, strings.TrimSpace(m[len("Downloading file "):]))
	case strings.HasPrefix(m, "Downloading ") && strings.Contains(m, "://"):
		address, target, _ := strings.Cut(m[len("Downloading "):], " to ")
		if !c.download.open() {
			c.startDownload(e, baseName(target))
		}
		c.download.set("url", address)
	case strings.HasPrefix(m, "Adding file ") && strings.Contains(m, "BITS job"):
		c.files++
	case strings.HasPrefix(m, "Starting BITS download for "):
		c.startDownload(e, strings.TrimSuffix(m[len("Starting BITS download for "):], "."))
		c.download.set("transport", "BITS")
		if c.files > 0 {
			c.download.set("files", strconv.Itoa(c.files))
		}
		c.files = 0
	case strings.HasPrefix(m, "Download Update: "), strings.HasPrefix(m, "File download "):
		c.progress(e)
	case strings.HasPrefix(m, "Download complete."), strings.HasPrefix(m, "Successfully completed BITS download"), strings.HasPrefix(m, "Successfully downloaded client files"):
		c.endDownload(e, StateSucceeded)
	case strings.HasPrefix(m, "Failed to download"), strings.HasPrefix(m, "Failed to successfully complete HTTP request"):
		c.endDownload(e, StateFailed)
	case strings.HasPrefix(m, "Next retry in "):
		c.endDownload(e, StateFailed)
		run := c.current(e)
		n, _ := run.field("retries")
		count, _ := strconv.Atoi(n)
		run.set("retries", strconv.Itoa(count+1))
	}
}

func baseName(file string) string {
	return path.Base(strings.ReplaceAll(strings.TrimSpace(file), `\`, "/"))
}

func (c *ccmsetup) startDownload(e *event.Event, name string) {
	if c.download.open() { // its end was not logged
		c.download.State = ""
	}
	c.download = c.b.span(KindDownload, name, e)
	c.download.parent = c.current(e).draft
}

// progress reads "… 40% complete. 4000 out of 10000 bytes transferred",
// "Currently 4000 out of the total 10000 bytes" and "(4000 of 10000 bytes)".
func (c *ccmsetup) progress(e *event.Event) {
	if !c.download.open() {
		c.startDownload(e, "client deployment files")
		c.download.set("start", "cut")
	}
	d := c.download
	d.LastSeen = e.Time
	if n := len(d.Evidence); n > 1 {
		d.Evidence = d.Evidence[:1]
	}
	d.seen(e) // the latest progress is the evidence
	done, total, ok := amounts(e.Message)
	if ok {
		d.set("bytes", strconv.FormatInt(done, 10))
		d.set("total", strconv.FormatInt(total, 10))
	}
}

var amountPattern = regexp.MustCompile(`(\d{1,18}) (?:out )?of (?:the )?(?:total )?(\d{1,18})`)

func amounts(m string) (done, total int64, ok bool) {
	found := amountPattern.FindStringSubmatch(m)
	if found == nil {
		return 0, 0, false
	}
	done, _ = strconv.ParseInt(found[1], 10, 64)
	total, _ = strconv.ParseInt(found[2], 10, 64)
	return done, total, true
}

func (c *ccmsetup) endDownload(e *event.Event, state State) {
	if !c.download.open() {
		return
	}
	c.download.end(e, state)
	if state == StateFailed {
		code, _ := hexCode(e.Message)
		c.download.Code = code
	}
}

// maskToken hides the registration token of a client's command line, which
// lets a device join the site.
func maskToken(line string) string {
	const option = "/regtoken:"
	var out strings.Builder
	for {
		i := indexFold(line, option)
		if i < 0 {
			out.WriteString(line)
			return out.String()
		}
		out.WriteString(line[:i+len(option)])
		out.WriteString("***")
		line = line[i+len(option):]
		stop := " \t\r\n\""
		if strings.HasPrefix(line, `"`) {
			line, stop = line[1:], `"`
			if end := strings.IndexByte(line, '"'); end >= 0 {
				line = line[end+1:]
				continue
			}
		}
		if end := strings.IndexAny(line, stop); end >= 0 {
			line = line[end:]
		} else {
			line = ""
		}
	}
}

// indexFold is strings.Index without regard to the case of ASCII letters;
// sub is lower-case.
func indexFold(s, sub string) int {
	for i := 0; i+len(sub) <= len(s); i++ {
		if c := s[i]; c|0x20 == sub[0]|0x20 && strings.EqualFold(s[i:i+len(sub)], sub) {
			return i
		}
	}
	return -1
}
