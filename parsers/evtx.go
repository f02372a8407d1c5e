package parsers

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"debrief/event"
	"debrief/parsers/evtx"
)

// evtxParser reads Windows event logs. The format is parsers/evtx's; here its
// records become events: a source by provider or channel, a message from the
// catalogue, and for Shell-Core the members of the JSON in Value as fields.
//
// Logs that mdmdiagnosticstool exports carry, behind their records, pieces of
// the exporting program's memory: copies of records of this log and of others
// (observed in collections of 2024: an "empty" log with 124 of another
// channel's). Recovered records are kept only where they are this log's own
// and not among its live ones; the rest is counted in a remark.
func evtxParser() Parser {
	return Parser{
		Name:    "evtx",
		Doc:     "Windows event logs (.evtx)",
		Version: "2",
		Match:   func(in *Input) bool { return evtx.IsLog(in.Data) },
		Parse:   parseEvtx,
		Cut:     evtx.CutPart,
	}
}

// IsEventLog reports whether data starts as a Windows event log does.
func IsEventLog(data []byte) bool { return evtx.IsLog(data) }

// evtxFile collects the events of one log.
type evtxFile struct {
	in     *Input
	out    *Output
	name   string // what the file's name says of the channel, normalised
	byName event.Source
	msg    messageWriter

	provider, channel string       // looked up last
	src               event.Source // their source

	channels  []string // of the live records
	recovered []event.Event
}

// recordKey tells two copies of one record from two records.
type recordKey struct {
	id      uint64
	time    time.Time
	channel string
}

func parseEvtx(in *Input, out *Output) error {
	f := evtxFile{in: in, out: out}
	f.name, f.byName = channelByName(in.Path)
	// A record with its event takes some 500 bytes.
	out.Events = make([]event.Event, 0, min(len(in.Data)/500, 1<<12))
	sink := evtx.Sink{Record: f.record, Problem: f.problem}
	if in.Start > 0 || in.More {
		if err := evtx.DecodePart(in.Data, evtx.Part{Start: in.Start, More: in.More}, sink); err != nil {
			return fmt.Errorf("reading %q: %w", in.Path, err)
		}
		f.dropRecovered()
	} else {
		if _, err := evtx.Decode(in.Data, sink); err != nil {
			return fmt.Errorf("reading %q: %w", in.Path, err)
		}
		f.addRecovered()
	}
	f.cover()
	return nil
}

func (f *evtxFile) problem(p evtx.Problem) {
	f.out.Problem(p.Kind, event.Pos{File: f.in.Path, Record: p.Record, Offset: p.Offset}, p.Text)
}

func (f *evtxFile) record(r *evtx.Record) {
	e := event.Event{
		Time: r.Time, Clock: event.ClockDeclared, Level: evtxLevel(r.Level), ID: r.EventID,
		Source: f.source(r.Provider, r.Channel), Channel: r.Channel, Provider: r.Provider,
		Process: r.Process, Thread: r.Thread, User: r.User, Host: r.Computer, Fields: r.Fields,
		Pos: event.Pos{File: f.in.Path, Record: r.ID, Offset: r.Offset},
	}
	if r.Time.IsZero() {
		e.Clock = event.ClockNone
	}
	if r.Torn {
		e.Flags |= event.Torn
	}
	e.Message = f.msg.message(&e)
	if e.Source == event.ShellCore && e.ID >= 62400 && e.ID <= 62407 {
		shellCoreFields(&e)
	}
	if r.Recovered {
		e.Flags |= event.Recovered
		f.recovered = append(f.recovered, e)
		return
	}
	if n := len(f.channels); n == 0 || f.channels[n-1] != r.Channel {
		f.addChannel(r.Channel)
	}
	f.out.Events = append(f.out.Events, e)
}

// addChannel notes a channel of the live records, once each; exports with a
// query may mix a few.
func (f *evtxFile) addChannel(channel string) {
	for _, c := range f.channels {
		if c == channel {
			return
		}
	}
	if len(f.channels) < 64 {
		f.channels = append(f.channels, channel)
	}
}

