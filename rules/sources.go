package rules

import (
	"slices"
	"strings"
	"time"

	"debrief/event"
)

// factSources says which sources prove that a fact is not there; one of them
// is enough. The first whose prefix fits counts, and it is the one to ask for.
var factSources = []struct {
	prefix  string
	sources []string
}{
	{"esp.provider.", []string{"reg.esp-tracking"}},
	{"esp.app.", []string{"reg.esp-tracking"}},
	{"esp.device-setup-completed", []string{"reg.esp-tracking"}},
	{"esp.", []string{"evtx.shell-core", "reg.esp-tracking", "reg.autopilot", "reg.enrollments"}},
	{"session.", []string{"evtx.shell-core", "evtx.dm-edp", "evtx.moderndeployment", "reg.autopilot", "reg.enrollments", "reg.esp-tracking", "json.autopilot-profile"}},
	{"autopilot.", []string{"json.autopilot-profile", "reg.autopilot"}},
	{"tpm.version", []string{"txt.tpm"}},
	{"tpm.manufacturer", []string{"txt.tpm"}},
	{"tpm.model", []string{"txt.tpm"}},
	{"tpm.ready-", []string{"txt.tpm"}},
	{"tpm.", []string{"txt.tpmtool"}},
	{"enrollment.error", []string{"evtx.dm-edp", "reg.enrollments"}},
	{"enrollment.state", []string{"xml.mdm-report"}},
	{"enrollment.renewal-error", []string{"xml.mdm-report"}},
	{"enrollment.", []string{"reg.enrollments"}},
	{"mdm.report-local-time", []string{"html.mdm-report"}},
	{"mdm.server", []string{"xml.mdm-report", "html.mdm-report"}},
	{"mdm.", []string{"xml.mdm-report"}},
	{"cert.", []string{"html.mdm-report", "txt.cert-store"}},
	{"scep.", []string{"xml.mdm-report"}},
	{"msi.", []string{"reg.edam"}},
	{"win32app.", []string{"log.ime", "reg"}},
	{"ccmsetup.", []string{"log.ccmsetup"}},
	{"ts.", []string{"log.smsts"}},
	{"device-manageability.", []string{"reg.device-manageability"}},
	{"dsreg.", []string{"txt.dsregcmd"}},
	{"service.", []string{"txt.services"}},
	{"proxy.", []string{"txt.winhttp-proxy"}},
	{"net.", []string{"txt.ipconfig"}},
	{"time.offset-ms", []string{"txt.time-chart"}},
	{"time.", []string{"txt.time-status"}},
	{"uefi.", []string{"txt.uefi"}},
	{"collection.", []string{"json.mdm-metadata", "txt.footprint", "json.diagnostics-framework", "xml.intune-results"}},
	{"device.processor", []string{"txt.system-info"}},
	{"device.memory-mb", []string{"txt.system-info"}},
	{"device.", []string{"reg", "json.mdm-metadata", "csv.device-hash"}},
	{"os.", []string{"reg", "json.mdm-metadata", "csv.device-hash"}},
	{"oobe.", []string{"reg", "json.mdm-metadata", "csv.device-hash"}},
	{"clock.", nil},
}

// regSources says which source covers a registry key.
var regSources = []struct{ prefix, source string }{
	{`hklm\software\microsoft\windows\autopilot\enrollmentstatustracking`, "reg.esp-tracking"},
	{`hklm\software\microsoft\provisioning\diagnostics\autopilot`, "reg.autopilot"},
	{`hklm\software\microsoft\provisioning\autopilotsettings`, "reg.autopilot"},
	{`hklm\software\microsoft\enrollments`, "reg.enrollments"},
	{`hklm\software\microsoft\enterprisedesktopappmanagement`, "reg.edam"},
	{`hklm\software\microsoft\devicemanageabilitycsp`, "reg.device-manageability"},
}

// spanSources says which sources prove that a span is not there.
var spanSources = map[string][]string{
	"session":       {"evtx.shell-core", "reg.autopilot", "reg.esp-tracking"},
	"page":          {"evtx.shell-core", "reg.autopilot", "reg.esp-tracking"},
	"sign-in":       {"evtx.shell-core", "evtx.system"},
	"phase":         {"evtx.shell-core", "reg.autopilot", "reg.esp-tracking"},
	"subcategory":   {"evtx.shell-core", "reg.autopilot", "reg.esp-tracking"},
	"provider":      {"reg.esp-tracking", "evtx.shell-core"},
	"tracked-app":   {"reg.esp-tracking", "evtx.shell-core"},
	"task-sequence": {"log.smsts"},
	"group":         {"log.smsts"},
	"step":          {"log.smsts"},
	"ccmsetup":      {"log.ccmsetup"},
	"msi":           {"log.client-msi", "log.msi", "evtx.application", "reg.edam"},
	"download":      {"log.ccmsetup", "log.ime", "log.ccm", "evtx.dm-edp"},
	"win32-app":     {"log.ime"},
	"reboot":        nil,
	"gap":           nil,
}

