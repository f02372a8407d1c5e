package timeline

import (
	"strconv"
	"strings"
	"time"

	"debrief/event"
)

// installers follows Windows Installer logs, one run at a time in each file.
// Lines of a verbose log (Microsoft Learn, "Windows Installer logging"):
//
//	=== Verbose logging started: 2/3/2031  4:05:06  Build type: SHIP UNICODE …
//	Property(S): ProductName = Example Agent
//	Action ended 4:06:07: RegisterParts. Return value 3.
//	MSI (s) (1C:2B) [04:06:08:901]: MainEngineThread is returning 1603
//	=== Verbose logging stopped: 2/3/2031  4:06:08 ===
type installers struct {
	b    *builder
	runs map[string]*draft // by file
}

// The Windows Installer results that mean success, with a restart pending or begun.
const (
	msiRebootInitiated = 1641
	msiRebootRequired  = 3010
)

func (s *installers) read(e *event.Event) {
	m := e.Message
	run := s.runs[e.Pos.File]
	switch {
	case strings.Contains(m, "Verbose logging started:") || strings.Contains(m, "Logging started:"):
		run = s.start(e)
	case run == nil:
		run = s.start(e)
		run.set("start", "cut")
	}
	if !e.Time.IsZero() && run.open() {
		run.LastSeen = e.Time
	}
	switch {
	case strings.Contains(m, "Verbose logging stopped:"):
		s.stop(e, run)
	case strings.Contains(m, "MainEngineThread is returning "):
		if n, ok := numberAfter(m, "MainEngineThread is returning "); ok {
			s.result(e, run, n)
		}
	case strings.Contains(m, "Return value 3.") && strings.Contains(m, "Action ended "):
		if action, ok := endedAction(m); ok {
			if _, known := run.field("failed-action"); !known {
				run.set("failed-action", action)
				run.seen(e)
			}
		}
	case strings.HasPrefix(m, "Property("):
		s.property(run, m)
	}
}

func (s *installers) start(e *event.Event) *draft {
	if old := s.runs[e.Pos.File]; old != nil && old.open() {
		old.State = ""
	}
	run := s.b.span(KindMSI, baseName(e.Pos.File), e)
	s.runs[e.Pos.File] = run
	return run
}

// result takes the engine's return code. Nested installations log theirs
// first, so the last one stands.
func (s *installers) result(e *event.Event, run *draft, n int64) {
	run.set("exit", strconv.FormatInt(n, 10))
	state := StateFailed
	switch n {
	case 0, msiRebootInitiated, msiRebootRequired:
		state = StateSucceeded
	}
	run.end(e, state)
	run.Code = uint32(n)
}

func (s *installers) stop(e *event.Event, run *draft) {
	if run.open() {
		run.State = ""
	}
	run.End = later(run.End, e.Time)
	run.seen(e)
}

// endedAction finds the action's name in "Action ended 4:06:07: Name. Return value 3.".
func endedAction(m string) (string, bool) {
	_, rest, _ := strings.Cut(m, "Action ended ")
	_, rest, ok := strings.Cut(rest, ": ")
	if !ok {
		return "", false
	}
	return cutBefore(rest, ". Return value")
}

func (s *installers) property(run *draft, m string) {
	_, rest, _ := strings.Cut(m, ": ")
	name, value, ok := strings.Cut(rest, " = ")
	if !ok || value == "" {
		return
	}
	switch name {
	case "ProductName":
		run.set("product", value)
	case "ProductVersion":
		run.set("version", value)
	case "ProductCode":
		run.set("product-code", value)
	}
}

// packages follows the MSI packages that MDM delivers, as
// DeviceManagement-Enterprise-Diagnostics-Provider logs them. Message1 is the
// product code.
//
//	1905 download started, 1906 finished, 1907 failed (Message2 = address, HRESULT)
//	1920 installation started, 1922 finished (HRESULT), 1924 failed (Message3 = product, HexInt1 = exit code)
type packages struct {
	b         *builder
	downloads map[string]*draft // by lower-case product code
	installs  map[string]*draft
}

func (p *packages) read(e *event.Event) {
	if e.ID < 1900 || e.ID > 1925 {
		return
	}
	product, _ := e.Fields.Get("Message1")
	if e.ID == 1924 || e.ID == 1925 {
		if third, ok := e.Fields.Get("Message3"); ok && strings.HasPrefix(third, "{") {
			product = third
		}
	}
	key := strings.ToLower(product)
	switch e.ID {
	case 1905:
		if d := p.downloads[key]; d.open() {
			d.State = ""
		}
		p.downloads[key] = p.packageSpan(KindDownload, product, e)
	case 1906:
		p.close(p.downloads, KindDownload, product, e, StateSucceeded, 0)
	case 1907:
		d := p.close(p.downloads, KindDownload, product, e, StateFailed, fieldCode(e, "HRESULT"))
		if address, ok := e.Fields.Get("Message2"); ok {
			d.set("url", address)
			if name := msiName(address); name != "" {
				d.Name = name
			}
		}
	case 1920:
		if d := p.installs[key]; d.open() {
			d.State = ""
		}
		p.installs[key] = p.packageSpan(KindMSI, product, e)
	case 1922:
		code := fieldCode(e, "HRESULT")
		state := StateSucceeded
		if code&0x80000000 != 0 {
			state = StateFailed
		}
		p.close(p.installs, KindMSI, product, e, state, code)
	case 1924, 1925:
		d := p.close(p.installs, KindMSI, product, e, StateFailed, fieldCode(e, "HexInt1"))
		d.set("exit", strconv.FormatUint(uint64(d.Code), 10))
	}
}

func (p *packages) packageSpan(kind Kind, product string, e *event.Event) *draft {
	d := p.b.span(kind, p.b.packageName(product), e)
	d.set("product-code", product)
	return d
}

// close ends the open span of the product, or makes one whose start was lost.
func (p *packages) close(open map[string]*draft, kind Kind, product string, e *event.Event, state State, code uint32) *draft {
	d := open[strings.ToLower(product)]
	if !d.open() {
		d = p.packageSpan(kind, product, e)
		d.Start = time.Time{}
	}
	d.end(e, state)
	d.Code = code
	delete(open, strings.ToLower(product))
	return d
}

// fieldCode reads a code from a field in hex or decimal.
func fieldCode(e *event.Event, name string) uint32 {
	text, _ := e.Fields.Get(name)
	n, err := strconv.ParseInt(strings.TrimSpace(text), 0, 64)
	if err != nil {
		return 0
	}
	return uint32(n)
}