// dropRecovered leaves recovered records out of a log that is read in parts:
// whether one is a copy of a live record only all parts together could tell.
func (f *evtxFile) dropRecovered() {
	if n := len(f.recovered); n > 0 {
		f.out.Problem(event.Remark, event.Pos{File: f.in.Path, Offset: f.in.Start}, fmt.Sprintf("%d records recovered from unused space are left out of so long a log", n))
	}
}

// addRecovered sorts the recovered records from the copies.
func (f *evtxFile) addRecovered() {
	if len(f.recovered) == 0 {
		return
	}
	live := make(map[recordKey]bool, len(f.out.Events))
	key := func(e *event.Event) recordKey { return recordKey{e.Pos.Record, e.Time, e.Channel} }
	for i := range f.out.Events {
		live[key(&f.out.Events[i])] = true
	}
	copies, foreign := 0, 0
	for i := range f.recovered {
		e := &f.recovered[i]
		switch k := key(e); {
		case live[k]:
			copies++
		case !f.owns(e.Channel):
			foreign++
		default:
			live[k] = true
			f.out.Events = append(f.out.Events, *e)
		}
	}
	slices.SortStableFunc(f.out.Events, func(a, b event.Event) int { return cmp.Compare(a.Pos.Offset, b.Pos.Offset) })
	if copies+foreign > 0 {
		f.out.Problem(event.Remark, event.Pos{File: f.in.Path}, fmt.Sprintf(
			"unused space holds copies of %d records of this log and %d records of other logs; they are passed over", copies, foreign))
	}
}

// owns tells whether a recovered record's channel is this log's. Where neither
// live records nor the file's name tell what log this is, any is.
func (f *evtxFile) owns(channel string) bool {
	if len(f.channels) > 0 {
		for _, c := range f.channels {
			if strings.EqualFold(c, channel) {
				return true
			}
		}
		return false
	}
	return f.byName == "" || normalChannel(channel) == f.name
}

// cover notes the sources that this log stands for: its channel's, also where
// it holds no record, and those of its records.
func (f *evtxFile) cover() {
	if len(f.channels) == 0 && f.byName != "" {
		f.out.Cover(f.byName)
	}
	for _, c := range f.channels {
		if src := channelSourceOf(normalChannel(c)); src != "" {
			f.out.Cover(src)
		}
	}
	coverEvents(f.out)
}

// evtxLevel maps the levels of winmeta.xml; 0 ("log always") is how classic
// and audit records are written. Levels of a provider's own are unknown.
func evtxLevel(level uint8) event.Level {
	switch level {
	case 1:
		return event.LevelCritical
	case 2:
		return event.LevelError
	case 3:
		return event.LevelWarning
	case 0, 4:
		return event.LevelInfo
	case 5:
		return event.LevelVerbose
	}
	return event.LevelUnknown
}

// providers have a source of their own.
var providers = [...]struct {
	provider, channel string // lower case, without "microsoft-windows-"
	source            event.Source
}{
	{"shell-core", "shell-core", event.ShellCore},
	{"devicemanagement-enterprise-diagnostics-provider", "devicemanagement-enterprise-diagnostics-provider", event.DMEDP},
	{"moderndeployment-diagnostics-provider", "moderndeployment-diagnostics-provider", event.ModernDeployment},
	{"aad", "aad", event.AAD},
	{"user device registration", "user device registration", event.UserDeviceReg},
	{"provisioning-diagnostics-provider", "provisioning-diagnostics-provider", event.ProvisioningDiag},
	{"appxdeployment-server", "appxdeploymentserver", event.AppXDeployment},
	{"time-service", "time-service", event.TimeService},
	{"odj connector service source", "odj connector service", event.ODJConnector},
	{"microsoft-intune-odjconnectorservice", "microsoft-intune-odjconnectorservice", event.ODJConnector},
}

const windowsPrefix = "microsoft-windows-"

// source returns the source of a record: its provider's own, else that of the
// System or Application log, else one named after the provider.
func (f *evtxFile) source(provider, channel string) event.Source {
	if f.src == "" || provider != f.provider || channel != f.channel {
		f.provider, f.channel, f.src = provider, channel, providerSource(provider, channel)
	}
	return f.src
}