// lastingFacts say something of the device whatever the session; the other
// facts describe the moment of collection.
var lastingFacts = []string{"session.", "device.", "os.", "autopilot.", "tpm.", "collection.", "clock."}

func lasting(fact string) bool {
	return slices.ContainsFunc(lastingFacts, func(p string) bool { return strings.HasPrefix(fact, p) })
}

// proof is a list of groups of sources; a signal is proven not to be there
// when of each group one source is covered.
type proof [][]string

// proofOf returns what must be covered before no match means not there.
func (s *signal) proofOf() proof {
	switch s.kind {
	case sigEvent:
		return each(s.event.sources)
	case sigInterval:
		return each(s.interval.open.sources)
	case sigFact:
		return factProof(s.fact)
	}
	var p proof
	for _, k := range s.span.kinds {
		if sources := spanSources[k]; len(sources) > 0 {
			p = append(p, sources)
		}
	}
	return p
}

func each(sources []string) proof {
	p := make(proof, len(sources))
	for i, s := range sources {
		p[i] = []string{s}
	}
	return p
}

func factProof(f *factSpec) proof {
	if f.name == "reg" {
		for _, r := range regSources {
			if strings.HasPrefix(f.key, r.prefix) {
				return proof{{r.source}}
			}
		}
		return proof{{"reg"}}
	}
	for _, fs := range factSources {
		if strings.HasPrefix(f.name, fs.prefix) {
			if len(fs.sources) == 0 {
				return nil
			}
			return proof{fs.sources}
		}
	}
	return proof{{"reg"}}
}

// sourceState is what is known of one source.
type sourceState struct {
	name    string
	damaged bool
	first   time.Time // of the earliest event; zero = none
}

// coverageIndex tells which sources were collected, and whether whole.
type coverageIndex struct {
	sources []sourceState // ordered by name
	lost    bool          // some file could not be read, in whole or in part
	found   map[string][]*sourceState
}

func newCoverageIndex(list []event.Coverage) *coverageIndex {
	x := &coverageIndex{found: map[string][]*sourceState{}}
	at := map[string]int{}
	for i := range list {
		c := &list[i]
		damaged := c.Status.Lost() || slices.ContainsFunc(c.Problems, func(p event.Problem) bool { return p.Kind.Lost() })
		x.lost = x.lost || damaged
		if c.Status == event.Unread || c.Status == event.Unknown {
			continue
		}
		for _, s := range c.Sources {
			name := lowerASCII(string(s))
			n, ok := at[name]
			if !ok {
				n = len(x.sources)
				at[name] = n
				x.sources = append(x.sources, sourceState{name: name})
			}
			st := &x.sources[n]
			st.damaged = st.damaged || damaged
			if !c.First.IsZero() && (st.first.IsZero() || c.First.Before(st.first)) {
				st.first = c.First
			}
		}
	}
	slices.SortFunc(x.sources, func(a, b sourceState) int { return strings.Compare(a.name, b.name) })
	return x
}

// find returns the covered sources that a name or a glob means. "reg" means
// any registry text.
func (x *coverageIndex) find(name string) []*sourceState {
	out, known := x.found[name]
	if known {
		return out
	}
	defer func() { x.found[name] = out }()
	for i := range x.sources {
		s := &x.sources[i]
		if s.name == name || isGlob(name) && glob(anyGlob(name), s.name) || name == "reg" && strings.HasPrefix(s.name, "reg.") {
			out = append(out, s)
		}
	}
	return out
}

func (x *coverageIndex) covered(name string) bool { return len(x.find(name)) > 0 }

// anyCovered reports whether one of the sources is covered.
func (x *coverageIndex) anyCovered(names []string) bool {
	return slices.ContainsFunc(names, x.covered)
}

// damagedOf returns the first damaged source among those of a proof.
func (x *coverageIndex) damagedOf(p proof) string {
	for _, group := range p {
		for _, name := range group {
			for _, s := range x.find(name) {
				if s.damaged {
					return s.name
				}
			}
		}
	}
	return ""
}
