package synth

import (
	"cmp"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"debrief/internal/synth/evtxw"
)

// channel is an event channel by its full name; the collection names the file
// after it, in lower case, "/" as "-".
type channel string

const (
	chShellCore    channel = "Microsoft-Windows-Shell-Core/Operational"
	chMDMAdmin     channel = "Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider/Admin"
	chMDMOper      channel = "Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider/Operational"
	chMDMEnrol     channel = "Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider/Enrollment"
	chAutopilot    channel = "Microsoft-Windows-ModernDeployment-Diagnostics-Provider/Autopilot"
	chManagement   channel = "Microsoft-Windows-ModernDeployment-Diagnostics-Provider/ManagementService"
	chAAD          channel = "Microsoft-Windows-AAD/Operational"
	chRegistration channel = "Microsoft-Windows-User Device Registration/Admin"
	chProvisioning channel = "Microsoft-Windows-Provisioning-Diagnostics-Provider/Admin"
)

// collectedChannels are the channels that mdmdiagnosticstool exports; those
// that nothing was written to come as empty files.
var collectedChannels = []channel{
	chAAD,
	"Microsoft-Windows-AppXDeploymentServer/Operational",
	"Microsoft-Windows-AssignedAccess/Admin",
	"Microsoft-Windows-AssignedAccess/Operational",
	"Microsoft-Windows-AssignedAccessBroker/Admin",
	"Microsoft-Windows-AssignedAccessBroker/Operational",
	"Microsoft-Windows-Crypto-NCrypt/Operational",
	chMDMAdmin,
	"Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider/Autopilot",
	"Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider/Debug",
	chMDMOper,
	"Microsoft-Windows-LAPS/Operational",
	chAutopilot,
	"Microsoft-Windows-ModernDeployment-Diagnostics-Provider/Diagnostics",
	chManagement,
	chProvisioning,
	chShellCore,
	chRegistration,
}

// splitChannels came with build 26100.
var splitChannels = []channel{
	chMDMEnrol,
	"Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider/Sync",
}

// providers lists the providers that write to the channels, with their
// identifiers and the keywords of their events.
var providers = map[string]struct {
	guid     string
	keywords uint64
}{
	"Microsoft-Windows-Shell-Core":                                       {"30336ed4e327447c9de051b652c86108", 0x4000000004000000},
	"Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider": {"3da494e40fe2415cb895fb5265c5c83b", 0x8000000000000000},
	"Microsoft-Windows-ModernDeployment-Diagnostics-Provider":            {"bab3ad92fb965902450bb8421bdec7bd", 0x4000000000000000},
	"Microsoft-Windows-AAD":                                              {"4de9bc9cb27a43c989940915f1a5e24f", 0x4000000000000012},
	"Microsoft-Windows-User Device Registration":                         {"23b8d46b67dd40a3b636d43e50552c6d", 0x8000000000000000},
	"Microsoft-Windows-Provisioning-Diagnostics-Provider":                {"ed8b9bd3f66e4ff2b86b75c7925f72a9", 0x8000000000000000},
}

// Levels of events.
const (
	levelError   = 2
	levelWarning = 3
	levelInfo    = 4
)

// field makes one value of an event.
func field(name string, value any) evtxw.Field { return evtxw.Field{Name: name, Value: value} }

// event notes a record in a channel.
func (d *device) event(ch channel, at time.Time, id uint16, level uint8, fields ...evtxw.Field) {
	name, _, _ := strings.Cut(string(ch), "/")
	p := providers[name]
	var guid evtxw.GUID
	hex.Decode(guid[:], []byte(p.guid)) // constants above
	e := evtxw.Event{
		Provider: name, ProviderGUID: guid, ID: id, Level: level, Keywords: p.keywords,
		Time: at, Process: uint32(hashOf(name)^d.s.Seed)%9000&^3 + 800, Thread: uint32(d.r.between(300, 3000)) * 4,
		Channel: string(ch), Computer: d.id.host, User: "S-1-5-18", Fields: fields,
	}
	if ch == chShellCore {
		e.Task, e.User = id, evtxw.SID(d.id.machineSID+"-1000") // defaultuser0
		if d.signedIn && !at.Before(d.signInTime) {
			e.User = evtxw.SID(d.id.userSID)
		}
	}
	d.channels[ch] = append(d.channels[ch], e)
}

// enrolment notes an enrolment event, which new builds keep in a channel of its own.
func (d *device) enrolment(at time.Time, id uint16, level uint8, fields ...evtxw.Field) {
	ch := chMDMAdmin
	if d.win.splitsEnrolmentChannel() {
		ch = chMDMEnrol
	}
	d.event(ch, at, id, level, fields...)
}

// exportChannels returns the event logs by file name.
func (d *device) exportChannels() ([]File, error) {
	list := collectedChannels
	if d.win.splitsEnrolmentChannel() {
		list = append(slices.Clone(list), splitChannels...)
	}
	var out []File
	for _, ch := range list {
		data, err := d.exportChannel(ch)
		if err != nil {
			return nil, err
		}
		out = append(out, File{Name: fileName(ch), Data: data, Time: d.collected})
	}
	return out, nil
}

// exportChannel returns one event log as of the collection.
func (d *device) exportChannel(ch channel) ([]byte, error) {
	events := slices.Clone(d.channels[ch])
	slices.SortStableFunc(events, func(a, b evtxw.Event) int { return cmp.Compare(a.Time.UnixNano(), b.Time.UnixNano()) })
	for i := range events {
		if events[i].Time.After(d.collected) {
			events = events[:i]
			break
		}
	}
	var first uint64
	if len(events) > 0 {
		first = hashOf(string(ch))%900 + 1 // the log was not empty when the device left the factory
	}
	return evtxw.Encode(evtxw.File{FirstRecord: first, Events: events})
}

func fileName(ch channel) string {
	return strings.ToLower(strings.ReplaceAll(string(ch), "/", "-")) + ".evtx"
}