func providerSource(provider, channel string) event.Source {
	name := strings.TrimPrefix(strings.ToLower(provider), windowsPrefix)
	for i := range providers {
		if providers[i].provider == name {
			return providers[i].source
		}
	}
	switch {
	case strings.EqualFold(channel, "System"):
		return event.SystemLog
	case strings.EqualFold(channel, "Application"):
		return event.ApplicationLog
	case name == "":
		return "evtx.unknown"
	}
	return event.Source("evtx." + name)
}

// normalChannel puts a channel's name into the form that mdmdiagnosticstool
// gives to files: lower case, "-" for "/".
func normalChannel(channel string) string {
	return strings.NewReplacer("/", "-", "%4", "-", "%2f", "-").Replace(strings.ToLower(channel))
}

// channelByName reads the channel off the name of a log, in the spellings of
// mdmdiagnosticstool ("microsoft-windows-aad-operational.evtx"), of the live
// logs ("Microsoft-Windows-AAD%4Operational.evtx") and of Intune's collected
// diagnostics ("(12) Events System Events.evtx"). Names that say nothing give
// no source.
func channelByName(file string) (name string, src event.Source) {
	name = strings.TrimSuffix(strings.ToLower(path.Base(file)), ".evtx")
	if _, rest, ok := strings.Cut(name, ") events "); ok && strings.HasPrefix(name, "(") {
		name = strings.TrimSuffix(strings.TrimSuffix(rest, " events"), "_events")
	}
	if i := strings.LastIndex(name, " ("); i > 0 && strings.HasSuffix(name, ")") {
		name = name[:i] // a copy: "system (2)"
	}
	name = normalChannel(name)
	return name, channelSourceOf(name)
}

// channelSourceOf is the source that a channel, normalised, stands for. Of the
// Shell-Core channels only Operational holds what the source is asked for.
func channelSourceOf(name string) event.Source {
	switch name {
	case "system":
		return event.SystemLog
	case "application":
		return event.ApplicationLog
	case "security", "setup":
		return event.Source("evtx." + name)
	}
	short, windows := strings.CutPrefix(name, windowsPrefix)
	for i := range providers {
		rest, ok := strings.CutPrefix(short, providers[i].channel)
		if !ok || rest != "" && rest[0] != '-' && rest[0] != '_' {
			continue
		}
		if providers[i].source == event.ShellCore && rest != "" && rest[1:] != "operational" {
			return ""
		}
		return providers[i].source
	}
	if i := strings.LastIndexByte(short, '-'); windows && i > 0 {
		return event.Source("evtx." + short[:i])
	}
	return ""
}

// shellCoreFields gives the event its name and adds the members of the JSON
// object that Value mostly is:
//
//	Name   CommercialOOBE_Example_Failed
//	Value  {"message":"Example: it failed.","errorCode":2147942402}
//
// Source: Microsoft Learn, "Windows Autopilot into co-management".
func shellCoreFields(e *event.Event) {
	e.Name = fieldValue(e.Fields, "Name", 0)
	value := fieldValue(e.Fields, "Value", 1)
	if !strings.HasPrefix(strings.TrimSpace(value), "{") {
		return
	}
	pairs, _ := scanPairs(value)
	for _, p := range pairs {
		if p.depth != 1 || p.key == "" {
			continue
		}
		text := p.value
		if strings.EqualFold(p.key, "errorCode") {
			text = unsignedCode(text)
		}
		e.Fields = append(e.Fields, event.Field{Name: p.key, Value: text})
	}
}

// unsignedCode writes an error code as unsigned decimal, as the web app does
// in most events; other spellings are signed or hex. What is no number stays.
func unsignedCode(s string) string {
	if n, ok := code32(s); ok {
		return strconv.FormatUint(uint64(n), 10)
	}
	return s
}

// code32 reads a 32-bit code in decimal, signed decimal or 0x-hex.
func code32(s string) (uint32, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n >= -1<<31 && n < 1<<32 {
		return uint32(n), true
	}
	if len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		if n, err := strconv.ParseUint(s[2:], 16, 32); err == nil {
			return uint32(n), true
		}
	}
	return 0, false
}
