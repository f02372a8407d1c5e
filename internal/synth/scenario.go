package synth

import "time"

// Scenario describes one device, what happened to it, and how it was
// collected. Everything else follows from the seed.
type Scenario struct {
	Name  string // stable, kebab-case; names the folder
	Title string // what happened, one line
	Truth Truth
	Seed  uint64 // names, identifiers, small delays and ordinary noise
	Build string // Windows build and revision: "22631.4317"
	// Start is when the out-of-box experience began, on the device's own clock.
	Start time.Time
	// BiasMinutes is what the device adds to local time to get UTC: -60 in
	// Germany in winter, 480 in California.
	BiasMinutes int
	// TimeoutMinutes is the timeout of the enrolment status page; 0 means 60.
	TimeoutMinutes int
	Shape          Shape
	Story          []Effect
	// Noise multiplies the ordinary records; 0 means 1. See Load.
	Noise int
}

// Truth is what a right diagnosis says.
type Truth struct {
	// RootRule is the id of the rule that names the cause. Empty means that
	// nothing is to be blamed: healthy, or healed on its own.
	RootRule string
	// Inconclusive: the evidence does not carry a verdict, and the answer must
	// say what is missing.
	Inconclusive bool
	// Words stand in a right diagnosis, in any case.
	Words []string
}

// Shape says how the evidence was packed.
type Shape uint8

const (
	// Cab is the cabinet of mdmdiagnosticstool with the ccmsetup and ConfigMgr
	// log folders beside it, as a support engineer gathers them.
	Cab Shape = iota
	// Folder is the same with the cabinet already unpacked.
	Folder
	// Zip holds what Cab lays out in one archive.
	Zip
	// IntuneZip is Intune's "Collect diagnostics" archive in its present, flat layout.
	IntuneZip
	// IntuneZipNumbered is the same in the numbered layout of before 2022.
	IntuneZipNumbered
	// TruncatedCab is a cabinet that lost its last 40 percent, alone.
	TruncatedCab
)

// Effect is one happening of a story: it moves the device's clock on and
// leaves traces in logs, event channels and the registry. The set is closed.
type Effect interface{ apply(*device) }

// Load returns the scenario with its ordinary noise multiplied by scale, for
// load tests. What tells the cause stays as it is. Each unit of scale is some
// 1.5 MB unpacked: Load(32) makes about 50 MB.
func (s Scenario) Load(scale int) Scenario {
	s.Noise = max(s.Noise, 1) * max(scale, 1)
	return s
}
